"""Framed networks: operands stand in their order, and arrows go through the frames, not around them."""

import json
import re
from itertools import pairwise
from typing import Any, Literal

import pytest

from autograd_mini import Value, draw, explore
from autograd_mini.nn import MLP, mse
from autograd_mini.render.graphviz import run_engine


def network(*, constant: bool) -> tuple[Value, MLP]:
    model = MLP(2, [3, 1], "tanh", seed=3)
    x: list[Any] = [0.5, -1.5] if constant else [Value(0.5, label="x₁"), Value(-1.5, label="x₂")]
    return mse(model(x), 1.0), model


OPERANDS = [["w¹₁₁", "w¹₁₂", "b¹₁"], ["w¹₂₁", "w¹₂₂", "b¹₂"], ["w²₁₁", "w²₁₂", "w²₁₃", "b²₁"]]
NEURONS = ["w¹₁₁", "w¹₂₁", "w¹₃₁"]


def along(direction: str, places: dict[str, tuple[float, float]], names: list[str]) -> bool:
    """Whether these stand one below the other, or from left to right."""
    axis = 1 if direction == "LR" else 0
    return all(places[a][axis] < places[b][axis] for a, b in pairwise(names))


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("partials", [False, True])
@pytest.mark.parametrize("constant", [False, True])
def test_a_drawing_keeps_the_order(direction: Literal["LR", "TB"], partials: bool, constant: bool) -> None:
    cost, model = network(constant=constant)
    cost.backward()
    drawing = draw(cost, model=model, direction=direction, partials=partials)
    laid_out = json.loads(run_engine(drawing.dot, "json"))
    labels = {box.key: box.label for box in drawing.scene.boxes}
    places = {}
    for item in laid_out["objects"]:
        if labels.get(item["name"]):
            x, y = map(float, item["pos"].split(","))
            places[labels[item["name"]]] = (x, -y)
    for names in [*OPERANDS, NEURONS]:
        assert along(direction, places, names), names


def views(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="graph">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    graph: dict[str, Any] = json.loads(found[1])
    return graph


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("constant", [False, True])
def test_an_explorer_keeps_the_order(direction: Literal["LR", "TB"], constant: bool) -> None:
    cost, model = network(constant=constant)
    graph = views(explore(cost, model=model, direction=direction).html)
    boxes = graph["views"][0]["boxes"]
    places = {graph["nodes"][int(key[1:])]["name"]: (x, y) for key, (x, y, _, _) in boxes.items() if key[0] == "v"}
    for names in [*OPERANDS, NEURONS]:
        assert along(direction, places, names), names


def test_an_arrow_from_outside_enters_a_frame_by_its_side() -> None:
    cost, model = network(constant=False)
    graph = views(explore(cost, model=model, direction="LR").html)
    view = graph["views"][0]
    names = [node["name"] for node in graph["nodes"]]
    ends = [(p, i) for i, node in enumerate(graph["nodes"]) for p in node.get("operands", []) if isinstance(p, int)]
    frame = {title: corner for title, _, _, *corner in view["frames"]}
    entering = [(numbers, path) for numbers, path, *_ in view["arrows"] if names[ends[numbers[0]][0]] in ("x₁", "x₂")]
    assert len(entering) == 6
    for _, path in entering:
        points = [tuple(map(int, pair)) for pair in re.findall(r"(-?\d+) (-?\d+)", path)]
        x, y, width, height = frame["layer 1"]
        inside = [(px, py) for px, py in points if px >= x]
        assert inside
        assert all(y <= py <= y + height and px <= x + width for px, py in inside)
