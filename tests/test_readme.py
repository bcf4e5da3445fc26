"""README.md keeps its word: its snippets run, in their order, and come to what they say; its links lead somewhere."""

import ast
import re
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CLAIM = re.compile(r"# → (.*)$")


def run(snippet: str, namespace: dict[str, Any]) -> list[tuple[str, str]]:
    """Execute a snippet; what each line that ends in `# → …` promises, and the repr of what its expression comes to."""
    lines = snippet.splitlines()
    promised = []
    for statement in ast.parse(snippet).body:
        claim = CLAIM.search(lines[(statement.end_lineno or 0) - 1])
        if claim and isinstance(statement, ast.Expr):
            value = eval(compile(ast.Expression(statement.value), "README.md", "eval"), namespace)
            promised.append((claim[1], repr(value)))
        else:
            exec(compile(ast.Module([statement], []), "README.md", "exec"), namespace)
    return promised


def test_every_snippet_gives_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    promised = [pair for snippet in SNIPPETS for pair in run(snippet, namespace)]
    assert [claim for claim, _ in promised] == [outcome for _, outcome in promised]
    assert len(promised) == sum(len(CLAIM.findall(line)) for line in README.splitlines())
    assert (tmp_path / "neuron.svg").is_file()


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 150


def test_links_within_the_repository_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    # Where only the wheel is under test, the package is not beside this file.
    missing = [link for link in links if not (ROOT / link).exists() and not link.startswith("autograd_mini/")]
    assert links
    assert missing == []


def test_the_picture_is_the_one_that_the_tour_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = ROOT / "docs/images/neuron.svg"
    made = runpy.run_path(str(picture.with_name("make.py")))["neuron"]()
    shown = "".join(ET.parse(picture).getroot().itertext())
    for node in (made, made.parents[0], *made.parents[0].parents):
        assert f"{node.data:.4f}" in shown or node.data == 0
        assert f"{node.grad:.4f}" in shown
