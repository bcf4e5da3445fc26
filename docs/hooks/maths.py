"""Formulas as MathML, which browsers set by themselves: no script, and no other server, is needed to read a page."""

import re
from html import unescape
from typing import Any

from latex2mathml.converter import convert

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_DISPLAY = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)
_NAME = re.compile(r"\\operatorname\{((?:[^{}]|\{\\_\})+)\}")


def on_page_content(html: str, **_: Any) -> str:
    """What MkDocs calls with each page: `$…$` and `$$…$$`, marked by arithmatex, become `<math>`."""
    html = _DISPLAY.sub(lambda found: mathml(found[1], "block"), html)
    return _INLINE.sub(lambda found: mathml(found[1], "inline"), html)


def mathml(latex: str, display: str) -> str:
    """A formula. The converter sets names as `atan2` and `leaky_relu` letter by letter, so they come in afterwards."""
    names: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        names.append(found[1].replace(r"{\_}", "_"))
        return rf"\operatorname{{name{chr(ord('A') + len(names) - 1)}}}"

    text = convert(_NAME.sub(stand_in, unescape(latex).strip()), display=display)
    return re.sub("<mo>name([A-Z])</mo>", lambda found: f"<mi>{names[ord(found[1]) - ord('A')]}</mi>", text)
