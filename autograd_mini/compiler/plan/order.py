"""From the graph of a trace to a program: one operation after the other, or in groups and loops for arrays."""

from collections.abc import Sequence
from importlib.util import find_spec

from ..argument import arrays
from ..executors import TINY, chosen, may_be_native
from ..pauses import importing
from ..program import Program
from ..record.graph import Graph
from .groups import grouped, straight
from .passes import guarded, recovered, spread

LONG = 400  # operations, from which on loops are looked for


def ordered(
    graph: Graph, sizes: Sequence[int], sources: range, executor: str, sampled: bool, dtype: str, lasts: bool
) -> tuple[Program, str]:
    """The program of a graph, and a note on loops that were not folded.

    Args:
        graph: what is to be calculated.
        sizes: how many inputs belong to each argument.
        sources: the nodes to differentiate by.
        sampled: whether there is a sample axis.
        executor, dtype, lasts: as `executors.made` takes them; "c" is for a program that is written as C.
    """
    tiny = executor == "auto" and not sampled and dtype == "float64"
    if executor == "source" or ((tiny and graph.nodes <= TINY) or (executor != "numpy" and find_spec("numpy") is None)):
        return straight(graph, sizes), ""
    graph = recovered(spread(graph if sampled else guarded(graph), sources), dots=executor != "c")
    if graph.nodes < LONG or not lasts or not (executor == "c" or may_be_native(executor)):
        return grouped(graph, sizes, sampled), ""
    arrays()
    with importing:
        from .loops import find

    found = find(graph, sources)
    program = grouped(graph, sizes, sampled, found)
    if found.loops and executor != "c" and chosen(program, executor)[0] != "native":
        return grouped(graph, sizes, sampled), ""
    return program, found.note
