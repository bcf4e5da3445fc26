"""Gradient through training steps

The slope of the loss after two steps of gradient descent with respect to the learning rate: a gradient of gradients.
The loss is (2w − 1)², w starts at 1.5, the rate is 0.1; the slope is −1.024.
"""

from typing import Any

from benchmarks.features.common import right


def loss(w: Any) -> Any:
    return (2.0 * w - 1.0) ** 2


def autograd_mini() -> Any:
    from autograd_mini import grad

    def after(rate: Any) -> Any:
        w = 1.5
        for _ in range(2):
            w = w - rate * grad(loss)(w)
        return loss(w)

    return grad(after)(0.1)


def micrograd() -> Any:
    from micrograd.engine import Value

    rate, w = Value(0.1), Value(1.5)
    for _ in range(2):
        rate.grad = w.grad = 0.0
        loss(w).backward()
        w = w - rate * w.grad
    rate.grad = w.grad = 0.0
    loss(w).backward()
    return rate.grad


def hips() -> Any:
    from autograd import grad

    def after(rate: Any) -> Any:
        w = 1.5
        for _ in range(2):
            w = w - rate * grad(loss)(w)
        return loss(w)

    return grad(after)(0.1)


def torch() -> Any:
    import torch

    rate, w = torch.tensor(0.1, requires_grad=True), torch.tensor(1.5, requires_grad=True)
    for _ in range(2):
        (slope,) = torch.autograd.grad(loss(w), w, create_graph=True)
        w = w - rate * slope
    (slope,) = torch.autograd.grad(loss(w), rate)
    return slope


def jax() -> Any:
    import jax

    def after(rate: Any) -> Any:
        w = 1.5
        for _ in range(2):
            w = w - rate * jax.grad(loss)(w)
        return loss(w)

    return jax.grad(after)(0.1)


def casadi() -> Any:
    import casadi as ca

    v, rate = ca.SX.sym("v"), ca.SX.sym("rate")
    slope = ca.Function("slope", [v], [ca.gradient(loss(v), v)])
    w = 1.5
    for _ in range(2):
        w = w - rate * slope(w)
    return ca.Function("after", [rate], [ca.gradient(loss(w), rate)])(0.1)


def mygrad() -> Any:
    import mygrad as mg

    rate, w = mg.tensor(0.1), mg.tensor(1.5)
    for _ in range(2):
        loss(w).backward()
        w = w - rate * w.grad
    loss(w).backward()
    return rate.grad


def judge(got: Any) -> str:
    return right(got, -1.024)
