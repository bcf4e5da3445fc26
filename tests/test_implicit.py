"""Roots and fixed points: against closed forms and differences, to any order; compiled; what does not converge."""

import math

import pytest

from autograd_mini import (
    ConvergenceError,
    Value,
    compiler,
    cos,
    exp,
    fixed_point,
    grad,
    gradcheck,
    gradients,
    hessian,
    log,
    root,
    tanh,
    topological_order,
)


def square_root(a):
    return root(lambda x: x * x - a, 1.0)


def given_square_root(a):
    return root(lambda x, a: x * x - a, 1.0, a)


@pytest.mark.parametrize("f", [square_root, given_square_root])
def test_a_root_has_the_derivatives_of_its_closed_form_to_any_order(f):
    closed = lambda a: a**0.5  # noqa: E731
    for _ in range(5):
        for a in (0.3, 2.0, 50.0):
            assert f(a) == pytest.approx(closed(a), rel=1e-11)
        f, closed = grad(f), grad(closed)


def test_values_captured_and_given():
    a, b, y = Value(2.0), Value(3.0), Value(0.5)
    x = root(lambda x, b: x**3 + a * x - b * exp(y), 1.0, b)
    slope = 3.0 * x.data**2 + 2.0
    expected = [-x.data / slope, math.exp(0.5) / slope, 3.0 * math.exp(0.5) / slope]
    assert gradients(x, [a, b, y]) == pytest.approx(expected, rel=1e-13)
    x.backward()
    assert (a.grad, b.grad, y.grad) == tuple(gradients(x, [a, b, y]))
    z = (x * x).log()  # further down
    assert gradients(z, [a]) == pytest.approx([2.0 / x.data * expected[0]], rel=1e-13)


def test_a_captured_result_is_a_parent_and_nothing_below_it():
    a = Value(4.0)
    b = log(a)
    x = root(lambda x: x * x - b * a, 1.0)
    assert set(x.parents) == {a, b}
    assert gradients(x, [a]) == pytest.approx([(1.0 + math.log(4.0)) / 2.0 / x.data], rel=1e-13)


def circle_and_line(p):
    x = root(lambda x: {"u": x["u"] ** 2 + x["v"] ** 2 - p[0], "v": x["u"] - p[1] * x["v"]}, {"u": 1.0, "v": 1.0})
    return x["u"] * x["v"]


def test_systems_have_second_derivatives():
    closed = lambda p: p[1] * p[0] / (1.0 + p[1] ** 2)  # noqa: E731
    at = [2.0, 0.7]
    assert circle_and_line(at) == pytest.approx(closed(at), rel=1e-14)
    assert grad(circle_and_line)(at) == pytest.approx(grad(closed)(at), rel=1e-13)
    for found, expected in zip(hessian(circle_and_line)(at), hessian(closed)(at)):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-13)


def equilibrium(a):
    return fixed_point(lambda x, a: cos(a * x), 0.5, a)


def test_a_fixed_point_against_differences():
    h = 1e-5
    f = equilibrium
    for order in range(3):
        slope = (f(1.0 + h) - f(1.0 - h)) / (2.0 * h)
        f = grad(f)
        assert f(1.0) == pytest.approx(slope, rel=1e-6), order


def test_the_gradient_of_a_fixed_point_does_not_depend_on_its_iterations():
    calls = []

    def g(xs, a):
        calls.append(1)
        return [tanh(0.999 * xs[0] + a), 0.5 * xs[1] + xs[0]]

    a = Value(0.001)
    x = fixed_point(g, [0.0, 0.0], a)
    iterations = len(calls)
    assert len(topological_order(x[1])) == 3
    x[1].backward()
    assert iterations > 50
    assert len(calls) == iterations
    u = x[0].data
    slope = (1.0 - u * u) / (1.0 - 0.999 * (1.0 - u * u))
    assert a.grad == pytest.approx(2.0 * slope, rel=1e-9)


@pytest.mark.parametrize(
    "call", [lambda f: f, lambda f: compiler.compile(f, executor="source")], ids=["eager", "compiled"]
)
def test_equations_in_a_loop_may_see_its_variables(call):
    def decay(k):
        y = 1.0
        for _ in range(3):
            y = root(lambda new: new - y + 0.1 * k * new, y)  # noqa: B023  (an implicit step of Euler's)
        return y

    assert call(grad(decay))(0.7) == pytest.approx(-0.3 * 1.07**-4, rel=1e-13)
    assert call(grad(grad(decay)))(0.7) == pytest.approx(0.12 * 1.07**-5, rel=1e-13)


def test_plain_numbers_give_plain_numbers():
    assert root(lambda x: x - 1, 0) == 1.0
    assert type(root(lambda x: x * x - 2.0, 1.0)) is float
    assert fixed_point(lambda x: [0.5 * x[0] + 1.0], [0.0]) == pytest.approx([2.0], rel=1e-15)


@pytest.mark.parametrize("executor", ["source", "numpy", "native"])
@pytest.mark.parametrize("f", [square_root, given_square_root, equilibrium], ids=lambda f: f.__name__)
def test_compiled_it_is_solved_for_other_numbers_too(f, executor):
    compiled = compiler.compile(f, executor=executor)
    slope = compiler.compile(grad(f), executor=executor)
    for a in (0.9, 0.7, 1.1, 0.3):
        assert compiled.value_and_grad(a) == pytest.approx((f(a), grad(f)(a)), rel=1e-12)
        assert slope.value_and_grad(a) == pytest.approx((grad(f)(a), grad(grad(f))(a)), rel=1e-10)


def test_compiled_derivatives_are_of_any_order_too():
    f, closed = square_root, lambda a: a**0.5
    for _ in range(4):
        f, closed = grad(f), grad(closed)
    value, slope = compiler.compile(f, executor="source").value_and_grad(2.0)
    assert (value, slope) == pytest.approx((closed(2.0), grad(closed)(2.0)), rel=1e-9)


def test_one_program_searches_for_all_numbers():
    for f, starts in ((square_root, [2.0, 1e-8, 1e8]), (equilibrium, [0.1, 1.3, 0.7])):
        compiled = compiler.compile(f)
        for a in starts:
            assert compiled(a) == pytest.approx(f(a), rel=1e-12)
        assert len(compiled.programs) == 1


@pytest.mark.parametrize("executor", ["numpy", "native"])
def test_each_sample_has_its_own_search(executor):
    samples = [0.3, -1.0, 2.0, 50.0]
    values, slopes = compiler.compile(square_root, batch=True, executor=executor).value_and_grad(samples)
    for a, value, slope in zip(samples, values, slopes):
        if a < 0.0:  # has no root
            assert math.isnan(value)
        else:
            assert (value, slope) == pytest.approx((a**0.5, 0.5 * a**-0.5), rel=1e-13)


def test_a_search_is_refused_in_its_trace_too():
    with pytest.raises(ConvergenceError, match=r"root\(\) found no solution"):
        compiler.compile(square_root)(-1.0)
    with pytest.raises(ConvergenceError, match=r"fixed_point\(\) found no solution"):
        compiler.compile(lambda a: fixed_point(lambda x: 2.0 * x + a, 1.0, steps=50))(1.0)


def test_compiled_systems():
    compiled = compiler.compile(circle_and_line)
    for at in ([2.0, 0.7], [3.0, 0.5], [0.5, 1.5]):
        value, slopes = compiled.value_and_grad(at)
        assert value == pytest.approx(circle_and_line(at), rel=1e-13)
        assert slopes == pytest.approx(grad(circle_and_line)(at), rel=1e-12)


def test_compiled_it_raises_what_it_raises_eagerly():
    compiled = compiler.compile(square_root)
    assert compiled(2.0) == pytest.approx(math.sqrt(2.0), rel=1e-15)
    with pytest.raises(ConvergenceError):
        compiled(-1.0)
    assert compiled(3.0) == pytest.approx(math.sqrt(3.0), rel=1e-15)


def test_the_operation_can_be_checked_by_itself():
    assert gradcheck(square_root, 2.0)
    assert gradcheck(given_square_root, 2.0)


def test_what_does_not_converge_is_an_error_with_the_residual():
    with pytest.raises(ConvergenceError, match="no solution") as caught:
        root(lambda x: x * x + 1.0, 0.7)
    assert caught.value.residual >= 1.0
    with pytest.raises(ConvergenceError, match="singular"):
        root(lambda x: 0.0 * x + 1.0, 1.0)
    with pytest.raises(ConvergenceError) as caught:
        fixed_point(lambda x: 2.0 * x + 1.0, 1.0, steps=50)
    assert caught.value.residual > 1e9
    with pytest.raises(ConvergenceError):
        fixed_point(lambda x: -x + 1.0, 1.0, steps=100)
    with pytest.raises(ValueError, match="as many equations as unknowns, not 1 for 2"):
        root(lambda x: [x[0] + x[1]], [1.0, 1.0])


def test_a_solution_may_be_zero():
    def f(a):
        return root(lambda x: cos(x + a), 0.3)

    for found in (f(math.pi / 2), compiler.compile(f)(math.pi / 2)):
        assert found == pytest.approx(0.0, abs=1e-15)
    assert grad(f)(math.pi / 2) == pytest.approx(-1.0, rel=1e-15)


def test_steps_into_where_f_has_no_value_are_halved():
    assert root(lambda x: log(x), 5.0) == pytest.approx(1.0, abs=1e-15)  # noqa: PLW0108
