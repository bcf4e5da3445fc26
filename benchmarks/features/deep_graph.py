"""A million steps deep

x ← 0.999999·x + 0.000001, a million times, and the slope of the last number with respect to the first: about 1/e.
The time limit is two minutes. JAX's users write such a loop as `lax.scan`, which is one node of a million steps.
"""

from typing import Any

from benchmarks.features.common import right

SECONDS = 120.0
STEPS = 1_000_000


def chain(x: Any) -> Any:
    for _ in range(STEPS):
        x = 0.999999 * x + 0.000001
    return x


def autograd_mini() -> Any:
    from autograd_mini import Value

    x = Value(2.0)
    chain(x).backward()
    return x.grad


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(2.0)
    chain(x).backward()
    return x.grad


def hips() -> Any:
    from autograd import grad

    return grad(chain)(2.0)


def torch() -> Any:
    import torch

    x = torch.tensor(2.0, requires_grad=True)
    chain(x).backward()
    return x.grad


def jax() -> Any:
    import jax

    def scanned(x: Any) -> Any:
        x, _ = jax.lax.scan(lambda x, _: (0.999999 * x + 0.000001, None), x, length=STEPS)
        return x

    return jax.grad(scanned)(2.0)


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    return ca.Function("slope", [x], [ca.gradient(chain(x), x)])(2.0)


def mygrad() -> Any:
    import mygrad as mg

    x = mg.tensor(2.0)
    chain(x).backward()
    return x.grad


def judge(got: Any) -> str:
    return right(got, 0.999999**STEPS, 1e-9)
