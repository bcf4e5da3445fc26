"""Complex numbers

The gradient of |z|² at z = 3 + 4i: 6 + 8i, or its conjugate, because packages use either convention.
"""

from typing import Any


def autograd_mini() -> Any:
    from autograd_mini import grad

    return grad(lambda z: abs(z) ** 2)(3.0 + 4.0j)


def micrograd() -> Any:
    from micrograd.engine import Value

    z = Value(3.0 + 4.0j)
    (z * z.conjugate()).backward()
    return z.grad


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad

    return grad(lambda z: np.abs(z) ** 2)(3.0 + 4.0j)


def torch() -> Any:
    import torch

    z = torch.tensor(3.0 + 4.0j, requires_grad=True)
    (z.abs() ** 2).backward()
    return z.grad


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return jax.grad(lambda z: jnp.abs(z) ** 2)(3.0 + 4.0j)


def casadi() -> Any:
    import casadi as ca

    z = ca.SX.sym("z")
    return ca.Function("slope", [z], [ca.gradient(ca.fabs(z) ** 2, z)])(3.0 + 4.0j)


def mygrad() -> Any:
    import mygrad as mg

    z = mg.tensor(3.0 + 4.0j)
    (mg.abs(z) ** 2).backward()
    return z.grad


def judge(got: Any) -> str:
    z = complex(got)
    return "yes" if abs(z.real - 6.0) < 1e-9 and abs(abs(z.imag) - 8.0) < 1e-9 else "no"
