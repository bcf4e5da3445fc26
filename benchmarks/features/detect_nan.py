"""Where a nan came from

k·√(x − 1) at x = 1 and k = 0: the value is 0, the slope nan. With the package's detection turned on, does it stop
and show the line that caused the nan? Only stopping is `partly`.
"""

import io
import traceback
import warnings
from contextlib import redirect_stderr
from typing import Any

from benchmarks.features.common import Absent, told


def f(sqrt: Any, x: Any, k: Any) -> Any:
    shifted = x - 1.0
    risky = sqrt(shifted)
    return k * risky


def autograd_mini() -> Any:
    from autograd_mini import Value, detect_anomaly, sqrt

    def run() -> None:
        x = Value(1.0)
        with detect_anomaly():
            f(sqrt, x, 0.0).backward()

    return said(run)


def micrograd() -> Any:
    raise Absent("there is no such help, and no root")


def hips() -> Any:
    import autograd.numpy as np
    from autograd import grad

    def run() -> None:
        with np.errstate(all="raise"):
            grad(lambda x: f(np.sqrt, x, 0.0))(np.float64(1.0))

    return said(run)


def torch() -> Any:
    import torch

    def run() -> None:
        x = torch.tensor(1.0, requires_grad=True)
        with torch.autograd.detect_anomaly():
            f(torch.sqrt, x, 0.0).backward()

    return said(run)


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    def run() -> None:
        with jax.debug_nans(True):
            jax.grad(lambda x: f(jnp.sqrt, x, 0.0))(1.0)

    return said(run)


def casadi() -> Any:
    import casadi as ca

    def run() -> None:
        x, k = ca.SX.sym("x"), ca.SX.sym("k")
        slope = ca.gradient(f(ca.sqrt, x, k), x)
        ca.Function("slope", [x, k], [slope], {"regularity_check": True})(1.0, 0.0)

    return said(run)


def mygrad() -> Any:
    import mygrad as mg
    import numpy as np

    def run() -> None:
        x = mg.tensor(1.0)
        with np.errstate(all="raise"):
            f(mg.sqrt, x, 0.0).backward()

    return said(run)


def said(run: Any) -> dict[str, Any]:
    """What a run raises and prints, and whether the line of `f` where the root was taken is in it."""
    printed = io.StringIO()
    with redirect_stderr(printed), warnings.catch_warnings():
        warnings.simplefilter("always")
        try:
            run()
        except Exception as error:  # noqa: BLE001  (it is what is asked)
            line = "risky = sqrt(shifted)" in printed.getvalue() + traceback.format_exc()
            return {"stopped": True, "line": line, "error": told(error)}
    return {"stopped": False, "line": False, "error": "none"}


def judge(got: Any) -> str:
    return "yes" if got["stopped"] and got["line"] else "partly" if got["stopped"] else "no"
