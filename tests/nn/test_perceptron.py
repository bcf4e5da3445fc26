"""nn.perceptron: backward() gives Rosenblatt's rule, and the result says why the training ended."""

import dataclasses
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import Value
from autograd_mini.nn.perceptron import Perceptron, PerceptronFit

X = [(0.8, 0.4), (0.3, 0.1), (0.8, 0.8), (0.4, 0.6), (0.6, 0.8), (0.4, 0.2), (0.4, 0.5)]
Y = [0, 0, 1, 1, 1, 0, 1]
XOR = [(0, 1), (1, 0), (1, 1), (0, 0)], [1, 1, 0, 0]


def rule(rows: Any, labels: Any, w: list[float], b: float, lr: float, passes: int) -> list[tuple[list[float], int]]:
    """Rosenblatt's rule written out: the weights and the bias at the end of each pass, and its mistakes."""
    ends = []
    for _ in range(passes):
        mistakes = 0
        for x, y in zip(rows, labels):
            model = Perceptron(len(x))  # its z only: how a sum is rounded is the engine's affair
            model.load_state_dict({"b": b} | {f"w.{i}": wi for i, wi in enumerate(w)})
            f = 1 if model.z(x).data >= 0 else 0
            mistakes += f != y
            w = [wi + lr * (y - f) * xi for wi, xi in zip(w, x)]
            b = b + lr * (y - f)
        ends.append(([*w, b], mistakes))
        if not mistakes:
            break
    return ends


# ---- the course's figures ----


def test_the_course() -> None:
    model = Perceptron(2)
    fit = model.fit(X, Y)
    assert fit == PerceptronFit(True, (4, 4, 4, 4, 2, 2, 3, 0), "pass 8 made no mistake")
    assert [p.data for p in model.parameters()] == pytest.approx([-1.2, 3.2, -1.0], abs=1e-12)
    assert [model(x) for x in X] == Y


@pytest.mark.parametrize("passes", range(1, 9))
def test_each_pass_ends_where_the_rule_in_plain_numbers_does(passes: int) -> None:
    w, b = [0.0, 0.0], 0.0  # here without the engine at all
    for _ in range(passes):
        for x, y in zip(X, Y):
            f = 1 if w[0] * x[0] + w[1] * x[1] + b >= 0 else 0
            w, b = [wi + (y - f) * xi for wi, xi in zip(w, x)], b + (y - f)
    model = Perceptron(2)
    model.fit(X, Y, passes=passes)
    assert [p.data for p in model.parameters()] == [*w, b]


@given(st.data(), st.integers(1, 5), st.floats(0.01, 10.0))
def test_it_is_the_rule_step_for_step_in_any_dimension_from_any_start(data: Any, nin: int, lr: float) -> None:
    numbers = st.floats(-100.0, 100.0)
    rows = data.draw(st.lists(st.lists(numbers, min_size=nin, max_size=nin), min_size=1, max_size=6))
    labels = data.draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
    start = data.draw(st.lists(numbers, min_size=nin + 1, max_size=nin + 1))
    model = Perceptron(nin)
    for p, number in zip(model.parameters(), start):
        p.data = number
    ends = rule(rows, labels, start[:-1], start[-1], lr, passes=4)
    fit = model.fit(rows, labels, lr=lr, passes=4)
    assert fit.mistakes == tuple(mistakes for _, mistakes in ends)
    assert [p.data for p in model.parameters()] == ends[-1][0]
    assert fit.converged == (fit.mistakes[-1] == 0)


def test_the_gradient_of_the_cost_with_the_decision_held_constant_is_the_rule() -> None:
    model, x, y = Perceptron(3), [0.5, -2.0, 4.0], 0
    f = model(x)
    ((f - y) * model.z(x)).backward()
    assert f == 1
    assert [p.grad for p in model.parameters()] == [(f - y) * xi for xi in [*x, 1.0]]


@pytest.mark.parametrize("lr", [0.125, 0.5, 4.0])
def test_from_zero_the_learning_rate_only_scales_the_weights(lr: float) -> None:
    one, other = Perceptron(2), Perceptron(2)
    assert one.fit(X, Y) == other.fit(X, Y, lr=lr)
    assert [p.data for p in other.parameters()] == [lr * p.data for p in one.parameters()]


# ---- how it ends ----


@pytest.mark.parametrize("passes", [1, 7, 100])
def test_xor_ends_at_the_limit_and_says_so(passes: int) -> None:
    fit = Perceptron(2).fit(*XOR, passes=passes)
    assert not fit.converged
    assert len(fit.mistakes) == passes
    assert fit.mistakes[-1] > 0
    assert fit.reason == (
        f"limit of {passes} passes reached, mistakes in the last: {fit.mistakes[-1]}; "
        "it may be that no hyperplane separates the classes"
    )


def test_data_that_are_learned_already_take_one_pass_and_change_nothing() -> None:
    model = Perceptron(2)
    model.fit(X, Y)
    before = model.state_dict()
    assert model.fit(X, Y) == PerceptronFit(True, (0,), "pass 1 made no mistake")
    assert model.state_dict() == before


def test_convergence_in_the_very_last_pass_allowed() -> None:
    assert Perceptron(2).fit(X, Y, passes=8).converged
    assert not Perceptron(2).fit(X, Y, passes=7).converged


@pytest.mark.parametrize("nin", [1, 2, 3, 10, 50])
def test_separable_data_are_separated_in_any_dimension(nin: int) -> None:
    rng = random.Random(nin)
    normal = [rng.gauss(0, 1) for _ in range(nin)]
    rows, labels = [], []
    while len(rows) < 30:
        x = [rng.gauss(0, 1) for _ in range(nin)]
        side = sum(n * xi for n, xi in zip(normal, x))
        if abs(side) > 0.1:
            rows.append(x)
            labels.append(int(side > 0))
    model = Perceptron(nin)
    fit = model.fit(rows, labels)
    assert fit.converged
    assert [model(x) for x in rows] == labels


def test_the_result_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Perceptron(2).fit(X, Y).converged = False  # type: ignore[misc]


# ---- the model ----


def test_a_point_on_the_hyperplane_is_on_the_side_of_one() -> None:
    model = Perceptron(2)
    assert model([3.0, -4.0]) == 1
    model.load_state_dict({"w.0": 1.0, "w.1": 2.0, "b": -3.0})
    assert (model.decision([1.0, 1.0]), model.decision([1.0, 0.9999]), model.z([2.0, 2.0]).data) == (1, 0, 3.0)
    assert type(model([1.0, 1.0])) is int
    assert repr(model) == "Perceptron(2)"


def test_its_state() -> None:
    assert Perceptron(2).state_dict() == {"w.0": 0.0, "w.1": 0.0, "b": 0.0}


def test_one_input_needs_no_list() -> None:
    model = Perceptron(1)
    assert model.fit([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1]).converged
    assert [model(x) for x in (0.0, 2.0, 3.0, [9.0], Value(9.0))] == [0, 0, 1, 1, 1]
    with pytest.raises(ValueError, match=r"^Perceptron\(2\) takes 2 inputs, and got 1: \[1\.0\]$"):
        Perceptron(2)(1.0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, bool])
def test_arrays_are_data_too(dtype: Any) -> None:
    rows, labels = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=dtype), np.array([0, 0, 0, 1], dtype=dtype)
    model, plain = Perceptron(2), Perceptron(2)
    assert model.fit(rows, labels) == plain.fit(rows.tolist(), labels.tolist())
    assert model.state_dict() == plain.state_dict()


# ---- data that are none ----


@pytest.mark.parametrize(
    "rows, labels, error, text",
    [
        ([], [], ValueError, "X is empty"),
        (X, [], ValueError, "y is empty"),
        (X, Y[:-1], ValueError, "X has 7 rows and y has 6"),
        ([(1, 2), (1, 2, 3)], [0, 1], ValueError, "row 1 of X is a list of 3, and row 0 is a list of 2"),
        ([(1, 2, 3)], [0], ValueError, r"Perceptron\(2\) takes 2 inputs, and row 0 of X has 3"),
        ([1, 2], [0, 1], ValueError, r"Perceptron\(2\) takes 2 inputs, and row 0 of X has 1"),
        ([(1, 2), (1, float("nan"))], [0, 1], ValueError, "row 1, column 1 of X, .* is nan"),
        ([(1, 2), (float("inf"), 1)], [0, 1], ValueError, "row 1, column 0 of X, .* is inf"),
        ([(1, 2), ("1", 1)], [0, 1], TypeError, "row 1, column 0 of X, .* is not a number: '1'"),
        ([(1, 2), (1, 2), (3, 4)], [0, 1, -1], ValueError, "row 2 of y, counted from 0, is -1: a label is 0 or 1"),
        ([(1, 2), (1, 2)], [0.5, 1], ValueError, "row 0 of y, counted from 0, is 0.5: a label is 0 or 1"),
        ([(1, 2), (1, 2)], [[0], [1]], ValueError, r"row 0 of y, counted from 0, is \[0\]: a label is 0 or 1"),
    ],
)
def test_data_that_can_not_be_learned_are_refused_before_training(
    rows: Any, labels: Any, error: type[Exception], text: str
) -> None:
    model = Perceptron(2)
    with pytest.raises(error, match=text):
        model.fit(rows, labels)
    assert [p.data for p in model.parameters()] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("lr", [0.0, -1.0, float("nan"), float("inf")])
def test_invalid_learning_rates(lr: float) -> None:
    with pytest.raises(ValueError, match="lr is above 0 and finite, not "):
        Perceptron(2).fit(X, Y, lr=lr)


def test_no_passes() -> None:
    with pytest.raises(ValueError, match="passes is 1 or more, not 0"):
        Perceptron(2).fit(X, Y, passes=0)


def test_numbers_beyond_the_largest_float_are_an_error_and_not_a_result() -> None:
    with pytest.raises(OverflowError, match=r"row 1 of X, counted from 0: .*; scale the data down"):
        Perceptron(2).fit([(1e200, 1e200), (1e200, 1e200)], [0, 1])
