"""The names of the numbers in a function's arguments, as the report shows them: x, x[0], p['w'][1], state.speed."""

import dataclasses
import inspect
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any


def names_of(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """One for each number, in the order of `structures.flatten`.

    >>> names_of(lambda x, p: None, [1.0, {"w": [2.0, 3.0]}])
    ['x', "p['w'][0]", "p['w'][1]"]
    """
    try:
        parameters = list(inspect.signature(f).bind(*args).signature.parameters.values())
    except (TypeError, ValueError):
        parameters = []
    given = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    given += [f"argument {i + 1}" for i in range(len(given), len(args))]
    return [name for arg, title in zip(args, given) for name in _places(arg, title)]


def _places(tree: Any, name: str) -> Iterator[str]:
    waiting = [(tree, name)]  # no recursion: structures may be deep
    while waiting:
        tree, name = waiting.pop()
        tree = tree.tolist() if hasattr(tree, "tolist") else tree
        if isinstance(tree, MutableMapping):
            parts = [(part, f"{name}[{key!r}]") for key, part in tree.items()]
        elif isinstance(tree, (list, tuple, deque)):
            parts = [(part, f"{name}[{i}]") for i, part in enumerate(tree)]
        elif dataclasses.is_dataclass(tree) and not isinstance(tree, type):
            fields = [field.name for field in dataclasses.fields(tree) if field.init]
            parts = [(getattr(tree, field), f"{name}.{field}") for field in fields]
        else:
            yield name
            continue
        waiting.extend(reversed(parts))
