"""Graphics cards

Not run, because the machine has no graphics card. The answers come from the documentation of the packages.
"""

from typing import Any

from benchmarks.features.common import Absent, Documented


def autograd_mini() -> Any:
    raise Absent("it computes on the processor")


def micrograd() -> Any:
    raise Absent("it computes on the processor")


def hips() -> Any:
    raise Absent("it computes on the processor, in NumPy")


def torch() -> Any:
    return Documented(
        "yes", "CUDA, ROCm, XPU and MPS devices.", "https://docs.pytorch.org/docs/stable/accelerator.html"
    )


def jax() -> Any:
    return Documented("yes", "GPUs and TPUs.", "https://docs.jax.dev/en/latest/installation.html")


def casadi() -> Any:
    raise Absent("it computes on the processor")


def mygrad() -> Any:
    raise Absent("it computes on the processor, in NumPy")


def judge(got: Any) -> str:
    return str(got)
