"""The short ways of a compiled function: the latest, and others by the types of their arguments."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from ..program import Flipped

MOST: Final = 64  # ways, in addition to the latest
Way = Callable[..., Any]
MISFITS: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, Flipped)
"""A way raises one of these if it can't handle a call: the long way then runs it, or raises a helpful error."""


class Shortcuts:
    """Ways for the value alone, and for the value with derivatives.

    Attributes:
        latest: the latest of both, for arguments like those of the latest call.
    """

    def __init__(self) -> None:
        self.latest: list[Way] = [refused, refused]
        self._others: dict[tuple[Any, ...], Way] = {}  # by derivatives (True or False) and types

    def take(self, derivatives: bool, types: Sequence[type], way: Way | None) -> None:
        """Make this one the latest; None if there is none for these arguments."""
        self.latest[derivatives] = refused if way is None else way
        if way is not None:
            if len(self._others) >= MOST:
                self._others.clear()
            self._others[derivatives, *types] = way

    def other(self, derivatives: bool, args: Sequence[Any]) -> list[Any]:
        """[the result] of the way for arguments of these types; [] if there is none, or it can't handle them."""
        way = self._others.get((derivatives, *[type(x) for x in args]))
        if way is None or way is self.latest[derivatives]:  # already tried
            return []
        try:
            result = way(*args)
        except MISFITS:
            return []
        self.latest[derivatives] = way
        return [result]


def of_the_users(run: Way) -> Way:
    """`run` for a program with a user's operations: if these raise, the long way raises again and says where."""

    @wraps(run)
    def tried(*numbers: Any) -> Any:
        try:
            return run(*numbers)
        except Exception as error:
            raise TypeError from error

    return tried


def refused(*args: Any) -> Any:
    """No way."""
    raise TypeError(f"there is no program for these {len(args)} arguments")
