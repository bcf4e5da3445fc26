"""Derivatives inside derivatives, and compiled functions inside them, beside the packages that can nest.

Each is written as a package's users would. JAX has `jit` around the whole; the others record anew for every run. In the
first column of ours nothing is compiled, in the second all of it is, or the part that the title names.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from measure import Options, Step, compare
from peers import functions, jax_step

from autograd_mini import Value, checkpoint, compiler, grad

OURS = ("eager", "auto")
PEERS = ("torch", "jax", "autograd")
STEPS = 1000


def third(peer: str) -> Step | None:
    """The third derivative of exp(-x²)·sin(3x)·tanh(x), grad(grad(grad(f)))"""
    m = functions(peer)

    def f(x: Any) -> Any:
        return m.exp(-x * x) * m.sin(3.0 * x) * m.tanh(x)

    return derivative(peer, lambda d: d(d(d(f))), 0.7)


def steps_of_training(peer: str) -> Step | None:
    """How the cost after five steps of gradient descent depends on the step's length: grad inside grad"""
    m = functions(peer)
    data = [(0.1 * k, 0.3 + 0.05 * k) for k in range(8)]

    def cost(w: Any) -> Any:
        return sum((m.tanh(w * x) - y) ** 2 for x, y in data)

    def after(d: Any) -> Callable[[Any], Any]:
        slope = d(cost)

        def trained(rate: Any) -> Any:
            w = 0.5 + 0.0 * rate
            for _ in range(5):
                w = w - rate * slope(w)
            return cost(w)

        return trained

    return derivative(peer, lambda d: d(after(d)), 0.05)


def derivative(peer: str, made: Callable[[Any], Any], x: float) -> Step | None:
    """A call of what `made` makes of a package's own `grad`."""
    if peer == "eager":
        f = made(grad)
        return lambda: f(x)
    if peer == "auto":
        f = compiler.compile(made(grad))
        return lambda: f(x)
    if peer == "torch":
        import torch

        f = made(torch_grad)
        return lambda: f(torch.tensor(x, dtype=torch.float64, requires_grad=True)).item()
    if peer == "jax":
        import jax

        f = jax.jit(made(jax.grad))
        return lambda: float(f(x))
    if peer == "autograd":
        import autograd

        f = made(autograd.grad)
        return lambda: f(x)
    return None


def torch_grad(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """PyTorch's way to a derivative that can be differentiated again."""
    import torch

    return lambda x: torch.autograd.grad(f(x), x, create_graph=True)[0]


def orbit(x: Sequence[Any], m: Any) -> Any:
    """A thousand steps in four numbers."""
    q, p = x[:2], x[2:]
    for _ in range(STEPS):
        p = [p[i] - 0.01 * m.tanh(q[i] + 0.1 * q[1 - i]) for i in range(2)]
        q = [q[i] + 0.01 * p[i] for i in range(2)]
    return q[0] * q[0] + p[1]


def compiled_in_eager(peer: str) -> Step | None:
    """The gradient of log(1 + f(x)²) where f, 1,000 steps in four numbers, is compiled: a node of a function"""
    m, x = functions(peer), [0.3, 0.4, 0.5, 0.6]
    if peer == "jax":
        return orbit_in_jax(x)
    if peer == "torch":
        import torch

        def step() -> Any:
            leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
            torch.log(1.0 + orbit(leaf.unbind(), m) ** 2).backward()
            return leaf.grad

        return step
    if peer == "autograd":
        import autograd
        import autograd.numpy as arrays

        both = autograd.grad(lambda x: arrays.log(1.0 + orbit([x[i] for i in range(4)], m) ** 2))
        return lambda: both(np.array(x))

    def f(x: Any) -> Any:
        return orbit(x, m)

    inner = f if peer == "eager" else compiler.compile(f)
    outer = grad(lambda x: m.log(1.0 + inner(x) ** 2))
    return lambda: outer(x)


def orbit_in_jax(x: Sequence[float]) -> Step:
    """The same by a scan, with `jit` around the steps only: the outer function stays Python."""
    import jax
    import jax.numpy as jnp

    def step(state: Any, _: None) -> Any:
        q, p = state
        p = p - 0.01 * jnp.tanh(q + 0.1 * q[::-1])
        return (q + 0.01 * p, p), None

    @jax.jit
    def f(x: Any) -> Any:
        (q, p), _ = jax.lax.scan(step, (x[:2], x[2:]), None, length=STEPS)
        return q[0] * q[0] + p[1]

    return jax_step(jax.grad(lambda x: jnp.log(1.0 + f(x) ** 2)), jnp.array(x))


def in_parts(peer: str) -> Step | None:
    """A chain of 10,000 steps in 100 parts: ours without `checkpoint`, and with one for each part"""
    if peer not in OURS:
        return None
    m = functions(peer)

    def part(x: Any) -> Any:
        for _ in range(100):
            x = x + 0.001 * m.sin(x)
        return x

    chosen = part if peer == "eager" else checkpoint(part)

    def step() -> float:
        first = x = Value(0.3)
        for _ in range(100):
            x = chosen(x)
        x.backward()
        return first.grad

    return step


WORKLOADS = {f.__name__: f for f in (third, steps_of_training, compiled_in_eager, in_parts)}


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one workload."""
    return {
        "title": WORKLOADS[name].__doc__,
        "entries": compare(WORKLOADS[name], OURS, PEERS, options, seconds=0.05, rounds=11),
    }
