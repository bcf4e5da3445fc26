"""The output of the commands: lines, tables and JSON."""

import json
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..printing import visible


def say(text: str = "", *, error: bool = False) -> None:
    """Print lines, with escapes for control characters and for characters that the terminal can't encode."""
    stream = sys.stderr if error else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = "\n".join(map(visible, text.split("\n")))
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)


def print_table(heads: Iterable[str], columns: Iterable[Iterable[str]]) -> None:
    """Print columns of texts side by side."""
    columns = [[head, *column] for head, column in zip(heads, columns)]
    widths = [max(map(terminal_width, column)) for column in columns]
    for row in zip(*columns):
        cells = [cell + " " * (width - terminal_width(cell)) for cell, width in zip(row, widths)]
        say("  ".join(cells).rstrip())


def terminal_width(text: str) -> int:
    """The columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def number_writer(digits: int | None) -> Callable[[float], str]:
    """A function that writes a number with this many significant digits; None for all of them."""
    return repr if digits is None else lambda x: f"{x:.{digits}g}"


def aligned(numbers: Mapping[str, float], write: Callable[[float], str]) -> list[str]:
    """The numbers as texts, padded so that their decimal points are in one column."""
    texts = [write(x) for x in numbers.values()]
    before = [len(re.split("[.e]", text)[0]) for text in texts]
    return [" " * (max(before) - n) + text for n, text in zip(before, texts)]


def print_json(document: Any) -> None:
    """Print JSON, with strings for the numbers that it cannot write: "nan", "inf" and "-inf"."""
    say(json.dumps(_with_finite_numbers(document), indent=2, allow_nan=False))


def _with_finite_numbers(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _with_finite_numbers(x) for key, x in document.items()}
    if isinstance(document, list):
        return [_with_finite_numbers(x) for x in document]
    return str(document) if isinstance(document, float) and not math.isfinite(document) else document
