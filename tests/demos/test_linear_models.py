"""demos/01_linear_models.py: hyperplanes, the perceptron step for step, the learning rate, and XOR."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autograd_mini import Value


@pytest.fixture(scope="module")
def demo(load_demo: Callable[[str], ModuleType]) -> ModuleType:
    return load_demo("01_linear_models")


@pytest.fixture(scope="module")
def figures(chapter: Callable[[str], Any]) -> Any:
    return chapter("01_linear_models").figures


def test_b_folds_into_w(demo: ModuleType) -> None:
    for x in demo.X:
        assert demo.folded([-1.2, 3.2], -1.0, x) == demo.linear([-1.2, 3.2], -1.0, x)


@pytest.mark.parametrize("a, b, c", [(1.0, 2.0, 3.0), (-4.0, 0.0, 0.5)])
def test_a_parabola_is_linear_in_its_parameters(demo: ModuleType, a: float, b: float, c: float) -> None:
    assert demo.parabola_slopes(a, b, c, x=5.0) == [25.0, 5.0, 1.0]


@pytest.mark.parametrize(
    "b, y, change",
    [(0.0, 1, 0), (-1.0, 0, 0), (0.0, 0, -1), (-1.0, 1, +1)],
    ids=["right for 1", "right for 0", "f = 1 and y = 0", "f = 0 and y = 1"],
)
def test_the_rule_changes_w_by_x_at_a_mistake_only(demo: ModuleType, b: float, y: int, change: int) -> None:
    x = (0.5, 0.25)
    assert demo.rule([0.0, 0.0], b, x, y, rate=1.0) == ([change * 0.5, change * 0.25], b + change)


@pytest.mark.parametrize("b, y", [(0.0, 1), (-1.0, 0), (0.0, 0), (-1.0, 1)])
def test_the_gradient_of_the_cost_is_f_minus_y_times_x(demo: ModuleType, b: float, y: int) -> None:
    w, bias, x = [Value(0.0), Value(0.0)], Value(b), (0.5, 0.25)
    demo.cost(w, bias, x, y).backward()
    f = 1 if b >= 0 else 0
    assert [p.grad for p in w] == [(f - y) * xi for xi in x]
    assert bias.grad == f - y


def test_the_perceptron_ends_after_eight_passes(figures: Any) -> None:
    assert figures["fit"].mistakes == (4, 4, 4, 4, 2, 2, 3, 0)
    assert figures["fit"].converged
    assert figures["weights"] == pytest.approx([-1.2, 3.2, -1.0], abs=1e-12)


def test_the_graph_makes_the_steps_of_the_rule_bit_for_bit(demo: ModuleType, figures: Any) -> None:
    assert figures["same_steps"]
    by_rule, by_graph = demo.traces(passes=8)
    assert by_rule == by_graph
    assert len(by_rule) == 56
    assert list(by_graph[-1]) == figures["weights"]  # and nn.Perceptron the same


def test_from_zero_the_learning_rate_only_scales(figures: Any) -> None:
    for rate, (perceptron, fit) in figures["scaled"].items():
        assert fit.mistakes == figures["fit"].mistakes
        assert [p.data for p in perceptron.parameters()] == [rate * w for w in figures["weights"]]


def test_from_elsewhere_the_learning_rate_changes_the_decisions(figures: Any) -> None:
    assert len({fit.mistakes for _, fit in figures["others"].values()}) == 3


def test_no_line_separates_xor_and_a_network_does(figures: Any) -> None:
    assert not figures["xor"].converged
    assert len(figures["xor"].mistakes) == 100
    assert "limit of 100 passes reached" in figures["xor"].reason
    assert figures["xor_answers"] == [1, 0, 0, 1]


def test_the_regions_are_asked_for_on_a_grid_of_50_by_50_in_the_unit_square(demo: ModuleType, tmp_path: Path) -> None:
    asked: list[Any] = []
    panel = ("", lambda x: asked.append(x) or x[0] - 0.5, demo.X, demo.Y)
    demo.pictures.regions(tmp_path / "regions.svg", panel)
    assert len(set(asked)) == len(asked) == 2500
    assert min(asked) == (0, 0)
    assert max(asked) == (1, 1)
