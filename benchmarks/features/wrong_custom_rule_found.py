"""A wrong rule, found by the package's checker

sin y · x with y = x³, at x = 0.7. The rule of the cube is wrong by a hundredth, then by a ten-thousandth. The package's
checker, with its defaults, should find both errors and name the operation. Some of that is `partly`.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.features.common import Absent, told

FACTORS = {"1 % wrong": 1.01, "0.01 % wrong": 1.0001}


def verdicts(check: Callable[[float], None]) -> dict[str, str]:
    """What the checker says of each: an error's text if it finds something."""
    found = {}
    for name, factor in {"right": 1.0, **FACTORS}.items():
        try:
            check(factor)
        except Exception as error:  # noqa: BLE001  (it is shown)
            found[name] = told(error)
        else:
            found[name] = "passed"
    return found


def autograd_mini() -> Any:
    from autograd_mini import gradcheck, primitive, sin

    def check(factor: float) -> None:
        @primitive(lambda m, z, x: factor * 3.0 * x**2)
        def cube(x: float) -> float:
            return x**3

        gradcheck(lambda x: sin(cube(x)) * x, 0.7, raise_on_failure=True)

    return verdicts(check)


def micrograd() -> Any:
    raise Absent("there is no checker")


def hips() -> Any:
    import autograd.numpy as np
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def check(factor: float) -> None:
        cube = primitive(lambda x: x**3)
        defvjp(cube, lambda z, x: lambda g: g * factor * 3.0 * x**2)
        check_grads(lambda x: np.sin(cube(x)) * x, modes=["rev"], order=1)(0.7)

    return verdicts(check)


def torch() -> Any:
    import torch

    def check(factor: float) -> None:
        class Cube(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.save_for_backward(x)
                return x**3

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                (x,) = ctx.saved_tensors
                return g * factor * 3.0 * x**2

        x = torch.tensor(0.7, requires_grad=True)
        torch.autograd.gradcheck(lambda x: torch.sin(Cube.apply(x)) * x, x)

    return verdicts(check)


def jax() -> Any:
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    def check(factor: float) -> None:
        @jax.custom_jvp
        def cube(x: Any) -> Any:
            return x**3

        cube.defjvps(lambda moved, z, x: factor * 3.0 * x**2 * moved)
        check_grads(lambda x: jnp.sin(cube(x)) * x, (0.7,), order=1)

    return verdicts(check)


def casadi() -> Any:
    raise Absent("slopes of operations of one's own can be replaced by differences; nothing compares the two")


def mygrad() -> Any:
    raise Absent("the checker is in its own tests, not in the package")


def judge(got: Any) -> str:
    if got["right"] != "passed":
        return "no"
    found = [got[name] != "passed" for name in FACTORS]
    named = all("cube" in got[name].lower() for name in FACTORS)
    return "yes" if all(found) and named else "partly" if any(found) else "no"
