"""The two engines side by side: the one in C must show what the one in Python shows, and be faster.

`python benchmarks/cores.py` runs each piece of work in turn on either engine, in processes of their own, and prints the
ratio of the CPU times and whether the numbers are the same to the bit.
"""

import hashlib
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

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


def measured() -> dict[str, tuple[float, str]]:
    """Of each piece of work the CPU time, the median of five, and a hash of what it shows."""
    found = {}
    for name, work in WORK.items():
        work()
        times = []
        for _ in range(5):
            start = time.process_time()
            shown = work()
            times.append(time.process_time() - start)
        found[name] = statistics.median(times), hashlib.sha256(repr(shown).encode()).hexdigest()
    return found


def main() -> None:
    """Print the table."""
    if len(sys.argv) > 1:
        print(json.dumps(measured()))
        return
    rounds: dict[str, list[Any]] = {"python": [], "c": []}
    for _ in range(ROUNDS):
        for core, found in rounds.items():
            command = [sys.executable, __file__, "measure"]
            environment = os.environ | {"AUTOGRAD_MINI_CORE": core}
            done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            found.append(json.loads(done.stdout))
    print(f"{'work':<56} {'Python ÷ C':>10}  bits")
    for name in WORK:
        python, c = (statistics.median(found[name][0] for found in rounds[core]) for core in rounds)
        same = len({found[name][1] for core in rounds for found in rounds[core]}) == 1
        print(f"{name:<56} {python / c:>10.1f}  {'the same' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
