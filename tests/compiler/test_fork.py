"""A child forked at any moment compiles, calls and goes on, whatever the other threads of its parent were doing."""

import gc
import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from autograd_mini.compiler import pauses
from autograd_mini.compiler.pauses import no_collector

pytest.importorskip("numpy")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork there")

PROGRAM = """
import faulthandler, gc, os, signal, threading, time
import numpy as np
from autograd_mini import compiler, exp, sin

def slow(k):
    def f(x):
        y = x
        for i in range(300):
            y = sin(y * (1.0 + k)) + x
        return y
    return f

def work():
    k = 0
    while True:
        k += 1
        WORK

shared = compiler.compile(slow(0))
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
for i in range(10):
    time.sleep(0.05 * (i + 1) / 3)
    child = os.fork()
    if not child:
        faulthandler.dump_traceback_later(18)
        signal.alarm(20)
        assert gc.isenabled()
        shared._plans.clear()
        shared.value_and_grad(0.5)
        CHILD
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""
WORKS = {
    "traces": "shared._plans.clear(); shared.value_and_grad(0.3)",
    "compiles": "compiler.compile(slow(0.1 * k), executor='native').value_and_grad(0.5)",
    "calls": "compiler.compile(lambda x: exp(x) * k, batch=True, executor='native')(np.linspace(0, 1, 300_000))",
}
CHILD = {
    "traces": "compiler.compile(slow(1.0)).value_and_grad(0.5)",
    "compiles": "compiler.compile(lambda x: exp(x) * (i + 0.5), executor='native').value_and_grad(0.5)",
    "calls": "compiler.compile(lambda x: exp(x) * x, batch=True, executor='native')(np.linspace(0, 1, 600_000))",
}


@pytest.mark.parametrize("what", WORKS)
def test_a_child_goes_on_while_another_thread(what):
    if what != "traces":
        pytest.importorskip("llvmlite")
    program = PROGRAM.replace("WORK", WORKS[what]).replace("CHILD", CHILD[what])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["", *sys.path]), "AUTOGRAD_MINI_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=250
    )
    assert done.returncode == 0, done.stderr


IMPORTS = """
import sys
import numpy as np
from autograd_mini import compiler, exp, nn, primitive, sin
from autograd_mini.compiler.pauses import importing

class Seen:
    def find_spec(self, name, path=None, target=None):
        asked = sys._getframe(2).f_globals["__name__"] == "importlib.util"  # whether there is one; nothing is imported
        if not asked and not importing._is_owned():
            raise SystemExit(f"{name} is imported while a fork does not wait for it")

def chain(x):
    y = x
    for _ in range(300):
        y = sin(1.5 * y) + x
    return y

def sum_of_squares(xs):
    return sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(xs, xs[1:])])

@primitive(lambda m, z, x: z)
def own(x):
    return np.exp(x)

model = nn.Layer(3, 2)
sys.meta_path.insert(0, Seen())
samples = np.linspace(0.0, 1.0, 300_000)
for executor in EXECUTORS:
    for f in (chain, exp, own, lambda x: x if x > 0.1 else -x):
        c = compiler.compile(f, executor=executor)
        for x in (0.5, 0.3):
            c(x), c.value_and_grad(x)
    c = compiler.compile(sum_of_squares, executor=executor)
    c.value_and_grad([*samples[:999].tolist()])
    c.explain()
    if executor == "source":
        continue
    c.value_and_grad(samples[:999])
    for f, n in ((exp, 3), (exp, len(samples)), (chain, 3), (own, 30)):
        compiler.compile(f, batch=True, executor=executor).value_and_grad(samples[:n])
    mean = compiler.compile(lambda x: model(x)[0] ** 2, params=model, reduce="mean", executor=executor)
    mean.value_and_grad(np.ones((50, 3)))
"""


def test_what_is_imported_late_is_imported_where_a_fork_waits(tmp_path):
    """In the child nobody would ever let go of the lock of a module that another thread was importing."""
    executors = ["source", "numpy"] + ["native"] * (find_spec("llvmlite") is not None)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["", *sys.path]), "AUTOGRAD_MINI_THREADS": "2"}
    environment["AUTOGRAD_MINI_CACHE"] = str(tmp_path)
    for _ in range(2):  # at first nothing is kept, then all is
        done = subprocess.run(
            [sys.executable, "-c", IMPORTS.replace("EXECUTORS", str(executors))],
            env=environment, capture_output=True, text=True, check=False, timeout=250,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")


def test_two_threads_that_pause_the_collector_leave_it_running(monkeypatch):
    """If one were to end its pause while the other looks whether it runs, it would be stopped for ever."""
    first = no_collector()
    ending = threading.Thread(target=first.__exit__, args=(None, None, None))

    def isenabled():
        runs = gc.isenabled()
        ending.start()
        ending.join(0.2)
        return runs

    first.__enter__()
    monkeypatch.setattr(pauses, "gc", SimpleNamespace(isenabled=isenabled, enable=gc.enable, disable=gc.disable))
    with no_collector():
        ending.join()
        assert not gc.isenabled()
    assert gc.isenabled()
