"""The errors of the engine: stale graphs, results without a graph, sweeps that meet, gradients that would be lost."""

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from . import cores, watch
from .covectors import Covector
from .errors import ConcurrentSweepError, NoGraphError, StaleGraphError
from .ieee import total
from .numbers import as_number
from .reading import is_value, number_of, operands_of, why_no_graph
from .rule import Rule

# ---- stale graphs ----


def require_fresh(order: Iterable[Any]) -> None:
    """Raise for a graph in which a Value was assigned after another node was made of it."""
    assigned = watch.assigned
    # A node that was made after the latest assignment can't be stale, so only older ones are checked.
    raise_stale([v for v in order if v._made < assigned])


def raise_stale(order: Iterable[Any]) -> None:
    """The same, for nodes below which something may have been assigned."""
    for v in order:
        if v._made < 0:
            raise _stale(v, v)
        for parent in operands_of(v)[0]:
            if parent is not None and parent._made > v._made:
                raise _stale(parent, v)


def _stale(changed: Any, v: Any) -> StaleGraphError:
    name = changed.label or "a Value"
    number = number_of(changed)
    if changed._made < 0:
        return StaleGraphError(
            f"{name}, made by {changed.op!r}, was assigned {number!r}: assign to leaves, run forward again"
        )
    x = next(x for parent, x in zip(*operands_of(v), strict=True) if parent is changed)
    return StaleGraphError(f"{name} was {x!r} when {v.op!r} used it and is {number!r} now: run the forward pass again")


# ---- sweeps that meet ----


def require_alone(order: Sequence[Any]) -> None:
    """Raise if another sweep is using one of these nodes.

    Each sweep registers itself before it looks at the others, so of two that share nodes at least one sees the other.
    """
    mine = set(order)
    for other, _, _ in reversed(list(watch.sweeps.values())):
        if other is not order and not mine.isdisjoint(other):
            raise_busy(next(v for v in other if v in mine))


def raise_busy(v: Any) -> NoReturn:
    """Raise for a node that another sweep is using."""
    raise ConcurrentSweepError(
        f"{v!r} is in the middle of another sweep, in another thread or around this one: let that one end first"
    )


# ---- results without a graph, operations without a result ----


def require_graph(root: Any) -> None:
    """Raise for a result whose graph was not kept."""
    if why := why_no_graph(root):
        raise NoGraphError(f"{root!r} {why}: there is no graph to go back through")


def require_way_back(root: Any) -> None:
    """The same.  In a trace every sweep raises: it would turn traced Values into plain numbers."""
    require_graph(root)
    watch.read(root, "backward()")


def refused(error: Exception, rule: Rule, *operands: Any) -> float:
    """The IEEE value of an operation that raised `error`, if wanted; else raise it, with a note about the operation."""
    if watch.is_quiet():
        return float(total(rule, *map(number_of, operands)))
    note = f"in the operation {rule.symbol!r} of {', '.join(map(repr, operands))}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
    try:
        for block in watch.open_blocks():
            if block.refused:
                block.refused(error, rule, operands)
        raise error
    finally:
        del error, operands  # this frame is in the error's traceback: they would keep each other, and the graph


# ---- uses that would lose a gradient, or make no sense ----


def subclass(cls: type) -> None:
    """Raise for a subclass from outside this package."""
    if cls.__module__.partition(".")[0] != __package__:
        raise TypeError("Value can't be subclassed, since operations would not give the subclass: hold a Value instead")


def made_again(_v: object, *children: object) -> NoReturn:
    """Raise for a second __init__ of a Value, and for a node built by hand, as in micrograd."""
    if children:
        raise TypeError(
            "a Value is a leaf: make an operation of your own with @primitive, not by Value(data, children)"
        )
    raise TypeError("a Value can't be initialised again: assign its .data, or make another one")


def as_label(v: Any, label: object) -> str:
    """A label for v as a plain string; anything but a string is refused."""
    number_of(v)  # raises if v is left over from a trace
    if not isinstance(label, str):
        raise TypeError(f"a label is a string, not {type(label).__name__} {label!r}")
    return str.__str__(label)


def as_grad(v: Any, number: object) -> Any:
    """A gradient for v: a number, or for a function with several results an adjoint for each."""
    number_of(v)  # raises if v is left over from a trace
    if isinstance(number, Covector) and v._rule is not None and v._rule.many:
        return number
    return as_number(number, "Value.grad")


def require_value(x: Any) -> Any:
    """Raise for anything that isn't a Value."""
    if not is_value(x):
        raise TypeError(f"expected a Value, got {x!r}")
    return x


def formatted(v: Any, spec: str) -> str:
    """The number as text; in a trace a format with a specification raises."""
    watch.read(v, f"a format like {spec!r}")
    return format(number_of(v), spec)


def conversion(v: Any) -> NoReturn:
    """Raise for an implicit conversion to a float."""
    watch.read(v, "float() and the functions of math would lose the gradient")
    raise TypeError(
        f"{v!r} can't become a plain float here, which would lose its gradient: use autograd_mini, not math "
        "(m.exp in a partial of @primitive), or take .data for the plain number"
    )


def index(v: Any) -> NoReturn:
    """Raise for an implicit conversion to an int."""
    watch.read(v, "an index, the end of a range, or a count")
    raise TypeError(
        f"{v!r} can't be an index, the end of a range or a count, which have no gradient: take int(x.data) for the "
        "whole number, or where(condition, a, b) to choose between Values; to multiply a list write [v * x for x in xs]"
    )


def remainder(v: Any, _other: object) -> NoReturn:
    """Raise for % and //, whose result jumps."""
    watch.read(v, "% or //")
    raise TypeError(
        "a Value has no % and //, which hide a jump: write x - y * floor(x / y), or take .data for plain numbers"
    )


if cores.c is not None:  # the same, in C
    require_fresh = cores.c.require_fresh
