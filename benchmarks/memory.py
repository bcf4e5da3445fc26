"""Memory: what a node of a graph takes, and the most that a run takes, from a hundred nodes to a million.

Bytes a node after the forward pass are those that Python allocated (`tracemalloc`), when all that the graph doesn't
need is gone. The most that a run takes is from before the program is built to after its first value and gradient,
tracing and compiling included, in a process of its own: below 10,000 nodes as `tracemalloc` counts it, which sees only
what Python and NumPy allocate, from there on as the system counts the process's memory, on Linux.
"""

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import growth
from measure import Options, in_process, short, with_room
from moons import micrograd_nn, moons_loss
from peers import COMPILED, EAGER, functions, load, scalars

GRAPHS = {"chain": "a chain of tanh(x·w + b)", "moons": "the moons' loss, by micrograd's own nn code"}
WORKLOADS = (*GRAPHS, *growth.WORKLOADS)
TRACED = ("eager", "native", "numpy", "micrograd", "autograd", "mygrad")
"""Those whose every byte is Python's or NumPy's."""

STEPS = 20_000


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of a graph, or of a size."""
    if name in GRAPHS:
        found = {peer: in_process("memory", "bytes_a_node", peer, name) for peer in ("eager", "micrograd")}
        return {"title": GRAPHS[name], "entries": found}
    size = int(name)
    if options.quick and size > growth.QUICK:
        return {"entries": {}}
    before = options.earlier.get(str(size // 10), {"entries": {}})["entries"]
    found = {}
    for peer in (*EAGER, *COMPILED, *filter(options.chosen, growth.PEERS)):
        if "failed" in before.get(peer, {}):
            found[peer] = before[peer]
        elif size >= 10_000 or peer in TRACED:
            limit = 180 if peer in growth.OURS else 30
            found[peer] = in_process("memory", "peak", peer, size, seconds=limit)
    return {"title": f"{size:,} nodes", "nodes": growth.nodes(size), "entries": found}


def bytes_a_node(peer: str, graph: str) -> dict[str, float]:
    """Of a graph of Values, ours or micrograd's."""
    if peer == "eager":
        from autograd_mini import Value
    else:
        from micrograd.engine import Value
    tanh = functions(peer).tanh

    def chain() -> Any:
        x, w, b = Value(0.5), Value(0.9), Value(0.1)
        for _ in range(STEPS):
            x = tanh(x * w + b)
        return x

    forward = chain if graph == "chain" else moons_loss(micrograd_nn(Value).MLP(2, [16, 16, 1]))
    taken, root = traced(forward)
    return {"bytes": short(taken / count_nodes(root))}


def traced(forward: Callable[[], Any]) -> tuple[int, Any]:
    """The bytes that its result takes, and the result."""
    forward()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    root = forward()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken, root


def count_nodes(root: Any) -> int:
    """The nodes below `root` and itself."""
    seen, stack = {root}, [root]
    while stack:
        fresh = stack.pop()._prev - seen
        seen |= fresh
        stack.extend(fresh)
    return len(seen)


def peak(peer: str, size: int) -> dict[str, float]:
    """The most that a program takes until its first gradient is there, in bytes."""
    load(peer)
    program, given = growth.program(size), growth.given()
    gc.collect()
    if size >= 10_000:
        Path("/proc/self/clear_refs").write_text("5")  # forget the most so far
        before = system_bytes("VmRSS")
        with_room(scalars(peer, program, given))
        return {"bytes": short(system_bytes("VmHWM") - before)}
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    with_room(scalars(peer, program, given))
    return {"bytes": short(tracemalloc.get_traced_memory()[1] - before)}


def system_bytes(field: str) -> int:
    """The memory of this process, as Linux counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))
