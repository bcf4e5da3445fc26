"""Names for values from the variables of a user's program."""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from ..engine import Value


def names_of(variables: Mapping[str, Any]) -> dict[int, str]:
    """Find the names that a program gives its values.

    Args:
        variables: names and objects, such as `locals()`.  Names that begin with an underscore are left out.

    Returns:
        The first name of each Value, by its id.  The name of a variable comes before that of a place in a list, tuple,
        dict or module.

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


_OF_A_LAYER = re.compile(r"(?:(?:.*\.)?(?P<l>\d+)\.|.*\.)?[^.\d]+\.(?P<j>\d+)\.(?:w\.(?P<k>\d+)|b)")
_ABOVE = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def below(index: int) -> str:
    """A number in subscript digits.

    >>> below(12)
    '₁₂'
    """
    return str(index).translate(_BELOW)


def textbook_name(path: str) -> str:
    """The textbook name of a layer's parameter: its layer above; its neuron, and for a weight its input, below.

    >>> [textbook_name(path) for path in ("layers.1.neurons.2.w.0", "layers.1.neurons.2.b", "neurons.0.w.11", "w.0")]
    ['w²₃₁', 'b²₃', 'w₁,₁₂', '']
    """
    found = _OF_A_LAYER.fullmatch(path)
    if found is None:
        return ""
    indices = [str(int(index) + 1) for index in (found["j"], found["k"]) if index]
    above = str(int(found["l"]) + 1) if found["l"] else ""
    below = ("," if any(len(index) > 1 for index in indices) else "").join(indices)
    return f"{'w' if found['k'] else 'b'}{above.translate(_ABOVE)}{below.translate(_BELOW)}"


def all_names(values: Iterable[Value], variables: Mapping[str, Any], model: Any) -> dict[int, str]:
    """Names for the values of a graph.

    Args:
        values: the graph.
        variables: names and objects, as for `names_of`.
        model: the Module of the computation, or None.  If a neuron labelled its parameters, they get textbook names.
            If they have no label, they get the name of their attribute.

    Returns:
        The name of each Value that has one, by its id: its label, else the name of a variable.

    >>> x, y = Value(1.0, label="x"), Value(1.0)
    >>> list(all_names([x, y], {"z": x, "y": y}, None).values())
    ['x', 'y']
    """
    names = names_of(variables)
    paths: dict[int, str] = {} if model is None else {id(p): path for path, p in model.named_parameters()}
    found = {}
    for v in values:
        path = paths.get(id(v), "")
        attribute = "".join(path.split(".")[-2 if path[-1:].isdigit() else -1 :])
        called = v.label or names.get(id(v), "") or attribute
        if path and called == attribute:
            called = textbook_name(path) or called
        if called:
            found[id(v)] = called
    return found


def require_names(names: object) -> None:
    """Raise for anything but None or a mapping from names."""
    if names is not None and not (isinstance(names, Mapping) and all(isinstance(name, str) for name in names)):
        raise TypeError(f"names is a mapping from names to Values, such as locals(), not {type(names).__name__}")


def is_module(x: object) -> bool:
    """Whether x has named parameters, like a Module."""
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
