"""What notebooks show: models as pictures; histories, reports and explanations as HTML in which no name can do harm."""

import xml.etree.ElementTree as ET
from typing import Any

from autograd_mini import Value, explain, gradcheck, primitive
from autograd_mini.nn import MLP, History, Module, Neuron
from autograd_mini.render import draw, use_engine

HOSTILE = "<script>alert(1)</script>\x1b[31m"


def parsed(html: str) -> ET.Element:
    return ET.fromstring(f"<div>{html.replace('<br>', '<br/>')}</div>")


def words(html: str) -> str:
    return " ".join(" ".join(parsed(html).itertext()).split())


def test_a_model_is_its_picture_and_its_text() -> None:
    model = MLP(2, [3, 1], seed=1)
    assert model._repr_mimebundle_() == {"text/plain": repr(model), "image/svg+xml": draw(model).svg}

    class Line(Module):
        def __init__(self) -> None:
            self.slope = Value(2.0)

    assert "slope" in Line()._repr_mimebundle_()["image/svg+xml"]


def test_a_model_without_an_engine_or_too_large_is_its_text() -> None:
    class Large(Module):
        def __init__(self) -> None:
            self.all = [Value(0.0) for _ in range(501)]

    assert [*Large()._repr_mimebundle_()] == ["text/plain"]
    before = use_engine("/no/such/engine")
    try:
        assert Neuron(1)._repr_mimebundle_() == {"text/plain": "ReLUNeuron(1)"}
    finally:
        use_engine(before)


def test_a_history_is_a_curve_and_how_it_ended() -> None:
    html = History([4.0, 2.0, 3.0], [1.0, 1.0, 1.0], reason="stopped <here>")._repr_html_()
    assert "3 epochs, cost 4 → 3, lowest 2" in words(html)
    assert "stopped <here>" in words(html)
    (curve,) = [element for element in parsed(html).iter() if element.tag.endswith("polyline")]
    assert len(curve.get("points", "").split()) == 3
    assert words(History()._repr_html_()) == "0 epochs"


def test_a_report_has_a_row_for_each_slope() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y

    html = gradcheck(f, 2.0, 3.0)._repr_html_()
    rows = [[cell.text for cell in row] for row in parsed(html).iter("tr")]
    assert rows[0] == ["argument", "analytic", "numeric", "±", "verdict", "note"]
    assert [row[1] for row in rows[1:]] == ["3", "2"]
    assert [row[4] for row in rows[1:]] == ["✓ right", "✓ right"]
    assert "2 right" in words(html)


def test_an_explanation_has_its_contributions_and_paths() -> None:
    x = Value(3.0, label=HOSTILE)
    y = x * x + 2 * x
    y.label = "y"
    explanation = explain(y, x)
    html = explanation._repr_html_()
    assert "<script" not in html
    assert "\x1b" not in html
    rows = [[cell.text for cell in row] for row in parsed(html).iter("tr")]
    assert len(rows) == 1 + len(explanation.contributions)
    assert [row[3] for row in rows[1:]] == ["2", "3", "3"]
    assert len([*parsed(html).iter("li")]) == len(explanation.paths) == 3
    assert "is the root itself" in words(explain(y, y)._repr_html_())
    assert "not below" in words(explain(y, Value(1.0, label="z"))._repr_html_())


def test_a_wrong_slope_is_named_in_html_too() -> None:
    @primitive(lambda m, z, x: 3 * x)
    def square(x: float) -> float:
        return x * x

    html = gradcheck(square, 2.0)._repr_html_()
    assert "✗ wrong" in words(html)
    assert "the slope of" in words(html)
