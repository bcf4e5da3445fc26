"""Hessian

The four second derivatives of x²·y at (3, 4), with the package's own function for it.
"""

from typing import Any

from benchmarks.features.common import Absent, right


def f(x: Any) -> Any:
    return x[0] ** 2 * x[1]


def autograd_mini() -> Any:
    from autograd_mini import hessian

    return hessian(f)([3.0, 4.0])


def micrograd() -> Any:
    raise Absent("gradients are plain numbers, which have none of their own")


def hips() -> Any:
    import autograd.numpy as np
    from autograd import hessian

    return hessian(f)(np.array([3.0, 4.0]))


def torch() -> Any:
    import torch

    return torch.func.hessian(f)(torch.tensor([3.0, 4.0]))


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return jax.hessian(f)(jnp.array([3.0, 4.0]))


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x", 2)
    second, _ = ca.hessian(f(x), x)
    return ca.Function("second", [x], [second])([3.0, 4.0])


def mygrad() -> Any:
    raise Absent("gradients are plain arrays, which have none of their own")


def judge(got: Any) -> str:
    return right(got, [[8.0, 6.0], [6.0, 0.0]])
