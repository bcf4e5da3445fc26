"""Two results of one graph

z = x² at x = 3; first 2z goes backward, then 3z. Together the gradient of x is 12 + 18 = 30. An error is `partly`;
another number is `no`.
"""

from typing import Any

from benchmarks.features.common import right


def autograd_mini() -> Any:
    from autograd_mini import Value

    x = Value(3.0)
    z = x * x
    (2.0 * z).backward()
    (3.0 * z).backward()
    return x.grad


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(3.0)
    z = x * x
    (2.0 * z).backward()
    (3.0 * z).backward()
    return x.grad


def hips() -> Any:
    import autograd.numpy as np
    from autograd import make_vjp

    pullback, _ = make_vjp(lambda x: np.array([2.0 * x * x, 3.0 * x * x]))(3.0)
    return pullback(np.array([1.0, 0.0])) + pullback(np.array([0.0, 1.0]))


def torch() -> Any:
    import torch

    x = torch.tensor(3.0, requires_grad=True)
    z = x * x
    (2.0 * z).backward(retain_graph=True)
    (3.0 * z).backward()
    return x.grad


def jax() -> Any:
    import jax

    _, pullback = jax.vjp(lambda x: (2.0 * x * x, 3.0 * x * x), 3.0)
    return pullback((1.0, 0.0))[0] + pullback((0.0, 1.0))[0]


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    z = x * x
    return ca.Function("slope", [x], [ca.gradient(2.0 * z, x) + ca.gradient(3.0 * z, x)])(3.0)


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(3.0)
    z = x * x
    (2.0 * z).backward()
    first = x.grad
    (3.0 * z).backward()
    return first + x.grad


def judge(got: Any) -> str:
    return right(got, 30.0)


def judge_error(error: Exception) -> str:
    return "partly" if "graph" in str(error) else "no"
