"""The package is typed for its users: mypy --strict accepts a program of theirs, and finds the mistakes in another."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_mini

HERE = Path(__file__).parent
ROOT = Path(autograd_mini.__file__).parent.parent

pytest.importorskip("mypy")


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    """The lines of each program that mypy complains of."""
    folder = tmp_path_factory.mktemp("mypy")
    programs = ["user_program.py", "wrong_program.py"]
    for name in programs:
        (folder / name).write_text((HERE / name).read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary"]
    command += ["--no-site-packages", *programs]  # to read the types of NumPy takes four times as long as all the rest
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    found: dict[str, set[int]] = {name: set() for name in programs}
    for name, line in re.findall(r"^(\w+\.py):(\d+): error", done.stdout, re.MULTILINE):
        found[name].add(int(line))
    return found | {"": {len(done.stdout)}}


def test_a_program_of_a_user_has_the_types_that_it_says(complaints: dict[str, set[int]]) -> None:
    assert complaints["user_program.py"] == set()


def test_mistakes_are_found(complaints: dict[str, set[int]]) -> None:
    lines = (HERE / "wrong_program.py").read_text(encoding="utf-8").splitlines()
    assert complaints["wrong_program.py"] == {i for i, line in enumerate(lines, 1) if line.endswith("# wrong")}
