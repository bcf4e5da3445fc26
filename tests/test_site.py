"""The site as readers get it: it builds, asks no other server, is light, works from disk, and its search finds."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MEGABYTE = 1_000_000

# What is taught, and the section that teaches it.
TAUGHT = {
    "topological order": "course/0-write-it-yourself.html#the-right-order-topological",
    "perceptron": "course/1-linear-models.html",
    "XOR": "course/1-linear-models.html#a-task-that-no-line-can-solve-xor",
    "vanishing gradient": "course/2-activations.html#flat-ends-the-vanishing-gradient",
    "symmetry": "course/3-feedforward.html#why-weights-start-at-random-breaking-the-symmetry",
    "cross-entropy": "course/4-losses.html#two-losses-squared-error-and-cross-entropy",
    "learning rate": "course/5-gradient-descent.html#the-learning-rate",
    "gradient clipping": "course/5-gradient-descent.html#gradient-clipping",
    "local minima": "course/5-gradient-descent.html#local-minima",
    "finite differences": "course/6-backpropagation.html#finite-differences-and-their-price",
    "chain rule": "course/6-backpropagation.html#the-chain-rule-for-three",
    "softmax": "course/7-digits.html#the-cost-softmax-and-cross-entropy",
    "minibatches": "course/7-digits.html#learning-in-minibatches",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for needed in ("material", "mkdocstrings", "latex2mathml", "matplotlib"):
        pytest.importorskip(needed)
    if not (ROOT / "autograd_mini").is_dir():
        pytest.skip("the reference is read from the source, which is not here")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    # Without the playground, which takes its time: `make test-docs` builds and tries it.
    left_out = {"NO_MKDOCS_2_WARNING": "1", "AUTOGRAD_MINI_PLAYGROUND": "no"}
    environment = {**os.environ, **left_out, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=600)
    return folder


def pages(site: Path) -> list[Path]:
    return [path for path in site.rglob("*.html") if path.name != "404.html" and "live" not in path.parts]


def test_no_page_asks_another_server(site: Path) -> None:
    for path in pages(site):
        html = path.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|link rel="stylesheet"|img|iframe)[^>]*(?:src|href)="(?:https?:)?//', html) == []


def test_no_page_is_over_a_megabyte_before_its_figures_are_scrolled_to(site: Path) -> None:
    """The page with its pictures, scripts and styles; what is loaded when it is scrolled to is not counted."""
    for path in pages(site):
        html = path.read_text(encoding="utf-8")
        tags = [tag for tag in re.findall(r"<(?:img|script|link)\b[^>]*>", html) if 'loading="lazy"' not in tag]
        urls = {url for tag in tags for url in re.findall(r'\b(?:src|href)="([^"#?]+)"', tag)}
        files = [(path.parent / url).resolve() for url in urls if not url.startswith(("http", "data:"))]
        size = path.stat().st_size + sum(file.stat().st_size for file in files if file.is_file() and file != path)
        assert size < MEGABYTE, (path.relative_to(site), size)


def test_every_public_name_has_a_line_and_leads_to_its_documentation(site: Path) -> None:
    import autograd_mini
    from autograd_mini import nn

    html = (site / "reference/names.html").read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)[1:]
    links = [re.search(r'href="([^"#]*)#([^"]+)"', row) for row in rows]
    assert None not in links
    found = [re.sub(r"<[^>]*>|\(\)", "", row).split("\n")[1].strip() for row in rows]
    assert {*autograd_mini.__all__} - {"nn", "check", "compiler"} | {*nn.__all__} <= {*found}
    assert found == sorted(found, key=str.lower)
    for link in filter(None, links):
        assert f'id="{link[2]}"' in (site / "reference" / link[1]).read_text(encoding="utf-8")


def test_each_notebook_can_be_downloaded_from_its_page(site: Path) -> None:
    for page in sorted((site / "course").glob("[0-9]-*.html")):
        links = re.findall(r'<a download="(\w+\.ipynb)" href="(.+?)"', page.read_text(encoding="utf-8"))
        assert len(links) == 1
        assert (page.parent / links[0][1]).read_bytes() == (ROOT / "demos" / links[0][0]).read_bytes()


def test_each_picture_for_slides_comes_light_and_dark_as_svg_and_png(site: Path) -> None:
    html = (site / "teach.html").read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="slide">(.*?)</figure>', html)
    assert len(figures) == len(re.findall(r"\{ \.slide \}", (DOCS / "teach.md").read_text(encoding="utf-8"))) > 20
    for figure in figures:
        forms = re.findall(r'<a href="([^"]+)" download>', figure)
        assert [Path(form).suffix for form in forms] == [".svg", ".png", ".svg", ".png"]
        assert ["-dark" in form for form in forms] == [False, False, True, True]
        assert all((site / form).is_file() for form in forms)
    assert len(set(re.findall(r'slides/(\w+)\.png"', html))) == len(figures)


def test_what_is_taught_is_in_the_title_of_the_section_that_teaches_it(site: Path) -> None:
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    titles = {entry["location"]: entry["title"].lower() for entry in index["docs"]}
    for term, location in TAUGHT.items():
        assert location in titles, location
        assert term.lower().removesuffix(" order") in titles[location]


AMONG_THE_FIRST = """location => [...document.querySelectorAll(".md-search-result__item")]
    .slice(0, 3).some(item => item.innerHTML.includes(location))"""


def test_the_search_works_from_disk_and_finds_terms_where_they_are_taught(site: Path, browser: Any) -> None:
    tab = browser.new_page()
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto((site / "index.html").as_uri())
    query = tab.locator("input[name=query]").first
    for term, location in TAUGHT.items():
        query.focus()
        query.fill("")
        query.press_sequentially(term)
        # The list changes with every letter, so it may take a while until the answer to the whole word stands there.
        tab.wait_for_function(AMONG_THE_FIRST, arg=location, timeout=60_000)
    assert [url for url in requests if not url.startswith("file:")] == []
    tab.close()


@pytest.mark.parametrize("width", [1300, 390], ids=["desktop", "phone"])
def test_no_page_of_the_course_is_wider_than_the_screen(site: Path, browser: Any, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    for path in [site / "index.html", site / "teach.html", *sorted((site / "course").glob("*.html"))]:
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path.name
    tab.close()


def test_a_learner_gets_from_the_home_page_to_the_last_chapter_by_the_links_in_the_text(
    site: Path, browser: Any
) -> None:
    tab = browser.new_page()
    trouble: list[str] = []
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("console", lambda message: trouble.append(message.text))
    tab.goto((site / "index.html").as_uri())
    tab.click("article >> text=Start with chapter 0")
    reached = [tab.url]
    for _ in range(7):
        tab.locator("article p", has_text="Next:").locator("a").click()
        reached.append(tab.url)
    assert [url.rpartition("/")[2][:2] for url in reached] == [f"{n}-" for n in range(8)]
    assert trouble == []
    tab.close()
