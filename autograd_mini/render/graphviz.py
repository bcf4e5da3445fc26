"""The layout engine: how to find it, and the one call that runs it."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from ..errors import AutogradError

VARIABLE = "AUTOGRAD_MINI_DOT"
TIME_LIMIT = 60  # seconds


class RenderError(AutogradError):
    """A drawing could not be made."""


class GraphvizNotFoundError(RenderError):
    """No program was found that lays out graphs."""


def run_engine(source: str, output_format: str, choice: str | os.PathLike[str] | None = None) -> bytes:
    """Lay out and draw a graph.

    Args:
        source: DOT text.
        output_format: "svg" or "png".
        choice: the engine, as for `find_engine`.

    Returns:
        What the engine wrote.

    Raises:
        GraphvizNotFoundError: there is no such engine.
        RenderError: the engine did not start, failed, or reached its time limit.

    >>> run_engine("digraph { a -> b }", "png")[1:4]
    b'PNG'
    """
    engine = find_engine(choice)
    command = [engine, f"-T{output_format}"]
    if output_format == "png":
        command.append("-Gdpi=192")  # sharp on a slide; an SVG needs no resolution
    try:
        # Not through graphviz.backend: the wrapper's choice of program is one for the whole process.
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=TIME_LIMIT, check=True)
    except subprocess.TimeoutExpired as error:
        raise RenderError(f"{engine} took over {TIME_LIMIT} s and was stopped: draw a smaller part") from error
    except subprocess.CalledProcessError as error:
        complaint = error.stderr.decode(errors="replace").strip()
        raise RenderError(f"{engine} failed with exit code {error.returncode}: {complaint}") from error
    except OSError as error:
        raise RenderError(f"{engine} could not be started: {error}") from error
    return done.stdout


def find_engine(choice: str | os.PathLike[str] | None = None) -> str:
    """Find the program that lays out graphs.

    Args:
        choice: "embedded" (the graphviz-pure wheel), "system" (`dot` on PATH) or a program's path.  If None, it is
            $AUTOGRAD_MINI_DOT, else the embedded engine, else the system's.

    Returns:
        The program's path.

    Raises:
        GraphvizNotFoundError: there is none; the message says where it looked and how to fix it.

    >>> Path(find_engine("embedded")).stem
    'graphviz-pure'
    """
    choice = os.fspath(choice or os.environ.get(VARIABLE, "")) or None
    if choice is None:
        found = _embedded() or shutil.which("dot")
    elif choice == "embedded":
        found = _embedded()
    else:
        found = shutil.which("dot" if choice == "system" else choice)
    if found is None:
        raise GraphvizNotFoundError(_not_found(choice))
    return found


def _embedded() -> str | None:
    # The environment need not be activated, so PATH says nothing: the wheel's own list of files does.
    from importlib import metadata  # here, since it takes longer to import than all the rest

    try:
        wheel = metadata.distribution("graphviz-pure")
    except metadata.PackageNotFoundError:
        return None
    name = "graphviz-pure.exe" if os.name == "nt" else "graphviz-pure"
    listed = [Path(str(wheel.locate_file(file))) for file in wheel.files or () if file.name == name]
    usual = [Path(sysconfig.get_path("scripts"), name), Path(str(wheel.locate_file("bin")), name)]
    return next((str(path.resolve()) for path in listed + usual if path.is_file()), None)


def _not_found(choice: str | None) -> str:
    wheel = f"the program of the graphviz-pure wheel, in the packages of {sys.executable}"
    path = f"dot on PATH ({os.environ.get('PATH', os.defpath) or 'empty'})"
    match choice:
        case None:
            looked, mend = f"{wheel}; {path}", _install(wheel=True)
        case "embedded":
            looked, mend = wheel, _install(wheel=True)
        case "system":
            looked, mend = path, _install(wheel=False)
        case _:
            looked, mend = f"the program {choice!r}", f"correct engine= or ${VARIABLE}, or say 'embedded'"
    return f"no Graphviz engine to draw with. Looked for: {looked}. To mend it: {mend}. The DOT text needs no engine."


def _install(*, wheel: bool) -> str:
    machines = {"linux": ("x86_64", "aarch64")}  # elsewhere on Linux there is no wheel, nor on other systems
    if wheel and (sys.platform in ("darwin", "win32") or platform.machine() in machines.get(sys.platform, ())):
        return f"{sys.executable} -m pip install graphviz-pure"
    commands = {"darwin": "brew install graphviz", "win32": "winget install graphviz"}
    return commands.get(sys.platform, "apt-get install graphviz")
