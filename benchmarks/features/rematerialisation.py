"""Checkpoints: less memory, more computation

Sixteen steps x ← 1.1·sin x in four parts of four. A function of the package discards the inner steps of each part and
runs them again in the backward pass: is the slope right?
"""

import math
from typing import Any

from benchmarks.features.common import Absent, Using, right


def part(sin: Any, x: Any) -> Any:
    for _ in range(4):
        x = 1.1 * sin(x)
    return x


def autograd_mini() -> Any:
    from autograd_mini import checkpoint, grad, sin

    def steps(x: Any) -> Any:
        for _ in range(4):
            x = checkpoint(lambda x: part(sin, x))(x)
        return x

    return grad(steps)(0.5)


def micrograd() -> Any:
    raise Absent("every operation is kept until the graph is freed")


def hips() -> Any:
    import autograd.numpy as np
    from autograd import checkpoint, grad

    def steps(x: Any) -> Any:
        for _ in range(4):
            x = checkpoint(lambda x: part(np.sin, x))(x)
        return x

    return grad(steps)(0.5)


def torch() -> Any:
    import torch
    from torch.utils.checkpoint import checkpoint

    start = torch.tensor(0.5, requires_grad=True)
    x = start
    for _ in range(4):
        x = checkpoint(lambda x: part(torch.sin, x), x, use_reentrant=False)
    x.backward()
    return start.grad


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    def steps(x: Any) -> Any:
        for _ in range(4):
            x = jax.checkpoint(lambda x: part(jnp.sin, x))(x)
        return x

    return jax.grad(steps)(0.5)


def casadi() -> Any:
    import casadi as ca

    x, start = ca.SX.sym("x"), ca.MX.sym("start")
    step = ca.Function("step", [x], [1.1 * ca.sin(x)])
    end = step.mapaccum("steps", 16, 1, {"base": 4})(start)[-1]
    return Using(ca.Function("slope", [start], [ca.gradient(end, start)])(0.5), "MX")


def mygrad() -> Any:
    raise Absent("every operation is kept until the graph is freed")


def judge(got: Any) -> str:
    x, slope = 0.5, 1.0
    for _ in range(16):
        x, slope = 1.1 * math.sin(x), slope * 1.1 * math.cos(x)
    return right(got, slope)
