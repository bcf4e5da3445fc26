"""Training: `fit` descends on the cost, and decides when to stop."""

import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from math import hypot, inf, isfinite
from operator import index
from typing import Any, SupportsIndex

from ..engine import Value
from ..extras import require
from ..hooks import no_grad
from ..numbers import as_constant
from .descent import Descent, Diverged, History, Loss, Model, OptimizerLike
from .losses import mse
from .optim import SGD


def fit(
    model: Model,
    X: Sequence[Any],
    Y: Sequence[Any],
    *,
    loss: Loss = mse,
    optimizer: OptimizerLike | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    tol: float = 0.0,
    patience: int | None = None,
    progress: bool = True,
    callback: Callable[[int, History], object] | None = None,
    history: History | None = None,
    compile: bool = False,
) -> History:
    """Train a model: each epoch uses every row of the data once, and makes a step after each batch.

    It stops at the epoch limit, or earlier because of `tol`, `patience` or `callback`.  On Ctrl-C it goes back to the
    end of the last complete epoch and returns.  If the cost, a derivative or a parameter is no longer finite, it goes
    back to the last good parameters, warns and returns.  These are the parameters at the start of the latest epoch with
    a finite cost and gradient.  Parameters and optimiser go back together.  `reason` in the result says why it stopped.

    The same seed, weights and data give the same bits.  So does training in parts, because the order of the rows
    depends only on `seed` and the number of the epoch.  Pass the `history` of an earlier call, and the model and the
    optimiser as that call left them: fit continues at the next epoch as if it had never stopped.

    Args:
        model: a function of one row with `parameters()` and `zero_grad()`: any `Module`.
        X: n rows, each a list of numbers, all of one length, or a number; lists, tuples or arrays.
        Y: n targets, one per row, each a number or a list of numbers, in the form that the loss takes.
        loss: `loss(predictions, targets)` takes lists of both and returns the mean cost, a Value.
        optimizer: the optimiser that makes the steps; None for `SGD(model.parameters(), lr=0.1)`.
        epochs: the largest number of epochs, including those of `history`.
        batch_size: rows per step.  1 steps after each row; None steps after all rows, and then never shuffles them.
        shuffle: whether each epoch takes the rows in a new order.
        seed: the seed of these orders; None draws them from `random`'s generator, so they depend on its state too.
        tol: stop when the absolute value of every derivative of the mean cost is below it.  With several batches, the
            derivative is the mean over the batches, each at the parameters before its step.
        patience: stop after this many epochs in a row without a new lowest cost; None for never.
        progress: whether to show a bar with the cost while training, in a terminal or a notebook.
        callback: called as `callback(epoch, history)` after each epoch, counted from 0; a true result stops training.
            Step a schedule there.  If Ctrl-C interrupts the callback, its own changes are not undone.  `Watch` is a
            callback that shows the training.  If a callback has methods `begin(loss)` and `end(history)`, they are
            called before the first epoch and after the last, for whatever reason the training ends.
        history: the result of an earlier call, to continue from there; it is not changed.
        compile: whether to trace model and loss once and train with the compiled program.  This is many times faster,
            and gives the same results up to rounding.  The loss must be the mean over the rows.  It needs NumPy.

    Returns:
        The `History`, including earlier epochs.

    Raises:
        ValueError: X or Y is empty, they differ in length, their rows do, or one contains a nan or an infinity; the
            loss rejects a target; the model has no parameters; `batch_size` or `patience` is below 1.
        TypeError: an entry is not a number.

    >>> from autograd_mini.nn import Neuron
    >>> line = Neuron(1, activation=None)
    >>> history = fit(line, [0.0, 1.0, 2.0], [1.0, 3.0, 5.0], epochs=1000, tol=1e-6)
    >>> history.converged, [round(p.data, 4) for p in line.parameters()]
    (True, [2.0, 1.0])
    """
    settings = _Settings(epochs, batch_size, shuffle, seed, tol, patience, callback)
    xs, ys = table_of("X", X), table_of("Y", Y)
    if len(xs) != len(ys):
        raise ValueError(f"X has {len(xs)} rows and Y has {len(ys)}: each row needs its target")
    if not model.parameters():
        raise ValueError(f"{model!r} has no parameters: there is nothing to train")
    if optimizer is None:
        optimizer = SGD(model.parameters(), lr=0.1)
    own = {id(p) for p in model.parameters()}
    if own.isdisjoint(map(id, getattr(optimizer, "parameters", model.parameters()))):
        raise ValueError("the optimizer steps none of this model's parameters: make it of model.parameters()")
    if not callable(loss):
        raise TypeError(f"loss is a function, such as nn.mse, not {loss!r}")
    history = History() if history is None else History([*history.cost], [*history.gradient_norm])
    _check_targets(model, loss, xs[0], ys)
    kind = _compiled_descent() if compile else Descent
    descent = kind(model, loss, optimizer, xs, ys, history)
    _call_if_there(callback, "begin", loss)
    with _bar(progress, history.epochs, epochs) as show:
        _run(descent, settings, show)
    _call_if_there(callback, "end", history)
    return history


def _call_if_there(callback: object, name: str, argument: object) -> None:
    method = getattr(callback, name, None)
    if callable(method):
        method(argument)


def _compiled_descent() -> "type[Descent]":
    require("numpy", what="fit(compile=True)", extra="fast")
    kind: type[Descent] = import_module(".compiled", __package__).CompiledDescent
    return kind


@dataclass
class _Settings:
    """Settings of the training: when to step and when to stop."""

    epochs: int
    batch_size: int | None
    shuffle: bool
    seed: int | None
    tol: float
    patience: int | None
    callback: Callable[[int, History], object] | None

    def __post_init__(self) -> None:
        for name, least in (("epochs", 0), ("batch_size", 1), ("patience", 1), ("seed", None)):
            number = getattr(self, name)
            if number is None and name != "epochs":
                continue
            if not isinstance(number, SupportsIndex) or (least is not None and index(number) < least):
                bound = "" if least is None else f" of at least {least}"
                raise ValueError(f"{name} must be a whole number{bound}, not {number!r}")
            setattr(self, name, index(number))
        if not self.tol >= 0.0:
            raise ValueError(f"tol must be 0 or more, not {self.tol!r}")

    def batches(self, n: int, epoch: int) -> list[Sequence[int]]:
        """The row numbers of each batch, in the order of this epoch, which depends on the seed."""
        if self.batch_size is None:
            return [range(n)]
        order = list(range(n))
        if self.shuffle:
            shuffle = random.shuffle if self.seed is None else random.Random(f"{self.seed}/{epoch}").shuffle
            shuffle(order)
        return [order[i : i + self.batch_size] for i in range(0, n, self.batch_size)]


def _run(descent: Descent, settings: _Settings, show: Callable[[float], None]) -> None:
    """Run epochs until there is a reason to stop, and write it into the history."""
    history = descent.history
    try:  # around a call, not around the loop itself: CPython 3.12 and 3.13 miss an interrupt at the end of its body
        _run_epochs(descent, settings, show)
        history.reason = history.reason or f"epoch limit of {settings.epochs} reached"
    except KeyboardInterrupt:
        if history.epochs == descent.start.epochs:  # in the middle of an epoch
            del history.cost[history.epochs :]
            descent.restore(descent.start)
        history.reason = f"interrupted after {_count(history)}"
    except Diverged as error:
        descent.restore(descent.good)
        history.reason = f"diverged after {_count(history)}: {error}"
        lowest = f" The lowest cost was {min(history.cost):.4g}." if history.cost else ""
        warnings.warn(
            f"training {history.reason}. Model and optimiser are back at their last finite state: "
            f"try a smaller learning rate.{lowest}",
            RuntimeWarning,
            stacklevel=3,
        )


def _run_epochs(descent: Descent, settings: _Settings, show: Callable[[float], None]) -> None:
    history = descent.history
    best = min(zip(history.cost, count()), default=(inf, -1))
    while history.epochs < settings.epochs and not history.reason:
        epoch, descent.start = history.epochs, descent.state()
        cost, gradient = descent.epoch(settings.batches(len(descent.xs), epoch))
        descent.good = descent.start
        history.cost.append(cost)
        history.gradient_norm.append(hypot(*gradient))  # last, because it marks the epoch as complete
        descent.require_finite()
        best = min(best, (cost, epoch))
        history.converged = max(map(abs, gradient)) < settings.tol
        history.reason = _reason(settings, history, epoch - best[1])
        show(cost)


def _count(history: History) -> str:
    return f"{history.epochs} whole epoch{'s' * (history.epochs != 1)}"


def _reason(settings: _Settings, history: History, stagnant: int) -> str:
    """Why to stop after this epoch, or "".  The callback is always called."""
    stop = settings.callback and settings.callback(history.epochs - 1, history)
    if history.converged:
        return f"every derivative is below {settings.tol}"
    if settings.patience is not None and stagnant >= settings.patience:
        return f"no lower cost in {stagnant} epochs"
    return "stopped by the callback" if stop else ""


@contextmanager
def _bar(progress: bool, done: int, epochs: int) -> Iterator[Callable[[float], None]]:
    """A function that shows the cost of the completed epoch."""
    if not progress:
        yield lambda cost: None
        return
    notebook = "ipykernel" in sys.modules  # there is a reader, although there is no terminal
    widgets = notebook and find_spec("ipywidgets") is not None
    tqdm = import_module("tqdm.notebook" if widgets else "tqdm").tqdm
    silent = False if notebook else None  # None: silent if there is no terminal

    with tqdm(desc="training", total=epochs, initial=done, unit="epoch", disable=silent) as bar:

        def show(cost: float) -> None:
            bar.set_postfix_str(f"cost={cost:.4g}", refresh=False)
            bar.update()

        yield show


# ---- the data ----


def table_of(name: str, rows: Any) -> list[Any]:
    """The rows as Python numbers or lists of them, all of one length; or an error that names the wrong row."""
    table = _plain(rows)
    if not isinstance(table, list):
        raise TypeError(f"{name} is a list, a tuple or an array of rows, not {type(rows).__name__}")
    if not table:
        raise ValueError(f"{name} is empty: there is nothing to learn from")
    for i, row in enumerate(table):
        if _width(row) != _width(table[0]):
            raise ValueError(
                f"row {i} of {name} is {_width(row)}, and row 0 is {_width(table[0])}: rows are counted from 0"
            )
        for j, x in enumerate(row if isinstance(row, list) else [row]):
            _require_number(f"row {i}, column {j} of {name}, both counted from 0,", x)
    return table


def _check_targets(model: Model, loss: Loss, x: Any, ys: list[Any]) -> None:
    """Let the loss check the targets and the shape of the model's outputs, with predictions that are all ½."""
    with no_grad(), suppress(ArithmeticError):  # a loss may be undefined if all predictions are equal
        output = model(x)
        prediction = [Value(0.5) for _ in output] if hasattr(output, "__iter__") else Value(0.5)
        loss([prediction] * len(ys), ys)


def _plain(x: Any) -> Any:
    """Arrays and tuples as lists, and NumPy's scalars as Python's."""
    if _has_unit(x):  # numbers would lose the unit
        return list(map(_plain, x)) if x.ndim else x
    if hasattr(x, "tolist"):
        x = x.tolist()
    return [_plain(xi) for xi in x] if isinstance(x, (list, tuple)) else x


def _has_unit(x: Any) -> bool:
    """Whether x is a date or a duration of NumPy, or an array of them."""
    return getattr(getattr(x, "dtype", None), "kind", "") in ("m", "M")


def _width(row: Any) -> str:
    return f"a list of {len(row)}" if isinstance(row, list) else "one number"


def _require_number(place: str, x: Any) -> None:
    if _has_unit(x):
        raise TypeError(
            f"{place} is a date or a duration, {x!r}: make it a number first, in a unit that you choose, such as "
            "(X - X.min()) / np.timedelta64(1, 'D')"
        )
    try:
        number = as_constant(x)
    except OverflowError:  # an int too large for a float
        number = inf
    if number is None:
        raise TypeError(f"{place} is not a number: {x!r}")
    if not isfinite(number):
        raise ValueError(f"{place} is {number}: leave such rows out, or fill them")
