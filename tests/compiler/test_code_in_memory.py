"""Machine code goes when no program needs it any more, and never before."""

import gc
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from autograd_mini import compiler, exp, sin
from autograd_mini.compiler.forms import outcomes
from autograd_mini.compiler.native.llvm.jit import Jit, host, pieces


def branching(x):
    """As many programs as there are whole numbers."""
    k = 0
    while x > k:
        k += 1
    return exp(x) * k


@pytest.mark.parametrize("options", [{}, {"batch": True}])
def test_code_of_programs_that_are_no_longer_kept_is_freed(options, monkeypatch):
    monkeypatch.setattr(outcomes, "KEPT", 4)
    f = compiler.compile(branching, executor="native", **options)
    counts = []
    for k in range(20):
        x = k + 0.5
        value, slope = f.value_and_grad(np.array([x]) if options else x)
        assert value == pytest.approx(np.exp(x) * (k + 1))
        assert slope == pytest.approx(np.exp(x) * (k + 1))
        counts.append(pieces())
    assert max(counts[6:]) <= counts[5] + 1  # for a moment the new one is there, and the oldest still


def test_code_of_a_hundred_functions_does_not_add_up():
    gc.collect()
    before, functions = pieces(), len(host().functions)
    for k in range(100):
        f = compiler.compile(lambda x: exp(x * k) * k, executor="native")  # noqa: B023
        assert f.value_and_grad(0.0)[0] == k
        if k % 10 == 0:
            gc.collect()
            assert pieces() < before + 10
    del f
    gc.collect()
    assert pieces() < before + 10
    assert len(host().functions) < functions + 10


def test_a_function_keeps_its_code_when_its_program_is_gone():
    f = compiler.compile(lambda x: exp(x) * x, executor="native")
    f.value_and_grad(1.0)
    g, expected = f.value_and_grad, f.value_and_grad(2.0)
    f._plans.clear()
    del f
    gc.collect()
    for _ in range(20):
        compiler.compile(lambda x: sin(x) * x, executor="native").value_and_grad(1.0)
    assert g(2.0) == expected


def test_a_finaliser_run_by_the_collector_can_still_call_its_code():
    results = []

    class Model:
        def __init__(self):
            self.step = compiler.compile(self.loss, executor="native")
            self.step.value_and_grad(1.0)

        def loss(self, x):
            return exp(x) * x

        def __del__(self):
            results.append(self.step.value_and_grad(0.0))

    for _ in range(5):
        Model()
    gc.collect()
    assert results == [(0.0, 1.0)] * 5


def test_code_is_kept_once_for_all_that_need_it():
    jit = Jit()

    def write(needs):
        return "define i64 @seven() { ret i64 7 }"

    before = pieces()
    first, second = jit.load({"seven": write}), jit.load({"seven": write})
    assert first.addresses == second.addresses
    assert pieces() == before + 1
    del first
    assert pieces() == before + 1
    del second
    assert pieces() == before
    assert jit.functions == {}


def test_threads_call_a_function_while_its_programs_come_and_go(monkeypatch):
    monkeypatch.setattr(outcomes, "KEPT", 2)
    f = compiler.compile(branching, executor="native")
    wrong = []

    def call(seed):
        rng = np.random.default_rng(seed)
        for k in rng.integers(0, 6, 40).tolist():
            value, slope = f.value_and_grad(k + 0.5)
            if not value == pytest.approx(np.exp(k + 0.5) * (k + 1)) or slope != pytest.approx(value):
                wrong.append((k, value, slope))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=call, args=(seed,)) for seed in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
