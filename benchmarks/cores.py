"""The two engines side by side: the one in C must show what the one in Python shows, and be faster.

Each piece of work runs in turn on either engine, in processes of their own; the hashes of what they show must be equal,
so every number is the same to the bit.
"""

import hashlib
import itertools
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import eager
from measure import Options, in_process, quartiles

from autograd_mini import (
    Value,
    compiler,
    dot,
    draw,
    exp,
    explain,
    formula,
    grad,
    gradcheck,
    hessian,
    jacobian,
    nn,
    tanh,
)
from autograd_mini.nn import optim

ROUNDS = 3

OPTIMISERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda ps: optim.SGD(ps, lr=0.05),
    "SGD with momentum": lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9),
    "SGD, Nesterov": lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9, nesterov=True),
    "RMSProp": lambda ps: optim.RMSProp(ps, lr=0.01),
    "Adam": lambda ps: optim.Adam(ps, lr=0.01),
    "AdamW": lambda ps: optim.AdamW(ps, lr=0.01, weight_decay=0.01),
}


def training(optimiser: str) -> list[float]:
    """Thirty steps on a network of 2, 8 and 1 neurons: the weights."""
    rng = random.Random(3)
    points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(20)]
    model = nn.MLP(2, [8, 1], "tanh", seed=5)
    steps = OPTIMISERS[optimiser](model.parameters())
    for _ in range(30):
        loss = nn.mse([model(p) for p in points], [x * y for x, y in points])
        steps.zero_grad()
        loss.backward()
        steps.step()
    return [p.data for p in model.parameters()]


def rosenbrock(xs: Any) -> Any:
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(xs))


def chain(n: int, w: Any) -> Any:
    x, b = Value(0.5), Value(0.1)
    for _ in range(n):
        x = tanh(x * w + b)
    return x


def explained() -> Any:
    w = Value(0.9)
    return str(explain(chain(2000, w), w))


def checked() -> Any:
    return str(gradcheck(rosenbrock, [[0.3, -0.7, 1.1, 0.9, -1.2, 0.4]]))


def drawn() -> Any:
    return draw(chain(20, Value(0.9))).svg


def written() -> Any:
    return formula(chain(5, Value(0.9)))


def traced() -> Any:
    f = compiler.compile(rosenbrock, executor="source")
    return f.value_and_grad([0.01 * i for i in range(200)])


def transformed() -> Any:
    xs = [0.1 * i for i in range(20)]
    return grad(rosenbrock)(xs), hessian(rosenbrock)(xs), jacobian(lambda v: [exp(a) * a for a in v])(xs)


def nested() -> Any:
    return [grad(lambda x, i=i: grad(lambda y: tanh(x * y) ** 2)(x + 0.01 * i))(0.3) for i in range(200)]


def dots() -> Any:
    rows = [[Value(0.01 * (i - j)) for i in range(100)] for j in range(100)]
    xs = [Value(0.1 * i) for i in range(100)]
    total = sum(dot(row, xs) for row in rows)
    total.backward()
    return [total.data, *[x.grad for x in xs]]


WORK: dict[str, Callable[[], Any]] = {
    "explain, 6,000 nodes": explained,
    "gradcheck, Rosenbrock of 6": checked,
    "draw, 63 boxes": drawn,
    "formula": written,
    "the trace and first call of compile, 1,400 operations": traced,
    "grad, hessian, jacobian of 20": transformed,
    "grad in grad, 200 times": nested,
    "dot, 100 of 100": dots,
    **{f"training by {name}": lambda name=name: training(name) for name in OPTIMISERS},
}


EAGER = {name: f"eager: {step.__doc__}" for name, step in eager.WORKLOADS.items()}
WORKLOADS = (*EAGER, *WORK)


def measure(name: str, options: Options) -> dict[str, Any]:
    """An entry for each engine: the CPU time, beside that of the engine in C, and whether the bits are the same."""
    spent: dict[str, list[float]] = {"c": [], "python": []}
    shown = set()
    for _ in range(1 if options.quick else ROUNDS):
        for core, times in spent.items():
            found = in_process("cores", "once", name, seconds=120, AUTOGRAD_MINI_CORE=core)
            if "failed" in found:
                return {"entries": {core: found}}
            times.append(found["seconds"])
            shown.add(found["shown"])
    entries = {
        core: {
            "seconds": quartiles(times),
            "ratios": {"c": quartiles([a / b for a, b in zip(times, spent["c"])])},
            "same": len(shown) == 1,
        }
        for core, times in spent.items()
    }
    return {"title": EAGER.get(name, name), "entries": entries}


def once(name: str) -> dict[str, Any]:
    """The CPU time of a piece of work, the median of five, and a hash of what it shows."""
    work = eager.WORKLOADS[name]("eager") if name in EAGER else WORK[name]
    work()
    times = []
    for _ in range(5):
        start = time.process_time()
        shown = work()
        times.append(time.process_time() - start)
    return {"seconds": statistics.median(times), "shown": hashlib.sha256(repr(shown).encode()).hexdigest()}
