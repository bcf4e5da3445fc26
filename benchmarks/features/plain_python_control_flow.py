"""Loops and branches of Python

Newton's method for √x in a `while` that ends when the numbers say so: the slope at 2 is 1/(2·√2).
"""

import math
from typing import Any

from benchmarks.features.common import right


def root(x: Any) -> Any:
    y = x
    while (y * y - x) * (y * y - x) > 1e-28:
        y = 0.5 * (y + x / y)
    return y


def autograd_mini() -> Any:
    from autograd_mini import grad

    return grad(root)(2.0)


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(2.0)
    y = x
    while ((y * y - x) * (y * y - x)).data > 1e-28:
        y = 0.5 * (y + x / y)
    y.backward()
    return x.grad


def hips() -> Any:
    from autograd import grad

    return grad(root)(2.0)


def torch() -> Any:
    import torch

    x = torch.tensor(2.0, requires_grad=True)
    root(x).backward()
    return x.grad


def jax() -> Any:
    import jax

    return jax.grad(root)(2.0)


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    return ca.Function("slope", [x], [ca.gradient(root(x), x)])(2.0)


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(2.0)
    root(x).backward()
    return x.grad


def judge(got: Any) -> str:
    return right(got, 0.5 / math.sqrt(2.0))
