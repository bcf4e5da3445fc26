"""The functions that are compiled for the entries of a Jacobian or Hessian."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...engine import Value
from ...functions import dot
from ...functions import sum as summed
from ...structures import flatten
from ...transforms import scalar
from ..derivatives.chain import pulled, pushed
from ..derivatives.traced import Traced, array_of
from .accumulate import Row, rows
from .pattern import Pattern


@dataclass
class Entries:
    """The result of a function, and derivatives of it: their numbers in an array, and their places.

    `doubt` is 0, or nan if a product with 0 that was left out may be nan.
    """

    value: Any
    data: Any
    doubt: Any = 0.0
    pattern: Pattern | None = field(init=False, default=None)


def entries(value: Any, found: Sequence[Row] | None, columns: int, unseen: Sequence[Value]) -> Entries:
    """The entries in these rows; no entries and no value if they are too many."""
    if found is None:
        return Entries(0.0, array_of([]))
    ordered = [sorted(row) for row in found]
    data = array_of([row[j] for row, places in zip(found, ordered) for j in places])
    made = Entries(value, data, 0.0 * summed(list(dict.fromkeys(unseen))) if unseen else 0.0)
    made.pattern = Pattern((len(found), columns), ordered)
    return made


class OfJacobian(Traced):
    """A function, and the entries of its Jacobian with respect to all arguments."""

    def __call__(self, *args: Any) -> Any:
        value, unseen = self.f(*args), list[Value]()
        results, sources = flatten(value)[0], flatten(args)[0]
        return entries(value, rows(results, sources, unseen), len(sources), unseen)


class OfHessian(Traced):
    """A function, and the entries of its Hessian; each symmetric pair is computed once."""

    def __call__(self, *args: Any) -> Any:
        value, sources, unseen = self.f(*args), flatten(args)[0], list[Value]()
        slopes = pulled(scalar(value, self.f), sources)
        found = rows(slopes, sources, unseen)
        return entries(value, found and _symmetric(found), len(sources), unseen)


def _symmetric(rows: Sequence[Row]) -> Sequence[Row]:
    """Rows in which the two entries of each symmetric pair are the same."""
    for i, row in enumerate(rows):
        for j in row:
            if j > i and i in rows[j]:
                row[j] = rows[j][i]
    return rows


def gradient_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose results are the derivatives of f with respect to all numbers in its arguments."""

    def gradient(*args: Any) -> list[Any]:
        return pulled(scalar(f(*args), f), flatten(args)[0])

    return gradient


class OfColumns(Traced):
    """The product of a Jacobian with a vector: it takes flat lists x and v.

    Args:
        f: the function.
        build: makes its arguments from the numbers in x.
        are_rows: whether the vector is multiplied from the left: then the product is the gradient in x.
    """

    def __init__(self, f: Callable[..., Any], build: Callable[[Sequence[Any]], Sequence[Any]], are_rows: bool) -> None:
        super().__init__(f)
        self.build, self.are_rows = build, are_rows

    def __call__(self, xs: Sequence[Any], vs: Sequence[Any]) -> Any:
        results = flatten(self.f(*self.build(xs)))[0]
        if self.are_rows:
            return dot(results, list(vs))
        return array_of(pushed(results, dict(zip(xs, vs, strict=True))))
