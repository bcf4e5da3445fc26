"""Collapsing: small pictures of large computations, with counts that are right."""

import random
import re

import pytest

from autograd_mini import functions as f
from autograd_mini.engine import Value
from autograd_mini.nn import MLP, Module, Neuron, mse
from autograd_mini.render import RenderError, draw
from autograd_mini.sweep import topological_order


def boxes(drawing):
    return {box.key: (box.label, box.op, box.count) for box in drawing.scene.boxes}


def arrows(drawing):
    shown = {box.key: box.name for box in drawing.scene.boxes}
    return {(shown[a.tail], shown[a.head]): a.count for a in drawing.scene.arrows}


def rows(drawing, label):
    return next(dict(box.rows) for box in drawing.scene.boxes if box.label == label)


@pytest.fixture(scope="module")
def model():
    return MLP(2, [3, 1], "tanh", seed=0)


def data(n):
    source = random.Random(1)
    return [[source.gauss(0, 1), source.gauss(0, 1)] for _ in range(n)]


def squares(model, X):
    return sum((model(x) - float(i % 2)) ** 2 for i, x in enumerate(X)) / len(X)


def test_the_cost_over_many_samples_is_a_short_chain_of_layers(model):
    drawing = draw(squares(model, data(100)), model=model, collapse="layer")
    assert arrows(drawing) == {
        ("inputs", "layer 1"): 200,
        ("layer 1", "layer 2"): 300,
        ("layer 2", "the -"): 100,
        ("the -", "the ** 2"): 100,
        ("the ** 2", "the sum"): 100,
        ("the sum", "the / 100"): 1,
    }


def test_by_neurons_each_neuron_is_a_box_in_the_frame_of_its_layer(model):
    drawing = draw(squares(model, data(10)), model=model, collapse="neuron")
    assert [(box.label, box.within) for box in drawing.scene.boxes if box.kind == "part"] == [
        ("neuron 2.1", ("layer 2",)),
        ("neuron 1.1", ("layer 1",)),
        ("neuron 1.2", ("layer 1",)),
        ("neuron 1.3", ("layer 1",)),
    ]
    assert arrows(drawing)["inputs", "neuron 1.2"] == 20
    assert arrows(drawing)["neuron 1.2", "neuron 2.1"] == 10


def test_a_part_tells_of_one_sample_its_numbers_and_of_many_how_many(model):
    one = squares(model, data(1))
    one.backward()
    z, a = model.layers[0].neurons[1].z, next(v for v in topological_order(one) if v.op == "tanh")
    card = rows(draw(one, model=model, collapse="neuron"), "neuron 1.2")
    assert card == {"parameters": (3,), "a": (f.tanh(z.data),), "delta": (z.grad,)}
    layer = rows(draw(one, model=model, collapse="layer"), "layer 1")
    assert (layer["neurons"], layer["parameters"]) == ((3,), (9,))
    assert layer["a"][0] <= a.data <= layer["a"][1]
    for p in model.parameters():
        p.grad = 0.0
    many = squares(model, data(7))
    many.backward()
    norm = sum(p.grad**2 for p in model.layers[0].parameters()) ** 0.5
    card = rows(draw(many, model=model, collapse="layer"), "layer 1")
    assert card == {"neurons": (3,), "parameters": (9,), "uses": (7,), "|grad|": (pytest.approx(norm),)}


def test_before_backward_a_part_has_no_gradient():
    model = MLP(1, [2, 1], seed=0)
    drawing = draw(model(1.0), model=model, collapse="layer")
    assert rows(drawing, "layer 1")["delta"] == ()


def test_inputs_that_are_values_merge_by_label_and_use(model):
    labelled = [[Value(0.5, label="x0"), Value(1.5, label="x1")] for _ in range(5)]
    plain = [[Value(0.5), Value(1.5)] for _ in range(5)]
    assert {b[0]: b[2] for b in boxes(draw(squares(model, labelled), model=model, collapse="layer")).values()} == {
        "x0": 5, "x1": 5, "layer 1": 1, "layer 2": 1, "": 1,
    }  # fmt: skip
    assert ("inputs", "", 10) in boxes(draw(squares(model, plain), model=model, collapse="layer")).values()


def test_a_merged_box_spans_its_numbers(model):
    cost = squares(model, data(20))
    cost.backward()
    box = next(box for box in draw(cost, model=model, collapse="layer").scene.boxes if box.op == "-")
    values = [v for v in topological_order(cost) if v.op == "-"]
    numbers, grads = [v.data for v in values], [v.grad for v in values]
    assert dict(box.rows) == {
        "constants": (0.0, 1.0),
        "data": (min(numbers), max(numbers)),
        "grad": (min(grads), max(grads)),
    }


def test_constants_that_all_agree_stay_in_their_place(model):
    drawing = draw(sum(2.0 * model(x) for x in data(5)), model=model, collapse="layer")
    assert ("", "2 *", 5) in boxes(drawing).values()


def test_without_a_model_repeated_structure_merges_and_leaves_do_not():
    w, b = Value(2.0, label="w"), Value(0.0, label="b")
    cost = sum((w * x + b - y) ** 2 for x, y in [(1.0, 2.0), (2.0, 3.0), (3.0, 5.0)])
    assert sorted(boxes(draw(cost, collapse="layer")).values()) == [
        ("", "*", 3), ("", "** 2", 3), ("", "+", 3), ("", "-", 3), ("", "sum", 1), ("b", "", 1), ("w", "", 1),
    ]  # fmt: skip


def test_a_chain_folds_but_for_what_has_a_name_or_another_use():
    x = [Value(float(i), label=f"x{i}") for i in range(5)]
    half = x[0] + x[1] + x[2]
    half.label = "half"
    assert ("half", "sum", 1) in boxes(draw(half + x[3] + x[4], collapse="layer")).values()
    part = x[0] + x[1] + x[2]
    assert sorted(op for _, op, _ in boxes(draw((part + x[3]) * part, collapse="layer")).values() if op) == [
        "*", "+", "sum",
    ]  # fmt: skip


def test_constants_of_a_chain_are_shown():
    x = Value(1.0)
    (box,) = [box for box in draw(x.exp() + 2.0 + x.sin() + 3.0, collapse="layer").scene.boxes if box.op == "sum"]
    assert dict(box.rows)["constants"] == (2.0, 3.0)


def test_squares_keep_their_two_arrows(model):
    drawing = draw(mse([model(x) for x in data(10)], [0.0] * 10), model=model, collapse="layer", groups=False)
    assert [a.count for a in drawing.scene.arrows if a.head == drawing.scene.arrows[-2].head] == [10, 10]


def test_operations_of_different_operands_do_not_merge():
    x, y = Value(1.0), Value(2.0)
    ops = [box.op for box in draw(x.sin() + y.sin(), collapse="layer").scene.boxes]
    assert ops.count("sin") == 2


def test_nothing_is_collapsed_unless_asked():
    x = Value(1.0)
    assert len(draw(x * 1.0 + x * 2.0 + x * 3.0).scene.boxes) == 6


def test_the_limit_counts_boxes_after_collapsing(model):
    cost = squares(model, data(100))
    with pytest.raises(RenderError, match=r"values, more than max_nodes=8"):
        draw(cost, model=model, max_nodes=8)
    assert len(draw(cost, model=model, collapse="layer", max_nodes=8).scene.boxes) == 7


def test_a_graph_as_deep_as_it_is_large_collapses():
    x = Value(1.0)
    for _ in range(10_000):
        x = x * 1.0
    assert len(draw(x, collapse="layer", max_nodes=10_001).scene.boxes) == 10_001
    total = sum([Value(1.0) for _ in range(10_000)])
    assert len(draw(total, collapse="layer", max_nodes=10_001).scene.boxes) == 10_001


def test_a_layer_that_reads_itself_is_drawn(model):
    recurrent = MLP(1, [1], "tanh", output_activation="tanh", seed=0)
    drawing = draw(recurrent(recurrent(recurrent(0.5))), model=recurrent, collapse="layer")
    assert rows(drawing, "layer 1")["uses"] == (3,)
    assert "layer 1" in drawing.svg


def test_the_inputs_span_all_samples(model):
    X = [[float(i), -float(i)] for i in range(50)]
    drawing = draw(squares(model, X), model=model, collapse="layer")
    assert rows(drawing, "inputs")["data"] == (-49.0, 49.0)
    few = draw(model([0.5, -1.0]), model=model, collapse="layer").scene.boxes[0]
    assert (few.label, few.rows, few.count) == ("inputs", (("data", (0.5,)), ("data", (-1.0,))), 2)


class Line(Module):
    def __init__(self):
        self.slope, self.height = Value(2.0), Value(1.0)

    def __call__(self, x):
        return self.slope * x + self.height


@pytest.mark.parametrize("level", ["neuron", "layer"])
def test_uses_are_counted_in_any_module(level):
    line = Line()
    drawing = draw(sum(line(float(i)) for i in range(6)), model=line, collapse=level)
    assert rows(drawing, "Line")["uses"] == (6,)
    assert arrows(drawing) == {("inputs", "Line"): 6, ("Line", "the sum"): 6}


def test_a_name_is_for_one_value():
    w = Value(1.0)
    terms = [(w - float(i)).exp() for i in range(3)]
    drawing = draw(sum(terms), collapse="layer", names={"w": w, "terms": terms})
    assert sorted(boxes(drawing).values()) == [("", "-", 3), ("", "exp", 3), ("", "sum", 1), ("w", "", 1)]


def test_an_activation_of_several_operations_has_no_badge():
    model = MLP(1, [2, 1], lambda z: z * f.sigmoid(z), "tanh", seed=0)
    ops = {box.label: box.op for box in draw(model(1.0), model=model, collapse="layer").scene.boxes}
    assert ops == {"inputs": "", "layer 1": "", "layer 2": "tanh"}


def test_a_part_that_reads_what_it_made_has_an_arrow_to_itself():
    cell = MLP(2, [1], "tanh", output_activation="tanh", seed=0)
    state = Value(0.0, label="h")
    for x in (1.0, 2.0, 3.0):
        state = cell([state, x])
    for level in ("neuron", "layer"):
        found = arrows(draw(state, model=cell, collapse=level))
        assert [count for (tail, head), count in found.items() if tail == head] == [2]


@pytest.mark.parametrize("collapse", ["neuron", "layer"])
def test_a_part_that_is_used_once_or_side_by_side_has_no_arrow_to_itself(model, collapse):
    line = Line()
    twice = line(line(2.0))
    for root, module, loops in (
        (squares(model, data(5)), model, 0),
        (line(2.0), line, 0),
        (line(2.0) * line(3.0), line, 0),
        (twice, line, 1),
    ):
        drawing = draw(root, model=module, collapse=collapse)
        assert [a.tail == a.head for a in drawing.scene.arrows].count(True) == loops


def test_a_layer_of_different_activations_has_no_badge():
    class Heads(Module):
        def __init__(self):
            self.heads = [Neuron(1, "sigmoid"), Neuron(1, None)]

        def __call__(self, x):
            return [head(x) for head in self.heads]

    model = Heads()
    drawing = draw(model(1.0), model=model, collapse="layer")
    assert boxes(drawing)["v0"][1] == ""


def test_a_count_on_a_box_is_not_repeated_on_its_arrows(model):
    by_neuron, by_layer = (draw(squares(model, data(7)), model=model, collapse=c).dot for c in ("neuron", "layer"))
    assert re.findall(r"-> v\d+ \[label=<.*?×(\d+)", by_neuron) == []
    assert re.findall(r"-> v\d+ \[label=<.*?×(\d+)", by_layer) == ["21"]  # three neurons, seven samples
    assert by_neuron.count(": ×7") == 6  # the tooltips of the arrows: three neurons, one, "-" and "**"


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_many_arrows_between_neurons_make_no_tower(direction):
    model = MLP(2, [8, 8, 1], "tanh", seed=3)
    drawing = draw(squares(model, data(5)), model=model, collapse="neuron", direction=direction)
    width, height = map(int, re.search(r'width="(\d+)pt" height="(\d+)pt"', drawing.svg).groups())
    assert (height if direction == "LR" else width) < 8 * 150
    assert len(drawing.scene.arrows) == drawing.svg.count('class="edge"')


def test_a_neuron_that_only_a_penalty_reads_does_not_change_the_badge():
    model = MLP(1, [2], "tanh", output_activation="tanh", seed=0)
    penalised = model(1.0)[0] + sum(p * p for p in model.parameters())
    assert boxes(draw(penalised, model=model, collapse="layer"))["v0"][:2] == ("layer 1", "tanh")
