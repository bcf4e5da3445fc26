"""nn.train: fit learns, stops when it should, and gives the same bits for the same seed."""

import contextlib
import copy
import io
import json
import math
import random
import runpy
import subprocess
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, exp, log, relu, sqrt
from autograd_mini.nn import MLP, Module, Neuron, train
from autograd_mini.nn.descent import History
from autograd_mini.nn.losses import binary_cross_entropy_with_logits, cross_entropy, hinge, mse
from autograd_mini.nn.optim import SGD, Adam, AdamW, RMSProp, StepLR
from autograd_mini.nn.perceptron import Perceptron
from autograd_mini.nn.train import fit

TASKS = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "training.py"))["TASKS"]
X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.25]]
Y = [0.0, 1.0, 1.0, 0.0, 0.75]
ALL = range(len(X))


def network(seed: int = 7) -> MLP:
    random.seed(seed)
    return MLP(2, [3, 1], activation="tanh")


def numbers(model: Any) -> list[float]:
    return [p.data for p in model.parameters()]


def slope(model: Any, rows: Any = ALL) -> tuple[float, list[float]]:
    """The cost of some rows and its gradient, by hand."""
    cost = mse([model(X[i]) for i in rows], [Y[i] for i in rows])
    model.zero_grad()
    cost.backward()
    return cost.data, [p.grad for p in model.parameters()]


def quiet_fit(model: Any, X: Any = X, Y: Any = Y, **options: Any) -> History:
    return fit(model, X, Y, progress=False, **options)


class Parameter(Module):
    """A model with one parameter, which applies a given function to it and the row."""

    def __init__(self, w: float, f: Any = lambda w, x: w * x) -> None:
        self.w, self.f = Value(w), f

    def __call__(self, x: Any) -> Any:
        return self.f(self.w, x)

    def parameters(self) -> list[Value]:
        return [self.w]


# ---- what it learns ----


def test_xor_is_learned_from_every_start() -> None:
    assert [TASKS["xor"].train(seed).accuracy for seed in range(20)] == [1.0] * 20


@pytest.mark.parametrize("seed", range(3))
def test_moons(seed: int) -> None:
    assert TASKS["moons"].train(seed).accuracy >= 0.97


def test_iris() -> None:
    assert fmean(TASKS["iris"].train(seed).accuracy for seed in range(10)) >= 0.95


def test_breast_cancer() -> None:
    pytest.importorskip("sklearn")
    assert fmean(TASKS["breast cancer"].train(seed).accuracy for seed in range(3)) >= 0.95


# ---- what an epoch is ----


def test_full_batch_is_gradient_descent_to_the_bit() -> None:
    ours, theirs = network(), network()
    history = quiet_fit(ours, optimizer=SGD(ours.parameters(), lr=0.25), epochs=20)
    for epoch in range(20):
        cost, gradient = slope(theirs)
        assert history.cost[epoch] == cost
        assert history.gradient_norm[epoch] == math.hypot(*gradient)
        for p, g in zip(theirs.parameters(), gradient):
            p.data -= 0.25 * g
    assert numbers(ours) == numbers(theirs)
    assert history.epochs == 20
    assert not history.converged
    assert repr(history) == f"History(epochs=20, cost={cost:.4g}, reason='epoch limit of 20 reached')"


@pytest.mark.parametrize("batch_size, batches", [(1, [[0], [1], [2], [3], [4]]), (2, [[0, 1], [2, 3], [4]]), (9, [X])])
def test_batches_are_steps_and_the_epoch_has_their_means(batch_size: int, batches: list[Any]) -> None:
    ours, theirs = network(), network()
    history = quiet_fit(ours, batch_size=batch_size, shuffle=False, epochs=1)
    cost, gradient = 0.0, [0.0] * len(numbers(theirs))
    for rows in [range(5)] if batches == [X] else batches:
        c, slopes = slope(theirs, rows)
        cost += len(rows) / 5 * c
        gradient = [g + len(rows) / 5 * s for g, s in zip(gradient, slopes)]
        for p, s in zip(theirs.parameters(), slopes):
            p.data -= 0.1 * s  # as the default optimiser does
    assert numbers(ours) == numbers(theirs)
    assert history.cost == [cost]
    assert history.gradient_norm == [math.hypot(*gradient)]


def orders(epochs: int = 3, **options: Any) -> list[list[float]]:
    """The order in which the rows come, epoch by epoch."""
    seen: list[float] = []
    model = Parameter(0.0, lambda w, x: seen.append(x) or w * x)
    quiet_fit(model, list(range(8)), [0.0] * 8, epochs=epochs, **options)
    seen = seen[1:]  # fit asks the model for the shape of its output first
    return [seen[i : i + 8] for i in range(0, len(seen), 8)]


def test_each_epoch_has_an_order_of_its_own_which_the_seed_decides() -> None:
    state = random.getstate()
    first = orders(batch_size=3, seed=1)
    assert all(sorted(order) == list(range(8)) for order in first)
    assert len({tuple(order) for order in first}) == 3
    assert orders(batch_size=1, seed=1, epochs=2) == first[:2]
    assert orders(batch_size=3, seed=2) != first
    assert random.getstate() == state


def test_without_a_seed_random_decides_the_order() -> None:
    random.seed(5)
    first = orders(batch_size=2)
    assert orders(batch_size=2) != first
    random.seed(5)
    assert orders(batch_size=2) == first


def test_nothing_is_shuffled_where_nothing_should_be() -> None:
    state = random.getstate()
    assert orders() == orders(batch_size=3, shuffle=False) == [list(range(8))] * 3
    assert random.getstate() == state


def test_arrays_tuples_and_lists_train_alike() -> None:
    forms: list[tuple[Any, Any]] = [
        (X, Y),
        (tuple(map(tuple, X)), tuple(Y)),
        (np.array(X), np.array(Y)),
        ([np.array(x) for x in X], [np.float64(y) for y in Y]),
    ]
    results = []
    for xs, ys in forms:
        results.append(network())
        quiet_fit(results[-1], xs, ys, epochs=3)
    assert all(numbers(model) == numbers(results[0]) for model in results)


def test_classes_may_be_of_numpy() -> None:
    random.seed(1)
    model = MLP(2, [3])
    assert quiet_fit(model, X, np.array([0, 1, 2, 0, 1]), loss=cross_entropy, epochs=2).epochs == 2


# ---- the same bits ----

PROGRAM = """
import json, random
from autograd_mini.nn import MLP
from autograd_mini.nn.optim import Adam
from autograd_mini.nn.train import fit
random.seed(7)
model = MLP(2, [3, 1], activation="tanh")
X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.25]], [0.0, 1.0, 1.0, 0.0, 0.75]
history = fit(model, X, Y, optimizer=Adam(model.parameters(), lr=0.1), epochs=12, batch_size=2, seed=3)
print(json.dumps([[p.data for p in model.parameters()], history.cost]))
"""


def test_the_same_seed_gives_the_same_bits_in_another_process_and_prints_nothing() -> None:
    model = network()
    history = quiet_fit(model, optimizer=Adam(model.parameters(), lr=0.1), epochs=12, batch_size=2, seed=3)
    other = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert json.loads(other.stdout) == [numbers(model), history.cost]
    assert other.stderr == ""


@pytest.mark.parametrize("batch_size", [None, 2, 1])
def test_resumed_training_has_the_bits_of_uninterrupted_training(batch_size: int | None) -> None:
    options: dict[str, Any] = {"batch_size": batch_size, "seed": 3}
    whole = network()
    uninterrupted = quiet_fit(whole, optimizer=Adam(whole.parameters(), lr=0.1), epochs=9, **options)

    first = network()
    optimizer = Adam(first.parameters(), lr=0.1)
    part = quiet_fit(first, optimizer=optimizer, epochs=4, **options)
    saved = json.dumps([numbers(first), optimizer.state_dict(), vars(part)])

    data, state, record = json.loads(saved)
    second = network(seed=99)
    for p, number in zip(second.parameters(), data):
        p.data = number
    optimizer = Adam(second.parameters(), lr=0.5)
    optimizer.load_state_dict(state)
    before = History(**record)
    resumed = quiet_fit(second, optimizer=optimizer, epochs=9, history=before, **options)

    assert numbers(second) == numbers(whole)
    assert resumed == uninterrupted
    assert before == part


# ---- why it stops ----


def test_it_stops_where_every_derivative_is_small() -> None:
    model = Neuron(2, activation=None)
    history = quiet_fit(
        model, X, [1.0, 3.0, 0.0, 2.0, 1.0], optimizer=SGD(model.parameters(), lr=0.5), epochs=9999, tol=1e-6
    )
    assert history.converged
    assert history.reason == "every derivative is below 1e-06"
    assert 10 < history.epochs < 9999
    assert history.gradient_norm[-2] >= 1e-6
    assert history.gradient_norm[-1] < 3e-6


def test_derivatives_equal_to_tol_do_not_stop_the_training() -> None:
    assert quiet_fit(Parameter(0.0), [1.0], [0.0], epochs=3, tol=0.0).epochs == 3
    assert quiet_fit(Parameter(0.0), [1.0], [0.0], epochs=3, tol=1e-300).epochs == 1


def test_it_stops_without_a_lower_cost() -> None:
    costs = iter([0.0, 5.0, 4.0, 4.0, 6.0, 3.0, 3.0, 3.5, 3.0, 1.0])  # the first to see whether the targets will do
    history = quiet_fit(Parameter(0.0), [0.0], [0.0], loss=lambda p, y: 0.0 * p[0] + next(costs), patience=3)
    assert history.cost == [5.0, 4.0, 4.0, 6.0, 3.0, 3.0, 3.5, 3.0]
    assert history.reason == "no lower cost in 3 epochs"
    assert not history.converged


def test_patience_goes_on_where_an_earlier_call_left_it() -> None:
    def constant(predictions: Any, targets: Any) -> Any:
        return 0.0 * predictions[0] + 2.0

    before = History([1.0, 2.0, 2.0], [0.0, 0.0, 0.0])
    history = quiet_fit(Parameter(0.0), [1.0], [0.0], loss=constant, patience=4, history=before)
    assert history.epochs == 5


def test_the_callback_sees_each_epoch_and_can_stop() -> None:
    seen: list[tuple[int, int, float]] = []

    def callback(epoch: int, history: History) -> bool:
        seen.append((epoch, history.epochs, history.cost[-1]))
        return epoch == 2

    history = quiet_fit(network(), callback=callback)
    assert seen == [(k, k + 1, history.cost[k]) for k in range(3)]
    assert history.reason == "stopped by the callback"


def test_a_schedule_steps_in_the_callback() -> None:
    model = Parameter(1.0)
    optimizer = SGD(model.parameters(), lr=0.5)
    schedule = StepLR(optimizer, step_size=1, gamma=0.0)
    quiet_fit(model, [1.0], [0.0], optimizer=optimizer, epochs=5, callback=lambda epoch, history: schedule.step())
    assert model.w.data == 0.5


def test_a_limit_that_is_reached_already_trains_nothing() -> None:
    model = network()
    before = numbers(model)
    assert quiet_fit(model, epochs=0) == History(reason="epoch limit of 0 reached")
    assert repr(quiet_fit(model, epochs=0)) == "History(epochs=0, reason='epoch limit of 0 reached')"
    assert quiet_fit(model, epochs=2, history=History([1.0, 1.0], [1.0, 1.0])).epochs == 2
    assert numbers(model) == before


# ---- interrupts ----


class Interrupting(SGD):
    """Ctrl-C in the middle of a step, once."""

    steps_left = -1

    def step(self) -> None:
        self.steps_left -= 1
        if self.steps_left == 0:
            self.parameters[0].data = math.nan
            self.v[0] = math.nan
            raise KeyboardInterrupt
        super().step()


@pytest.mark.parametrize("batch_size, step", [(None, 4), (2, 11), (2, 1)])
def test_an_interrupt_keeps_the_whole_epochs_and_can_be_resumed(batch_size: int | None, step: int) -> None:
    options: dict[str, Any] = {"batch_size": batch_size, "seed": 3, "epochs": 6}
    whole = network()
    uninterrupted = quiet_fit(whole, optimizer=SGD(whole.parameters(), lr=0.1, momentum=0.9), **options)

    model = network()
    optimizer = Interrupting(model.parameters(), lr=0.1, momentum=0.9)
    optimizer.steps_left = step
    history = quiet_fit(model, optimizer=optimizer, **options)
    epochs = 0 if step == 1 else 3
    assert history.reason == f"interrupted after {epochs} whole epochs"
    assert history.cost == uninterrupted.cost[:epochs]
    assert all(map(math.isfinite, numbers(model)))
    assert math.isfinite(slope(model)[0])

    assert quiet_fit(model, optimizer=optimizer, history=history, **options) == uninterrupted
    assert numbers(model) == numbers(whole)


def test_an_interrupt_between_two_epochs_loses_nothing() -> None:
    def interrupt(epoch: int, history: History) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    model, other = network(), network()
    history = quiet_fit(model, callback=interrupt)
    quiet_fit(other, epochs=2)
    assert history.reason == "interrupted after 2 whole epochs"
    assert numbers(model) == numbers(other)


# ---- divergence ----


@pytest.mark.parametrize("batch_size", [None, 2, 1])
@pytest.mark.parametrize("optimizer", [SGD, Interrupting])
def test_divergence_goes_back_to_the_last_good_parameters(batch_size: int | None, optimizer: Any) -> None:
    model = Neuron(2, activation=None)
    descent = optimizer(model.parameters(), lr=1e6, momentum=0.5)
    with pytest.warns(
        RuntimeWarning, match="diverged after .* last finite state: try a smaller learning rate"
    ) as record:
        history = quiet_fit(model, optimizer=descent, batch_size=batch_size, seed=1, epochs=1000)
    assert record[0].filename == __file__
    assert history.reason.startswith(f"diverged after {history.epochs} whole epoch")
    assert not history.converged
    assert all(map(math.isfinite, history.cost))
    assert all(map(math.isfinite, [*numbers(model), *descent.v, slope(model)[0]]))
    if batch_size is None:
        assert history.epochs > 3
        assert slope(model)[0] == history.cost[-1]


@pytest.mark.parametrize(
    "f, y, message",
    [
        (lambda w, x: exp(w), 100.0, "math range error in the operation 'exp'"),
        (lambda w, x: log(w), -5.0, "in the operation 'log'"),
        (lambda w, x: x / relu(w), 3.0, "in the operation '/'"),
        (lambda w, x: w * w, 0.0, "the cost is inf"),
    ],
)
def test_any_error_of_the_engine_counts_as_divergence(f: Any, y: float, message: str) -> None:
    model = Parameter(1.0, f)
    with pytest.warns(RuntimeWarning, match="diverged"):
        history = quiet_fit(model, [1.0], [y], optimizer=SGD(model.parameters(), lr=1e6))
    assert message in history.reason
    assert mse([model(1.0)], [y]).data == history.cost[-1]


def test_a_gradient_that_is_not_finite_is_divergence_too() -> None:
    model = Parameter(0.0, lambda w, x: sqrt(w) * x)
    with pytest.warns(RuntimeWarning, match="diverged after 0 whole epochs: a derivative is not finite"):
        history = quiet_fit(model, [1.0], [2.0])
    assert history == History(reason="diverged after 0 whole epochs: a derivative is not finite")
    assert model.w.data == 0.0


def test_a_last_step_beyond_all_numbers_is_taken_back() -> None:
    model = Parameter(1e10, lambda w, x: w * 1.0)
    with pytest.warns(RuntimeWarning, match="diverged after 1 whole epoch: a parameter is not finite"):
        history = quiet_fit(model, [1.0], [0.0], optimizer=SGD(model.parameters(), lr=1e300), epochs=1)
    assert model.w.data == 1e10
    assert history.cost == [5e19]


def test_an_error_of_the_model_at_the_start_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        quiet_fit(Parameter(0.0, lambda w, x: x / w), [1.0], [0.0])
    with pytest.raises(ValueError, match="takes 2 inputs, and got 1"):
        quiet_fit(network(), [1.0], [0.0])
    with pytest.raises(ValueError, match="domain"):
        quiet_fit(Parameter(0.0, lambda w, x: log(w - x)), [-1.0, 1.0], [0.0, 0.0])


# ---- data ----

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    "xs, ys, message",
    [
        ([], [], "X is empty"),
        (np.zeros((0, 2)), [], "X is empty"),
        (X, [], "Y is empty"),
        (X, Y[:3], "X has 5 rows and Y has 3"),
        ([[1.0, 2.0], [3.0]], [0, 0], "row 1 of X is a list of 1, and row 0 is a list of 2"),
        ([[1.0, 2.0], 3.0], [0, 0], "row 1 of X is one number, and row 0 is a list of 2"),
        (X[:2], [[1, 0], [1, 0, 0]], "row 1 of Y is a list of 3, and row 0 is a list of 2"),
        ([[1.0, 2.0], [3.0, NAN]], [0, 0], "row 1, column 1 of X, both counted from 0, is nan"),
        (np.array([[1.0, 2.0], [-INF, 4.0]]), [0, 0], "row 1, column 0 of X, both counted from 0, is -inf"),
        (X[:2], [0, INF], "row 1, column 0 of Y, both counted from 0, is inf"),
        (X[:2], [[0.0], [1.0]], "row 0: the prediction .* and the target .* must be two numbers or two lists"),
    ],
)
def test_wrong_data_are_refused_with_their_place(xs: Any, ys: Any, message: str) -> None:
    model = network()
    before = numbers(model)
    with pytest.raises(ValueError, match=message):
        quiet_fit(model, xs, ys)
    assert numbers(model) == before


@pytest.mark.parametrize(
    "xs, message",
    [
        ([[1.0, 2.0], [3.0, "4"]], "row 1, column 1 of X, both counted from 0, is not a number: '4'"),
        ([[1.0, None], [3.0, 4.0]], "row 0, column 1 of X, both counted from 0, is not a number: None"),
        ([[[1.0], 2.0], [3.0, 4.0]], r"row 0, column 0 of X, .* is not a number: \[1.0\]"),
        ("abc", "X is a list, a tuple or an array of rows, not str"),
        (iter(X), "X is a list, a tuple or an array of rows, not list_iterator"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(xs: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        quiet_fit(network(), xs, [0, 0])


@pytest.mark.parametrize(
    "widths, loss, ys, message",
    [
        ([3], cross_entropy, [0, 1, 2, 3, 0], "row 3: there is no class 3"),
        ([3], cross_entropy, [0, 1, 2, 0, -1], "row 4: there is no class -1"),
        ([1], hinge, [1, -1, 0, 1, 1], "row 2: the label 0.0 is neither"),
        ([1], binary_cross_entropy_with_logits, [1, 0, 0, 0, 2], "row 4: the label 2.0 is not between 0 and 1"),
        ([3], mse, [[1, 0]] * 5, "row 0: got 3 predictions but 2 targets"),
    ],
)
def test_labels_that_the_loss_does_not_know_are_refused(widths: Any, loss: Any, ys: Any, message: str) -> None:
    random.seed(1)
    model = MLP(2, widths)
    before = numbers(model)
    with pytest.raises(ValueError, match=message):
        quiet_fit(model, X, ys, loss=loss, batch_size=1)
    assert numbers(model) == before


def test_a_loss_of_ones_own_may_need_predictions_that_differ() -> None:
    def relative(predictions: Any, targets: Any) -> Any:
        spread = max(p.data for p in predictions) - min(p.data for p in predictions)
        return mse(predictions, targets) / spread

    assert quiet_fit(network(), loss=relative, epochs=2).epochs == 2


def test_other_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1, not 0"):
        quiet_fit(network(), batch_size=0)
    with pytest.raises(ValueError, match="patience must be a whole number of at least 1, not -1"):
        quiet_fit(network(), patience=-1)
    with pytest.raises(ValueError, match="has no parameters"):
        quiet_fit(MLP(2, []))


# ---- what is shown ----


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar_with_the_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    history = fit(network(), X, Y, epochs=7, history=History([1.0, 1.0], [1.0, 1.0]))
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "7/7" in shown
    assert f"cost={history.cost[-1]:.4g}" in shown


def test_no_bar_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "tqdm", None)  # nor is it imported
    quiet_fit(network(), epochs=2)
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]


def test_plot() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib.figure import Figure

    history = History([2.0, 1.0, 0.0], [4.0, 2.0, 0.0])
    ax = Figure().subplots()
    assert history.plot(ax) is ax
    assert [list(line.get_ydata()) for line in ax.lines] == [history.cost, history.gradient_norm]
    other = history.plot()
    assert other is not ax
    assert other.get_xlabel() == "epoch"
    History().plot().figure.canvas.draw()
    matplotlib.pyplot.close("all")


def test_plot_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"^History\.plot\(\) needs matplotlib: .*pip install '.*\[demo\]'$"):
        History().plot()


def test_a_history_can_be_copied() -> None:
    history = quiet_fit(network(), epochs=3)
    assert copy.deepcopy(history) == history


def test_an_optimizer_of_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="none of this model's parameters"):
        fit(Neuron(1), [0.0], [1.0], optimizer=SGD(Neuron(1).parameters(), lr=0.1))


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"epochs": 2.5}, "epochs"),
        ({"epochs": -1}, "epochs"),
        ({"batch_size": "3"}, "batch_size"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_settings_that_are_no_whole_numbers_are_refused(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=f"{word} must be a whole number"):
        fit(Neuron(1), [0.0], [1.0], **settings)


def test_a_number_beyond_the_floats_is_named_by_row_and_column() -> None:
    with pytest.raises(ValueError, match="row 1, column 0 of X"):
        fit(Neuron(2), [[0.0, 1.0], [10**400, 1.0]], [0.0, 1.0])


def test_a_model_may_return_a_tuple_and_share_its_weights() -> None:
    class Pair(Module):
        def __init__(self) -> None:
            self.first, self.second = Neuron(2, activation=None), Neuron(2, activation=None)
            self.second.w = self.first.w

        def __call__(self, x: Any) -> Any:
            return self.first(x), self.second(x)

    model = Pair()
    assert len(model.parameters()) == 4
    history = fit(model, [[0.0, 1.0], [1.0, 0.0]], [[1.0, 2.0], [2.0, 3.0]], epochs=500)
    assert history.cost[-1] < 1e-3


def test_an_interrupt_while_the_bar_is_drawn_loses_no_step_of_a_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1.0, 0.0, 0.5]

    def start() -> tuple[Any, Any, Any]:
        model = MLP(2, [3, 1], activation="tanh", seed=1)
        optimizer = SGD(model.parameters(), lr=0.3)
        return model, optimizer, StepLR(optimizer, 2, gamma=0.5)

    model, optimizer, schedule = start()
    fit(model, X, Y, optimizer=optimizer, epochs=8, callback=lambda epoch, history: schedule.step())
    whole = [p.data for p in model.parameters()]

    @contextlib.contextmanager
    def interrupting_bar(progress: bool, done: int, epochs: int) -> Any:
        shown = iter([None] * 3)

        def show(cost: float) -> None:
            if next(shown, "interrupt"):
                raise KeyboardInterrupt

        yield show

    model, optimizer, schedule = start()
    with monkeypatch.context() as patch:
        patch.setattr(train, "_bar", interrupting_bar)
        history = fit(model, X, Y, optimizer=optimizer, epochs=8, callback=lambda epoch, history: schedule.step())
    assert history.reason == "interrupted after 4 whole epochs"
    fit(model, X, Y, optimizer=optimizer, epochs=8, history=history, callback=lambda epoch, history: schedule.step())
    assert [p.data for p in model.parameters()] == whole


def test_a_notebook_without_widgets_has_a_bar_in_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(train, "find_spec", lambda name: None)
    fit(Neuron(1), [0.0, 1.0], [1.0, 2.0], epochs=3)
    assert "3/3" in capsys.readouterr().err


# ---- what has a unit is no number ----

DAYS = np.array(["2024-01-01", "2024-01-03", "2024-01-04"], dtype="datetime64[ns]")
DURATIONS = DAYS - DAYS[0]
OBJECTS = np.empty(3, object)
OBJECTS[:] = list(DURATIONS)


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize(
    "dates",
    [
        DAYS,
        DURATIONS,
        DURATIONS.astype("timedelta64[D]"),
        DURATIONS.reshape(3, 1),
        list(DURATIONS),
        [[d] for d in DURATIONS],
        tuple(DAYS),
        OBJECTS,
        DAYS.tolist(),
        DAYS.astype("datetime64[D]").tolist(),
    ],
    ids=lambda dates: type(dates).__name__,
)
def test_dates_and_durations_are_refused(dates: Any, compile: bool) -> None:
    for x, y, name in ((dates, [1.0, 2.0, 3.0], "X"), ([1.0, 2.0, 3.0], dates, "Y")):
        model = Neuron(1, activation=None)
        before = numbers(model)
        if type(dates) is list and isinstance(dates[0], int):  # nanoseconds as plain ints: no unit is left to see
            continue
        with pytest.raises(TypeError, match=rf"^row 0, column 0 of {name}.* is (a date or a duration|not a number)"):
            quiet_fit(model, x, y, compile=compile)
        assert numbers(model) == before


def test_a_perceptron_refuses_dates() -> None:
    with pytest.raises(TypeError, match="is a date or a duration"):
        Perceptron(1).fit(DURATIONS, [0, 1, 1])


def test_durations_over_a_unit_are_numbers() -> None:
    history = quiet_fit(Neuron(1, activation=None), DURATIONS / np.timedelta64(1, "D"), [1.0, 2.0, 3.0])
    assert history.epochs


# ---- an optimiser whose state is no longer finite ----


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("kind", [Adam, AdamW, RMSProp])
def test_ctrl_c_after_a_gradient_whose_square_is_infinite_returns(kind: Any, compile: bool) -> None:
    class Interrupted(kind):  # type: ignore[misc]
        steps = 0

        def step(self) -> None:
            self.steps += 1
            if self.steps == 3:
                raise KeyboardInterrupt
            super().step()

    def steep(predictions: list[Any], targets: list[Any]) -> Any:
        return sum([1e200 * (p - y) for p, y in zip(predictions, targets)]) / len(targets)

    model = Parameter(1.0)
    optimizer = Interrupted(model.parameters(), lr=0.1)
    history = quiet_fit(model, [1.0, 2.0], [1.0, 3.0], loss=steep, optimizer=optimizer, compile=compile)
    assert history.reason == "interrupted after 2 whole epochs"
    assert optimizer.state_dict()["v"] == [math.inf]
    again = quiet_fit(model, [1.0, 2.0], [1.0, 3.0], loss=steep, optimizer=optimizer, history=history, epochs=4)
    assert again.epochs == 4


def test_a_loss_is_a_function() -> None:
    with pytest.raises(TypeError, match=r"loss is a function, such as nn\.mse, not 'mse'"):
        fit(MLP(2, [1]), [[0.0, 1.0]], [1.0], loss="mse")  # type: ignore[arg-type]
