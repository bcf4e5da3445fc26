"""Calls in every form that arguments may have: the first of a form, and later ones, which go a way made for it."""

import gc
import math
import pickle
import sys
import threading
from collections import OrderedDict, deque, namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, compiler, exp, grad, primitive, sin, value_and_grad
from autograd_mini.structures import flatten

EXECUTORS = ["source", "numpy", "native"]
ON_ARRAYS = ["numpy", "native"]
Pair = namedtuple("Pair", "x k")


@dataclass
class Record:
    x: Any
    k: Any
    note: str = field(default="kept", init=False)


@dataclass(frozen=True)
class Frozen:
    x: Any
    k: Any


@dataclass
class Slim:
    __slots__ = ("k", "x")
    x: Any
    k: Any


class Bounded(list):
    """A list of its own kind."""


def tree(t):
    """A function of any structure: each number counts another way."""
    numbers = flatten(t)[0]
    return sum([sin(v * (k + 1)) * numbers[0] for k, v in enumerate(numbers)])


FORMS = [
    2.0,
    2,
    True,
    np.float64(2.0),
    np.float32(2.0),
    np.int8(2),
    np.array(2.0),
    [2.0, 3.0],
    [2, 3.0],
    [True, np.float32(3.0)],
    (2.0, 3.0),
    [],
    np.array([2.0, 3.0]),
    np.array([2, 3]),
    np.array([2.0, 3.0], np.float32),
    np.array([True, False]),
    np.array([2.0, 3.0], object),
    np.arange(6.0).reshape(2, 3),
    np.arange(12.0).reshape(2, 3, 2)[:, ::2],
    [[1.0, 2], (3.0, [4])],
    [np.array([1.0, 2.0]), 3],
    {"x": 2.0, "k": 3},
    {"x": [1.0, 2.0], "k": {"a": np.float64(3.0)}},
    {1: 2.0, (2, "b"): 3.0},
    Pair(2.0, 3),
    Pair([1.0, 2.0], np.array([3, 4])),
    Record(2.0, [3, 4.0]),
    Frozen(np.array([1.0, 2.0]), Pair(1, 2)),
    Slim(2.0, 3.0),
    Bounded([2.0, 3.0]),
    OrderedDict(x=2.0, k=3.0),
    deque([2.0, 3.0], maxlen=5),
]


def assert_alike(got, expected):
    """The same structure to the last type, and the same numbers but for rounding."""
    assert type(got) is type(expected)
    if isinstance(expected, np.ndarray):
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
    if isinstance(expected, dict):
        assert list(got) == list(expected)
    if isinstance(expected, Record):
        assert got.note == expected.note
    assert flatten(got)[0] == pytest.approx(flatten(expected)[0], rel=1e-12, abs=1e-12)
    inside = expected.values() if isinstance(expected, dict) else expected if isinstance(expected, Sequence) else ()
    for mine, theirs in zip(got.values() if isinstance(expected, dict) else got if inside else (), inside):
        assert_alike(mine, theirs)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{type(form).__name__}-{form!r:.30}")
def test_every_call_of_a_form_gives_what_eager_gives(form, executor):
    compiled = compiler.compile(tree, executor=executor)
    value, gradient = value_and_grad(tree)(form)
    for _ in range(3):
        got = compiled.value_and_grad(form)
        assert_alike(float(got[0]), float(value))
        assert_alike(got[1], gradient)
        assert compiled(form) == got[0]
        assert type(compiled(form)) is float


@pytest.mark.parametrize("executor", EXECUTORS)
def test_forms_may_come_in_any_order_and_several_at_once(executor):
    compiled = compiler.compile(lambda *ts: tree(list(ts)), executor=executor)
    eager = value_and_grad(lambda *ts: tree(list(ts)), (0, 1))
    pairs = [(2.0, [3.0, 4.0]), ((5, 6), 7), ({"x": 1.0}, np.array([2, 3])), (np.ones((2, 2)), Pair(1.0, 2))]
    for _ in range(3):
        for pair in pairs:
            assert_alike(compiled.value_and_grad(*pair)[1], eager(*pair)[1])
            assert compiled(*pair) == pytest.approx(eager(*pair)[0])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_arguments_may_change_between_calls_and_results_belong_to_the_caller(executor):
    compiled = compiler.compile(lambda p, q: p["x"][0] * p["x"][1] * q[0], executor=executor)
    p, q = {"x": [2.0, 3.0]}, np.array([5.0])
    for x in (2.0, 7.0, 11.0):
        p["x"][0], q[0] = x, x + 1.0
        value, (dp, dq) = compiled.value_and_grad(p, q)
        assert value == x * 3.0 * (x + 1.0)
        assert (dp, dq.tolist()) == ({"x": [3.0 * (x + 1.0), x * (x + 1.0)]}, [3.0 * x])
        dp["x"][0] = dq[0] = -1.0  # as the callers may
    p["x"].append(1.0)
    assert compiled.value_and_grad(p, q)[1][0] == {"x": [36.0, 132.0, 0.0]}


def test_arguments_may_have_any_names():
    functions = [
        lambda x1, x0: x1 * 2.0 + x0,
        lambda k0, type: k0 * 2.0 + type,
        lambda float, len: float * 2.0 + len,
        lambda number, way: number * 2.0 + way,
        lambda a1, a0: a1[0] * 2.0 + a0[1],
    ]
    for f in functions:
        compiled = compiler.compile(f)
        first, second = f.__code__.co_varnames[:2]
        pair = ([3.0, 0.0], [0.0, 5.0]) if first == "a1" else (3.0, 5.0)
        expected = value_and_grad(f, (0, 1))(*pair)
        for _ in range(3):
            assert compiled.value_and_grad(*pair) == expected
            assert compiled.value_and_grad(pair[0], **{second: pair[1]}) == expected
            assert compiled(**{second: pair[1], first: pair[0]}) == 11.0
            with pytest.raises(TypeError):
                compiled(*pair, **{second: pair[1]})
    several = compiler.compile(lambda *xs: xs[0] * 2.0)
    for _ in range(3):
        assert several(3.0) == 6.0
        with pytest.raises(TypeError):
            several(a0=3.0)


def test_attributes_of_an_argument_that_are_not_fields_are_kept():
    record = Record(2.0, 3.0)
    record.seen = "here"
    compiled = compiler.compile(lambda r: r.x * r.k)
    for _ in range(3):
        slopes = compiled.value_and_grad(record)[1]
        assert (slopes, slopes.note, slopes.seen) == (Record(3.0, 2.0), "kept", "here")
    assert vars(compiled.value_and_grad(Record(5.0, 3.0))[1]) == {"x": 3.0, "k": 5.0}


@pytest.mark.parametrize("error", [RuntimeError, KeyError, ArithmeticError])
def test_what_a_primitive_raises_comes_with_its_place_at_any_call(error):
    @primitive(lambda m, z, x: 1.0)
    def checked(x):
        if x < 0.0:
            raise error("below 0")
        return x

    def f(v):
        return checked(v[0]) * v[1]

    compiled = compiler.compile(f)
    with pytest.raises(error) as eager:
        f([Value(-1.0), 2.0])
    for _ in range(3):
        assert compiled.value_and_grad([1.0, 2.0]) == (2.0, [2.0, 1.0])
        with pytest.raises(error, match="below 0") as raised:
            compiled.value_and_grad([-1.0, 2.0])
        assert getattr(raised.value, "__notes__", []) == getattr(eager.value, "__notes__", [])


WRONG = [
    "2",
    None,
    2j,
    Fraction(1, 2),
    ["2", 3.0],
    [None, 1.0],
    (2.0, 1j),
    {"x": "2", "k": 3.0},
    Pair(2.0, None),
    np.array([1j, 2.0]),
    np.array(["1", "2"]),
    np.array([1, 2], "timedelta64[ns]"),
    10**400,
    [10**400, 1],
]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_is_no_number_is_said_in_the_same_words_at_any_call(executor):
    fresh, used = compiler.compile(tree, executor=executor), compiler.compile(tree, executor=executor)
    for wrong in WRONG:
        for form in FORMS:
            if type(form) is type(wrong) or form is FORMS[0]:
                used.value_and_grad(form)
                used(form)
        said = set()
        for call in (fresh, fresh.value_and_grad, used, used.value_and_grad):
            with pytest.raises((TypeError, OverflowError), match=r"^argument 0|range of a float") as caught:
                call(wrong)
            said.add(str(caught.value))
        assert len(said) == 1


def test_the_value_alone_takes_no_derivative():
    slopes = []

    @primitive(lambda m, z, x: slopes.append(1) or 2.0)
    def twice(x):
        return 2.0 * x

    for executor in EXECUTORS:
        compiled = compiler.compile(twice, executor=executor)
        compiled(3.0)
        slopes.clear()
        assert [compiled(3.0), compiled(4), compiled(5.0)] == [6.0, 8.0, 10.0]
        assert slopes == []


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_error_of_floats_comes_with_its_words_at_any_call(executor):
    compiled = compiler.compile(lambda x: 1.0 / x[0], executor=executor)
    for form in ([2.0], (2.0,), [2], np.array([2.0])):
        for call in (compiled, compiled.value_and_grad):
            for _ in range(2):
                call(form)
                with pytest.raises(ZeroDivisionError) as caught:
                    call(form * 0.0 if isinstance(form, np.ndarray) else type(form)([0 * form[0]]))
                assert any("/" in note for note in caught.value.__notes__)


# ---- one program for several forms ----


@pytest.mark.parametrize("executor", EXECUTORS)
def test_one_program_serves_lists_tuples_and_arrays(executor):
    compiled = compiler.compile(lambda v: v[0] * v[1] + sin(v[0]), executor=executor)
    forms = [[1.0, 2.0], [1, 2], (1.0, 2.0), np.array([1.0, 2.0]), np.array([1, 2]), [np.float32(1.0), True]]
    for form in forms:
        compiled.value_and_grad(form)
        compiled(form)
    assert len(compiled.programs) == 1
    again = pickle.loads(pickle.dumps(compiled))
    assert len(again.programs) == 1
    assert again.value_and_grad((1.0, 2.0)) == compiled.value_and_grad((1.0, 2.0))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_function_may_treat_forms_differently(executor):
    def f(v):
        w = v + v  # a longer list, or a sum
        return w[0] * len(w) + (10.0 if isinstance(v, tuple) else 0.0) * w[-1]

    compiled = compiler.compile(f, executor=executor)
    for _ in range(2):
        for form in ([1.0, 2.0], (1.0, 2.0), np.array([1.0, 2.0])):
            assert_alike(compiled.value_and_grad(form)[1], grad(f)(form))
    assert len(compiled.programs) == 3


def test_constants_that_only_a_sign_tells_apart_are_two_programs():
    compiled = compiler.compile(lambda v: v[0] * (0.0 if isinstance(v, list) else -0.0))
    for _ in range(2):
        assert math.copysign(1.0, compiled([1.0])) == 1.0
        assert math.copysign(1.0, compiled((1.0,))) == -1.0


# ---- samples ----


def wave(x, k):
    return exp(-k * x) * sin(x)


X, K = np.linspace(0.5, 1.5, 6), np.arange(1, 7)


@pytest.mark.parametrize("executor", ON_ARRAYS)
@pytest.mark.parametrize("reduce", [None, "mean", "sum"])
def test_samples_in_every_form(executor, reduce):
    options = {"executor": executor, "reduce": reduce, "batch": reduce is None}
    compiled = compiler.compile(wave, **options)
    expected = compiled.value_and_grad(X, K.astype(float))
    structured = compiler.compile(lambda p: wave(*p.values()) if isinstance(p, dict) else wave(p.x, p.k), **options)
    matrix = compiler.compile(lambda p: wave(p[0][0], p[1][0]) + 0.0 * p[0][1], **options)
    squares = np.zeros((6, 2, 2))
    squares[:, 0, 0], squares[:, 1, 0] = X, K
    for _ in range(2):
        for x, k in ((X, K), (X.tolist(), K), (tuple(X), K.tolist()), (X.astype(">f8"), K.astype("f4"))):
            value, slopes = compiled.value_and_grad(x, k)
            assert np.allclose(value, expected[0], rtol=1e-13)
            assert np.allclose(slopes, expected[1], rtol=1e-13)
            assert np.allclose(compiled(x, k), expected[0], rtol=1e-13)
        for kind in (partial(dict, x=X, k=K), partial(Pair, X, K), partial(Frozen, X.tolist(), K)):
            value, slopes = structured.value_and_grad(kind())
            assert type(slopes) is type(kind())
            parts = list(slopes.values()) if isinstance(slopes, dict) else [slopes.x, slopes.k]
            assert np.allclose(parts, expected[1], rtol=1e-13)
            assert np.allclose(structured(kind()), value)
        for form in (squares, squares.tolist(), squares.astype("f4")[::1]):
            slopes = matrix.value_and_grad(form)[1]
            assert slopes.shape == (6, 2, 2)
            assert np.allclose([slopes[:, 0, 0], slopes[:, 1, 0]], expected[1], rtol=1e-6)


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_samples_of_another_number_or_shape_after_others(executor):
    compiled = compiler.compile(lambda p, q: p[0] * q, batch=True, executor=executor)
    P = np.ones((4, 2))
    for _ in range(2):
        assert compiled(P, np.ones(4)).tolist() == [1.0] * 4
        assert compiled(P[:3], np.ones(3)).tolist() == [1.0] * 3
        with pytest.raises(ValueError, match="argument 1 has 3 samples, and argument 0 has 4"):
            compiled(P, np.ones(3))
        assert compiled(np.ones((4, 3)), np.ones(4)).tolist() == [1.0] * 4
        assert compiled(P.tolist(), [1] * 4).tolist() == [1.0] * 4
        with pytest.raises(ValueError, match="no samples"):
            compiled(P[:0], np.ones(0))


# ---- what is read beside the arguments, and checks ----


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_value_that_is_captured_may_change_at_any_call(executor):
    beside, other = Value(2.0), Value(1.0)
    compiled = compiler.compile(lambda v: beside * v[0] + beside.grad, executor=executor)
    for x in (3.0, 4.0, 5.0):
        assert compiled([1.0]) == beside.data + beside.grad
        other.data = x  # which concerns nobody
        assert compiled.value_and_grad((1.0,))[1] == (beside.data,)
        beside.data = x
        assert compiled.value_and_grad([1.0])[1] == [x]
        (beside * x).backward()
        assert compiled((1.0,)) == x + beside.grad


@pytest.mark.parametrize("options", [{}, {"executor": "numpy"}, {"executor": "native"}, {"batch": True}])
def test_results_that_are_not_finite_are_found_at_any_call(options):
    compiled = compiler.compile(lambda x: x**0.5 if "batch" in options else x[0] ** 0.5, check="raise", **options)
    for call in (compiled, compiled.value_and_grad):
        for _ in range(2):
            call(np.array([4.0]))
        with pytest.raises(compiler.NonFiniteError, match=r"\*\*"):
            call(np.array([math.inf]))
    with pytest.raises(compiler.NonFiniteError):  # an infinite slope
        compiled.value_and_grad(np.array([0.0]))
    assert compiled.value_and_grad(np.array([1e200]))[1] == pytest.approx([0.5e-100])


def test_parameters_are_looked_at_in_every_call():
    w = Value(2.0)
    for options in ({}, {"executor": "numpy"}, {"executor": "native"}, {"reduce": "sum"}):
        compiled = compiler.compile(lambda x: w * w * x, params=[w], **options)
        x = np.array([3.0]) if options.get("reduce") else 3
        for number in (2.0, 5.0):
            w.data = number
            assert compiled(x) == number * number * 3.0
            assert compiled.value_and_grad(x)[1].tolist() == [6.0 * number]
            compiled.params[0] = number + 1.0
            assert compiled.value_and_grad(x)[0] == (number + 1.0) ** 2 * 3.0


# ---- names ----


def named(x, mode, n=2, *, shift=0.0):
    return (x**n if mode == "power" else x * n) + shift


def test_a_pickled_function_knows_the_names_of_its_arguments():
    compiled = compiler.compile(named, static=("mode", "n"))
    calls = [((2.0, "power"), {}), ((2.0,), {"mode": "power", "n": 3}), ((), {"shift": 1.0, "x": 2.0, "mode": "times"})]
    expected = [compiled.value_and_grad(*args, **names) for args, names in calls]
    copied = pickle.loads(pickle.dumps(compiled))
    assert [copied.value_and_grad(*args, **names) for args, names in calls] == expected
    assert copied(x=3.0, n=3, mode="power") == 27.0
    with pytest.raises(compiler.RetraceError, match="compile it again"):
        copied(2.0, "power", n=7)
    with pytest.raises(TypeError, match="missing a required argument: 'mode'"):
        copied(2.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'q'"):
        copied(2.0, "power", q=1.0)
    with pytest.raises(TypeError, match="must be hashable"):
        copied(2.0, ["power"])


# ---- threads and memory ----


def test_threads_may_call_in_forms_of_their_own():
    compiled = compiler.compile(lambda v: v[0] * v[1] if v[0] > v[1] else v[0] - v[1])
    wrong = []

    def call(kind, seed):
        for a, b in np.random.default_rng(seed).uniform(-1.0, 1.0, (100, 2)).tolist():
            value, gradient = compiled.value_and_grad(kind([a, b]))
            slopes = (a * b, [b, a]) if a > b else (a - b, [1.0, -1.0])
            if (value, list(gradient)) != slopes or type(gradient) is not type(kind([a, b])):
                wrong.append((kind, a, b))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=call, args=(kind, k)) for k, kind in enumerate((list, tuple, np.array) * 2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_nothing_grows_with_calls_or_programs():
    compiled = compiler.compile(lambda v: v[0] * v[1] if v[0] > 0.0 else v[1])
    on_arrays = compiler.compile(wave, batch=True)
    forms = [[1.0, 2.0], [-1, 2], (1.0, 2.0), np.array([1.0, 2.0]), np.array([-1, 2])]

    def calls(count):
        for _ in range(count):
            for form in forms:
                compiled.value_and_grad(form)
                compiled(form)
            on_arrays(X, X)
            on_arrays.value_and_grad(X, K)

    def programs(count):
        for k in range(count):
            f = compiler.compile(lambda v: v * k if v > 0.0 else -v)  # noqa: B023
            assert f.value_and_grad(2.0) == (2.0 * k, float(k))
            assert f(-2) == 2.0

    for work, few, many in ((calls, 50, 1000), (programs, 20, 200)):
        work(few)
        gc.collect()
        before = sys.getallocatedblocks()
        work(many)
        gc.collect()
        assert sys.getallocatedblocks() < before + 500
