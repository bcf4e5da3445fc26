"""What a drawing shows, before any markup: boxes for values, arrows for the way numbers flow."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..engine import Value

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # no XML can hold them


@dataclass(frozen=True, slots=True)
class Box:
    """One value: its place in topological order and what its card says (`grad` is None before backward)."""

    place: int
    label: str
    op: str
    data: float
    grad: float | None
    is_root: bool

    @property
    def name(self) -> str:
        """What to call it in a sentence: its label, else its operation."""
        return self.label or (f"the {self.op}" if self.op else "a number")


@dataclass(frozen=True, slots=True)
class Arrow:
    """An operand on its way into a result; `slope` is the local derivative of the result in this operand."""

    tail: int
    head: int
    slope: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Boxes, operands before results, and the arrows between them, in the order the operands were written."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def build_scene(order: Sequence[Value]) -> Scene:
    """Take a snapshot of a graph: later training does not change it.

    Args:
        order: the graph's values in topological order, the root last.

    Returns:
        The scene, its boxes numbered by their place in `order`: the same for the same graph in every process.

    >>> from autograd_mini.engine import Value, topological_order
    >>> x = Value(3.0, label="x")
    >>> build_scene(topological_order(x * x)).arrows
    (Arrow(tail=0, head=1, slope=3.0), Arrow(tail=0, head=1, slope=3.0))
    """
    place = {id(node): i for i, node in enumerate(order)}  # Value's == compares numbers, so identity is the key
    arrows = (
        Arrow(place[id(parent)], place[id(node)], slope)
        for node in order
        for parent, slope in zip(node.parents, node.pullback(1.0), strict=True)
    )
    boxes = (_box(node, i, is_root=node is order[-1]) for i, node in enumerate(order))
    return Scene(tuple(boxes), tuple(arrows))


def _box(node: Value, place: int, *, is_root: bool) -> Box:
    # The public `grad` reads 0.0 both for "no slope" and for "not computed yet"; a learner must see which.
    grad = None if node._grad is None else node.grad
    return Box(place, _printable(node.label), _printable(node.op), node.data, grad, is_root)


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", " ".join(text.split()))
