"""Shared nodes

y + y fifty times over has 2⁵⁰ paths from the result to x, and 51 nodes. A package that walks paths never ends.
"""

from typing import Any

from benchmarks.features.common import right


def doubled(y: Any) -> Any:
    for _ in range(50):
        y = y + y
    return y


def autograd_mini() -> Any:
    from autograd_mini import Value

    x = Value(1.0)
    doubled(x).backward()
    return x.grad


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(1.0)
    doubled(x).backward()
    return x.grad


def hips() -> Any:
    from autograd import grad

    return grad(doubled)(1.0)


def torch() -> Any:
    import torch

    x = torch.tensor(1.0, requires_grad=True)
    doubled(x).backward()
    return x.grad


def jax() -> Any:
    import jax

    return jax.grad(doubled)(1.0)


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    return ca.Function("slope", [x], [ca.gradient(doubled(x), x)])(1.0)


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(1.0)
    doubled(x).backward()
    return x.grad


def judge(got: Any) -> str:
    return right(got, 2.0**50, 0.0)
