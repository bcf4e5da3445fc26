"""Sparse Jacobian

The 99 results xᵢ₊₁ − xᵢ² depend on two of 100 numbers each. Does the package compute only the 198
slopes that are not always 0? A right Jacobian that includes its 9702 zeros is `partly`.
"""

from typing import Any

from benchmarks.features.common import ByHand, close, numbers

X = [0.01 * i for i in range(100)]


def f(x: Any) -> Any:
    return [x[i + 1] - x[i] ** 2 for i in range(99)]


def dense(rows: Any) -> dict[str, Any]:
    """How many slopes came, and whether they are right."""
    slopes = numbers(rows)
    truth = [1.0 if j == i + 1 else -2.0 * X[i] if j == i else 0.0 for i in range(99) for j in range(100)]
    return {"slopes": len(slopes), "right": all(map(close, slopes, truth))}


def autograd_mini() -> Any:
    from autograd_mini import compiler

    slopes = compiler.compile(f).jacobian(X, sparse=True)
    return {"slopes": slopes.nnz, "right": dense(slopes.toarray())["right"]}


def micrograd() -> Any:
    from micrograd.engine import Value

    rows = []
    for i in range(99):
        x = [Value(number) for number in X]
        f(x)[i].backward()
        rows.append([v.grad for v in x])
    return ByHand(dense(rows))


def hips() -> Any:
    import autograd.numpy as np
    from autograd import jacobian

    return dense(jacobian(lambda x: x[1:] - x[:-1] ** 2)(np.array(X)))


def torch() -> Any:
    import torch

    return dense(torch.func.jacrev(lambda x: x[1:] - x[:-1] ** 2)(torch.tensor(X)))


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return dense(jax.jacobian(lambda x: x[1:] - x[:-1] ** 2)(jnp.array(X)))


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x", 100)
    slopes = ca.Function("slopes", [x], [ca.jacobian(ca.vertcat(*f(x)), x)])(X)
    return {"slopes": slopes.nnz(), "right": dense(ca.DM(slopes))["right"]}


def mygrad() -> Any:
    import mygrad as mg

    rows = []
    for i in range(99):
        x = mg.tensor(X)
        (x[1:] - x[:-1] ** 2)[i].backward()
        rows.append(x.grad)
    return ByHand(dense(rows))


def judge(got: Any) -> str:
    if not got["right"]:
        return "no"
    return "yes" if got["slopes"] == 198 else "partly"
