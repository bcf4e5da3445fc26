"""What a traced function returns: its numbers, and the form in which they are given back."""

import math
from collections.abc import Callable
from typing import Any, Final

from ...engine import Value
from ...errors import TraceError
from ...numbers import as_constant
from ...structures import flatten
from ..argument import arrays


class Results:
    """The form of a result: any structure that arguments may have.  A pickled one has the structure, with zeros in it.

    Args:
        tree: a result.
        has_aux: whether it is a pair, of which the first part is what derivatives are taken of.

    Attributes:
        leaves: the parts of it that are no containers, as they were: numbers, arrays of them, or something else.
        shapes: for each of those its shape if it is an array, else None.
        size: how many numbers there are.
        is_number: whether it is one number, and nothing around it.
        main: how many of them are in what derivatives are taken of, which come first.
        has_slopes: whether what derivatives are taken of is one number, which is the first of all.
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
        """The structure of these numbers, or of arrays that have one for each sample: then arrays have that axis first.

        Args:
            numbers: a number, or an array of samples, for each number of the result; or one array of all of them.
                A float alone stands for the only one.
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
    """Whether all plain numbers in a structure are; None has none that is not."""
    if isinstance(x, (float, int)):
        return math.isfinite(x)
    if hasattr(x, "dtype") and x.dtype.kind == "O":
        return all(map(all_finite, x.ravel().tolist()))
    if hasattr(x, "dtype"):
        return math.isfinite(arrays().vdot(x, x)) or bool(arrays().isfinite(x).all())  # which takes longer
    if isinstance(x, (tuple, list)):
        return all(map(all_finite, x))
    return x is None or isinstance(x, Value) or all(map(all_finite, flatten(x, lambda leaf: [leaf], arrays=False)[0]))


def returned(f: Callable[..., Any], result: Any, has_aux: bool = False) -> tuple[list[Value], Results]:
    """The Values in what f returned, and its form.

    Raises:
        TraceError: there is something else than numbers in it, or it is no pair where it must be.
    """
    if has_aux and not (isinstance(result, (tuple, list)) and len(result) == 2):
        name = getattr(f, "__name__", repr(f))
        raise TraceError(f"{name} returned {type(result).__name__} {result!r:.80}: with has_aux=True it returns a pair")
    if isinstance(result, Value):
        return [result], _NUMBER
    results = Results(result, has_aux)
    values: list[Value] = []
    for leaf, shape in zip(results.leaves, results.shapes):
        values += [_value(f, x) for x in ([leaf] if shape is None else leaf.ravel().tolist())]
    results.leaves = []
    return values, results


def no_number(f: Any) -> TypeError:
    """What is raised where the gradient of a structure is asked for."""
    name = getattr(f, "__name__", "the function")
    return TypeError(f"{name} returns a structure, not one number: return a number, or use jacobian or vjp")


def _value(f: Callable[..., Any], x: Any) -> Value:
    if isinstance(x, Value):
        return x
    number = as_constant(x)
    if number is None:
        name = getattr(f, "__name__", repr(f))
        raise TraceError(
            f"{name} returned {type(x).__name__} {x!r:.80} where a number must be: what is compiled returns numbers, "
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
