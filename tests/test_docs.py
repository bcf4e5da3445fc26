"""The pages of docs/ keep their word: their snippets run, in their order, and come to what they say; links lead on."""

import re
from pathlib import Path

import pytest

from tests.snippets import claims, outcomes

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
OF_THEIR_OWN = {"compile.md", "diagnose.md", "lessons.md"}  # run by tests that know more: test_docs_compile.py …


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in OF_THEIR_OWN], ids=lambda page: str(page.relative_to(DOCS))
)
def test_every_snippet_gives_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.name == "7-digits.md":
        pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    monkeypatch.chdir(tmp_path)
    happened = outcomes(page)
    assert [said for said, _ in happened] == [outcome for _, outcome in happened]
    assert len(happened) == claims(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    made = {DOCS / name for name in ("reference/operations.md", "reference/names.md", "images/slides.zip")}  # by hooks
    targets = {(page.parent / link).resolve() for link in links} - made
    assert [target for target in targets if not target.exists()] == []
