"""Groups of operations made with @primitive: instructions of the machine whose kernels are Python.

The machine calls them as it calls any other, and they work on the same rows of V and G.  An exception can't go through
machine code: it waits until the machine has come to its end, and what is still to be called then does nothing.  An
interrupt may come before the first line of a kernel, where nothing can catch it, so it is counted how many were begun.
"""

import ctypes
from _thread import _local
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from ...rule import Rule
from ..arrays import elementwise
from ..graph import OPERATIONS
from ..program import Group
from ..text import slope_of

_Kernel: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)  # called, takes the lock
Rows = slice | Any  # or an array of their numbers


def is_own(group: Group) -> bool:
    """Whether its operation was made with @primitive."""
    return OPERATIONS.get(group.rule.name) is not group.rule


class _Run:
    """One run of the machine: how many kernels in Python were begun, and what one of them raised."""

    begun = 0
    error: BaseException | None = None


class _PerThread(_local):
    run = _Run()


_thread = _PerThread()


class Callback(NamedTuple):
    """An instruction: what is to be done with V and G, matrices of slots by lanes."""

    work: Callable[[Any, Any], None]

    def kernel(self, slots: int, width: int, dtype: Any) -> Any:
        """The function that C may call for as long as it is kept."""
        memory = ctypes.c_char * (slots * width * dtype.itemsize)

        @cache
        def matrix(address: int) -> Any:
            return np.frombuffer(memory.from_address(address), dtype).reshape(slots, width)

        def called(code: int, v: int, g: int) -> None:
            del code
            run = _thread.run
            run.begun += 1
            if run.error is None:
                try:
                    self.work(matrix(v), matrix(g))
                except BaseException as error:  # noqa: BLE001  (an interrupt too)
                    run.error = error

        return _Kernel(called)


@contextmanager
def calls(expected: int) -> Iterator[None]:
    """Around a run of the machine that calls so many kernels in Python: raises what they raised."""
    before, run = _thread.run, _Run()
    _thread.run = run
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _thread.run = before
    if run.error is not None:
        raise run.error
    if run.begun < expected:
        raise KeyboardInterrupt


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
