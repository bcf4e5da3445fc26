"""How often gradcheck is wrong, or does not know: right and slightly wrong rules at random points of every row.

    pip install autograd_mini[test]
    python benchmarks/false_alarms.py                   # 100,000 points of every row; about an hour on two cores
    python benchmarks/false_alarms.py --points 1000 tanh gelu
    python benchmarks/false_alarms.py --factor 1.0001   # every partial is wrong by this factor, and should be found so

Points are drawn as for the tests of the rules: a quarter from all floats alike, the others of common size or near 0, 1,
an end or a pole.  It ends with 1 if a right rule failed, or if more than 1 % of the slopes are inconclusive.  A slope
that is wrong as docs/accuracy.md says, because a product overflows on the way for example, is rightly found so, and
counted apart.  So is one at a jump of its row, where none is right.  With --factor it counts the slopes above 1e-300 in
size that are finite, and ends with 1 if one is called right, or if under 99 % are found wrong.
"""

import argparse
import copy
import math
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from autograd_mini.check import gradcheck  # noqa: E402
from autograd_mini.engine import apply  # noqa: E402
from autograd_mini.rule import Rule  # noqa: E402
from autograd_mini.rules import RULES  # noqa: E402
from tests.witness import first_derivatives, random_point, witness_of  # noqa: E402

LEAST = 1e-300  # of a slope to which a factor makes a difference
PUBLISHED = "wrong as published"
AT_A_JUMP = "wrong at a jump"
JUMPS = ("floor", "ceil", "round", "copysign", "atan2", "pow")  # rows that do, where no slope is right
VERDICTS = ("right", "kink", "inconclusive", "wrong", PUBLISHED, AT_A_JUMP)


def scaled(rule: Rule, factor: float) -> Rule:
    """The rule with all partials wrong by a factor; the rest of it, its spelling included, is as it was."""
    wrong = copy.copy(rule)
    if many := rule.many:
        wrong.many = lambda m, z, *xs: [slope * factor for slope in many(m, z, *xs)]
    else:
        wrong.dx, wrong.dy = [by(d, factor) for d in (rule.dx, rule.dy)]
    return wrong


def by(d: Any, factor: float) -> Any:
    """A partial times a factor."""
    return None if d is None else d * factor if not callable(d) else lambda m, z, *xs: d(m, z, *xs) * factor


def operation(rule: Rule, xs: tuple[float, ...]) -> tuple[Callable[..., Any], list[float]]:
    """The operation as a function of its variables, and where they stand."""
    constants = witness_of(rule).constants
    variables = [i for i in range(len(xs)) if i not in constants]

    def f(*ys: Any) -> Any:
        operands: list[Any] = list(xs)
        for i, y in zip(variables, ys):
            operands[i] = y
        return apply(rule, *operands)

    return f, [xs[i] for i in variables]


def measure(name: str, points: int, seed: int, factor: float) -> tuple[str, Counter[str], list[str], float]:
    """The verdicts on one row, the points where they are wrong, and the time."""
    rule, rng = RULES[name], random.Random(f"{name} {seed}")
    counts: Counter[str] = Counter()
    failures = []
    start, done = time.perf_counter(), 0
    while done < points:
        xs = random_point(rule, rng)
        f, variables = operation(rule if factor == 1.0 else scaled(rule, factor), xs)
        try:
            if not all(map(math.isfinite, (*xs, f(*variables)))):
                continue
        except (ArithmeticError, ValueError):
            continue
        done += 1
        for component in gradcheck(f, *variables).components:
            if factor != 1.0 and not LEAST < abs(component.analytic) < math.inf:
                continue
            verdict = component.verdict
            if (
                factor == 1.0
                and verdict == "wrong"
                and any(finding.excepted for finding in first_derivatives(rule, xs))
            ):
                verdict = PUBLISHED
            if verdict == "wrong" and component.note == "jump" and name in JUMPS:
                verdict = AT_A_JUMP
            counts[verdict] += 1
            if verdict == ("wrong" if factor == 1.0 else "right"):
                failures.append(f"{name}{xs}: {component}")
    return name, counts, failures, time.perf_counter() - start


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", default=[], help="names of rows; all of them, if none is given")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--factor", type=float, default=1.0)
    options = parser.parse_args()
    total: Counter[str] = Counter()
    failures = []
    print("| row | slopes |", " | ".join(f"{verdict}, %" for verdict in VERDICTS), "| ms a point |")
    print("|---|" + "---|" * (2 + len(VERDICTS)))
    task = partial(measure, points=options.points, seed=options.seed, factor=options.factor)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, counts, found, seconds in pool.map(task, options.rows or list(RULES)):
            failures += found
            total += counts
            print(f"| `{name}` | {line(counts)} | {1e3 * seconds / options.points:.2f} |", flush=True)
    print(f"| all | {line(total)} | |")
    for failure in failures[:50]:
        print(failure, file=sys.stderr)
    print(f"{len(failures)} failures", file=sys.stderr)
    wanted = (
        total["inconclusive"] < 0.01 * total.total()
        if options.factor == 1.0
        else total["wrong"] >= 0.99 * total.total()
    )
    return int(bool(failures) or not wanted)


def line(counts: Counter[str]) -> str:
    """The cells of a row of the table."""
    shares = [f"{100.0 * counts[verdict] / max(counts.total(), 1):.3f}" for verdict in VERDICTS]
    return " | ".join([str(counts.total()), *shares])


if __name__ == "__main__":
    sys.exit(main())
