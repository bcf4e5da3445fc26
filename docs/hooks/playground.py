"""The playground: docs/playground has its page, and here what the page loads is fetched and packed.

Python and Graphviz as WebAssembly come from npm, the packages from PyPI, all at pinned versions with their hashes; none
of it is committed.  Without npm the site is built without the playground, unless `CI` is set: then that is an error.
`AUTOGRAD_MINI_PLAYGROUND=no` leaves it out on purpose.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Link, Navigation

from autograd_mini.render.svg import style
from autograd_mini.render.training import STYLE

PAGE = "playground/index.html"
FROM_NPM = {  # by its name on the page, where each file is
    "pyodide.mjs": "pyodide/pyodide.mjs",
    "pyodide.asm.mjs": "pyodide/pyodide.asm.mjs",
    "pyodide.asm.wasm": "pyodide/pyodide.asm.wasm",
    "python_stdlib.zip": "pyodide/python_stdlib.zip",
    "viz.js": "@viz-js/viz/dist/viz.js",
}
FOR_THE_BUILD = ("package.json", "package-lock.json", "wheels.txt", "examples/")
SOURCES = ("autograd_mini", "demos", "LICENSE", "README.md", "pyproject.toml", "setup.py")
KEPT = {".css", ".html", ".js", ".svg"}
NOT_NEEDED = "autograd_mini/_demos/"  # the demos draw with matplotlib, which the playground does not have


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """What MkDocs calls with the files of the site: what the page loads is added, or the page is left out."""
    folder = Path(config["docs_dir"], "playground")
    wanted = is_wanted()
    for file in [file for file in files if file.src_uri.startswith("playground/")]:
        if not wanted or file.src_uri.removeprefix("playground/").startswith(FOR_THE_BUILD):
            files.remove(file)
    if wanted:
        for name, content in built(folder).items():
            if existing := files.get_file_from_path(f"playground/{name}"):
                files.remove(existing)
            files.append(File.generated(config, f"playground/{name}", content=content))
    return files


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG001  (as MkDocs calls it)
    """What MkDocs calls with the navigation: a link to the playground comes second."""
    if files.get_file_from_path(PAGE):
        nav.items.insert(1, Link("Playground", PAGE))
    return nav


def is_wanted() -> bool:
    """Whether to build it; a line on the terminal says why not."""
    if os.environ.get("AUTOGRAD_MINI_PLAYGROUND") == "no":
        return False
    if shutil.which("npm"):
        return True
    reason = "npm is not on PATH, but the playground loads its files from npm"
    if os.environ.get("CI"):
        raise PluginError(f"The playground can't be built: {reason}.")
    print(f"The site has no playground: {reason}. Install Node.js to get it.", file=sys.stderr)
    return False


def built(folder: Path) -> dict[str, str | bytes]:
    """All files of the playground that are made, by their names."""
    root = folder.parent.parent
    work = root / "build" / "playground"
    work.mkdir(parents=True, exist_ok=True)
    modules = npm_modules(folder, work)
    loaded = {name: (modules / path).read_bytes() for name, path in FROM_NPM.items()}
    loaded["packages.zip.gz"] = packed([*wheels(folder, work), own_wheel(root, work)])
    digest = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in loaded.values())).hexdigest()
    inside = f"files-{digest[:12]}"
    python = json.loads((modules / "pyodide/pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    exported = {
        "FOLDER": inside,
        "FILES": {name: len(content) for name, content in loaded.items()},
        "PYTHON": python,
        "EXAMPLES": examples(folder / "examples"),
    }
    module = "".join(f"export const {name} = {json.dumps(value)};\n" for name, value in exported.items())
    files: dict[str, str | bytes] = {f"{inside}/{name}": content for name, content in loaded.items()}
    kept = [*files, *[path.name for path in folder.iterdir() if path.suffix in KEPT]]
    worker = (folder / "service-worker.js").read_text(encoding="utf-8")
    worker = worker.replace("{{folder}}", inside).replace("{{files}}", json.dumps([*kept, "built.js", "drawing.css"]))
    return files | {"built.js": module, "service-worker.js": worker, "drawing.css": style() + STYLE}


def examples(folder: Path) -> list[dict[str, Any]]:
    """The menu: each file is an example, with its chapter and its title on the first line, `# Chapter: title`."""
    chapters: dict[str, list[dict[str, str]]] = {}
    for path in sorted(folder.glob("*.py")):
        program = path.read_text(encoding="utf-8")
        chapter, _, title = program.partition("\n")[0].removeprefix("# ").partition(": ")
        chapters.setdefault(chapter, []).append({"title": title, "program": program})
    return [{"chapter": chapter, "examples": found} for chapter, found in chapters.items()]


def npm_modules(folder: Path, work: Path) -> Path:
    """The folder of npm's packages, fetched when the pins have changed; npm compares their hashes."""
    pins = {name: (folder / name).read_bytes() for name in ("package.json", "package-lock.json")}
    place = work / digest_of(pins)
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, content in pins.items():
            (place / name).write_bytes(content)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], place)
        (place / "complete").touch()
    return place / "node_modules"


def wheels(folder: Path, work: Path) -> list[Path]:
    """The wheels of other projects, fetched when the pins have changed; pip compares their hashes."""
    pins = folder / "wheels.txt"
    place = work / digest_of({pins.name: pins.read_bytes()})
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(place)]
        run([*PIP, "download", *options, "--requirement", str(pins)], work)
        (place / "complete").touch()
    return sorted(place.glob("*.whl"))


def own_wheel(root: Path, work: Path) -> Path:
    """The wheel of autograd_mini without the engine in C, which runs everywhere; made again when a file has changed."""
    place = work / digest_of({str(path.relative_to(root)): path.read_bytes() for path in sources(root)})
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        with TemporaryDirectory() as copy:
            for path in sources(root):
                target = Path(copy, path.relative_to(root))
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
            run([*PIP, "wheel", "--no-deps", "--wheel-dir", str(place), copy], work, AUTOGRAD_MINI_BUILD="pure")
        (place / "complete").touch()
    (wheel,) = place.glob("*.whl")
    return wheel


PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def sources(root: Path) -> Iterator[Path]:
    """The files that the wheel is made of."""
    for name in SOURCES:
        found = [root / name] if (root / name).is_file() else sorted((root / name).rglob("*"))
        yield from (path for path in found if path.is_file() and path.suffix not in (".pyc", ".so"))


def packed(archives: list[Path]) -> bytes:
    """The content of these wheels as one archive, the same bytes each time.

    Python imports directly from a ZIP, so nothing has to be unpacked there; compressed as a whole it is smallest.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as together:
        for archive in archives:
            with zipfile.ZipFile(archive) as wheel:
                for name in sorted(name for name in wheel.namelist() if not name.startswith(NOT_NEEDED)):
                    together.writestr(zipfile.ZipInfo(name), wheel.read(name))
    return gzip.compress(written.getvalue(), mtime=0)


def digest_of(contents: dict[str, bytes]) -> str:
    """A name that changes with any of these files."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def run(command: list[str], folder: Path, **variables: str) -> None:
    """Run a program; what it says is shown if it fails."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise PluginError(f"The playground can't be built: {' '.join(command[:4])} failed.\n{done.stdout}{done.stderr}")
