"""What is given to a compiled function may be any object with a buffer: it is read right, or refused, and nothing dies.

Each kind is tried in a process of its own, as the first call and as a later one, which is the short way: there machine
code looks at the object itself.  Both must do the same.
"""

import array
import ctypes
import mmap
import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from autograd_mini import Value, compiler, exp
from tests.compiler.test_guard_pages import fenced

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is protected as Linux does it")

N = 6
LETTERS = "?bBhHiIlLqQefdgFDGSUVOMm"
ALIKE = (
    *(
        "scalar",
        "single",
        "int",
        "swapped column",
        "reversed",
        "no stride",
        "unaligned",
        "odd",
        "empty",
        "longer",
        "fixed",
    ),
    *(
        "memmap",
        "with metadata",
        "list",
        "array",
        "view",
        "view of no axes",
        "view without axes",
        "doubles",
        "interface",
    ),
    *("fenced (6,)", "d()", "f(6,)", "d(6, 2, 2)", "O(6,)", "D(6,)", "M(6,)"),
)


# ---- what is given ----


class Lying:
    """Something that says it has numbers that are not there."""

    shape, size, ndim, dtype = (N, 50), N * 50, 2, np.dtype(float)

    def __len__(self):
        return N

    def __array__(self, dtype=None, copy=None):
        return np.ones(N, dtype)

    def astype(self, dtype):
        return np.ones(self.size)


class Changing(Lying):
    """Something that is another array each time that it is asked."""

    def __array__(self, dtype=None, copy=None):
        self.__class__.shape = (N, (self.shape or (N,))[-1] + 1)
        return np.ones(self.shape[-1], dtype)


class Interface:
    """An array by NumPy's interface."""

    def __init__(self, **more):
        self.numbers = np.ones(N)
        self.__array_interface__ = self.numbers.__array_interface__ | more


class Subclass(np.ndarray):
    """An array that finds other things than it has."""

    @property
    def shape(self):
        return (10**3,)


def structured(n):
    """Numbers that are not aligned."""
    return np.zeros(n, [("a", "i1"), ("x", "f8")])["x"]


def released():
    """A view of memory that was let go."""
    view = memoryview(np.ones(N))
    view.release()
    return view


def with_letter(letter):
    """Arrays of all types."""
    shapes = ((), (N,), (N, 2), (N, 2, 2), (0,), (N, 0), (1,)) if letter in "df" else ((), (N,), (N, 2))
    return [np.zeros(shape, letter) for shape in shapes]


def kinds():
    """Everything, by a name."""
    numbers = np.linspace(0.5, 1.0, 2 * N).reshape(N, 2)
    column, swapped = numbers[:, 0], numbers.astype(">f8")
    given = {f"{letter}{x.shape}": x for letter in LETTERS for x in with_letter(letter)}
    given |= {f"fenced {x.shape}": fenced(x, True) for x in (column, numbers, numbers.T, numbers[:2], column[:3])}
    given |= {f"{k} axes": np.ones((1,) * k) for k in range(6)}
    given |= {
        "scalar": np.float64(0.5), "single": np.float32(0.5), "int": np.int64(2), "bool": np.bool_(True),
        "swapped": swapped, "swapped column": swapped[:, 0], "swapped scalar": swapped[0, 0],
        "fortran": np.asfortranarray(numbers), "reversed": column[::-1], "every second": np.arange(2.0 * N)[::2],
        "no stride": np.broadcast_to(1.5, (N,)), "no strides": np.broadcast_to(1.5, (N, 2)),
        "overlapping": np.lib.stride_tricks.as_strided(column, (N,), (8,)), "transposed": numbers.T,
        "unaligned": structured(N), "unaligned matrix": structured(2 * N).reshape(N, 2),
        "by bytes": np.ones(N).view("u1"), "empty": np.empty(0), "longer": np.ones(N + 1),
        "odd": np.frombuffer(bytearray(8 * N + 1), np.float64, N, 1), "fixed": np.frombuffer(bytes(8 * N)),
        "matrix": np.asmatrix(numbers),
        "records": np.zeros(N, [("a", "f8"), ("b", "f8")]).view(np.recarray), "subclass": column.view(Subclass),
        "memmap": np.ones(N).view(np.memmap), "with metadata": np.ones(N, np.dtype("f8", metadata={"unit": "m"})),
        "objects": np.array([1.0, None, "x"] * 2),
    }  # fmt: skip
    given |= {
        "list": column.tolist(), "nested": numbers.tolist(), "tuple": tuple(column.tolist()), "deep": [[[1.0]]] * N,
        "bytes": bytes(8 * N), "bytearray": bytearray(8 * N), "text": "0.5", "nothing": None, "complex": 1j, "whole": 2,
        "array": array.array("d", [0.5] * N), "single array": array.array("f", [1.0] * N), "mmap": mmap.mmap(-1, 8 * N),
        "view": memoryview(column.copy()), "view of bytes": memoryview(bytes(8 * N)).cast("d"), "released": released(),
        "view without axes": memoryview(bytes(8)).cast("d", ()), "view of no axes": memoryview(np.array(0.5)),
        "cast": memoryview(bytes(16 * N)).cast("d", (N, 2)), "double": ctypes.c_double(0.5),
        "doubles": (ctypes.c_double * N)(*[0.5] * N), "nested doubles": (ctypes.c_double * 2 * N)(),
        "big endian": (ctypes.c_double.__ctype_be__ * N)(), "lying": Lying(), "changing": Changing(), "class": Lying,
        "interface": Interface(), "strided interface": Interface(strides=(-8,), shape=(1,)),
        "empty interface": Interface(shape=(0,)), "interface without axes": Interface(shape=()),
        "bad interface": Interface(typestr="<f3"),
    }  # fmt: skip
    return given


# ---- what is called ----


def functions():
    """Compiled functions, and arguments that they take."""
    p = [Value(0.5), Value(2.0)]
    X, y = np.ones((N, 2)), np.full(N, 0.5)
    made = []
    for executor, dtype in (("native", "float64"), ("native", "float32")):
        given = {"executor": executor, "dtype": dtype}
        a, b = X.astype(dtype), y.astype(dtype)
        made += [
            (lambda u, v: exp(-v * u), (b, b), {"batch": True}, given),
            (lambda x, v: p[0] * x[0] + p[1] * v, (a, b), {"params": p, "reduce": "mean"}, given),
            (lambda x, v: x[0] * v[1] + x[5], (b, b), {}, given),
            (lambda x, v: p[0] * x[0] * v[1] + p[1], (b, b), {"params": p}, given),
            (lambda u, v: exp(u) * v, (0.5, 2.0), {}, given),
        ]
    return made


def outcome(f, args):
    """What comes of a call, or the kind of its error."""
    try:
        return [np.array(x, float).ravel().tolist() for x in flat(f(*args))]
    except (TypeError, ValueError, ArithmeticError, BufferError, LookupError, AttributeError, RecursionError) as error:
        return type(error)


def flat(result):
    return [x for part in result for x in flat(part)] if isinstance(result, tuple) else [result]


def attack(first, step):
    """Every kind in the place of an argument, twice, after a call by which the short way is known."""
    for f, usual, options, given in functions()[first::step]:
        used = compiler.compile(f, **options, **given)
        expected = outcome(used.value_and_grad, usual)
        for turn, (name, x) in enumerate(kinds().items()):
            args = list(usual)
            args[turn % 2] = x
            outcome(used.value_and_grad, args)
            assert same(outcome(used.value_and_grad, usual), expected), (name, options)
            outcome(used.value_and_grad, args)


def agree():
    """Of some kinds the first call and later ones give the same."""
    alike = {name: x for name, x in kinds().items() if name in ALIKE}
    assert len(alike) == len(ALIKE)
    for f, usual, options, given in functions()[:2]:
        used = compiler.compile(f, **options, **given)
        for name, x in alike.items():
            args = [usual[0], x]
            at_first = outcome(compiler.compile(f, **options, **given).value_and_grad, args)
            used.value_and_grad(*usual)
            assert same(at_first, outcome(used.value_and_grad, args)), (name, options)


def same(a, b):
    if isinstance(a, type) or isinstance(b, type):
        return isinstance(a, type) and isinstance(b, type)
    return all(np.allclose(x, y, equal_nan=True, rtol=1e-6) for x, y in zip(a, b, strict=True))


def child(program, *flags):
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", *flags, "-c", f"from tests.compiler.test_buffers import *\n{program}"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["", *sys.path])},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.mark.parametrize("program", ["attack(0, 2)", "attack(1, 2)", "agree()"])
def test_any_object_with_a_buffer_is_read_or_refused_at_every_call(program):
    done = child(program, "-X", "dev", "-W", "ignore")
    assert done.returncode == 0, done.stderr


# ---- what was found ----


@pytest.mark.parametrize("scalar", [np.float64(0.5), np.array(0.5), np.int64(1), memoryview(np.array(0.5)), 0.5, True])
@pytest.mark.parametrize("params", [False, True])
def test_a_number_where_every_argument_has_samples_is_refused_at_every_call(scalar, params):
    k = Value(0.5)
    options = {"params": [k], "reduce": "mean"} if params else {"batch": True}
    c = compiler.compile(lambda t, x: exp(-k * x * t), **options)
    t = np.linspace(0.0, 1.0, 10)
    for _ in range(3):
        for args in ((t, scalar), (scalar, t), (scalar, scalar)):
            with pytest.raises((ValueError, TypeError), match=r"argument [01]"):
                c.value_and_grad(*args)
        c.value_and_grad(t, t)


@pytest.mark.parametrize("view", [structured(N), np.frombuffer(bytearray(8 * N + 1), np.float64, N, 1)])
def test_numbers_that_are_not_aligned_are_read_right(view):
    view[...] = np.arange(N)
    c = compiler.compile(lambda x: x * x, batch=True, executor="native")
    for _ in range(3):
        value, slope = c.value_and_grad(view)
        assert value.tolist() == [float(k * k) for k in range(N)]
        assert slope.tolist() == [2.0 * k for k in range(N)]


def test_numbers_that_may_not_be_written_are_read():
    x = np.linspace(0.0, 1.0, N)
    x.setflags(write=False)
    c = compiler.compile(lambda x: x * x, batch=True, executor="native")
    for _ in range(3):
        assert c.value_and_grad(x)[1].tolist() == (2.0 * x).tolist()


def shape_of(array, shape):
    """Give an array itself another shape, which NumPy 2.5 still does, with a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        array.shape = shape


def test_the_memory_of_the_parameters_stays_where_it_is():
    p = [Value(float(k)) for k in range(4)]
    c = compiler.compile(lambda x: sum(w * x for w in p), params=p, reduce="sum", executor="native")
    x = np.ones(3)
    expected = c.value_and_grad(x)
    with pytest.raises(ValueError, match="resize"):
        c.params.resize(10**6, refcheck=False)
    shape_of(c.params, (2, 2))
    for _ in range(3):
        value, slopes = c.value_and_grad(x)
        assert value == expected[0]
        assert slopes.tolist() == expected[1].tolist() == [3.0] * 4
    shape_of(c.params, (4,))
    c.params += 1.0
    assert c.params.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert c(x) == 30.0


def test_an_array_that_is_not_as_its_block_says_is_refused_before_a_byte_is_read():
    from autograd_mini.compiler.native import tape

    c = compiler.compile(lambda x: x[0] * x[1], batch=True, executor="native")
    c(np.ones((2, 2)))
    frame = tape.Frame(next(iter(c._plans.values())).latest.executor.bound(N))
    good = np.ones((2, N)), np.ones((1, N)), np.ones((2, N))
    fixed = np.ones((1, N))
    fixed.setflags(write=False)
    inputs = [
        np.ones((2, N + 1)), np.ones((1, N)), np.ones((2, 2, N)), np.ones(2 * N), np.array(1.0), np.ones((2, N), "f4"),
        good[0].tolist(), memoryview(good[0]), good[0].view(np.matrix), good[0].astype(">f8"), structured(2 * N), None,
        structured(2 * N).reshape(2, N), np.ones((2, N), "i8"), np.ones((2, N), "O"), np.ones((2, N), "M8[s]"),
    ]  # fmt: skip
    wrong = [(x, *good[1:]) for x in inputs] + [(*good[:2], x) for x in inputs]
    wrong += [(good[0], fixed, good[2]), good[:1], (*good, good[2])]
    call = frame.address, 0, N, N, 1.0, 0
    frame.run(good[:1], good[1], 0, N, 1.0, good[2:])
    for arrays in wrong:
        with pytest.raises((TypeError, ValueError)):
            frame.runner(*call, *arrays)
    with pytest.raises(TypeError, match="another type, shape or place"):
        frame.runner(frame.address)
    frame.runner(*call, *good)


def test_a_process_that_dies_would_be_noticed():
    done = child("os.kill(os.getpid(), signal.SIGSEGV)")
    assert done.returncode == -signal.SIGSEGV
