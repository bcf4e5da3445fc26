"""The same bits in every run

The gradient of a sum of 200 terms that share their operands, in six processes with six hash seeds: is it the same
number, to the last bit?
"""

from typing import Any

from benchmarks.features.common import python

TERMS = 200


def total(x: Any, y: Any) -> Any:
    """A graph of which the parts may be visited in many orders."""
    parts = [x * 0.1, y * 0.3]
    for i in range(TERMS):
        parts.append(parts[i // 2] * parts[(7 * i + 3) % len(parts)] * 0.1 + 0.01 * (i % 7) + parts[-1] * x)
    return sum(parts)


SWEEPS = {
    "autograd_mini": """
from autograd_mini import Value
x, y = Value(0.3), Value(0.7)
total(x, y).backward()
print(x.grad.hex())""",
    "micrograd": """
from micrograd.engine import Value
x, y = Value(0.3), Value(0.7)
total(x, y).backward()
print(x.grad.hex())""",
    "hips": """
from autograd import grad
print(float(grad(total)(0.3, 0.7)).hex())""",
    "torch": """
import torch
x, y = torch.tensor(0.3, dtype=torch.float64, requires_grad=True), torch.tensor(0.7, dtype=torch.float64)
total(x, y).backward()
print(x.grad.item().hex())""",
    "jax": """
import jax
jax.config.update("jax_enable_x64", True)
print(float(jax.grad(total)(0.3, 0.7)).hex())""",
    "casadi": """
import casadi as ca
x, y = ca.SX.sym("x"), ca.SX.sym("y")
print(float(ca.Function("slope", [x, y], [ca.gradient(total(x, y), x)])(0.3, 0.7)).hex())""",
    "mygrad": """
import mygrad as mg
x, y = mg.tensor(0.3), mg.tensor(0.7)
total(x, y).backward()
print(float(x.grad).hex())""",
}


def gradients(package: str) -> list[str]:
    """The gradient of each run."""
    program = f"from benchmarks.features.same_bits_twice import total{SWEEPS[package]}"
    return [python(program, PYTHONHASHSEED=str(seed)).decode().strip() for seed in range(6)]


def autograd_mini() -> Any:
    return gradients("autograd_mini")


def micrograd() -> Any:
    return gradients("micrograd")


def hips() -> Any:
    return gradients("hips")


def torch() -> Any:
    return gradients("torch")


def jax() -> Any:
    return gradients("jax")


def casadi() -> Any:
    return gradients("casadi")


def mygrad() -> Any:
    return gradients("mygrad")


def judge(got: Any) -> str:
    return "yes" if len(set(got)) == 1 else "no"
