"""The snippets of a page of Markdown, run in their order: what each line promises, and what it comes to."""

import ast
import re
from pathlib import Path
from typing import Any

_SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CLAIM = re.compile(r"# (→|raises) (.*)$")


def outcomes(page: Path) -> list[tuple[str, str]]:
    """For each statement of a page that ends in `# → repr` or `# raises Error`: what it says, and what happened."""
    namespace: dict[str, Any] = {"__name__": page.stem}
    text = page.read_text(encoding="utf-8")
    return [pair for snippet in _SNIPPET.findall(text) for pair in _run(snippet, page.name, namespace)]


def claims(page: Path) -> int:
    """How many statements of a page say what they come to."""
    text = page.read_text(encoding="utf-8")
    return sum(bool(_CLAIM.search(line)) for snippet in _SNIPPET.findall(text) for line in snippet.splitlines())


def _run(snippet: str, page: str, namespace: dict[str, Any]) -> list[tuple[str, str]]:
    lines, happened = snippet.splitlines(), []
    for statement in ast.parse(snippet).body:
        claim = _CLAIM.search(lines[(statement.end_lineno or 0) - 1])
        if claim and claim[1] == "raises":
            happened.append((claim[2], _error(statement, page, namespace)))
        elif claim and isinstance(statement, ast.Expr):
            value = eval(compile(ast.Expression(statement.value), page, "eval"), namespace)
            happened.append((claim[2], repr(value)))
        else:
            exec(compile(ast.Module([statement], []), page, "exec"), namespace)
    return happened


def _error(statement: ast.stmt, page: str, namespace: dict[str, Any]) -> str:
    try:
        exec(compile(ast.Module([statement], []), page, "exec"), namespace)
    except Exception as error:  # noqa: BLE001  (whichever it is, the page is to name it)
        return type(error).__name__
    return "nothing"
