"""`Watch`: see a network learn, during the training and afterwards."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

from ..errors import AutogradError
from ..files import write_whole
from ..render.live import Show, open_place
from ..render.training import Moment, picture
from .descent import History, Loss, Model
from .sight import Sight
from .train import table_of

SHARE = 0.012  # of the training's time, for drawing pictures
APART = 0.1  # least seconds between two pictures
FEWEST, MOST = 8, 24  # cells of a region along one side
FEW_ROWS = 16  # rows at which saturation is measured
MOST_MOMENTS = 60  # moments to keep for a moving picture


class Watch:
    """A callback of `fit` that shows how a model learns: redrawn in place in a notebook and in the playground.

    The picture has the cost and the length of the gradient, epoch by epoch; for two inputs the regions of the classes,
    and for one input the line of the answers; and for each layer how much of it is saturated, that is, the share of its
    neurons' answers at which the activation has less than a tenth of its largest slope.  Outside notebooks and the
    playground nothing is shown, but `save` works.  Drawing during the training takes about 1 % of its time.  There is
    always a picture after the last epoch.

    Args:
        model: the model that is trained.
        X, Y: the rows and their targets, as for `fit`.
        callback: another callback, called in the same way; a true result stops the training.

    Raises:
        ValueError, TypeError: X or Y is not a table of numbers, as for `fit`.

    >>> from autograd_mini import nn
    >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> watch = nn.Watch(model, X, Y)
    >>> history = nn.fit(model, X, Y, epochs=20, callback=watch)
    >>> watch
    Watch(epochs=20)
    >>> "epoch 20: cost" in watch.svg
    True
    """

    def __init__(
        self,
        model: Model,
        X: Sequence[Any],
        Y: Sequence[Any],
        *,
        callback: Callable[[int, History], object] | None = None,
    ) -> None:
        xs = table_of("X", X)
        self._sight = Sight(model, xs, table_of("Y", Y))
        self._rows = xs[:: -(-len(xs) // FEW_ROWS)]
        self._callback = callback
        self._history = History()
        self._moments: list[Moment] = []
        self._apart, self._spent, self._cost_of_cell = APART, 0.0, 0.0
        self._begun = self._latest = perf_counter()
        self._show: Show | None = None

    # ---- called by fit ----

    def begin(self, loss: Loss) -> None:
        """Called by `fit` before the first epoch."""
        self._sight.aim(loss)
        self._moments.clear()
        self._apart, self._spent = APART, 0.0
        self._begun = self._latest = perf_counter()
        self._show = open_place()

    def __call__(self, epoch: int, history: History) -> object:
        """Called by `fit` after each epoch."""
        self._history = history
        now = perf_counter()
        if now - self._latest >= self._apart and self._spent <= SHARE * (now - self._begun):
            self._look(SHARE * self._apart)
            self._latest = perf_counter()
            self._spent += self._latest - now
        return self._callback(epoch, history) if self._callback is not None else None

    def end(self, history: History) -> None:
        """Called by `fit` after the last epoch, for whatever reason the training ends."""
        self._history = history
        if self._moments and self._moments[-1].epoch == history.epochs:
            self._moments.pop()  # drawn with fewer cells, or before fit went back to an earlier state
        self._look(SHARE * (perf_counter() - self._begun))

    # ---- called by you ----

    @property
    def svg(self) -> str:
        """The latest picture, as one `<svg>` element.

        Raises:
            AutogradError: no training was watched.
        """
        return self._picture(self._moments[-1:])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the training as an SVG that moves: browsers show moment after moment.

        Args:
            path: the file, with the suffix .svg.  An existing file is replaced.

        Returns:
            The path.

        Raises:
            AutogradError: no training was watched.
            ValueError: the suffix is a different one.
            OSError: the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise ValueError(f"cannot save a training as {path.suffix or 'a file without suffix'!r}: use .svg")
        write_whole(path, self._picture(self._moments).encode())
        return path

    def _look(self, time: float) -> None:
        """Keep this moment, drawn with as many cells as the time allows, and show it."""
        cells = int((time / self._cost_of_cell) ** 0.5) if self._cost_of_cell else FEWEST
        cells = min(max(cells, FEWEST), MOST)
        seen, flat = None, dict[str, float]()
        with suppress(ArithmeticError, ValueError):  # if a model in training overflows, fit reports it
            flat = self._sight.layers.saturation(self._rows)
            before = perf_counter()
            seen = self._sight.answers(cells)
            self._cost_of_cell = (perf_counter() - before) / cells**2
        self._moments.append(Moment(self._history.epochs, seen, flat))
        if len(self._moments) > MOST_MOMENTS:
            del self._moments[1:-1:2]
            self._apart *= 2
        if self._show is not None:
            self._show({"image/svg+xml": self.svg, "text/plain": repr(self)})

    def _picture(self, moments: Sequence[Moment]) -> str:
        if not moments:
            raise AutogradError("nothing was watched yet: pass this to fit, as its callback")
        return picture(self._sight.data, self._history.cost, self._history.gradient_norm, moments)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        text = {"text/plain": repr(self)}
        return text | {"image/svg+xml": self.svg} if self._moments else text

    def __repr__(self) -> str:
        return f"Watch(epochs={self._history.epochs})"
