"""Texts of any script have room on their cards, and glyphs where there are any."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from autograd_mini import Value, draw, explore
from autograd_mini.render.cards import shorten
from autograd_mini.render.width import width_in_ems
from tests.render.test_explorer import read, tab  # noqa: F401  (fixtures)

LABELS = [
    *("Ширина", "ЩЩЩЩЩЩЩЩ", "погрешность", "重みとバイアス", "سلام عليكم", "क्षमता", "e\u0301te\u0301", "⋮∂√"),
    *("w²₃₁", "👩\u200d👩\u200d👧", "MMMMMMMM", "한국어", "ภาษาไทย", "Größe", "αβγδεζ"),
]


def graph() -> Value:
    y = sum([Value(1.0, label=label) for label in LABELS], Value(0.0))
    y.label = "Погрешность"
    return y


def test_no_text_runs_out_of_its_card_in_the_explorer(read: Any) -> None:  # noqa: F811
    page = read(explore(graph()))
    over = page.tab.evaluate(
        """() => [...document.querySelectorAll(".card")].flatMap((card) => {
            const place = card.querySelector(".ground").getBoundingClientRect();
            return [...card.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.width > 0 && (box.left < place.left - 1 || box.right > place.right + 1);
            }).map((text) => text.textContent); })"""
    )
    assert over == []


def test_no_text_runs_out_of_its_card_in_a_drawing(tab: Any) -> None:  # noqa: F811
    tab.set_content(draw(graph()).svg)
    over = tab.evaluate(
        """() => [...document.querySelectorAll(".node")].flatMap((node) => {
            const place = node.querySelector("path").getBoundingClientRect();
            return [...node.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.left < place.left - 1 || box.right > place.right + 1;
            }).map((text) => text.textContent); })"""
    )
    assert over == []


def test_characters_without_width_are_not_counted() -> None:
    assert width_in_ems("e\u0301\u200d\ufe0f") == width_in_ems("e")
    assert width_in_ems("重") > width_in_ems("я") > width_in_ems("i")


def test_a_text_is_not_cut_between_a_letter_and_its_accent() -> None:
    assert shorten("ab" + "e\u0301" * 3, 6) == "abe\u0301…"
    assert shorten("👩\u200d👩\u200d👧" * 2, 5) == "…"
    assert shorten("\u0301" * 50, 10) == "…"


def test_a_png_of_other_scripts_is_drawn_by_the_systems_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho drawn by the system\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("AUTOGRAD_MINI_DOT", raising=False)
    drawn = draw(Value(1.0, label="重み")).save(tmp_path / "a.png").read_bytes()
    assert drawn == b"drawn by the system\n"
    assert draw(Value(1.0, label="вес")).save(tmp_path / "b.png").read_bytes()[1:4] == b"PNG"


def test_where_there_is_none_a_warning_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AUTOGRAD_MINI_DOT", raising=False)
    with pytest.warns(UserWarning, match=re.escape("boxes instead of 重み")):
        draw(Value(1.0, label="重み")).save(tmp_path / "a.png")


def test_the_dots_of_a_long_layer_are_in_letters_that_a_png_has() -> None:
    from autograd_mini.nn import MLP

    assert "⋮" not in draw(MLP(2, [30, 1], seed=0)).dot
