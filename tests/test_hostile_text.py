"""Names and labels of any characters stay text: in pictures, in pages, and on a terminal."""

import json
import math
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_mini import (
    AnomalyError,
    Value,
    compiler,
    detect_anomaly,
    draw,
    explain,
    explore,
    formula,
    gradcheck,
    primitive,
)
from autograd_mini.cli import main
from autograd_mini.printing import visible

HOSTILE = [
    "\x00",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\r overwritten",
    "</script><script>window.__pwned=1</script>",
    "<img src=x onerror=window.__pwned=1>",
    "\"'`<>&",
    "a\nb\tc",
    "\x7f\x9b\x85",
    "\u202eabc\u2066",
    "\u2028\u2029",
    "\ud800",
    "\udfff\ud800",
    "\ufffe\uffff",
    "]]> --> <!--",
    "{{title}} {{data}}",
    "\\N\\G\\T\\l",
    "%n $x ${x} `x`",
    "é\u0301 \u200b \U0001f600 日本",
    "x" * 3000,
]
text = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(HOSTILE)


def named(name: str) -> Callable[..., Any]:
    """A sine of the user's own, of that name."""

    def f(x: float) -> float:
        return math.sin(x)

    f.__name__ = f.__qualname__ = name
    return primitive(lambda m, z, x: m.cos(x))(f)


def graph(name: str) -> tuple[Value, Value]:
    x = Value(0.5, label=name)
    y = named(name)(x) * x
    y.label = name
    return y, x


def harmless(printed: str) -> bool:
    """Whether a terminal shows it as it is, line by line."""
    return all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in printed) and not (
        re.search("[\u202a-\u202e\u2066-\u2069]", printed)
    )


TAGS = {"svg", "style", "desc", "g", "title", "a", "path", "polygon", "polyline", "text"}


@pytest.mark.filterwarnings("ignore:the PNG shows boxes")  # said where there are emoji and no Graphviz on the system
@pytest.mark.parametrize("name", HOSTILE)
def test_pictures(name: str, tmp_path: Path) -> None:
    y, _ = graph(name)
    drawing = draw(y, partials=True, names={name: y})
    for tag in ET.fromstring(drawing.svg).iter():
        assert tag.tag.rpartition("}")[2] in TAGS
        assert not [key for key in tag.attrib if key.startswith("on") or key.endswith("href")]
    for suffix in (".svg", ".png", ".dot"):
        assert drawing.save(tmp_path / f"x{suffix}").stat().st_size > 50


@pytest.mark.parametrize("name", HOSTILE)
def test_pages(name: str, tmp_path: Path) -> None:
    y, _ = graph(name)
    page = explore(y, title=name, names={name: y})
    html = page.save(tmp_path / "x.html").read_text(encoding="utf-8")
    assert html.count("<script") == explore(Value(1.0) * 2.0).html.count("<script")
    assert "<img" not in html
    data = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["nodes"]
    assert page._repr_html_().count("<") == 2  # an iframe and its end


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_printed(name: str) -> None:
    y, x = graph(name)
    assert harmless(str(explain(y, x)))
    assert harmless(repr(x))
    f = named(name)
    assert harmless(str(gradcheck(f, 0.5)))
    assert harmless(str(gradcheck(lambda d: f(d[name]), {name: 0.5})))
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        f(Value(math.nan, label=name)) * x
    said = "\n".join([line for line in str(caught.value).splitlines() if "line " not in line])
    assert harmless(said)
    with pytest.raises(ValueError, match=r"domain|positive") as refused:
        Value(-1.0, label=name).log()
    assert harmless("\n".join([str(refused.value), *refused.value.__notes__]))
    assert isinstance(str(formula(y)), str)


@pytest.mark.parametrize("name", HOSTILE)
def test_compiled(name: str) -> None:
    f = named(name)
    compiled = compiler.compile(lambda x: f(x) * x)
    assert compiled.value_and_grad(0.5) == pytest.approx((0.5 * math.sin(0.5), math.sin(0.5) + 0.5 * math.cos(0.5)))


@pytest.mark.parametrize("title", [name for name in HOSTILE if "\0" not in name])
def test_the_command_line(title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "x*y", "x=1", "y=2", "-o", str(tmp_path / "x.html"), "--title", title]) == 0
    assert main(["grad", title]) != 0
    captured = capsys.readouterr()
    assert harmless(captured.out)
    assert harmless(captured.err)


@settings(max_examples=25)
@given(text, text)
def test_any_texts(name: str, label: str) -> None:
    x = Value(0.5, label=label)
    y = named(name)(x) * x
    ET.fromstring(draw(y).svg)
    explore(y, title=label).html.encode()
    assert harmless(str(explain(y, x)))


@given(st.text(st.characters(codec=None)))
def test_visible_text_is_harmless_and_in_one_line(text: str) -> None:
    assert harmless(visible(text))
    assert len(visible(text).splitlines()) <= 1


@pytest.mark.parametrize("text", ["x", "w₁ · x", "größe", "日本", "\U0001f600", "e\u0301", "a\u00a0b", "\u200dx"])
def test_visible_text_is_unchanged(text: str) -> None:
    assert visible(text) == text
