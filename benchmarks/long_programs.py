"""How often gradcheck errs over long programs: random ones of up to 500 steps, right and with a rule planted wrong.

    pip install autograd_mini[test]
    python benchmarks/long_programs.py                 # some three minutes on two cores
    python benchmarks/long_programs.py --programs 10
    python benchmarks/long_programs.py --write         # and put the table into docs/how-to/check.md

The programs are those of tests/check/programs.py: the same ones, by number, in every run.  A row of the rule table is
planted wrong at all of its places in a program, or at one.  A slope that this moves by less than MOVED of itself is
counted as a right one would be, in neither table.  It ends with 1 if a right slope is called wrong, or a wrong one
right.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from autograd_mini import grad  # noqa: E402
from autograd_mini.check import gradcheck  # noqa: E402
from tests.check.programs import INPUTS, moved, random_program, wrong_by  # noqa: E402

PAGE = ROOT / "docs" / "how-to" / "check.md"
BEGIN, END = "<!-- by benchmarks/long_programs.py -->", "<!-- end -->"
LENGTHS = (10, 50, 200, 500)
FACTORS = (1.0, 1.2, 1.01, 1.001)
MOVED = 1e-6
VERDICTS = ("right", "kink", "inconclusive", "wrong")


def verdicts(length: int, factor: float, number: int) -> list[str]:
    """The verdicts on the slopes of one program, without those that the wrong rule does not move."""
    program = random_program(length, number)
    truth = grad(program.function(), tuple(range(INPUTS)))(*program.xs)
    f = program.function() if factor == 1.0 else program.function(wrong_by(factor, program, number))
    components = gradcheck(f, *program.xs).components
    return [c.verdict for c, slope in zip(components, truth) if factor == 1.0 or moved(c.analytic, slope) > MOVED]


def count(length: int, factor: float, programs: int) -> Counter[str]:
    """How many slopes of the first so many programs have each verdict."""
    return Counter(verdict for number in range(programs) for verdict in verdicts(length, factor, number))


def row(length: int, factor: float, counts: Counter[str]) -> str:
    """A row of the table."""
    rule = "right" if factor == 1.0 else f"{100.0 * (factor - 1.0):.3g} % wrong"
    total = counts.total()
    shares = [f"{100.0 * counts[verdict] / max(total, 1):.3g} %" for verdict in VERDICTS]
    return f"| {rule} | {length} | {total} | {' | '.join(shares)} |"


def table(found: dict[tuple[float, int], Counter[str]]) -> Iterator[str]:
    """The table of all counts."""
    yield "| rule | steps | slopes | called right | kink | inconclusive | called wrong |"
    yield "|---|---|---|---|---|---|---|"
    for (factor, length), counts in found.items():
        yield row(length, factor, counts)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=30, help="of each length")
    parser.add_argument("--write", action="store_true", help="put the table into docs/how-to/check.md")
    options = parser.parse_args()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        tasks = {
            (factor, length): pool.submit(count, length, factor, options.programs)
            for factor in FACTORS
            for length in LENGTHS
        }
        found = {key: task.result() for key, task in tasks.items()}
    text = "\n".join(table(found))
    print(text)
    if options.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        _, after = rest.split(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    errors = sum(counts["wrong" if factor == 1.0 else "right"] for (factor, _), counts in found.items())
    print(f"{errors} slopes are called right and are wrong, or the reverse", file=sys.stderr)
    return int(errors > 0)


if __name__ == "__main__":
    sys.exit(main())
