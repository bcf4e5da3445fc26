"""What a thread does to each node that it makes: nothing, as a rule.  no_grad() is one use of it."""

from _thread import _local
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from . import engine
from .engine import NO_GRAPH, Value, marking

Hook = Callable[[Value], Value]


class _PerThread(_local):
    hooks: tuple[list[Hook], ...] = ()


_thread = _PerThread()
_active: list[list[Hook]] = []  # of the blocks under way, in all threads: without one the engine has nothing to call


@contextmanager
def creation_hook(hook: Hook) -> Iterator[None]:
    """Put `hook(node)` in the place of each node that this thread makes inside a with block.

    >>> made = []
    >>> x = Value(3.0)
    >>> with creation_hook(lambda v: made.append(v.op) or v):
    ...     y = (x * x).exp()
    >>> made
    ['*', 'exp']
    """
    entry = [hook]  # an object of its own: generators may leave their blocks in any order
    with marking:
        _active.append(entry)
        engine._hook = _run_hooks
    try:
        _thread.hooks = (*_thread.hooks, entry)
        yield
    finally:
        _thread.hooks = tuple([other for other in _thread.hooks if other is not entry])
        with marking:
            _active.remove(entry)
            if not _active:
                engine._hook = None


def _run_hooks(v: Value) -> Value:
    for (hook,) in _thread.hooks:
        v = hook(v)
    return v


def no_grad() -> AbstractContextManager[None]:
    """Build no graph in this thread, inside a with block or a function decorated: results are leaves.

    `backward()` on what it made is a `NoGraphError`; in later graphs it is a leaf like any other.

    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """
    return creation_hook(_forget)


def _forget(v: Value) -> Value:
    leaf = Value(v.data)
    leaf._y = NO_GRAPH
    return leaf
