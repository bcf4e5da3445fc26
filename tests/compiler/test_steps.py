"""Loops whose trips are long, folded as the instructions of one trip, give what the trace gives."""

import pickle

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from autograd_mini import Value, compiler, exp, primitive, sqrt, tanh
from autograd_mini import sum as total_of
from autograd_mini.compiler import program as programs
from autograd_mini.compiler.native import tape
from autograd_mini.compiler.native.region import nodes
from autograd_mini.compiler.plan import loops as finder
from tests.compiler.test_folding import COUNTS, EVERY, executor_of, flat, folded, loops_of, points, unfolded
from tests.compiler.test_native import CANARY, fenced, fences

OF_SLOPES = 1e-11


@pytest.fixture(autouse=True)
def all_trips_are_long(monkeypatch):
    monkeypatch.setattr("autograd_mini.compiler.plan.order.LONG", 100)
    monkeypatch.setattr(programs, "BODY", 0)
    monkeypatch.setattr(programs, "WIDE", 0)
    monkeypatch.setattr(finder, "MANY", 0)
    monkeypatch.setattr(nodes, "LEAST", 4)


def bodies(x, v, steps=12, n=7):
    """Bodies that attract each other; all of the path is read, and what stands before it."""
    x, v = [list(x[3 * i : 3 * i + 3]) for i in range(n)], [list(v[3 * i : 3 * i + 3]) for i in range(n)]
    path, drag = [], exp(-x[0][0])
    for t in range(steps):
        a = [[0.0] * 3 for _ in range(n)]
        for i in range(n):
            for j in range(i):
                d = [p - q for p, q in zip(x[i], x[j])]
                r = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.01
                w = 1.0 / (r * sqrt(r))
                for k in range(3):
                    a[i][k] = a[i][k] - (1.0 + 0.1 * j) * w * d[k]
                    a[j][k] = a[j][k] + (1.0 + 0.1 * i) * w * d[k]
        for i in range(n):
            for k in range(3):
                v[i][k] = v[i][k] * drag + 0.01 * a[i][k] * (1.0 + 0.01 * t)
                x[i][k] = x[i][k] + 0.01 * v[i][k]
        path.append(x[1][0])
    return total_of([q * q for row in x for q in row]) + total_of([p * p for p in path]) * path[3] * drag


def in_turns(x, v, steps=40):
    """A state whose parts change places, two and three trips back, and a table of what was made before."""
    state, last, before = list(x), [], [tanh(a) for a in v]
    for t in range(steps):
        last = [*last[-2:], state]
        state = [tanh(0.3 * a + 0.2 * b + before[(5 * t) % 21]) for a, b in zip(state[1:] + state[:1], last[0])]
    return total_of(state) + total_of(last[0]) * state[3]


SYSTEMS = (bodies, in_turns)


def given(f):
    return [np.random.default_rng(0).uniform(-1.0, 1.0, 21) for _ in range(2)] if f in SYSTEMS else points(f)


all_ = pytest.mark.parametrize("f", [*SYSTEMS, *EVERY], ids=lambda f: f.__name__)


@all_
def test_a_folded_function_gives_what_groups_give(f, monkeypatch):
    args, c = given(f), folded(f)
    expected = flat(unfolded(f, monkeypatch).value_and_grad(*args))
    for _ in range(2):  # nothing is left over from the call before
        np.testing.assert_allclose(flat(c.value_and_grad(*args)), expected, rtol=OF_SLOPES, atol=OF_SLOPES)
    assert c(*args) == pytest.approx(expected[0], rel=1e-13)
    loops = loops_of(c)
    assert loops
    assert all(not executor_of(c).program.is_short(loop) for loop in loops)
    assert f"a loop of {loops[0].trips} trips was folded" in c.explain()
    executor_of(c).program.verify()


def test_folded_steps_give_what_values_give():
    args = given(bodies)
    leaves = [[Value(x) for x in line] for line in args]
    root = bodies(*leaves)
    root.backward()
    value, slopes = folded(bodies).value_and_grad(*args)
    assert value == pytest.approx(root.data, rel=1e-12)
    for got, line in zip(slopes, leaves):
        np.testing.assert_allclose(got, [v.grad for v in line], rtol=1e-10, atol=1e-10)


@all_
def test_samples_give_what_groups_give(f, monkeypatch):
    args = given(f)
    c, plain = folded(f, batch=True), unfolded(f, monkeypatch, batch=True)
    for n in COUNTS[:4]:
        some = [x + 0.1 * np.random.default_rng(n).uniform(-1.0, 1.0, (n, len(x))) for x in args]
        got, expected = flat(c.value_and_grad(*some)), flat(plain.value_and_grad(*some))
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-10)
    assert loops_of(c)


@pytest.mark.parametrize("f", SYSTEMS)
def test_derivatives_by_parameters(f, monkeypatch):
    x, v = given(f)
    leaves = [Value(a) for a in v.tolist()]
    X = np.stack([x, 0.9 * x, x])

    def by(x):
        return f(x, leaves)

    options = {"params": leaves, "reduce": "mean"}
    got = folded(by, **options).value_and_grad(X)
    np.testing.assert_allclose(flat(got), flat(unfolded(by, monkeypatch, **options).value_and_grad(X)), rtol=1e-9)


@pytest.mark.parametrize("f", SYSTEMS)
def test_single_precision(f):
    args = given(f)
    value, slopes = folded(f, dtype="float32").value_and_grad(*args)
    expected = folded(f).value_and_grad(*args)
    scale = np.abs(flat(expected)).max()
    np.testing.assert_allclose(flat((value, slopes)), flat(expected), rtol=1e-3, atol=1e-4 * scale)


@all_
def test_nothing_is_written_out_of_place(f, monkeypatch):
    fences.clear()
    monkeypatch.setattr(tape, "aligned", fenced)
    for options in ({}, {"batch": True}):
        args = [x[None] if options else x for x in given(f)]
        folded(f, **options).value_and_grad(*args)
    for whole, count in fences:
        assert (whole[:32] == CANARY).all()
        assert (whole[32 + count :] == CANARY).all()


def test_bodies_are_one_loop_of_few_groups():
    c = folded(bodies)
    c(*given(bodies))
    program = executor_of(c).program
    (loop,) = program.loops
    assert loop.trips == 11
    assert program.start[loop.first + loop.period] - program.start[loop.first] > 10 * loop.period
    assert f"operations each in {loop.period} groups" in c.explain()


def test_a_branch_in_a_step_is_noticed_in_any_step():
    def f(x, v):
        state = list(x)
        for t in range(30):
            state = [tanh(0.5 * a + b) for a, b in zip(state, state[1:] + state[:1])]
            if state[t % 3] > v[0]:
                state[0] = state[0] * v[1]
        return total_of([a * a for a in state])

    c = folded(f)
    x = np.linspace(0.1, 0.9, 6)
    for threshold in (2.0, 0.95, -2.0, 0.9):
        leaves = [[Value(a) for a in line] for line in (x.tolist(), [threshold, 0.7])]
        root = f(*leaves)
        root.backward()
        value, (slopes, _) = c.value_and_grad(x, np.array([threshold, 0.7]))
        assert value == pytest.approx(root.data, rel=1e-12)
        np.testing.assert_allclose(slopes, [a.grad for a in leaves[0]], rtol=1e-10, atol=1e-13)
    assert any(program.loops and len(program.guards) > 20 for program in c.programs)


def test_an_operation_of_ones_own_is_not_folded():
    @primitive(lambda m, z, x: 3.0 * x * x)
    def cube(x):
        return x * x * x

    def f(x):
        state = list(x)
        for _ in range(30):
            state = [cube(0.1 * tanh(a + b) + 0.5) for a, b in zip(state, state[1:] + state[:1])]
        return total_of(state)

    c, x = folded(f), np.linspace(0.1, 0.9, 6)
    leaves = [Value(a) for a in x.tolist()]
    root = f(leaves)
    root.backward()
    value, slopes = c.value_and_grad(x)
    assert value == pytest.approx(root.data, rel=1e-12)
    np.testing.assert_allclose(slopes, [a.grad for a in leaves], rtol=1e-10)
    assert not loops_of(c)
    assert "@primitive is Python" in c.explain()


def test_small_programs_and_few_steps_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr(finder, "MANY", 10**6)
    c = folded(bodies)
    c(*given(bodies))
    assert not loops_of(c)
    assert "soon grouped" in c.explain()
    monkeypatch.setattr(finder, "MANY", 0)
    d = folded(lambda x, v: bodies(x, v, steps=finder.FEW))  # one of which is peeled off
    d(*given(bodies))
    assert not loops_of(d)


def test_a_pickled_program_keeps_its_loops():
    c, args = folded(bodies), given(bodies)
    expected = flat(c.value_and_grad(*args))
    copy = pickle.loads(pickle.dumps(c))
    assert (flat(copy.value_and_grad(*args)) == expected).all()
    assert loops_of(copy) == loops_of(c)


def test_a_loop_whose_operands_do_not_move_with_its_trips_is_refused():
    c = folded(bodies)
    c(*given(bodies))
    program = executor_of(c).program
    (loop,) = program.loops
    program.operands[program.first[loop.first + 5 * loop.period]] += 1
    with pytest.raises(compiler.ProgramError, match="moves unlike"):
        type(executor_of(c))(program, executor_of(c).sources, None, "float64").bound(1)
