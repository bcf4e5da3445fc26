"""`fit(..., compile=True)` gives the results of `fit`, except for rounding."""

import json
import math
import random

import numpy as np
import pytest

from autograd_mini import compiler, mean, relu, tanh
from autograd_mini.nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    Module,
    RMSProp,
    StepLR,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    hinge,
    huber,
    mse,
)


def points(n, width, seed=0):
    draw = random.Random(seed)
    return [[draw.gauss(0.0, 1.0) for _ in range(width)] for _ in range(n)]


def both_ways(make, X, Y, **options):
    """The models and histories of two trainings that differ only in `compile`."""
    results = []
    for compiled in (False, True):
        model = MLP(len(X[0]), *make[:1], activation=make[1], seed=1)
        if len(make) > 2:
            options["optimizer"] = make[2](model.parameters())
        history = fit(model, X, Y, seed=3, progress=False, compile=compiled, **options)
        results.append((model, history))
    return results


def assert_alike(results, rel=1e-9):
    (model, history), (model2, history2) = results
    assert history.reason == history2.reason
    assert history.converged == history2.converged
    assert np.allclose(history.cost, history2.cost, rtol=rel, atol=1e-14)
    assert np.allclose(history.gradient_norm, history2.gradient_norm, rtol=rel, atol=1e-13)
    numbers, numbers2 = ([p.data for p in m.parameters()] for m in (model, model2))
    assert np.allclose(numbers, numbers2, rtol=rel, atol=1e-12)
    assert all(type(p.data) is float for p in model2.parameters())
    json.dumps(vars(history2))


@pytest.mark.parametrize(
    "loss, widths, target",
    [
        (mse, [5, 1], lambda x: x[0] * 0.5),
        (mse, [5, 2], lambda x: [x[0], x[1] * x[0]]),
        (huber, [5, 1], lambda x: 3.0 * x[0]),
        (hinge, [5, 1], lambda x: 1 if x[0] > 0 else -1),
        (binary_cross_entropy_with_logits, [5, 1], lambda x: int(x[0] > x[1])),
        (cross_entropy, [5, 3], lambda x: int(x[0] > 0) + int(x[1] > 0)),
        (cross_entropy, [5, 2], lambda x: [0.25, 0.75] if x[0] > 0 else [1.0, 0.0]),
    ],
)
def test_every_loss(loss, widths, target):
    X = points(23, 2)
    Y = [target(x) for x in X]
    assert_alike(both_ways((widths, "tanh"), X, Y, loss=loss, epochs=6, batch_size=5))


def test_probabilities():
    class Sure(Module):
        def __init__(self):
            self.line = MLP(2, [3, 1], activation="tanh", output_activation="sigmoid", seed=1)

        def __call__(self, x):
            return self.line(x)

    X = points(12, 2)
    Y = [int(x[0] > 0) for x in X]
    models = [Sure(), Sure()]
    histories = [
        fit(m, X, Y, loss=binary_cross_entropy, epochs=5, progress=False, compile=c)
        for m, c in zip(models, (False, True), strict=True)
    ]
    assert_alike(list(zip(models, histories, strict=True)))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda ps: SGD(ps, lr=0.05, momentum=0.9),
        lambda ps: SGD(ps, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda ps: RMSProp(ps, centered=True, momentum=0.5),
        lambda ps: Adam(ps, lr=0.02, amsgrad=True, weight_decay=0.01),
        lambda ps: AdamW(ps, lr=0.02),
        lambda ps: SGD(list(reversed(ps)), lr=0.05),
        lambda ps: SGD(ps[:4], lr=0.05),
    ],
)
def test_every_optimiser(optimizer):
    X = points(20, 2)
    results = []
    for compiled in (False, True):
        model = MLP(2, [4, 1], activation="tanh", seed=1)
        steps = optimizer(model.parameters())
        history = fit(
            model,
            X,
            [x[0] for x in X],
            optimizer=steps,
            epochs=4,
            batch_size=6,
            seed=2,
            progress=False,
            compile=compiled,
        )
        results.append((model, history, steps.state_dict()))
    assert_alike([result[:2] for result in results])
    (_, _, state), (_, _, state2) = results
    assert state.keys() == state2.keys()
    for name, x in state.items():
        assert type(x) is type(state2[name])
        if isinstance(x, list):
            assert np.allclose(x, state2[name], rtol=1e-8, atol=1e-12)
    json.dumps(state2)


def test_callbacks_see_the_model_and_may_change_it():
    X = points(10, 2)
    results = []
    for compiled in (False, True):
        model = MLP(2, [3, 1], activation="tanh", seed=1)
        steps = SGD(model.parameters(), lr=0.2)
        schedule = StepLR(steps, step_size=2, gamma=0.5)

        def callback(epoch, history, model=model, schedule=schedule):
            schedule.step()
            model.parameters()[0].data += 0.01

        history = fit(
            model, X, [x[0] for x in X], optimizer=steps, epochs=6, progress=False, callback=callback, compile=compiled
        )
        results.append((model, history))
    assert_alike(results)


def test_tolerance_patience_and_going_on():
    X = points(10, 1)
    Y = [2.0 * x[0] + 1.0 for x in X]
    assert_alike(both_ways(([1], "tanh"), X, Y, epochs=2000, tol=1e-6), rel=1e-6)
    model, whole = MLP(1, [3, 1], seed=1), MLP(1, [3, 1], seed=1)
    first = fit(model, X, Y, epochs=3, batch_size=4, seed=5, progress=False, compile=True)
    second = fit(model, X, Y, epochs=6, batch_size=4, seed=5, progress=False, compile=True, history=first)
    assert fit(whole, X, Y, epochs=6, batch_size=4, seed=5, progress=False, compile=True).cost == second.cost


def test_rows_of_one_number():
    model = MLP(1, [1], seed=1)
    history = fit(model, [0.0, 1.0, 2.0], [1.0, 3.0, 5.0], epochs=1000, tol=1e-6, progress=False, compile=True)
    assert history.converged
    assert [round(p.data, 4) for p in model.parameters()] == [2.0, 1.0]


def test_divergence_goes_back_to_the_last_finite_state():
    X = points(10, 1)
    model = MLP(1, [4, 1], activation=lambda x: x * x, seed=1)
    with pytest.warns(RuntimeWarning, match="diverged"):
        history = fit(
            model, X, [x[0] for x in X], optimizer=SGD(model.parameters(), lr=1e6), progress=False, compile=True
        )
    assert "diverged" in history.reason
    assert all(math.isfinite(p.data) for p in model.parameters())


def test_a_branch_that_rows_disagree_on_is_no_divergence():
    class Branching(Module):
        def __init__(self):
            self.line = MLP(1, [1], seed=1)

        def __call__(self, x):
            return self.line(x) if x[0] > 0.0 else -self.line(x)

    with pytest.raises(compiler.BranchChanged, match="if x"):
        fit(Branching(), [[1.0], [-1.0]], [1.0, 2.0], progress=False, compile=True)


def test_a_loss_that_is_no_mean_is_refused():
    def total(predictions, targets):
        return mean([(a - y) ** 2 for a, y in zip(predictions, targets, strict=True)]) * len(targets)

    with pytest.raises(ValueError, match="mean over the rows"):
        fit(MLP(1, [1], seed=1), [[1.0], [2.0]], [1.0, 2.0], loss=total, progress=False, compile=True)


def test_a_model_written_by_operators():
    class Plain(Module):
        def __init__(self):
            source = MLP(3, [4, 1], seed=1)
            self.w = [list(neuron.w) for neuron in source.layers[0].neurons]
            self.v = list(source.layers[1].neurons[0].w)

        def __call__(self, x):
            hidden = [tanh(sum(wi * xi for wi, xi in zip(w, x, strict=True))) for w in self.w]
            return relu(sum(v * h for v, h in zip(self.v, hidden, strict=True)) + 1.0)

    X = points(15, 3)
    models = [Plain(), Plain()]
    histories = [
        fit(m, X, [abs(x[0]) for x in X], epochs=5, batch_size=4, seed=1, progress=False, compile=c)
        for m, c in zip(models, (False, True), strict=True)
    ]
    assert_alike(list(zip(models, histories, strict=True)))
