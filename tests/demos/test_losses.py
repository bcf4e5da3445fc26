"""demos/04_losses.py: the squared error and the cross-entropy, on a neuron that is sure and wrong."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autograd_mini import nn


@pytest.fixture(scope="module")
def demo(load_demo: Callable[[str], ModuleType]) -> ModuleType:
    return load_demo("04_losses")


@pytest.fixture(scope="module")
def figures(demo: ModuleType, out: Path) -> Any:
    return demo.main(out)


def test_the_slopes_are_a_minus_y_over_n(figures: Any) -> None:
    assert figures["by_a"] == pytest.approx(figures["expected"], rel=1e-14)
    assert figures["by_z"] == pytest.approx(figures["expected"], rel=1e-12)


def test_a_sum_instead_of_the_mean_has_n_times_the_slope(figures: Any) -> None:
    assert figures["summed"] == pytest.approx([3 * g for g in figures["by_a"]], rel=1e-14)


def test_the_cross_entropy_is_never_negative_and_goes_to_0(figures: Any) -> None:
    approach = figures["approach"]
    assert approach == sorted(approach, reverse=True)
    assert 0 < approach[-1] < 0.0011


def test_they_are_the_losses_of_nn(demo: ModuleType) -> None:
    a, y = [0.2, 0.9, 0.5], [0.0, 1.0, 1.0]
    assert demo.squared_error(a, y) == pytest.approx(nn.mse(a, y), rel=1e-15)
    assert demo.cross_entropy(a, y) == pytest.approx(nn.binary_cross_entropy(a, y), rel=1e-15)


def test_the_saturated_neuron_learns_by_cross_entropy_only(figures: Any) -> None:
    a, slope = 0.9820137900379085, 0.017662706213291107  # σ(4) and σ′(4)
    assert figures["gradients"]["squared error"][0] == pytest.approx(a * slope, rel=1e-12)
    assert figures["gradients"]["cross-entropy"][0] == pytest.approx(a, rel=1e-12)
    for outputs in figures["outputs"].values():
        assert outputs[0] == a
    assert figures["outputs"]["squared error"][100] > 0.95
    assert figures["outputs"]["cross-entropy"][100] < 0.05
