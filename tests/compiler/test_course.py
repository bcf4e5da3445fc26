"""The models of the course, compiled one by one, come to what the eager engine comes to, to 12 digits."""

import math
import random

import numpy as np
import pytest

from autograd_mini import Value, compiler, dot, gradients, logsumexp, mean
from autograd_mini.nn import (
    MLP,
    Neuron,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    huber,
    mse,
)

PIXELS, CLASSES = 64, 10


def require_equal(cost, leaves, *args):
    """Compile a cost by its leaves, in both executors, and hold value and slopes beside those of an eager run."""
    root = cost(*args)
    slopes = gradients(root, leaves)
    for executor in ("source", "numpy"):
        value, gradient = compiler.compile(cost, params=leaves, executor=executor).value_and_grad(*args)
        assert math.isclose(value, root.data, rel_tol=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-15)


def require_equal_mean(cost, leaves, X, Y):
    """The same for the mean over samples of a cost of one."""
    root = mean([cost(x, y) for x, y in zip(X, Y, strict=True)])
    slopes = gradients(root, leaves)
    step = compiler.compile(cost, params=leaves, reduce="mean")
    value, gradient = step.value_and_grad(X, Y)
    assert math.isclose(value, root.data, rel_tol=1e-12)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-15)


def test_the_cost_of_a_perceptron_on_either_side_of_its_line():
    w, b = [Value(0.5), Value(-1.5)], Value(0.25)

    def cost(x, y):
        z = dot(w, x, start=b)
        return ((z >= 0.0) - y) * z

    for x, y in (([1.0, 2.0], 1.0), ([1.0, -2.0], 0.0), ([0.0, 0.0], 0.0), ([2.0, 0.5], 1.0)):
        require_equal(cost, [*w, b], x, y)


@pytest.mark.parametrize("loss", [mse, binary_cross_entropy, binary_cross_entropy_with_logits, huber])
@pytest.mark.parametrize("start", [(0.6, 0.9), (2.0, 2.0), (-3.0, 0.5)])
def test_the_losses_on_a_neuron(loss, start):
    neuron = Neuron(1, activation="sigmoid")
    neuron.w[0].data, neuron.b.data = start
    leaves = neuron.parameters()
    require_equal(lambda x, y: loss(neuron([x]), y), leaves, 1.0, 0.0)
    require_equal_mean(lambda x, y: loss(neuron([x]), y), leaves, [1.0, -0.5, 2.0], [0.0, 1.0, 1.0])


def test_the_margin_of_a_neuron():
    neuron = Neuron(1, activation="tanh")
    neuron.w[0].data, neuron.b.data = 0.6, 0.9
    for x, y in ((1.0, -1.0), (2.0, 1.0)):
        require_equal(lambda x, y: hinge(neuron([x]), y), neuron.parameters(), x, y)
    require_equal_mean(lambda x, y: hinge(neuron([x]), y), neuron.parameters(), [1.0, -0.5, 2.0], [-1.0, 1.0, 1.0])


def test_the_quartic():
    f = compiler.compile(lambda x: x**4 - 3 * x**3 + 2)
    for x in (6.0, -1.0, 0.0, 9 / 4):
        leaf = Value(x)
        root = leaf**4 - 3 * leaf**3 + 2
        assert f.value_and_grad(x) == (root.data, gradients(root, [leaf])[0])


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("loss", [mse, binary_cross_entropy])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_networks_of_one_to_five_layers_with_both_costs(depth, loss, activation):
    rng = np.random.default_rng(depth)
    model = MLP(3, [4] * (depth - 1) + [1], activation=activation, output_activation="sigmoid", seed=depth)
    X, Y = rng.uniform(-1.0, 1.0, (5, 3)).tolist(), rng.integers(0, 2, 5).astype(float).tolist()
    leaves = model.parameters()
    require_equal(lambda x, y: loss(model(x), y), leaves, X[0], Y[0])
    require_equal_mean(lambda x, y: loss(model(x), y), leaves, X, Y)


def test_a_batch_of_digits():
    draw = random.Random(1)
    model = MLP(PIXELS, [16, CLASSES], activation="tanh", init="xavier", seed=1)
    X = [[draw.randrange(17) / 16 for _ in range(PIXELS)] for _ in range(16)]
    labels = [draw.randrange(CLASSES) for _ in X]
    targets = np.eye(CLASSES)[labels].tolist()
    require_equal_mean(lambda x, y: cross_entropy([model(x)], [y]), model.parameters(), X, targets)
    require_equal_mean(lambda x, y: logsumexp(z := model(x)) - dot(y, z), model.parameters(), X, targets)
