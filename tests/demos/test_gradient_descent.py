"""demos/05_gradient_descent.py: by hand, down a quartic, by learning rate, and into which valley."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def figures(load_demo: Callable[[str], ModuleType], out: Path) -> Any:
    return load_demo("05_gradient_descent").main(out)


def test_by_hand(figures: Any) -> None:
    assert figures["by_hand"][4.0] == pytest.approx([3.96, 3.9208, 3.882384], abs=1e-14)
    assert figures["by_hand"][0.0] == pytest.approx([0.04, 0.0792, 0.117616], abs=1e-14)


def test_the_quartic_in_70_steps(figures: Any) -> None:
    assert figures["steps"] == 70
    assert figures["end"] == pytest.approx(2.2499646074278457, abs=1e-12)
    assert figures["end"] == pytest.approx(9 / 4, abs=1e-4)


def test_the_slope_of_the_engine_takes_the_same_way_as_the_written_one(figures: Any) -> None:
    assert len(figures["written"]) == 71
    assert figures["written"][-1] == pytest.approx(figures["end"], abs=1e-12)


def test_every_reason_to_stop(figures: Any) -> None:
    precision, threshold, limit = figures["reasons"]
    assert precision == "the step is below 1e-05"
    assert threshold == "the derivative is below 0.001"
    assert limit == "limit of 20 steps reached"


def test_it_may_stop_where_there_is_no_minimum(figures: Any) -> None:
    assert -0.011 < figures["flat"] < 0


def test_a_step_multiplies_the_distance_by_one_minus_two_epsilon(figures: Any) -> None:
    for rate, factor in figures["factors"].items():
        assert factor == pytest.approx(1 - 2 * rate, abs=1e-15)


def test_learning_rates(figures: Any) -> None:
    distances = {rate: [abs(x - 2) for x in path] for rate, path in figures["paths"].items()}
    assert distances[0.02][-1] > 1  # crawls
    assert distances[0.2][-1] < 1e-2
    assert distances[0.5][1] == 0.0  # one step
    swings = figures["paths"][0.9]
    assert all((a - 2) * (b - 2) < 0 for a, b in pairwise(swings))
    assert distances[0.9] == sorted(distances[0.9], reverse=True)
    assert distances[1.04] == sorted(distances[1.04])  # runs away


def test_each_start_ends_in_its_own_valley(figures: Any) -> None:
    deep, shallow = figures["ends"]
    for x in (deep, shallow):
        assert 4 * x**3 - 8 * x + 1 == pytest.approx(0, abs=1e-6)
        assert 12 * x**2 - 8 > 0
    assert deep < 0 < shallow
    assert deep**4 - 4 * deep**2 + deep < shallow**4 - 4 * shallow**2 + shallow
