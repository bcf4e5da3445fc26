"""A model that descends on its cost: one epoch, going back to an earlier state, and `History`, the record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..engine import Value
from ..extras import require
from ..render.training import sparkline
from ..tables import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Loss = Callable[[list[Any], list[Any]], Value]


class Model(Protocol):
    """A model that can be trained."""

    def __call__(self, x: Any, /) -> Any: ...
    def parameters(self) -> list[Value]: ...
    def zero_grad(self) -> None: ...


class OptimizerLike(Protocol):
    """An optimiser that can train it."""

    def step(self) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> None: ...


@dataclass(repr=False)
class History:
    """A record of training, epoch by epoch, and of why it stopped.

    It contains plain numbers: you can write `vars(history)` as JSON, and `History(**what_was_read)` restores it.

    Args:
        cost: the mean cost of each epoch; the cost of each batch is measured before its step.
        gradient_norm: the Euclidean length of each epoch's gradient, which is the mean over its batches.
        reason: why training stopped, as a text.
        converged: whether it stopped because every derivative was below `tol`.

    >>> History([0.5, 0.25], [1.0, 0.5], reason="epoch limit of 2 reached")
    History(epochs=2, cost=0.25, reason='epoch limit of 2 reached')
    """

    cost: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    reason: str = ""
    converged: bool = False

    @property
    def epochs(self) -> int:
        """The number of complete epochs."""
        return len(self.gradient_norm)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the cost and the length of the gradient over the epochs, on a logarithmic scale.

        Args:
            ax: the axes to draw on; None for a new matplotlib figure.

        Returns:
            The axes, to draw more on or to save: `history.plot().figure.savefig("training.svg")`.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        if ax is None:
            pyplot = require("matplotlib.pyplot", what="History.plot()", extra="demo")
            ax = pyplot.subplots()[1]
        marker = "." if self.epochs == 1 else ""  # a line of one point can't be seen
        ax.plot(self.cost, marker=marker, label="cost")
        ax.plot(self.gradient_norm, marker=marker, label="length of the gradient")
        ax.set(xlabel="epoch", yscale="log")
        ax.legend()
        return ax

    def _repr_html_(self) -> str:
        """For a notebook: the cost as a small curve, and how the training ended."""
        words = f"{self.epochs} epoch{'s' * (self.epochs != 1)}"
        if self.cost:
            words += f", cost {self.cost[0]:.4g} → {self.cost[-1]:.4g}, lowest {min(self.cost):.4g}"
        ended = f"<br>{text(self.reason)}" * bool(self.reason)
        return f"<div>{sparkline('cost', self.cost)}<div>{words}{ended}</div></div>"

    def __repr__(self) -> str:
        cost = f", cost={self.cost[-1]:.4g}" if self.cost else ""
        return f"History(epochs={self.epochs}{cost}, reason={self.reason!r})"


class _State(NamedTuple):
    """Everything that an epoch changes, and the number of epochs before it."""

    epochs: int
    parameters: list[float]
    optimizer: dict[str, Any]


class Diverged(Exception):
    """A cost, a derivative or a parameter is no longer finite."""


class Descent:
    """A model in training: runs an epoch, and goes back to an earlier state."""

    def __init__(
        self, model: Model, loss: Loss, optimizer: OptimizerLike, xs: list[Any], ys: list[Any], history: History
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.xs, self.ys, self.history = xs, ys, history
        self.parameters = model.parameters()
        self.begun = False  # after the first cost, a failure to compute means that the steps have diverged
        self.start = self.good = self.state()  # of this epoch, and of the latest epoch that was finite throughout

    def epoch(self, batches: list[Sequence[int]]) -> tuple[float, list[float]]:
        """Step after each batch; return the mean cost and the mean gradient of the batches."""
        cost, gradient = 0.0, [0.0] * len(self.parameters)
        try:
            for rows in batches:
                share = len(rows) / len(self.xs)
                cost += share * self.backward(rows)
                gradient = [g + share * p.grad for g, p in zip(gradient, self.parameters)]
                self.begun = True
                self.optimizer.step()
        except (ArithmeticError, ValueError) as error:
            if not self.begun:
                raise
            notes = getattr(error, "__notes__", [])
            raise Diverged(" ".join([f"{type(error).__name__}: {error}", *notes])) from error
        if not all(map(isfinite, gradient)):
            raise Diverged("a derivative is not finite")
        return cost, gradient

    def backward(self, rows: Sequence[int]) -> float:
        """The cost of a batch, with its gradient in the parameters; its graph is gone on return."""
        cost = self.loss([self.model(self.xs[i]) for i in rows], [self.ys[i] for i in rows])
        if not isfinite(cost.data):
            raise Diverged(f"the cost is {cost.data}")
        for p in self.parameters:
            p.grad = 0.0
        cost.backward()
        return cost.data

    def require_finite(self) -> None:
        if not all(isfinite(p.data) for p in self.parameters):
            raise Diverged("a parameter is not finite")

    def state(self) -> _State:
        return _State(self.history.epochs, [p.data for p in self.parameters], self.optimizer.state_dict())

    def restore(self, state: _State) -> None:
        """Go back to an earlier state of model and optimiser."""
        for p, number in zip(self.parameters, state.parameters):
            p.data = number
        self.optimizer.load_state_dict(state.optimizer)
