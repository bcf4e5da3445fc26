"""The short way from arrays to the machine and back, for calls whose arguments are arrays like those of the last call."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .executor import NativeExecutor

Shape = tuple[int, ...]


def quick_way(
    executor: NativeExecutor, shapes: Sequence[Shape], reduce: str | None
) -> Callable[..., tuple[Any, Any]] | None:
    """A function for value_and_grad of arguments of one shape, or of samples of that shape; None if there is no such.

    It raises TypeError for any other arguments, whose way is the long one.
    """
    if not shapes or any(len(shape) > 1 for shape in shapes):
        return None
    sampled, dtype, parameters = executor.program.sampled, executor.dtype, executor.parameters
    arity, array = len(shapes), np.ndarray

    def call(*args: Any) -> tuple[Any, Any]:
        if len(args) != arity:
            raise TypeError
        n = len(args[0]) if sampled and type(args[0]) is array and args[0].ndim else 1
        lead = (n,) if sampled else ()
        for x, shape in zip(args, shapes):
            if type(x) is not array or x.dtype is not dtype or x.shape != lead + shape or not n:
                raise TypeError
        seed = 1.0 / n if reduce == "mean" else 1.0
        out = [np.empty(x.shape, dtype) for x in args] if parameters is None else [np.empty_like(parameters)]
        turned, back = [_turned(x, sampled) for x in args], out
        if parameters is None:
            back = [_turned(x, sampled) for x in out]
        values = executor.value_and_gradient(turned, n, seed, back, False)
        if reduce is not None:
            value: Any = float(np.add.reduce(values)) * seed
        else:
            value = values if sampled else float(values)
        return value, out[0] if len(out) == 1 else tuple(out)

    return call


def _turned(x: Any, sampled: bool) -> Any:
    """Numbers by samples."""
    if not sampled:
        return x
    return x.T if x.ndim == 2 else x[None]
