"""Names for values from the variables of a user's program."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from ..engine import Value


def names_of(variables: Mapping[str, Any]) -> dict[int, str]:
    """Find what a program calls its values.

    Args:
        variables: names and objects, such as `locals()`; those that begin with an underscore are left out.

    Returns:
        By the id of each Value its first name: a variable's before that of a place in a list, tuple, dict or module.

    >>> x, y = Value(1.0), Value(1.0)
    >>> list(names_of({"w": [x, y], "bias": y, "_": x, "n": 3}).values())
    ['bias', 'w[0]']
    """
    names: dict[int, str] = {}
    seen: set[int] = set()
    pending = deque((name, x) for name, x in variables.items() if isinstance(name, str) and not name.startswith("_"))
    while pending:  # breadth first, so that a name of one word wins
        name, x = pending.popleft()
        if isinstance(x, Value):
            names.setdefault(id(x), name)
        elif id(x) not in seen:
            seen.add(id(x))
            pending.extend((name + place, item) for place, item in _inside(x))
    return names


def require_names(names: object) -> None:
    """Refuse what is neither None nor a mapping from names."""
    if names is not None and not (isinstance(names, Mapping) and all(isinstance(name, str) for name in names)):
        raise TypeError(f"names is a mapping from names to Values, such as locals(), not {type(names).__name__}")


def is_module(x: object) -> bool:
    """Whether x has parameters with names, as a Module does."""
    return callable(getattr(type(x), "named_parameters", None))


def _inside(x: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(x, (list, tuple)):
        return [(f"[{i}]", item) for i, item in enumerate(x) if _may_hold_values(item)]
    if isinstance(x, dict):
        return [(f"[{key!r}]", item) for key, item in x.items() if type(key) in (str, int) and _may_hold_values(item)]
    if is_module(x) and not isinstance(x, type):
        return [(f".{path}", item) for path, item in x.named_parameters() if isinstance(item, Value)]
    return ()


def _may_hold_values(x: object) -> bool:
    return isinstance(x, (Value, list, tuple, dict)) or is_module(x)
