"""Functions whose branches turn out otherwise at most calls."""

import math
import pickle
import random
import threading
from itertools import permutations

import numpy as np
import pytest

from autograd_mini import Value, compiler, dot, exp, grad, log, logsumexp, sqrt, value_and_grad
from autograd_mini.compiler.forms import outcomes
from autograd_mini.structures import flatten

EXECUTORS = ["auto", "numpy", "native"]


def ranked(x):
    return sum([(k + 1) * v * v for k, v in enumerate(sorted(x))])


def looked_up(x):
    for k in range(12):
        if x < k:
            return x * k
    return sqrt(x)


def root(x):
    y = x
    while abs(y * y - x) > 1e-9 * x:
        y = 0.5 * (y + x / y)
    return y


def counted(f):
    runs = []

    def g(x):
        runs.append(1)
        return f(x)

    return g, runs


@pytest.mark.parametrize("executor", EXECUTORS)
def test_each_outcome_is_traced_once(executor):
    f, runs = counted(ranked)
    compiled = compiler.compile(f, executor=executor)
    orders = list(permutations([0.5, 1.5, 2.5, 3.5] if executor == "auto" else [0.5, 1.5, 2.5]))
    for k in range(4):
        random.Random(k).shuffle(orders)
        for x in orders:
            expected = sum([(k + 1) * v * v for k, v in enumerate(sorted(x))])
            assert compiled.value_and_grad(list(x))[0] == compiled(list(x)) == expected
            assert compiled.value_and_grad(list(x))[1] == [2.0 * v * (sorted(x).index(v) + 1) for v in x]
    assert len(runs) == len(compiled.programs) == len(orders)


def bracket(x):
    for k in range(4):
        if x < k:
            return x * k
    return sqrt(x)


BESIDE = Value(2.0)
MANY = [{"executor": "source"}, {"executor": "native"}, {"executor": "numpy"}]
KINDS = [
    *[(lambda x: [bracket(x), 3.0 * x], float, how) for how in MANY],
    *[(lambda x: bracket(x) * BESIDE, float, how) for how in MANY],
    *[(lambda v: bracket(v[0]) * v[1], lambda x: np.array([x, 0.5]), how) for how in MANY],
    *[(lambda x: bracket(x) + x, lambda x: np.full(5, x), {**how, "batch": True}) for how in MANY[1:]],
]


@pytest.mark.parametrize("f, given, how", KINDS)
def test_outcomes_may_change_at_any_call_of_any_kind(f, given, how):
    counting, runs = counted(f)
    compiled = compiler.compile(counting, **how)
    for k in range(30):
        x = given(5.0 * (0.37 * k % 1.0))
        expected = [f(row) for row in x] if "batch" in how else f(x)
        numbers = [v.data if isinstance(v, Value) else float(v) for v in flatten(expected)[0]]
        assert flatten(compiled(x))[0] == pytest.approx(numbers, rel=1e-12)
        if type(expected) is not list or "batch" in how:
            slope = [grad(f)(row) for row in x] if "batch" in how else grad(f)(x)
            assert flatten(compiled.value_and_grad(x)[1])[0] == pytest.approx(flatten(slope)[0], rel=1e-12)
    assert len(compiled.programs) <= 5
    assert len(runs) <= 5


def test_hundreds_of_outcomes_are_found_again():
    f, runs = counted(ranked)
    compiled = compiler.compile(f)
    rng = random.Random(1)
    points = [[rng.random() for _ in range(5)] for _ in range(1500)]
    for x in points:
        compiled(x)
    traced = len(runs)
    assert traced <= 120
    for x in points:  # as many as it takes to have the choice between programs written
        value, gradient = compiled.value_and_grad(x)
        order = sorted(x)
        assert value == pytest.approx(sum([(k + 1) * v * v for k, v in enumerate(order)]), rel=1e-14)
        assert gradient == pytest.approx([2.0 * v * (order.index(v) + 1) for v in x], rel=1e-14)
    assert len(runs) == traced


def decided(x):
    """Branches on sums, dots and logsumexp, before what is calculated on arrays."""
    z = 0.0
    for k in range(3):
        if logsumexp(list(x[:3])) > 0.3 * k:
            z = z + dot(list(x[:3]), list(x[1:4])) * k
        if x[0] - x[1] * x[2] - x[2] * x[3] - x[3] > 0.2 * k:
            z = z + x[k]
    return sum([exp(-a * z) * (k % 7) for k in range(120) for a in x])


@pytest.mark.parametrize("given", [np.array, list])
@pytest.mark.parametrize("executor", ["native", "numpy"])
def test_a_program_on_arrays_is_chosen_by_its_numbers(given, executor, monkeypatch):
    f, runs = counted(decided)
    compiled = compiler.compile(f, executor=executor)
    tried = []
    after = outcomes.Outcomes.after
    monkeypatch.setattr(outcomes.Outcomes, "after", lambda *args: tried.append(args) or after(*args))
    points = [np.random.default_rng(k).uniform(-1.0, 1.0, 4).tolist() for k in range(40)]
    for _ in range(40):
        for x in points:
            compiled.value_and_grad(given(x))
    tried.clear()
    traced = len(runs)
    for x in points:
        value, slopes = compiled.value_and_grad(given(x))
        expected, gradient = value_and_grad(decided)(x)
        assert value == pytest.approx(expected, rel=1e-12)
        assert list(slopes) == pytest.approx(gradient, rel=1e-9)
    assert not tried
    assert len(runs) == traced


def test_a_program_is_tried_if_deciding_would_take_long():
    def f(x):
        y, n = x[0], 0
        while n < 12 and y * y > x[1]:
            y, n = sum([y * exp(-0.01 * k) for k in range(60)]) / 48.0, n + 1
        return y

    compiled = compiler.compile(f, executor="native")
    points = [np.array([1.0, 0.6 + 0.04 * k]) for k in range(9)]
    for _ in range(60):
        for x in points:
            assert compiled.value_and_grad(x)[0] == pytest.approx(f(x.tolist()), rel=1e-12)
    assert next(iter(compiled._plans.values()))._decide is None


@pytest.mark.parametrize("f", [looked_up, root])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_chains_of_branches(f, executor):
    traced, runs = counted(f)
    compiled = compiler.compile(traced, executor=executor)
    eager = value_and_grad(f)
    points = [random.Random(k).uniform(0.01, 14.0) for k in range(30)]
    for _ in range(3):
        for x in points:
            assert compiled.value_and_grad(x) == pytest.approx(eager(x), rel=1e-12)
            assert compiled(x) == pytest.approx(eager(x)[0], rel=1e-12)
    assert len(runs) == len(compiled.programs)


def test_a_long_chain_of_branches_is_chosen_from():
    def f(x):
        k = 0
        while x > k:
            k += 1
        return x * k

    compiled = compiler.compile(f)
    points = [random.Random(k).uniform(0.0, 90.0) for k in range(150)]
    for _ in range(16):
        for x in points:
            assert compiled.value_and_grad(x) == (x * math.ceil(x), math.ceil(x))


def test_branches_asked_in_another_order_than_they_were_made():
    def f(v):
        first, second = v[0] > 0.0, v[1] > 0.0
        y = exp(v[0]) * v[1]
        if second:
            y = y * v[0]
        if first:
            y = y + v[1]
        return log(y) if second and first else y

    compiled = compiler.compile(f)
    for _ in range(200):
        for x in ([1.0, 2.0], [-1.0, 2.0], [1.0, -2.0], [-1.0, -2.0]):
            assert compiled(x) == value_and_grad(f)(x)[0]
    assert len(compiled.programs) == 4


def test_a_branch_that_is_not_taken_is_not_computed():
    compiled = compiler.compile(lambda x: log(x) if x > 0.0 else sqrt(-x) if x < 0.0 else x)
    for _ in range(200):
        for x in (2.0, -2.0, 0.0, 3, -3, 0):
            assert compiled(x) == (math.log(x) if x > 0 else math.sqrt(-x))
    with pytest.raises(TypeError, match="argument 0"):
        compiled("2")


def test_choosing_a_program_never_compares_traced_numbers():
    inner = compiler.compile(looked_up)
    for _ in range(40):
        for k in range(12):
            inner(k + 0.5)
    outer = compiler.compile(lambda x: inner.function(x) * 2.0)
    for x in (0.5, 7.5, 0.25):
        assert outer.value_and_grad(x) == value_and_grad(lambda x: looked_up(x) * 2.0)(x)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_only_so_many_programs_are_kept(executor, monkeypatch):
    monkeypatch.setattr(outcomes, "KEPT", 5)
    f, runs = counted(looked_up)
    compiled = compiler.compile(f, executor=executor)
    rng = random.Random(2)
    for _ in range(400):
        x = rng.uniform(0.0, 12.0)
        assert compiled.value_and_grad(x)[0] == pytest.approx(x * math.ceil(x) if x < 11.0 else math.sqrt(x))
        assert len(compiled.programs) <= 5
    for _ in range(300):  # those in use come to be among them
        compiled.value_and_grad(0.5)
    before = len(runs)
    compiled.value_and_grad(0.5)
    assert len(runs) == before


POINTS = np.random.default_rng(0).normal(size=(120, 2)).tolist()


def robust(w):
    """A branch for each point; the branches are independent of each other."""
    errors = [w[0] * a + w[1] - b for a, b in POINTS]
    return sum([0.5 * e * e if abs(e) < 1.0 else abs(e) - 0.5 for e in errors])


@pytest.mark.parametrize("executor", EXECUTORS[1:])
def test_branches_that_do_not_depend_on_others_are_all_seen_at_once(executor, monkeypatch):
    f, runs = counted(robust)
    compiled = compiler.compile(f, executor=executor)
    weights = [np.random.default_rng(k).normal(size=2).tolist() for k in range(30)]
    for w in weights:
        compiled.value_and_grad(w)
    traced = len(runs)
    tried = []
    after = outcomes.Outcomes.after
    monkeypatch.setattr(outcomes.Outcomes, "after", lambda *args: tried.append(args) or after(*args))
    for w in weights:
        assert compiled.value_and_grad(w)[1] == pytest.approx(grad(robust)(w), rel=1e-12)
    assert len(tried) <= len(weights)
    assert len(runs) == traced


@pytest.mark.parametrize("executor", EXECUTORS[1:])
def test_outcomes_that_never_come_back_are_traced_seldom(executor, monkeypatch):
    monkeypatch.setattr(outcomes, "ALLOWED", 5000)
    compiled = compiler.compile(robust, executor=executor)
    for k in range(200):
        w = np.random.default_rng(k).normal(size=2).tolist()
        value, slopes = compiled.value_and_grad(w)
        assert (value, *slopes) == pytest.approx((robust(w), *grad(robust)(w)), rel=1e-12)
    assert outcomes.FEW <= len(compiled.programs) <= 12
    for _ in range(outcomes.RARE):  # those in use come to be among them
        compiled.value_and_grad([0.1, 0.2])
    monkeypatch.setattr(compiled, "_eagerly", None)
    assert compiled.value_and_grad([0.1 + 1e-9, 0.2])[0] == pytest.approx(robust([0.1, 0.2]))


def test_programs_that_are_not_used_for_long_go(monkeypatch):
    monkeypatch.setattr(outcomes, "UNUSED", 50)
    compiled = compiler.compile(looked_up)
    for k in range(8):
        compiled(k + 0.5)
    for _ in range(60):
        compiled(0.5)
        compiled(1.5)
    assert len(compiled.programs) == 8
    compiled(9.5)
    assert len(compiled.programs) == 3
    assert [compiled(k + 0.5) for k in range(3)] == [0.5, 3.0, 7.5]


def test_outcomes_are_pickled():
    compiled = compiler.compile(looked_up)
    points = [k + 0.5 for k in range(12)]
    expected = [compiled.value_and_grad(x) for x in points]
    copied = pickle.loads(pickle.dumps(compiled))
    assert [copied.value_and_grad(x) for x in reversed(points)] == expected[::-1]
    with pytest.raises(compiler.RetraceError):
        pickle.loads(pickle.dumps(compiler.compile(looked_up)))(0.5)


def test_samples_have_branches_in_common():
    compiled = compiler.compile(looked_up, batch=True)
    for _ in range(2):
        for k in range(6):
            assert compiled(np.array([k + 0.25, k + 0.5])).tolist() == [(k + 0.25) * (k + 1), (k + 0.5) * (k + 1)]
    with pytest.raises(compiler.BranchChanged, match=r"for sample 0 and (True|False) for sample 1"):
        compiled(np.array([0.5, 4.5]))
    assert len(compiled.programs) == 6


def test_threads_find_the_outcomes_of_their_own_numbers():
    compiled = compiler.compile(ranked)
    wrong = []

    def call(seed):
        rng = random.Random(seed)
        for _ in range(300):
            x = [rng.random() for _ in range(4)]
            if compiled(x) != pytest.approx(sum([(k + 1) * v * v for k, v in enumerate(sorted(x))])):
                wrong.append(x)

    threads = [threading.Thread(target=call, args=(seed,)) for seed in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []
    assert len(compiled.programs) <= 4 * 24  # threads may trace one and the same at a time


@pytest.mark.parametrize("executor", EXECUTORS)
def test_numbers_so_close_that_a_program_rounds_past_are_left_to_the_function(executor):
    def f(v):
        d = v[0] * v[1] + v[2] * v[3] - v[4]
        return d * v[0] if d == 0.0 else v[1] if d > 0.0 else v[2]

    compiled = compiler.compile(f, executor=executor)
    rng = random.Random(0)
    for _ in range(100):
        a, b, c, d = [rng.random() for _ in range(4)]
        v = [a, b, c, d, a * b + c * d]
        assert compiled(v) == 0.0
        assert compiled.value_and_grad(v) == value_and_grad(f)(v)
