"""docs/compile.md keeps its word: its snippets run, in their order, and come to what they say."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_readme import CLAIM, run

PAGE = (Path(__file__).parents[1] / "docs/compile.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_snippet_comes_to_what_it_says() -> None:
    pytest.importorskip("scipy", reason="the page fits a curve with SciPy")
    namespace: dict[str, Any] = {}
    promised = [pair for snippet in SNIPPETS for pair in run(snippet, namespace)]
    assert [claim for claim, _ in promised] == [outcome for _, outcome in promised]
    assert len(promised) == sum(len(CLAIM.findall(line)) for line in PAGE.splitlines())


def test_it_is_short() -> None:
    assert len(PAGE.splitlines()) <= 130
