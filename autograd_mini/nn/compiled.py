"""`fit` with a compiled program: model and loss are traced once, and run a batch at a time, with all parameters in one
array.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..compiler import BranchChanged
from ..compiler import compile as compile_
from ..functions import stop_gradient
from ..hooks import no_grad
from .descent import Descent, Diverged, History, Loss, Model, OptimizerLike
from .losses import cross_entropy
from .optim import Optimizer


class CompiledDescent(Descent):
    """A model that descends with the gradients of a compiled program.

    During an epoch the parameters are in an array; after it they are in the model, where callbacks see them.
    """

    def __init__(
        self, model: Model, loss: Loss, optimizer: OptimizerLike, xs: list[Any], ys: list[Any], history: History
    ) -> None:
        super().__init__(model, loss, optimizer, xs, ys, history)
        _require_mean(model, loss, xs, ys)
        self._x = np.array(xs, dtype=np.float64)
        self._y = np.array(_one_hot(model, loss, xs[0], ys), dtype=np.float64)

        def cost(x: Any, y: Any) -> Any:
            return loss([model(_lists(x))], [_lists(y)])

        self._step = compile_(cost, params=self.parameters, reduce="mean")
        own = getattr(optimizer, "parameters", None) if isinstance(optimizer, Optimizer) else None
        self._flat = own is not None and list(map(id, own)) == list(map(id, self.parameters))

    def epoch(self, batches: list[Sequence[int]]) -> tuple[float, list[float]]:
        """Step after each batch; return the mean cost and the mean gradient of the batches."""
        self._step.params = [p.data for p in self.parameters]
        cost, gradient = 0.0, np.zeros(len(self.parameters))
        whole = _Whole(self._step.params)
        try:
            if isinstance(self.optimizer, Optimizer) and self._flat:
                with self.optimizer.as_one(whole), np.errstate(all="ignore"):
                    cost = self._through(batches, gradient, whole)
            else:
                cost = self._through(batches, gradient, None)
        finally:
            if self._flat:
                self._step.sync()
        if not np.isfinite(gradient).all():
            raise Diverged("a derivative is not finite")
        return cost, gradient.tolist()

    def _through(self, batches: list[Sequence[int]], gradient: Any, whole: "_Whole | None") -> float:
        """Step after each batch, add its gradient to the sum, and return the mean cost."""
        cost = 0.0
        for rows in batches:
            all_of_them = isinstance(rows, range)
            x, y = (self._x, self._y) if all_of_them else (self._x[rows], self._y[rows])
            share = len(rows) / len(self.xs)
            try:
                batch_cost, slopes = self._step.value_and_grad(x, y)
            except BranchChanged:
                raise
            except (ArithmeticError, ValueError) as error:
                if not self.begun:
                    raise
                raise Diverged(f"{type(error).__name__}: {error}") from error
            if not math.isfinite(batch_cost):
                raise Diverged(f"the cost is {batch_cost}")
            cost += share * batch_cost
            gradient += share * slopes
            self.begun = True
            self._take_step(slopes, whole)
        return cost

    def _take_step(self, slopes: Any, whole: "_Whole | None") -> None:
        if whole is not None:
            whole.grad = slopes
            self.optimizer.step()
            return
        for p, slope in zip(self.parameters, slopes.tolist()):
            p.grad = slope
        self.optimizer.step()
        self._step.params = [p.data for p in self.parameters]


class _Whole:
    """All parameters as one object, for an optimiser."""

    def __init__(self, params: Any) -> None:
        self._params = params
        self.grad: Any = None

    @property
    def data(self) -> Any:
        """The array, which keeps its place in memory when you assign another."""
        return self._params

    @data.setter
    def data(self, numbers: Any) -> None:
        self._params[...] = numbers


def _lists(x: Any) -> Any:
    """A row as lists, as it was passed to fit."""
    return x.tolist() if hasattr(x, "tolist") else x


def _one_hot(model: Model, loss: Loss, x: Any, ys: list[Any]) -> Any:
    """Targets for arithmetic: a class becomes a list of probabilities, which has the same cross-entropy."""
    if loss is not cross_entropy or isinstance(ys[0], list):
        return ys
    with no_grad():
        classes = len(model(x))
    return np.eye(classes)[[int(y) for y in ys]]


def _require_mean(model: Model, loss: Loss, xs: list[Any], ys: list[Any]) -> None:
    """Raise for a loss that isn't a mean over the rows, because the cost of each row is computed separately."""
    if len(xs) < 2:
        return
    with no_grad():
        outputs = [model(x) for x in xs[:2]]
        both = stop_gradient(loss(outputs, ys[:2]))
        mean = sum([stop_gradient(loss([a], [y])) for a, y in zip(outputs, ys)]) / 2.0
    if math.isfinite(both) and not math.isclose(both, mean, rel_tol=1e-9, abs_tol=1e-12):
        raise ValueError(
            f"compile=True needs a loss that is the mean over the rows: of two it is {both!r}, not {mean!r}"
        )
