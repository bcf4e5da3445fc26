"""Time to import

The median of five fresh processes that import the package, minus the median of five that import nothing. The import
includes everything needed for a first gradient. The figure is for this machine.
"""

import statistics
import tempfile
import time
from typing import Any

from benchmarks.features.common import python

SECONDS = 300.0  # of twelve processes, on a busy machine


def seconds(program: str) -> float:
    """The median time of processes that run a program, above those that run none; bytecode is kept, as by pip."""
    times: dict[str, list[float]] = {program: [], "": []}
    with tempfile.TemporaryDirectory() as folder:
        python(program, PYTHONPYCACHEPREFIX=folder, PYTHONDONTWRITEBYTECODE="")
        for _ in range(5):
            for text, found in times.items():
                start = time.perf_counter()
                python(text, PYTHONPYCACHEPREFIX=folder, PYTHONDONTWRITEBYTECODE="")
                found.append(time.perf_counter() - start)
    return max(0.0, statistics.median(times[program]) - statistics.median(times[""]))


def autograd_mini() -> Any:
    return seconds("from autograd_mini import Value")


def micrograd() -> Any:
    return seconds("from micrograd.engine import Value")


def hips() -> Any:
    return seconds("import autograd.numpy; from autograd import grad")


def torch() -> Any:
    return seconds("import torch")


def jax() -> Any:
    return seconds("import jax, jax.numpy")


def casadi() -> Any:
    return seconds("import casadi")


def mygrad() -> Any:
    return seconds("import mygrad")


def figure(got: Any) -> str:
    return f"{got:.1f} s" if got >= 1.0 else f"{1000.0 * got:.0f} ms" if got >= 0.001 else "< 1 ms"
