"""docs/lessons.md keeps its word: what it calls wrong is wrong there, and no smaller program would show it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from autograd_mini.check.strategies import Expression, expressions
from autograd_mini.engine import Value
from tests.test_readme import CLAIM, run

PAGE = (Path(__file__).parent.parent / "docs/lessons.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PROGRAMS: dict[str, Any] = {"operations": ["add", "mul"], "numbers": st.sampled_from([1.0, 2.0, 3.0])}


def page() -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What the page defines, and of each of its claims what it says and what comes out."""
    namespace: dict[str, Any] = {}
    return namespace, [pair for snippet in SNIPPETS for pair in run(snippet, namespace)]


DEFINED, CLAIMS = page()
Sweep = Callable[[Value], object]
RIGHT: Sweep = DEFINED["right"]


def gradient(f: Expression, sweep: Sweep) -> list[float]:
    root, leaves = f.graph()
    sweep(root)
    return [leaf.grad for leaf in leaves]


def differ(f: Expression, wrong: Sweep, right: Sweep) -> bool:
    if not f.steps:  # a leaf alone: there is nothing to sweep
        return False
    pairs = zip(gradient(f, wrong), gradient(f, right), strict=True)
    return any(abs(a - b) > 1e-9 * (1.0 + abs(b)) for a, b in pairs)


def test_every_snippet_gives_what_it_says() -> None:
    assert [claim for claim, _ in CLAIMS] == [outcome for _, outcome in CLAIMS]
    assert len(CLAIMS) == sum(len(CLAIM.findall(line)) for line in PAGE.splitlines()) == 9


def test_the_page_is_short() -> None:
    assert len(PAGE.splitlines()) <= 120


@given(expressions())
def test_what_the_page_calls_right_is_backward(f: Expression) -> None:
    assert [*map(repr, gradient(f, RIGHT))] == [*map(repr, gradient(f, Value.backward))]


@pytest.mark.parametrize(
    "wrong, times, size",
    [("recursive", 1, 2), ("breadth_first", 1, 3), ("assigning", 1, 1), ("not_zeroing", 2, 2)],
)
def test_the_counterexample_is_the_smallest(wrong: str, times: int, size: int) -> None:
    def several(sweep: Sweep) -> Sweep:
        return lambda root: [sweep(root) for _ in range(times)]

    faulty, sound = several(DEFINED[wrong]), several(Value.backward)

    @settings(max_examples=20)
    @given(expressions(**PROGRAMS, max_nodes=size - 1))
    def smaller_ones_show_nothing(f: Expression) -> None:
        assert not differ(f, faulty, sound)

    smaller_ones_show_nothing()
    search = settings(derandomize=True, database=None, max_examples=1000)
    found = find(expressions(**PROGRAMS, max_nodes=6), lambda f: differ(f, faulty, sound), settings=search)
    assert len(found.steps) == size, found
