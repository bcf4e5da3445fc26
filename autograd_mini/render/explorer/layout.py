"""The positions of the page's cards: Graphviz lays them out once for each state of the clusters.

The page has no engine, so every picture that it may show is laid out here: all clusters open, all closed, and each of
them open alone.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..cards import shorten
from ..graph import Graph
from ..graphviz import Choice, run_engine
from ..groups import Group
from ..parts import Part
from ..width import width_in_ems

LONGEST_NAME = 22
_MOST_LABELLED = 90  # arrows that get room for their slope
_MOST_TRIED = 120  # boxes that are laid out in both directions: with more, a layout takes seconds
_MOST_NEURONS = 6  # neurons that open one by one; with more, layers do
_RANKS_APART = 0.95  # inches, with room for a slope in between
_POINTS = 72.0  # an inch
_STAGE = 900, 640  # the room for the picture on a common screen


Titles = tuple[str, ...]  # of frames, from the outside in


@dataclass(frozen=True, slots=True)
class Cluster:
    """Values that a reader can put into one box: those of a neuron, or of a layer."""

    title: str
    within: Titles
    members: frozenset[int]
    output: int | None = None  # of a group with a formula, which shows its result when it is closed


def clusters_of(parts: dict[int, Part]) -> list[Cluster]:
    """The neurons of a small model, the layers of a larger one.

    >>> clusters_of({0: Part("MLP", "layers.0.neurons.1")})[0].title
    'neuron 1.2'
    """
    neurons = dict.fromkeys(part.path for part in parts.values())
    level = "neuron" if len(neurons) <= _MOST_NEURONS else "layer"
    members: dict[str, list[int]] = {}
    for i, part in sorted(parts.items()):
        members.setdefault(part.at(level), []).append(i)
    found = []
    for places in members.values():
        part = parts[places[0]]
        within = part.titles[:-1] if level == "neuron" else ()
        found.append(Cluster(part.title_at(level) if part.path else part.model, within, frozenset(places)))
    return found


@dataclass(frozen=True, slots=True)
class Card:
    """The size of a value's card in points, and the part of it that the operation takes."""

    width: int
    badge: int
    height: int = 56


def card_of(name: str, op: str) -> Card:
    """A card with room for its texts.

    >>> card_of("x", "")
    Card(width=116, badge=0, height=56)
    """
    badge = max(26, 10 + round(12 * width_in_ems(shorten(op, LONGEST_NAME)))) if op else 0
    return Card(badge + bool(badge) * 6 + max(116, 18 + round(12 * width_in_ems(shorten(name, LONGEST_NAME)))), badge)


class Layouts:
    """Lays out a graph for each state of its clusters.

    Args:
        graph: the values.
        cards: the size of each one's card.
        parts: the part of a model that each place belongs to.
        direction: "LR", "TB", or None for what fits better.
        engine: which engine, as for `run_engine`.
        groups: operations that are shown as one box with a formula.
        calls: the insides of functions that are one node, with a box for each; at first they are closed.
        faces: for each place, the place whose card represents it; by default its own.
    """

    def __init__(
        self,
        graph: Graph,
        cards: Sequence[Card],
        parts: dict[int, Part],
        direction: str | None,
        engine: Choice,
        groups: Sequence[Group] = (),
        faces: Sequence[int] | None = None,
        calls: Sequence[Cluster] = (),
    ) -> None:
        self.graph, self.cards, self.parts = graph, cards, parts
        self.direction, self.engine = direction, engine
        self.faces = faces or range(len(graph.order))
        of_model = clusters_of(parts) or list(calls)
        self.of_model = range(len(of_model))
        self.of_groups = range(len(of_model), len(of_model) + len(groups))
        titles = [group.formula for group in groups]
        self.clusters = of_model + [
            Cluster(t if titles.count(t) == 1 else f"{t}, {k}", (), group.members, group.output)
            for k, (t, group) in enumerate(zip(titles, groups, strict=True), 1)
        ]
        self.cluster_at = {i: k for k, cluster in enumerate(self.clusters) for i in cluster.members}

    def shown(self, opened: frozenset[int]) -> int:
        """How many boxes there are when these clusters are open."""
        return len({self._box(i, opened) for i in range(len(self.graph.order))})

    def states(self, max_nodes: int) -> list[frozenset[int]]:
        """The sets of clusters that can be open at once, the largest first: all parts of the model, none, or one; with
        all or none of them, also one of the groups or all of them."""
        all_of_model, none = frozenset(self.of_model), frozenset[int]()
        first = [all_of_model, none] if self.parts else [none, all_of_model]
        states = [*first, *[frozenset([k]) for k in self.of_model]]
        for opened in (all_of_model, none):
            states += [opened.union(self.of_groups), *[opened | {k} for k in self.of_groups]]
        return [opened for opened in dict.fromkeys(states) if self.shown(opened) <= max_nodes]

    def views(self, states: Sequence[frozenset[int]]) -> list[dict[str, Any]]:
        """The layouts of these states, all in the direction in which the first one fits the page better."""
        direction = self.direction or "LR"
        first = self.view(states[0], direction)
        if self.direction is None and len(first["boxes"]) <= _MOST_TRIED:
            other = self.view(states[0], "TB")
            if _fit(other) > 1.15 * _fit(first):  # people read from left to right
                direction, first = "TB", other
        return [first, *[self.view(opened, direction) for opened in states[1:]]]

    def view(self, opened: frozenset[int], direction: str) -> dict[str, Any]:
        """One layout, its numbers rounded to points: boxes by their corners, arrows as paths, frames."""
        arrows = self._arrows(opened)
        titles: list[Titles] = []  # of the frames, by their number
        source = "\n".join(self._source(opened, arrows, direction, titles))
        laid_out = json.loads(run_engine(source, "json", self.engine))
        _, _, width, height = map(float, laid_out["bb"].split(","))
        boxes, frames = {}, []
        for item in laid_out.get("objects", []):
            if item["name"].startswith("cluster"):
                frames.append(self._frame(item, titles, height))
            elif "pos" in item and item["name"][0] != "p":
                x, y = _point(item["pos"], height)
                w, h = float(item["width"]) * _POINTS, float(item["height"]) * _POINTS
                boxes[item["name"]] = [round(x - w / 2), round(y - h / 2), round(w), round(h)]
        edges: dict[int, list[Any]] = {}
        for edge in sorted(laid_out.get("edges", []), key=lambda edge: int(edge["id"])):
            edges.setdefault(int(edge["id"]) // 2, []).append(edge)
        paths = [[arrows[number], *_path(parts, height)] for number, parts in edges.items()]
        return {
            "open": sorted(opened),
            "size": [round(width), round(height)],
            "boxes": boxes,
            "arrows": paths,
            "frames": frames,
        }

    def _box(self, i: int, opened: frozenset[int]) -> str:
        k = self.cluster_at.get(i)
        return f"v{self.faces[i]}" if k is None or k in opened else f"c{k}"

    def _arrows(self, opened: frozenset[int]) -> list[list[int]]:
        """The arrows of the graph by number; those between the same two boxes are one, except for the two of x * x."""
        found: dict[Any, list[int]] = {}
        times: dict[tuple[int, int], int] = {}
        arrows = ((p, i) for i, parents in enumerate(self.graph.parents) for p in parents)
        for number, (p, i) in enumerate(arrows):
            tail, head = self._box(p, opened), self._box(i, opened)
            again = times[p, i] = times.get((p, i), -1) + 1
            if tail != head:
                found.setdefault((tail, head, again if tail[0] == head[0] == "v" else 0), []).append(number)
        return list(found.values())

    def _source(
        self, opened: frozenset[int], arrows: list[list[int]], direction: str, titles: list[Titles]
    ) -> Iterator[str]:
        """The lines of DOT; the titles of its frames are added to a list."""
        is_framed = bool(self.parts)
        kept = f"ordering=in; ranksep={_RANKS_APART}" if is_framed else "ranksep=0.5"  # operands as they were written
        yield f"digraph {{ {kept}; rankdir={direction}; nodesep=0.22; pad=0.15"
        yield 'node [shape=box, fixedsize=true, label=""]; edge [fontsize=10, fontname=Courier]'
        ends = [(p, i) for i, parents in enumerate(self.graph.parents) for p in parents]
        ends = [ends[together[0]] for together in arrows]
        through = {number for number, (tail, head) in enumerate(ends) if self._passes_a_frame(tail, head, opened)}
        gaps: dict[Titles, list[str]] = {}
        room_beside = "width=0.001, height=0.17" if direction == "LR" else "width=0.55, height=0.001"  # for slopes
        for number in sorted(through):
            gaps.setdefault(self._within(ends[number][1], opened), []).append(f"p{number} [{room_beside}]")
        yield from self._boxes(opened, titles, gaps)
        # If any arrow has a label, Graphviz does not keep the order, so labels are placed in the middle afterwards.
        room = ', label="-0.0000"' if len(arrows) <= _MOST_LABELLED and not is_framed else ""
        into, out = "we" if direction == "LR" else "ns"
        last_first = is_framed and direction == "LR"  # then Graphviz begins at the bottom
        for number, (tail, head) in list(enumerate(ends))[:: -1 if last_first else 1]:
            label = room if len(arrows[number]) == 1 else ""
            start, end = self._box(tail, opened), self._box(head, opened)
            if number in through:  # the two halves of one arrow, which meet in the gap
                yield f"{start} -> p{number}:{into} [id={2 * number}, headclip=false]"
                start = f"p{number}:{out}"
            yield f"{start} -> {end} [id={2 * number + 1}{label}, tailclip={str(number not in through).lower()}]"
        yield "}"

    def _passes_a_frame(self, tail: int, head: int, opened: frozenset[int]) -> bool:
        """Whether an arrow comes from outside into a frame, and passes the parameters there; Graphviz would lead it
        around the frame."""
        inside = self._within(head, opened)
        beside = [self._within(p, opened) for p in self.graph.parents[head]]
        return bool(inside) and self._within(tail, opened) != inside and inside in beside

    def _within(self, i: int, opened: frozenset[int]) -> Titles:
        k = self.cluster_at.get(i)
        if k is None or (k in self.of_groups and k not in opened):
            return ()
        if k in self.of_groups:
            return (self.clusters[k].title,)
        if k not in opened:
            return self.clusters[k].within
        return self.parts[i].titles if self.parts else (self.clusters[k].title,)

    def _boxes(self, opened: frozenset[int], titles: list[Titles], gaps: dict[Titles, list[str]]) -> Iterator[str]:
        """Each box in its frames, and the gaps there that arrows pass."""
        frames: dict[Titles, list[str]] = {}
        first: dict[str, int] = {}
        for i in range(len(self.graph.order)):
            first.setdefault(self._box(i, opened), self.faces[i])
        for box, i in first.items():
            within = self._within(i, opened)
            for n in range(len(within) + 1):
                frames.setdefault(within[:n], [])
            size = f"width={self._width(i, box):.3f}, height={self._height(i, box):.3f}"
            frames[within].append(f"{box} [{size}]")
        for within, passed in gaps.items():
            frames[within] += passed
        yield from frames.pop((), [])
        for path in frames:
            if len(path) == 1:
                yield from _nested(path, frames, titles)

    def _width(self, i: int, box: str) -> float:
        cluster = self.clusters[int(box[1:])] if box[0] == "c" else None
        if cluster is None:
            return self.cards[i].width / _POINTS
        if cluster.output is not None:
            return self.group_card(cluster).width / _POINTS
        return max(120, 30 + 8 * min(len(cluster.title), 40)) / _POINTS

    def group_card(self, cluster: Cluster) -> Card:
        """The card of a closed group: that of its result, with the formula for an operation."""
        plain = self.cards[cluster.output or 0]
        badge = card_of("", cluster.title).badge + 14  # and a sign to open it
        return Card(plain.width - plain.badge + badge, badge)

    def _height(self, i: int, box: str) -> float:
        is_card = box[0] == "v" or self.clusters[int(box[1:])].output is not None
        return (self.cards[i].height if is_card else 60) / _POINTS

    def _frame(self, item: dict[str, Any], titles: list[Titles], height: float) -> list[Any]:
        left, bottom, right, top = map(float, item["bb"].split(","))
        path = titles[int(item["name"].removeprefix("cluster_"))]
        k = next((k for k, c in enumerate(self.clusters) if (*c.within, c.title) == path), -1)
        corner = [round(left), round(height - top), round(right - left), round(top - bottom)]
        return [path[-1], k, len(path), *corner]


def _nested(path: Titles, frames: dict[Titles, list[str]], titles: list[Titles]) -> Iterator[str]:
    titles.append(path)
    room = "x" * min(len(path[-1]), 40)  # room for the title, without characters that Graphviz might interpret
    yield f'subgraph cluster_{len(titles) - 1} {{ label="{room}"; fontsize=13; margin=12'
    yield from frames[path]
    for inner in frames:
        if inner[:-1] == path:
            yield from _nested(inner, frames, titles)
    yield "}"


def _fit(view: dict[str, Any]) -> float:
    """The scale at which a layout fits the page."""
    width, height = view["size"]
    return float(min(1.35, _STAGE[0] / width, _STAGE[1] / height))


def _point(text: str, height: float) -> tuple[float, float]:
    x, _, y = text.partition(",")
    return float(x), height - float(y)


def _path(edges: list[dict[str, Any]], height: float) -> list[Any]:
    """The curve of an arrow, of one or two parts, the last point of it, its tip, and where its label goes."""
    points: list[tuple[float, float]] = []
    for edge in edges:
        tip = None
        texts = [text for text in edge["pos"].split() if not text.startswith("s,")]
        if texts[0].startswith("e,"):
            tip = _point(texts.pop(0)[2:], height)
        found = [_point(text, height) for text in texts]
        if edge is not edges[-1] and tip:  # continue the line where Graphviz left room for a tip
            found += [found[-1], tip, tip]
        points += found[1:] if points else found
    tip = tip or points[-1]
    first, *rest = [f"{x:.0f} {y:.0f}" for x, y in points]
    label = _point(edges[-1]["lp"], height) if "lp" in edges[-1] else _middle(found)
    return [f"M{first}C{' '.join(rest)}", *[round(x) for x in (*points[-1], *tip, *label)]]


def _middle(points: list[tuple[float, float]]) -> tuple[float, float]:
    """The point in the middle of a curve of pieces with four points each, the last also the first of the next."""
    pieces = (len(points) - 1) // 3
    first = 3 * (pieces // 2)
    if pieces % 2 == 0:
        return points[first]
    a, b, c, d = points[first : first + 4]
    return (a[0] + 3 * (b[0] + c[0]) + d[0]) / 8, (a[1] + 3 * (b[1] + c[1]) + d[1]) / 8
