"""The largest error of every row of the rule table at random points, against mpmath.

    pip install autograd_mini[test]
    python benchmarks/ulp.py                 # prints the table "Measured" of docs/accuracy.md; some minutes
    python benchmarks/ulp.py --write         # and writes it there
    python benchmarks/ulp.py --points 500 tanh gelu

It ends with 1 if it finds a derivative that is worse than docs/accuracy.md says, and prints where.
"""

import argparse
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from autograd_mini.rules import RULES  # noqa: E402
from tests.witness import Finding, first_derivatives, random_point, second_derivatives_at  # noqa: E402


def interval(low: float, high: float) -> str:
    """An interval as it is written."""
    return f"{low:g} … {high:g}".replace("-", "−").replace("inf", "∞")


def measure(name: str, points: int, seed: int) -> tuple[str, list[str]]:
    """The line of the table for one row, and the findings that are worse than published."""
    rule, rng = RULES[name], random.Random(f"{name} {seed}")
    worst = [0.0, 0.0]
    wrong: list[Finding] = []
    for _ in range(points):
        xs = random_point(rule, rng)
        for order, findings in enumerate((first_derivatives(rule, xs), second_derivatives_at(rule, xs))):
            for finding in findings:
                if finding.wrong:
                    wrong.append(finding)
                elif finding.error > worst[order] and not finding.excepted:
                    worst[order] = finding.error
    domain = " × ".join(interval(*ends) for ends in rule.domain) + (
        ", …" if rule.many and len(rule.domain) == 1 else ""
    )
    return f"| `{name}` | {domain} | {points} | {worst[0]:.2f} | {worst[1]:.2f} |", [f"{name} {f}" for f in wrong]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", default=[], help="names of rows; all of them, if none is given")
    parser.add_argument("--points", type=int, default=25_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="put the table into docs/accuracy.md")
    options = parser.parse_args()
    if options.write and options.rows:
        parser.error("--write is for the whole table")
    names = options.rows or list(RULES)
    lines, wrong = [], []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for line, findings in pool.map(partial(measure, points=options.points, seed=options.seed), names):
            print(line, flush=True)
            lines.append(line)
            wrong += findings
    if options.write:
        page = ROOT / "docs" / "accuracy.md"
        before, measured = page.read_text(encoding="utf-8").split("\n## Measured\n")
        head = measured.split("|---|")[0]
        page.write_text(
            f"{before}\n## Measured\n{head}|---|---|---|---|---|\n" + "\n".join(lines) + "\n", encoding="utf-8"
        )
    for finding in wrong:
        print("worse than published:", finding, file=sys.stderr)
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
