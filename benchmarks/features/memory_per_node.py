"""Memory for each operation

How much a process grows while x ← (x − 1)·x runs 100,000 times on one number and is kept for the backward pass,
divided by the 200,000 operations. JAX uses `lax.scan`, because its users would not unroll such a loop.
"""

from typing import Any

from benchmarks.features.common import python

STEPS = 100_000
LOOP = f"""
for _ in range({STEPS}):
    x = (x - 1.0) * x
"""


def octets(before: str, build: str) -> float:
    """Bytes for each operation that `build` makes after `before`."""
    program = f"""
import gc, os
def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
{before}
start = resident()
{build}
print((resident() - start) / {2 * STEPS})"""
    return float(python(program))


def autograd_mini() -> Any:
    return octets("from autograd_mini import Value\nx = Value(0.5)", LOOP)


def micrograd() -> Any:
    return octets("from micrograd.engine import Value\nx = Value(0.5)", LOOP)


def hips() -> Any:
    return octets(
        "from autograd import make_vjp",
        f"""
def f(x):
{LOOP.replace(chr(10), chr(10) + "    ")}
    return x
pullback, _ = make_vjp(f)(0.5)""",
    )


def torch() -> Any:
    return octets("import torch\nx = torch.tensor(0.5, requires_grad=True)\ny = (x - 1.0) * x", LOOP)


def jax() -> Any:
    return octets(
        """
import jax
jax.config.update("jax_enable_x64", True)
def f(x, steps):
    return jax.lax.scan(lambda x, _: ((x - 1.0) * x, None), x, length=steps)[0]
jax.vjp(lambda x: f(x, 10), 0.5)""",
        f"_, pullback = jax.vjp(lambda x: f(x, {STEPS}), 0.5)",
    )


def casadi() -> Any:
    return octets("import casadi as ca\nx = ca.SX.sym('x')", LOOP)


def mygrad() -> Any:
    return octets("import mygrad as mg\nx = mg.tensor(0.5)", LOOP)


def figure(got: Any) -> str:
    return f"{got:.2g} B" if got < 100 else f"{got:.0f} B"
