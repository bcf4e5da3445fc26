"""The figures in the text and tables of docs/course are those that the demos print."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COURSE = Path(__file__).parents[2] / "docs" / "course"
Figures = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def figures(chapter: Callable[[str], Any]) -> Figures:
    return lambda name: chapter(name).figures


def page(name: str) -> str:
    return (COURSE / f"{name}.md").read_text(encoding="utf-8").replace("−", "-")


def rows(name: str, start: str) -> list[list[str]]:
    """The cells, row by row, of the table whose header starts with this text."""
    _, _, rest = page(name).partition(f"\n| {start}")
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_learning_rates_of_the_perceptron(figures: Figures) -> None:
    found = figures("01_linear_models")
    for (_, *cells), fits in zip(rows("1-linear-models", "start $w$"), (found["scaled"], found["others"]), strict=True):
        assert cells == [
            f"({p.w[0].data:.1f}, {p.w[1].data:.1f}) in {len(fit.mistakes)} passes" for p, fit in fits.values()
        ]


def test_slopes_of_the_activations(figures: Figures) -> None:
    found = figures("02_activations")
    assert f"at $x = 10$ its slope is {found['curves']['sigmoid'][2][-1]:.6f}" in page("2-activations")
    assert "by at most 2 · 10⁻¹⁶" in page("2-activations")
    assert max(found["errors"].values()) < 2.5e-16


def test_why_symmetry_has_to_be_broken(figures: Figures) -> None:
    found = figures("03_feedforward")
    assert f"the cost stays at {found['alike_cost']:.4f}" in page("3-feedforward")
    assert "The cost is a sixtieth of what it was." in page("3-feedforward")
    assert 55 < found["alike_cost"] / found["random_cost"] < 70


def test_the_neuron_that_is_sure_and_wrong(figures: Figures) -> None:
    found, text = figures("04_losses"), page("4-losses")
    slow, fast = (found["gradients"][name][0] for name in ("squared error", "cross-entropy"))
    assert f"The first step of the squared error is {fast / slow:.0f} times smaller." in text
    a = found["outputs"]["cross-entropy"][0]
    assert f"the gradient is {1 / (1 - a):.4f}" in text
    assert f"$\\sigma ′(4) = {a * (1 - a):.4f}$" in text
    assert f"The gradient that arrives at $z$ is {fast:.4f}" in text


def test_the_factors_of_the_learning_rates(figures: Figures) -> None:
    examples = [cells[-1] for cells in rows("5-gradient-descent", "$\\varepsilon$")]
    said = {float(rate): float(factor) for rate, factor in (example.split(": factor ") for example in examples)}
    assert said == {rate: round(factor, 2) for rate, factor in figures("05_gradient_descent")["factors"].items()}


def test_the_end_of_the_quartic(figures: Figures) -> None:
    found = re.search(r"After (\d+) steps it is at ([\d.]+),", page("5-gradient-descent"))
    assert found is not None
    assert int(found[1]) == figures("05_gradient_descent")["steps"]
    assert float(found[2]) == pytest.approx(figures("05_gradient_descent")["end"], abs=1e-12)


def test_the_price_of_a_gradient(figures: Figures) -> None:
    """Tests the counts.  The times are of one machine, as the page says."""
    said = [(int(n), float(passes)) for n, passes, *_ in rows("6-backpropagation", "$n$")]
    assert said == [(n, passes) for n, passes, _ in figures("06_backpropagation")["prices"]["perturbing"]]


def test_which_neurons_learn_slowly(figures: Figures) -> None:
    said = [(float(by_w1), float(by_w2)) for _, by_w1, by_w2, _ in rows("6-backpropagation", "| $\\partial C")]
    speeds = figures("06_backpropagation")["speeds"].values()
    assert said == [(float(f"{by_w1:.1e}"), float(f"{by_w2:.1e}")) for by_w1, by_w2 in speeds]


def test_the_results_on_the_digits(figures: Figures) -> None:
    pytest.importorskip("sklearn")
    found, text = figures("07_digits"), page("7-digits")
    assert f"the cost is {found['cost']:.3f}, and **{100 * found['accuracy']:.1f} %**" in text
    assert f"That is {359 * found['accuracy']:.0f} of 359" in text
