"""Derivatives inside derivatives: plain numbers in, plain numbers out, at the cost of the inner run alone."""

import inspect
import itertools
import math
import pickle
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import (
    Value,
    cos,
    exp,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    log,
    sin,
    stop_gradient,
    topological_order,
    value_and_grad,
    vjp,
)
from autograd_mini.nn import Neuron

Transform = Callable[[Callable[..., Any]], Callable[[float], Any]]

# Each gives f′(x) for a function of one number, by a road of its own.
ROADS: dict[str, Transform] = {
    "grad": grad,
    "value_and_grad": lambda f: lambda x: value_and_grad(f)(x)[1],
    "jacobian": jacobian,
    "jvp": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "vjp": lambda f: lambda x: vjp(f, x)[1](1.0)[0],
    "hvp of the integral's place": lambda f: lambda x: jvp(lambda t: f(t[0]), ([x],), ([1.0],))[1],
}


def g(x: Any, y: Any) -> Any:
    return x**2 * y**3


# ---- plain numbers in, plain numbers out ----


@pytest.mark.parametrize("inner", ROADS)
@pytest.mark.parametrize("outer", ROADS)
def test_a_mixed_second_derivative_is_a_float_by_every_pair_of_roads(outer: str, inner: str) -> None:
    def slope_in_y(x: Any) -> Any:
        return ROADS[inner](lambda y: g(x, y))(3.0)

    found = ROADS[outer](slope_in_y)(2.0)
    assert type(found) is float
    assert found == 108.0
    third = ROADS[outer](ROADS[inner](ROADS[outer](lambda x: x**4)))(2.0)
    assert type(third) is float
    assert third == pytest.approx(48.0, rel=1e-15)


def test_the_inner_variable_is_a_constant_once_its_run_has_ended() -> None:
    for found in (
        grad(lambda x: grad(g, 1)(x, 3.0))(2.0),
        jvp(lambda x: grad(g, 1)(x, 3.0), (2.0,), (1.0,))[1],
        vjp(lambda x: grad(g, 1)(x, 3.0), 2.0)[1](1.0)[0],
        jacobian(lambda x: [grad(g, 1)(x, 3.0)])(2.0)[0],
        hvp(lambda x: g(x, 1.0) * grad(lambda y: y * y)(1.0) / 4.0, 1.0, 108.0),
        hessian(lambda x: grad(g, 1)(x[0], 3.0))([2.0])[0][0] * 2.0,
    ):
        assert type(found) is float
        assert found == 108.0


def test_values_that_f_makes_for_itself_are_constants() -> None:
    value, slope = value_and_grad(lambda x: Value(2.0) * x * x)(3.0)
    assert (value, slope) == (18.0, 12.0)
    assert type(value) is type(slope) is float


def test_a_value_of_the_caller_makes_values_of_those_results_alone_that_depend_on_it() -> None:
    w = Value(2.0)
    gradient = grad(lambda p: p["a"] ** 2 + w * p["b"])({"a": 3.0, "b": 5.0})
    assert gradient["a"] == 6.0
    assert type(gradient["a"]) is float
    assert type(gradient["b"]) is Value
    gradient["b"].backward()
    assert w.grad == 1.0
    value, pullback = vjp(lambda x: [x * x, w * x], 3.0)
    assert type(value[0]) is float
    assert type(value[1]) is Value
    assert type(pullback([1.0, 0.0])[0]) is Value
    values, rows = jvp(lambda x: [x * x, w * x], (3.0,), (1.0,))
    assert [type(v) for v in (*values, *rows)] == [float, Value, float, Value]


def test_a_parameter_of_a_model_stays_differentiable_through_an_inner_gradient() -> None:
    random.seed(1)
    neuron = Neuron(2, "tanh")
    slopes = grad(neuron)([0.3, -0.2])
    assert all(type(slope) is Value for slope in slopes)
    (slopes[0] ** 2 + slopes[1] ** 2).backward()
    step, w = 1e-6, neuron.w[0]

    def penalty() -> float:
        return sum(slope.data**2 for slope in grad(neuron)([0.3, -0.2]))

    found, start = w.grad, w.data
    w.data = start + step
    above = penalty()
    w.data = start - step
    below = penalty()
    assert found == pytest.approx((above - below) / (2 * step), rel=1e-6)


def test_the_variable_of_an_outer_run_that_has_ended_is_a_constant() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x)
        kept.append(vjp(lambda t: t * x, 2.0)[1])
        return x * x

    assert grad(f)(3.0) == 6.0
    leaf, pullback = kept
    found = grad(lambda y: y * leaf)(2.0)
    assert (found, type(found)) == (3.0, float)
    assert pullback(1.0) == (3.0,)
    assert type(pullback(1.0)[0]) is float


def test_a_pullback_called_with_a_value_gives_values_that_depend_on_it() -> None:
    _, pullback = vjp(lambda x: x**3, 2.0)
    u = Value(5.0)
    (found,) = pullback(u)
    found.backward()
    assert (found.data, u.grad) == (60.0, 12.0)


def test_an_exception_in_f_ends_its_run_too() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x)
        raise KeyError("on the way")

    with pytest.raises(KeyError):
        grad(f)(3.0)
    assert type(grad(lambda y: y * kept[0])(2.0)) is float


@given(st.lists(st.sampled_from(sorted(ROADS)), min_size=1, max_size=3), st.floats(0.2, 1.5))
def test_any_nesting_of_roads_gives_floats_that_are_right(roads: list[str], x: float) -> None:
    f: Callable[..., Any] = sin
    for road in roads:
        f = ROADS[road](f)
    expected = [sin, cos, lambda x: -sin(x), lambda x: -cos(x)][len(roads)](x)
    found = f(x)
    assert type(found) is float
    assert math.isclose(found, expected, rel_tol=1e-14, abs_tol=1e-15)


def test_perturbations_are_not_confused_in_any_mixture_of_modes() -> None:
    def checked(outer: Transform, inner: Transform) -> None:
        assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0
        assert outer(lambda x: x * inner(lambda y: x * y)(2.0))(3.0) == 6.0
        assert outer(lambda x: inner(lambda y: x * y)(x))(3.0) == 1.0

    for outer, inner in itertools.product(ROADS.values(), repeat=2):
        checked(outer, inner)


# ---- what an inner run costs ----


def test_n_inner_gradients_in_a_loop_cost_n_times_as_much_as_one() -> None:
    def visits(n: int) -> int:
        def f(x: Any) -> Any:
            y = loop_of(n)(x)
            seen.append(len(topological_order(y)))
            return y

        seen: list[int] = []
        grad(f)(0.5)
        return seen[0]

    assert visits(800) == pytest.approx(8 * visits(100), rel=0.01)

    assert lines_run(lambda: grad(loop_of(400))(0.5)) < 12 * lines_run(lambda: grad(loop_of(50))(0.5))


def loop_of(n: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        for _ in range(n):
            x = x - 0.1 * grad(lambda t, x=x: (t * x) ** 2)(1.0)
        return x

    return f


def lines_run(work: Callable[[], Any]) -> int:
    """How many lines of Python run: time as a count, the same on any machine."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_an_inner_gradient_does_not_walk_what_lies_below_a_captured_value() -> None:
    def chain(n: int) -> Value:
        y = Value(0.5)
        for _ in range(n):
            y = y * 1.0001
        return y

    short, long = chain(10), chain(10_000)
    assert lines_run(lambda: grad(lambda t: t * long)(1.0)) == lines_run(lambda: grad(lambda t: t * short)(1.0))


# ---- mechanics: where nested derivatives of plain numbers are the daily bread ----


def test_a_double_pendulum_by_its_lagrangian_keeps_its_energy() -> None:
    def lagrangian(q: Any, v: Any) -> Any:
        kinetic = v[0] ** 2 + 0.5 * v[1] ** 2 + v[0] * v[1] * cos(q[0] - q[1])
        return kinetic + 9.81 * (2 * cos(q[0]) + cos(q[1]))

    def energy(q: Any, v: Any) -> Any:
        momenta = grad(lagrangian, 1)(q, v)
        return sum(p * w for p, w in zip(momenta, v)) - lagrangian(q, v)

    def acceleration(q: list[float], v: list[float]) -> list[float]:
        mass = hessian(lagrangian, 1)(q, v)
        mixed = jacobian(lambda q: grad(lagrangian, 1)(q, v))(q)
        force = grad(lagrangian, 0)(q, v)
        assert all(type(x) is float for row in (*mass, *mixed, force) for x in row)
        rhs = [f - sum(m * w for m, w in zip(row, v)) for f, row in zip(force, mixed)]
        found: list[float] = np.linalg.solve(mass, rhs).tolist()
        return found

    q, v, h = [1.0, 0.5], [0.0, 0.0], 0.01
    before = energy(q, v)
    for _ in range(20):  # Runge–Kutta of order 4
        k1, l1 = v, acceleration(q, v)
        k2 = [a + h / 2 * b for a, b in zip(v, l1)]
        l2 = acceleration([a + h / 2 * b for a, b in zip(q, k1)], k2)
        k3 = [a + h / 2 * b for a, b in zip(v, l2)]
        l3 = acceleration([a + h / 2 * b for a, b in zip(q, k2)], k3)
        k4 = [a + h * b for a, b in zip(v, l3)]
        l4 = acceleration([a + h * b for a, b in zip(q, k3)], k4)
        q = [a + h / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in zip(q, k1, k2, k3, k4)]
        v = [a + h / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in zip(v, l1, l2, l3, l4)]
    assert all(type(x) is float for x in (*q, *v))
    assert energy(q, v) == pytest.approx(before, rel=1e-8)


def test_a_time_loop_through_inner_derivatives_can_be_differentiated_itself() -> None:
    # x′ = −∂V/∂x for V = ½kx²: each explicit step multiplies by 1 − hk, so ∂x_n/∂k = −nh·x₀·(1 − hk)ⁿ⁻¹.
    def final(k: Any) -> Any:
        x: Any = 1.5
        for _ in range(30):
            x = x - 0.01 * grad(lambda t: 0.5 * k * t * t)(x)
        return x

    found = grad(final)(2.0)
    assert type(found) is float
    assert found == pytest.approx(-30 * 0.01 * 1.5 * 0.98**29, rel=1e-12)


# ---- functions that behave as functions ----


def square(x: float, *, scale: float = 1.0) -> Any:
    """The square."""
    return scale * x * x


class Model:
    """A derivative in a class body is a method."""

    stiffness = 3.0

    def energy(self, x: Any) -> Any:
        return 0.5 * self.stiffness * x * x

    force = grad(energy, 1)


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_a_derivative_has_the_signature_of_its_function_and_pickles(transform: Any) -> None:
    derivative = transform(square)
    assert inspect.signature(derivative) == inspect.signature(square)
    assert derivative.__wrapped__ is square
    assert derivative.__name__ == f"{transform.__name__}(square)"
    again = pickle.loads(pickle.dumps(derivative))
    assert again(3.0, scale=2.0) == derivative(3.0, scale=2.0)


def test_a_derivative_in_a_class_body_is_a_method() -> None:
    assert Model().force(2.0) == 6.0
    assert Model.force(Model(), 2.0) == 6.0


def test_an_argument_to_differentiate_may_be_named() -> None:
    assert grad(square)(x=3.0, scale=2.0) == 12.0
    assert grad(g, argnums=(0, 1))(2.0, y=3.0) == (108.0, 108.0)


def test_a_second_result_is_passed_through() -> None:
    def f(x: Any) -> Any:
        return x * x, {"twice": 2 * x, "name": "f", "shape": (1, None)}

    aux = {"twice": 6.0, "name": "f", "shape": (1, None)}
    assert grad(f, has_aux=True)(3.0) == (6.0, aux)
    assert value_and_grad(f, has_aux=True)(3.0) == ((9.0, aux), 6.0)
    assert jacobian(f, has_aux=True)(3.0) == (6.0, aux)
    assert hessian(f, has_aux=True)(3.0) == (2.0, aux)
    assert jvp(f, (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, aux)
    value, pullback, other = vjp(f, 3.0, has_aux=True)
    assert (value, pullback(1.0), other) == (9.0, (6.0,), aux)
    assert type(grad(f, has_aux=True)(3.0)[1]["twice"]) is float
    with pytest.raises(TypeError, match="must return a pair"):
        grad(lambda x: x, has_aux=True)(3.0)


def test_what_can_never_work_is_refused_when_it_is_written() -> None:
    with pytest.raises(TypeError, match="needs a function"):
        grad(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="argnums are positions"):
        grad(g, argnums="x")  # type: ignore[arg-type]


def test_stop_gradient_holds_at_every_depth() -> None:
    assert grad(lambda x: grad(lambda y: y * stop_gradient(x) * x)(1.0))(3.0) == 3.0
    assert grad(lambda x: stop_gradient(grad(lambda y: y**2 * x)(1.0)) * x)(3.0) == 6.0


def test_logarithms_and_powers_nest_where_the_inner_run_is_in_values() -> None:
    found = grad(lambda x: grad(lambda y: exp(x * log(y)))(2.0))(3.0)  # d/dx (x·y^(x−1)) at y = 2
    assert found == pytest.approx(2.0**2 + 3.0 * 2.0**2 * math.log(2.0), rel=1e-14)
