"""The bits of Python's floats

At 1000 random points: how often a·b − c/b + a³ and exp(sin(a)·b) + tanh(c)/b have the same bits as with Python's
operators and `math`. `partly` means all points of one formula, or 950 of each.
"""

import math
import random
from functools import partial
from types import SimpleNamespace
from typing import Any

from benchmarks.features.common import numbers, told

_draw = random.Random(0)
POINTS = [tuple(_draw.uniform(0.5, 3.0) for _ in range(3)) for _ in range(1000)]
FUNCTIONS = {
    "arithmetic": lambda m, a, b, c: a * b - c / b + a**3,
    "functions": lambda m, a, b, c: m.exp(m.sin(a) * b) + m.tanh(c) / b,
}


def same(m: Any, value: Any) -> dict[str, Any]:
    """How many of the values are the bits of Python's; `value` is of f at one point."""
    found: dict[str, Any] = {}
    for name, f in FUNCTIONS.items():
        try:
            got = numbers([value(partial(f, m), *point) for point in POINTS])
        except Exception as error:  # noqa: BLE001  (it is shown)
            found[name] = told(error)
        else:
            found[name] = sum(x == f(math, *point) for x, point in zip(got, POINTS))
    return found


def autograd_mini() -> Any:
    import autograd_mini as ag

    return same(ag, lambda f, *xs: f(*map(ag.Value, xs)).data)


def micrograd() -> Any:
    from micrograd.engine import Value

    return same(Value, lambda f, *xs: f(*map(Value, xs)).data)


def hips() -> Any:
    import autograd.numpy as np

    return same(np, lambda f, *xs: f(*map(np.float64, xs)))


def torch() -> Any:
    import torch

    return same(torch, lambda f, *xs: f(*map(torch.tensor, xs)))


def jax() -> Any:
    import jax.numpy as jnp

    return same(jnp, lambda f, *xs: f(*map(jnp.float64, xs)))


def casadi() -> Any:
    import casadi as ca

    def value(f: Any, *xs: float) -> Any:
        symbols = [ca.SX.sym(name) for name in "abc"]
        return ca.Function("f", symbols, [f(*symbols)])(*xs)

    return same(ca, value)


def mygrad() -> Any:
    import mygrad as mg

    return same(SimpleNamespace(exp=mg.exp, sin=mg.sin, tanh=mg.tanh), lambda f, *xs: f(*map(mg.tensor, xs)))


def judge(got: Any) -> str:
    counts = [count if isinstance(count, int) else 0 for count in got.values()]
    if min(counts) == 1000:
        return "yes"
    return "partly" if max(counts) == 1000 or min(counts) >= 950 else "no"
