"""A second result next to the gradient

One run of the program returns the gradient of a cost and, as a plain result, the prediction that it made on the way.
"""

from typing import Any

from benchmarks.features.common import right

X, Y = [0.5, 1.0, 2.0], [1.0, 1.0, 3.0]


def cost(w: Any) -> tuple[Any, list[Any]]:
    """Half of the squared errors, and the predictions."""
    predicted = [w + x for x in X]
    return sum((p - y) ** 2 for p, y in zip(predicted, Y)) / 2, predicted


def autograd_mini() -> Any:
    from autograd_mini import grad

    return grad(cost, has_aux=True)(0.6)


def micrograd() -> Any:
    from micrograd.engine import Value

    w = Value(0.6)
    z, predicted = cost(w)
    z.backward()
    return w.grad, [p.data for p in predicted]


def hips() -> Any:
    from autograd.differential_operators import grad_and_aux

    slope, predicted = grad_and_aux(cost)(0.6)
    return slope, [getattr(p, "_value", p) for p in predicted]


def torch() -> Any:
    import torch

    return torch.func.grad(cost, has_aux=True)(torch.tensor(0.6))


def jax() -> Any:
    import jax

    return jax.grad(cost, has_aux=True)(0.6)


def casadi() -> Any:
    import casadi as ca

    w = ca.SX.sym("w")
    z, predicted = cost(w)
    return ca.Function("both", [w], [ca.gradient(z, w), ca.vertcat(*predicted)])(0.6)


def mygrad() -> Any:
    import mygrad as mg

    w = mg.tensor(0.6)
    z, predicted = cost(w)
    z.backward()
    return w.grad, [p.data for p in predicted]


def judge(got: Any) -> str:
    predicted = [0.6 + x for x in X]
    return right(got, [sum(p - y for p, y in zip(predicted, Y)), predicted])
