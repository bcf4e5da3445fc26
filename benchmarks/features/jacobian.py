"""Jacobian

All six slopes of (x·y, x + y, x²) at (3, 4), with the package's own function for it.
"""

from typing import Any

from benchmarks.features.common import ByHand, right


def f(x: Any) -> Any:
    return [x[0] * x[1], x[0] + x[1], x[0] ** 2]


def autograd_mini() -> Any:
    from autograd_mini import jacobian

    return jacobian(f)([3.0, 4.0])


def micrograd() -> Any:
    from micrograd.engine import Value

    rows = []
    for i in range(3):
        x = [Value(3.0), Value(4.0)]
        f(x)[i].backward()
        rows.append([x[0].grad, x[1].grad])
    return ByHand(rows)


def hips() -> Any:
    import autograd.numpy as np
    from autograd import jacobian

    return jacobian(lambda x: np.array(f(x)))(np.array([3.0, 4.0]))


def torch() -> Any:
    import torch

    return torch.func.jacrev(lambda x: torch.stack(f(x)))(torch.tensor([3.0, 4.0]))


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return jax.jacobian(lambda x: jnp.stack(f(x)))(jnp.array([3.0, 4.0]))


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x", 2)
    return ca.Function("rows", [x], [ca.jacobian(ca.vertcat(*f(x)), x)])([3.0, 4.0])


def mygrad() -> Any:
    import mygrad as mg

    rows = []
    for i in range(3):
        x = mg.tensor([3.0, 4.0])
        f(x)[i].backward()
        rows.append(x.grad)
    return ByHand(rows)


def judge(got: Any) -> str:
    return right(got, [[4.0, 3.0], [1.0, 1.0], [6.0, 0.0]])
