"""demos/02_activations.py: sigmoid, tanh and ReLU with their derivatives, and how gradients vanish."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def figures(load_demo: Callable[[str], ModuleType], out: Path) -> Any:
    return load_demo("02_activations").main(out)


def test_the_derivatives_of_the_engine_are_those_of_calculus(figures: Any) -> None:
    assert figures["errors"].keys() == {"sigmoid", "tanh", "relu"}
    assert max(figures["errors"].values()) < 1e-15


@pytest.mark.parametrize("name, end", [("sigmoid", 10), ("tanh", 10), ("relu", 5)])
def test_the_curves_go_from_end_to_end_in_steps_of_a_tenth(figures: Any, name: str, end: int) -> None:
    xs, _, _ = figures["curves"][name]
    assert xs == [i / 10 for i in range(-10 * end, 10 * end + 1)]


def test_ranges(figures: Any) -> None:
    _, sigmoid, _ = figures["curves"]["sigmoid"]
    _, tanh, _ = figures["curves"]["tanh"]
    _, relu, _ = figures["curves"]["relu"]
    assert 0 < min(sigmoid) < 1e-4
    assert 1 - 1e-4 < max(sigmoid) < 1
    assert tanh == [-a for a in reversed(tanh)]  # centred at 0
    assert (min(relu), max(relu)) == (0.0, 5.0)


def test_the_steepest_slope_of_the_sigmoid_is_a_quarter(figures: Any) -> None:
    assert figures["steepest"] == 0.25


def test_sigmoid_and_tanh_saturate_and_relu_does_not(figures: Any) -> None:
    for name in ("sigmoid", "tanh"):
        slopes = figures["curves"][name][2]
        assert slopes[0] < 5e-5
        assert slopes[-1] < 5e-5
    assert figures["curves"]["relu"][2][-1] == 1.0


def test_tanh_is_a_scaled_sigmoid(figures: Any) -> None:
    assert figures["identity"] < 1e-15


def test_nothing_overflows(figures: Any) -> None:
    assert figures["extremes"] == {
        "sigmoid(-1000)": (0.0, 0.0),
        "sigmoid(1000)": (1.0, 0.0),
        "tanh(1000)": (1.0, 0.0),
    }


def test_a_gradient_vanishes_in_a_row_of_sigmoids(figures: Any) -> None:
    assert all(slope <= 0.25**n for n, slope in enumerate(figures["rows"]["sigmoid"], 1))
    assert figures["rows"]["relu"] == [1.0] * 10
