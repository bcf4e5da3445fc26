"""A picture that is redrawn in place, if somebody can see it: in a notebook, or on another screen."""

import sys
from collections.abc import Callable
from importlib import import_module

Show = Callable[[dict[str, str]], None]  # takes the content in all its forms, by media type
Screen = Callable[[], Show]  # opens a new place and returns the function that shows something there

_screen: Screen | None = None


def use_screen(screen: Screen | None) -> Screen | None:
    """Choose where pictures appear that are redrawn in place.

    Args:
        screen: called for each new place, it returns the function that shows something there; None for notebooks only.

    Returns:
        The choice before.

    >>> shown = []
    >>> before = use_screen(lambda: shown.append)
    >>> open_place()({"text/plain": "1"})
    >>> _ = use_screen(before)
    >>> shown
    [{'text/plain': '1'}]
    """
    global _screen
    before, _screen = _screen, screen
    return before


def open_place() -> Show | None:
    """A new place for a picture, as the function that shows something there; None if there is no screen.

    >>> open_place() is None
    True
    """
    if _screen is not None:
        return _screen()
    return _notebook_cell() if _is_notebook() else None


def _is_notebook() -> bool:
    """Whether this runs in a kernel; an import of ipykernel does not prove that."""
    return "ipykernel" in sys.modules and hasattr(import_module("IPython").get_ipython(), "kernel")


def _notebook_cell() -> Show:
    display = import_module("IPython.display").display
    handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(content: dict[str, str]) -> None:
        handle.update(content, raw=True)

    return show
