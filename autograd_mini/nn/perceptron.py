"""The perceptron, the first machine that learned.  Its rule is gradient descent on a graph of one node."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from ..engine import Value
from ..functions import dot
from .modules import Module, Neuron, Number, inputs_of, wrong_width
from .train import table_of

__all__ = ["Perceptron", "PerceptronFit"]


@dataclass(frozen=True)
class PerceptronFit:
    """The result of training a perceptron.

    Args:
        converged: whether the last pass made no mistake, so every row is on the right side.
        mistakes: how many mistakes each pass made.
        reason: why training stopped, as a text.
    """

    converged: bool
    mistakes: tuple[int, ...]
    reason: str


class Perceptron(Module):
    """A hyperplane between two classes: f(x) = 1 if w·x + b ≥ 0, else 0.  Rosenblatt 1958.

    Weights and bias start at 0.

    Args:
        nin: the number of inputs, the dimension of the space that it divides.

    >>> both = Perceptron(2)
    >>> both.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]).converged
    True
    >>> both([1, 1]), both([0, 1]), both.state_dict()
    (1, 0, {'w.0': 2.0, 'w.1': 1.0, 'b': -3.0})
    """

    def __init__(self, nin: int) -> None:
        neuron = Neuron(nin, activation=None, init="zeros")
        self.w, self.b = neuron.w, neuron.b

    def decision(self, x: Number | Iterable[Number]) -> int:
        """The decision f(x): 1 or 0 for the side of the hyperplane that x is on; 1 for a point on it.

        Args:
            x: nin numbers or Values; if nin is 1, also a single one.

        Raises:
            ValueError: there are more or fewer than nin.

        >>> Perceptron(2).decision([0.5, 1.0])
        1
        """
        return int(self.z(x).data >= 0)

    __call__ = decision

    def z(self, x: Number | Iterable[Number]) -> Value:
        """The weighted input w·x + b, one node: ‖w‖ times the signed distance from the hyperplane.

        Args:
            x: nin numbers or Values; if nin is 1, also a single one.

        Raises:
            ValueError: there are more or fewer than nin.

        >>> Perceptron(2).z([0.5, 1.0]).data
        0.0
        """
        x = inputs_of(x)
        if len(x) != len(self.w):
            raise wrong_width(self, len(self.w), x)
        z: Value = dot(self.w, x, start=self.b)
        return z

    def fit(self, X: Sequence[Any], y: Sequence[Any], lr: float = 1.0, passes: int = 1000) -> PerceptronFit:
        """Train by Rosenblatt's rule, w ← w + η(y − f)x and b ← b + η(y − f) row by row, until a pass makes no mistake.

        This is gradient descent: with the decision f held constant, the cost (f − y)·z of a row has the gradient
        (f − y)·x, which backward() finds.  If a hyperplane can separate the two classes, training ends
        (Novikoff 1962).  If not, as in XOR, it runs up to the limit.

        Args:
            X: rows of nin numbers each; lists, tuples or arrays.
            y: the label of each row, 0 or 1.
            lr: η.  If w starts at 0, it only scales the weights.
            passes: how many at most.

        Returns:
            The `PerceptronFit`.

        Raises:
            ValueError: X or y is empty, they differ in length, a row does not have nin columns, a number is nan or
                infinite, a label is neither 0 nor 1, lr is not above 0, or `passes` is below 1.  All of this is checked
                before the first step.
            TypeError: an entry is not a number.
            OverflowError: z became infinite or nan.

        >>> xor = Perceptron(2)
        >>> xor.fit([[0, 1], [1, 0], [1, 1], [0, 0]], [1, 1, 0, 0], passes=50).reason
        'limit of 50 passes reached, mistakes in the last: 4; it may be that no hyperplane separates the classes'
        """
        if not 0.0 < lr < inf:
            raise ValueError(f"lr is above 0 and finite, not {lr!r}")
        if passes < 1:
            raise ValueError(f"passes is 1 or more, not {passes!r}")
        rows = self._rows(X, y)
        mistakes: list[int] = []
        while len(mistakes) < passes:
            mistakes.append(sum([self._learn(i, x, label, lr) for i, (x, label) in enumerate(rows)]))
            if not mistakes[-1]:
                return PerceptronFit(True, tuple(mistakes), f"pass {len(mistakes)} made no mistake")
        reason = f"limit of {passes} passes reached, mistakes in the last: {mistakes[-1]}"
        return PerceptronFit(False, tuple(mistakes), f"{reason}; it may be that no hyperplane separates the classes")

    def _learn(self, i: int, x: Any, label: int, lr: float) -> bool:
        """Go through one row; return whether it was a mistake."""
        z = self.z(x)
        if not isfinite(z.data):
            raise OverflowError(f"row {i} of X, counted from 0: w·x + b is {z.data}; scale the data down")
        f = int(z.data >= 0)
        if f == label:
            return False  # the cost is 0·z, and so is its gradient
        self.zero_grad()
        ((f - label) * z).backward()
        for p in self.parameters():
            p.data -= lr * p.grad
        return True

    def _rows(self, X: Sequence[Any], y: Sequence[Any]) -> list[tuple[Any, int]]:
        """Each row with its label, if all of them are valid."""
        rows, labels = table_of("X", X), table_of("y", y)
        if len(rows) != len(labels):
            raise ValueError(f"X has {len(rows)} rows and y has {len(labels)}: each row needs its label")
        width = len(rows[0]) if isinstance(rows[0], list) else 1
        if width != len(self.w):
            raise ValueError(f"{self} takes {len(self.w)} inputs, and row 0 of X has {width}")
        for i, label in enumerate(labels):
            if label not in (0, 1):
                raise ValueError(f"row {i} of y, counted from 0, is {label!r}: a label is 0 or 1")
        return list(zip(rows, labels))

    def __repr__(self) -> str:
        return f"Perceptron({len(self.w)})"
