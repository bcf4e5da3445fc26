"""Sparse Jacobians and Hessians: the pattern is that of the derivatives, and the entries are the dense ones."""

import itertools
import pickle
import random
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array

from autograd_mini import compiler, exp, hessian, jacobian, maximum, relu, sin, sqrt, tanh, where
from autograd_mini.compiler.sparse import accumulate
from autograd_mini.compiler.sparse.colouring import Columns, apart, star
from autograd_mini.compiler.sparse.pattern import Pattern
from autograd_mini.extras import MissingExtraError

EXECUTORS = ["auto", "numpy", "native"]
SMOOTH, KINKED = ["add", "mul", "div", "sin", "exp", "scale"], ["relu", "max", "where"]


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def stencil(x):
    n = len(x)
    return np.array([sin(x[i - 1]) * x[i] + exp(x[(i + 1) % n]) for i in range(n)])


def program(seed, names, inputs=6, lines=12):
    """A random program of few operands a line; of smooth operations, no slope is 0 by accident."""
    draw = random.Random(seed)
    recipe = [(draw.choice(names), draw.random(), draw.random()) for _ in range(lines)]

    def f(x):
        numbers = list(x)
        for name, a, b in recipe:
            i, j = int(a * len(numbers)), int(b * len(numbers))
            u, v = numbers[i], numbers[j if j != i else j - 1]
            numbers.append(
                {
                    "add": lambda u, v: u + 2.0 * v,
                    "mul": lambda u, v: u * v,
                    "div": lambda u, v: u / (2.0 + v * v),
                    "sin": lambda u, v: sin(u),
                    "exp": lambda u, v: exp(-0.1 * u),
                    "relu": lambda u, v: relu(u) + 0.5 * relu(-u),
                    "max": maximum,
                    "where": lambda u, v: where(v > 0.0, u, 3.0 * u),
                    "scale": lambda u, v: -3.0 * u,
                }[name](u, v)
            )
        return np.array(numbers[-4:])

    return f


def nonzero(matrix):
    return np.array(matrix, float) != 0.0


# ---- where entries are ----


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_the_pattern_has_the_nonzeros_of_random_programs_and_where_they_are_smooth_no_others(first):
    there = 0
    for seed in range(first, first + 30):
        f = program(seed, SMOOTH if seed % 2 else SMOOTH + KINKED)
        x = np.random.default_rng(seed).uniform(0.3, 1.7, 6)
        J = compiler.compile(f).sparsity("jacobian", x).toarray()
        H = compiler.compile(lambda x, f=f: f(x)[3]).sparsity("hessian", x).toarray()
        for pattern, true in ((J, nonzero(jacobian(f)(x))), (H, nonzero(hessian(lambda x, f=f: f(x)[3])(x)))):
            assert not (true & ~pattern).any()
            assert seed % 2 == 0 or (true == pattern).all()
            there += true.sum()
    assert there > 200


@pytest.mark.parametrize(
    "f, expected",
    [
        (lambda x: 3.0 * x[0] - x[1] / 2.0 + abs(x[2]), [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
        (lambda x: x[0] * x[1] + relu(x[2]), [[0, 1, 0], [1, 0, 0], [0, 0, 0]]),
        (lambda x: x[0] / x[1], [[0, 1, 0], [1, 1, 0], [0, 0, 0]]),
        (lambda x: (x[0] + 2.0 * x[2]) ** 2, [[1, 0, 1], [0, 0, 0], [1, 0, 1]]),
        (lambda x: where(x[0] > 0.0, x[1], x[2] * x[2]), [[0, 0, 0], [0, 0, 0], [0, 0, 1]]),
    ],
)
def test_only_what_is_not_linear_has_second_derivatives(f, expected):
    found = compiler.compile(f).sparsity("hessian", [1.0, 2.0, 3.0])
    assert found.toarray().astype(int).tolist() == expected


def test_the_pattern_of_a_matrix_product_and_of_a_wide_operation():
    x = np.linspace(-1.0, 1.0, 30)
    f = compiler.compile(lambda x: np.array([sum(x[i] * x[j] for i in range(3)) for j in range(3, 30)]))
    true = nonzero(jacobian(f.function)(x + 0.01))
    assert (f.sparsity("jacobian", x).toarray() == true).all()
    dense = compiler.compile(lambda x: sqrt(sum(exp(v) for v in x)))
    assert dense.sparsity("hessian", x).nnz == 900


# ---- their numbers ----


@pytest.mark.parametrize("executor", EXECUTORS)
def test_sparse_matrices_have_the_numbers_of_dense_ones(executor):
    x = np.linspace(-1.0, 1.0, 40)
    f, m = compiler.compile(rosenbrock, executor=executor), compiler.compile(stencil, executor=executor)
    for _ in range(2):
        H, (value, J) = f.hessian(x, sparse=True), m.value_and_jacobian(x, sparse=True)
        assert isinstance(H, csr_array)
        assert (H.nnz, J.nnz) == (40 + 2 * 39, 120)
        np.testing.assert_allclose(H.toarray(), hessian(rosenbrock)(x), rtol=1e-12)
        np.testing.assert_allclose(J.toarray(), jacobian(stencil)(x), rtol=1e-12)
        np.testing.assert_allclose(value, np.array(stencil(x), float), rtol=1e-13)
        np.testing.assert_allclose(f.hessian(x), H.toarray(), rtol=1e-14)
        np.testing.assert_allclose(m.jacobian(x), J.toarray(), rtol=1e-14)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_where_entries_are_too_many_columns_or_rows_are_computed(executor, monkeypatch):
    monkeypatch.setattr(accumulate, "PRODUCTS", -1)
    W = np.random.default_rng(0).normal(size=(12, 12)).tolist()
    x = np.linspace(-1.0, 1.0, 12)

    def layer(x, count=12):
        return np.array([tanh(sum(w * v for w, v in zip(row, x, strict=True))) for row in W[:count]])

    for f in (layer, lambda x: layer(layer(x), 5), stencil):
        m = compiler.compile(f, executor=executor)
        for J in (m.jacobian(x), m.jacobian(x, sparse=True).toarray()):
            np.testing.assert_allclose(J, jacobian(f)(x), rtol=1e-9, atol=1e-12)
    for f in (rosenbrock, lambda x: sum(layer(layer(x)))):
        m = compiler.compile(f, executor=executor)
        for H in (m.hessian(x), m.hessian(x, sparse=True).toarray()):
            np.testing.assert_allclose(H, hessian(f)(x), rtol=1e-9, atol=1e-10)


def test_of_several_arguments_the_columns_follow_each_other():
    f = compiler.compile(lambda x, p: [x[0] * p["k"], x[1] ** 2])
    J = f.jacobian([3.0, 4.0], {"k": 5.0}, sparse=True)
    assert J.toarray().tolist() == [[5.0, 0.0, 3.0], [0.0, 8.0, 0.0]]
    H = compiler.compile(lambda x, y: x * y**2).hessian(3.0, 4.0, sparse=True)
    assert H.toarray().tolist() == [[0.0, 8.0], [8.0, 6.0]]


def test_a_result_shares_nothing_with_the_next():
    f, x = compiler.compile(rosenbrock), np.linspace(-1.0, 1.0, 40)
    first = f.hessian(x, sparse=True)
    expected = first.toarray()
    first.data[:], first.indices[:], first.indptr[:] = 0.0, 0, 0
    assert (f.hessian(x, sparse=True).toarray() == expected).all()


def test_where_floats_refuse_sparse_matrices_are_those_of_eager():
    f = compiler.compile(lambda x: np.array([sqrt(v) * w for v, w in itertools.pairwise(x)]))
    x = np.linspace(0.0, 1.0, 40)
    for _ in range(2):
        np.testing.assert_array_equal(f.jacobian(x), jacobian(f.function)(x))
        np.testing.assert_array_equal(f.jacobian(x, sparse=True).toarray(), jacobian(f.function)(x))


def test_a_branch_of_its_own_has_a_pattern_of_its_own():
    f = compiler.compile(lambda x: np.array([v * v if v > 0.0 else w for v, w in itertools.pairwise(x)]))
    for x in (np.linspace(1.0, 2.0, 40), np.linspace(-2.0, -1.0, 40), np.linspace(-1.0, 1.0, 40)) * 2:
        np.testing.assert_array_equal(f.jacobian(x, sparse=True).toarray(), jacobian(f.function)(x))
        assert f.jacobian(x, sparse=True).nnz == 39


def test_a_second_result_and_a_pickled_function_have_them_too():
    f = compiler.compile(lambda x: (stencil(x), x[0]), has_aux=True)
    x = np.linspace(-1.0, 1.0, 40)
    (value, aux), J = f.value_and_jacobian(x, sparse=True)
    assert (value.shape, aux, J.nnz) == ((40,), -1.0, 120)
    again = pickle.loads(pickle.dumps(compiled := compiler.compile(rosenbrock)))
    with pytest.raises(compiler.RetraceError):
        again.hessian(x, sparse=True)
    H = compiled.hessian(x, sparse=True)
    again = pickle.loads(pickle.dumps(compiled))
    assert (again.hessian(x, sparse=True).toarray() == H.toarray()).all()


# ---- groups of columns ----


def symmetric(seed, n=25, density=0.08):
    rng = np.random.default_rng(seed)
    A = np.where(rng.uniform(size=(n, n)) < density, rng.normal(size=(n, n)), 0.0)
    return A + A.T + np.diag(rng.normal(size=n) * (rng.uniform(size=n) < 0.7))


def pattern_of(A):
    return Pattern(A.shape, [np.flatnonzero(row).tolist() for row in A])


@pytest.mark.parametrize("seed", range(8))
def test_each_entry_is_found_in_the_products_of_a_few_groups(seed):
    rng = np.random.default_rng(seed)
    A = np.where(rng.uniform(size=(30, 20)) < 0.1, rng.normal(size=(30, 20)), 0.0)
    S = symmetric(seed)
    for M, is_symmetric in ((A, False), (A.T, False), (S, True)):
        columns = Columns(pattern_of(M), is_symmetric)
        products = columns.seeds @ (M if columns.are_rows else M.T)
        np.testing.assert_allclose(columns.pattern.dense(columns.entries(products)), M, rtol=1e-14)
        assert len(columns.seeds) < 15


def test_rows_are_grouped_where_fewer_are_enough():
    A = np.zeros((40, 40))
    A[:, 0] = A[np.arange(40), np.arange(40)] = 1.0
    wide = Columns(pattern_of(A.T), False)
    assert (wide.are_rows, len(wide.seeds)) == (True, 2)
    assert len(Columns(pattern_of(A), False).seeds) == 2


@pytest.mark.parametrize("seed", range(4))
def test_a_star_colouring_has_no_path_of_four_in_two_colours(seed):
    S = symmetric(seed)
    near = [np.flatnonzero(row).tolist() for row in S]
    colours = star(near)
    for b, c in itertools.product(range(25), repeat=2):
        if b != c and S[b, c]:
            assert colours[b] != colours[c]
            for a, d in itertools.product(near[b], near[c]):
                if len({a, b, c, d}) == 4:
                    assert len({colours[k] for k in (a, b, c, d)}) > 2
    assert max(star([[1], [0, 2], [1, 3], [2]])) == 2
    assert apart([[0], [0, 1], [1]], [[0, 1], [1, 2]]) == [0, 1, 0]


# ---- what is refused ----


def test_sparse_matrices_that_cannot_be_computed_raise(monkeypatch):
    f = compiler.compile(rosenbrock)
    with pytest.raises(ValueError, match="nothing is compiled yet: pass an example"):
        f.sparsity("hessian")
    with pytest.raises(ValueError, match="'jacobian' or 'hessian', not 'gradient'"):
        f.sparsity("gradient", [1.0, 2.0])
    with pytest.raises(ValueError, match="without a sample axis"):
        compiler.compile(rosenbrock, batch=True).hessian(np.ones((3, 4)), sparse=True)
    assert f.sparsity("hessian", [1.0, 2.0]).nnz == f.sparsity("hessian").nnz == 4
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingExtraError, match=r"needs SciPy: .*\[sparse\]"):
        compiler.compile(rosenbrock).hessian([1.0, 2.0], sparse=True)
