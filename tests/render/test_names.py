"""Names of variables become labels, whatever else a program has in its variables."""

import pytest

from autograd_mini.engine import Value
from autograd_mini.nn import MLP
from autograd_mini.render import draw
from autograd_mini.render.names import names_of


def labels(names, *values):
    found = names_of(names)
    return [found.get(id(v)) for v in values]


def test_a_variable_a_place_in_a_list_and_a_key_are_names():
    a, b, c, d = (Value(1.0) for _ in range(4))
    assert labels({"a": a, "w": [b, (c,)], "p": {"bias": d}}, a, b, c, d) == ["a", "w[0]", "w[1][0]", "p['bias']"]


def test_parameters_have_the_paths_of_their_module():
    model = MLP(1, [1])
    assert labels({"model": model}, *model.parameters()) == [
        "model.layers.0.neurons.0.w.0",
        "model.layers.0.neurons.0.b",
    ]


def test_the_first_and_shortest_name_wins():
    v = Value(1.0)
    assert labels({"Out": {3: v}, "loss": v, "cost": v}, v) == ["loss"]


def test_equal_numbers_are_not_the_same_value():
    a, b = Value(1.0), Value(1.0)
    assert labels({"a": a, "b": b}, a, b) == ["a", "b"]


def test_underscores_are_left_out():
    v = Value(1.0)
    assert labels({"_": v, "_1": [v], "__builtins__": {"x": v}}, v) == [None]


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("compared")

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("shown")


def test_anything_else_is_ignored():
    v, cycle = Value(1.0), []
    cycle.append(cycle)
    odd = {"h": Hostile(), "hs": [Hostile()], "cycle": cycle, "n": 3, "t": MLP, "f": len, "k": {object(): v}, 3: v}
    assert labels(odd | {"v": v}, v) == ["v"]


def test_a_label_stays_and_no_value_is_changed():
    a, b = Value(1.0, label="α"), Value(2.0)
    c = a * b
    drawing = draw(c, names={"a": a, "b": b, "c": c})
    assert [box.label for box in drawing.scene.boxes] == ["α", "b", "c"]
    assert (b.label, c.label) == ("", "")


def test_locals_can_be_passed_as_names():
    x = Value(2.0)
    w = [Value(0.5), Value(1.0)]
    y = w[0] * x + w[1]
    assert [box.label for box in draw(y, names=locals()).scene.boxes] == ["w[0]", "x", "", "w[1]", "y"]


@pytest.mark.parametrize("names", [None, {}])
def test_a_drawing_without_names_shows_none(names):
    assert draw(Value(1.0), names=names).scene.boxes[0].label == ""
