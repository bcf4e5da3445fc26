"""Checks of gradients: differences with error bars, the complex step, and strategies for hypothesis.

>>> from autograd_mini import tanh
>>> bool(gradcheck(lambda x, y: tanh(x) * y, 0.5, 2.0))
True

`autograd_mini.check.strategies` is imported on first use, because it needs hypothesis.
"""

from typing import Any

from .checker import gradcheck
from .complexstep import complex_step
from .numerical import NumericalGradient, Slope, derivative, numerical_gradient
from .report import Component, Culprit, GradcheckError, GradcheckReport

__all__ = [
    "gradcheck", "GradcheckReport", "GradcheckError", "Component", "Culprit",
    "numerical_gradient", "NumericalGradient", "derivative", "Slope", "complex_step",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "strategies":
        from importlib import import_module

        return import_module(".strategies", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
