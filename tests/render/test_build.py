"""The scene tells the truth of the graph: several roots, depth, frames, arrows."""

import math
import operator
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_mini.engine import Value
from autograd_mini.nn import MLP
from autograd_mini.render import draw
from autograd_mini.render.scene import span
from autograd_mini.sweep import topological_order


def test_several_roots_share_a_drawing():
    x = Value(2.0, label="x")
    roots = [x * 3.0, x.exp(), x]
    scene = draw(roots).scene
    assert [(box.name, box.is_root) for box in scene.boxes] == [("x", True), ("the * 3", True), ("the exp", True)]
    assert scene.title == "Computation graph of x, the * 3, the exp"
    assert draw(iter(roots)).dot == draw(tuple(roots)).dot == draw(roots).dot


def test_many_roots_are_counted_in_the_title():
    assert draw([Value(1.0, label=f"x{i}") for i in range(6)]).scene.title == (
        "Computation graph of x0, x1, x2 and 3 more"
    )


def test_depth_leaves_one_box_for_the_rest():
    x = Value(2.0, label="x")
    a = x.sin()
    root = (a * x).exp()
    scene = draw(root, depth=1).scene
    assert [box.name for box in scene.boxes] == ["… 2 more values", "the *", "the exp"]
    assert [(a.tail, a.head) for a in scene.arrows] == [("rest", "v2"), ("v2", "v3")]
    assert [box.name for box in draw(root, depth=0).scene.boxes] == ["… 3 more values", "the exp"]
    assert draw(root, depth=3).dot == draw(root).dot


def test_depth_counts_the_shortest_way():
    x = Value(2.0, label="x")
    assert [box.name for box in draw(x * x.sin().cos(), depth=1).scene.boxes] == [
        "… 1 more value", "x", "the cos", "the *",
    ]  # fmt: skip


def test_depth_reaches_into_a_graph_of_any_size():
    x = Value(1.0)
    for _ in range(20_000):
        x = x + 1.0
    assert len(draw(x, depth=3).scene.boxes) == 5


def test_frames_hold_parameters_and_activations():
    model = MLP(1, [1, 1], "tanh", seed=0)
    x = Value(0.5, label="x")
    scene = draw(model(x) * 2.0, model=model).scene
    frames = {}
    for box in scene.boxes:
        frames.setdefault(box.within, set()).add(box.name)
    assert frames == {
        ("layer 1", "neuron 1.1"): {"w¹₁₁", "b¹₁", "the dot", "the tanh"},
        ("layer 2", "neuron 2.1"): {"w²₁₁", "b²₁", "the dot"},
        (): {"x", "the * 2"},
    }


def test_a_square_has_two_arrows_and_a_constant_none():
    x = Value(3.0)
    assert [(a.slope, a.count) for a in draw(x * x).scene.arrows] == [((3.0,), 1)] * 2
    assert [a.note for a in draw(2.0 * x).scene.arrows] == [""]


@pytest.mark.parametrize(
    "numbers,least_and_greatest",
    [
        ([], ()),
        ([1.0], (1.0,)),
        ([2.0, 2.0], (2.0,)),
        ([3.0, -1.0, 2.0], (-1.0, 3.0)),
        ([math.nan, 1.0], (1.0,)),
        ([math.inf, -math.inf], (-math.inf, math.inf)),
    ],
)
def test_a_span_is_the_smallest_and_the_largest_number(numbers, least_and_greatest):
    assert span(numbers) == least_and_greatest


def test_the_span_of_nans_is_nan():
    assert [math.isnan(x) for x in span([math.nan, math.nan])] == [True]


@st.composite
def computations(draw_):
    """A graph of operations on earlier values and constants, with any labels."""
    values = [Value(1.0, label=draw_(st.text(max_size=8)))]
    for _ in range(draw_(st.integers(0, 12))):
        a, b = draw_(st.sampled_from(values)), draw_(st.sampled_from([*values, 0.5, 2]))
        values.append(draw_(st.sampled_from([operator.add, operator.mul, operator.sub]))(a, b))
        values[-1].label = draw_(st.text(max_size=8))
    return values[-1]


@given(computations())
@settings(max_examples=40)
def test_any_graph_is_drawn_whole(root):
    order = topological_order(root)
    drawing = draw(root)
    assert [box.rows[0][1] for box in drawing.scene.boxes] == [(v.data,) for v in order]
    assert len(drawing.scene.arrows) == sum(len(v.parents) for v in order)
    groups = list(ElementTree.fromstring(drawing.svg).iter("{http://www.w3.org/2000/svg}g"))
    assert sum(group.get("class") == "node" for group in groups) == len(order)
    assert sum(group.get("class") == "edge" for group in groups) == len(drawing.scene.arrows)


@given(computations(), st.integers(0, 5))
@settings(max_examples=40)
def test_at_any_depth_every_value_is_in_a_box_or_counted(root, depth):
    boxes = draw(root, depth=depth).scene.boxes
    assert sum(box.count for box in boxes) == len(topological_order(root))
