"""Arguments given by name, and those that are no numbers: what a function is with them put in their places."""

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final, NamedTuple

MOST: Final = 64  # layouts that are kept at hand


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
        layout: where they were found.
        given: the others, by name.
    """

    numbers: tuple[Any, ...]
    layout: "Layout"
    given: dict[str, Any]

    @property
    def key(self) -> Hashable:
        """What a program of its own is needed for."""
        return (
            self.layout.positional,
            self.layout.by_name,
            tuple([(name, type(x), x) for name, x in self.given.items()]),
        )

    def fixed(self, f: Callable[..., Any]) -> Fixed:
        """The function of the numbers alone."""
        return Fixed(f, self.layout.positional, self.layout.by_name, self.given)


class Layout(NamedTuple):
    """Where the arguments of a call are, of so many by position and others by certain names: an index, or the name.

    Attributes:
        numbers: of those that are traced, in order.
        positional: how many of them go by position.
        by_name: the names of the others.
        names: of all of them, as far as they have one.
        static: of those that are not traced, by their names in the function.
    """

    numbers: tuple[int | str, ...]
    positional: int
    by_name: tuple[str, ...]
    names: tuple[str, ...]
    static: dict[str, int | str]

    def bound(self, args: Sequence[Any], named: Mapping[str, Any]) -> Bound:
        """One such call.

        Raises:
            TypeError: an argument that is static can't be told from others.
        """
        numbers = tuple([args[at] if type(at) is int else named[at] for at in self.numbers])  # type: ignore[index]
        given = {name: args[at] if type(at) is int else named[at] for name, at in self.static.items()}  # type: ignore[index]
        for name, x in given.items():
            try:
                hash(x)
            except TypeError:
                raise TypeError(
                    f"{name} is static, and so must be hashable, as strings, ints and tuples are: {x!r:.80}"
                ) from None
        return Bound(numbers, self, given)


class Names:
    """The arguments of a function by name: what a pickle takes along of it.

    Args:
        f: the function; a built-in may not tell them.
    """

    def __init__(self, f: Any) -> None:
        self._layouts: dict[tuple[Any, ...], Layout] = {}
        self.signature: inspect.Signature | None
        try:
            found = inspect.signature(f).parameters.values()
        except (TypeError, ValueError):
            self.signature = None
            return
        bare = [p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else None) for p in found]
        self.signature = inspect.Signature(bare)

    @property
    def known(self) -> list[str]:
        """All of them, in order."""
        return list(self.signature.parameters) if self.signature else []

    @property
    def free(self) -> list[str]:
        """Those that may be given by position or by name, as far as all before them may."""
        found = self.signature.parameters.values() if self.signature else ()
        return [p.name for p in takewhile(lambda p: p.kind is p.POSITIONAL_OR_KEYWORD, found)]

    def takes_several(self, static: Sequence[str]) -> bool:
        """Whether more than one is needed that is not static, or any number may be given."""
        parameters = self.signature.parameters.values() if self.signature else ()
        needed = [
            p for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD and p.default is p.empty and p.name not in static
        ]
        return len(needed) > 1 or any(p.kind is p.VAR_POSITIONAL for p in parameters)

    def bound(self, args: Sequence[Any], named: Mapping[str, Any], static: Sequence[str]) -> Bound:
        """A call of the function.

        Raises:
            TypeError: these are not its arguments, or one that is static can't be told from others.
        """
        form = (len(args), *named)
        if form not in self._layouts:
            if len(self._layouts) >= MOST:
                self._layouts.clear()
            self._layouts[form] = self._layout(len(args), list(named), static)
        return self._layouts[form].bound(args, named)

    def _layout(self, count: int, named: Sequence[str], static: Sequence[str]) -> Layout:
        if self.signature is None:
            raise TypeError("the names of the arguments of a built-in function are not known: give them by position")
        call = self.signature.bind(*range(count), **dict(zip(named, named)))
        left_out = {name: call.arguments.pop(name) for name in static if name in call.arguments}
        by_name = call.kwargs
        return Layout((*call.args, *by_name.values()), len(call.args), tuple(by_name), tuple(call.arguments), left_out)

    def __getstate__(self) -> Any:
        if self.signature is None:
            return None
        return [(p.name, p.kind.name, p.default is p.empty) for p in self.signature.parameters.values()]

    def __setstate__(self, state: Any) -> None:
        self._layouts, self.signature = {}, None
        if state is not None:
            made = inspect.Parameter
            parameters = [
                made(name, getattr(made, kind), default=made.empty if needed else None) for name, kind, needed in state
            ]
            self.signature = inspect.Signature(parameters)


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
