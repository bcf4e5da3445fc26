"""The demos of the course: loaded like scripts, and run once for all tests."""

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from autograd_mini.cli.commands.demo import demo_folder

FOLDER = demo_folder()
# Here, not in a fixture: in a wheel the demos are part of the package, and pytest looks through it for doctests.
sys.path.insert(0, str(FOLDER))


class Chapter(NamedTuple):
    """The result of a demo."""

    figures: dict[str, Any]  # what its main() returns
    pictures: Path  # the folder that it drew into


def load(name: str) -> ModuleType:
    return load_script(FOLDER / f"{name}.py")


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"demo{path.stem}", path)
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
    """Runs the main() of a demo once for all tests."""
    pytest.importorskip("matplotlib")

    @cache
    def go_through(name: str) -> Chapter:
        out = tmp_path_factory.mktemp(name)
        return Chapter(load(name).main(out), out)

    return go_through


@pytest.fixture(scope="session")
def notebooks() -> ModuleType:
    """The script that makes a notebook of each chapter's page."""
    return load_script(Path(__file__).parents[2] / "docs" / "course" / "notebooks.py")
