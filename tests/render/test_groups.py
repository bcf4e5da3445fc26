"""Groups of operations that are read as a formula."""

import pytest

from autograd_mini import Value, dot, draw
from autograd_mini.nn import MLP, mse
from autograd_mini.render.graph import Graph
from autograd_mini.render.groups import squared_errors


def formulas(root: Value, names: dict[int, str] | None = None) -> list[str]:
    return [group.formula for group in squared_errors(Graph([root]), names or {})]


def test_a_squared_error_is_found_with_its_names_and_numbers() -> None:
    a, y = Value(3.0), Value(1.0)
    assert formulas(mse(a, 1.0)) == ["(a − 1)²/2"]
    assert formulas(mse(a, -1.5)) == ["(a − (−1.5))²/2"]
    assert formulas(mse(a, y), {id(a): "out", id(y): "t"}) == ["(out − t)²/2"]
    assert formulas(mse([a, y], [1.0, 2.0])) == ["Σ(a − y)²/4"]


def test_a_value_that_is_named_or_used_elsewhere_stays_outside_the_box() -> None:
    a = Value(3.0)
    error = a - 1.0
    assert formulas(dot([error], [error]) + error) == []
    assert formulas(dot([error], [error]), {id(error): "e"}) == []
    square = dot([a - 1.0], [a - 2.0])
    assert formulas(square) == []


def test_the_slopes_within_a_group_are_those_of_backward() -> None:
    a, b = Value(3.0), Value(-0.5)
    graph = Graph([mse([a, b], [1.0, 2.0])])
    (group,) = squared_errors(graph, {})
    graph.order[-1].backward()
    assert group.slopes(graph) == {i: graph.order[i].grad for i in group.members}


def test_a_drawing_shows_it_as_one_box_with_its_slope() -> None:
    a = Value(3.0, label="a")
    drawing = draw(mse(a, 1.0))
    assert [box.op for box in drawing.scene.boxes] == ["", "(a − 1)²/2"]
    (arrow,) = {(arrow.tail, arrow.slope) for arrow in drawing.scene.arrows}
    assert arrow == ("v0", (2.0,))
    assert len(draw(mse(a, 1.0), groups=False).scene.boxes) == 4


@pytest.mark.parametrize("collapse", [None, "neuron", "layer"])
def test_the_errors_of_many_samples_are_one_box(collapse: str | None) -> None:
    model = MLP(1, [2, 1], "tanh", seed=0)
    cost = mse([model(0.1 * k) for k in range(5)], [0.0] * 5)
    ops = [box.op for box in draw(cost, model=model, collapse=collapse).scene.boxes]  # type: ignore[arg-type]
    assert ops.count("Σ(a − y)²/10") == 1
    assert not any(op.startswith("-") for op in ops)
