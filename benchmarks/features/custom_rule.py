"""An operation of your own

x ↦ x³ with its own rule for the slope, 3x², written in Python. The first and the second derivative at 2 should
both be 12. Only the first is `partly`.
"""

from typing import Any

from benchmarks.features.common import Using, close, numbers, told


def autograd_mini() -> Any:
    from autograd_mini import grad, primitive

    @primitive(lambda m, z, x: 3.0 * x**2)
    def cube(x: float) -> float:
        return x * x * x

    return grad(cube)(2.0), grad(grad(cube))(2.0)


def micrograd() -> Any:
    from micrograd.engine import Value

    def cube(x: Any) -> Any:
        out = Value(x.data**3, (x,), "cube")

        def _backward() -> None:
            x.grad += 3.0 * x.data**2 * out.grad

        out._backward = _backward
        return out

    x = Value(2.0)
    cube(x).backward()
    return x.grad, second(x)


def hips() -> Any:
    from autograd import grad
    from autograd.extend import defvjp, primitive

    cube = primitive(lambda x: x * x * x)
    defvjp(cube, lambda z, x: lambda g: g * 3.0 * x**2)
    return grad(cube)(2.0), grad(grad(cube))(2.0)


def torch() -> Any:
    import torch

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 3.0 * x**2

    x = torch.tensor(2.0, requires_grad=True)
    (first,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    return first.item(), torch.autograd.grad(first, x)[0].item()


def jax() -> Any:
    import jax

    @jax.custom_jvp
    def cube(x: Any) -> Any:
        return x * x * x

    cube.defjvps(lambda moved, z, x: 3.0 * x**2 * moved)
    return jax.grad(cube)(2.0), jax.grad(jax.grad(cube))(2.0)


def casadi() -> Any:
    import casadi as ca

    class Cube(ca.Callback):
        def __init__(self) -> None:
            ca.Callback.__init__(self)
            self.construct("cube", {})

        def eval(self, arguments: Any) -> Any:
            return [arguments[0] ** 3]

        def has_jacobian(self) -> bool:
            return True

        def get_jacobian(self, name: str, inputs: Any, outputs: Any, options: Any) -> Any:
            x, z = ca.MX.sym("x"), ca.MX.sym("z", 1, 1)
            return ca.Function(name, [x, z], [3.0 * x**2], inputs, outputs, options)

    x, cube = ca.MX.sym("x"), Cube()
    first = ca.jacobian(cube(x), x)
    slopes = ca.Function("slopes", [x], [first, ca.jacobian(first, x)])
    return Using(slopes(2.0), "MX")


def mygrad() -> Any:
    import mygrad as mg
    from mygrad.operation_base import Operation

    class Cube(Operation):
        def __call__(self, x: Any) -> Any:
            self.variables = (x,)
            return x.data**3

        def backward_var(self, g: Any, index: int, **_: Any) -> Any:
            return g * 3.0 * self.variables[index].data ** 2

    x = mg.tensor(2.0)
    mg.execute_op(Cube, x).backward()
    return x.grad, second(x)


def second(x: Any) -> Any:
    """What comes of the attempt to go backward from a gradient."""
    try:
        return x.grad.backward()
    except Exception as error:  # noqa: BLE001  (it is shown)
        return told(error)


def judge(got: Any) -> str:
    first, then = (numbers(part)[0] for part in got)
    return "no" if not close(first, 12.0) else "yes" if close(then, 12.0) else "partly"
