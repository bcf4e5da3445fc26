"""The short way to the entries of a matrix: it passes an array like that of the latest call to machine code, and back.

It raises TypeError for any other argument, and if a number is not finite; then the long way handles the call.
"""

import math
from collections.abc import Callable
from typing import Any, Final

from ..argument import arrays
from ..sparse.entries import Entries

_VECTOR: Final = 0b00_01  # x has one axis; the results are our own


def to_entries(run: Callable[..., Any], shape: tuple[int, ...], like: Entries) -> Callable[[Any], tuple[Any, Any, Any]]:
    """The value of a function, and the numbers of the entries, with their places.

    Args:
        run: runs the program directly on the given arrays (see `tape.Bound.at_once`).
        shape: the shape of the argument.
        like: an example of the result.
    """
    np, places, count = arrays(), like.pattern, len(like.data)
    of_value: tuple[int, ...] = getattr(like.value, "shape", ())
    double, at = np.dtype(float), math.prod(of_value)

    def found(x: Any) -> tuple[Any, Any, Any]:
        if type(x) is not np.ndarray or x.dtype is not double or x.shape != shape:
            raise TypeError
        numbers = run(1, None, _VECTOR, (x.reshape(-1),), (), True)[1][: at + count + 1, 0]
        if not math.isfinite(numbers.dot(numbers)):  # the last number is nan if a product that was left out may be
            raise TypeError
        return numbers[:at].reshape(of_value) if of_value else numbers.item(0), numbers[at:-1], places

    return found
