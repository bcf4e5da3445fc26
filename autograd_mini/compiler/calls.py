"""One call of a compiled function: its arguments read, a program run on them, and the results put in their shape."""

import math
from collections.abc import Hashable, Sequence
from typing import Any

from .arguments import plain, sampled
from .source import Flipped, SourceExecutor


def arrays() -> Any:
    """NumPy, which is imported when it is needed.

    Raises:
        ImportError: it is not installed.
    """
    try:
        import numpy as np
    except ImportError as error:
        raise ImportError(
            "arrays, a sample axis and params need NumPy: pip install 'autograd-mini[fast]'", name=error.name
        ) from error
    return np


class PlainCall:
    """A call without a sample axis."""

    def __init__(self, args: Sequence[Any], params: Any, dtype: str, reduce: str | None) -> None:
        del reduce
        self._args = [plain(position, argument) for position, argument in enumerate(args)]
        self._params, self._dtype = params, dtype
        self.key: Hashable = tuple([argument.key for argument in self._args])
        self.sizes = [argument.size for argument in self._args]
        self.scalars = all(argument.key == "number" for argument in self._args)

    def numbers(self, sample: int) -> list[float]:
        """Those of all arguments."""
        del sample
        return [x for argument in self._args for x in argument.numbers]

    def arguments(self, numbers: Sequence[Any]) -> list[Any]:
        """Arguments for the function, with other numbers or Values in the places of these."""
        rest = iter(numbers)
        return [argument.rebuild([next(rest) for _ in range(argument.size)]) for argument in self._args]

    def run(self, executor: Any, derivatives: bool) -> tuple[Any, Any]:
        """The value and, if they are wanted, the derivatives."""
        if isinstance(executor, SourceExecutor):
            return self._run_source(executor, derivatives)
        blocks = [argument.array(self._dtype) for argument in self._args]
        if not derivatives:
            return float(executor.value(blocks, 1)), None
        np = arrays()
        out = [np.empty_like(x) for x in (blocks if self._params is None else [self._params])]
        value = float(executor.value_and_gradient(blocks, 1, 1.0, out, False))
        if self._params is not None:
            return value, out[0]
        return value, _one_or_all([argument.gradient(g) for argument, g in zip(self._args, out)])

    def _run_source(self, executor: SourceExecutor, derivatives: bool) -> tuple[Any, Any]:
        numbers = self.numbers(0) + ([] if self._params is None else self._params.tolist())
        if not derivatives:
            return executor.value(*numbers), None
        value, gradient = executor.value_and_gradient(*numbers)
        if executor.scalars:
            return value, gradient
        if self._params is not None:
            return value, arrays().array(gradient)
        return value, _one_or_all(self.arguments(gradient))

    def first_bad(self, value: Any, gradient: Any) -> int | None:
        """0 if the value or a derivative is not finite."""
        flat = [value, *_flat(gradient)]
        return None if all(map(math.isfinite, flat)) else 0

    def disagreement(self, flip: Flipped) -> tuple[int, int] | None:
        """None: there is one sample alone."""
        del flip
        return None


class SampledCall:
    """A call of which each argument has a sample axis."""

    def __init__(self, args: Sequence[Any], params: Any, dtype: str, reduce: str | None) -> None:
        arrays()
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
        np, n, params = arrays(), self.samples, self._params
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
        value = values if self._reduce is None else float(values.sum()) * seed
        if not derivatives:
            return value, None
        if params is not None:
            return value, out[0]
        return value, _one_or_all([argument.gradient(g) for argument, g in zip(self._args, out)])

    def first_bad(self, value: Any, gradient: Any) -> int | None:
        """The first sample whose value or derivatives are not finite; 0 where it is not known which."""
        np = arrays()
        finite = np.isfinite(value)
        if not finite.all():
            return int(np.argmin(finite)) if self._reduce is None else 0
        return None if all(map(math.isfinite, _flat(gradient))) else 0

    def disagreement(self, flip: Flipped) -> tuple[int, int] | None:
        """The first sample for which a guard doesn't hold, and the guard, unless it is sample 0."""
        guards, wrong = flip.args
        if wrong.ndim < 2 or (self._at == 0 and wrong[:, 0].any()):
            return None
        sample = int(wrong.any(0).argmax())
        return self._at + sample, int(guards[int(wrong[:, sample].argmax())])


Call = PlainCall | SampledCall


def _one_or_all(gradients: Sequence[Any]) -> Any:
    return gradients[0] if len(gradients) == 1 else tuple(gradients)


def _flat(gradient: Any) -> list[float]:
    from ..transforms import flatten

    return [] if gradient is None else flatten(gradient)[0]
