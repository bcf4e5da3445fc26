"""What a compiled function has for C: `to_c`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ...engine import Value
from ...structures import flatten
from ..derivatives.chain import pulled
from ..derivatives.methods import Differentiable
from ..options import Options
from ..pauses import no_collector
from ..plan.order import ordered
from ..program import Program
from ..sparse.accumulate import rows
from .again import Again
from .export import Part, export

ANY: Final = 0.5  # a number for each input, where all that is traced is known already
_ABOUT: Final = {
    "value": "The numbers that the function returns, in order.",
    "gradient": "The derivatives of the function.",
    "jacobian": "The derivatives of each number that the function returns.",
    "hessian": "The second derivatives of the function.",
}


class Exported(Differentiable):
    """What can be written in C."""

    def to_c(
        self,
        path: str | os.PathLike[str],
        *example: Any,
        what: str | Sequence[str] = ("value", "gradient"),
        checks: bool = False,
    ) -> None:
        """Write C99 that calculates what this does: path.c and path.h, which need nothing but the C library.

        For "plant" and "value" there is `int plant_value(const double *x, double *y)`.  x has the numbers of all
        arguments in order, then those of the parameters, and y gets those of the result.  Of a Jacobian or a Hessian
        it gets those that are not always 0: `plant_hessian_nnz` of them, which stand in the rows
        `plant_hessian_row[]` and the columns `plant_hessian_col[]`.  A function that needs more workspace than is good
        for the stack takes it too: `double *w`, of `plant_value_work` doubles.  What is returned is 0, or else says
        which branch of the function would be another one for this x, as the header tells.

        Args:
            path: where to, without a suffix; the last part of it begins the names in C.
            example: arguments like those that x will have; only their form matters, and the branches they take.
                Without them the program of the latest call is meant.
            what: which functions: "value", "gradient", "jacobian", "hessian".
            checks: whether it returns another number too where Python would refuse an operation: log(-1), 1/0.

        Raises:
            ValueError: the name or something in `what` is none.
            TypeError: the function uses an operation made with @primitive, which is Python; or returns no single
                number, and "gradient" or "hessian" is asked for; or there is neither an example nor a call yet.
            OSError: a file can't be written.

        >>> import tempfile
        >>> from autograd_mini.compiler import compile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     compile(lambda x, y: x * y).to_c(Path(folder, "product"), 3.0, 4.0, what="gradient")
        ...     code = Path(folder, "product.c").read_text()
        >>> print(*code.splitlines()[-6:], sep=chr(10))
        int product_gradient(const double *restrict x, double *restrict y)
        {
            y[0] = x[1];
            y[1] = x[0];
            return 0;
        }
        """
        names = (what,) if isinstance(what, str) else tuple(what)
        if not names or not set(names) <= set(_ABOUT) or len(set(names)) < len(names):
            raise ValueError(f"what has some of {', '.join(map(repr, _ABOUT))}, not {what!r:.80}")
        path = Path(path)
        parts = [self._part(name, example) for name in names]
        numbers = f"{parts[0].program.inputs} numbers of the arguments, in order"
        if count := parts[0].program.parameters:
            numbers += f", then {count} of the parameters"
        export(path, parts, numbers, checks)

    def _part(self, name: str, example: Sequence[Any]) -> Part:
        flat, program = self._as_program(name, example)
        return Part(name, program, _ABOUT[name], *(flat.places or (None, None)))

    def _as_program(self, name: str, example: Sequence[Any]) -> tuple["Flat", Program]:
        """What is made of the function, and its program, for one sample like that of the example."""
        if not example:
            return self._of_latest(name)
        if self._options.static:
            other, numbers = self._bound(example, {})
            found: tuple[Flat, Program] = other._as_program(name, numbers)
            return found
        call = self._signatures.read(example)
        flat = self._first and Flat(self._first, call.arguments, name, self._parameters.leaves)
        if flat is None:
            return self._of_latest(name)
        return flat, self._traced_flat(flat, call.numbers(0), self._by_parameters)

    def _of_latest(self, name: str) -> tuple["Flat", Program]:
        """The same of the latest program, which is run again on Values."""
        if not self.programs:
            raise TypeError("there is no program yet: call it first, or give arguments as an example")
        plan = self._latest(None)
        old, count = plan.program, plan.results.main
        flat = Flat(Again(old, count), list, name, sources=slice(old.inputs if old.parameters else 0, None))
        flat.guards = len(old.guards)
        program = self._traced_flat(flat, [ANY] * (old.inputs + old.parameters), False)
        end = len(program.results) - flat.guards
        guards = [guard._replace(node=slot) for guard, slot in zip(old.guards, program.results[end:])]
        return flat, replace(program, results=program.results[:end], guards=tuple(guards))

    def _traced_flat(self, flat: "Flat", xs: list[float], by_parameters: bool) -> Program:
        made = self._made(flat, Options(False, None, "float64", "c", None), by_parameters)
        with self._lock, no_collector():
            graph = made._trace(made._signatures.read([xs])).graph
        return ordered(graph, [len(xs)], range(0), "c", False, "float64", True)[0]


class Flat:
    """What is made of the numbers that a function returns, as a function of one list of numbers.

    Args:
        f: the function.
        build: makes its arguments of numbers.
        name: what is made of them: one of "value", "gradient", "jacobian" and "hessian".
        leaves: the parameters, if derivatives are by them and not by the arguments.
        sources: else those of the numbers that derivatives are by.

    Attributes:
        guards: how many of the numbers that f returns are not its results, and come last here too.
        places: of a matrix the row and the column of each number, after a call.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        build: Callable[[Sequence[Any]], Sequence[Any]],
        name: str,
        leaves: Sequence[Value] = (),
        sources: slice = slice(None),
    ) -> None:
        self.f, self.build, self.name, self.leaves, self.sources = f, build, name, leaves, sources
        self.guards = 0
        self.__name__ = getattr(f, "__name__", repr(f))
        self.places: tuple[Sequence[int], Sequence[int]] | None = None

    def __call__(self, xs: Sequence[Any]) -> list[Any]:
        numbers, sources = flatten(self.f(*self.build(xs)))[0], self.leaves or xs[self.sources]
        end = len(numbers) - self.guards
        return self._made(numbers[:end], sources) + numbers[end:]

    def _made(self, roots: list[Any], sources: Sequence[Value]) -> list[Any]:
        if self.name in ("gradient", "hessian"):
            if len(roots) != 1:
                raise TypeError(f"{self.__name__} returns {len(roots)} numbers: a gradient and a Hessian are of one")
            roots = pulled(roots[0], sources)
        return self._matrix(roots, sources) if self.name in ("jacobian", "hessian") else roots

    def _matrix(self, roots: Sequence[Any], sources: Sequence[Value]) -> list[Any]:
        found = rows(roots, sources)
        if found is None:  # too many for one by one
            found = [dict(enumerate(pulled(root, sources))) for root in roots]
        entries = [(i, j, row[j]) for i, row in enumerate(found) for j in sorted(row)]
        self.places = [i for i, _, _ in entries], [j for _, j, _ in entries]
        return [number for _, _, number in entries]
