"""The course on the site: moving pictures, notebooks to download, and pictures for slides in all their forms."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

_PICTURE = re.compile(r'<p><img alt="(?P<alt>[^"]*)" class="moving" src="(?P<source>[^"]+)" ?/?></p>')
_SLIDE = re.compile(r'<p><img alt="(?P<alt>[^"]*)" class="slide" src="(?P<source>[^"]+)" ?/?></p>')
_NOTEBOOK = re.compile(r"\]\((?:\.\./)+demos/(\w+\.ipynb)\)")


def on_files(files: Files, config: Any) -> Files:
    """What MkDocs calls with the files of the site: the notebooks are added, and one file of all pictures."""
    docs = Path(config["docs_dir"])
    for notebook in sorted((docs.parent / "demos").glob("*.ipynb")):
        files.append(File.generated(config, f"course/notebooks/{notebook.name}", abs_src_path=str(notebook)))
    files.append(File.generated(config, "images/slides.zip", content=slides(docs)))
    return files


def slides(docs: Path) -> bytes:
    """A ZIP of the pictures that there are slides of, with the licence."""
    pictures = sorted((docs / "images/slides").iterdir())
    light = [
        docs / f"images/course/{dark.stem.removesuffix('-dark')}.svg" for dark in pictures if dark.suffix == ".svg"
    ]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in [docs.parent / "LICENSE", *light, *pictures]:
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return written.getvalue()


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """What MkDocs calls with the text of each page: a link to a notebook in the repository becomes a download."""
    up = "../" * page.file.src_uri.count("/")
    return _NOTEBOOK.sub(rf"]({up}course/notebooks/\1){{ download=\1 }}", markdown)


def on_page_content(html: str, page: Any, config: Any, **_: Any) -> str:
    """Called by MkDocs with each page: a picture of class "moving" becomes the SVG itself, for docs/moving.js to move,
    and one of class "slide" gets links to its forms.
    """
    folder = Path(config["docs_dir"], page.file.src_uri).parent

    def inlined(found: re.Match[str]) -> str:
        picture = (folder / found["source"]).read_text(encoding="utf-8").strip()
        return f'<figure class="moving">{picture}<figcaption>{found["alt"]}</figcaption></figure>'

    shown = _SLIDE.sub(slide, _PICTURE.sub(inlined, html))
    return shown.replace("<img alt=", '<img loading="lazy" alt=')  # a picture is loaded when it is scrolled to


def slide(found: re.Match[str]) -> str:
    """A picture with its title, and links to it as SVG and PNG, light and dark."""
    light, alt = found["source"], found["alt"]
    stem = light.replace("/course/", "/slides/").removesuffix(".svg")
    forms = {"SVG": light, "PNG": f"{stem}.png", "dark SVG": f"{stem}-dark.svg", "dark PNG": f"{stem}-dark.png"}
    links = " · ".join(f'<a href="{url}" download>{form}</a>' for form, url in forms.items())
    image = f'<img alt="{alt}" src="{stem}.png">'
    return f'<figure class="slide">{image}<figcaption>{alt}<br>{links}</figcaption></figure>'
