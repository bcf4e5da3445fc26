"""A number changed between forward and backward

y = x³ is computed at x = 2, then x is set to 10, as an optimiser's step would do, and y goes backward. Right
is 12, the slope that belongs to y, or an error. Any other number is silently wrong.
"""

from typing import Any

from benchmarks.features.common import right


def autograd_mini() -> Any:
    from autograd_mini import Value

    x = Value(2.0)
    y = x * x * x
    x.data = 10.0
    y.backward()
    return x.grad


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(2.0)
    y = x * x * x
    x.data = 10.0
    y.backward()
    return x.grad


def hips() -> Any:
    import autograd.numpy as np
    from autograd import make_vjp

    x = np.array([2.0])
    pullback, _ = make_vjp(lambda x: x * x * x)(x)
    x[0] = 10.0
    return pullback(np.array([1.0]))


def torch() -> Any:
    import torch

    x = torch.tensor(2.0, requires_grad=True)
    y = x * x * x
    with torch.no_grad():
        x.fill_(10.0)
    y.backward()
    return x.grad


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    x = jnp.array([2.0])
    _, pullback = jax.vjp(lambda x: x * x * x, x)
    x[0] = 10.0
    return pullback(jnp.array([1.0]))


def casadi() -> Any:
    import casadi as ca

    v, x = ca.SX.sym("v"), ca.DM(2.0)
    y, slope = ca.Function("both", [v], [v * v * v, ca.gradient(v * v * v, v)])(x)
    x[0] = 10.0
    assert y == 8.0
    return slope


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(2.0)
    y = x * x * x
    x.data[...] = 10.0
    y.backward()
    return x.grad


def judge(got: Any) -> str:
    return right(got, 12.0)


def judge_error(error: Exception) -> str:
    told = str(error)
    return "yes" if any(word in told for word in ("forward pass", "modified", "immutable", "read-only")) else "no"
