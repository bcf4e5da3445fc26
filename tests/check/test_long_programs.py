"""gradcheck over long programs, where rounding and cancellation hide slopes: what docs/how-to/check.md promises."""

import math
from pathlib import Path

import pytest

from autograd_mini import grad, primitive
from autograd_mini.check import gradcheck
from autograd_mini.functions import exp, log, tanh
from tests.check.programs import INPUTS, moved, random_program, wrong_by

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check.md"


def verdicts(length, number, factor=1.0):
    """The verdicts on the slopes that the wrong rule of a program changes."""
    program = random_program(length, number)
    truth = grad(program.function(), tuple(range(INPUTS)))(*program.xs)
    f = program.function() if factor == 1.0 else program.function(wrong_by(factor, program, number))
    components = gradcheck(f, *program.xs).components
    return [c.verdict for c, slope in zip(components, truth) if factor == 1.0 or moved(c.analytic, slope) > 1e-6]


@pytest.mark.parametrize("length, programs", [(10, 30), (50, 12), (200, 4), (500, 2)])
def test_right_slopes_are_right_and_never_wrong(length, programs):
    found = [verdict for number in range(programs) for verdict in verdicts(length, number)]
    assert found.count("wrong") == found.count("kink") == 0
    assert found.count("right") >= 0.95 * len(found)


@pytest.mark.parametrize("length, programs", [(10, 12), (50, 4), (200, 1), (500, 1)])  # benchmarks/ tries more
@pytest.mark.parametrize("factor", [1.2, 1.01, 1.001])
def test_wrong_rules_are_never_right(length, programs, factor):
    found = [verdict for number in range(programs) for verdict in verdicts(length, number, factor)]
    assert set(found) <= {"wrong", "inconclusive"}
    assert found.count("wrong") >= 0.9 * len(found)


def test_the_published_table_keeps_its_promises():
    _, rest = PAGE.read_text(encoding="utf-8").split("<!-- by benchmarks/long_programs.py -->\n")
    lines = rest.split("<!-- end -->")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines[2:]]
    assert len(rows) == 16
    for rule, _, slopes, *cells in rows:
        right, kink, inconclusive, wrong = [float(cell.removesuffix(" %")) for cell in cells]
        assert int(slopes) > 0
        assert right + kink + inconclusive + wrong == pytest.approx(100.0, abs=0.5)
        assert (wrong if rule == "right" else right) == kink == 0.0
        assert inconclusive <= 5.0


# ---- steps that subtract ----


def times(by_x, by_y):
    """A product with partials of its own."""

    @primitive(by_x, by_y)
    def product(x, y):
        return x * y

    return product


PRODUCTS = {
    "right": times(lambda m, z, x, y: y, lambda m, z, x, y: x),
    "20 % too large": times(lambda m, z, x, y: 1.2 * y, lambda m, z, x, y: 1.2 * x),
    "1 % too large": times(lambda m, z, x, y: 1.01 * y, lambda m, z, x, y: 1.01 * x),
    "0.1 % too large": times(lambda m, z, x, y: 1.001 * y, lambda m, z, x, y: 1.001 * x),
    "of the wrong sign": times(lambda m, z, x, y: -y, lambda m, z, x, y: x),
    "of the wrong operand": times(lambda m, z, x, y: x, lambda m, z, x, y: y),
    "without a factor": times(1.0, lambda m, z, x, y: x),
    "nothing": times(0.0, 0.0),
    "not a number": times(lambda m, z, x, y: math.nan, lambda m, z, x, y: x),
    "wrong where x is large": times(
        lambda m, z, x, y: m.where(x > 0.1, 1.01 * y, y), lambda m, z, x, y: m.where(x > 0.1, 1.01 * x, x)
    ),
}


AROUND = [lambda g: g, log, lambda g: tanh(exp(g))]
RATES = [0.7, 1.3, 3.0, 4.9]


@pytest.mark.parametrize("j", range(len(RATES)), ids=map(str, RATES))
@pytest.mark.parametrize("i", range(len(PRODUCTS)), ids=PRODUCTS)
def test_a_bar_does_not_explode_where_steps_subtract(i, j):
    """Every pair of slopes, rate and surroundings is tried; every triple would take three times as long."""
    slopes, k, around = [*PRODUCTS][i], RATES[j], AROUND[(i + j) % len(AROUND)]
    product = PRODUCTS[slopes]

    def descend(k):
        g = 1.0
        for _ in range(60):
            g = g - product(0.2 * k, g)
        return around(g)

    report = gradcheck(descend, k)
    assert [c.verdict for c in report.components] == ["right" if slopes == "right" else "wrong"], report
    assert bool(report.culprits) == (slopes != "right")


def test_a_slope_whose_paths_all_cancel_is_right_at_zero():
    assert gradcheck(lambda x: exp(x) - exp(x) + 1.0, 0.7).components[0].verdict == "right"
    assert gradcheck(lambda x: (x * 0.3) / (x * 0.3), 0.7).components[0].verdict == "right"


def test_a_slope_that_is_nothing_but_rounding_is_inconclusive():
    def f(x):
        return (x * 0.1 + x * 0.2) - x * (0.1 + 0.2)

    assert gradcheck(f, 0.7).components[0].verdict in ("inconclusive", "right")
