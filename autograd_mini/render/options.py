"""Checks of the options that pictures and pages share; the errors list the valid values."""

from operator import index
from typing import Any

from .names import is_module


def whole_number(name: str, x: object, least: int, most: int | None = None) -> int:
    """An option that is a whole number.

    >>> whole_number("max_nodes", 500, 1)
    500
    """
    try:
        number = None if isinstance(x, bool) else index(x)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        bounds = f", at least {least}" if most is None else f" from {least} to {most}"
        raise ValueError(f"{name} is a whole number{bounds}, not {x!r:.80}")
    return number


def decimals(precision: object) -> int:
    """The option `precision`: with 17 digits, any two floats differ."""
    return whole_number("precision", precision, 1, 17)


def require_flag(name: str, x: object) -> None:
    """Raise for anything but True or False."""
    if not isinstance(x, bool) and getattr(x, "dtype", None) != "bool":
        raise TypeError(f"{name} is True or False, not {x!r:.80}")


def require_choice(name: str, x: object, *choices: str | None) -> None:
    """Raise for anything but one of the choices."""
    if x not in choices:
        listed = " or ".join([", ".join(map(repr, choices[:-1])), repr(choices[-1])])
        raise ValueError(f"{name} is {listed}, not {x!r:.80}")


def require_text(name: str, x: object) -> None:
    """Raise for anything but a string."""
    if not isinstance(x, str):
        raise TypeError(f"{name} is a text, not {type(x).__name__}: {x!r:.80}")


def require_model(model: Any) -> None:
    """Raise for anything but None or a module."""
    if model is not None and not is_module(model):
        raise TypeError(f"model is a Module, not {type(model).__name__}: {model!r:.80}")
