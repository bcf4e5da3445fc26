"""Loops found in long traces and folded: they are those that were written, and give what the trace gives."""

import itertools
import math
import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from autograd_mini import Value, compiler, cos, dot, exp, log, maximum, primitive, sigmoid, sin, sqrt, tanh, where
from autograd_mini import sum as total_of
from autograd_mini.compiler.native import tape
from autograd_mini.compiler.plan import loops as finder
from autograd_mini.compiler.plan import order
from autograd_mini.compiler.program import Loop, ProgramError
from tests.compiler.expressions import BINARY, UNARY, rounding

COUNTS = (1, 7, 8, 9, 100)
CANARY = 1.2345e67
SLACK = 8.0


# ---- systems to simulate ----


def euler(p, s, steps=60):
    """Four states, and a sum over all steps."""
    total = 0.0
    for _ in range(steps):
        s = [
            s[i] + 0.05 * tanh(p[3 * i] * s[(i + 1) % 4] + p[3 * i + 1] * s[i - 1] - p[3 * i + 2] * s[i])
            for i in range(4)
        ]
        total = total + s[0] * s[0]
    return total + s[1]


def runge_kutta(p, s, steps=36):
    """A pendulum and a predator with its prey, by the classical method of fourth order."""

    def slope(s):
        a, b, c, d = s
        return [p[0] * a - p[1] * a * b, p[2] * a * b - p[3] * b, d, -p[4] * sin(c)]

    h = 0.02
    for _ in range(steps):
        k1 = slope(s)
        k2 = slope([x + 0.5 * h * k for x, k in zip(s, k1)])
        k3 = slope([x + 0.5 * h * k for x, k in zip(s, k2)])
        k4 = slope([x + h * k for x, k in zip(s, k3)])
        s = [x + h / 6.0 * (a + 2.0 * b + 2.0 * c + d) for x, a, b, c, d in zip(s, k1, k2, k3, k4)]
    return s[0] * s[2] + s[1] * s[3]


def network(p, x):
    """A recurrent network of three neurons over a list."""
    h = [0.0, 0.1, 0.2]
    for t in range(len(x)):
        h = [
            tanh(dot(p[5 * i : 5 * i + 3], h) + p[5 * i + 3] * x[t] + p[5 * i + 4])
            if i
            else sigmoid(h[0] + x[t] * p[0])
            for i in range(3)
        ]
    return total_of(h)


def second_order(p, x):
    """A recurrence that reaches back two steps, through the input."""
    a, b = p[0], p[1]
    for t in range(len(x)):
        a, b = b, 0.5 * b - 0.4 * p[2] * a + 0.1 * sin(b) * x[t]
    return a * b


def fourth_back(p, x):
    """One that reaches back one step and four."""
    last = [0.1 * p[0], 0.2 * p[1], 0.3 * p[2], p[3] * p[0]]
    for t in range(len(x)):
        last = [*last[1:], 0.5 * last[3] - 0.3 * tanh(last[0]) + x[t]]
    return last[-1] + last[-3] * last[-2]


def annealed(p, x):
    """Constants that differ from step to step, and exponents."""
    s = p[0]
    for t in range(len(x)):
        s = s * math.cos(0.1 * t) + p[1] / (t + 1.0) * exp(-s * s) + 0.1 * (1.2 + sin(s)) ** (1.0 + 0.01 * t)
    return s


def invariant(p, x):
    """What is the same in all steps, some of it calculated before and some in them."""
    rate, scale = exp(p[0]), sqrt(p[1] * p[1] + 1.0)
    s = p[2]
    for t in range(len(x)):
        s = s * 0.5 + rate * tanh(s * scale) * log(2.0 + p[3] * p[3]) + x[t] * 0.1 / scale
    return s * rate


def looked_back_at(p, x):
    """All of a path is read after it, in a loop that carries on."""
    s, path = [p[0], p[1]], []
    for t in range(len(x)):
        s = [s[0] + 0.1 * sin(s[1] * p[2]), s[1] - 0.1 * s[0] * p[3] + 0.1 * x[t]]
        path.append(s)
    total = 0.0
    for a, b in reversed(path):
        total = 0.9 * total + exp(-a * a) * b / (1.0 + total * total)
    return total


def chosen(p, x):
    """Choices and kinks, for each sample."""
    s, top = p[0], 0.0
    for t in range(len(x)):
        s = where(s * x[t] > p[1], 0.5 * s, s + 0.1 * p[2])
        top = maximum(0.9 * top, s) + 0.1 * (s**5) + 0.01 * s**3
        s = where((s > 2.0) | (top < -1.0), 1.0 / (1.0 + s * s), s)
    return top + s


def odd(p, x):
    """Much before and after the steps."""
    start = p[0]
    for i in range(4):
        start = tanh(start + p[i] * x[i])
    s = start
    for t in range(0, len(x), 2):
        s = cos(s * p[1]) + x[t] * x[t + 1]
    for i in range(3):
        s = s * s - exp(-s) * x[-1 - i]
    return s / (2.0 + start)


STEPS = {
    network: (20, 60), second_order: (3, 90), fourth_back: (4, 131), annealed: (2, 70), invariant: (4, 64),
    looked_back_at: (4, 50), chosen: (3, 77), odd: (4, 122),
}  # fmt: skip


def points(f, seed=0):
    rng = np.random.default_rng(seed)
    if f is euler:
        return rng.uniform(-1.0, 1.0, 12), rng.uniform(-1.0, 1.0, 4)
    if f is runge_kutta:
        return rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.5, 4)
    parameters, inputs = STEPS[f]
    return rng.uniform(-1.0, 1.0, parameters), rng.uniform(-1.0, 1.0, inputs)


EVERY = [euler, runge_kutta, *STEPS]
few = pytest.mark.parametrize("f", [euler, network, annealed, looked_back_at, chosen], ids=lambda f: f.__name__)
every = pytest.mark.parametrize("f", EVERY, ids=lambda f: f.__name__)


def unfolded(f, monkeypatch, **options):
    """The same function with all of its groups one after the other."""
    c = compiler.compile(f, executor="native", **options)
    traced = c._traced

    def without(call):
        with monkeypatch.context() as patch:
            patch.setattr(finder, "folded", lambda *_, **__: ([], ""))
            return traced(call)

    c._traced = without
    return c


def folded(f, **options):
    return compiler.compile(f, executor="native", **options)


@pytest.fixture(autouse=True)
def search_short_ones_too(monkeypatch):
    monkeypatch.setattr(order, "LONG", 100)


def executor_of(c):
    return next(iter(c._plans.values())).latest.executor


def loops_of(c):
    return executor_of(c).program.loops


def flat(result):
    value, slopes = result
    return np.hstack([np.ravel(value), *[np.ravel(x) for x in (slopes if isinstance(slopes, tuple) else [slopes])]])


# ---- what folded loops give ----


@every
def test_a_folded_function_gives_what_eager_work_gives(f):
    c = folded(f)
    for seed in range(3):
        args = points(f, seed)
        value, slopes = c.value_and_grad(*args)
        leaves = [[Value(x) for x in xs.tolist()] for xs in args]
        root = f(*leaves)
        root.backward()
        bounds = rounding(root, [v for vs in leaves for v in vs])
        assert abs(value - root.data) <= SLACK * bounds[0]
        for got, vs in zip(slopes, leaves, strict=True):
            assert np.abs(got - [v.grad for v in vs]).max() <= SLACK * bounds[1]
        assert c(*args) == value
    assert loops_of(c)


@every
def test_samples_give_what_the_machine_gives(f, monkeypatch):
    c, machine = folded(f, batch=True), unfolded(f, monkeypatch, batch=True)
    for n in COUNTS:
        args = [x + np.random.default_rng(n).uniform(-0.1, 0.1, (n, len(x))) for x in points(f)]
        expected, got = machine.value_and_grad(*args), c.value_and_grad(*args)
        scale = np.abs(flat(expected)).max()
        np.testing.assert_allclose(flat(got), flat(expected), rtol=1e-11, atol=1e-12 * scale)
        np.testing.assert_array_equal(c(*args), got[0])
    assert loops_of(c)
    assert not loops_of(machine)


@few
def test_derivatives_by_parameters_over_samples(f, monkeypatch):
    p, x = points(f)
    leaves = [Value(v) for v in p.tolist()]
    options = {"params": leaves, "reduce": "mean"}
    c = folded(lambda x: f(leaves, x), **options)
    machine = unfolded(lambda x: f(leaves, x), monkeypatch, **options)
    for n in COUNTS:
        X = x + np.random.default_rng(n).uniform(-0.1, 0.1, (n, len(x)))
        (a, slopes), (b, more) = c.value_and_grad(X), machine.value_and_grad(X)
        assert abs(a - b) <= 1e-11 * max(abs(b), 1.0)
        np.testing.assert_allclose(slopes, more, rtol=1e-10, atol=1e-11 * np.abs(more).max())
    assert loops_of(c)


@few
def test_single_precision(f):
    args = [x.astype("f") for x in points(f)]
    exact = folded(f).value_and_grad(*[x.astype(float) for x in args])
    c = folded(f, dtype="float32")
    got = c.value_and_grad(*args)
    assert loops_of(c)
    assert got[1][0].dtype == np.float32
    np.testing.assert_allclose(flat(got), flat(exact), rtol=1e-3, atol=1e-3 * np.abs(flat(exact)).max())


def test_by_the_initial_state_alone_and_by_parameters_alone():
    p, s = points(euler)
    _, (by_p, by_s) = folded(euler).value_and_grad(p, s)
    leaves = [Value(x) for x in p.tolist()]
    c = folded(lambda s: euler(leaves, s), params=leaves)
    np.testing.assert_allclose(c.value_and_grad(s)[1], by_p, rtol=1e-12)
    c = folded(lambda s: euler(p.tolist(), s))
    np.testing.assert_allclose(c.value_and_grad(s)[1], by_s, rtol=1e-12)
    assert loops_of(c)


@few
def test_nan_and_infinity_go_where_they_go_in_the_machine(f, monkeypatch):
    args = [np.tile(x, (40, 1)) for x in points(f)]
    rng = np.random.default_rng(1)
    for x in args:
        bad = rng.random(x.shape) < 0.05
        x[bad] = rng.choice([math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e300], bad.sum())
    expected, got = [c.value_and_grad(*args) for c in (unfolded(f, monkeypatch, batch=True), folded(f, batch=True))]
    a, b = flat(expected), flat(got)
    np.testing.assert_array_equal(np.isfinite(b), np.isfinite(a))
    np.testing.assert_allclose(b[np.isfinite(b)], a[np.isfinite(a)], rtol=1e-9, atol=1e-9)


# ---- random recurrences ----


@st.composite
def recurrences(draw):
    """A function of parameters and inputs: some states, each made from states, a step's input and a parameter."""
    states = draw(st.integers(1, 3))
    drawn = random.Random(draw(st.integers(0, 10**9)))
    lines = []
    for _ in range(draw(st.integers(1, 6))):
        n = states * 2 + 2 + len(lines)
        unary = drawn.random() < 0.4
        lines.append(
            (drawn.choice(UNARY if unary else BINARY), drawn.randrange(n), None if unary else drawn.randrange(n))
        )
    back = [drawn.randrange(len(lines)) for _ in range(states)]

    def f(p, x):
        now, before = [0.3 * q for q in p[:states]], [0.2 * q for q in p[-states:]]
        seen = []
        for t in range(len(x)):
            numbers = [*now, *before, p[0], x[t]]
            made = []
            for operation, i, j in lines:
                made.append(operation(numbers[i]) if j is None else operation(numbers[i], numbers[j]))
                numbers.append(made[-1])
            now, before = [tanh(made[k] + 0.1 * s) for k, s in zip(back, now)], now
            seen.append(now[0])
        return total_of([*now, *before]) + seen[-3] * seen[3]

    return f


@settings(max_examples=20)
@given(recurrences(), st.integers(40, 70), st.integers(0, 100))
def test_random_recurrences(f, steps, seed):
    rng = np.random.default_rng(seed)
    p, x = np.round(rng.uniform(-1.0, 1.0, 4), 3), np.round(rng.uniform(-1.0, 1.0, steps), 3)
    c = folded(f)
    value, slopes = c.value_and_grad(p, x)
    leaves = [[Value(v) for v in xs.tolist()] for xs in (p, x)]
    root = f(*leaves)
    root.backward()
    bounds = rounding(root, [v for vs in leaves for v in vs])
    assert abs(value - root.data) <= SLACK * bounds[0]
    for got, vs in zip(slopes, leaves, strict=True):
        assert np.abs(got - [v.grad for v in vs]).max() <= SLACK * bounds[1]


# ---- guards ----


def test_a_branch_in_a_loop_is_noticed_in_any_step():
    def f(s):
        for _ in range(80):
            s = 0.9 * s + 0.1 * tanh(s) if s < 2.0 else s - 1.0
        return s

    c = folded(f)
    for x in (1.0, 2.5, 7.25, 1.999, -3.0):
        value, slope = c.value_and_grad(x)
        leaf = Value(x)
        root = f(leaf)
        root.backward()
        assert value == pytest.approx(root.data, rel=1e-12)
        assert slope == pytest.approx(leaf.grad, rel=1e-12)
    assert len(c.programs) > 2
    assert any(program.loops and len(program.guards) > 50 for program in c.programs)


def test_samples_that_disagree_on_a_branch_in_a_loop_are_named():
    def f(s):
        for _ in range(80):
            s = 0.9 * s + 0.1 * tanh(s) if s < 2.0 else s - 1.0
        return s

    c = folded(f, batch=True)
    c(np.full(20, 0.5))
    assert loops_of(c)
    with pytest.raises(compiler.BranchChanged, match="sample 7"):
        c(np.array([1.0] * 7 + [5.0] * 5))


def test_operations_that_only_a_guard_needs_are_not_differentiated():
    def f(x):
        s, other = x, 0.0 * x
        for _ in range(60):
            s = 0.5 * s + 0.1 * tanh(s)
            other = sqrt(other)  # 0, and its slope infinite
            if other > s + 100.0:
                return other
        return s

    c = folded(f)
    value, slope = c.value_and_grad(1.0)
    assert loops_of(c)
    assert math.isfinite(slope)
    assert 0.0 < slope < 0.01 > value > 0.0


# ---- memory ----


def fenced(count, dtype):
    """An array between canaries."""
    whole = np.full(count + 64, CANARY, dtype)
    fences.append((whole, count))
    whole[32 : 32 + count] = 0.0
    return whole[32 : 32 + count]


fences = []


@every
def test_nothing_is_written_out_of_place(f, monkeypatch):
    fences.clear()
    monkeypatch.setattr(tape, "aligned", fenced)
    args = points(f)
    c = folded(f, batch=True)
    c(*[x[None] for x in args])
    executor = executor_of(c)
    for n in COUNTS:
        frame = tape.Frame(executor.bound(n))
        blocks = [np.tile(x[:, None], n) for x in args]
        results = fenced(n, np.dtype(float)).reshape(1, n)
        out = [fenced(len(x) * n, np.dtype(float)).reshape(-1, n) for x in args]
        frame.run(blocks, results, 0, n, 1.0, out)
        assert (results == results[0, 0]).all()
    for whole, count in fences:
        assert (whole[:32] == CANARY).all()
        assert (whole[32 + count :] == CANARY).all()


# ---- which loops there are ----


def test_a_loop_has_the_period_that_was_written():
    c = folded(lambda p, s: runge_kutta(p, s, 100))
    c.value_and_grad(*points(runge_kutta))
    program = executor_of(c).program
    (loop,) = program.loops  # the pendulum's and the predator's in one: they have nothing to do with each other
    assert loop.trips >= 95
    assert loop.period * loop.trips > 0.95 * program.nodes
    assert f"a loop of {loop.trips} trips was folded, {loop.period} operations each" in c.explain()
    program.verify()


def test_steps_that_do_not_depend_on_each_other_are_grouped():
    def rosenbrock(x):
        total = 0.0
        for a, b in itertools.pairwise(x):
            total = total + 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
        return total

    c = folded(rosenbrock)
    c(np.linspace(-1.0, 1.0, 200))
    assert not loops_of(c)
    assert "so they are grouped" in c.explain()


def test_an_operation_of_ones_own_is_not_folded():
    @primitive(lambda m, z, x: 3.0 * x * x)
    def cube(x):
        return x * x * x

    def f(x):
        for _ in range(50):
            x = cube(0.1 * sin(x) + 0.5)
        return x

    c = folded(f)
    value, slope = c.value_and_grad(0.7)
    assert "@primitive is Python" in c.explain()
    x = Value(0.7)
    eager = f(x)
    eager.backward()
    assert (value, slope) == pytest.approx((eager.data, x.grad), rel=1e-13)


def test_layers_of_a_network_are_no_loop():
    weights = [Value(w) for w in np.random.default_rng(0).uniform(-0.5, 0.5, 40 * 42).tolist()]

    def f(x):
        for layer in range(40):
            at = 42 * layer
            x = [tanh(dot(weights[at + 7 * i : at + 7 * i + 6], x) + weights[at + 7 * i + 6]) for i in range(6)]
        return total_of(x)

    c = folded(f, params=weights, batch=True, reduce="mean")
    c(np.ones((3, 6)))
    assert not loops_of(c)
    assert "too little in common" in c.explain()


def test_a_random_graph_has_no_loops():
    draw = random.Random(0)
    steps = [
        (draw.choice(UNARY), draw.choice(BINARY), draw.randrange(k), draw.randrange(max(0, k - 50), k))
        for k in range(5, 700)
    ]

    def f(x):
        numbers = list(x)
        for one, two, i, j in steps:
            numbers.append(two(one(numbers[i]), numbers[j]))
        return total_of(numbers[-100:])

    c = folded(f)
    c(np.linspace(-1.0, 1.0, 5))
    assert not loops_of(c)
    assert "no loop was" in c.explain()


def test_few_steps_are_left_as_they_are():
    c = folded(lambda p, s: euler(p, s, 20))
    c(*points(euler))
    assert not loops_of(c)


def test_a_pickled_program_keeps_its_loops():
    c = folded(euler)
    args = points(euler)
    expected = c.value_and_grad(*args)
    copy = pickle.loads(pickle.dumps(c))
    assert loops_of(copy) == loops_of(c)
    assert (flat(copy.value_and_grad(*args)) == flat(expected)).all()


def test_a_program_with_loops_runs_on_numpy_too():
    from autograd_mini.compiler.arrays.numpy_executor import NumpyExecutor

    c = folded(fourth_back)
    args = points(fourth_back)
    expected = c.value_and_grad(*args)
    executor = executor_of(c)
    numpy = NumpyExecutor(executor.program, executor.sources, None, "float64", "to compare")
    out = [np.empty(len(x)) for x in args]
    value = numpy.value_and_gradient(list(args), 1, 1.0, out, False)
    np.testing.assert_allclose(flat((value, tuple(out))), flat(expected), rtol=1e-12)


def test_loops_that_do_not_fit_the_program_are_refused():
    c = folded(euler)
    c(*points(euler))
    program = executor_of(c).program
    (loop,) = program.loops
    for wrong in (
        loop._replace(trips=loop.trips + 9),
        loop._replace(first=-1),
        Loop(0, 3, 40),
        loop._replace(period=0),
    ):
        object.__setattr__(program, "loops", (wrong,))
        with pytest.raises(ProgramError):
            program.verify()


def test_code_of_a_loop_is_that_of_any_number_of_steps():
    from autograd_mini.compiler.native.llvm.jit import host

    c = folded(lambda p, s: euler(p, s, 100))
    c.value_and_grad(*points(euler))
    before = set(host().functions)
    d = folded(lambda p, s: euler(p, s, 150))
    d.value_and_grad(*points(euler))
    assert not [name for name in set(host().functions) - before if name.startswith("loop")]


def test_a_recurrence_of_parameters_alone_is_gone_through_once_for_all_samples(monkeypatch):
    leaves = [Value(0.3), Value(0.9), Value(-0.2)]

    def f(x):
        s = leaves[0]
        for _ in range(60):
            s = tanh(s * leaves[1]) + 0.1 * leaves[2] * s
        return s * x[0] + exp(x[1] * s)

    options = {"params": leaves, "reduce": "mean"}
    c, machine = folded(f, **options), unfolded(f, monkeypatch, **options)
    for n in COUNTS:
        X = np.random.default_rng(n).uniform(-1.0, 1.0, (n, 2))
        np.testing.assert_allclose(flat(c.value_and_grad(X)), flat(machine.value_and_grad(X)), rtol=1e-12)
    (loop,) = loops_of(c)
    assert not executor_of(c).program.varying[loop.first]


def test_a_loop_whose_first_trip_begins_with_parameters_alone_is_gone_through_for_each_sample(monkeypatch):
    leaves = [Value(0.9), Value(0.2)]

    def f(x):
        s = 0.3 * leaves[0]
        for t in range(100):
            s = tanh(0.6 * s + maximum(x[t], leaves[1]))
        return s

    options = {"params": leaves, "reduce": "mean"}
    c, machine = folded(f, **options), unfolded(f, monkeypatch, **options)
    for n in COUNTS:
        X = np.random.default_rng(n).uniform(-1.0, 1.0, (n, 100))
        np.testing.assert_allclose(flat(c.value_and_grad(X)), flat(machine.value_and_grad(X)), rtol=1e-12)
    (loop,) = loops_of(c)
    assert all(executor_of(c).program.varying[loop.first : loop.end])
