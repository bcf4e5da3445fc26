"""The demos of the course, loaded as a script loads: with their own folder on the path."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from autograd_mini.cli import demos

# Here, not in a fixture: in a wheel the demos are part of the package, and pytest looks through it for doctests.
sys.path.insert(0, str(demos()["iris"].parent))


def load(name: str) -> ModuleType:
    path = demos()["iris"].with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"demo{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def load_demo() -> Callable[[str], ModuleType]:
    pytest.importorskip("matplotlib")
    return load


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")
