"""Structures of numbers: nested lists, tuples, dicts, dataclasses and arrays, taken apart and put together again.

`flatten` returns the numbers in order, and a function that builds the same structure around other numbers.  It copies
everything it needs at once, so the structure may change later.  It does not recurse, so any depth works.
"""

import copy
import dataclasses
import reprlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from .engine import Value
from .numbers import as_number

Leaves = list[Any]


class Rebuild(Protocol):
    """Builds a structure around numbers, in the order of `flatten`.

    With `derive`, a dataclass runs its `__post_init__` again, as the argument of a function must.  A gradient is built
    without it, because the class may reject its numbers.
    """

    def __call__(self, xs: Iterable[Any], /, *, derive: bool = False) -> Any: ...


class _Opened(NamedTuple):
    """A container, opened: its parts in order, their names if it has any, and how to make another around new parts."""

    parts: Sequence[Any]
    names: Sequence[Any] | None
    make: Callable[[Leaves], Any]
    derive: Callable[[Any], None] | None = None  # computes what the container derives from its parts


class _Close(NamedTuple):
    """The step that puts a container together, once all its parts are there."""

    size: int
    make: Callable[[Leaves], Any]
    derive: Callable[[Any], None] | None
    identity: int


def flatten(tree: Any, leaf: Callable[[Any], Any] | None = None, *, arrays: bool = True) -> tuple[Leaves, Rebuild]:
    """The numbers in a structure, in order, and the function that builds the structure around others.

    Args:
        tree: a number, a Value, or nested lists, tuples, named tuples, dicts, dataclasses, deques and NumPy arrays.
        leaf: a function that is applied to each leaf; by default a leaf must be a number, and becomes a float unless it
            is a Value.
        arrays: whether NumPy arrays of numbers are opened; if not, each is a leaf.

    Raises:
        TypeError: a leaf is not a number.
        ValueError: the structure contains itself.

    >>> numbers, rebuild = flatten({"w": 2.0, "x": [3.0, (4.0,)]})
    >>> numbers, rebuild([20.0, 30.0, 40.0])
    ([2.0, 3.0, 4.0], {'w': 20.0, 'x': [30.0, (40.0,)]})
    """
    leaves: Leaves = []
    steps: list[_Close | None] = []  # the structure in postorder; None is a leaf
    around: set[int] = set()  # the containers around the current item
    waiting: list[Any] = [tree]
    while waiting:
        item = waiting.pop()
        if type(item) is float:
            steps.append(None)
            leaves.append(item if leaf is None else leaf(item))
        elif leaf is None and isinstance(item, Value):
            steps.append(None)
            leaves.append(item)
        elif type(item) is _Close:
            steps.append(item)
            around.discard(item.identity)
        elif (opened := _open(item) if arrays or not _is_array(item) else _open_structures(item)) is None:
            steps.append(None)
            leaves.append(_number(item) if leaf is None else leaf(item))
        elif id(item) in around:
            raise ValueError(f"{reprlib.repr(item)} contains itself: derivatives need a finite structure")
        else:
            around.add(id(item))
            waiting.append(_Close(len(opened.parts), opened.make, opened.derive, id(item)))
            waiting.extend(reversed(opened.parts))
    return leaves, partial(_built, steps)


def _built(steps: Sequence[_Close | None], xs: Iterable[Any], *, derive: bool = False) -> Any:
    built: list[Any] = []
    xs = iter(xs)
    for step in steps:
        if step is None:
            built.append(next(xs))
        else:
            start = len(built) - step.size
            container = step.make(built[start:])
            built[start:] = [container]
            if derive and step.derive is not None:
                step.derive(container)
    return built[0]


def leaves_like(tree: Any, other: Any, name: str, tree_name: str) -> Leaves:
    """The numbers of `other`, which must have the structure of `tree`, in order.  Lists, tuples and arrays match.

    Raises:
        ValueError: the structures differ.
    """
    leaves: Leaves = []
    waiting = [(tree, other)]
    while waiting:
        t, o = waiting.pop()
        mine, theirs = _open_rows(t), _open_rows(o)
        if mine is None and theirs is None:
            leaves.append(_number(o))
        elif mine is None or theirs is None or not _same_names(mine, theirs):
            raise ValueError(
                f"the {name} must have the structure of the {tree_name}: "
                f"{reprlib.repr(other)} does not match {reprlib.repr(tree)}"
            )
        else:
            parts = theirs.parts
            if theirs.names is not None:
                by_name = dict(zip(theirs.names, parts, strict=True))
                parts = [by_name[key] for key in mine.names or ()]
            waiting.extend(reversed(list(zip(mine.parts, parts, strict=True))))
    return leaves


def _same_names(mine: _Opened, theirs: _Opened) -> bool:
    if mine.names is None or theirs.names is None:
        return mine.names is theirs.names and len(mine.parts) == len(theirs.parts)
    return len(mine.names) == len(theirs.names) and set(mine.names) == set(theirs.names)


def _number(x: Any) -> Any:
    if isinstance(x, Value):
        return x
    return as_number(
        x[()] if hasattr(x, "__array_interface__") else x, "each part of an argument or result"
    )  # an array without dimensions is its number


def form_of(tree: Any) -> tuple[Any, ...] | None:
    """A key that is equal for structures that `flatten` rebuilds in the same way; None if there is no such key.

    >>> form_of((1.0, [2.0])) == form_of((3.0, [4.0])) != form_of((3.0, 4.0))
    True
    """
    form: list[Any] = []
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        opened = _open(item)
        if opened is not None:
            if not (type(item) in (list, tuple, dict) or _is_array(item)):
                return None
            form.append((type(item), getattr(item, "shape", None), len(opened.parts), tuple(opened.names or ())))
            waiting.extend(reversed(opened.parts))
        else:
            form.append(None)
    return tuple(form)


# ---- how each kind of container is opened ----


def _open(tree: Any) -> _Opened | None:
    """The container opened, or None for a leaf."""
    kind = type(tree)
    if isinstance(tree, (Value, float, int, str)):
        return None
    if kind is list or kind is tuple:
        return _Opened(list(tree), None, kind)
    if isinstance(tree, (tuple, list)):
        return _Opened(list(tree), None, getattr(kind, "_make", kind))
    if isinstance(tree, MutableMapping):
        keys = list(tree)
        return _Opened([tree[key] for key in keys], keys, _mapping_like(tree, keys))
    if isinstance(tree, deque):
        return _Opened(list(tree), None, lambda xs: kind(xs, tree.maxlen))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in dataclasses.fields(tree) if field.init]
        parts = [getattr(tree, name) for name in names]
        return _Opened(parts, names, _record_like(tree, names), getattr(kind, "__post_init__", None))
    if _is_array(tree):
        return _Opened(tree.ravel().tolist(), None, _array_like(tree.shape))
    return None


def _is_array(tree: Any) -> bool:
    """Whether it is a NumPy array of real numbers or objects with at least one dimension."""
    return hasattr(tree, "__array_interface__") and tree.shape != () and tree.dtype.kind in "biufO"


def _open_structures(array: Any) -> _Opened | None:
    """An array opened if there are structures in it, as in the derivatives of an array by a dict; else None."""
    parts = array.ravel().tolist() if array.dtype.kind == "O" else []
    return _Opened(parts, None, _objects_like(array.shape)) if any(map(_is_container, parts)) else None


def _is_container(x: Any) -> bool:
    return not isinstance(x, (Value, float)) and _open(x) is not None


def _open_rows(tree: Any) -> _Opened | None:
    """The same, but an array opens into its rows, as nested lists would."""
    return _Opened(list(tree), None, list) if _is_array(tree) else _open(tree)


def _mapping_like(tree: MutableMapping[Any, Any], keys: Sequence[Any]) -> Callable[[Leaves], Any]:
    if type(tree) is dict:
        return lambda xs: dict(zip(keys, xs, strict=True))
    kept = copy.copy(tree)  # with the factory of a defaultdict, and the attributes of a user's class

    def build(xs: Leaves) -> Any:
        new: MutableMapping[Any, Any] = copy.copy(kept)
        for key, x in zip(keys, xs, strict=True):  # not update(), which adds in a Counter
            new[key] = x
        return new

    return build


def _record_like(tree: Any, names: Sequence[str]) -> Callable[[Leaves], Any]:
    kept = copy.copy(tree)
    for name in names:
        object.__setattr__(kept, name, None)  # don't keep its parts alive

    def build(xs: Leaves) -> Any:
        new = copy.copy(kept)  # not __init__, which may reject the numbers of a gradient, for example below 0
        for name, x in zip(names, xs, strict=True):
            object.__setattr__(new, name, x)
        return new

    return build


def _array_like(shape: tuple[int, ...]) -> Callable[[Leaves], Any]:
    def build(xs: Leaves) -> Any:
        try:
            array = sys.modules["numpy"].array(xs)  # loaded, since there was an array to open
        except ValueError:  # structures, whose parts differ in shape
            return _objects_like(shape)(xs)
        return array.reshape(shape + array.shape[1:])

    return build


def _objects_like(shape: tuple[int, ...]) -> Callable[[Leaves], Any]:
    def build(xs: Leaves) -> Any:
        array = sys.modules["numpy"].empty(len(xs), object)
        for i, x in enumerate(xs):  # one by one, because NumPy would open lists
            array[i] = x
        return array.reshape(shape)

    return build
