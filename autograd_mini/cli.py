"""The command line: autograd-mini, or python -m autograd_mini."""

import argparse
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__

EXAMPLE = """\
example:
  autograd-mini demo                   train a network on iris, and draw one of its neurons
  autograd-mini demo iris --out /tmp   the same by name; what follows the name is for the demo
"""


def demos() -> dict[str, Path]:
    """The demos by name: those in the wheel, or those beside the package in a source tree.

    >>> "iris" in demos()
    True
    """
    package = Path(__file__).parent
    folders = package / "_demos", package.parent / "demos"
    folder = next((folder for folder in folders if folder.is_dir()), package)
    return {path.stem: path for path in sorted(folder.glob("[!_]*.py")) if folder != package}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after the program's name; those of this process unless told.

    Returns:
        The exit code: 0, or 2 where the command cannot be understood.

    Raises:
        SystemExit: after --help and --version with 0, after a wrong word with 2.

    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    parser = argparse.ArgumentParser(
        prog="autograd-mini",
        description="Automatic differentiation of programs written in scalars.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"autograd_mini {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    demo = commands.add_parser("demo", help="run a demo", description="Run a demo.")
    names = ", ".join(demos())
    demo.add_argument("name", metavar="NAME", nargs="?", default="iris", help=f"which: {names} (default: iris)")
    demo.add_argument("options", metavar="...", nargs=argparse.REMAINDER, help="its options: see demo NAME --help")
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 2
    if given.name not in demos():
        demo.error(f"there is no demo {given.name!r}: choose from {names}")
    path = str(demos()[given.name])
    sys.argv = [path, *given.options]  # a demo is a script, and reads its options as any script does
    runpy.run_path(path, run_name="__main__")
    return 0
