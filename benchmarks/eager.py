"""The eager engine, which records a graph as the program runs, beside other packages that record anew for every run.

Each program is written as a package's users would: in scalars with loops for autograd_mini and micrograd, in arrays,
where the program has any, for the others. JAX runs without `jit` here: with it, it stands among the compiled.

"autograd_mini" is micrograd's own program on our `Value`: for the moons with micrograd's own `nn`. "Its nn and dot" is
the way that autograd_mini offers: a weighted sum is one node.
"""

import itertools
import random
from typing import Any

import numpy as np
from measure import Options, Step, compare
from moons import moons
from peers import arrays, functions, leaf, scalars

OURS = ("eager", "n-ary")
PEERS = ("micrograd", "torch", "jax", "autograd", "mygrad")


def chain(peer: str, steps: int = 20_000) -> Step | None:
    """x ← tanh(x·w + b), 20,000 times: a deep and narrow graph"""

    def f(xs: Any, m: Any) -> Any:
        x, w, b = xs
        for _ in range(steps):
            x = m.tanh(x * w + b)
        return x

    return None if peer == "n-ary" else scalars(peer, f, [0.5, 0.9, 0.1], jit=False)


def dots(peer: str) -> Step | None:
    """100 scalar products of length 100, added up"""
    rng = random.Random(2)
    rows = [[rng.gauss(0, 1) for _ in range(100)] for _ in range(100)]
    xs = [rng.gauss(0, 1) for _ in range(100)]
    if peer in (*OURS, "micrograd"):
        return _dots_of_leaves("micrograd" if peer == "micrograd" else "eager", peer == "n-ary", rows, xs)
    both = arrays(peer, lambda A, m: (A[:100] @ A[100]).sum(), np.array([*rows, xs]), jit=False)
    return lambda: both()[0]


def _dots_of_leaves(package: str, one_node: bool, rows: list[list[float]], xs: list[float]) -> Step:
    """The same numbers, made Values once: a step is one forward and one backward pass."""
    Value = leaf(package)
    ws, vs = [[Value(w) for w in row] for row in rows], [Value(x) for x in xs]
    dot = functions("eager").dot if one_node else lambda ws, xs: sum(w * x for w, x in zip(ws, xs))

    def step() -> float:
        total = sum(dot(row, vs) for row in ws)
        total.backward()
        return float(total.data)

    return step


def rosenbrock(peer: str, variables: int) -> Step | None:
    """The value and the gradient of Rosenbrock's function."""
    given = np.array([0.1 * i - 0.4 for i in range(variables)])
    if peer in ("eager", "micrograd"):
        return scalars(
            peer,
            lambda xs, m: sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(xs)),
            given.tolist(),
        )
    if peer == "n-ary":
        return None
    return arrays(peer, lambda x, m: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(), given, jit=False)


def rosenbrock10(peer: str) -> Step | None:
    """Rosenbrock's function of 10 variables, value and gradient"""
    return rosenbrock(peer, 10)


def rosenbrock2(peer: str) -> Step | None:
    """Rosenbrock's function of 2 variables, value and gradient"""
    return rosenbrock(peer, 2)


WORKLOADS = {f.__name__: f for f in (moons, chain, dots, rosenbrock10, rosenbrock2)}


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one workload. A turn has seven steps, and ends with a collection of what they leave."""
    entries = compare(WORKLOADS[name], OURS, PEERS, options, seconds=0.2, least=1 if options.quick else 7, rounds=9)
    return {"title": WORKLOADS[name].__doc__, "entries": entries}
