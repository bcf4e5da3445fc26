"""demos/06_backpropagation.py: the cost of a gradient, and the four equations found in the graph."""

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.nn import MLP


@pytest.fixture(scope="module")
def demo(load_demo: Callable[[str], ModuleType]) -> ModuleType:
    return load_demo("06_backpropagation")


@pytest.fixture(scope="module")
def figures(chapter: Callable[[str], Any]) -> Any:
    return chapter("06_backpropagation").figures


def test_the_chain_rule_for_three(figures: Any) -> None:
    by_hand, by_engine = figures["chain"]
    assert by_engine == pytest.approx(by_hand, rel=1e-15)


def test_perturbing_takes_n_plus_1_forward_passes_and_backpropagation_one(figures: Any) -> None:
    ns = [n for n, _, _ in figures["prices"]["perturbing"]]
    assert ns == [6, 13, 33, 97, 321]
    assert [passes for _, passes, _ in figures["prices"]["perturbing"]] == [n + 1 for n in ns]
    assert [(n, passes) for n, passes, _ in figures["prices"]["backpropagation"]] == [(n, 1) for n in ns]


def test_both_ways_find_the_same_gradient(demo: ModuleType) -> None:
    network = MLP(1, [3, 1], activation="tanh", seed=1)

    def cost() -> Any:
        return sum((network(x) - y) ** 2 for x, y in zip(demo.X, demo.Y))

    ways = [way(cost, network.parameters()) for way in (demo.perturbing, demo.backpropagation)]
    assert ways[0] == pytest.approx(ways[1], abs=1e-5)


ACTIVATIONS = ["sigmoid", "tanh", "relu", None]


@given(
    widths=st.lists(st.integers(1, 4), min_size=2, max_size=6),  # 1 to 5 layers
    hidden=st.sampled_from(ACTIVATIONS),
    last=st.sampled_from([("quadratic", phi) for phi in ACTIVATIONS] + [("cross-entropy", "sigmoid")]),
    seed=st.integers(0, 2**32),
)
def test_bp1_to_bp4_are_the_matrix_equations(
    demo: ModuleType, widths: list[int], hidden: str | None, last: tuple[str, str | None], seed: int
) -> None:
    source, (cost, output) = random.Random(seed), last
    # Weights of this size keep sigmoids where 1 − a has its digits: the equation for the cross-entropy divides by it.
    network = MLP(widths[0], widths[1:], hidden, output, init=lambda: source.uniform(-1, 1) / max(widths))
    for _, p in network.named_parameters():
        p.data += source.uniform(-0.1, 0.1)  # the biases too
    x = [source.uniform(-1, 1) for _ in range(widths[0])]
    y = [source.uniform(0, 1) for _ in range(widths[-1])]
    delta, by_b, by_w = demo.read_off(network, x, y, cost)
    assert [len(d) for d in delta] == widths[1:]
    assert [(len(w), len(w[0])) for w in by_w] == [*zip(widths[1:], widths)]
    graph = demo.flat((delta, by_b, by_w))
    assert graph == pytest.approx(demo.flat(demo.equations(network, x, y, cost)), abs=1e-12, rel=1e-12)


def test_the_figures_of_the_demo_agree_as_well(figures: Any) -> None:
    assert figures["errors"].keys() == {1, 2, 3, 4, 5}
    assert max(figures["errors"].values()) < 1e-12


def test_which_neurons_learn_slowly(figures: Any) -> None:
    w1, w2 = figures["speeds"]["both neurons active"]
    assert figures["speeds"]["output neuron saturated"][1] < w2 / 1000  # BP1
    assert figures["speeds"]["output neuron saturated"][0] < w1 / 1000  # and all before it
    assert figures["speeds"]["earlier neuron saturated"][0] < w1 / 1000  # BP2
    assert figures["speeds"]["earlier neuron saturated"][1] > w2
    slow, same = figures["speeds"]["input near 0"]
    assert slow == pytest.approx(w1 / 1000)  # BP4
    assert same == pytest.approx(w2)


def test_training_stops_at_the_threshold_or_at_the_limit(figures: Any) -> None:
    epochs, cost, reason = figures["runs"]["all samples"]
    assert epochs < 5000
    assert cost < 0.001
    assert reason == "every derivative is below 0.001"
    assert figures["runs"]["two samples"][::2] == (500, "limit of 500 epochs reached")
