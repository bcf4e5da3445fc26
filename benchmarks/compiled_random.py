"""Compiled programs beside the engine on random programs: how many there were, and how far rounding took them.

    pip install autograd_mini[test,native]
    python benchmarks/compiled_random.py [how many]        # 10000 take some minutes
    python benchmarks/compiled_random.py 10000 --executor native --samples 1 7 8 9 100 1025

Each program is one that `autograd_mini.check.strategies.expressions` draws, and runs in the five ways of `MODES`. Its
value and its derivatives are compared with those of the engine, and what they differ by is printed in units of the
bound of rounding, eps·Σ|∂y/∂v·v| over all nodes v of the value, or of the graph of the derivative. Straight-line Python
has to give the bits of the value. The exit status is 1 if anything is beyond the bounds.

With --samples a program runs over so many samples, nan and inf and the ends of the numbers among them. Of the samples
those numbered in `EAGER` and the last are compared with the engine, and so is any other where the executor differs from
NumPy's by more than `GROSS`. Where the engine has nan or inf, so must the executor.
"""

import math
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from random_programs import (
    JUMPS,
    KINKS,
    LARGE,
    SPECIAL,
    Report,
    bound,
    drawn,
    is_at_an_end,
    kind,
    parser,
    refusing_warnings,
)

from autograd_mini import Value, compiler, gradients, topological_order
from autograd_mini.check.strategies import Expression, expressions
from autograd_mini.rules import RULES
from autograd_mini.watch import never_raising

INFINITE = {"cbrt", "sqrt", "pow"}  # slopes at 0
SMOOTH = sorted(RULES.keys() - JUMPS - KINKS - INFINITE)
EAGER = (*range(9), 50, 500, 1000)
GROSS = 1e-9


class Expected:
    """What the engine says of a program at some numbers: value and derivatives, and how far rounding may move each."""

    def __init__(self, f: Expression, numbers: Sequence[float]) -> None:
        leaves = [Value(x) for x in numbers]
        with never_raising():
            root = f(*leaves)
            self.value, self.bound = root.data, bound(root)
            slopes = gradients(root, leaves, seed=Value(1.0))
        self.slopes = [getattr(slope, "data", slope) for slope in slopes]
        self.slope_bounds = [bound(slope) for slope in slopes]
        self.nodes = topological_order(root)
        sizes = [abs(v.data) for v in self.nodes]
        self.moderate = all(size < LARGE for size in sizes)
        self.finite = all(map(math.isfinite, sizes))

    def triples(self, value: Any, slopes: Sequence[Any]) -> list[tuple[float, float, float]]:
        """What came out beside what should have, and the bound."""
        return [(value, self.value, self.bound), *zip(slopes, self.slopes, self.slope_bounds, strict=True)]


def source(f: Expression, executor: str) -> tuple[Any, Sequence[Any]]:
    """Straight-line Python."""
    del executor
    value, slopes = compiler.compile(f, executor="source").value_and_grad(*f.leaves)
    return value, slopes if len(f.leaves) > 1 else [slopes]


def one(f: Expression, executor: str) -> tuple[Any, Sequence[Any]]:
    """Vectors, without a sample axis."""
    value, slopes = compiler.compile(f, executor=executor).value_and_grad(*f.leaves)
    return value, slopes if len(f.leaves) > 1 else [slopes]


def batch(f: Expression, executor: str, samples: int = 3) -> tuple[Any, Sequence[Any]]:
    """Vectors over samples, all of them the same."""
    c = compiler.compile(f, batch=True, executor=executor)
    values, slopes = c.value_and_grad(*[np.full(samples, x) for x in f.leaves])
    return values[-1], [slope[-1] for slope in (slopes if len(f.leaves) > 1 else [slopes])]


def batch_of_one(f: Expression, executor: str) -> tuple[Any, Sequence[Any]]:
    """The same over one sample."""
    return batch(f, executor, 1)


def parameters(f: Expression, executor: str) -> tuple[Any, Sequence[Any]]:
    """The mean over two equal samples by the leaves as parameters, the first of them times an input of 1."""
    leaves = [Value(x) for x in f.leaves]
    step = compiler.compile(lambda x: f(leaves[0] * x, *leaves[1:]), params=leaves, reduce="mean", executor=executor)
    return step.value_and_grad(np.ones(2))


MODES = (source, one, batch, batch_of_one, parameters)


# ---- a program at its own numbers ----


def in_all_modes(f: Expression, executor: str, report: Report) -> str | None:
    """Run a program in all modes; what was beyond its bounds, in words."""
    expected = Expected(f, f.leaves)
    if not (expected.moderate and math.isfinite(expected.bound)):
        report.counts["programs skipped: ill-conditioned or huge"] += 1
        return None
    report.counts["programs"] += 1
    for mode in MODES:
        value, slopes = mode(f, executor)
        if mode is source and value != expected.value:
            return f"{mode.__name__}: the value is {value!r}, not the bits of {expected.value!r}"
        for got, wanted, size in expected.triples(value, slopes):
            if trouble := report.compare(mode.__doc__ or "", got, wanted, size):
                return trouble
    return None


# ---- and over samples ----


def over_samples(f: Expression, executor: str, counts: Sequence[int], report: Report) -> str | None:
    """Run a program over samples; what was beyond its bounds, in words."""
    X = _samples(f, max(counts), report.counts["programs"])
    compiled = {name: compiler.compile(f, batch=True, executor=name) for name in (executor, "numpy")}
    known: dict[int, Expected] = {}
    report.counts["programs"] += 1
    for n in counts:
        got, other = (_rows(c.value_and_grad(*X[:, :n])) for c in compiled.values())
        report.counts["numbers compared with NumPy's"] += got.size
        doubtful = np.flatnonzero(_differs(got, other).any(0))
        for i in dict.fromkeys([*[i for i in EAGER if i < n], n - 1, *doubtful.tolist()]):
            if i not in known:
                known[i] = Expected(f, X[:, i].tolist())
            trouble = _compare_sample(f"{n} samples", got[:, i].tolist(), known[i], report)
            if trouble and is_at_an_end(known[i].nodes):
                report.counts["samples skipped: rounding takes an operand to an end of its domain"] += 1
            elif trouble:
                return f"sample {i} of {trouble}, at {X[:, i].tolist()}"
    return None


def _samples(f: Expression, n: int, seed: int) -> Any:
    """A program's own numbers, others near them or anywhere, and some that are special."""
    rng = np.random.default_rng(seed)
    X = np.tile(np.array(f.leaves)[:, None], n)
    X[:, 1:] += rng.normal(size=X[:, 1:].shape) * rng.choice([0.01, 0.3, 3.0], size=n - 1)
    strange = rng.random(X.shape) < 0.05
    strange[:, 0] = False
    X[strange] = rng.choice(SPECIAL, size=strange.sum())
    return X


def _rows(result: tuple[Any, Any]) -> Any:
    values, slopes = result
    return np.stack([values, *(slopes if isinstance(slopes, tuple) else [slopes])])


def _differs(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        near = abs(a - b) <= GROSS * (1.0 + abs(b))
    return ~(near | (a == b) | (np.isnan(a) & np.isnan(b)))


def _compare_sample(what: str, got: Sequence[float], expected: Expected, report: Report) -> str | None:
    triples = expected.triples(got[0], got[1:])
    if not expected.finite:
        report.counts["samples with nan or inf"] += 1
        for x, wanted, _ in triples:
            report.counts["numbers compared in kind"] += 1
            if kind(x) != kind(wanted):
                return f"{what}: {x!r} instead of {wanted!r}"
        return None
    if not (expected.moderate and math.isfinite(expected.bound)):
        report.counts["samples skipped: ill-conditioned or huge"] += 1
        return None
    for x, wanted, size in triples:
        if trouble := report.compare(what, x, wanted, size):
            return trouble
    return None


def main() -> int:
    """Print what was found; 1 if a program was wrong."""
    options = parser(__doc__)
    options.add_argument("--executor", choices=("numpy", "native"), default="numpy")
    options.add_argument("--samples", type=int, nargs="+", help="run each program over so many samples")
    chosen = options.parse_args()
    report = Report()
    check = partial(over_samples, counts=chosen.samples) if chosen.samples else in_all_modes

    def run(f: Expression) -> None:
        if trouble := check(f, executor=chosen.executor, report=report):
            report.wrong.append(f"{trouble}\n{f!r}\n")

    refusing_warnings(lambda: drawn(expressions(SMOOTH, max_nodes=30), chosen.first, chosen.programs, run))
    return report.print()


if __name__ == "__main__":
    sys.exit(main())
