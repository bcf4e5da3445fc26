"""An argument that decides the program

A power by repeated multiplication. Its exponent is an argument of the compiled function, but not one to differentiate
with respect to: does the package compile it once for 3 and once for 5?
"""

from typing import Any

from benchmarks.features.common import Absent, ByHand, right


def power(x: Any, n: int) -> Any:
    z = 1.0
    for _ in range(n):
        z = z * x
    return z


def autograd_mini() -> Any:
    from autograd_mini import compiler

    f = compiler.compile(power, static="n")
    return [f.value_and_grad(2.0, n)[1] for n in (3, 5, 3)]


def micrograd() -> Any:
    raise Absent("nothing is compiled")


def hips() -> Any:
    raise Absent("nothing is compiled")


def torch() -> Any:
    import torch

    f = torch.compile(power, backend="aot_eager")
    slopes = []
    for n in (3, 5, 3):
        x = torch.tensor(2.0, requires_grad=True)
        f(x, n).backward()
        slopes.append(x.grad)
    return slopes


def jax() -> Any:
    import jax

    f = jax.jit(jax.grad(power), static_argnums=1)
    return [f(2.0, n) for n in (3, 5, 3)]


def casadi() -> Any:
    import casadi as ca

    known: dict[int, Any] = {}

    def slope(x: float, n: int) -> Any:
        if n not in known:
            v = ca.SX.sym("v")
            known[n] = ca.Function("slope", [v], [ca.gradient(power(v, n), v)])
        return known[n](x)

    return ByHand([slope(2.0, n) for n in (3, 5, 3)])


def mygrad() -> Any:
    raise Absent("nothing is compiled")


def judge(got: Any) -> str:
    return right(got, [12.0, 80.0, 12.0])
