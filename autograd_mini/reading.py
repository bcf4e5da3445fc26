"""Questions that the rest of the package may ask about a node, whichever engine made it."""

from collections.abc import Iterable, Sequence
from typing import Any

from .rule import Rule

COPIED = "is a copy, and its graph was not copied"
Operands = tuple[Sequence[Any], Sequence[Any]]


def rule_of(v: Any) -> Rule:
    """The operation that made it.  A leaf has none: ask `is_leaf` first."""
    rule: Rule = v._rule
    return rule


def is_value(x: object) -> bool:
    """Whether it is a Value, for the modules that `Value` itself imports."""
    return hasattr(type(x), "pullback")


def number_of(x: Any) -> Any:
    """The number of a Value, read without any trace noticing; a plain number is returned unchanged."""
    return +x._data if is_value(x) else x  # + so that a number left over from a trace raises


def numbers_of(xs: Iterable[Any]) -> list[Any]:
    """Those of several."""
    return [x if type(x) is float else number_of(x) for x in xs]


def grad_of(v: Any) -> float | None:
    """The gradient, read without any trace noticing; None if none was computed yet."""
    return None if v._grad is None else +v._grad


def operands_of(v: Any) -> Operands:
    """The parents, with None for a constant, and the numbers that the operation used."""
    rule = v._rule
    if rule is None:
        return (), ()
    if rule.many:
        operands: Operands = v._many
        return operands
    if rule.dy is None:
        return (v._a,), (v._x,)
    return (v._a, v._b), (v._x, v._y)


def values_of(v: Any) -> list[Any]:
    """The operands themselves: a Value, or the number of a constant."""
    return [x if p is None else p for p, x in zip(*operands_of(v), strict=True)]


def origin_of(v: Any) -> Any:
    """The origin of a leaf that the user did not make: the run of a transform, or a text: why it has no graph."""
    return v._origin


def why_no_graph(v: Any) -> str:
    """Why the graph of a result was not kept, as a text; "" for any other Value."""
    return v._origin if isinstance(v._origin, str) else ""


def version_of(v: Any) -> int:
    """A number that changes with each assignment to v."""
    version: int = v._made
    return version


def is_decision(v: Any) -> bool:
    """Whether a trace recorded it and derivatives don't go through it."""
    return v._rule is not None and v._rule.kind is not None


def was_assigned(v: Any) -> bool:
    """Whether a result was assigned, so that its number no longer follows from its operands."""
    assigned: bool = v._made < 0
    return assigned


def lend(v: Any, number: float) -> None:
    """Give a leaf another number for a while.  This is not an assignment; the caller restores the first number."""
    v._data = number


def made_before(v: Any, count: int) -> bool:
    """Whether a node was made, or a leaf made and last assigned, before `watch.advance()` gave this count."""
    older: bool = v._made < count
    return older


def those_before(vs: Iterable[Any], count: int) -> list[Any]:
    """The Values among these that were made before."""
    return [v for v in vs if v._made < count]
