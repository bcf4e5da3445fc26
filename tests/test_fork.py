"""A child forked while other threads sweep goes on."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork there")

PROGRAM = """
import faulthandler, os, signal, threading, time
from autograd_mini import Value, topological_order

def graph():
    x = y = Value(0.5)
    for _ in range(2000):
        y = y * 1.0 + x * 0.001
    return y

def work():
    y = graph()
    while True:
        topological_order(y)
        y.backward()

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
for i in range(15):
    child = os.fork()
    if not child:
        faulthandler.dump_traceback_later(8)
        signal.alarm(10)
        x = Value(2.0)
        (x * x).backward()
        os._exit(0 if x.grad == 4.0 else 1)
    assert os.waitpid(child, 0)[1] == 0, i
os._exit(0)
"""


def test_a_child_forked_while_other_threads_sweep_goes_on():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["", *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=250
    )
    assert done.returncode == 0, done.stderr
