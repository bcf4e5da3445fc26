"""The inside of functions that are one node: a copy of a graph in which their operations are nodes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..adjoints import swept
from ..engine import Value, apply, leaf
from ..function_nodes import Function, by_itself, function_of, has_no_number, result_number
from ..hooks import without_hooks
from ..reading import grad_of, number_of, operands_of, rule_of
from ..sweep import order_below, pull_back
from ..watch import never_raising
from .graph import Graph


class Inside(NamedTuple):
    """The inside of one call of a function: the title of its frame, and the places of the values.

    They include those of nested functions, whose own `Inside` follows later.
    """

    title: str
    members: frozenset[int]


def opened(graph: Graph, names: Mapping[int, str]) -> tuple[Graph, dict[int, str], list[Inside]]:
    """A graph with the inside of each function that can show it, and one node for each result of any other.

    Args:
        graph: the graph to copy.
        names: the name of each value, by its id.

    Returns:
        The new graph, the names in it, and the insides of the functions, the outermost first.

    >>> from autograd_mini import checkpoint
    >>> x = Value(3.0)
    >>> new, _, insides = opened(Graph([checkpoint(lambda x: [x * x, x.exp()])(x)[0]]), {})
    >>> [v.op for v in new.order], [inside.title for inside in insides]
    (['', '*'], ['<lambda>'])
    """
    copy = _Copy()
    with without_hooks(), never_raising():
        copy.add(graph.order)
    called = {id(copy.found[id(v)]): names[id(v)] for v in graph.order if id(v) in names and id(v) in copy.found}
    new = Graph([copy.found[id(graph.order[i])] for i in sorted(graph.roots)])
    insides = [
        Inside(title, frozenset([new.place[i] for i in members if i in new.place])) for title, members in copy.insides
    ]
    _give_gradients(new, insides)
    return new, called, sorted(insides, key=lambda inside: -len(inside.members))


def frames_of(insides: Sequence[Inside]) -> dict[int, tuple[str, ...]]:
    """The titles of the frames around each place, from the outside in; those of equal names are numbered."""
    titles = [inside.title for inside in insides]
    frames: dict[int, tuple[str, ...]] = {}
    for k, (title, members) in enumerate(insides):
        number = titles[: k + 1].count(title)
        for i in members:
            frames[i] = (*frames.get(i, ()), title if titles.count(title) == 1 else f"{title}, {number}")
    return frames


def _give_gradients(graph: Graph, insides: Sequence[Inside]) -> None:
    """Give the values inside the gradients of a sweep from the root, if there was one."""
    tops = [graph.order[i] for i in sorted(graph.roots) if not graph.consumers[i]]
    seeds = {v: grad for v in tops if (grad := grad_of(v)) is not None}
    adjoints = swept(graph.order, seeds, pull_back)
    for i in {i for inside in insides for i in inside.members}:
        v = graph.order[i]
        if grad_of(v) is None and v in adjoints:
            v.grad = adjoints[v]


class _Copy:
    """A copy in progress: the new Value for each old one, by its id, and the insides of functions."""

    def __init__(self) -> None:
        self.found: dict[int, Any] = {}
        self.insides: list[tuple[str, set[int]]] = []
        self._results: dict[int, Sequence[Any]] = {}  # of functions with several, by the id of their node
        self._kept: list[Any] = []  # so that no id is given twice

    def add(self, order: Iterable[Value]) -> None:
        """Copy nodes, parents before those made of them."""
        for v in order:
            function = function_of(v)
            zs = None if function is None else self._opened(v, function)
            if zs is not None:
                self._results[id(v)] = zs
            if not has_no_number(v):
                self.found[id(v)] = self._copied(v)

    def _copied(self, v: Value) -> Any:
        if v.is_leaf:
            return v
        if id(v) in self._results:
            return _like(v, self._results[id(v)][0])
        if (i := result_number(v)) is not None and id(v.parents[0]) in self._results:
            return _like(v, self._results[id(v.parents[0])][i])
        one = by_itself(v)
        operands = self._operands(one)
        if one is v and all(p is None or p is x for p, x in zip(operands_of(v)[0], operands, strict=True)):
            return v
        return _like(v, apply(rule_of(one), *operands))

    def _operands(self, v: Value) -> list[Any]:
        return [x if p is None else self.found[id(p)] for p, x in zip(*operands_of(v), strict=True)]

    def _opened(self, v: Value, function: Function) -> Sequence[Any] | None:
        """The results as nodes of the operations inside the function; None if they can't be shown."""
        operands = self._operands(v)
        inputs = [leaf(float(number_of(x))) for x in operands]
        zs = function.inside(inputs)
        if zs is None:
            return None
        zs = [z if isinstance(z, Value) else Value(z) for z in zs]
        self._kept += [inputs, zs]
        self.found |= {id(x): made if isinstance(made, Value) else x for x, made in zip(inputs, operands)}
        made = [u for u in order_below(zs, inputs)[len(inputs) :] if id(u) not in self.found]
        inner = len(self.insides)
        self.add(made)
        members = {id(self.found[id(u)]) for u in made if id(u) in self.found}
        self.insides.append((function.name, members.union(*[more for _, more in self.insides[inner:]])))
        results = [self.found[id(z)] for z in zs]
        return [z if id(z) in members else +z for z in results]


def _like(v: Value, made: Value) -> Value:
    """The Value that replaces another, with its label and its gradient."""
    if v.label:
        made.label = v.label
    if (grad := grad_of(v)) is not None:
        made.grad = grad
    return made
