"""The page of all public names in alphabetical order, made of the package itself."""

import inspect
from collections.abc import Iterator
from typing import Any

from mkdocs.structure.files import File, Files

import autograd_mini
import autograd_mini.check.strategies
from autograd_mini import check, compiler, nn

HEAD = """\
---
search:
  exclude: true
---

# All names

Every public function and class in alphabetical order, with the module to import it from. Operations such as `exp` are
also methods of `Value`.

| name | import from | description |
|---|---|---|
"""
HIDDEN_BUILTINS = ["abs", "compile", "pow", "round", "sum"]  # public too, though not in __all__
CLASSES = [autograd_mini.Value, autograd_mini.Compiled, nn.Module]  # whose methods have a line each


def on_files(files: Files, config: Any) -> Files:
    """What MkDocs calls with the files of the site: one more page, made now."""
    files.append(File.generated(config, "reference/names.md", content=page()))
    return files


def page() -> str:
    """The page as Markdown."""
    rows = {f"{name}\0{module}": row(name, module, thing) for name, module, thing in things()}
    return HEAD + "\n".join(rows[key] for key in sorted(rows, key=str.lower)) + "\n"


def things() -> Iterator[tuple[str, str, Any]]:
    """Each public name with the module that offers it, and what it means there."""
    for module in (autograd_mini, nn, check, check.strategies, compiler):
        hidden = HIDDEN_BUILTINS if module is autograd_mini else []
        for name in [*module.__all__, *hidden]:
            thing = getattr(module, name)
            if not inspect.ismodule(thing):
                yield name, module.__name__, thing
    for owner in CLASSES:
        for name, thing in vars(owner).items():
            if (
                inspect.isfunction(thing)
                and not name.startswith("_")
                and thing.__qualname__ == f"{owner.__name__}.{name}"
            ):
                yield f"{owner.__name__}.{name}", owner.__module__, thing


def row(name: str, module: str, thing: Any) -> str:
    """A line of the table, with a link to the documentation of the name."""
    line = (inspect.getdoc(thing) or "").partition("\n")[0].replace("|", r"\|")
    called = name if inspect.isclass(thing) else f"{name}()"
    offered = "a method" if "." in name else f"`{module}`"
    return f"| [`{called}`][{thing.__module__}.{thing.__qualname__}] | {offered} | {line} |"
