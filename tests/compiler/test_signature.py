"""Later calls with flat lists and arrays: what the first one gave, and the same answers to what does not fit."""

import math

import numpy as np
import pytest

from autograd_mini import Value, compiler

EXECUTORS = ["source", "native"]


def product(x, y=1.0):
    total = y * y
    for v in x:
        total = total * v if v > -9.0 else total - v
    return total


@pytest.fixture(params=EXECUTORS)
def executor(request):
    if request.param == "native":
        pytest.importorskip("llvmlite")
    return request.param


@pytest.mark.parametrize("kind", [list, tuple, np.array])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_every_call_gives_what_the_first_gave(executor, kind, n):
    f = compiler.compile(product, executor=executor)
    x = kind([0.5 + k for k in range(n)])
    (first, gradient), (again, same) = f.value_and_grad(x), f.value_and_grad(x)
    assert (first, type(first)) == (again, type(again))
    assert type(gradient) is type(same) is type(x)
    assert list(gradient) == list(same)
    both = f.value_and_grad(x, 2.0), f.value_and_grad(x, 2.0)
    assert both[0][0] == both[1][0] == 4.0 * first
    assert [list(g[0]) for _, g in both] == [[4.0 * s for s in gradient]] * 2
    assert both[0][1][1] == both[1][1][1] == pytest.approx(4.0 * first)


def test_arguments_of_several_forms(executor):
    f = compiler.compile(lambda a, b, c: a[0] * b + a[1] * c[0] - c[1], executor=executor)
    for _ in range(3):
        value, (da, db, dc) = f.value_and_grad([2.0, 3.0], 5.0, np.array([7.0, 11.0]))
        assert (value, da, db, dc.tolist()) == (20.0, [5.0, 7.0], 2.0, [3.0, -1.0])


def test_gradients_are_the_callers_own(executor):
    f = compiler.compile(product, executor=executor)
    x = np.array([2.0, 3.0])
    f.value_and_grad(x)
    _, first = f.value_and_grad(x)
    first[:] = 0.0
    assert f.value_and_grad(x)[1].tolist() == [3.0, 2.0]


def test_arguments_of_another_form_take_the_general_path(executor):
    f = compiler.compile(product, executor=executor)
    for _ in range(2):
        assert f.value_and_grad([2.0, 3.0]) == (6.0, [3.0, 2.0])
    assert f.value_and_grad([2, 3]) == (6.0, [3.0, 2.0])
    assert f.value_and_grad([2.0, 3.0, 4.0]) == (24.0, [12.0, 8.0, 6.0])
    assert f.value_and_grad((2.0, np.float64(3.0))) == (6.0, (3.0, 2.0))
    assert f.value_and_grad(np.array([2, 3]))[1].tolist() == [3.0, 2.0]
    assert f.value_and_grad(np.array([2.0, 3.0], np.float32))[1].tolist() == [3.0, 2.0]
    assert f.value_and_grad(np.array([1.0, 2.0, 3.0])[1:])[1].tolist() == [3.0, 2.0]
    for wrong in (["2.0", 3.0], [None, 1.0], [2.0, [3.0]]):
        with pytest.raises(TypeError):
            f.value_and_grad(wrong)


def test_branches_and_what_floats_refuse_are_noticed(executor):
    f = compiler.compile(product, executor=executor)
    for x in ([2.0, 3.0], [2.0, 3.0], [-10.0, 3.0], [2.0, 3.0], [-10.0, 3.0]):
        expected = (33.0, [-3.0, 11.0]) if x[0] < 0.0 else (6.0, [3.0, 2.0])
        assert f.value_and_grad(x) == expected
    root = compiler.compile(lambda x: x[0] ** 0.5, executor=executor)
    for _ in range(2):
        assert root.value_and_grad([4.0]) == (2.0, [0.25])
    assert root.value_and_grad([0.0]) == (0.0, [math.inf])


def test_a_value_that_is_captured_may_change(executor):
    scale = Value(2.0)
    f = compiler.compile(lambda x: scale * x[0], executor=executor)
    for _ in range(2):
        assert f.value_and_grad([3.0]) == (6.0, [2.0])
    scale.data = 5.0
    assert f.value_and_grad([3.0]) == (15.0, [5.0])
