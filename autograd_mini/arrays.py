"""Methods that others call on a number: NumPy on the elements of an object array, Python when it rounds.

NumPy has no rules for objects: np.exp(a) calls x.exp() for each element x, np.arcsin(a) calls x.arcsin(), np.floor(a)
math.floor(x).  np.maximum compares and takes one of the two: at a tie that one gets the whole slope, while our own
`maximum` gives half to each.  With two arrays NumPy calls the elements of the first: np.hypot(a, b) needs the Values in
a.  If a Value itself is among the operands, it also supports functions that NumPy has only for numbers, such as
np.arctan2(1.0, x).
"""

import math
import sys
from typing import Any, Final

from .reading import is_value
from .refuse import index
from .rule import VALUES


def _rounded(x: Any, ndigits: object = None) -> Any:
    if ndigits is not None:
        raise TypeError(
            f"a Value is rounded to whole numbers only: write round(x * 10**{ndigits!r}) / 10**{ndigits!r}, "
            f"or round(x.data, {ndigits!r}) for the plain number"
        )
    return x.round()


def _radians(x: Any) -> Any:
    return x * (math.pi / 180.0)


def _degrees(x: Any) -> Any:
    return x * (180.0 / math.pi)


# Functions that NumPy has only for numbers: our operation, or the method to call.
_OPERATIONS: Final = {"arctan2": "atan2", "hypot": "hypot", "copysign": "copysign", "logaddexp": "logaddexp"}
_QUESTIONS: Final = {"isfinite": math.isfinite, "isinf": math.isinf, "isnan": math.isnan}


def _ufunc(_self: Any, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
    """A function of NumPy with a Value itself among its operands: as for an array with that one element."""
    numpy = sys.modules["numpy"]  # loaded, because it calls this
    arrays = [numpy.array(x, dtype=_kind(numpy, x)) for x in operands]
    if ufunc.__name__ in _QUESTIONS:
        return _QUESTIONS[ufunc.__name__](operands[0].data)
    if ufunc.__name__ in _OPERATIONS:
        ufunc = numpy.frompyfunc(getattr(VALUES, _OPERATIONS[ufunc.__name__]), 2, 1)
    return getattr(ufunc, method)(*arrays, **options)


def _kind(numpy: Any, x: Any) -> Any:
    """The type of an operand as an array: a longdouble would call the Value again, which would call NumPy again."""
    if is_value(x):
        return object
    return float if getattr(x, "dtype", None) == numpy.longdouble else None


def _atan2(y: Any, x: Any) -> Any:
    return VALUES.atan2(y, x)


def _hypot(x: Any, y: Any) -> Any:
    return VALUES.hypot(x, y)


METHODS: Final[dict[str, Any]] = {
    "arcsin": lambda x: x.asin(), "arccos": lambda x: x.acos(), "arctan": lambda x: x.atan(),
    "arcsinh": lambda x: x.asinh(), "arccosh": lambda x: x.acosh(), "arctanh": lambda x: x.atanh(),
    "arctan2": _atan2, "hypot": _hypot,
    "deg2rad": _radians, "radians": _radians, "rad2deg": _degrees, "degrees": _degrees,
    "__array_ufunc__": _ufunc, "conjugate": lambda x: x, "fabs": lambda x: x.abs(), "rint": lambda x: x.round(),
    "__index__": index, "__round__": _rounded, "__floor__": lambda x: x.floor(), "__ceil__": lambda x: x.ceil(),
    "__trunc__": lambda x: x.ceil() if x < 0.0 else x.floor(),
    "_op": property(lambda x: x.op), "_prev": property(lambda x: set(x.parents)),  # micrograd's names
}  # fmt: skip
