"""A branch of Python, compiled

x² if x > 0 else −x, written with `if`, compiled once and called at 3 and at −3: the slopes are 6 and −1. A branch
that the package makes its users write in another way is `no` here.
"""

from typing import Any

from benchmarks.features.common import Absent, right


def f(x: Any) -> Any:
    if x > 0.0:
        return x * x
    return -x


def autograd_mini() -> Any:
    import autograd_mini as ag

    compiled = ag.compile(f)
    return [compiled.value_and_grad(x)[1] for x in (3.0, -3.0)]


def micrograd() -> Any:
    raise Absent("there is no compiler")


def hips() -> Any:
    raise Absent("there is no compiler; its authors went on to write JAX")


def torch() -> Any:
    import torch

    compiled = torch.compile(f)
    leaves = [torch.tensor(x, requires_grad=True) for x in (3.0, -3.0)]
    return [torch.autograd.grad(compiled(x), x)[0] for x in leaves]


def jax() -> Any:
    import jax

    compiled = jax.jit(jax.value_and_grad(f))
    return [compiled(x)[1] for x in (3.0, -3.0)]


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    compiled = ca.Function("slope", [x], [ca.gradient(f(x), x)])
    return [compiled(x) for x in (3.0, -3.0)]


def mygrad() -> Any:
    raise Absent("there is no compiler")


def judge(got: Any) -> str:
    return right(got, [6.0, -1.0])
