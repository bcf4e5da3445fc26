"""Derivatives of any order

The tenth derivative of exp(sin x) at x = 0.5, to ten digits. The true value comes from mpmath, with 50 digits.
The time limit is one minute.
"""

from typing import Any

from benchmarks.features.common import right

TRUTH = -854.04249191222082
ORDER = 10


def autograd_mini() -> Any:
    from autograd_mini import exp, grad, sin

    def f(x: Any) -> Any:
        return exp(sin(x))

    for _ in range(ORDER):
        f = grad(f)
    return f(0.5)


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(0.5)
    y = x.sin().exp()
    y.backward()
    return x.grad


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad

    def f(x: Any) -> Any:
        return np.exp(np.sin(x))

    for _ in range(ORDER):
        f = grad(f)
    return f(0.5)


def torch() -> Any:
    import torch

    x = torch.tensor(0.5, requires_grad=True)
    y = torch.exp(torch.sin(x))
    for _ in range(ORDER):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
    return y


def jax() -> Any:
    import jax.numpy as jnp
    from jax.experimental.jet import jet

    _, series = jet(lambda x: jnp.exp(jnp.sin(x)), (0.5,), ([1.0] + [0.0] * (ORDER - 1),))
    return series[-1]


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    y = ca.exp(ca.sin(x))
    for _ in range(ORDER):
        y = ca.gradient(y, x)
    return ca.Function("tenth", [x], [y])(0.5)


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(0.5)
    y = mg.exp(mg.sin(x))
    for _ in range(ORDER):
        y.backward()
        y = x.grad
    return y


def judge(got: Any) -> str:
    return right(got, TRUTH, 1e-10)
