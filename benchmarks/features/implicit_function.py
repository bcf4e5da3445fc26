"""The slope of an equation's solution

y with y·exp(y) = x, at x = 1: its slope by the implicit function theorem, with a solver of the package. A custom
operation with that rule is `partly`.
"""

from typing import Any

from benchmarks.features.common import ByHand, right

TRUTH = 0.36189625663488922  # of Lambert's W, by mpmath


def solved(exp: Any, x: Any) -> Any:
    """Newton's method."""
    y = 0.5
    for _ in range(8):
        y = y - (y - x * exp(-y)) / (1.0 + y)
    return y


def autograd_mini() -> Any:
    from autograd_mini import exp, grad, root

    return grad(lambda x: root(lambda y: y * exp(y) - x, 0.5))(1.0)


def micrograd() -> Any:
    import math

    from micrograd.engine import Value

    x = Value(1.0)
    y = Value(solved(math.exp, x.data), (x,), "lambert")

    def _backward() -> None:
        x.grad += y.grad / (x.data + math.exp(y.data))

    y._backward = _backward
    y.backward()
    return ByHand(x.grad)


def hips() -> Any:
    import numpy as np
    from autograd import grad
    from autograd.extend import defvjp, primitive

    lambert = primitive(lambda x: solved(np.exp, x))
    defvjp(lambert, lambda y, x: lambda g: g / (x + np.exp(y)))
    return ByHand(grad(lambert)(1.0))


def torch() -> Any:
    import torch

    class Lambert(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = solved(lambda y: torch.exp(torch.as_tensor(y)), x)
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            return g / (x + torch.exp(y))

    x = torch.tensor(1.0, requires_grad=True)
    Lambert.apply(x).backward()
    return ByHand(x.grad)


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    def lambert(x: Any) -> Any:
        return jax.lax.custom_root(
            lambda y: y * jnp.exp(y) - x, 0.5, lambda f, y: solved(jnp.exp, x), lambda g, b: b / g(1.0)
        )

    return jax.grad(lambert)(1.0)


def casadi() -> Any:
    import casadi as ca

    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    solver = ca.rootfinder("solver", "newton", {"x": y, "p": x, "g": y * ca.exp(y) - x})
    p = ca.MX.sym("p")
    return ca.Function("slope", [p], [ca.jacobian(solver(0.5, p), p)])(1.0)


def mygrad() -> Any:
    import mygrad as mg
    import numpy as np
    from mygrad.operation_base import Operation

    class Lambert(Operation):
        def __call__(self, x: Any) -> Any:
            self.variables = (x,)
            self.y = solved(np.exp, x.data)
            return self.y

        def backward_var(self, g: Any, index: int, **_: Any) -> Any:
            return g / (self.variables[index].data + np.exp(self.y))

    x = mg.tensor(1.0)
    mg.execute_op(Lambert, x).backward()
    return ByHand(x.grad)


def judge(got: Any) -> str:
    return right(got, TRUTH, 1e-10)
