"""Functions that are one node: a box with a name, which can be opened."""

import json
import re

import pytest

from autograd_mini import (
    Value,
    checkpoint,
    compiler,
    derivative_formula,
    draw,
    exp,
    explain,
    explore,
    fixed_point,
    formula,
    gradients,
    sin,
)
from autograd_mini.render.graph import Graph
from autograd_mini.render.inside import opened


def pair(x, y):
    return [x * y, sin(x) + y]


def energy(x, y):
    return exp(x) / y


def program(nested=False):
    x, y = Value(0.3, label="x"), Value(1.2, label="y")
    first = checkpoint(lambda x, y: checkpoint(pair)(x * x, y)) if nested else checkpoint(pair)
    a, b = first(x, y)
    z = a * compiler.compile(energy)(b, y)
    z.label = "z"
    return x, y, z


def boxes(drawing):
    return [(box.label or box.op, box.within) for box in drawing.scene.boxes]


def test_a_function_is_a_box_with_its_name_and_a_card_for_each_result():
    *_, z = program()
    names = [name for name, _ in boxes(draw(z))]
    assert sorted(names) == sorted(["x", "y", "pair", "[0]", "[1]", "energy", "z"])
    box = next(box for box in draw(z).scene.boxes if box.op == "pair")
    assert box.rows == ()
    slopes = {(arrow.tail, arrow.head): arrow.slope for arrow in draw(z).scene.arrows}
    assert all(slope == () for (_, head), slope in slopes.items() if head == box.key)


def test_inside_is_a_frame_around_what_it_does():
    *_, z = program()
    assert sorted(boxes(draw(z, inside=True))) == sorted(
        [
            *[("x", ()), ("y", ()), ("*", ("pair",)), ("sin", ("pair",)), ("+", ("pair",))],
            *[("exp", ("energy",)), ("/", ("energy",)), ("z", ())],
        ]
    )
    frames = {within for _, within in boxes(draw(program(nested=True)[-1], inside=True))}
    assert frames == {(), ("<lambda>",), ("<lambda>", "pair"), ("energy",)}
    assert draw(z, inside=True).svg.startswith("<svg")
    with pytest.raises(TypeError, match="inside is True or False"):
        draw(z, inside=1)


def test_the_copy_has_the_numbers_labels_and_gradients():
    x, y, z = program()
    z.backward()
    graph, _, insides = opened(Graph([z]), {})
    root = graph.order[-1]
    assert (root.label, root.data, root.grad) == ("z", z.data, 1.0)
    assert gradients(root, [x, y]) == pytest.approx([x.grad, y.grad], rel=1e-14)
    found = {v.op: v.grad for v in graph.order if not v.is_leaf}
    assert found["sin"] == pytest.approx(found["+"], rel=1e-14)
    assert found["+"] == pytest.approx(gradients(z, [z.parents[1].parents[0]])[0], rel=1e-14)
    assert sorted(inside.title for inside in insides) == ["energy", "pair"]


def test_two_calls_have_two_frames():
    x = Value(0.3)
    f = checkpoint(energy)
    assert {within for _, within in boxes(draw(f(f(x, 2.0), 3.0), inside=True))} == {(), ("energy, 1",), ("energy, 2",)}


def told(page):
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page.html, re.DOTALL)[1])


def test_the_page_has_a_box_that_opens():
    page = told(explore(program()[-1]))
    assert sorted((cluster["title"], len(cluster["members"])) for cluster in page["clusters"]) == [
        ("energy", 2),
        ("pair", 3),
    ]
    assert page["views"][0]["open"] == []
    assert [0, 1] in [view["open"] for view in page["views"]]
    assert all("frozen" not in node for node in page["nodes"])


def test_on_the_page_what_has_no_inside_is_frozen():
    x = Value(0.3, label="x")
    u, v = fixed_point(lambda z: [0.5 * z[0] + x, 0.25 * z[1] + x], [0.0, 0.0])
    page = told(explore(u * v))
    frozen = [node for node in page["nodes"] if "frozen" in node]
    assert [node["op"] for node in frozen] == ["fixed_point[0]", "fixed_point[1]"]
    assert [node["frozen"] for node in frozen] == [[pytest.approx(2.0)], [pytest.approx(4.0 / 3.0)]]


def test_formulas_and_explanations_go_through_it():
    x, _, z = program()
    assert formula(z).text == "pair_0(x, y)*energy(pair_1(x, y), y)"
    assert "cos(x)" in derivative_formula(z, x).text
    told = explain(z, x)
    assert told.gradient == pytest.approx(gradients(z, [x])[0], rel=1e-14)
    assert sorted(c.consumer.op for c in told.contributions) == ["pair[0]", "pair[1]"]
