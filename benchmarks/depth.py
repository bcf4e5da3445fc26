"""How deep a graph each package can build, differentiate and free, at Python's own limits, and what it says beyond.

The graph is the chain x·x·x·…; each depth is tried in a process of its own, which has a minute.
"""

import time
from typing import Any

import numpy as np
from measure import LIMIT, Options, in_process, short
from peers import COMPILED, EAGER, scalars

PEERS = (*EAGER, *COMPILED, "micrograd", "torch", "jax", "casadi", "autograd", "mygrad")
DEPTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
OURS_ALONE = 10_000_000
"""Tried on ours alone: the others' nodes are too large for ten million of them."""

WORKLOADS = ("chain",)


def chain(peer: str, n: int) -> dict[str, Any]:
    """What differentiating x·x·…·x at 1 takes."""

    def f(xs: Any, _: Any) -> Any:
        z = x = xs[0]
        for _ in range(n):
            z = z * x
        return z

    begin = time.process_time()
    z, slope = (np.ravel(x)[0] for x in scalars(peer, f, [1.0], jit=False)())
    if (float(z), float(slope)) != (1.0, n + 1.0):
        raise ArithmeticError(f"wrong: {float(slope)!r}, not {n + 1.0!r}")
    return {"seconds": short(time.process_time() - begin)}


def measure(_: str, options: Options) -> dict[str, Any]:
    """The entries: the deepest graph of each, and where and how it ends."""
    entries: dict[str, Any] = {}
    for peer in PEERS:
        if peer not in (*EAGER, *COMPILED) and not options.chosen(peer):
            continue
        entries[peer] = {"deepest": 0}
        for n in DEPTHS[:2] if options.quick else (*DEPTHS, *[OURS_ALONE] * (peer in EAGER)):
            if (expected := 10 * entries[peer].get("seconds", 0.0)) > 3 * LIMIT:
                entries[peer] |= {"failed": f"{expected:.0f} s expected", "failed_at": n}
                break
            found = in_process("depth", "chain", peer, n, seconds=3 * LIMIT)
            if "failed" in found:
                entries[peer] |= {"failed": found["failed"], "failed_at": n}
                break
            entries[peer] = {"deepest": n, **found}
    return {"title": "The deepest graph", "entries": entries}
