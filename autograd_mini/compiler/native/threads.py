"""Splits batches over the cores: machine code runs without the interpreter's lock.

How samples are divided depends on their number and on the program, never on the number of threads, and sums are
combined in the order of the parts.  So any number of threads gives the same bits.  AUTOGRAD_MINI_THREADS sets this
number; the default is the number of cores that this process may use.
"""

import os
from _thread import _local
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..pauses import importing

PART: Final = 2**19  # slots times samples: the least work for a thread
PARTS: Final = 32


def divided(n: int, slots: int, lanes: int) -> list[tuple[int, int]]:
    """n samples in parts: the first and the end of each; all but the last are a multiple of the lanes."""
    count = max(1, min(PARTS, n * slots // PART))
    step = -(-n // (count * lanes)) * lanes
    return [(first, min(first + step, n)) for first in range(0, n, step)]


def count() -> int:
    """The number of threads to use.

    Raises:
        ValueError: AUTOGRAD_MINI_THREADS is not a number.
    """
    named = os.environ.get("AUTOGRAD_MINI_THREADS", "")
    if named:
        if not named.isdecimal() or int(named) < 1:
            raise ValueError(f"AUTOGRAD_MINI_THREADS must be a number of threads, not {named!r}")
        return int(named)
    available = getattr(os, "sched_getaffinity", None)
    return len(available(0)) if available else os.cpu_count() or 1


class _PerThread(_local):
    is_ours = False


_thread = _PerThread()
_pools: dict[int, Any] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # a child does not have these threads


def all_done(job: Callable[[Any], None], parts: Sequence[Any]) -> None:
    """Run a job for each part, and wait for all.  The job must tolerate running twice.

    Inside one of the threads, as when a primitive calls a compiled function, it runs right there: all other threads
    might be waiting.
    """
    threads = 1 if _thread.is_ours else min(count(), len(parts))
    if threads > 1:
        try:
            list(_pool(threads).map(job, parts))
            return
        except RuntimeError:  # no thread can start: the interpreter is ending, or the system's limit is reached
            pass
    for part in parts:
        job(part)


def _pool(threads: int) -> Any:
    if threads not in _pools:
        with importing:  # this import takes longer than the rest of the executor
            from concurrent.futures import ThreadPoolExecutor

        _pools.setdefault(threads, ThreadPoolExecutor(threads, "autograd_mini", _begun))
    return _pools[threads]


def _begun() -> None:
    _thread.is_ours = True
