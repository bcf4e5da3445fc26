"""The numbers of a model: finds them, writes them to a file and reads them again.

A file is JSON, which can't contain a program: {"format": …, "version": 1, "crc32": …, "parameters": {path: number, …}}.
Python writes each float with the fewest digits that read back as the same float, so no bit is lost.
"""

import json
import os
import reprlib
import zlib
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from math import isfinite
from pathlib import Path
from types import MappingProxyType, MemberDescriptorType, SimpleNamespace
from typing import Any, NoReturn

from ..engine import Value
from ..errors import AutogradError
from ..files import write_whole
from ..numbers import as_constant
from ..reading import why_no_graph

__all__ = ["StateError"]

_FORMAT, _VERSION = "autograd_mini parameters", 1


class StateError(AutogradError, ValueError):
    """The numbers don't match this model, or the file contains none.  The model stays as it was."""


# ---- finding them ----


def named_values(root: Any, module: type, override: str = "") -> list[tuple[str, Value]]:
    """The leaves below `root`, each once, under the first path of attributes, indices and keys that leads to it.

    Args:
        root: an instance of `module`.
        module: the class whose instances are searched, like lists, tuples, deques, dictionaries, dataclasses,
            namespaces and arrays.
        override: a method of `module`; if a class overrides it, it returns the Values of an instance.

    Raises:
        StateError: a leaf is only in a set, so it has no place of its own.
    """
    walk = _Walk(module, override)
    walk.seen[id(root)] = root
    walk.through(root, "")
    found = list(walk.found)
    for path, values in walk.sets:
        walk.through(list(values), f"{path}.")
        if len(walk.found) > len(found):
            raise StateError(
                f"{path} is a {type(values).__name__} with parameters in it, but a set has no order for naming and "
                "training them: keep them in a list or a dict"
            )
    return found


class _Walk:
    """Walks through everything that an object contains, visiting each thing once."""

    def __init__(self, module: type, override: str) -> None:
        self.module, self.override = module, override
        self.found: list[tuple[str, Value]] = []
        self.sets: list[tuple[str, Any]] = []  # searched last, because their contents may also be elsewhere
        self.seen: dict[int, Any] = {}  # the things themselves, so that their ids stay unique

    def through(self, x: Any, path: str) -> None:
        """Find the leaves below x, depth first, without recursion; the path of x is the start of each of theirs."""
        pending = [(path, iter(self._items(x)))]
        while pending:
            path, items = pending[-1]
            for name, item in items:
                if id(item) in self.seen:
                    continue
                if isinstance(item, Value):
                    if item.is_leaf and not why_no_graph(item):  # else the result of a call
                        self.seen[id(item)] = item
                        self.found.append((f"{path}{name}", item))
                elif isinstance(item, (set, frozenset)):
                    self.seen[id(item)] = item
                    self.sets.append((f"{path}{name}", item))
                elif self._is_walked_through(item):
                    self.seen[id(item)] = item
                    pending.append((f"{path}{name}.", iter(self._items(self._own(item)))))
                    break
            else:
                pending.pop()

    def _is_walked_through(self, x: Any) -> bool:
        return isinstance(x, (self.module, *_CONTAINERS)) or _has_fields(x) or _is_array(x)

    def _own(self, x: Any) -> Any:
        """x, or the Values that its class declares as its parameters."""
        if not self.override or not isinstance(x, self.module):
            return x
        is_base = getattr(type(x), self.override) is getattr(self.module, self.override)
        return x if is_base else getattr(x, self.override)()

    def _items(self, x: Any) -> Iterable[tuple[Any, Any]]:
        if isinstance(x, self.module) or _has_fields(x):
            return _attributes(x)
        if isinstance(x, Mapping):
            return x.items()
        return enumerate(x.reshape(-1) if _is_array(x) and x.ndim == 0 else x)


_CONTAINERS = (list, tuple, deque, UserList, dict, UserDict, ChainMap, MappingProxyType)


def _has_fields(x: Any) -> bool:
    """Whether x is mainly a collection of attributes: a dataclass or a namespace."""
    return isinstance(x, SimpleNamespace) or (is_dataclass(x) and not isinstance(x, type))


def _is_array(x: Any) -> bool:
    """Whether x is an array of objects, which may be Values."""
    return getattr(x, "dtype", None) == "object"


def _attributes(x: Any) -> Iterator[tuple[str, Any]]:
    """The attributes in slots, then those in the instance's dictionary, in the order of definition."""
    for cls in reversed(type(x).__mro__):
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name.startswith("__") and not name.endswith("__"):
                name = f"_{cls.__name__.lstrip('_')}{name}"  # as Python calls it
            if isinstance(vars(cls).get(name), MemberDescriptorType) and hasattr(x, name):
                yield name, getattr(x, name)
    yield from getattr(x, "__dict__", {}).items()


# ---- as a dictionary ----


def read_state(model: Any) -> dict[str, float]:
    """The number of each parameter under its path."""
    named = model.named_parameters()
    known = {id(p) for _, p in named}
    lost = sum(id(p) not in known for p in model.parameters())
    if lost:
        raise StateError(
            f"{lost} of the parameters of {_kind(model)} have no path: keep them in attributes, "
            "or in lists, tuples or dicts there, or let named_parameters() name them"
        )
    state = {name: p.data for name, p in named}
    if len(state) != len(named):
        names = [name for name, _ in named]
        twice = [name for name in state if names.count(name) > 1]
        raise StateError(f"two parameters of {_kind(model)} have one path: {_listed(twice)}; rename one")
    return state


def write_state(model: Any, state: Mapping[str, float], strict: bool) -> None:
    """Give each parameter the number under its path, or raise before changing any."""
    if not isinstance(state, Mapping):
        raise StateError(f"a state is a dictionary of names and numbers, not {type(state).__name__}")
    named = dict(model.named_parameters())
    wrong = []
    if strict:
        wrong += _complaint("missing", [name for name in named if name not in state])
        wrong += _complaint("unexpected", [name for name in state if name not in named])
    numbers = {name: _number(state[name]) for name in named if name in state}
    bad = [f"{name} = {reprlib.repr(state[name])}" for name, number in numbers.items() if number is None]
    wrong += _complaint("not a number", bad)
    if wrong:
        raise StateError(f"this state does not fit {_kind(model)}: {'; '.join(wrong)}")
    for name, number in numbers.items():
        named[name].data = number


def _number(x: Any) -> float | None:
    """x as a float, None if it is not exactly a float.  inf and nan are allowed: a model may have reached them."""
    try:
        return None if isinstance(x, bool) else as_constant(x)
    except OverflowError:  # an int beyond the largest float
        return None


def _complaint(what: str, names: list[str]) -> list[str]:
    return [f"{what}: {_listed(names)}"] if names else []


def _listed(names: list[str], limit: int = 8) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(str, names[:limit])) + more


def _kind(model: Any) -> str:
    return f"the {type(model).__name__}"


# ---- as a file ----


def save_state(model: Any, path: str | os.PathLike[str]) -> None:
    """Write the state to a file, whole or not at all."""
    state = read_state(model)
    bad = [f"{name} = {number}" for name, number in state.items() if not isfinite(number)]
    if bad:
        raise StateError(f"nothing was saved, because {_kind(model)} has numbers that are not finite: {_listed(bad)}")
    content = {"format": _FORMAT, "version": _VERSION, "crc32": _checksum(state), "parameters": state}
    text = json.dumps(content, indent=1, allow_nan=False)  # no final newline: a truncated file is not JSON
    write_whole(path, text.encode("ascii"))


def load_state(model: Any, path: str | os.PathLike[str]) -> None:
    """Read the file that `save_state` wrote."""
    state = _parameters(Path(path))
    try:
        write_state(model, state, strict=True)
    except StateError as error:
        raise StateError(f"{os.fspath(path)}: {error}") from None


def _parameters(path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    try:
        content = json.loads(raw.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
        checksum = _checksum(content.get("parameters")) if isinstance(content, dict) else None
    except (ValueError, RecursionError) as error:
        raise StateError(f"{path} is not a whole JSON file, so no saved model, or a damaged one: {error}") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise StateError(f"{path} is not a model saved by autograd_mini: its entry 'format' does not say so")
    version = content.get("version")
    if type(version) is not int or version < 1:
        raise StateError(f"{path} is damaged: its version is {reprlib.repr(version)}")
    if version > _VERSION:
        raise StateError(
            f"{path} is in version {version} of the format, and this autograd_mini knows version {_VERSION}: upgrade it"
        )
    parameters = content.get("parameters")
    if not isinstance(parameters, dict) or content.get("crc32") != checksum:
        raise StateError(f"{path} is damaged: its checksum does not match its numbers; use another copy")
    return parameters


def _checksum(parameters: Any) -> int:
    return zlib.crc32(json.dumps(parameters).encode())


def _refuse(token: str) -> NoReturn:
    raise ValueError(f"{token} is not valid JSON")


def _finite(token: str) -> float:
    number = float(token)
    if not isfinite(number):
        raise ValueError(f"{token} is too large for a float")
    return number
