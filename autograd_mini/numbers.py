"""Decides what counts as a number: a float, an int, a bool or a real scalar of NumPy."""

import math
import numbers
from typing import Any

from . import watch

Number = float  # an int, a bool or a real scalar of NumPy also counts
EXACT = 2**53  # up to here every int is a float


def as_number(x: Any, who: str) -> float:
    """x as a float.

    Args:
        x: anything.
        who: the function that needs the number, for the message.

    Raises:
        TypeError: x is not a real number.
        OverflowError: x is a number outside the range of a float.
    """
    if type(x) is float:
        return x
    try:
        number = as_constant(x)
    except OverflowError as error:
        raise OverflowError(f"{who} needs a number in the range of a float: {error}") from None
    if number is None:
        hint = ""
        if hasattr(x, "backward"):
            watch.read(x, who)
            hint = "; take its .data, or combine it with operators"
        raise TypeError(f"{who} needs a number, got {_described(x)}{hint}")
    return number


def as_constant(x: Any) -> float | None:
    """x as a float, or None if it isn't a real number.

    Raises:
        OverflowError: x is a number outside the range of a float.
    """
    if isinstance(x, float):
        return float(x)
    if isinstance(x, int):
        return float(x)
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    if kind == "b" and x.shape == ():
        return float(x)
    if kind and kind in "iuf" and isinstance(x, numbers.Real):  # a duration or a date of NumPy has a unit
        return _in_range(x)
    return None


def as_operand(x: Any) -> float | None:
    """x as an operation stores it: a float, or an int that is exactly a float; None if it isn't a real number.

    An int too large for a float is kept, so that the operation raises; if operations must not raise, it becomes nan.
    """
    if type(x) is not int:
        return as_constant(x)
    if -EXACT <= x <= EXACT:
        return x
    try:
        return float(x)
    except OverflowError:
        return math.nan if watch.is_quiet() else x


def _in_range(x: Any) -> float:
    """A scalar of NumPy as a float.  Its range may be wider, and NumPy does not report an overflow."""
    number = float(x)
    if number != x and (number == 0.0 or math.isinf(number)):
        raise OverflowError(f"{x!r} would become {number!r}")
    return number


def _described(x: Any) -> str:
    if x is None:
        return "None"
    return f"the {'string' if isinstance(x, str) else type(x).__name__} {x!r}"
