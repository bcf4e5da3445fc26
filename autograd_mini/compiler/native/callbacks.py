"""Groups of operations made with @primitive: instructions of the machine whose kernels are Python.

The machine calls them like any other kernel, and they work on the same rows of V and G.  An exception can't pass
through machine code.  So it stays pending in the thread that runs the machine: further kernels in Python do nothing,
and the caller of the machine raises it.  The same is true of Ctrl-C, wherever in the kernel it arrives: no Python code
has to catch it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_char
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from ...rule import Rule
from ..arrays.ufuncs import elementwise
from ..program import Group
from ..python.expressions import slope_of
from ..record.graph import is_python
from . import capi
from .kernels.access import SIGNATURE
from .llvm.code import Code

KERNEL: Final = "call_python"
FRAMES: Final = 64  # for so many frames of memory the matrices are kept
Rows = slice | Any  # or an array of row numbers


def is_own(group: Group) -> bool:
    """Whether only Python can run its operation."""
    return is_python(group.rule)


class Callback(NamedTuple):
    """An instruction: a function of V and G, matrices with a row for each slot and a column for each lane."""

    work: Callable[[Any, Any], None]

    def called(self, slots: int, width: int, dtype: Any) -> Callable[[int, int], None]:
        """Called by the kernel with the addresses of V and G."""
        memory = c_char * (slots * width * dtype.itemsize)

        @lru_cache(FRAMES)
        def matrix(address: int) -> Any:
            return np.frombuffer(memory.from_address(address), dtype).reshape(slots, width)

        return lambda v, g: self.work(matrix(v), matrix(g))


def kernel(needs: dict[str, str]) -> str:
    """The kernel for all of them: it calls the function of its instruction, unless an exception is pending."""
    capi.declare(needs)
    code = Code(needs)
    state = code.let("call i32 @PyGILState_Ensure()")
    pending = code.let("call ptr @PyErr_Occurred()")
    with code.when(code.let(f"icmp eq ptr {pending}, null")):
        _call(code)
    code.do(f"call void @PyGILState_Release(i32 {state})")
    return code.function(f"void @{KERNEL}{SIGNATURE}")


def _call(code: Code) -> None:
    given = code.place("[2 x ptr]")
    with _object(code, "call ptr @PyLong_FromVoidPtr(ptr %v)") as v:
        code.store("ptr", v, given, 8)
        with _object(code, "call ptr @PyLong_FromVoidPtr(ptr %g)") as g:
            code.store("ptr", g, code.at(given, "1", "ptr"), 8)
            work = code.pointer("%code", 1)
            with _object(code, f"call ptr @PyObject_Vectorcall(ptr {work}, ptr {given}, i64 2, ptr null)"):
                pass


@contextmanager
def _object(code: Code, call: str) -> Iterator[str]:
    """Code that uses the object from a call, and then releases it.  If the call fails, the code does not run."""
    made = code.let(call)
    with code.when(code.let(f"icmp ne ptr {made}, null")):
        yield made
        code.do(f"call void @Py_DecRef(ptr {made})")


def forward(rule: Rule, results: slice, operands: Sequence[Rows], lanes: slice) -> Callback:
    """The instruction that evaluates a group in these lanes; the result of a single lane goes to all."""
    value = elementwise(rule)

    def work(v: Any, g: Any) -> None:
        del g
        v[results] = value(*[v[rows, lanes] for rows in operands])

    return Callback(work)


def backward(rule: Rule, results: slice, operands: Sequence[Rows], lanes: slice, active: Sequence[bool]) -> Callback:
    """The instruction that adds adjoint · slope to the adjoints of the operands that are active."""
    slopes = [elementwise(slope_of(rule, i)) if wanted else None for i, wanted in enumerate(active)]

    def work(v: Any, g: Any) -> None:
        numbers = [v[rows, lanes] for rows in (results, *operands)]
        for rows, slope in zip(operands, slopes):
            if slope is None:
                continue
            c = g[results] * slope(*numbers)
            if isinstance(rows, slice):
                g[rows] += c
            else:
                np.add.at(g, rows, c)

    return Callback(work)
