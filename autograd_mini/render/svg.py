"""The engine's SVG made fit for a page: no prolog, dark mode, and words for those who cannot see it."""

import re
from html import escape

from .dot import shorten
from .graphviz import RenderError
from .scene import Scene

# Each colour of dot.py and its counterpart on a dark page: in DOT a colour cannot depend on the page.
DARK = {
    "#ffffff": "#1e293b", "#0f172a": "#f1f5f9", "#334155": "#e2e8f0", "#cbd5e1": "#475569", "#64748b": "#94a3b8",
    "#e0e7ff": "#312e81", "#3730a3": "#c7d2fe", "#6366f1": "#818cf8", "#f1f5f9": "#273449",
    "#e0f2fe": "#12394f", "#bae6fd": "#0c4a6e", "#7dd3fc": "#075985", "#38bdf8": "#0369a1",
    "#ffedd5": "#45260f", "#fed7aa": "#6b2f0e", "#fdba74": "#8f3d0f", "#fb923c": "#9a3412",
}  # fmt: skip
FONTS = """
.autograd text{font-family:Helvetica,Arial,'Liberation Sans',Arimo,sans-serif}
.autograd text[font-family^=Courier]{font-family:ui-monospace,Menlo,'Liberation Mono','DejaVu Sans Mono',monospace}
"""


def finish_svg(text: str, scene: Scene) -> str:
    """Make an engine's SVG fit to stand in a file, a page or a notebook.

    Args:
        text: what the engine wrote.
        scene: what it shows.

    Returns:
        The `<svg>` element with a title, a description, and a style for light and dark pages.

    Raises:
        RenderError: the engine wrote something else.

    >>> from .scene import Box
    >>> x = Scene((Box(0, "x", "", 3.0, None, True),), ())
    >>> finish_svg('<?xml?><svg width="9"><g id="ag1"/></svg>', x).splitlines()[1]
    '<title id="ag1-title">Computation graph of x</title>'
    """
    found = re.search(r'<svg [^>]*>(?=\s*<g id="(ag\w+)")', text)
    if not found:
        raise RenderError(f"the engine wrote no drawing but {text[:80]!r}: try another, e.g. engine='embedded'")
    name = found[1]
    opening = found[0].replace("<svg ", f'<svg role="img" aria-labelledby="{name}-title {name}-desc" ', 1)
    title, description = _words(scene)
    head = f'<title id="{name}-title">{escape(title)}</title>\n<desc id="{name}-desc">{escape(description)}</desc>'
    return f"{opening}\n{head}\n<style>{FONTS}{_dark()}</style>{text[found.end() :]}".replace("\r\n", "\n")


def _words(scene: Scene) -> tuple[str, str]:
    root = next(box for box in scene.boxes if box.is_root)
    grad = "not computed yet" if root.grad is None else repr(root.grad)
    count = f"Values: {len(scene.boxes)}. Arrows from operands to results: {len(scene.arrows)}."
    return f"Computation graph of {shorten(root.name, 60)}", f"{count} Root: data {root.data!r}, grad {grad}."


def _dark() -> str:
    rules = (f".autograd [{part}='{a}']{{{part}:{b}}}" for a, b in DARK.items() for part in ("fill", "stroke"))
    return f"@media(prefers-color-scheme:dark){{{''.join(rules)}}}"
