"""What checkers of gradients say: ours, PyTorch's, HIPS autograd's and JAX's, and numdifftools as a witness.

Slopes: each function has its value right and its slope wrong by a factor, given to each checker as its package's users
give their own derivatives. All have the same functions, factors and points; an entry is the share of points at which
the slope passes. numdifftools has differences and no check: its derivative is compared by NumPy's `isclose`.

Kinks: a function with the slope that its package has for it, at a point where it has a kink, an end or a pole.
"""

import math
import random
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from measure import Options, said, short
from peers import functions

import autograd_mini as am
from autograd_mini.check import gradcheck

WORKLOADS = ("slopes", "kinks")
FACTORS = (1.0, 1.000001, 1.0001, 1.0005, 1.01)
POINTS = 50


class Case(NamedTuple):
    """A function with its slope, and where to try it; `m` has exp, sin, cos, tanh and log."""

    name: str
    value: Callable[[Any, Any], Any]
    slope: Callable[[Any, Any], Any]
    interval: tuple[float, float]


CASES = (
    Case("exp(x)", lambda x, m: m.exp(x), lambda x, m: m.exp(x), (-3.0, 3.0)),
    Case("sin(x)", lambda x, m: m.sin(x), lambda x, m: m.cos(x), (-3.0, 3.0)),
    Case("tanh(x)", lambda x, m: m.tanh(x), lambda x, m: 1.0 - m.tanh(x) ** 2, (-3.0, 3.0)),
    Case("log(x)", lambda x, m: m.log(x), lambda x, m: 1.0 / x, (0.1, 3.0)),
    Case("x² / 2", lambda x, m: 0.5 * x * x, lambda x, m: 1.0 * x, (-3.0, 3.0)),
    Case("1e-4·sin(x)", lambda x, m: 1e-4 * m.sin(x), lambda x, m: 1e-4 * m.cos(x), (-3.0, 3.0)),
    Case("exp(x), x ≈ 20", lambda x, m: m.exp(x), lambda x, m: m.exp(x), (19.0, 21.0)),
    Case("log(x), x ≈ 1e-7", lambda x, m: m.log(x), lambda x, m: 1.0 / x, (0.5e-7, 2e-7)),
    Case("sin(1000·x)", lambda x, m: m.sin(1e3 * x), lambda x, m: 1e3 * m.cos(1e3 * x), (-3.0, 3.0)),
)

KINKS: dict[str, tuple[Callable[[Any, Any], Any], float]] = {
    "abs(x) at 0": (lambda x, m: abs(x), 0.0),
    "relu(x) at 0": (lambda x, m: m.relu(x), 0.0),
    "sqrt(x) at 0": (lambda x, m: m.sqrt(x), 0.0),
    "sqrt(x) at 1e-9": (lambda x, m: m.sqrt(x), 1e-9),
    "log(x) at 1e-300": (lambda x, m: m.log(x), 1e-300),
    "x² at 0": (lambda x, m: x**2, 0.0),
    "exp(x) at 700": (lambda x, m: m.exp(x), 700.0),
}

Verdict = Callable[[float], str]
"""What a checker says of a function at a point: "passes", or something else."""


def passes(check: Callable[[], Any]) -> str:
    """The verdict of a check that raises where it fails."""
    try:
        return "passes" if check() is not False else "fails"
    except Exception as error:  # noqa: BLE001 - what it says
        return said(error)


# ---- the checkers: of a function with a slope of its own, and of a function as it is ----


def ours(value: Callable[[Any, Any], Any], slope: Callable[[Any, Any], Any] | None) -> Verdict:
    """`autograd_mini.gradcheck`, in its own words."""
    if slope is None:
        return lambda x: str(gradcheck(lambda x: value(x, am), x).components[0].verdict)
    f = am.primitive(lambda m, z, x: slope(x, math))(lambda x: float(value(x, math)))

    def verdict(x: float) -> str:
        found = gradcheck(f, x).components[0].verdict
        return "passes" if found == "right" else str(found)

    return verdict


def torch(value: Callable[[Any, Any], Any], slope: Callable[[Any, Any], Any] | None) -> Verdict:
    """`torch.autograd.gradcheck` with its defaults."""
    m = functions("torch")

    class Function(m.autograd.Function):  # type: ignore[name-defined, misc]
        """The function with the slope."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return value(x, m)

        @staticmethod
        def backward(ctx: Any, adjoint: Any) -> Any:
            assert slope is not None
            return adjoint * slope(ctx.saved_tensors[0], m)

    f = Function.apply if slope else lambda x: value(x, m)
    return lambda x: passes(
        lambda: m.autograd.gradcheck(f, m.tensor(x, dtype=m.float64, requires_grad=True), raise_exception=slope is None)
    )


def jax(value: Callable[[Any, Any], Any], slope: Callable[[Any, Any], Any] | None) -> Verdict:
    """`jax.test_util.check_grads` in reverse mode, with its defaults."""
    import jax
    from jax.test_util import check_grads

    m = functions("jax")
    m.cos = jax.numpy.cos
    f = lambda x: value(x, m)  # noqa: E731
    if slope:
        f = jax.custom_vjp(f)
        f.defvjp(lambda x: (value(x, m), x), lambda x, adjoint: (adjoint * slope(x, m),))
    return lambda x: passes(lambda: check_grads(f, (jax.numpy.asarray(x),), order=1, modes=["rev"]))


def autograd(value: Callable[[Any, Any], Any], slope: Callable[[Any, Any], Any] | None) -> Verdict:
    """`autograd.test_util.check_grads` in reverse mode, with its defaults."""
    import autograd.numpy
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    m = functions("autograd")
    if slope:
        f = primitive(lambda x: value(x, np))
        defvjp(f, lambda z, x: lambda adjoint: adjoint * slope(x, autograd.numpy))
    else:
        f = lambda x: value(x, m)  # noqa: E731

    def verdict(x: float) -> str:
        np.random.seed(0)  # noqa: NPY002 - the one that it draws its directions from
        return passes(lambda: check_grads(f, modes=["rev"], order=1)(x))

    return verdict


def numdifftools(value: Callable[[Any, Any], Any], slope: Callable[[Any, Any], Any] | None) -> Verdict:
    """`numdifftools.Derivative` with its defaults, beside the slope by `numpy.isclose`."""
    import numdifftools

    m = SimpleNamespace(**vars(np), relu=lambda x: np.maximum(x, 0.0))
    derivative = numdifftools.Derivative(lambda x: value(x, m))
    if slope is None:
        return lambda x: f"{float(derivative(x)):.6g}"
    return lambda x: passes(lambda: bool(np.isclose(slope(x, np), derivative(x))))


CHECKERS = {"eager": ours, "torch": torch, "jax": jax, "autograd": autograd, "numdifftools": numdifftools}


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of each checker."""
    entries: dict[str, Any] = {}
    for peer, checker in CHECKERS.items():
        if peer == "eager" or options.chosen(peer):
            try:
                entries[peer] = (slopes if name == "slopes" else kinks)(checker, 5 if options.quick else POINTS)
            except ImportError as error:
                entries[peer] = {"failed": f"not installed ({error})"}
    return {"title": name, "entries": entries}


def scaled(slope: Callable[[Any, Any], Any], factor: float, x: Any, m: Any) -> Any:
    """A slope that is wrong by a factor."""
    return factor * slope(x, m)


def slopes(checker: Callable[..., Verdict], points: int) -> dict[str, Any]:
    """The share of points that pass and of those where it is undecided, and the time of a check."""
    shares: dict[str, list[Any]] = {}
    begin = time.process_time()
    for case in CASES:
        shares[case.name] = []
        for factor in FACTORS:
            verdict = checker(case.value, partial(scaled, case.slope, factor))
            rng = random.Random(case.name)
            found = [verdict(rng.uniform(*case.interval)) for _ in range(points)]
            shares[case.name].append([found.count("passes") / points, found.count("inconclusive") / points])
    seconds = (time.process_time() - begin) / (len(CASES) * len(FACTORS) * points)
    return {"factors": FACTORS, "passed": shares, "seconds": [short(seconds)] * 3}


def kinks(checker: Callable[..., Verdict], _: int) -> dict[str, Any]:
    """What it says at each."""
    with np.errstate(all="ignore"):
        return {"says": {name: checker(f, None)(x) for name, (f, x) in KINKS.items()}}
