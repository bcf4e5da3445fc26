"""Compiled programs beside PyTorch, JAX with `jit`, CasADi, ddx, SymPy, HIPS autograd, MyGrad and micrograd.

Each program is written as a package's users would: in scalars with loops for autograd_mini, micrograd, CasADi, ddx and
SymPy, in arrays for the others. "First call" has all that a package does before: it traces, builds and compiles.
"""

import random
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from measure import LeftOut, Options, Step, compare
from moons import matrices, moons, torch_net
from peers import EXECUTORS, TORCH, arrays, casadi_step, ddx_step, functions, jax_step, recorded, scalars

from autograd_mini import compiler, nn

PEERS = ("torch", "inductor", "jax", "casadi", "ddx", "sympy", "autograd", "mygrad", "micrograd")


def mnist(peer: str) -> Step | None:
    """One training step of an MLP 784-100-10, softmax cross-entropy, a batch of 128, float32"""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(128, 784)).astype(np.float32)
    labels = rng.integers(0, 10, 128)
    model = nn.MLP(784, [100, 10], init="he", seed=1)
    weights = [
        (w.astype(np.float32), b.astype(np.float32))
        for w, b in matrices([p.data for p in model.parameters()], [784, 100, 10])
    ]
    if peer in EXECUTORS:
        step = compiler.compile(
            lambda x, y: nn.cross_entropy(model(x), y), params=model, reduce="mean", dtype="float32", executor=peer
        )
        Y = np.eye(10, dtype=np.float32)[labels]

        def train() -> float:
            cost, gradient = step.value_and_grad(X, Y)
            gradient *= 0.01
            step.params -= gradient
            return float(cost)

        return train
    if peer in TORCH:
        torch = functions(peer)
        net = torch_net(weights)
        forward = recorded(peer, net)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        tx, ty = torch.from_numpy(X), torch.from_numpy(labels)

        def train() -> float:
            optimizer.zero_grad()
            cost = torch.nn.functional.cross_entropy(forward(tx), ty)
            cost.backward()
            optimizer.step()
            return float(cost.item())

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
    """The value and the gradient of a function of two numbers with ten operations, one call"""

    def f(xs: Any, m: Any) -> Any:
        x, y = xs
        b = m.tanh(x * y + x)
        return m.exp(-(b * b)) * y + m.sin(x) * b

    m = functions(peer)
    if peer in EXECUTORS:
        both = compiler.compile(lambda x, y: f((x, y), m), executor="source" if peer == "numpy" else peer)
        return lambda: both.value_and_grad(0.5, 0.25)
    if peer == "jax":
        import jax

        compiled = jax.jit(jax.value_and_grad(lambda x, y: f((x, y), m), (0, 1)))

        def call() -> Any:
            z, (dx, dy) = compiled(0.5, 0.25)
            return float(z), float(dx), float(dy)

        return call
    if peer == "casadi":
        import casadi

        x = casadi.SX.sym("x", 2)
        z = f((x[0], x[1]), m)
        buffer, run = casadi.Function("f", [x], [z, casadi.gradient(z, x)]).buffer()
        given, value, slopes = (array("d", [0.0] * n) for n in (2, 1, 2))  # faster than NumPy's for single numbers
        buffer.set_arg(0, memoryview(given))
        buffer.set_res(0, memoryview(value))
        buffer.set_res(1, memoryview(slopes))

        def call() -> Any:
            given[0], given[1] = 0.5, 0.25
            run()
            assert buffer is not None  # it owns what run() works on
            return value[0], slopes[0], slopes[1]

        return call
    return scalars(peer, f, [0.5, 0.25])


def rosenbrock(peer: str) -> Step | None:
    """Rosenbrock's function of 1,000 variables, value and gradient: our program is a Python loop"""
    x = np.linspace(-1.0, 1.0, 1000)

    def loop(x: Any, _: Any) -> Any:
        total = 0.0
        for i in range(len(x) - 1):
            total = total + 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
        return total

    if peer in (*EXECUTORS, "casadi", "ddx", "sympy", "micrograd"):
        return scalars(peer, loop, x.tolist())
    return arrays(peer, lambda x, m: (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum(), x)


def black_scholes(peer: str, n: int = 1_000_000) -> Step | None:
    """The prices of a million options and all five derivatives of each"""
    rng = np.random.default_rng(0)
    ranges = ((80.0, 120.0), (90.0, 110.0), (0.2, 2.0), (0.0, 0.05), (0.1, 0.5))
    data = [rng.uniform(low, high, n) for low, high in ranges]

    def price(s: Any, k: Any, t: Any, r: Any, v: Any) -> Any:
        root = v * m.sqrt(t)
        d1 = (m.log(s / k) + (r + 0.5 * v * v) * t) / root
        d2 = d1 - root
        phi1, phi2 = (0.5 * (1.0 + m.erf(d * 0.7071067811865476)) for d in (d1, d2))
        return s * phi1 - k * m.exp(-r * t) * phi2

    m = functions(peer)
    return samples(peer, lambda xs: price(*xs), data) if hasattr(m, "erf") else None


def samples(peer: str, f: Callable[[Any], Any], columns: Sequence[Any]) -> Step:
    """The values and the gradients of a program in scalars for many samples, given a column for each argument."""
    if peer in EXECUTORS:
        both = compiler.compile(lambda *xs: f(xs), batch=True, executor=peer)
        return lambda: both.value_and_grad(*columns)
    if peer in TORCH:
        import torch

        forward = recorded(peer, f)

        def call() -> Any:
            xs = [torch.from_numpy(x).requires_grad_() for x in columns]
            z = forward(xs)
            return z.detach(), torch.autograd.grad(z.sum(), xs)

        return call
    if peer == "mygrad":
        import mygrad

        def call() -> Any:
            xs = [mygrad.tensor(x) for x in columns]
            z = f(xs)
            z.backward()
            return z.data, [x.grad for x in xs]

        return call
    if peer == "casadi":
        import casadi

        x, count = casadi.SX.sym("x", len(columns)), len(columns[0])
        z = f([x[i] for i in range(len(columns))])
        one = casadi.Function("one", [x], [z, casadi.gradient(z, x)])
        run = casadi_step(one.map(count), [np.stack(columns, axis=1).ravel()])

        def call() -> Any:
            values, gradients = run()
            return values, gradients.reshape(count, -1).T

        return call
    if peer == "ddx":
        import ddx

        return ddx_step(lambda: f([ddx.var(f"x{i}") for i in range(len(columns))]), np.stack(columns))
    if peer == "autograd":
        import autograd

        def call() -> Any:
            pull_back, z = autograd.make_vjp(f)(list(columns))
            return z, pull_back(np.ones_like(z))

        return call
    import jax

    def summed(xs: Any) -> Any:
        z = f(xs)
        return z.sum(), z

    def values_and_gradients(xs: Any) -> Any:
        (_, values), gradients = jax.value_and_grad(summed, has_aux=True)(xs)
        return values, gradients

    return jax_step(jax.jit(values_and_gradients), [jax.numpy.asarray(x) for x in columns])


def recipe(lines: int, reach: int | None = None) -> list[tuple[str, int, int]]:
    """A program without pattern: operations drawn at random, one operand from the last 50, the other from `reach`."""
    draw, reach = random.Random(0), reach or lines
    names = ("add", "sub", "mul", "div", "tanh", "sin", "exp", "log", "sqrt", "relu")
    return [
        (draw.choice(names), draw.randrange(max(0, k - reach), k), draw.randrange(max(0, k - 50), k))
        for k in range(10, 10 + lines)
    ]


def follow(recipe: Sequence[tuple[str, int, int]], inputs: Sequence[Any], m: Any) -> list[Any]:
    """What its lines come to."""
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
    return numbers[len(inputs) :]


def total(numbers: Sequence[Any]) -> Any:
    """Their sum, by as many additions."""
    result = numbers[0]
    for x in numbers[1:]:
        result = result + x
    return result


def irregular(peer: str, lines: int, count: int) -> Step | None:
    """The sum of the last tenth of the lines of a program without pattern, and its gradient, for one sample or many."""
    if peer == "jax":
        raise LeftOut("over 20 s")  # 40 s for 2,000 lines
    if peer == "inductor" and lines * count > 2000:
        raise LeftOut("over 60 s")  # 45 s for 2,000 lines and one sample
    if peer == "sympy" or (peer == "micrograd" and count > 1):
        return None  # the formula is too long for SymPy
    program, m = recipe(lines), functions(peer)

    def f(xs: Any, m: Any) -> Any:
        return total(follow(program, xs, m)[-lines // 10 :])

    columns = list(np.random.default_rng(0).uniform(0.2, 1.2, (10, count)))
    if count == 1:
        return scalars(peer, f, [float(x[0]) for x in columns])
    return samples(peer, lambda xs: f(xs, m), columns)


def irregular_2000(peer: str) -> Step | None:
    """A program of 2,000 lines without pattern, value and gradient, one sample"""
    return irregular(peer, 2000, 1)


def irregular_2000_batch(peer: str) -> Step | None:
    """A program of 2,000 lines without pattern, value and gradient, 1,024 samples"""
    return irregular(peer, 2000, 1024)


def irregular_20000(peer: str) -> Step | None:
    """A program of 20,000 lines without pattern, value and gradient, one sample"""
    return irregular(peer, 20000, 1)


def irregular_20000_batch(peer: str) -> Step | None:
    """A program of 20,000 lines without pattern, value and gradient, 1,024 samples"""
    return irregular(peer, 20000, 1024)


def system(peer: str) -> Step | None:
    """1,000 steps of a system of four states, and the gradient by its 20 parameters"""
    p, start = np.random.default_rng(0).uniform(-0.5, 0.5, 20), [0.1, 0.2, 0.3, 0.4]

    def in_scalars(p: Any, m: Any) -> Any:
        s, total = start, 0.0
        for _ in range(1000):
            s = [m.tanh(sum(p[5 * i + j] * s[j] for j in range(4)) + p[5 * i + 4]) for i in range(4)]
            total = total + s[0] * s[0]
        return total

    def in_arrays(p: Any, m: Any) -> Any:
        A, s, total = p.reshape(4, 5), m.tensor(start, dtype=float) if peer in TORCH else np.array(start), 0.0
        W, b = A[:, :4], A[:, 4]
        for _ in range(1000):
            s = m.tanh(W @ s + b)
            total = total + s[0] * s[0]
        return total

    def by_scan(p: Any, m: Any) -> Any:
        import jax

        A = p.reshape(4, 5)

        def body(s: Any, _: Any) -> Any:
            s = m.tanh(A[:, :4] @ s + A[:, 4])
            return s, s[0] * s[0]

        return jax.lax.scan(body, np.array(start), None, 1000)[1].sum()

    if peer in ("inductor", "sympy"):
        raise LeftOut({"inductor": "over 60 s", "sympy": "over 20 s"}[peer])
    if peer in (*EXECUTORS, "casadi", "ddx", "micrograd"):
        return scalars(peer, in_scalars, p.tolist())
    return arrays(peer, by_scan if peer == "jax" else in_arrays, p)


TOLERANCE = {"mnist": 1e-4}  # in float32
WORKLOADS = {
    f.__name__: f
    for f in (moons, mnist, tiny, rosenbrock, black_scholes, irregular_2000, irregular_2000_batch, irregular_20000)
} | {f.__name__: f for f in (irregular_20000_batch, system)}


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one workload."""
    entries = compare(WORKLOADS[name], EXECUTORS, PEERS, options, tolerance=TOLERANCE.get(name, 1e-7))
    return {"title": WORKLOADS[name].__doc__, "entries": entries}
