"""Groups in step as one kernel: it gives what the groups give, reads no less and writes no more."""

import math
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from autograd_mini import Value, compiler, exp, logsumexp, relu, sin, sqrt, tanh, where
from autograd_mini import sum as total
from autograd_mini.compiler.native import executor as native
from autograd_mini.compiler.native.llvm.code import Kind
from autograd_mini.compiler.native.llvm.jit import Jit, host
from autograd_mini.compiler.native.places import Places
from autograd_mini.compiler.native.region import nodes as streams
from tests.compiler.expressions import Expression
from tests.compiler.test_native import NARROW, assert_same, both

LENGTHS = (64, 65, 71, 72, 200, 1003)


def rosenbrock(x):
    z = 0.0
    for a, b in pairwise(x):
        z = z + 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
    return z


def stencil(x):
    """Runs that overlap each other, nearer and farther than a vector, and one number that is in all."""
    z = 0.0
    for i in range(len(x) - 21):
        z = z + tanh(x[i] * x[i + 2] + (x[i + 1] - x[0]) / (1.5 + exp(x[i + 8]))) + sin(x[i + 21] - x[i + 9])
    return z


def seen(x):
    """Pieces that are asked for by the others, by a sum, and by themselves."""
    u = [exp(a * x[3]) for a in x]
    v = [a * sin(b - c) for a, b, c in zip(u, x[9:], x)]
    return total(v) * v[5] + u[7] * total([a * a for a in u]) + total([*u, *x])


def attracted(x):
    """Distances of bodies, each the root of a dot of few operands, and sums of many products of them, of both signs."""
    places, total_ = [x[i : i + 3] for i in range(0, min(len(x) - 2, 45), 3)], x[0]
    for i, p in enumerate(places):
        for q in places[:i]:
            d = [a - b for a, b in zip(p, q)]
            w = 1.0 / sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.01)
            total_ = total_ + w * d[0] - d[1] * w * x[-1]
    return total_


def chosen(x):
    return total([where(a < 0.3, relu(a) - b, -(b**3.0) + 1.0 / (a * a + 1.0)) for a, b in pairwise(x)])


def mixed(x):
    """A mixture of distributions: nodes of all points with one number, and then with the next."""
    points = [math.sin(3.0 * k) for k in range(len(x))]
    return total([logsumexp([x[k + 3] - ((p - x[k]) * exp(x[k + 6])) ** 2 for k in range(3)]) for p in points])


PROGRAMS = (rosenbrock, stencil, seen, attracted, chosen, mixed)


def made(f, n, **options):
    """The streams of a program."""
    c = compiler.compile(f, executor="native", **options)
    c(np.full((2, n), 0.5) if options else np.full(n, 0.5))
    executor = next(iter(c._plans.values())).latest.executor
    parts = Places(executor.program, executor.sources, Kind("double", 8), bool(options), None).parts
    return [x for part in parts for x in part if isinstance(x, streams.Stream)]


@pytest.mark.parametrize("f", PROGRAMS)
def test_a_stream_gives_what_groups_give(f):
    assert made(f, 200)
    for n in LENGTHS:
        x = np.random.default_rng(n).uniform(-1.0, 1.0, n)
        assert_same(*[c.value_and_grad(x) for c in both(f)], tolerance=1e-13 * n)
        assert_same(*[c.value_and_grad(x) for c in both(f, dtype="float32")], tolerance=1e-6 * n)


@pytest.mark.parametrize("samples", [1, 8, 13])
def test_a_stream_of_rows_gives_what_groups_give(samples):
    for f in PROGRAMS:
        X = np.random.default_rng(samples).uniform(-1.0, 1.0, (samples, 150))
        assert_same(*[c.value_and_grad(X) for c in both(f, batch=True)], tolerance=1e-11)


def test_a_program_of_one_stream_has_its_inputs_and_sums_alone_in_memory():
    (stream,) = made(rosenbrock, 1000)
    assert len(stream.rules) == 6
    assert stream.written == []
    assert len(stream.folded) == 2
    assert sum(map(len, stream.inner())) == 6 * 999 - 2


def test_forces_made_of_differences_in_space_are_one_stream():
    (stream,) = made(attracted, 45)
    assert [rule.name for rule in stream.rules][:3] == ["dot", "sqrt", "truediv"]
    assert stream.length == 15 * 14 // 2
    assert {x.mode for x in stream.ports} == {"run", "same"}


def test_nodes_that_share_a_number_are_pieces_that_sum_its_adjoint_in_registers():
    parts = made(mixed, 1000)
    assert {part.length for part in parts} == {1000}
    assert len(parts[0].rules) >= 3
    assert "same" in {x.mode for part in parts for x in part.ports}


@pytest.mark.parametrize("n", [1, 9])
def test_random_programs_in_short_streams(n, monkeypatch):
    monkeypatch.setattr(streams, "LEAST", 2)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        leaves = [Value(p) for p in rng.uniform(-1.0, 1.0, 6).tolist()]
        X = rng.uniform(-2.0, 2.0, (n, 3))
        recipe = Expression(seed, 20 + seed, 3, 6)
        options = {"params": leaves, "reduce": "mean"} if seed % 2 else {"batch": True}
        assert_same(*[f.value_and_grad(X) for f in both(lambda x: recipe(x, leaves), **options)])  # noqa: B023


def test_nan_and_infinity_go_where_they_go_in_eager_work():
    rng = np.random.default_rng(0)
    for bad in (math.nan, math.inf, -math.inf, 5e-324):
        x = rng.uniform(-1.0, 1.0, 100)
        x[[17, 63, 99]] = bad
        leaves = [Value(a) for a in x.tolist()]
        rosenbrock(leaves).backward()
        got = compiler.compile(rosenbrock, executor="native").value_and_grad(x)[1]
        expected = np.array([a.grad for a in leaves])
        assert (np.isfinite(got) == np.isfinite(expected)).all()
        np.testing.assert_allclose(got[np.isfinite(got)], expected[np.isfinite(got)], rtol=1e-12)


def test_operations_that_only_a_branch_needs_are_not_differentiated():
    def f(x):
        roots = [a**0.5 for a in x]
        return total([a * a for a in x]) if total(roots) >= 0.0 else x[0]

    x = np.zeros(100)
    value, slopes = compiler.compile(f, executor="native").value_and_grad(x)
    assert value == 0.0
    assert (slopes == 0.0).all()


def test_a_stream_has_the_same_bits_on_machines_with_other_vectors():
    plain = Jit("x86-64", "") if "x86" in host().triple else Jit("generic", "")
    narrow = Jit("haswell", f"+avx2,+fma,+bmi,+bmi2,+popcnt,{NARROW}") if "+avx2" in host().features else plain
    x = np.random.default_rng(0).uniform(-1.0, 1.0, 203)
    for f in (rosenbrock, stencil):
        c = compiler.compile(f, executor="native")
        expected = c.value_and_grad(x)
        wide = next(iter(c._plans.values())).latest.executor
        for jit in (narrow, plain):
            other = native.NativeExecutor(wide.program, wide.sources, None, "float64", jit=jit)
            out = [np.empty((203, 1))]
            value = other.value_and_gradient([x[:, None]], 1, 1.0, out, False)
            assert_same(expected, (value, out[0][:, 0]), tolerance=0.0 if f is rosenbrock else 1e-13)
