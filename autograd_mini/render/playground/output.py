"""Sends the output of a program to the page."""

import io
from collections.abc import Callable
from time import monotonic

MOST = 100_000  # the page shows so many characters
EVERY = 0.05  # seconds between two messages to the page
CUT = "\n… The page shows no more than this.\n"


class Output(io.TextIOBase):
    r"""A stream whose text goes to the page while the program runs, a few times a second.

    As on a terminal, text after a "\r" overwrites the line, so that a progress bar stays on one line.

    Args:
        tell: called with a place in the text, and the text that replaces everything from there on.
        every: seconds between two messages.

    >>> told = []
    >>> output = Output(lambda place, text: told.append((place, text)), every=60.0)
    >>> print("a\nepoch 1\repoch 2", file=output); output.flush()
    >>> print("b", file=output); output.flush()
    >>> told
    [(0, 'a\nepoch 2\n'), (10, 'b\n')]
    """

    encoding = "utf-8"

    def __init__(self, tell: Callable[[int, str], None], every: float = EVERY) -> None:
        self._tell, self._every = tell, every
        self._place = 0  # the length of the part that is on the page and can't change
        self._text = ""  # the part that may still change
        self._at = 0  # where the next character goes in it; after a "\r" not at its end
        self._told, self._when = "", monotonic()
        self._full = False

    def isatty(self) -> bool:
        """True, so that progress bars are shown."""
        return True

    def writable(self) -> bool:
        """True, as for other output streams."""
        return True

    def write(self, text: str) -> int:
        """Add a text, and tell the page of it now and then."""
        if not self._full:
            for i, part in enumerate(text.split("\r")):
                if i:
                    self._at = self._text.rfind("\n") + 1
                self._put(part)
            self._full = self._place + len(self._text) > MOST
            if self._full:
                self._text = self._text[: MOST - self._place] + CUT
            if self._full or monotonic() - self._when >= self._every:
                self.flush()
        return len(text)

    def flush(self) -> None:
        """Send the rest to the page."""
        if self._text != self._told:
            self._tell(self._place, self._text)
        line = self._text.rfind("\n") + 1
        self._place += line
        self._text = self._told = self._text[line:]
        self._at = max(self._at - line, 0)
        self._when = monotonic()

    def _put(self, part: str) -> None:
        """Overwrite the line in place, and add the lines that follow."""
        line, newline, rest = part.partition("\n")
        self._text = self._text[: self._at] + line + self._text[self._at + len(line) :]
        self._at += len(line)
        if newline:
            self._text += newline + rest
            self._at = len(self._text)
