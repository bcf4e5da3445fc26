"""Turn a graph into a scene: a snapshot, which later training does not change."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..engine import Value
from ..function_nodes import has_no_number, result_number
from ..reading import grad_of
from .collapse import Classes
from .graph import Graph
from .notation import constants_of, notation
from .parts import Part
from .scene import Arrow, Box, Scene, Span, printable, span

Rows = tuple[tuple[str, Span], ...]
_FEW = 4  # so many numbers are shown one by one


def within_depth(graph: Graph, classes: Classes, depth: int | None) -> set[int]:
    """The classes at most `depth` steps away from a root; None means all of them."""
    if depth is None:
        return set(classes.of)
    below = defaultdict(set)
    for i, parents in enumerate(graph.parents):
        below[classes.of[i]].update([classes.of[p] for p in parents])
    front = {classes.of[i] for i in graph.roots}
    shown = set(front)
    for _ in range(depth):
        front = {p for c in front for p in below[c]} - shown
        if not front:
            break
        shown |= front
    return shown


@dataclass
class Flow:
    """The contents of an arrow, while it is being built."""

    tails: set[int] = field(default_factory=set)
    slopes: list[float] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)


class SceneBuilder:
    """Build the scene of a graph that was sorted into classes.

    Args:
        graph: the graph to show.
        classes: which values share a box.
        shown: which classes are drawn.
        parts: the part of a model that each place belongs to.
        level: "neuron" or "layer", if such parts are classes.
        names: the name of each value, by its id.
        precision: significant digits of the constants.
        frames: the titles of the frames around a place, from the outside in, if it is not a part of a model.

    >>> x = Value(3.0, label="x")
    >>> scene = SceneBuilder(Graph([x * x]), Classes([0, 1]), {0, 1}).scene()
    >>> [(arrow.tail, arrow.head, arrow.slope) for arrow in scene.arrows]
    [('v0', 'v1', (3.0,)), ('v0', 'v1', (3.0,))]
    """

    def __init__(
        self,
        graph: Graph,
        classes: Classes,
        shown: set[int],
        parts: Mapping[int, Part] | None = None,
        level: str | None = None,
        names: Mapping[int, str] | None = None,
        precision: int = 4,
        frames: Mapping[int, tuple[str, ...]] | None = None,
    ) -> None:
        self.graph, self.classes, self.shown, self.frames = graph, classes, shown, frames or {}
        self.parts, self.level, self.names, self.precision = parts or {}, level, names or {}, precision
        self.members: dict[int, list[int]] = defaultdict(list)
        self.chained: dict[int, list[int]] = defaultdict(list)
        for i, c in enumerate(classes.of):
            (self.chained if i in classes.folded else self.members)[c].append(i)

    def scene(self) -> Scene:
        """The scene; boxes are numbered in order of occurrence, so the same graph gives the same numbers everywhere."""
        boxes = [self._box(c, places) for c, places in sorted(self.members.items()) if c in self.shown]
        roots = [box.name for box in boxes if box.is_root]
        more = f" and {len(roots) - 3} more" if len(roots) > 3 else ""
        data_boxes, data_arrows = self._data()
        rest, cut = self._rest()
        return Scene(
            f"Computation graph of {', '.join(roots[:3])}{more}",
            (*rest, *data_boxes, *boxes),
            (*cut, *data_arrows, *self._arrows()),
        )

    def _is_collapsed(self, c: int) -> bool:
        return self.level is not None and self.members[c][0] in self.parts

    def _box(self, c: int, places: list[int]) -> Box:
        key, is_root = f"v{c}", not self.graph.roots.isdisjoint(places)
        part, first = self.parts.get(places[0]), self.graph.order[places[0]]
        titles = part.titles if part else self.frames.get(places[0], ())
        if part and self.level:
            op, rows = self._summary(places)
            title = printable(part.title_at(self.level))
            within = tuple(map(printable, titles[:-1])) if self.level == "neuron" else ()
            return Box(key, title, op, rows, 1, "part", is_root, within)
        label = printable(self.names.get(id(first), "") if len(places) == 1 else first.label)
        if len(places) > 1 and first.is_leaf and not label:
            label = "data" if self.parts.keys().isdisjoint(self.graph.consumers[places[0]]) else "inputs"
        op, rows = self._operation(c, places)
        return Box(key, label, printable(op), rows, len(places), "value", is_root, tuple(map(printable, titles)))

    def _operation(self, c: int, places: list[int]) -> tuple[str, Rows]:
        values = [self.graph.order[i] for i in places]
        if has_no_number(values[0]):
            return values[0].op, ()
        rows: Rows = (("data", span(v.data for v in values)), ("grad", gradients(values)))
        if (k := result_number(values[0])) is not None:
            return f"[{k}]", rows
        if c in self.classes.groups:
            return self.classes.groups[c].formula, rows
        written = {notation(v, self.precision) for v in values}
        if len(written) == 1 and not self.chained[c]:
            return next(iter(written))[0], rows
        inside = [self.graph.order[i] for i in [*self.chained[c], *places]]
        constants = span(x for v in inside for x in constants_of(v) if x or not self.chained[c])  # sum starts from 0
        return "sum" if self.chained[c] else values[0].op, ((("constants", constants),) if constants else ()) + rows

    def _summary(self, places: list[int]) -> tuple[str, Rows]:
        """The activation of a part, and the text of its card."""
        order, inside = self.graph.order, set(places)
        outward = [i for i in places if i in self.graph.roots or not inside.issuperset(self.graph.consumers[i])]
        outputs = [i for i in outward if not order[i].is_leaf]
        inputs = self._weighted(places)
        parameters = [i for i in places if order[i].is_leaf]
        uses = max(sum(c in inside for c in self.graph.consumers[i]) for i in parameters)
        neurons = len({self.parts[i].path for i in places})
        ops = {
            self.parts[i].path: order[i].op
            for i in outputs if i not in inputs and inputs.issuperset(self.graph.parents[i])
        }  # fmt: skip
        rows: Rows = (("neurons", (neurons,)),) if neurons > 1 else ()
        rows += (("parameters", (len(parameters),)),)
        if uses > 1:
            slopes = [order[i] for i in parameters]
            norm = gradients(slopes) and (math.hypot(*[p.grad for p in slopes]),)
            rows += (("uses", (uses,)), ("|grad|", norm))
        else:
            rows += (("a", span(order[i].data for i in outputs)), ("delta", gradients(order[i] for i in inputs)))
        alike = ops.keys() == {self.parts[i].path for i in inputs} and len(set(ops.values())) == 1
        return printable(next(iter(ops.values()))) if alike else "", rows

    def _weighted(self, places: Iterable[int]) -> set[int]:
        """The weighted inputs of a part: the other operands of operations on its parameters."""
        order = self.graph.order
        return {i for i in places if any(order[p].is_leaf and p in self.parts for p in self.graph.parents[i])}

    def _data(self) -> tuple[list[Box], list[Arrow]]:
        """A box for the constants that each layer of neurons reads, where these were collapsed."""
        readers: dict[str, dict[int, list[float]]] = defaultdict(dict)
        for c in sorted(self.shown):
            if self._is_collapsed(c):
                weighted = sorted(self._weighted(self.members[c]))
                one = [i for i in weighted if self.parts[i].path == self.parts[weighted[0]].path]  # all read the same
                if numbers := [x for i in one for x in constants_of(self.graph.order[i])]:
                    readers[self.parts[one[0]].layer][c] = numbers
        boxes, arrows = [], []
        for k, read in enumerate(readers.values()):
            numbers = next(iter(read.values()))
            spans = [(x,) for x in numbers] if len(numbers) <= _FEW else [span(numbers)]
            boxes.append(Box(f"d{k}", "inputs", "", tuple(("data", x) for x in spans), len(numbers)))
            arrows += [Arrow(f"d{k}", f"v{c}", count=len(numbers)) for c, numbers in read.items()]
        return boxes, arrows

    def _rest(self) -> tuple[list[Box], list[Arrow]]:
        """One box for all values that are too deep."""
        of, shown = self.classes.of, self.shown
        hidden = sum(c not in shown for c in of)
        if not hidden:
            return [], []
        cut = {of[i] for i, parents in enumerate(self.graph.parents) if not shown.issuperset(of[p] for p in parents)}
        box = Box("rest", f"… {hidden} more value{'s' * (hidden > 1)}", kind="rest", count=hidden)
        return [box], [Arrow("rest", f"v{c}") for c in sorted(cut & shown)]

    def _calls(self) -> dict[int, int]:
        """The call of its collapsed part in which a value was made: each call uses a parameter once more."""
        calls: dict[int, int] = {}
        uses = Counter[int]()
        if self.level is None:
            return calls
        for i, parents in enumerate(self.graph.parents):
            if i in self.parts and parents:
                parameters = {p for p in parents if p in self.parts and self.graph.order[p].is_leaf}
                before = [calls[p] for p in parents if p in calls and self.classes.of[p] == self.classes.of[i]]
                calls[i] = max([uses[p] for p in parameters] or before, default=0)
                uses.update(parameters)
        return calls

    def _arrows(self) -> list[Arrow]:
        of, flows, calls = self.classes.of, defaultdict[tuple[int, int, int], Flow](Flow), self._calls()
        adjoints = {i: x for group in self.classes.groups.values() for i, x in group.slopes(self.graph).items()}
        for i, v in enumerate(self.graph.order):
            if of[i] not in self.shown:
                continue
            parents, again = self.graph.parents[i], defaultdict[int, int](int)  # x * x is two arrows
            collapsed = self._is_collapsed(of[i])  # the arrow does not show what happens inside
            unknown = collapsed or has_no_number(v) or result_number(v) is not None  # results have no single slope
            slopes = [0.0] * len(parents) if unknown else v.pullback(adjoints.get(i, 1.0))
            notes = [""] * len(parents) if collapsed or i in adjoints else notation(v, self.precision)[1]
            for p, slope, note in zip(parents, slopes, notes, strict=True):
                returns = p in calls and i in calls and calls[p] < calls[i]  # a recurrent part reads its own result
                if of[p] in self.shown and (of[p] != of[i] or returns):
                    flow = flows[of[p], of[i], again[p]]
                    flow.tails.add(p)
                    flow.notes.add(note)
                    flow.slopes += [] if unknown else [slope]
                again[p] += not collapsed
        return [
            Arrow(f"v{t}", f"v{h}", span(f.slopes), f.notes.pop() if len(f.notes) == 1 else "", len(f.tails))
            for (t, h, _), f in flows.items()
        ]


def gradients(values: Iterable[Value]) -> Span:
    """The span of their gradients, or () if one is not computed yet."""
    # The public `grad` reads 0.0 both for "no slope" and for "not computed yet"; a learner must see which.
    found = list(values)
    return () if any(grad_of(v) is None for v in found) else span(v.grad for v in found)
