"""From the graph of a trace to a program: one operation after the other, or in groups and loops for arrays."""

from collections.abc import Sequence
from importlib.util import find_spec

from ..argument import arrays
from ..executors import TINY, better_straight, chosen, may_be_native
from ..pauses import importing
from ..program import Loop, Program
from ..record.graph import Graph
from .in_order import straight

LONG = 400  # search for loops in programs with so many operations


def ordered(
    graph: Graph, sizes: Sequence[int], sources: range, executor: str, sampled: bool, dtype: str, lasts: bool
) -> tuple[Program, str]:
    """The program of a graph, and a note on loops that were not folded.

    Args:
        graph: the graph.
        sizes: how many inputs belong to each argument.
        sources: the nodes to differentiate with respect to.
        sampled: whether there is a sample axis.
        executor, dtype, lasts: as for `executors.made`; "c" is for a program that is written as C.
    """
    may_be_straight = executor == "auto" and not sampled and dtype == "float64"
    is_bare = executor != "numpy" and find_spec("numpy") is None
    if executor == "source" or is_bare or (may_be_straight and graph.nodes <= TINY):
        return straight(graph, sizes), ""
    arrays()
    with importing:
        from .arrays import Flat
        from .groups import grouped
        from .loops import folded
        from .passes import guarded, pruned, recovered, spread

    flat = Flat(graph)
    if not sampled:
        guarded(flat)
    pruned(flat)
    spread(flat, sources)
    recovered(flat, dots=executor != "c")
    pruned(flat)
    loops: list[Loop] = []
    note = ""
    if len(flat) >= LONG and lasts and (executor == "c" or may_be_native(executor)):
        loops, note = folded(flat, sources, sampled, long=executor != "c")
    program = grouped(flat, sizes, sampled, loops)
    if loops and executor != "c" and chosen(program, executor)[0] != "native":
        program, note = grouped(flat, sizes, sampled), ""
    if may_be_straight and better_straight(program, graph.nodes, executor):
        return straight(graph, sizes), ""
    return program, note
