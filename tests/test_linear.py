"""Linear systems: against NumPy, closed forms and differences; any order; ill-conditioned ones; what is refused."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest

from autograd_mini import Value, compiler, condition, grad, gradients, logdet, solve, topological_order

EPS = 2.0**-52


def draw(n, seed=0):
    rng = random.Random(seed)
    return [[rng.gauss(0.0, 1.0) for _ in range(n)] for _ in range(n)], [rng.gauss(0.0, 1.0) for _ in range(n)]


def rows(p, n):
    return [p[i * n : (i + 1) * n] for i in range(n)]


def hilbert(n):
    return [[1.0 / (i + j + 1.0) for j in range(n)] for i in range(n)]


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_numbers_are_those_of_numpy(n):
    A, b = draw(n)
    assert solve(A, b) == pytest.approx(np.linalg.solve(A, b).tolist(), rel=1e-10)
    assert logdet(A) == pytest.approx(np.linalg.slogdet(A)[1], rel=1e-10, abs=1e-12)
    assert condition(A) == pytest.approx(np.linalg.cond(A, 1), rel=1e-10)
    assert all(type(x) is float for x in solve(A, b))


def test_gradients_are_the_closed_forms():
    A, b = draw(4)
    As, bs = [[Value(a) for a in row] for row in A], [Value(y) for y in b]
    xs = solve(As, bs)
    inverse = np.linalg.inv(A)
    for i, x in enumerate(xs):
        assert gradients(x, bs) == pytest.approx(inverse[i].tolist(), rel=1e-11)
        expected = -np.outer(inverse[i], [v.data for v in xs])
        assert np.array([gradients(x, row) for row in As]) == pytest.approx(expected, rel=1e-11)
    assert np.array([gradients(logdet(As), row) for row in As]) == pytest.approx(inverse.T, rel=1e-11)


def differences(f, p, i, h=1e-5):
    there, back = list(p), list(p)
    there[i] += h
    back[i] -= h
    return (f(there) - f(back)) / (2.0 * h)


@pytest.mark.parametrize(
    "f", [lambda p: solve(rows(p, 3), p[9:])[1], lambda p: logdet(rows(p, 3))], ids=["solve", "logdet"]
)
def test_derivatives_of_any_order(f):
    A, b = draw(3, seed=3)
    p = [*A[0], *A[1], *A[2], *b]
    for k in (0, 4, 7):
        slopes = grad(f)(p)
        for i in range(12):
            assert slopes[i] == pytest.approx(differences(f, p, i), rel=1e-6, abs=1e-8)
        f = lambda p, f=f, k=k: grad(f)(p)[k]  # noqa: E731


@pytest.mark.parametrize("n", [4, 6, 8, 10])
def test_an_ill_conditioned_system_is_right_as_far_as_its_condition_allows(n):
    A = hilbert(n)
    exact = [[Fraction(a) for a in row] for row in A]
    b = [float(sum(row)) for row in exact]
    truth = exact_solution(exact, [Fraction(y) for y in b])
    bound = 4 * n * EPS * condition(A)
    scale = max(abs(float(x)) for x in truth)
    bs = [Value(y) for y in b]
    xs = solve(A, bs)
    assert max(abs(float(Fraction(x.data) - t)) for x, t in zip(xs, truth)) <= bound * scale
    units = [[Fraction(int(i == k)) for i in range(n)] for k in range(n)]
    inverse = list(zip(*[exact_solution(exact, unit) for unit in units]))
    for x, line in zip(xs, inverse):
        size = max(abs(float(t)) for t in line)
        assert max(abs(g - float(t)) for g, t in zip(gradients(x, bs), line)) <= bound * size


def exact_solution(A, b):
    work = [[*row, y] for row, y in zip(A, b)]
    n = len(work)
    for k in range(n):
        for row in work[k + 1 :]:
            factor = row[k] / work[k][k]
            row[k:] = [x - factor * p for x, p in zip(row[k:], work[k][k:])]
    xs = []
    for k in reversed(range(n)):
        known = sum((a * x for a, x in zip(work[k][k + 1 :], xs)), Fraction(0))
        xs.insert(0, (work[k][n] - known) / work[k][k])
    return xs


def test_a_system_makes_few_nodes():
    A, b = draw(20)
    As, bs = [[Value(a) for a in row] for row in A], [Value(y) for y in b]
    leaves = 20 * 21
    x = solve(As, bs)[3]
    assert len(topological_order(x)) == leaves + 2
    assert len(topological_order(logdet(As))) == 400 + 1


def test_arrays_of_objects():
    A, b = draw(3)
    ys = np.array([Value(y) for y in b], dtype=object)
    x = solve(np.array(A), ys)
    assert isinstance(x, np.ndarray)
    assert x.shape == (3,)
    x.sum().backward()
    assert [y.grad for y in ys] == pytest.approx(np.linalg.inv(A).sum(0).tolist())
    assert solve(np.array(A), np.array(b)).dtype == float


@pytest.mark.parametrize("executor", ["source", "numpy", "native"])
def test_compiled_it_is_the_elimination(executor):
    A, b = draw(3, seed=5)
    p = [*A[0], *A[1], *A[2], *b]
    for f in (lambda p: solve(rows(p, 3), p[9:])[1], lambda p: logdet(rows(p, 3))):
        compiled = compiler.compile(f, executor=executor)
        for scale in (1.0, 0.7):
            q = [scale * x for x in p]
            value, slopes = compiled.value_and_grad(q)
            assert value == pytest.approx(f(q), rel=1e-10)
            assert slopes == pytest.approx(grad(f)(q), rel=1e-9)


def test_what_is_refused():
    with pytest.raises(ValueError, match="singular: column 1 has no pivot other than 0"):
        solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 1.0])
    with pytest.raises(ValueError, match="singular"):
        logdet([[Value(0.0)]])
    with pytest.raises(ValueError, match="square matrix, not rows of"):
        solve([[1.0, 2.0]], [1.0])
    with pytest.raises(ValueError, match="square"):
        logdet([])
    with pytest.raises(ValueError, match="3 for 2"):
        solve([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="solve"):
        solve([["a"]], [1.0])
    with pytest.raises(ValueError, match="singular"):
        solve([[math.nan]], [1.0])
