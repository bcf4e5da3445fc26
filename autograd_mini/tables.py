"""Tables as HTML for notebooks, with the colours and the font of the page, light or dark."""

from collections.abc import Iterable, Sequence
from html import escape

from .printing import visible

# Each is legible on white and on black.
GOOD, BAD, UNSURE = "#16a34a", "#ef4444", "#d97706"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: Iterable[int] = (0,)) -> str:
    """A table in HTML; texts in it are shown literally, even if they look like HTML.

    Args:
        head: the titles of the columns.
        rows: the cells; a `Cell` has a colour.
        texts: the columns of text, which are aligned left; numbers are aligned right.

    >>> table(["x", "y"], [["<a>", "1"]]).count("&lt;a&gt;")
    1
    """
    left = {*texts}
    lines = ["<tr>" + "".join([_cell("th", text, i in left) for i, text in enumerate(head)]) + "</tr>"]
    lines += ["<tr>" + "".join([_cell("td", text, i in left) for i, text in enumerate(row)]) + "</tr>" for row in rows]
    return f'<table style="border-collapse:collapse;margin:.4em 0">{"".join(lines)}</table>'


class Cell(str):
    """The text of a cell that has a colour."""

    __slots__ = ("colour",)

    def __new__(cls, text: str, colour: str) -> "Cell":
        """Make it of a text."""
        cell = super().__new__(cls, text)
        cell.colour = colour
        return cell

    colour: str


def text(content: str) -> str:
    """A text as HTML that shows it literally.

    >>> text("a < b")
    'a &lt; b'
    """
    return escape(visible(content))


def _cell(kind: str, content: str, is_text: bool) -> str:
    style = f"text-align:{'left' if is_text else 'right'};padding:.15em .8em"
    if isinstance(content, Cell):
        style += f";color:{content.colour};font-weight:600"
    if kind == "td" and not is_text:
        style += ";white-space:nowrap;font-family:ui-monospace,Menlo,Consolas,monospace"
    return f'<{kind} style="{style}">{text(content)}</{kind}>'
