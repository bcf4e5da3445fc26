"""Structures of arguments in the text of a way: how they are recognised and opened, and made again around others."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final, Protocol, TypeVar

from ..argument import NUMBER

DEEP: Final = 30  # structures in structures, from which on there is no way
_COPYING: Final = ("__copy__", "__reduce_ex__", "__reduce__", "__getstate__", "__setstate__", "__getattribute__")
Found = TypeVar("Found")


class Unwritten(Exception):
    """There is no way for arguments of this form."""


class Text(Protocol):
    """The text of a way, as it is written."""

    def named(self, x: Any) -> str:
        """A name for a thing that the text refers to."""

    def do(self, line: str) -> None:
        """Add a line."""

    def require(self, condition: str) -> None:
        """Have what does not fit go the long way."""


def is_leaf(key: Any) -> bool:
    """Whether an argument of this form is a number, or an array or a list of such, with nothing around them."""
    return key == NUMBER or len(key) == 2


def opened(text: Text, key: Any, place: str, leaf: Callable[[Any, str], Found]) -> list[Found]:
    """What `leaf` makes of each leaf of an argument, of its form and the place where it is."""
    if is_leaf(key):
        return [leaf(key, place)]
    return [x for part, at in zip(key[2], _inside(text, key, place)) for x in opened(text, part, at, leaf)]


def closed(text: Text, key: Any, place: str, leaf: Callable[[Any], str]) -> str:
    """The structure of an argument around what `leaf` makes for each leaf, of its form.

    The text is a template: its braces are doubled.  `place` is where the argument was opened, whose other attributes
    are copied; "" if none are.
    """
    if is_leaf(key):
        return leaf(key)
    kind, names, parts = key
    inside = [closed(text, part, place and f"{place}_{k}", leaf) for k, part in enumerate(parts)]
    if names is None:
        return sequence(text, kind, inside)
    if kind is dict:
        return f"{{{{{', '.join([f'{text.named(name)}: {part}' for name, part in zip(names, inside)])}}}}}"
    return f"{text.named(_maker(kind, names, bool(place)))}({', '.join([place] * bool(place) + inside)})"


def sequence(text: Text, kind: Any, parts: Sequence[str]) -> str:
    """A list or a tuple of a kind."""
    inside = ", ".join(parts)
    if kind is list:
        return f"[{inside}]"
    inside = f"({inside}{',' * bool(parts)})"
    return inside if kind is tuple else f"{text.named(tuple.__new__)}({text.named(kind)}, {inside})"


def known(kind: Any) -> Any:
    """A kind of structure whose parts can be had, and put in another of it, without a look at this one.

    Raises:
        Unwritten: it is no such kind.
    """
    if kind in (list, tuple, dict):
        return kind
    if is_dataclass(kind):
        copied = all(getattr(kind, name, None) is getattr(object, name, None) for name in _COPYING)
        stored = not any(hasattr(getattr(kind, field.name, None), "__set__") for field in fields(kind))
        has_dict: Any = getattr(kind, "__dictoffset__", None)
        if copied and stored and has_dict:
            return kind
    elif issubclass(kind, tuple) and hasattr(kind, "_make") and kind.__iter__ is tuple.__iter__:
        return kind
    raise Unwritten


def _inside(text: Text, key: Any, place: str) -> list[str]:
    """What is in a structure, each part under a name of its own."""
    kind, names, parts = key
    if place.count("_") > DEEP:
        raise Unwritten
    text.require(f"type({place}) is {text.named(known(kind))}")
    inside = [f"{place}_{k}" for k in range(len(parts))]
    if is_dataclass(kind):
        text.do(f"{place} = {place}.__dict__")
        for at, name in zip(inside, names):
            text.do(f"{at} = {place}[{name!r}]")
        return inside
    text.require(f"[*{place}] == {text.named(list(names))}" if names is not None else f"len({place}) == {len(parts)}")
    if inside:
        text.do(f"{', '.join(inside)}, = {place}{'.values()' * (names is not None)}")
    return inside


def _maker(kind: Any, names: Sequence[str], copies: bool) -> Callable[..., Any]:
    """What makes a dataclass of parts: not by __init__, which may refuse the numbers of a gradient.

    With `copies`, its first argument is the attributes of another one, and it copies those that are not parts.
    """
    values = [f"v{k}" for k in range(len(names))]
    is_plain = kind.__setattr__ is object.__setattr__
    lines = [f"def make({', '.join(['like'] * copies + values)}):", "new = object.__new__(kind)"]
    if copies:
        lines.append(f"if len(like) != {len(names)}: new.__dict__.update(like)")
    for name, value in zip(names, values):
        lines.append(f"new.{name} = {value}" if is_plain else f"object.__setattr__(new, {name!r}, {value})")
    found = {"kind": kind}
    exec("\n    ".join([*lines, "return new"]), found)
    made: Callable[..., Any] = found["make"]
    return made
