"""The arguments of a call: their form, how to take numbers out of them, and how to put derivatives in their places.

A `Signature` is a form of arguments, made once.  A `Call` is one call of such a form.  It keeps everything that was
read, and so can run any program.  The ways that a signature makes for later calls of its form read only what they need.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from .argument import NUMBER, Plain, Sampled, arrays, common, plain, sampled
from .forms.outcomes import Plan
from .forms.shortcuts import of_the_users
from .forms.structures import Unwritten
from .forms.ways import WayText, of_arrays, of_numbers, of_samples
from .parameters import Parameters
from .program import Flipped
from .record.results import Results, all_finite


class Signatures:
    """The forms that a function was called with, and the settings that are common to all of them.

    Args:
        sampled: whether arguments have a sample axis.
        reduce: "mean" or "sum" over that axis, or None.
        dtype: the type of numbers in arrays.
        parameters: the parameters.  If there are any, derivatives are with respect to them.
        shared: the positions of arguments without a sample axis, if others have one.
        by: differentiate with respect to so many arguments, the first ones; None for all.
        names: the names of the first arguments, in order, if they may be passed by name.
    """

    def __init__(
        self,
        sampled: bool,
        reduce: str | None,
        dtype: str,
        parameters: Parameters,
        shared: Sequence[int] = (),
        by: int | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self.sampled, self.reduce, self.dtype, self.parameters = sampled, reduce, dtype, parameters
        self.shared, self.by, self.names = shared, by, names
        self._known: dict[Any, Signature] = {}

    def read(self, args: Sequence[Any]) -> "Call":
        """A call with these arguments.

        Raises:
            TypeError: an argument contains something other than numbers.
            ValueError: one has no sample axis, or a different number of samples.
        """
        types = list(map(type, args))
        if not self.sampled:
            return self._known_form([plain(position, argument) for position, argument in enumerate(args)], None, types)
        read: list[Any] = [None if k in self.shared else sampled(k, x, self.dtype) for k, x in enumerate(args)]
        counts = {k: argument.samples for k, argument in enumerate(read) if argument is not None}
        first = min(counts, default=0)
        for position, count in counts.items():
            if count != counts[first]:
                raise ValueError(f"argument {position} has {count} samples, and argument {first} has {counts[first]}")
        samples = counts.get(first)
        if not samples:
            raise ValueError("there are no samples: pass at least one")
        for k in self.shared:
            if k < len(args):
                read[k] = common(k, args[k], self.dtype, samples, self.reduce is not None)
        return self._known_form(read, samples, types)

    def _known_form(self, read: Sequence[Plain | Sampled], samples: int | None, types: Sequence[type]) -> "Call":
        key = tuple([argument.key for argument in read])
        signature = self._known.get(key)
        if signature is None:
            signature = self._known.setdefault(key, Signature(self, read))
        return Call(signature, read, samples, types)


class Signature:
    """A form of arguments.

    Attributes:
        key: the forms of all arguments.
        sizes: for each array that a program takes, how many numbers it has, for one sample.
        differentiated: how many numbers to differentiate with respect to, if there are no parameters.
        scalars: whether each argument is one number.
    """

    def __init__(self, how: Signatures, args: Sequence[Plain | Sampled]) -> None:
        self.how = how
        self.key = tuple([argument.key for argument in args])
        self.sizes = [size for argument in args for size in argument.sizes]
        self.differentiated = sum([size for argument in args[: how.by] for size in argument.sizes])
        self.scalars = bool(args) and all(key == NUMBER for key in self.key)

    def way(
        self, plan: Plan, derivatives: bool, run: Callable[..., Any] | None, checks: bool
    ) -> Callable[..., Any] | None:
        """The short way for arguments of this form, or None.  It raises a MISFIT for others that don't convert at once.

        Args:
            plan: the program and its executor.
            derivatives: whether to return derivatives too.
            run: the program as a function of numbers, if it has that form.
            checks: whether a result that is not finite should raise.
        """
        how, executor, own = self.how, plan.executor, plan.program.own
        if how.reduce and not plan.results.is_number:
            return None
        way = WayText(self.key, how, plan, derivatives, checks)
        try:
            if run is not None:
                written = None if plan.is_one_of_many else executor.written(derivatives)
                return of_numbers(way, of_the_users(run) if own else run, written)
            if executor.takes_numbers or own:  # if Python raises, only the long way can raise the right error
                return None
            return of_samples(way) if how.sampled else of_arrays(way)
        except Unwritten:
            return None


class Call:
    """One call, with its arguments read.

    Attributes:
        signature: the form of its arguments.
        types: their types.
    """

    def __init__(
        self, signature: Signature, args: Sequence[Plain | Sampled], samples: int | None, types: Sequence[type]
    ) -> None:
        self.types = types
        self.signature, self._how, self._samples = signature, signature.how, samples
        self._args: Sequence[Any] = args
        self._at = 0  # the first sample of the current part

    @property
    def samples(self) -> int | None:
        """The number of samples, if there is a sample axis."""
        return self._samples

    def numbers(self, sample: int) -> list[float]:
        """The numbers of all arguments, for one sample."""
        return [x for argument in self._args for x in argument.one(sample)]

    def arguments(self, numbers: Sequence[Any]) -> list[Any]:
        """Arguments for the function, which takes one sample, with these numbers or Values."""
        rest = iter(numbers)
        return [argument.build(rest) for argument in self._args]

    def run(self, executor: Any, results: Results, derivatives: bool) -> tuple[Any, Any]:
        """The value: one for each sample if there are samples, or their mean or sum; and the derivatives, if wanted."""
        if executor.takes_numbers:
            return self._run_numbers(executor, results, derivatives)
        np, n, how, params = arrays(), self._samples or 1, self._how, self._how.parameters.numbers
        values = np.empty((results.size, n), how.dtype)
        blocks = [block for argument in self._args for block in argument.matrices(how.dtype)]
        differentiated = [len(argument.sizes) for argument in self._args[: how.by]]
        out = [np.empty(block.shape[::-1], how.dtype).T for block in blocks[: sum(differentiated)]]
        if params is not None:
            out = [np.empty_like(params)]
        seed = 1.0 / n if how.reduce == "mean" else 1.0
        for at in range(0, n, executor.samples_at_once):
            self._at, end = at, min(at + executor.samples_at_once, n)
            part = blocks if end - at == n else [block[:, at:end] for block in blocks]
            if derivatives:
                into = out if params is not None or end - at == n else [array[:, at:end] for array in out]
                found = executor.value_and_gradient(part, end - at, seed, into, params is not None and at > 0)
            else:
                found = executor.value(part, end - at)
            if np.size(found) == values.size:  # all samples at once
                values = np.asarray(found, how.dtype).reshape(values.shape)
            else:
                values[:, at:end] = found
        columns: Any = values if self._samples else values[:, 0]
        if how.reduce is not None:
            columns = [executor.total(row) * seed for row in values]
        value = results.build(columns)
        if not derivatives:
            return value, None
        rest = iter(out)
        return value, out[0] if params is not None else one_or_all([a.give(rest) for a in self._args[: how.by]])

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
        """Derivatives with respect to the parameters, or else to all arguments, in the form that is returned."""
        if self._how.parameters.numbers is not None:
            return arrays().array(slopes, self._how.dtype)
        rest = iter(slopes)
        return one_or_all([argument.build(rest) for argument in self._args[: self._how.by]])

    def is_final(self, executor: Any, value: Any) -> bool:
        """Whether the eager run would give the same value.  It might raise if the value is inf or nan."""
        return all_finite(value) or executor.takes_numbers or self._how.dtype != "float64"

    def first_bad(self, plan: Any, value: Any, gradient: Any) -> int | None:
        """The first sample with a value or a derivative that is not finite, found by bisection."""
        if all_finite(value) and all_finite(gradient):
            return None
        first, end = 0, self._samples or 1
        while end - first > 1:
            middle = (first + end) // 2
            if all_finite(self._part(first, middle).run(plan.executor, plan.results, gradient is not None)):
                first = middle
            else:
                end = middle
        return first

    def _part(self, first: int, end: int) -> "Call":
        """The same call with some of the samples."""
        part = copy(self)
        part._args = [Sampled(a.key, [block[:, first:end] for block in a.blocks], end - first) for a in self._args]
        part._samples = end - first
        return part

    def disagreement(self, flip: Flipped) -> tuple[int, int] | None:
        """The first sample that does not satisfy a guard, and the guard; None if it is sample 0."""
        guards, wrong = flip.args if self._samples else (None, None)
        if wrong is None or wrong.ndim < 2 or (self._at == 0 and wrong[:, 0].any()):
            return None
        sample = int(wrong.any(0).argmax())
        return self._at + sample, int(guards[int(wrong[:, sample].argmax())])


def one_or_all(gradients: Sequence[Any]) -> Any:
    """The derivatives with respect to the only argument, or a tuple with those for each argument."""
    return gradients[0] if len(gradients) == 1 else tuple(gradients)
