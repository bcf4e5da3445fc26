"""What is held up meanwhile: other traces, the garbage collector, a fork; and how a forked child goes on all the same.

A child has none of its parent's other threads: what these held at that moment, nobody there would ever let go.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any
from weakref import WeakSet


def one_at_a_time() -> Any:
    """A lock that a child has free, unless the thread that forks holds it."""
    lock = RLock()
    _locks.add(lock)
    return lock


_locks: WeakSet[Any] = WeakSet()
_pauses: dict[object, bool] = {}  # of the collector, and whether it was running before


@contextmanager
def no_collector() -> Iterator[None]:
    """Inside, no garbage is collected: a graph that grows, all of it alive, would be gone through again and again."""
    pause, was_running = object(), gc.isenabled()
    _pauses[pause] = was_running
    gc.disable()
    try:
        yield
    finally:
        if _pauses.pop(pause, False):
            gc.enable()


def _begin_in_child() -> None:
    for lock in list(_locks):
        if lock.acquire(blocking=False):
            lock.release()
        else:
            lock._at_fork_reinit()  # as the standard library does with its own
    if any(_pauses.values()):
        gc.enable()
    _pauses.clear()


# A fork waits until these are free, since what they guard could not be mended in a child.  They are here together, to
# be known before any thread can hold one: what is registered while a fork waits would be released, and never acquired.
importing = RLock()  # held while a module is imported that is not always needed: Python would leave it locked
llvm_lock = RLock()  # LLVM is used by one thread at a time


def _before_fork() -> None:
    importing.acquire()
    llvm_lock.acquire()


def _after_fork() -> None:
    llvm_lock.release()
    importing.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
    os.register_at_fork(after_in_child=_begin_in_child)
