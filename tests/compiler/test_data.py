"""Loops over rows of data are matrix products, of constants that have no slots."""

import math
from functools import partial

import numpy as np
import pytest

from autograd_mini import Value, compiler, dot, exp, softplus, tanh
from autograd_mini import sum as total
from autograd_mini.compiler.native.kernels import data
from tests.compiler.test_native import assert_same, both

pytest.importorskip("llvmlite")

ROWS = (15, 16, 17, 31, 32, 33, 40, 100)


def rows(n, k):
    X = np.random.default_rng(100 * n + k).normal(size=(n, k))
    return X.tolist(), (X[:, 0] > 0.0).astype(float).tolist()


def logistic(w, X, Y):
    z = [dot(w, x) for x in X]
    return sum(softplus(a) - y * a for a, y in zip(z, Y)) / len(X)


def shifted(w, X, Y):
    """All dots begin with the same number."""
    return total(tanh(dot(w[1:], x[1:], w[0])) * y for x, y in zip(X, Y))


def begun(w, X, Y):
    """Each begins with another; the inputs have adjoints on their way, and one is there twice."""
    inner = [exp(-a * a) for a in w]
    inner[-1] = inner[0]
    return total(dot(inner, x, y * inner[k % 2]) ** 2 for k, (x, y) in enumerate(zip(X, Y)))


def by_hand(w, X, Y):
    """Products added up with operators."""
    return sum((sum(a * b for a, b in zip(w, x)) - y) ** 2 for x, y in zip(X, Y))


@pytest.mark.parametrize("f", [logistic, shifted, begun, by_hand])
@pytest.mark.parametrize("length", [2, 3, 9, 20])
def test_loops_over_rows_give_what_numpy_gives(f, length):
    w = np.random.default_rng(length).uniform(-0.5, 0.5, length)
    for n in ROWS:
        X, Y = rows(n, length)
        expected, got = both(lambda w: f(w, X, Y))  # noqa: B023
        leaves = [Value(x) for x in w.tolist()]
        f(leaves, X, Y).backward()
        eager = [x.grad for x in leaves]
        for c in (expected, got):
            assert_same([f(w.tolist(), X, Y), eager], c.value_and_grad(w), 1e-12)
        single = compiler.compile(lambda w: f(w, X, Y), executor="native", dtype="float32")  # noqa: B023
        assert_same([f(w.tolist(), X, Y), eager], single.value_and_grad(w), 2e-4)


@pytest.mark.parametrize("f", [logistic, shifted, begun, by_hand])
def test_loops_with_parameters_and_samples_give_what_numpy_gives(f):
    w = np.random.default_rng(0).uniform(-0.5, 0.5, 7)
    leaves = [Value(x) for x in w.tolist()]
    X, Y = rows(40, 7)
    f(leaves, X, Y).backward()
    for c in both(lambda: f(leaves, X, Y), params=leaves):
        assert_same([f(w.tolist(), X, Y), [x.grad for x in leaves]], c.value_and_grad(), 1e-12)
    W = np.random.default_rng(1).uniform(-0.5, 0.5, (9, 7))
    assert_same(*[c.value_and_grad(W) for c in both(lambda w: f(w, X, Y), batch=True)])


def test_a_row_that_is_not_finite_spoils_no_other():
    X, _ = rows(40, 5)
    X[3][1], X[39][2] = math.inf, math.nan
    for c in both(lambda w: [tanh(dot(w, x)) for x in X]):
        z = c([0.1] * 5)
        assert np.isnan(z[39])
        assert z[3] == 1.0
        np.testing.assert_allclose(z[:3], [math.tanh(0.1 * sum(x)) for x in X[:3]], rtol=1e-12)


@pytest.mark.parametrize("params", [False, True])
def test_data_has_no_slots(params):
    X, Y = rows(200, 20)
    leaves = [Value(0.1) for _ in range(20)]
    c = compiler.compile(
        (lambda: logistic(leaves, X, Y)) if params else (lambda w: logistic(w, X, Y)),
        executor="native",
        params=leaves if params else None,
    )
    c.value_and_grad(*[] if params else [np.full(20, 0.1)])
    executor = next(iter(c._plans.values())).latest.executor
    assert "matrix product, 200 × 20" in c.explain()
    assert executor.bound(1).tape.rows < 20 + 3 * 200
    assert len(executor.program.constants) > 4000


def test_a_matrix_is_laid_in_tiles():
    matrix = np.arange(6.0).reshape(2, 3)
    line = data.laid(matrix, 2).reshape(1, 2, 8)
    assert line[0, :, :3].tolist() == matrix.tolist()
    assert not line[0, :, 3:].any()


def hinge(w, X, Y):
    """A branch decides which rows count."""
    margins = [1.0 - y * dot(w, x) for x, y in zip(X, Y)]
    return sum(m * m for m in margins if m > 0.0)


def chosen(few):
    """Products with constants: branches take `few` of them, leave out the next, and so on."""

    def f(w, X, Y):
        z = [w[0] * x[0] - w[1] for x in X]
        return sum(a for k, a in enumerate(z) if a * 0.0 == 0.0 and k % (few + 1) < few)

    return f


@pytest.mark.parametrize("f", [hinge, chosen(1), chosen(3), chosen(20)])
@pytest.mark.parametrize("length", [3, 5, 7, 12])
def test_some_of_the_rows_are_differentiated(f, length):
    w = np.random.default_rng(length).uniform(-0.5, 0.5, length)
    for n in (*ROWS, 130):
        X, Y = rows(n, length)
        leaves = [Value(x) for x in w.tolist()]
        value = f(leaves, X, Y)
        value.backward()
        for c in both(partial(f, X=X, Y=Y)):
            assert_same([value.data, [x.grad for x in leaves]], c.value_and_grad(w), 1e-12)


@pytest.mark.parametrize("step", [2, 3, 20])
def test_some_nodes_of_a_layer_are_differentiated(step):
    W = [[Value(0.1 * (i - j)) for i in range(9)] for j in range(40)]

    def f(x):
        h = [dot(row, x) for row in W]
        return total(a * a for a in h[::step]), h

    X = np.random.default_rng(0).normal(size=(20, 9))
    compiled = both(f, params=[p for row in W for p in row], reduce="sum", has_aux=True)
    ((expected, _), gradient), ((got, _), other) = [c.value_and_grad(X) for c in compiled]
    assert_same([expected, gradient], [got, other])
