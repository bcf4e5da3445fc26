"""The results of a program that are worth showing: the picture of its last result, and the page to step through it."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from ...engine import Value
from ...errors import AutogradError
from ..drawing import draw
from ..explorer import Page, explore
from ..graphviz import RenderError
from ..names import is_module

FEW = 200  # values: a larger drawing takes long, and nobody can read it


def last_result(tree: ast.Module, names: Mapping[str, Any]) -> Any:
    """The last drawable thing the program assigned: a result, else a model; None if there is neither.

    >>> names = {"x": Value(2.0), "y": Value(2.0) * 3.0, "z": 1.0}
    >>> last_result(ast.parse("x = 2\\ny = 3 * x\\nz = 1"), names) is names["y"]
    True
    """
    assigned = [names.get(name) for name in reversed(_assigned(tree))]
    results = [v for v in assigned if isinstance(v, Value) and not v.is_leaf]
    models = [v for v in assigned if is_module(v)]
    return next(iter([*results, *models]), None)


def _assigned(tree: ast.Module) -> list[str]:
    stores = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return [node.id for node in sorted(stores, key=lambda node: (node.lineno, node.col_offset))]


def is_rich(value: Any) -> bool:
    """Whether a value can be shown as more than a text."""
    return isinstance(value, Value) or any(
        hasattr(value, name) for name in ("_repr_mimebundle_", "_repr_svg_", "_repr_html_")
    )


def show(value: Any, names: Mapping[str, Any], tell: Callable[[str, str], None]) -> None:
    """Show a value as a drawing, an explorer's page, or the HTML that notebooks show.

    Args:
        value: anything that `is_rich`, or a model.
        names: the variables of the program, to name its Values.
        tell: called with "drawing", "explorer" or "html", or with "note" for what can't be shown, and the text.

    >>> told = {}
    >>> show(Value(2.0) * 3.0, {}, told.__setitem__)
    >>> sorted(told)
    ['drawing', 'explorer']
    """
    if isinstance(value, Value):
        if not value.is_leaf:
            _show_graph(value, names, tell)
        return
    if isinstance(value, Page):
        tell("explorer", value.html)
        return
    forms = _forms(value)
    if "image/svg+xml" in forms:
        tell("drawing", forms["image/svg+xml"])
    elif "text/html" in forms:
        tell("html", forms["text/html"])


def _show_graph(root: Value, names: Mapping[str, Any], tell: Callable[[str, str], None]) -> None:
    try:
        tell("drawing", _picture(root, names))
    except RenderError as error:
        tell("note", f"There is no drawing: {error}.")
    try:
        tell("explorer", explore(root, names=names).html)
    except AutogradError as error:  # too large; or the parameters have changed since, as after training
        tell("note", f"You can't step through it: {error}.")


def _picture(root: Value, names: Mapping[str, Any]) -> str:
    """The graph; if it is too large to read, its layers and samples, each in a box."""
    try:
        return draw(root, names=names, max_nodes=FEW).svg
    except RenderError:
        models = [v for v in names.values() if is_module(v)]
        if not models:
            raise
        return draw(root, names=names, model=models[-1], collapse="layer", max_nodes=FEW).svg


def _forms(value: Any) -> dict[str, str]:
    """A value in the forms that notebooks know, by media type."""
    if hasattr(value, "_repr_mimebundle_"):
        return dict(value._repr_mimebundle_())
    forms = {"image/svg+xml": "_repr_svg_", "text/html": "_repr_html_"}
    return {kind: getattr(value, method)() for kind, method in forms.items() if hasattr(value, method)}
