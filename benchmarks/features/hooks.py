"""A hook on a gradient

y = x², z = 3·y: a hook sees the gradient of y and limits it to 1, so that x at 2 receives 4 instead of 12. A
custom derivative rule written for this purpose is `partly`.
"""

from typing import Any

from benchmarks.features.common import Absent, ByHand, right


def autograd_mini() -> Any:
    from autograd_mini import Value

    x = Value(2.0)
    y = x * x
    y.register_hook(lambda g: min(g, 1.0))
    (3.0 * y).backward()
    return x.grad


def micrograd() -> Any:
    from micrograd.engine import Value

    x = Value(2.0)
    y = x * x
    on = y._backward

    def hooked() -> None:
        y.grad = min(y.grad, 1.0)
        on()

    y._backward = hooked
    (3.0 * y).backward()
    return ByHand(x.grad)


def hips() -> Any:
    from autograd import grad
    from autograd.extend import defvjp, primitive

    held = primitive(lambda y: y)
    defvjp(held, lambda z, y: lambda g: min(g, 1.0))
    return ByHand(grad(lambda x: 3.0 * held(x * x))(2.0))


def torch() -> Any:
    import torch

    x = torch.tensor(2.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: torch.clamp(g, max=1.0))
    (3.0 * y).backward()
    return x.grad


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    @jax.custom_vjp
    def held(y: Any) -> Any:
        return y

    held.defvjp(lambda y: (y, None), lambda _, g: (jnp.minimum(g, 1.0),))
    return ByHand(jax.grad(lambda x: 3.0 * held(x * x))(2.0))


def casadi() -> Any:
    raise Absent("gradients are expressions, made all at once")


def mygrad() -> Any:
    raise Absent("a tensor's gradient can be read when all is done")


def judge(got: Any) -> str:
    return right(got, 4.0)
