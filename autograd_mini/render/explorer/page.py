"""`explore`: a page for stepping through backpropagation, as one HTML file that needs no network and no server."""

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal

from ...engine import Value
from ...files import write_whole
from ...function_nodes import function_of
from ...refuse import require_fresh, require_graph
from ..collapse import collapse
from ..constants import with_constants
from ..graph import Graph
from ..graphviz import Choice, RenderError, require_engine
from ..groups import squared_errors
from ..inside import Inside, frames_of, opened
from ..names import all_names, require_names
from ..options import decimals, require_choice, require_flag, require_model, require_text, whole_number
from ..parts import parts_of
from ..scene import printable
from ..theme import DARK, LIGHT, Theme
from .document import LONGEST_TITLE, Document
from .javascript import rules_in_javascript
from .layout import Cluster, Layouts

_MANY = 150  # values
# In this order, after arithmetic and the rules.
_SCRIPTS = (
    *("tape", "format", "looks", "picture", "panels", "leaves", "quiz", "address", "search", "export", "touch"),
    "main",
)


@dataclass(frozen=True, repr=False)
class Page:
    """A page about a graph: shown by notebooks, written by `save`.

    >>> explore(Value(2.0, label="x") * 3.0)
    Page(values=2)
    """

    html: str
    title: str
    values: int

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file.  An existing file is replaced as a whole or, on failure, left unchanged.

        Args:
            path: the file; its suffix must be .html or .htm.

        Returns:
            The path.

        Raises:
            ValueError: another suffix.
            OSError: the file cannot be written.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     explore(Value(2.0)).save(f"{folder}/two.html").name
        'two.html'
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"cannot save a page as {path.suffix or 'a file without suffix'!r}: use .html")
        write_whole(path, self.html.encode())
        return path

    def _repr_html_(self) -> str:
        # The sandbox gives the page its own origin: it can't access the notebook around it.
        return (
            f'<iframe title="{escape(self.title)}" srcdoc="{escape(self.html)}" loading="lazy" '
            'sandbox="allow-scripts allow-downloads" style="width:100%;height:860px;border:0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Page(values={self.values})"


def explore(
    root: Value,
    *,
    names: Mapping[str, Any] | None = None,
    model: Any = None,
    title: str = "",
    direction: Literal["LR", "TB"] | None = None,
    precision: int = 4,
    merge: bool | None = None,
    constants: bool = False,
    max_nodes: int = 300,
    engine: Choice = None,
) -> Page:
    """Make a page to step through the computation of a value, and through its gradient, arrow by arrow.

    The page computes by itself: its sliders move the leaves, and every value and gradient follows, with the rules of
    the table in JavaScript.  An operation made by `primitive` keeps the number and the slopes that it has here, and
    says so.  The gradients shown are those of `root` alone, starting from 0: you don't need to call `backward()`
    before, and no gradient changes.  An `if` or a comparison in Python is not repeated: the page only recomputes the
    graph.

    Args:
        root: the Value at the end of the computation.
        names: `locals()`, or any variables by name, as names for the Values that have no label.
        model: the Module of the computation; its neurons, or its layers if there are many, become boxes that open and
            close.
        title: the heading of the page.
        direction: "LR" draws from left to right, "TB" from top to bottom, None chooses the better fit.
        precision: decimals of the numbers shown, from 1 to 17; a number under the pointer has all of them.
        merge: whether values that are made in the same way for different samples share a card and are one step, so that
            the cost over a data set can be followed; None merges in a graph of more than 150 values.
        constants: whether the plain numbers of sums, differences and products, such as inputs and targets, are leaves
            with sliders.
        max_nodes: show no more boxes than this at once.  A larger graph starts with its parts closed.
        engine: the engine that lays out the graph, as for `draw`.

    Returns:
        A `Page`, with `html` and `save(path)`.

    Raises:
        TypeError: `root` is not a Value, or `model` is not a Module.
        ValueError: an option has a value that is not listed above.
        RenderError: there would be more than `max_nodes` boxes even with all parts closed.
        NoGraphError, StaleGraphError: as for `backward()`.

    >>> x = Value(3.0, label="x")
    >>> explore(x * x).html[:15]
    '<!doctype html>'
    """
    _require_root(root)
    require_model(model)
    require_names(names)
    require_text("title", title)
    require_choice("direction", direction, "LR", "TB", None)
    require_engine(engine)
    require_flag("constants", constants)
    if merge is not None:
        require_flag("merge", merge)
    precision, max_nodes = decimals(precision), whole_number("max_nodes", max_nodes, 1)
    graph = Graph([root])
    require_fresh(graph.order)
    called = all_names(graph.order, names or {}, model)
    insides: list[Inside] = []
    if any(function_of(v) is not None for v in graph.order):
        graph, called, insides = opened(graph, called)
    parts = {} if model is None else parts_of(graph, model)
    if constants:
        graph, called = with_constants(graph, parts, called)
        parts = {} if model is None else parts_of(graph, model)
    (place,) = graph.roots
    document = Document(graph, place, called, parts, precision)
    if merge is None:
        merge = len(graph.order) > _MANY
    merged = document.merge(collapse(graph, parts, "value")) if merge else []
    groups = squared_errors(graph, called, parts)
    calls = [] if constants else _calls(insides)
    layouts = Layouts(graph, document.cards, parts, direction, engine, groups, _faces(merged), calls)
    states = layouts.states(max_nodes)
    if not states:
        raise RenderError(
            f"this graph has {len(graph.order)} values, more than max_nodes={max_nodes}: explore(root, model=...) "
            "makes a box of each part of a model; or explore the result of one sample, or of a part; or allow it with "
            f"max_nodes={len(graph.order)}"
        )
    heading = printable(title) or document.title()
    told = {
        "title": heading,
        "hasTitle": bool(title),
        "root": place,
        "precision": precision,
        "rate": "0.1",
        "nodes": document.nodes(),
        "rules": document.rules(),
        "formula": document.formula(),
        "shortFormula": document.formula(LONGEST_TITLE),
        "merged": merged,
        "clusters": [_cluster(layouts, c) for c in layouts.clusters],
        "views": layouts.views(states),
        "text": json.loads(_asset("text.json")),
    }
    return Page(
        _assembled(heading, told, rules_in_javascript(list(document.uses().values()))), heading, len(graph.order)
    )


def _faces(merged: list[list[list[int]]]) -> list[int]:
    """For each place, the place whose card represents it; empty if nothing was merged."""
    faces = {i: places[0] for places, inner in merged for i in [*places, *inner]}
    return [faces[i] for i in sorted(faces)]


def _calls(insides: Sequence[Inside]) -> list[Cluster]:
    """A cluster for each call of a function; nested calls belong to the outer one."""
    frames = frames_of(insides)
    members: dict[str, set[int]] = {}
    for i, titles in frames.items():
        members.setdefault(titles[0], set()).add(i)
    return [Cluster(title, (), frozenset(places)) for title, places in members.items()]


def _cluster(layouts: Layouts, cluster: Cluster) -> dict[str, Any]:
    told: dict[str, Any] = {"title": cluster.title, "members": sorted(cluster.members)}
    if cluster.output is not None:
        told |= {"output": cluster.output, "badge": layouts.group_card(cluster).badge}
    return told


def _require_root(root: object) -> None:
    if not isinstance(root, Value):
        raise TypeError(f"explore() takes a Value, a result, not {type(root).__name__}: {root!r:.80}")
    require_graph(root)


def _assembled(title: str, told: dict[str, Any], rules: str) -> str:
    """The file.  Its policy allows only its own script to run, and nothing to be loaded."""
    script = "\n".join(
        [
            '(() => {\n"use strict";',
            _asset("arithmetic.js"),
            rules,
            *[_asset(f"{name}.js") for name in _SCRIPTS],
            "})();",
        ]
    )
    style = _colours() + _asset("page.css")
    sources = {"default": "'none'", "script": f"'{_hash(script)}'", "style": f"'{_hash(style)}'", "img": "data:"}
    policy = "; ".join([f"{kind}-src {source}" for kind, source in sources.items()])
    pieces = {
        "policy": f"{policy}; base-uri 'none'; form-action 'none'",
        "title": escape(title),
        "style": style,
        "script": script,
        "data": _json(told),
    }
    before, *rest = _asset("page.html").split("{{")
    written = [before]
    for piece in rest:
        name, _, after = piece.partition("}}")
        written += [pieces[name], after]
    return "".join(written)


@cache
def _asset(name: str) -> str:
    """A file of this folder."""
    from importlib.resources import files  # here, so that importing this package stays light

    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(told: dict[str, Any]) -> str:
    """JSON that cannot end the element that contains it."""
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _colours() -> str:
    """The colours of the drawings as variables, for a light and a dark page."""
    light, dark = _variables(LIGHT), _variables(DARK)
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )


def _variables(theme: Theme) -> str:
    return "".join(f"--{name.replace(' ', '-')}:{colour};" for name, colour in theme.items())
