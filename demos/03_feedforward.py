"""Feedforward networks: layers of neurons, each joined to all of the layer before. Values flow forward only.

A network with 3 inputs, 4 hidden neurons and 5 outputs has two layers, with weights of the shapes (4, 3) and (5, 4):
a row for each neuron, a column for each of its inputs. Weights start at random, and this demo shows in numbers why.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import _moving as moving
import _pictures as pictures

from autograd_mini import Value, draw
from autograd_mini.nn import MLP, mse

Matrix = list[list[float]]
X, Y = [(0, 0), (0, 1), (1, 0), (1, 1)], [0, 1, 1, 0]
EPOCHS, RATE = 300, 0.4


# %% Layers are matrices
# The same network twice: made of Values, and in plain numbers, aˡ = φ(Wˡ aˡ⁻¹ + bˡ), layer after layer.
def matrices(network: MLP) -> list[tuple[Matrix, list[float]]]:
    """W and b of each layer."""
    return [
        ([[w.data for w in neuron.w] for neuron in layer.neurons], [neuron.b.data for neuron in layer.neurons])
        for layer in network.layers
    ]


def forward(layers: list[tuple[Matrix, list[float]]], x: Sequence[float]) -> list[float]:
    """The outputs of a network of tanh layers with a linear last layer, in plain numbers."""
    a = list(x)
    for i, (W, b) in enumerate(layers, 1):
        z = [sum(wi * ai for wi, ai in zip(row, a)) + bj for row, bj in zip(W, b)]
        a = z if i == len(layers) else [math.tanh(zj) for zj in z]
    return a


def score(layers: list[tuple[Matrix, list[float]]], x: Sequence[float]) -> float:
    """Above 0 where a network of one output says 1 rather than 0."""
    return forward(layers, x)[0] - 0.5


# %% Why weights start at random
# Let all of them start at one number. Then all neurons of the hidden layer have the same input and the same weights, so
# they have the same output, and the same gradient, and after a step they are the same again. No matter how long the
# network learns, it stays as weak as one with a single hidden neuron.
def train(network: MLP, watch: Callable[[int], object] = lambda epoch: None) -> tuple[list[float], list[list[float]]]:
    """Gradient descent on XOR: the cost of each epoch, and the first weight of each hidden neuron after it."""
    costs, weights = [], []
    for epoch in range(EPOCHS):
        watch(epoch)
        cost = mse([network(x) for x in X], Y)
        network.zero_grad()
        cost.backward()
        for p in network.parameters():
            p.data -= RATE * p.grad
        costs.append(cost.data)
        weights.append([neuron.w[0].data for neuron in network.layers[0].neurons])
    return costs, weights


def main(out: Path = Path()) -> dict[str, object]:
    """Go through the chapter; the pictures go to the folder `out`."""
    network = MLP(3, [4, 5], activation="tanh", seed=1)
    shapes = [(len(W), len(W[0])) for W, _ in matrices(network)]
    print(f"3 inputs, 4 hidden neurons, 5 outputs: weights of the shapes {shapes}")
    x = [0.5, -1.0, 2.0]
    error = max(abs(a.data - b) for a, b in zip(network(x), forward(matrices(network), x)))
    print(f"the network of Values and the matrices agree within {error:.0e}")
    pictures.network(out / "network.svg", [3, 4, 5])

    small = MLP(2, [2, 1], activation="tanh", seed=1)
    y = small([Value(1.0, label="x0"), Value(0.5, label="x1")])
    y.backward()
    draw(y).save(out / "network_graph.svg")

    alike = MLP(2, [3, 1], activation="tanh", init=0.5)
    alike_costs, alike_weights = train(alike)
    hidden = [[p.data for p in neuron.parameters()] for neuron in alike.layers[0].neurons]
    print(f"constant start, after {EPOCHS} epochs: cost {alike_costs[-1]:.4f}, and each hidden neuron has the weights")
    for numbers in hidden:
        print("   ", numbers)
    different = MLP(2, [3, 1], activation="tanh", seed=3)
    kept: list[list[tuple[Matrix, list[float]]]] = []  # the matrices in each epoch
    costs, weights = train(different, watch=lambda epoch: kept.append(matrices(different)))
    print(f"random start, after {EPOCHS} epochs: cost {costs[-1]:.4f}, first weights {weights[-1]}")
    pictures.symmetry(out / "symmetry.svg", alike_weights, weights)
    scores = [(epoch, partial(score, kept[epoch])) for epoch in [*range(0, EPOCHS, 6), EPOCHS - 1]]
    moving.boundary(out / "xor_training.svg", "A network learns XOR", X, Y, costs, scores)

    return {
        "shapes": shapes,
        "forward_error": error,
        "hidden": hidden,
        "alike_cost": alike_costs[-1],
        "random_cost": costs[-1],
        "random_weights": weights[-1],
    }


if __name__ == "__main__":
    main(pictures.folder(__doc__))
