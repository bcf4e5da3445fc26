"""Constants as cards."""

from autograd_mini import Value, draw, explore
from autograd_mini.nn import MLP, mse
from autograd_mini.render.constants import with_constants
from autograd_mini.render.graph import Graph


def test_the_new_graph_has_the_same_numbers_and_gradients() -> None:
    w, b = Value(0.3, label="w"), Value(-0.1, label="b")
    loss = ((w * 1.7 + b).tanh() - 0.4) ** 2 / 3.0
    loss.backward()
    once = [w.grad, b.grad]
    new, _ = with_constants(Graph([loss]), {}, {})
    assert [v.grad for v in new.order if not v.is_leaf] == [v.grad for v in Graph([loss]).order if not v.is_leaf]
    assert new.order[-1].data == loss.data
    new.order[-1].backward()  # adds up in the same leaves
    assert [w.grad, b.grad] == [2 * g for g in once]
    assert sorted(v.data for v in new.order if v.is_leaf) == [-0.1, 0.3, 0.4, 1.7]


def test_an_exponent_and_a_zero_stay_where_they_are() -> None:
    x = Value(2.0, label="x")
    assert len(draw(sum([x**3]), constants=True).scene.boxes) == len(draw(sum([x**3])).scene.boxes)


def test_the_inputs_of_a_layer_are_one_card_each() -> None:
    model = MLP(2, [3, 1], "tanh", seed=0)
    cost = mse(model([0.5, -1.5]), 1.0)
    boxes = draw(cost, model=model, constants=True, groups=False).scene.boxes
    inputs = [box for box in boxes if box.label in ("x₁", "x₂")]
    assert [(box.label, dict(box.rows)["data"], box.within) for box in inputs] == [
        ("x₁", (0.5,), ()),
        ("x₂", (-1.5,), ()),
    ]
    assert not any("*" in arrow.note for arrow in draw(cost, model=model, constants=True).scene.arrows)


def test_the_drawing_of_constants_leaves_the_graph_alone() -> None:
    x = Value(2.0, label="x")
    y = 3 * x + 1
    y.backward()
    draw(y, constants=True)
    explore(y, constants=True)
    assert x.grad == 3.0
    assert y.parents[0].parents == (x,)


def test_a_group_names_its_target() -> None:
    a = Value(2.0, label="a")
    ops = [box.op for box in draw(mse(a, 1.0), constants=True).scene.boxes]
    assert ops == ["", "", "(a − y)²/2"]
