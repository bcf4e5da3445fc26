"""Structures of arguments in the text of a way: how to recognise and open them, and build them around other parts."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final, Protocol, TypeVar

from ..argument import NUMBER

DEEP: Final = 30  # with deeper nested structures there is no short way
_COPYING: Final = ("__copy__", "__reduce_ex__", "__reduce__", "__getstate__", "__setstate__", "__getattribute__")
Found = TypeVar("Found")


class Unwritten(Exception):
    """There is no way for arguments of this form."""


class Text(Protocol):
    """The text of a way while it is being written."""

    def named(self, x: Any) -> str:
        """A name for an object that the text refers to."""

    def do(self, line: str) -> None:
        """Add a line."""

    def require(self, condition: str) -> None:
        """Let the long way handle a call that does not fit."""


def is_leaf(key: Any) -> bool:
    """Whether an argument of this form is a number, or an array or a list of numbers, without a structure around it."""
    return key == NUMBER or len(key) == 2


def opened(text: Text, key: Any, place: str, leaf: Callable[[Any, str], Found]) -> list[Found]:
    """For each leaf of an argument: the result of `leaf`, called with its form and its place."""
    if is_leaf(key):
        return [leaf(key, place)]
    return [x for part, at in zip(key[2], _inside(text, key, place)) for x in opened(text, part, at, leaf)]


def closed(text: Text, key: Any, place: str, leaf: Callable[[Any], str]) -> str:
    """The text that builds an argument's structure around the result of `leaf` for each leaf's form.

    The text is a template: its braces are doubled.  `place` is the opened argument, whose other attributes are copied;
    "" if there is none.
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
    """A list or a tuple of a given type."""
    inside = ", ".join(parts)
    if kind is list:
        return f"[{inside}]"
    inside = f"({inside}{',' * bool(parts)})"
    return inside if kind is tuple else f"{text.named(tuple.__new__)}({text.named(kind)}, {inside})"


def known(kind: Any) -> Any:
    """Check that structures of this type can be opened and built without looking at a particular one.

    Raises:
        Unwritten: they can't.
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
    """The parts of a structure, each assigned to a new name."""
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
    """A function that makes a dataclass from parts, without __init__, which may reject the numbers of a gradient.

    With `copies`, its first argument has the attributes of another object, and it copies those that are not parts.
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
