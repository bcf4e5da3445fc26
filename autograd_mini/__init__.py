"""Automatic differentiation of programs written in scalars, small enough to read in an evening.

>>> from autograd_mini import Value, tanh
>>> x, w = Value(2.0, label="x"), Value(0.25, label="w")
>>> y = tanh(w * x + 0.5)
>>> y.backward()
>>> f"{y.data:.4f}, {x.grad:.4f}, {w.grad:.4f}"
'0.7616, 0.1050, 0.8399'

Every name is imported from its module when it is first used, so that importing the package costs next to nothing.
"""
# ruff: noqa: A004, F403, F405

__version__ = "0.2.0"

TYPE_CHECKING = False  # as in `typing`, which would take time to import

# fmt: off
# Without the names that would hide builtins: you can still import abs, compile, pow, round and sum.
__all__ = [
    "Value", "topological_order", "gradients", "no_grad",
    "AutogradError", "StaleGraphError", "ConcurrentSweepError", "NoGraphError",
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt",
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "degrees", "radians", "sinc", "xlogy", "xlog1py", "fma", "ldexp", "fabs",
    "hypot", "norm", "erf", "erfc", "erfcx", "ndtr", "log_ndtr", "gamma", "lgamma", "digamma", "polygamma", "hurwitz",
    "maximum", "minimum", "clamp", "copysign", "floor", "ceil", "prod", "dot", "mean", "cumsum",
    "relu", "leaky_relu", "elu", "softplus", "log_sigmoid", "sigmoid", "silu", "gelu", "hardtanh",
    "logsumexp", "logaddexp", "softmax", "log_softmax", "where", "stop_gradient", "primitive", "elementwise",
    "checkpoint", "RerunError",
    "root", "fixed_point", "ConvergenceError", "solve", "logdet", "condition",
    "grad", "value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp",
    "draw", "explore", "formula", "derivative_formula", "detect_anomaly", "explain", "AnomalyError",
    "gradcheck", "numerical_gradient",
    "Compiled", "BranchChanged", "RetraceError", "TraceError", "NonFiniteError",
    "nn", "check", "compiler",
]
# fmt: on

if TYPE_CHECKING:  # type checkers and editors read this instead of the rest
    from . import check, compiler, nn
    from .check import gradcheck, numerical_gradient
    from .checkpoints import checkpoint
    from .compiler import BranchChanged, Compiled, NonFiniteError, RetraceError, TraceError
    from .compiler import compile as compile
    from .cores import core as core
    from .diagnose import AnomalyError, detect_anomaly, explain
    from .engine import Value
    from .errors import AutogradError, ConcurrentSweepError, NoGraphError, StaleGraphError
    from .function_nodes import RerunError
    from .functions import *
    from .functions import abs as abs
    from .functions import pow as pow
    from .functions import round as round
    from .functions import sum as sum
    from .hooks import no_grad
    from .implicit import ConvergenceError, fixed_point, root
    from .linear import condition, logdet, solve
    from .objects import elementwise
    from .render import derivative_formula, draw, explore, formula
    from .sweep import topological_order
    from .transforms import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp
else:
    _SUBMODULES = ("nn", "check", "compiler")
    # each imports those before it
    _HOMES = (
        "errors",
        "engine",
        "sweep",
        "hooks",
        "function_nodes",
        "functions",
        "objects",
        "checkpoints",
        "linear",
        "implicit",
        "transforms",
        "diagnose",
        "render",
        "check",
        "compiler",
    )

    def __getattr__(name):
        from importlib import import_module

        if name in _SUBMODULES:
            return import_module(f".{name}", __name__)
        if name == "core":  # which engine runs
            return import_module(".cores", __name__).core
        if name in __dir__():
            for home in _HOMES:
                module = import_module(f".{home}", __name__)
                if hasattr(module, name):
                    return globals().setdefault(name, getattr(module, name))
        # With its name and its object Python suggests the nearest name.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=import_module(__name__))

    def __dir__():
        return sorted({*globals(), *__all__, "abs", "compile", "core", "pow", "round", "sum"})
