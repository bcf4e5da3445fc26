"""What others ask of a number by names of their own: NumPy of the elements of an object array, Python when it rounds.

NumPy has no rules for objects: np.exp(a) calls x.exp() for each element x, np.arcsin(a) calls x.arcsin(), np.floor(a)
math.floor(x).  np.maximum compares and takes one of the two: at a tie that has the whole slope, where our own `maximum`
gives half to each.  Of two arrays the first is asked: np.hypot(a, b) wants the Values in a.
"""

import math
from collections.abc import Callable
from typing import Any


def array_methods(m: Any) -> dict[str, Callable[..., Any]]:
    """The methods by which NumPy and Python call the operations of the arithmetic `m`, where its own names differ."""

    def rounded(x: Any, ndigits: object = None) -> Any:
        if ndigits is not None:
            raise TypeError(
                f"a Value is rounded to whole numbers only: write round(x * 10**{ndigits!r}) / 10**{ndigits!r}, "
                f"or round(x.data, {ndigits!r}) for the plain number"
            )
        return m.round(x)

    return {
        "arcsin": m.asin, "arccos": m.acos, "arctan": m.atan, "arctan2": m.atan2, "hypot": m.hypot,
        "arcsinh": m.asinh, "arccosh": m.acosh, "arctanh": m.atanh,
        "deg2rad": (to_radians := lambda x: x * (math.pi / 180.0)), "radians": to_radians,
        "rad2deg": (to_degrees := lambda x: x * (180.0 / math.pi)), "degrees": to_degrees,
        "conjugate": lambda x: x, "fabs": m.abs, "rint": m.round,
        "__round__": rounded, "__floor__": m.floor, "__ceil__": m.ceil,
        "__trunc__": lambda x: m.ceil(x) if x < 0.0 else m.floor(x),
    }  # fmt: skip
