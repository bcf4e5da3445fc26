"""Draws the pictures of README.md into this folder: python docs/images/make.py"""

import random
from pathlib import Path

from autograd_mini import Value, draw
from autograd_mini.nn import Neuron


def neuron() -> Value:
    """The neuron that the tour draws, after backward()."""
    random.seed(1337)
    a: Value = Neuron(2, "tanh")([Value(1.0, label="x0"), Value(-2.0, label="x1")])
    a.backward()
    return a


if __name__ == "__main__":
    print(draw(neuron(), direction="TB").save(Path(__file__).with_name("neuron.svg")))
