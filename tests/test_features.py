"""docs/features.md says what was measured, and of this package what is so now."""

import inspect
import json
from pathlib import Path

import pytest

from benchmarks.features import page, run
from benchmarks.features.common import PACKAGES, close, numbers, right, share

ROOT = Path(__file__).parent.parent
FIGURES = json.loads(page.FIGURES.read_text(encoding="utf-8"))
SLOW = {"deep_graph", "tensors"}  # seconds each; tests/test_engine.py and tests/compiler/ have more of them
JUDGED = [
    name
    for name in run.features()
    if FIGURES["features"][name]["autograd_mini"]["verdict"] != "figure" and name not in SLOW
]


def test_the_page_is_made_of_the_figures() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(FIGURES)


def test_each_script_is_on_the_page_and_asks_every_package() -> None:
    scripts = {path.stem for path in (ROOT / "benchmarks/features").glob("*.py")}
    assert scripts - {"common", "groups", "page", "run"} == set(run.features()) == set(FIGURES["features"])
    for name in run.features():
        functions = inspect.getmembers(page.script(name), inspect.isfunction)
        assert {of for of, _ in functions} >= PACKAGES.keys() == FIGURES["features"][name].keys(), name


def test_the_verdicts_on_this_package_are_what_it_does_now() -> None:
    server = run.Server("autograd_mini")
    try:
        now = {name: server.ask(name) for name in JUDGED}
    finally:
        server.stop()
    verdicts = {name: FIGURES["features"][name]["autograd_mini"]["verdict"] for name in JUDGED}
    assert {name: cell["verdict"] for name, cell in now.items()} == verdicts


def test_a_package_that_dies_or_hangs_costs_its_own_cell_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = """
import os, sys, time
for line in sys.stdin:
    match line.strip():
        case "dies": os.abort()
        case "hangs": time.sleep(60)
        case name: print('{"verdict": "yes", "printed": "' + name + '"}', flush=True)
"""
    (tmp_path / "package.py").write_text(program, encoding="utf-8")
    monkeypatch.setattr(run, "__file__", str(tmp_path / "package.py"))
    server = run.Server("of_no_name")
    told = [server.ask(name, 0.5 if name == "hangs" else 30.0)["printed"] for name in ("a", "dies", "b", "hangs", "c")]
    server.stop()
    assert told == ["a", "the process died: signal 6, SIGABRT", "b", "stopped after 0.5 seconds", "c"]


def test_rules_of_judgement() -> None:
    assert right([[1.0, 2.0]], (1.0, 2.0 + 1e-14)) == "yes"
    assert right([1.0], [1.0, 2.0]) == right(float("nan"), float("nan")) == right(None, 1.0) == "no"
    assert close(float("inf"), float("inf"))
    assert not close(1e300, float("inf"))
    assert [share([True, True]), share([True, True, False]), share([True, False])] == ["yes", "partly", "no"]
    assert numbers({"a": [1.0, (2.0, 3.0)]}) == [1.0, 2.0, 3.0]


def test_printed_excerpts_name_no_path_or_address_of_the_machine() -> None:
    printed = (
        "File /a/b/lib/python3.11/site-packages/jax/core.py at 0x7f0123456789, 140647329602752 is 0.3678792572210609"
    )
    assert run.excerpt(printed) == "File …/jax/core.py at 0x…, … is 0.3678792572210609"
    assert run.excerpt(f"{run.ROOT}/benchmarks/features/jvp.py") == "benchmarks/features/jvp.py"
    assert len(run.excerpt("x" * 100_000)) < 1100
