"""Hooks, contexts and traces that watch the engine, each in the task that opened it.

A `Block` is open from the start of a `with` to its end.  A context variable lists the blocks of a task, so threads
and asyncio tasks don't see each other's.  One call into C closes a block, so Ctrl-C can't interrupt it halfway.  A
closed block stays in the lists here until they are read the next time; readers skip it.

Here and in sweep.py, no loop is inside a `try` that has to clean up after Ctrl-C: when Ctrl-C arrives at the end of a
loop's body, CPython 3.12 and 3.13 leave the function without running its handlers.  The same happens in a user's
`with`.  So a block also counts as closed when the `with` that entered it is gone: only that `with` holds the `__exit__`
that the block gave out.
"""

import os
from _thread import RLock, allocate_lock, get_ident
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import ref

from . import cores

Function = TypeVar("Function", bound=Callable[..., Any])

count = 0  # advanced by every assignment of a number to a Value, and by every run of a transform
assigned = 0  # the count at the latest assignment
lock = RLock()  # for both counts

hooks: "dict[Block, None]" = {}  # open in some task, with a hook on nodes; usually empty
traces: "dict[Block, None]" = {}  # open in some task, with a trace; usually empty
# For each running backward(), by the address of the first: its nodes, the gradients of leaves before it, its thread.
sweeps: dict[int, tuple[Sequence[Any], Mapping[Any, float | None], int]] = {}

transforms: ContextVar[int] = ContextVar("transforms", default=0)  # how many run a function in this task
_blocks: "ContextVar[tuple[Block, ...]]" = ContextVar("autograd_mini", default=())  # outermost first


def advance() -> int:
    """A new count, higher than any before."""
    global count
    with lock:
        count += 1
        return count


def assign(leaf: bool) -> int:
    """The stamp of an assignment: a new count, negative for a result of an operation."""
    global assigned
    with lock:
        assigned = advance()
        return assigned if leaf else -assigned


def latest_assignment() -> int:
    """The count at the latest assignment."""
    return assigned


class _Closing:
    """The `__exit__` of a block: that of a lock, so Ctrl-C can't arrive between the call and its effect."""

    def __get__(self, block: "Block | None", kind: type) -> Any:
        if block is None:
            return self
        close = block.held.__exit__
        block.given = ref(close)
        return close

    def __call__(self, block: "Block", *error: Any) -> None:  # contextlib.ExitStack asks the class
        block.held.__exit__(*error)


def _nothing() -> None: ...


class Block:
    """Settings of a task inside a `with`, or inside each call of a function that it decorates.

    In a generator function they apply inside each step, and not to the caller between two steps.

    Args:
        made: takes each new node, and returns its replacement.
        passed: takes each node that a sweep passes, its adjoint and its contributions; it may return other ones.
        refused: takes each error that an operation raises, its rule and its operands.
        trace: is told of comparisons, and of numbers that are read.
        quiet: if Python's floats raise, the operation has its IEEE value instead.
        alone: inside, the hooks of the blocks around this one are off.
        again: makes another block like this, for each call of a decorated function.
    """

    def __init__(
        self,
        *,
        made: Callable[[Any], Any] | None = None,
        passed: Callable[[Any, Any, tuple[Any, ...]], Any] | None = None,
        refused: Callable[[Exception, Any, Any], None] | None = None,
        trace: Any = None,
        quiet: bool = False,
        alone: bool = False,
        again: "Callable[[], Block] | None" = None,
    ) -> None:
        self.made, self.passed, self.refused, self.trace = made, passed, refused, trace
        self.quiet, self.alone = quiet, alone
        self.again: Callable[[], Block] = again or (
            lambda: Block(made=made, passed=passed, refused=refused, trace=trace, quiet=quiet, alone=alone)
        )
        self.held = allocate_lock()  # locked while the block is open
        self.given: Callable[[], Any] = _nothing  # a reference to the latest `__exit__`, None when no `with` holds it
        self.holder: Callable[[], Any] | None = None  # the same for the `with` that entered, if one did

    @property
    def is_open(self) -> bool:
        """Whether its `with` is still open."""
        return self.held.locked() and (self.holder is None or self.holder() is not None)

    def __enter__(self) -> None:
        if self.is_open:
            raise RuntimeError("this block is already open: make another one for a `with` inside it")
        try:
            self._open()
        except BaseException:
            if self.held.locked():
                self.held.release()
            raise

    def _open(self) -> None:
        self.holder = self.given if self.given() is not None else None
        self.held.acquire(blocking=False)
        _blocks.set((*open_blocks(), self))
        if self.made or self.passed:
            hooks[self] = None
        if self.trace:
            traces[self] = None

    if TYPE_CHECKING:

        def __exit__(self, *error: object) -> None: ...

    else:
        __exit__ = _Closing()

    def __call__(self, f: Function) -> Function:
        """A function that runs in a new block each time it is called."""
        import inspect  # here, because it takes longer to import than this package

        decorated: Any
        if inspect.isasyncgenfunction(f):

            def decorated(*args: Any, **named: Any) -> Any:
                return _async_steps(f(*args, **named), self.again)

        elif inspect.isgeneratorfunction(f):

            def decorated(*args: Any, **named: Any) -> Any:
                return _steps(f(*args, **named), self.again)

        elif inspect.iscoroutinefunction(f):

            async def decorated(*args: Any, **named: Any) -> Any:
                with self.again():
                    return await f(*args, **named)

        else:

            def decorated(*args: Any, **named: Any) -> Any:
                with self.again():
                    return f(*args, **named)

        return cast(Function, wraps(f)(decorated))


def _steps(generator: Generator[Any, Any, Any], again: Callable[[], Block]) -> Generator[Any, Any, Any]:
    """The generator, with each of its steps in a block."""
    step: Callable[[Any], Any] = generator.send
    given: Any = None
    while True:
        try:
            with again():
                item = step(given)
        except StopIteration as end:
            return end.value
        try:
            step, given = generator.send, (yield item)
        except GeneratorExit:
            with again():
                generator.close()
            raise
        except BaseException as error:  # noqa: BLE001  (it goes on into the generator)
            step, given = generator.throw, error


async def _async_steps(generator: AsyncGenerator[Any, Any], again: Callable[[], Block]) -> AsyncGenerator[Any, Any]:
    step: Callable[[Any], Any] = generator.asend
    given: Any = None
    while True:
        try:
            with again():
                item = await step(given)
        except StopAsyncIteration:
            return
        try:
            step, given = generator.asend, (yield item)
        except GeneratorExit:
            with again():
                await generator.aclose()
            raise
        except BaseException as error:  # noqa: BLE001  (it goes on into the generator)
            step, given = generator.athrow, error


# ---- questions of the engine ----


def open_blocks() -> list[Block]:
    """The open blocks of this task, the outermost first.  Closed blocks, of any task, are removed here."""
    for register in (hooks, traces):
        for block in list(register):
            if not block.is_open:
                register.pop(block, None)
    return [block for block in _blocks.get() if block.is_open]


def made(v: Any) -> Any:
    """The hooks' replacement of a new node.  Only the blocks up to the innermost one that is alone count."""
    found = []
    for block in reversed(_blocks.get()):
        if block.is_open:
            if block.made is not None:
                found.append(block.made)
            if block.alone:
                break
    if not found:
        open_blocks()  # forgets what is closed
    for hook in reversed(found):
        v = hook(v)
    return v


def take_down(record: Any) -> None:
    """Let a record store by itself each node made in the innermost block, if that block has the only hook."""
    blocks = open_blocks()
    inner = 1 + max([k for k, block in enumerate(blocks) if block.alone], default=-1)
    others = [block for block in blocks[:-1] if block.quiet] + [block for block in blocks[inner:-1] if block.made]
    if not others:
        record.begin(_blocks, _blocks.get(), blocks[-1].holder)


def inspectors() -> list[Callable[[Any, Any, tuple[Any, ...]], Any]]:
    """The functions that see each node that a sweep passes."""
    return [block.passed for block in open_blocks() if block.passed]


def trace() -> Any:
    """The running trace of this task, or None."""
    if not traces:
        return None
    found = [block.trace for block in open_blocks() if block.trace]
    return found[-1] if found else None


def is_quiet() -> bool:
    """Whether an operation should have its IEEE value where floats raise."""
    return any(block.quiet for block in open_blocks())


def read(v: Any, what: str) -> None:
    """Tell the trace that a number is read from v; it may raise."""
    if traces and (run := trace()):
        run.read(v, what)


def never_raising() -> Block:
    """Inside, an operation has its IEEE value where Python's floats would raise."""
    return Block(quiet=True)


# ---- after an error, after a fork ----


def put_back(order: Sequence[Any], before: Mapping[Any, float | None]) -> None:
    """Restore the gradients of leaves, and reset those of results, in one call into C, which Ctrl-C can't interrupt."""
    if before:
        any(map(setattr, order, repeat("_grad"), map(before.get, order)))


def _after_fork() -> None:
    """In the child only the thread that forked continues: undo the sweeps and close the blocks of the others."""
    global lock
    lock = RLock()
    for key, (order, before, thread) in list(sweeps.items()):
        if thread != get_ident():
            put_back(order, before)
            sweeps.pop(key)
    if cores.c is not None:
        cores.c.after_fork()
    for register in (hooks, traces):
        for block in register.keys() - _blocks.get():
            register.pop(block, None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


if cores.c is not None:  # the count is kept in C
    advance, latest_assignment = cores.c.advance, cores.c.latest_assignment
