"""Each operation on arrays is that of the engine: to the bit where it is arithmetic, to 4 ulp where a function."""

import math
import random

import mpmath
import numpy as np
import pytest

from autograd_mini import Value, compiler
from autograd_mini.compiler.arrays.error_function import erf, erfc
from autograd_mini.engine import apply
from autograd_mini.ieee import total
from autograd_mini.rules import RULES
from autograd_mini.sweep import pull_back
from tests.witness import random_point

EXACT = {"add", "sub", "mul", "truediv", "neg", "pos", "abs", "sqrt", "one_minus_square", "copysign", "where"}
EXACT |= {"maximum", "minimum", "clamp", "floor", "ceil", "round", "relu", "leaky_relu", "prod"}
CANCELLING = {"gelu", "silu"}  # where the slope is 0, as docs/accuracy.md has it
EPS = 2.0**-52


def ulps(a, b):
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    return abs(a - b) / math.ulp(a) if math.isfinite(a) and math.isfinite(b) else math.inf


def rounding_of_sum(rule, xs):
    """n·eps·Σ of the terms' sizes: Python's own sums make good their rounding since 3.12, arrays do not."""
    n = len(xs)
    terms = {
        "sum": xs,
        "mean": [x / n for x in xs],
        "dot": [*[w * x for w, x in zip(xs[: n // 2], xs[n // 2 :])], *xs[n // 2 * 2 :]],
    }
    return n * EPS * sum(map(abs, terms.get(rule.name, ())))


def cases(rule):
    """Points by what is constant in them, as it must be for an exponent, and by how many operands there are."""
    rng = random.Random(rule.name)
    groups = {}
    for _ in range(120):
        point = random_point(rule, rng)
        fixed = point[1:] if rule.name in ("powi", "gaussian", "hurwitz") else ()
        xs = point[: len(point) - len(fixed)]
        try:
            v = apply(rule, *map(Value, xs), *fixed)
        except (ArithmeticError, ValueError):
            continue
        groups.setdefault((fixed, len(xs)), []).append((xs, v))
    return groups


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_an_operation_on_arrays_is_the_eager_one(rule):
    bound = 0.0 if rule.name in EXACT else 8.0 if rule.name in CANCELLING else 4.0  # these multiply what is 4 ulp off
    for (fixed, k), points in cases(rule).items():
        f = compiler.compile(lambda *xs, fixed=fixed: apply(rule, *xs, *fixed), batch=True)
        values, slopes = f.value_and_grad(*np.array([xs for xs, _ in points]).T)
        slopes = slopes if k > 1 else (slopes,)
        for i, (xs, v) in enumerate(points):
            assert ulps(v.data, values[i]) <= bound or abs(v.data - values[i]) <= rounding_of_sum(rule, xs)
            assert math.copysign(1.0, v.data) == math.copysign(1.0, values[i])
            for expected, got in zip(pull_back(v, 1.0), [column[i] for column in slopes], strict=True):
                near = rule.name in CANCELLING and abs(expected - got) < 4.0 * EPS
                assert near or ulps(expected, got) <= 4.0


@pytest.mark.parametrize("rule", [r for r in RULES.values() if r.many is None and r.dy is None], ids=str)
def test_the_ends_of_the_numbers_are_those_of_ieee_arithmetic(rule):
    xs = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324]
    values = compiler.compile(lambda x: apply(rule, x), batch=True)(xs)
    for x, value in zip(xs, values, strict=True):
        expected = float(total(rule, x))
        assert ulps(expected, value) <= 4.0, x
        assert math.isnan(value) or rule.name == "relu" or math.copysign(1.0, expected) == math.copysign(1.0, value), x


@pytest.mark.parametrize("f, exact", [(erf, mpmath.erf), (erfc, mpmath.erfc)])
def test_the_error_functions_are_within_4_ulp(f, exact):
    rng = np.random.default_rng(0)
    xs = np.concatenate([rng.uniform(low, high, 300) for low, high in ((-6, 0), (0, 1), (0.7, 1.1), (1, 4), (4, 26))])
    with mpmath.workdps(40):
        for x, value in zip(xs.tolist(), f(xs).tolist(), strict=True):
            true = exact(mpmath.mpf(x))
            assert abs(mpmath.mpf(value) - true) <= 4.0 * math.ulp(float(true)), x
    assert np.isnan(f(np.array([math.nan]))).all()
    assert f(np.array([-math.inf, math.inf])).tolist() == [float(exact(-math.inf)), float(exact(math.inf))]


def test_large_arrays_choose_by_their_bits():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 100_000))
    x[::7], y[::5] = math.nan, math.inf
    f = compiler.compile(lambda x, y: apply(RULES["maximum"], x, y), batch=True)
    expected = np.where(y > x, y, x)
    assert np.array_equal(f(x, y), expected, equal_nan=True)
