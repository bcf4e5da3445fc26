"""Collapse a graph: the values of one part of a model, or values made in the same way, become one class."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from ..reading import operands_of
from .graph import Graph
from .groups import Group
from .parts import Part


@dataclass
class Classes:
    """A partition of a graph's places: `of[i]` is the class of place i; classes are numbered as they occur.

    `folded` has the places in the middle of a chain a + b + c + … or of a group, which are not shown as results.
    """

    of: list[int]
    folded: set[int] = field(default_factory=set)
    groups: dict[int, Group] = field(default_factory=dict)  # by their class


def collapse(graph: Graph, parts: dict[int, Part], level: str | None) -> Classes:
    """Sort a graph into classes, in time linear in its size.

    Args:
        graph: the graph to sort.
        parts: the part of a model that each place belongs to, if any.
        level: "neuron" or "layer" makes each of these one class.  "value" merges only samples, not parts of a model.
            None merges nothing.

    Returns:
        The classes.  Two operations share a class if they are the same operation and their operands have the same
        classes, even with different constants.  Two leaves share a class if they are data of a model (not its
        parameters), have the same label and are used in the same places.  A chain a + b + c + …, as Python's sum makes
        it, is one operation.

    >>> from autograd_mini.engine import Value
    >>> w = Value(3.0)
    >>> collapse(Graph([sum((w - y) ** 2 for y in (1.0, 2.0, 3.0))]), {}, "layer").of
    [0, 1, 2, 3, 1, 2, 3, 1, 2, 3]
    """
    if level is None:
        return Classes(list(range(len(graph.order))))
    classes = Classes([], {i for i in range(len(graph.order)) if _is_folded(graph, parts, i)})
    numbers: dict[Hashable, int] = {}
    for i in range(len(graph.order)):
        key = _key(graph, parts, classes, i, level)
        classes.of.append(numbers.setdefault(key, len(numbers)))
    for i in sorted(classes.folded, reverse=True):
        classes.of[i] = classes.of[graph.consumers[i][0]]
    return _renumbered(classes)


def _key(graph: Graph, parts: dict[int, Part], classes: Classes, i: int, level: str) -> Hashable:
    v = graph.order[i]
    if i in parts and level != "value":
        return "part", parts[i].at(level)
    if i in parts and v.is_leaf:
        return "parameter", i
    if i in classes.folded:
        return "folded", i
    if v.is_leaf:
        return ("data", v.label, i in graph.roots, _uses(graph, parts, i, level)) if parts else ("leaf", i)
    if graph.rule(i) == "add" and not classes.folded.isdisjoint(graph.parents[i]):
        operands: Iterable[int | None] = dict.fromkeys(classes.of[p] for p in _terms(graph, classes, i))
    else:
        places = iter(graph.parents[i])
        operands = [None if p is None else classes.of[next(places)] for p in operands_of(v)[0]]
    return "operation", graph.rule(i), v.label, i in graph.roots, i in parts and parts[i].path, tuple(operands)


def _uses(graph: Graph, parts: dict[int, Part], i: int, level: str) -> Hashable:
    """Where a leaf is used: in which parts, and as which operand of operations with one or two operands."""
    return frozenset(
        parts[c].at(level) if c in parts else (graph.rule(c), i == graph.parents[c][0] and len(graph.parents[c]) == 2)
        for c in graph.consumers[i]
    )


def _is_folded(graph: Graph, parts: dict[int, Part], i: int) -> bool:
    return (
        graph.rule(i) == "add"
        and len(graph.consumers[i]) == 1
        and graph.rule(graph.consumers[i][0]) == "add"
        and i not in graph.roots
        and i not in parts
        and graph.consumers[i][0] not in parts
        and not graph.order[i].label
    )


def _terms(graph: Graph, classes: Classes, top: int) -> Iterable[int]:
    """The terms of a chain of additions, from left to right."""
    pending = [top]
    while pending:
        i = pending.pop()
        if i == top or i in classes.folded:
            pending.extend(reversed(graph.parents[i]))
        else:
            yield i


def in_order(graph: Graph, classes: Classes) -> list[int]:
    """The classes of values that are not in a collapsed part of a model, operands before results."""
    operands: dict[int, set[int]] = {c: set() for c in classes.of}
    for i, parents in enumerate(graph.parents):
        operands[classes.of[i]].update(c for p in parents if (c := classes.of[p]) != classes.of[i])
    return list(TopologicalSorter(operands).static_order())


def grouped(classes: Classes, groups: Iterable[Group]) -> Classes:
    """The same with one class for each group whose result has its own class."""
    of, folded, found = list(classes.of), set(classes.folded), {}
    for group in groups:
        c = of[group.output]
        if of.count(c) == 1:
            found[c] = group
            folded |= group.members - {group.output}
            for i in group.members:
                of[i] = c
    return Classes(of, folded, found)


def _renumbered(classes: Classes) -> Classes:
    numbers: dict[int, int] = {}
    return Classes([numbers.setdefault(c, len(numbers)) for c in classes.of], classes.folded)
