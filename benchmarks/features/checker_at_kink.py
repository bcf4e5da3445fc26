"""The checker at a kink

relu and |x| at 0. Their slopes there are a convention, so the package's checker should not call them wrong. A checker
that does, or that tells its user to avoid kinks, is `no`.
"""

from typing import Any

from benchmarks.features.common import Absent, told


def autograd_mini() -> Any:
    from autograd_mini import gradcheck, relu

    return verdicts({"relu": lambda: gradcheck(relu, 0.0), "abs": lambda: gradcheck(abs, 0.0)})


def micrograd() -> Any:
    raise Absent("there is no checker")


def hips() -> Any:
    import autograd.numpy as np
    from autograd.test_util import check_grads

    return verdicts(
        {
            "relu": lambda: check_grads(lambda x: np.maximum(x, 0.0), order=1)(0.0),
            "abs": lambda: check_grads(np.abs, order=1)(0.0),
        }
    )


def torch() -> Any:
    import torch

    x = torch.tensor(0.0, requires_grad=True)
    return verdicts(
        {
            "relu": lambda: torch.autograd.gradcheck(torch.relu, x),
            "abs": lambda: torch.autograd.gradcheck(torch.abs, x),
        }
    )


def jax() -> Any:
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    return verdicts(
        {
            "relu": lambda: check_grads(jax.nn.relu, (0.0,), order=1),
            "abs": lambda: check_grads(jnp.abs, (0.0,), order=1),
        }
    )


def casadi() -> Any:
    raise Absent("there is no checker")


def mygrad() -> Any:
    raise Absent("the checker is in its own tests, not in the package")


def verdicts(checks: Any) -> dict[str, str]:
    """What the checker says of each."""
    found = {}
    for name, check in checks.items():
        try:
            report = check()
            found[name] = "passed" if report is None or report else str(report)
        except Exception as error:  # noqa: BLE001  (it is shown)
            found[name] = told(error)
    return found


def judge(got: Any) -> str:
    held = [said == "passed" for said in got.values()]
    return "yes" if all(held) else "partly" if any(held) else "no"
