"""What transforms.py promises: derivatives of functions of numbers, in their structure, to any order."""

import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.engine import Value
from autograd_mini.errors import NoGraphError, StaleGraphError
from autograd_mini.hooks import no_grad
from autograd_mini.rule import VALUES
from autograd_mini.transforms import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp

Point = namedtuple("Point", "x y")
NUMBERS = st.floats(-2.0, 2.0)
POINTS = st.lists(NUMBERS, min_size=3, max_size=3)


def f(x: Any) -> Any:
    """Smooth, of three numbers, with all mixed second derivatives."""
    return VALUES.sin(x[0] * x[1]) + VALUES.exp(x[2] * 0.5) * x[0] + (x[1] * x[1] + 1.0) ** 0.5 * x[2]


def close(a: Any, b: Any) -> bool:
    return bool(np.allclose(np.array(a, dtype=float), np.array(b, dtype=float), rtol=1e-12, atol=1e-12))


# ---- orders ----


@pytest.mark.parametrize(
    "function, x, derivatives",
    [
        (VALUES.sin, 0.7, [math.cos(0.7), -math.sin(0.7), -math.cos(0.7), math.sin(0.7)]),
        (VALUES.exp, 0.7, [math.exp(0.7)] * 5),
        (VALUES.tanh, 0.0, [1.0, 0.0, -2.0, 0.0, 16.0]),
        (lambda x: x**5, 2.0, [80.0, 160.0, 240.0, 240.0, 120.0, 0.0]),
        (lambda x: 1 / x, 2.0, [-0.25, 0.25, -0.375, 0.75]),
        (lambda x: x**2.5, 4.0, [20.0, 7.5, 0.9375]),
        (VALUES.log, 2.0, [0.5, -0.25, 0.25, -0.375]),
    ],
)
def test_derivatives_of_any_order_by_nesting(function: Callable[..., Any], x: float, derivatives: list[float]) -> None:
    for expected in derivatives:
        function = grad(function)
        found = function(x)
        assert type(found) is float
        assert found == pytest.approx(expected, rel=1e-14, abs=1e-14)


def test_perturbations_are_not_confused() -> None:
    # Siskind & Pearlmutter 2005, 2008: the inner derivative must not see the outer variable's perturbation.
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y)(x))(3.0) == 1.0
    # Manzyuk et al. 2019: a derivative that is returned as a function, and applied to itself.
    shift = grad(lambda x: (lambda g: lambda y: g(x + y))(lambda t: t * t)(1.0))
    assert shift(2.0) == 6.0


@given(POINTS)
def test_the_hessian_is_symmetric_and_hvp_is_its_product(x: list[float]) -> None:
    h = np.array(hessian(f)(x))
    assert close(h, h.T)
    assert close(hvp(f, x, [1.0, -2.0, 0.5]), h @ [1.0, -2.0, 0.5])


@given(POINTS, POINTS, st.lists(NUMBERS, min_size=2, max_size=2))
def test_forward_and_reverse_agree(x: list[float], v: list[float], u: list[float]) -> None:
    def g(x: Any) -> list[Any]:
        return [f(x), x[0] * x[2] - x[1]]

    value, pullback = vjp(g, x)
    same, moved = jvp(g, (x,), (v,))
    j = np.array(jacobian(g)(x))
    assert value == same == g(x)
    assert close(moved, j @ v)
    assert close(pullback(u)[0], np.array(u) @ j)
    assert math.isclose(np.dot(u, moved), np.dot(pullback(u)[0], v), rel_tol=1e-12, abs_tol=1e-12)


@given(POINTS)
def test_the_gradient_is_the_same_on_every_road(x: list[float]) -> None:
    leaves = [Value(number) for number in x]
    f(leaves).backward()
    by_backward = [v.grad for v in leaves]
    assert grad(f)(x) == by_backward
    assert vjp(f, x)[1](1.0) == (by_backward,)
    assert close(jacobian(f)(x), by_backward)


# ---- structures ----


def test_results_have_the_structure_of_the_argument() -> None:
    assert grad(lambda p: p["w"] * p["x"][0] + p["y"].x)({"w": 3.0, "x": [4, 5.0], "y": Point(1.0, 2.0)}) == {
        "w": 4.0,
        "x": [3.0, 0.0],
        "y": Point(1.0, 0.0),
    }
    assert grad(lambda x, y: x * y, argnums=1)(3.0, 4.0) == 3.0
    assert grad(lambda x, y: x * y, argnums=-1)(3.0, 4.0) == 3.0
    assert grad(lambda x, y: x * y, argnums=(1, 0))(3.0, 4.0) == (3.0, 4.0)
    assert grad(lambda x, *, scale: x * scale)(3.0, scale=7.0) == 7.0
    assert jacobian(lambda x: {"a": x[0] * x[1], "b": (x[0], 2.0)})([3.0, 4.0]) == {
        "a": [4.0, 3.0],
        "b": ([1.0, 0.0], [0.0, 0.0]),
    }
    assert vjp(lambda a, b: (a * b, a), 2.0, 3.0)[1]((1.0, 10.0)) == (13.0, 2.0)


def test_arrays_give_arrays() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    g = grad(lambda x: (x**2).sum())(x)
    assert isinstance(g, np.ndarray)
    assert g.dtype == float
    assert (g == 2 * x).all()
    j = jacobian(lambda x: x @ x)(x)
    assert j.shape == (2, 2, 2, 2)
    assert j[0, 1].tolist() == [[2.0, 5.0], [0.0, 2.0]]
    h = hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    assert h.tolist() == [[6.0, 0.0], [0.0, 12.0]]
    assert hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0])).tolist() == [6.0, 12.0]
    assert grad(lambda x: x * x)(np.float64(3.0)) == 6.0


def test_a_result_that_does_not_depend_on_the_argument_has_gradient_zero() -> None:
    assert value_and_grad(lambda x: 5)(1.0) == (5, 0.0)
    assert grad(lambda x, y: y)(1.0, 2.0) == 0.0
    assert grad(grad(lambda x: 3 * x))(1.0) == 0.0
    assert jvp(lambda x: [x, 1.0], (2.0,), (1.0,)) == ([2.0, 1.0], [1.0, 0.0])


def test_the_identity_and_repeated_results() -> None:
    assert value_and_grad(lambda x: x)(2) == (2.0, 1.0)
    assert vjp(lambda x: [x, x], 2.0)[1]([1.0, 10.0]) == (11.0,)


# ---- Values from outside ----


def test_a_derivative_that_depends_on_a_value_from_outside_is_a_value() -> None:
    w = Value(2.0)
    value, slope = value_and_grad(lambda x: w * x * x)(3.0)
    assert (value.data, slope.data) == (18.0, 12.0)
    (slope**2).backward()
    assert w.grad == 2 * 12.0 * 6.0
    x = Value(3.0)
    grad(lambda x: x**3)(x).backward()
    assert x.grad == 18.0
    assert type(grad(lambda x: w.data * x)(3.0)) is float


def test_nothing_is_left_on_values_from_outside() -> None:
    w, x = Value(2.0), Value(3.0)
    grad(lambda x: w * x)(x)
    jacobian(lambda x: [w * x])(1.0)
    hvp(lambda x: w * x * x, 1.0, 1.0)
    assert (w.grad, x.grad) == (0.0, 0.0)


def test_infinite_slopes_and_their_slopes_do_not_raise() -> None:
    assert grad(VALUES.sqrt)(0.0) == math.inf
    assert grad(grad(VALUES.sqrt))(0.0) == -math.inf
    assert grad(grad(VALUES.tanh))(1e300) == 0.0
    assert math.isnan(grad(grad(lambda n: (-2.0) ** n))(3.0))


# ---- errors ----


def test_bad_input_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"returned list .* use jacobian or vjp"):
        grad(lambda x: [x, x])(1.0)
    with pytest.raises(TypeError, match="argnums names number 2"):
        grad(lambda x, y: x, argnums=2)(1.0, 2.0)
    with pytest.raises(TypeError, match="needs a number, got the string '1'"):
        grad(lambda x: x)("1")
    with pytest.raises(TypeError, match="needs a number, got the string '1'"):
        grad(lambda x: "1")(1.0)
    with pytest.raises(TypeError, match="names an argument twice"):
        grad(lambda x, y: x, argnums=(0, -2))(1.0, 2.0)
    with pytest.raises(TypeError, match="needs Values, got float"):
        gradients(Value(1.0) * 2, [3.0])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="takes tuples"):
        jvp(lambda x: x, 1.0, 1.0)  # type: ignore[arg-type]
    for tangent in ([1.0], {"a": 1.0, "b": 1.0}, 1.0, [1.0, [2.0]], np.ones((2, 1))):
        with pytest.raises(ValueError, match="the tangents must have the structure of the primals"):
            jvp(lambda x: x[0], ([1.0, 2.0],), (tangent,))
    with no_grad(), pytest.raises(NoGraphError):
        grad(lambda x: x * x)(1.0)
    with no_grad(), pytest.raises(NoGraphError):
        jvp(lambda x: x * x, (1.0,), (1.0,))


def test_structures_are_matched_by_key_and_arrays_with_lists() -> None:
    f = lambda p: p["a"] * 100 + p["b"]  # noqa: E731
    assert jvp(f, ({"a": 1.0, "b": 2.0},), ({"b": 0.0, "a": 1.0},)) == (102.0, 100.0)
    assert vjp(lambda x: {"a": x, "b": 10 * x}, 1.0)[1]({"b": 0.0, "a": 1.0}) == (1.0,)
    assert hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), [1.0, 0.0]).tolist() == [6.0, 0.0]
    assert grad(lambda x: x * x)(np.array(3.0)) == 6.0


def test_derivatives_by_a_seed_or_a_tangent_are_numbers() -> None:
    def cubed(pair: Any) -> Any:
        return pair[0] ** 3 * pair[1]

    assert grad(lambda u: vjp(lambda y: y**3, 2.0)[1](u)[0])(5.0) == 12.0
    assert type(grad(lambda u: vjp(lambda y: y**3, 2.0)[1](u)[0])(5.0)) is float
    assert jvp(lambda t: jvp(lambda y: y**3, (2.0,), (t,))[1], (5.0,), (1.0,)) == (60.0, 12.0)
    assert grad(lambda v: hvp(cubed, [1.0, 2.0], v)[0])([1.0, 0.0]) == [12.0, 3.0]


def test_a_stale_run_is_refused_forward_too() -> None:
    def f(x: Any) -> Any:
        w = Value(2.0)
        y = w * x
        w.data = 5.0
        return y

    for transform in (lambda: grad(f)(3.0), lambda: jvp(f, (3.0,), (1.0,))):
        with pytest.raises(StaleGraphError):
            transform()


def test_the_same_function_runs_on_plain_floats() -> None:
    x = [0.3, 0.5, -1.0]
    assert f(x) == value_and_grad(f)(x)[0]
    assert type(f(x)) is float
