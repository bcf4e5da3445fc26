"""docs/compile.md keeps its word: its snippets run, in their order, and come to what they say."""

from pathlib import Path

from tests.snippets import claims, outcomes

PAGE = Path(__file__).parents[1] / "docs/compile.md"


def test_every_snippet_gives_what_it_says() -> None:
    happened = outcomes(PAGE)
    assert [said for said, _ in happened] == [outcome for _, outcome in happened]
    assert len(happened) == claims(PAGE)


def test_it_is_short() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= 155
