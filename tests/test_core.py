"""The engine in C is the engine in Python: the same programs, the same bits, and nothing that leaks or overflows."""

import contextlib
import gc
import importlib.util
import inspect
import math
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import autograd_mini
from autograd_mini import Value, cores, engine, exp, gradients, primitive, sweep, topological_order, watch
from autograd_mini.c_rows import rows_in_c
from autograd_mini.reading import operands_of

ROWS = Path(autograd_mini.__file__).with_name("_rows.h")

only_c = pytest.mark.skipif(cores.c is None, reason="the core in C was not built, or not chosen")


def run(code: str, *args: str, core: str = "", timeout: int = 250) -> subprocess.CompletedProcess[str]:
    """A program on a core of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["", *sys.path]), "AUTOGRAD_MINI_CORE": core}
    command = [sys.executable, *([code] if code.endswith(".py") else ["-c", code]), *args]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=timeout)


def chain(n: int) -> tuple[Value, Value]:
    x = y = Value(1.0)
    for _ in range(n):
        y = y * 1.0 + 0.0
    return x, y


# ---- which one runs ----


def test_the_package_says_which_core_runs():
    assert autograd_mini.core in ("python", "c")
    assert autograd_mini.core == ("python" if cores.c is None else "c")


@pytest.mark.parametrize("core", ["python", pytest.param("c", marks=only_c)])
def test_the_environment_chooses(core):
    done = run("import autograd_mini; print(autograd_mini.core)", core=core)
    assert (done.stdout.strip(), done.stderr) == (core, "")


def test_a_choice_that_does_not_exist_says_what_to_do():
    done = run("import autograd_mini; autograd_mini.Value", core="rust")
    assert done.returncode
    assert "ImportError: AUTOGRAD_MINI_CORE is 'rust': set it to 'python' or 'c', or leave it out" in done.stderr


def test_a_core_that_was_not_built_says_what_to_do():
    code = "import sys; sys.modules['autograd_mini._core'] = None; from autograd_mini import Value"
    done = run(code, core="c")
    assert done.returncode
    assert "install the package again on a machine with a C compiler" in done.stderr
    assert run(code + "; from autograd_mini import core; print(core)").stdout.strip() == "python"


def test_value_is_one_class_everywhere():
    x = Value(1.0)
    for v in (x, x + 1.0, exp(x), autograd_mini.dot([x], [2.0])):
        assert type(v) is Value is engine.Value is autograd_mini.Value
    assert Value.__module__ == "autograd_mini.engine"
    assert Value.__name__ == Value.__qualname__ == "Value"


# ---- a type among types ----


ALONE = """
from autograd_mini import _core
for act in (lambda: _core.Value(1.0) + 1.0, lambda: _core.Value("1"), lambda: _core.apply(1, 2), _core.Value(1.0).exp):
    try:
        print(type(act()).__name__)
    except SystemError as error:
        print(error)
"""


@only_c
def test_the_core_without_the_engine_does_not_crash():
    told = "the core has not been told of {}: import autograd_mini.engine".format
    assert run(ALONE).stdout.splitlines() == ["Value", told("Value"), told("apply"), "Value"]


IMPORTED_AGAIN = """
import sys
import autograd_mini
first = autograd_mini.Value
x = first(2.0)
for name in [name for name in sys.modules if name.startswith("autograd_mini")]:
    del sys.modules[name]
import autograd_mini
with autograd_mini.no_grad():
    y = x * x
try:
    y.backward()
except autograd_mini.NoGraphError:
    print(autograd_mini.Value is first)
"""


@only_c
def test_who_imports_the_package_once_more_gets_the_same_type_and_the_new_members():
    done = run(IMPORTED_AGAIN)
    assert done.stdout.strip() == "True", done.stderr


IN_ANOTHER_INTERPRETER = """
import importlib, sys
from autograd_mini import Value
interpreters = importlib.import_module("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
another = interpreters.create()
code = '''
import sys
sys.path[:] = PATH
import autograd_mini
x = autograd_mini.Value(3.0)
(x * x).backward()
print(autograd_mini.core, x.grad, flush=True)
'''
interpreters.run_string(another, code.replace("PATH", repr(sys.path)))
interpreters.destroy(another)
try:
    Value("1")
except TypeError as error:
    print(error)
"""


def test_another_interpreter_has_the_core_in_python_and_leaves_the_first_one_alone():
    done = run(IN_ANOTHER_INTERPRETER)
    assert done.stdout.splitlines() == ["python 6.0", "Value() needs a number, got the string '1'"], done.stderr


@only_c  # the one in Python makes a leaf anew: to see this would cost every leaf three times its time
def test_a_value_is_initialised_once():
    x = Value(2.0)
    y = x * 3.0
    for v in (x, y):
        with pytest.raises(TypeError, match=r"a Value can't be initialised again: assign its \.data"):
            v.__init__(5.0)
    assert (x.data, y.data, y.parents) == (2.0, 6.0, (x,))
    assert type.__call__(Value, 1.5).data == 1.5


def test_a_label_becomes_a_plain_string_which_can_close_no_cycle():
    class Text(str):
        pass

    label = Text("x")
    label.value = x = Value(1.0, label=label)
    x.label = label
    gone = weakref.ref(label)
    assert (type(x.label), x.label) == (str, "x")
    del label, x
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("name", ["data", "grad", "label"])
def test_nothing_is_deleted_from_a_value(name):
    with pytest.raises(AttributeError, match=f"property '{name}' of 'Value' object has no deleter"):
        delattr(Value(1.0), name)


@pytest.mark.parametrize("x", [None, 1, "ab"])
def test_the_order_of_what_is_no_value_is_refused(x):
    with pytest.raises(TypeError, match=f"expected a Value, got {x!r}"):
        topological_order(x)


@only_c
def test_the_type_tells_its_signature_and_its_size():
    assert str(inspect.signature(Value)) == "(data, *, label='')"
    assert str(inspect.signature(Value.exp)) == "(self, /)"
    assert Value.exp.__doc__
    assert sys.getsizeof(autograd_mini.sum([Value(1.0)] * 10)) >= 96 + 10 * 16


@only_c
def test_what_is_no_node_is_refused():
    add = engine.RULES["add"]
    with pytest.raises(TypeError, match="a parent is a Value or None, not 'a'"):
        engine.node(add, 1.0, "a", 2.0, None, 1.0)
    with pytest.raises(ValueError, match="a node has a number for each parent"):
        engine.node(engine.RULES["sum"], 1.0, None, None, many=((None, None), (1.0,)))
    with pytest.raises(ValueError, match="a seed for each root"):
        sweep.backward_from((Value(1.0), Value(2.0)), (1.0,))


@pytest.mark.parametrize("name", ["data", "grad", "label"])
def test_nothing_is_assigned_to_a_value_left_over_from_a_trace(name):
    kept: list[Value] = []
    autograd_mini.compile(lambda x: kept.append(x * 2.0) or x)(1.0)  # type: ignore[func-returns-value]
    for wrong in (1.0, "new", None):
        with pytest.raises(autograd_mini.TraceError, match=r"left over from a trace: '\*' made it at"):
            setattr(kept[0], name, wrong)


def test_messages_call_every_node_a_value():
    @primitive(1.0)
    def same(x: float) -> float:
        return x

    with autograd_mini.no_grad():
        leaf = Value(1.0) * 2.0
    for v in (same(Value(1.0)), leaf):
        with pytest.raises(TypeError, match="'>' not supported between instances of 'Value' and 'complex'"):
            v > 1j
        with pytest.raises(AttributeError, match="'Value' object has no attribute 'nothing'"):
            v.nothing


def test_the_order_has_each_stop_once_and_ends_at_stops_and_older_nodes():
    x = Value(1.0)
    y = x * 2.0
    since = watch.advance()
    z = y * y
    x.data = y.data = 3.0
    assert [id(v) for v in sweep.order_below((z,), (y, y))] == [id(y), id(z)]
    assert [id(v) for v in sweep.order_below((z,), (), since)] == [id(y), id(z)]
    assert [id(v) for v in sweep.order_below((z,), (), 0)] == [id(x), id(y), id(z)]


def test_neither_core_supports_weak_references():
    @primitive(1.0)
    def same(x: float) -> float:
        return x

    x = Value(1.0)
    for v in (x, x * 2.0, same(x), engine.Given(1.0)):
        with pytest.raises(TypeError, match="cannot create weak reference to 'Value' object"):
            weakref.ref(v)


PICKLED = """
import pickle, sys
import autograd_mini
from autograd_mini import Value

x = Value(0.1, label="x")
y = x * x
y.backward()
with autograd_mini.no_grad():
    z = x * 2.0
kept = []
autograd_mini.compile(lambda x: kept.append(x * 2.0) or x)(1.0)
if len(sys.argv) == 1:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        print(pickle.dumps([x, y, z, *kept], protocol).hex())
    sys.exit()
for text in sys.argv[1:]:
    for v in pickle.loads(bytes.fromhex(text)):
        print(v, v.is_leaf, v.label)
        for act in (v.backward, lambda: v.data):
            try:
                print(act())
            except autograd_mini.AutogradError as error:
                print(error)
"""


@only_c
def test_a_pickle_of_one_core_is_read_by_the_other():
    written = {core: run(PICKLED, core=core).stdout.split() for core in ("c", "python")}
    read = {(core, by): run(PICKLED, *texts, core=by).stdout for core, texts in written.items() for by in written}
    assert read["c", "c"].count("its graph was not copied") >= 5
    assert set(read.values()) == {read["c", "c"]}


# ---- the same bits ----


def test_a_whole_number_that_no_float_has_is_rounded_once():
    x = Value(1.0 + 2.0**-52)
    n = 2**53 + 3
    for y, number in ((x**n, float(n)), (x * n, float(n)), (x * 2**53, 2**53), (n - x, float(n))):
        found = [number_ for parent, number_ in zip(*operands_of(y), strict=True) if parent is None]
        assert (found, type(found[0])) == ([number], type(number))
    assert (x**n).pullback(1.0) == (float(n) * x.data ** (float(n) - 1.0),)
    with pytest.raises(OverflowError, match="int too large to convert to float") as raised:
        x * 10**400
    assert raised.value.__notes__


def test_a_slope_beyond_all_floats_is_nan_at_every_order():
    @primitive(lambda m, z, x: x * 10**400)
    def same(x: float) -> float:
        return x

    slope, curvature = autograd_mini.grad(same), autograd_mini.grad(autograd_mini.grad(same))
    assert math.isnan(slope(2.0))
    assert math.isnan(curvature(2.0))


def test_an_exception_from_outside_in_the_middle_of_a_row_is_not_lost(monkeypatch):
    rule = engine.RULES["logsumexp"]
    value = rule.f
    interrupts = [TimeoutError("from the handler of a signal")]

    def interrupted(*xs: float) -> float:
        while interrupts:
            raise interrupts.pop()
        return value(*xs)

    monkeypatch.setattr(rule, "f", interrupted)
    x = Value(1.0)
    with pytest.raises(TimeoutError):
        autograd_mini.logsumexp([x, x])
    assert autograd_mini.logsumexp([x, x]).data == value(1.0, 1.0)


@pytest.mark.skipif(not ROWS.exists(), reason="the source of the core is not in the wheel")
def test_the_rows_in_c_are_those_of_the_table():
    assert ROWS.read_text(encoding="utf-8") == rows_in_c(), (
        "the table has changed: AUTOGRAD_MINI_CORE=python python -m autograd_mini.c_rows > autograd_mini/_rows.h"
    )


@only_c
def test_random_programs_show_the_same_on_both_cores():
    programs = str(Path(__file__).with_name("core_programs.py"))
    on_c, on_python = (run(programs, "70000", "200", core=core) for core in ("c", "python"))
    assert on_c.stderr == on_python.stderr == ""
    assert on_c.stdout.count("\n") == 200
    assert on_c.stdout == on_python.stdout


# ---- what a node costs ----


@only_c
def test_a_node_has_96_bytes_and_is_not_tracked_by_the_collector():
    x = Value(1.0)
    for v in (x, x + 1.0, exp(x * x)):
        assert sys.getsizeof(v) == 96
        assert not gc.is_tracked(v)


def test_a_primitive_that_refers_to_its_own_node_is_collected():
    kept: list[Value] = []

    @primitive(lambda m, z, x: 1.0)
    def same(x: float) -> float:
        return x + 0.0 * len(kept)

    class Marker:
        pass

    marker = Marker()
    same.marker = marker
    kept.append(same(Value(2.0)))  # node -> rule -> function -> list -> node
    gone = weakref.ref(marker)
    same = kept = marker = None
    gc.collect()
    assert gone() is None


SMALL_STACK = """
import threading
from autograd_mini import Value, primitive

@primitive(lambda m, z, x: 1.0)
def same(x):
    return x

def work():
    for step, n in ((lambda y: y * 1.0, N), (same, N // 10), (lambda y: y + x, N)):
        x = y = Value(1.0)
        for _ in range(n):
            y = step(y)
        y.backward()
        found.append(x.grad)
        del y

N = int(__import__("sys").argv[1])
found = []
threading.stack_size(int(__import__("sys").argv[2]) * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(found[0], found[1], found[2])
"""


def test_a_long_graph_is_swept_and_freed_on_a_small_stack():
    n = 10**6 if cores.c else 5 * 10**4
    kilobytes = 2048 if cores.c is None and sys.version_info >= (3, 13) else 256  # CPython frees by nested calls there
    done = run(SMALL_STACK, str(n), str(kilobytes), core=autograd_mini.core)
    assert done.stdout.split() == ["1.0", "1.0", str(n + 1.0)], done.stderr


REFUSALS = (TypeError, ArithmeticError, ValueError, AttributeError)


def errors_of(x: Value) -> list[Callable[[], object]]:
    return [
        lambda: x / 0.0,
        lambda: x / Value(0.0),
        lambda: x + "1",
        lambda: 1j * x,
        lambda: Value("1"),
        lambda: Value(1.0, 2.0),
        lambda: autograd_mini.log(x - 3.0),
        lambda: exp(x * 1e6),
        lambda: autograd_mini.dot([x, x], [1e308, None]),
        lambda: autograd_mini.logsumexp([x, "1"]),
        lambda: setattr(x, "data", "1"),
        lambda: setattr(x, "grad", None),
        lambda: setattr(x, "label", 1),
        lambda: delattr(x, "data"),
        lambda: x.backward("1"),
        lambda: gradients(x, ["1"]),
        lambda: topological_order("1"),
        lambda: x % 2,
        lambda: float(x),
        lambda: x.nothing,
    ]


@pytest.mark.parametrize("number", range(len(errors_of(Value(1.0)))))
def test_an_error_keeps_no_reference(number):
    x = Value(2.0, label="x")
    act = errors_of(x)[number]
    for _ in range(3):
        with pytest.raises(REFUSALS):
            act()
    gc.collect()
    before = sys.getrefcount(x), sys.getrefcount(None)
    for _ in range(100):
        with contextlib.suppress(*REFUSALS):
            act()
    gc.collect()
    assert sys.getrefcount(x) == before[0]
    assert abs(sys.getrefcount(None) - before[1]) < 80


WITHOUT_MEMORY = """
import _testcapi
from autograd_mini import Value, sweep

x = Value(2.0)
y = x * x
for _ in range(100):
    y = y * 0.5 + x
x.grad = 7.0
refused = 0
for act in (lambda: x * x, lambda: Value(1.0), lambda: x.data, y.backward, lambda: sweep.order_below((y,))):
    for last in (1, 1000):
        for first in range(20):
            _testcapi.set_nomemory(first, first + last)
            try:
                act()
                x.grad = 7.0
            except MemoryError:
                refused += 1
            finally:
                _testcapi.remove_mem_hooks()
            assert x.grad == 7.0
y.backward()
print(refused > 30)
"""


@only_c
@pytest.mark.skipif(importlib.util.find_spec("_testcapi") is None, reason="this Python can't be denied memory")
def test_without_memory_nothing_breaks():
    done = run(WITHOUT_MEMORY)
    assert done.stdout.strip() == "True", done.stderr


# ---- interrupts, threads, forks ----

INTERRUPTED = """
import signal, threading, time
from autograd_mini import Value

x = y = Value(1.0)
for _ in range(int(__import__("sys").argv[1])):
    y = y * 1.0 + x * 0.0
x.grad = 7.0

class Stop(BaseException):
    pass

def stop(*_):
    raise Stop

signal.signal(signal.SIGALRM, stop)
stopped = 0
for delay in (0.002, 0.01, 0.02, 0.04, 0.08, 0.2):
    x.grad = 7.0
    signal.setitimer(signal.ITIMER_REAL, delay)
    try:
        y.backward()
        ended = True
        time.sleep(delay)
    except Stop:
        stopped += 1
        assert x.grad in (7.0, 8.0), x.grad
    signal.setitimer(signal.ITIMER_REAL, 0)
x.grad = 0.0
y.backward()
print(x.grad, stopped > 0)
"""


@pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="there are no timers there")
def test_an_interrupted_sweep_leaves_the_gradients_of_leaves_as_they_were():
    done = run(INTERRUPTED, str(400_000 if cores.c else 20_000), core=autograd_mini.core)
    assert done.stdout.split() == ["1.0", "True"], done.stderr


def test_sweeps_of_one_graph_in_many_threads_give_no_wrong_number():
    x, y = chain(5000)
    busy = []

    def work() -> None:
        for _ in range(5):
            try:
                y.backward()
            except autograd_mini.ConcurrentSweepError:
                busy.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad == 20.0 - len(busy)


def test_the_second_of_two_sweeps_that_meet_names_the_first_shared_node_unless_its_graph_is_stale():
    errors: list[Exception] = []

    def meet(y: Value) -> float:
        try:
            y.backward()
        except (autograd_mini.ConcurrentSweepError, autograd_mini.StaleGraphError) as error:
            errors.append(error)
        return 1.0

    leaves = [Value(float(i), label=f"x{i}") for i in range(20)]
    product = autograd_mini.prod(leaves[::-1])
    stale = leaves[0] * 2.0
    leaves[0].data = 5.0
    fresh = autograd_mini.sum(leaves)

    @primitive(lambda m, z, x: meet(product) + meet(stale) + meet(fresh))
    def outer(x: float) -> float:
        return x

    outer(fresh).backward()
    assert [type(error).__name__ for error in errors] == ["StaleGraphError", "StaleGraphError", "ConcurrentSweepError"]
    assert "label='x0'" in str(errors[2])


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="greenlets move the stack that it watches")
def test_sweeps_in_greenlets_which_leave_the_stack_of_c():
    greenlet = pytest.importorskip("greenlet")
    main = greenlet.getcurrent()

    @primitive(lambda m, z, x: main.switch() or 1.0)
    def same(x: float) -> float:
        return x

    leaves = [Value(float(i)) for i in range(20)]
    sweeps = [greenlet.greenlet(same(x * 2.0).backward) for x in leaves]
    for each in (*sweeps, *sweeps[::2], *sweeps[1::2]):
        each.switch()
    assert [x.grad for x in leaves] == [2.0] * 20


FORKED = """
import os, threading
from autograd_mini import Value, primitive

entered, go_on = threading.Event(), threading.Event()

def slope(m, z, x):
    if threading.current_thread() is not threading.main_thread():
        entered.set()
        go_on.wait(100)
    return 1.0

@primitive(slope)
def same(x):
    return x

x = Value(3.0)
x.grad = 5.0
y = same(x * x)
thread = threading.Thread(target=y.backward)
thread.start()
entered.wait(100)
child = os.fork()
if not child:
    good = x.grad == 5.0
    y.backward()
    os._exit(0 if good and x.grad == 11.0 else 1)
status = os.waitpid(child, 0)[1]
go_on.set()
thread.join()
print(status, x.grad)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork there")
def test_in_a_child_a_sweep_of_another_thread_is_as_if_it_had_not_begun():
    done = run("import warnings; warnings.simplefilter('ignore')\n" + FORKED, core=autograd_mini.core)
    assert done.stdout.split() == ["0", "11.0"], done.stderr
