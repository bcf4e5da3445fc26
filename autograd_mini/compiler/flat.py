"""The short way to a program of few numbers, for calls whose arguments are numbers, flat lists and flat arrays of them.

It does what the long way does for arguments of the same form, without reading that form again.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .calls import arrays, one_or_all

Take = Callable[[Any], list[Any]]
Give = Callable[[Sequence[float]], Any]


def flat_way(f: Callable[..., tuple[float, Any]], keys: Sequence[Any]) -> Callable[..., tuple[float, Any]] | None:
    """value_and_grad for arguments that have these keys, as `arguments.py` makes them; None if one is not flat.

    It raises TypeError for any others, whose way is the long one.

    Args:
        f: takes all the numbers, and returns the value and the derivatives by each; a single one may stand alone.
        keys: what the arguments of the latest call were.
    """
    forms = [_form(key) for key in keys]
    if not forms or None in forms:
        return None
    known = [form for form in forms if form is not None]
    arity = len(known)

    def quick(*args: Any) -> tuple[float, Any]:
        if len(args) != arity:
            raise TypeError
        numbers: list[Any] = []
        for x, (_, take, _) in zip(args, known):
            numbers += take(x)
        if {*map(type, numbers)} != {float}:
            raise TypeError
        value, slopes = f(*numbers)
        if isinstance(slopes, float):
            slopes = (slopes,)
        at, gradients = 0, []
        for size, _, give in known:
            gradients.append(give(slopes[at : at + size]))
            at += size
        return value, one_or_all(gradients)

    return quick


def _form(key: Any) -> tuple[int, Take, Give] | None:
    """How many numbers there are in such an argument, how they are taken out, and derivatives put in their place."""
    if key == "number":
        return 1, lambda x: [x], lambda slopes: slopes[0]
    kind, shape = key[:2]
    if kind in (list, tuple) and type(shape) is int:
        return shape, partial(_of_list, kind, shape), kind
    if kind == "array" and len(shape) == 1:
        return shape[0], partial(_of_array, arrays(), shape), arrays().array
    return None


def _of_list(kind: Any, size: int, xs: Any) -> list[Any]:
    if type(xs) is not kind or len(xs) != size:
        raise TypeError
    return list(xs)


def _of_array(np: Any, shape: tuple[int], x: Any) -> list[Any]:
    if type(x) is not np.ndarray or x.shape != shape or x.dtype != np.float64:
        raise TypeError
    numbers: list[Any] = x.tolist()
    return numbers
