"""Values that outlive the trace that made them: they say so wherever they are used, and where they were made."""

from typing import Any, NoReturn

from ..engine import Value
from ..errors import AutogradError
from ..numbers import Number


class TraceError(AutogradError, TypeError):
    """A traced function did what can't be compiled."""


def _refuse(v: Value, _number: object = None) -> NoReturn:
    raise TraceError(
        f"this Value is left over from a trace: {v.label}, when `compile` ran the function, and its number is that of "
        "that run. A compiled function runs once for many calls, so it can keep no Value from one call to the next: "
        "take it as an argument"
    )


class Leaked(Value):
    """A Value that outlived the trace that made it: its label says where that was, and it has nothing else to give."""

    __slots__ = ()

    _data = _grad = _origin = property(_refuse, _refuse)
    is_leaf = property(lambda v: False)  # so that no module takes it for a parameter

    def backward(self, seed: Number = 1.0) -> NoReturn:
        """Refused."""
        _refuse(self, seed)

    def __repr__(self) -> str:
        return f"<a Value left over from a trace: {self.label}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _leaked, (self.label,)


def spoil(v: Value, origin: str) -> None:
    """Make a Value of a trace that has ended one that says so wherever it is used."""
    v.label = f"{v.label}: {origin}" if v.label else origin
    v.__class__ = Leaked


def _leaked(label: str) -> Value:
    v = Value(0.0, label=label)
    v.__class__ = Leaked
    return v
