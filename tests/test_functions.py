"""The functions of Values: the numbers of `math` and floats to the bit, right at the ends, one node, clear refusals."""

import builtins
import doctest
import inspect
import math
import operator
import pickle
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from autograd_mini import functions
from autograd_mini.engine import Value
from autograd_mini.functions import (
    atan2,
    clamp,
    copysign,
    dot,
    elu,
    erfc,
    exp,
    gelu,
    hardtanh,
    hypot,
    leaky_relu,
    log,
    log_softmax,
    logsumexp,
    maximum,
    mean,
    minimum,
    prod,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    sqrt,
    stop_gradient,
    tanh,
    where,
)
from autograd_mini.rule import VALUES
from autograd_mini.sweep import topological_order
from autograd_mini.transforms import gradients

# fmt: off
UNARY = (
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt",
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "erf", "erfc", "abs", "floor", "ceil", "round", "fabs", "degrees", "radians", "sinc",
    "erfcx", "ndtr", "log_ndtr", "gamma", "lgamma", "digamma", "log_sigmoid",
    "relu", "leaky_relu", "elu", "softplus", "sigmoid", "silu", "gelu", "hardtanh",
)
BINARY = ("log", "pow", "atan2", "maximum", "minimum", "copysign", "leaky_relu", "elu", "hypot",
          "xlogy", "xlog1py", "logaddexp")
OF_LISTS = ("sum", "prod", "mean", "logsumexp", "softmax", "log_softmax", "norm", "cumsum")
NAMED_AS_IN_MATH = (
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt",
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc",
    "gamma", "lgamma", "fabs", "degrees", "radians",
)
# fmt: on

numbers = st.floats() | st.floats(-3.0, 3.0) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 710.0, 1e200, 1e-200])
# Products and sums of these neither overflow nor underflow.
moderate = st.floats(1e-100, 1e100) | st.floats(-1e100, -1e-100) | st.just(0.0)


def named(name: str) -> Callable[..., Any]:
    return getattr(functions, name)  # type: ignore[no-any-return]


def bits(z: Any) -> Any:
    """What tells two results apart, to the sign of a zero; every nan is the same."""
    if isinstance(z, list):
        return [bits(x) for x in z]
    return (z.data if isinstance(z, Value) else z).hex()


def outcome(f: Callable[..., Any], *args: Any) -> Any:
    """The bits of what f returns, or what it raises."""
    try:
        return bits(f(*args))
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)


def values_among(xs: Iterable[float], mask: Iterable[bool]) -> list[Any]:
    return [Value(x) if is_value else x for x, is_value in zip(xs, mask)]


# ---- the same numbers as floats ----


@pytest.mark.parametrize("name", UNARY)
@given(x=numbers)
def test_of_one_operand_gives_a_value_the_bits_of_a_float(name: str, x: float) -> None:
    assert outcome(named(name), Value(x)) == outcome(named(name), x)


@pytest.mark.parametrize("name", BINARY)
@given(x=numbers, y=numbers)
def test_of_two_operands_gives_values_the_bits_of_floats(name: str, x: float, y: float) -> None:
    expected = outcome(named(name), x, y)
    for mask in product((True, False), repeat=2):
        assert outcome(named(name), *values_among((x, y), mask)) == expected


@given(xs=st.tuples(numbers, numbers, numbers), mask=st.tuples(*[st.booleans()] * 3))
def test_of_three_operands_gives_values_the_bits_of_floats(xs: tuple[float, ...], mask: tuple[bool, ...]) -> None:
    assert outcome(where, *values_among(xs, mask)) == outcome(where, *xs)
    x, lo, hi = xs
    if not lo <= hi:
        lo, hi = hi, lo
    assert outcome(clamp, *values_among((x, lo, hi), mask)) == outcome(clamp, x, lo, hi)


@pytest.mark.parametrize("name", OF_LISTS)
@given(pairs=st.lists(st.tuples(numbers, st.booleans()), min_size=1, max_size=6))
def test_of_a_list_gives_values_the_bits_of_floats(name: str, pairs: list[tuple[float, bool]]) -> None:
    xs, mask = zip(*pairs)
    assert outcome(named(name), values_among(xs, mask)) == outcome(named(name), xs)


@given(
    ws=st.lists(st.tuples(numbers, st.booleans()), min_size=3, max_size=3),
    xs=st.lists(st.tuples(numbers, st.booleans()), min_size=3, max_size=3),
    start=st.tuples(numbers, st.booleans()),
)
@example(ws=[(0.0, False)] * 3, xs=[(-1.0, False)] * 3, start=(-0.0, True))
def test_dot_and_sum_from_a_start_give_values_the_bits_of_floats(ws: Any, xs: Any, start: Any) -> None:
    (w, w_mask), (x, x_mask) = zip(*ws), zip(*xs)
    (s,) = values_among([start[0]], [start[1]])
    assert outcome(dot, values_among(w, w_mask), values_among(x, x_mask), s) == outcome(dot, w, x, start[0])
    assert outcome(functions.sum, values_among(x, x_mask), s) == outcome(functions.sum, x, start[0])


@pytest.mark.parametrize("name", NAMED_AS_IN_MATH)
@given(x=numbers)
def test_named_as_in_math_is_that_of_math(name: str, x: float) -> None:
    assert outcome(named(name), x) == outcome(getattr(math, name), x)


@pytest.mark.parametrize("name", ["log", "atan2", "copysign", "hypot"])
@given(x=numbers, y=numbers)
def test_of_two_operands_is_that_of_math(name: str, x: float, y: float) -> None:
    assert outcome(named(name), x, y) == outcome(getattr(math, name), x, y)


@given(x=numbers, y=numbers)
def test_extremes_are_those_of_the_builtins(x: float, y: float) -> None:
    assert bits(maximum(x, y)) == bits(max(x, y))
    assert bits(minimum(x, y)) == bits(min(x, y))
    assert bits(functions.abs(x)) == bits(abs(x))


@given(x=st.floats(allow_nan=False, allow_infinity=False))
def test_steps_are_the_whole_numbers_of_the_builtins(x: float) -> None:
    assert functions.floor(x) == math.floor(x)
    assert functions.ceil(x) == math.ceil(x)
    assert functions.round(x) == round(x)


@given(x=numbers, n=numbers | st.integers(-4, 9))
def test_pow_is_the_operator(x: float, n: float) -> None:
    expected = outcome(operator.pow, Value(x), n)
    assert outcome(functions.pow, Value(x), n) == expected
    assert outcome(functions.pow, x, Value(n)) == expected
    assert outcome(functions.pow, x, n) == expected


@given(xs=st.lists(numbers), start=numbers)
def test_sum_and_prod_are_those_of_the_builtins(xs: list[float], start: float) -> None:
    assert bits(functions.sum(xs)) == bits(float(sum(xs)))
    assert bits(prod(xs)) == bits(float(math.prod(xs)))
    if start == 0.0:
        assert bits(functions.sum(xs, start)) == bits(functions.sum(xs))
    else:
        assert bits(functions.sum(xs, start)) == bits(sum(xs, start))


@pytest.mark.parametrize("name", UNARY)
def test_of_one_plain_number_is_a_float(name: str) -> None:
    for x in (1, True, 1.0, np.float32(1.0), np.int64(1)):
        z = named(name)(x) if name != "atanh" else named(name)(x - 1)
        assert type(z) is float


@pytest.mark.parametrize("name", ["pow", "atan2", "maximum", "minimum", "copysign", "leaky_relu", "elu", "hypot"])
def test_of_two_plain_numbers_is_a_float(name: str) -> None:
    assert type(named(name)(1, True)) is float
    assert type(named(name)(np.float32(1.0), np.int64(1))) is float


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "logsumexp"])
def test_of_plain_numbers_is_a_float(name: str) -> None:
    assert type(named(name)([1, 2])) is float
    assert type(named(name)(np.array([1, 2]))) is float


def test_sums_and_products_of_no_operands() -> None:
    for empty in (functions.sum([]), dot([], []), hypot()):
        assert bits(empty) == bits(0.0)
    assert bits(prod([])) == bits(1.0)
    start = Value(2.0)
    for z in (functions.sum([], start), dot([], [], start)):
        assert z.data == 2.0
        assert gradients(z, [start]) == [1.0]


# ---- the ends ----


def test_sigmoid_saturates_without_overflow() -> None:
    assert sigmoid(-1000.0) == 0.0
    assert sigmoid(1000.0) == 1.0
    assert sigmoid(-700.0) == pytest.approx(math.exp(-700.0), rel=1e-15)
    assert bits(sigmoid(math.nan)) == "nan"


def test_softplus_is_the_identity_far_up_and_an_exponential_far_down() -> None:
    assert softplus(1000.0) == 1000.0
    assert softplus(-700.0) == pytest.approx(math.exp(-700.0), rel=1e-15)
    assert softplus(-1000.0) == 0.0
    assert softplus(math.inf) == math.inf


def test_activations_of_numbers_far_down() -> None:
    assert bits(silu(-1000.0)) == bits(-0.0)
    assert bits(gelu(-1000.0)) == bits(-0.0)
    assert elu(-1000.0) == -1.0
    assert leaky_relu(-1000.0) == -10.0
    assert relu(-1000.0) == 0.0
    assert hardtanh(-1000.0) == -1.0
    assert tanh(-1000.0) == -1.0


@pytest.mark.parametrize("f", [relu, silu, gelu, elu, softplus, leaky_relu])
def test_activations_of_numbers_far_up_are_the_number(f: Callable[[float], float]) -> None:
    assert f(1000.0) == 1000.0
    assert f(math.inf) == math.inf


def test_logsumexp_of_large_numbers() -> None:
    assert logsumexp([1000.0, 1000.0]) == 1000.0 + math.log(2.0)
    assert logsumexp([-1000.0, -1000.0]) == -1000.0 + math.log(2.0)
    assert logsumexp([1e308, -1e308]) == 1e308
    assert logsumexp([-math.inf, 3.0]) == 3.0
    assert logsumexp([math.inf, 3.0]) == math.inf
    assert logsumexp([-math.inf, -math.inf]) == -math.inf
    assert bits(logsumexp([math.nan, 3.0])) == "nan"


def test_softmax_and_log_softmax_of_large_numbers() -> None:
    assert softmax([1000.0, 1000.0]) == [0.5, 0.5]
    assert softmax([1000.0, 0.0]) == [1.0, 0.0]
    assert softmax([5.0]) == [1.0]
    assert log_softmax([1000.0, 1000.0]) == [-math.log(2.0), -math.log(2.0)]
    assert log_softmax([1e15, 1e15 - 1000.0]) == [0.0, -1000.0]
    assert log_softmax([-math.inf, 0.0]) == [-math.inf, 0.0]


@given(xs=st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20))
def test_softmax_sums_to_one(xs: list[float]) -> None:
    ps = softmax(xs)
    assert len(ps) == len(xs)
    assert all(0.0 <= p <= 1.0 for p in ps)
    assert math.fsum(ps) == pytest.approx(1.0, abs=len(xs) * sys.float_info.epsilon)


@given(xs=st.lists(st.floats(-700.0, 700.0), min_size=1, max_size=20))
def test_softmax_is_the_exponential_of_log_softmax(xs: list[float]) -> None:
    for p, log_p in zip(softmax(xs), log_softmax(xs)):
        assert p == pytest.approx(math.exp(log_p), rel=1e-12, abs=1e-300)


@given(x=numbers, lo=st.floats(-3.0, 0.0), hi=st.floats(0.0, 3.0))
def test_clamp_holds_between_its_bounds(x: float, lo: float, hi: float) -> None:
    assume(x == x)
    assert lo <= clamp(x, lo, hi) <= hi
    if lo <= x <= hi:
        assert clamp(x, lo, hi) == x


def test_erfc_keeps_what_one_minus_erf_loses() -> None:
    assert 5.6e-296 < erfc(26.0) < 5.7e-296


# ---- the error of a sum ----


@given(xs=st.lists(moderate, max_size=30), start=moderate)
@example(xs=[1.0, 1e100, 1.0, -1e100], start=0.0)
def test_error_of_sum(xs: list[float], start: float) -> None:
    terms = [Fraction(x) for x in (start, *xs)]
    error = abs(Fraction(functions.sum(xs, start)) - sum(terms))
    assert error <= len(terms) * Fraction(sys.float_info.epsilon) * sum(map(abs, terms))


@given(pairs=st.lists(st.tuples(moderate, moderate), max_size=30), start=moderate)
@example(pairs=[(1e50, 1e50), (1.0, 1.0), (-1e50, 1e50)], start=0.0)
def test_error_of_dot(pairs: list[tuple[float, float]], start: float) -> None:
    ws, xs = [w for w, _ in pairs], [x for _, x in pairs]
    for first, terms in ((0.0, []), (start, [Fraction(start)])):
        terms = terms + [Fraction(w) * Fraction(x) for w, x in pairs]
        error = abs(Fraction(dot(ws, xs, first)) - sum(terms))
        assert error <= len(terms) * Fraction(sys.float_info.epsilon) * sum(map(abs, terms))


# ---- nodes and slopes ----


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "logsumexp"])
def test_of_a_list_is_one_node(name: str) -> None:
    xs = [Value(float(i)) for i in range(1, 8)]
    z = named(name)(xs)
    assert topological_order(z) == [*xs, z]
    assert z.parents == tuple(xs)
    assert z.op == name


def test_dot_is_one_node_whose_parents_are_weights_inputs_and_start() -> None:
    ws, xs, start = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)], Value(5.0)
    z = dot(ws, xs, start)
    assert z.data == 16.0
    assert len(topological_order(z)) == 6
    assert all(p is v for p, v in zip(z.parents, (*ws, *xs, start), strict=True))
    assert gradients(z, [*ws, *xs, start]) == [3.0, 4.0, 1.0, 2.0, 1.0]


def test_a_number_among_the_operands_is_no_node() -> None:
    w, x = Value(2.0), Value(3.0)
    assert dot([w, 10.0], [4.0, 1.0], 0.5).parents == (w,)
    assert functions.sum([1.0, x, 2], 3.0).parents == (x,)
    assert atan2(1.0, x).parents == (x,)
    assert where(True, x, 2.0).parents == (x,)


def test_one_value_twice_in_a_dot_has_both_contributions() -> None:
    x = Value(3.0)
    z = dot([x, x], [x, 4.0])
    assert gradients(z, [x]) == [3.0 + 3.0 + 4.0]


def test_gradient_of_logarithm_to_a_base() -> None:
    x, base = Value(8.0), Value(2.0)
    assert log(x, base).data == math.log(8.0, 2.0) == 3.0
    by_x, by_base = gradients(log(x, base), [x, base])
    assert by_x == pytest.approx(1.0 / (8.0 * math.log(2.0)), rel=1e-15)
    assert by_base == pytest.approx(-3.0 / (2.0 * math.log(2.0)), rel=1e-15)
    assert len(topological_order(log(x, 2.0))) == 3  # x, ln x, the quotient: the base is a number


def test_gradients_of_where_go_to_the_branch_chosen() -> None:
    condition, a, b = Value(1.0), Value(2.0), Value(3.0)
    z = where(condition, a, b)
    assert z.data == 2.0
    assert z.parents == (condition, a, b)
    assert gradients(z, [condition, a, b]) == [0.0, 1.0, 0.0]
    assert gradients(where(a > b, a, b), [a, b]) == [0.0, 1.0]
    assert gradients(where(math.nan, a, b), [a, b]) == [1.0, 0.0]  # as `if nan` does


@pytest.mark.parametrize("condition", [True, 1, 0.5, np.bool_(True), np.float64(1.0), Value(1.0)])
def test_conditions_that_hold(condition: Any) -> None:
    assert where(condition, 1.0, 2.0) == 1.0


@pytest.mark.parametrize("condition", [False, 0, -0.0, np.bool_(False), np.int64(0), Value(0.0)])
def test_conditions_that_do_not_hold(condition: Any) -> None:
    assert where(condition, 1.0, 2.0) == 2.0


def test_slopes_where_extremes_tie_and_bounds_are_met() -> None:
    x, y = Value(2.0), Value(2.0)
    assert gradients(maximum(x, y), [x, y]) == [0.5, 0.5]
    assert gradients(minimum(x, y), [x, y]) == [0.5, 0.5]
    assert gradients(clamp(x, 1.0, y), [x, y]) == [0.5, 0.5]
    assert gradients(clamp(x, 0.0, 1.0), [x]) == [0.0]
    assert [gradients(hardtanh(v), [v]) for v in (Value(-1.0), Value(0.0), Value(1.5))] == [[0.5], [1.0], [0.0]]
    assert gradients(relu(v := Value(0.0)), [v]) == [0.0]
    assert gradients(copysign(x, y), [x, y]) == [1.0, 0.0]


def test_learnable_slopes() -> None:
    x, a = Value(-3.0), Value(0.5)
    assert gradients(leaky_relu(x, a), [x, a]) == [0.5, -3.0]
    assert gradients(elu(x, a), [x, a]) == [0.5 * math.exp(-3.0), math.expm1(-3.0)]
    assert gradients(leaky_relu(x, negative_slope=0.25), [x]) == [0.25]
    assert gradients(elu(x, alpha=2.0), [x]) == [2.0 * math.exp(-3.0)]


def test_stop_gradient_holds_a_number_constant() -> None:
    x = Value(3.0)
    assert type(stop_gradient(x)) is float
    assert type(stop_gradient(3)) is float
    assert gradients(x * stop_gradient(x * x), [x]) == [9.0]


def test_gradient_of_softmax() -> None:
    xs = [Value(0.5), Value(-1.0), Value(2.0)]
    ps = softmax(xs)
    for i, p in enumerate(ps):
        expected = [p.data * ((i == j) - q.data) for j, q in enumerate(ps)]
        assert gradients(p, xs) == pytest.approx(expected, rel=1e-14)


def test_gradient_of_log_softmax() -> None:
    xs = [Value(1000.0), Value(1001.0), Value(998.0)]
    ps = softmax([x.data for x in xs])
    for i, log_p in enumerate(log_softmax(xs)):
        assert gradients(log_p, xs) == pytest.approx([(i == j) - p for j, p in enumerate(ps)], rel=1e-14)


def test_softmax_is_the_gradient_of_logsumexp() -> None:
    numbers = [0.5, -1.0, 2.0]
    xs = [Value(x) for x in numbers]
    assert gradients(logsumexp(xs), xs) == softmax(numbers)


def test_softmax_of_a_value_among_numbers() -> None:
    x = Value(0.0)
    first, second = softmax([x, 0.0])
    assert (first.data, second.data) == (0.5, 0.5)
    assert gradients(first, [x]) == [0.25]
    assert gradients(second, [x]) == [-0.25]


# ---- what is taken for a list ----


@pytest.mark.parametrize("name", OF_LISTS)
def test_any_iterable_is_taken(name: str) -> None:
    f, xs = named(name), [1.0, 2.0, 0.25]
    expected = bits(f(xs))
    for iterable in (tuple(xs), iter(xs), (x for x in xs), dict.fromkeys(xs), np.array(xs), np.array(xs, np.float32)):
        assert bits(f(iterable)) == expected
    assert bits(f(Value(x) for x in xs)) == expected
    assert bits(f(np.array([Value(x) for x in xs]))) == expected


def test_dot_takes_iterables_and_arrays() -> None:
    ws, xs = [1.0, 2.0, 0.25], [4.0, 5.0, 6.0]
    assert dot(iter(ws), np.array(xs)) == dot(np.array(ws), tuple(xs)) == 15.5
    values = np.array([Value(w) for w in ws])
    assert gradients(dot(values, np.array(xs)), values) == xs


# ---- refusals ----

NO_NUMBERS = ["1.0", None, 1j, Decimal(1), Fraction(1, 2), [1.0], np.array([1.0, 2.0]), b"1"]


@pytest.mark.parametrize("wrong", NO_NUMBERS, ids=repr)
def test_what_is_no_number_is_a_type_error(wrong: Any) -> None:
    for name in UNARY:
        with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
            named(name)(wrong)
    x = Value(1.0)
    for name in ("atan2", "maximum", "minimum", "copysign", "leaky_relu", "elu", "hypot"):
        for args in ((x, wrong), (wrong, x), (1.0, wrong)):
            with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
                named(name)(*args)
    for name in OF_LISTS:
        for xs in ([x, wrong], [wrong], [1.0, wrong]):
            with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
                named(name)(xs)
    for args in (([wrong], [x]), ([1.0], [wrong]), ([x], [1.0], wrong)):
        with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
            dot(*args)
    with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
        functions.sum([x], wrong)
    with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
        where(True, x, wrong)
    with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
        stop_gradient(wrong)


@pytest.mark.parametrize("wrong", ["1.0", None, 1j, Decimal(1), [1.0]], ids=repr)  # a Fraction makes floats of powers
def test_powers_of_what_is_no_number(wrong: Any) -> None:
    x = Value(1.0)
    for args in ((x, wrong), (wrong, x), (1.0, wrong), (wrong, 2)):
        with pytest.raises(TypeError):
            functions.pow(*args)


@pytest.mark.parametrize("wrong", ["1.0", None, 1j, Decimal(1), Fraction(1, 2), [1.0]], ids=repr)
def test_bounds_that_are_no_numbers(wrong: Any) -> None:
    x = Value(1.0)
    for args in ((wrong, 0.0, 1.0), (x, wrong, 1.0), (x, 0.0, wrong)):
        with pytest.raises(TypeError):
            clamp(*args)


@pytest.mark.parametrize("name", OF_LISTS)
def test_a_list_is_needed(name: str) -> None:
    for wrong in (1.0, Value(1.0), None):
        with pytest.raises(TypeError, match="not iterable"):
            named(name)(wrong)


@pytest.mark.parametrize("name", OF_LISTS)
def test_a_matrix_is_no_list(name: str) -> None:
    with pytest.raises(TypeError, match="ndarray"):
        named(name)(np.ones((2, 2)))


@pytest.mark.parametrize("name", ["mean", "logsumexp", "softmax", "log_softmax"])
def test_of_nothing_is_undefined(name: str) -> None:
    for nothing in ([], (), iter([]), np.array([])):
        with pytest.raises(ValueError, match=f"{name} of no numbers"):
            named(name)(nothing)


def test_dot_of_different_lengths_names_both() -> None:
    with pytest.raises(ValueError, match="not 3 numbers and 2"):
        dot([Value(1.0)] * 3, [1.0, 2.0])
    with pytest.raises(ValueError, match="not 0 numbers and 1"):
        dot([], [1.0])


def test_clamp_between_crossed_bounds_names_both() -> None:
    with pytest.raises(ValueError, match=r"lo=1\.5 above hi=-2"):
        clamp(0.0, 1.5, -2)
    with pytest.raises(ValueError, match=r"lo=Value\(data=1\.0, grad=0\.0\) above hi=0"):
        clamp(Value(0.0), Value(1.0), 0)


# fmt: off
RAISING = [
    ("log", (0.0,), ValueError), ("log", (-1.0,), ValueError), ("log", (2.0, 1.0), ZeroDivisionError),
    ("log1p", (-1.0,), ValueError), ("log2", (0.0,), ValueError), ("log10", (-1.0,), ValueError),
    ("sqrt", (-1.0,), ValueError), ("exp", (710.0,), OverflowError), ("exp2", (1024.0,), OverflowError),
    ("expm1", (710.0,), OverflowError), ("sinh", (711.0,), OverflowError), ("cosh", (-711.0,), OverflowError),
    ("sin", (math.inf,), ValueError), ("cos", (math.inf,), ValueError), ("tan", (-math.inf,), ValueError),
    ("asin", (1.5,), ValueError), ("acos", (-1.5,), ValueError), ("acosh", (0.5,), ValueError),
    ("atanh", (1.0,), ValueError), ("pow", (-8.0, 1 / 3), ValueError), ("pow", (0.0, -1.0), ZeroDivisionError),
    ("pow", (10.0, 400.0), OverflowError),
]
# fmt: on


@pytest.mark.parametrize("name, args, error", RAISING)
def test_outside_the_domain_raises_with_a_note(name: str, args: tuple[float, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        named(name)(*args)
    x = Value(args[0], label="weight")
    with pytest.raises(error) as caught:
        named(name)(x, *args[1:])
    (note,) = caught.value.__notes__
    assert "in the operation" in note
    if name != "log" or len(args) == 1:  # of a base, the quotient raises
        assert "label='weight'" in note


def test_the_note_names_each_operand_of_a_function_of_two() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        functions.pow(Value(0.0, label="x"), Value(-1.0, label="n"))
    (note,) = caught.value.__notes__
    assert "'**'" in note
    assert "label='x'" in note
    assert "label='n'" in note


# ---- the functions as objects ----

PUBLIC = [*functions.__all__, "abs", "pow", "round", "sum"]


COMPOSED = ("log", "leaky_relu", "elu", "hardtanh", "fabs", "degrees", "radians", "log_sigmoid")


@pytest.mark.parametrize("name", [n for n in UNARY if n not in COMPOSED])
def test_of_one_operand_is_the_operation_of_the_engine_itself(name: str) -> None:
    assert named(name) is getattr(VALUES, name)
    x = Value(0.5, label="x") if name != "acosh" else Value(1.5, label="x")
    by_function, by_method = named(name)(x), getattr(x, name)()
    assert repr(by_function) == repr(by_method)
    assert by_function.op == by_method.op
    assert by_function.parents == by_method.parents == (x,)


@pytest.mark.parametrize("name", PUBLIC)
def test_is_named_documented_and_picklable(name: str) -> None:
    f = named(name)
    assert f.__name__ == f.__qualname__ == name
    assert f.__module__ == "autograd_mini.functions"
    assert pickle.loads(pickle.dumps(f)) is f
    assert ">>> " in f.__doc__


def test_signatures_are_those_written_down() -> None:
    assert list(inspect.signature(exp).parameters) == ["x"]
    assert list(inspect.signature(sqrt).parameters) == ["x"]
    assert inspect.signature(elu).parameters["alpha"].default == 1.0
    assert inspect.signature(leaky_relu).parameters["negative_slope"].default == 0.01
    with pytest.raises(TypeError, match=r"exp\(\)"):
        exp()  # type: ignore[call-arg]


def test_doctest_finds_every_function() -> None:
    found = {test.name.rpartition(".")[2] for test in doctest.DocTestFinder().find(functions) if test.examples}
    assert set(PUBLIC) <= found


def test_all_hides_no_builtin() -> None:
    assert not set(functions.__all__) & set(dir(builtins))
    assert len(set(functions.__all__)) == len(functions.__all__)


def test_mean_is_the_sum_over_the_count() -> None:
    x = Value(1.0)
    z = mean([x, 2, 6])
    assert z.data == 3.0
    assert gradients(z, [x]) == [1.0 / 3.0]


def test_slope_of_a_product_with_zeros() -> None:
    xs = [Value(0.0), Value(3.0), Value(4.0)]
    assert gradients(prod(xs), xs) == [12.0, 0.0, 0.0]
    ys = [Value(0.0), Value(0.0), Value(4.0)]
    assert gradients(prod(ys), ys) == [0.0, 0.0, 0.0]


def test_length_of_a_vector_neither_overflows_nor_underflows() -> None:
    x, y = Value(3e200), Value(4e200)
    assert gradients(hypot(x, y), [x, y]) == pytest.approx([0.6, 0.8], rel=1e-15)
    assert hypot(3e-200, 4e-200) == pytest.approx(5e-200, rel=1e-15)
    assert hypot(Value(2.0), 3.0, 6.0).data == 7.0


def test_clamp_between_equal_bounds_moves_with_all_three() -> None:
    x, lo, hi = Value(1.0), Value(1.0), Value(1.0)
    assert gradients(clamp(x, lo, hi), [x, lo, hi]) == [0.5, 0.25, 0.25]
