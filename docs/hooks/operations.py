"""The page of operations, made of the table of rules: formula, slopes, domain, kinks and a plot of each function."""

import io
import math
import re
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from mkdocs.structure.files import File, Files

import autograd_mini as ag
from autograd_mini.render.formula import derivative_formula, formula
from autograd_mini.rules import RULES

BLUE, ORANGE, GREY = "#2563eb", "#ea580c", "#94a3b8"
GROUPS = {
    "Arithmetic": ["x + y", "x - y", "x * y", "x / y", "x**n", "-x", "abs(x)"],
    "Exponentials, logarithms and roots": [
        "exp(x)", "expm1(x)", "exp2(x)", "log(x)", "log1p(x)", "log2(x)", "log10(x)", "sqrt(x)", "cbrt(x)", "pow(x, n)",
    ],
    "Trigonometric functions": ["sin(x)", "cos(x)", "tan(x)", "asin(x)", "acos(x)", "atan(x)", "atan2(y, x)", "hypot(x, y)"],
    "Hyperbolic functions": ["sinh(x)", "cosh(x)", "tanh(x)", "asinh(x)", "acosh(x)", "atanh(x)"],
    "Error functions": ["erf(x)", "erfc(x)"],
    "Choices and steps": [
        "maximum(x, y)", "minimum(x, y)", "clamp(x, lo, hi)", "copysign(x, y)", "where(c, x, y)",
        "floor(x)", "ceil(x)", "round(x)",
    ],
    "Sums and products": ["sum([x, y])", "mean([x, y])", "prod([x, y])", "dot([x, y], [v, w])"],
    "Of neural networks": [
        "relu(x)", "leaky_relu(x, a)", "elu(x, a)", "softplus(x)", "sigmoid(x)", "silu(x)", "gelu(x)", "hardtanh(x)",
        "logsumexp([x, y])", "softmax([x, y])[0]", "log_softmax([x, y])[0]",
    ],
}  # fmt: skip
NUMBERS = {"x": 0.6, "y": 0.8, "n": 3.0, "v": 0.5, "w": -1.5, "lo": -1.0, "hi": 1.0, "a": 0.5, "c": 1.0}
AT = {"acosh(x)": 1.6}  # where the formulas are read, if 0.6 is outside the domain
