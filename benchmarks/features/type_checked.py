"""Types that tools can read

Does the package carry the mark (`py.typed`) that tells type checkers and editors to trust its annotations? Stubs
without it are `partly`.
"""

import importlib.util
from pathlib import Path
from typing import Any


def marked(module: str) -> dict[str, bool]:
    """Whether the folder of a package has the mark, or stubs."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    return {"py.typed": (folder / "py.typed").exists(), "stubs": any(folder.glob("*.pyi"))}


def autograd_mini() -> Any:
    return marked("autograd_mini")


def micrograd() -> Any:
    return marked("micrograd.engine")


def hips() -> Any:
    return marked("autograd")


def torch() -> Any:
    return marked("torch")


def jax() -> Any:
    return marked("jax")


def casadi() -> Any:
    return marked("casadi")


def mygrad() -> Any:
    return marked("mygrad")


def judge(got: Any) -> str:
    return "yes" if got["py.typed"] else "partly" if got["stubs"] else "no"
