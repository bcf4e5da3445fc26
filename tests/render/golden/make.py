"""Rewrites the drawings that test_golden.py compares: python tests/render/golden/make.py, from the root of the tree.

Their numbers are exact in floating point, so that they are the same with any Python on any machine.
"""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from autograd_mini.engine import Value
from autograd_mini.functions import clamp, dot, maximum
from autograd_mini.nn import MLP, Module
from autograd_mini.render import Drawing, draw

HERE = Path(__file__).parent


def network(*widths: int) -> MLP:
    """Weights of quarters, and gradients that are seldom 0."""
    weights = cycle([0.5, -0.25, 0.75, 1.0, -0.5])
    return MLP(widths[0], widths[1:], "relu", init=lambda: next(weights))


class Line(Module):
    """A module that is no network."""

    def __init__(self) -> None:
        self.slope, self.height = Value(2.0), Value(1.0)

    def __call__(self, x: float) -> Value:
        return self.slope * x + self.height


def constants() -> Drawing:
    x, y = Value(2.0, label="x"), Value(0.5, label="y")
    z = dot([x, 2.0, y], [1.5, y, 4.0], start=1.0) / 3 - maximum(x, 0) ** 2 + clamp(1 - y, -1, 1)
    return draw(z)


def hostile() -> Drawing:
    labels = ["</svg><script>", '"', "\\N", "{a|b}", "🙂 重み", "\u05e9\u05dc\u05d5\u05dd", "\x00\x1b", "x" * 10_000]
    return draw([Value(1.0, label=label) ** 2 for label in labels], direction="TB", partials=True)


def samples() -> Drawing:
    model = network(2, 4, 1)
    X = [[Value((7 * i % 11 - 5) / 4, label=f"x{j}") for j in range(2)] for i in range(20)]
    cost = sum((model(x) - float(i % 2)) ** 2 for i, x in enumerate(X))
    cost.backward()
    return draw(cost, model=model, collapse="neuron")


def dense() -> Drawing:
    model = network(2, 5, 5, 1)
    return draw((model([1.0, -2.0]) - 1.0) ** 2, model=model, collapse="neuron")


def recurrent() -> Drawing:
    cell, state = network(2, 1), Value(1.0, label="h")
    for x in (1.0, 2.0, 3.0):
        state = cell([state, x])
    state.backward()
    return draw(state, model=cell, collapse="neuron", values=False)


def layers() -> Drawing:
    model = network(3, 4, 4, 1)
    cost = sum((model([i / 4, 1.0, -0.5]) - 1.0) ** 2 for i in range(8)) / 8
    return draw(cost, model=model, collapse="layer")


def clusters() -> Drawing:
    model = network(2, 2, 1)
    cost = (model([1.0, -2.0]) - 1.0) ** 2
    cost.backward()
    return draw(cost, model=model, partials=True)


def line() -> Drawing:
    model = Line()
    return draw((model(3.0) - 1.0) ** 2, model=model)


def bare() -> Drawing:
    x, y = Value(2.0, label="x"), Value(0.5)
    return draw((x * y).relu() + y, labels=False, values=False, gradients=False)


def deep() -> Drawing:
    x = Value(0.5, label="x")
    for _ in range(50):
        x = (x * x).sqrt()
    return draw(x, depth=3)


GOLDENS: dict[str, Callable[[], Drawing]] = {
    picture.__name__: picture
    for picture in (constants, hostile, samples, dense, recurrent, layers, clusters, line, bare, deep)
}
GOLDENS["parameters"] = lambda: draw(Line())
GOLDENS["few_weights"] = lambda: draw(network(2, 2, 1))
GOLDENS["many_units"] = lambda: draw(network(784, 3, 1))

if __name__ == "__main__":
    for old in (*HERE.glob("*.dot"), *HERE.glob("*.svg")):
        old.unlink()
    for name, picture in GOLDENS.items():
        for suffix in (".dot", ".svg"):
            print(picture().save((HERE / name).with_suffix(suffix)))
