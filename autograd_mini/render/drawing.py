"""`draw`: the picture of a computation or of a network, as DOT, SVG or PNG."""

import os
import shutil
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..engine import Value
from ..files import write_whole
from ..lazy import cached_property
from .architecture import architecture
from .build import SceneBuilder, within_depth
from .cards import Look
from .collapse import collapse as collapsed
from .collapse import grouped
from .constants import with_constants
from .dot import dot_source
from .graph import Graph
from .graphviz import Choice, RenderError, chosen, require_engine, run_engine
from .groups import squared_errors
from .inside import Inside, frames_of, opened
from .names import all_names, is_module, require_names
from .options import (
    decimals,
    require_choice,
    require_flag,
    require_model,
    whole_number,
)
from .parts import parts_of
from .scene import Scene
from .svg import finish_svg
from .theme import DARK, LIGHT
from .width import beyond_the_engine


@dataclass(frozen=True, repr=False)
class Drawing:
    """A snapshot of a graph, drawn on demand: notebooks show it, and `save` writes it.

    >>> draw(Value(2.0, label="x") * 3.0)
    Drawing(boxes=2, arrows=1)
    """

    scene: Scene
    look: Look
    engine: Choice

    @cached_property
    def dot(self) -> str:
        """The drawing in Graphviz's language; this needs no engine."""
        return dot_source(self.scene, self.look)

    @cached_property
    def svg(self) -> str:
        """The drawing as one `<svg>` element for a file or a page, light or dark like the page."""
        return self._svg(self.dot, adaptive=True)

    def save(self, path: str | os.PathLike[str], *, dark: bool = False) -> Path:
        """Write the drawing to a file.  An existing file is replaced as a whole or, on failure, left as it was.

        A PNG has 192 dots per inch and a white or dark background.  For PNGs the embedded engine has glyphs of Latin,
        Greek and Cyrillic letters.  For other letters the system's `dot` is used; if there is none, you get a warning.
        An SVG shows all letters, in the reader's fonts.

        Args:
            path: the file; its suffix .svg, .png or .dot chooses the format.
            dark: draw it for dark slides.  Without it, an SVG turns dark if the page is dark.

        Returns:
            The path.

        Raises:
            ValueError: the suffix is a different one.
            RenderError: the engine is missing or failed.
            OSError: the file cannot be written.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw(Value(2.0)).save(f"{folder}/two.svg").name
        'two.svg'
        """
        path = Path(path)
        write_whole(path, self._encoded(path.suffix, DARK if dark else LIGHT))
        return path

    def _encoded(self, suffix: str, theme: dict[str, str]) -> bytes:
        match suffix.lower():
            case ".svg":
                return (self.svg if theme is LIGHT else self._svg(self._dot(theme), adaptive=False)).encode()
            case ".png":
                return run_engine(self._dot(theme), "png", self._engine_of_png())
            case ".dot":
                return (self.dot if theme is LIGHT else self._dot(theme)).encode()
        raise ValueError(f"cannot save a drawing as {suffix or 'a file without suffix'!r}: use .svg, .png or .dot")

    def _engine_of_png(self) -> Choice:
        """The requested engine; by default the system's if the embedded one has no glyphs for some letters."""
        letters = beyond_the_engine("".join(box.label + box.op for box in self.scene.boxes))
        if not letters or chosen(self.engine) is not None:
            return self.engine
        if shutil.which("dot"):
            return "system"
        warnings.warn(
            f"the PNG shows boxes instead of {letters[:8]}: the engine that comes with the package has no glyphs for "
            "them. Save an SVG, or install Graphviz, whose dot uses the fonts of the system",
            stacklevel=4,
        )
        return None

    def _dot(self, theme: dict[str, str]) -> str:
        return dot_source(self.scene, self.look, theme, background=theme["page"])

    def _svg(self, source: str, *, adaptive: bool) -> str:
        drawn = run_engine(source, "svg", self.engine).decode(errors="replace")
        return finish_svg(drawn, self.scene, adaptive=adaptive)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Drawing(boxes={len(self.scene.boxes)}, arrows={len(self.scene.arrows)})"


def draw(
    root: Any,
    *,
    labels: bool = True,
    values: bool = True,
    gradients: bool = True,
    partials: bool = False,
    collapse: Literal["neuron", "layer"] | None = None,
    groups: bool = True,
    constants: bool = False,
    inside: bool = False,
    depth: int | None = None,
    max_nodes: int = 500,
    direction: Literal["LR", "TB"] = "LR",
    precision: int = 4,
    names: Mapping[str, Any] | None = None,
    model: Any = None,
    engine: Choice = None,
) -> Drawing:
    """Draw how a value was computed: a card for each value, an arrow for each operand.

    A constant appears where it is used: on the badge of its operation, such as "** 2", or on the arrow of the number
    that a dot product multiplies by it.

    Args:
        root: the Value at the end of the computation, or several.  Or a Module, for a picture of the network: its units
            in columns, and its weights as arrows, blue if they are positive and orange if they are negative.
        labels, values, gradients: whether the cards show these.
        partials: whether each arrow shows its local derivative; an SVG always shows it under the pointer.
        collapse: "neuron" or "layer" makes one box of each such part of `model`, and of values computed in the same way
            for different samples.  The box shows how many they are, and their least and greatest number.
        groups: whether a squared error, as `nn.mse` computes it, is one box with its formula instead of its operations.
        inside: whether a function that is one node, such as one made by `checkpoint` or a compiled one, is drawn as a
            frame around its operations, instead of as a box with its name.
        constants: whether plain numbers in sums, differences and products, such as inputs and targets, have cards.
        depth: draw only what is at most this many steps before the root; one box stands for the rest.
        max_nodes: refuse to draw more boxes than this; a picture of thousands takes minutes and nobody can read it.
        direction: "LR" draws from left to right, "TB" from top to bottom.
        precision: decimals of the numbers shown, from 1 to 17.
        names: `locals()`, or any mapping of names to variables, to name the Values that have no label.
        model: the Module of the computation; each of its neurons and layers becomes a frame, or a box with `collapse`.
        engine: "embedded", "system", the path of a `dot` program, or a function as for `render.use_engine`.  By default
            the choice of `use_engine`, else $AUTOGRAD_MINI_DOT, else the embedded one, else the system's.

    Returns:
        A `Drawing` of the numbers and gradients as they are now; "—" stands for a gradient not computed yet.

    Raises:
        TypeError: `root` is not a Value, several Values or a Module, or `model`, `names` or `engine` is wrong.
        ValueError: there is no root, or an option has an invalid value.
        RenderError: the picture would have more than `max_nodes` boxes.

    >>> x = Value(3.0, label="x")
    >>> draw(x * x).svg[:4]
    '<svg'
    """
    precision, max_nodes = decimals(precision), whole_number("max_nodes", max_nodes, 1)
    depth = None if depth is None else whole_number("depth", depth, 0)
    flags = {"labels": labels, "values": values, "gradients": gradients, "partials": partials}
    for name, flag in (flags | {"groups": groups, "constants": constants, "inside": inside}).items():
        require_flag(name, flag)
    require_choice("direction", direction, "LR", "TB")
    require_choice("collapse", collapse, "neuron", "layer", None)
    require_names(names)
    require_model(model)
    require_engine(engine)
    look = Look(labels, values, gradients, partials, direction, precision)
    if is_module(root):
        scene = architecture(root, precision)
        _require_few(len(scene.boxes), "boxes", max_nodes)
        return Drawing(scene, look, engine)
    graph = Graph(_roots(root))
    called = all_names(graph.order, names or {}, model)
    insides: list[Inside] = []
    if inside:
        graph, called, insides = opened(graph, called)
    parts = {} if model is None else parts_of(graph, model)
    if constants:
        graph, called = with_constants(graph, parts, called)
        parts = {} if model is None else parts_of(graph, model)
    classes = collapsed(graph, parts, collapse)
    if groups:
        classes = grouped(classes, squared_errors(graph, called, parts))
    shown = within_depth(graph, classes, depth)
    _require_few(len(shown), "boxes" if collapse or depth is not None else "values", max_nodes)
    frames = {} if constants else frames_of(insides)
    builder = SceneBuilder(graph, classes, shown, parts, collapse, called, precision, frames)
    return Drawing(builder.scene(), look, engine)


def _roots(root: Any) -> list[Value]:
    roots = list(root) if isinstance(root, Iterable) and not isinstance(root, (str, Value)) else [root]
    for v in roots:
        if not isinstance(v, Value):
            raise TypeError(f"draw() takes a Value, several, or a Module, not {type(v).__name__}: {v!r:.80}")
    if not roots:
        raise ValueError("draw() takes a Value or several, and got none")
    return roots


def _require_few(count: int, what: str, max_nodes: int) -> None:
    if count > max_nodes:
        raise RenderError(
            f"this graph has {count} {what}, more than max_nodes={max_nodes}: draw(root, model=..., collapse='layer') "
            "makes one box of a layer and of all samples, depth=3 draws the last steps; draw a part, such as the "
            f"result of one neuron or one sample; or allow it with max_nodes={count}"
        )
