"""A graph by places: the place of a value is its index in topological order, the same in every process."""

from collections.abc import Sequence

from ..engine import Value
from ..lazy import cached_property
from ..reading import rule_of
from ..sweep import order_below


class Graph:
    """The values below several roots, with the places of their parents and consumers.

    >>> x = Value(3.0)
    >>> graph = Graph([x * x])
    >>> graph.parents, graph.consumers
    ([[], [0, 0]], [[1, 1], []])
    """

    def __init__(self, roots: Sequence[Value]) -> None:
        self.order = order_below(roots)
        self.place = {id(v): i for i, v in enumerate(self.order)}  # by identity: a Value's == compares numbers
        self.roots = {self.place[id(root)] for root in roots}

    @cached_property
    def parents(self) -> list[list[int]]:
        """The places of the parents of each value, in the order of the operands."""
        return [[self.place[id(p)] for p in v.parents] for v in self.order]

    @cached_property
    def consumers(self) -> list[list[int]]:
        """The places of the values that use each value, once for each use."""
        consumers: list[list[int]] = [[] for _ in self.order]
        for i, parents in enumerate(self.parents):
            for p in parents:
                consumers[p].append(i)
        return consumers

    def rule(self, i: int) -> str:
        """The name of the operation that made the value at place i, or "" for a leaf."""
        v = self.order[i]
        return "" if v.is_leaf else rule_of(v).name
