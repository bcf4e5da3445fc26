"""One call of a compiled function with a sample axis: its arguments read, a program run on parts of them."""

import math
from collections.abc import Hashable, Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from .arguments import array_of, require_real
from .program import Flipped
from .signature import one_or_all


class SampledCall:
    """A call of which each argument has a sample axis."""

    def __init__(self, args: Sequence[Any], params: Any, dtype: str, reduce: str | None) -> None:
        self._args = [sampled(position, argument, dtype) for position, argument in enumerate(args)]
        self._params, self._dtype, self._reduce = params, dtype, reduce
        self.samples = self._args[0].samples if self._args else 0
        for position, argument in enumerate(self._args):
            if argument.samples != self.samples:
                raise ValueError(
                    f"argument {position} has {argument.samples} samples, and argument 0 has {self.samples}"
                )
        if not self.samples:
            raise ValueError("there are no samples: give one at least")
        self.key: Hashable = tuple([argument.key for argument in self._args])
        self.sizes = [len(argument.block) for argument in self._args]
        self.scalars = False
        self._at = 0  # the first sample of the part at hand

    def numbers(self, sample: int) -> list[float]:
        """Those of all arguments for one sample."""
        return [x for argument in self._args for x in argument.block[:, sample].tolist()]

    def arguments(self, numbers: Sequence[Any]) -> list[Any]:
        """Arguments for the function, which is given one sample, with these numbers or Values."""
        rest = iter(numbers)
        return [argument.one(rest) for argument in self._args]

    def run(self, executor: Any, derivatives: bool) -> tuple[Any, Any]:
        """The values or their mean or sum and, if they are wanted, the derivatives."""
        n, params = self.samples, self._params
        values = np.empty(n, self._dtype)
        blocks = [argument.block for argument in self._args]
        out = [np.empty(block.shape, self._dtype) for block in blocks] if params is None else [np.empty_like(params)]
        seed = 1.0 / n if self._reduce == "mean" else 1.0
        step = executor.samples_at_once
        for at in range(0, n, step):
            self._at, end = at, min(at + step, n)
            part = blocks if end - at == n else [block[:, at:end] for block in blocks]
            if derivatives:
                into = out if params is not None else [array[:, at:end] for array in out]
                values[at:end] = executor.value_and_gradient(part, end - at, seed, into, params is not None and at > 0)
            else:
                values[at:end] = executor.value(part, end - at)
        value = values if self._reduce is None else executor.total(values) * seed
        if not derivatives:
            return value, None
        if params is not None:
            return value, out[0]
        return value, one_or_all([argument.gradient(g) for argument, g in zip(self._args, out)])

    def first_bad(self, executor: Any, value: Any, gradient: Any) -> int | None:
        """The first sample whose value or derivatives are not finite, found by running halves."""
        if _is_finite(value, gradient):
            return None
        first, end = 0, self.samples
        while end - first > 1:
            middle = (first + end) // 2
            if _is_finite(*self._part(first, middle).run(executor, gradient is not None)):
                first = middle
            else:
                end = middle
        return first

    def _part(self, first: int, end: int) -> "SampledCall":
        """The same call with some of the samples."""
        part = copy(self)
        part._args = [Sampled(key, block[:, first:end], end - first) for key, block, _ in self._args]
        part.samples = end - first
        return part

    def disagreement(self, flip: Flipped) -> tuple[int, int] | None:
        """The first sample for which a guard doesn't hold, and the guard, unless it is sample 0."""
        guards, wrong = flip.args
        if wrong.ndim < 2 or (self._at == 0 and wrong[:, 0].any()):
            return None
        sample = int(wrong.any(0).argmax())
        return self._at + sample, int(guards[int(wrong[:, sample].argmax())])


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
        return _by_sample(self.key, iter(matrix), self.samples)


def sampled(position: int, argument: Any, dtype: str) -> Sampled:
    """Read one argument, of which every array or list has an entry for each sample.

    Raises:
        TypeError: there is something else than numbers in it.
        ValueError: it has no sample axis, or lists of several lengths.
    """
    if type(argument) is np.ndarray and argument.dtype == dtype and argument.ndim in (1, 2) and argument.size:
        shape = argument.shape[1:]
        return Sampled(("array", shape), argument.T if shape else argument[None], len(argument))
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
    block = array.astype(dtype, copy=False).reshape(len(array), math.prod(shape)).T
    return Sampled((kind, shape), block, len(array))


def _is_structure(argument: Any) -> bool:
    """Whether it is a tuple whose parts have the sample axis: one of plain numbers is a list of samples itself."""
    if not isinstance(argument, tuple) or hasattr(argument, "_make"):
        return isinstance(argument, tuple)
    return not all(isinstance(part, (int, float, np.number, np.bool_)) for part in argument)


def _structure(position: int, argument: Any, dtype: str) -> Sampled:
    """A tuple or a dict, of which each part has a sample axis."""
    named = isinstance(argument, dict)
    parts = [sampled(position, part, dtype) for part in (argument.values() if named else argument)]
    counts = sorted({part.samples for part in parts})
    if len(counts) != 1:
        raise ValueError(f"argument {position}: its parts must have as many samples each, not {counts}")
    keys = tuple([part.key for part in parts])
    key = ("dict", tuple(argument), keys) if named else ("tuple", type(argument), keys)
    return Sampled(key, np.concatenate([part.block for part in parts]), counts[0])


def _put(key: tuple[Any, ...], parts: list[Any]) -> Any:
    """The tuple or dict of such a key, of other parts."""
    kind, names, _ = key
    if kind == "dict":
        return dict(zip(names, parts))
    return names._make(parts) if hasattr(names, "_make") else names(parts)


def _one(key: tuple[Any, ...], numbers: Iterator[Any]) -> Any:
    if len(key) > 2:
        return _put(key, [_one(part, numbers) for part in key[2]])
    kind, shape = key
    if not shape:
        return next(numbers)
    if kind == "list":
        return [_one((kind, shape[1:]), numbers) for _ in range(shape[0])]
    return array_of([next(numbers) for _ in range(math.prod(shape))], shape)


def _by_sample(key: tuple[Any, ...], rows: Iterator[Any], samples: int) -> Any:
    """The next rows of a matrix, with the sample axis first."""
    if len(key) > 2:
        return _put(key, [_by_sample(part, rows, samples) for part in key[2]])
    _, shape = key
    if not shape:
        return next(rows)
    part = [next(rows) for _ in range(math.prod(shape))]
    return np.stack(part, axis=-1).reshape(-1, *shape) if part else np.empty((samples, *shape))


def _is_finite(value: Any, gradient: Any) -> bool:
    if isinstance(gradient, dict):
        return all(_is_finite(value, part) for part in gradient.values())
    if isinstance(gradient, tuple):
        return all(_is_finite(value, part) for part in gradient)
    return bool(np.isfinite(value).all() and (gradient is None or np.isfinite(gradient).all()))
