"""What a node of a function costs: beside the nodes that it stands for, and beside a compiled call on plain numbers.

    python benchmarks/function_nodes.py

CPU time in microseconds, the least of many, in turn in one process; memory is the peak of what Python allocates.
`AUTOGRAD_MINI_CORE=python` measures the engine in Python.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import autograd_mini
from autograd_mini import Value, checkpoint, compiler, exp, grad, sin, tanh

ROUNDS = 9


def least(*fs: Callable[[], Any], times: int) -> list[float]:
    """The CPU time of a call of each, in microseconds."""
    best = [float("inf")] * len(fs)
    for _ in range(ROUNDS):
        for k, f in enumerate(fs):
            start = time.process_time()
            for _ in range(times):
                f()
            best[k] = min(best[k], (time.process_time() - start) / times * 1e6)
    return best


def peak(f: Callable[[], Any]) -> float:
    """The memory that a call needs, in KiB."""
    gc.collect()
    tracemalloc.start()
    f()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1024.0


def table(title: str, names: tuple[str, ...], rows: list[tuple[str, list[float]]]) -> None:
    print(f"\n{title}\n\n|  | {' | '.join(names)} |\n| --- |{' ---: |' * len(names)}")
    for name, numbers in rows:
        print(f"| {name} | {' | '.join([f'{x:,.1f}' for x in numbers])} |")


def small(x: Any, y: Any) -> Any:
    return sin(x * y) + exp(x) / y


def several(x: Any, y: Any) -> Any:
    return [x * y, sin(x) + y, exp(y) * x]


def rosenbrock(x: Any) -> Any:
    return sum([100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1)])


def orbit(x: Any) -> Any:
    """A thousand steps in four numbers."""
    q, p = x[:2], x[2:]
    for _ in range(1000):
        p = [p[i] - 0.01 * tanh(q[i] + 0.1 * q[1 - i]) for i in range(2)]
        q = [q[i] + 0.01 * p[i] for i in range(2)]
    return q[0] * q[0] + p[1]


def one_node() -> None:
    x, y = Value(0.3), Value(1.2)
    rows = []
    for name, f in (("5 operations, one result", small), ("6 operations, three results", several)):
        kinds = [f, checkpoint(f), compiler.compile(f)]
        total: Callable[[Any], Any] = sum if f is several else (lambda z: z)
        work = [lambda g=g, total=total: total(g(x, y)).backward() for g in kinds]
        rows.append((name, least(*work, times=200)))
    table("Forward and backward, µs", ("eager", "checkpoint", "compiled"), rows)


def gradients() -> None:
    rows = []
    for name, f, at in [
        *[(f"Rosenbrock, {n}", rosenbrock, [0.5 + 0.001 * i for i in range(n)]) for n in (2, 100, 1000)],
        ("1,000 steps in 4 numbers", orbit, [0.3, 0.4, 0.5, 0.6]),
    ]:
        compiled, values = compiler.compile(f), [Value(x) for x in at]
        compiled.value_and_grad(at)
        work = [
            lambda f=f, at=at: grad(f)(at),
            lambda c=compiled, at=at: grad(c)(at),
            lambda c=compiled, at=at: c.value_and_grad(at),
            lambda f=f, values=values: f(values).backward(),
            lambda c=compiled, values=values: c(values).backward(),
        ]
        rows.append((name, least(*work, times=max(1, 300 // len(at)) if f is rosenbrock else 3)))
    names = ("grad(f)", "grad(compiled)", "value_and_grad", "f(Values), backward", "compiled(Values), backward")
    table("Gradients, µs", names, rows)


def chain(x: Any, n: int) -> Any:
    for _ in range(n):
        x = sin(x) * 1.01 + 0.1
    return x


def parts(n: int, count: int) -> None:
    x, part = Value(0.3), checkpoint(lambda x: chain(x, n // count))
    for _ in range(count):
        x = part(x)
    x.backward()


def memory() -> None:
    rows = []
    for n, count in ((2500, 50), (10_000, 100), (40_000, 200)):
        kept, forgotten = (lambda n=n: chain(Value(0.3), n).backward()), (lambda n=n, count=count: parts(n, count))
        rows.append((f"{n:,} steps in {count} parts", [peak(kept), peak(forgotten), *least(kept, forgotten, times=1)]))
    table("A chain in parts", ("KiB", "KiB, checkpoint", "µs", "µs, checkpoint"), rows)


if __name__ == "__main__":
    print(f"The engine is the one in {autograd_mini.core}.")
    one_node()
    gradients()
    memory()
