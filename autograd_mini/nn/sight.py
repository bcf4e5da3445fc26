"""The answers of a model over one or two inputs, for a picture."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import functions
from ..engine import Value
from ..render.training import Answers, Data, Point, Region
from .descent import Loss, Model
from .losses import binary_cross_entropy_with_logits, negative_binomial_nll, poisson_nll
from .saturation import Layers

MOST_ROWS = 300  # of the data to draw
ANSWERS = 60  # points of a line

# The function that turns a model's output into what is compared with a target.
_LINKS: dict[Any, Callable[[float], float]] = {
    binary_cross_entropy_with_logits: functions.sigmoid,
    poisson_nll: functions.exp,
    negative_binomial_nll: functions.exp,
}


class Sight:
    """A model and its data, to the extent that they can be drawn.

    Args:
        model: a function of one row.
        xs, ys: the rows and their targets, as tables.

    Attributes:
        layers: the neurons of the model.
        data: the rows and their places in a picture; None if they have more than two inputs.

    Raises:
        ValueError: there are more or fewer targets than rows.

    >>> from .modules import MLP
    >>> sight = Sight(MLP(2, [3, 1], "tanh", seed=0), [[0.0, 0.0], [1.0, 1.0]], [0.0, 1.0])
    >>> len(sight.answers(8).classes)
    8
    """

    def __init__(self, model: Model, xs: list[Any], ys: list[Any]) -> None:
        if len(xs) != len(ys):
            raise ValueError(f"X has {len(xs)} rows and Y has {len(ys)}: each row needs its target")
        step = -(-len(xs) // MOST_ROWS)
        self._model, self._xs, self._ys = model, xs[::step], ys[::step]
        self._link: Callable[[float], float] | None = None
        self.layers = Layers(model)
        with self.layers.looking():
            output = model(xs[0])
        self._classes = len(output) if isinstance(output, list) else 1
        targets = [y for row in ys for y in (row if isinstance(row, list) else [row])]
        self._middle, self._most = float(min(targets) + max(targets)) / 2.0, float(max(targets))
        self.data = self._data()

    def aim(self, loss: Loss) -> None:
        """Read the model's outputs as this loss does."""
        self._link = _LINKS.get(loss)

    def answers(self, cells: int) -> Region | Answers | None:
        """The model's answers now: over a square with so many cells along each side, or along a line."""
        if self.data is None:
            return None
        with self.layers.looking():
            return self._region(self.data, cells) if self._is_square() else self._line(self.data)

    # ---- the data ----

    def _is_square(self) -> bool:
        return isinstance(self._xs[0], list) and len(self._xs[0]) == 2

    def _data(self) -> Data | None:
        width = len(self._xs[0]) if isinstance(self._xs[0], list) else 1
        if width == 2:
            points = [(float(x), float(y)) for x, y in self._xs]
            classes = [self._class_of(y) for y in self._ys]
            return Data(points, classes, _around([x for x, _ in points]), _around([y for _, y in points]))
        if width == 1 and self._classes == 1 and not isinstance(self._ys[0], list):
            inputs = [float(x[0] if isinstance(x, list) else x) for x in self._xs]
            targets = [float(y) for y in self._ys]
            return Data(list(zip(inputs, targets)), [0] * len(inputs), _around(inputs), _around(targets))
        return None

    def _class_of(self, y: Any) -> int:
        if isinstance(y, list):
            return y.index(max(y))
        return int(y) if self._classes > 1 else int(y > self._middle)

    # ---- the model's answers ----

    def _region(self, data: Data, cells: int) -> Region:
        (left, right), (low, high) = data.across, data.up
        across = [left + (right - left) * (i + 0.5) / cells for i in range(cells)]
        up = [high - (high - low) * (i + 0.5) / cells for i in range(cells)]
        answers = [[self._answer([x, y]) for x in across] for y in up]
        return Region([[c for c, _ in row] for row in answers], [[sure for _, sure in row] for row in answers])

    def _answer(self, x: list[float]) -> tuple[int, float]:
        """The class that the model answers, and how sure it is, from 0 to 1."""
        output = self._model(x)
        if self._classes > 1:
            scores = functions.softmax([_number(z) for z in output])
            top = max(range(len(scores)), key=scores.__getitem__)
            return top, (scores[top] * len(scores) - 1.0) / (len(scores) - 1.0)
        score = self._linked(output) - self._middle
        return int(score > 0.0), min(abs(score) / ((self._most - self._middle) or 1.0), 1.0)

    def _line(self, data: Data) -> Answers:
        left, right = data.across
        xs = [left + (right - left) * i / (ANSWERS - 1) for i in range(ANSWERS)]
        is_list = isinstance(self._xs[0], list)
        return Answers([(x, self._linked(self._model([x] if is_list else x))) for x in xs])

    def _linked(self, output: Any) -> float:
        z = _number(output)
        return z if self._link is None else self._link(z)


def _number(z: Any) -> float:
    """An output as a number; for a list of one number, that number."""
    z = z[0] if isinstance(z, list) else z
    return float(z.data) if isinstance(z, Value) else float(z)


def _around(numbers: Sequence[float]) -> Point:
    """A range with some room on both sides."""
    low, high = min(numbers), max(numbers)
    room = 0.08 * (high - low) or 1.0
    return low - room, high + room
