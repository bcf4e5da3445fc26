"""One argument of a call, read: its form, its numbers, and how to build it around others."""

import math
from collections import deque
from collections.abc import Callable, Hashable, Iterator, MutableMapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, partial
from itertools import islice
from typing import Any, NamedTuple

from ..engine import Value
from ..extras import require
from ..numbers import as_number
from ..structures import flatten
from .pauses import importing


@cache
def arrays() -> Any:
    """NumPy, which is imported when it is needed.

    Raises:
        MissingExtraError: it is not installed.
    """
    with importing:
        return require("numpy", what="compile() with arrays, a sample axis or params", extra="fast")


class Argument(NamedTuple):
    """An argument as it was read.

    Args:
        key: its form.
        size: how many numbers it has, for one sample.
        numbers: a list or an array of them; with a sample axis, a matrix of numbers by samples.
        build: an argument for the function, which is given one sample, of the next of other numbers.
        give: derivatives in its structure, from an array of them.
    """

    key: Any
    size: int
    numbers: Any
    build: Callable[[Iterator[Any]], Any]
    give: Callable[[Any], Any]


def plain(position: int, argument: Any) -> Argument:
    """Read an argument without a sample axis.

    Raises:
        TypeError: there is something else than numbers in it.
    """
    if type(argument) is float:
        return Argument("number", 1, [argument], next, lambda slopes: float(slopes[0]))
    if getattr(argument, "shape", ()) and hasattr(argument, "dtype"):
        require_real(position, argument)
        if argument.dtype.kind != "O":
            shape = argument.shape
            return Argument(
                ("array", shape),
                argument.size,
                argument,
                partial(_array_of, argument.size, shape),
                lambda slopes: slopes.reshape(shape),
            )
    key = _key(position, argument)
    try:
        numbers, rebuild = flatten(argument)
    except TypeError as error:
        raise TypeError(f"argument {position}: {error}") from None
    if not {*map(type, numbers)} <= {float}:
        numbers = [_number(position, x) for x in numbers]
    return Argument(key, len(numbers), numbers, rebuild, lambda slopes: rebuild(slopes.tolist()))


def require_real(position: int, array: Any) -> None:
    """Check that an array holds real numbers, or objects which may be such, and holds them all.

    Raises:
        TypeError: it is sparse, or holds something else.
        ValueError: some of its numbers are masked.
    """
    if not hasattr(array, "__array__"):
        advice = "make it dense by .toarray()" if hasattr(array, "toarray") else "make it a NumPy array"
        raise TypeError(f"argument {position} is a {type(array).__name__}, which is no NumPy array: {advice}")
    if getattr(array.dtype, "kind", "") not in "fiubO":
        raise TypeError(f"argument {position} must hold plain numbers, and has {array.dtype}: {array!r:.80}")
    if getattr(array, "mask", False) is not False and array.mask.any():
        raise ValueError(f"argument {position} has masked numbers: give it without them, by .compressed() or .filled()")


def _number(position: int, x: Any) -> float:
    if isinstance(x, Value):
        raise TypeError(
            f"argument {position} has {x!r}: a compiled function takes plain numbers; the function itself, its "
            ".function, takes Values too"
        )
    return as_number(x, f"argument {position}")


def _array_of(size: int, shape: tuple[int, ...], numbers: Iterator[Any]) -> Any:
    """An array of the next floats or, if a Value is among them, of objects."""
    taken = list(islice(numbers, size))
    array = arrays().empty(size, object if any(isinstance(x, Value) for x in taken) else float)
    array[:] = taken
    return array.reshape(shape)


def _key(position: int, tree: Any) -> Hashable:
    """What the structure of an argument is, apart from its numbers."""
    if isinstance(tree, (list, tuple)) and all(type(part) is float for part in tree):
        return (type(tree), len(tree))
    if isinstance(tree, (list, tuple, deque)):
        return (type(tree), tuple([_key(position, part) for part in tree]))
    if isinstance(tree, MutableMapping):
        return (type(tree), tuple(tree), tuple([_key(position, part) for part in tree.values()]))
    if is_dataclass(tree):
        parts = [(field.name, _key(position, getattr(tree, field.name))) for field in fields(tree) if field.init]
        return (type(tree), tuple(parts))
    if not hasattr(tree, "dtype"):
        return "number"
    require_real(position, tree)
    shape = tuple(tree.shape)
    return ("array", shape) if shape else "number"


# ---- with a sample axis ----


def sampled(position: int, argument: Any, dtype: str) -> tuple[Argument, int]:
    """Read an argument of which every array or list has an entry for each sample; returns how many there are too.

    Raises:
        TypeError: there is something else than numbers in it.
        ValueError: it has no sample axis, or lists of several lengths.
    """
    key, block, samples = _block(position, argument, dtype)
    build, give = partial(_one, key), lambda matrix: _by_sample(key, iter(matrix), samples)
    return Argument(key, len(block), block, build, give), samples


def _block(position: int, argument: Any, dtype: str) -> tuple[Any, Any, int]:
    """The form of one sample, the matrix of numbers by samples, and how many samples it has."""
    np = arrays()
    if type(argument) is np.ndarray and argument.dtype == dtype and argument.ndim in (1, 2) and argument.size:
        shape = argument.shape[1:]
        return ("array", shape), argument.T if shape else argument[None], len(argument)
    if isinstance(argument, dict) or _is_structure(argument):
        return _structure(position, argument, dtype)
    if hasattr(argument, "dtype") and hasattr(argument, "shape"):
        require_real(position, argument)
    try:
        array = np.asarray(argument)
    except ValueError:
        raise ValueError(f"argument {position}: its samples differ in shape") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"argument {position} must hold plain numbers, and has {array.dtype}: {argument!r:.80}")
    if array.ndim == 0:
        raise ValueError(f"argument {position} is one number, {argument!r}, and has no sample axis: give an array")
    kind, shape = "array" if isinstance(argument, np.ndarray) else "list", array.shape[1:]
    return (kind, shape), array.astype(dtype, copy=False).reshape(len(array), math.prod(shape)).T, len(array)


def _is_structure(argument: Any) -> bool:
    """Whether it is a tuple whose parts have the sample axis: one of plain numbers is a list of samples itself."""
    if not isinstance(argument, tuple) or hasattr(argument, "_make"):
        return isinstance(argument, tuple)
    numbers = (int, float, arrays().number, arrays().bool_)
    return not all(isinstance(part, numbers) for part in argument)


def _structure(position: int, argument: Any, dtype: str) -> tuple[Any, Any, int]:
    """A tuple or a dict, of which each part has a sample axis."""
    named = isinstance(argument, dict)
    parts = [_block(position, part, dtype) for part in (argument.values() if named else argument)]
    counts = sorted({samples for _, _, samples in parts})
    if len(counts) != 1:
        raise ValueError(f"argument {position}: its parts must have as many samples each, not {counts}")
    keys = tuple([key for key, _, _ in parts])
    key = ("dict", tuple(argument), keys) if named else ("tuple", type(argument), keys)
    return key, arrays().concatenate([block for _, block, _ in parts]), counts[0]


def _put(key: tuple[Any, ...], parts: Sequence[Any]) -> Any:
    """The tuple or dict of such a key, of other parts."""
    kind, names, _ = key
    if kind == "dict":
        return dict(zip(names, parts))
    return names._make(parts) if hasattr(names, "_make") else names(parts)


def _one(key: tuple[Any, ...], numbers: Iterator[Any]) -> Any:
    """One sample, of the next of these numbers."""
    if len(key) > 2:
        return _put(key, [_one(part, numbers) for part in key[2]])
    kind, shape = key
    if not shape:
        return next(numbers)
    if kind == "list":
        return [_one((kind, shape[1:]), numbers) for _ in range(shape[0])]
    return _array_of(math.prod(shape), shape, numbers)


def _by_sample(key: tuple[Any, ...], rows: Iterator[Any], samples: int) -> Any:
    """The next rows of a matrix, with the sample axis first."""
    if len(key) > 2:
        return _put(key, [_by_sample(part, rows, samples) for part in key[2]])
    _, shape = key
    if not shape:
        return next(rows)
    part = list(islice(rows, math.prod(shape)))
    return arrays().stack(part, axis=-1).reshape(-1, *shape) if part else arrays().empty((samples, *shape))
