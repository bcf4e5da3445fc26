"""A training step of micrograd's demo: MLP 2-16-16-1 with relu, max-margin loss and L2, on 100 points of two moons.

Every package starts from the same weights and takes the same steps of gradient descent; a step returns its loss.
"""

import importlib.util
import itertools
import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from measure import Step
from peers import EXECUTORS, TORCH, functions, recorded

from autograd_mini import Value, compiler, nn

WIDTHS = (2, 16, 16, 1)
RATE, ALPHA = 0.01, 1e-4


def half_moons(count: int = 100, noise: float = 0.1, seed: int = 1337) -> tuple[list[list[float]], list[float]]:
    """Two interleaved half circles with gaussian noise, and the labels −1 and 1."""
    rng = random.Random(seed)
    points, labels = [], []
    for i in range(count):
        angle = math.pi * (i // 2) / (count // 2 - 1)
        x, y = math.cos(angle), math.sin(angle)
        if i % 2:
            x, y = 1 - x, 0.5 - y
        points.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
        labels.append(1.0 if i % 2 else -1.0)
    return points, labels


def start() -> list[float]:
    """The weights at the start, in the order of `parameters()`."""
    return [p.data for p in nn.MLP(2, WIDTHS[1:], seed=1).parameters()]


def moons(peer: str) -> Step | None:
    """One training step of an MLP 2-16-16-1, max-margin loss and L2, on 100 points"""
    if peer in ("eager", "micrograd"):
        return _with_values(micrograd_nn(Value if peer == "eager" else None).MLP)
    if peer == "n-ary":
        return _with_values(nn.MLP)
    makers = {
        **dict.fromkeys(EXECUTORS, _compiled),
        **dict.fromkeys(("jax", "autograd"), _arrays),
        **dict.fromkeys(TORCH, _torch),
        "mygrad": _mygrad,
        "casadi": _casadi,
    }
    return makers[peer](peer) if peer in makers else None  # ddx and SymPy don't tell parameters from samples


def micrograd_nn(value: Any = None) -> Any:
    """A fresh copy of micrograd's own `nn` module, reading `value`, if one is given, where it reads its own `Value`."""
    spec = importlib.util.find_spec("micrograd.nn")
    if spec is None or spec.loader is None:
        raise ImportError("No module named 'micrograd'")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.Value = value or module.Value
    return module


def moons_loss(model: Any) -> Callable[[], Any]:
    """The loss as the demo has it, in Values."""
    X, y = half_moons()

    def loss() -> Any:
        scores = [model(x) for x in X]
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + ALPHA * sum(p * p for p in model.parameters())

    return loss


def _with_values(MLP: Callable[[int, list[int]], Any]) -> Step:
    model = MLP(2, list(WIDTHS[1:]))
    for p, x in zip(model.parameters(), start()):
        p.data = x
    loss = moons_loss(model)

    def train() -> float:
        cost = loss()
        model.zero_grad()
        cost.backward()
        for p in model.parameters():
            p.data -= RATE * p.grad
        return float(cost.data)

    return train


def _compiled(executor: str) -> Step:
    model = nn.MLP(2, WIDTHS[1:], seed=1)
    X, Y = map(np.array, half_moons())

    def loss(x: Any, y: Any) -> Any:
        return (1.0 - y * model(x)).relu() + ALPHA * sum(p * p for p in model.parameters())

    step = compiler.compile(loss, params=model, reduce="mean", executor=executor)

    def train() -> float:
        cost, gradient = step.value_and_grad(X, Y)
        step.params -= RATE * gradient
        return float(cost)

    return train


def matrices(numbers: Sequence[float], widths: Sequence[int]) -> list[tuple[Any, Any]]:
    """Parameters of an MLP in our order as a matrix and a vector for each layer."""
    pairs, at = [], 0
    for nin, nout in itertools.pairwise(widths):
        block = np.array(numbers[at : at + nout * (nin + 1)]).reshape(nout, nin + 1)
        pairs.append((block[:, :-1].copy(), block[:, -1].copy()))
        at += block.size
    return pairs


def torch_net(weights: Sequence[tuple[Any, Any]]) -> Any:
    """Linear layers with relu between them."""
    import torch

    layers: list[Any] = []
    for w, b in weights:
        layer = torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64 if w.dtype == float else torch.float32)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(w))
            layer.bias.copy_(torch.from_numpy(b))
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _torch(peer: str) -> Step:
    torch = functions(peer)
    net = torch_net(matrices(start(), WIDTHS))
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
    X, Y = (torch.tensor(data, dtype=torch.float64) for data in half_moons())

    @partial(recorded, peer)
    def loss() -> Any:
        return torch.relu(1.0 - Y * net(X)[:, 0]).mean() + ALPHA * sum((p * p).sum() for p in net.parameters())

    def train() -> float:
        optimizer.zero_grad()
        cost = loss()
        cost.backward()
        optimizer.step()
        return float(cost.item())

    return train


def _array_loss(xp: Any) -> Callable[[Any], Any]:
    X, Y = map(np.array, half_moons())

    def loss(weights: Any) -> Any:
        a = X
        for w, b in weights[:-1]:
            a = xp.maximum(a @ w.T + b, 0.0)
        score = (a @ weights[-1][0].T + weights[-1][1])[:, 0]
        return xp.mean(xp.maximum(1.0 - Y * score, 0.0)) + ALPHA * sum((p * p).sum() for pair in weights for p in pair)

    return loss


def _arrays(peer: str) -> Step:
    state = [matrices(start(), WIDTHS)]
    if peer == "jax":
        import jax

        loss = _array_loss(jax.numpy)

        @jax.jit
        def update(weights: Any) -> Any:
            cost, gradient = jax.value_and_grad(loss)(weights)
            return cost, jax.tree.map(lambda p, g: p - RATE * g, weights, gradient)
    else:
        import autograd

        both = autograd.value_and_grad(_array_loss(autograd.numpy))

        def update(weights: Any) -> Any:
            cost, gradient = both(weights)
            return cost, [(w - RATE * dw, b - RATE * db) for (w, b), (dw, db) in zip(weights, gradient)]

    def train() -> float:
        cost, state[0] = update(state[0])
        return float(cost)

    return train


def _mygrad(_: str) -> Step:
    functions("mygrad")
    import mygrad

    weights = [(mygrad.tensor(w), mygrad.tensor(b)) for w, b in matrices(start(), WIDTHS)]
    loss = _array_loss(mygrad)

    def train() -> float:
        cost = loss(weights)
        cost.backward()
        for pair in weights:
            for p in pair:
                p.data -= RATE * p.grad
                p.null_grad()
        return float(cost.item())

    return train


def _casadi(_: str) -> Step:
    import casadi as ca

    X, Y = map(np.array, half_moons())
    numbers = np.array(start())
    p, x, y = ca.SX.sym("p", len(numbers)), ca.SX.sym("x", 2), ca.SX.sym("y")
    at, a = 0, [x[0], x[1]]
    for nin, nout in itertools.pairwise(WIDTHS):
        z = []
        for _j in range(nout):
            total = p[at + nin]
            for i in range(nin):
                total = total + p[at + i] * a[i]
            z.append(total)
            at += nin + 1
        a = z if nout == 1 else [ca.fmax(v, 0) for v in z]
    one = ca.Function("one", [p, x, y], [ca.fmax(1 - y * a[0], 0)])
    P = ca.MX.sym("P", len(numbers))
    cost = ca.sum2(one.map(len(Y))(P, X.T, Y[None])) / len(Y) + ALPHA * ca.sumsqr(P)
    both = ca.Function("both", [P], [cost, ca.gradient(cost, P)])

    def train() -> float:
        cost, gradient = both(numbers)
        numbers[:] -= RATE * np.asarray(gradient)[:, 0]
        return float(cost)

    return train
