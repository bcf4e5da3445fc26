"""Values that have outlived the trace that made them: using one raises an error that says where it was made."""

from collections.abc import Callable
from typing import Any, NoReturn

from . import cores, reading
from .errors import TraceError


class LeftOver:
    """Replaces the number of a Value that has outlived its trace: using it raises an error."""

    __slots__ = ("label",)

    def __init__(self, label: str) -> None:
        self.label = label

    def _refuse(self, *_: object) -> NoReturn:
        raise TraceError(
            f"this Value is left over from a trace: {self.label}, when `compile` ran the function, and its number "
            "belongs to that run. A compiled function runs once for many calls, so it can't keep a Value from one call "
            "to the next: take it as an argument"
        )

    def __repr__(self) -> str:
        return "left over from a trace"

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _refuse
    __bool__ = __float__ = __format__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _refuse
    __hash__ = None  # type: ignore[assignment]


def is_left_over(v: Any) -> bool:
    """Whether it has outlived the trace that made it."""
    return v._made < 0 and not isinstance(v._data, float)


def spoil(v: Any, why: str) -> None:
    """Remove the number of a Value that has outlived its trace: using the Value then raises an error that says why."""
    v._label = why
    v._data = v._grad = LeftOver(why)
    v._made = -1


def left_over(kind: type, why: str) -> Any:
    """A Value without a number: the copy of one that lost its number in `spoil`."""
    v = kind(0.0)
    spoil(v, why)
    return v


def reduced(v: Any, leaf: Callable[..., Any]) -> tuple[Any, ...]:
    """The parts from which `copy` and `pickle` make another Value: a leaf that says why it has no graph."""
    if is_left_over(v):
        return left_over, (type(v), v.label)
    origin = reading.why_no_graph(v) if v.is_leaf else reading.COPIED
    return leaf, (v.data, v._grad, v.label, origin)


if cores.c is not None:  # the same, in C
    spoil = cores.c.spoil
