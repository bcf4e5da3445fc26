"""A function of one sample, run on many

exp(−k·t)·max(sin t, k), written for two numbers: its slopes with respect to t at a thousand samples, in one call.
"""

import math
from typing import Any

from benchmarks.features.common import Absent, close, numbers

T = [0.006 * i + 0.001 for i in range(1000)]
K = 0.3
TRUTH = [math.exp(-K * t) * (math.cos(t) - K * math.sin(t) if math.sin(t) > K else -K * K) for t in T]


def f(m: Any, t: Any, k: Any) -> Any:
    return m.exp(-k * t) * m.maximum(m.sin(t), k)


def autograd_mini() -> Any:
    import autograd_mini as ag

    _, (slopes, _) = ag.compile(lambda t, k: f(ag, t, k), batch=True).value_and_grad(T, [K] * 1000)
    return compared(slopes)


def micrograd() -> Any:
    raise Absent("a Value is one number")


def hips() -> Any:
    import autograd.numpy as np
    from autograd import elementwise_grad

    return compared(elementwise_grad(lambda t: f(np, t, K))(np.array(T)))


def torch() -> Any:
    import torch

    k = torch.tensor(K)
    return compared(torch.func.vmap(torch.func.grad(lambda t: f(torch, t, k)))(torch.tensor(T)))


def jax() -> Any:
    import jax
    import jax.numpy as jnp

    return compared(jax.vmap(jax.grad(lambda t: f(jnp, t, K)))(jnp.array(T)))


def casadi() -> Any:
    from types import SimpleNamespace

    import casadi as ca

    t = ca.SX.sym("t")
    m = SimpleNamespace(exp=ca.exp, sin=ca.sin, maximum=ca.fmax)
    return compared(ca.Function("slope", [t], [ca.gradient(f(m, t, K), t)]).map(1000)(ca.DM(T).T))


def mygrad() -> Any:
    import mygrad as mg

    t = mg.tensor(T)
    f(mg, t, K).sum().backward()
    return compared(t.grad)


def compared(result: Any) -> dict[str, int]:
    """How many slopes came, and how many of them are right."""
    slopes = numbers(result)
    return {"slopes": len(slopes), "right": sum(map(lambda x, y: close(x, y, 1e-11), slopes, TRUTH))}


def judge(got: Any) -> str:
    return "yes" if got == {"slopes": 1000, "right": 1000} else "no"
