"""A scene as DOT text: one card a value, with its operation, label, number and gradient."""

import hashlib
import math
from html import escape

from .scene import Arrow, Box, Scene

# One font name for each text: the engine measures with it, and the style in svg.py names the alternatives.
GRAPH = {"class": "autograd", "bgcolor": "transparent", "nodesep": "0.22", "ranksep": "0.45", "pad": "0.1"}
NODE = {"shape": "box", "style": "rounded,filled", "fillcolor": "#ffffff", "color": "#cbd5e1", "penwidth": "1.2",
        "margin": "0.06,0.05", "fontname": "Helvetica", "fontsize": "11", "fontcolor": "#0f172a"}  # fmt: skip
EDGE = {"color": "#64748b", "penwidth": "1.2", "arrowsize": "0.6"}
ROOT = {"color": "#6366f1", "penwidth": "2"}
NEUTRAL = "#f1f5f9"
POSITIVE = ("#e0f2fe", "#bae6fd", "#7dd3fc", "#38bdf8")  # |grad| by quarters of the largest in the drawing
NEGATIVE = ("#ffedd5", "#fed7aa", "#fdba74", "#fb923c")


def dot_source(scene: Scene, *, direction: str, precision: int) -> str:
    """Write a scene in Graphviz's language.

    Args:
        scene: what to draw.
        direction: "LR" (left to right) or "TB" (top to bottom).
        precision: decimals of the numbers on the cards.

    Returns:
        DOT text, its graph id made of its content so that drawings can share a page.

    >>> x = Box(0, "x", "", 3.0, None, True)
    >>> print(dot_source(Scene((x,), ()), direction="LR", precision=4).splitlines()[0])
    digraph autograd {
    """
    import graphviz  # here, so that importing this package stays light

    graph = graphviz.Digraph("autograd", graph_attr=GRAPH | {"rankdir": direction}, node_attr=NODE, edge_attr=EDGE)
    largest = max((abs(b.grad) for b in scene.boxes if b.grad is not None and math.isfinite(b.grad)), default=0.0)
    for box in scene.boxes:
        style = ROOT if box.is_root else {}
        graph.node(f"v{box.place}", f"<{_card(box, largest, precision)}>", tooltip=_tooltip(_about(box)), **style)
    for arrow in scene.arrows:
        graph.edge(f"v{arrow.tail}", f"v{arrow.head}", tooltip=_tooltip(_journey(arrow, scene)))
    graph.graph_attr["id"] = "ag" + hashlib.sha256(graph.source.encode()).hexdigest()[:12]
    return str(graph.source)


def number(x: float, precision: int) -> str:
    """Write a number to be read at a glance.

    Args:
        x: any float.
        precision: decimals shown; a number too large or too small for them gets an exponent.

    Returns:
        ASCII text, which the engine measures well.

    >>> [number(x, 4) for x in (0.70710678, -2.0, 0.0, 1.5e-7, 6.02e23, float("nan"))]
    ['0.7071', '-2.0000', '0', '1.500e-7', '6.020e+23', 'nan']
    """
    if x == 0:
        return "0"
    if not math.isfinite(x) or min(0.1, 10.0 ** (1 - precision)) <= abs(x) < 1e5:
        return f"{x:.{precision}f}"
    mantissa, _, exponent = f"{x:.{precision - 1}e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def shorten(text: str, longest: int) -> str:
    """Cut a text so that it can be read at a glance.

    Args:
        text: any text.
        longest: the most characters to keep.

    Returns:
        The text, or its beginning and "…".

    >>> shorten("a very long label", 12)
    'a very long…'
    """
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _card(box: Box, largest: float, precision: int) -> str:
    label = shorten(box.label, 24)
    colour, grad = _gradient_colour(box.grad, largest), _row("grad", box.grad, precision)
    pill = f'<TABLE BORDER="0" CELLSPACING="0" STYLE="ROUNDED" BGCOLOR="{colour}"><TR>{grad}</TR></TABLE>'
    rows = [_row("data", box.data, precision), f'<TD COLSPAN="2" CELLPADDING="0">{pill}</TD>']
    if label:
        rows.insert(0, f'<TD COLSPAN="2" ALIGN="LEFT"{_room(label)}><B>{_literal(label)}</B></TD>')
    rows[0] = _badge(box.op, len(rows)) + rows[0]
    return '<TABLE BORDER="0" CELLSPACING="0">' + "".join(f"<TR>{row}</TR>" for row in rows) + "</TABLE>"


def _badge(op: str, rowspan: int) -> str:
    if not op:
        return ""
    text = shorten(op, 12)
    size = f'FIXEDSIZE="TRUE" WIDTH="{max(22, 8 + 7 * len(text))}" HEIGHT="22"'  # or it would fill the card's height
    cell = f'<TD {size}><FONT COLOR="#3730a3"><B>{_literal(text)}</B></FONT></TD>'
    pill = f'<TABLE BORDER="0" CELLSPACING="0" STYLE="ROUNDED" BGCOLOR="#e0e7ff" {size}><TR>{cell}</TR></TABLE>'
    return f'<TD ROWSPAN="{rowspan}" CELLPADDING="4">{pill}</TD>'


def _row(name: str, x: float | None, precision: int) -> str:
    # The dash stands in the label's font and before a space: the engine mistakes its width.
    text = f'<FONT FACE="Courier">{number(x, precision)}</FONT>' if x is not None else "—&#160;"
    name = f'<FONT COLOR="#334155" POINT-SIZE="9">{name}</FONT>'
    return f'<TD ALIGN="LEFT">{name}</TD><TD ALIGN="RIGHT">{text}</TD>'


def _room(label: str) -> str:
    # The engine takes East Asian letters and emoji for narrow ones, and would let them run out of the card.
    wide = sum(character >= "\u2e80" for character in label)
    return f' WIDTH="{14 * wide + 7 * (len(label) - wide)}"' if wide else ""


def _literal(text: str, readings: int = 1) -> str:
    # Each time the engine reads a text it halves the backslashes, and takes a lone one with N for the node's name.
    return escape(text).replace("\\", "\\" * 2**readings)


def _tooltip(text: str) -> str:
    return _literal(text, readings=2)


def _gradient_colour(grad: float | None, largest: float) -> str:
    if not grad or math.isnan(grad):
        return NEUTRAL
    share = abs(grad) / largest if largest else 1.0
    return (POSITIVE if grad > 0 else NEGATIVE)[int(min(3.0, 4 * share))]


def _about(box: Box) -> str:
    grad = "not computed yet" if box.grad is None else repr(box.grad)
    return f"{shorten(box.name, 60)}: data {box.data!r}, grad {grad}"


def _journey(arrow: Arrow, scene: Scene) -> str:
    tail, head = (shorten(scene.boxes[place].name, 60) for place in (arrow.tail, arrow.head))
    return f"{tail} → {head}: local slope {arrow.slope!r}"
