"""The adjoints of a function with several results, for a sweep that only adds and multiplies.

The node of such a function has one number per result, so its adjoint is a `Covector` u, with one number per result too.
A result is one element of it: its slope is the `Unit` that puts an adjoint in its place.  The slope for an operand x_j
is the `Column` ∂f/∂x_j.  Only the products that a sweep needs are defined: u·column is the contribution to x_j, and
column·t says how the results move with x_j, a `Vector`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .reading import is_value, number_of

Entry = tuple[int, Any]  # a place, and the number there


class _Sum:
    """A sum of entries, kept as it was added up, so that adding takes constant time."""

    __slots__ = ("_parts",)

    def __init__(self, *parts: Any) -> None:
        self._parts = parts  # entries, or two sums

    def entries(self) -> Iterator[Entry]:
        """The entries in the order in which they were added."""
        waiting: list[Any] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, _Sum):
                waiting.extend(reversed(part._parts))
            else:
                yield part

    def __radd__(self, nothing: Any) -> Any:
        return self if isinstance(nothing, float) and nothing == 0.0 else NotImplemented


class Covector(_Sum):
    """An adjoint for each result of a function.  As a float it is its length."""

    __slots__ = ()

    def numbers(self, size: int) -> list[Any]:
        """The adjoint of each of `size` results, None where none was added."""
        found: list[Any] = [None] * size
        for i, g in self.entries():
            found[i] = g if found[i] is None else found[i] + g
        return found

    def __add__(self, other: Any) -> "Covector":
        return _covector(self, other) if isinstance(other, Covector) else NotImplemented

    def __mul__(self, slope: Any) -> Any:
        if isinstance(slope, Column):
            return slope.jacobian.row(self)[slope.j]
        return slope.along(self) if isinstance(slope, Vector) else NotImplemented

    def __rmul__(self, k: Any) -> "Covector":
        return _covector(*[(i, k * g) for i, g in self.entries()])

    def __pos__(self) -> "Covector":
        return self

    def __float__(self) -> float:
        return math.hypot(*[float(number_of(g)) for _, g in self.entries()])

    def __repr__(self) -> str:
        return f"<adjoints {dict(self.entries())!r}>"


class CovectorOfValues(Covector):
    """The same for Values.  Like a Value, it has a pullback that returns Values."""

    __slots__ = ()
    pullback = property(Covector.__repr__)

    @property
    def _data(self) -> float:
        return float(self)


def _covector(*parts: Any) -> Covector:
    of_values = any(is_value(part if isinstance(part, Covector) else part[1]) for part in parts)
    return CovectorOfValues(*parts) if of_values else Covector(*parts)


class Unit:
    """The slope of the i-th result with respect to the node of its function."""

    __slots__ = ("i",)

    def __init__(self, i: int) -> None:
        self.i = i

    def __rmul__(self, g: Any) -> Covector:
        return _covector((self.i, g))


class Jacobian:
    """∂f/∂x at one place.  Only its products are computed, each by one run of the pullback.

    Args:
        size: how many results f has.
        pull: takes the adjoints of the results, and returns the contribution to each operand.
        push: takes the tangents of some operands, by their places, and returns the tangent of each result.
    """

    def __init__(
        self, size: int, pull: Callable[[list[Any]], Sequence[Any]], push: Callable[[list[Entry]], Sequence[Any]]
    ) -> None:
        self.size, self._pull, self.push = size, pull, push
        self._latest: tuple[Covector | None, Sequence[Any]] = None, ()

    def columns(self, count: int) -> list["Column"]:
        """The slopes with respect to each of `count` operands."""
        return [Column(self, j) for j in range(count)]

    def row(self, u: Covector) -> Sequence[Any]:
        """The contribution to each operand."""
        if self._latest[0] is not u:
            self._latest = u, self._pull(u.numbers(self.size))
        return self._latest[1]


class Column:
    """The slope of a function of several results with respect to one operand."""

    __slots__ = ("j", "jacobian")

    def __init__(self, jacobian: Jacobian, j: int) -> None:
        self.jacobian, self.j = jacobian, j

    def __rmul__(self, g: Any) -> "Column":
        if g != 1.0:  # a forward sweep uses no other adjoint
            float(self)
        return self

    def __mul__(self, t: Any) -> "Vector":
        return Vector(self.jacobian, (self.j, t))

    def __float__(self) -> float:
        raise TypeError("a function with several results has no adjoint of its own: start from one of its results")

    def __radd__(self, gradient: float) -> float:
        return gradient + float(self)


class Vector(_Sum):
    """The tangents of a function's results."""

    __slots__ = ("_jacobian", "_moved")

    def __init__(self, jacobian: Jacobian, *parts: Any) -> None:
        super().__init__(*parts)
        self._jacobian = jacobian
        self._moved: Sequence[Any] = ()

    def __add__(self, other: Any) -> "Vector":
        return Vector(self._jacobian, self, other) if isinstance(other, Vector) else NotImplemented

    def along(self, u: Covector) -> Any:
        """u·∂f/∂x·t."""
        if not self._moved:
            self._moved = self._jacobian.push(list(self.entries()))
        total: Any = 0.0
        for i, g in u.entries():
            total = total + g * self._moved[i]
        return total
