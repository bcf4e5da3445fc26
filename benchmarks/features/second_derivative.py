"""Second derivative

The derivative of the derivative of x³ at x = 2, which is 12.
"""

from typing import Any

from benchmarks.features.common import right


def autograd_mini() -> Any:
    from autograd_mini import grad

    return grad(grad(lambda x: x**3))(2.0)


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(2.0)
    y = x**3
    y.backward()
    slope = x.grad
    slope.backward()
    return x.grad


def hips() -> Any:
    from autograd import grad

    return grad(grad(lambda x: x**3))(2.0)


def torch() -> Any:
    import torch

    x = torch.tensor(2.0, requires_grad=True)
    (slope,) = torch.autograd.grad(x**3, x, create_graph=True)
    slope.backward()
    return x.grad


def jax() -> Any:
    import jax

    return jax.grad(jax.grad(lambda x: x**3))(2.0)


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    second, _ = ca.hessian(x**3, x)
    return ca.Function("second", [x], [second])(2.0)


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(2.0)
    y = x**3
    y.backward()
    slope = x.grad
    slope.backward()
    return x.grad


def judge(got: Any) -> str:
    return right(got, 12.0)
