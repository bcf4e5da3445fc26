"""`draw`: the picture of a computation, as DOT, SVG or PNG."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Literal

from ..engine import Value, topological_order
from .dot import dot_source
from .graphviz import RenderError, run_engine
from .scene import Scene, build_scene
from .svg import finish_svg


@dataclass(frozen=True, repr=False)
class Drawing:
    """A snapshot of a graph, drawn when it is asked for: shown by notebooks, written by `save`.

    >>> from autograd_mini.engine import Value
    >>> draw(Value(2.0, label="x") * 3.0)
    Drawing(values=2, arrows=1)
    """

    scene: Scene
    direction: Literal["LR", "TB"]
    precision: int
    engine: str | PathLike[str] | None

    @cached_property
    def dot(self) -> str:
        """The drawing in Graphviz's language; needs no engine."""
        return dot_source(self.scene, direction=self.direction, precision=self.precision)

    @cached_property
    def svg(self) -> str:
        """The drawing as one `<svg>` element, for a file or a page."""
        return finish_svg(run_engine(self.dot, "svg", self.engine).decode(errors="replace"), self.scene)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the drawing to a file; one that exists is replaced whole or, on failure, left as it was.

        Args:
            path: where to; its suffix, .svg, .png or .dot, says in which form.

        Returns:
            The path.

        Raises:
            ValueError: another suffix.
            RenderError: the engine is missing or failed.
            OSError: the file cannot be written.

        >>> import tempfile; from autograd_mini.engine import Value
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw(Value(2.0)).save(f"{folder}/two.svg").name
        'two.svg'
        """
        path = Path(path)
        _write_whole(path, self._encoded(path.suffix))
        return path

    def _encoded(self, suffix: str) -> bytes:
        match suffix.lower():
            case ".svg":
                return self.svg.encode()
            case ".png":
                return run_engine(self.dot, "png", self.engine)
            case ".dot":
                return self.dot.encode()
        raise ValueError(f"cannot save a drawing as {suffix or 'a file without suffix'!r}: use .svg, .png or .dot")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Drawing(values={len(self.scene.boxes)}, arrows={len(self.scene.arrows)})"


def draw(
    root: Value,
    *,
    max_nodes: int = 500,
    direction: Literal["LR", "TB"] = "LR",
    precision: int = 4,
    engine: str | PathLike[str] | None = None,
) -> Drawing:
    """Draw how a value was computed: a card for each value, an arrow for each operand.

    Args:
        root: the value at the end of the computation.
        max_nodes: refuse to draw more values than this; a picture of thousands takes minutes and shows nothing.
        direction: "LR" draws from left to right, "TB" from top to bottom.
        precision: decimals of the numbers shown, at least 1.
        engine: "embedded", "system" or the path of a `dot` program; by default $AUTOGRAD_MINI_DOT, else the first
            two in this order.

    Returns:
        A `Drawing` of the numbers and gradients as they are now; "—" stands for a gradient not computed yet.

    Raises:
        TypeError: `root` is no `Value`.
        ValueError: `direction` or `precision` is none of the above.
        RenderError: the graph has more than `max_nodes` values.

    >>> from autograd_mini.engine import Value
    >>> x = Value(3.0, label="x")
    >>> draw(x * x).svg[:4]
    '<svg'
    """
    if not isinstance(root, Value):
        raise TypeError(f"draw() takes a Value, the result of a computation, not {type(root).__name__}: {root!r:.80}")
    if direction not in ("LR", "TB"):
        raise ValueError(f"direction is 'LR' or 'TB', not {direction!r}")
    if precision < 1:
        raise ValueError(f"precision is the number of decimals, at least 1, not {precision!r}")
    order = topological_order(root)
    if len(order) > max_nodes:
        raise RenderError(
            f"this graph has {len(order)} values, more than max_nodes={max_nodes}: draw a part of it, such as the "
            f"result of one neuron or one sample, or allow it with draw(root, max_nodes={len(order)})"
        )
    return Drawing(build_scene(order), direction, precision, engine)


def _write_whole(path: Path, content: bytes) -> None:
    # A rename within one directory is atomic; open(), unlike tempfile, gives the new file its usual permissions.
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot save {path}: there is no folder {path.parent}, make it first")
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
