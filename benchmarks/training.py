"""What networks of scalars learn, and how long it takes.

Each task is learned once for each of ten seeds, XOR of twenty: the seed draws the weights, the order of the rows, and
which rows are held out or, of the moons, what the data are. Accuracies are of rows that were held out, but for XOR,
which has none to spare. The time is that of `fit` alone, by the processor's clock.
"""

import csv
import importlib
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any, NamedTuple

from autograd_mini import mean, no_grad
from autograd_mini.nn import MLP
from autograd_mini.nn.losses import binary_cross_entropy_with_logits, cross_entropy
from autograd_mini.nn.optim import Adam
from autograd_mini.nn.train import fit

ROOT = Path(__file__).parents[1]
Rows = list[tuple[list[float], int]]  # what was measured, and which class it is


class Result(NamedTuple):
    """What came of one training."""

    accuracy: float
    seconds: float


class Task(NamedTuple):
    """What to learn: `data(seed)` are the rows to learn from, and those to ask about."""

    data: Callable[[int], tuple[Rows, Rows]]
    widths: Sequence[int]
    activation: str
    rate: float
    epochs: int
    batch_size: int | None
    seeds: int = 10

    def train(self, seed: int) -> Result:
        """Train a new model, and ask it."""
        learned, asked = self.data(seed)
        random.seed(seed)
        model = MLP(len(learned[0][0]), self.widths, activation=self.activation)
        X, Y = zip(*learned)
        start = time.process_time()
        fit(
            model,
            X,
            Y,
            loss=binary_cross_entropy_with_logits if self.widths[-1] == 1 else cross_entropy,
            optimizer=Adam(model.parameters(), lr=self.rate),
            epochs=self.epochs,
            batch_size=self.batch_size,
            seed=seed,
            progress=False,
        )
        seconds = time.process_time() - start
        with no_grad():
            return Result(fmean(answer(model(x)) == k for x, k in asked), seconds)


def answer(scores: Any) -> int:
    """The class that a model's output stands for: one score above 0 or not, or the highest of several."""
    return scores.index(max(scores)) if isinstance(scores, list) else int(scores > 0)


def xor(_: int) -> tuple[Rows, Rows]:
    """All there is of it."""
    rows = [([float(a), float(b)], a ^ b) for a in (0, 1) for b in (0, 1)]
    return rows, rows


def moons(seed: int) -> tuple[Rows, Rows]:
    """Two half circles, each reaching into the other, with noise: 100 points to learn from, 400 to ask about."""
    generator = random.Random(seed)

    def point(k: int) -> tuple[list[float], int]:
        angle = generator.uniform(0.0, math.pi)
        x, y = math.cos(angle), math.sin(angle)
        return [a + generator.gauss(0.0, 0.1) for a in ((1.0 - x, 0.5 - y) if k else (x, y))], k

    return [point(i % 2) for i in range(100)], [point(i % 2) for i in range(400)]


def iris(seed: int) -> tuple[Rows, Rows]:
    """Fisher's irises, as the demo has them."""
    with (ROOT / "demos" / "iris.csv").open(newline="", encoding="utf-8") as lines:
        _, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    species = sorted({row[-1] for row in rows})
    return split([([float(cell) for cell in row[:-1]], species.index(row[-1])) for row in rows], seed)


def breast_cancer(seed: int) -> tuple[Rows, Rows]:
    """Tumours, malignant (0) or benign (1), by 30 measurements of their cells, as scikit-learn has them."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    return split(list(zip(data.data.tolist(), data.target.tolist())), seed)


def split(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Four fifths of each class, and one fifth held out; in standard deviations of what is learned from."""
    generator = random.Random(seed)
    learned: Rows = []
    asked: Rows = []
    for k in sorted({k for _, k in rows}):
        group = [row for row in rows if row[1] == k]
        generator.shuffle(group)
        asked += group[: len(group) // 5]
        learned += group[len(group) // 5 :]
    scales = [(fmean(column), pstdev(column)) for column in zip(*(x for x, _ in learned))]

    def standard(rows: Rows) -> Rows:
        return [([(xi - m) / s for xi, (m, s) in zip(x, scales)], k) for x, k in rows]

    return standard(learned), standard(asked)


TASKS = {
    "xor": Task(xor, [8, 1], "tanh", rate=0.1, epochs=60, batch_size=None, seeds=20),
    "moons": Task(moons, [16, 1], "relu", rate=0.05, epochs=30, batch_size=10),
    "iris": Task(iris, [8, 3], "tanh", rate=0.05, epochs=10, batch_size=10),
    "breast cancer": Task(breast_cancer, [8, 1], "tanh", rate=0.02, epochs=5, batch_size=16),
}


def digits() -> Result:
    """The course's handwritten digits, learned by a compiled network of scalars."""
    sys.path.insert(0, str(ROOT / "demos"))
    chapter: Any = importlib.import_module("07_digits")
    random.seed(1)
    training, held_out = chapter.load()
    network = MLP(64, [64, 10], activation="tanh", init="xavier", seed=1)
    start = time.process_time()
    chapter.train_compiled(network, training)
    seconds = time.process_time() - start
    return Result(chapter.accuracy(network, held_out), seconds)


def overhead(rounds: int) -> dict[str, Any]:
    """An epoch of `fit` on 100 points, beside the same loop written out."""
    from measure import in_turn, quartiles

    X, Y = zip(*moons(0)[0])

    def prepared() -> tuple[MLP, Adam]:
        random.seed(0)
        model = MLP(2, [16, 16, 1])
        return model, Adam(model.parameters(), lr=0.01)

    def loop() -> Callable[[], Any]:
        model, optimizer = prepared()

        def epoch() -> None:
            cost = mean([binary_cross_entropy_with_logits(model(x), y) for x, y in zip(X, Y)])
            model.zero_grad()
            cost.backward()
            optimizer.step()

        return epoch

    def fitted() -> Callable[[], Any]:
        model, optimizer = prepared()
        loss = binary_cross_entropy_with_logits
        return lambda: fit(model, X, Y, loss=loss, optimizer=optimizer, epochs=1, progress=False)

    times = in_turn({"eager": loop(), "fit": fitted()}, rounds, seconds=0.2, least=1)
    ratios = {name: [a / b for a, b in zip(spent, times["eager"])] for name, spent in times.items()}
    return {name: {"seconds": quartiles(times[name]), "ratios": {"eager": quartiles(ratios[name])}} for name in times}


WORKLOADS = (*TASKS, "digits", "overhead")


def measure(name: str, options: Any) -> dict[str, Any]:
    """What came of a task."""
    if name == "overhead":
        return {
            "title": "An epoch of fit, beside the loop written out",
            "entries": overhead(3 if options.quick else 15),
        }
    if name == "digits":
        network, peer, results = "64-64-10, tanh, compiled", "numpy", [digits()]
    else:
        task, peer = TASKS[name], "eager"
        network = f"{'-'.join(map(str, task.widths))}, {task.activation}"
        results = [task.train(seed) for seed in range(2 if options.quick else task.seeds)]
    right = [result.accuracy for result in results]
    from measure import quartiles

    found = {"seeds": len(right), "mean": fmean(right), "lowest": min(right), "right": fmean(x == 1.0 for x in right)}
    return {
        "title": name,
        "network": network,
        "entries": {peer: {**found, "seconds": quartiles([r.seconds for r in results])}},
    }
