"""Reads one argument of a call: its form, its numbers, and how to build it around other numbers."""

import math
from collections import deque
from collections.abc import Callable, Hashable, Iterator, MutableMapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, partial
from itertools import islice
from typing import Any, Final, NamedTuple

from ..engine import Value
from ..extras import require
from ..numbers import as_constant, as_number
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


def summed(array: Any, axis: int | None = None) -> Any:
    """The sum over an axis, or over all.  ∞ − ∞ gives nan without a warning."""
    with arrays().errstate(all="ignore"):
        return array.sum(axis)


class HoldsValue(TypeError):
    """An argument contains a Value, so the call needs the function itself."""


def begins_with_value(args: Sequence[Any]) -> bool:
    """Whether one is a Value, or a list or tuple that begins with one.  This is a quick check, which misses others."""
    return any(isinstance(x[0] if type(x) in (list, tuple) and x else x, Value) for x in args)


NUMBER: Final = "number"  # the form of a number
AS_FLOAT: Final[dict[type, Callable[[Any], Any]]] = {float: float, int: float, bool: float}  # for the types so far
MOST: Final = 64  # types in AS_FLOAT


def floats(*numbers: Any) -> Sequence[float]:
    """Numbers as floats.

    Raises:
        LookupError, TypeError: one is not a number, is a Value, or has a type that was not seen before.
        OverflowError: one is too large.
    """
    kinds = {*map(type, numbers)}
    if kinds <= _FLOAT:
        return numbers
    if {AS_FLOAT[kind] for kind in kinds} == _FLOAT:  # converted in one pass, which is faster
        return [*map(float, numbers)]
    return [AS_FLOAT[type(x)](x) for x in numbers]


_FLOAT: Final = {float}


def _meet(x: Any) -> None:
    """Remember how to convert numbers of this type to floats."""
    kind, np = type(x), arrays() if type(x).__module__ == "numpy" else None
    if kind in AS_FLOAT or len(AS_FLOAT) >= MOST:
        return
    if np and kind is np.ndarray:
        AS_FLOAT[kind] = _without_axes
    elif np and isinstance(x, np.generic) and x.dtype.kind in "fiub" and x.itemsize <= 8:
        AS_FLOAT[kind] = float
    elif isinstance(x, (float, int)) or (np and isinstance(x, np.generic)):
        AS_FLOAT[kind] = _as_float


def _as_float(x: Any) -> float:
    number = as_constant(x)
    if number is None:
        raise TypeError
    return number


def _without_axes(array: Any) -> Any:
    x = array[()]
    if type(x) is type(array):
        raise TypeError
    return AS_FLOAT[type(x)](x)


class Plain(NamedTuple):
    """An argument without a sample axis: its form, its numbers in a list or an array, and how to build it again."""

    key: Any
    size: int
    numbers: Any
    build: Callable[[Iterator[Any]], Any]

    @property
    def sizes(self) -> list[int]:
        """The sizes of the arrays that a program takes."""
        return [self.size]

    def one(self, sample: int) -> list[float]:
        """The numbers."""
        del sample
        numbers: list[float] = self.numbers
        return numbers if type(numbers) is list else self.numbers.astype(float).ravel().tolist()

    def matrices(self, dtype: str) -> list[Any]:
        """The numbers in an array without a sample axis."""
        return [arrays().asarray(self.numbers, dtype).ravel()]

    def give(self, matrices: Iterator[Any]) -> Any:
        """Derivatives in the structure of the argument."""
        slopes = next(matrices)
        if type(self.numbers) is list:
            return self.build(iter(slopes.tolist()))
        return slopes.reshape(self.numbers.shape)


def plain(position: int, argument: Any) -> Plain:
    """Read one.

    Raises:
        TypeError: it contains something other than numbers.
    """
    if type(argument) is float:
        return Plain(NUMBER, 1, [argument], next)
    if getattr(argument, "shape", ()) and hasattr(argument, "dtype"):
        require_real(position, argument)
        if argument.dtype.kind != "O":
            shape, size = argument.shape, argument.size
            return Plain(("array", shape), size, argument, partial(_array_of, size, shape))
    key = _key(position, argument)
    try:
        numbers, rebuild = flatten(argument)
    except TypeError as error:
        raise TypeError(f"argument {position}: {error}; name arguments that are not numbers in static=") from None
    if not {*map(type, numbers)} <= {float}:
        numbers = [_number(position, x) for x in numbers]
    return Plain(key, len(numbers), numbers, rebuild)


def require_real(position: int, array: Any) -> None:
    """Check that an array stores all of its elements, and that these are real numbers or objects that may be.

    Raises:
        TypeError: it is sparse, or contains something else.
        ValueError: some of its numbers are masked.
    """
    if not hasattr(array, "__array__"):
        advice = "make it dense with .toarray()" if hasattr(array, "toarray") else "make it a NumPy array"
        raise TypeError(f"argument {position} is a {type(array).__name__}, not a NumPy array: {advice}")
    if getattr(array.dtype, "kind", "") not in "fiubO":
        raise TypeError(f"argument {position} must hold plain numbers, and has {array.dtype}: {array!r:.80}")
    if getattr(array, "mask", False) is not False and array.mask.any():
        raise ValueError(f"argument {position} has masked numbers: use .compressed() or .filled()")


def _number(position: int, x: Any) -> float:
    if isinstance(x, Value):
        raise HoldsValue(
            f"argument {position} contains {x!r}, but here a compiled function takes only plain numbers; its attribute "
            ".function takes Values too"
        )
    return as_number(x, f"argument {position}")


def _array_of(size: int, shape: tuple[int, ...], numbers: Iterator[Any]) -> Any:
    """An array of the next floats or, if a Value is among them, of objects."""
    taken = list(islice(numbers, size))
    array = arrays().empty(size, object if any(isinstance(x, Value) for x in taken) else float)
    array[:] = taken
    return array.reshape(shape)


def _key(position: int, tree: Any) -> Hashable:
    """The structure of an argument, without its numbers.

    It is NUMBER or ("array", shape).  For a sequence of numbers it is the type and the length; for anything else the
    type, the names of the parts or None, and the structure of each part.
    """
    if isinstance(tree, (list, tuple, deque)):
        parts = tuple([NUMBER if type(part) is float else _key(position, part) for part in tree])
        return (type(tree), len(parts)) if parts.count(NUMBER) == len(parts) else (type(tree), None, parts)
    if isinstance(tree, MutableMapping):
        return (type(tree), tuple(tree), tuple([_key(position, part) for part in tree.values()]))
    if is_dataclass(tree):
        names = tuple(_fields(tree))
        return (type(tree), names, tuple([_key(position, getattr(tree, name)) for name in names]))
    if hasattr(tree, "dtype"):
        require_real(position, tree)
        if tree.shape:
            return "array", tuple(tree.shape)
    _meet(tree)
    return NUMBER


# ---- with a sample axis ----


class Sampled(NamedTuple):
    """An argument with a sample axis: the form of one sample, its matrices of numbers by samples, and their count.

    The form is that of an argument without such an axis, but every leaf is an array or a list with its shape.
    """

    key: tuple[Any, ...]
    blocks: Sequence[Any]
    samples: int
    is_summed: bool = False  # all samples share it, so its derivatives are summed over them

    @property
    def sizes(self) -> list[int]:
        """The sizes of the arrays that a program takes, for one sample."""
        return [len(block) for block in self.blocks]

    def one(self, sample: int) -> list[float]:
        """The numbers of a sample."""
        return [x for block in self.blocks for x in block[:, sample].tolist()]

    def matrices(self, dtype: str) -> Sequence[Any]:
        """The numbers by samples."""
        del dtype  # the matrices have it already
        return self.blocks

    def build(self, numbers: Iterator[Any]) -> Any:
        """One sample, of the next of these numbers."""
        return of_one_sample(self.key, numbers)

    def give(self, matrices: Iterator[Any]) -> Any:
        """Derivatives in the structure of the argument, from the next matrices, which have a column for each sample."""
        if self.is_summed:
            return self.build(iter([x for _ in self.blocks for x in summed(next(matrices), 1).tolist()]))
        return _by_sample(self.key, matrices)


def sampled(position: int, argument: Any, dtype: str) -> Sampled:
    """Read an argument in which every array or list has an entry for each sample.

    Raises:
        TypeError: it contains something other than numbers.
        ValueError: it has no sample axis, or lists of different lengths.
    """
    np = arrays()
    if type(argument) is np.ndarray and argument.dtype == dtype and argument.ndim in (1, 2) and argument.size:
        shape = argument.shape[1:]
        return Sampled(("array", shape), [argument.T if shape else argument[None]], len(argument))
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
        raise ValueError(
            f"argument {position} is one number, {argument!r}, and has no sample axis: pass an array with a number for "
            "each sample, or name the argument in shared="
        )
    shape = array.shape[1:]
    kind = "list" if shape and not isinstance(argument, np.ndarray) else "array"
    block = array.astype(dtype, copy=False).reshape(len(array), math.prod(shape)).T
    return Sampled((kind, shape), [block], len(array))


def common(position: int, argument: Any, dtype: str, samples: int, is_summed: bool) -> Sampled:
    """Read an argument that has no sample axis and is the same for all samples."""
    one = sampled(position, _as_one(argument), dtype)
    blocks = [arrays().broadcast_to(block, (len(block), samples)) for block in one.blocks]
    return Sampled(one.key, blocks, samples, is_summed)


def _as_one(argument: Any) -> Any:
    """An argument with one sample."""
    if isinstance(argument, dict):
        return {name: _as_one(part) for name, part in argument.items()}
    if is_dataclass(argument):
        names = _fields(argument)
        return put(type(argument), names, [_as_one(getattr(argument, name)) for name in names])
    if isinstance(argument, tuple):
        return put(type(argument), None, [_as_one(part) for part in argument])
    return argument[None] if hasattr(argument, "dtype") else [argument]


def _is_structure(argument: Any) -> bool:
    """Whether it is a tuple whose parts have the sample axis; a tuple of plain numbers is a list of samples."""
    if not isinstance(argument, tuple) or hasattr(argument, "_make"):
        return isinstance(argument, tuple)
    numbers = (int, float, arrays().number, arrays().bool_)
    return not all(isinstance(part, numbers) for part in argument)


def _structure(position: int, argument: Any, dtype: str) -> Sampled:
    """A tuple, a dict or a dataclass in which each part has a sample axis."""
    kind, names, inside = type(argument), None, argument
    if isinstance(argument, dict):
        kind, names, inside = dict, tuple(argument), argument.values()
    elif is_dataclass(argument):
        names = tuple(_fields(argument))
        inside = [getattr(argument, name) for name in names]
    parts = [sampled(position, part, dtype) for part in inside]
    counts = sorted({part.samples for part in parts})
    if len(counts) != 1:
        raise ValueError(f"argument {position}: its parts must have the same number of samples, not {counts}")
    key = (kind, names, tuple([part.key for part in parts]))
    return Sampled(key, [block for part in parts for block in part.blocks], counts[0])


def _fields(record: Any) -> list[str]:
    return [field.name for field in fields(record) if field.init]


def put(kind: Any, names: Any, parts: Sequence[Any]) -> Any:
    """A tuple, a dict or a dataclass of these parts."""
    if kind is dict:
        return dict(zip(names, parts))
    if names is None:
        return kind._make(parts) if hasattr(kind, "_make") else kind(parts)
    new = object.__new__(kind)  # not __init__, which may reject the numbers of a gradient
    for name, part in zip(names, parts, strict=True):
        object.__setattr__(new, name, part)
    return new


def of_one_sample(key: tuple[Any, ...], numbers: Iterator[Any]) -> Any:
    """One sample, of the next of these numbers."""
    if len(key) > 2:
        one = put(key[0], key[1], [of_one_sample(part, numbers) for part in key[2]])
        if is_dataclass(one) and hasattr(one, "__post_init__"):
            one.__post_init__()  # which derives the rest of it from these
        return one
    kind, shape = key
    if not shape:
        return next(numbers)
    if kind == "list":
        return [of_one_sample((kind, shape[1:]), numbers) for _ in range(shape[0])]
    return _array_of(math.prod(shape), shape, numbers)


def _by_sample(key: tuple[Any, ...], blocks: Iterator[Any]) -> Any:
    """The next matrices, with the sample axis first."""
    if len(key) > 2:
        return put(key[0], key[1], [_by_sample(part, blocks) for part in key[2]])
    block = next(blocks)
    return arrays().ascontiguousarray(block.T).reshape(block.shape[1], *key[1]) if key[1] else block[0]
