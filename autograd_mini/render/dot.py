"""A scene as DOT text: one card per value, with its operation, label, number and gradient."""

import hashlib
import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from .cards import Cards, Look, literal, shorten
from .scene import Arrow, Box, Scene
from .theme import LIGHT, Theme

# One font name for each text: the engine measures with it, and the style in svg.py names the alternatives.
GRAPH = {"class": "autograd", "nodesep": "0.22", "ranksep": "0.45", "pad": "0.1", "fontname": "Helvetica"}
NODE = {"shape": "box", "style": "rounded,filled", "penwidth": "1.2", "margin": "0.06,0.05", "fontname": "Helvetica",
        "fontsize": "11", "width": "0.3", "height": "0.3"}  # fmt: skip
EDGE = {"penwidth": "1.2", "arrowsize": "0.6", "fontname": "Courier", "fontsize": "10"}
NETWORK = {"splines": "line", "ranksep": "1.3", "nodesep": "0.14", "labelloc": "t", "fontsize": "13"}
UNIT = {"shape": "circle", "fixedsize": "true", "width": "0.56", "style": "filled", "fontsize": "10"}
DENSE = {"splines": "line", "ranksep": "0.7"}
FRAME = {"style": "rounded,filled", "penwidth": "1", "fontsize": "11", "margin": "10", "labeljust": "l"}
GAP = {"shape": "point", "width": "0.03", "height": "0.03", "penwidth": "0"}  # as wide as a line

# One below the other: the embedded engine has no ⋮ in a PNG.
_DOTS = '<<FONT POINT-SIZE="5">•<BR/>•<BR/>•</FONT>>'
_MANY = 24  # arrows between parts: with more, curves around the frames become taller than the rest of the picture


def dot_source(scene: Scene, look: Look, theme: Theme = LIGHT, background: str = "transparent") -> str:
    """Write a scene in Graphviz's language.

    Args:
        scene: the scene to draw.
        look: the options.
        theme: the colours.
        background: the background colour.

    Returns:
        DOT text.  Its graph id is made from its content, so several drawings can share a page.

    >>> x = Box("v0", "x", "", (("data", (3.0,)),))
    >>> print(dot_source(Scene("x", (x,)), Look()).splitlines()[0])
    digraph autograd {
    """
    return _Writer(scene, look, theme).source(background)


def about(box: Box) -> str:
    """A box as a text, with all digits of its numbers.

    >>> about(Box("v0", "x", "", (("data", (3.0,)), ("grad", ()))))
    'x: data 3.0, grad not computed yet'
    """
    said = [f"{name} {' to '.join(map(repr, span)) or 'not computed yet'}" for name, span in box.rows]
    name = shorten(box.name, 60) + (f" ×{box.count}" if box.count > 1 and box.rows else "")
    return ": ".join([name, *([", ".join(said)] if said else [])])


class _Writer:
    def __init__(self, scene: Scene, look: Look, theme: Theme) -> None:
        self.scene, self.look, self.theme, self.cards = scene, look, theme, Cards(scene, look, theme)
        self.written = look.values and any(arrow.note for arrow in scene.arrows)
        self.boxes = {box.key: box for box in scene.boxes}
        self.gaps = self._gaps()
        self.framed = any(box.within and box.kind in ("value", "part") for box in scene.boxes)
        weights = [abs(arrow.weight) for arrow in scene.arrows if arrow.weight is not None]
        self.dense = sum(map(self._is_between_parts, scene.arrows)) > _MANY
        self.heaviest = max(filter(math.isfinite, weights), default=0.0)

    def source(self, background: str) -> str:
        import graphviz  # here, so that importing this package stays light

        colour, caption = self.theme, self.scene.caption
        page = GRAPH | {"rankdir": self.look.direction, "bgcolor": background, "fontcolor": colour["quiet"]}
        if caption:
            page |= NETWORK | {"label": f"<<B>{literal(caption)}</B>>"}
            page |= {"splines": "true"} if self.written else {}  # curves leave room for texts on arrows
        if self.framed:
            has_texts = self.look.partials or any(arrow.note for arrow in self.scene.arrows)
            page |= {"ordering": "in", "ranksep": "1.0" if has_texts else "0.65"}  # operands as they were written
        page |= DENSE if self.dense else {}
        graph = graphviz.Digraph(
            "autograd",
            graph_attr=page,
            node_attr=NODE | {"fillcolor": colour["ground"], "color": colour["border"], "fontcolor": colour["ink"]},
            edge_attr=EDGE | {"color": colour["line"], "fontcolor": colour["quiet"]},
        )
        if any(box.kind == "unit" for box in self.scene.boxes):
            self._columns(graph)
        else:
            self._boxes(graph)
        last_first = self.framed and self.look.direction == "LR"  # then the engine begins at the bottom
        for n, arrow in list(enumerate(self.scene.arrows))[:: -1 if last_first else 1]:
            self._arrow(graph, n, arrow)
        graph.graph_attr["id"] = "ag" + hashlib.sha256(graph.source.encode()).hexdigest()[:12]
        return str(graph.source)

    def _boxes(self, graph: Any) -> None:
        """Write each box in its frame; a frame is written after all that is in it."""
        frames: dict[tuple[str, ...], Any] = {(): graph}
        # Where no arrows decide, the engine begins a column at its foot.
        from_foot = not self.scene.arrows and self.look.direction == "LR"
        for box in reversed(self.scene.boxes) if from_foot else self.scene.boxes:
            for n in range(1, len(box.within) + 1):
                path = box.within[:n]
                if path not in frames:
                    frames[path] = type(graph)(f"cluster_{len(frames)}", graph_attr=self._frame(path))
            self._node(frames[box.within], box)
        for n, head in self.gaps.items():
            said = literal(self._journey(self.scene.arrows[n]), 2)
            frames[head.within].node(f"gap{n}", "", fillcolor=self.theme["line"], tooltip=said, **GAP)
        for path in sorted(frames, key=len, reverse=True):
            if path:
                frames[path[:-1]].subgraph(frames[path])

    def _gaps(self) -> dict[int, Box]:
        """By their number the arrows that come from outside into a frame and pass the parameters there, with the box
        that they lead to.  The engine would lead them around the frame, so they are drawn in two halves."""
        beside: dict[str, set[tuple[str, ...]]] = {}
        for arrow in self.scene.arrows:
            beside.setdefault(arrow.head, set()).add(self.boxes[arrow.tail].within)
        found = {}
        for n, arrow in enumerate(self.scene.arrows):
            head = self.boxes[arrow.head]
            within = head.within
            if within and head.kind == "value" and self.boxes[arrow.tail].within != within in beside[arrow.head]:
                found[n] = head
        return found

    def _columns(self, graph: Any) -> None:
        """Write the units of each layer below each other, under the layer's title."""
        for n, ((title,), boxes) in enumerate(groupby(self.scene.boxes, lambda box: box.within)):
            # Unseen arrows keep their order, but not within a cluster.
            column = type(graph)(graph_attr={"rank": "same"}, edge_attr={"style": "invis"})
            above = f"t{n}"
            label = f'<<FONT COLOR="{self.theme["quiet"]}"><B>{literal(title)}</B></FONT>>'
            column.node(above, label, shape="none", style="", tooltip=literal(title, 2))
            for box in boxes:
                self._node(column, box)
                column.edge(above, box.key)
                above = box.key
            graph.subgraph(column)

    def _frame(self, path: Sequence[str]) -> dict[str, str]:
        colour = "layer" if len(path) == 1 else "neuron"
        label = f"<<B>{literal(shorten(path[-1], 40))}</B>>"
        return FRAME | {"label": label, "tooltip": literal(path[-1], 2), "fillcolor": self.theme[colour],
                          "color": self.theme[f"{colour} border"]}  # fmt: skip

    def _node(self, graph: Any, box: Box) -> None:
        colour = self.theme
        match box.kind:
            case "value" | "part":
                style = {"label": self.cards.card(box)}
                if box.kind == "part":
                    style |= {"fillcolor": colour["neuron"], "color": colour["neuron border"]}
            case "rest":
                style = {"label": f"<{literal(box.label)}>", "style": "rounded,dashed", "margin": "0.14,0.06"}
            case "unit":
                style = UNIT | {"label": self._unit(box)}
                style |= {"fillcolor": colour["badge"], "fontcolor": colour["badge ink"]} if box.op else {}
            case _:  # dots
                style = UNIT | {"label": _DOTS, "shape": "none", "style": "", "height": "0.3"}
        style |= {"color": colour["root"], "penwidth": "2"} if box.is_root else {}
        graph.node(box.key, tooltip=literal(about(box), 2), **style)

    def _unit(self, box: Box) -> str:
        bias = [f"b {x:.{self.look.precision}g}" for _, span in box.rows for x in span] if self.written else []
        small = [f'<BR/><FONT POINT-SIZE="8">{text}</FONT>' for text in bias]
        return f"<{literal(shorten(box.op or box.label, 9))}{''.join(small)}>"

    def _arrow(self, graph: Any, n: int, arrow: Arrow) -> None:
        partial = self.cards.written(arrow.slope) if self.look.partials else ""
        tail, head = self.boxes[arrow.tail], self.boxes[arrow.head]
        note = arrow.note if self.look.values or arrow.weight is None else ""
        told = arrow.count in {1, *_counts(tail), *_counts(head)}
        texts = [text for text in (note, "" if told else f"×{arrow.count}", partial) if text]
        # If an arrow has a label that takes room, the engine does not keep the order.
        style = {"xlabel" if self.framed else "label": _beside_a_line(texts)} if texts else {}
        if tail.kind == "rest":
            style["style"] = "dashed"
        if arrow.weight is not None:
            style |= self._weight(arrow.weight)
        style["tooltip"] = literal(self._journey(arrow), 2)
        start, end = self._ends(arrow)
        if n in self.gaps:
            into, out = "we" if self.look.direction == "LR" else "ns"
            first = {name: text for name, text in style.items() if name != "xlabel"}
            graph.edge(start, f"gap{n}:{into}", arrowhead="none", headclip="false", **first)
            start, style["tailclip"] = f"gap{n}:{out}", "false"
        graph.edge(start, end, **style)

    def _ends(self, arrow: Arrow) -> list[str]:
        """Where an arrow begins and ends: straight arrows meet parts in the middle of a side, or they would cross."""
        ends = [arrow.tail, arrow.head]
        if not self.dense or arrow.tail == arrow.head:
            return ends
        sides = "ew" if self.look.direction == "LR" else "sn"
        return [
            f"{key}:{side}" if self.boxes[key].kind == "part" else key for key, side in zip(ends, sides, strict=True)
        ]

    def _is_between_parts(self, arrow: Arrow) -> bool:
        ends = {arrow.tail, arrow.head}
        return len(ends) == 2 and all(self.boxes[key].kind == "part" for key in ends)

    def _weight(self, w: float) -> dict[str, str]:
        share = min(1.0, abs(w) / (self.heaviest or 1.0)) if math.isfinite(w) else 1.0
        colour = self.theme["positive line" if w > 0 else "negative line" if w < 0 else "line"]
        return {"color": colour, "penwidth": f"{0.4 + 2.6 * share:.2f}", "arrowhead": "none", "minlen": "1"}

    def _journey(self, arrow: Arrow) -> str:
        parts = [" → ".join(shorten(self.boxes[key].name, 60) for key in (arrow.tail, arrow.head))]
        parts += [f"×{arrow.count}"] if arrow.count > 1 else []
        parts += [f"weight {arrow.weight!r}"] if arrow.weight is not None else [arrow.note] if arrow.note else []
        parts += [f"local slope {' to '.join(map(repr, arrow.slope))}"] if arrow.slope else []
        return f"{parts[0]}: {', '.join(parts[1:])}" if parts[1:] else parts[0]


def _counts(box: Box) -> set[float]:
    """The counts that a box shows, which its arrows need not repeat."""
    return {box.count, *dict(box.rows).get("uses", ())}


def _beside_a_line(texts: Sequence[str]) -> str:
    # A table leaves some space around the text, so that it does not touch the line.
    cell = f'<TD CELLPADDING="3">{"<BR/>".join(map(literal, texts))}</TD>'
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0"><TR>{cell}</TR></TABLE>>'
