"""The notebooks of the course: each has its chapter's text, runs in a kernel, and gives the stored outputs."""

import json
import re
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import autograd_mini
from autograd_mini.cli.commands.demo import demo_folder

NOTEBOOKS = demo_folder()
DOCS = Path(__file__).parents[2] / "docs"
CHAPTERS = sorted((DOCS / "course").glob("[0-9]-*.md"), key=lambda page: page.name)
SECONDS = 120  # the longest that a cell may take

each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)


def stored(page: Path) -> dict[str, Any]:
    path = NOTEBOOKS / f"0{page.stem.replace('-', '_')}.ipynb"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def sources(notebook: dict[str, Any]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def test_there_is_one_for_each_chapter() -> None:
    assert [page.name[0] for page in CHAPTERS] == [*"01234567"]
    assert len(list(NOTEBOOKS.glob("*.ipynb"))) == 8


@each_chapter
def test_it_is_the_page(page: Path, notebooks: ModuleType) -> None:
    made = notebooks.notebook(page, executed=False)
    assert sources(stored(page)) == sources(made), "run: python docs/course/notebooks.py"


@each_chapter
def test_all_the_code_of_the_page_is_in_it(page: Path) -> None:
    """Code to run, and in solutions code to read."""
    snippets = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = {re.sub(r" *# → .*$", "", line) for snippet in snippets for line in snippet.splitlines()}
    held = {re.sub(r" *# → .*$", "", line) for _, text in sources(stored(page)) for line in text.splitlines()}
    assert lines - held == set()


@each_chapter
def test_one_can_teach_from_it(page: Path) -> None:
    notebook = stored(page)
    text = [source for kind, source in sources(notebook) if kind == "markdown"]
    code = [source for kind, source in sources(notebook) if kind == "code"]
    assert len(text) >= 8
    assert any("$" in cell for cell in text), "formulas"
    assert sum(cell.count("<details><summary>Solution</summary>") for cell in text) >= 4
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    drawn = [output for output in outputs if "image/svg+xml" in output.get("data", {})]
    assert drawn or page.name.startswith("7")
    plumbing = re.compile(r"mkdtemp|display\(|SVG\(|sys\.path|import _|^\w+ = (tuple|list|dict)\[", re.MULTILINE)
    assert [cell for cell in code if plumbing.search(cell)] == []
    assert not any("attr_list" in cell or "{ ." in cell or "!!!" in cell for cell in text)


@each_chapter
def test_it_is_small_and_holds_its_pictures(page: Path) -> None:
    assert len(json.dumps(stored(page))) < 250_000
    for cell in stored(page)["cells"]:
        named = re.findall(r"\(attachment:(.+?)\)", "".join(cell["source"]))
        assert sorted(named) == sorted(cell.get("attachments", {}))


@each_chapter
def test_the_links_of_the_page_lead_to_it(page: Path) -> None:
    links = re.findall(r"\]\((?:\.\./)+demos/(\w+\.ipynb)\)", page.read_text(encoding="utf-8"))
    assert links == [f"0{page.stem.replace('-', '_')}.ipynb"]


@each_chapter
def test_the_drawings_of_the_page_are_those_of_its_snippets(page: Path, notebooks: ModuleType) -> None:
    if page.name.startswith("7"):
        pytest.skip("it draws no graph")
    found = notebooks.drawings(page)
    named = re.findall(r"/(\w+)\.svg\)\{ \.graph \}", page.read_text(encoding="utf-8"))
    assert named
    assert [*found] == named
    for name, drawing in found.items():
        kept = ET.parse(DOCS / "images" / "course" / f"{name}.svg").getroot()
        assert "".join(kept.itertext()) == "".join(ET.fromstring(drawing.svg).itertext()), name


def printed(outputs: list[dict[str, Any]]) -> list[object]:
    """The text of a cell's outputs, without pictures and line breaks."""
    said: list[object] = []
    stream = "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")
    if stream:
        said.append(stream)
    for output in outputs:
        if output["output_type"] == "error":
            own = output["ename"] == "RecursionError"  # whose message differs between Pythons
            said.append((output["ename"], "" if own else output["evalue"]))
        elif output["output_type"] != "stream":
            said.append("".join("".join(output["data"]["text/plain"]).split()))
            said.append("image/svg+xml" in output["data"])
    return said


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The executed cells of each chapter, run in one kernel that forgets all names before each chapter."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pages = [page for page in CHAPTERS if not page.name.startswith("7") or find_spec("sklearn")]
    chapters = {page.stem: nbformat.reads(json.dumps(stored(page)), as_version=4) for page in pages}
    whole = nbformat.v4.new_notebook()
    for notebook in chapters.values():
        nbformat.validate(notebook)
        whole.cells += [nbformat.v4.new_code_cell("%reset -f"), *notebook.cells]
    folder = str(tmp_path_factory.mktemp("kernel"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(autograd_mini.__file__).parents[1]))
        for variable in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(variable, folder)
        resources = {"metadata": {"path": folder}}
        # An error that is not stored is a difference from what is stored, and leaves the other chapters to be tried.
        nbclient.NotebookClient(whole, timeout=SECONDS, allow_errors=True, resources=resources).execute()
    return {name: notebook.cells for name, notebook in chapters.items()}


@each_chapter
def test_a_kernel_shows_what_is_stored(page: Path, run: dict[str, list[Any]]) -> None:
    if page.name.startswith("7"):
        pytest.importorskip("sklearn")
    for kept, cell in zip(stored(page)["cells"], run[page.stem], strict=True):
        if cell.cell_type == "code":
            assert printed(cell.outputs) == printed(kept["outputs"]), cell.source
