"""longer: many digits of the slopes of every row, found from values in decimals, or None where there is no slope."""

import math
import random
from decimal import Decimal

import pytest
from mpmath import mp, mpf

from autograd_mini.check.longer import decimal_slopes
from autograd_mini.rules import RULES
from tests.witness import random_point, witness_of

ROWS = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
NOTHING = mpf(10) ** -700  # what no product of floats brings back


def points(rule, count):
    rng = random.Random(rule.name)
    while count:
        xs = random_point(rule, rng)
        try:
            if all(map(math.isfinite, (*xs, rule.f(*xs)))):
                yield xs, witness_of(rule).slopes(*map(mpf, xs))
                count -= 1
        except (ArithmeticError, ValueError):
            continue


@ROWS
def test_the_slope_of_every_row_is_right_to_its_last_digits(rule):
    found = 0
    for xs, truths in points(rule, 8):
        constants = witness_of(rule).constants
        which = [i for i, t in enumerate(truths) if i not in constants and t is not None and mp.isfinite(t)]
        for i, known in zip(which, decimal_slopes(rule, xs, which)):
            if known is not None:
                found += 1
                off = abs(mpf(str(known.value)) - truths[i])
                assert off <= mpf(str(known.error)) + abs(truths[i]) * mpf(10) ** -25 + NOTHING, (
                    f"∂{i} at {xs}: {known}"
                )
    assert found > 4


@pytest.mark.parametrize(
    "name, xs",
    [("abs", [0.0]), ("relu", [0.0]), ("maximum", [1.0, 1.0]), ("floor", [2.0]), ("round", [2.5]), ("sqrt", [0.0]),
     ("asin", [1.0]), ("atan2", [0.0, -1.0]), ("cbrt", [0.0]), ("clamp", [1.0, -1.0, 1.0]), ("hypot", [0.0, 0.0])],
)  # fmt: skip
def test_a_kink_a_jump_or_an_end_has_no_slope(name, xs):
    assert decimal_slopes(RULES[name], xs, [0]) == [None]


def test_a_slope_of_zero_is_exact():
    for name, xs in (("cos", [0.0]), ("cosh", [0.0]), ("floor", [2.3]), ("relu", [-1.0]), ("hypot", [0.0, 3.0])):
        (known,) = decimal_slopes(RULES[name], xs, [0])
        assert known.value == known.error == 0


def test_the_user_s_decimals_are_left_alone():
    from decimal import getcontext

    before = getcontext().copy()
    decimal_slopes(RULES["sin"], [1e300], [0])
    assert (getcontext().prec, getcontext().flags) == (before.prec, before.flags)
    assert Decimal(1) / 3 == Decimal("0." + 28 * "3")
