"""`compile`: what it takes and returns, when it traces again, and what it says where it can't."""

import gc
import linecache
import math
import os
import pickle
import re
import subprocess
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import autograd_mini
from autograd_mini import (
    Value,
    clamp,
    compiler,
    cos,
    dot,
    exp,
    grad,
    gradients,
    log,
    log_softmax,
    maximum,
    mean,
    no_grad,
    primitive,
    relu,
    sin,
    softmax,
    sqrt,
    stop_gradient,
    tanh,
    value_and_grad,
    where,
)
from autograd_mini.nn import MLP, cross_entropy, mse

EXECUTORS = ["source", "numpy"]
Point = namedtuple("Point", "x y")


def compile_(f, **options):
    return compiler.compile(f, **options)


# ---- arguments and results ----


@pytest.mark.parametrize("executor", EXECUTORS)
def test_derivatives_have_the_structure_of_the_argument(executor):
    def f(p):
        return p["w"] * p["x"][0] * p["q"].x + p["q"].y * p["x"][1]

    argument = {"w": 3.0, "x": [4.0, 5], "q": Point(2.0, 0.5)}
    value, gradient = compile_(f, executor=executor).value_and_grad(argument)
    assert (value, gradient) == (26.5, {"w": 8.0, "x": [6.0, 0.5], "q": Point(12.0, 5.0)})


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_array_gives_an_array(executor):
    f = compile_(lambda x: (x[0] @ x[1]) * x[0, 0], executor=executor)
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    value, gradient = f.value_and_grad(x)
    assert value == 11.0
    assert gradient.tolist() == [[14.0, 4.0], [1.0, 2.0]]
    gradient[:] = 0.0  # is its own
    assert f.value_and_grad(x)[1].tolist() == [[14.0, 4.0], [1.0, 2.0]]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_several_arguments_give_a_tuple(executor):
    f = compile_(lambda x, ys: x * ys[0] - ys[1], executor=executor)
    assert f.value_and_grad(2.0, (3.0, 4.0)) == (2.0, (3.0, (2.0, -1.0)))
    assert f(2.0, (3.0, 4.0)) == 2.0
    assert f.value_and_grad(2, [3, True]) == (5.0, (3.0, [2.0, -1.0]))


def test_another_structure_is_another_program():
    f = compile_(lambda xs: sum(x * x for x in xs))
    assert f.value_and_grad([1.0, 2.0]) == (5.0, [2.0, 4.0])
    assert f.value_and_grad([1.0, 2.0, 3.0]) == (14.0, [2.0, 4.0, 6.0])
    assert f.value_and_grad((1.0, 2.0)) == (5.0, (2.0, 4.0))
    assert len(f.programs) == 2  # a tuple and a list share one


def test_a_result_that_does_not_depend_on_an_argument_has_slope_0():
    for executor in EXECUTORS:
        assert compile_(lambda x, y: x * 2, executor=executor).value_and_grad(1.0, 5.0) == (2.0, (2.0, 0.0))
        assert compile_(lambda x: 7, executor=executor).value_and_grad(1.0) == (7.0, 0.0)
        assert compile_(lambda x: x, executor=executor).value_and_grad(3.0) == (3.0, 1.0)
    assert compile_(lambda x: 7, batch=True).value_and_grad([1.0, 2.0])[0].tolist() == [7.0, 7.0]
    assert compile_(lambda x: x, batch=True).value_and_grad([1.0, 2.0])[0].tolist() == [1.0, 2.0]


def test_no_arguments_and_empty_ones():
    assert compile_(lambda: 3).value_and_grad() == (3.0, ())
    assert compile_(lambda: 3)() == 3.0
    p = Value(2.0)
    assert compile_(lambda: p * p, params=[p]).value_and_grad() == (4.0, [4.0])
    for executor in EXECUTORS:
        f = compile_(lambda xs: sum(xs) + 1.0, executor=executor)
        assert f.value_and_grad([]) == (1.0, [])
        assert f.value_and_grad(np.empty((0, 2)))[1].shape == (0, 2)
    values, slopes = compile_(lambda xs: sum(xs) + 1.0, batch=True).value_and_grad(np.empty((3, 0)))
    assert values.tolist() == [1.0, 1.0, 1.0]
    assert slopes.shape == (3, 0)


def test_whole_numbers_are_calculated_with_as_floats():
    value, gradient = compile_(lambda x: x @ x).value_and_grad(np.array([1, 2]))
    assert (type(value), value, gradient.tolist()) == (float, 5.0, [2.0, 4.0])
    assert compile_(lambda x: x[0] * x[0]).value_and_grad(np.array([2**62]))[0] == 2.0**124


def test_each_sample_of_every_argument():
    f = compile_(lambda x, p: x[0] * x[1] + p["k"], batch=True)
    X, k = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), [10.0, 20.0, 30.0]
    values, (dx, dp) = f.value_and_grad(X, {"k": k})
    assert values.tolist() == [12.0, 32.0, 60.0]
    assert dx.tolist() == [[2.0, 1.0], [4.0, 3.0], [6.0, 5.0]]
    assert dp["k"].tolist() == [1.0, 1.0, 1.0]
    assert f(X.tolist(), {"k": np.array(k, np.float32)}).tolist() == values.tolist()
    assert f(X[::-1], {"k": k[::-1]}).tolist() == values[::-1].tolist()
    images = compile_(lambda x: x[0, 1] * x[1, 0], batch=True)
    values, slopes = images.value_and_grad(np.arange(8.0).reshape(2, 2, 2))
    assert values.tolist() == [2.0, 30.0]
    assert slopes.tolist() == [[[0.0, 2.0], [1.0, 0.0]], [[0.0, 6.0], [5.0, 0.0]]]


def test_many_samples_are_taken_in_parts_and_come_to_the_same():
    f = compile_(lambda x: sin(x) * x, batch=True)
    x = np.linspace(0.0, 9.0, 600_000)
    values, slopes = f.value_and_grad(x)
    assert np.array_equal(values[-1000:], f(x[-1000:]))
    assert np.allclose(slopes, np.cos(x) * x + np.sin(x), rtol=1e-15, atol=1e-15)
    p = Value(2.0)
    total = compile_(lambda x: p * x, params=[p], reduce="sum")
    value, gradient = total.value_and_grad(x)
    assert math.isclose(value, 2.0 * x.sum(), rel_tol=1e-12)
    assert math.isclose(gradient[0], x.sum(), rel_tol=1e-12)


def test_reduced_values_without_parameters_have_slopes_by_the_samples():
    f = compile_(lambda x: x * x, reduce="mean")
    value, slopes = f.value_and_grad([1.0, 3.0])
    assert value == 5.0
    assert slopes.tolist() == [1.0, 3.0]


def test_float32_is_calculated_in_float32():
    f = compile_(lambda x: exp(x) / 3.0 + where(x > 0.0, x, 1.0), batch=True, dtype="float32")
    values, slopes = f.value_and_grad(np.array([0.5, -1.0]))
    assert values.dtype == slopes.dtype == np.float32
    assert np.allclose(values, [math.exp(0.5) / 3.0 + 0.5, math.exp(-1.0) / 3.0 + 1.0], rtol=1e-6)


# ---- parameters ----


def test_parameters_are_a_flat_array_that_is_written_back():
    model = MLP(2, [3, 1], seed=1)
    X, Y = [[0.5, -1.0], [1.0, 0.25], [-0.5, 0.75]], [1.0, 0.0, 0.5]
    step = compile_(lambda x, y: mse(model(x), y), params=model, reduce="mean")
    cost, gradient = step.value_and_grad(X, Y)
    loss = mse([model(x) for x in X], Y)
    loss.backward()
    assert math.isclose(cost, loss.data, rel_tol=1e-14)
    assert np.allclose(gradient, [p.grad for p in model.parameters()], rtol=1e-13, atol=1e-16)
    before = step.params
    step.params -= 0.1 * gradient
    assert step.params is before
    assert [p.data for p in model.parameters()] != step.params.tolist()
    step.sync()
    assert [p.data for p in model.parameters()] == step.params.tolist()
    assert step(X, Y) < cost
    step.params = np.zeros(len(before))
    assert step.params is before
    assert math.isclose(step(X, Y), (1.0 + 0.25) / 6.0)


def test_a_regulariser_is_evaluated_once():
    model = MLP(2, [4, 1], seed=1)
    ps = model.parameters()
    step = compile_(lambda x: model(x) + 0.1 * sum(p * p for p in ps), params=model, reduce="mean")
    X = np.ones((5, 2))
    cost, gradient = step.value_and_grad(X)
    root = mean([model(x) + 0.1 * sum(p * p for p in ps) for x in X.tolist()])
    root.backward()
    assert math.isclose(cost, root.data, rel_tol=1e-14)
    assert np.allclose(gradient, [p.grad for p in ps], rtol=1e-13)
    (program,) = step.programs
    assert [group.varying for group in program if group.rule.name == "dot" and len(group.operands) > 20] == [False]


def test_only_as_many_parameters_can_be_assigned():
    p = [Value(1.0), Value(2.0)]
    f = compile_(lambda x: p[0] * x + p[1], params=p)
    f.params = [3, 4]
    assert f(2.0) == 10.0
    with pytest.raises(ValueError, match=r"flat array of 2 numbers, not shape \(1,\)"):
        f.params = [1.0]
    with pytest.raises(ValueError, match="no parameters"):
        compile_(lambda x: x).params = [1.0]


def test_parameters_without_a_sample_axis():
    w, b = Value(2.0), Value(0.5)
    for executor in EXECUTORS:
        f = compile_(lambda x: (w * x + b) ** 2, params=[w, b], executor=executor)
        value, gradient = f.value_and_grad(3.0)
        assert (value, gradient.tolist()) == (42.25, [39.0, 13.0])


def test_a_value_beside_the_arguments_is_a_constant_until_it_is_assigned():
    k = Value(3.0)
    f = compile_(lambda x: k * x)
    assert f.value_and_grad(2.0) == (6.0, 3.0)
    k.data = 4.0
    assert f.value_and_grad(2.0) == (8.0, 4.0)
    assert len(f.programs) == 1


@pytest.mark.parametrize("executor", EXECUTORS)
def test_zeros_are_added_with_their_signs(executor):
    for f in (
        lambda xs: xs[0] + xs[1] + xs[2],
        lambda xs: -0.0 + xs[0] + xs[1] + xs[2] * 1.0,
        lambda xs: autograd_mini.sum(xs[:1]),
        lambda xs: autograd_mini.sum(xs[:2]),
        lambda xs: autograd_mini.sum([-0.0, *xs]),
        lambda xs: autograd_mini.mean(xs[:2]),
        autograd_mini.mean,
        lambda xs: dot(xs[:1], [1.0]),
        lambda xs: dot(xs, [1.0, 1.0, 1.0, 1.0]),
    ):
        expected = f([Value(-0.0)] * 4).data
        assert repr(compile_(f, executor=executor)([-0.0] * 4)) == repr(expected)


@pytest.mark.parametrize("executor", ["source", "numpy"])
def test_the_source_of_a_program_is_forgotten_with_it(executor):
    beside = Value(1.0)
    f = compile_(lambda x: x * beside, executor=executor)
    f(1.0)
    gc.collect()
    before = len(linecache.cache)
    for k in range(20):
        beside.data = float(k)
        f(1.0)
    gc.collect()
    assert len(linecache.cache) <= before + 1


def test_a_dot_of_parameters_may_start_from_what_varies():
    ps = [Value(x) for x in (2.0, 3.0, 5.0, 7.0)]
    f = compile_(lambda x: dot(ps[:2], ps[2:], start=x) + dot(ps[2:], ps[2:], start=x), params=ps, reduce="mean")
    cost, gradient = f.value_and_grad([1.0, 2.0])
    assert (cost, gradient.tolist()) == (108.0, [5.0, 7.0, 12.0, 17.0])


# ---- branches ----


def test_a_branch_that_flips_is_traced_again_and_remembered():
    runs = []

    def f(x):
        runs.append(x)
        if x > 1.0:
            return x * x
        return sqrt(x)

    for executor in EXECUTORS:
        runs.clear()
        compiled = compile_(f, executor=executor)
        for x in (4.0, 9.0, 0.25, 4.0, 0.0625):
            assert compiled.value_and_grad(x) == value_and_grad(f)(x)
        assert len(runs) == 5 + 2  # those of value_and_grad itself, and two traces
        assert len(compiled.programs) == 2


def test_a_guard_is_asked_before_what_depends_on_it_can_fail():
    f = compile_(lambda x: log(x) if x > 0.0 else x)
    assert f(2.0) == math.log(2.0)
    assert f(-1.0) == -1.0


def test_truth_of_numbers_and_builtins_that_compare():
    for f in (
        lambda x, y: max(x, y) * 2.0,
        lambda x, y: x if x else y,
        lambda x, y: x * y if x > 0.0 and not y > 1.0 else y,
        lambda x, y: sorted([x, y])[0] * x,
        lambda x, y: relu(x) + abs(y) + clamp(x, -1.0, y * y),
        lambda x, y: (x > y) * x + (y != 0.5) * 3.0 - (x <= y),
        lambda x, y: where((x > y) & (y > 0.0) | (x >= 3.0), x, y),
    ):
        compiled = compile_(f)
        for x, y in ((1.0, 2.0), (2.0, 1.0), (-1.0, 0.5), (0.0, 3.0), (4.0, -2.0)):
            assert compiled(x, y) == eager_numbers(f, x, y), (x, y)


def eager_numbers(f, *xs):
    z = f(*map(Value, xs))
    return z.data if isinstance(z, Value) else z


def test_where_chooses_for_each_sample():
    f = compile_(lambda x: where(x > 0.0, x * x, -x), batch=True)
    values, slopes = f.value_and_grad([1.0, -2.0, 3.0])
    assert values.tolist() == [1.0, 2.0, 9.0]
    assert slopes.tolist() == [2.0, -1.0, 6.0]


def test_samples_that_disagree_are_an_error_that_names_the_line():
    def f(x):
        if x > 0.0:  # the branch
            return x * x
        return -x

    compiled = compile_(f, batch=True)
    with pytest.raises(compiler.BranchChanged, match=r"test_compiled.py:\d+, 'if x > 0.0:  # the branch'") as caught:
        compiled.value_and_grad([1.0, 2.0, -1.0])
    assert "sample 2" in str(caught.value)
    assert "where(condition, a, b)" in str(caught.value)
    assert compiled([-1.0, -3.0]).tolist() == [1.0, 3.0]
    assert compiled([1.0, 3.0]).tolist() == [1.0, 9.0]
    with pytest.raises(compiler.BranchChanged, match="sample 300000"):
        compiled(np.r_[np.ones(300_000), -1.0])


def test_the_functions_own_errors_come_first():
    model = MLP(2, [2], seed=1)
    step = compile_(lambda x, y: cross_entropy(model(x), y), params=model, reduce="mean")
    X = [[1.0, 2.0], [3.0, 4.0]]
    step.value_and_grad(X, [[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="do not add up to 1"):
        step.value_and_grad(X, [[0.0, 1.0], [1.0, 0.5]])


def test_a_branch_on_parameters():
    w = Value(2.0)
    step = compile_(lambda x: w * x if w > 0.0 else -w, params=[w], reduce="mean")
    assert step.value_and_grad([3.0, 5.0])[0] == 8.0
    step.params[0] = -2.0
    cost, gradient = step.value_and_grad([3.0, 5.0])
    assert (cost, gradient.tolist()) == (2.0, [-1.0])
    assert w.data == 2.0


# ---- what can't be compiled ----


@pytest.mark.parametrize(
    "f, what",
    [
        (lambda x: x * x.data, ".data"),
        (lambda x: x * x.grad, ".grad"),
        (lambda x: x * (x * 2.0).data, ".data"),
        (lambda x: gradients(x * x, [x])[0] * x, "gradients"),
        (lambda x: (x * x).backward() or x, "backward"),
        (float, "lose the gradient"),
        (lambda x: [1, 2, 3][x], "an index, the end of a range, or a count of a traced Value"),
        (lambda x: no_grad()(lambda: x * x)(), "no_grad"),
        (lambda x: [x, "x"], "returned str"),
        (lambda x: None, "returned NoneType"),
    ],
)
def test_a_number_taken_out_of_the_trace_is_an_error(f, what):
    with pytest.raises(TypeError, match=what):
        compile_(f)(1.0)
    assert (Value(1.0) > 0.0) is True  # the engine is as it was


def test_numbers_of_what_does_not_depend_on_the_arguments_may_be_taken():
    def f(x):
        k = Value(3.0)
        y = k * k
        y.backward()
        return x * y.data * k.grad * grad(lambda z: z**2)(2.0)

    assert compile_(f).value_and_grad(2.0) == (432.0, 216.0)


def test_a_compiled_function_can_be_called_under_no_grad():
    with no_grad():
        assert compile_(lambda x: x * x).value_and_grad(3.0) == (9.0, 6.0)
        assert (Value(2.0) * 3.0).parents == ()


def test_derivatives_inside_a_compiled_function():
    f = compile_(lambda x: grad(lambda z: sin(z) * z)(x) + grad(grad(exp))(x))
    for x in (0.5, 2.0):
        assert f(x) == math.cos(x) * x + math.sin(x) + math.exp(x)
        slope = 2.0 * math.cos(x) - math.sin(x) * x + math.exp(x)
        assert math.isclose(f.value_and_grad(x)[1], slope, rel_tol=1e-14)


def test_stop_gradient_holds_still():
    for options in ({"executor": "source"}, {"executor": "numpy"}):
        f = compile_(lambda x: x * stop_gradient(x * x), **options)
        assert f.value_and_grad(3.0) == (27.0, 9.0)


def test_softmax_and_its_kin_have_no_branch():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 6)) * 3.0
    for g in (softmax, log_softmax):
        f = compile_(lambda x, g=g: g(x)[1] * 2.0 + g(x)[4], batch=True)
        values, slopes = f.value_and_grad(X)
        for x, value, slope in zip(X.tolist(), values, slopes, strict=True):
            expected, expected_slope = value_and_grad(lambda x, g=g: g(x)[1] * 2.0 + g(x)[4])(x)
            assert math.isclose(value, expected, rel_tol=1e-14)
            assert np.allclose(slope, expected_slope, rtol=1e-12, atol=1e-15)


def test_other_threads_are_not_watched():
    def f(x):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: (Value(1.0) > 0.0, Value(2.0).data)).result() == (True, 2.0)
        return x * 2.0

    assert compile_(f)(1.0) == 2.0


# ---- errors of arguments and options ----


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"reduce": "max"}, ValueError, "reduce is one of"),
        ({"dtype": "int8"}, ValueError, "dtype is one of"),
        ({"check": "warn"}, ValueError, "check is one of"),
        ({"executor": "cuda"}, ValueError, "executor is 'auto'"),
        ({"executor": "source", "batch": True}, ValueError, "no sample axis"),
        ({"params": [Value(1.0)], "batch": True}, ValueError, "reduce='mean'"),
        ({"params": []}, ValueError, "one Value or more"),
        ({"params": [1.0]}, TypeError, "parameter 0"),
        ({"params": [Value(1.0) * 2.0]}, TypeError, "parameter 0"),
    ],
)
def test_options_are_checked_at_once(options, error, message):
    with pytest.raises(error, match=message):
        compile_(lambda x: x, **options)


def test_only_functions_are_compiled():
    with pytest.raises(TypeError, match="compile takes a function"):
        compile_(3.0)
    with pytest.raises(AttributeError, match="without params"):
        compile_(lambda x: x).params


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (("one",), TypeError, "argument 0.*str"),
        (([1.0, None],), TypeError, "argument 0"),
    ],
)
def test_arguments_are_numbers(arguments, error, message):
    with pytest.raises(error, match=message):
        compile_(lambda x: 1.0)(*arguments)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (([1.0, 2.0], [1.0]), ValueError, "argument 1 has 1 samples, and argument 0 has 2"),
        ((1.0, [1.0]), ValueError, "argument 0 is one number"),
        (([], []), ValueError, "no samples"),
        (([[1.0], [1.0, 2.0]], [1.0, 2.0]), ValueError, "differ in shape"),
        ((["a", "b"], [1.0, 2.0]), TypeError, "argument 0 must hold plain numbers"),
        (({"a": [1.0], "b": [1.0, 2.0]}, [1.0]), ValueError, "same number of samples"),
    ],
)
def test_samples_are_counted(arguments, error, message):
    with pytest.raises(error, match=message):
        compile_(lambda x, y: 1.0, batch=True)(*arguments)


# ---- what is not finite ----


def test_tiny_programs_raise_what_floats_raise():
    f = compile_(lambda x: log(x) / (x - 1.0))
    assert f(2.0) == math.log(2.0)
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        f.value_and_grad(-1.0)
    with pytest.raises(ZeroDivisionError):
        f(1.0)


def test_slopes_are_those_of_ieee_arithmetic():
    f = compile_(lambda x: sqrt(x) + x)
    assert f.value_and_grad(4.0) == (6.0, 1.25)
    assert f.value_and_grad(0.0) == (0.0, math.inf)


def test_arrays_give_what_numpy_gives():
    f = compile_(log, batch=True)
    values, slopes = f.value_and_grad([1.0, 0.0, -1.0])
    assert values.tolist()[:2] == [0.0, -math.inf]
    assert math.isnan(values[2])
    assert slopes.tolist() == [1.0, math.inf, -1.0]


def test_check_names_the_operation_and_the_line():
    def f(x):
        y = x * 2.0
        return log(y) + y  # here

    for options in ({"batch": True}, {"reduce": "mean"}):
        checked = compile_(f, check="raise", **options)
        assert np.isfinite(checked([1.0, 2.0])).all()
    checked = compile_(f, check="raise", batch=True)
    with pytest.raises(compiler.NonFiniteError, match=r"'log' of .*-2\.0.*test_compiled.py:\d+: return log") as caught:
        checked.value_and_grad([1.0, 2.0, -1.0])
    assert isinstance(caught.value, ArithmeticError)
    root = Value(2.0)
    for options in ({"batch": True}, {"params": [root], "reduce": "mean"}):  # the sample, where slopes alone tell
        checked = compile_(lambda x: root * sqrt(x), check="raise", **options)
        with pytest.raises(compiler.NonFiniteError, match=r"the slope of 'sqrt' of 0.0|'sqrt' of nan") as caught:
            checked.value_and_grad([1.0, 2.0, 3.0, 0.0 if "batch" in options else math.nan, 5.0])
    tangent = compile_(lambda x: sqrt(root * x), check="raise", params=[root], reduce="sum")
    with pytest.raises(compiler.NonFiniteError, match=r"the slope of 'sqrt' of 0.0"):
        tangent.value_and_grad([1.0, 2.0, 3.0, 4.0, 0.0])
    slope = compile_(sqrt, check="raise", executor="numpy")
    with pytest.raises(compiler.NonFiniteError, match=r"the slope of 'sqrt' of 0.0"):
        slope.value_and_grad(0.0)


# ---- operations of one's own ----


@primitive(lambda m, z, x: 3.0 * x * x)
def cube(x):
    return x * x * x


@primitive(lambda m, z, x, y: math.cos(x) * y, lambda m, z, x, y: z / y if y else 0.0)
def wave(x, y):
    return math.sin(x) * y


@pytest.mark.parametrize("own", [lambda x: cube(x) * 2.0, lambda x: wave(x, x + 1.0) + cube(x)])
def test_primitives_compile(own):
    for executor in EXECUTORS:
        f = compile_(own, executor=executor)
        for x in (0.5, -2.0):
            value, slope = f.value_and_grad(x)
            expected, expected_slope = value_and_grad(own)(x)
            assert value == expected
            assert math.isclose(slope, expected_slope, rel_tol=1e-15)
    f = compile_(own, batch=True)
    values, slopes = f.value_and_grad([0.5, -2.0, 3.0])
    for x, value, slope in zip((0.5, -2.0, 3.0), values, slopes, strict=True):
        expected, expected_slope = value_and_grad(own)(x)
        assert value == expected
        assert math.isclose(slope, expected_slope, rel_tol=1e-14)
    assert "element by element" in f.explain()
    assert "cube" in f.explain()


@primitive(lambda m, z, x: 2.0 if x.is_integer() else cube(x))
def stepped(x):
    return 2.0 * x


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_slope_may_use_what_floats_alone_have(executor):
    f = compile_(lambda x: stepped(x) * stepped(x + 0.5), executor=executor)
    assert f.value_and_grad(1.0) == (6.0, 2.0 * 3.0 + 3.375 * 2.0)


def multiplied_by(a):
    @primitive(lambda m, z, x: a + 0.0 * math.sin(x))
    def product(x):
        return a * x

    return product


@pytest.mark.parametrize("executor", EXECUTORS)
def test_primitives_of_one_name_are_two(executor):
    double, triple = multiplied_by(2.0), multiplied_by(3.0)
    f = compile_(lambda x: double(x) + 10.0 * triple(x), executor=executor)
    assert f.value_and_grad(1.0) == (32.0, 32.0)


# ---- what it shows of itself ----


def test_explain_says_how_the_function_was_compiled():
    model = MLP(3, [5, 2], activation="tanh", seed=1)
    step = compile_(lambda x: sum(model(x)) if model.layers else 0.0, params=model, reduce="mean", executor="numpy")
    assert step.explain() == "nothing is compiled before the first call"
    step.value_and_grad([[1.0, 2.0, 3.0]])
    said = step.explain()
    assert "matrix product, 5 × 3" in said
    assert "matrix product, 2 × 5" in said
    assert "matmul(" in step.source
    assert "float64" in said
    f = compile_(lambda x: x * 2.0 if x > 0.0 else x)
    f(1.0)
    assert "straight-line Python (no more than 300 operations): 2 operations" in f.explain()
    assert "if not (x0 > 0.0)" in f.source
    assert repr(f) == "<compiled <lambda>: 1 program>"


def test_explain_describes_the_latest_of_many_programs():
    f = compile_(lambda x: x * next((k for k in range(6) if x < k), 6))
    for k in range(7):
        f(k - 0.5)
    assert len(f.programs) == 7
    *described, others = f.explain().split("\n\n")
    assert len(described) == 4
    assert others == "and 3 more, whose branches have other outcomes"


def test_a_program_can_be_printed_and_checked():
    f = compile_(lambda x, y: x * y + cos(x), executor="numpy")
    f(1.0, 2.0)
    (program,) = f.programs
    program.verify()
    assert "2 inputs in 2 arguments" in str(program)
    assert "mul" in str(program)
    program.operands[0] = 99
    with pytest.raises(compiler.ProgramError, match="operand"):
        program.verify()


def test_layers_written_by_operators_become_matrix_products():
    ws = [[Value(0.1 * (i - j)) for i in range(4)] for j in range(3)]
    bs = [Value(0.5) for _ in range(3)]
    for neuron in (
        lambda w, b, x: sum((wi * xi for wi, xi in zip(w, x, strict=True)), b),
        lambda w, b, x: sum(xi * wi for wi, xi in zip(w, x, strict=True)) + b,
        lambda w, b, x: dot(x, w, b),
        lambda w, b, x: w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3] + b,
    ):
        leaves = [p for w in ws for p in w] + bs
        f = compile_(
            lambda x, n=neuron: sum(relu(n(w, b, x)) for w, b in zip(ws, bs, strict=True)), params=leaves, reduce="mean"
        )
        f.value_and_grad(np.ones((2, 4)))
        assert "matrix product, 3 × 4" in f.explain()
        assert len(f.programs[0]) == 3


# ---- pickle, threads, the standard library alone ----


def loss_of(x, y):
    return maximum(x * y, y) - cube(x)


def test_a_pickled_one_runs_without_its_function():
    f = compile_(loss_of, batch=True)
    X, Y = [1.0, 2.0], [3.0, -4.0]
    values, (dx, dy) = f.value_and_grad(X, Y)
    copy = pickle.loads(pickle.dumps(f))
    values2, (dx2, dy2) = copy.value_and_grad(X, Y)
    assert values.tolist() == values2.tolist()
    assert (dx.tolist(), dy.tolist()) == (dx2.tolist(), dy2.tolist())
    with pytest.raises(compiler.RetraceError, match="compile it again"):
        copy([[1.0]], [[2.0]])
    model = MLP(2, [2, 1], seed=1)
    step = compile_(model, params=model, reduce="mean")
    cost, _gradient = step.value_and_grad([[1.0, 2.0]])
    copy = pickle.loads(pickle.dumps(step))
    assert copy.value_and_grad([[1.0, 2.0]])[0] == cost
    assert copy.params.tolist() == step.params.tolist()
    tiny = compile_(lambda x: x * x)
    tiny(3.0)
    assert pickle.loads(pickle.dumps(tiny)).value_and_grad(3.0) == (9.0, 6.0)


def test_a_primitive_that_cannot_be_found_cannot_be_pickled():
    local = primitive(lambda m, z, x: 1.0)(lambda x: x)
    f = compile_(local)
    f(1.0)
    with pytest.raises(TypeError, match="can't be pickled"):
        pickle.dumps(f)


def test_calls_from_many_threads_are_as_one_by_one():
    model = MLP(3, [8, 8, 1], activation="tanh", seed=1)
    step = compile_(lambda x, y: mse(model(x), y), params=model, reduce="mean")
    rng = np.random.default_rng(0)
    batches = [(rng.normal(size=(50, 3)), rng.normal(size=50)) for _ in range(40)]
    expected = [step.value_and_grad(*batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for (cost, gradient), (cost2, gradient2) in zip(
            expected, pool.map(lambda batch: step.value_and_grad(*batch), batches), strict=True
        ):
            assert cost == cost2
            assert (gradient == gradient2).all()


def test_the_gradient_of_parts_adds_up_to_that_of_the_whole():
    model = MLP(2, [4, 1], activation="tanh", seed=1)
    step = compile_(lambda x, y: mse(model(x), y), params=model, reduce="sum")
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(90, 2)), rng.normal(size=90)
    cost, gradient = step.value_and_grad(X, Y)
    with ThreadPoolExecutor(3) as pool:
        parts = list(pool.map(step.value_and_grad, np.split(X, 3), np.split(Y, 3)))
    assert math.isclose(sum(part[0] for part in parts), cost, rel_tol=1e-13)
    assert np.allclose(sum(part[1] for part in parts), gradient, rtol=1e-12, atol=1e-14)


def python(program):
    source = str(Path(autograd_mini.__file__).parent.parent)
    program = f"import sys; sys.path.insert(0, {source!r})\n{program}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "-S", "-I", "-c", program], capture_output=True, text=True, env=environment, check=False
    )


def test_tiny_programs_need_the_standard_library_alone():
    done = python(
        "sys.modules['numpy'] = None  # as if it were not installed\n"
        "from autograd_mini import compiler, sin\n"
        "f = compiler.compile(lambda x, y: sin(x) * y if x > 0 else y)\n"
        "print(f.value_and_grad(0.5, 2.0)[0])\n"
        "g = compiler.compile(lambda xs: sum(x * x for x in xs))\n"
        "print(g.value_and_grad([1.0] * 400)[0])\n"
        "compiler.compile(lambda x: x, batch=True)"
    )
    assert done.stdout.splitlines() == [repr(2.0 * math.sin(0.5)), "400.0"]
    assert re.search(r"params needs NumPy: .*pip install '.*\[fast\]'$", done.stderr.strip())


@pytest.mark.parametrize("executor", ["numpy", "native"])
def test_several_sums_of_one_term_each(executor):
    from autograd_mini import dot, prod
    from autograd_mini import sum as total

    def f(x):
        one, two = x * 0.5, exp(x)
        pairs = [(dot([v], [3.0]), total([2.0, v]), total([v]), prod([v, 4.0]), v + 1.0 + 2.0) for v in (one, two)]
        return sum(a * b + c * d * e for a, b, c, d, e in pairs)

    X = np.linspace(0.25, 2.0, 5)
    values, slopes = compile_(f, batch=True, executor=executor).value_and_grad(X)
    for x, value, slope in zip(X.tolist(), values, slopes):
        leaf = Value(x)
        root = f(leaf)
        root.backward()
        assert (value, slope) == pytest.approx((root.data, leaf.grad), rel=1e-13)


def test_without_llvm_steps_that_wait_for_each_other_are_python(monkeypatch):
    def steps(x):
        for _ in range(300):
            x = 0.9 * x + 0.1 * tanh(x)
        return x

    def terms(x):
        return sum([exp(a) * a for a in x])

    monkeypatch.setattr("autograd_mini.compiler.executors.find_spec", lambda name: None if name == "llvmlite" else name)
    f, g = compiler.compile(steps), compiler.compile(terms)
    f(0.3), g(np.linspace(0.0, 1.0, 400))
    assert f.explain().startswith("straight-line Python (llvmlite is not installed")
    assert g.explain().startswith("NumPy")
