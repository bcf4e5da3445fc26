"""The demos of the course: loaded as a script loads, and gone through once, cell by cell of their notebooks."""

import ast
import importlib.util
import json
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from autograd_mini.cli.commands.demo import demo_folder

FOLDER = demo_folder()
# Here, not in a fixture: in a wheel the demos are part of the package, and pytest looks through it for doctests.
sys.path.insert(0, str(FOLDER))


class Chapter(NamedTuple):
    """What came of a demo."""

    figures: dict[str, Any]  # what its main() returns
    shown: list[Any]  # the pictures of the notebook


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"demo{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def load_demo() -> Callable[[str], ModuleType]:
    pytest.importorskip("matplotlib")
    return load


@pytest.fixture(scope="session")
def chapter(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Chapter]:
    """Runs the cells of a notebook in order, once for all tests. test_course.py holds that they are those of main()."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("IPython")

    @cache
    def go_through(name: str) -> Chapter:
        out, shown = tmp_path_factory.mktemp(name), []
        namespace: dict[str, Any] = {"__name__": "__main__", "display": shown.append}
        for cell in json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]).replace("mkdtemp()", f"mkdtemp(dir={str(out)!r})"), namespace)
        *_, main, _ = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")).body
        assert isinstance(main, ast.FunctionDef)
        assert isinstance(main.body[-1], ast.Return)
        returned = ast.unparse(main.body[-1].value or ast.Constant(None))
        return Chapter(eval(returned, namespace), shown)

    return go_through
