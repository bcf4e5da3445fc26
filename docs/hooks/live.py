"""Live figures: `<div class="live" id="…" data-explore="…">` shows the page that `explore(…)` makes of it.

The names are those of the page's own snippets: all snippets above the closing tag are run.  So the figure shows the
graph of the text.  `data-panels` lists the panels next to the picture, `data-start` the initial state.
"""

import ast
import contextlib
import io
import os
import re
from html import escape, unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from autograd_mini import explore

_PIECE = re.compile(
    r"^```python\n(?P<snippet>.*?)^```$|^(?P<opening><div class=\"live\" (?P<attributes>[^>]*)>)|^(?P<closing></div>)",
    re.MULTILINE | re.DOTALL,
)
_FIGURE = re.compile(
    r"^<div class=\"live\" (?P<attributes>[^>]*)>\n(?P<task>.*?)(?=^<details|^```|^</div>)", re.MULTILINE | re.DOTALL
)
_RAISES = re.compile(r"# raises \w+$")


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files, **_: Any) -> str:
    """Called by MkDocs with each page: makes its live figures, and puts them into the page."""
    if 'class="live"' not in markdown:
        return markdown
    figures = live_figures(markdown, page.file.src_uri.removesuffix(".md"))
    for name, (html, _, _) in figures.items():
        files.append(File.generated(config, f"live/{name}.html", content=html))

    def shown(found: re.Match[str]) -> str:
        name = figure_name(page.file.src_uri.removesuffix(".md"), attributes_of(found)["id"])
        _, title, state = figures[name]
        return found[0] + frame(get_relative_url(f"live/{name}.html", page.url), title, *state)

    return _FIGURE.sub(shown, markdown)


def figure_name(page: str, figure: str) -> str:
    """The name of a figure's file.

    >>> figure_name("course/2-activations", "neuron")
    '2-activations-neuron'
    """
    return f"{page.split('/')[-1]}-{figure}"


def attributes_of(opening: re.Match[str]) -> dict[str, str]:
    """The attributes of the tag."""
    return {key: unescape(text) for key, text in re.findall(r'([\w-]+)="([^"]*)"', opening["attributes"])}


def live_figures(markdown: str, page: str) -> dict[str, tuple[str, str, tuple[str, str]]]:
    """By its name each figure of a page: the HTML of its own page, its title, its panels and its first state."""
    pieces = list(_PIECE.finditer(markdown))
    last = max((k for k, piece in enumerate(pieces) if piece["opening"]), default=-1)
    end = next((k for k, piece in enumerate(pieces) if k > last and piece["closing"]), last)
    names: dict[str, Any] = {"__name__": page}
    figures = {}
    pending: dict[str, str] = {}
    with in_an_empty_folder(), contextlib.redirect_stdout(io.StringIO()):
        for piece in pieces[: end + 1]:
            if piece["snippet"]:
                run(piece["snippet"], page, names)
            elif piece["opening"]:
                pending = attributes_of(piece)
            elif pending:
                made = eval(compile(f"explore({pending['data-explore']})", page, "eval"), names | {"explore": explore})
                panels = ".".join(pending.get("data-panels", "step leaves").split())
                name = figure_name(page, pending["id"])
                figures[name] = made.html, made.title, (panels, pending.get("data-start", ""))
                pending = {}
    return figures


def run(snippet: str, page: str, names: dict[str, Any]) -> None:
    """Run the statements of a snippet, but for those that are there to raise an error."""
    lines = snippet.splitlines()
    for statement in ast.parse(snippet).body:
        if not _RAISES.search(lines[(statement.end_lineno or 0) - 1]):
            exec(compile(ast.Module([statement], []), page, "exec"), names)


@contextlib.contextmanager
def in_an_empty_folder() -> Any:
    """Snippets write files: they shall not be among those of the documentation."""
    before = Path.cwd()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def frame(url: str, title: str, panels: str, start: str) -> str:
    """The figure as HTML for the text."""
    source = escape(f"{url}#compact={panels}{'&' * bool(start)}{start}")
    return (
        f'\n<iframe data-src="{source}" title="{escape(title)}"></iframe>\n\n'
        f'<p class="beside"><a class="whole" href="{escape(url + ("#" + start) * bool(start))}" target="_blank">'
        "Open it full screen</a></p>\n\n"
    )
