"""The short way from arrays to the machine and back, for calls whose arguments are arrays like those of the last call.

It does what the long way does, without a step that a small program would take longer for than to be run.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, Final

import numpy as np

from .executor import NativeExecutor

Shape = tuple[int, ...]
MOST: Final = 10  # arguments, whose axes and those of the results are to fit in the bits of one integer


def quick_way(
    executor: NativeExecutor, shapes: Sequence[Shape], reduce: str | None
) -> Callable[..., tuple[Any, Any]] | None:
    """A function for value_and_grad of arrays of these shapes, or of samples of that shape; None if there is no such.

    It raises TypeError for any other arguments, whose way is the long one.
    """
    if not 0 < len(shapes) <= MOST or any(len(shape) > 1 for shape in shapes):
        return None
    sampled, parameters, arity = executor.program.sampled, executor.parameters, len(shapes)
    theirs = [sampled + len(shape) for shape in shapes]
    axes = sum([count << 2 * k for k, count in enumerate([*theirs, 0, *(theirs if parameters is None else [0])])])
    dtype, summed = executor.dtype, reduce is not None or not sampled
    one = None if sampled else executor.bound(1)
    empty, gradients = np.empty, list(shapes) if parameters is None else [parameters.shape]
    each = sampled and parameters is None

    def quick(*args: Any) -> tuple[Any, Any]:
        if len(args) != arity or not (n := len(args[0]) if sampled else 1):
            raise TypeError
        out = [empty((n, *shape) if each else shape, dtype) for shape in gradients]
        seed = 1.0 / n if reduce == "mean" else 1.0
        total, results = (one or executor.bound(n)).quick(n, seed, axes, args, out, not summed)
        if not (sampled or isfinite(total)):  # floats may raise there, and the function catch it
            raise TypeError
        return total * seed if summed else results[0], out[0] if len(out) == 1 else tuple(out)

    return quick
