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
_pauses: set[object] = set()  # of the collector
_is_stopped = False  # by the first of them; the last one lets it run again


@contextmanager
def no_collector() -> Iterator[None]:
    """Inside, no garbage is collected: a graph that grows, all of it alive, would be gone through again and again."""
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
    """Let the collector run again if nobody pauses it any more."""
    global _is_stopped
    if _is_stopped and not _pauses:
        _is_stopped = False
        gc.enable()


def _begin_in_child() -> None:
    for lock in list(_locks):
        if lock.acquire(blocking=False):
            lock.release()
        else:
            lock._at_fork_reinit()  # as the standard library does with its own
    _pauses.clear()
    _go_on()


# A fork waits until these are free, since what they guard could not be mended in a child.  They are here together, to
# be known before any thread can hold one: what is registered while a fork waits would be released, and never acquired.
# In this order, since whoever holds the first may come upon code that nobody needs any more, and give it back to LLVM.
_pausing = RLock()  # held while a pause begins or ends
importing = RLock()  # held while a module is imported that is not always needed: Python would leave it locked
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
