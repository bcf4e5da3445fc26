"""Makes the notebook of each chapter of the course from its page: python docs/course/notebooks.py

The page is the source. Its text becomes text cells and its snippets become code cells, cut so that each result is
below the line that gives it. The cells are run here, and their outputs are stored.
"""

import ast
import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
DEMOS = HERE.parents[1] / "demos"
SLIDES = HERE.parent / "images" / "slides"
CHAPTERS = sorted(HERE.glob("[0-9]-*.md"))

INTRODUCTION = """\
This notebook is a chapter of the course of `autograd_mini`, which it needs: `pip install '.[demo]'` in a clone of the \
repository. Run the cells from top to bottom. Click on "Solution" to see the solution of an exercise."""

_FENCE = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_CLAIM = re.compile(r" *# → .*$")
_RAISES = re.compile(r"# raises (\w+)$")
_FIGURE = re.compile(r"^!\[(?P<alt>.*?)\]\(.*?/(?P<name>\w+)\.svg\)\{ \.(?P<kind>\w+) \}\n", re.MULTILINE)
_ASIDE = re.compile(r"^!!! .*\n(?:(?: {4}.*)?\n)+", re.MULTILINE)
_LIVE = re.compile(r'^<div class="live".*?data-explore="(.*?)".*?>\n(.*?)^</div>\n', re.MULTILINE | re.DOTALL)
_DETAILS = re.compile(
    r"^<details markdown=\"1\"><summary>(.*?)</summary>\n(.*?)^</details>\n", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)([^)]+)\)")


class Cell(NamedTuple):
    """A cell: of text, with the pictures in it by name, or of code, with the error that it should raise."""

    kind: str
    text: str
    pictures: tuple[str, ...] = ()
    raises: str = ""


def notebook_of(page: Path) -> Path:
    """Where the notebook of a chapter is: 2-activations.md becomes 02_activations.ipynb."""
    return DEMOS / f"0{page.stem.replace('-', '_')}.ipynb"


# ---- from the page to cells ----


def cells(page: Path) -> list[Cell]:
    """The cells of a chapter, in order."""
    text = _ASIDE.sub("", page.read_text(encoding="utf-8"))
    found = [cell for part, code in parts(text) for cell in (code_cells(part) if code else text_cells(part))]
    return [found[0], Cell("markdown", INTRODUCTION), *found[1:]]


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """The page cut into text and code, in order. A folded solution is text, with its code in it."""
    folded: list[str] = []

    def kept(found: re.Match[str]) -> str:
        folded.append(found[0])
        return f"\0{len(folded) - 1}\0\n"

    plain = _DETAILS.sub(kept, _LIVE.sub(lived, text))
    for i, part in enumerate(_FENCE.split(plain)):
        yield re.sub(r"\0(\d+)\0\n", lambda found: folded[int(found[1])], part), i % 2 == 1


def lived(found: re.Match[str]) -> str:
    """A live figure as cells: the code inside it, which makes its graph, a cell that shows it, and its task."""
    code = "".join(f"```python\n{snippet}```\n" for snippet in _FENCE.findall(found[2]))
    shows = f"```python\nfrom autograd_mini import explore\n\nexplore({unescape(found[1])})\n```\n"
    return code + shows + _FENCE.sub("", found[2])


def text_cells(text: str) -> Iterator[Cell]:
    """A cell for each section, and for each exercise with its solution."""
    for section in re.split(r"^(?=## |\*\*\d+\.\*\* )", text, flags=re.MULTILINE):
        # The picture of draw() is below its cell already, and a notebook's text cannot hold a moving one.
        pictures = tuple(found["name"] for found in _FIGURE.finditer(section) if found["kind"] == "plot")
        shown = _FIGURE.sub(lambda f: f"![{f['alt']}](attachment:{f['name']}.png)\n" * (f["kind"] == "plot"), section)
        shown = _DETAILS.sub(r"<details><summary>\1</summary>\n\2</details>\n", shown)
        shown = _LINK.sub(linked, shown)
        if shown.strip():
            yield Cell("markdown", re.sub(r"\n{3,}", "\n\n", shown).strip(), pictures)


def linked(found: re.Match[str]) -> str:
    """A link to another chapter leads to its notebook; of one to another page its words are left."""
    chapter = re.fullmatch(r"(\d-[\w-]+)\.md", found[2])
    return f"[{found[1]}]({notebook_of(Path(found[2])).name})" if chapter else found[1]


def code_cells(snippet: str) -> Iterator[Cell]:
    """A snippet, cut after each line that says what comes out, which is then seen below."""
    lines, begin = snippet.splitlines(), 0
    for statement in ast.parse(snippet).body:
        end = statement.end_lineno or 0
        raises = _RAISES.search(lines[end - 1])
        if raises or _CLAIM.search(lines[end - 1]):
            yield code_cell(lines[begin:end], raises[1] if raises else "")
            begin = end
    if "".join(lines[begin:]).strip():
        yield code_cell(lines[begin:])


def code_cell(lines: list[str], raises: str = "") -> Cell:
    """A cell of code, without what the last line says of its result."""
    return Cell("code", "\n".join([*lines[:-1], _CLAIM.sub("", lines[-1])]).strip("\n"), raises=raises)


# ---- running the cells ----


def run(cell: Cell, namespace: dict[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
    """The value of the last line of a cell, and what a notebook stores below the cell."""
    printed = io.StringIO()
    body = ast.parse(cell.text).body
    last = body[-1] if isinstance(body[-1], ast.Expr) else None
    value, outputs = None, list[dict[str, Any]]()
    try:
        with redirect_stdout(printed):
            exec(compile(ast.Module(body[:-1] if last else body, []), "cell", "exec"), namespace)
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), namespace) if last else None
    except Exception as error:
        if type(error).__name__ != cell.raises:
            raise
        text = f"{cell.raises}: {error}"
        outputs.append({"output_type": "error", "ename": cell.raises, "evalue": str(error), "traceback": [text]})
    if printed.getvalue():
        outputs.insert(0, {"name": "stdout", "output_type": "stream", "text": lined(printed.getvalue())})
    if value is not None:
        outputs.append({"data": shown(value), "metadata": {}, "output_type": "execute_result"})
    return value, outputs


def shown(value: Any) -> dict[str, Any]:
    """A value as a notebook shows it. An explorer is not stored: it is large, and comes when its cell is run."""
    rich: Callable[[], dict[str, str]] = getattr(value, "_repr_mimebundle_", dict)
    return {kind: lined(text) for kind, text in ({"text/plain": repr(value)} | rich()).items() if kind != "text/html"}


def lined(text: str) -> list[str]:
    """A text as notebooks store it."""
    return text.splitlines(keepends=True)


def drawings(page: Path) -> dict[str, Any]:
    """The drawings of a chapter by the name of the picture that follows each: what its snippets draw there."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    found: dict[str, Any] = {}
    value: Any = None
    text = _ASIDE.sub("", page.read_text(encoding="utf-8"))
    for part, code in parts(text):
        if code:
            for cell in code_cells(part):
                value = run(cell, namespace)[0]
        elif (figure := _FIGURE.match(part.lstrip())) and figure["kind"] == "graph":
            found[figure["name"]] = value
    return found


# ---- the file ----


def notebook(page: Path, *, executed: bool = True) -> dict[str, Any]:
    """The notebook of a chapter, with the outputs of its cells if `executed`.  The same page gives the same bytes."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    content: list[dict[str, Any]] = []
    count = 0
    for n, cell in enumerate(cells(page), 1):
        made: dict[str, Any] = {"cell_type": cell.kind, "id": f"cell-{n}", "metadata": {}, "source": lined(cell.text)}
        if cell.kind == "code":
            count += 1
            outputs = run(cell, namespace)[1] if executed else []
            results = [out | ({"execution_count": count} if "data" in out else {}) for out in outputs]
            made |= {"execution_count": count if executed else None, "outputs": results}
            made["metadata"] = {"tags": ["raises-exception"]} if cell.raises else {}
        elif cell.pictures:
            made["attachments"] = {f"{name}.png": {"image/png": encoded(name)} for name in cell.pictures}
        content.append(made)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": content, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def encoded(name: str) -> str:
    """A picture of the course as a notebook carries it."""
    return base64.b64encode((SLIDES / f"{name}.png").read_bytes()).decode()


if __name__ == "__main__":
    for chapter in CHAPTERS:
        path = notebook_of(chapter)
        path.write_text(json.dumps(notebook(chapter), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(path, path.stat().st_size)
