"""What a program prints, on its way to the page."""

import io
from collections.abc import Callable
from time import monotonic

MOST = 100_000  # characters that the page shows
EVERY = 0.05  # seconds between two messages to the page
CUT = "\n… The page shows no more than this.\n"


class Output(io.TextIOBase):
    r"""A stream whose text goes to the page while the program runs, a few times a second.

    As on a terminal, what follows a "\r" is written over the line, so that a progress bar stays on one.

    Args:
        tell: called with a place in the text, and what is there from now on instead of all that came after it.
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
        self._place = 0  # how much of the text is on the page for good
        self._text = ""  # what may still change: from there to the end
        self._at = 0  # where in it the next character goes, not its end after a "\r"
        self._told, self._when = "", monotonic()
        self._full = False

    def isatty(self) -> bool:
        """Progress bars ask: there is a reader."""
        return True

    def writable(self) -> bool:
        """Streams are asked this."""
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
        """Tell the page of all there is."""
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
