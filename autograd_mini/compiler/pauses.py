"""Pauses other traces, the garbage collector and forks where needed, and lets a forked child continue.

A child has none of its parent's other threads, so nobody there would release the locks that they held.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any
from weakref import WeakSet


def one_at_a_time() -> Any:
    """A lock that is free in a forked child, unless the thread that forks holds it."""
    lock = RLock()
    _locks.add(lock)
    return lock


_locks: WeakSet[Any] = WeakSet()
_pauses: set[object] = set()  # pauses of the collector
_is_stopped = False  # the first pause stops it, the last one starts it again


@contextmanager
def no_collector() -> Iterator[None]:
    """Inside, garbage is not collected: the collector would visit a growing graph again and again, all of it alive."""
    global _is_stopped
    pause = object()
    try:
        with _pausing:
            _pauses.add(pause)
            if gc.isenabled():
                _is_stopped = True
                gc.disable()
        yield
    finally:
        with _pausing:
            _pauses.discard(pause)
            _go_on()


def _go_on() -> None:
    """Start the collector again if there are no pauses left."""
    global _is_stopped
    if _is_stopped and not _pauses:
        _is_stopped = False
        gc.enable()


def _begin_in_child() -> None:
    for lock in list(_locks):
        if lock.acquire(blocking=False):
            lock.release()
        else:
            lock._at_fork_reinit()  # as the standard library does with its own locks
    _pauses.clear()
    _go_on()


# A fork waits until these are free, because a child could not repair the state that they protect.  They are defined
# here together, so that they exist before any thread can hold one: a lock that is registered while a fork waits would
# be released without being acquired.  The order matters: the holder of the first may free code, which needs the last.
_pausing = RLock()  # held while a pause begins or ends
importing = RLock()  # held during an import on demand: a fork in the middle would leave Python's import lock held
llvm_lock = RLock()  # LLVM is used by one thread at a time


def _before_fork() -> None:
    _pausing.acquire()
    importing.acquire()
    llvm_lock.acquire()


def _after_fork() -> None:
    llvm_lock.release()
    importing.release()
    _pausing.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
    os.register_at_fork(after_in_child=_begin_in_child)
