"""Texts of the user's own, made safe to print on a terminal."""

import unicodedata

_JOINERS = "\u200c\u200d"  # parts of words in many scripts, and of emoji


def visible(text: str) -> str:
    r"""A text in one line, with escapes for control characters, which could move the cursor or reverse the text.

    >>> print(visible("w₁\x1b[31m\n"))
    w₁\x1b[31m\n
    """
    return "".join(c if c.isprintable() or c in _JOINERS else _escaped(c) for c in text)


def _escaped(c: str) -> str:
    return c if unicodedata.category(c) in ("Zs", "Co", "Cn") else c.encode("unicode_escape").decode("ascii")
