"""The branch not taken

At 0, where(x > 0, √x, 0) takes the branch 0, so its slope is 0. The infinite slope of the other branch times an
adjoint of 0 is nan, unless the package prevents it. `partly`: the plain form gives nan, and the usual remedy, a second
`where` inside the root, gives 0.
"""

from typing import Any

from benchmarks.features.common import Absent, each, numbers


def plain(where: Any, sqrt: Any, x: Any) -> Any:
    return where(x > 0.0, sqrt(x), 0.0)


def guarded(where: Any, sqrt: Any, x: Any) -> Any:
    return where(x > 0.0, sqrt(where(x > 0.0, x, 1.0)), 0.0)


FORMS = {"plain": plain, "guarded": guarded}


def autograd_mini() -> Any:
    from autograd_mini import grad, sqrt, where

    return each(FORMS, lambda form: grad(lambda x: form(where, sqrt, x))(0.0))


def micrograd() -> Any:
    raise Absent("there is no where and no root")


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad

    return each(FORMS, lambda form: grad(lambda x: form(np.where, np.sqrt, x))(np.float64(0.0)))


def torch() -> Any:
    import torch

    return each(FORMS, lambda form: torch.func.grad(lambda x: form(torch.where, torch.sqrt, x))(torch.tensor(0.0)))


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return each(FORMS, lambda form: jax.grad(lambda x: form(jnp.where, jnp.sqrt, x))(0.0))


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    return each(FORMS, lambda form: ca.Function("slope", [x], [ca.gradient(form(ca.if_else, ca.sqrt, x), x)])(0.0))


def mygrad() -> Any:
    import mygrad as mg

    def slope(form: Any) -> Any:
        x = mg.tensor(0.0)
        form(mg.where, mg.sqrt, x).backward()
        return x.grad

    return each(FORMS, slope)


def judge(got: Any) -> str:
    return "yes" if numbers(got["plain"]) == [0.0] else "partly" if numbers(got["guarded"]) == [0.0] else "no"
