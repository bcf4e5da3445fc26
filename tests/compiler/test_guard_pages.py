"""The machine reads and writes nothing beyond the ends of the arrays that it is given.

Each of them lies so that it ends right before a page that may not be touched, or begins right after one; a process of
its own runs programs on them, and dies where that happens.
"""

import ctypes
import mmap
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from autograd_mini import Value, compiler, dot, tanh
from autograd_mini.compiler.native import executor as native
from autograd_mini.compiler.native import tape, threads
from autograd_mini.compiler.native.region import nodes as streams
from tests.compiler.expressions import Expression

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is protected as Linux does it")

SEEDS = int(os.environ.get("AUTOGRAD_MINI_SEEDS", "8"))
COUNTS = (1, 7, 8, 9, 100, 1025)


def fenced(array, at_end):
    """A copy of an array that ends right before a page that may not be touched, or begins right after one."""
    page, array = mmap.PAGESIZE, np.ascontiguousarray(array)
    room = -(-array.nbytes // page) * page
    memory = np.frombuffer(mmap.mmap(-1, room + 2 * page), np.uint8)
    for fence in (0, page + room):
        assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(memory.ctypes.data + fence), ctypes.c_size_t(page), 0) == 0
    first = page + (room - array.nbytes if at_end else 0)
    copy = memory[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


class FencedNumpy:
    """NumPy as the executor has it, with fences around what it makes."""

    def __init__(self, at_end):
        self.zeros = self.empty = lambda *given: fenced(np.zeros(*given), at_end)
        self.empty_like = lambda array: fenced(np.zeros_like(array), at_end)

    def __getattr__(self, name):
        return getattr(np, name)


def stepped(x, p):
    """A long trace."""
    s, total = x[0], 0.0
    for _ in range(120):
        s, before = tanh(p[0] * s + p[1] * x[1]) + p[2], s
        total = total + s * before
    return total + p[3] * p[4] * p[5] * x[2]


def of_data(x, p):
    """A loop over rows of data."""
    rows = np.random.default_rng(0).normal(size=(41, 3)).tolist()
    return sum(tanh(dot(list(x), row, p[0])) * row[0] - row[1] for row in rows)


def layers(x, p):
    """Two layers of weights, with those of a single node between them."""
    inputs = [*x, x[0] * x[1], x[1] - x[2], *x]
    hidden = [tanh(dot(p[8 * k : 8 * k + 8], inputs, p[k])) for k in range(9)]
    return dot(p[60:69], hidden) + sum(dot(p[8 * k : 8 * k + 9], hidden) for k in range(8))


def run(at_end):
    """Programs with fences around everything: by samples, by parameters, as a whole, in one piece."""
    keep, is_one_function = tape.Tape.keep, native.is_one_function
    tape.Tape.keep = lambda self, array: keep(self, fenced(array, at_end))
    native.aligned = lambda count, dtype: fenced(np.zeros(count, dtype), at_end)
    native.np = tape.np = FencedNumpy(at_end)
    threads.PART = tape.PART = 512  # so that several threads have something to do
    for seed in range(SEEDS + 6):
        streams.LEAST = (2, 64)[seed % 3 == 0]  # so that there are some
        native.is_one_function = (is_one_function, lambda _: False)[seed % 3 == 1]
        others = seed - SEEDS
        recipe = Expression(seed, 5 + seed % 60, 3, 6) if others < 0 else (stepped, of_data, layers)[others // 2]
        leaves = [Value(p) for p in np.random.default_rng(seed).uniform(-1.0, 1.0, 72 if others > 3 else 6).tolist()]
        dtype = ("float64", "float32")[seed % 2]
        for options in ({"params": leaves, "reduce": "sum"}, {"batch": True}, {}):
            c = compiler.compile(lambda x: recipe(x, leaves), dtype=dtype, executor="native", **options)  # noqa: B023
            if "params" in options:
                c._parameters.numbers = fenced(c._parameters.numbers, at_end)
            c(np.ones((2, 3)) if options else np.ones(3))
            executor = next(iter(c._plans.values())).latest.executor
            for n in COUNTS if options else (1,):
                native.MANY = 2 if seed % 4 == 0 else 4096
                call(executor, n, at_end, by_sample=seed % 3 > 0)
                X = np.ones((n, 3) if options else 3, dtype)
                c.value_and_grad(fenced(X, at_end))  # the long way, and then the short one
                c.value_and_grad(fenced(X, at_end))


def call(executor, n, at_end, by_sample):
    X = np.random.default_rng(n).normal(size=(n, 3)).astype(executor.dtype)
    block = fenced(X, at_end).T if by_sample else fenced(X.T, at_end)
    out = np.zeros((3, n) if executor.parameters is None else len(executor.parameters), executor.dtype)
    executor.value([block], n)
    executor.value_and_gradient([block], n, 1.0, [fenced(out, at_end)], False)


def python(program, **environment):
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", f"from tests.compiler.test_guard_pages import *\n{program}"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["", *sys.path])} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("at_end", [True, False])
def test_nothing_beyond_the_ends_is_touched(at_end):
    done = python(f"run({at_end})", AUTOGRAD_MINI_THREADS="2")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("at_end, beyond", [(True, "x.nbytes"), (False, "-1")])
def test_a_byte_beyond_an_end_is_met_by_a_fence(at_end, beyond):
    where = f"x = fenced(np.zeros(5), {at_end})\nat = x.ctypes.data\nprint(x.sum(), flush=True)"
    done = python(f"{where}\nctypes.string_at(at + {beyond}, 1)")
    assert done.stdout == "0.0\n"
    assert done.returncode == -signal.SIGSEGV
