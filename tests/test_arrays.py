"""Object arrays of NumPy with Values for elements, and Python's own rounding of a Value."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.engine import Value
from autograd_mini.functions import atan2, hypot
from autograd_mini.transforms import gradients

XS = [0.25, -0.5, 2.0]
W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def array(xs: Any = XS) -> Any:
    """An object array of Values, of the shape of xs."""
    return np.frompyfunc(Value, 1, 1)(np.asarray(xs))


def data(z: Any) -> Any:
    """The numbers in an array of Values, or of one."""
    return np.frompyfunc(lambda v: v.data if isinstance(v, Value) else v, 1, 1)(z)


# ---- arithmetic ----


def test_matrix_times_vector() -> None:
    x = array()
    y = W @ x
    assert data(y).tolist() == (W @ np.array(XS)).tolist()
    assert gradients(y[0], x) == [1.0, 2.0, 3.0]
    assert gradients(y[1], x) == [4.0, 5.0, 6.0]


def test_matrix_of_values_times_matrix_of_values() -> None:
    a, b = array([[1.0, 2.0], [3.0, 4.0]]), array([[5.0, 6.0], [7.0, 8.0]])
    trace = np.trace(a @ b)
    assert trace.data == 5.0 + 14.0 + 18.0 + 32.0
    assert gradients(trace, a.ravel()) == b.T.ravel().tolist()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: W * x,
        lambda x: x * W,
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: x / 4.0,
        lambda x: 4.0 / x,
        lambda x: 2.0**x,
        lambda x: x**2,
        lambda x: -x,
        lambda x: +x,
        abs,
        lambda x: x[0] * W,
        lambda x: W - x[0],
        np.square,
        np.reciprocal,
        lambda x: np.power(x, 3),
        lambda x: np.outer(x, x),
        np.diff,
        np.cumsum,
        np.sort,
        lambda x: np.maximum(x, 0.0),
        lambda x: np.minimum(0.0, x),
        lambda x: np.clip(x, -0.3, 1.0),
        lambda x: np.where(x > 0.0, x, 0.1 * x),
        np.sign,
        lambda x: np.einsum("ij,j->i", W, x),
        lambda x: np.convolve(x, x),
    ],
)
def test_arithmetic_gives_the_numbers_of_a_float_array(f: Callable[[Any], Any]) -> None:
    expected = f(np.array(XS))
    result = f(array())
    assert result.shape == expected.shape
    assert data(result).tolist() == expected.tolist()


@pytest.mark.parametrize("f", [np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.linalg.norm, np.median])
def test_reductions_give_a_value(f: Callable[[Any], Any]) -> None:
    result = f(array())
    assert isinstance(result, Value)
    assert result.data == pytest.approx(f(np.array(XS)), rel=1e-15)


def test_gradients_of_reductions() -> None:
    x = array()
    assert gradients(x.sum(), x) == [1.0, 1.0, 1.0]
    assert gradients(x.mean(), x) == [1.0 / 3.0] * 3
    assert gradients(x.max(), x) == [0.0, 0.0, 1.0]
    assert gradients(x.prod(), x) == [-1.0, 0.5, -0.125]


@pytest.mark.parametrize("product", [np.dot, np.vdot, np.inner, lambda a, b: a @ b])
def test_inner_products(product: Callable[[Any, Any], Any]) -> None:
    x = array()
    z = product(x, x)
    assert z.data == sum(x * x for x in XS)
    assert gradients(z, x) == [2.0 * x for x in XS]
    assert gradients(product(x, np.array([1.0, 2.0, 3.0])), x) == [1.0, 2.0, 3.0]


# ---- ufuncs, each of which calls the element's method of its own name ----

# fmt: off
UFUNCS = {
    np.exp: "exp", np.exp2: "exp2", np.expm1: "expm1",
    np.log: "log", np.log1p: "log1p", np.log2: "log2", np.log10: "log10",
    np.sqrt: "sqrt", np.cbrt: "cbrt",
    np.sin: "sin", np.cos: "cos", np.tan: "tan", np.arcsin: "asin", np.arccos: "acos", np.arctan: "atan",
    np.sinh: "sinh", np.cosh: "cosh", np.tanh: "tanh",
    np.arcsinh: "asinh", np.arccosh: "acosh", np.arctanh: "atanh",
    np.fabs: "fabs", np.floor: "floor", np.ceil: "ceil", np.trunc: "trunc",
    np.degrees: "degrees", np.rad2deg: "degrees", np.radians: "radians", np.deg2rad: "radians",
}
# fmt: on


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_ufunc_gives_the_numbers_of_math(ufunc: Callable[[Any], Any]) -> None:
    f = getattr(math, UFUNCS[ufunc])
    xs = [1.25, 2.0, 3.5] if ufunc is np.arccosh else [0.25, 0.5, 0.75]
    x = array(xs)
    result = ufunc(x)
    assert [v.data for v in result] == [f(v) for v in xs]
    assert all(v.parents for v in result)  # nodes, not numbers
    assert ufunc(x[0]).data == f(xs[0])  # of one Value too


@given(x=st.floats(-1e9, 1e9), n=st.integers(-3, 3))
def test_rounding_is_that_of_numpy(x: float, n: int) -> None:
    v = array([x])
    assert np.rint(v)[0].data == np.rint(x)
    assert np.trunc(v)[0].data == np.trunc(x)
    assert np.round(v, n)[0].data == np.round(np.array([x]), n)[0]


def test_gradients_through_ufuncs() -> None:
    x = array([0.25, 0.5])
    assert gradients(np.exp(x).sum(), x) == [math.exp(0.25), math.exp(0.5)]
    assert gradients(np.arctan(x)[0], x) == [1.0 / (1.0 + 0.0625), 0.0]
    assert gradients(np.degrees(x)[1], x) == [0.0, 180.0 / math.pi]
    assert gradients(np.floor(x)[0], x) == [0.0, 0.0]


def test_a_value_itself_answers_for_functions_of_numbers_alone() -> None:
    x, y = Value(2.0), Value(3.0)
    for result, number, slope in [
        (np.arctan2(1.0, x), math.atan2(1.0, 2.0), -0.2),
        (np.arctan2(x, 1.0), math.atan2(2.0, 1.0), 0.2),
        (np.hypot(3.0, x), math.hypot(3.0, 2.0), 2.0 / math.hypot(3.0, 2.0)),
        (np.logaddexp(x, y), np.logaddexp(2.0, 3.0), 1.0 / (1.0 + math.e)),
        (np.copysign(x, -1.0), -2.0, -1.0),
        (np.float64(3.0) * x, 6.0, 3.0),
    ]:
        assert result.data == pytest.approx(number, rel=1e-15)
        assert gradients(result, [x]) == [pytest.approx(slope, rel=1e-15)]
    of_array = np.hypot(np.array([3.0, 0.0]), x)
    assert [v.data for v in of_array] == [math.hypot(3.0, 2.0), 2.0]
    assert (np.isfinite(x), np.isnan(x), np.isinf(Value(math.inf))) == (True, False, True)
    with pytest.raises(TypeError, match="a Value has no %"):
        np.mod(x, 2.0)


def test_ufuncs_of_two_arrays() -> None:
    x, y = array([3.0, -1.0]), array([4.0, 2.0])
    for result in (np.hypot(x, y), np.hypot(x, [4.0, 2.0])):
        assert [v.data for v in result] == [hypot(3.0, 4.0), hypot(-1.0, 2.0)]
    for result in (np.arctan2(x, y), np.arctan2(x, [4.0, 2.0])):
        assert [v.data for v in result] == [atan2(3.0, 4.0), atan2(-1.0, 2.0)]
    assert gradients(np.hypot(x, y)[0], [x[0], y[0]]) == [0.6, 0.8]


def test_of_two_arrays_numpy_asks_the_first_so_that_one_must_hold_the_values() -> None:
    with pytest.raises((TypeError, AttributeError), match="hypot"):
        np.hypot([3.0], array([4.0]))


def test_conjugate_is_the_value_itself() -> None:
    x = array()
    assert all(v is w for v, w in zip(np.conjugate(x), x))
    assert all(v is w for v, w in zip(x.real, x))


def test_comparisons_give_arrays_of_bool() -> None:
    x = array()
    for result in (x > 0.0, x == XS, x <= array()):
        assert result.dtype == bool
    assert (x > 0.0).tolist() == [True, False, True]


# ---- scalars ----


@pytest.mark.parametrize(
    "scalar", [np.float64(2), np.float32(2), np.float16(2), np.longdouble(2), np.int64(2), np.uint8(2)]
)
def test_a_scalar_of_numpy_on_either_side_gives_a_value(scalar: Any) -> None:
    x = Value(3.0)
    results = {
        scalar + x: 5.0, x + scalar: 5.0, scalar - x: -1.0, x - scalar: 1.0, scalar * x: 6.0, x * scalar: 6.0,
        scalar / x: 2.0 / 3.0, x / scalar: 1.5, scalar**x: 8.0, x**scalar: 9.0,
    }  # fmt: skip
    for z, expected in results.items():
        assert isinstance(z, Value)
        assert z.data == expected
        assert type(z.data) is float
        assert z.parents == (x,)
    assert scalar < x
    assert x > scalar
    assert not x == scalar


def test_a_scalar_of_numpy_becomes_a_float() -> None:
    for scalar in (np.float32(0.5), np.float64(0.5), np.longdouble(0.5)):
        x = Value(scalar)
        x.data = scalar
        x.grad = scalar
        assert type(x.data) is float
        assert type(x.grad) is float
        assert type((x * scalar).pullback(1.0)[0]) is float


def test_an_array_of_no_dimension_is_a_number() -> None:
    x = Value(3.0)
    for z in (x * np.array(2.0), np.array(2.0) * x):
        assert isinstance(z, Value)
        assert z.data == 6.0


# ---- refusals ----


@pytest.mark.parametrize(
    "to_floats", [lambda x: x.astype(float), lambda x: np.asarray(x, float), lambda x: np.float64(x[0])]
)
def test_conversion_to_floats_is_refused(to_floats: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="lose its gradient"):
        to_floats(array())


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(TypeError):
        np.complex128(2j) * Value(1.0)
    with pytest.raises(TypeError):
        array() * 2j


def test_errors_raised_by_arrays_have_the_note() -> None:
    with pytest.raises(ValueError, match=r"math domain|expected a") as caught:
        np.log(array())
    assert "in the operation 'log'" in caught.value.__notes__[0]


# ---- rounding in Python ----


@given(x=st.floats(-1e300, 1e300))
def test_python_rounds_a_value_to_a_value(x: float) -> None:
    v = Value(x)
    for f in (round, math.floor, math.ceil, math.trunc):
        z: Any = f(v)  # type: ignore[operator]
        assert isinstance(z, Value)
        assert z.data == f(x)
        assert gradients(z, [v]) == [0.0]


@pytest.mark.parametrize("ndigits", [2, 0, -1])
def test_rounding_to_digits_says_what_to_write(ndigits: int) -> None:
    with pytest.raises(
        TypeError, match=rf"round\(x \* 10\*\*{ndigits}\) / 10\*\*{ndigits}, or round\(x\.data, {ndigits}\)"
    ):
        round(Value(1.234), ndigits)  # type: ignore[call-overload]
