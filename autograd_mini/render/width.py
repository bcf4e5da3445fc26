"""Estimates of the width of a text in any script, before the font is known."""

import unicodedata

# Widths of bold letters, in ems, in the widest of the sans-serif fonts that a reader may have.
_NARROW, _SMALL, _USUAL, _BROAD, _WIDE, _WIDEST = 0.4, 0.5, 0.7, 0.86, 1.08, 1.35
_OF_ASCII = {**dict.fromkeys("iljft.,:;'|!()[]I `/\\-", _NARROW), **dict.fromkeys("mwMW@%", _WIDE)}
_FULL = 1.1  # East Asian letters and emoji
_JOINERS = {"\u200b", "\u200c", "\u200d", "\ufe0e", "\ufe0f"}
_PLACEHOLDER = "\ufffd"  # for a character that a picture can't contain; it is shown as a box
_BROAD_SCRIPTS = (  # whose letters are as broad as capitals, or are joined to broad forms
    *[(0x0400, 0x058F), (0x0600, 0x07BF), (0x0900, 0x0DFF), (0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1200, 0x139F)],
    *[(0x1780, 0x17FF), (0x1800, 0x18AF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE), (0x1D400, 0x1D7FF)],
)


def width_in_ems(text: str) -> float:
    """The width of a text in bold sans-serif letters, as a multiple of their size; it errs on the large side.

    >>> [round(width_in_ems(text), 1) for text in ("loss", "Ширина", "重み", "e\u0301", "")]
    [2.5, 5.7, 2.2, 0.7, 0]
    """
    return sum(map(_of_character, text))


def beyond_the_engine(text: str) -> str:
    """The letters of a text for which the embedded engine has no glyphs.

    >>> beyond_the_engine("вес w²₁ 重み")
    '重み'
    """
    return "".join(c for c in text if c not in _JOINERS and c != _PLACEHOLDER and _is_beyond(c))


def _is_beyond(c: str) -> bool:
    is_broad = any(first <= ord(c) <= last for first, last in _BROAD_SCRIPTS[1:])  # it has Cyrillic, the first
    return is_broad or unicodedata.east_asian_width(c) in ("W", "F") or unicodedata.category(c) == "So"


def _of_character(c: str) -> float:
    if c in _OF_ASCII:
        return _OF_ASCII[c]
    if c in _JOINERS or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(c) in ("W", "F") or unicodedata.category(c) == "So":
        return _FULL
    if any(first <= ord(c) <= last for first, last in _BROAD_SCRIPTS):
        return _WIDEST if c in "ЖШЩЮжшщю" else _BROAD
    if unicodedata.category(c) == "No":  # the indices of textbooks
        return _SMALL
    return _BROAD if c.isupper() else _USUAL
