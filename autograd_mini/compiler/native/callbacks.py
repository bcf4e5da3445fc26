"""Groups of operations made with @primitive: instructions of the machine whose kernels are Python.

The machine calls them as it calls any other, and they work on the same rows of V and G.  An exception can't go through
machine code.  So it is left pending, as Python has it, in the thread that runs the machine: what is still to be called
then does nothing, and whoever ran the machine raises it.  That holds for an interrupt, wherever in the kernel it comes:
nothing in Python has to catch it.
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
FRAMES: Final = 64  # whose matrices are kept at hand
Rows = slice | Any  # or an array of their numbers


def is_own(group: Group) -> bool:
    """Whether its operation is one that Python alone can run."""
    return is_python(group.rule)


class Callback(NamedTuple):
    """An instruction: what is to be done with V and G, matrices of slots by lanes."""

    work: Callable[[Any, Any], None]

    def called(self, slots: int, width: int, dtype: Any) -> Callable[[int, int], None]:
        """What the kernel calls with the addresses of V and G."""
        memory = c_char * (slots * width * dtype.itemsize)

        @lru_cache(FRAMES)
        def matrix(address: int) -> Any:
            return np.frombuffer(memory.from_address(address), dtype).reshape(slots, width)

        return lambda v, g: self.work(matrix(v), matrix(g))


def kernel(needs: dict[str, str]) -> str:
    """The kernel of all of them: it calls what its instruction names, unless something was raised before."""
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
    """What to do with an object that a call gives; it is let go after that.  Nothing, if there is an error instead."""
    made = code.let(call)
    with code.when(code.let(f"icmp ne ptr {made}, null")):
        yield made
        code.do(f"call void @Py_DecRef(ptr {made})")


def forward(rule: Rule, results: slice, operands: Sequence[Rows], lanes: slice) -> Callback:
    """The instruction that evaluates a group, in these lanes; where there is one, all get what it gives."""
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
