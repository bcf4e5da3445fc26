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


class HoldsValue(TypeError):
    """An argument has a Value in it, and so calls for the function itself."""


class Plain(NamedTuple):
    """An argument without a sample axis: its form, its numbers in a list or an array, and how to build it of others."""

    key: Any
    size: int
    numbers: Any
    build: Callable[[Iterator[Any]], Any]

    def give(self, slopes: Any) -> Any:
        """An array of derivatives in the structure of the argument."""
        return (
            self.build(iter(slopes.tolist())) if isinstance(self.numbers, list) else slopes.reshape(self.numbers.shape)
        )


def plain(position: int, argument: Any) -> Plain:
    """Read one.

    Raises:
        TypeError: there is something else than numbers in it.
    """
    if type(argument) is float:
        return Plain("number", 1, [argument], next)
    if getattr(argument, "shape", ()) and hasattr(argument, "dtype"):
        require_real(position, argument)
        if argument.dtype.kind != "O":
            shape, size = argument.shape, argument.size
            return Plain(("array", shape), size, argument, partial(_array_of, size, shape))
    key = _key(position, argument)
    try:
        numbers, rebuild = flatten(argument)
    except TypeError as error:
        raise TypeError(f"argument {position}: {error}") from None
    if not {*map(type, numbers)} <= {float}:
        numbers = [_number(position, x) for x in numbers]
    return Plain(key, len(numbers), numbers, rebuild)


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
        raise HoldsValue(
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


class Sampled(NamedTuple):
    """An argument with a sample axis: the form of one sample, a matrix of numbers by samples, and their count."""

    key: tuple[Any, ...]
    numbers: Any
    samples: int
    is_summed: bool = False  # derivatives are summed over the samples, which have it in common

    @property
    def size(self) -> int:
        """How many numbers a sample has."""
        return len(self.numbers)

    def build(self, numbers: Iterator[Any]) -> Any:
        """One sample, of the next of these numbers."""
        return _one(self.key, numbers)

    def give(self, matrix: Any) -> Any:
        """Derivatives in the structure of the argument, from a matrix of them by samples."""
        if self.is_summed:
            return self.build(iter(matrix.sum(1).tolist()))
        return _by_sample(self.key, iter(matrix), self.samples)


def sampled(position: int, argument: Any, dtype: str) -> Sampled:
    """Read one, of which every array or list has an entry for each sample.

    Raises:
        TypeError: there is something else than numbers in it.
        ValueError: it has no sample axis, or lists of several lengths.
    """
    np = arrays()
    if type(argument) is np.ndarray and argument.dtype == dtype and argument.ndim in (1, 2) and argument.size:
        shape = argument.shape[1:]
        return Sampled(("array", shape), argument.T if shape else argument[None], len(argument))
    if isinstance(argument, dict) or is_dataclass(argument) or _is_structure(argument):
        return _structure(position, argument, dtype)
    if hasattr(argument, "dtype") and hasattr(argument, "shape"):
        require_real(position, argument)
    try:
        array = np.asarray(argument)
    except ValueError:
        raise ValueError(f"argument {position}: its samples differ in shape") from None
    if array.dtype.kind not in "fiub":
        error = HoldsValue if any(isinstance(x, Value) for x in array.flat) else TypeError
        raise error(f"argument {position} must hold plain numbers, and has {array.dtype}: {argument!r:.80}")
    if array.ndim == 0:
        raise ValueError(f"argument {position} is one number, {argument!r}, and has no sample axis: give an array")
    kind, shape = "array" if isinstance(argument, np.ndarray) else "list", array.shape[1:]
    block = array.astype(dtype, copy=False).reshape(len(array), math.prod(shape)).T
    return Sampled((kind, shape), block, len(array))


def common(position: int, argument: Any, dtype: str, samples: int, is_summed: bool) -> Sampled:
    """Read one that has no sample axis, and is the same for all samples."""
    one = sampled(position, _as_one(argument), dtype)
    return Sampled(one.key, arrays().broadcast_to(one.numbers, (one.size, samples)), samples, is_summed)


def _as_one(argument: Any) -> Any:
    """An argument with a sample axis of one."""
    if isinstance(argument, dict):
        return {name: _as_one(part) for name, part in argument.items()}
    if is_dataclass(argument):
        names = _fields(type(argument))
        return _put(("record", type(argument), ()), [_as_one(getattr(argument, name)) for name in names])
    if isinstance(argument, tuple):
        parts = [_as_one(part) for part in argument]
        return argument._make(parts) if hasattr(argument, "_make") else type(argument)(parts)
    return argument[None] if hasattr(argument, "dtype") else [argument]


def _is_structure(argument: Any) -> bool:
    """Whether it is a tuple whose parts have the sample axis: one of plain numbers is a list of samples itself."""
    if not isinstance(argument, tuple) or hasattr(argument, "_make"):
        return isinstance(argument, tuple)
    numbers = (int, float, arrays().number, arrays().bool_)
    return not all(isinstance(part, numbers) for part in argument)


def _structure(position: int, argument: Any, dtype: str) -> Sampled:
    """A tuple, a dict or a dataclass, of which each part has a sample axis."""
    named, is_record = isinstance(argument, dict), is_dataclass(argument)
    inside = [getattr(argument, name) for name in _fields(type(argument))] if is_record else argument
    parts = [sampled(position, part, dtype) for part in (argument.values() if named else inside)]
    counts = sorted({part.samples for part in parts})
    if len(counts) != 1:
        raise ValueError(f"argument {position}: its parts must have as many samples each, not {counts}")
    keys = tuple([part.key for part in parts])
    key = ("dict", tuple(argument), keys) if named else ("record" if is_record else "tuple", type(argument), keys)
    return Sampled(key, arrays().concatenate([part.numbers for part in parts]), counts[0])


def _fields(record: Any) -> list[str]:
    return [field.name for field in fields(record) if field.init]


def _put(key: tuple[Any, ...], parts: Sequence[Any]) -> Any:
    """The tuple, dict or dataclass of such a key, of other parts."""
    kind, names, _ = key
    if kind == "record":
        new = object.__new__(names)  # not by __init__, which may refuse the numbers of a gradient
        for name, part in zip(_fields(names), parts, strict=True):
            object.__setattr__(new, name, part)
        return new
    if kind == "dict":
        return dict(zip(names, parts))
    return names._make(parts) if hasattr(names, "_make") else names(parts)


def _one(key: tuple[Any, ...], numbers: Iterator[Any]) -> Any:
    """One sample, of the next of these numbers."""
    if len(key) > 2:
        one = _put(key, [_one(part, numbers) for part in key[2]])
        if key[0] == "record" and hasattr(one, "__post_init__"):
            one.__post_init__()  # which derives the rest of it from these
        return one
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
