"""What a compiled function has for C: `to_c`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ...engine import Value
from ...structures import flatten
from ...transforms import gradients
from ..derivatives.methods import Differentiable
from ..options import Options
from ..plan.order import ordered
from ..program import Program
from .export import Part, export

Wanted = Callable[[Sequence[Any], Sequence[Value]], list[Any]]
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
            what: which functions: "value", "gradient", "jacobian", "hessian".
            checks: whether it returns another number too where Python would refuse an operation: log(-1), 1/0.

        Raises:
            ValueError: the name or something in `what` is none.
            TypeError: the function uses an operation made with @primitive, which is Python; or returns no single
                number, and "gradient" or "hessian" is asked for.
            OSError: a file can't be written.

        >>> import tempfile
        >>> from autograd_mini.compiler import compile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     compile(lambda x, y: x * y).to_c(Path(folder, "product"), 3.0, 4.0, what="gradient")
        ...     code = Path(folder, "product.c").read_text()
        >>> print(*code.splitlines()[-6:], sep=chr(10))
        product_gradient(const double *restrict x, double *restrict y)
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
        program = self._as_program(_WANTED[name], example)
        if name in ("value", "gradient"):
            return Part(name, program, _ABOUT[name])
        columns = program.parameters or program.inputs
        kept = [at for at, slot in enumerate(program.results) if not _is_zero(program, slot)]
        sparse = replace(program, results=tuple([program.results[at] for at in kept]))
        return Part(name, sparse, _ABOUT[name], [at // columns for at in kept], [at % columns for at in kept])

    def _as_program(self, wanted: Wanted, example: Sequence[Any]) -> Program:
        """The program of what is made of the function and its sources, for one sample like that of the example."""
        if self._options.static:
            other, numbers = self._bound(example, {})
            program: Program = other._as_program(wanted, numbers)
            return program
        call = self._signatures.read(example)
        xs = call.numbers(0)
        flat = self._first and _Flat(self._first, call.arguments, wanted, self._parameters.leaves)
        graph = self._made(flat, Options(False, None, "float64", "c", None), self._by_parameters)._graph([xs])
        return ordered(graph, [len(xs)], range(0), "c", False, "float64", True)[0]


def _is_zero(program: Program, slot: int) -> bool:
    first = program.inputs + program.parameters
    return first <= slot < program.leaves and program.constants[slot - first] == 0.0


class _Flat:
    """What is made of the numbers that a function returns, as a function of one list of numbers.

    Args:
        f: the function.
        build: makes its arguments of numbers.
        wanted: gives what is made of its results, and the Values to differentiate by.
        leaves: the parameters, if derivatives are by them and not by the arguments.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        build: Callable[[Sequence[Any]], Sequence[Any]],
        wanted: Wanted,
        leaves: list[Value],
    ) -> None:
        self.f, self.build, self.wanted, self.leaves = f, build, wanted, leaves
        self.__name__ = getattr(f, "__name__", repr(f))

    def __call__(self, xs: Sequence[Any]) -> list[Any]:
        roots = flatten(self.f(*self.build(xs)))[0]
        if self.wanted in (_gradient, _hessian) and len(roots) != 1:
            raise TypeError(f"{self.__name__} returns {len(roots)} numbers: a gradient and a Hessian are of one")
        return self.wanted(roots, self.leaves or xs)


def _value(roots: Sequence[Any], sources: Sequence[Value]) -> list[Any]:
    del sources
    return list(roots)


def _gradient(roots: Sequence[Any], sources: Sequence[Value]) -> list[Any]:
    (root,) = roots
    return gradients(root, sources, Value(1.0)) if isinstance(root, Value) else [0.0] * len(sources)


def _jacobian(roots: Sequence[Any], sources: Sequence[Value]) -> list[Any]:
    return [slope for root in roots for slope in _gradient([root], sources)]


def _hessian(roots: Sequence[Any], sources: Sequence[Value]) -> list[Any]:
    return _jacobian(_gradient(roots, sources), sources)


_WANTED: Final[dict[str, Wanted]] = {"value": _value, "gradient": _gradient, "jacobian": _jacobian, "hessian": _hessian}
