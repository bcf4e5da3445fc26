"""What the time of our own work is spent on: an operation of the engine, a sweep, a compilation.

An operation is taken apart by classes that do a part of what Value does; what is left over is the arithmetic itself,
the question what the other operand is, and the hooks.
"""

import gc
import re
import time
import timeit
from typing import Any

import numpy as np
from growth import given, program
from measure import Options, quartiles

from autograd_mini import Value, compiler, functions, topological_order

WORKLOADS = ("operation", "sweep", "compilation")
SLOTS = ("_a", "_b", "_data", "_grad", "_label", "_made", "_many", "_rule", "_x", "_y")


class Node:
    """As large as a Value, and made as quickly as Python can."""

    __slots__ = SLOTS


class Nothing:
    """An operator written in Python that does nothing."""

    __slots__ = SLOTS

    def __mul__(self, other: Any) -> None: ...


class Made(Nothing):
    """One that makes a node."""

    __slots__ = ()

    def __mul__(self, other: Any) -> Any:
        return Node()


class Filled(Nothing):
    """One that fills its slots too."""

    __slots__ = ()

    def __mul__(self, other: Any) -> Any:
        v = Node()
        v._rule = v._data = v._x = v._y = v._a = v._b = v._many = v._made = v._grad = other
        return v


def seconds(statement: str, number: int = 1, rounds: int = 9, **names: Any) -> list[float]:
    """The quartiles of the time of a statement."""
    timer = timeit.Timer(statement, globals=names, timer=time.process_time)
    return quartiles([t / number for t in timer.repeat(rounds, number)])


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entry."""
    title, parts = PARTS[name]
    return {"title": title, "entries": {part: {"seconds": found} for part, found in parts(options.quick).items()}}


def operation(quick: bool) -> dict[str, list[float]]:
    """From an empty operator to x * y."""
    number = 2_000 if quick else 200_000
    kinds = {
        "an operator in Python that does nothing": Nothing,
        "… that makes a node, which is freed": Made,
        "… and fills its slots": Filled,
    }
    parts = {text: seconds("x * x", number, x=kind()) for text, kind in kinds.items()}
    return parts | {"x * y of two Values": seconds("x * y", number, x=Value(1.5), y=Value(2.5))}


def sweep(quick: bool) -> dict[str, list[float]]:
    """Each node's share in a graph of a thousand."""
    x = root = Value(0.5)
    for _ in range(500):
        root = (root * x).tanh()
    number = 10 if quick else 100

    def share(statement: str) -> list[float]:
        return [t / 1000 for t in seconds(statement, number, root=root, topological_order=topological_order)]

    return {
        "finding the order": share("topological_order(root)"),
        "backward(), that included": share("root.backward()"),
    }


def compilation(quick: bool) -> dict[str, list[float]]:
    """Of a program of 10,000 nodes without pattern, the machine's kernels being in the user's cache folder."""
    rows: dict[str, list[float]] = {"tracing": [], "grouping": [], "the whole first call": [], "any later call": []}
    f = program(10_000)
    xs = np.array(given())
    for _ in range(3 if quick else 9):
        compiled = compiler.compile(lambda x: f(x, functions))
        begin = time.process_time()
        compiled.value_and_grad(xs)
        whole = time.process_time() - begin
        said = re.search(r"traced in ([\d.]+) ms, compiled in ([\d.]+) ms", compiled.explain())
        assert said is not None
        found = [*[float(ms) / 1e3 for ms in said.groups()], whole]
        found.append(seconds("f(x)", 20, 3, f=compiled.value_and_grad, x=xs)[1])
        for row, t in zip(rows.values(), found):
            row.append(t)
        gc.collect()
    return {part: quartiles(times) for part, times in rows.items()}


PARTS = {
    "operation": ("One operation", operation),
    "sweep": ("A node of a sweep", sweep),
    "compilation": ("A program of 10,000 nodes without pattern, compiled", compilation),
}
