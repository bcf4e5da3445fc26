"""Builds, sweeps and frees a chain and a sum of many nodes: no crash, and what a node costs, at any depth.

python benchmarks/deep.py [NODES]        (10,000,000 unless said: 1.5 GB of memory)
"""

import gc
import sys
import time

from autograd_mini import Value
from autograd_mini.functions import sum as total_of


def main(n: int = 10_000_000) -> None:
    """Print the time a node takes in each phase."""
    gc.disable()
    x = Value(1.0)
    for name, build in (("chain", lambda: chain(x, n)), ("sum", lambda: total_of([x] * n))):
        times = [time.process_time()]
        z = build()
        times.append(time.process_time())
        z.backward()
        times.append(time.process_time())
        assert x.grad == (1.0 if name == "chain" else n + 1.0), x.grad
        del z
        times.append(time.process_time())
        phases = zip(("built", "swept", "freed"), times, times[1:], strict=False)
        print(
            f"{name} of {n:,}:", ", ".join(f"{phase} {(end - start) / n * 1e9:.0f} ns" for phase, start, end in phases)
        )


def chain(x: Value, n: int) -> Value:
    """x + 1 + 1 + …, of n nodes."""
    z = x
    for _ in range(n):
        z = z + 1.0
    return z


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
