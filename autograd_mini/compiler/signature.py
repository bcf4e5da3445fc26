"""The arguments of a call: what their form is, how numbers come out of them and derivatives go into their places.

A `Signature` is a form of arguments, made once.  A `Call` is one call of such a form, and can take any road: it has
whatever was read.  What a signature makes for later calls of its form reads no more than it must.
"""

import math
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any, Final

from ..structures import flatten
from .argument import Plain, Sampled, arrays, common, plain, sampled
from .parameters import Parameters
from .program import Flipped
from .record.results import Results

MOST: Final = 10  # arrays that may go straight to the machine: their axes are to fit in the bits of one integer


class Signatures:
    """The forms that a function was called with, and what holds for all of them.

    Args:
        sampled: whether arguments have a sample axis.
        reduce: "mean" or "sum" over that, or None.
        dtype: in which arrays are calculated.
        parameters: those by which derivatives are taken, if there are any.
        shared: the positions of arguments without a sample axis beside others that have one.
        by: how many arguments come first by which derivatives are taken; None if all are such.
    """

    def __init__(
        self,
        sampled: bool,
        reduce: str | None,
        dtype: str,
        parameters: Parameters,
        shared: Sequence[int] = (),
        by: int | None = None,
    ) -> None:
        self.sampled, self.reduce, self.dtype, self.parameters = sampled, reduce, dtype, parameters
        self.shared, self.by = shared, by
        self._known: dict[Any, Signature] = {}

    def read(self, args: Sequence[Any]) -> "Call":
        """A call with these arguments.

        Raises:
            TypeError: there is something else than numbers in an argument.
            ValueError: one has no sample axis, or other samples than the first.
        """
        if not self.sampled:
            return self._known_form([plain(position, argument) for position, argument in enumerate(args)], None)
        own = [position for position in range(len(args)) if position not in self.shared]
        read = {position: sampled(position, args[position], self.dtype) for position in own}
        samples = read[own[0]].samples if own else 0
        for position, argument in read.items():
            if argument.samples != samples:
                raise ValueError(
                    f"argument {position} has {argument.samples} samples, and argument {own[0]} has {samples}"
                )
        if not samples:
            raise ValueError("there are no samples: give one at least")
        for position in sorted({*range(len(args))} - read.keys()):
            read[position] = common(position, args[position], self.dtype, samples, self.reduce is not None)
        return self._known_form([read[position] for position in range(len(args))], samples)

    def _known_form(self, read: Sequence[Plain | Sampled], samples: int | None) -> "Call":
        key = tuple([argument.key for argument in read])
        signature = self._known.get(key)
        if signature is None:
            signature = self._known.setdefault(key, Signature(self, read))
        return Call(signature, read, samples)


class Signature:
    """A form of arguments.

    Attributes:
        key: the forms of each.
        sizes: how many numbers each has, for one sample.
        scalars: whether each is one number.
    """

    def __init__(self, how: Signatures, args: Sequence[Plain | Sampled]) -> None:
        self.how = how
        self.key = tuple([argument.key for argument in args])
        self.sizes = [argument.size for argument in args]
        self.scalars = bool(args) and all(key == "number" for key in self.key)

    # ---- short ways: for arguments of this form alone; any others are a TypeError ----

    def by_numbers(self, f: Callable[..., tuple[float, Any]]) -> Callable[..., tuple[float, Any]] | None:
        """value_and_grad for numbers and flat lists and arrays of them; None if there is something else.

        Args:
            f: takes all the numbers, and returns the value and the derivatives by each; one may stand alone.
        """
        forms = [form for form in map(_flat_form, self.key) if form is not None]
        if not forms or len(forms) < len(self.key):
            return None
        arity, by = len(forms), self.how.by

        def short(*args: Any) -> tuple[float, Any]:
            if len(args) != arity:
                raise TypeError
            numbers: list[Any] = []
            for x, (_, take, _) in zip(args, forms):
                numbers += take(x)
            if {*map(type, numbers)} != {float}:
                raise TypeError
            value, slopes = f(*numbers)
            if isinstance(slopes, float):
                slopes = (slopes,)
            at, gradients = 0, []
            for size, _, give in forms[:by]:
                gradients.append(give(slopes[at : at + size]))
                at += size
            return value, one_or_all(gradients)

        return short

    def by_arrays(self, bound: Callable[[int], Any]) -> Callable[..., tuple[Any, Any]] | None:
        """value_and_grad for arrays with one axis, or none, beside that of the samples; None if there are others.

        Args:
            bound: for a number of samples, what takes arrays as they are (see `tape.Bound.at_once`).
        """
        sampled, reduce, params = self.how.sampled, self.how.reduce, self.how.parameters.numbers
        if (
            self.how.shared
            or not 0 < len(self.key) <= MOST
            or any(key[0] != "array" or len(key[1]) > 1 for key in self.key)
        ):
            return None
        shapes, arity, dtype = [key[1] for key in self.key], len(self.key), arrays().dtype(self.how.dtype)
        axes = [sampled + len(shape) for shape in shapes]
        by = self.how.by
        axes_ = sum([count << 2 * k for k, count in enumerate([*axes, 0, *(axes[:by] if params is None else [0])])])
        summed, empty = reduce is not None or not sampled, arrays().empty
        gradients = shapes[:by] if params is None else [params.shape]
        each, one = sampled and params is None, None if sampled else bound(1)

        def short(*args: Any) -> tuple[Any, Any]:
            if len(args) != arity or not (n := len(args[0]) if sampled else 1):
                raise TypeError
            out = [empty((n, *shape) if each else shape, dtype) for shape in gradients]
            seed = 1.0 / n if reduce == "mean" else 1.0
            total, results = (one or bound(n)).at_once(n, seed, axes_, args, out, not summed)
            if not (sampled or math.isfinite(total)):  # floats may raise there, and the function catch it
                raise TypeError
            return total * seed if summed else results[0], out[0] if len(out) == 1 else tuple(out)

        return short


class Call:
    """One call, read."""

    def __init__(self, signature: Signature, args: Sequence[Plain | Sampled], samples: int | None) -> None:
        self.signature, self._how, self._args, self._samples = signature, signature.how, args, samples
        self._at = 0  # the first sample of the part at hand

    @property
    def samples(self) -> int | None:
        """How many there are, if there is a sample axis."""
        return self._samples

    def numbers(self, sample: int) -> list[float]:
        """Those of all arguments, for one sample."""
        if self._samples is not None:
            return [x for argument in self._args for x in argument.numbers[:, sample].tolist()]
        parts = [argument.numbers for argument in self._args]
        return [x for part in parts for x in (part if isinstance(part, list) else part.astype(float).ravel().tolist())]

    def arguments(self, numbers: Sequence[Any]) -> list[Any]:
        """Arguments for the function, which is given one sample, with these numbers or Values."""
        rest = iter(numbers)
        return [argument.build(rest) for argument in self._args]

    def run(self, executor: Any, results: Results, derivatives: bool) -> tuple[Any, Any]:
        """The value, with one for each sample if there are any, or the mean or sum; and the derivatives, if wanted."""
        if executor.takes_numbers:
            return self._run_numbers(executor, results, derivatives)
        np, n, how, params = arrays(), self._samples or 1, self._how, self._how.parameters.numbers
        values = np.empty((results.size, n), how.dtype)
        blocks = [a.numbers if self._samples else np.asarray(a.numbers, how.dtype).ravel() for a in self._args]
        differentiated = blocks[: how.by] if params is None else [params]
        out = [np.empty(block.shape, how.dtype) for block in differentiated]
        seed = 1.0 / n if how.reduce == "mean" else 1.0
        for at in range(0, n, executor.samples_at_once):
            self._at, end = at, min(at + executor.samples_at_once, n)
            part = blocks if end - at == n else [block[:, at:end] for block in blocks]
            if derivatives:
                into = out if params is not None or end - at == n else [array[:, at:end] for array in out]
                values[:, at:end] = executor.value_and_gradient(
                    part, end - at, seed, into, params is not None and at > 0
                )
            else:
                values[:, at:end] = executor.value(part, end - at)
        columns: Any = values if self._samples else values[:, 0]
        if how.reduce is not None:
            columns = [executor.total(row) * seed for row in values]
        value = results.build(columns)
        if not derivatives:
            return value, None
        return value, out[0] if params is not None else one_or_all([a.give(g) for a, g in zip(self._args, out)])

    def _run_numbers(self, executor: Any, results: Results, derivatives: bool) -> tuple[Any, Any]:
        params = self._how.parameters.numbers
        numbers = self.numbers(0) + ([] if params is None else params.tolist())
        if not derivatives:
            value = executor.value(*numbers)
            return value if results.is_number else results.build(value), None
        value, gradient = executor.value_and_gradient(*numbers)
        value = value if results.is_number else results.build(value)
        return value, gradient if executor.scalars else self.gradient(gradient)

    def gradient(self, slopes: Sequence[float]) -> Any:
        """Derivatives, by the parameters or else by the numbers of all arguments, as they are returned."""
        if self._how.parameters.numbers is not None:
            return arrays().array(slopes, self._how.dtype)
        rest = iter(slopes)
        return one_or_all([argument.build(rest) for argument in self._args[: self._how.by]])

    def is_final(self, executor: Any, value: Any) -> bool:
        """Whether the value is that of eager, or finite: where floats raise, arrays go on with inf or nan."""
        return _is_finite(value) or executor.takes_numbers or self._how.dtype != "float64"

    def first_bad(self, plan: Any, value: Any, gradient: Any) -> int | None:
        """The first sample with a value or a derivative that is not finite, found by running halves."""
        if _is_finite(value) and _is_finite(gradient):
            return None
        first, end = 0, self._samples or 1
        while end - first > 1:
            middle = (first + end) // 2
            if all(map(_is_finite, self._part(first, middle).run(plan.executor, plan.results, gradient is not None))):
                first = middle
            else:
                end = middle
        return first

    def _part(self, first: int, end: int) -> "Call":
        """The same call with some of the samples."""
        part = copy(self)
        part._args = [Sampled(a.key, a.numbers[:, first:end], end - first) for a in self._args]
        part._samples = end - first
        return part

    def disagreement(self, flip: Flipped) -> tuple[int, int] | None:
        """The first sample for which a guard doesn't hold, and the guard, unless it is sample 0."""
        guards, wrong = flip.args if self._samples else (None, None)
        if wrong is None or wrong.ndim < 2 or (self._at == 0 and wrong[:, 0].any()):
            return None
        sample = int(wrong.any(0).argmax())
        return self._at + sample, int(guards[int(wrong[:, sample].argmax())])


def one_or_all(gradients: Sequence[Any]) -> Any:
    """The derivatives by the one argument, or a tuple of those by all."""
    return gradients[0] if len(gradients) == 1 else tuple(gradients)


def _is_finite(x: Any) -> bool:
    """Whether all numbers in a result are."""
    if isinstance(x, (tuple, dict)):
        return all(map(_is_finite, x.values() if isinstance(x, dict) else x))
    if hasattr(x, "dtype"):
        return bool(arrays().isfinite(x).all())
    return x is None or all(map(_is_finite_leaf, flatten(x, lambda leaf: leaf, arrays=False)[0]))


def _is_finite_leaf(x: Any) -> bool:
    return bool(arrays().isfinite(x).all()) if hasattr(x, "dtype") else math.isfinite(x)


def _flat_form(key: Any) -> tuple[int, Callable[[Any], list[Any]], Callable[[Sequence[float]], Any]] | None:
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
