"""Every derivative of a compiled function is that of the eager transforms: in each executor, of samples too."""

import math
import pickle
import subprocess
import sys
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from autograd_mini import (
    Value,
    compiler,
    exp,
    floor,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    log,
    maximum,
    primitive,
    relu,
    sin,
    sqrt,
    tanh,
    value_and_grad,
    vjp,
)
from autograd_mini.structures import flatten, leaves_like
from tests.compiler.expressions import Expression

EXECUTORS = ["source", "numpy", "native"]
ON_ARRAYS = ["numpy", "native"]
Pair = namedtuple("Pair", "k q")


@dataclass
class Orbit:
    radius: float
    speeds: list


def assert_same(got, expected, tolerance=1e-10):
    """The same structure, and the same numbers but for rounding."""
    numbers, others = flatten(got)[0], leaves_like(got, expected, "expected", "got")
    size = max([abs(x) for x in others if math.isfinite(x)], default=0.0) + 1.0
    np.testing.assert_allclose(numbers, others, rtol=tolerance, atol=tolerance * size)


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def smooth(x):
    return [sin(x[0]) * x[1], x[2], tanh(x[0] - x[3]) * x[1] ** 2]


def of_structures(x, p):
    return {"a": x * p.k, "b": (sin(x), p.k**2 * p.q[0])}


def number_of_structures(x, p):
    return x * p.k * sin(x) + p.k**2 * p.q[0]


POINT, ALONG = [0.5, 2.0, -1.0, 0.3], [1.0, 2.0, 3.0, 4.0]
PARTS, PARTS_ALONG = (0.5, Pair(2.0, [3.0])), (1.0, Pair(1.0, [0.5]))


# ---- one by one ----


@pytest.mark.parametrize("executor", ["auto", *EXECUTORS])
def test_every_derivative_by_one_argument(executor):
    f, m = [compiler.compile(f, executor=executor) for f in (rosenbrock, smooth)]
    for _ in range(2):
        assert_same(f.hvp(POINT, ALONG), hvp(rosenbrock, POINT, ALONG))
        assert_same(f.hessian(POINT), hessian(rosenbrock)(POINT))
        assert_same(f.jvp(POINT, ALONG), jvp(rosenbrock, (POINT,), (ALONG,)))
        assert_same(f.vjp(POINT, 2.0), (rosenbrock(POINT), [2.0 * g for g in grad(rosenbrock)(POINT)]))
        assert_same(f.jacobian(POINT), grad(rosenbrock)(POINT))
        assert_same(m.jacobian(POINT), jacobian(smooth)(POINT))
        assert_same(m.value_and_jacobian(POINT), (smooth([Value(x).data for x in POINT]), jacobian(smooth)(POINT)))
        assert_same(m.jvp(POINT, ALONG), jvp(smooth, (POINT,), (ALONG,)))
        value, pullback = vjp(smooth, POINT)
        assert_same(m.vjp(POINT, [1.0, 2.0, 3.0]), (value, pullback([1.0, 2.0, 3.0])[0]))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_derivative_by_several_arguments_with_structures(executor):
    f = compiler.compile(of_structures, executor=executor)
    number = compiler.compile(number_of_structures, executor=executor)
    adjoint = {"a": 1.0, "b": (2.0, 3.0)}
    value, pullback = vjp(of_structures, *PARTS)
    assert_same(f.jacobian(*PARTS), jacobian(of_structures, (0, 1))(*PARTS))
    assert_same(f.jvp(PARTS, PARTS_ALONG), jvp(of_structures, PARTS, PARTS_ALONG))
    assert_same(f.vjp(PARTS, adjoint), (value, pullback(adjoint)))
    assert_same(number.hessian(*PARTS), hessian(number_of_structures, (0, 1))(*PARTS))
    product = jvp(grad(number_of_structures, (0, 1)), PARTS, PARTS_ALONG)[1]
    assert_same(number.hvp(PARTS, PARTS_ALONG), product)
    assert type(number.hvp(PARTS, PARTS_ALONG)[1]) is Pair


@pytest.mark.parametrize("executor", EXECUTORS)
def test_by_a_dataclass_and_by_a_number(executor):
    f = compiler.compile(lambda o: o.radius**2 * sin(o.speeds[0]), executor=executor)
    orbit = Orbit(2.0, [0.5])
    assert_same(f.hessian(orbit).radius, hessian(f.function)(orbit).radius)
    cube = compiler.compile(lambda x: x**3, executor=executor)
    assert cube.hessian(2.0) == 12.0
    assert cube.hvp(2.0, 3.0) == 36.0
    assert cube.jvp(2.0, 3.0) == (8.0, 36.0)
    assert cube.vjp(2.0, 3.0) == (8.0, 36.0)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_large_matrices_are_computed_by_rows(executor):
    def f(x):
        return np.array([tanh(sum(x[i] * x[(i + k) % len(x)] for i in range(len(x)))) for k in range(6)])

    X, Z = np.linspace(-1.0, 1.0, 9), np.linspace(-1.0, 1.0, 30)
    J, H = (
        compiler.compile(f, executor=executor).jacobian(X),
        compiler.compile(rosenbrock, executor=executor).hessian(Z),
    )
    assert J.shape == (6, 9)
    assert H.shape == (30, 30)
    assert_same(J, jacobian(f)(X))
    assert_same(H, hessian(rosenbrock)(Z))
    rows = compiler.compile(lambda x: list(f(x)), executor=executor).jacobian(X.tolist())
    assert type(rows) is list
    assert type(rows[0]) is list
    assert_same(rows, J)


# ---- of samples, and by parameters ----


@pytest.mark.parametrize("executor", ON_ARRAYS)
@pytest.mark.parametrize("samples", [1, 7, 8])
def test_each_sample_has_its_own(executor, samples):
    rng = np.random.default_rng(samples)
    X, V, U = rng.normal(size=(samples, 4)), rng.normal(size=(samples, 4)), list(rng.normal(size=(3, samples)))
    f, m = [compiler.compile(f, executor=executor, batch=True) for f in (rosenbrock, smooth)]
    H, products, J, (_, tangents), (_, pulled) = f.hessian(X), f.hvp(X, V), m.jacobian(X), m.jvp(X, V), m.vjp(X, U)
    for i, (x, v) in enumerate(zip(X.tolist(), V.tolist(), strict=True)):
        assert_same(H[i], hessian(rosenbrock)(x))
        assert_same(products[i], hvp(rosenbrock, x, v))
        assert_same([row[i] for row in J], jacobian(smooth)(x))
        assert_same([t[i] for t in tangents], jvp(smooth, (x,), (v,))[1])
        assert_same(pulled[i], vjp(smooth, x)[1]([float(u[i]) for u in U])[0])


def loss_of(p, x, y):
    return (tanh(p[0] * x + p[1]) - y) ** 2


@pytest.mark.parametrize("executor", EXECUTORS)
def test_by_parameters(executor):
    w, along = [Value(0.3), Value(-0.7)], [1.0, 2.0]
    compiled = compiler.compile(lambda x, y: loss_of(w, x, y), params=w, executor=executor)
    for p in ([0.3, -0.7], [0.1, 0.2]):
        compiled.params[:] = p
        at = (p, 0.5, 2.0), (along, 0.0, 0.0)
        assert_same(compiled.hessian(0.5, 2.0), hessian(loss_of)(p, 0.5, 2.0))
        assert_same(compiled.hvp((0.5, 2.0), along), jvp(grad(loss_of), *at)[1])
        assert_same(compiled.jvp((0.5, 2.0), along), jvp(loss_of, *at))
        assert_same(compiled.jacobian(0.5, 2.0), grad(loss_of)(p, 0.5, 2.0))
        assert_same(compiled.vjp((0.5, 2.0), 3.0)[1], [3.0 * g for g in grad(loss_of)(p, 0.5, 2.0)])
    with pytest.raises(ValueError, match="a number for each of 2 parameters"):
        compiled.hvp((0.5, 2.0), [1.0])


@pytest.mark.parametrize("executor", ON_ARRAYS)
@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_by_parameters_over_samples(executor, reduce):
    w, along, p = [Value(0.3), Value(-0.7)], [1.0, 2.0], [0.3, -0.7]
    X = np.linspace(0.0, 1.0, 7)

    def cost(p):
        return sum(loss_of(p, x, x * x) for x in X.tolist()) * (1.0 / 7.0 if reduce == "mean" else 1.0)

    compiled = compiler.compile(lambda x, y: loss_of(w, x, y), params=w, executor=executor, reduce=reduce)
    assert_same(compiled.hessian(X, X**2), hessian(cost)(p))
    assert_same(compiled.hvp((X, X**2), along), hvp(cost, p, along))
    assert_same(compiled.jvp((X, X**2), along), jvp(cost, (p,), (along,)))
    assert_same(compiled.vjp((X, X**2), 3.0)[1], [3.0 * g for g in grad(cost)(p)])


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_by_the_numbers_of_all_samples_that_are_summed(reduce):
    def f(p, t):
        return p[0] * t**3 + sin(p[1] * t)

    def total(p, ts):
        return sum([f(p, t) for t in ts]) * (1.0 / 3.0 if reduce == "mean" else 1.0)

    args = [0.5, 0.25], [1.0, 2.0, 3.0]
    c = compiler.compile(f, reduce=reduce, shared="p")
    assert_same(c.jacobian(*args), jacobian(total, argnums=(0, 1))(*args))
    assert_same(c.value_and_jacobian(*args), (c(*args), c.jacobian(*args)))
    assert_same(c.hessian(*args), hessian(total, argnums=(0, 1))(*args))
    assert_same(
        compiler.compile(lambda t: f(args[0], t), reduce=reduce).hessian(args[1]),
        [row[1] for row in c.hessian(*args)[1]],
    )
    with_more = compiler.compile(lambda p, t: (f(p, t), t), reduce=reduce, shared="p", has_aux=True)
    assert_same(with_more.jacobian(*args), c.jacobian(*args))
    assert_same(with_more.hessian(*args), c.hessian(*args))


# ---- as eager ----


@pytest.mark.parametrize("executor", EXECUTORS)
def test_random_functions_to_second_order(executor):
    for seed in range(25):
        f, g = Expression(seed, 5 + seed % 12, 4), Expression(seed + 1000, 5 + seed % 7, 4)
        one = compiler.compile(f, executor=executor)
        many = compiler.compile(lambda x, f=f, g=g: [f(x), g(x)], executor=executor)
        for x, v in np.random.default_rng(seed).uniform(-2.0, 2.0, (2, 2, 4)).tolist():
            assert_same(one.hessian(x), hessian(f)(x), 1e-8)
            assert_same(one.hvp(x, v), hvp(f, x, v), 1e-8)
            assert_same(many.jacobian(x), jacobian(many.function)(x), 1e-9)
            assert_same(many.jvp(x, v), jvp(many.function, (x,), (v,)), 1e-9)
            assert_same(many.vjp(x, [2.0, -1.0])[1], vjp(many.function, x)[1]([2.0, -1.0])[0], 1e-9)


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_random_functions_to_second_order_over_samples(executor):
    for seed in range(8):
        f = Expression(seed, 5 + seed % 12, 4)
        compiled = compiler.compile(f, executor=executor, batch=True)
        for samples in (1, 7, 8):
            X, V = np.random.default_rng(seed).uniform(-2.0, 2.0, (2, samples, 4))
            H, products = compiled.hessian(X), compiled.hvp(X, V)
            for i, (x, v) in enumerate(zip(X.tolist(), V.tolist(), strict=True)):
                assert_same(H[i], hessian(f)(x), 1e-8)
                assert_same(products[i], hvp(f, x, v), 1e-8)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    "f", [lambda x: relu(x) * x, lambda x: abs(x) ** 3, lambda x: maximum(x, -x), lambda x: x**2.5, lambda x: x**2]
)
def test_corners(executor, f):
    compiled = compiler.compile(f, executor=executor)
    for x in (0.0, -0.0, 1.0):
        assert compiled.hessian(x) == hessian(f)(x)
        assert compiled.hvp(x, 2.0) == hvp(f, x, 2.0)
        assert compiled.jacobian(x) == jacobian(f)(x)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_floats_refuse_is_refused(executor):
    compiled = compiler.compile(lambda x: log(x[0]) * x[1], executor=executor)
    assert_same(compiled.hessian([1.0, 2.0]), [[-2.0, 1.0], [1.0, 0.0]])
    for refused in (compiled.hessian, compiled.jacobian, lambda x: compiled.hvp(x, x), lambda x: compiled.jvp(x, x)):
        with pytest.raises(ValueError, match=r"math domain error|positive"):
            refused([-1.0, 2.0])


def test_rows_that_are_not_finite_are_those_of_eager():
    compiled = compiler.compile(lambda x: [sqrt(x[i] * x[i]) * exp(x[0]) + sum(x) for i in range(40)])
    x = [0.0] + [1.0] * 39
    got, expected = compiled.jacobian(x), jacobian(compiled.function)(x)
    assert_same(got[1:], expected[1:])
    assert str(got[0]) == str(expected[0])


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_0_times_what_is_not_finite_is_nan_as_in_eager(executor):
    def f(x):
        return [sqrt(floor(x[0])), x[0] * x[1], *[x[1] * k for k in range(20)]]

    rows = [[0.5, 2.0], [1.5, 2.0]]
    one, many = compiler.compile(f, executor=executor), compiler.compile(f, executor=executor, batch=True)
    batch = many.jacobian(np.array(rows))
    for i, x in enumerate(rows):
        expected = jacobian(f)(x)
        assert math.isnan(expected[0][0]) == (i == 0)
        assert str(one.jacobian(x)[:2]) == str(expected[:2])
        assert str([row[i].tolist() for row in batch[:2]]) == str(expected[:2])


def test_a_hessian_by_arrays_of_several_shapes():
    def f(x, y):
        return sin(x[0]) * y[0] + x[1] * y[1] * y[2]

    x, y = np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    for by_x, by_y in (hessian(f, (0, 1))(x, y), compiler.compile(f).hessian(x, y)):
        assert by_x[0][0] == pytest.approx([-math.sin(1.0), 0.0])
        assert by_y[0][0] == pytest.approx([math.cos(1.0), 0.0])
        assert by_y[1][1].tolist() == [0.0, 0.0, 2.0]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_branches_are_taken_anew(executor):
    compiled = compiler.compile(lambda x: x[0] ** 3 if x[0] > 0.0 else x[0] * x[1], executor=executor)
    for x in ([1.0, 2.0], [-1.0, 2.0], [2.0, 1.0]):
        assert_same(compiled.hessian(x), hessian(compiled.function)(x))
        assert_same(compiled.hvp(x, [1.0, 1.0]), hvp(compiled.function, x, [1.0, 1.0]))


def test_folded_loops_stay_folded():
    def path(x):
        y = x[0]
        for _ in range(1000):
            y = y + 0.01 * sin(y) * x[1]
        return y

    compiled = compiler.compile(path)
    assert_same(compiled.hvp([0.3, 0.5], [1.0, 2.0]), hvp(path, [0.3, 0.5], [1.0, 2.0]), 1e-9)
    assert "was folded" in compiled.explain()


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = sys.modules["llvmlite"] = None
from autograd_mini import compiler, grad, hessian, hvp, jacobian
def f(x):
    return sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:])])
def g(x):
    return [a * a * x[0] for a in x]
x = [0.1 * k for k in range(25)]
one, many = compiler.compile(f), compiler.compile(g)
assert one.hessian(x) == hessian(f)(x)
assert one.jacobian(x) == grad(f)(x)
assert max(abs(a - b) for a, b in zip(one.hvp(x, x), hvp(f, x, x))) < 1e-9
assert many.jacobian(x) == jacobian(g)(x)
assert many.vjp(x, x)[0] == many.jvp(x, x)[0] == many(x)
"""


def test_numpy_is_not_needed():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


# ---- compiled functions among others ----


@pytest.mark.parametrize("executor", EXECUTORS)
def test_transforms_are_compiled(executor):
    for transform in (grad, value_and_grad, hessian, lambda f: grad(lambda x: value_and_grad(f)(x)[0])):
        compiled = compiler.compile(transform(rosenbrock), executor=executor)
        assert_same(compiled(POINT), transform(rosenbrock)(POINT))
    compiled = compiler.compile(jacobian(smooth), executor=executor)
    assert_same(compiled(POINT), jacobian(smooth)(POINT))
    compiled = compiler.compile(lambda x, v: jvp(smooth, (x,), (v,)), executor=executor)
    assert_same(compiled(POINT, ALONG), jvp(smooth, (POINT,), (ALONG,)))


def test_a_compiled_function_is_transformed_and_compiled_again():
    f = compiler.compile(lambda x, y: x**2 * sin(y))
    assert f.function is not None
    assert_same(grad(f)(0.5, 2.0), grad(f.function)(0.5, 2.0))
    assert_same(hessian(f, (0, 1))(0.5, 2.0), hessian(f.function, (0, 1))(0.5, 2.0))
    outer = compiler.compile(lambda x: f(x, 2.0) * x + f.value_and_grad(x, x)[0])
    inside = lambda x: f.function(x, 2.0) * x + f.function(x, x)  # noqa: E731
    assert_same(outer.value_and_grad(0.5), value_and_grad(inside)(0.5))
    assert_same(outer.hessian(0.5), hessian(inside)(0.5))
    assert_same(
        grad(lambda x: f.hessian(x, 1.0)[0][0])(0.5), grad(lambda x: hessian(f.function, (0, 1))(x, 1.0)[0][0])(0.5)
    )
    assert_same(grad(lambda x: f.jvp((x, 1.0), (x, 0.0))[1])(0.5), 4.0 * 0.5 * math.sin(1.0))
    assert_same(grad(lambda x: f.hvp((x, 1.0), (x, 0.0))[0])(0.5), 2.0 * math.sin(1.0))
    assert_same(grad(lambda x: f.vjp((x, 1.0), x)[1][0])(0.5), 4.0 * 0.5 * math.sin(1.0))
    root = f(Value(3.0), 1.0)
    assert isinstance(root, Value)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_second_result_goes_with_the_value(executor):
    compiled = compiler.compile(lambda x: (x[0] * x[1], {"sum": x[0] + x[1]}), executor=executor, has_aux=True)
    for _ in range(2):
        assert compiled([2.0, 3.0]) == (6.0, {"sum": 5.0})
        assert compiled.value_and_grad([2.0, 3.0]) == ((6.0, {"sum": 5.0}), [3.0, 2.0])
    assert compiled.hessian([2.0, 3.0]) == [[0.0, 1.0], [1.0, 0.0]]
    assert compiled.hvp([2.0, 3.0], [1.0, 0.0]) == [0.0, 1.0]
    assert compiled.value_and_jacobian([2.0, 3.0]) == ((6.0, {"sum": 5.0}), [3.0, 2.0])
    assert compiled.vjp([2.0, 3.0], 2.0) == (6.0, [6.0, 4.0])
    with pytest.raises(TypeError, match="a pair"):
        compiler.compile(lambda x: x, executor=executor, has_aux=True)(1.0)


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_a_second_result_of_samples(executor):
    X = np.linspace(0.0, 1.0, 20).reshape(10, 2)
    compiled = compiler.compile(
        lambda x: (x[0] * x[1], (x[0], [x[1] * 2.0])), executor=executor, has_aux=True, batch=True
    )
    (value, (first, (second,))), slopes = compiled.value_and_grad(X)
    assert_same(value, X[:, 0] * X[:, 1])
    assert_same(first, X[:, 0])
    assert_same(second, 2.0 * X[:, 1])
    assert_same(slopes, X[:, ::-1])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_pickled_one_has_the_programs_of_all(executor):
    w = [Value(2.0)]
    plain, own = (
        compiler.compile(rosenbrock, executor=executor),
        compiler.compile(lambda x: w[0] ** 2 * x, params=w, executor=executor),
    )
    expected = plain.hessian(POINT), plain.hvp(POINT, ALONG), own.hvp(3.0, [1.0])
    plain, own = pickle.loads(pickle.dumps((plain, own)))
    assert_same((plain.hessian(POINT), plain.hvp(POINT, ALONG), own.hvp(3.0, [1.0])), expected)
    own.params[:] = [5.0]
    assert_same(own.hvp(4.0, [1.0]), [8.0])
    with pytest.raises(compiler.RetraceError):
        plain.jvp(POINT, ALONG)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_arguments_may_change_their_form_at_any_call(executor):
    f, g = compiler.compile(rosenbrock, executor=executor), compiler.compile(lambda x, y: x * x * y, executor=executor)
    forms = [[0.5, 1, 2.0], np.array([0.5, 1.0, 2.0]), (0.5, 1.0, 2.0), np.array([1, 2, 3]), np.ones(4, np.float32)]
    for x in forms * 2:
        for _ in range(2):
            assert_same(f.hvp(x, x), hvp(rosenbrock, x, x))
            assert_same(f.jvp(x, x), jvp(rosenbrock, (x,), (x,)))
            assert_same(f.vjp(x, 2.0)[1], [2.0 * slope for slope in flatten(grad(rosenbrock)(x))[0]])
            assert_same(f.jacobian(x), grad(rosenbrock)(x))
            assert_same(f.value_and_jacobian(x), value_and_grad(rosenbrock)(x))
            assert_same(f.hessian(x), hessian(rosenbrock)(x))
    for pair in [(2.0, 3.0), [2, 3.0], (np.float64(2.0), np.array(3)), [2.0, 3]]:
        assert g.hvp(pair, (1.0, 0.0)) == (6.0, 4.0)
        assert g.jvp(pair, [1.0, 0.0]) == (12.0, 12.0)
        assert g.vjp(pair, 1) == (12.0, (12.0, 4.0))
        assert g.jacobian(*pair) == (12.0, 4.0)
        assert g.hessian(*pair) == ((6.0, 4.0), (4.0, 0.0))
        with pytest.raises(TypeError):
            g.hvp(np.array([2.0, 3.0]), (1.0, 0.0))


def test_arguments_that_do_not_fit():
    f = compiler.compile(lambda x, y: x * y)
    with pytest.raises(TypeError, match="as one tuple"):
        f.hvp(1.0, 2.0)
    with pytest.raises(ValueError, match="2 arguments but 1 directions"):
        f.hvp((1.0, 2.0), (1.0,))
    with pytest.raises(ValueError, match="structure"):
        compiler.compile(rosenbrock).hvp([1.0, 2.0], [1.0])
    with pytest.raises(TypeError, match="use jacobian or vjp"):
        compiler.compile(smooth).hessian(POINT)


def test_a_product_goes_through_the_steps_of_a_loop_once():
    def pendulum(p):
        q, w = p[0], 0.0
        for _ in range(200):
            w = w + 0.01 * (p[3] - p[1] * sin(q) - p[2] * w)
            q = q + 0.01 * w
        return q * q + w

    f = compiler.compile(pendulum, executor="native")
    assert_same(f.hvp(np.array(POINT), np.array(ALONG)), hvp(pendulum, POINT, ALONG))
    assert f.explain().partition("for hvp:")[2].count("was folded") == 1


def test_operations_made_with_primitive_have_every_derivative():
    cube = primitive(lambda m, z, x: 3.0 * x * x)(lambda x: x**3)

    def f(x):
        return sum(sin(cube(x[i]) * x[i + 1]) * cube(2.0 * x[i] + x[3]) for i in range(3))

    for executor in EXECUTORS:
        compiled = compiler.compile(f, executor=executor)
        assert_same(compiled.hvp(POINT, ALONG), hvp(f, POINT, ALONG))
        assert_same(compiled.jvp(POINT, ALONG), jvp(f, (POINT,), (ALONG,)))
        assert_same(compiled.hessian(POINT), hessian(f)(POINT))
