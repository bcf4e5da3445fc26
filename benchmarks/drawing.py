"""How long a drawing takes, and how large the explorer's page is."""

import resource
from typing import Any

from measure import Options, quartiles, short

from autograd_mini import Value, draw, explore, topological_order
from autograd_mini.nn import MLP, mse

WORKLOADS = ("boxes", "page")


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entry."""
    if name == "boxes":
        times = [boxes() for _ in range(1 if options.quick else 5)]
        return {"title": "An SVG of a graph of 500 values", "entries": {"eager": {"seconds": quartiles(times)}}}
    model = MLP(2, [6, 5, 2, 1], "tanh", seed=3)
    cost = mse(model([Value(0.5), Value(-1.5)]), 1.0)
    page = explore(cost, model=model).html.encode()
    nodes = len(topological_order(cost))
    return {
        "title": "The explorer's page",
        "entries": {"eager": {"values": nodes, "kilobytes": short(len(page) / 1000)}},
    }


def boxes() -> float:
    """CPU seconds of this process and of the engine that lays the graph out."""
    rows = [[Value(1.0) for _ in range(10)]]
    while len(rows) < 50:
        rows.append([a + b for a, b in zip(rows[-1], rows[-1][1:] + rows[-1][:1])])
    before = cpu_seconds()
    assert draw(rows[-1]).svg.count('class="node"') == 500
    return cpu_seconds() - before


def cpu_seconds() -> float:
    """Used so far, by this process and its children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in used)
