"""Speed and memory of the eager engine against micrograd from PyPI, as a Markdown table.

    python benchmarks/eager.py                       # everything, about five minutes on a quiet core
    python benchmarks/eager.py --only chain dots     # some workloads
    python benchmarks/eager.py --rounds 9

How it is measured. micrograd leaves cyclic garbage, and in one process whoever allocates next pays for it. So every
measurement has a process of its own, the engines take turns, the collector stays on as users run it, and what counts is
the mean CPU time over at least seven repetitions after one warm-up. A ratio compares the two engines within one round;
the table shows the median over the rounds and, in brackets, the smallest and largest. The figures inform: nothing here
asserts a time.

"operators" is micrograd's own way of writing, the same program on our `Value`: for the moons that includes micrograd's
own `nn` module. "n-ary" is the way that autograd_mini offers: its `nn`, its `dot`.
"""

import argparse
import gc
import importlib.metadata
import importlib.util
import itertools
import math
import platform
import random
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

MIN_REPETITIONS = 7
MIN_SECONDS = 1.0
"""A measurement repeats its step at least so often and for at least so long."""


# ---------------------------------------------------------------------------------------------------------- the engines


class Engine(NamedTuple):
    """What a workload is written in."""

    Value: Any
    MLP: Any
    dot: Callable[[Sequence[Any], Sequence[Any]], Any]


def dot_by_operators(ws: Sequence[Any], xs: Sequence[Any]) -> Any:
    """The scalar product as micrograd's users write it."""
    return sum(w * x for w, x in zip(ws, xs, strict=True))


def micrograd_nn(value: Any) -> Any:
    """A fresh copy of micrograd's own `nn` module, reading `value` where it reads micrograd's `Value`."""
    spec = importlib.util.find_spec("micrograd.nn")
    if spec is None or spec.loader is None:
        raise SystemExit("micrograd is not installed: pip install micrograd")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.Value = value
    return module


def micrograd() -> Engine:
    """micrograd as it comes from PyPI, and `tanh`, which it lacks, as Karpathy adds it in his lecture."""
    from micrograd.engine import Value

    def tanh(self: Any) -> Any:
        t = math.tanh(self.data)
        out = Value(t, (self,), "tanh")

        def _backward() -> None:
            self.grad += (1 - t**2) * out.grad

        out._backward = _backward
        return out

    Value.tanh = tanh
    return Engine(Value, micrograd_nn(Value).MLP, dot_by_operators)


def operators() -> Engine:
    """autograd_mini's `Value` under micrograd's own code."""
    from autograd_mini import Value

    return Engine(Value, micrograd_nn(Value).MLP, dot_by_operators)


def n_ary() -> Engine:
    """autograd_mini with its own `nn` and `dot`: one node for each weighted sum."""
    from autograd_mini import Value, dot
    from autograd_mini.nn import MLP

    return Engine(Value, MLP, dot)


ENGINES: dict[str, Callable[[], Engine]] = {"micrograd": micrograd, "operators": operators, "n-ary": n_ary}


# -------------------------------------------------------------------------------------------------------- the workloads


def half_moons(count: int, noise: float = 0.1, seed: int = 1337) -> tuple[list[list[float]], list[int]]:
    """Two interleaved half circles with gaussian noise and the labels −1 and 1, in plain Python numbers."""
    rng = random.Random(seed)
    points, labels = [], []
    for i in range(count):
        angle = math.pi * (i // 2) / (count // 2 - 1)
        x, y = math.cos(angle), math.sin(angle)
        if i % 2:
            x, y = 1 - x, 0.5 - y
        points.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
        labels.append(1 if i % 2 else -1)
    return points, labels


def moons_loss(engine: Engine) -> tuple[Any, Callable[[], Any]]:
    """The model and the loss of micrograd's demo.ipynb: max-margin on 100 points, with L2 regularization."""
    Value = engine.Value
    random.seed(1337)
    model = engine.MLP(2, [16, 16, 1])
    X, y = half_moons(100)

    def loss() -> Any:
        inputs = [list(map(Value, xrow)) for xrow in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        return data_loss + reg_loss

    return model, loss


def moons(engine: Engine) -> Callable[[], None]:
    """A training step of the demo."""
    model, loss = moons_loss(engine)

    def step() -> None:
        total_loss = loss()
        model.zero_grad()
        total_loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad

    return step


CHAIN_LENGTH = 20_000


def chain_forward(engine: Engine) -> Any:
    """x ← tanh(x·w + b), over and over: the last x."""
    x, w, b = engine.Value(0.5), engine.Value(0.9), engine.Value(0.1)
    for _ in range(CHAIN_LENGTH):
        x = (x * w + b).tanh()
    return x


def chain(engine: Engine) -> Callable[[], None]:
    """A deep and narrow graph."""
    return lambda: chain_forward(engine).backward()


def dots(engine: Engine) -> Callable[[], None]:
    """100 scalar products of length 100, added up."""
    rng = random.Random(2)
    rows = [[engine.Value(rng.gauss(0, 1)) for _ in range(100)] for _ in range(100)]
    xs = [engine.Value(rng.gauss(0, 1)) for _ in range(100)]
    return lambda: sum(engine.dot(ws, xs) for ws in rows).backward()


def rosenbrock(variables: int) -> Callable[[Engine], Callable[[], None]]:
    """Value and gradient of Rosenbrock's function, from fresh `Value`s, about 1800 terms a step."""

    def workload(engine: Engine) -> Callable[[], None]:
        start = [0.1 * i - 0.4 for i in range(variables)]
        times = 1800 // (variables - 1)

        def step() -> None:
            for _ in range(times):
                x = [engine.Value(number) for number in start]
                f = sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))
                f.backward()

        return step

    return workload


class Workload(NamedTuple):
    """A program to time, and how many times faster than micrograd it should be on each of our engines."""

    title: str
    prepare: Callable[[Engine], Callable[[], None]]
    targets: dict[str, float]


WORKLOADS: dict[str, Workload] = {
    "moons": Workload("moons training step, MLP 2-16-16-1, 100 points", moons, {"operators": 10, "n-ary": 20}),
    "chain": Workload("chain of tanh(x·w + b), 20,000 steps", chain, {"operators": 6}),
    "dots": Workload("100 dots of length 100", dots, {"operators": 7, "n-ary": 20}),
    "rosenbrock10": Workload("Rosenbrock, 10 variables", rosenbrock(10), {"operators": 3.5}),
    "rosenbrock2": Workload("Rosenbrock, 2 variables", rosenbrock(2), {"operators": 3.5}),
}

MEMORY: dict[str, tuple[str, Callable[[Engine], Callable[[], Any]]]] = {
    "chain-bytes": ("chain of tanh(x·w + b)", lambda engine: lambda: chain_forward(engine)),
    "moons-bytes": ("moons loss, micrograd's own nn code", lambda engine: moons_loss(engine)[1]),
}
MEMORY_TARGET = 144
"""Bytes a node after the forward pass, at most."""


# ----------------------------------------------------------------------------------------- one measurement, one process


def seconds_a_step(step: Callable[[], None]) -> float:
    """The mean CPU time of a step."""
    step()
    count, start, spent = 0, time.process_time(), 0.0
    while count < MIN_REPETITIONS or spent < MIN_SECONDS:
        step()
        count += 1
        spent = time.process_time() - start
    return spent / count


def count_nodes(root: Any) -> int:
    """The nodes below `root` and itself."""
    seen, stack = {root}, [root]
    while stack:
        fresh = stack.pop()._prev - seen
        seen |= fresh
        stack.extend(fresh)
    return len(seen)


def bytes_a_node(forward: Callable[[], Any]) -> float:
    """What the graph of a forward pass takes, a node, when all that it doesn't need is gone."""
    forward()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    root = forward()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / count_nodes(root)


def measure(engine_name: str, key: str) -> float:
    """The figure of one engine and one workload, in this process."""
    engine = ENGINES[engine_name]()
    if key in MEMORY:
        return bytes_a_node(MEMORY[key][1](engine))
    return seconds_a_step(WORKLOADS[key].prepare(engine))


def work(engine_name: str, key: str) -> None:
    """Measure and print, in a thread with a stack large enough for micrograd's recursion over a deep graph."""
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    figures: list[float] = []
    thread = threading.Thread(target=lambda: figures.append(measure(engine_name, key)))
    thread.start()
    thread.join()
    print(*figures)
    sys.exit(not figures)


def measured(engine_name: str, key: str) -> float:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--worker", engine_name, key]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


# ------------------------------------------------------------------------------------------------------------ the table


def speed_rows(key: str, rounds: int) -> Iterable[str]:
    """The rows of one workload: one for each way that has a target."""
    title, _, targets = WORKLOADS[key]
    times: dict[str, list[float]] = {name: [] for name in ["micrograd", *targets]}
    for _ in range(rounds):
        for name, figures in times.items():
            figures.append(measured(name, key))
    for name, target in targets.items():
        ratios = [base / own for base, own in zip(times["micrograd"], times[name], strict=True)]
        base_ms, own_ms = (1000 * statistics.median(times[who]) for who in ("micrograd", name))
        reached = f"**{statistics.median(ratios):.1f}×** ({min(ratios):.1f}–{max(ratios):.1f})"
        yield f"| {title} | {name} | {base_ms:.2f} | {own_ms:.2f} | {target:g}× | {reached} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Speed and memory against micrograd.")
    parser.add_argument("--rounds", type=int, default=5, help="how often the engines take turns (default: 5)")
    parser.add_argument("--only", nargs="+", choices=[*WORKLOADS, *MEMORY], help="the workloads to run (default: all)")
    parser.add_argument("--worker", nargs=2, metavar=("ENGINE", "WORKLOAD"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(*options.worker)
        return
    chosen = options.only or [*WORKLOADS, *MEMORY]

    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, micrograd {importlib.metadata.version('micrograd')} from PyPI, gc on, CPU time,")
    print(f"median of {options.rounds} rounds (smallest–largest)\n")
    speed = [key for key in WORKLOADS if key in chosen]
    if speed:
        print("| workload | written with | micrograd, ms | autograd_mini, ms | target | reached |")
        print("|---|---|---:|---:|---:|---:|", flush=True)
    for key in speed:
        for row in speed_rows(key, options.rounds):
            print(row, flush=True)
    memory = [key for key in MEMORY if key in chosen]
    if memory:
        print("\n| bytes a node after the forward pass | micrograd | autograd_mini | target |")
        print("|---|---:|---:|---:|", flush=True)
    for key in memory:
        base, own = (measured(name, key) for name in ("micrograd", "operators"))
        print(f"| {MEMORY[key][0]} | {base:.0f} | **{own:.0f}** | ≤ {MEMORY_TARGET} |", flush=True)


if __name__ == "__main__":
    main()
