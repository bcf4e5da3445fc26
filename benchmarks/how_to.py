"""The models of the how-to pages beside JAX: a value with its gradient.

JAX has each as its users write it: arrays, `lax.scan`, and for the equilibrium `lax.while_loop` with a rule of its own.
Both are given other numbers in each call, as a list or as an array.
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from measure import Options, Step, compare

from autograd_mini import compiler, fixed_point, lgamma, log, nn

CALLS = 20
rng = random.Random(3)
TIMES = [rng.gammavariate(2.5, 1 / 1.5) for _ in range(40)]
HOURS, COUNTS = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0], [2.0, 2.0, 4.0, 6.0, 9.0, 17.0]


def likelihood(p: Sequence[Any]) -> Any:
    """Of waiting times under a gamma distribution, each by itself."""
    a, b = p
    return sum(lgamma(a) - a * log(b) - (a - 1.0) * math.log(t) + b * t for t in TIMES)


def jax_likelihood(p: Any) -> Any:
    """The same on an array."""
    t = jnp.array(TIMES)
    return jnp.sum(jax.scipy.special.gammaln(p[0]) - p[0] * jnp.log(p[1]) - (p[0] - 1.0) * jnp.log(t) + p[1] * t)


def simulated(rates: Sequence[Any]) -> list[list[Any]]:
    """Predators and prey after each of 100 steps by Runge and Kutta."""
    a, b, c, d = rates

    def f(y: list[Any]) -> list[Any]:
        return [a * y[0] - b * y[0] * y[1], d * y[0] * y[1] - c * y[1]]

    h, y, states = 0.05, [1.0, 0.5], []
    for _ in range(100):
        k1 = f(y)
        k2 = f([u + h / 2 * k for u, k in zip(y, k1)])
        k3 = f([u + h / 2 * k for u, k in zip(y, k2)])
        k4 = f([u + h * k for u, k in zip(y, k3)])
        y = [u + h / 6 * (p + 2 * q + 2 * r + s) for u, p, q, r, s in zip(y, k1, k2, k3, k4)]
        states.append(y)
    return states


DATA = simulated([1.1, 0.9, 0.8, 0.6])[4::5]


def calibration(rates: Sequence[Any]) -> Any:
    """Half the sum of squared errors."""
    return sum((a - b) ** 2 for y, z in zip(simulated(rates)[4::5], DATA) for a, b in zip(y, z)) / 2


def jax_calibration(rates: Any) -> Any:
    """The same by a scan."""
    a, b, c, d = rates
    h = 0.05

    def f(y: Any) -> Any:
        return jnp.array([a * y[0] - b * y[0] * y[1], d * y[0] * y[1] - c * y[1]])

    def step(y: Any, _: None) -> Any:
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y, y

    _, states = jax.lax.scan(step, jnp.array([1.0, 0.5]), None, length=100)
    return jnp.sum((states[4::5] - jnp.array(DATA)) ** 2) / 2


def market(costs: Sequence[Any]) -> Any:
    """The product of two quantities in equilibrium."""

    def answers(q: Sequence[Any], costs: Sequence[Any]) -> list[Any]:
        return [0.5 * (10.0 - costs[0] - 0.8 * q[1]), 0.5 * (10.0 - costs[1] - 0.8 * q[0])]

    q = fixed_point(answers, [1.0, 1.0], costs)
    return q[0] * q[1]


def _answers(q: Any, costs: Any) -> Any:
    return 0.5 * (10.0 - costs - 0.8 * q[::-1])


@jax.custom_vjp
def jax_equilibrium(costs: Any) -> Any:
    """The two quantities, by iteration."""

    def moves(state: Any) -> Any:
        return jnp.max(jnp.abs(state[0] - state[1])) > 1e-12

    def step(state: Any) -> Any:
        return _answers(state[0], costs), state[0]

    return jax.lax.while_loop(moves, step, (_answers(jnp.ones(2), costs), jnp.ones(2)))[0]


def _there(costs: Any) -> Any:
    q = jax_equilibrium(costs)
    return q, (q, costs)


def _back(kept: Any, u: Any) -> Any:
    q, costs = kept
    w = jnp.linalg.solve((jnp.eye(2) - jax.jacobian(_answers)(q, costs)).T, u)
    return (jax.vjp(lambda costs: _answers(q, costs), costs)[1](w)[0],)


jax_equilibrium.defvjp(_there, _back)


def posterior(w: Sequence[Any]) -> Any:
    """The log density of a regression for counts."""
    cost = len(HOURS) * nn.poisson_nll([w[0] + w[1] * t for t in HOURS], COUNTS)
    return -cost - (w[0] * w[0] + w[1] * w[1]) / 2


def jax_posterior(w: Any) -> Any:
    """The same on arrays."""
    z, counts = w[0] + w[1] * jnp.array(HOURS), jnp.array(COUNTS)
    of_counts = jax.scipy.special.gammaln(counts + 1.0)
    return -jnp.sum(jnp.exp(z) - counts * z + of_counts) - jnp.sum(w * w) / 2


MODELS: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[float]]] = {
    "maximum likelihood": (likelihood, jax_likelihood, [2.0, 1.0]),
    "ODE by Runge–Kutta": (calibration, jax_calibration, [1.0, 1.0, 1.0, 1.0]),
    "equilibrium": (market, lambda costs: jnp.prod(jax_equilibrium(costs)), [1.0, 2.0]),
    "Monte Carlo": (posterior, jax_posterior, [0.1, 0.9]),
}


WORKLOADS = tuple(MODELS)
OURS, PEERS = ("list", "array"), ("jax",)


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one model. A step is twenty calls, each with other numbers; what is compared is the last's."""
    ours, theirs, x = MODELS[name]
    rows = [[x[0] + 1e-6 * k, *x[1:]] for k in range(CALLS)]
    arrays = list(map(np.array, rows))

    def prepare(peer: str) -> Step:
        if peer == "jax":
            compiled = jax.jit(jax.value_and_grad(theirs))
            return lambda: [jax.block_until_ready(compiled(row)) for row in arrays][-1]
        f, given = compiler.compile(ours), rows if peer == "list" else arrays
        return lambda: [f.value_and_grad(row) for row in given][-1]

    return {"title": f"{name}, {CALLS} calls", "entries": compare(prepare, OURS, PEERS, options, tolerance=1e-6)}
