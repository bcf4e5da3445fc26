"""Hessian times vector

The Hessian of x²·y at (3, 4) times (1, 0), which is (8, 6), without computing the Hessian.
"""

from typing import Any

from benchmarks.features.common import Absent, right


def f(x: Any) -> Any:
    return x[0] ** 2 * x[1]


def autograd_mini() -> Any:
    from autograd_mini import hvp

    return hvp(f, [3.0, 4.0], [1.0, 0.0])


def micrograd() -> Any:
    raise Absent("gradients are plain numbers, which have none of their own")


def hips() -> Any:
    import autograd.numpy as np
    from autograd import hessian_vector_product

    return hessian_vector_product(f)(np.array([3.0, 4.0]), np.array([1.0, 0.0]))


def torch() -> Any:
    import torch

    _, product = torch.autograd.functional.hvp(f, torch.tensor([3.0, 4.0]), torch.tensor([1.0, 0.0]))
    return product


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    _, product = jax.jvp(jax.grad(f), (jnp.array([3.0, 4.0]),), (jnp.array([1.0, 0.0]),))
    return product


def casadi() -> Any:
    import casadi as ca

    x, v = ca.SX.sym("x", 2), ca.SX.sym("v", 2)
    product = ca.jtimes(ca.gradient(f(x), x), x, v)
    return ca.Function("product", [x, v], [product])([3.0, 4.0], [1.0, 0.0])


def mygrad() -> Any:
    raise Absent("gradients are plain arrays, which have none of their own")


def judge(got: Any) -> str:
    return right(got, [8.0, 6.0])
