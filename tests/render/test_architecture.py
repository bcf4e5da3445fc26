"""The picture of a network: its units, its weights by sign and size, its true number of parameters."""

import re
from xml.etree import ElementTree

import pytest

from autograd_mini.engine import Value
from autograd_mini.nn import MLP, Layer, Module, Neuron, Perceptron
from autograd_mini.render import draw
from autograd_mini.render.theme import LIGHT


def columns(drawing):
    found = {}
    for box in drawing.scene.boxes:
        found.setdefault(box.within[0], []).append(box.op or box.label)
    return found


def test_a_network_stands_in_columns():
    drawing = draw(MLP(2, [3, 1], "tanh", output_activation="sigmoid", seed=0))
    assert drawing.scene.caption == "MLP · 2-3-1 · 13 parameters"
    assert columns(drawing) == {
        "2 inputs": ["x0", "x1"],
        "layer 1: 3 neurons": ["tanh", "tanh", "tanh"],
        "layer 2: 1 neuron": ["σ"],
    }


def test_each_weight_is_the_line_between_its_input_and_its_neuron():
    model = MLP(2, [3, 1], seed=0)
    drawing = draw(model)
    weights = {(a.tail, a.head): a.weight for a in drawing.scene.arrows}
    assert weights["u0_1", "u1_2"] == model.layers[0].neurons[2].w[1].data
    assert weights["u1_2", "u2_0"] == model.layers[1].neurons[0].w[2].data
    assert len(weights) == 9


def test_colour_is_sign_and_width_is_size():
    model = Neuron(3)
    for w, number in zip(model.w, [2.0, -1.0, 0.0]):
        w.data = number
    lines = [line for line in draw(model).dot.splitlines() if re.search(r"u0_\d -> u1", line)]
    found = [re.search(r'color="(#\w+)".*penwidth=([\d.]+)', line).groups() for line in lines]
    assert found == [(LIGHT["positive line"], "3.00"), (LIGHT["negative line"], "1.70"), (LIGHT["line"], "0.40")]


def test_few_weights_and_biases_are_written_and_many_are_told_by_the_tooltip():
    few, many = draw(MLP(2, [2, 1], seed=0)), draw(MLP(4, [4, 1], seed=0))
    w = few.scene.arrows[0].weight
    texts = [text.text for text in ElementTree.fromstring(few.svg).iter("{http://www.w3.org/2000/svg}text")]
    assert f"{w:.4g}" in texts
    assert texts.count("b 0") == 3
    assert not any(arrow.note for arrow in many.scene.arrows)
    assert f"x0 → neuron 1.1: weight {many.scene.arrows[0].weight!r}" in many.svg.replace("&#45;", "-")


def test_a_long_column_is_cut_in_the_middle():
    drawing = draw(MLP(784, [30, 10], seed=0))
    assert columns(drawing)["784 inputs"] == ["x0", "x1", "x2", "x3", "776 more", "x780", "x781", "x782", "x783"]
    assert len(columns(drawing)["layer 2: 10 neurons"]) == 10
    assert len(drawing.scene.arrows) == 8 * 8 + 8 * 10
    assert drawing.scene.caption == "MLP · 784-30-10 · 23860 parameters"


def test_columns_keep_their_order():
    texts = ElementTree.fromstring(draw(MLP(9, [9, 2], seed=3)).svg).iter("{http://www.w3.org/2000/svg}text")
    heights = [(float(text.attrib["y"]), text.text) for text in texts if re.fullmatch(r"x\d", text.text or "")]
    assert [name for _, name in sorted(heights)] == [f"x{i}" for i in range(9)]


@pytest.mark.parametrize("model,caption", [
    (Neuron(3), "Neuron · 3-1 · 4 parameters"),
    (Perceptron(2), "Perceptron · 2-1 · 3 parameters"),
    (Layer(2, 3), "Layer · 2-3 · 9 parameters"),
])  # fmt: skip
def test_a_part_of_a_network_is_one(model, caption):
    assert draw(model).scene.caption == caption


class Gate(Module):
    def __init__(self):
        self.scale, self.inner = Value(2.0), Neuron(2)


class Fork(Module):
    def __init__(self):
        self.left, self.right = Layer(2, 2), Layer(3, 1)


class Empty(Module):
    pass


@pytest.mark.parametrize("model,boxes", [(Gate(), 4), (Fork(), 10), (Empty(), 0)])
def test_another_model_shows_its_parameters(model, boxes):
    drawing = draw(model)
    assert len(drawing.scene.boxes) == boxes
    assert not drawing.scene.arrows
    ElementTree.fromstring(drawing.svg)


def test_weights_that_are_not_finite_are_drawn():
    model = Neuron(2)
    model.w[0]._data, model.w[1]._data = float("nan"), float("-inf")
    ElementTree.fromstring(draw(model).svg)


def test_weights_of_zero_are_thin_lines():
    assert set(re.findall(r"u0_\d -> .*penwidth=([\d.]+)", draw(Perceptron(2)).dot)) == {"0.40"}


def test_numbers_can_be_left_out():
    dot = draw(Perceptron(2), values=False).dot
    assert ">b 0<" not in dot
    assert not re.search(r"u0_0 -> u1_0 .*label=", dot)


def test_parameters_stand_in_their_order():
    class Pair(Module):
        def __init__(self):
            self.first, self.second = Value(1.0), Value(2.0)

    places = re.findall(r'y="(-?[\d.]+)"[^>]*>(first|second)<', draw(Pair()).svg)
    assert [name for _, name in sorted((float(y), name) for y, name in places)] == ["first", "second"]
