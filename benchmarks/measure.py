"""What the benchmarks share: steps timed in turn, medians of ratios, and what a package does wrong, as it printed it.

How it is measured. One thread. The packages take turns in one process: a round runs each of them for a few milliseconds
of CPU time; a ratio compares two packages within a round, and what is kept are the quartiles over the rounds. Two steps
go before all as a warm-up, and their results are compared; one more goes before each turn, but where it is slow.

The garbage collector is on, as users have it. The packages, once imported, and what was there before the first round
are out of its sight (`gc.freeze`), and between turns, while no clock runs, it collects. So no package pays for the
modules or the garbage of another, and each pays for its own: micrograd's graphs are cyclic, and take as long here as in
a process of their own.
"""

import gc
import importlib
import json
import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

Step = Callable[[], Any]

LIMIT = 20
"""Seconds after which a peer that has not finished its turn is stopped."""

LONGER = {"inductor": 60}
"""The same for a compiler that takes longer than that for anything."""

PATIENCE = 15
"""Seconds after which no more rounds are begun."""

SLOW = 2
"""Seconds of a turn at most, but for the step that it is in."""

ONE_THREAD = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
    "AUTOGRAD_MINI_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # an import is the second one
}
"""The environment of every measurement."""

CACHES = ("AUTOGRAD_MINI_CACHE", "TORCHINDUCTOR_CACHE_DIR")
"""Where compilers keep what they made: empty at the start of each process, or a first call would be a later one."""


class Options(NamedTuple):
    """How a workload is to be measured."""

    quick: bool = False  # small sizes and few rounds, to see that all works
    peers: Sequence[str] | None = None  # only these beside ours, if any are named
    failed: Mapping[str, str] = {}  # those that brought the process down before, and how
    earlier: Mapping[str, Any] = {}  # what the section has so far

    def chosen(self, peer: str) -> bool:
        """Whether it is to be measured."""
        return self.peers is None or peer in self.peers


class LeftOut(Exception):
    """What is not tried, and why."""


# ---- a process of its own ----


def in_process(module: str, function: str, *arguments: Any, seconds: float = LIMIT, **environment: str) -> Any:
    """What a function of one of these modules returns in a fresh process, or its last words, and at whose turn."""
    command = [sys.executable, __file__, module, function, json.dumps(arguments)]
    environ = {**os.environ, **ONE_THREAD, **environment}
    environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    try:
        with TemporaryDirectory() as empty:  # what compilers keep from one process to the next
            environ = dict.fromkeys(CACHES, empty) | environ
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environ, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"over {seconds:g} s", "at": None}
    lines = done.stdout.splitlines()
    if done.returncode == 0:
        return json.loads(lines[-1])
    at = next((line[1:] for line in reversed(lines) if line.startswith("@")), None)
    if done.returncode == -signal.SIGALRM:
        return {"failed": f"over {LONGER.get(at or '', LIMIT)} s", "at": at}
    return {"failed": last_words(done.returncode, done.stderr), "at": at}


def last_words(code: int, stderr: str) -> str:
    """How a process ended."""
    said = [
        line for line in stderr.splitlines() if line.strip() and not line.startswith((" ", "\t", "Extension modules"))
    ]
    if code < 0:
        return next(
            (line for line in said if line.startswith("Fatal Python error")), signal.strsignal(-code) or str(code)
        )
    return said[-1] if said else f"exit {code}"


def at_work(peer: str, limit: int) -> None:
    """Whose turn it is: should it crash or hang, the process ends, and its caller knows whom it was."""
    print(f"@{peer}", flush=True)
    signal.alarm(limit)


def serve(section: str, name: str, options: Sequence[Any]) -> Any:
    """What a section measures of one workload."""
    return with_room(lambda: importlib.import_module(section).measure(name, Options(*options)))


def with_room(f: Callable[[], Any]) -> Any:
    """What f returns, called where it may recurse as deep as a graph is: micrograd does, and others."""
    sys.setrecursionlimit(10_000_000)
    threading.stack_size(512 * 1024 * 1024)
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(f).result()


def _answer(module: str, function: str, arguments: str) -> None:
    result = getattr(importlib.import_module(module), function)(*json.loads(arguments))
    print("\n" + json.dumps(result), flush=True)
    os._exit(0)  # whatever a package does at exit is no part of it


# ---- in turn ----


def compare(
    prepare: Callable[[str], Step | None],
    ours: Sequence[str],
    peers: Sequence[str],
    options: Options,
    *,
    seconds: float = 0.02,
    least: int = 1,
    rounds: int = 15,
    tolerance: float = 1e-7,
) -> dict[str, Any]:
    """An entry for each package that can do the work: what `prepare` returns for it is timed."""
    from peers import load

    entries: dict[str, dict[str, Any]] = {}
    steps: dict[str, Step] = {}
    expected: list[Any] = []
    for peer in (*ours, *(peer for peer in peers if options.chosen(peer))):
        if peer in options.failed:
            entries[peer] = {"failed": options.failed[peer]}
            continue
        at_work(peer, 0 if peer in ours else LONGER.get(peer, LIMIT))
        try:
            load(peer)
            gc.freeze()
            begin = with_children()
            step = prepare(peer)
            if step is None:
                continue
            results = [numbers(step())]
            first = with_children() - begin
            results.append(numbers(step()))
        except ImportError as error:
            entries[peer] = {"failed": f"not installed ({error})"}
        except LeftOut as reason:
            entries[peer] = {"failed": str(reason)}
        except Exception as error:  # noqa: BLE001 - whatever a package raises is its result
            entries[peer] = {"failed": said(error)}
        else:
            expected = expected or results
            wrong = next((pair for pair in zip(results, expected) if not same(*pair, tolerance)), None)
            entries[peer] = {"failed": difference(*wrong)} if wrong else {"first": short(first)}
            if not wrong:
                steps[peer] = step
    times = in_turn(steps, 3 if options.quick else rounds, seconds, least)
    for peer, spent in times.items():
        ratios = {mine: [a / b for a, b in zip(spent, times[mine])] for mine in ours if mine in times}
        entries[peer]["seconds"] = quartiles(spent)
        entries[peer]["ratios"] = {mine: quartiles(values) for mine, values in ratios.items()}
    return entries


def with_children() -> float:
    """The CPU time of this process and of those that it waited for: the C compiler of `torch.compile` is one."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def in_turn(steps: Mapping[str, Step], rounds: int, seconds: float, least: int) -> dict[str, list[float]]:
    """The CPU time of a step of each, round by round: at least three rounds, then as many as there is patience for."""
    times: dict[str, list[float]] = {peer: [] for peer in steps}
    gc.collect()
    gc.freeze()
    begin = time.perf_counter()
    for done in range(rounds):
        if done >= 3 and time.perf_counter() - begin > PATIENCE:
            break
        for peer, step in steps.items():
            at_work(peer, 5 * LIMIT)
            times[peer].append(seconds_each(step, seconds, least))
            gc.collect()
    signal.alarm(0)
    return times


def seconds_each(step: Step, seconds: float, least: int) -> float:
    """The CPU time of a step: the mean over those of a turn, or a single one that takes a turn's time."""
    begin = time.process_time()
    step()
    if (spent := time.process_time() - begin) > SLOW:
        return spent
    count, begin = 0, time.process_time()
    while (spent := time.process_time() - begin) < seconds or (count < least and spent < SLOW):
        for _ in range(1 + count // 2):
            step()
            count += 1
    if least > 1:  # the last step's garbage is its own too
        gc.collect()
        spent = time.process_time() - begin
    return spent / count


# ---- numbers and words ----


def numbers(result: Any) -> Any:
    """A value, and its gradient if it is there, as one flat array."""
    import numpy as np

    if isinstance(result, (tuple, list)):
        return np.concatenate([numbers(part) for part in result])
    if hasattr(result, "toarray"):  # sparse
        result = result.toarray()
    return np.asarray(result, dtype=float).ravel()


def same(one: Any, other: Any, tolerance: float) -> bool:
    """Whether results agree, but for rounding."""
    import numpy as np

    scale = np.max(np.abs(other))
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=tolerance, atol=tolerance * scale))


def difference(one: Any, other: Any) -> str:
    """In what results disagree, in words."""
    if one.shape != other.shape:
        return f"wrong: {one.size} numbers, not {other.size}"
    worst = max(range(one.size), key=lambda i: abs(one[i] - other[i]) if math.isfinite(one[i]) else math.inf)
    return f"wrong: {one[worst]:.8g}, not {other[worst]:.8g}"


def said(error: BaseException) -> str:
    """An error, as Python prints its first line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def quartiles(values: Sequence[float]) -> list[float]:
    """The lower quartile, the median and the upper quartile."""
    if len(values) == 1:
        return [short(values[0])] * 3
    return [short(x) for x in statistics.quantiles(values, n=4, method="inclusive")]


def short(x: float) -> float:
    """To four digits."""
    return float(f"{x:.4g}")


if __name__ == "__main__":
    try:
        _answer(*sys.argv[1:])
    except Exception as error:  # noqa: BLE001 - whatever it is, in one line
        sys.exit(said(error))
