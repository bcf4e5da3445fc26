"""The seven demos of the course together: each runs by itself, and writes its pictures to the given folder."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd_mini
from autograd_mini.cli.commands.demo import demo_folder

FOLDER = demo_folder()
COURSE = sorted(path.stem for path in FOLDER.glob("0*.py"))


def test_there_are_seven_demos() -> None:
    assert [name[:2] for name in COURSE] == ["01", "02", "03", "04", "05", "06", "07"]


def test_a_demo_runs_alone_and_writes_its_pictures_where_it_is_told(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    script = FOLDER / "02_activations.py"
    path = os.pathsep.join([str(Path(autograd_mini.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "error", str(script), "--out", str(tmp_path / "new")]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert "sigmoid(-1000) = 0.0" in done.stdout
    assert {path.name for path in (tmp_path / "new").iterdir()} == pictures_in("02_activations")


@pytest.mark.parametrize("name", COURSE)
def test_every_picture_of_a_demo_is_written(name: str, chapter: Callable[[str], Any]) -> None:
    if name == "07_digits":
        pytest.importorskip("sklearn")
    written = list(chapter(name).pictures.iterdir())
    assert {path.name for path in written} == pictures_in(name)
    for picture in written:
        assert ET.parse(picture).getroot().tag.endswith("svg")


def pictures_in(name: str) -> set[str]:
    return set(re.findall(r'out / "(.+?)"', (FOLDER / f"{name}.py").read_text(encoding="utf-8")))
