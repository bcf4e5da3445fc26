"""Formulas as MathML, which browsers set by themselves: no script, and no other server, is needed to read a page."""

import re
from html import unescape
from typing import Any

from latex2mathml.converter import convert

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_DISPLAY = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)


def on_page_content(html: str, **_: Any) -> str:
    """What MkDocs calls with each page: `$…$` and `$$…$$`, marked by arithmatex, become `<math>`."""
    html = _DISPLAY.sub(lambda found: convert(unescape(found[1]).strip(), display="block"), html)
    return _INLINE.sub(lambda found: convert(unescape(found[1]).strip()), html)
