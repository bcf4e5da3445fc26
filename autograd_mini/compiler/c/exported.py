"""`to_c`, which writes a compiled function as C."""

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

ANY: Final = 0.5  # a number for each input, if the trace does not depend on it
_ABOUT: Final = {
    "value": "The numbers that the function returns, in order.",
    "gradient": "The derivatives of the function.",
    "jacobian": "The derivatives of each number that the function returns.",
    "hessian": "The second derivatives of the function.",
}


class Exported(Differentiable):
    """The part of a compiled function that writes C."""

    def to_c(
        self,
        path: str | os.PathLike[str],
        *example: Any,
        what: str | Sequence[str] = ("value", "gradient"),
        checks: bool = False,
    ) -> None:
        """Write this function as C99: path.c and path.h, which need only the C library.

        For "plant" and "value" there is `int plant_value(const double *x, double *y)`.  x has the numbers of all
        arguments in order, then those of the parameters, and y gets the numbers of the result.  For a Jacobian or a
        Hessian, y gets only the numbers that are not always 0: `plant_hessian_nnz` of them, in the rows
        `plant_hessian_row[]` and the columns `plant_hessian_col[]`.  A function that needs a large workspace takes it
        as a third argument: `double *w`, with `plant_value_work` doubles.  It returns 0, or the number of a branch
        that would go the other way for this x; the header lists these numbers.

        Args:
            path: the files, without a suffix; the last part begins the names in C.
            example: arguments like those in x; only their form matters, and the branches they take.  By default the
                program of the latest call is written.
            what: the functions to write: "value", "gradient", "jacobian", "hessian".
            checks: whether to return a number above 0 also for an operation that raises in Python: log(-1), 1/0.

        Raises:
            ValueError: the name or an entry of `what` is not valid.
            TypeError: the function uses an operation made with @primitive, which is Python; or it does not return a
                single number, but "gradient" or "hessian" is wanted; or there is no example and no call yet.
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
            raise ValueError(f"what must be among {', '.join(map(repr, _ABOUT))}, not {what!r:.80}")
        path = Path(path)
        parts = [self._part(name, example, checks) for name in names]
        numbers = f"{parts[0].program.inputs} numbers of the arguments, in order"
        if count := parts[0].program.parameters:
            numbers += f", then {count} of the parameters"
        export(path, parts, numbers, checks)

    def _part(self, name: str, example: Sequence[Any], checks: bool) -> Part:
        flat, program = self._as_program(name, example, checks)
        return Part(name, program, _ABOUT[name], *(flat.places or (None, None)))

    def _as_program(self, name: str, example: Sequence[Any], checks: bool) -> tuple["Flat", Program]:
        """The function to write, and its program, for one sample like that of the example."""
        if not example:
            return self._of_latest(name, checks)
        if self._options.static:
            other, numbers = self._bound(example, {})
            found: tuple[Flat, Program] = other._as_program(name, numbers, checks)
            return found
        call = self._signatures.read(example)
        flat = self._first and Flat(self._first, call.arguments, name, self._parameters.leaves)
        if flat is None:
            return self._of_latest(name, checks)
        return flat, self._traced_flat(flat, call.numbers(0), checks, self._by_parameters)

    def _of_latest(self, name: str, checks: bool) -> tuple["Flat", Program]:
        """The same from the latest program, which is run again on Values."""
        if not self.programs:
            raise TypeError("there is no program yet: call it first, or pass arguments as an example")
        plan = self._latest(None)
        old, count = plan.program, plan.results.main
        flat = Flat(Again(old, count), list, name, sources=slice(old.inputs if old.parameters else 0, None))
        flat.guards = len(old.guards)
        program = self._traced_flat(flat, [ANY] * (old.inputs + old.parameters), checks, False)
        end = len(program.results) - flat.guards
        guards = [guard._replace(node=slot) for guard, slot in zip(old.guards, program.results[end:])]
        return flat, replace(program, results=program.results[:end], guards=tuple(guards))

    def _traced_flat(self, flat: "Flat", xs: list[float], checks: bool, by_parameters: bool) -> Program:
        made = self._made(flat, Options(False, None, "float64", "c", None), by_parameters)
        with self._lock, no_collector():
            graph = made._trace(made._signatures.read([xs])).graph
        if not checks:  # leave out operations that are only kept because they may raise
            graph.checks.clear()
        return ordered(graph, [len(xs)], range(0), "c", False, "float64", True)[0]


class Flat:
    """The value or derivatives of a function, as a function of one list of numbers.

    Args:
        f: the function.
        build: makes its arguments from numbers.
        name: one of "value", "gradient", "jacobian" and "hessian".
        leaves: the parameters, if derivatives are with respect to them and not to the arguments.
        sources: otherwise the numbers to differentiate with respect to.

    Attributes:
        guards: how many of the numbers that f returns are not results; they come last here too.
        places: for a matrix, the row and the column of each number, after a call.
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
                raise TypeError(f"{self.__name__} returns {len(roots)} numbers: a gradient or a Hessian needs one")
            roots = pulled(roots[0], sources)
        return self._matrix(roots, sources) if self.name in ("jacobian", "hessian") else roots

    def _matrix(self, roots: Sequence[Any], sources: Sequence[Value]) -> list[Any]:
        found = rows(roots, sources)
        if found is None:  # too many to compute them one by one
            found = [dict(enumerate(pulled(root, sources))) for root in roots]
        entries = [(i, j, row[j]) for i, row in enumerate(found) for j in sorted(row)]
        self.places = [i for i, _, _ in entries], [j for _, j, _ in entries]
        return [number for _, _, number in entries]
