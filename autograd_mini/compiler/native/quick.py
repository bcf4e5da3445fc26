"""The short way from arrays to the machine and back, for calls whose arguments are arrays like those of the last call.

It does what the long way does, without a step that a small program would take longer for than to be run.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .executor import NativeExecutor

Shape = tuple[int, ...]


def quick_way(
    executor: NativeExecutor, shapes: Sequence[Shape], reduce: str | None
) -> Callable[..., tuple[Any, Any]] | None:
    """A function for value_and_grad of arrays of these shapes, or of samples of that shape; None if there is no such.

    It raises TypeError for any other arguments, whose way is the long one.
    """
    if not shapes or any(len(shape) > 1 for shape in shapes):
        return None
    if executor.program.sampled:
        return _of_samples(executor, shapes, reduce)
    return _of_arrays(executor, shapes)


def _of_arrays(executor: NativeExecutor, shapes: Sequence[Shape]) -> Callable[..., tuple[Any, Any]]:
    dtype, parameters, arity = executor.dtype, executor.parameters, len(shapes)
    bound = executor.bound(1)

    def call(*args: Any) -> tuple[Any, Any]:
        if len(args) != arity:
            raise TypeError
        for x, shape in zip(args, shapes):
            if type(x) is not np.ndarray or x.dtype is not dtype or x.shape != shape:
                raise TypeError
        wanted = shapes if parameters is None else [parameters.shape]
        out = [np.empty(shape, dtype) for shape in wanted]
        value = float(bound(args, 1, 1.0, out))
        return value, out[0] if len(out) == 1 else tuple(out)

    return call


def _of_samples(
    executor: NativeExecutor, shapes: Sequence[Shape], reduce: str | None
) -> Callable[..., tuple[Any, Any]]:
    dtype, parameters, arity = executor.dtype, executor.parameters, len(shapes)

    def call(*args: Any) -> tuple[Any, Any]:
        if len(args) != arity or type(args[0]) is not np.ndarray or not args[0].size:
            raise TypeError
        n = len(args[0])
        for x, shape in zip(args, shapes):
            if type(x) is not np.ndarray or x.dtype is not dtype or x.shape != (n, *shape):
                raise TypeError
        if parameters is None:
            out = [np.empty(x.shape, dtype) for x in args]
            back = [x.T for x in out]
        else:
            out = back = [np.empty_like(parameters)]
        seed = 1.0 / n if reduce == "mean" else 1.0
        values = executor.bound(n)([x.T for x in args], n, seed, back)
        value = values if reduce is None else float(np.add.reduce(values)) * seed
        return value, out[0] if len(out) == 1 else tuple(out)

    return call
