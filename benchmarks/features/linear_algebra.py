"""Linear algebra

The gradient of a determinant with respect to the nine numbers of its matrix, with the package's own function for it.
"""

from typing import Any

from benchmarks.features.common import ByHand, right

A = [[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]]
TRUTH = [[11.0, -4.0, 1.0], [-4.0, 8.0, -2.0], [1.0, -2.0, 5.0]]


def by_elimination(a: Any) -> Any:
    """The determinant of 3×3 numbers."""
    a, product = [list(row) for row in a], 1.0
    for i in range(3):
        product = product * a[i][i]
        for j in range(i + 1, 3):
            factor = a[j][i] / a[i][i]
            a[j] = [x - factor * y for x, y in zip(a[j], a[i])]
    return product


def autograd_mini() -> Any:
    from autograd_mini import exp, grad, logdet

    return grad(lambda a: exp(logdet(a)))(A)


def micrograd() -> Any:
    from micrograd.engine import Value

    a = [[Value(x) for x in row] for row in A]
    by_elimination(a).backward()
    return ByHand([[x.grad for x in row] for row in a])


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad

    return grad(np.linalg.det)(np.array(A))


def torch() -> Any:
    import torch

    a = torch.tensor(A, requires_grad=True)
    torch.linalg.det(a).backward()
    return a.grad


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return jax.grad(jnp.linalg.det)(jnp.array(A))


def casadi() -> Any:
    import casadi as ca

    a = ca.SX.sym("a", 3, 3)
    return ca.Function("cofactors", [a], [ca.gradient(ca.det(a), a)])(ca.DM(A))


def mygrad() -> Any:
    import mygrad as mg

    a = mg.tensor(A)
    by_elimination([[a[i, j] for j in range(3)] for i in range(3)]).backward()
    return ByHand(a.grad)


def judge(got: Any) -> str:
    return right(got, TRUTH, 1e-12)
