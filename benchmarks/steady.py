"""Does memory grow with calls and programs? `python benchmarks/steady.py`, some three minutes.

First 500 functions are compiled in turn, of every kind: each is called 200 times, with outcomes and forms that change,
and let go.  Then 50 that stay are called 100,000 times.  After each tenth part it prints the memory of the process, the
objects that Python's collector knows, the blocks that Python has allocated and the pieces of machine code in memory.
It ends with 1 if anything grew by more than GROWTH, from the second part on, or where functions stay in the last half.
"""

import gc
import random
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd_mini import Value, compiler, exp, sin
from autograd_mini.compiler.native.llvm.jit import pieces

FUNCTIONS, CALLS, STAYING, PARTS = 500, 100_000, 50, 10
GROWTH = {"megabytes": 8.0, "objects": 2000, "blocks": 5000, "pieces": 2}

Call = Callable[[], Any]


class Size(NamedTuple):
    """What there is at a time."""

    megabytes: float
    objects: int
    blocks: int
    pieces: int


def size() -> Size:
    """What there is now."""
    gc.collect()
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return Size(kilobytes / 1024, len(gc.get_objects()), sys.getallocatedblocks(), pieces())


# ---- functions of every kind, each with a constant of its own ----


def tiny(k: int, rng: random.Random) -> Call:
    """Numbers, lists, dicts and arrays."""
    f = compiler.compile(lambda v: v["x"] * k + sin(v["y"]))
    forms = [{"x": 1.0, "y": 2.0}, {"x": 1, "y": np.float64(2.0)}, {"x": np.array(1.0), "y": True}]
    return lambda: f.value_and_grad(rng.choice(forms))


def branching(k: int, rng: random.Random) -> Call:
    """A sort of four, whose outcome changes."""
    f = compiler.compile(lambda xs: sum([(i + k) * x for i, x in enumerate(sorted(xs))]))
    return lambda: f.value_and_grad([rng.random() for _ in range(4)])


def converging(k: int, rng: random.Random) -> Call:
    """A loop until it has converged."""

    def root(x: Any) -> Any:
        y = x
        while abs(y * y - x) > 1e-9 * x:
            y = 0.5 * (y + x / y)
        return y * k

    f = compiler.compile(root)
    return lambda: f(10.0 ** rng.uniform(-3.0, 3.0))


def long(k: int, rng: random.Random) -> Call:
    """Machine code of its own."""

    def f(x: Any) -> Any:
        y = list(x)
        for i in range(200 + k % 7):
            y[i % 5] = y[i % 5] * 0.9 + sin(y[(3 * i + 1) % 5]) * k
        return sum(y)

    compiled = compiler.compile(f)
    given = np.linspace(0.1, 1.0, 5)
    return lambda: compiled.value_and_grad(given if rng.random() < 0.5 else given.tolist())


def samples(k: int, rng: random.Random) -> Call:
    """A sample axis, of changing numbers of samples, and an argument that all share."""
    f = compiler.compile(lambda x, a: exp(-a * x) * k, batch=True, shared="a")
    return lambda: f.value_and_grad(np.ones(rng.randrange(1, 40)), rng.random())


def captured(k: int, rng: random.Random) -> Call:
    """A Value from outside that is assigned now and then."""
    beside = Value(1.0)
    f = compiler.compile(lambda x: x * beside + k)

    def call() -> Any:
        if rng.random() < 0.01:
            beside.data = rng.random()
        return f.value_and_grad(2.0)

    return call


def derivatives(k: int, rng: random.Random) -> Call:
    """Second derivatives."""
    f = compiler.compile(lambda x: sum([a * a * b * k for a, b in pairwise(x)]))
    x = np.linspace(0.1, 1.0, 4)
    return lambda: (f.hvp(x, x), f.jacobian(x), f.hessian(x)) if rng.random() < 0.1 else f.jvp(x, x)


KINDS = (tiny, branching, converging, long, samples, captured, derivatives)


# ---- the two runs ----


def going() -> Iterator[Size]:
    """Functions that are compiled, called and let go."""
    rng = random.Random(0)
    for part in range(PARTS):
        for k in range(FUNCTIONS // PARTS):
            call = KINDS[k % len(KINDS)](1 + k + part * FUNCTIONS, rng)
            for _ in range(CALLS // FUNCTIONS):
                call()
        del call
        yield size()


def staying() -> Iterator[Size]:
    """Functions that stay, and are called again and again."""
    rng = random.Random(1)
    calls = [KINDS[k % len(KINDS)](k + 1, rng) for k in range(STAYING)]
    for _ in range(PARTS):
        for _ in range(CALLS // STAYING // PARTS):
            for call in calls:
                call()
        yield size()


def main() -> int:
    grown = False
    for title, run, before in (
        (f"{FUNCTIONS} functions, each called {CALLS // FUNCTIONS} times and let go", going, 1),
        (f"{STAYING} functions that stay, called {CALLS:,} times in all", staying, PARTS // 2),
    ):
        print(f"{title}\n  {'part':>4}" + "".join([f"{name:>11}" for name in Size._fields]))
        sizes = []
        for part, now in enumerate(run()):
            sizes.append(now)
            print(f"  {part + 1:4}{now.megabytes:11.1f}" + "".join([f"{x:11,}" for x in now[1:]]), flush=True)
        grew = {name: b - a for name, a, b in zip(Size._fields, sizes[before], sizes[-1])}
        for name, more in grew.items():
            if more > GROWTH[name]:
                print(f"  grew: {name} by {more:,.1f}")
                grown = True
    return int(grown)


if __name__ == "__main__":
    sys.exit(main())
