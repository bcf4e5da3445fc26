"""Functions of numbers on NumPy's object arrays, which may mix Values and plain numbers."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .engine import Value
from .extras import require


def elementwise(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of numbers work on arrays, element by element.

    NumPy's own functions call a method of each element: np.exp(a) calls x.exp(), which a float does not have.  So they
    work only if all elements are Values.  The functions of this package take both Values and plain numbers.

    Args:
        f: a function of one or more numbers, such as `exp`, `hypot` or your own.

    Returns:
        A function that takes arrays, lists or numbers, broadcasts them against each other, and returns an array of the
        results of f: an array of floats, or of objects if one result is a Value.  Named arguments go to f unchanged.

    Raises:
        MissingExtraError: (when called) NumPy is not installed.

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
