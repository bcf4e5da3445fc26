"""Operations made with @primitive in the native tier: Python where they must be, machine code all around."""

import math
import signal
import sys
import threading
import time

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from autograd_mini import Value, compiler, exp, primitive, sin, tanh, value_and_grad
from tests.compiler.expressions import Expression

COUNTS = (1, 7, 8, 9, 100, 1025)
calls = []


@primitive(lambda m, z, x: 3.0 * x * x * m.exp(-z * 0.0))
def cube(x):
    calls.append(x)
    return x * x * x


@primitive(lambda m, z, x, y: math.cos(x) * y, lambda m, z, x, y: math.sin(x))
def wave(x, y):
    """Its slopes are Python too."""
    return math.sin(x) * y


@primitive(0.5, lambda m, z, x, y, k: 2.0 * y, lambda m, z, x, y, k: 1.0)
def bowl(x, y, k):
    return 0.5 * x + y * y + k


class WithPrimitives:
    """Random graphs in which every third step is one of the above."""

    def __init__(self, seed, inputs, parameters=0):
        self.graph = Expression(seed, 5 + seed * 4, inputs, parameters)
        own = [
            (lambda x: 0.1 * cube(x), 1),
            (wave, 2),
            (lambda x, y: tanh(bowl(x, y, 0.5)) + wave(x, x), 2),
        ]
        rng = np.random.default_rng(seed)
        for i in range(0, len(self.graph.steps), 3):
            f, arity = own[rng.integers(len(own))]
            self.graph.steps[i] = (f, *rng.integers(inputs + parameters + i, size=arity).tolist())

    def __call__(self, *args):
        return self.graph(*args)


def results(f, X, executor, **options):
    return compiler.compile(f, executor=executor, **options).value_and_grad(X)


def assert_close(expected, got, tolerance):
    for a, b in zip(expected, got, strict=True):
        np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance * np.abs(a).max(initial=1.0))


@pytest.mark.parametrize("n", COUNTS)
def test_samples_by_themselves_and_parameters_over_them(n):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X = rng.uniform(-2.0, 2.0, (n, 3))
        f = WithPrimitives(seed, 3)
        expected = results(f, X, "numpy", batch=True)
        assert_close(expected, results(f, X, "native", batch=True), 1e-12)
        single = results(f, X.astype("f"), "native", batch=True, dtype="float32")
        assert single[1].dtype == np.float32
        assert_close(expected, single, 3e-5)
        leaves = [Value(p) for p in rng.uniform(-1.0, 1.0, 4).tolist()]
        g = WithPrimitives(seed, 3, 4)
        both = [
            results(lambda x: g(x, leaves), X, executor, params=leaves, reduce="mean")  # noqa: B023
            for executor in ("numpy", "native")
        ]
        assert_close(*both, 1e-12)


def test_a_whole_function_gives_what_eager_gives():
    for seed in range(6):
        x = np.random.default_rng(seed).uniform(-2.0, 2.0, 4)
        f = WithPrimitives(seed, 4)
        value, slopes = value_and_grad(f)(x.tolist())
        assert_close((value, np.array(slopes)), results(f, x, "native"), 1e-12)


def test_primitives_of_parameters_only_are_called_once():
    p = Value(0.5)
    step = compiler.compile(lambda x: cube(p) * x + cube(p * 2.0), params=[p], reduce="mean", executor="native")
    X = np.arange(1.0, 21.0)
    step.value_and_grad(X)
    calls.clear()
    value, slopes = step.value_and_grad(X)
    assert calls == [0.5, 1.0]
    assert math.isclose(value, 0.125 * X.mean() + 1.0)
    assert math.isclose(slopes[0], 0.75 * X.mean() + 6.0)


def test_nodes_of_one_group_may_share_an_operand():
    def f(x):
        return sum(wave(x[0], y) * cube(x[0]) for y in x)

    x = [0.5, -1.5, 2.0]
    value, slopes = value_and_grad(f)(x)
    assert_close((value, np.array(slopes)), results(f, np.array(x), "native"), 1e-14)
    X = np.tile(x, (11, 1))
    values, rows = results(f, X, "native", batch=True)
    assert_close((np.full(11, value), np.tile(slopes, (11, 1))), (values, rows), 1e-14)


def test_where_floats_refuse_there_is_nan_or_infinity():
    root = primitive(lambda m, z, x: 0.5 / z)(math.sqrt)
    python = primitive(lambda m, z, x: float(0.5 / z))(math.sqrt)
    for own in (root, python):
        value, slopes = results(own, np.array([4.0, 0.0, -1.0, math.inf]), "native", batch=True)
        np.testing.assert_array_equal(value, [2.0, 0.0, math.nan, math.inf])
        np.testing.assert_array_equal(slopes, [0.25, math.inf, math.nan, 0.0])


@pytest.mark.parametrize("error", [KeyError("no such number"), KeyboardInterrupt()])
def test_errors_raised_by_python_reach_the_caller(error):
    @primitive(1.0)
    def choosy(x):
        if x > 5.0:
            raise error
        return x

    f = compiler.compile(lambda x: exp(choosy(x)) * choosy(x + 1.0), batch=True, executor="native")
    X = np.linspace(0.0, 1.0, 50)
    before = f(X)
    with pytest.raises(type(error)):
        f(np.linspace(0.0, 9.0, 50))
    with pytest.raises(type(error)):
        f(np.linspace(0.0, 9.0, 400_000))  # in a thread
    assert f(X).tolist() == before.tolist()


@pytest.mark.skipif(sys.platform == "win32", reason="a process can't send itself this signal there")
def test_ctrl_c_is_raised_wherever_it_arrives(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_MINI_THREADS", "1")
    own = primitive(lambda m, z, x: m.cos(x))(math.sin)
    f = compiler.compile(lambda x: own(x) * own(2.0 * x), batch=True, executor="native")
    X = np.linspace(0.0, 1.0, 5_000)
    before = f.value_and_grad(X)
    done = threading.Event()

    def strike(delay):
        time.sleep(delay)
        done.set()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def until_struck(thread):
        thread.start()
        while not done.is_set():
            f.value_and_grad(X)
        thread.join()  # which a busy machine may hold up before it strikes
        for _ in range(100):  # it may be on its way
            f.value_and_grad(X[:1])
            time.sleep(0.01)

    for k in range(6):
        done.clear()
        thread = threading.Thread(target=strike, args=(0.001 * k,))
        with pytest.raises(KeyboardInterrupt):
            until_struck(thread)
        thread.join()
    np.testing.assert_array_equal(f.value_and_grad(X), before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers there")
def test_what_a_signal_handler_raises_is_raised_at_every_line_of_a_kernel():
    class Struck(BaseException):
        pass

    struck = 0

    def at(frame, event, argument):
        nonlocal left, struck
        left -= 1
        if left == 0:
            struck += 1
            raise Struck
        return at

    own = primitive(1.0)(lambda x: x + 1.0)
    f = compiler.compile(lambda x: exp(own(x)) * own(x), batch=True, executor="native")
    X = np.linspace(0.0, 1.0, 20)
    expected = f.value_and_grad(X)
    for k in range(1, 200):
        left = k
        sys.settrace(at)
        try:
            f.value_and_grad(X)
        except Struck:
            pass
        else:
            assert left > 0
            break
        finally:
            sys.settrace(None)
        np.testing.assert_array_equal(f.value_and_grad(X), expected)
    assert struck > 10


def test_a_primitive_may_call_what_runs_on_many_threads(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_MINI_THREADS", "2")
    inner = compiler.compile(lambda x: sin(x) * x, batch=True, executor="native")
    many = np.linspace(0.0, 1.0, 500_000)
    expected = inner(many)[-1]

    @primitive(1.0)
    def own(x):
        return x + (float(inner(many)[-1]) if x in (0.0, 1.0) else 0.0)

    f = compiler.compile(lambda x: sum(sin(own(x) * k) for k in range(100)), batch=True, executor="native")
    value = f(np.linspace(0.0, 1.0, 20_000))
    assert value[0] == pytest.approx(math.fsum(math.sin(expected * k) for k in range(100)))


def test_a_slope_may_use_what_floats_alone_have():
    @primitive(lambda m, z, x: 2.0 if x.is_integer() else bowl(x, 0.0, 1.0))
    def stepped(x):
        return 2.0 * x

    value, slopes = results(stepped, np.array([1.0, 3.0]), "native", batch=True)
    assert value.tolist() == [2.0, 6.0]
    assert slopes.tolist() == [2.0, 2.0]
    assert results(stepped, np.array([0.5]), "native", batch=True)[1].tolist() == [1.25]


def test_slopes_in_machine_code_are_those_of_their_own_primitive():
    def times(a):
        @primitive(lambda m, z, x: a * m.cos(x))
        def product(x):
            return a * math.sin(x)

        return product

    double, triple = times(2.0), times(3.0)
    X = np.linspace(-1.0, 1.0, 20)
    _, slopes = results(lambda x: double(x) + 10.0 * triple(x), X, "native", batch=True)
    np.testing.assert_allclose(slopes, 32.0 * np.cos(X), rtol=1e-14)


def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    p = [Value(0.5), Value(-0.25)]
    X = np.random.default_rng(0).uniform(-1.0, 1.0, 120_000)
    got = []
    for count in ("1", "3"):
        monkeypatch.setenv("AUTOGRAD_MINI_THREADS", count)
        f = compiler.compile(lambda x: wave(x, p[0]) + sin(x * p[1]), params=p, reduce="mean", executor="native")
        value, slopes = f.value_and_grad(X)
        got.append((value, slopes.tobytes()))
    assert got[0] == got[1]


def test_the_choice_is_native_and_explain_names_what_is_python():
    f = compiler.compile(lambda x: wave(cube(x), x) + exp(x), batch=True)
    f(np.ones(3))
    assert f.explain().startswith("native")
    for symbol in ("cube", "wave"):
        assert f"{symbol}, made with @primitive, is called element by element: groups in Python: 1" in f.explain()
