"""Compiled programs beside the engine on random programs: how many there were, and how far rounding took them.

    pip install autograd_mini[test,fast]
    python benchmarks/compiled_random.py [how many]        # 10000 take some minutes

Each program is one that `autograd_mini.check.strategies.expressions` draws, and runs in the five ways of `MODES`. Its
value and its derivatives are compared with those of the engine, and what they differ by is printed in units of the
bound of rounding, eps·Σ|∂y/∂v·v| over all nodes v of the value, or of the graph of the derivative. Straight-line Python
has to give the bits of the value. The exit status is 1 if anything is beyond the bounds.
"""

import math
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, settings

sys.path.insert(0, str(Path(__file__).parent.parent))

from autograd_mini import Value, compiler, gradients, topological_order
from autograd_mini.check.strategies import Expression, expressions
from autograd_mini.rules import RULES

JUMPS = {"floor", "ceil", "round", "copysign", "where"}  # of the value, where an operand is rounded otherwise
KINKS = {"abs", "relu", "leaky_relu", "elu", "clamp", "maximum", "minimum"}  # of the slope
INFINITE = {"cbrt", "sqrt", "pow"}  # slopes at 0
SMOOTH = sorted(RULES.keys() - JUMPS - KINKS - INFINITE)
SLACK = 16.0
TINY = 1e-290  # what is lost where results are denormal


class Expected:
    """What the engine says of a program: value and derivatives, and how far rounding may move each."""

    def __init__(self, f: Expression) -> None:
        root, leaves = f.graph()
        self.value, self.bound = root.data, _bound(root)
        slopes = gradients(root, leaves, seed=Value(1.0))
        self.slopes = [getattr(slope, "data", slope) for slope in slopes]
        self.slope_bounds = [_bound(slope) for slope in slopes]
        self.moderate = all(abs(v.data) < 1e4 for v in topological_order(root))  # or sin(1e17) is no first-order matter


def _bound(root: Any) -> float:
    if not isinstance(root, Value):
        return 0.0
    order = topological_order(root)
    return math.ulp(1.0) * sum([abs(g * v.data) for g, v in zip(gradients(root, order), order)]) + TINY


def source(f: Expression) -> tuple[Any, Sequence[Any]]:
    """Straight-line Python."""
    value, slopes = compiler.compile(f, executor="source").value_and_grad(*f.leaves)
    return value, slopes if len(f.leaves) > 1 else [slopes]


def one(f: Expression) -> tuple[Any, Sequence[Any]]:
    """Vectors, without a sample axis."""
    value, slopes = compiler.compile(f, executor="numpy").value_and_grad(*f.leaves)
    return value, slopes if len(f.leaves) > 1 else [slopes]


def batch(f: Expression, samples: int = 3) -> tuple[Any, Sequence[Any]]:
    """Vectors over samples, all of them the same."""
    values, slopes = compiler.compile(f, batch=True).value_and_grad(*[np.full(samples, x) for x in f.leaves])
    return values[-1], [slope[-1] for slope in (slopes if len(f.leaves) > 1 else [slopes])]


def batch_of_one(f: Expression) -> tuple[Any, Sequence[Any]]:
    """The same over one sample."""
    return batch(f, 1)


def parameters(f: Expression) -> tuple[Any, Sequence[Any]]:
    """The mean over two equal samples by the leaves as parameters, the first of them times an input of 1."""
    leaves = [Value(x) for x in f.leaves]
    step = compiler.compile(lambda x: f(leaves[0] * x, *leaves[1:]), params=leaves, reduce="mean")
    return step.value_and_grad(np.ones(2))


MODES = (source, one, batch, batch_of_one, parameters)


def compare(f: Expression, counts: Counter[str], worst: dict[str, float]) -> str | None:
    """Run a program in all modes; what was beyond its bounds, in words."""
    expected = Expected(f)
    if not (expected.moderate and math.isfinite(expected.bound)):
        counts["skipped: ill-conditioned or huge"] += 1
        return None
    counts["programs"] += 1
    for mode in MODES:
        value, slopes = mode(f)
        if mode is source and value != expected.value:
            return f"{mode.__name__}: the value is {value!r}, not the bits of {expected.value!r}"
        pairs = [(value, expected.value, expected.bound)]
        pairs += [*zip(slopes, expected.slopes, expected.slope_bounds, strict=True)]
        for got, wanted, bound in pairs:
            if not (math.isfinite(bound) and math.isfinite(wanted)):
                counts["derivatives not compared: their bound is not finite"] += 1
                continue
            units = abs(got - wanted) / bound if bound else 0.0 if got == wanted else math.inf
            worst[mode.__name__] = max(worst.get(mode.__name__, 0.0), units)
            if not units <= SLACK:
                return f"{mode.__name__}: {got!r} is {units:.3g} bounds from {wanted!r}"
            counts["numbers compared"] += 1
    return None


def main() -> int:
    """Print the counts and the worst of each mode; 1 if a program was wrong."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    counts: Counter[str] = Counter()
    worst: dict[str, float] = {}
    wrong: list[str] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(expressions(SMOOTH, max_nodes=30))
    def run(f: Expression) -> None:
        trouble = compare(f, counts, worst)
        if trouble:
            wrong.append(f"{trouble}\n{f!r}\n")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run()
    for program in wrong[:10]:
        print(program)
    for what, number in counts.items():
        print(f"{number:8d} {what}")
    for mode in MODES:
        print(f"{worst.get(mode.__name__, 0.0):8.2f} bounds of rounding at most: {mode.__doc__}")
    print(f"{len(wrong)} programs beyond {SLACK:.0f} bounds")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
