"""A whole number for an argument

The slope of x²/4 at x = 3, an `int`, is 1.5. An error that says what is wrong is `partly`; another number is `no`.
"""

from typing import Any

from benchmarks.features.common import right


def autograd_mini() -> Any:
    from autograd_mini import grad

    return grad(lambda x: x**2 / 4)(3)


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(3)
    (x**2 / 4).backward()
    return x.grad


def hips() -> Any:
    from autograd import grad

    return grad(lambda x: x**2 / 4)(3)


def torch() -> Any:
    import torch

    x = torch.tensor(3, requires_grad=True)
    (x**2 / 4).backward()
    return x.grad


def jax() -> Any:
    import jax

    return jax.grad(lambda x: x**2 / 4)(3)


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    return ca.Function("slope", [x], [ca.gradient(x**2 / 4, x)])(3)


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(3)
    (x**2 / 4).backward()
    return x.grad


def judge(got: Any) -> str:
    return right(got, 1.5)


def judge_error(error: Exception) -> str:
    return "partly" if "int" in str(error) or "loating" in str(error) else "no"
