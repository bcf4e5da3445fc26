"""The contents of a drawing, without markup: boxes for values, and arrows for the flow of numbers."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Span = tuple[float, ...]  # nothing known, one number, or the least and the greatest of several
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # no XML can hold them


@dataclass(frozen=True, slots=True)
class Box:
    """A value, or several that were collapsed into one box.

    Args:
        key: its name in the scene.
        label: its name, which may be empty.
        op: the operation that made it, with its constants.
        rows: the rows of its card: "data", "grad", … with their numbers, or without any if they are not computed yet.
        count: how many values it stands for.
        kind: one value or several similar ones; a part of a model; a stand-in for everything left out; in the picture
            of a network, a unit, or the dots that replace many.
        is_root: whether it is the root of the drawing.
        within: the titles of its clusters, from the outside in.
    """

    key: str
    label: str = ""
    op: str = ""
    rows: tuple[tuple[str, Span], ...] = ()
    count: int = 1
    kind: Literal["value", "part", "rest", "unit", "dots"] = "value"
    is_root: bool = False
    within: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name in a sentence: its label, else its operation."""
        return self.label or (f"the {self.op}" if self.op else "a number")


@dataclass(frozen=True, slots=True)
class Arrow:
    """The flow of an operand into a result.

    Args:
        tail, head: the keys of two boxes.
        slope: the local derivative of the result with respect to this operand.
        note: a constant that is applied to the operand, such as "* 1.5".
        count: how many values flow along it.
        weight: in the picture of a network, the number that the operand is multiplied by.
    """

    tail: str
    head: str
    slope: Span = ()
    note: str = ""
    count: int = 1
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Boxes, with operands before results, and the arrows between them, in the order of the operands.

    `caption` is printed above the picture of a network; a graph has none.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...] = ()
    caption: str = ""


def span(numbers: Iterable[float]) -> Span:
    """The least and the greatest of some numbers, or just one if all are equal; nan only if there is nothing else.

    >>> span([2.0, 1.0, math.nan]), span([3.0, 3.0]), span([])
    ((1.0, 2.0), (3.0,), ())
    """
    found = list(numbers)
    kept = [x for x in found if not math.isnan(x)] or found[:1]
    return (min(kept), max(kept)) if kept and min(kept) < max(kept) else tuple(kept[:1])


def printable(text: str) -> str:
    """The text in one line, with only characters that a drawing can contain."""
    return _UNPRINTABLE.sub("\ufffd", " ".join(text.split()))
