"""Slopes at ends

Points where the textbook formula gives nan or a wrong number, although the true slope is known: √x has an infinite
slope at 0; x², x¹ and x⁰ are smooth there, with a constant or a variable exponent; 0ʸ is flat for y > 0; (−2)³ has a
slope although log(−2) has no value; the angle of (0, −1) turns by −1. More than half of them is `partly`.
"""

import math
from collections.abc import Callable
from typing import Any

from benchmarks.features.common import close, each, share

CASES: dict[str, tuple[Callable[..., Any], tuple[float, ...], float]] = {
    "sqrt(x) at 0": (lambda m, x: m.sqrt(x), (0.0,), math.inf),
    "x**0.5 at 0": (lambda m, x: x**0.5, (0.0,), math.inf),
    "x**2 at 0": (lambda m, x: x**2, (0.0,), 0.0),
    "x**1 at 0": (lambda m, x: x**1, (0.0,), 1.0),
    "x**0 at 0": (lambda m, x: x**0, (0.0,), 0.0),
    "x**y at 0, 2, by x": (lambda m, x, y: x**y, (0.0, 2.0), 0.0),
    "x**y at 0, 1, by x": (lambda m, x, y: x**y, (0.0, 1.0), 1.0),
    "x**y at 0, 0, by x": (lambda m, x, y: x**y, (0.0, 0.0), 0.0),
    "x**y at 0, 2, by y": (lambda m, y, x: x**y, (2.0, 0.0), 0.0),
    "x**y at -2, 3, by x": (lambda m, x, y: x**y, (-2.0, 3.0), 12.0),
    "atan2(y, x) at 0, -1, by y": (lambda m, y, x: m.atan2(y, x), (0.0, -1.0), -1.0),
}
"""The function, its arguments, and the slope by the first of them."""


def slopes(m: Any, gradient: Callable[..., Any]) -> dict[str, Any]:
    """The slopes of all cases, as a package has them."""
    return each(CASES, lambda case: gradient(lambda *xs: case[0](m, *xs), *case[1]))


def autograd_mini() -> Any:
    import autograd_mini as ag
    from autograd_mini import Value

    def gradient(f: Any, *xs: float) -> Any:
        leaves = [Value(x) for x in xs]
        f(*leaves).backward()
        return leaves[0].grad

    return slopes(ag, gradient)


def micrograd() -> Any:
    from micrograd.engine import Value

    def gradient(f: Any, *xs: float) -> Any:
        leaves = [Value(x) for x in xs]
        f(*leaves).backward()
        return leaves[0].grad

    return slopes(Value, gradient)


def hips() -> Any:
    from types import SimpleNamespace

    import autograd.numpy as np
    from autograd import grad

    return slopes(SimpleNamespace(sqrt=np.sqrt, atan2=np.arctan2), lambda f, *xs: grad(f)(*map(np.float64, xs)))


def torch() -> Any:
    import torch

    def gradient(f: Any, *xs: float) -> Any:
        leaves = [torch.tensor(x, requires_grad=True) for x in xs]
        return torch.autograd.grad(f(*leaves), leaves)[0]

    return slopes(torch, gradient)


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return slopes(jnp, lambda f, *xs: jax.grad(f, tuple(range(len(xs))))(*xs)[0])


def casadi() -> Any:
    import casadi as ca

    def gradient(f: Any, *xs: float) -> Any:
        symbols = [ca.SX.sym(f"x{i}") for i in range(len(xs))]
        return ca.Function("slope", symbols, [ca.gradient(f(*symbols), symbols[0])])(*xs)

    return slopes(ca, gradient)


def mygrad() -> Any:
    from types import SimpleNamespace

    import mygrad as mg

    def gradient(f: Any, *xs: float) -> Any:
        leaves = [mg.tensor(x) for x in xs]
        f(*leaves).backward()
        return leaves[0].grad

    return slopes(SimpleNamespace(sqrt=mg.sqrt, atan2=mg.arctan2), gradient)


def judge(got: Any) -> str:
    return share(close(got[name], truth) for name, (_, _, truth) in CASES.items())
