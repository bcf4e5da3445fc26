"""Prepare the engine's SVG for a page: no prolog, a dark mode, and a description for people who can't see it."""

import re
from html import escape

from .dot import about
from .graphviz import RenderError
from .scene import Scene
from .theme import DARK, LIGHT

FONTS = """
.autograd text{font-family:Helvetica,Arial,'Liberation Sans',Arimo,sans-serif}
.autograd text[font-family^=Courier]{font-family:ui-monospace,Menlo,'Liberation Mono','DejaVu Sans Mono',monospace}
.autograd .reach{fill:none;stroke:transparent;stroke-width:14;pointer-events:stroke}
"""
_LEAVES = 12  # the description names so many
_NAMED = re.compile(r'<title>[^<]*</title>\s*<g id="a_[^"]*"><a xlink:title="([^"]*)">(.*?)</a>\s*</g>', re.DOTALL)
_LINE = re.compile(r'<path fill="none" [^>]*?( d="[^"]*")/>')
_EDGE = re.compile(r'<g id="[^"]*" class="edge">.*?</g>', re.DOTALL)


def finish_svg(text: str, scene: Scene, *, adaptive: bool = True) -> str:
    """Prepare an engine's SVG for a file, a page or a notebook.

    Args:
        text: the engine's output.
        scene: the scene that it shows.
        adaptive: whether it turns dark on a dark page.

    Returns:
        The `<svg>` element with a title, a description, tooltips that every browser shows, and a style.

    Raises:
        RenderError: the engine wrote something else.

    >>> from .scene import Box
    >>> x = Scene("Graph of x", (Box("v0", "x", is_root=True),))
    >>> finish_svg('<?xml?><svg width="9"><g id="ag1"/></svg>', x).splitlines()[1]
    '<title id="ag1-title">Graph of x</title>'
    """
    found = re.search(r'<svg [^>]*>(?=\s*<g id="(ag\w+)")', text)
    if not found:
        raise RenderError(f"the engine did not write a drawing, but {text[:80]!r}: try another, e.g. engine='embedded'")
    name = found[1]
    words = f'<svg role="img" aria-labelledby="{name}-title {name}-desc" style="max-width:100%;height:auto" '
    opening = found[0].replace("<svg ", words, 1)
    head = (
        f'<title id="{name}-title">{escape(scene.title)}</title>\n<desc id="{name}-desc">{escape(_words(scene))}</desc>'
    )
    return f"{opening}\n{head}\n<style>{style(adaptive=adaptive)}</style>{_with_tooltips(text[found.end() :])}".replace(
        "\r\n", "\n"
    )


def style(*, adaptive: bool = True) -> str:
    """The CSS of drawings, for a page that ignores a `<style>` in an SVG.

    >>> ".autograd text" in style()
    True
    """
    return f"{FONTS}{_dark() if adaptive else ''}"


def _with_tooltips(text: str) -> str:
    # Browsers show a group's <title> on everything in the group.  Graphviz writes a name there, and writes the tooltip
    # as the title of a link, once around the line and once around its label.
    text = text.replace("<title>autograd</title>\n", "", 1)
    text = _NAMED.sub(r"<title>\1</title>\n\2", text)
    text = re.sub(r'<g id="a_[^"]*"><a xlink:title="[^"]*">(.*?)</a>\s*</g>', r"\1", text, flags=re.DOTALL)
    return _EDGE.sub(lambda edge: _LINE.sub(r'<path class="reach"\1/>\n\g<0>', edge[0]), text)


def _words(scene: Scene) -> str:
    roots = [box for box in scene.boxes if box.is_root]
    heads = {arrow.head for arrow in scene.arrows}
    leaves = [box for box in scene.boxes if box.key not in heads and not box.is_root and box.kind != "rest"]
    more = [f"and {len(leaves) - _LEAVES} more leaves"] if len(leaves) > _LEAVES else []
    lists = [f"{what}: {'; '.join([*map(about, boxes[:_LEAVES]), *rest])}." for what, boxes, rest in (
        ("Root" if len(roots) == 1 else "Roots", roots, []), ("Leaves", leaves, more)) if boxes]  # fmt: skip
    return f"Boxes: {len(scene.boxes)}. Arrows from operands to results: {len(scene.arrows)}. {' '.join(lists)}"


def _dark() -> str:
    pairs = {LIGHT[name]: DARK[name] for name in LIGHT if name != "page"}
    rules = (f".autograd [{part}='{a}']{{{part}:{b}}}" for a, b in pairs.items() for part in ("fill", "stroke"))
    return f"@media(prefers-color-scheme:dark){{{''.join(rules)}}}"
