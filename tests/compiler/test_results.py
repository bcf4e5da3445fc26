"""What a compiled function may return: any structure of numbers, in every executor, with samples and without."""

import pickle
from collections import deque, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from autograd_mini import Value, compiler, exp, log, relu, sin, tanh
from tests.compiler.expressions import Expression, rounding

EXECUTORS = ["source", "numpy", "native"]
ON_ARRAYS = ["numpy", "native"]
Pair = namedtuple("Pair", "a b")


@dataclass
class Orbit:
    radius: float
    speed: list


def structure(x, y):
    return {
        "number": x * y,
        "list": [sin(x), exp(y), 3.0, x, y],
        "pair": Pair(x - y, (y,)),
        "orbit": Orbit(x, [x * y, x * y]),
        "deque": deque([x + 1.0]),
        "array": np.array([[x, y], [x * y, 2.0]]),
        "nothing": [],
    }


@pytest.mark.parametrize("executor", ["auto", *EXECUTORS])
def test_a_result_of_any_structure(executor):
    compiled = compiler.compile(structure, executor=executor)
    for x, y in ((0.5, 2.0), (-1.0, 0.25)):
        got, expected = compiled(x, y), structure(Value(x), Value(y))
        assert list(got) == list(expected)
        assert got["number"] == x * y
        assert type(got["number"]) is float
        assert got["list"] == pytest.approx([float(f"{v:.17g}") for v in expected["list"]], rel=1e-15)
        assert got["pair"] == Pair(x - y, (y,))
        assert type(got["pair"]) is Pair
        assert got["orbit"] == Orbit(x, [x * y, x * y])
        assert got["deque"] == deque([x + 1.0])
        assert got["array"].dtype == float
        assert got["array"].tolist() == [[x, y], [x * y, 2.0]]
        assert got["nothing"] == []
    assert len(compiled.programs) == 1


@pytest.mark.parametrize("executor", ON_ARRAYS)
@pytest.mark.parametrize("samples", [1, 7, 8, 100, 5000])
def test_each_sample_has_its_own(executor, samples):
    x, y = np.linspace(-1.0, 1.0, samples), np.linspace(0.0, 2.0, samples)
    got = compiler.compile(structure, executor=executor, batch=True)(x, y)
    assert (got["number"] == x * y).all()
    assert got["list"][0] == pytest.approx(np.sin(x), rel=1e-15)
    assert got["list"][2].tolist() == [3.0] * samples
    assert (got["pair"].b[0] == y).all()
    assert (got["orbit"].speed[1] == x * y).all()
    assert got["array"].shape == (samples, 2, 2)
    assert (got["array"][:, 0, 1] == y).all()
    assert (got["array"][:, 1, 1] == 2.0).all()
    assert got["nothing"] == []


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_means_and_sums_are_of_each_number(executor):
    x, y = np.arange(5.0), np.ones(5)
    for reduce, share in (("mean", 0.2), ("sum", 1.0)):
        got = compiler.compile(lambda x, y: [x * y, (y, 2.0)], executor=executor, reduce=reduce)(x, y)
        assert got == [10.0 * share, (5.0 * share, 10.0 * share)]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_random_functions_of_several_results(executor):
    for seed in range(20):
        parts = [Expression(3 * seed + k, 5 + seed, 4) for k in range(3)]
        compiled = compiler.compile(lambda x, parts=parts: [f(x) for f in parts], executor=executor)
        for point in np.random.default_rng(seed).uniform(-2.0, 2.0, (3, 4)).tolist():
            for f, got in zip(parts, compiled(point), strict=True):
                inputs = [Value(x) for x in point]
                root = f(inputs)
                assert abs(got - root.data) <= 8.0 * rounding(root, inputs)[0]


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_random_functions_of_several_results_over_samples(executor):
    for seed in range(10):
        parts = [Expression(3 * seed + k, 5 + seed, 4) for k in range(3)]
        compiled = compiler.compile(lambda x, parts=parts: [f(x) for f in parts], executor=executor, batch=True)
        for samples in (1, 7, 8):
            X = np.random.default_rng(seed).uniform(-2.0, 2.0, (samples, 4))
            for f, column in zip(parts, compiled(X), strict=True):
                for point, got in zip(X.tolist(), column, strict=True):
                    inputs = [Value(x) for x in point]
                    root = f(inputs)
                    assert abs(got - root.data) <= 8.0 * rounding(root, inputs)[0]


def test_results_from_the_middle_of_a_loop():
    def path(x):
        points = [x]
        for _ in range(600):
            points.append(sin(points[-1]) * 1.5 + 0.25 * points[0])
        return points[::50]

    compiled = compiler.compile(path)
    assert compiled(0.3) == pytest.approx([float(f"{v:.17g}") for v in path(Value(0.3))], rel=1e-12)
    many = compiler.compile(path, batch=True)(np.full(9, 0.3))
    assert [float(column[8]) for column in many] == pytest.approx(compiled(0.3), rel=1e-12)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_branches_and_refusals(executor):
    compiled = compiler.compile(lambda x: [x, -x] if x > 0.0 else [x * x, log(x + 2.0), x], executor=executor)
    assert compiled(2.0) == [2.0, -2.0]
    assert compiled(-1.0) == [1.0, 0.0, -1.0]
    assert compiled(3.0) == [3.0, -3.0]
    with pytest.raises(ValueError, match=r"math domain error|expected a positive"):
        compiled(-2.0)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_parameters_are_read_for_each(executor):
    weights = [Value(2.0), Value(3.0)]
    compiled = compiler.compile(lambda x: (weights[0] * x, relu(weights[1])), params=weights, executor=executor)
    assert compiled(5.0) == (10.0, 3.0)
    compiled.params[:] = [4.0, -1.0]
    assert compiled(5.0) == (20.0, 0.0)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_pickled_one_returns_the_same(executor):
    compiled = compiler.compile(structure, executor=executor)
    compiled(0.5, 2.0)
    copied = pickle.loads(pickle.dumps(compiled))
    got, expected = copied(1.5, -1.0), compiled(1.5, -1.0)
    assert (got.pop("array") == expected.pop("array")).all()
    assert got == expected


def test_results_are_fresh():
    compiled = compiler.compile(lambda x: np.array([tanh(x[0]), x[1]]))
    first = compiled(np.array([1.0, 2.0]))
    kept = first.copy()
    compiled(np.array([3.0, 4.0]))
    assert (first == kept).all()


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_gradient_needs_one_number(executor):
    compiled = compiler.compile(lambda x: [x, x * x], executor=executor)
    for _ in range(2):
        with pytest.raises(TypeError, match="use jacobian or vjp"):
            compiled.value_and_grad(2.0)
        assert compiled(2.0) == [2.0, 4.0]


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_a_result_that_is_not_finite_is_named(executor):
    compiled = compiler.compile(lambda x: [x, np.array([1.0 / x])], executor=executor, batch=True, check="raise")
    assert compiled([1.0, 2.0])[1].tolist() == [[1.0], [0.5]]
    with pytest.raises(compiler.NonFiniteError, match="'/' of"):
        compiled([1.0, 0.0])


@pytest.mark.parametrize("executor", ["auto", "source", "numpy", "native"])
def test_a_structure_may_have_one_number(executor):
    assert compiler.compile(lambda x: [2.0 * x], executor=executor)(1.5) == [3.0]
    f = compiler.compile(lambda x: np.array([x[0] * x[1]]), executor=executor)
    assert f([3.0, 4.0]).tolist() == [12.0]
    assert f.jacobian(np.array([3.0, 4.0])).tolist() == [[4.0, 3.0]]
