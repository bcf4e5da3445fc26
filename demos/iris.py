"""A network of scalars learns to recognise three species of iris from four measurements of a flower.

Every weight is a Value. So the cost over all the flowers is one expression of 67 of them, and backward() gives its
derivative with respect to each. The data are Fisher's: see README.md in this folder.
"""

import argparse
import csv
import random
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev

from tqdm import tqdm

from autograd_mini import Value, draw, log_softmax, mean, no_grad
from autograd_mini.nn import MLP

Flower = tuple[list[float], int]  # what was measured, and which of SPECIES it is
SPECIES = ["setosa", "versicolor", "virginica"]
EPOCHS, RATE = 100, 1.0


@dataclass(frozen=True)
class Figures:
    """The results of the demo."""

    cost: float
    training_accuracy: float
    held_out_accuracy: float
    gradient_error: float
    picture: Path


def load() -> tuple[list[str], list[Flower]]:
    """The names of the measurements, and the flowers."""
    with Path(__file__).with_name("iris.csv").open(newline="", encoding="utf-8") as lines:
        header, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    return header[:-1], [([float(cell) for cell in row[:-1]], SPECIES.index(row[-1])) for row in rows]


def split(flowers: list[Flower]) -> tuple[list[Flower], list[Flower]]:
    """Four fifths of each species to learn from; the others are held out, and asked about at the end."""
    training, held_out = [], []
    for species in range(len(SPECIES)):
        group = [(x, k) for x, k in flowers if k == species]
        random.shuffle(group)
        held_out += group[: len(group) // 5]
        training += group[len(group) // 5 :]
    return training, held_out


def standardise(flowers: list[Flower], like: list[Flower]) -> list[Flower]:
    """Each measurement minus its mean, in standard deviations, both taken from `like`: held-out flowers stay unseen."""
    scales = [(fmean(column), pstdev(column)) for column in zip(*(x for x, _ in like))]
    return [([(xi - m) / s for xi, (m, s) in zip(x, scales)], k) for x, k in flowers]


def cost(model: MLP, flowers: list[Flower]) -> Value:
    """Cross-entropy: the mean of −ln p, where p is what the softmax of the model's scores gives the true species."""
    losses: list[Value] = [-log_softmax(model(x))[k] for x, k in flowers]
    return mean(losses)


def accuracy(model: MLP, flowers: list[Flower]) -> float:
    """The share of the flowers whose own species has the highest score."""
    with no_grad():
        scores = [(model(x), k) for x, k in flowers]
    return fmean(max(s) == s[k] for s, k in scores)


def gradient_error(model: MLP, flowers: list[Flower], sample: int = 6, h: float = 1e-5) -> float:
    """The largest relative error of backward(), at a sample of the weights, against (C(w + h) − C(w − h)) / 2h."""
    cost(model, flowers).backward()
    errors = []
    for p in random.sample(model.parameters(), sample):
        w = p.data
        p.data = w + h
        above = cost(model, flowers).data
        p.data = w - h
        below = cost(model, flowers).data
        p.data = w
        slope = (above - below) / (2 * h)
        errors.append(abs(p.grad - slope) / max(abs(p.grad), abs(slope)))
    return max(errors)


def train(model: MLP, flowers: list[Flower]) -> None:
    """Gradient descent: each weight goes a little way down its slope, again and again."""
    epochs = tqdm(range(EPOCHS), desc="training", unit="epoch", disable=None)  # None: silent if there is no terminal
    for _ in epochs:
        c = cost(model, flowers)
        model.zero_grad()
        c.backward()
        for p in model.parameters():
            p.data -= RATE * p.grad
        epochs.set_postfix(cost=f"{c.data:.4f}")


def draw_neuron(model: MLP, x: list[float], names: list[str], path: Path) -> None:
    """The first neuron, and how its output for one flower depends on every number in it."""
    neuron = model.layers[0].neurons[0]
    model.zero_grad()
    a = neuron([Value(xi, label=name) for xi, name in zip(x, names)])
    a.backward()
    draw(a).save(path)


def main(out: Path = Path()) -> Figures:
    """Check the gradients, train, ask about the flowers held out, draw a neuron into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    random.seed(1936)
    names, flowers = load()
    training, held_out = split(flowers)
    training, held_out = standardise(training, like=training), standardise(held_out, like=training)
    model = MLP(4, [8, 3], activation="tanh")
    print(f"{len(flowers)} irises, {len(held_out)} of them held out; a network of {len(model.parameters())} parameters")
    error = gradient_error(model, training)
    print(f"backward() against finite differences: largest relative error {error:.1e}")
    print(f"cost before training: {cost(model, training).data:.4f}")
    train(model, training)
    learned, tested = accuracy(model, training), accuracy(model, held_out)
    figures = Figures(cost(model, training).data, learned, tested, error, picture=out / "iris_neuron.svg")
    print(f"cost after {EPOCHS} epochs: {figures.cost:.4f}")
    print(f"accuracy: {learned:.1%} in training, {tested:.1%} held out")
    draw_neuron(model, held_out[0][0], names, figures.picture)
    print(f"one neuron and its gradients: {figures.picture}")
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a network of scalars on Fisher's irises, and draw a neuron.")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for the drawing (default: this one)")
    main(parser.parse_args().out)
