"""Arguments passed by name, and arguments that are not numbers: the function with these in their places."""

import inspect
import reprlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final, NamedTuple

MOST: Final = 64  # layouts to keep


class Fixed:
    """A function of only the numbers: the first are passed by position, those of `names` by name; the rest is fixed.

    Args:
        f: the function.
        count: how many are passed by position.
        names: the names of the others.
        given: the fixed arguments, which are not numbers.
    """

    def __init__(self, f: Callable[..., Any], count: int, names: Sequence[str], given: Mapping[str, Any]) -> None:
        self.f, self.count, self.names, self.given = f, count, names, given
        self.__name__ = getattr(f, "__name__", repr(f))

    def __call__(self, *args: Any) -> Any:
        return self.f(*args[: self.count], **dict(zip(self.names, args[self.count :], strict=True)), **self.given)


class Bound(NamedTuple):
    """A call, with its arguments sorted.

    Attributes:
        numbers: the traced arguments, in order.
        layout: their places in the call.
        given: the other arguments, by name.
    """

    numbers: tuple[Any, ...]
    layout: "Layout"
    given: dict[str, Any]

    @property
    def key(self) -> Hashable:
        """The key of a call: calls with different keys need different programs."""
        return (
            self.layout.positional,
            self.layout.by_name,
            tuple([(name, type(x), x) for name, x in self.given.items()]),
        )

    def fixed(self, f: Callable[..., Any]) -> Fixed:
        """The function of only the numbers."""
        return Fixed(f, self.layout.positional, self.layout.by_name, self.given)


class Layout(NamedTuple):
    """The places of arguments in a call, which has some by position and some by name.  A place is an index or a name.

    Attributes:
        numbers: the places of the traced arguments, in order.
        positional: how many of them are passed by position.
        by_name: the names of the others.
        names: the names of all traced arguments that have one.
        static: the places of the arguments that are not traced, by their names in the function.
    """

    numbers: tuple[int | str, ...]
    positional: int
    by_name: tuple[str, ...]
    names: tuple[str, ...]
    static: dict[str, int | str]

    def bound(self, args: Sequence[Any], named: Mapping[str, Any]) -> Bound:
        """One such call.

        Raises:
            TypeError: a static argument is not hashable.
        """
        numbers = tuple([args[at] if type(at) is int else named[at] for at in self.numbers])  # type: ignore[index]
        given = {name: args[at] if type(at) is int else named[at] for name, at in self.static.items()}  # type: ignore[index]
        for name, x in given.items():
            try:
                hash(x)
            except TypeError:
                raise TypeError(
                    f"{name} is static, so it must be hashable, such as a string, an int, a tuple or a frozen "
                    f"dataclass, not {reprlib.repr(x)}"
                ) from None
        return Bound(numbers, self, given)


class Names:
    """The names of a function's arguments, which are pickled in its place.

    Args:
        f: the function; a built-in may not have them.
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
        """All names, in order."""
        return list(self.signature.parameters) if self.signature else []

    @property
    def free(self) -> list[str]:
        """The first arguments, up to one that can't be passed both by position and by name."""
        found = self.signature.parameters.values() if self.signature else ()
        return [p.name for p in takewhile(lambda p: p.kind is p.POSITIONAL_OR_KEYWORD, found)]

    def takes_several(self, static: Sequence[str]) -> bool:
        """Whether it needs more than one argument that is not static, or takes any number."""
        parameters = self.signature.parameters.values() if self.signature else ()
        needed = [
            p for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD and p.default is p.empty and p.name not in static
        ]
        return len(needed) > 1 or any(p.kind is p.VAR_POSITIONAL for p in parameters)

    def bound(self, args: Sequence[Any], named: Mapping[str, Any], static: Sequence[str]) -> Bound:
        """A call of the function.

        Raises:
            TypeError: these are not its arguments, or a static one is not hashable.
        """
        form = (len(args), *named)
        if form not in self._layouts:
            if len(self._layouts) >= MOST:
                self._layouts.clear()
            self._layouts[form] = self._layout(len(args), list(named), static)
        return self._layouts[form].bound(args, named)

    def _layout(self, count: int, named: Sequence[str], static: Sequence[str]) -> Layout:
        if self.signature is None:
            raise TypeError("a built-in function does not tell the names of its arguments: pass them by position")
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
    """The names of arguments in an option.

    Raises:
        TypeError, ValueError: it is not a name or several, or f has no argument with such a name.
    """
    names = (names,) if isinstance(names, str) else names
    if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{option} must be names of arguments, not {names!r:.80}")
    known = inspect.signature(f).parameters if names else {}
    for name in names:
        if name not in known:
            raise ValueError(f"{option} names {name!r}, which is not an argument of {getattr(f, '__name__', f)}")
    return tuple(names)
