"""The arithmetic of NumPy arrays: the operations of the table by their names, and helpers that the sources call."""

from collections.abc import Callable
from functools import cache, partial, reduce
from typing import Any

import numpy as np

from ...ieee import total
from ...rule import Rule
from .error_function import erf, erfc


def elementwise(rule: Rule) -> Callable[..., Any]:
    """An operation that NumPy does not have, called for each element; nan or inf if floats raise."""

    @cache
    def ufuncs(arity: int) -> tuple[Any, Any]:
        return np.frompyfunc(rule.f, arity, 1), np.frompyfunc(partial(total, rule), arity, 1)

    def calls(*xs: Any) -> Any:
        quick, total = ufuncs(len(xs))
        kind = np.result_type(*[x for x in xs if isinstance(x, np.ndarray)])
        try:
            return quick(*xs).astype(kind)
        except (ArithmeticError, ValueError):
            return total(*xs).astype(kind)

    return calls


def part(array: Any, base: int, shape: tuple[int, int], steps: tuple[int, int]) -> Any:
    """Rows of an array as a matrix: the rows base + i·down + j·across."""
    below = array[base:]
    strides = (steps[0] * array.strides[0], steps[1] * array.strides[0], *array.strides[1:])
    return np.lib.stride_tricks.as_strided(below, (*shape, *array.shape[1:]), strides)


def choice(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds, else b, like np.where; on large arrays with bit operations, without branches."""
    if np.size(condition) < 2048:
        return np.where(condition, a, b)
    truth = condition if condition.dtype == bool else condition != 0.0
    if isinstance(b, np.ndarray) and b.shape == truth.shape and not truth.any():
        return b
    kind = np.result_type(*[x.dtype if isinstance(x, np.ndarray) else type(x) for x in (a, b)], np.float32)
    bits = np.dtype(f"i{kind.itemsize}")
    ones = -truth.view(np.int8).astype(bits)
    x, y = [np.asarray(x, kind).view(bits) for x in (a, b)]
    return (y ^ ((x ^ y) & ones)).view(kind)


def power(x: Any, n: Any) -> Any:
    """x to the power of n, like np.power, except that n = ½ is not a root, which differs at -0.0 and -inf."""
    if isinstance(n, float) and n == 0.5:
        return np.sqrt(choice(x == -np.inf, np.inf, x) + 0.0)
    return np.power(x, n)


def _total(*xs: Any) -> Any:
    return reduce(np.add, xs) + 0.0  # Python's sums begin with 0.0


# Operations with other names in NumPy.  Rounding to a whole number never gives -0.0, because Python's ints have none.
NAMESPACE: dict[str, Any] = {
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "pow": power, "powi": np.power,
    "floor": lambda x: np.floor(x) + 0.0, "ceil": lambda x: np.ceil(x) + 0.0, "round": lambda x: np.rint(x) + 0.0,
    "sum": _total, "mean": lambda *xs: _total(*xs) / len(xs), "prod": lambda *xs: reduce(np.multiply, xs),
    "part": part, "where": choice, "erf": erf, "erfc": erfc,
}  # fmt: skip
NAMESPACE |= {name: getattr(np, name) for name in (
    "absolute", "add", "subtract", "multiply", "divide", "negative", "matmul",
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    "hypot", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt",
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "copysign",
    "maximum", "minimum", "broadcast_to", "concatenate", "empty", "inf", "nan",
)}  # fmt: skip
