"""Arguments given by name, and those that are no numbers: what a function is with them put in their places."""

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple


class Fixed:
    """A function of numbers alone, in order: the first by position, those of `names` by name, others already given.

    Args:
        f: the function.
        count: how many are given by position.
        names: of those that follow.
        given: the arguments that are no numbers.
    """

    def __init__(self, f: Callable[..., Any], count: int, names: Sequence[str], given: Mapping[str, Any]) -> None:
        self.f, self.count, self.names, self.given = f, count, names, given
        self.__name__ = getattr(f, "__name__", repr(f))

    def __call__(self, *args: Any) -> Any:
        return self.f(*args[: self.count], **dict(zip(self.names, args[self.count :], strict=True)), **self.given)


class Bound(NamedTuple):
    """A call, bound to the arguments of a function.

    Attributes:
        numbers: the arguments that are traced, in order.
        positional: how many of them go by position.
        names: of all of them, as far as they have one.
        by_name: of those that do not go by position.
        given: the others.
    """

    numbers: tuple[Any, ...]
    positional: int
    names: tuple[str, ...]
    by_name: tuple[str, ...]
    given: dict[str, Any]

    @property
    def key(self) -> Hashable:
        """What a program of its own is needed for."""
        return self.positional, self.by_name, tuple([(name, type(x), x) for name, x in self.given.items()])

    def fixed(self, f: Callable[..., Any]) -> Fixed:
        """The function of the numbers alone."""
        return Fixed(f, self.positional, self.by_name, self.given)


def bound(f: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any], static: Sequence[str]) -> Bound:
    """A call of f.

    Raises:
        TypeError: these are not its arguments, or one that is static can't be told from others.
    """
    call = inspect.signature(f).bind(*args, **named)
    given = {name: call.arguments.pop(name) for name in static if name in call.arguments}
    for name, x in given.items():
        try:
            hash(x)
        except TypeError:
            raise TypeError(
                f"{name} is static, and so must be hashable, as strings, ints and tuples are: {x!r:.80}"
            ) from None
    by_name = call.kwargs
    numbers = (*call.args, *by_name.values())
    return Bound(numbers, len(call.args), tuple(call.arguments), tuple(by_name), given)


def positions(f: Callable[..., Any], names: Sequence[str]) -> tuple[int, ...]:
    """Where the arguments of these names stand."""
    known = list(inspect.signature(f).parameters) if names else []  # a built-in may have no signature
    return tuple([known.index(name) for name in names])


def require_names(f: Callable[..., Any], option: str, names: Any) -> tuple[str, ...]:
    """The names of arguments that an option has.

    Raises:
        TypeError, ValueError: it is no name or several, or f has no argument of such a name.
    """
    names = (names,) if isinstance(names, str) else names
    if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{option} has the names of arguments, not {names!r:.80}")
    known = inspect.signature(f).parameters if names else {}
    for name in names:
        if name not in known:
            raise ValueError(f"{option} names {name!r}, which is no argument of {getattr(f, '__name__', f)}")
    return tuple(names)
