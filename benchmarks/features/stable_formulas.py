"""Slopes that a plain formula loses

tanh at 20, σ at ±40 and −1000, softplus at −40 and 1000, logsumexp of 1000 and 1000, log(1 + x) and exp(x) − 1 at
1e−12, each with the package's own function for it, or with the plain formula if it has none. Right means 14
digits. More than half of them is `partly`. [Accuracy](accuracy.md) has many more such points.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.features.common import close, each, share

CASES = {
    "tanh at 20": ("tanh", 20.0, 4.0 / (math.exp(20.0) + math.exp(-20.0)) ** 2),
    "sigmoid at 40": ("sigmoid", 40.0, math.exp(-40.0)),
    "sigmoid at -40": ("sigmoid", -40.0, math.exp(-40.0)),
    "sigmoid at -1000": ("sigmoid", -1000.0, 0.0),
    "softplus at -40": ("softplus", -40.0, math.exp(-40.0)),
    "softplus at 1000": ("softplus", 1000.0, 1.0),
    "logsumexp at 1000, 1000": ("logsumexp", 1000.0, 0.5),
    "log1p at 1e-12": ("log1p", 1e-12, 1.0 / (1.0 + 1e-12)),
    "expm1 at 1e-12": ("expm1", 1e-12, math.exp(1e-12)),
}
"""The function, where, and its slope there: exp(−40) is σ′(±40) to 17 digits."""


def slopes(functions: dict[str, Any], gradient: Callable[..., Any]) -> dict[str, Any]:
    """The slopes of all cases, as a package has them."""
    return each(CASES, lambda case: gradient(functions[case[0]], case[1]))


def autograd_mini() -> Any:
    import autograd_mini as ag

    functions = {name: getattr(ag, name) for name in ("tanh", "sigmoid", "softplus", "log1p", "expm1")}
    functions["logsumexp"] = lambda x: ag.logsumexp([x, 1000.0])
    return slopes(functions, lambda f, x: ag.grad(f)(x))


def micrograd() -> Any:
    from micrograd.engine import Value

    def gradient(f: Any, x: float) -> Any:
        v = Value(x)
        f(v).backward()
        return v.grad

    functions = {
        name: partial(missing, name) for name in ("tanh", "sigmoid", "softplus", "logsumexp", "log1p", "expm1")
    }
    return slopes(functions, gradient)


def missing(name: str, x: Any) -> Any:
    return getattr(x, name)()


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad
    from autograd.scipy.special import expit, logsumexp

    functions = {"tanh": np.tanh, "sigmoid": expit, "log1p": np.log1p, "expm1": np.expm1}
    functions["softplus"] = lambda x: np.logaddexp(0.0, x)
    functions["logsumexp"] = lambda x: logsumexp(np.array([x, 1000.0]))
    return slopes(functions, lambda f, x: grad(f)(x))


def torch() -> Any:
    import torch

    def gradient(f: Any, x: float) -> Any:
        v = torch.tensor(x, requires_grad=True)
        return torch.autograd.grad(f(v), v)[0]

    functions = {name: getattr(torch, name) for name in ("tanh", "sigmoid", "log1p", "expm1")}
    functions["softplus"] = torch.nn.functional.softplus
    functions["logsumexp"] = lambda x: torch.logsumexp(torch.stack([x, torch.tensor(1000.0)]), 0)
    return slopes(functions, gradient)


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    functions = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus}
    functions |= {"log1p": jnp.log1p, "expm1": jnp.expm1}
    functions["logsumexp"] = lambda x: jax.nn.logsumexp(jnp.array([x, 1000.0]))
    return slopes(functions, lambda f, x: jax.grad(f)(x))


def casadi() -> Any:
    import casadi as ca

    def gradient(f: Any, x: float) -> Any:
        v = ca.SX.sym("v")
        return ca.Function("slope", [v], [ca.gradient(f(v), v)])(x)

    functions = {
        "tanh": ca.tanh,
        "sigmoid": lambda x: 1 / (1 + ca.exp(-x)),
        "softplus": lambda x: ca.log1p(ca.exp(x)),
        "logsumexp": lambda x: ca.logsumexp(ca.vertcat(x, 1000.0)),
        "log1p": ca.log1p,
        "expm1": ca.expm1,
    }
    return slopes(functions, gradient)


def mygrad() -> Any:
    import mygrad as mg
    from mygrad.nnet.activations import sigmoid

    def gradient(f: Any, x: float) -> Any:
        v = mg.tensor(x)
        f(v).backward()
        return v.grad

    functions = {"tanh": mg.tanh, "sigmoid": sigmoid, "log1p": mg.log1p, "expm1": mg.expm1}
    functions["softplus"] = lambda x: mg.logaddexp(0.0, x)
    functions["logsumexp"] = lambda x: mg.logaddexp(x, 1000.0)
    return slopes(functions, gradient)


def judge(got: Any) -> str:
    return share(close(got[name], truth, 1e-14) for name, (_, _, truth) in CASES.items())
