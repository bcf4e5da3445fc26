"""How the cost of a program grows with its size, from a hundred nodes to a million.

The program is without pattern (see `compiled.recipe`), and its result is the sum of all its lines: so nobody can make
fewer operations of it, and every package can run it as it is written, in scalars. A size is counted in nodes of
autograd_mini's graph. Those that record anew for every run have one time, those that compile have two: the first call,
with all that goes before, and any later one.
"""

import gc
from typing import Any

import numpy as np
from compiled import follow, recipe, total
from measure import LeftOut, Options, Step, compare
from peers import COMPILED, scalars

from autograd_mini import Value, functions, topological_order

OURS = ("eager", "paused", *COMPILED)
PEERS = ("micrograd", "torch", "autograd", "mygrad", "jax", "casadi", "ddx")
NODES_A_LINE = 3.1
WORKLOADS = ("100", "1000", "10000", "100000", "1000000")
QUICK = 1000
REACH = 1000
"""Lines, from among which operands are drawn: what programs use is seldom far away."""

TOO_LONG = 8
"""Seconds of a run: who would take longer, by the size before, is left out."""


def program(size: int) -> Any:
    """One with about so many nodes, to be given ten numbers."""
    lines = recipe(round(size / NODES_A_LINE), REACH)
    return lambda xs, m: total(follow(lines, xs, m))


def given() -> list[float]:
    """The numbers."""
    return [float(x) for x in np.random.default_rng(0).uniform(0.2, 1.2, 10)]


def nodes(size: int) -> int:
    """How many there are in fact."""
    return len(topological_order(program(size)([Value(x) for x in given()], functions)))


def paused(step: Step) -> Step:
    """The same with Python's garbage collector off: else it goes through the growing graph again and again."""

    def without() -> Any:
        gc.disable()
        try:
            return step()
        finally:
            gc.enable()

    return without


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one size. Who failed at the size before is left out too."""
    size = int(name)
    if options.quick and size > QUICK:
        return {"entries": {}}
    before = options.earlier.get(str(size // 10), {"entries": {}})["entries"]

    def prepare(peer: str) -> Step:
        entry = before.get(peer, {})
        if "failed" in entry:
            raise LeftOut(entry["failed"])
        expected = 10 * entry.get("seconds", [0.0, 0.0])[1]
        if expected > TOO_LONG:
            raise LeftOut(f"{expected:.0f} s expected")
        return (
            paused(scalars("eager", program(size), given()))
            if peer == "paused"
            else scalars(peer, program(size), given())
        )

    # A million roundings: of the packages' functions no two agree to the last bit.
    entries = compare(prepare, OURS, PEERS, options, rounds=5, tolerance=1e-5)
    return {"title": f"{size:,} nodes", "nodes": nodes(size), "entries": entries}
