"""What README.md and docs/benchmarks.md say of speed is what benchmarks/report.py makes of the results."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
import report  # noqa: E402
from asked import ASKED, curve, exponent  # noqa: E402
from measure import in_process  # noqa: E402

sys.path.pop(0)

RESULTS = report.load()


def test_the_page_is_what_the_results_give() -> None:
    assert report.PAGE.read_text(encoding="utf-8") == report.page(RESULTS), "run python benchmarks/report.py"


def test_targets_are_shown_to_contributors_and_not_on_the_site() -> None:
    text = report.CONTRIBUTORS.read_text(encoding="utf-8")
    assert text == report.page(RESULTS, "contributors.md"), "run python benchmarks/report.py"
    assert "## Targets" in text
    assert "Targets" not in report.page(RESULTS)


def test_the_table_of_the_readme_is_what_the_results_give() -> None:
    text = report.README.read_text(encoding="utf-8")
    assert text == report.with_table(text, RESULTS), "run python benchmarks/report.py"
    assert text.count(report.BEGIN) == text.count(report.END) == 1


def test_the_page_of_what_to_choose_is_what_the_results_give() -> None:
    assert report.CHOOSING.read_text(encoding="utf-8") == report.page(RESULTS, "choosing.md")


@pytest.mark.parametrize("text", ["page.md", "choosing.md"])
def test_every_table_of_a_page_has_its_results(text: str) -> None:
    assert "Not measured:" not in report.page(RESULTS, text)
    assert "{{" not in report.page(RESULTS, text)


def test_every_section_says_where_it_was_measured() -> None:
    for found in RESULTS.values():
        assert {"date", "command", "python", "cpu", "cores", "load", "versions"} <= found["machine"].keys()


def test_a_package_that_is_missing_fails_or_wins_is_shown_so() -> None:
    entries: dict[str, Any] = {
        "auto": {"seconds": [2e-6] * 3, "first": 0.1, "ratios": {"auto": [1.0] * 3}},
        "torch": {"seconds": [1e-6] * 3, "first": 0.1, "ratios": {"auto": [0.4, 0.5, 0.6]}},
        "jax": {"failed": "not installed (No module named 'jax')"},
        "casadi": {"failed": "Fatal Python error: Segmentation fault"},
    }
    results = {"compiled": {"machine": {}, "workloads": {"one": {"title": "One", "entries": entries}}}}
    text = "\n".join(report.TABLES["auto_ratios"](results) + report.TABLES["compiled_winners"](results))
    assert "| **0.5× (0.4–0.6)** |" in text
    assert "PyTorch (2 times as fast)" in text
    assert "No module named 'jax'" in text
    assert "Segmentation fault" in text


def test_a_figure_that_was_not_measured_is_not_called_reached() -> None:
    text = "\n".join(report.asked({}))
    assert text.count("not measured | –") == len(ASKED)


def test_the_fitted_exponent_is_that_of_the_curve() -> None:
    entries = {
        10**k: {"entries": {"eager": {"seconds": [0.0, 7e-9 * 10 ** (1.5 * k), 0.0]}}, "nodes": 10**k}
        for k in range(2, 7)
    }
    points = curve({"growth": {"workloads": json.loads(json.dumps(entries))}}, "growth", "eager", "seconds")
    assert exponent(points) == pytest.approx(1.5)


def test_a_measured_process_that_crashes_is_reported_and_stops_nothing_else() -> None:
    assert in_process("operator", "add", 1, 2) == 3
    assert "Abort" in in_process("os", "abort")["failed"]
    assert in_process("operator", "truediv", 1, 0)["failed"] == "ZeroDivisionError: division by zero"
    assert in_process("time", "sleep", 60, seconds=0.5)["failed"] == "over 0.5 s"
