"""The short ways that a compiled function has at hand: the latest, and others by the types of their arguments."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from ..program import Flipped

MOST: Final = 64  # ways, beside the latest
Way = Callable[..., Any]
MISFITS: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, Flipped)
"""What a way raises where it can't take a call: the long way then runs it, or raises an error with words."""


class Shortcuts:
    """Ways to the value alone, and to the value with derivatives.

    Attributes:
        latest: of each the latest, for arguments like those of the latest call.
    """

    def __init__(self) -> None:
        self.latest: list[Way] = [refused, refused]
        self._others: dict[tuple[Any, ...], Way] = {}  # by whether derivatives are wanted, and the types

    def take(self, derivatives: bool, types: Sequence[type], way: Way | None) -> None:
        """Make this one the latest; None if there is none for these arguments."""
        self.latest[derivatives] = refused if way is None else way
        if way is not None:
            if len(self._others) >= MOST:
                self._others.clear()
            self._others[derivatives, *types] = way

    def other(self, derivatives: bool, args: Sequence[Any]) -> list[Any]:
        """[the result] of the way for arguments of these types; [] if there is none, or it can't take them."""
        way = self._others.get((derivatives, *[type(x) for x in args]))
        if way is None or way is self.latest[derivatives]:  # which was tried
            return []
        try:
            result = way(*args)
        except MISFITS:
            return []
        self.latest[derivatives] = way
        return [result]


def of_the_users(run: Way) -> Way:
    """`run`, which calls operations of the user's: what these raise, the long way raises with where it was."""

    @wraps(run)
    def tried(*numbers: Any) -> Any:
        try:
            return run(*numbers)
        except Exception as error:
            raise TypeError from error

    return tried


def refused(*args: Any) -> Any:
    """No way."""
    raise TypeError(f"there is no program for {len(args)} such arguments")
