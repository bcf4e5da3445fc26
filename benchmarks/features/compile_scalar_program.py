"""The same function, compiled

An unchanged function of two numbers becomes a program that computes its value and its gradient without tracing
again.
"""

import math
from typing import Any

from benchmarks.features.common import Absent, right


def f(m: Any, x: Any, y: Any) -> Any:
    return m.exp(-x * y) * m.sin(x)


def autograd_mini() -> Any:
    import autograd_mini as ag

    return ag.compile(lambda x, y: f(ag, x, y)).value_and_grad(0.5, 2.0)


def micrograd() -> Any:
    raise Absent("there is no compiler")


def hips() -> Any:
    raise Absent("there is no compiler; its authors went on to write JAX")


def torch() -> Any:
    import torch

    x, y = torch.tensor(0.5, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    value = torch.compile(lambda x, y: f(torch, x, y), fullgraph=True)(x, y)
    return value, torch.autograd.grad(value, [x, y])


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return jax.jit(jax.value_and_grad(lambda x, y: f(jnp, x, y), (0, 1)))(0.5, 2.0)


def casadi() -> Any:
    import casadi as ca

    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    z = f(ca, x, y)
    return ca.Function("both", [x, y], [z, ca.gradient(z, x), ca.gradient(z, y)])(0.5, 2.0)


def mygrad() -> Any:
    raise Absent("there is no compiler")


def judge(got: Any) -> str:
    e, s, c = math.exp(-1.0), math.sin(0.5), math.cos(0.5)
    return right(got, [e * s, e * (c - 2.0 * s), -0.5 * e * s])
