"""Runs the text of a program for the playground's page, and reports its output, its pictures and its error."""

import ast
import gc
import io
import json
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from contextvars import copy_context
from importlib.util import find_spec
from math import inf
from time import monotonic
from types import CodeType
from typing import Any

from ...engine import Value
from ..live import Show, use_screen
from .output import EVERY, Output
from .results import is_rich, last_result, show

FILE = "program.py"  # the name of the program in messages

Tell = Callable[..., None]


def run(program: str, tell: Callable[[str], None]) -> None:
    """Run a program, and send everything that it shows to the page at once.

    At the top level the value of each expression is printed, as in an interactive Python.  A drawing, or another object
    that a notebook would show, is shown if it comes last.  Otherwise the result that was computed last is drawn.

    Args:
        program: its text.
        tell: called with JSON texts.  Their `kind` is "text" (with `place`, its position in the output, and
            `text`), "error" (`line`, or null, and `text`), "drawing" (`content`, an SVG), "explorer" or "html"
            (`content`, a page), "picture" (`number` and `content`, an SVG that takes the place of the one of that
            number), or "note" (`content`, why there is no drawing).

    >>> told = []
    >>> run("1 / 0", told.append)
    >>> told
    ['{"kind": "error", "line": 1, "text": "ZeroDivisionError: division by zero"}']
    """

    def told(kind: str, **content: Any) -> None:
        tell(json.dumps({"kind": kind, **content}))

    output = Output(lambda place, text: told("text", place=place, text=text))
    lines = program.splitlines(keepends=True)
    names: dict[str, Any] = {"__name__": "__main__"}
    linecache.cache[FILE] = (len(program), None, lines, FILE)  # for messages that quote a line
    with _streams(output), _screen(told), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "tqdm:disabling monitor support")  # a browser starts no threads
        try:
            copy_context().run(_run, program, names, told, output)
        except BaseException as error:  # noqa: BLE001  (it is the reader's program: whatever it raises is shown)
            output.flush()
            told("error", line=_line_of(error), text=_message(error))
    _take_apart(names)


def _run(program: str, names: dict[str, Any], told: Tell, output: Output) -> None:
    tree = ast.parse(program, FILE)
    shown: Any = None
    for statement in tree.body:
        shown = None
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), FILE, "exec"), names)
        elif not isinstance(statement.value, ast.Constant):  # a text between the lines is a comment for the reader
            shown = eval(_expression(statement), names)
            is_last = statement is tree.body[-1]
            if shown is not None and not (is_last and is_rich(shown) and not isinstance(shown, Value)):
                print(repr(shown))
    output.flush()
    if shown is None or not is_rich(shown):
        shown = last_result(tree, names)
    if shown is not None:
        show(shown, names, lambda kind, content: told(kind, content=content))


def _expression(statement: ast.Expr) -> CodeType:
    return compile(ast.Expression(statement.value), FILE, "eval")


def _take_apart(names: dict[str, Any]) -> None:
    """Empty the objects of the program's own classes, one by one.

    Python would free a chain of ten thousand objects, such as the one in chapter 0, recursively.  That takes more stack
    than a browser has.
    """
    if any(isinstance(thing, type) for thing in names.values()):
        for thing in [thing for thing in gc.get_objects() if type(thing).__module__ == "__main__"]:
            attributes = getattr(thing, "__dict__", None)
            if isinstance(attributes, dict):
                attributes.clear()


# ---- its output and pictures ----


@contextmanager
def _streams(output: Output) -> Iterator[None]:
    """Inside, the standard streams are those of the page; there is no input."""
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        with redirect_stdout(output), redirect_stderr(output):
            yield
    finally:
        sys.stdin = before


@contextmanager
def _screen(told: Tell) -> Iterator[None]:
    """Pictures that are redrawn in place get a number each."""
    places: list[_Place] = []

    def opened() -> Show:
        places.append(_Place(told, len(places)))
        return places[-1].show

    before = use_screen(opened)
    try:
        yield
    finally:
        use_screen(before)
        for place in places:
            place.flush()


class _Place:
    """A picture in place: it is sent to the page a few times a second, and the last one always."""

    def __init__(self, told: Tell, number: int) -> None:
        self._told, self._number = told, number
        self._waiting: str | None = None
        self._when = -inf

    def show(self, forms: dict[str, str]) -> None:
        """Show it in the form that the page accepts."""
        self._waiting = forms.get("image/svg+xml", "")
        if monotonic() - self._when >= EVERY:
            self.flush()

    def flush(self) -> None:
        """Send the latest one to the page."""
        if self._waiting is not None:
            self._told("picture", number=self._number, content=self._waiting)
            self._waiting, self._when = None, monotonic()


# ---- its error ----


def _line_of(error: BaseException) -> int | None:
    """The line of the program where it happened."""
    if isinstance(error, SyntaxError) and error.filename == FILE:
        return error.lineno
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    return frames[-1].lineno if frames else None


def _message(error: BaseException) -> str:
    missing = error.name.partition(".")[0] if isinstance(error, ImportError) and error.name else ""
    if missing and missing not in sys.modules and find_spec(missing) is None:
        return (
            f"{missing} is not available here: the playground has neither NumPy nor machine code, only Python and "
            "autograd_mini. Install autograd_mini to run this program."
        )
    return "".join(traceback.format_exception_only(error)).strip()
