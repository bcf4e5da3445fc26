"""Draws the pictures of the course into this folder, and slides into ../slides: python docs/images/course/make.py

The demos draw the plots; the snippets of the chapters draw the graphs. Each also becomes a light PNG, a dark SVG and a
dark PNG, for slides. `python docs/course/notebooks.py` then puts them into the notebooks.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
SLIDES = HERE.with_name("slides")
DEMOS, CHAPTERS = HERE.parents[2] / "demos", HERE.parents[1] / "course"

# Each colour of a plot, and the one that takes its place on a dark slide.
DARK = {
    "#2563eb": "#60a5fa", "#ea580c": "#fb923c", "#64748b": "#94a3b8", "#0d9488": "#2dd4bf", "#1e293b": "#e2e8f0",
    "#dbeafe": "#1e3a5f", "#ffedd5": "#4a2a15", "#ffffff": "#0f172a", "#000000": "#e2e8f0",
}  # fmt: skip


def load(path: Path) -> ModuleType:
    """A script as a module; what it imports from its own folder is found."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a script")
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plot_slides(figure: Any, path: Path) -> None:
    """A light PNG of a plot, and a dark SVG and PNG."""
    png(figure, SLIDES / f"{path.stem}.png")
    darken(figure)
    figure.savefig(SLIDES / f"{path.stem}-dark.svg", metadata={"Date": None})
    png(figure, SLIDES / f"{path.stem}-dark.png")


def png(figure: Any, path: Path) -> None:
    """A plot at 200 dots an inch."""
    figure.savefig(path, dpi=200)
    fewer_colours(path)


def fewer_colours(path: Path) -> None:
    """Keep 64 colours of a PNG: a third of the bytes, and no difference to be seen."""
    from PIL import Image

    with Image.open(path) as image:
        image.convert("RGB").quantize(64).save(path, optimize=True)


def darken(figure: Any) -> None:
    """Give every line, letter and area of a plot its colour for a dark slide."""
    from matplotlib.colors import to_hex, to_rgba

    def dark(colour: Any) -> Any:
        return to_rgba(DARK.get(to_hex(colour), to_hex(colour)), to_rgba(colour)[3])

    for artist in figure.findobj():
        if artist.__class__.__name__ == "QuadContourSet":
            artist.set(array=None, facecolor=artist.get_facecolor(), edgecolor=artist.get_edgecolor())
        for name in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            read, write = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
            if read is None or write is None or (name == "color" and hasattr(artist, "get_facecolor")):
                continue
            now = read()
            many = not isinstance(now, str) and len(now) > 0 and not isinstance(now[0], (int, float))
            if isinstance(now, str) and now == "none":
                continue
            write([dark(colour) for colour in now] if many else dark(now) if len(now) else now)


def graph_slides(name: str, drawing: Any) -> None:
    """A drawing of a graph for the page, and for slides."""
    drawing.save(HERE / f"{name}.svg")
    drawing.save(SLIDES / f"{name}.png")
    drawing.save(SLIDES / f"{name}-dark.svg", dark=True)
    drawing.save(SLIDES / f"{name}-dark.png", dark=True)
    for path in (SLIDES / f"{name}.png", SLIDES / f"{name}-dark.png"):
        fewer_colours(path)


if __name__ == "__main__":
    SLIDES.mkdir(exist_ok=True)
    chosen = sys.argv[1:]  # the numbers of the chapters, or none for all
    load(DEMOS / "_pictures.py").finished.append(plot_slides)
    for demo in sorted(DEMOS.glob("0*.py")):
        if not chosen or demo.name[1] in chosen:
            print(f"==== {demo.name}", flush=True)
            load(demo).main(HERE)
    drawings = load(CHAPTERS / "notebooks.py").drawings
    for chapter in sorted(CHAPTERS.glob("[0-9]-*.md")):
        if not chosen or chapter.name[0] in chosen:
            for name, drawing in drawings(chapter).items():
                graph_slides(name, drawing)
