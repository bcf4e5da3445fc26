"""C code without dependencies

exp(−x)·sin x and its slope as a C file that compiles without any library of the package, for a device
that has no Python.
"""

import ctypes
import math
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.features.common import Absent, Documented, right


def autograd_mini() -> Any:
    from autograd_mini import compiler, exp, sin

    with tempfile.TemporaryDirectory() as folder:
        compiler.compile(lambda x: exp(-x) * sin(x)).to_c(f"{folder}/wave", 0.5)
        subprocess.run(["cc", "-shared", "-fPIC", "wave.c", "-o", "wave.so", "-lm"], cwd=folder, check=True)
        library = ctypes.CDLL(f"{folder}/wave.so")
    x, y, slope = (ctypes.c_double * 1)(0.5), (ctypes.c_double * 1)(), (ctypes.c_double * 1)()
    library.wave_value(x, y)
    library.wave_gradient(x, slope)
    return y[0], slope[0]


def micrograd() -> Any:
    raise Absent("there is no compiler")


def hips() -> Any:
    raise Absent("there is no compiler")


def torch() -> Any:
    return Documented(
        "partly",
        "AOTInductor writes C++ that is linked with PyTorch's own library.",
        "https://docs.pytorch.org/docs/stable/torch.compiler_aot_inductor.html",
    )


def jax() -> Any:
    return Documented(
        "no",
        "jax.export writes StableHLO, which XLA or another of its compilers has to run.",
        "https://docs.jax.dev/en/latest/jax.export.html",
    )


def casadi() -> Any:
    import casadi as ca

    x = ca.SX.sym("x")
    z = ca.exp(-x) * ca.sin(x)
    with tempfile.TemporaryDirectory() as folder:
        ca.Function("wave", [x], [z, ca.gradient(z, x)]).generate("wave.c", {"verbose": False})
        Path("wave.c").rename(f"{folder}/wave.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", f"{folder}/wave.so", f"{folder}/wave.c", "-lm"], check=True)
        return called(ctypes.CDLL(f"{folder}/wave.so"))


def called(library: Any) -> Any:
    """The value and the slope at 0.5, from the library alone."""
    x, y, slope = (ctypes.c_double(number) for number in (0.5, 0.0, 0.0))
    inputs = (ctypes.POINTER(ctypes.c_double) * 1)(ctypes.pointer(x))
    results = (ctypes.POINTER(ctypes.c_double) * 2)(ctypes.pointer(y), ctypes.pointer(slope))
    library.wave(inputs, results, (ctypes.c_longlong * 8)(), (ctypes.c_double * 64)(), 0)
    return y.value, slope.value


def mygrad() -> Any:
    raise Absent("there is no compiler")


def judge(got: Any) -> str:
    e = math.exp(-0.5)
    return right(got, [e * math.sin(0.5), e * (math.cos(0.5) - math.sin(0.5))])
