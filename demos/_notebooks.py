"""Makes a notebook of each demo of the course, beside it: python demos/_notebooks.py

The demo is the source. Its docstring and its `# %%` comments become the text, its functions become cells, and so does
each paragraph of main(), as soon as all that it uses is there. Pictures are shown where they are drawn.
"""

import ast
import json
import re
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
SETUP = """\
from tempfile import mkdtemp

from IPython.display import SVG

out = Path(mkdtemp())  # for the pictures"""


class Section(NamedTuple):
    """What stands between two `# %%` comments."""

    text: str
    code: str

    def defines(self) -> set[str]:
        """The names that its code gives a meaning, but for those that it imports."""
        nodes = ast.parse(self.code).body
        functions = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        assigned = [node for node in nodes if isinstance(node, (ast.Assign, ast.AnnAssign))]
        return functions | {n.id for node in assigned for n in ast.walk(node) if isinstance(n, ast.Name)}


def sections(source: str) -> list[Section]:
    """The demo up to its main(), cut at the `# %%` comments."""
    docstring = ast.get_docstring(ast.parse(source)) or ""
    title, _, text = docstring.partition("\n")
    before, *parts = re.split(r"^# %% ", source[: source.index("\ndef main(")], flags=re.MULTILINE)
    code = before.split('"""', 2)[2].strip()
    found = [Section(f"# {title.rstrip('.')}\n\n{text.strip()}", code)]
    for part in parts:
        heading, *lines = part.splitlines()
        end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
        comment = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[:end])
        found.append(Section(f"## {heading}\n\n{comment}", "\n".join(lines[end:]).strip()))
    return found


def paragraphs(source: str) -> list[str]:
    """Those of main(), without its docstring and its return."""
    main = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "main")
    lines = source.splitlines()[main.body[1].lineno - 1 : main.body[-1].lineno - 1]
    return [paragraph.strip() for paragraph in dedent("\n".join(lines)).split("\n\n") if paragraph.strip()]


def cells(source: str) -> list[tuple[str, str]]:
    """The kind and the text of each cell, in order."""
    parts = sections(source)
    homes: list[list[str]] = [[SETUP], *([] for _ in parts[1:])]
    home = 0
    for paragraph in paragraphs(source):
        used = {node.id for node in ast.walk(ast.parse(paragraph)) if isinstance(node, ast.Name)}
        home = max([home, *(i for i, part in enumerate(parts) if used & part.defines())])
        shown = [f'display(SVG(out / "{name}"))' for name in re.findall(r'out / "(.+?\.svg)"', paragraph)]
        homes[home].append("\n".join([paragraph, *shown]))
    result = []
    for part, calls in zip(parts, homes):
        result += [("markdown", part.text), *[("code", code) for code in (part.code, *calls) if code]]
    return result


def notebook(source: str) -> str:
    """The notebook as the text of its file, without results: the same demo, the same bytes."""
    content: list[dict[str, Any]] = []
    for n, (kind, text) in enumerate(cells(source), 1):
        cell = {"cell_type": kind, "id": f"cell-{n}", "metadata": {}, "source": text.splitlines(keepends=True)}
        content.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": content, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for demo in sorted(FOLDER.glob("0*.py")):
        path = demo.with_suffix(".ipynb")
        path.write_text(notebook(demo.read_text(encoding="utf-8")), encoding="utf-8")
        print(path)
