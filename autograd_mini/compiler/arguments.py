"""The arguments of a compiled function without a sample axis: numbers in lists, dicts and arrays."""

from collections import deque
from collections.abc import Callable, Hashable, MutableMapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from ..engine import Value
from ..numbers import as_number
from ..structures import flatten


class Plain(NamedTuple):
    """An argument without a sample axis: what its structure is, its numbers, and how to build it of others."""

    key: Hashable
    size: int
    whole: Any  # an array of floats, or a list of the numbers
    rebuild: Callable[[list[Any]], Any]

    @property
    def numbers(self) -> list[float]:
        """All of them, in order."""
        numbers: list[float] = self.whole if isinstance(self.whole, list) else self.whole.astype(float).ravel().tolist()
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
    if getattr(argument, "shape", ()) and hasattr(argument, "dtype"):
        require_real(position, argument)
        if argument.dtype.kind != "O":
            shape = argument.shape
            return Plain(("array", shape), argument.size, argument, lambda numbers: array_of(numbers, shape))
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
        raise TypeError(
            f"argument {position} has {x!r}: a compiled function takes plain numbers; the function itself, its "
            ".function, takes Values too"
        )
    return as_number(x, f"argument {position}")


def _only(numbers: Sequence[Any]) -> Any:
    return numbers[0]


def array_of(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of floats or, if a Value is among them, of objects."""
    import numpy as np

    array = np.empty(len(numbers), object if any(isinstance(x, Value) for x in numbers) else float)
    array[:] = numbers
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
