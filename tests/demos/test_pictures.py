"""demos/_pictures.py: pictures that stay the same, and the message without matplotlib."""

import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def pictures(load_demo: Callable[[str], ModuleType]) -> ModuleType:
    return load_demo("_pictures")


def test_the_same_picture_has_the_same_bytes(pictures: ModuleType, tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        pictures.network(tmp_path / name, [3, 4, 5])
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert ET.parse(tmp_path / "one.svg").getroot().tag.endswith("svg")


def test_png_has_150_dots_an_inch_and_more(pictures: ModuleType, tmp_path: Path) -> None:
    pictures.network(tmp_path / "network.png", [3, 4, 5])
    header = (tmp_path / "network.png").read_bytes()[:24]
    assert header[1:4] == b"PNG"
    assert int.from_bytes(header[16:20], "big") >= 5 * 150  # of 5.4 inches, less the margins


def test_it_leaves_the_settings_of_matplotlib_alone(pictures: ModuleType, tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    pictures.network(tmp_path / "network.svg", [1, 2])
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_it_says_what_to_install(
    pictures: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"^network\.svg needs matplotlib: .*pip install '.*\[demo\]'$"):
        pictures.network(tmp_path / "network.svg", [1, 2])


def test_the_folder_is_made(pictures: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["demo", "--out", str(tmp_path / "a" / "b")])
    assert pictures.folder("A demo.") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
