"""The first call and every other of sixteen programs of everyday use, beside JAX and CasADi.

Each package has a process of its own for each program, in turn, ROUNDS times.  "First" has all that goes before the
first value and gradient, and the making of data; no code of earlier runs is at hand.  What a process takes is the most
that it had then, less what it had with the package imported.
"""

import gc
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from everyday_programs import PEERS, PROGRAMS
from measure import LeftOut, Options, in_process, numbers, quartiles, same, seconds_each, short
from peers import load

WORKLOADS = tuple(PROGRAMS)
ROUNDS = 3
TURNS = 7
"""Turns in a process, of which the median counts."""


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one program."""
    title, _ = PROGRAMS[name]
    found: dict[str, list[Any]] = {peer: [] for peer in ("auto", *filter(options.chosen, PEERS))}
    for _ in range(1 if options.quick else ROUNDS):
        for peer, runs in found.items():
            if not runs or "seconds" in runs[-1]:
                with tempfile.TemporaryDirectory() as folder:
                    runs.append(in_process("everyday", "run", peer, name, seconds=120, AUTOGRAD_MINI_CACHE=folder))
    entries = {peer: entry(runs, found["auto"]) for peer, runs in found.items() if "none" not in runs[0]}
    return {"title": title, "entries": entries}


def run(peer: str, name: str) -> dict[str, Any]:
    """The first call, and those that follow."""
    load(peer)
    gc.collect()
    before, begin = memory("VmRSS"), time.process_time()
    try:
        step = PROGRAMS[name][1](peer)
    except LeftOut as reason:
        return {"failed": str(reason)}
    if step is None:
        return {"none": True}
    result = numbers(step())
    first = time.process_time() - begin
    most = memory("VmHWM") - before
    step()
    gc.collect()
    gc.freeze()
    seconds = statistics.median([seconds_each(step, 0.05, 1) for _ in range(TURNS)])
    return {"first": first, "megabytes": most, "seconds": seconds, "result": result.tolist()}


def memory(field: str) -> float:
    """What the system counts of this process's memory, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def entry(runs: list[Any], ours: list[Any]) -> dict[str, Any]:
    """What the runs of a package come to, beside ours in the same rounds."""
    import numpy as np

    if "seconds" not in runs[-1]:
        return {"failed": runs[-1]["failed"]}
    expected = ours[0].get("result")
    if expected and not same(np.array(runs[0]["result"]), np.array(expected), 1e-7):
        return {"failed": "has another result than ours"}
    mine = [x for x in ours if "seconds" in x]
    return {
        "first": short(statistics.median([x["first"] for x in runs])),
        "megabytes": short(statistics.median([x["megabytes"] for x in runs])),
        "seconds": quartiles([x["seconds"] for x in runs]),
        "ratios": {"auto": quartiles([x["seconds"] / y["seconds"] for x, y in zip(runs, mine)])} if mine else {},
    }
