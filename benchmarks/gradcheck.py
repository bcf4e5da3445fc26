"""Our verdicts on gradients that are a little wrong, beside those of torch.autograd.gradcheck with its defaults.

    pip install autograd_mini[test,bench]
    python benchmarks/gradcheck.py

Every function has its value right and its slope wrong by the factor in the heading.  The points are drawn at random in
the interval named; both check the same slopes at the same points in double precision.
"""

import math
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from autograd_mini import primitive
from autograd_mini.check import gradcheck

FACTORS = (1.0, 1.000001, 1.00001, 1.0001, 1.0005, 1.01)
POINTS = 200


class Case(NamedTuple):
    """A function with its slope, and where to try it; `of` has them from math or torch."""

    name: str
    value: Callable[[Any], Callable[[Any], Any]]
    slope: Callable[[Any], Callable[[Any], Any]]
    interval: tuple[float, float]


CASES = [
    Case("exp(x)", lambda m: m.exp, lambda m: m.exp, (-3.0, 3.0)),
    Case("sin(x)", lambda m: m.sin, lambda m: m.cos, (-3.0, 3.0)),
    Case("tanh(x)", lambda m: m.tanh, lambda m: lambda x: 1.0 - m.tanh(x) ** 2, (-3.0, 3.0)),
    Case("log(x)", lambda m: m.log, lambda m: lambda x: 1.0 / x, (0.1, 3.0)),
    Case("x² / 2", lambda m: lambda x: 0.5 * x * x, lambda m: lambda x: x, (-3.0, 3.0)),
    Case("1e-4·sin(x)", lambda m: lambda x: 1e-4 * m.sin(x), lambda m: lambda x: 1e-4 * m.cos(x), (-3.0, 3.0)),
    Case("exp(x), x ≈ 20", lambda m: m.exp, lambda m: m.exp, (19.0, 21.0)),
    Case("log(x), x ≈ 1e-7", lambda m: m.log, lambda m: lambda x: 1.0 / x, (0.5e-7, 2e-7)),
    Case("sin(1000·x)", lambda m: lambda x: m.sin(1e3 * x), lambda m: lambda x: 1e3 * m.cos(1e3 * x), (-3.0, 3.0)),
]


def ours(case: Case, factor: float) -> Callable[[float], bool | None]:
    """Whether our check lets the slope pass; None where it is inconclusive."""
    value, slope = case.value(math), case.slope(math)

    @primitive(lambda m, z, x: factor * slope(x))
    def f(x: float) -> float:
        return float(value(x))

    def verdict(x: float) -> bool | None:
        report = gradcheck(f, x)
        return None if not report and not report.wrong else bool(report)

    return verdict


def theirs(case: Case, factor: float) -> Callable[[float], bool | None]:
    """Whether torch's check lets it pass."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return case.value(torch)(x)

        @staticmethod
        def backward(ctx: Any, adjoint: Any) -> Any:
            (x,) = ctx.saved_tensors
            return adjoint * factor * case.slope(torch)(x)

    def verdict(x: float) -> bool | None:
        variable = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        return bool(torch.autograd.gradcheck(Function.apply, variable, raise_exception=False))

    return verdict


def passed(verdict: Callable[[float], bool | None], case: Case) -> str:
    """How many of the points pass, and how many are inconclusive if any are."""
    rng = random.Random(case.name)
    found = [verdict(rng.uniform(*case.interval)) for _ in range(POINTS)]
    unknown = found.count(None)
    return f"{100 * found.count(True) / POINTS:.0f} %" + (
        f" ({100 * unknown / POINTS:.0f} % unknown)" if unknown else ""
    )


def main() -> None:
    """Measure and print."""
    print(
        f"The share of {POINTS} points at which a slope passes that is wrong by a factor. torch {torch.__version__}.\n"
    )
    print("| function | check |", " | ".join("right" if k == 1.0 else f"× {k!r}" for k in FACTORS), "| ms |")
    print("|---|---|" + "---|" * (len(FACTORS) + 1))
    for case in CASES:
        for name, check in (("torch", theirs), ("ours", ours)):
            start = time.perf_counter()
            cells = [passed(check(case, factor), case) for factor in FACTORS]
            seconds = (time.perf_counter() - start) / (POINTS * len(FACTORS))
            print(f"| {case.name} | {name} | {' | '.join(cells)} | {1e3 * seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
