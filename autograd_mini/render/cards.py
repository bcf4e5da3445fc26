"""The card of a box: a Graphviz table, and the texts in it."""

import math
from dataclasses import dataclass
from html import escape
from typing import Literal

from .scene import Box, Scene, Span
from .theme import Theme
from .width import width_in_ems

_OF_VALUES, _OF_GRADIENTS = {"data", "a", "constants"}, {"grad", "delta", "|grad|"}
_LONGEST_LABEL, _LONGEST_OPERATION = 24, 22


@dataclass(frozen=True, slots=True)
class Look:
    """The options of `draw`: what a drawing shows, and how."""

    labels: bool = True
    values: bool = True
    gradients: bool = True
    partials: bool = False
    direction: Literal["LR", "TB"] = "LR"
    precision: int = 4


class Cards:
    """Writes the cards of a scene; the shade of a gradient is relative to the largest one."""

    def __init__(self, scene: Scene, look: Look, theme: Theme) -> None:
        self.look, self.theme = look, theme
        gradients = [abs(x) for box in scene.boxes for name, span in box.rows if name in _OF_GRADIENTS for x in span]
        self.largest = max(filter(math.isfinite, gradients), default=0.0)

    def card(self, box: Box) -> str:
        """The label of a node: the operation on the left; the name, the number and the gradient below each other."""
        hidden = (set() if self.look.values else _OF_VALUES) | (set() if self.look.gradients else _OF_GRADIENTS)
        title, shown = self._title(box), [(name, span) for name, span in box.rows if name not in hidden]
        padding = 4 if box.op and not title and len(shown) == 1 else 0  # or it would grow above the badge
        rows = [*title, *[self._row(name, span, padding) for name, span in shown]]
        if not rows and not box.op:
            rows = ['<TD FIXEDSIZE="TRUE" WIDTH="10" HEIGHT="10"></TD>']
        if box.op:
            rows = [self._badge(box.op, max(1, len(rows))) + "".join(rows[:1]), *rows[1:]]
        return f'<<TABLE BORDER="0" CELLSPACING="0">{"".join(f"<TR>{row}</TR>" for row in rows)}</TABLE>>'

    def _title(self, box: Box) -> list[str]:
        label = shorten(box.label, _LONGEST_LABEL) if self.look.labels else ""
        texts = [f"<B>{literal(label)}</B>"] if label else []
        if box.count > 1:
            texts.append(f'<FONT COLOR="{self.theme["quiet"]}" POINT-SIZE="9">×{box.count}</FONT>')
        return [f'<TD COLSPAN="2" ALIGN="LEFT"{_room(label)}>{"&#160; ".join(texts)}</TD>'] if texts else []

    def _badge(self, op: str, rowspan: int) -> str:
        text = shorten(op, _LONGEST_OPERATION)
        width = max(22, round(10 + (6.4 * len(text) if text.isascii() else 11 * width_in_ems(text))))
        size = f'FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="22"'  # or it would fill the card's height
        cell = f'<TD {size}><FONT COLOR="{self.theme["badge ink"]}"><B>{literal(text)}</B></FONT></TD>'
        return f'<TD ROWSPAN="{rowspan}" CELLPADDING="4">{_pill(cell, self.theme["badge"], size)}</TD>'

    def _row(self, name: str, span: Span, padding: int) -> str:
        # The dash is in the label's font and before a space, because the engine mistakes its width.
        text = self.written(span)
        text = f'<FONT FACE="Courier">{text}</FONT>' if text else "—&#160;"
        left = f'<TD ALIGN="LEFT"><FONT COLOR="{self.theme["quiet"]}" POINT-SIZE="9">{name}</FONT></TD>'
        row = f'{left}<TD ALIGN="RIGHT">{text}</TD>'
        if name not in _OF_GRADIENTS:
            return row
        colour = self._shade(max(span, key=abs, default=0.0))
        return f'<TD COLSPAN="2" CELLPADDING="{padding}">{_pill(row, colour)}</TD>'

    def written(self, span: Span) -> str:
        """A number, or the least and the greatest of several."""
        if len(span) == 2:  # for several numbers the size is enough
            return " .. ".join(f"{x:.3g}" for x in span)
        return "".join(number(x, self.look.precision) for x in span)

    def _shade(self, grad: float) -> str:
        """The colour of a gradient: its sign, and its size by quarters of the largest."""
        if not grad or math.isnan(grad):
            return self.theme["neutral"]
        share = abs(grad) / self.largest if self.largest else 1.0
        return self.theme[f"{'positive' if grad > 0 else 'negative'} {int(min(3.0, 4 * share))}"]


def number(x: float, precision: int) -> str:
    """Write a number so that it is quick to read.

    Args:
        x: any float, or a count.
        precision: decimals to show; a number that is too large or too small for them gets an exponent.

    Returns:
        ASCII text, which the engine measures correctly.

    >>> [number(x, 4) for x in (0.70710678, -2.0, 0.0, 1.5e-7, 6.02e23, float("nan"), 17)]
    ['0.7071', '-2.0000', '0', '1.500e-7', '6.020e+23', 'nan', '17']
    """
    if x == 0 or isinstance(x, int):
        return f"{x:.0f}".removeprefix("-") if x == 0 else str(x)
    if not math.isfinite(x) or min(0.1, 10.0 ** (1 - precision)) <= abs(x) < 1e5:
        return f"{x:.{precision}f}"
    mantissa, _, exponent = f"{x:.{precision - 1}e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def shorten(text: str, longest: int) -> str:
    """Cut a text so that it is quick to read.

    Args:
        text: any text.
        longest: the maximum number of characters to keep.

    Returns:
        The text, or its beginning and "…".

    >>> shorten("a very long label", 12)
    'a very long…'
    """
    if len(text) <= longest:
        return text
    end = longest - 1
    while end and (width_in_ems(text[end]) == 0 or text[end - 1] == "\u200d"):  # an accent stays with its letter
        end -= 1
    return text[:end].rstrip() + "…"


def _pill(cells: str, colour: str, size: str = "") -> str:
    return f'<TABLE BORDER="0" CELLSPACING="0" STYLE="ROUNDED" BGCOLOR="{colour}" {size}><TR>{cells}</TR></TABLE>'


def _room(label: str) -> str:
    # The engine knows only the widths of Latin letters; others would run out of the card.
    return "" if label.isascii() else f' WIDTH="{math.ceil(11 * width_in_ems(label)) + 4}"'


def literal(text: str, readings: int = 1) -> str:
    """The text escaped so that the engine shows it literally, after parsing it that many times."""
    # Each time the engine reads a text it halves the backslashes, and replaces a single one with N by the node's name.
    return escape(text).replace("\\", "\\" * 2**readings)
