"""A link below each snippet of the course that runs in the playground: with what it needs of the snippets above."""

import ast
import base64
import builtins
import re
import sys
import zlib
from collections.abc import Iterator
from typing import Any

from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

PLAYGROUND = "playground/index.html"

_SNIPPET = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_CLAIM = re.compile(r"# (→|raises) .*$")
_OPTIONAL = re.compile(r"^\[[^\]]*\]\([^)]*\)\{[^}\n]*\.playground[^}\n]*\}\n", re.MULTILINE)
_SHOWS = {"print", "draw", "explore"}  # a call of these changes nothing

Definition = ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom


def on_page_markdown(markdown: str, *, page: Page, files: Files, **_: Any) -> str:
    """What MkDocs calls with each page: links are added; without a playground those in the text are taken out."""
    if files.get_file_from_path(PLAYGROUND) is None:
        return _OPTIONAL.sub("", markdown)
    if not page.file.src_uri.startswith("course/"):
        return markdown
    url = get_relative_url(PLAYGROUND, page.file.src_uri)
    ready = iter(programs(markdown))

    def linked(found: re.Match[str]) -> str:
        program = next(ready)
        return found[0] if program is None else f"{found[0]}\n{link(url, program)}\n"

    return _SNIPPET.sub(linked, markdown)


def link(url: str, program: str) -> str:
    """The link, in Markdown."""
    attributes = '.playground target=_blank data-search-exclude=""'
    return f"[Open in the playground]({url}#code={packed(program)}){{ {attributes} }}"


def packed(program: str) -> str:
    """A program as the address of the playground has it: deflated, in URL-safe base64 without padding.

    >>> packed("1 + 1")
    'M1TQVjAEAA'
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = deflate.compress(program.encode()) + deflate.flush()
    return base64.urlsafe_b64encode(deflated).rstrip(b"=").decode()


def programs(markdown: str) -> Iterator[str | None]:
    """For each snippet of a page the program that runs it; None if the playground lacks a package for it."""
    above: list[tuple[ast.stmt, str]] = []
    for found in _SNIPPET.finditer(markdown):
        snippet = found[1]
        needed = needed_of(above, names_in(ast.parse(snippet)))
        earlier = "\n".join(source for _, source in needed)
        program = f"# From earlier in this chapter:\n{earlier}\n\n# This snippet:\n{snippet}" if needed else snippet
        yield program if all(map(is_there, packages(ast.parse(program)))) else None
        above += statements(snippet)


def statements(snippet: str) -> Iterator[tuple[ast.stmt, str]]:
    """The statements that what follows may need, each with its text: not those that only show something."""
    lines = snippet.splitlines()
    for statement in ast.parse(snippet).body:
        start = min([statement.lineno, *[d.lineno for d in getattr(statement, "decorator_list", [])]])
        source = lines[start - 1 : statement.end_lineno]
        claim = _CLAIM.search(source[-1])
        if claim and (claim[1] == "raises" or isinstance(statement, ast.Expr)):
            continue
        if not (isinstance(statement, ast.Expr) and shows(statement.value)):
            yield statement, "\n".join(source)


def shows(call: ast.expr) -> bool:
    """Whether an expression only shows something."""
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _SHOWS


def needed_of(above: list[tuple[ast.stmt, str]], names: set[str]) -> list[tuple[ast.stmt, str]]:
    """Those of the statements that a program needs which uses these names.

    From the last one up: a statement is needed if it binds a needed name, or might change the object of a needed name.
    So `cost.backward()` is needed if `cost` was made of a needed object.
    """
    while True:
        chosen, wanted, objects = [], set(names), set(names)
        late = set(names)  # with what functions look up when they are called, so whatever is bound last
        for statement, source in reversed(above):
            binds, reads = bound_by(statement), names_in(statement)
            touched = made_of(objects, above) if calls_a_method(statement) else objects
            changes = not isinstance(statement, Definition) and not touched.isdisjoint(reads)
            if wanted.isdisjoint(binds) and not changes and "seed" not in source:
                continue
            chosen.insert(0, (statement, source))
            if isinstance(statement, Definition | ast.Assign):
                wanted -= binds
                objects -= binds
            wanted |= reads
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                late |= reads
            elif not isinstance(statement, Definition):
                objects |= reads - defined_in(above)
        if late == names:
            return chosen
        names = late


def calls_a_method(statement: ast.stmt) -> bool:
    """Whether it is there for what it does, to what an object was made of too."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return not isinstance(statement, ast.Assign) and any(isinstance(call.func, ast.Attribute) for call in calls)


def made_of(objects: set[str], above: list[tuple[ast.stmt, str]]) -> set[str]:
    """These names, and those that were assigned what was computed with them."""
    found = set(objects)
    for statement, _ in above:
        if not isinstance(statement, Definition) and not found.isdisjoint(names_in(statement)):
            found |= bound_by(statement)
    return found


def defined_in(above: list[tuple[ast.stmt, str]]) -> set[str]:
    """The names of functions, classes and imports: statements that use them do not change them."""
    return {name for statement, _ in above if isinstance(statement, Definition) for name in bound_by(statement)}


def bound_by(statement: ast.stmt) -> set[str]:
    """The names that a statement binds."""
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Import() | ast.ImportFrom():
            return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def names_in(tree: ast.AST) -> set[str]:
    """The names that are read somewhere in it, but for those of Python itself."""
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return read - set(dir(builtins))


def packages(tree: ast.Module) -> Iterator[str]:
    """The modules that a program imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def is_there(package: str) -> bool:
    """Whether the playground has a package."""
    return package == "autograd_mini" or package in sys.stdlib_module_names
