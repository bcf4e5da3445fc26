"""Types for users: mypy --strict and pyright accept two programs, and find the mistakes in a third."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_mini

HERE = Path(__file__).parent
ROOT = Path(autograd_mini.__file__).parent.parent
PROGRAMS = {name: (HERE / name).read_text(encoding="utf-8") for name in ("user_program.py", "wrong_program.py")}
README = (HERE.parents[1] / "README.md").read_text(encoding="utf-8")
# Its functions have no annotations.
PROGRAMS["readme.py"] = "# mypy: allow-untyped-defs, allow-untyped-calls\n" + "".join(
    re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
)

Complaints = dict[str, set[int]]  # the lines of each program that a type checker complains of


def checked(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    for name, text in PROGRAMS.items():
        (folder / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    return subprocess.run(
        [*command, *PROGRAMS], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def by_mypy(folder: Path) -> Complaints:
    pytest.importorskip("mypy")
    options = ["--strict", "--follow-imports=silent", "--no-error-summary"]
    options += ["--no-site-packages"]  # to read the types of NumPy takes four times as long as all the rest
    done = checked(folder, sys.executable, "-m", "mypy", *options)
    assert not done.stderr, done.stderr
    found: Complaints = {name: set() for name in PROGRAMS}
    for name, line in re.findall(r"^(\w+\.py):(\d+): error", done.stdout, re.MULTILINE):
        found[name].add(int(line))
    return found


def by_pyright(folder: Path) -> Complaints:
    program = shutil.which("pyright", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if program is None:
        pytest.skip("pyright is not installed")
    config = {"extraPaths": [str(ROOT)], "include": [*PROGRAMS]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    done = checked(folder, program, "--outputjson")
    found: Complaints = {name: set() for name in PROGRAMS}
    for complaint in json.loads(done.stdout)["generalDiagnostics"]:
        if complaint["severity"] == "error":
            found[Path(complaint["file"]).name].add(complaint["range"]["start"]["line"] + 1)
    return found


@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_a_program_of_a_user_is_accepted_and_mistakes_are_found(checker, tmp_path):
    lines = PROGRAMS["wrong_program.py"].splitlines()
    wrong = {i for i, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert checker(tmp_path) == {"user_program.py": set(), "readme.py": set(), "wrong_program.py": wrong}
