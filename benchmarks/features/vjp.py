"""Backward: vector times Jacobian

The adjoint (1, 10) of (x·y, x + y) at (3, 4) becomes the adjoint (14, 13) of (x, y).
"""

from typing import Any

from benchmarks.features.common import right


def f(x: Any, y: Any) -> Any:
    return x * y, x + y


def autograd_mini() -> Any:
    from autograd_mini import vjp

    _, pullback = vjp(f, 3.0, 4.0)
    return pullback((1.0, 10.0))


def micrograd() -> Any:
    from micrograd.engine import Value

    x, y = Value(3.0), Value(4.0)
    p, q = f(x, y)
    (1.0 * p + 10.0 * q).backward()
    return x.grad, y.grad


def hips() -> Any:
    import autograd.numpy as np
    from autograd import make_vjp

    pullback, _ = make_vjp(lambda v: np.array(f(v[0], v[1])))(np.array([3.0, 4.0]))
    return pullback(np.array([1.0, 10.0]))


def torch() -> Any:
    import torch

    _, pullback = torch.func.vjp(f, torch.tensor(3.0), torch.tensor(4.0))
    return pullback((torch.tensor(1.0), torch.tensor(10.0)))


def jax() -> Any:
    import jax

    _, pullback = jax.vjp(f, 3.0, 4.0)
    return pullback((1.0, 10.0))


def casadi() -> Any:
    import casadi as ca

    x, u = ca.SX.sym("x", 2), ca.SX.sym("u", 2)
    back = ca.jtimes(ca.vertcat(*f(x[0], x[1])), x, u, True)
    return ca.Function("back", [x, u], [back])([3.0, 4.0], [1.0, 10.0])


def mygrad() -> Any:
    import mygrad as mg

    x, y = mg.tensor(3.0), mg.tensor(4.0)
    result = mg.stack(f(x, y))
    result.backward([1.0, 10.0])
    return x.grad, y.grad


def judge(got: Any) -> str:
    return right(got, [14.0, 13.0])
