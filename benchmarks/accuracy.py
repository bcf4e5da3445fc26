"""Slopes at hard points, in units in the last place off the truth: autograd_mini, JAX, PyTorch and HIPS autograd.

    python benchmarks/run.py --only accuracy          # writes benchmarks/accuracy.md

The truth is the derivative at exactly the floats given, by mpmath with a thousand digits and more, two step sizes
agreeing to 50. Every library computes in double precision, on one CPU, with its own function of that name; one that has
no such function, or no slope for it, shows a dash. A peer that is not installed has no column.
"""

import importlib.metadata
import math
import platform
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
from measure import Options

Function = Callable[..., Any]


class Point(NamedTuple):
    """Where a slope is asked for: of which function, at what arguments, of what order, by which argument."""

    function: str
    arguments: tuple[float, ...]
    order: int = 1
    by: int = 0

    def __str__(self) -> str:
        shown = ", ".join(repr(x).removesuffix(".0").replace("e+", "e") for x in self.arguments)
        if len(self.arguments) == 1:
            return f"{self.function}{'′″'[self.order - 1]}({shown})"
        return f"∂{'²' * (self.order == 2)}{'₁₂'[self.by]} {self.function}({shown})"

    def along(self, functions: dict[str, Function]) -> Function:
        """The function of the one argument that varies."""
        f, before, after = functions[self.function], self.arguments[: self.by], self.arguments[self.by + 1 :]
        return lambda x: f(*before, x, *after)


POINTS = [
    # saturation: what is left of 1 must not be found by subtracting from 1
    Point("tanh", (15.0,)),
    Point("tanh", (15.0,), 2),
    Point("tanh", (1e-9,)),
    Point("tanh", (1e-9,), 2),
    Point("sigmoid", (40.0,)),
    Point("sigmoid", (40.0,), 2),
    Point("sigmoid", (-40.0,)),
    Point("sigmoid", (-40.0,), 2),
    Point("softplus", (30.0,)),
    Point("softplus", (40.0,), 2),
    Point("softplus", (-40.0,)),
    Point("softplus", (1000.0,)),
    Point("softplus", (-1000.0,)),
    Point("logsumexp", (1000.0, 1000.0)),
    Point("logsumexp", (1000.0, 1000.0), 2),
    Point("logsumexp", (-700.0, 1.0)),
    Point("erf", (6.0,)),
    Point("erf", (6.0,), 2),
    Point("erfc", (26.0,)),
    Point("erfc", (26.0,), 2),
    Point("gelu", (-10.0,)),
    Point("gelu", (-10.0,), 2),
    Point("gelu", (5.0,), 2),
    Point("silu", (-40.0,)),
    Point("silu", (40.0,), 2),
    # near zero, and near the edge of the domain
    Point("log1p", (1e-12,)),
    Point("log1p", (1e-12,), 2),
    Point("log1p", (-0.9999999999999999,)),
    Point("expm1", (1e-12,)),
    Point("expm1", (-40.0,)),
    Point("atanh", (-0.99999999,)),
    Point("atanh", (-0.99999999,), 2),
    Point("asin", (0.9999999999999999,)),
    Point("asin", (0.99999999,), 2),
    Point("acos", (-0.99999999,)),
    Point("acosh", (1.0000000000000002,)),
    Point("acosh", (1.00000001,), 2),
    Point("cosh", (1e-9,)),
    Point("sinh", (1e-9,), 2),
    Point("tan", (1.5707963267948966,)),
    Point("sqrt", (1e-300,)),
    Point("sqrt", (1e-200,), 2),
    Point("cbrt", (1e-300,)),
    Point("log", (1e-300,)),
    Point("log", (1e-150,), 2),
    Point("pow", (0.0, 2.0)),
    Point("pow", (0.0, 2.0), 1, 1),
    Point("pow", (1e-300, 0.5)),
    Point("pow", (1.0000001, 1e8), 1, 1),
    # large arguments: a square overflows or vanishes on the way
    Point("hypot", (1e200, 1e200)),
    Point("hypot", (1e-200, 1e-200)),
    Point("atan2", (1e200, 1e200)),
    Point("atan2", (1e-200, 1e-200)),
    Point("atan", (1e100,), 2),
    Point("asinh", (1e200,)),
    Point("acosh", (1e200,)),
    Point("divide", (1e200, 1e200), 1, 1),
    # tails of the normal distribution, and the zero of the digamma function
    Point("erfcx", (30.0,)),
    Point("erfcx", (30.0,), 2),
    Point("erfcx", (1e8,)),
    Point("ndtr", (-30.0,)),
    Point("log_ndtr", (-30.0,)),
    Point("log_ndtr", (-30.0,), 2),
    Point("log_ndtr", (-1e4,), 2),
    Point("log_ndtr", (-1e8,)),
    Point("log_ndtr", (30.0,)),
    Point("lgamma", (1.4616321449683622,)),
    Point("lgamma", (1.4616,)),
    Point("lgamma", (1e-10,), 2),
    Point("lgamma", (1e10,), 2),
    Point("lgamma", (-1.5,), 2),
    Point("digamma", (0.5,), 2),
    Point("gamma", (1.4616,)),
    Point("sinc", (1e-3,)),
    Point("sinc", (1e-8,), 2),
    Point("xlogy", (0.0, 0.5)),
    Point("xlogy", (0.0, 0.5), 1, 1),
    Point("xlog1py", (2.0, 1e-20), 1, 1),
    Point("logaddexp", (1000.0, 960.0), 1, 1),
    Point("log_sigmoid", (40.0,)),
    Point("log_sigmoid", (-40.0,), 2),
]

ALLOWED = {1: 4.0, 2: 16.0}
"""A first derivative is a miss beyond four units in the last place, a second one beyond sixteen."""


class Library(NamedTuple):
    """A way to differentiate: its functions by the names above, and the derivative of f at x to an order."""

    title: str
    functions: dict[str, Function]
    derivative: Callable[[Function, float, int], float]


SHARED: dict[str, Function] = {"pow": lambda x, y: x**y, "divide": lambda x, y: x / y}
PLAIN = ["tanh", "sinh", "cosh", "tan", "log", "log1p", "expm1", "sqrt", "hypot"]
"""What every library calls by the same name."""


def functions_of(module: Any, names: Sequence[str], **others: Function) -> dict[str, Function]:
    """The operators, the functions that `module` has under `names`, and the `others`."""
    return SHARED | _among(module, names) | others


def _among(module: Any, names: Sequence[str]) -> dict[str, Function]:
    return {name: getattr(module, name) for name in names if hasattr(module, name)}


# ---- the truth ----


def mpmath_functions() -> dict[str, Function]:
    """Every function, to as many digits as asked for."""
    return functions_of(
        mpmath,
        [*PLAIN, "erf", "erfc", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "cbrt"],
        sigmoid=lambda x: 1 / (1 + mpmath.exp(-x)),
        softplus=lambda x: mpmath.log(1 + mpmath.exp(x)),
        logsumexp=lambda *xs: mpmath.log(mpmath.fsum(map(mpmath.exp, xs))),
        gelu=lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
        silu=lambda x: x / (1 + mpmath.exp(-x)),
        erfcx=lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
        ndtr=lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
        log_ndtr=lambda x: mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2),
        lgamma=lambda x: mpmath.log(abs(mpmath.gamma(x))),
        digamma=lambda x: mpmath.psi(0, x),
        gamma=mpmath.gamma,
        sinc=lambda x: mpmath.sin(mpmath.pi * x) / (mpmath.pi * x),
        xlogy=lambda x, y: x * mpmath.log(y),
        xlog1py=lambda x, y: x * mpmath.log(1 + y),
        logaddexp=lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
        log_sigmoid=lambda x: -mpmath.log(1 + mpmath.exp(-x)),
    )


def true_slope(point: Point) -> Any:
    """The derivative, to 50 digits at least."""

    def slope(digits: int) -> Any:
        with mpmath.workdps(digits):
            x = mpmath.mpf(point.arguments[point.by])
            return mpmath.diff(point.along(mpmath_functions()), x, point.order, relative=x != 0)

    fine, finer = slope(1000), slope(1500)
    with mpmath.workdps(60):
        if abs(fine - finer) > abs(finer) * mpmath.mpf(10) ** -50:
            raise ArithmeticError(f"mpmath is not sure of {point}: {fine} and {finer}")
    return finer


def error_in_ulp(got: float, truth: Any) -> float:
    """How many units in the last place `got` is off: inf for a nan, or where only one of the two is infinite."""
    nearest = float(truth)
    if got == nearest:
        return 0.0
    if not (math.isfinite(got) and math.isfinite(nearest)):
        return math.inf
    with mpmath.workdps(60):
        return float(abs(mpmath.mpf(got) - truth) / math.ulp(nearest))


# ---- the libraries ----


def autograd_mini() -> Library:
    """This package."""
    from autograd_mini import __version__, functions, grad

    def derivative(f: Function, x: float, order: int) -> float:
        for _ in range(order):
            f = grad(f)
        return float(f(x))

    names = [*PLAIN, "erf", "erfc", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "cbrt"]
    names += ["sigmoid", "softplus", "gelu", "silu", "erfcx", "ndtr", "log_ndtr", "lgamma", "digamma", "gamma"]
    names += ["sinc", "xlogy", "xlog1py", "logaddexp", "log_sigmoid"]
    ours = functions_of(functions, names, logsumexp=lambda *xs: functions.logsumexp(xs))
    return Library(f"autograd_mini {__version__}", ours, derivative)


def jax() -> Library:
    """JAX with 64 bits, on the CPU."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def derivative(f: Function, x: float, order: int) -> float:
        for _ in range(order):
            f = jax.grad(f)
        return float(f(x))

    theirs = functions_of(
        jnp,
        [*PLAIN, "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "cbrt", "sinc", "logaddexp"],
        **_among(jax.scipy.special, ["erfcx", "ndtr", "log_ndtr", "digamma", "gamma", "xlogy", "xlog1py"]),
        lgamma=jax.scipy.special.gammaln,
        log_sigmoid=jax.nn.log_sigmoid,
        erf=jax.scipy.special.erf,
        erfc=jax.scipy.special.erfc,
        sigmoid=jax.nn.sigmoid,
        softplus=jax.nn.softplus,
        silu=jax.nn.silu,
        gelu=lambda x: jax.nn.gelu(x, approximate=False),
        logsumexp=lambda *xs: jax.nn.logsumexp(jnp.stack([jnp.asarray(x) for x in xs])),
    )
    return Library(f"JAX {jax.__version__}", theirs, derivative)


def pytorch() -> Library:
    """PyTorch's `autograd` on float64 tensors."""
    import torch

    def derivative(f: Function, x: float, order: int) -> float:
        at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        z = f(at)
        for _ in range(order):
            (z,) = torch.autograd.grad(z, at, create_graph=True)
        return float(z)

    def on_tensors(f: Function) -> Function:
        return lambda *xs: f(*(torch.as_tensor(x, dtype=torch.float64) for x in xs))

    theirs = functions_of(
        torch,
        [*PLAIN, "erf", "erfc", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "sigmoid"],
        **_among(torch.special, ["erfcx", "ndtr", "log_ndtr", "digamma", "sinc", "xlogy", "xlog1py"]),
        lgamma=torch.lgamma,
        logaddexp=torch.logaddexp,
        log_sigmoid=torch.nn.functional.logsigmoid,
        softplus=torch.nn.functional.softplus,
        silu=torch.nn.functional.silu,
        gelu=torch.nn.functional.gelu,
        logsumexp=lambda *xs: torch.logsumexp(torch.stack(xs), 0),
    )
    return Library(f"PyTorch {torch.__version__}", {name: on_tensors(f) for name, f in theirs.items()}, derivative)


def hips() -> Library:
    """HIPS autograd, over NumPy and SciPy."""
    import autograd
    import autograd.numpy as np
    import autograd.scipy.special as special
    from autograd.scipy.stats import norm

    def derivative(f: Function, x: float, order: int) -> float:
        for _ in range(order):
            f = autograd.grad(f)
        return float(f(np.float64(x)))

    def on_numpy(f: Function) -> Function:
        return lambda *xs: f(*(np.float64(x) if isinstance(x, float) else x for x in xs))

    theirs = functions_of(
        np,
        PLAIN,
        **{name.replace("arc", "a"): getattr(np, name) for name in ("arcsin", "arccos", "arctan", "arctan2")},
        **{name.replace("arc", "a"): getattr(np, name) for name in ("arcsinh", "arccosh", "arctanh")},
        erf=special.erf,
        erfc=special.erfc,
        sigmoid=special.expit,
        softplus=lambda x: np.logaddexp(0.0, x),
        lgamma=special.gammaln,
        digamma=special.psi,
        gamma=special.gamma,
        ndtr=norm.cdf,
        log_ndtr=norm.logcdf,
        sinc=np.sinc,
        logaddexp=np.logaddexp,
        logsumexp=lambda *xs: special.logsumexp(np.array(xs)),
    )
    theirs = {name: on_numpy(f) for name, f in theirs.items()}
    return Library(f"HIPS autograd {importlib.metadata.version('autograd')}", theirs, derivative)


LIBRARIES = {"eager": autograd_mini, "jax": jax, "torch": pytorch, "autograd": hips}


def installed() -> dict[str, Library]:
    """This package, and those of the peers that are here."""
    libraries = {}
    for name, library in LIBRARIES.items():
        try:
            libraries[name] = library()
        except ModuleNotFoundError as missing:
            print(f"no column for {name}: {missing}", file=sys.stderr)
    return libraries


# ---- the table ----


def slope(library: Library, point: Point) -> float | None:
    """What the library says, None where it has no such function or no slope for it."""
    if point.function not in library.functions:
        return None
    try:
        return library.derivative(point.along(library.functions), point.arguments[point.by], point.order)
    except NotImplementedError:
        return None


def cell(got: float | None, truth: Any, order: int) -> tuple[str, bool]:
    """The error to show, and whether it is a miss."""
    if got is None:
        return "–", False
    error = error_in_ulp(got, truth)
    if error <= ALLOWED[order]:
        return f"{error:.1f}", False
    return f"**{error:.1e}**" if error < math.inf else f"**{got}**", True


def table(libraries: Mapping[str, Library]) -> tuple[list[str], dict[str, dict[str, int]]]:
    """The Markdown table, and of each library how many slopes it missed of those that it has."""
    lines = [
        "| slope | truth | " + " | ".join(library.title for library in libraries.values()) + " |",
        "|---|---|" + "---:|" * len(libraries),
    ]
    counts = {name: {"missed": 0, "of": 0} for name in libraries}
    for point in POINTS:
        truth = true_slope(point)
        row = [f"{point}", mpmath.nstr(truth, 6)]
        for name, library in libraries.items():
            got = slope(library, point)
            text, miss = cell(got, truth, point.order)
            row.append(text)
            counts[name]["of"] += got is not None
            counts[name]["missed"] += miss
        lines.append(f"| {' | '.join(row)} |")
    misses = " | ".join(f"**{count['missed']} of {count['of']}**" for count in counts.values())
    return [*lines, f"| missed | | {misses} |"], counts


WORKLOADS = ("points",)


def measure(_: str, options: Options) -> dict[str, Any]:
    """How many slopes each library misses, and accuracy.md beside this file, if results are kept."""
    warnings.simplefilter("ignore")  # NumPy's, of the overflows that the table is about
    lines, counts = table(installed())
    text = [
        "# Slopes at hard points",
        "",
        "Errors in units in the last place against mpmath at 50 digits. Bold is a miss: a first derivative more than"
        f" {ALLOWED[1]:g} ulp off, a second one more than {ALLOWED[2]:g}. A dash: no such function or no slope for it."
        " Written by `python benchmarks/run.py --only accuracy` with"
        f" Python {platform.python_version()} on {platform.machine()}, mpmath {mpmath.__version__}.",
        "",
        *lines,
    ]
    if not options.quick and options.peers is None:
        Path(__file__).with_suffix(".md").write_text("\n".join(text) + "\n", encoding="utf-8")
    return {"title": "Hard points", "entries": counts}
