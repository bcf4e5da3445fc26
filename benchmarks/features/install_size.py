"""Size on disk

The disk space of `pip install` of the package, without extras, including its dependencies. The figure is for Linux on
this machine; for PyTorch it is the build for the processor only.
"""

import importlib.metadata
import re
from pathlib import Path
from typing import Any

from benchmarks.features.common import ROOT


def megabytes(distribution: str) -> dict[str, float]:
    """The sizes of a distribution and of those that it requires, in MB."""
    sizes: dict[str, float] = {}
    waiting = [distribution]
    while waiting:
        name = waiting.pop()
        if name in sizes:
            continue
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system
        paths = [Path(str(file.locate())) for file in files]
        sizes[name] = sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc") / 1e6
        required = importlib.metadata.requires(name) or []
        waiting += [re.split(r"[^\w.-]", text)[0].lower() for text in required if "extra ==" not in text]
    return {name: round(size, 3) for name, size in sizes.items()}


def autograd_mini() -> Any:
    """Not installed, but run from its folder: its files are there, and those of what it requires are installed."""
    files = [path for path in (ROOT / "autograd_mini").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    own = sum(path.stat().st_size for path in files) / 1e6
    needed = [megabytes(name) for name in ("graphviz", "graphviz-pure", "tqdm")]
    return {"autograd_mini": round(own, 3), **{name: size for sizes in needed for name, size in sizes.items()}}


def micrograd() -> Any:
    return megabytes("micrograd")


def hips() -> Any:
    return megabytes("autograd")


def torch() -> Any:
    return megabytes("torch")


def jax() -> Any:
    return megabytes("jax")


def casadi() -> Any:
    return megabytes("casadi")


def mygrad() -> Any:
    return megabytes("mygrad")


def figure(got: Any) -> str:
    total = sum(got.values())
    return f"{total:.0f} MB" if total >= 1.0 else f"{1000.0 * total:.0f} kB"
