"""The live figures of the documentation: each loads when it is scrolled to, steps, and computes what Python does."""

import importlib.util
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd_mini import Value, topological_order
from autograd_mini.render import Page, explore

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if 'class="live"' in page.read_text(encoding="utf-8"))
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def hook() -> Any:
    """The module that MkDocs calls."""
    spec = importlib.util.spec_from_file_location("live", DOCS / "hooks/live.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str], tuple[Path, list[Value]]]:
    """Write the figures of a page and a page around them, as MkDocs would; and say what they are of."""

    def write(markdown: str, name: str = "page") -> tuple[Path, list[Value]]:
        live, roots = hook(), []

        def noted(root: Value, **options: Any) -> Page:
            roots.append(root)
            return explore(root, **options)

        live.explore = noted
        (tmp_path / "live").mkdir()
        frames = []
        for figure, (html, title, state) in live.live_figures(markdown, name).items():
            (tmp_path / f"live/{figure}.html").write_text(html, encoding="utf-8")
            frames.append(f'<div class="live">{live.frame(f"live/{figure}.html", title, *state)}</div>')
        shutil.copy(DOCS / "live.js", tmp_path)
        page = tmp_path / "page.html"
        room = '<p style="height:3000px">'
        page.write_text(
            "<!doctype html><meta name=viewport content='width=device-width'>"
            "<style>iframe{width:100%;border:0}</style>"
            f'<body data-md-color-scheme="default">{room}{room.join(frames)}<script src="live.js"></script>',
            encoding="utf-8",
        )
        return page, roots

    return write


def gradients_of(root: Value) -> tuple[list[Value], list[float]]:
    order = topological_order(root)
    for v in order:
        v.grad = 0.0
    root.backward()
    return order, [v.grad for v in order]


def shown(frame: Any, what: str) -> dict[str, float]:
    found = json.loads(
        frame.locator("body").evaluate(
            f"""() => JSON.stringify(Object.fromEntries([...document.querySelectorAll(".card")]
                .map((card) => [card.id, card.dataset.{what}])))"""
        )
    )
    return {key: float(text.replace("Infinity", "inf")) for key, text in found.items() if text}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
@pytest.mark.parametrize("device", [{"viewport": {"width": 1100, "height": 800}}, PHONE], ids=["desktop", "phone"])
def test_each_figure_loads_when_scrolled_to_and_computes_what_python_does(
    page: Path, device: dict[str, Any], site: Any, browser: Any
) -> None:
    path, roots = site(page.read_text(encoding="utf-8"), page.stem)
    context = browser.new_context(**device)
    tab = context.new_page()
    trouble: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: trouble.append(message.text))
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(path.as_uri())
    assert not [url for url in requests if "/live/" in url]
    frames = tab.locator("iframe")
    assert frames.count() == len(roots) > 0
    for k, root in enumerate(roots):
        frames.nth(k).scroll_into_view_if_needed()
        frame = tab.frame_locator("iframe").nth(k)
        frame.locator("body.ready").wait_for()
        tab.wait_for_function(f"() => document.querySelectorAll('iframe')[{k}].style.height")
        body = frame.locator("body")
        assert body.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        if body.evaluate("() => !document.body.classList.contains('quizzing')"):
            frame.locator("#last").click() if frame.locator("#last").is_enabled() else None
            order, gradients = gradients_of(root)
            values, found = shown(frame, "value"), shown(frame, "gradient")
            assert values
            for key, x in values.items():
                i = int(key.removeprefix("v"))
                assert math.isclose(x, order[i].data, rel_tol=1e-11, abs_tol=1e-300)
                assert math.isclose(found[key], gradients[i], rel_tol=1e-11, abs_tol=1e-300)
            before = frame.locator("#place").inner_text()
            frame.locator("#back").click()
            assert frame.locator("#place").inner_text() != before
    context.close()
    assert trouble == []
    assert all(url.startswith(path.parent.as_uri()) for url in requests)


FIGURE = """
```python
from autograd_mini import Value

w, x = Value(0.5, label="w"), Value(2.0, label="x")
loss = (w * x - 3.0) ** 2
loss.backward("seed")  # raises TypeError
```

<div class="live" id="{id}" data-explore="loss, title='A &amp; B'" {more} markdown="1">
**Task.** Move w.
</div>

```python
raise SystemExit("what is below the last figure is not run")
```
"""


def test_a_figure_is_of_the_text_s_own_code_and_begins_where_it_is_told_to(site: Any, browser: Any) -> None:
    figure = FIGURE.format(id="one", more='data-panels="leaves descent" data-start="at=end&amp;w=1.25&amp;rate=0.03"')
    path, _ = site(figure)
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.locator("iframe").scroll_into_view_if_needed()
    frame = tab.frame_locator("iframe")
    assert frame.locator("#v0").get_attribute("data-value") == "1.25"
    assert float(frame.locator("#v0").get_attribute("data-gradient")) == 2 * (1.25 * 2 - 3) * 2
    visible = {panel.get_attribute("data-panel") for panel in frame.locator(".panel").all() if panel.is_visible()}
    assert visible == {"leaves", "descent"}
    assert not frame.locator("header").is_visible()
    assert frame.locator("#rate").input_value() == "0.03"
    tab.close()


def test_a_figure_follows_the_theme_of_the_page_and_gets_the_height_it_needs(site: Any, browser: Any) -> None:
    path, _ = site(FIGURE.format(id="one", more=""))
    tab = browser.new_page(viewport={"width": 900, "height": 700})
    tab.goto(path.as_uri())
    tab.locator("iframe").scroll_into_view_if_needed()
    frame = tab.frame_locator("iframe")
    frame.locator("body.ready").wait_for()
    tab.wait_for_function("() => document.querySelector('iframe').style.height")
    assert frame.locator("body").evaluate("() => document.documentElement.scrollHeight <= innerHeight + 1")
    theme = "() => document.documentElement.dataset.theme"
    for scheme, expected in (("slate", "dark"), ("default", "light"), ("slate", "dark")):
        tab.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
        frame.locator(f"html[data-theme={expected}]").wait_for(state="attached")
        assert frame.locator("body").evaluate(theme) == expected
    tab.close()


def test_the_link_to_the_whole_page_leads_to_what_is_on_show(site: Any, browser: Any) -> None:
    path, _ = site(FIGURE.format(id="one", more=""))
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.locator("iframe").scroll_into_view_if_needed()
    frame = tab.frame_locator("iframe")
    frame.get_by_label("The number of w").fill("2.5")
    frame.get_by_label("The number of w").press("Enter")
    frame.locator("#to-backward").click()
    tab.wait_for_function("() => /w=2.5/.test(document.querySelector('a.whole').hash)")
    tab.goto(tab.locator("a.whole").evaluate("(link) => link.href"))
    assert tab.locator("#v0").get_attribute("data-value") == "2.5"
    assert "forward" in tab.locator("#pass").inner_text() or "backward" in tab.locator("#pass").inner_text()
    assert tab.locator("header h1").inner_text() == "A & B"
    tab.close()


def test_no_two_figures_share_a_file() -> None:
    live = hook()
    names = [
        live.figure_name(str(page.relative_to(DOCS)).removesuffix(".md"), live.attributes_of(found)["id"])
        for page in PAGES
        for found in live._FIGURE.finditer(page.read_text(encoding="utf-8"))
    ]
    assert len(names) == len(set(names)) > 0


def test_each_figure_has_a_task_and_a_folded_answer() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for figure in re.findall(r'^<div class="live".*?^</div>', text, re.MULTILINE | re.DOTALL):
            assert "**Task.**" in figure, (page, figure)
            assert '<details markdown="1"><summary>Answer</summary>' in figure, (page, figure)
