"""Constants as cards: a copy of a graph in which plain numbers are Values."""

from collections.abc import Mapping

from ..engine import Value, apply
from ..reading import operands_of, rule_of
from .build import gradients
from .graph import Graph
from .names import below
from .parts import Part

_SHOWN = {"add", "sub", "mul", "dot"}  # here a constant is an input or a target, not an exponent or a count


def with_constants(graph: Graph, parts: Mapping[int, Part], names: Mapping[int, str]) -> tuple[Graph, dict[int, str]]:
    """A graph in which the constants of sums, differences and products are leaves.

    If the neurons of a layer read the same number at the same place, it is one leaf: an input.

    Args:
        graph: the graph to copy.
        parts: the part of a model that each place belongs to.
        names: the name of each value, by its id.

    Returns:
        The new graph, whose leaves are the old ones and the constants, and the names in it.

    >>> x = Value(3.0)
    >>> new, _ = with_constants(Graph([2 * x + 1]), {}, {})
    >>> [v.data for v in new.order if v.is_leaf]
    [2.0, 3.0, 1.0]
    """
    inputs: dict[tuple[str, int, float], Value] = {}
    found: dict[int, Value] = {}
    called = dict(names)
    for i, v in enumerate(graph.order):
        if v.is_leaf:
            found[id(v)] = v
            continue
        rule, xs = rule_of(v), []
        for k, (parent, x) in enumerate(zip(*operands_of(v), strict=True)):
            if parent is not None:
                xs.append(found[id(parent)])
            elif rule.name not in _SHOWN or x == 0.0:
                xs.append(x)
            elif rule.name == "dot" and i in parts:
                place = k % (len(operands_of(v)[0]) // 2)
                leaf = inputs.setdefault((parts[i].layer, place, x), Value(x))
                called[id(leaf)] = f"x{below(place + 1)}"
                xs.append(leaf)
            else:
                xs.append(Value(x))
        found[id(v)] = _like(v, apply(rule, *xs))
        if id(v) in names:
            called[id(found[id(v)])] = names[id(v)]
    return Graph([found[id(graph.order[i])] for i in sorted(graph.roots)]), called


def _like(v: Value, made: Value) -> Value:
    made.label = v.label
    for grad in gradients([v]):
        made.grad = grad
    return made
