"""What a thread does to each node that it makes or sweeps: nothing, as a rule.  no_grad() is one use of it."""

import sys
from _thread import _local
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from . import engine
from .engine import NO_GRAPH, Value, marking, require_unobserved

Hook = Callable[[Value], Value]
Inspector = Callable[[Value, Any, tuple[Any, ...]], None]


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


@contextmanager
def without_hooks() -> Iterator[None]:
    """Inside, no hook sees the nodes of this thread, and graphs are built under no_grad() too."""
    before, _thread.hooks = _thread.hooks, ()
    try:
        yield
    finally:
        _thread.hooks = before


def _run_hooks(v: Value) -> Value:
    for (hook,) in _thread.hooks:
        v = hook(v)
    return v


@contextmanager
def contribution_hook(hook: Inspector) -> Iterator[None]:
    """Call `hook(node, adjoint, contributions)` for each node that this thread's sweeps pass inside a with block.

    A leaf is passed too, with its gradient and no contributions, after all those that it receives.  What the hook
    raises ends the sweep there.  The gradients are the same to the bit, and slower to come by.

    >>> x = Value(3.0)
    >>> with contribution_hook(lambda v, adjoint, cs: print(v.op or "leaf", adjoint, cs)):
    ...     (x * x).backward()
    * 1.0 (3.0, 3.0)
    leaf 6.0 ()
    """

    def inspector(v: Value, adjoint: Any, cs: tuple[Any, ...]) -> None:  # an object of its own, as above
        hook(v, adjoint, cs)

    try:
        engine.this_thread.inspectors = (*engine.this_thread.inspectors, inspector)
        yield
    finally:
        engine.this_thread.inspectors = tuple([i for i in engine.this_thread.inspectors if i is not inspector])


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
    require_unobserved(v, "no_grad()")
    leaf = Value(v.data)
    leaf._y = NO_GRAPH
    return leaf


class SourceLine(NamedTuple):
    """A line of a user's program.

    >>> str(SourceLine("train.py", 7))
    'train.py:7'
    """

    path: str
    number: int

    @property
    def text(self) -> str:
        """What stands in the line, "" where the file cannot be read."""
        import linecache

        return linecache.getline(self.path, self.number).strip()

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"


_PACKAGE = __file__.removesuffix("hooks.py")
_DEMOS = _PACKAGE + "_demos"  # in the wheel: users of the package like any other


def source_line() -> SourceLine:
    """The line being run in the innermost caller outside this package: for a hook of ours, the one that makes the node.

    >>> source_line().number
    1
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return SourceLine(frame.f_code.co_filename, frame.f_lineno)


def is_ours(path: str) -> bool:
    return path.startswith(_PACKAGE) and not path.startswith(_DEMOS)
