"""Hooks that see each node that a task makes or sweeps.  no_grad() is one of them."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from .engine import Value, leaf
from .watch import Block, read

Hook = Callable[[Value], Value]
Inspector = Callable[[Value, Any, tuple[Any, ...]], None]


def creation_hook(hook: Hook) -> Block:
    """Replace each node that this task makes inside a with block by `hook(node)`.

    >>> made = []
    >>> x = Value(3.0)
    >>> with creation_hook(lambda v: made.append(v.op) or v):
    ...     y = (x * x).exp()
    >>> made
    ['*', 'exp']
    """
    return Block(made=hook)


def contribution_hook(hook: Inspector) -> Block:
    """Call `hook(node, adjoint, contributions)` for each node that this task's sweeps pass inside a with block.

    The hook also sees each leaf, with its gradient and no contributions, after everything that the leaf receives.  If
    the hook raises, the sweep ends there.  The gradients are the same to the bit, but sweeps are slower.

    >>> x = Value(3.0)
    >>> with contribution_hook(lambda v, adjoint, cs: print(v.op or "leaf", adjoint, cs)):
    ...     (x * x).backward()
    * 1.0 (3.0, 3.0)
    leaf 6.0 ()
    """

    def passed(v: Value, adjoint: Any, cs: tuple[Any, ...]) -> None:
        hook(v, adjoint, cs)  # its result is ignored

    return Block(passed=passed)


def without_hooks() -> Block:
    """Inside, no hook of an outer block sees the nodes of this task, and graphs are built even under no_grad()."""
    return Block(alone=True)


def no_grad() -> Block:
    """Build no graph in this task, inside a with block or a decorated function: results are leaves.

    `backward()` on such a result raises `NoGraphError`; in later graphs it is a leaf like any other.  A decorated
    generator function is in the block during each of its steps, but its caller is not.  In contrast, a `with` in the
    body of a plain generator also applies to the caller, until the block is closed.

    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """
    return Block(made=_forget)


def _forget(v: Value) -> Value:
    read(v, "no_grad()")
    return leaf(v.data, origin="was made under no_grad()")


class SourceLine(NamedTuple):
    """A line of a user's program.

    >>> str(SourceLine("train.py", 7))
    'train.py:7'
    """

    path: str
    number: int

    @property
    def text(self) -> str:
        """The text of the line, or "" if the file cannot be read."""
        import linecache

        return linecache.getline(self.path, self.number).strip()

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"


_PACKAGE = __file__.removesuffix("hooks.py")
_DEMOS = _PACKAGE + "_demos"  # in the wheel: users of the package like any other


def source_line() -> SourceLine:
    """The line that runs in the innermost caller outside this package: in our hooks, the line that makes the node.

    >>> source_line().number
    1
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return SourceLine(frame.f_code.co_filename, frame.f_lineno)


def is_ours(path: str) -> bool:
    return path.startswith(_PACKAGE) and not path.startswith(_DEMOS)
