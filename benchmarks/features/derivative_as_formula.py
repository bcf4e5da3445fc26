"""The derivative as a formula

The slope of exp(sin x) as a readable formula: Python evaluates it at 0.5, and the number is right. A
listing of a program that computes it is `partly`.
"""

import math
from typing import Any

from benchmarks.features.common import Absent, close


def autograd_mini() -> Any:
    from autograd_mini import Value, derivative_formula, exp, sin

    x = Value(0.5, label="x")
    return derivative_formula(exp(sin(x)), x).text


def micrograd() -> Any:
    raise Absent("slopes are numbers only")


def hips() -> Any:
    raise Absent("slopes are numbers only")


def torch() -> Any:
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    slope = torch.func.grad(lambda x: torch.exp(torch.sin(x)))
    return make_fx(slope)(torch.tensor(0.5)).code.strip()


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return str(jax.make_jaxpr(jax.grad(lambda x: jnp.exp(jnp.sin(x))))(0.5))


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    return str(ca.gradient(ca.exp(ca.sin(x)), x))


def mygrad() -> Any:
    raise Absent("slopes are numbers only")


def judge(got: Any) -> str:
    truth = math.cos(0.5) * math.exp(math.sin(0.5))
    try:
        if close(eval(got, {"__builtins__": {}}, vars(math) | {"x": 0.5}), truth):
            return "yes"
    except SyntaxError:
        return "partly" if "cos" in got else "no"
    return "no"
