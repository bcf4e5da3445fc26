"""Which values belong to which neuron: those whose weights are at work, and its activation, but not the loss."""

import xml.etree.ElementTree as ET
from functools import partial

import pytest

from autograd_mini import functions as f
from autograd_mini.engine import Value
from autograd_mini.nn import MLP, Layer, Module, Neuron, Perceptron
from autograd_mini.render import draw, explore
from autograd_mini.render.graph import Graph
from autograd_mini.render.parts import Part, activation_of, owner_of, parts_of


def found(root, model):
    """The operations of each part, by its titles."""
    graph = Graph([root])
    ops = {}
    for i, part in sorted(parts_of(graph, model).items()):
        ops.setdefault(part.titles, []).append(graph.order[i].op)
    return {titles: " ".join(filter(None, names)) for titles, names in ops.items()}


@pytest.mark.parametrize(
    "path,owner,titles",
    [
        ("layers.0.neurons.1.w.2", "layers.0.neurons.1", ("layer 1", "neuron 1.2")),
        ("neurons.1.b", "neurons.1", ("M", "neuron 2")),
        ("w.0", "", ("M",)),
        ("hidden.neurons.0.b", "hidden.neurons.0", ("hidden", "neuron hidden.1")),
        ("head.b", "head", ("M", "head")),
        ("blocks.2.gate.b", "blocks.2.gate", ("block 3", "blocks.2.gate")),
        ("table.0.1", "", ("M",)),
    ],
)
def test_titles_come_from_paths(path, owner, titles):
    assert owner_of(path) == owner
    assert Part("M", owner).titles == titles


@pytest.mark.parametrize("activation", ["tanh", "relu", "leaky_relu", f.tanh, "sigmoid"])
def test_a_neuron_is_its_weighted_input_and_its_activation(activation):
    model = MLP(2, [2, 1], activation, output_activation=activation, seed=0)
    op = f"dot {model([1.0, 2.0]).op}"
    assert found((model([1.0, 2.0]) - 1.0) ** 2, model) == {
        ("layer 1", "neuron 1.1"): op,
        ("layer 1", "neuron 1.2"): op,
        ("layer 2", "neuron 2.1"): op,
    }


def test_an_operation_after_a_linear_neuron_is_not_part_of_it():
    model = Neuron(1, None)
    assert found(model(2.0).tanh() * 2.0, model) == {("Neuron",): "dot"}


def test_a_function_of_the_users_own_is_what_lies_between_two_layers():
    model = MLP(1, [2, 1], lambda z: z * f.sigmoid(z) + 1.0, lambda z: z * 2.0, seed=0)
    parts = found((model(2.0) - 1.0) ** 2, model)
    assert parts == {
        ("layer 1", "neuron 1.1"): "dot σ * +",
        ("layer 1", "neuron 1.2"): "dot σ * +",
        ("layer 2", "neuron 2.1"): "dot",  # where it ends nobody can tell from the graph
    }


def test_a_look_inside_a_hidden_function_leaves_it_outside():
    model = MLP(1, [1, 1], lambda z: z * f.sigmoid(z), seed=0)
    a = model(2.0)
    inner = model.layers[0].neurons[0].z
    assert found(a + f.sigmoid(inner * 3.0), model)["layer 1", "neuron 1.1"] == "dot σ *"


def test_a_penalty_on_the_weights_is_no_part():
    model = Layer(2, 2, activation=None, seed=0)
    a, b = model([1.0, 2.0])
    penalty = sum(w * w for w in model.parameters()) + f.dot(model.parameters(), model.parameters())
    cost = a + b + penalty + sum(w**2 for w in model.neurons[0].w)
    assert found(cost, model) == {("Layer", "neuron 1"): "dot", ("Layer", "neuron 2"): "dot"}


def test_values_and_numbers_as_inputs_make_no_difference():
    model = Neuron(2, "tanh", seed=0)
    assert found(model([Value(1.0), 2.0]), model) == found(model([1.0, 2.0]), model)


class Line(Module):
    def __init__(self):
        self.slope, self.height = Value(2.0), Value(1.0)

    def __call__(self, x):
        return self.slope * x + self.height


class Pair(Module):
    def __init__(self):
        self.first, self.others = Line(), {"a.b": [Line()], "0": Line()}

    def __call__(self, x):
        return self.first(self.others["a.b"][0](x)) + self.others["0"](x)


@pytest.mark.parametrize("x", [3.0, Value(3.0)])
def test_any_module_is_known_by_its_parameters(x):
    assert found(Line()(x), line := Line()) == {}
    assert found((line(x) - 1.0) ** 2, line) == {("Line",): "* +"}


def test_modules_in_dicts_are_found():
    model = Pair()
    assert sum(ops == "* +" for ops in found(model(2.0), model).values()) == 3


@pytest.mark.parametrize(
    "key", ["1b", "1e5", "1.", ".1", "x.y", "..", "", " ", "²", "٣", "-1", "\n", "\x1b[31m", "</script>"]
)
@pytest.mark.parametrize("nested", [False, True])
def test_the_keys_of_a_dictionary_may_be_any_text(key, nested):
    class Keyed(Module):
        def __init__(self):
            inner = {key: Neuron(1, "tanh"), "z": Neuron(1, None)}
            self.a = {"b": inner} if nested else inner
            self.layers = inner

        def __call__(self, x):
            return self.layers["z"](self.layers[key](x))

    model = Keyed()
    cost = model(2.0)
    if "." not in key:  # where a path has one, the activation is not found by its name
        n = len(model.parameters()) + 3  # z and a of the first neuron, z of the second
        assert len(parts_of(Graph([cost]), model)) == n
    for drawing in (draw(cost, model=model), draw(cost, model=model, collapse="layer"), draw(model)):
        ET.fromstring(drawing.svg)
    assert explore(cost, model=model).html


def test_a_perceptron_is_one_neuron():
    model = Perceptron(2)
    assert found(model.z([1.0, 2.0]), model) == {("Perceptron",): "dot"}


def test_an_activation_without_a_name_is_what_lies_between_two_layers():
    class Square:
        def __call__(self, z):
            return z * z

    for activation, name in ((Square(), "Square"), (partial(f.leaky_relu, negative_slope=0.1), "leaky_relu")):
        model = MLP(1, [1, 1], activation)
        assert found(model(1.0), model)["layer 1", "neuron 1.1"] in ("dot *", "dot leaky_relu")
        assert activation_of(model, "layers.0.neurons.0") == name
