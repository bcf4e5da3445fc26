"""A branch of Python, compiled

x² if x > 0 else −x, written with `if`, compiled once and called at 3 and at −3: the slopes are 6 and −1. `partly`
means that the branch must be written in the package's own way.
"""

from typing import Any

from benchmarks.features.common import Absent, each, right


def f(x: Any) -> Any:
    if x > 0.0:
        return x * x
    return -x


def autograd_mini() -> Any:
    import autograd_mini as ag

    def slopes(f: Any) -> Any:
        compiled = ag.compile(f)
        return [compiled.value_and_grad(x)[1] for x in (3.0, -3.0)]

    return each({"if": f}, slopes)


def micrograd() -> Any:
    raise Absent("there is no compiler")


def hips() -> Any:
    raise Absent("there is no compiler; its authors went on to write JAX")


def torch() -> Any:
    import torch

    def slopes(f: Any) -> Any:
        compiled = torch.compile(f)
        leaves = [torch.tensor(x, requires_grad=True) for x in (3.0, -3.0)]
        return [torch.autograd.grad(compiled(x), x)[0] for x in leaves]

    return each({"if": f}, slopes)


def jax() -> Any:
    import jax

    def slopes(f: Any) -> Any:
        compiled = jax.jit(jax.grad(f))
        return [compiled(x) for x in (3.0, -3.0)]

    return each({"if": f, "lax.cond": lambda x: jax.lax.cond(x > 0.0, lambda: x * x, lambda: -x)}, slopes)


def casadi() -> Any:
    import casadi as ca

    def slopes(f: Any) -> Any:
        x = ca.SX.sym("x")
        compiled = ca.Function("slope", [x], [ca.gradient(f(x), x)])
        return [compiled(x) for x in (3.0, -3.0)]

    return each({"if": f, "if_else": lambda x: ca.if_else(x > 0.0, x * x, -x)}, slopes)


def mygrad() -> Any:
    raise Absent("there is no compiler")


def judge(got: Any) -> str:
    held = {name: right(slopes, [6.0, -1.0]) == "yes" for name, slopes in got.items()}
    return "yes" if held["if"] else "partly" if any(held.values()) else "no"
