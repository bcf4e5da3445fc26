"""Handwritten digits, learned by a network of scalars.

scikit-learn contains 1797 digits of 8 × 8 pixels, written by 13 people. Each of the network's 1210 parameters is a
Value. The cost of a batch is one expression of all of them, and backward() finds its derivatives. Then a larger network
is compiled, and learns in a second.
"""

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from time import perf_counter

import _moving as moving
import _pictures as pictures
from tqdm import tqdm

from autograd_mini import Value, logsumexp, mean, no_grad
from autograd_mini.extras import require
from autograd_mini.nn import MLP, Adam, History, cross_entropy, fit

Digit = tuple[list[float], int]  # 64 pixels from 0 to 1, row by row, and which digit it is
BATCH = 16
RATES = [0.5, 0.5, 0.1]  # of each epoch; the small last one settles the weights


def load() -> tuple[list[Digit], list[Digit]]:
    """Four fifths of the digits to learn from; the others are held out, and asked about at the end."""
    data = require("sklearn.datasets", what="load()", extra="demo").load_digits()
    digits = [([pixel / 16 for pixel in pixels], k) for pixels, k in zip(data.data.tolist(), data.target.tolist())]
    random.seed(1)  # only now: an import may draw random numbers itself
    random.shuffle(digits)
    return digits[len(digits) // 5 :], digits[: len(digits) // 5]


# %% The cost
# The network gives a score z for each of the ten digits. Their softmax is a probability, pₖ = e^zₖ / Σ e^zⱼ, and the
# cost is the mean of −ln p of the right digit: ln Σ e^zⱼ − zₖ. Its slope with respect to the scores is p − y, where y
# is 1 for that digit and 0 for the others.
def cost(network: MLP, digits: Sequence[Digit]) -> Value:
    """The cross-entropy."""
    scores = [(network(x), k) for x, k in digits]
    c: Value = mean([logsumexp(z) - z[k] for z, k in scores])
    return c


def slope_error(network: MLP, digit: Digit) -> float:
    """The largest difference of δ = ∂C/∂z in the last layer, read off the graph, from p − y in plain numbers."""
    cost(network, [digit]).backward()
    last = [neuron.z for neuron in network.layers[-1].neurons if neuron.z is not None]
    total = math.fsum(math.exp(z.data) for z in last)
    return max(abs(z.grad - (math.exp(z.data) / total - (k == digit[1]))) for k, z in enumerate(last))


# %% Learning
# Minibatches: shuffle, and step after every 16 digits; take smaller steps in the last epoch.
def train(
    network: MLP, training: list[Digit], held_out: list[Digit], watch: Callable[[int], object] = lambda batches: None
) -> tuple[list[float], list[float]]:
    """The cost of each batch, and the accuracy held out: before training, and after each epoch."""
    costs: list[float] = []
    accuracies = [accuracy(network, held_out)]
    watch(0)
    starts = range(0, len(training), BATCH)
    with tqdm(total=len(RATES) * len(starts), desc="training", unit="batch", disable=None) as bar:
        for rate in RATES:
            random.shuffle(training)
            for i in starts:
                c = cost(network, training[i : i + BATCH])
                network.zero_grad()
                c.backward()
                for p in network.parameters():
                    p.data -= rate * p.grad
                costs.append(c.data)
                watch(len(costs))
                bar.update()
            accuracies.append(accuracy(network, held_out))
    return costs, accuracies


def answers(network: MLP, digits: Sequence[Digit]) -> list[int]:
    """For each picture the digit with the highest score."""
    with no_grad():
        return [max(enumerate(network(x)), key=lambda score: score[1].data)[0] for x, _ in digits]


def accuracy(network: MLP, digits: Sequence[Digit]) -> float:
    """The share of right answers."""
    return fmean(answer == k for answer, (_, k) in zip(answers(network, digits), digits))


# %% Compiled
# The same loop, a larger network, and compile=True: fit traces the model and its loss once, on one digit, and then runs
# that program on arrays, a batch at a time. You write the same code: each weight is still a Value.
def train_compiled(network: MLP, training: Sequence[Digit]) -> History:
    """Thirty epochs of Adam."""
    pixels, labels = zip(*training)
    optimizer = Adam(network.parameters(), lr=0.005)
    return fit(
        network, pixels, labels, loss=cross_entropy, optimizer=optimizer, epochs=30, batch_size=64, seed=1, compile=True
    )


def main(out: Path = Path()) -> dict[str, object]:
    """Go through the chapter; the pictures go to the folder `out`."""
    training, held_out = load()
    network = MLP(64, [16, 10], activation="tanh", init="xavier")
    n = len(network.parameters())
    print(f"{len(training)} digits to learn from, {len(held_out)} held out; a network of {n} parameters")
    error = slope_error(network, training[0])
    print(f"δ of the last layer is p − y, within {error:.0e}")

    watched, said = held_out[:12], list[tuple[int, list[int]]]()  # its answers during training

    def watch(batches: int) -> None:
        if batches % 6 == 0:
            said.append((batches, answers(network, watched)))

    costs, accuracies = train(network, training, held_out, watch)
    last = fmean(costs[-len(costs) // len(RATES) :])
    print(f"after {len(RATES)} epochs: cost {last:.3f}, {accuracies[-1]:.1%} right of those held out")
    pictures.training(out / "digits_training.svg", costs, accuracies)
    moving.reading(out / "digits_reading.svg", [x for x, _ in watched], [k for _, k in watched], costs, said)

    asked = sorted(zip(answers(network, held_out), held_out), key=lambda pair: pair[0] == pair[1][1])[:24]
    right = [answer == k for answer, (_, k) in asked]  # the wrong ones come first
    titles = [f"{answer}" if answer == k else f"{answer}, not {k}" for answer, (_, k) in asked]
    pictures.images(out / "digits.svg", 3, [(x, title) for title, (_, (x, _)) in zip(titles, asked)], right)

    hidden = network.layers[0].neurons  # blue where ink speaks for a neuron, orange where it speaks against it
    pictures.images(out / "digits_weights.svg", 2, [([w.data for w in neuron.w], "") for neuron in hidden])

    large = MLP(64, [64, 10], activation="tanh", init="xavier", seed=1)
    start = perf_counter()
    history = train_compiled(large, training)
    seconds = perf_counter() - start
    reached = accuracy(large, held_out)
    n_large = len(large.parameters())
    print(f"compiled, {n_large} parameters: {history.epochs} epochs in {seconds:.1f} s, {reached:.1%} right")

    return {
        "parameters": n,
        "slope_error": error,
        "cost": last,
        "accuracy": accuracies[-1],
        "compiled_accuracy": reached,
        "compiled_seconds": seconds,
    }


if __name__ == "__main__":
    main(pictures.folder(__doc__, "sklearn"))
