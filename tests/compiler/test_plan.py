"""What passes make of a trace: it is read as it was run, and what operators wrote becomes few operations."""

import random
from collections import Counter

import numpy as np
import pytest

from autograd_mini import Value, compiler, cores, exp, log_softmax, logsumexp, sqrt, tanh
from autograd_mini.compiler.plan import arrays
from autograd_mini.compiler.record import recording
from autograd_mini.compiler.record.trace import trace
from tests.compiler.expressions import BINARY, UNARY, rounding

SLACK = 8.0


def rules_of(program):
    return Counter([group.rule.name for group in program for _ in group.results])


def assert_as_eager(c, f, args):
    """Value and slopes within what rounding may do."""
    value, slopes = c.value_and_grad(*args)
    leaves = [[Value(x) for x in np.ravel(xs).tolist()] for xs in args]
    root = f(*[shaped(vs, xs) for vs, xs in zip(leaves, args)])
    root.backward()
    bounds = rounding(root, [v for vs in leaves for v in vs])
    assert abs(value - root.data) <= SLACK * bounds[0]
    for got, vs in zip(slopes if isinstance(slopes, tuple) else [slopes], leaves):
        assert np.abs(np.ravel(got) - [v.grad for v in vs]).max() <= SLACK * bounds[1]


def shaped(vs, xs):
    return vs if np.ndim(xs) < 2 else [vs[i : i + len(xs[0])] for i in range(0, len(vs), len(xs[0]))]


# ---- reading ----


@pytest.mark.skipif(cores.c is None, reason="there is one reader")
@pytest.mark.parametrize("seed", range(8))
def test_both_cores_read_the_same(seed, monkeypatch):
    drawn = random.Random(seed)
    outside = [Value(0.5), Value(0.25)]
    lines = [(drawn.choice(UNARY + BINARY), drawn.randrange(6 + k), drawn.randrange(6 + k)) for k in range(40)]

    def f(x):
        numbers = [*x, *outside, 0.5]
        for operation, i, j in lines:
            numbers.append(operation(numbers[i]) if operation in UNARY else operation(numbers[i], numbers[j]))
        return [+numbers[-1], numbers[-2] + numbers[-3], x[0]]

    graphs = []
    for reader in (recording.Record, definition()):
        monkeypatch.setattr("autograd_mini.compiler.record.trace.Record", reader)
        inputs = [Value(0.1), Value(0.7), Value(-0.3)]
        graphs.append(trace(f, [inputs], inputs, [], raising=False))
    a, b = [traced.graph for traced in graphs]
    assert [a.rules[k] for k in a.code] == [b.rules[k] for k in b.code]
    assert (a.first, a.operands, a.constants, a.results) == (b.first, b.operands, b.constants, b.results)
    assert [w[1:] for w in graphs[0].watched] == [w[1:] for w in graphs[1].watched]


def definition():
    """The record in Python, whose place that in C takes."""
    return recording.PythonRecord


def test_an_operation_is_there_once_and_one_that_nothing_needs_not_at_all():
    def f(x, y):
        for _ in range(3):
            exp(x * y + 1.0)
        return x * y + (x * y) * 1.0

    inputs = [Value(0.3), Value(2.0)]
    graph = trace(f, inputs, inputs, []).graph
    assert [graph.rules[k].name for k in graph.code if graph.rules[k].name != "exp"].count("mul") == 2


# ---- sums ----


def test_what_is_subtracted_product_by_product_is_a_dot():
    def f(x, y):
        total = x[0]
        for a, b in zip(x[1:], y[1:]):
            total = total - a * b
        return total

    c = compiler.compile(f, executor="native")
    args = np.random.default_rng(0).uniform(-1.0, 1.0, (2, 40))
    assert_as_eager(c, f, args)
    assert rules_of(c.programs[0]) == {"dot": 1, "sub": 1}


def test_products_of_both_signs_and_other_terms_are_one_dot():
    def f(x, y):
        total = 0.0
        for k, (a, b) in enumerate(zip(x, y)):
            total = total - a * b + y[0] if k % 3 else total + a * b - 1.5 * a
        return total

    c = compiler.compile(f, executor="native")
    args = np.random.default_rng(1).uniform(-1.0, 1.0, (2, 30))
    assert_as_eager(c, f, args)
    assert rules_of(c.programs[0])["dot"] == 1
    assert not rules_of(c.programs[0])["add"]


@pytest.mark.parametrize("seed", range(6))
def test_random_sums_give_what_was_written(seed):
    drawn = random.Random(seed)
    terms = [(drawn.random(), drawn.randrange(8), drawn.randrange(8)) for _ in range(60)]

    def f(x):
        sums, now = [], x[0]
        for chance, i, j in terms:
            term = x[i] * x[j] if chance < 0.5 else tanh(x[i]) if chance < 0.8 else 0.5
            now = (now + term, now - term, term + now, term - now)[int(100 * chance) % 4]
            if chance > 0.95:
                sums.append(now)
        return now + sum(sums, 0.0) * now

    for executor in ("numpy", "native"):
        c = compiler.compile(f, executor=executor)
        assert_as_eager(c, f, [np.random.default_rng(seed).uniform(-1.0, 1.0, 8)])


# ---- loops ----


def test_a_step_may_read_what_stands_before_it_in_any_order():
    seen = np.random.default_rng(3).integers(0, 4, 120).tolist()

    def f(a, b):
        a, b = [log_softmax(list(row)) for row in a], [log_softmax(list(row)) for row in b]
        state = [b[k][seen[0]] for k in range(3)]
        for now in seen[1:]:
            state = [logsumexp([state[j] + a[j][k] for j in range(3)]) + b[k][now] for k in range(3)]
        return logsumexp(state)

    c = compiler.compile(f, executor="native")
    rng = np.random.default_rng(4)
    assert_as_eager(c, f, [rng.normal(size=(3, 3)), rng.normal(size=(3, 4))])
    (loop,) = c.programs[0].loops
    assert loop.trips > 100


def test_steps_that_are_less_than_half_of_a_trace_are_folded():
    def f(x):
        state = x[0]
        for _ in range(100):
            state = 0.9 * state + 0.1 * tanh(state) / sqrt(1.0 + state * state)
        work = list(x)
        for k in range(6):
            work = [exp(-a * a) * b + (0.1 * k) * a for a, b in zip(work, [*work[1:], state])]
        return sum(work, 0.0)

    c = compiler.compile(f, executor="native")
    assert_as_eager(c, f, [np.random.default_rng(5).uniform(-1.0, 1.0, 40)])
    assert c.programs[0].loops


# ---- arrays ----


def test_equal_numbers_are_put_into_one_class():
    first, which, count = arrays.classed(np.array([5, 3, 5, 9, 3, 5]))
    assert first.tolist() == [1, 0, 3]
    assert which.tolist() == [1, 0, 1, 2, 0, 1]
    assert count.tolist() == [2, 3, 1]
