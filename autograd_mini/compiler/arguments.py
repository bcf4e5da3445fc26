"""The arguments of a compiled function: numbers in lists, dicts and arrays, with or without a sample axis."""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

from ..engine import Value
from ..transforms import flatten


class Plain(NamedTuple):
    """An argument without a sample axis: what its structure is, its numbers, and how to build it of others."""

    key: Hashable
    size: int
    whole: Any  # an array of floats, or a list of the numbers
    rebuild: Callable[[list[Any]], Any]

    @property
    def numbers(self) -> list[float]:
        """All of them, in order."""
        numbers: list[float] = self.whole if isinstance(self.whole, list) else self.whole.ravel().tolist()
        return numbers

    def array(self, dtype: str) -> Any:
        """A flat array of the numbers."""
        import numpy as np

        return np.asarray(self.whole, dtype).ravel()

    def gradient(self, derivatives: Any) -> Any:
        """An array of derivatives in the structure of the argument."""
        if isinstance(self.whole, list):
            return self.rebuild(derivatives.tolist())
        return derivatives.reshape(self.whole.shape)


def plain(position: int, argument: Any) -> Plain:
    """Read one argument.

    Raises:
        TypeError: there is something else than numbers in it.
    """
    if type(argument) is float:
        return Plain("number", 1, [argument], _only)
    if getattr(argument, "shape", ()) and getattr(getattr(argument, "dtype", None), "kind", "") in "fiub":
        shape = argument.shape
        return Plain(("array", shape), argument.size, argument, lambda numbers: _array(numbers, shape))
    try:
        numbers, rebuild = flatten(argument)
    except TypeError as error:
        raise TypeError(f"argument {position}: {error}") from None
    for x in numbers:
        if isinstance(x, Value):
            raise TypeError(f"argument {position} has {x!r}: a compiled function takes plain numbers, its .data")
    return Plain(_key(argument), len(numbers), numbers, rebuild)


def _only(numbers: Sequence[Any]) -> Any:
    return numbers[0]


def _array(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    import numpy as np

    array = np.empty(len(numbers), object if any(isinstance(x, Value) for x in numbers) else float)
    array[:] = numbers
    return array.reshape(shape)


def _key(tree: Any) -> Hashable:
    if isinstance(tree, dict):
        return ("dict", tuple(tree), tuple([_key(part) for part in tree.values()]))
    if isinstance(tree, (list, tuple)):
        if all(type(part) is float for part in tree):
            return (type(tree), len(tree))
        return (type(tree), tuple([_key(part) for part in tree]))
    shape = tuple(getattr(tree, "shape", ()))
    return ("array", shape) if shape else "number"


class Sampled(NamedTuple):
    """An argument with a sample axis: the structure of one sample, and a matrix of its numbers by samples."""

    key: tuple[Any, ...]
    block: Any
    samples: int

    def one(self, numbers: Iterator[Any]) -> Any:
        """One sample, of the next of these numbers."""
        return _one(self.key, numbers)

    def gradient(self, matrix: Any) -> Any:
        """Derivatives in the structure of the argument, from a matrix of them by samples."""
        return _by_sample(self.key, iter(matrix))


def sampled(position: int, argument: Any, dtype: str) -> Sampled:
    """Read one argument, of which every array or list has an entry for each sample.

    Raises:
        TypeError: there is something else than numbers in it.
        ValueError: it has no sample axis, or lists of several lengths.
    """
    import numpy as np

    if isinstance(argument, dict):
        parts = [sampled(position, part, dtype) for part in argument.values()]
        counts = sorted({part.samples for part in parts})
        if len(counts) != 1:
            raise ValueError(f"argument {position}: its parts must have as many samples each, not {counts}")
        key = ("dict", tuple(argument), tuple([part.key for part in parts]))
        return Sampled(key, np.concatenate([part.block for part in parts]), counts[0])
    try:
        array = np.asarray(argument)
    except ValueError:
        raise ValueError(f"argument {position}: its samples differ in shape") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"argument {position} must hold plain numbers, and has {array.dtype}: {argument!r:.80}")
    if array.ndim == 0:
        raise ValueError(f"argument {position} is one number, {argument!r}, and has no sample axis: give an array")
    kind, shape = "array" if isinstance(argument, np.ndarray) else "list", array.shape[1:]
    block = array.astype(dtype, copy=False).reshape(len(array), math.prod(shape)).T
    return Sampled((kind, shape), block, len(array))


def _one(key: tuple[Any, ...], numbers: Iterator[Any]) -> Any:
    kind, shape = key[:2]
    if kind == "dict":
        return {name: _one(part, numbers) for name, part in zip(shape, key[2])}
    if not shape:
        return next(numbers)
    if kind == "list":
        return [_one((kind, shape[1:]), numbers) for _ in range(shape[0])]
    return _array([next(numbers) for _ in range(math.prod(shape))], shape)


def _by_sample(key: tuple[Any, ...], rows: Iterator[Any]) -> Any:
    """The next rows of a matrix, with the sample axis first."""
    import numpy as np

    kind, shape = key[:2]
    if kind == "dict":
        return {name: _by_sample(part, rows) for name, part in zip(shape, key[2])}
    if not shape:
        return next(rows)
    part = [next(rows) for _ in range(math.prod(shape))]
    return np.stack(part, axis=-1).reshape(-1, *shape)
