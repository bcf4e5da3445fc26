"""Forward: Jacobian times vector

How (x·y, x + y) moves at (3, 4) when (x, y) moves along (1, 2): by (10, 3), without the whole Jacobian.
"""

from typing import Any

from benchmarks.features.common import Absent, right


def f(x: Any, y: Any) -> Any:
    return x * y, x + y


def autograd_mini() -> Any:
    from autograd_mini import jvp

    _, moved = jvp(f, (3.0, 4.0), (1.0, 2.0))
    return moved


def micrograd() -> Any:
    raise Absent("there is a backward sweep only")


def hips() -> Any:
    import autograd.numpy as np
    from autograd.differential_operators import make_jvp

    at = make_jvp(lambda v: np.array(f(v[0], v[1])))(np.array([3.0, 4.0]))
    _, moved = at(np.array([1.0, 2.0]))
    return moved


def torch() -> Any:
    import torch

    primals, tangents = (torch.tensor(3.0), torch.tensor(4.0)), (torch.tensor(1.0), torch.tensor(2.0))
    _, moved = torch.func.jvp(f, primals, tangents)
    return moved


def jax() -> Any:
    import jax

    _, moved = jax.jvp(f, (3.0, 4.0), (1.0, 2.0))
    return moved


def casadi() -> Any:
    import casadi as ca

    x, v = ca.SX.sym("x", 2), ca.SX.sym("v", 2)
    moved = ca.jtimes(ca.vertcat(*f(x[0], x[1])), x, v)
    return ca.Function("moved", [x, v], [moved])([3.0, 4.0], [1.0, 2.0])


def mygrad() -> Any:
    raise Absent("there is a backward sweep only")


def judge(got: Any) -> str:
    return right(got, [10.0, 3.0])
