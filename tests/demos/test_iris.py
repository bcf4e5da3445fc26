"""demos/iris.py gives the figures that it promises."""

import runpy
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from autograd_mini.cli.commands.demo import demo_folder


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return runpy.run_path(str(demo_folder() / "iris.py"))


@pytest.fixture(scope="module")
def figures(demo: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    return demo["main"](tmp_path_factory.mktemp("iris") / "new")


def test_it_learns(figures: Any) -> None:
    assert figures.cost < 0.06
    assert figures.training_accuracy >= 0.97
    assert figures.held_out_accuracy >= 0.93


def test_gradients_agree_with_finite_differences(figures: Any) -> None:
    assert figures.gradient_error < 1e-7


def test_it_draws_a_neuron(figures: Any) -> None:
    picture: Path = figures.picture
    assert picture.name == "iris_neuron.svg"
    text = "".join(ET.parse(picture).getroot().itertext())
    for word in ("sepal_length", "petal_width", "w0", "w3", "b", "dot", "tanh", "grad"):
        assert word in text


def test_the_data(demo: dict[str, Any]) -> None:
    names, flowers = demo["load"]()
    assert names == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert flowers[0] == ([5.1, 3.5, 1.4, 0.2], 0)
    assert [k for _, k in flowers] == [0] * 50 + [1] * 50 + [2] * 50


def test_a_fifth_of_each_species_is_held_out(demo: dict[str, Any]) -> None:
    _, flowers = demo["load"]()
    training, held_out = demo["split"](flowers)
    assert sorted([*training, *held_out]) == sorted(flowers)
    assert sorted(k for _, k in held_out) == [0] * 10 + [1] * 10 + [2] * 10


def test_standardised_by_the_flowers_it_learns_from(demo: dict[str, Any]) -> None:
    standardise = demo["standardise"]
    like = [([1.0, 10.0], 0), ([3.0, 30.0], 1)]
    assert standardise(like, like) == [([-1.0, -1.0], 0), ([1.0, 1.0], 1)]
    assert standardise([([5.0, 20.0], 2)], like) == [([3.0, 0.0], 2)]
