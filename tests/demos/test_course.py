"""The seven demos of the course together: each runs alone, and its notebook is the demo itself."""

import ast
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import autograd_mini
from autograd_mini.cli.commands.demo import demo_folder

FOLDER = demo_folder()
COURSE = sorted(path.stem for path in FOLDER.glob("0*.py"))


@pytest.fixture(scope="module")
def notebooks(load_demo: Callable[[str], ModuleType]) -> ModuleType:
    return load_demo("_notebooks")


def test_there_are_seven() -> None:
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
    written = {path.name for path in (tmp_path / "new").iterdir()}
    assert written == set(re.findall(r'out / "(.+?)"', script.read_text(encoding="utf-8")))
    for picture in (tmp_path / "new").iterdir():
        assert ET.parse(picture).getroot().tag.endswith("svg")


@pytest.mark.parametrize("name", COURSE)
def test_the_notebook_is_up_to_date(name: str, notebooks: ModuleType) -> None:
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    made = notebooks.notebook(source)
    assert made == (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"), "run: python demos/_notebooks.py"


@pytest.mark.parametrize("name", COURSE)
def test_the_notebook_has_all_of_the_demo(name: str, notebooks: ModuleType) -> None:
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    code = "\n".join(text for kind, text in notebooks.cells(source) if kind == "code")
    *body, last, _ = ast.parse(source).body
    assert isinstance(last, ast.FunctionDef)
    kept = {ast.dump(node) for node in ast.parse(code).body}
    assert {ast.dump(node) for node in [*body[1:], *last.body[1:-1]]} <= kept


@pytest.mark.parametrize("name", COURSE)
def test_main_goes_through_the_cells(name: str, notebooks: ModuleType, load_demo: Callable[[str], ModuleType]) -> None:
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    main = ast.parse(source).body[-2]
    assert isinstance(main, ast.FunctionDef)
    statements = [ast.dump(node) for node in main.body[1:-1]]
    cells = ast.parse("\n".join(text for kind, text in notebooks.cells(source) if kind == "code")).body
    assert [text for text in map(ast.dump, cells) if text in statements] == statements  # in its own order
    module = load_demo(name)
    names = set(module.main.__code__.co_varnames)
    assert not names & vars(module).keys()  # no name is one thing in main() and another in a cell


@pytest.mark.parametrize("name", COURSE)
def test_the_cells_of_the_notebook_run_in_order(name: str, chapter: Callable[[str], Any]) -> None:
    if name == "07_digits":
        pytest.importorskip("sklearn")
    shown = chapter(name).shown
    assert len(shown) >= 3
    assert all("<svg" in picture.data for picture in shown)


def test_a_kernel_runs_a_notebook(notebooks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(Path(autograd_mini.__file__).parents[1]))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(FOLDER / "05_gradient_descent.ipynb", as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    assert "70 steps to 2.2499646074278457" in printed
    assert sum(output.output_type == "display_data" for output in outputs) == 4
