"""The arguments of a compiled function without a sample axis: numbers in lists, dicts and arrays."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from ..engine import Value
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
    if getattr(argument, "shape", ()) and getattr(getattr(argument, "dtype", None), "kind", "") in "fiub":
        shape = argument.shape
        return Plain(("array", shape), argument.size, argument, lambda numbers: array_of(numbers, shape))
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


def array_of(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of floats or, if a Value is among them, of objects."""
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
