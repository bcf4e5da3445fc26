"""demos/07_digits.py: handwritten digits, learned with scalar Values."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import pytest

from autograd_mini.nn import MLP, Adam, cross_entropy, fit

pytestmark = pytest.mark.skipif(
    find_spec("sklearn") is None, reason="scikit-learn, which has the digits, is not installed"
)


@pytest.fixture(scope="module")
def demo(load_demo: Callable[[str], ModuleType]) -> ModuleType:
    return load_demo("07_digits")


@pytest.fixture(scope="module")
def figures(chapter: Callable[[str], Any]) -> Any:
    return chapter("07_digits").figures


def test_it_reads_digits_that_it_has_not_seen(figures: Any) -> None:
    assert figures["parameters"] == 1210
    assert figures["cost"] < 0.2
    assert figures["accuracy"] >= 0.94


def test_a_compiled_network_reads_more_of_them_and_learns_in_seconds(figures: Any) -> None:
    assert figures["compiled_accuracy"] >= 0.97
    assert figures["compiled_seconds"] < 10.0


def test_compiled_or_not_it_is_the_same_training(demo: ModuleType) -> None:
    training, _ = demo.load()
    costs = []
    for compile in (False, True):
        network = MLP(64, [8, 10], activation="tanh", init="xavier", seed=1)
        pixels, labels = zip(*training[:64], strict=True)
        optimizer = Adam(network.parameters(), lr=0.01)
        history = fit(
            network,
            pixels,
            labels,
            loss=cross_entropy,
            optimizer=optimizer,
            epochs=3,
            batch_size=16,
            seed=1,
            compile=compile,
        )
        costs.append(history.cost)
    assert costs[1] == pytest.approx(costs[0], rel=1e-9)


def test_delta_of_the_last_layer_is_p_minus_y(figures: Any) -> None:
    assert figures["slope_error"] < 1e-15


def test_a_fifth_is_held_out(demo: ModuleType) -> None:
    training, held_out = demo.load()
    assert (len(training), len(held_out)) == (1438, 359)
    assert {len(x) for x, _ in training} == {64}
    assert all(0 <= pixel <= 1 for x, _ in held_out for pixel in x)
    assert {k for _, k in held_out} == set(range(10))


def test_without_scikit_learn_it_says_what_to_install(demo: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"^load\(\) needs scikit-learn: .*pip install '.*\[demo\]'$"):
        demo.load()
