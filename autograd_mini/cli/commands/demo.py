"""autograd-mini demo: run one of the demos that come with the package."""

import argparse
import ast
import runpy
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..outcome import DONE
from ..output import print_table

EPILOG = """\
examples:
  autograd-mini demo                   train a network on iris, and draw one of its neurons
  autograd-mini demo iris --out /tmp   the same by name; words after the name are options of the demo
  autograd-mini demo --list            list the demos
"""


def run(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Run a demo, or list them."""
    folder = demo_folder()
    found = demos(folder)
    names = ", ".join(found)
    parser.add_argument("--list", action="store_true", help="list the demos")
    parser.add_argument("name", metavar="NAME", nargs="?", default="iris", help=f"the demo: {names} (default: iris)")
    parser.add_argument("options", metavar="...", nargs=argparse.REMAINDER, help="its options: see demo NAME --help")
    given = parser.parse_args(words)
    if given.list:
        print_table(["demo", "what it does"], [found, map(_first_line, found.values())])
        return DONE
    script = next((script for stem, script in found.items() if _is_called(stem, given.name)), None)
    if script is None:
        parser.error(f"there is no demo {given.name!r}: choose from {names}")
    with _on_disk(folder) as here:
        _run_script(here / script.name, given.options)
    return DONE


def demo_folder(package: Any = None) -> Any:
    """The folder of the demos: in the wheel it is part of the package, in a source tree it is next to the package.

    Args:
        package: the folder of the package, on disk or in a zip file; by default the folder of this package.
    """
    package = files(__package__.partition(".")[0]) if package is None else package
    installed = package / "_demos"
    return installed if installed.is_dir() else package.parent / "demos"


def demos(folder: Traversable) -> dict[str, Traversable]:
    """The demos in a folder by name, in alphabetical order.

    >>> "iris" in demos(demo_folder())
    True
    """
    scripts = {} if not folder.is_dir() else {item.name: item for item in folder.iterdir()}
    return {
        name.removesuffix(".py"): script
        for name, script in sorted(scripts.items())
        if name.endswith(".py") and not name.startswith("_")
    }


def _is_called(stem: str, name: str) -> bool:
    """Whether a name means this demo: 01_linear_models is also called linear_models, 01 and 1."""
    number, _, title = stem.partition("_")
    if not number.isdecimal():
        return name == stem
    return name in (stem, title) or (name.isdecimal() and int(name) == int(number))


def _first_line(script: Traversable) -> str:
    return (ast.get_docstring(ast.parse(script.read_bytes())) or "").partition("\n")[0]


@contextmanager
def _on_disk(folder: Traversable) -> Iterator[Path]:
    """The folder as a path, unpacked temporarily if it is in a zip file."""
    if isinstance(folder, Path):
        yield folder
        return
    with TemporaryDirectory(prefix="autograd_mini-demos-") as unpacked:
        for item in folder.iterdir():
            if item.is_file():
                Path(unpacked, item.name).write_bytes(item.read_bytes())
        yield Path(unpacked)


def _run_script(path: Path, options: Sequence[str]) -> None:
    """Run a demo like any script: it reads its options, and imports from its own folder."""
    before = sys.argv, sys.path
    try:
        sys.argv, sys.path = [str(path), *options], [str(path.parent), *sys.path]
        runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.argv, sys.path = before
