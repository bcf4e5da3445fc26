"""The functions of Values: each takes a Value or a plain number, and gives a Value or a float alike."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar

from .engine import VALUES, Value

Number = TypeVar("Number", Value, float)
Function = TypeVar("Function", bound=Callable[..., Any])


def _row(stub: Function) -> Function:
    """The operation of one operand that has the name of `stub`: the very function of the table, with this documentation."""
    return update_wrapper(getattr(VALUES, stub.__name__), stub)


@_row
def exp(x: Number) -> Number:
    """eˣ."""
