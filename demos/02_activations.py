"""Activation functions, which make a neuron more than a weighted sum: a = φ(w·x + b).

The logistic sigmoid σ(x) = 1/(1 + e⁻ˣ) is between 0 and 1, tanh is between −1 and 1, centred at 0; ReLU is max(0, x).
Sigmoid and tanh saturate: they are flat at both ends, so gradients vanish there. ReLU does not where x > 0.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _pictures as pictures

from autograd_mini import Value, draw, relu, sigmoid, tanh
from autograd_mini.nn import Neuron

Function = Callable[[Any], Any]
Curve = tuple[list[float], list[float], list[float]]  # x, φ(x), φ′(x)
RANGES: dict[str, tuple[Function, int]] = {"sigmoid": (sigmoid, 10), "tanh": (tanh, 10), "relu": (relu, 5)}

# %% The derivatives as calculus has them
# σ′ = σ(1 − σ), which is at most ¼. tanh′ = 1 − tanh². ReLU′ is 1 where x > 0, and 0 elsewhere, by convention also at
# the kink.
FORMULAS: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) * (1 - 1 / (1 + math.exp(-x))),
    "tanh": lambda x: 1 - math.tanh(x) ** 2,
    "relu": lambda x: 1.0 if x > 0 else 0.0,
}


# %% The derivatives by the engine
# Compute φ of a Value, go back, and read the gradient.
def value_and_slope(phi: Function, x: float) -> tuple[float, float]:
    """φ(x) and φ′(x)."""
    v = Value(x)
    a = phi(v)
    a.backward()
    return a.data, v.grad


def curve(phi: Function, end: int) -> Curve:
    """The function and its derivative from −end to end, in steps of 0.1."""
    xs = [i / 10 for i in range(-10 * end, 10 * end + 1)]
    values, slopes = zip(*[value_and_slope(phi, x) for x in xs])
    return xs, list(values), list(slopes)


# %% Vanishing gradients
# In a row of layers the slopes are multiplied. Each sigmoid has a slope of at most ¼, so a row of them passes on almost
# none of a gradient. A row of ReLUs passes all of it on, where x > 0.
def slopes_of_rows(phi: Function, x: float, depth: int) -> list[float]:
    """The derivative of φ(φ(…φ(x))) with respect to x, for 1 to `depth` functions in the row."""
    slopes = []
    for n in range(1, depth + 1):
        a = v = Value(x)
        for _ in range(n):
            a = phi(a)
        a.backward()
        slopes.append(v.grad)
    return slopes


def main(out: Path = Path()) -> dict[str, object]:
    """Go through the chapter; the pictures go to the folder `out`."""
    curves = {name: curve(phi, end) for name, (phi, end) in RANGES.items()}
    errors = {
        name: max(abs(slope - FORMULAS[name](x)) for x, slope in zip(xs, slopes))
        for name, (xs, _, slopes) in curves.items()
    }
    print("largest difference of the engine from the formula:", {name: f"{e:.0e}" for name, e in errors.items()})
    steepest = max(curves["sigmoid"][2])
    print(f"σ′ is at most {steepest}; at the end of the picture, x = 10, it is {curves['sigmoid'][2][-1]:.1e}")
    pictures.activations(out / "activations.svg", curves)

    identity = max(abs(math.tanh(x) - (2 * sigmoid(2 * x) - 1)) for x in curves["tanh"][0])
    print(f"tanh(x) = 2σ(2x) − 1, within {identity:.0e}")
    extremes = {
        "sigmoid(-1000)": value_and_slope(sigmoid, -1000.0),
        "sigmoid(1000)": value_and_slope(sigmoid, 1000.0),
        "tanh(1000)": value_and_slope(tanh, 1000.0),
    }
    for name, (value, slope) in extremes.items():
        print(f"{name} = {value}, with the slope {slope}: nothing overflows")

    rows = {name: slopes_of_rows(phi, 1.0, depth=10) for name, (phi, _) in RANGES.items()}
    print("slope after 10 functions in a row:", {name: f"{slopes[-1]:.1e}" for name, slopes in rows.items()})
    pictures.vanishing(out / "vanishing.svg", rows)

    neuron = Neuron(2, "sigmoid", init=0.5)
    a = neuron([Value(1.0, label="x0"), Value(-2.0, label="x1")])
    a.label = "a"
    a.backward()
    draw(a).save(out / "sigmoid_neuron.svg")

    return {
        "curves": curves,
        "errors": errors,
        "steepest": steepest,
        "identity": identity,
        "extremes": extremes,
        "rows": rows,
    }


if __name__ == "__main__":
    main(pictures.folder(__doc__))
