"""Functions of statistics

The slopes of lgamma at 2.5, of ψ, its derivative, at 2.5, of log Φ at −30, of erfcx at 2, of x·log y at 0 and 3 with
respect to x, and of logaddexp at 1000 and 1001, each with the package's own function for it. Right means 13 digits.
More than half of them is `partly`.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.features.common import close, each, share

CASES = {
    "lgamma": (2.5, 0.7031566406452432),
    "digamma": (2.5, 0.4903577561002348),
    "log_ndtr": (-30.0, 30.033259667433676),
    "erfcx": (2.0, -0.1067964618534896),
    "xlogy": (0.0, 1.0986122886681098),
    "logaddexp": (1000.0, 0.2689414213699951),
}
"""Where, and the slope there, by mpmath at 50 digits."""


def slopes(functions: dict[str, Any], gradient: Callable[..., Any]) -> dict[str, Any]:
    """The slopes of all cases, as a package has them."""
    return each({name: name for name in CASES}, lambda name: gradient(functions[name], CASES[name][0]))


def autograd_mini() -> Any:
    import autograd_mini as ag

    functions = {name: getattr(ag, name) for name in ("lgamma", "digamma", "log_ndtr", "erfcx")}
    functions["xlogy"] = lambda x: ag.xlogy(x, 3.0)
    functions["logaddexp"] = lambda x: ag.logaddexp(x, 1001.0)
    return slopes(functions, lambda f, x: ag.grad(f)(x))


def micrograd() -> Any:
    return slopes({}, lambda f, x: f(x))


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad
    from autograd.scipy.special import gammaln, psi
    from autograd.scipy.stats import norm

    functions = {"lgamma": gammaln, "digamma": psi, "log_ndtr": norm.logcdf}
    functions["logaddexp"] = lambda x: np.logaddexp(x, 1001.0)
    return slopes(functions, lambda f, x: grad(f)(x))


def torch() -> Any:
    import torch

    def gradient(f: Any, x: float) -> Any:
        v = torch.tensor(x, requires_grad=True)
        return torch.autograd.grad(f(v), v)[0]

    functions = {name: getattr(torch.special, name) for name in ("digamma", "log_ndtr", "erfcx")}
    functions["lgamma"] = torch.lgamma
    functions["xlogy"] = lambda x: torch.xlogy(x, torch.tensor(3.0))
    functions["logaddexp"] = lambda x: torch.logaddexp(x, torch.tensor(1001.0))
    return slopes(functions, gradient)


def jax() -> Any:
    import jax
    from jax.scipy import special

    functions = {"lgamma": special.gammaln, "digamma": special.digamma, "log_ndtr": special.log_ndtr}
    functions["xlogy"] = lambda x: special.xlogy(x, 3.0)
    functions["logaddexp"] = lambda x: jax.numpy.logaddexp(x, 1001.0)
    return slopes(functions, lambda f, x: jax.grad(f)(x))


def casadi() -> Any:
    import casadi as ca

    def gradient(f: Any, x: float) -> Any:
        v = ca.SX.sym("v")
        return ca.Function("slope", [v], [ca.gradient(f(v), v)])(x)

    return slopes({"logaddexp": lambda x: ca.logsumexp(ca.vertcat(x, 1001.0))}, gradient)


def mygrad() -> Any:
    import mygrad as mg

    def gradient(f: Any, x: float) -> Any:
        v = mg.tensor(x)
        f(v).backward()
        return v.grad

    return slopes({"logaddexp": lambda x: mg.logaddexp(x, 1001.0)}, gradient)


def judge(got: Any) -> str:
    return share(close(got[name], truth, 1e-13) for name, (_, truth) in CASES.items())
