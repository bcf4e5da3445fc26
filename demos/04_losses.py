"""Losses: how wrong an output a is, where y would be right, as one number to make small.

The mean squared error is 1/(2n) · Σ‖y − a‖², the cross-entropy −1/n · Σ [y ln a + (1 − y) ln(1 − a)]. The cost here is
the mean of the losses over the n samples. On a neuron that is sure and wrong, only one of them teaches quickly.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import _pictures as pictures

from autograd_mini import Value, draw, log, sigmoid

Numbers = Sequence[Any]
Cost = Callable[[Numbers, Numbers], Any]
EPOCHS, RATE = 300, 0.15


# %% Two losses
# Both are 0 where a = y, and positive elsewhere. They take Values as well as plain numbers.
def squared_error(a: Numbers, y: Numbers) -> Any:
    """1/(2n) · Σ (y − a)². Its slope with respect to a is (a − y)/n."""
    return sum((yi - ai) ** 2 for ai, yi in zip(a, y)) / (2 * len(a))


def cross_entropy(a: Numbers, y: Numbers) -> Any:
    """−1/n · Σ [y ln a + (1 − y) ln(1 − a)]. With a = σ(z), its slope with respect to z is (a − y)/n."""
    return -sum(yi * log(ai) + (1 - yi) * log(1 - ai) for ai, yi in zip(a, y)) / len(a)


COSTS: dict[str, Cost] = {"squared error": squared_error, "cross-entropy": cross_entropy}


def slopes(cost: Cost, z: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """∂C/∂a and ∂C/∂z for each sample, where a = σ(z), read off the graph."""
    zs = [Value(zi) for zi in z]
    a = [sigmoid(zi) for zi in zs]
    cost(a, y).backward()
    return [ai.grad for ai in a], [zi.grad for zi in zs]


# %% A neuron that is sure and wrong
# One weight, one bias, one sample: for x = 1 the answer should be 0. It starts with w = b = 2, and so with a = σ(4),
# which is 0.98. The slope of the squared error with respect to z has the factor σ′(z), which is almost 0 there. In the
# slope of the cross-entropy σ′ cancels.
def learn(cost: Cost) -> tuple[list[float], list[float]]:
    """Gradient descent: the output of each epoch, and ∂C/∂w."""
    w, b = Value(2.0, label="w"), Value(2.0, label="b")
    outputs, gradients = [], []
    for _ in range(EPOCHS):
        a = sigmoid(w * 1.0 + b)
        w.grad = b.grad = 0.0
        cost([a], [0.0]).backward()
        w.data -= RATE * w.grad
        b.data -= RATE * b.grad
        outputs.append(a.data)
        gradients.append(w.grad)
    return outputs, gradients


def main(out: Path = Path()) -> dict[str, object]:
    """Go through the chapter; the pictures go to the folder `out`."""
    z, y = [0.5, -1.0, 4.0], [1.0, 0.0, 0.0]
    a = [1 / (1 + math.exp(-zi)) for zi in z]
    expected = [(ai - yi) / len(a) for ai, yi in zip(a, y)]
    by_a, by_z = slopes(squared_error, z, y)[0], slopes(cross_entropy, z, y)[1]
    print("(a − y)/n:                 ", [f"{e:.4f}" for e in expected])
    print("∂C/∂a of the squared error:", [f"{g:.4f}" for g in by_a])
    print("∂C/∂z of the cross-entropy:", [f"{g:.4f}" for g in by_z])

    approach = [cross_entropy([ai], [1.0]) for ai in (0.5, 0.9, 0.99, 0.999)]
    print("cross-entropy as a → y = 1:", [f"{c:.4f}" for c in approach])
    summed = slopes(lambda a, y: len(a) * squared_error(a, y), z, y)[0]
    print("the sum instead of the mean makes each slope n times as large:", [f"{g:.4f}" for g in summed])
    zs = [i / 10 for i in range(-80, 81)]
    lines = {
        name: ([cost([sigmoid(z)], [0.0]) for z in zs], [slopes(cost, [z], [0.0])[1][0] for z in zs])
        for name, cost in COSTS.items()
    }
    pictures.costs(out / "costs.svg", zs, lines)

    outputs, gradients = {}, {}
    for name, cost in COSTS.items():
        outputs[name], gradients[name] = learn(cost)
        print(f"{name}: first ∂C/∂w {gradients[name][0]:.4f}; a = {outputs[name][0]:.2f} at the start,", end=" ")
        print(f"{outputs[name][100]:.2f} after 100 epochs, {outputs[name][-1]:.2f} at the end")
    pictures.learning(out / "saturated.svg", outputs)

    sure = -log(1 - sigmoid(Value(4.0, label="z")))  # the cross-entropy of one sample, where y = 0
    sure.label = "cost"
    sure.backward()
    draw(sure).save(out / "cross_entropy.svg")

    return {
        "expected": expected,
        "by_a": by_a,
        "by_z": by_z,
        "summed": summed,
        "approach": approach,
        "outputs": outputs,
        "gradients": gradients,
    }


if __name__ == "__main__":
    main(pictures.folder(__doc__))
