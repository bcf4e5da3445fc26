"""If the core in C runs, its `Value` replaces the one in Python.

The C type implements the parts that must be fast: making nodes, numbers, gradients.  It gets everything else from the
Python class, and calls functions of that class for the cases that it can't handle: `_RETURNED` lists them by name.
"""

from collections.abc import Callable
from types import BuiltinFunctionType, GetSetDescriptorType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

from . import cores, covectors, leftover, numbers, reading, refuse, watch
from .rule import FLOATS, Rule
from .rules import RULES
from .sweep import pull_back

# The types of members written in C.  All other members are copied, also when the package is imported a second time.
_IN_C = (BuiltinFunctionType, GetSetDescriptorType, MethodDescriptorType, WrapperDescriptorType)
_RETURNED = {
    "Covector": covectors.Covector,
    "FLOATS": FLOATS,
    "LeftOver": leftover.LeftOver,
    "as_number": numbers.as_number,
    "as_label": refuse.as_label,
    "made": watch.made,
    "made_again": refuse.made_again,
    "number_of": reading.number_of,
    "pull_back": pull_back,
    "raise_busy": refuse.raise_busy,
    "raise_stale": refuse.raise_stale,
    "read": watch.read,
}


def to_c(definition: type, apply: Callable[..., Any]) -> tuple[Any, Any, Any, Any]:
    """The C versions of Value, Given, `apply` and the maker of nodes, given the class and the `apply` in Python."""
    core: Any = cores.c
    returned = {**vars(definition), **_RETURNED, "Value": definition, "apply": apply}
    core.use(RULES, watch.hooks, watch.traces, returned)
    _adopt(core.Value, definition)
    return core.Value, core.Given, core.apply, core.node


def _adopt(core: type, definition: type) -> None:
    """Copy the members of the Python class to the core's type, except those that the type already has."""
    own = {name for name, member in vars(core).items() if isinstance(member, _IN_C)}
    for name in [name for name in own if name not in vars(definition) and not name.startswith("_")]:
        delattr(core, name)
    for name, member in vars(definition).items():
        if name not in own and name not in ("__dict__", "__init__", "__slots__"):
            setattr(core, name, member)


def of_one(rule: Rule) -> Callable[[Any], Any]:
    """An operation of one operand as a function: unlike a method in C it has a docstring and takes plain numbers."""
    core: Any = cores.c
    apply: Callable[..., Any] = core.apply
    return lambda x: apply(rule, x)
