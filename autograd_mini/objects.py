"""Functions of numbers on NumPy's object arrays, whose elements are Values and plain numbers in any mixture."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .engine import Value
from .extras import require


def elementwise(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of numbers work on arrays, element by element.

    NumPy's own functions ask a method of each element, np.exp(a) calls x.exp(), and a float has none.  So they work on
    arrays of Values alone.  The functions of this package take a Value or a plain number alike.

    Args:
        f: a function of one or more numbers, such as `exp`, `hypot` or your own.

    Returns:
        A function that takes arrays, lists or numbers, broadcast against each other, and returns an array of what f
        returns: of floats, or of objects where a Value is among them.  Named arguments go to f as they are.

    Raises:
        MissingExtraError: NumPy is not installed; when the function is called.

    >>> import numpy as np
    >>> from autograd_mini import exp
    >>> x = Value(0.0)
    >>> y = elementwise(exp)(np.array([x, 1.0]))
    >>> y.sum().backward()
    >>> y.shape, x.grad
    ((2,), 1.0)
    """

    def on_arrays(*arrays: Any, **options: Any) -> Any:
        np = require("numpy", what="elementwise()", extra="fast")
        result = np.frompyfunc(partial(f, **options), len(arrays), 1)(*arrays)
        if isinstance(result, np.ndarray) and not any(isinstance(x, Value) for x in result.flat):
            return np.array(result.tolist()).reshape(result.shape)
        return result

    return on_arrays
