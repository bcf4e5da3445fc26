"""Programs and related objects as bytes, and back.  Reading them runs no code: every kind of object is listed here.

Plain objects are JSON, others are a list of a tag and their parts.  Arrays follow the JSON, one after the other.
"""

import json
import sys
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, Final

from ...errors import AutogradError
from ...hooks import SourceLine
from ..argument import arrays
from ..options import Options
from ..program import Loop, Program, loaded
from ..record.graph import Guard
from ..record.results import Results

_RECORDS: Final = {kind.__name__: kind for kind in (Guard, Loop, Options, SourceLine)}
_BUILT_IN: Final = (list, tuple, dict, deque, OrderedDict, defaultdict, float, int, str, bool, type(None))
_KNOWN: Final[dict[str, type]] = {kind.__name__: kind for kind in _BUILT_IN}


class FileError(AutogradError, ValueError):
    """A file does not contain a compiled function, is damaged, or has another version."""


class Encoder:
    """Encodes objects as JSON, and the arrays among them as bytes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def encoded(self, x: Any) -> Any:
        """The JSON form of x.

        Raises:
            TypeError: x has no such form.
        """
        if x is None or isinstance(x, (bool, int, str)):
            return x
        if isinstance(x, float):
            return ["float", x.hex()]
        if isinstance(x, type):
            return ["type", *_named(x)]
        if isinstance(x, bytes):
            return ["bytes", self._kept(x)]
        if isinstance(x, array):
            return ["array", x.typecode, self._kept(x.tobytes())]
        if hasattr(x, "shape") and hasattr(x, "tobytes"):
            return ["numbers", str(x.dtype), list(x.shape), self._kept(x.tobytes())]
        return self._structure(x)

    def _structure(self, x: Any) -> Any:
        name = type(x).__name__
        if type(x) in _RECORDS.values():
            return ["record", name, *map(self.encoded, x)]
        if type(x) is Program:
            _, (state,) = x.__reduce__()[:2]
            return ["program", self.encoded(state)]
        if type(x) is Results:
            return ["results", *map(self.encoded, x.__getstate__())]
        if isinstance(x, (list, tuple, deque)):
            return ["series", self.encoded(type(x)), *map(self.encoded, x)]
        if isinstance(x, dict):
            return ["pairs", self.encoded(type(x)), *[self.encoded(part) for pair in x.items() for part in pair]]
        if is_dataclass(x):
            in_slots = {field.name: getattr(x, field.name) for field in fields(x) if hasattr(x, field.name)}
            return ["fields", self.encoded(type(x)), self.encoded({**in_slots, **getattr(x, "__dict__", {})})]
        raise TypeError(f"a {name} can't be saved: {x!r:.80}")

    def _kept(self, content: bytes) -> int:
        self.parts.append(content)
        return len(content)


def encode(x: Any) -> bytes:
    """An object as bytes."""
    encoder = Encoder()
    head = json.dumps(encoder.encoded(x)).encode()
    return b"".join([len(head).to_bytes(8, "little"), head, *encoder.parts])


def decode(content: bytes) -> Any:
    """The object from its bytes."""
    end = 8 + int.from_bytes(content[:8], "little")
    return Decoder(content[end:]).decoded(json.loads(content[8:end]))


class Decoder:
    """Decodes objects from JSON, and from the bytes after it."""

    def __init__(self, rest: bytes) -> None:
        self._rest, self._at = rest, 0

    def decoded(self, x: Any) -> Any:
        """The object from its JSON form x."""
        if not isinstance(x, list):
            return x
        tag, *parts = x
        made: Callable[..., Any] = getattr(self, f"_of_{tag}")
        return made(*parts)

    def _next(self, count: int) -> bytes:
        self._at += count
        return self._rest[self._at - count : self._at]

    def _of_float(self, text: str) -> float:
        return float.fromhex(text)

    def _of_type(self, module: str, name: str) -> type:
        return _type(module, name)

    def _of_bytes(self, count: int) -> bytes:
        return self._next(count)

    def _of_array(self, code: str, count: int) -> Any:
        return array(code, self._next(count))

    def _of_numbers(self, dtype: str, shape: list[int], count: int) -> Any:
        return arrays().frombuffer(self._next(count), dtype).reshape(shape).copy()

    def _of_record(self, name: str, *parts: Any) -> Any:
        return _RECORDS[name](*map(self.decoded, parts))

    def _of_program(self, state: Any) -> Program:
        known = self.decoded(state)
        for module, name in known["own"].values():
            if module not in sys.modules:
                raise FileError(f"this calls {name} of {module}, which was made with @primitive: import that first")
        return loaded(known)

    def _of_results(self, *parts: Any) -> Results:
        results = Results.__new__(Results)
        results.__setstate__(tuple(map(self.decoded, parts)))
        return results

    def _of_series(self, kind: Any, *parts: Any) -> Any:
        made, xs = self.decoded(kind), list(map(self.decoded, parts))
        return made(*xs) if hasattr(made, "_fields") else made(xs)

    def _of_pairs(self, kind: Any, *parts: Any) -> Any:
        made, xs = self.decoded(kind), list(map(self.decoded, parts))
        pairs = zip(xs[::2], xs[1::2])
        return made(None, pairs) if made is defaultdict else made(pairs)

    def _of_fields(self, kind: Any, state: Any) -> Any:
        made = self.decoded(kind)
        x = made.__new__(made)
        for name, part in self.decoded(state).items():
            object.__setattr__(x, name, part)
        return x


def _named(kind: type) -> tuple[str, str]:
    if _KNOWN.get(kind.__name__) is kind:
        return "", kind.__name__
    if _found(kind.__module__, kind.__qualname__) is not kind:
        raise TypeError(f"{kind.__qualname__} can't be saved: it can't be found in {kind.__module__}")
    return kind.__module__, kind.__qualname__


def _type(module: str, name: str) -> type:
    """A class that is already imported: reading a file never imports anything."""
    if not module:
        return _KNOWN[name]
    if module not in sys.modules:
        raise FileError(f"this needs the class {name} of {module}: import that first")
    found = _found(module, name)
    if not isinstance(found, type) or not (is_dataclass(found) or issubclass(found, (list, tuple, dict, deque))):
        raise FileError(f"this needs the class {name}, but {module} has no such class that holds numbers")
    return found


def _found(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
