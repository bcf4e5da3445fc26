"""The result of a traced function: its numbers, and the form in which they are returned."""

import math
from collections.abc import Callable
from typing import Any, Final

from ...engine import Value
from ...errors import TraceError
from ...numbers import as_constant
from ...structures import flatten
from ..argument import arrays


class Results:
    """The form of a result: any structure that arguments may have.  A pickle contains the structure, with zeros in it.

    Args:
        tree: a result.
        has_aux: whether it is a pair whose first part is the one to differentiate.

    Attributes:
        leaves: the original parts that are not containers: numbers, arrays of numbers, or something else.
        shapes: for each leaf its shape if it is an array, else None.
        size: how many numbers there are.
        is_number: whether it is one number, without a structure around it.
        main: how many numbers the part to differentiate has; they come first.
        has_slopes: whether the part to differentiate is one number, the first of all.
    """

    def __init__(self, tree: Any, has_aux: bool = False) -> None:
        self.leaves, self._rebuild = flatten(tree, lambda leaf: leaf, arrays=False)
        self.shapes = [_shape(leaf) for leaf in self.leaves]
        self.size = sum([1 if shape is None else math.prod(shape) for shape in self.shapes])
        self.is_number = len(self.leaves) == 1 and self.leaves[0] is tree and self.shapes[0] is None
        first = tree[0] if has_aux else tree
        self.main = self.size if first is tree else len(flatten(first, lambda leaf: leaf)[0])
        self.has_slopes = self.is_number or (
            has_aux and bool(self.leaves) and self.leaves[0] is tree[0] and self.shapes[0] is None
        )

    def build(self, numbers: Any) -> Any:
        """The structure around these numbers; if they are arrays with a number for each sample, that axis comes first.

        Args:
            numbers: a number, or an array of samples, for each number of the result; or one array of all of them.
                A single float is the only number of the result.
        """
        if isinstance(numbers, float):
            numbers = [numbers]
        single = numbers.tolist() if getattr(numbers, "ndim", 0) == 1 and None in self.shapes else numbers
        if self.is_number:
            return single[0]
        parts, at = [], 0
        for shape in self.shapes:
            if shape is None:
                parts.append(single[at])
                at += 1
            else:
                count = math.prod(shape)
                parts.append(_array(numbers[at : at + count], shape))
                at += count
        return self._rebuild(parts)

    def __getstate__(self) -> Any:
        return self.build([0.0] * self.size), self.main, self.has_slopes

    def __setstate__(self, state: tuple[Any, int, bool]) -> None:
        Results.__init__(self, state[0])
        self.leaves, (_, self.main, self.has_slopes) = [], state


def all_finite(x: Any) -> bool:
    """Whether all plain numbers in a structure are finite; this is true for None."""
    if isinstance(x, (float, int)):
        return math.isfinite(x)
    if hasattr(x, "dtype") and x.dtype.kind == "O":
        return all(map(all_finite, x.ravel().tolist()))
    if hasattr(x, "dtype"):
        return math.isfinite(arrays().vdot(x, x)) or bool(arrays().isfinite(x).all())  # the second takes longer
    if isinstance(x, (tuple, list)):
        return all(map(all_finite, x))
    return x is None or isinstance(x, Value) or all(map(all_finite, flatten(x, lambda leaf: [leaf], arrays=False)[0]))


def returned(f: Callable[..., Any], result: Any, has_aux: bool = False) -> tuple[list[Value], Results]:
    """The Values in the result of f, and its form.

    Raises:
        TraceError: it contains something other than numbers, or is not a pair although it must be.
    """
    if has_aux and not (isinstance(result, (tuple, list)) and len(result) == 2):
        name = getattr(f, "__name__", repr(f))
        raise TraceError(f"{name} returned {type(result).__name__} {result!r:.80}: has_aux=True needs a pair")
    if isinstance(result, Value):
        return [result], _NUMBER
    results = Results(result, has_aux)
    values: list[Value] = []
    for leaf, shape in zip(results.leaves, results.shapes):
        values += [_value(f, x) for x in ([leaf] if shape is None else leaf.ravel().tolist())]
    results.leaves = []
    return values, results


def no_number(f: Any) -> TypeError:
    """The error for the gradient of a structure."""
    name = getattr(f, "__name__", "the function")
    return TypeError(f"{name} returns a structure, not one number: return a number, or use jacobian or vjp")


def _value(f: Callable[..., Any], x: Any) -> Value:
    if isinstance(x, Value):
        return x
    number = as_constant(x)
    if number is None:
        name = getattr(f, "__name__", repr(f))
        raise TraceError(
            f"{name} returned {type(x).__name__} {x!r:.80} instead of a number: a compiled function returns numbers, "
            "or lists, tuples, dicts, dataclasses and arrays of them"
        )
    return Value(number)


def _shape(leaf: Any) -> tuple[int, ...] | None:
    return tuple(leaf.shape) if getattr(leaf, "shape", ()) and hasattr(leaf, "__array_interface__") else None


def _array(numbers: Any, shape: tuple[int, ...]) -> Any:
    array = arrays().array(numbers)
    if array.ndim < 2:
        return array.astype(float).reshape(shape)
    return arrays().ascontiguousarray(array.T).reshape(array.shape[1], *shape)


_NUMBER: Final = Results(0.0)
