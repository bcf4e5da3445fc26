"""Single precision

The gradient of x³ at 1000 numbers, computed and stored in 32 bits. Only in compiled code is `partly`.
"""

from typing import Any

from benchmarks.features.common import Absent, Documented, Using

X = [0.001 * i for i in range(1000)]


def autograd_mini() -> Any:
    import autograd_mini as ag

    _, slopes = ag.compile(lambda x: x**3, batch=True, dtype="float32").value_and_grad(X)
    return Using(str(slopes.dtype), "compiled")


def micrograd() -> Any:
    raise Absent("numbers are Python's floats")


def hips() -> Any:
    import autograd.numpy as np
    from autograd import elementwise_grad

    return str(elementwise_grad(lambda x: x**3)(np.array(X, dtype=np.float32)).dtype)


def torch() -> Any:
    import torch

    x = torch.tensor(X, dtype=torch.float32, requires_grad=True)
    (x**3).sum().backward()
    return str(x.grad.dtype)


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return str(jax.grad(lambda x: (x**3).sum())(jnp.array(X, dtype=jnp.float32)).dtype)


def casadi() -> Any:
    return Documented(
        "partly",
        "Numbers are double; generated C code takes another type by its option casadi_real.",
        "https://web.casadi.org/docs/#syntax-for-generating-code",
    )


def mygrad() -> Any:
    import mygrad as mg
    import numpy as np

    x = mg.tensor(X, dtype=np.float32)
    (x**3).sum().backward()
    return str(x.grad.dtype)


def judge(got: Any) -> str:
    return "yes" if "float32" in got else "no"
