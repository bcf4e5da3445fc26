"""A compiled function, sent to another process

exp(−x)·sin x and its slope, compiled here, stored as bytes, and run in a process without the function's source.
"""

import io
import math
import pickle
from typing import Any

from benchmarks.features.common import Absent, Using, python, right


def autograd_mini() -> Any:
    import autograd_mini as ag

    compiled = ag.compile(lambda x: ag.exp(-x) * ag.sin(x))
    compiled.value_and_grad(1.0)
    return elsewhere("import pickle; print(pickle.load(file).value_and_grad(0.5))", pickle.dumps(compiled))


def micrograd() -> Any:
    raise Absent("there is no compiler")


def hips() -> Any:
    raise Absent("there is no compiler")


def torch() -> Any:
    import torch

    class Wave(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.exp(-x) * torch.sin(x)

    file = io.BytesIO()
    torch.export.save(torch.export.export(Wave(), (torch.tensor(1.0),)), file)
    program = """
import torch
x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
y = torch.export.load(file).module()(x)
y.backward()
print((y.item(), x.grad.item()))"""
    return elsewhere(program, file.getvalue())


def jax() -> Any:
    import jax
    import jax.export
    import jax.numpy as jnp

    compiled = jax.jit(jax.value_and_grad(lambda x: jnp.exp(-x) * jnp.sin(x)))
    program = """
import jax, jax.export
jax.config.update("jax_enable_x64", True)
print(tuple(float(x) for x in jax.export.deserialize(bytearray(file.read())).call(jax.numpy.float64(0.5))))"""
    stored = bytes(jax.export.export(compiled)(jnp.float64(1.0)).serialize())
    return Using(elsewhere(program, stored), "flatbuffers")


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    z = ca.exp(-x) * ca.sin(x)
    compiled = ca.Function("wave", [x], [z, ca.gradient(z, x)])
    return elsewhere("import pickle; print(tuple(map(float, pickle.load(file)(0.5))))", pickle.dumps(compiled))


def mygrad() -> Any:
    raise Absent("there is no compiler")


def elsewhere(program: str, stored: bytes) -> Any:
    """What a program prints that reads the bytes from `file`."""
    start = "import io, sys; file = io.BytesIO(sys.stdin.buffer.read())\n"
    return tuple(map(float, python(start + program, stdin=stored).decode().splitlines()[-1].strip("()").split(",")))


def judge(got: Any) -> str:
    e = math.exp(-0.5)
    return right(got, [e * math.sin(0.5), e * (math.cos(0.5) - math.sin(0.5))])
