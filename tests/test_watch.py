"""What watch.py promises: a block holds in the task that opened it, from its start to its end, whatever happens."""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograd_mini import AnomalyError, Value, detect_anomaly, grad, log, no_grad
from autograd_mini.hooks import contribution_hook, creation_hook, without_hooks
from autograd_mini.watch import never_raising, open_blocks


def records() -> bool:
    """Whether a graph is built here."""
    return bool((Value(3.0) * 2.0).parents)


# ---- tasks, threads, executors ----


def test_no_grad_does_not_reach_another_task_across_an_await() -> None:
    async def evaluate() -> None:
        with no_grad():
            await asyncio.sleep(0.01)
            assert not records()

    async def train() -> float:
        x = Value(3.0)
        await asyncio.sleep(0)
        y = x * 5.0
        await asyncio.sleep(0.02)
        (y + x).backward()
        return x.grad

    async def both() -> float:
        _, found = await asyncio.gather(evaluate(), train())
        return found

    assert asyncio.run(both()) == 6.0


def test_a_task_begun_inside_a_block_is_in_it_until_the_block_ends() -> None:
    async def child(end: asyncio.Event) -> list[bool]:
        inside = records()
        await end.wait()
        return [inside, records()]

    async def parent() -> list[bool]:
        end = asyncio.Event()
        with no_grad():
            task = asyncio.create_task(child(end))
            await asyncio.sleep(0)
        end.set()
        return await task

    assert asyncio.run(parent()) == [False, True]


def test_threads_and_executors_see_their_own_blocks() -> None:
    with ThreadPoolExecutor(1) as pool:
        with no_grad():
            assert pool.submit(records).result()
            assert not records()
        assert pool.submit(no_grad()(records)).result() is False
        assert pool.submit(records).result()


def test_every_block_belongs_to_its_task() -> None:
    seen: list[str] = []

    def hook(v: Value) -> Value:
        seen.append(v.op)
        return v

    async def watched() -> None:
        swept = contribution_hook(lambda v, adjoint, cs: seen.append("swept"))
        with creation_hook(hook), swept, detect_anomaly(), never_raising():
            await asyncio.sleep(0.01)
            assert len(open_blocks()) == 4

    async def other() -> None:
        await asyncio.sleep(0)
        assert open_blocks() == []
        Value(2.0).exp().backward()
        with pytest.raises(ZeroDivisionError):
            Value(1.0) / 0.0

    async def both() -> None:
        await asyncio.gather(watched(), other())

    asyncio.run(both())
    assert seen == []


# ---- generators ----


def test_a_block_in_a_plain_generator_holds_for_its_caller_until_it_is_closed() -> None:
    def generator() -> Iterator[int]:
        with no_grad():
            yield 1

    steps = generator()
    next(steps)
    assert not records()
    steps.close()
    assert records()


def test_a_generator_closed_in_another_thread_closes_its_block() -> None:
    def generator() -> Iterator[int]:
        with no_grad():
            yield 1

    steps = generator()
    next(steps)
    thread = threading.Thread(target=steps.close)
    thread.start()
    thread.join()
    assert records()


def test_blocks_may_end_in_any_order() -> None:
    first, second = no_grad(), no_grad()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not records()
    second.__exit__(None, None, None)
    assert records()


def test_a_block_is_open_once_at_a_time_and_can_be_used_again() -> None:
    block = no_grad()
    with block, pytest.raises(RuntimeError, match="already open"):
        block.__enter__()
    assert records()
    with block:
        assert not records()
    assert records()


def test_an_exit_stack_closes_blocks() -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_grad())
        stack.enter_context(creation_hook(lambda v: v))
        assert not records()
    assert records()
    assert open_blocks() == []


# ---- decorators ----


def test_a_decorated_function_runs_in_a_block_of_its_own_however_deep_it_calls_itself() -> None:
    @no_grad()
    def depth(n: int) -> int:
        """How deep it is."""
        assert not records()
        return 0 if n == 0 else 1 + depth(n - 1)

    assert depth(5) == 5
    assert (depth.__name__, depth.__doc__) == ("depth", "How deep it is.")
    assert records()


def test_a_decorated_generator_function_is_in_the_block_at_each_step_and_its_caller_is_not() -> None:
    ended: list[str] = []

    @no_grad()
    def generator(n: int) -> Iterator[bool]:
        try:
            for _ in range(n):
                got = yield records()
                if got is not None:
                    yield got
        except KeyError:
            yield records()
        finally:
            ended.append(f"records: {records()}")

    for recorded in generator(3):
        assert not recorded
        assert records()
    steps = generator(3)
    assert next(steps) is False
    assert steps.send("sent") == "sent"  # type: ignore[attr-defined]
    assert records()
    assert steps.throw(KeyError()) is False  # type: ignore[attr-defined]
    steps.close()  # type: ignore[attr-defined]
    assert ended == ["records: False"] * 2
    assert records()


def test_a_decorated_coroutine_function_is_in_the_block_across_its_awaits() -> None:
    @no_grad()
    async def evaluate() -> bool:
        await asyncio.sleep(0.01)
        return records()

    async def other() -> bool:
        await asyncio.sleep(0.005)
        return records()

    async def both() -> list[bool]:
        return await asyncio.gather(evaluate(), other())

    assert asyncio.run(both()) == [False, True]


def test_a_decorated_asynchronous_generator_is_in_the_block_at_each_step() -> None:
    @no_grad()
    async def generator() -> AsyncIterator[bool]:
        yield records()
        await asyncio.sleep(0)
        yield records()

    async def run() -> list[bool]:
        found = []
        async for recorded in generator():
            found += [recorded, records()]
        return found

    assert asyncio.run(run()) == [False, True, False, True]


def test_a_function_decorated_with_detect_anomaly_is_watched_at_every_call() -> None:
    @detect_anomaly()
    def loss(x: Value) -> Value:
        return x * 1e308 * 10.0

    for _ in range(2):
        with pytest.raises(AnomalyError, match="forward pass made inf"):
            loss(Value(1.0))
    assert loss(Value(0.0)).data == 0.0


# ---- blocks within blocks ----


def test_inside_without_hooks_those_around_see_nothing_and_those_within_do() -> None:
    seen: list[str] = []

    def hook(v: Value) -> Value:
        seen.append(v.op)
        return v

    x = Value(2.0)
    with no_grad(), without_hooks():
        assert records()
        with creation_hook(hook):
            _ = x * x
    assert seen == ["*"]


# ---- interrupts ----


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers of signals here")
@pytest.mark.parametrize("block", [no_grad, detect_anomaly, never_raising, lambda: creation_hook(lambda v: v)])
def test_an_interrupt_leaves_no_block_open(block: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
    class Interrupt(BaseException):
        pass

    def interrupt(number: int, frame: object) -> None:
        raise Interrupt

    x, struck = Value(1.0), 0
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for moment in range(1500):
            try:
                signal.setitimer(signal.ITIMER_REAL, 2e-6 + 1e-7 * (moment % 400))
                for _ in range(3):
                    with block():
                        for _ in range(3):
                            _ = x * 2.0
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupt:
                struck += 1
            assert open_blocks() == [], f"at moment {moment}"
            assert records()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert struck > 10


def test_a_block_whose_with_was_left_without_its_exit_is_closed() -> None:
    # As CPython 3.12 and 3.13 leave it when Ctrl-C strikes at the end of a loop's body.
    def generator() -> Iterator[None]:
        with no_grad():
            yield

    steps = generator()
    next(steps)
    block = open_blocks()[0]
    assert not records()
    block.holder = lambda: None  # the frame, and what it held, is gone
    assert records()
    steps.close()
    assert records()


# ---- fork ----


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_forked_while_another_thread_sweeps_goes_on() -> None:
    program = """
        import os, signal, threading, time
        from autograd_mini import Value, no_grad

        x = z = Value(0.5)
        for _ in range(3000):
            z = z * 1.0 + x * 0.001
        x.grad = 7.0
        going = True

        def sweep():
            while going:
                z.backward()
                x.grad = 7.0

        def forget():
            with no_grad():
                while going:
                    time.sleep(0.001)

        def assign():
            while going:
                Value(1.0).data = 2.0

        threads = [threading.Thread(target=f, daemon=True) for f in (sweep, forget, assign)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        failed = 0
        for _ in range(20):
            child = os.fork()
            if child == 0:
                signal.alarm(5)
                y = Value(2.0)
                (y * y).backward()
                y.data = 3.0
                z.backward()  # its nodes were in the middle of a sweep that nobody goes on with
                os._exit(0 if y.grad == 4.0 and not (y * y).is_leaf else 1)
            failed += os.waitpid(child, 0)[1] != 0
            time.sleep(0.002)
        going = False
        print(failed)
    """
    path = os.pathsep.join(p for p in sys.path if p)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


# ---- errors ----


@pytest.fixture
def _no_gc() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_gc")
@pytest.mark.parametrize(
    "fails",
    [lambda y: log(y * -1.0), lambda y: y / 0.0, lambda y: 0.0 ** (y * -1.0), lambda y: (-y) ** 0.5, lambda y: y % 2],
)
def test_an_operation_that_raises_does_not_keep_its_graph_alive(fails: Callable[[Value], object]) -> None:
    def values() -> int:
        return sum(isinstance(o, Value) for o in gc.get_objects())

    def program() -> None:
        y = Value(2.0)
        for _ in range(100):
            y = y * 1.0
        with contextlib.suppress(ArithmeticError, ValueError, TypeError):
            fails(y)

    before = values()
    program()
    assert values() == before


def test_an_error_raised_again_has_its_note_once() -> None:
    error = ValueError("always this one")

    def refuse(x: float) -> float:
        raise error

    from autograd_mini import primitive

    f = primitive(1.0)(refuse)
    for _ in range(5):
        with pytest.raises(ValueError, match="always this one"):
            f(Value(2.0))
    assert error.__notes__ == ["in the operation 'refuse' of Value(data=2.0, grad=0.0)"]


def test_detect_anomaly_tells_of_a_refusal_where_it_is_raised() -> None:
    x = Value(-1.0, label="x")
    with detect_anomaly():
        try:
            x.log()
        except ValueError as error:
            notes = error.__notes__
    assert any("x.log()" in note for note in notes)
    assert any("remedy" in note for note in notes)


def test_derivatives_of_derivatives_in_a_block_are_the_same() -> None:
    with creation_hook(lambda v: v):
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
