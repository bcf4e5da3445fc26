"""The program of an unchanged graph: one operation after the other, in the order of the trace."""

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ...rule import Rule
from ..program import Program
from ..record.graph import OPERATIONS, Graph


def straight(graph: Graph, arguments: Sequence[int]) -> Program:
    """The nodes one by one, including all that may raise."""
    names = names_of(graph.rules)
    return Program(
        arguments=tuple(arguments),
        parameters=graph.parameters,
        constants=graph.constants,
        operations=names,
        code=graph.code,
        start=array("q", range(graph.base, graph.base + graph.nodes + 1)),
        arity=array("q", [b - a for a, b in pairwise(graph.first)]),
        first=graph.first,
        operands=graph.operands,
        varying=bytes(graph.nodes),
        sampled=False,
        order="trace",
        guards=tuple(graph.guards),
        results=tuple(graph.results),
        own={name: rule for name, rule in zip(names, graph.rules) if OPERATIONS.get(name) is not rule},
    )


def names_of(rules: Iterable[Rule]) -> tuple[str, ...]:
    """The names of operations, all different: two primitives may have the same name."""
    names: list[str] = []
    for rule in rules:
        names.append(f"{rule.name} {len(names)}" if rule.name in names else rule.name)
    return tuple(names)
