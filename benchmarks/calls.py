"""What a call of a compiled function costs, form by form: `python benchmarks/calls.py`, a minute.

In each group the forms are called in turn, and the least CPU time of many turns counts.  The last column is the cost
relative to the first form of the group: floats, or arrays of float64.
"""

import random
import time
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_mini import Value, compiler, exp, nn, sin

CALLS, TURNS = 200, 15
Pair = namedtuple("Pair", "x k")
Forms = Mapping[str, Callable[[], Any]]


@dataclass
class Record:
    x: Any
    k: Any


def wave(x: Any, k: Any) -> Any:
    return exp(-k * x) * sin(x)


def tiny(x: Any, y: Any) -> Any:
    return x * y + x


def numbers() -> Forms:
    """a tiny function of two numbers"""
    plain = compiler.compile(tiny)
    pair = compiler.compile(lambda v: tiny(v[0], v[1]))
    named = compiler.compile(lambda d: tiny(d["x"], d["k"]))
    record = compiler.compile(lambda r: tiny(r.x, r.k))
    beside = Value(0.5)
    captured = compiler.compile(lambda x, y: tiny(x, y) * beside)
    checked = compiler.compile(tiny, check="raise")
    one, two, single = np.float64(1.0), np.float64(2.0), np.float32(1)
    mapping, tuple_, made = {"x": 1.0, "k": 2.0}, Pair(1.0, 2.0), Record(1.0, 2.0)
    alone, array, ints = np.array(1.0), np.array([1.0, 2.0]), np.array([1, 2])
    return {
        "floats": lambda: plain.value_and_grad(1.0, 2.0),
        "value alone": lambda: plain(1.0, 2.0),
        "ints": lambda: plain.value_and_grad(1, 2),
        "bools": lambda: plain.value_and_grad(True, False),
        "np.float64": lambda: plain.value_and_grad(one, two),
        "np.float32": lambda: plain.value_and_grad(single, single),
        "arrays without axes": lambda: plain.value_and_grad(alone, alone),
        "by keyword": lambda: plain.value_and_grad(1.0, y=2.0),
        "list": lambda: pair.value_and_grad([1.0, 2.0]),
        "tuple": lambda: pair.value_and_grad((1.0, 2.0)),
        "list of ints": lambda: pair.value_and_grad([1, 2]),
        "array": lambda: pair.value_and_grad(array),
        "array of ints": lambda: pair.value_and_grad(ints),
        "dict": lambda: named.value_and_grad(mapping),
        "named tuple": lambda: record.value_and_grad(tuple_),
        "dataclass": lambda: record.value_and_grad(made),
        "a captured Value": lambda: captured.value_and_grad(1.0, 2.0),
        "check='raise'": lambda: checked.value_and_grad(1.0, 2.0),
    }


def samples() -> Forms:
    """a batch of 8"""
    floats = np.linspace(0.5, 1.5, 8)
    mapping, tuple_, made = {"x": floats, "k": floats}, Pair(floats, floats), Record(floats, floats)
    ints, singles, listed = np.arange(1, 9), floats.astype("f4"), floats.tolist()
    plain = compiler.compile(wave, batch=True)
    named = compiler.compile(lambda d: wave(d["x"], d["k"]), batch=True)
    record = compiler.compile(lambda r: wave(r.x, r.k), batch=True)
    matrix = compiler.compile(lambda p: wave(p[0][0] * p[0][1], p[1][0]), batch=True)
    beside = Value(0.5)
    captured = compiler.compile(lambda x, k: wave(x, k) * beside, batch=True)
    checked = compiler.compile(wave, batch=True, check="raise")
    single = compiler.compile(wave, batch=True, dtype="float32")
    shared = compiler.compile(wave, batch=True, shared="k")
    on_numpy = compiler.compile(wave, batch=True, executor="numpy")
    squares, rows = np.ones((8, 2, 2)), np.ones((8, 2, 2)).tolist()
    return {
        "float64": lambda: plain.value_and_grad(floats, floats),
        "value alone": lambda: plain(floats, floats),
        "one int64": lambda: plain.value_and_grad(floats, ints),
        "one float32": lambda: plain.value_and_grad(floats, singles),
        "lists": lambda: plain.value_and_grad(listed, listed),
        "by keyword": lambda: plain.value_and_grad(floats, k=floats),
        "dict": lambda: named.value_and_grad(mapping),
        "named tuple": lambda: record.value_and_grad(tuple_),
        "dataclass": lambda: record.value_and_grad(made),
        "2 × 2 each": lambda: matrix.value_and_grad(squares),
        "lists of 2 × 2 each": lambda: matrix.value_and_grad(rows),
        "a captured Value": lambda: captured.value_and_grad(floats, floats),
        "check='raise'": lambda: checked.value_and_grad(floats, floats),
        "a float32 program": lambda: single.value_and_grad(singles, singles),
        "the same, float64": lambda: single.value_and_grad(floats, floats),
        "shared": lambda: shared.value_and_grad(floats, 0.5),
        "on NumPy": lambda: on_numpy.value_and_grad(floats, floats),
    }


def long() -> Forms:
    """500 operations on ten numbers"""

    def f(x: Any) -> Any:
        y = list(x)
        for k in range(250):
            y[k % 10] = y[k % 10] * 0.9 + sin(y[(k * 7 + 3) % 10])
        return sum(y)

    compiled = compiler.compile(f)
    floats = np.linspace(0.1, 1.0, 10)
    listed, ints, array = floats.tolist(), list(range(10)), np.arange(10)
    return {
        "float64": lambda: compiled.value_and_grad(floats),
        "value alone": lambda: compiled(floats),
        "int64": lambda: compiled.value_and_grad(array),
        "list": lambda: compiled.value_and_grad(listed),
        "tuple": lambda: compiled.value_and_grad(tuple(listed)),
        "list of ints": lambda: compiled.value_and_grad(ints),
    }


def training() -> Forms:
    """a step of an MLP 2-16-16-1, 32 samples"""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(32, 2)), rng.normal(size=32)
    model = nn.MLP(2, [16, 16, 1], seed=1)
    made = {
        name: compiler.compile(lambda x, y: (model(x) - y) ** 2, params=model, reduce="mean", executor=name)
        for name in ("native", "numpy")
    }
    return {
        "native": lambda: made["native"].value_and_grad(X, Y),
        "value alone": lambda: made["native"](X, Y),
        "float32": lambda: made["native"].value_and_grad(X.astype("f4"), Y),
        "on NumPy": lambda: made["numpy"].value_and_grad(X, Y),
    }


def derivatives() -> Forms:
    """derivatives of Rosenbrock's function of ten numbers"""

    def f(x: Any) -> Any:
        return sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])

    compiled = compiler.compile(f)
    x = np.linspace(0.5, 1.5, 10)
    return {
        "value_and_grad": lambda: compiled.value_and_grad(x),
        "hvp": lambda: compiled.hvp(x, x),
        "jvp": lambda: compiled.jvp(x, x),
        "vjp": lambda: compiled.vjp(x, 1.0),
        "jacobian": lambda: compiled.jacobian(x),
        "hessian": lambda: compiled.hessian(x),
    }


def branches() -> Forms:
    """functions whose branches change at most calls"""

    def ordered(x: Any) -> Any:
        return sum([(k + 1) * v for k, v in enumerate(sorted(x))])

    def looked_up(x: Any) -> Any:
        for k in range(40):
            if x < k:
                return x * k
        return x

    def root(x: Any) -> Any:
        y = x
        while abs(y * y - x) > 1e-9 * x:
            y = 0.5 * (y + x / y)
        return y

    rng = random.Random(0)
    six = [[rng.random() for _ in range(6)] for _ in range(2000)]
    places = [rng.uniform(0.0, 39.0) for _ in range(300)]
    radicands = [10.0 ** rng.uniform(-5.0, 5.0) for _ in range(300)]
    made = [compiler.compile(f) for f in (ordered, looked_up, root)]
    for x in six:
        made[0].value_and_grad(x)
    rounds = [_round(points) for points in (six, places, radicands)]
    return {
        "a sort of six numbers": lambda: made[0].value_and_grad(next(rounds[0])),
        "a table of forty": lambda: made[1].value_and_grad(next(rounds[1])),
        "a while until converged": lambda: made[2].value_and_grad(next(rounds[2])),
    }


def _round(points: Any) -> Iterator[Any]:
    while True:
        yield from points


GROUPS = (numbers, samples, long, training, derivatives, branches)


def measured(forms: Forms) -> dict[str, float]:
    """The least CPU time of a call of each, in µs."""
    for call in forms.values():
        for _ in range(3):
            call()
    least = dict.fromkeys(forms, float("inf"))
    for _ in range(TURNS):
        for name, call in forms.items():
            begin = time.process_time()
            for _ in range(CALLS):
                call()
            least[name] = min(least[name], (time.process_time() - begin) / CALLS * 1e6)
    return least


def main() -> None:
    for group in GROUPS:
        times = measured(group())
        print(f"\n{group.__doc__}")
        first = next(iter(times.values()))
        for name, spent in times.items():
            print(f"  {name:26}{spent:9.2f} µs{spent / first:9.2f}")


if __name__ == "__main__":
    main()
