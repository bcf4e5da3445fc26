"""Speed of compiled programs against PyTorch, JAX, CasADi, HIPS autograd and micrograd, as Markdown tables.

    python benchmarks/compiled.py                          # everything, some minutes
    python benchmarks/compiled.py --only moons tiny        # some workloads
    python benchmarks/compiled.py --peers torch jax        # some peers

How it is measured: one thread, all peers in turn in one process, garbage collector on. A round runs each of them for a
few milliseconds of CPU time; a ratio compares two within one round, and the table has medians over the rounds. Each
program is written as users of that package write it: scalars with loops for autograd_mini, micrograd and CasADi, arrays
for the others. Results are compared before anything is timed. The figures inform: nothing here asserts a time.
"""
# ruff: noqa: E402

import os

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["AUTOGRAD_MINI_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_ENABLE_X64"] = "1"

import argparse
import itertools
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini import compiler, nn

Step = Callable[[], Any]
OURS = ("native", "numpy")  # executors of ours: "numpy" is straight-line Python where the program is tiny
PEERS = ("torch", "jax", "casadi", "autograd", "micrograd")


# ---- workloads: a function of the peer's name that returns what to time, and to compare, or None ----


def moons(peer: str) -> Step | None:
    """One training step of an MLP 2-16-16-1, relu, hinge loss and a regulariser, on 100 points."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    Y = np.where(X[:, 0] + X[:, 1] ** 2 > 0.5, 1.0, -1.0)
    model = nn.MLP(2, [16, 16, 1], seed=1)
    start = [p.data for p in model.parameters()]
    if peer in OURS:

        def loss(x: Any, y: Any) -> Any:
            return am.relu(1.0 - y * model(x)) + 1e-4 * sum(p * p for p in model.parameters())

        step = compiler.compile(loss, params=model, reduce="mean", executor=peer)

        def train() -> float:
            cost, gradient = step.value_and_grad(X, Y)
            step.params -= 0.001 * gradient
            return float(cost)

        train.compiled = step  # type: ignore[attr-defined]
        return train
    weights = _matrices(start, [2, 16, 16, 1])
    if peer == "torch":
        import torch

        layers = [torch.nn.Linear(2, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU()]
        net = torch.nn.Sequential(*layers, torch.nn.Linear(16, 1)).double()
        with torch.no_grad():
            for p, w in zip(net.parameters(), [a for pair in weights for a in pair]):
                p.copy_(torch.from_numpy(w))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.001)
        tx, ty = torch.from_numpy(X), torch.from_numpy(Y)

        def train() -> float:
            optimizer.zero_grad()
            cost = torch.relu(1.0 - ty * net(tx)[:, 0]).mean() + 1e-4 * sum((p * p).sum() for p in net.parameters())
            cost.backward()
            optimizer.step()
            return cost.item()

        return train
    if peer in ("jax", "autograd"):
        return _train_arrays(peer, weights, X, Y)
    if peer == "casadi":
        import casadi as ca

        p, x, y = ca.SX.sym("p", len(start)), ca.SX.sym("x", 2), ca.SX.sym("y")
        at, a = 0, [x[0], x[1]]
        for nin, nout in ((2, 16), (16, 16), (16, 1)):
            z = []
            for _ in range(nout):
                total = p[at + nin]
                for i in range(nin):
                    total = total + p[at + i] * a[i]
                z.append(total)
                at += nin + 1
            a = z if nout == 1 else [ca.fmax(v, 0) for v in z]
        one = ca.Function("one", [p, x, y], [ca.fmax(1 - y * a[0], 0)])
        P = ca.MX.sym("P", len(start))
        cost = ca.sum2(one.map(100)(P, X.T, Y[None])) / 100 + 1e-4 * ca.sumsqr(P)
        both = ca.Function("both", [P], [cost, ca.gradient(cost, P)])
        numbers = np.array(start)

        def train() -> float:
            cost, gradient = both(numbers)
            numbers[:] -= 0.001 * np.asarray(gradient)[:, 0]
            return float(cost)

        return train
    from micrograd.nn import MLP

    mlp = MLP(2, [16, 16, 1])
    for p, x in zip(mlp.parameters(), start):
        p.data = x

    def train() -> float:
        scores = [mlp(list(x)) for x in X.tolist()]
        losses = [(1 + -y * score).relu() for y, score in zip(Y.tolist(), scores)]
        cost = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in mlp.parameters())
        mlp.zero_grad()
        cost.backward()
        for p in mlp.parameters():
            p.data -= 0.001 * p.grad
        return cost.data

    return train


def _matrices(numbers: Sequence[float], widths: Sequence[int]) -> list[tuple[Any, Any]]:
    """Parameters of an MLP in our order as a matrix and a vector for each layer."""
    pairs, at = [], 0
    for nin, nout in itertools.pairwise(widths):
        block = np.array(numbers[at : at + nout * (nin + 1)]).reshape(nout, nin + 1)
        pairs.append((block[:, :-1].copy(), block[:, -1].copy()))
        at += block.size
    return pairs


def _train_arrays(peer: str, weights: list[tuple[Any, Any]], X: Any, Y: Any) -> Step:
    if peer == "jax":
        import jax
        import jax.numpy as xp
    else:
        import autograd
        import autograd.numpy as xp

    def loss(weights: Any) -> Any:
        a = X
        for w, b in weights[:-1]:
            a = xp.maximum(a @ w.T + b, 0.0)
        score = (a @ weights[-1][0].T + weights[-1][1])[:, 0]
        return xp.mean(xp.maximum(1.0 - Y * score, 0.0)) + 1e-4 * sum((p * p).sum() for pair in weights for p in pair)

    state = [weights]
    if peer == "jax":

        @jax.jit
        def update(weights: Any) -> Any:
            cost, gradient = jax.value_and_grad(loss)(weights)
            return cost, jax.tree.map(lambda p, g: p - 0.001 * g, weights, gradient)

        def train() -> float:
            cost, state[0] = update(state[0])
            return float(cost)

        return train
    both = autograd.value_and_grad(loss)

    def train() -> float:
        cost, gradient = both(state[0])
        state[0] = [(w - 0.001 * dw, b - 0.001 * db) for (w, b), (dw, db) in zip(state[0], gradient)]
        return float(cost)

    return train


def mnist(peer: str) -> Step | None:
    """One training step of an MLP 784-100-10, relu, softmax cross-entropy, batches of 128, float32."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(128, 784)).astype(np.float32)
    labels = rng.integers(0, 10, 128)
    model = nn.MLP(784, [100, 10], init="he", seed=1)
    start = [p.data for p in model.parameters()]
    if peer in OURS:
        step = compiler.compile(
            lambda x, y: nn.cross_entropy(model(x), y), params=model, reduce="mean", dtype="float32", executor=peer
        )
        Y = np.eye(10, dtype=np.float32)[labels]

        def train() -> float:
            cost, gradient = step.value_and_grad(X, Y)
            gradient *= 0.01
            step.params -= gradient
            return float(cost)

        train.compiled = step  # type: ignore[attr-defined]
        return train
    weights = [(w.astype(np.float32), b.astype(np.float32)) for w, b in _matrices(start, [784, 100, 10])]
    if peer == "torch":
        import torch

        net = torch.nn.Sequential(torch.nn.Linear(784, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))
        with torch.no_grad():
            for p, w in zip(net.parameters(), [a for pair in weights for a in pair]):
                p.copy_(torch.from_numpy(w))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        tx, ty = torch.from_numpy(X), torch.from_numpy(labels)

        def train() -> float:
            optimizer.zero_grad()
            cost = torch.nn.functional.cross_entropy(net(tx), ty)
            cost.backward()
            optimizer.step()
            return cost.item()

        return train
    if peer == "jax":
        import jax
        import jax.numpy as jnp

        def loss(weights: Any) -> Any:
            (w, b), (v, c) = weights
            z = jnp.maximum(X @ w.T + b, 0.0) @ v.T + c
            return -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(128), labels])

        @jax.jit
        def update(weights: Any) -> Any:
            cost, gradient = jax.value_and_grad(loss)(weights)
            return cost, jax.tree.map(lambda p, g: p - jnp.float32(0.01) * g, weights, gradient)

        state = [weights]

        def train() -> float:
            cost, state[0] = update(state[0])
            return float(cost)

        return train
    return None


def tiny(peer: str) -> Step | None:
    """The value and the gradient of a function of two numbers with ten operations, one call."""

    def f(x: Any, y: Any, m: Any) -> Any:
        b = m.tanh(x * y + x)
        return m.exp(-(b * b)) * y + m.sin(x) * b

    if peer in OURS:
        both = compiler.compile(lambda x, y: f(x, y, am), executor="source" if peer == "numpy" else peer)
        step = lambda: both.value_and_grad(0.5, 0.25)  # noqa: E731
        step.compiled = both  # type: ignore[attr-defined]
        return step
    if peer == "torch":
        import torch

        def call() -> Any:
            x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
            y = torch.tensor(0.25, dtype=torch.float64, requires_grad=True)
            z = f(x, y, torch)
            z.backward()
            return z.item(), x.grad.item(), y.grad.item()

        return call
    if peer == "jax":
        import jax
        import jax.numpy as jnp

        both = jax.jit(jax.value_and_grad(lambda x, y: f(x, y, jnp), (0, 1)))

        def call() -> Any:
            z, (dx, dy) = both(0.5, 0.25)
            return float(z), float(dx), float(dy)

        return call
    if peer == "casadi":
        import casadi as ca

        x, y = ca.SX.sym("x"), ca.SX.sym("y")
        z = f(x, y, ca)
        both = ca.Function("f", [x, y], [z, ca.gradient(z, x), ca.gradient(z, y)])
        buffer, run = both.buffer()
        numbers = [np.array(v) for v in (0.5, 0.25)]
        results = [np.zeros(()) for _ in range(3)]
        for i, array in enumerate(numbers):
            buffer.set_arg(i, memoryview(array))
        for i, array in enumerate(results):
            buffer.set_res(i, memoryview(array))

        def call() -> Any:
            numbers[0][...] = 0.5
            numbers[1][...] = 0.25
            run()
            assert buffer is not None  # it owns what run() works on
            return float(results[0]), float(results[1]), float(results[2])

        return call
    if peer == "autograd":
        import autograd
        import autograd.numpy as anp

        both = autograd.value_and_grad(lambda xy: f(xy[0], xy[1], anp))
        return lambda: both(np.array([0.5, 0.25]))
    from micrograd.engine import Value

    class Functions:  # in micrograd's own operations, and Karpathy's exp and tanh for what it lacks
        @staticmethod
        def _node(x: Any, z: float, slope: float) -> Any:
            out = Value(z, (x,), "f")

            def _backward() -> None:
                x.grad += slope * out.grad

            out._backward = _backward
            return out

        @classmethod
        def exp(cls, x: Any) -> Any:
            z = float(np.exp(x.data))
            return cls._node(x, z, z)

        @classmethod
        def tanh(cls, x: Any) -> Any:
            z = float(np.tanh(x.data))
            return cls._node(x, z, 1.0 - z * z)

        @classmethod
        def sin(cls, x: Any) -> Any:
            return cls._node(x, float(np.sin(x.data)), float(np.cos(x.data)))

    def call() -> Any:
        x, y = Value(0.5), Value(0.25)
        z = f(x, y, Functions)
        z.backward()
        return z.data, x.grad, y.grad

    return call


def rosenbrock(peer: str) -> Step | None:
    """The value and the gradient of Rosenbrock's function of 1000 variables: our program is a Python loop."""
    x = np.linspace(-1.0, 1.0, 1000)

    def loop(x: Any) -> Any:
        total = 0.0
        for i in range(len(x) - 1):
            total = total + 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
        return total

    def arrays(x: Any) -> Any:
        return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()

    if peer in OURS:
        both = compiler.compile(loop, executor=peer)
        step = lambda: both.value_and_grad(x)  # noqa: E731
        step.compiled = both  # type: ignore[attr-defined]
        return step
    if peer == "torch":
        import torch

        def call() -> Any:
            tx = torch.from_numpy(x).requires_grad_()
            tx.grad = None
            z = arrays(tx)
            z.backward()
            return z.item()

        return call
    if peer == "jax":
        import jax

        both = jax.jit(jax.value_and_grad(arrays))

        def call() -> Any:
            z, gradient = both(x)
            np.asarray(gradient)
            return float(z)

        return call
    if peer == "casadi":
        import casadi as ca

        sx = ca.SX.sym("x", 1000)
        z = loop([sx[i] for i in range(1000)])
        both = ca.Function("f", [sx], [z, ca.gradient(z, sx)])

        def call() -> Any:
            z, gradient = both(x)
            np.asarray(gradient)
            return float(z)

        return call
    if peer == "autograd":
        import autograd

        both = autograd.value_and_grad(arrays)
        return lambda: both(x)[0]
    from micrograd.engine import Value

    def call() -> Any:
        xs = [Value(v) for v in x.tolist()]
        old = sys.getrecursionlimit()
        sys.setrecursionlimit(100_000)
        z = loop(xs)
        z.backward()
        sys.setrecursionlimit(old)
        return z.data

    return call


def black_scholes(peer: str) -> Step | None:
    """The prices of a million options and all five derivatives of each, float64."""
    rng = np.random.default_rng(0)
    n = 1_000_000
    ranges = ((80.0, 120.0), (90.0, 110.0), (0.2, 2.0), (0.0, 0.05), (0.1, 0.5))
    data = [rng.uniform(low, high, n) for low, high in ranges]

    def price(s: Any, k: Any, t: Any, r: Any, v: Any, m: Any) -> Any:
        root = v * m.sqrt(t)
        d1 = (m.log(s / k) + (r + 0.5 * v * v) * t) / root
        d2 = d1 - root
        phi1, phi2 = (0.5 * (1.0 + m.erf(d * 0.7071067811865476)) for d in (d1, d2))
        return s * phi1 - k * m.exp(-r * t) * phi2

    if peer in OURS:
        greeks = compiler.compile(lambda s, k, t, r, v: price(s, k, t, r, v, am), batch=True, executor=peer)

        def step() -> float:
            return float(greeks.value_and_grad(*data)[0].sum())

        step.compiled = greeks  # type: ignore[attr-defined]
        return step
    if peer == "torch":
        import torch

        def call() -> Any:
            xs = [torch.from_numpy(x).requires_grad_() for x in data]
            z = price(*xs, torch)
            torch.autograd.grad(z.sum(), xs)
            return z.sum().item()

        return call
    if peer == "jax":
        import jax
        import jax.numpy as jnp
        import jax.scipy.special

        class Functions:
            sqrt, log, exp, erf = jnp.sqrt, jnp.log, jnp.exp, jax.scipy.special.erf

        def total(*xs: Any) -> Any:
            z = price(*xs, Functions)
            return z.sum(), z

        both = jax.jit(jax.value_and_grad(total, tuple(range(5)), has_aux=True))

        def call() -> Any:
            (z, prices), gradients = both(*data)
            for array in (prices, *gradients):
                np.asarray(array)
            return float(z)

        return call
    return None


def _recipe(nodes: int) -> list[tuple[str, int, int]]:
    """A program without pattern: operations drawn at random, one operand from anywhere, the other from the last 50."""
    draw = random.Random(0)
    names = ("add", "sub", "mul", "div", "tanh", "sin", "exp", "log", "sqrt", "relu")
    return [(draw.choice(names), draw.randrange(k), draw.randrange(max(0, k - 50), k)) for k in range(10, 10 + nodes)]


def _follow(recipe: Sequence[tuple[str, int, int]], inputs: Sequence[Any], m: Any) -> Any:
    """The sum of the last tenth of its results."""
    numbers = list(inputs)
    operations: dict[str, Callable[[Any, Any], Any]] = {
        "add": lambda a, b: 0.5 * (a + b),
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: 0.5 * a * b,
        "div": lambda a, b: a / (b * b + 1.0),
        "tanh": lambda a, b: m.tanh(a),
        "sin": lambda a, b: m.sin(b),
        "exp": lambda a, b: m.exp(-(a * a)),
        "log": lambda a, b: m.log(a * a + 1.0),
        "sqrt": lambda a, b: m.sqrt(b * b + 1.0) - 1.0,
        "relu": lambda a, b: m.relu(b),
    }
    for name, i, j in recipe:
        numbers.append(operations[name](numbers[i], numbers[j]))
    total = numbers[-1]
    for x in numbers[-1 - len(recipe) // 10 : -1]:
        total = total + x
    return total


def _irregular(peer: str, nodes: int, samples: int) -> Step | None:
    recipe = _recipe(nodes)
    X = np.random.default_rng(0).uniform(0.2, 1.2, (samples, 10))
    if peer in OURS:
        both = compiler.compile(lambda x: _follow(recipe, x, am), batch=samples > 1, executor=peer)
        given = X if samples > 1 else X[0]

        def step() -> float:
            value = both.value_and_grad(given)[0]
            return float(value.sum()) if samples > 1 else value

        step.compiled = both  # type: ignore[attr-defined]
        return step
    if peer == "casadi":
        import casadi as ca

        class Functions:
            tanh, sin, exp, log, sqrt = ca.tanh, ca.sin, ca.exp, ca.log, ca.sqrt

            @staticmethod
            def relu(x: Any) -> Any:
                return ca.fmax(x, 0)

        sx = ca.SX.sym("x", 10)
        z = _follow(recipe, [sx[i] for i in range(10)], Functions)
        function = ca.Function("f", [sx], [z, ca.gradient(z, sx)])
        function = function.map(samples) if samples > 1 else function
        buffer, run = function.buffer()
        given, values, slopes = X.ravel(), np.zeros(samples), np.zeros(10 * samples)
        buffer.set_arg(0, memoryview(given))
        buffer.set_res(0, memoryview(values))
        buffer.set_res(1, memoryview(slopes))

        def call() -> Any:
            run()
            assert all(x is not None for x in (buffer, given, slopes))  # they own what run() works on
            return float(values.sum() if samples > 1 else values[0])

        return call
    return None


def irregular_2000(peer: str) -> Step | None:
    """The value and the gradient of a program of 2,000 lines without pattern, one sample."""
    return _irregular(peer, 2000, 1)


def irregular_2000_batch(peer: str) -> Step | None:
    """The same program for 1,024 samples."""
    return _irregular(peer, 2000, 1024)


def irregular_20000(peer: str) -> Step | None:
    """The value and the gradient of a program of 20,000 lines without pattern, one sample."""
    return _irregular(peer, 20000, 1)


def irregular_20000_batch(peer: str) -> Step | None:
    """The same program for 1,024 samples."""
    return _irregular(peer, 20000, 1024)


def system(peer: str) -> Step | None:
    """1,000 steps of a system of four states, and the gradient by its 20 parameters."""
    p = np.random.default_rng(0).uniform(-0.5, 0.5, 20)

    def loop(p: Any, m: Any) -> Any:
        s = [0.1, 0.2, 0.3, 0.4]
        total = 0.0
        for _ in range(1000):
            s = [m.tanh(sum(p[5 * i + j] * s[j] for j in range(4)) + p[5 * i + 4]) for i in range(4)]
            total = total + s[0] * s[0]
        return total

    if peer in OURS:
        both = compiler.compile(lambda p: loop(p, am), executor=peer)
        step = lambda: both.value_and_grad(p)  # noqa: E731
        step.compiled = both  # type: ignore[attr-defined]
        return step
    if peer == "jax":
        import jax
        import jax.numpy as jnp

        def scanned(p: Any) -> Any:
            A = p.reshape(4, 5)

            def body(s: Any, _: Any) -> Any:
                s = jnp.tanh(A[:, :4] @ s + A[:, 4])
                return s, s[0] * s[0]

            return jax.lax.scan(body, jnp.array([0.1, 0.2, 0.3, 0.4]), None, 1000)[1].sum()

        value_and_grad = jax.jit(jax.value_and_grad(scanned))

        def call() -> Any:
            z, gradient = value_and_grad(p)
            np.asarray(gradient)
            return float(z)

        return call
    if peer == "casadi":
        import casadi as ca

        sx = ca.SX.sym("p", 20)
        z = loop([sx[i] for i in range(20)], ca)
        function = ca.Function("f", [sx], [z, ca.gradient(z, sx)])
        return lambda: float(function(p)[0])
    return None


_IRREGULAR = (irregular_2000, irregular_2000_batch, irregular_20000, irregular_20000_batch)
WORKLOADS = {f.__name__: f for f in (moons, mnist, tiny, rosenbrock, black_scholes, *_IRREGULAR, system)}


# ---- timing ----


def seconds_each(step: Step, seconds: float) -> float:
    """The CPU time of a step, the mean over as many as take about `seconds`."""
    count, begin = 0, time.process_time()
    while (spent := time.process_time() - begin) < seconds or not count:
        for _ in range(1 + count // 2):
            step()
            count += 1
    return spent / count


def table(name: str, peers: Sequence[str], rounds: int, seconds: float) -> None:
    """Print one workload."""
    workload = WORKLOADS[name]
    steps: dict[str, Step] = {}
    first: dict[str, float] = {}
    results: dict[str, Any] = {}
    for peer in (*OURS, *peers):
        random.seed(0)
        try:
            step = workload(peer)
        except ImportError as error:
            print(f"({peer}: {error})")
            continue
        if step is not None:
            begin = time.perf_counter()
            results[peer] = np.ravel(np.hstack([np.ravel(x) for x in np.atleast_1d(_flat(step()))]))[0]
            first[peer] = time.perf_counter() - begin
            steps[peer] = step
    ours = next(iter(steps))
    for peer, result in results.items():
        if not np.isclose(result, results[ours], rtol=1e-5):
            raise SystemExit(f"{name}: {peer} has {result}, {ours} {results[ours]}")
    times: dict[str, list[float]] = {peer: [] for peer in steps}
    for _ in range(rounds):
        for peer, step in steps.items():
            times[peer].append(seconds_each(step, seconds))
    print(f"\n**{name}**: {workload.__doc__}\n")
    print("| | one step | times as long as ours | first call |\n|---|---:|---:|---:|")
    for peer, spent in times.items():
        ratios = [a / b for a, b in zip(spent, times[ours])]
        ratio = "1" if peer == ours else f"{statistics.median(ratios):.3g}"
        print(f"| {peer} | {_time(statistics.median(spent))} | {ratio} | {_time(first[peer])} |")
    print("\n```\n" + steps[ours].compiled.explain() + "\n```", flush=True)  # type: ignore[attr-defined]


def _flat(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description="Compiled programs against their peers.")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="WORKLOAD")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="PEER")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.02, help="CPU time of each peer in each round")
    options = parser.parse_args()
    if "torch" in options.peers:
        import torch

        torch.set_num_threads(1)
    for name in options.only:
        table(name, options.peers, options.rounds, options.seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPython {sys.version.split()[0]}, NumPy {np.__version__}; {peak:.0f} MB at most, all peers together.")


if __name__ == "__main__":
    main()
