"""Operations on structures of numbers, with a pullback written by the user: `@primitive(vjp=…)` makes them."""

import reprlib
from array import array
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

from . import watch
from .engine import Value, apply
from .function_nodes import Function, results_of
from .reading import number_of
from .rule import VALUES, Rule
from .structures import Rebuild, flatten, form_of, leaves_like

Pullback = Callable[..., Any]


def with_pullback(f: Callable[..., Any], pullback: Pullback) -> Callable[..., Any]:
    """The operation f, with its derivatives from `pullback`.

    Raises:
        TypeError: one of them is not a function, or f takes named arguments that have no position.
    """
    from inspect import Parameter, signature  # here, because it takes longer to import than this package

    for x, what in ((f, "an operation of a function"), (pullback, "its derivatives of a function vjp")):
        if not callable(x):
            raise TypeError(f"@primitive(vjp=…) makes {what}, not of {type(x).__name__} {x!r:.80}")
    name, arguments = getattr(f, "__name__", type(f).__name__), signature(f)
    if any(p.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD) for p in arguments.parameters.values()):
        raise TypeError(
            f"{name}{arguments} can't be a primitive: it must take only positional arguments, as its vjp does"
        )

    @wraps(f)
    def operation(*args: Any, **named: Any) -> Any:
        bound = arguments.bind(*args, **named)
        bound.apply_defaults()
        operands, rebuild = flatten(list(bound.args))
        function = _Operation(name, f, pullback, rebuild)
        function.like, zs = _taken_apart(name, f(*rebuild(list(map(number_of, operands)), derive=True)))
        if watch.trace() and any(isinstance(x, Value) for x in operands):
            forms = form_of(bound.args), form_of(function.like(zs))
            single = _Single(function, len(zs))
            if None not in forms:  # otherwise each call is a separate operation
                single = known.setdefault(forms, single)
            return function.like([apply(rule, *operands) for rule in single.rules])
        return function.like(results_of(function, operands, zs))

    known: dict[Any, _Single] = {}  # for each form of arguments
    return operation


def _taken_apart(name: str, result: Any) -> tuple[Rebuild, list[float]]:
    zs, like = flatten(result)
    if any(isinstance(z, Value) for z in zs):
        raise TypeError(f"the primitive {name!r} is given plain numbers, and must return plain numbers, not {result!r}")
    return like, zs


class _Operation(Function):
    """f of the arguments that `rebuild` makes; `like` rebuilds its result."""

    like: Rebuild

    def __init__(self, name: str, f: Callable[..., Any], pullback: Pullback, rebuild: Rebuild) -> None:
        self.name, self._f, self._pullback, self._rebuild = name, f, pullback, rebuild

    def value(self, xs: Sequence[float]) -> list[float]:
        return _taken_apart(self.name, self._f(*self._rebuild(xs, derive=True)))[1]

    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:
        args = self._rebuild(xs, derive=True)
        received = self._pullback(self.like(zs), self.like([0.0 if u is None else u for u in us]), *args)
        if not isinstance(received, tuple) or len(received) != len(args):
            raise TypeError(
                f"the vjp of {self.name} must return a tuple with a contribution to each of its {len(args)} arguments, "
                f"not {reprlib.repr(received)}"
            )
        return [c for arg, r in zip(args, received) for c in leaves_like(arg, r, f"vjp of {self.name}", "argument")]


# ---- in a trace ----


class Opaque(Rule):
    """One result of an operation whose slopes come from a user's function, which takes numbers or Values.

    A program calls Python for the value and for the slopes.
    """

    __slots__ = ()


class _Single:
    """The results of an operation for arguments of one form, each as a separate operation on numbers.

    Args:
        operation: the operation.
        size: how many results there are.
    """

    def __init__(self, operation: "_Operation", size: int) -> None:
        self._operation, self._size = operation, size
        self._latest: tuple[bytes, list[float]] = b"", []
        self._pulled: tuple[tuple[int, bytes], Sequence[float]] = (0, b""), []
        self.rules = [
            Opaque(f"{operation.name}[{i}]", partial(self._value, i), many=partial(self._slopes, i))
            for i in range(size)
        ]

    def _values(self, xs: Sequence[float]) -> list[float]:
        bits = array("d", xs).tobytes()
        before, zs = self._latest  # the results are requested one by one
        if bits != before:
            zs = self._operation.value(list(map(float, xs)))
            self._latest = bits, zs
        return zs

    def _value(self, i: int, *xs: float) -> float:
        return self._values(xs)[i]

    def _slopes(self, i: int, m: Any, z: Any, *xs: Any) -> Sequence[Any]:
        """The slopes of result i with respect to each number."""
        us = [float(k == i) for k in range(self._size)]
        if m is VALUES:
            zs = [z if k == i else apply(rule, *xs) for k, rule in enumerate(self.rules)]
            return self._operation.pull(zs, xs, us)
        if not all(isinstance(x, float) for x in xs):
            raise TypeError(f"the vjp of {self._operation.name} takes only numbers and Values")
        key = i, array("d", xs).tobytes()
        before, slopes = self._pulled  # slopes are requested one by one too
        if key != before:
            numbers = list(map(float, xs))
            slopes = self._operation.pull(self._values(numbers), numbers, us)
            self._pulled = key, slopes
        return slopes
