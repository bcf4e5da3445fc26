"""Runs a function eagerly to find the operation whose result or slope is not finite."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from ...adjoints import swept
from ...engine import Value
from ...errors import AutogradError
from ...hooks import SourceLine, creation_hook, is_ours, source_line
from ...sweep import order_below, pull_back


class NonFiniteError(AutogradError, ArithmeticError):
    """A result or a derivative is nan or infinite."""


def replay(f: Callable[..., Any], build: Callable[[Sequence[Any]], Sequence[Any]], numbers: Sequence[float]) -> None:
    """Run f eagerly, forward and backward, up to the first operation whose result or slope is not finite.

    Raises:
        NonFiniteError: always; it names the operation and the line.
    """
    lines: dict[Value, SourceLine] = {}

    def watch(v: Value) -> Value:
        lines[v] = source_line()
        if not isfinite(v.data):
            raise NonFiniteError(f"{_named(v)} is {v.data!r}, at {_shown(lines[v])}")
        return v

    with creation_hook(watch):
        try:
            result = f(*build([Value(x) for x in numbers]))
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, NonFiniteError):
                raise
            notes = " ".join(getattr(error, "__notes__", ()))
            raise NonFiniteError(f"{error} {notes}, at {_shown(_line_of(error))}") from error
    if isinstance(result, Value):
        _sweep(result, lines)
    raise NonFiniteError("a result is not finite, but on floats every operation is: the dtype has too small a range")


def _sweep(root: Value, lines: dict[Value, SourceLine]) -> None:
    def pullback(v: Value, adjoint: float) -> tuple[float, ...]:
        cs = pull_back(v, adjoint)
        for c in cs:
            if not isfinite(c):
                raise NonFiniteError(f"the slope of {_named(v)} makes a derivative {c!r}, at {_shown(lines[v])}")
        return cs

    swept(order_below([root]), {root: 1.0}, pullback)


def _named(v: Value) -> str:
    return f"{v.op!r} of {', '.join([repr(p.data) for p in v.parents])}"


def _shown(line: SourceLine) -> str:
    return f"{line}: {line.text}" if line.text else str(line)


def _line_of(error: Exception) -> SourceLine:
    """The innermost line outside this package in the error's traceback."""
    line, traceback = SourceLine("?", 0), error.__traceback__
    while traceback is not None:
        path = traceback.tb_frame.f_code.co_filename
        if not is_ours(path):
            line = SourceLine(path, traceback.tb_lineno)
        traceback = traceback.tb_next
    return line
