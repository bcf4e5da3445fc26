"""What others ask of a number by names of their own: NumPy of the elements of an object array, Python when it rounds.

NumPy has no rules for objects: np.exp(a) calls x.exp() for each element x, np.arcsin(a) calls x.arcsin(), np.floor(a)
math.floor(x).  np.maximum compares and takes one of the two: at a tie that has the whole slope, where our own `maximum`
gives half to each.  Of two arrays the first is asked: np.hypot(a, b) wants the Values in a.
"""

import math
from typing import Any


def conjugate(x: Any) -> Any:
    """x itself, which is real."""
    return x


def radians(x: Any) -> Any:
    """An angle in degrees, in radians."""
    return x * (math.pi / 180.0)


def degrees(x: Any) -> Any:
    """An angle in radians, in degrees."""
    return x * (180.0 / math.pi)


def rounded(x: Any, ndigits: object = None) -> Any:
    """round(x), to the nearest whole number."""
    if ndigits is not None:
        raise TypeError(
            f"a Value is rounded to whole numbers only: write round(x * 10**{ndigits!r}) / 10**{ndigits!r}, "
            f"or round(x.data, {ndigits!r}) for the plain number"
        )
    return x.round()


def truncated(x: Any) -> Any:
    """math.trunc(x), the whole part."""
    return x.ceil() if x < 0.0 else x.floor()
