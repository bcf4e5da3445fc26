"""The layout engine: which one to use, how to find it, and the call that runs it."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from ..errors import AutogradError

VARIABLE = "AUTOGRAD_MINI_DOT"
TIME_LIMIT = 60  # seconds

Engine = Callable[[str, str], str | bytes]
Choice = Engine | str | os.PathLike[str] | None

_registered: Choice = None


class RenderError(AutogradError):
    """A drawing could not be made."""


class GraphvizNotFoundError(RenderError):
    """No program was found that lays out graphs."""


def use_engine(engine: Choice) -> Choice:
    """Choose the engine that lays out every graph from now on, unless a call passes its own `engine=`.

    The engine may be a function, for a machine without programs, such as a browser, or for a Graphviz of your own.  It
    is called as `engine(source, output_format)`, with a graph in Graphviz's language and "svg", "png" or "json", and
    returns what `dot -Tsvg` would write, as text or bytes.  If it can't, it should raise `RenderError`: its exceptions
    reach the caller of `draw` or `explore`.  The choice applies to the whole process, with all threads.

    Args:
        engine: the function; or, as for `draw`, "embedded", "system" or the path of a `dot` program; None for the
            default.

    Returns:
        The choice before, so that you can go back to it.

    Raises:
        TypeError: it is something else.

    >>> from autograd_mini import Value, draw
    >>> def engine(source, output_format):
    ...     return '<svg width="9" height="9"> <g id="ag1"></g></svg>'
    >>> before = use_engine(engine)
    >>> 'width="9"' in draw(Value(2.0)).svg, use_engine(before) is engine
    (True, True)
    """
    global _registered
    require_engine(engine)
    before, _registered = _registered, engine
    return before


def require_engine(engine: object) -> None:
    """Raise for anything that is not an engine or the name of one."""
    if engine is not None and not callable(engine) and not isinstance(engine, str | os.PathLike):
        raise TypeError(f"engine is 'embedded', 'system', a path or a function, not {engine!r:.80}")


def chosen(choice: Choice) -> Choice:
    """The chosen engine: from the call, from `use_engine` or from $AUTOGRAD_MINI_DOT; None for the default."""
    return choice or _registered or os.environ.get(VARIABLE) or None


def run_engine(source: str, output_format: str, choice: Choice = None) -> bytes:
    """Lay out and draw a graph.

    Args:
        source: DOT text.
        output_format: "svg", "png" or "json".
        choice: the engine, a function or as for `find_engine`; None for that of `use_engine`.

    Returns:
        The output of the engine.

    Raises:
        GraphvizNotFoundError: there is no such engine.
        RenderError: the engine did not start, failed, or reached its time limit.
        TypeError: a function returned something other than text or bytes.

    >>> run_engine("digraph { a -> b }", "png")[1:4]
    b'PNG'
    """
    engine = chosen(choice)
    if not callable(engine):
        return _run_program(find_engine(engine), source, output_format)
    drawn = engine(source, output_format)
    if not isinstance(drawn, str | bytes):
        raise TypeError(f"a drawing engine must return text or bytes, but {engine!r:.80} returned {drawn!r:.80}")
    return drawn.encode() if isinstance(drawn, str) else drawn


def _run_program(engine: str, source: str, output_format: str) -> bytes:
    command = [engine, f"-T{output_format}"]
    if output_format == "png":
        command.append("-Gdpi=192")  # sharp on a slide; an SVG needs no resolution
    try:
        # Not through graphviz.backend, whose choice of program applies to the whole process.
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
    # PATH does not help if the environment is not activated, so look in the wheel's own list of files.
    from importlib import metadata  # here, because it takes longer to import than all the rest

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
            looked, mend = f"the program {choice!r}", f"correct engine= or ${VARIABLE}, or use 'embedded'"
    return f"no Graphviz engine to draw with. Looked for: {looked}. To fix it: {mend}. The DOT text needs no engine."


def _install(*, wheel: bool) -> str:
    machines = {"linux": ("x86_64", "aarch64")}  # there is no wheel for other machines or systems
    if wheel and (sys.platform in ("darwin", "win32") or platform.machine() in machines.get(sys.platform, ())):
        return f"{sys.executable} -m pip install graphviz-pure"
    commands = {"darwin": "brew install graphviz", "win32": "winget install graphviz"}
    return commands.get(sys.platform, "apt-get install graphviz")
