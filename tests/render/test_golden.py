"""Drawings of every kind, compared byte for byte with what was looked at and found good."""

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent / "golden"
GOLDENS = runpy.run_path(str(HERE / "make.py"))["GOLDENS"]
IMAGES = Path(__file__).parents[2] / "docs/images"
PICTURES = runpy.run_path(str(IMAGES / "make.py"))["PICTURES"]


@pytest.fixture(autouse=True)
def _no_choice_from_outside(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_MINI_DOT", raising=False)


@pytest.mark.parametrize("name", GOLDENS)
def test_a_drawing_is_what_it_was(name, tmp_path):
    drawing = GOLDENS[name]()
    for suffix in (".dot", ".svg"):
        drawn = drawing.save((tmp_path / name).with_suffix(suffix)).read_bytes()
        assert drawn == (HERE / name).with_suffix(suffix).read_bytes(), (
            "run tests/render/golden/make.py, and look at it"
        )
    ElementTree.fromstring(drawing.svg)


def test_every_golden_belongs_to_a_drawing():
    assert {path.stem for path in HERE.glob("*.*") if path.suffix in (".dot", ".svg")} == set(GOLDENS)


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_of_the_documentation_are_up_to_date(name):
    # But for what is not to be seen: the last digits in tooltips, which a machine's libm decides, and ids made of them.
    hidden = re.compile(r'<(title|desc)[^>]*>.*?</\1>|\b(id|aria-labelledby)="[^"]*"')
    shown, drawn = (IMAGES / f"{name}.svg").read_text(encoding="utf-8"), PICTURES[name]().svg
    assert hidden.sub("", drawn) == hidden.sub("", shown), "run docs/images/make.py, and look at it"


def test_every_picture_of_the_documentation_has_a_script():
    assert {path.stem for path in IMAGES.glob("*.svg")} == set(PICTURES)
