"""Slopes at kinks

|x|, relu and clamp at their corners, max and min of equal numbers. Right is any slope between the slopes of the two
sides. The slopes of max and min must add up to 1, because moving both operands moves the result by the same amount.
x·|x| is smooth: its slope at 0 is 0. `partly` means that some functions are missing and the rest is right.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.features.common import each

CASES = {
    "abs(x) at 0": ("abs", (0.0,)),
    "x·abs(x) at 0": ("x·abs", (0.0,)),
    "relu(x) at 0": ("relu", (0.0,)),
    "clamp(x, -1, 1) at 1": ("clamp", (1.0,)),
    "maximum(x, y) at 1, 1": ("maximum", (1.0, 1.0)),
    "minimum(x, y) at 1, 1": ("minimum", (1.0, 1.0)),
}


def slopes(functions: dict[str, Any], gradient: Callable[..., Any]) -> dict[str, Any]:
    """The slopes of all cases, as a package has them."""
    functions["x·abs"] = lambda x: x * functions["abs"](x)
    return each(CASES, lambda case: gradient(functions[case[0]], *case[1]))


def autograd_mini() -> Any:
    import autograd_mini as ag

    functions = {name: getattr(ag, name) for name in ("abs", "relu", "maximum", "minimum")}
    functions["clamp"] = lambda x: ag.clamp(x, -1.0, 1.0)
    return slopes(functions, lambda f, *xs: ag.grad(f, tuple(range(len(xs))))(*xs))


def micrograd() -> Any:
    from micrograd.engine import Value

    def gradient(f: Any, *xs: float) -> Any:
        leaves = [Value(x) for x in xs]
        f(*leaves).backward()
        return [v.grad for v in leaves]

    return slopes({"abs": abs, "relu": Value.relu}, gradient)


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad

    functions = {"abs": np.abs, "relu": lambda x: np.maximum(x, 0.0), "clamp": lambda x: np.clip(x, -1.0, 1.0)}
    functions |= {"maximum": np.maximum, "minimum": np.minimum}
    return slopes(functions, lambda f, *xs: grad(f, tuple(range(len(xs))))(*map(np.float64, xs)))


def torch() -> Any:
    import torch

    def gradient(f: Any, *xs: float) -> Any:
        leaves = [torch.tensor(x, requires_grad=True) for x in xs]
        return torch.autograd.grad(f(*leaves), leaves)

    functions = {name: getattr(torch, name) for name in ("abs", "relu", "maximum", "minimum")}
    return slopes(functions | {"clamp": lambda x: torch.clamp(x, -1.0, 1.0)}, gradient)


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    functions = {"abs": jnp.abs, "relu": jax.nn.relu, "clamp": lambda x: jnp.clip(x, -1.0, 1.0)}
    functions |= {"maximum": jnp.maximum, "minimum": jnp.minimum}
    return slopes(functions, lambda f, *xs: jax.grad(f, tuple(range(len(xs))))(*xs))


def casadi() -> Any:
    import casadi as ca

    def gradient(f: Any, *xs: float) -> Any:
        symbols = [ca.SX.sym(f"x{i}") for i in range(len(xs))]
        return ca.Function("slopes", symbols, [ca.gradient(f(*symbols), v) for v in symbols])(*xs)

    functions = {"abs": ca.fabs, "relu": lambda x: ca.fmax(x, 0.0), "clamp": lambda x: ca.fmin(ca.fmax(x, -1.0), 1.0)}
    return slopes(functions | {"maximum": ca.fmax, "minimum": ca.fmin}, gradient)


def mygrad() -> Any:
    import mygrad as mg
    from mygrad.nnet.activations import relu

    def gradient(f: Any, *xs: float) -> Any:
        leaves = [mg.tensor(x) for x in xs]
        f(*leaves).backward()
        return [v.grad for v in leaves]

    functions = {"abs": mg.abs, "relu": relu, "clamp": lambda x: mg.clip(x, -1.0, 1.0)}
    return slopes(functions | {"maximum": mg.maximum, "minimum": mg.minimum}, gradient)


def holds(name: str, got: Any) -> bool | None:
    """Whether a slope is one of those that there are; None for a function that is missing."""
    if isinstance(got, str):
        return None
    if isinstance(got, list):
        return all(0.0 <= x <= 1.0 for x in got) and sum(got) == 1.0
    low, high = {"abs(x) at 0": (-1.0, 1.0), "x·abs(x) at 0": (0.0, 0.0)}.get(name, (0.0, 1.0))
    return bool(got is not None and low <= got <= high)


def judge(got: Any) -> str:
    held = [holds(name, slope) for name, slope in got.items()]
    return "no" if False in held else "partly" if None in held else "yes"
