"""demos/03_feedforward.py: layers are matrices, and neurons that start alike stay alike."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def figures(load_demo: Callable[[str], ModuleType], out: Path) -> Any:
    return load_demo("03_feedforward").main(out)


def test_three_inputs_four_hidden_five_outputs(figures: Any) -> None:
    assert figures["shapes"] == [(4, 3), (5, 4)]


def test_the_network_is_its_matrices(figures: Any) -> None:
    assert figures["forward_error"] < 1e-15


def test_neurons_that_start_alike_stay_alike_to_the_last_bit(figures: Any) -> None:
    first, *others = figures["hidden"]
    assert others == [first, first]
    assert first[0] != 0.5  # and yet they have learned


def test_a_random_start_learns_what_a_constant_one_cannot(figures: Any) -> None:
    assert len(set(figures["random_weights"])) == 3
    assert figures["random_cost"] < 0.01 < 0.05 < figures["alike_cost"]
