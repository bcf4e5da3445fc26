"""Values at zeros of both signs, infinities, nan, and the ends of the range: the same in every executor."""

import itertools
import math
import warnings

import numpy as np
import pytest

from autograd_mini import clamp, compiler, maximum, minimum, relu
from autograd_mini.engine import apply
from autograd_mini.ieee import IEEE
from autograd_mini.rules import RULES

SPECIAL = [-math.inf, -1e308, -710.0, -2.5, -1.0, -5e-324, -0.0, 0.0, 5e-324, 0.3, 0.5, 1.0, 2.0, 3.0, 709.9, 1e308]
SPECIAL += [math.inf, math.nan]
FEW = [-math.inf, -1.0, -0.0, 0.0, 0.5, 1.0, math.inf, math.nan]
INTERNAL = ("gaussian", "one_minus_square", "sech2", "hurwitz")  # which no user calls with any number
ARITY = {"clamp": 3, "fma": 3, "where": 3, "leaky_relu": 2, "elu": 2}


def arity(rule):
    return ARITY.get(rule.name, 1 if rule.many is None and rule.dy is None else 2)


def agree(value, expected):
    if expected != expected:
        return value != value
    if value == expected:
        return expected != 0.0 or math.copysign(1.0, value) == math.copysign(1.0, expected)
    return abs(value - expected) <= 1e-13 * abs(expected) + 1e-300


def differences(f, points, executor, expected):
    values = compiler.compile(f, batch=True, executor=executor)(*map(np.array, zip(*points)))
    return [(*point, z, e) for point, z, e in zip(points, values.tolist(), expected) if not agree(z, float(e))]


@pytest.mark.parametrize("executor", ["numpy", "native"])
@pytest.mark.parametrize("name", [name for name in RULES if name not in INTERNAL])
def test_each_operation_has_the_values_of_eager(name, executor):
    rule, total, n = RULES[name], getattr(IEEE, name), arity(RULES[name])
    special = SPECIAL
    if name == "dot":  # where a product underflows, the sign of the zero is that of an exact product
        special = [x for x in SPECIAL if abs(x) != 5e-324]
    if name == "powi":
        points = [(x, float(k)) for x in SPECIAL for k in (1, 2, 3, 5)]
    else:
        points = list(itertools.product(special if n < 3 else FEW, repeat=n))
    if name != "powi":
        found = differences(lambda *xs: apply(rule, *xs), points, executor, [total(*point) for point in points])
        assert found == []
    if n == 2:  # with one constant, for which there are short ways
        for k in FEW if name != "powi" else (1, 2, 3, 5):
            sides = [(lambda x, k=k: apply(rule, x, k), lambda x, k=k: total(x, k))]
            if name != "powi":
                sides.append((lambda x, k=k: apply(rule, k, x), lambda x, k=k: total(k, x)))
            for f, expected in sides:
                found = differences(f, [(x,) for x in special], executor, map(expected, special))
                assert found == [], k


@pytest.mark.parametrize("executor", ["source", "numpy", "native"])
def test_kinks_keep_nan_and_the_sign_of_zero(executor):
    nan = math.nan
    for f in (
        lambda x: maximum(x, nan),
        lambda x: maximum(nan, x),
        lambda x: minimum(x, nan),
        lambda x: maximum(x, 0.0),
        lambda x: maximum(x, -0.0),
        lambda x: minimum(x, 0.0),
        lambda x: minimum(-0.0, x),
        relu,
        lambda x: clamp(x, -0.0, 1.0),
        lambda x: x**0.5,
    ):
        compiled = compiler.compile(f, executor=executor)
        for x in (-0.0, 0.0, 2.0, nan, math.inf):
            assert agree(compiled(x), float(f(x))), x


@pytest.mark.parametrize("executor", ["numpy", "native"])
def test_a_constant_that_floats_refuse_does_not_stop_the_compiler(executor):
    compiled = compiler.compile(lambda x: x / 0.0, batch=True, executor=executor)
    values, slopes = compiled.value_and_grad([1.0, -1.0, 0.0])
    assert values[:2].tolist() == [math.inf, -math.inf]
    assert math.isnan(values[2])
    assert slopes.tolist() == [math.inf] * 3


@pytest.mark.parametrize("reduce", [None, "mean", "sum"])
def test_samples_that_add_up_to_no_number_warn_of_nothing(reduce):
    given = np.array([math.inf, -math.inf, 1.0])
    f = compiler.compile(lambda x: 1.0 * x, batch=True, reduce=reduce, executor="numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = [f(given), f(given), f.value_and_grad(given)[0], f.value_and_grad(given)[0]]
    for value in values:
        np.testing.assert_array_equal(value, given if reduce is None else math.nan)


@pytest.mark.parametrize("executor", ["numpy", "native"])
@pytest.mark.parametrize("k", [2.0, [2.0, 3.0]])
def test_derivatives_by_shared_arguments_warn_of_nothing_either(k, executor):
    given = np.array([math.inf, -math.inf, 1.0])
    scaled = (lambda x, k: x * k) if k == 2.0 else (lambda x, k: x * k[0] + k[1])
    f = compiler.compile(scaled, batch=True, reduce="sum", shared="k", executor=executor)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slopes = [f.value_and_grad(given, k)[1][1] for _ in range(3)]
    for slope in slopes:
        np.testing.assert_array_equal(slope, math.nan if k == 2.0 else [math.nan, 3.0])
