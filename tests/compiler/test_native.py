"""The machine of the native tier: what NumPy gives it gives, for any number of samples, and it writes nowhere else."""

import itertools
import math
import os
import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from functools import partial, reduce

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import llvmlite.binding as llvm
import mpmath

from autograd_mini import Value, compiler, cos, dot, exp, log, sin, sqrt, tanh, value_and_grad, where
from autograd_mini.compiler import executors
from autograd_mini.compiler.native import executor as native
from autograd_mini.compiler.native import tape, threads
from autograd_mini.compiler.native.kernels import access as kernels
from autograd_mini.compiler.native.llvm import cache
from autograd_mini.compiler.native.llvm.arithmetic import call as function_call
from autograd_mini.compiler.native.llvm.code import Code, Kind
from autograd_mini.compiler.native.llvm.jit import Jit, host
from autograd_mini.compiler.native.llvm.lanes import Lanes
from autograd_mini.compiler.native.machine import text
from autograd_mini.engine import apply
from autograd_mini.ieee import IEEE, Ieee, total
from autograd_mini.rules import RULES
from tests.check.programs import random_program
from tests.compiler.expressions import Expression

SEEDS = int(os.environ.get("AUTOGRAD_MINI_SEEDS", "12"))
COUNTS = (1, 7, 8, 9, 100, 1025)
CANARY = float(np.float32(1.2345e37))


# ---- programs ----


def both(f, **options):
    return [compiler.compile(f, executor=name, **options) for name in ("numpy", "native")]


def assert_same(expected, got, tolerance=1e-11):
    with np.errstate(all="ignore"):
        for a, b in zip(expected, got, strict=True):
            scale = np.nanmax(np.abs(np.where(np.isfinite(a), a, 0.0)), initial=1.0)
            np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_samples_by_themselves(seed):
    compiled = both(Expression(seed, 5 + seed % 40, 4), batch=True)
    for n in COUNTS:
        X = np.random.default_rng(seed).uniform(-2.0, 2.0, (n, 4))
        assert_same(*[f.value_and_grad(X) for f in compiled])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_parameters_over_samples(seed):
    leaves = [Value(p) for p in np.random.default_rng(seed).uniform(-1.0, 1.0, 6).tolist()]
    recipe = Expression(seed, 5 + seed % 40, 3, 6)
    compiled = both(lambda x: recipe(x, leaves), params=leaves, reduce="mean")
    for n in COUNTS:
        X = np.random.default_rng(seed + 1).uniform(-2.0, 2.0, (n, 3))
        assert_same(*[f.value_and_grad(X) for f in compiled])


def test_a_whole_function():
    for seed in range(SEEDS):
        x = np.random.default_rng(seed).uniform(-2.0, 2.0, 4)
        expected, got = [f.value_and_grad(x) for f in both(Expression(seed, 5 + 9 * seed, 4))]
        assert_same(expected, got)


@pytest.mark.parametrize("n", [1, 9, 100])
def test_nan_and_infinity_stay_in_their_sample(n):
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        X = rng.uniform(-2.0, 2.0, (n, 4))
        clean = X.copy()
        bad = rng.random(X.shape) < 0.1
        X[bad] = rng.choice([math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324], bad.sum())
        _, f = both(Expression(seed, 5 + seed % 40, 4), batch=True)
        rows = ~bad.any(axis=1)
        value, slopes = f.value_and_grad(clean)
        other, others = f.value_and_grad(X)
        assert (value[rows] == other[rows]).all()
        assert (slopes[rows] == others[rows]).all()
        alone = [f.value_and_grad(X[i : i + 1]) for i in range(n)]
        np.testing.assert_allclose(other, [v[0] for v, _ in alone], rtol=1e-11, atol=1e-12)


def test_an_infinite_slope_of_the_last_sample_is_not_spoilt_by_idle_lanes():
    p = Value(1.0)
    f = compiler.compile(lambda x: sqrt(x) * p, params=[p], batch=True, reduce="sum", executor="native")
    g = compiler.compile(lambda x: sqrt(p * x), params=[p], batch=True, reduce="sum", executor="native")
    X = np.array([4.0] * 8 + [math.inf])
    assert f.value_and_grad(X)[1].tolist() == [math.inf]
    assert math.isnan(g.value_and_grad(X)[1][0])  # ½/inf · inf, as eager has it


def test_operations_that_only_a_guard_needs_are_not_differentiated():
    def f(x):
        return x * 2.0 if log(x) < 0.0 else x * 3.0

    c = compiler.compile(f, executor="native")
    assert c.value_and_grad(0.0) == (0.0, 2.0)
    assert c.value_and_grad(5.0) == (15.0, 3.0)


def test_samples_that_disagree_on_a_branch_are_named():
    c = compiler.compile(lambda x: x if x > 0.0 else -x, batch=True, executor="native")
    c(np.arange(1.0, 20.0))
    with pytest.raises(compiler.BranchChanged, match="sample 7"):
        c(np.array([1.0] * 7 + [-1.0] * 5))


def test_long_sums_products_and_dots():
    from autograd_mini import dot, hypot, mean, prod
    from autograd_mini import sum as total

    for f in (
        lambda x: total(x) * mean(x),
        prod,
        lambda x: hypot(*x),
        lambda x: prod([*x, *[exp(v) for v in x[1:20]]]) + mean([*x[2:20], *[v * v for v in x]]),  # in two runs
        lambda x: total([*[v * v for v in x], *x[1:20]]) * hypot(*x[20:3:-1], *[exp(v) for v in x]),
        lambda x: dot(x, x[::-1], 2.0),
        lambda x: dot(x, x, x[3]) * dot(x[::2], x[::2]),
        lambda x: dot(x[:7], x[7:14]) + dot(x[:7], x[1:8]) * dot(x[3:10], x[1:8], x[0]),
        lambda x: x[0] + x[1] + x[0] * x[2] + x[3] * x[4] + x[5] + x[0],
    ):
        x = np.random.default_rng(0).uniform(0.5, 1.5, 21)
        assert_same(*[c.value_and_grad(x) for c in both(f)])
        X = np.random.default_rng(1).uniform(0.5, 1.5, (19, 21))
        assert_same(*[c.value_and_grad(X) for c in both(f, batch=True)])


@pytest.mark.parametrize("nodes", [1, 15, 16, 40])
@pytest.mark.parametrize("length", [2, 3, 4, 5, 19])
def test_dots_of_numbers_from_anywhere(nodes, length):
    """Few and many nodes, of few and many operands, that meet the same number twice, or in both lists."""
    from autograd_mini import sum as total

    drawn = np.random.default_rng(100 * length + nodes).integers(0, 30, (2, nodes, length)).tolist()

    def f(x):
        dots = [dot([x[i] for i in w], [x[j] for j in v], x[k % 30]) for k, (w, v) in enumerate(zip(*drawn))]
        squares = [dot([x[i] for i in w], [x[i] for i in w]) for w in drawn[0]]
        return total([tanh(a) for a in dots]) + total([sqrt(a) for a in squares])

    x = np.random.default_rng(0).uniform(0.5, 1.5, 30)
    assert_same(*[c.value_and_grad(x) for c in both(f)])
    X = np.random.default_rng(1).uniform(0.5, 1.5, (9, 30))
    assert_same(*[c.value_and_grad(X) for c in both(f, batch=True)])


@pytest.mark.parametrize("n", [2, 4, 5, 20])
def test_sums_of_minus_zeros_have_the_sign_of_the_eager_one(n):
    from autograd_mini import sum as total

    for f, sign in ((lambda x: sum(x[1:], x[0]), -1.0), (total, 1.0)):
        zeros = [-0.0] * n
        assert math.copysign(1.0, f([Value(x) for x in zeros]).data) == sign
        assert math.copysign(1.0, compiler.compile(f, executor="native")(zeros)) == sign
        batch = compiler.compile(f, batch=True, executor="native")
        assert [(np.copysign(1.0, batch(np.full((k, n), -0.0))) == sign).all() for k in (1, 9)] == [True, True]


@pytest.mark.parametrize("outputs", [7, 8, 9, 24])
def test_dots_of_one_list_of_inputs(outputs):
    from autograd_mini import dot
    from autograd_mini import sum as total

    rng = np.random.default_rng(outputs)
    leaves = [Value(p) for p in rng.uniform(-1.0, 1.0, 6 * outputs).tolist()]

    def layer(w, x, step=5):
        return total(tanh(dot(w[step * j : step * j + 5], x, leaves[j])) for j in range(outputs))

    def twice(w, x):
        return layer(w, [layer(w, x), *x[1:]])

    X = rng.uniform(-1.0, 1.0, (21, 5))
    for f in (
        lambda x: layer(leaves, x),
        lambda x: twice(leaves, [exp(v) for v in x]),  # the inputs have adjoints too
        lambda x: layer([2.0 * p for p in leaves], [exp(p) * v for p, v in zip(leaves, x)]),  # none are parameters
        lambda x: layer([*leaves[4:], *[p * p for p in leaves[:4]]], x),  # some are
        lambda x: layer(leaves, [x[0], x[1] * leaves[0], x[0], x[0], x[1]]),  # an input is there several times
        lambda x: layer(leaves, [leaves[1], x[1], leaves[0], x[0], x[4]]),  # and is a weight too
        lambda x: layer(leaves, x, 1),  # weights are those of several outputs
    ):
        for n in (1, 8, 21):
            assert_same(*[c.value_and_grad(X[:n]) for c in both(f, params=leaves, reduce="mean")])
            assert_same(*[c.value_and_grad(X[:n]) for c in both(f, batch=True)])


@pytest.mark.parametrize("outputs", [8, 11, 24])
@pytest.mark.parametrize("inputs", [8, 9, 17, 31])
def test_layers_of_weights(outputs, inputs):
    from autograd_mini import sum as total

    rng = np.random.default_rng(outputs * inputs)
    leaves = [Value(p) for p in rng.uniform(-0.5, 0.5, inputs * outputs + outputs).tolist()]
    biases = leaves[inputs * outputs :]

    def layer(x, step=inputs):
        return [tanh(dot(leaves[step * j : step * j + inputs], x, biases[j])) for j in range(outputs)]

    def f(x):
        return total(layer(x))

    X = rng.uniform(-1.0, 1.0, (21, inputs))
    for g in (
        f,
        lambda x: f([exp(v) for v in x]) + f(x),  # the same weights twice, and adjoints of what goes in
        lambda x: f(x) + 0.1 * total(p * p for p in leaves),  # something else needs them too
        lambda x: f([*x[1:], x[1]]) * dot(leaves[:inputs], x),  # an input twice, and a dot by itself
        lambda x: f([leaves[0], *x[1:-1], leaves[-1]]),  # inputs that are weights
        lambda x: total(layer(x, 3)),  # weights of several outputs
        lambda x: total(dot(leaves[inputs * j : inputs * j + inputs], x) ** 2 for j in range(outputs)),
    ):
        for n in (1, 7, 8, 21):
            assert_same(*[c.value_and_grad(X[:n]) for c in both(g, params=leaves, reduce="mean")])
        single = [c.value_and_grad(X.astype("f")) for c in both(g, params=leaves, reduce="sum", dtype="float32")]
        assert_same(*single, tolerance=1e-4)


def test_weights_have_no_rows_and_no_idle_lanes():
    leaves = [Value(0.01 * k) for k in range(80)]

    def f(x):
        return sum(sqrt(dot(leaves[8 * j : 8 * j + 8], [v / 2 for v in x])) for j in range(8)) + leaves[79] * x[0]

    c = compiler.compile(f, params=leaves, reduce="sum", executor="native")
    X = np.full((9, 8), 2.0)
    expected = c.value_and_grad(X[:1])[1] * 9.0
    np.testing.assert_allclose(c.value_and_grad(X)[1], expected, rtol=1e-12)
    assert next(iter(c._plans.values())).latest.executor.bound(9).tape.rows < 60
    X[8] = 0.0  # where the slope of the root is infinite
    slopes = c.value_and_grad(X)[1]
    assert np.isnan(slopes[:64]).all()  # inf · 0, as NumPy has it
    assert not slopes[64:79].any()


def test_single_precision():
    for seed in range(SEEDS):
        X = np.random.default_rng(seed).uniform(-2.0, 2.0, (33, 4)).astype("f")
        value, slopes = compiler.compile(Expression(seed, 9, 4), batch=True).value_and_grad(X.astype(float))
        got = compiler.compile(Expression(seed, 9, 4), batch=True, dtype="float32").value_and_grad(X)
        assert got[0].dtype == got[1].dtype == np.float32
        assert_same((value, slopes), got, 3e-5)


def test_any_strides():
    c = compiler.compile(lambda x: exp(x[0]) * x[1], batch=True, executor="native")
    X = np.random.default_rng(0).normal(size=(40, 6))
    for view in (X[:, :2], X[::3, 2:4], X[::-1, 4:], np.asfortranarray(X[:, :2]), X[:, 1::-1]):
        value, slopes = c.value_and_grad(view)
        np.testing.assert_allclose(value, np.exp(view[:, 0]) * view[:, 1], rtol=1e-14)
        np.testing.assert_allclose(slopes[:, 1], np.exp(view[:, 0]), rtol=1e-14)


@pytest.mark.parametrize("many", [2, 4096])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_samples_side_by_side_are_taken_and_given_whole(many, dtype, monkeypatch):
    monkeypatch.setattr(native, "MANY", many)
    for size in (1, 2, 3, 5, 8, 15, 20):
        c = compiler.compile(lambda x: sum(k * a * a for k, a in enumerate(x)), batch=True, dtype=dtype)
        for n in (8, 33, 70):
            given = np.random.default_rng(n).normal(size=(2 * n, size + 3)).astype(dtype)
            for X in (given[:n, :size], given[::2, 2 : size + 2], given[:n, size - 1 :: -1][:, :size]):
                value, slopes = c.value_and_grad(X)
                np.testing.assert_allclose(slopes, 2 * X * np.arange(size), rtol=1e-6)
                np.testing.assert_allclose(value, X**2 @ np.arange(size), rtol=1e-4)


# ---- memory ----


def fenced(count, dtype):
    """An array between canaries."""
    whole = np.full(count + 64, CANARY, dtype)
    fences.append((whole, count))
    whole[32 : 32 + count] = 0.0
    return whole[32 : 32 + count]


fences = []


@pytest.mark.parametrize("n", COUNTS)
def test_nothing_is_written_out_of_place(n, monkeypatch):
    fences.clear()
    monkeypatch.setattr(tape, "aligned", fenced)
    for seed in range(SEEDS):
        leaves = [Value(p) for p in np.random.default_rng(seed).uniform(-1.0, 1.0, 6).tolist()]
        for params in (None, leaves):
            recipe = Expression(seed, 5 + seed % 60, 3, 6)
            options = {"params": leaves, "reduce": "sum"} if params else {"batch": True}
            c = compiler.compile(lambda x: recipe(x, leaves), executor="native", **options)  # noqa: B023
            c(np.ones((2, 3)))
            executor = next(iter(c._plans.values())).latest.executor
            frame = tape.Frame(executor.bound(n))
            blocks = [np.random.default_rng(seed).normal(size=(3, n))]
            results = fenced(n * (1 + len(executor.program.guards)), np.dtype(float)).reshape(-1, n)
            out = [fenced(6, np.dtype(float)) if params else fenced(3 * n, np.dtype(float)).reshape(3, n)]
            frame.run(blocks, results, 0, n, 1.0, out)
    for whole, count in fences:
        assert (whole[:32] == CANARY).all()
        assert (whole[32 + count :] == CANARY).all()


@pytest.mark.parametrize("making", [kernels.one_number, kernels.Rows, kernels.Nodes])
@pytest.mark.parametrize("scalar, size", [("float", 4), ("double", 8)])
def test_nothing_is_said_to_be_aligned_better_than_it_is(making, scalar, size):
    given = {"rule": RULES["mul"], "kind": Kind(scalar, 8), "making": making, "modes": ["run", "table"], "needs": {}}
    code = kernels.forward("f", **given) + kernels.backward("b", **given, active=[True, True])
    reads = re.findall(rf"(?:load|store) .*\b{scalar}\b.*, ptr %t\d+, align (\d+)", code)
    assert set(reads) <= {str(size)}


# ---- small programs as one function ----


@pytest.mark.parametrize("n", [2, 7, 8, 9, 100])
def test_one_function_gives_what_the_machine_gives(n, monkeypatch):
    monkeypatch.setattr(native, "MANY", 2)
    monkeypatch.setattr(tape, "aligned", fenced)
    fences.clear()
    for seed in range(SEEDS // 4):
        leaves = [Value(p) for p in np.random.default_rng(seed).uniform(-1.0, 1.0, 6).tolist()]
        X = np.random.default_rng(seed).uniform(-2.0, 2.0, (n, 3))
        recipe = Expression(seed, 5 + seed % 40, 3, 6)
        for options in ({"params": leaves, "reduce": "mean"}, {"batch": True}):
            expected, got = both(lambda x: recipe(x, leaves), **options)  # noqa: B023
            assert_same(expected.value_and_grad(X), got.value_and_grad(X))
            assert_same([expected(X)], [got(X)])
            executor = next(iter(got._plans.values())).latest.executor
            assert executor.bound(n) is executor._tapes[0]
    assert all((whole[:32] == CANARY).all() and (whole[32 + count :] == CANARY).all() for whole, count in fences)


def _with_a_product(f, x):
    return [f(x), x[0] * x[1]]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [10, 150])
def test_one_function_of_arrays_gives_what_numpy_gives(size, dtype, monkeypatch):
    monkeypatch.setattr(tape, "aligned", fenced)
    fences.clear()
    for seed in range(SEEDS // 4):
        leaves = [Value(p) for p in np.random.default_rng(seed).uniform(-1.0, 1.0, 6).tolist()]
        f = partial(Expression(seed, size + seed, 20, 6), parameters=leaves)
        x, tolerance = np.random.default_rng(seed).uniform(-2.0, 2.0, 20), 1e-11 if dtype == "float64" else 1e-4
        for options in ({"params": leaves}, {}):
            expected, got = both(f, dtype=dtype, **options)
            assert_same(expected.value_and_grad(x), got.value_and_grad(x), tolerance)
            assert_same([expected(x)], [got(x.tolist())], tolerance)
            assert "one function" in got.explain()
            expected, got = both(partial(_with_a_product, f), dtype=dtype, **options)
            assert_same(expected(x), got(x), tolerance)
    assert all((whole[:32] == CANARY).all() and (whole[32 + count :] == CANARY).all() for whole, count in fences)


@pytest.mark.parametrize("length", [300, 1500])
def test_a_long_program_without_repeats_is_one_function(length):
    for seed in range(4):
        program = random_program(length, seed)
        compiled = compiler.compile(program.function(), executor="native")
        value, slopes = compiled.value_and_grad(*program.xs)
        wanted, derivatives = value_and_grad(program.function(), tuple(range(len(program.xs))))(*program.xs)
        assert "one function" in compiled.explain()
        assert value == pytest.approx(wanted, rel=1e-9)
        assert slopes == pytest.approx(derivatives, rel=1e-9, abs=1e-9 * max(map(abs, derivatives)))
        assert compiled(*program.xs) == value


SHORT, LONG = [random_program(length, 0) for length in (300, 9000)]


def _squares(xs):
    return [x * x - sin(x) for x in xs]


@pytest.mark.parametrize(
    "f, xs",
    [
        (lambda xs: sum(_squares(xs)), [0.3] * 500),  # long groups
        (lambda xs: reduce(lambda a, _: sin(a * xs[0] + xs[1]), range(500), xs[1]), [0.7, 0.4]),  # a loop
        (lambda xs: SHORT.function()(*xs) * (1.0 if xs[0] > 0.0 else 2.0), SHORT.xs),  # a branch
        (lambda xs: LONG.function()(*xs), LONG.xs),  # long to compile
        (lambda xs: SHORT.function()(*xs[:3]) + sum(_squares(xs)), [*SHORT.xs, *[0.3] * 40]),  # many inputs
    ],
    ids=["groups", "a loop", "a branch", "long", "many inputs"],
)
def test_programs_that_would_not_gain_as_one_function_are_not(f, xs):
    compiled = compiler.compile(f, executor="native")
    value, slopes = compiled.value_and_grad(xs)
    wanted, derivatives = value_and_grad(f)(xs)
    assert "one function" not in compiled.explain()
    assert value == pytest.approx(wanted, rel=1e-9)
    assert slopes == pytest.approx(derivatives, rel=1e-6, abs=1e-9 * max(map(abs, derivatives)))


def test_the_function_of_numbers_is_pickled_as_the_method_it_stands_for():
    f = compiler.compile(lambda x, y: exp(x) * y, executor="native")
    expected = f.value_and_grad(1.0, 2.0)
    there = pickle.loads(pickle.dumps(f.value_and_grad))
    assert there(1.0, 2.0) == expected
    with pytest.raises(compiler.RetraceError):
        there([1.0], 2.0)


def test_numbers_go_straight_to_a_function_that_python_calls():
    f = compiler.compile(lambda x, y: exp(x) * y if x > 0.0 else x + y, executor="native")
    assert f.value_and_grad(1.0, 2.0) == (2.0 * math.e, (2.0 * math.e, math.e))
    assert type(f.value_and_grad).__name__ == "builtin_function_or_method"
    assert f.value_and_grad(0.0, 2.0) == (2.0, (1.0, 1.0))
    assert f.value_and_grad(1, np.float64(2.0)) == (2.0 * math.e, (2.0 * math.e, math.e))
    for wrong in ((1.0,), (1.0, "2"), (1.0, None), (1.0, 2.0, 3.0)):
        with pytest.raises(TypeError):
            f.value_and_grad(*wrong)
    assert f.value_and_grad(math.nan, 2.0)[0] != f.value_and_grad(math.nan, 2.0)[0]


class NoClass:
    """Something that won't say what it is."""

    @property
    def __class__(self):
        raise ValueError("no class")


class NoNumber:
    """Something that float() would take."""

    def __float__(self):
        return 5.0


@pytest.mark.parametrize(
    "x", [1, True, np.float64(2.0), np.array(2.0), 10**400, "1", None, 1j, NoNumber, NoClass, Fraction(1, 2)]
)
def test_later_calls_take_and_refuse_the_same_arguments_as_the_first(x):
    given = x() if isinstance(x, type) else x

    def outcome(f):
        try:
            return f.value_and_grad(given, 3.0)
        except (TypeError, ValueError, OverflowError) as error:
            return str(error)

    first, later = [compiler.compile(lambda x, y: x * y, executor="native") for _ in range(2)]
    later.value_and_grad(1.5, 2.5)
    assert outcome(first) == outcome(later)


def test_a_function_that_python_calls_leaks_nothing():
    f = compiler.compile(lambda x, y: x * y, executor="native")
    f.value_and_grad(1.5, 2.5)
    before = sys.getallocatedblocks()
    for _ in range(10_000):
        f.value_and_grad(1.5, 2.5)
        with suppress(TypeError):
            f.value_and_grad(1.5, "x")
    assert sys.getallocatedblocks() < before + 500


@pytest.mark.parametrize("reduce", [None, "mean"])
def test_arrays_with_other_axes_or_types_take_the_general_path(reduce):
    f = compiler.compile(lambda x, y: x[0] * y + x[1], batch=True, reduce=reduce, executor="native")
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10.0)
    expected = f.value_and_grad(X, y)
    same = [(X, y), (np.asfortranarray(X), y), (np.repeat(X, 2, 0)[::2], np.repeat(y, 2)[::2]), (X.astype(int), y)]
    same += [(X.tolist(), y), (X, y.astype(np.float32)), (X[::-1][::-1], y[::-1][::-1]), (X, y.astype(">f8"))]
    for args in same:
        got = f.value_and_grad(*args)
        assert np.all(got[0] == expected[0])
        assert all(np.all(np.asarray(a) == b) for a, b in zip(got[1], expected[1], strict=True))
        f.value_and_grad(X, y)
    for wrong in ((X,), (X, y, y), (X, y[:-1]), (X[:-1], y), (X[:0], y[:0]), (X, "y"), (3.0, y)):
        with pytest.raises((TypeError, ValueError)):
            f.value_and_grad(*wrong)
    one = compiler.compile(lambda x: x * x, batch=True, executor="native")
    one.value_and_grad(y)
    with pytest.raises(TypeError):
        one.value_and_grad(y[:, None])  # a list of one number for each sample, and not the number


def test_arrays_taken_on_the_fast_path_are_released():
    f = compiler.compile(lambda x: x[0] * x[1], batch=True, reduce="mean", executor="native")
    X = np.ones((10, 2))
    f.value_and_grad(X)
    before = sys.getallocatedblocks(), sys.getrefcount(X), sys.getrefcount(np.ndarray)
    for _ in range(1000):
        f.value_and_grad(X)
        with suppress(TypeError):
            f.value_and_grad(X[:, :, None])
    after = sys.getallocatedblocks(), sys.getrefcount(X), sys.getrefcount(np.ndarray)
    assert all(abs(a - b) < 200 for a, b in zip(after, before))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_samples_are_summed_without_loss(dtype):
    f = compiler.compile(lambda x: x, batch=True, reduce="sum", dtype=dtype, executor="native")
    for n in COUNTS:
        x = (np.random.default_rng(n).normal(size=n) * 1e6 ** np.arange(-2, 3).take(range(n), mode="wrap")).astype(
            dtype
        )
        got = [f(x), f.value_and_grad(x)[0], f.value_and_grad(x)[0]]
        assert got == [math.fsum(x.tolist())] * 3
        assert [f(np.append(x, e).astype(dtype)) for e in (math.inf, -math.inf)] == [math.inf, -math.inf]
    assert math.copysign(1.0, f.value_and_grad(np.array([-0.0], dtype))[0]) == -1.0


# ---- threads, and code that is kept ----


def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    leaves = [Value(p) for p in np.random.default_rng(0).uniform(-1.0, 1.0, 6).tolist()]
    recipe = Expression(3, 40, 3, 6)
    X = np.random.default_rng(0).uniform(-2.0, 2.0, (60_001, 3))
    got = []
    for count in ("1", "2", "3"):
        monkeypatch.setenv("AUTOGRAD_MINI_THREADS", count)
        f = compiler.compile(lambda x: recipe(x, leaves), params=leaves, reduce="sum", executor="native")
        value, gradient = f.value_and_grad(X)
        got.append((value, gradient.tobytes()))
    assert got[0] == got[1] == got[2]
    monkeypatch.setenv("AUTOGRAD_MINI_THREADS", "many")
    with pytest.raises(ValueError, match="'many'"):
        f(X)


def test_where_no_thread_can_be_started_this_one_does_all(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_MINI_THREADS", "2")
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    monkeypatch.setitem(threads._pools, 2, pool)
    done = []
    threads.all_done(done.append, range(5))
    assert done == [0, 1, 2, 3, 4]


def test_samples_are_divided_by_their_number_alone():
    for n in (1, 5, 8, 1000, 123_457, 10**7):
        parts = threads.divided(n, 100, 8)
        assert parts[0][0] == 0
        assert parts[-1][1] == n
        assert all(a[1] == b[0] and (b[0] - a[0]) % 8 == 0 for a, b in itertools.pairwise(parts))
        assert len(parts) <= threads.PARTS


def test_code_is_kept_and_a_damaged_file_is_made_again(tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    monkeypatch.setenv("AUTOGRAD_MINI_CACHE", str(folder))
    made = []
    original = Jit._object
    monkeypatch.setattr(Jit, "_object", lambda self, missing: made.append(1) or original(self, missing))

    def run():
        jit = Jit()  # which owns the code
        y = function("exp", jit=jit)(np.array([1.0]))
        assert abs(y[0] - math.e) < 1e-15

    run()
    run()
    assert len(made) == 1
    (file,) = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    data = bytearray(file.read_bytes())
    for damaged in (data[:100], b"", data[:-1], data[:50] + b"x" + data[51:]):
        made.clear()
        file.write_bytes(damaged)
        run()
        assert made == [1]
        assert file.read_bytes() == data
    made.clear()
    for file_mode, folder_mode in ((0o600, 0o755), (0o622, 0o700)):  # others may enter, or write
        folder.chmod(folder_mode)
        file.chmod(file_mode)
        run()
        file.write_bytes(data)
    assert len(made) == 2
    monkeypatch.setenv("AUTOGRAD_MINI_CACHE", "")
    assert cache.folder() is None


@pytest.fixture
def kept(tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    monkeypatch.setenv("AUTOGRAD_MINI_CACHE", str(folder))
    return folder


def test_what_is_kept_is_found_under_its_own_name_alone(kept):
    name, other = cache.key(["a"]), cache.key(["b"])
    cache.store(name, b"code")
    assert cache.load(name) == b"code"
    (kept / name).rename(kept / other)
    assert cache.load(name) is cache.load(other) is None


def test_the_oldest_code_goes_and_files_of_others_stay(kept, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 3)
    kept.mkdir(mode=0o700)
    (kept / "letter.txt").write_text("mine")
    for k in range(5):
        cache.store(cache.key([str(k)]), b"code")
        os.utime(kept / cache.key([str(k)]), (k, k))
        cache.load(cache.key(["0"]))  # and so is the latest used
    assert [k for k in range(5) if cache.load(cache.key([str(k)]))] == [0, 3, 4]
    assert (kept / "letter.txt").read_text() == "mine"


def test_nothing_is_kept_by_a_link_nor_where_it_cannot_be(kept, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    kept.symlink_to(elsewhere)
    assert cache.folder() is None
    kept.unlink()
    kept.write_text("a file")
    assert cache.folder() is None
    monkeypatch.delenv("AUTOGRAD_MINI_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache.Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert cache.folder() is None
    assert cache.load(cache.key(["a"])) is None
    cache.store(cache.key(["a"]), b"code")


def test_a_full_disk_leaves_no_part_of_a_file(kept, monkeypatch):
    def full(self, target):
        raise OSError("no space left on device")

    monkeypatch.setattr(cache.Path, "replace", full)
    cache.store(cache.key(["a"]), b"code")
    assert list(kept.iterdir()) == []


def test_nothing_is_kept_where_the_sources_are_not_installed(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(cache.resources, "files", lambda package: tmp_path / "frozen")
    cache.sources.cache_clear()
    try:
        assert cache.key(["a"]) == ""
        cache.store(cache.key(["a"]), b"code")
        assert cache.load(cache.key(["a"])) is None
        assert not kept.exists() or not list(kept.iterdir())
    finally:
        cache.sources.cache_clear()


def test_several_writers_keep_the_same_code_at_once(kept):
    data = os.urandom(100_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: cache.store(cache.key([str(k % 2)]), data), range(40)))
        assert all(pool.map(lambda k: cache.load(cache.key([str(k % 2)])) == data, range(40)))
    assert len(list(kept.iterdir())) == 2


# ---- functions ----


def function(name, arity=1, scalar="double", jit=None):
    """A function of the table on arrays, as kernels have it."""
    width = 8 if scalar == "double" else 16
    kind = Kind(scalar, width)

    def write(needs):
        code = Code(needs)
        with code.loop("%n", step=width) as j:
            xs = [Lanes(code, kind, code.load(kind.text, code.at(f"%x{i}", j, scalar), 4)) for i in range(arity)]
            code.store(kind.text, function_call(name, *xs).name, code.at("%y", j, scalar), 4)
        given = ", ".join([f"ptr %x{i}" for i in range(arity)])
        return code.function(f"void @test_{name}_{scalar}(i64 %n, {given}, ptr %y)")

    import ctypes

    (address,) = (jit or host()).addresses({f"test_{name}_{scalar}": write})
    run = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (arity + 1))(address)

    def call(*xs):
        n = len(xs[0])
        padded = [np.concatenate([x, np.full(-n % width, 0.5, x.dtype)]) for x in xs]
        y = np.empty_like(padded[0])
        run(len(y), *[x.ctypes.data for x in padded], y.ctypes.data)
        return y[:n]

    return call


def exact(name):
    special = {
        "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
        "log2": lambda x: mpmath.log(x, 2),
        "exp2": lambda x: mpmath.power(2, x),
        "erfc": lambda x: mpmath.erfc(x) if abs(x) < 100 else mpmath.mpf(0 if x > 0 else 2),
    }
    return special.get(name) or getattr(mpmath, name)


def ulps(y, x, f, dtype=np.float64):
    """How far y is from f(x), in units of the last place of f(x)."""
    true = f(mpmath.mpf(float(x)))
    if not mpmath.isfinite(true) or abs(true) > np.finfo(dtype).max:
        return 0.0 if not np.isfinite(y) else math.inf
    unit = float(np.spacing(np.abs(dtype(float(true)))))
    return float(abs(mpmath.mpf(float(y)) - true) / unit) if np.isfinite(y) else math.inf


# Where each function is tried besides numbers of all sizes.
SPANS = {
    "exp": 745.0, "exp2": 1074.0, "expm1": 709.5, "log": 1e3, "log2": 1e3, "log10": 1e3, "log1p": 1e3, "tanh": 22.0,
    "sinh": 710.0, "cosh": 710.0, "sin": 2e6, "cos": 2e6, "tan": 2e6, "cbrt": 1e3, "erf": 6.5, "erfc": 27.3,
    "asin": 1.0, "acos": 1.0, "atan": 1e3, "asinh": 1e3, "acosh": 1e3, "atanh": 1.0,
}  # fmt: skip


def numbers(name, n):
    rng, span = np.random.default_rng(0), SPANS[name]
    sized = rng.choice([-1.0, 1.0], n) * np.exp(rng.uniform(-740.0, 705.0, n))
    turns = np.round(rng.uniform(0.0, 1e4, n)) * (math.pi / 2)
    x = np.concatenate(
        [rng.uniform(-span, span, n), rng.uniform(-2.0, 2.0, n), sized, 1.0 + 1e-3 * rng.normal(size=n), turns]
    )
    low, high = RULES[name].domain[0]
    return x[(x > low) & (x < high)]


@pytest.mark.parametrize("name", SPANS)
def test_a_function_is_right_to_two_units_in_the_last_place(name):
    x = numbers(name, 60)
    with mpmath.workprec(160):
        assert max(ulps(b, a, exact(name)) for a, b in zip(x, function(name)(x), strict=True)) <= 2.0


@pytest.mark.parametrize("name", SPANS)
def test_a_function_of_single_numbers_is_rounded_once_more(name):
    with np.errstate(all="ignore"):
        x = numbers(name, 30).astype(np.float32)
    x = x[np.isfinite(x)]
    with mpmath.workprec(160), np.errstate(all="ignore"):
        errors = [ulps(b, a, exact(name), np.float32) for a, b in zip(x, function(name, 1, "float")(x), strict=True)]
    assert max(errors) <= 0.51


@pytest.mark.parametrize("name", SPANS)
def test_a_function_at_the_ends_of_the_numbers(name):
    x = np.array(
        [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-310, -1e-310, 2.3e-308, 1.7e308, -1.7e308, 1.0,
         -1.0, 0.5, -0.5, 709.9, -745.2, 720.0, -800.0, 2.0**20, -(2.0**60), 1e22, 1e-300, 26.5, 27.3, -30.0]
    )  # fmt: skip
    for a, b in zip(x.tolist(), function(name)(x).tolist(), strict=True):
        expected = float(total(RULES[name], a))
        same = b == expected and math.copysign(1.0, b) == math.copysign(1.0, expected)
        both_nan = b != b and expected != expected
        assert same or both_nan or 0.0 < abs(b - expected) <= 4.0 * math.ulp(expected), a


@pytest.mark.parametrize("f", [tanh, sin, cos])
def test_a_polynomial_of_one_number_has_the_bits_of_that_in_lanes(f):
    one, many = [compiler.compile(f, batch=batch, executor="native") for batch in (False, True)]
    x = np.append(numbers(f.__name__, 60), [0.0, -0.0, 1e30, 5e-324, -1e-310])
    values = np.array([one.value_and_grad(a)[0] for a in x.tolist()])
    assert values.tobytes() == many.value_and_grad(x)[0].tobytes()
    assert math.isnan(one.value_and_grad(math.nan)[0])


@pytest.mark.parametrize("k", [0.5, 1.0])
def test_the_gaussian_is_right_to_two_units_in_the_last_place(k):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-27.3, 27.3, 300), rng.uniform(-2.0, 2.0, 100), np.exp(rng.uniform(-700, 700, 50))])
    with mpmath.workprec(160):
        values = function("gaussian", 2)(x, np.full_like(x, k))
        assert max(ulps(b, a, lambda a: mpmath.exp(-k * a * a)) for a, b in zip(x, values, strict=True)) <= 2.0
    ends = np.array([0.0, -0.0, math.inf, -math.inf, 1e300, 5e-324])
    values = function("gaussian", 2)(ends, np.full_like(ends, k))
    assert values.tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    assert np.isnan(function("gaussian", 2)(np.array([math.nan]), np.array([k]))).all()


@pytest.mark.parametrize("name", ["atan2", "hypot", "pow", "copysign"])
def test_a_function_of_two_numbers(name):
    rng = np.random.default_rng(0)
    special = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e200, 1e-200, 5e-324, 0.5, 3.0]
    grid = np.array([(a, b) for a in special for b in special])
    x, y = np.concatenate([grid, rng.normal(size=(200, 2)), np.exp(rng.normal(size=(200, 2)))]).T
    for a, b, z in zip(x.tolist(), y.tolist(), function(name, 2)(x, y).tolist(), strict=True):
        expected = float(total(RULES[name], a, b))
        both_nan = z != z and expected != expected
        assert both_nan or z == expected or abs(z - expected) <= 2.0 * math.ulp(expected), (a, b)


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 3.0, -3.0, 5e-324, -1e-310, 1e-200, 1e200, -1.7e308, math.inf, -math.inf, math.nan]
FIXED = {
    "powi": [(n,) for n in (0.0, 1.0, 2.0, 3.0, 4.0, 7.0, 100.0, -1.0, -2.0, 2.0**53)],
    "gaussian": [(0.5,), (1.0,)],
}
LATER = {"clamp": (-1.0, 1.0)}


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES.values() if rule.many is None and rule.name != "where"], ids=str
)
def test_a_row_at_the_ends_of_the_numbers_is_that_of_ieee_arithmetic(rule):
    arity = 1 if rule.name in {*FIXED, *LATER} else len(rule.domain)
    points = list(itertools.product(EDGES, repeat=arity))
    for fixed in FIXED.get(rule.name, [LATER.get(rule.name, ())]):
        f = compiler.compile(lambda *xs: apply(rule, *xs, *fixed), batch=True, executor="native")  # noqa: B023
        columns = np.array(points).T
        runs = [(points, f.value_and_grad(*columns))]
        runs += [(points[i : i + 1], f.value_and_grad(*columns[:, i : i + 1])) for i in range(0, len(points), arity**3)]
        for points_of_run, (values, slopes) in runs:
            for i, xs in enumerate(points_of_run):
                z = float(total(rule, *xs, *fixed))
                expected = rule.partials(IEEE, Ieee(z), [Ieee(x) for x in (*xs, *fixed)])[:arity]
                got = [s[i] for s in slopes] if arity > 1 else [slopes[i]]
                assert agree(z, values[i], 2.0), xs
                assert values[i] != 0.0 or np.signbit(values[i]) == np.signbit(z), xs
                most = 64.0 if rule.name in CANCELLING else 8.0
                assert all(agree(float(a), b, most) for a, b in zip(expected, got, strict=True)), xs


CANCELLING = ("power_slope", "power_log")  # slopes with a factor 1 + n·log x, which may be near 0


def agree(expected, got, ulps):
    both_nan = expected != expected and got != got
    return both_nan or expected == got or abs(expected - got) <= ulps * math.ulp(expected) < math.inf


# ---- machines ----

NARROW = "-avx512f,-avx512vl,-avx512dq,-avx512bw,-avx512cd"


@pytest.mark.skipif("+avx2" not in host().features, reason="a machine with AVX2 is needed")
def test_code_for_narrower_vectors_gives_the_same():
    narrow = Jit("haswell", f"+avx2,+fma,+bmi,+bmi2,+popcnt,{NARROW}")
    for seed in range(SEEDS // 4):
        c = compiler.compile(Expression(seed, 30, 4), batch=True, executor="native")
        X = np.random.default_rng(seed).uniform(-2.0, 2.0, (21, 4))
        expected = c.value_and_grad(X)
        wide = next(iter(c._plans.values())).latest.executor
        other = native.NativeExecutor(wide.program, wide.sources, None, "float64", jit=narrow)
        for n in (1, 21):
            out = [np.empty((4, n))]
            value = other.value_and_gradient([X[:n].T], n, 1.0, out, False)
            assert_same([a[:n] for a in expected], (value, out[0].T))


def test_code_for_plain_machines_gives_the_same():
    plain = Jit("x86-64", "") if "x86" in host().triple else Jit("generic", "")
    c = compiler.compile(Expression(3, 30, 4), batch=True, executor="native")
    X = np.random.default_rng(0).uniform(-2.0, 2.0, (21, 4))
    expected = c.value_and_grad(X)
    wide = next(iter(c._plans.values())).latest.executor
    other = native.NativeExecutor(wide.program, wide.sources, None, "float64", jit=plain)
    out = [np.empty((4, 21))]
    value = other.value_and_gradient([X.T], 21, 1.0, out, False)
    assert_same(expected, (value, out[0].T))


@pytest.mark.parametrize(
    "triple, cpu, name",
    [
        ("aarch64-unknown-linux-gnu", "cortex-a72", b"\0run_double_8"),
        ("arm64-apple-macosx13.0", "apple-m1", b"\0_run_double_8"),  # where all names begin so
        ("x86_64-pc-windows-msvc-elf", "x86-64", b"\0run_double_8"),
    ],
)
def test_code_can_be_made_for_other_machines(triple, cpu, name):
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    jit = Jit(cpu, "", triple)
    code = jit._object({"run_double_8": partial(text, Kind("double", 8), name="run_double_8")})
    assert name in code


def test_code_that_llvm_did_not_make_is_an_error_and_no_address():
    with pytest.raises(RuntimeError, match="no code for missing"):
        Jit().addresses({"missing": lambda needs: ""})


# ---- what it says ----


def test_explain_names_the_executor_and_why():
    f = compiler.compile(lambda x: where(x > 1.0, x, exp(x)), batch=True)
    f(np.ones(3))
    assert f.explain().startswith("native, float64")
    assert "no matrix product is large" in f.explain()


def test_without_llvmlite_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setattr("autograd_mini.compiler.executors.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"^executor='native' needs llvmlite: .*pip install '.*\[native\]'$"):
        compiler.compile(exp, executor="native")
    f = compiler.compile(exp, batch=True)
    f(np.ones(3))
    assert "llvmlite is not installed" in f.explain()
    monkeypatch.setattr("autograd_mini.compiler.executors.find_spec", lambda name: None if name == "numpy" else name)
    with pytest.raises(ImportError, match=r"needs NumPy: .*pip install '.*\[native\]'$"):
        compiler.compile(exp, executor="native")


def test_where_llvm_cannot_be_used_numpy_is(monkeypatch):
    def refuse():
        raise OSError("no C library")

    monkeypatch.setattr("autograd_mini.compiler.native.llvm.jit.host", refuse)
    executors._problem.cache_clear()
    try:
        f = compiler.compile(exp, batch=True)
        assert f([0.0]).tolist() == [1.0]
        assert "LLVM can't be used here: OSError: no C library" in f.explain()
        with pytest.raises(RuntimeError, match="OSError: no C library"):
            compiler.compile(exp, executor="native")
    finally:
        executors._problem.cache_clear()


def test_values_assigned_again_and_again_make_new_code_no_more_than_a_few_times(monkeypatch):
    monkeypatch.setattr(compiler.compiled, "PATIENCE", 8)
    made, make = [], Jit._compile
    monkeypatch.setattr(Jit, "_compile", lambda jit, missing: made.extend(missing) or make(jit, missing))
    beside = Value(0.5)

    def recurrence(x):
        for _ in range(150):
            x = tanh(x * beside) + 0.1
        return x

    for f, options, x in (
        (lambda x: sin(x * beside), {}, 0.3),
        (lambda x: sin(x * beside), {"batch": True}, np.full(5000, 0.3)),
        (recurrence, {}, 0.3),
    ):
        beside.data = 0.5
        c = compiler.compile(f, executor="native", **options)
        counts = []
        for k in range(15):
            beside.data = 0.5 + k / 64.0
            value, slope = c.value_and_grad(x)
            counts.append(len(made))
            at = Value(0.3)
            expected = f(at)
            expected.backward()
            np.testing.assert_allclose(value, expected.data, rtol=1e-13)
            np.testing.assert_allclose(slope, at.grad, rtol=1e-12)
        assert counts[5] > counts[0]
        assert counts[-1] == counts[-4]
        assert "no code of its own" in c.explain()


def test_a_dot_of_zeros_is_zero_as_it_is_in_python():
    for n in (2, 40):
        xs = [-0.0] * n + [1.0] * n
        f = compiler.compile(lambda xs: dot(xs[: len(xs) // 2], xs[len(xs) // 2 :]), executor="native")
        assert repr(f(xs)) == "0.0"
