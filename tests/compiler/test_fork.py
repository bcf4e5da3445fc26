"""A child forked at any moment compiles, calls and goes on, whatever the other threads of its parent were doing."""

import os
import subprocess
import sys

import pytest

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
