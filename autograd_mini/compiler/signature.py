"""One call of a compiled function: its arguments read, a program run on them, and the results put in their shape."""

import math
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from ..extras import require
from ..structures import flatten
from .arguments import plain
from .pauses import importing
from .program import Flipped


def arrays() -> Any:
    """NumPy, which is imported when it is needed.

    Raises:
        MissingExtraError: it is not installed.
    """
    with importing:
        return require("numpy", what="compile() with arrays, a sample axis or params", extra="fast")


def in_place(numbers: Any, dtype: str) -> Any:
    """A flat array of numbers whose memory can't be moved, not even by its method resize: machine code refers to it."""
    np = arrays()
    given = np.array(numbers, dtype)
    fixed = np.frombuffer(bytearray(given.nbytes), dtype)
    fixed[...] = given
    return fixed


class PlainCall:
    """A call without a sample axis."""

    def __init__(self, args: Sequence[Any], params: Any, dtype: str, reduce: str | None) -> None:
        del reduce
        self._args = [plain(position, argument) for position, argument in enumerate(args)]
        self._params, self._dtype = params, dtype
        self.key: Hashable = tuple([argument.key for argument in self._args])
        self.sizes = [argument.size for argument in self._args]
        self.scalars = bool(args) and all(argument.key == "number" for argument in self._args)

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
        if executor.takes_numbers:
            return self._run_source(executor, derivatives)
        blocks = [argument.array(self._dtype) for argument in self._args]
        if not derivatives:
            return float(executor.value(blocks, 1)), None
        np = arrays()
        out = [np.empty_like(x) for x in (blocks if self._params is None else [self._params])]
        value = float(executor.value_and_gradient(blocks, 1, 1.0, out, False))
        if self._params is not None:
            return value, out[0]
        return value, one_or_all([argument.gradient(g) for argument, g in zip(self._args, out)])

    def gradient(self, slopes: Sequence[float]) -> Any:
        """Derivatives, by the parameters or else by the numbers of all arguments, as they are returned."""
        if self._params is not None:
            return arrays().array(slopes, self._dtype)
        return one_or_all(self.arguments(slopes))

    def is_final(self, executor: Any, value: float) -> bool:
        """Whether the value is that of eager, or finite: where floats raise, arrays go on with inf or nan."""
        return math.isfinite(value) or executor.takes_numbers or self._dtype != "float64"

    def _run_source(self, executor: Any, derivatives: bool) -> tuple[Any, Any]:
        numbers = self.numbers(0) + ([] if self._params is None else self._params.tolist())
        if not derivatives:
            return executor.value(*numbers), None
        value, gradient = executor.value_and_gradient(*numbers)
        if executor.scalars:
            return value, gradient
        if self._params is not None:
            return value, arrays().array(gradient)
        return value, one_or_all(self.arguments(gradient))

    def first_bad(self, executor: Any, value: Any, gradient: Any) -> int | None:
        """0 if the value or a derivative is not finite."""
        del executor
        return None if all(map(math.isfinite, [value, *flat_derivatives(gradient)])) else 0

    def disagreement(self, flip: Flipped) -> tuple[int, int] | None:
        """None: there is one sample alone."""
        del flip
        return None


def one_or_all(gradients: Sequence[Any]) -> Any:
    """The derivatives by the one argument, or a tuple of those by all."""
    return gradients[0] if len(gradients) == 1 else tuple(gradients)


def flat_derivatives(gradient: Any) -> list[float]:
    """The numbers in them, none if there are none."""
    return [] if gradient is None else flatten(gradient)[0]


# ---- the short way: arguments of the same form again ----

Take = Callable[[Any], list[Any]]
Give = Callable[[Sequence[float]], Any]


def flat_way(f: Callable[..., tuple[float, Any]], keys: Sequence[Any]) -> Callable[..., tuple[float, Any]] | None:
    """value_and_grad for arguments that have these keys, as `arguments.py` makes them; None if one is not flat.

    It raises TypeError for any others, whose way is the long one.

    Args:
        f: takes all the numbers, and returns the value and the derivatives by each; a single one may stand alone.
        keys: what the arguments of the latest call were.
    """
    forms = [_form(key) for key in keys]
    if not forms or None in forms:
        return None
    known = [form for form in forms if form is not None]
    arity = len(known)

    def quick(*args: Any) -> tuple[float, Any]:
        if len(args) != arity:
            raise TypeError
        numbers: list[Any] = []
        for x, (_, take, _) in zip(args, known):
            numbers += take(x)
        if {*map(type, numbers)} != {float}:
            raise TypeError
        value, slopes = f(*numbers)
        if isinstance(slopes, float):
            slopes = (slopes,)
        at, gradients = 0, []
        for size, _, give in known:
            gradients.append(give(slopes[at : at + size]))
            at += size
        return value, one_or_all(gradients)

    return quick


def _form(key: Any) -> tuple[int, Take, Give] | None:
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
