"""The course on the site: its moving pictures, and its notebooks, which can be downloaded there."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

_PICTURE = re.compile(r'<p><img alt="(?P<alt>[^"]*)" class="moving" src="(?P<source>[^"]+)" ?/?></p>')
_NOTEBOOK = re.compile(r"\]\((?:\.\./)+demos/(\w+\.ipynb)\)")


def on_files(files: Files, config: Any) -> Files:
    """What MkDocs calls with the files of the site: the notebooks are added."""
    for notebook in sorted((Path(config["docs_dir"]).parent / "demos").glob("*.ipynb")):
        files.append(File.generated(config, f"course/notebooks/{notebook.name}", abs_src_path=str(notebook)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """What MkDocs calls with the text of each page: a link to a notebook in the repository becomes a download."""
    up = "../" * page.file.src_uri.count("/")
    return _NOTEBOOK.sub(rf"]({up}course/notebooks/\1){{ download=\1 }}", markdown)


def on_page_content(html: str, page: Any, config: Any, **_: Any) -> str:
    """What MkDocs calls with each page: `![…](….svg){ .moving }` becomes the SVG itself, for docs/moving.js to move."""
    folder = Path(config["docs_dir"], page.file.src_uri).parent

    def inlined(found: re.Match[str]) -> str:
        picture = (folder / found["source"]).read_text(encoding="utf-8").strip()
        return f'<figure class="moving">{picture}<figcaption>{found["alt"]}</figcaption></figure>'

    return _PICTURE.sub(inlined, html)
