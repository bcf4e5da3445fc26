"""Draws the pictures of README.md and the documentation into this folder: python docs/images/make.py"""

import random
from pathlib import Path
from typing import NamedTuple

from autograd_mini import Value, draw
from autograd_mini.nn import MLP, Adam, History, Neuron, binary_cross_entropy_with_logits, fit, mse
from autograd_mini.nn.sight import Sight
from autograd_mini.render import Drawing
from autograd_mini.render.training import Moment, picture


def neuron() -> Value:
    """The neuron that the tour draws, after backward()."""
    random.seed(1337)
    a: Value = Neuron(2, "tanh")([Value(1.0, label="x0"), Value(-2.0, label="x1")])
    a.backward()
    return a


def expression() -> Drawing:
    """A computation, each local derivative on its arrow, named by the variables of this function."""
    x, y = Value(2.0), Value(0.5)
    s = x * y
    z = (s + 3 * y).tanh() * x
    z.backward()
    return draw(z, partials=True, names=locals())


def layers() -> Drawing:
    """A sample on its way through a network, neuron by neuron."""
    model = MLP(2, [3, 1], "tanh", seed=3)
    cost: Value = mse(model([Value(0.5, label="x0"), Value(-1.5, label="x1")]), 1.0)
    cost.label = "cost"
    cost.backward()
    return draw(cost, model=model, collapse="neuron")


def inside() -> Drawing:
    """The same for two neurons, with all that is inside."""
    model = MLP(2, [1, 1], "tanh", seed=3)
    cost: Value = mse(model([Value(0.5, label="x0"), Value(-1.5, label="x1")]), 1.0)
    cost.label = "cost"
    cost.backward()
    return draw(cost, model=model)


def data_set() -> Drawing:
    """The cost of a network over 100 samples: some 3,700 values."""
    source, model = random.Random(0), MLP(2, [8, 8, 1], "tanh", "sigmoid", seed=3)
    X = [[source.gauss(0, 1), source.gauss(0, 1)] for _ in range(100)]
    cost: Value = mse([model(x) for x in X], [float(x0 * x1 > 0) for x0, x1 in X])
    cost.label = "cost"
    cost.backward()
    return draw(cost, model=model, collapse="layer")


def network() -> Drawing:
    """A model by itself."""
    return draw(MLP(3, [5, 4, 2], "tanh", seed=3))


class Training(NamedTuple):
    """A picture that is drawn without an engine."""

    svg: str

    def save(self, path: Path) -> Path:
        path.write_text(self.svg, encoding="utf-8")
        return path


def training() -> Training:
    """A network that learns a circle, every fifth epoch of its training; it moves."""
    source, model = random.Random(7), MLP(2, [8, 1], "tanh", seed=0)
    X = [[source.uniform(-1, 1), source.uniform(-1, 1)] for _ in range(60)]
    Y = [float(x * x + y * y < 0.5) for x, y in X]
    sight, loss, moments = Sight(model, X, Y), binary_cross_entropy_with_logits, list[Moment]()
    sight.aim(loss)

    def look(epoch: int, _: History) -> None:
        if epoch % 5 == 4:
            moments.append(Moment(epoch + 1, sight.answers(24), sight.layers.saturation(X[:16])))

    history = fit(model, X, Y, loss=loss, optimizer=Adam(model.parameters(), lr=0.05), epochs=150, callback=look)
    return Training(picture(sight.data, history.cost, history.gradient_norm, moments))


PICTURES = {
    "neuron": lambda: draw(neuron(), direction="TB"),
    "expression": expression,
    "layers": layers,
    "inside": inside,
    "data_set": data_set,
    "network": network,
    "training": training,
}

if __name__ == "__main__":
    for name, made in PICTURES.items():
        print(made().save(Path(__file__).with_name(f"{name}.svg")))
