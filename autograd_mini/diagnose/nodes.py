"""Properties of a node that both reports use: its local slopes and its name."""

import math
from collections.abc import Sequence
from typing import Any

from ..engine import Value
from ..hooks import SourceLine
from ..ieee import IEEE
from ..printing import visible
from ..reading import number_of
from ..rule import FLOATS, Rule
from ..sweep import slopes

_INFIX = ("+", "-", "*", "/", "**")
_SHOWN, _LARGEST = 6, 3  # if there are more operands than the first, show the second number of largest ones


def local_slopes(v: Value) -> list[float]:
    """∂v/∂parent for each parent, as in backward(), without calling hooks."""
    try:
        return slopes(v, FLOATS)
    except (ArithmeticError, ValueError):
        return [float(slope) for slope in slopes(v, IEEE)]


def name_of(v: Value) -> str:
    """The label, or else the number of a leaf and the operation of any other."""
    while v.op == "pos" and not v.label:  # what transforms put before an argument
        (v,) = v.parents
    if v.label or v.is_leaf:
        return label_of(v) or repr(number_of(v))
    return f"(… {v.op} …)" if v.op in _INFIX else f"{visible(v.op)}(…)"


def label_of(v: Value) -> str:
    """The label, made safe to print."""
    return visible(v.label)


def whom(v: Value) -> str:
    """The name of an operand that a contribution goes to."""
    name = name_of(v)
    return f"a leaf of {name}" if name == repr(number_of(v)) else name


def symbol_of(v: Value) -> str:
    """The operation that made it, with the label."""
    return f"{v.op!r}" + (f" ({label_of(v)})" if v.label else "") if not v.is_leaf else "an operation"


def operation(rule: Rule, parents: Sequence[Value | None], xs: Sequence[float], z: float) -> str:
    """w * x = 6.0, with w = 2.0, x = 3.0"""
    symbol = visible(rule.symbol)
    names = [name_of(p) if p is not None else repr(x) for p, x in zip(parents, xs)]
    known = [f"{name} = {x!r}" for name, x in dict.fromkeys(zip(names, xs)) if name != repr(x)]
    if len(xs) > _SHOWN:  # the largest tell most; nan before all
        largest = sorted(dict.fromkeys(zip(names, xs)), key=lambda pair: -size(pair[1]))[:_LARGEST]
        known = [f"{name} = {x!r}" for name, x in largest]
        return f"{symbol} of {len(xs):,} numbers = {z!r}, the largest {', '.join(known)}"
    if rule.symbol in _INFIX and len(names) == 2:
        formula = f" {symbol} ".join(names)
    else:
        listed = ", ".join(names)
        formula = symbol + (listed if len(names) == 1 and listed.startswith("(… ") else f"({listed})")
    return f"{formula} = {z!r}" + (f", with {', '.join(known)}" if known else "")


def wrapped(row: str) -> str:
    """A row of a report, in lines of 100 characters."""
    from textwrap import fill  # here: it takes longer to import than this module

    return fill(row, 100, subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False)


def size(x: float) -> float:
    """|x|, and of nan more than of all others."""
    return abs(x) if x == x else math.inf


def shown(line: SourceLine) -> str:
    """Where a line of the program is, and what it says."""
    return f"{line}: {line.text}" if line.text else str(line)


def plain(x: Any) -> float:
    """The number of a Value, or the number itself."""
    return float(number_of(x))
