"""Operations on structures of numbers, with a pullback that the user has written: what `@primitive(vjp=…)` makes."""

import reprlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from . import watch
from .engine import Value
from .errors import TraceError
from .function_nodes import Function, results_of
from .reading import number_of
from .structures import Rebuild, flatten, leaves_like

Pullback = Callable[..., Any]


def with_pullback(f: Callable[..., Any], pullback: Pullback) -> Callable[..., Any]:
    """The operation f, whose derivatives `pullback` gives.

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
            f"a primitive takes positional arguments, which its vjp is given too, and {name}{arguments} not"
        )

    @wraps(f)
    def operation(*args: Any, **named: Any) -> Any:
        bound = arguments.bind(*args, **named)
        bound.apply_defaults()
        operands, rebuild = flatten(list(bound.args))
        if watch.trace() and any(isinstance(x, Value) for x in operands):
            raise TraceError(
                f"the primitive {name!r} has a vjp of its own, which no program can take in: compile what comes before "
                "it and what comes after it, and call them in turn"
            )
        function = _Operation(name, f, pullback, rebuild)
        function.like, zs = _taken_apart(name, f(*rebuild(list(map(number_of, operands)), derive=True)))
        return function.like(results_of(function, operands, zs))

    return operation


def _taken_apart(name: str, result: Any) -> tuple[Rebuild, list[float]]:
    zs, like = flatten(result)
    if any(isinstance(z, Value) for z in zs):
        raise TypeError(f"the primitive {name!r} is given plain numbers, and must return plain numbers, not {result!r}")
    return like, zs


class _Operation(Function):
    """f of the arguments that `rebuild` makes; `like` makes what it returns."""

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
                f"the vjp of {self.name} must return a tuple with what each of its {len(args)} arguments receives, "
                f"not {reprlib.repr(received)}"
            )
        return [c for arg, r in zip(args, received) for c in leaves_like(arg, r, f"vjp of {self.name}", "argument")]
