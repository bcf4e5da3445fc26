"""docs/features.md, made from the figures in benchmarks/features.json."""

import importlib
import json
from typing import Any

from benchmarks.features.common import PACKAGES, ROOT
from benchmarks.features.groups import GROUPS

FIGURES = ROOT / "benchmarks/features.json"
PAGE = ROOT / "docs/features.md"
MARKS = {"yes": "✓", "partly": "partly", "no": "✗", "missing": "–"}

HEAD = """\
# Compared with other packages

This page compares what autograd_mini can and can't do with micrograd, HIPS autograd, PyTorch, JAX, CasADi and mygrad.
Each cell comes from running a few lines of Python, written as users of that package would write them. Within a row, one
rule compares every result with the truth. Speed is [on another page](benchmarks.md).

✓: it does this. *partly*: it does some of it, or you write the rest by hand. ✗: it does not, or gives a wrong number.
Small print names what was needed besides the package, or which other part of it was used. *documented*: not run here;
taken from its documentation. A feature's name links to the question, and to what each package printed, errors included.
"""


def write_page() -> None:
    """Write the page of the figures that there are."""
    PAGE.write_text(page(json.loads(FIGURES.read_text(encoding="utf-8"))), encoding="utf-8")


def page(figures: dict[str, Any]) -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for group, names in GROUPS.items():
        parts += [f"## {group}\n", table(names, figures["features"])]
    parts += [
        "## What it is not for\n",
        behind(figures["features"]),
        "## How it was run\n",
        how_it_was_run(figures),
        "## The questions and the answers\n",
    ]
    parts += [section(name, figures["features"][name]) for names in GROUPS.values() for name in names]
    return "\n".join(parts)


def script(name: str) -> Any:
    """The script of a feature."""
    return importlib.import_module(f"benchmarks.features.{name}")


def lines(name: str) -> list[str]:
    """The docstring of a script: a title, an empty line and the question."""
    return (script(name).__doc__ or "").strip().splitlines()


def title(name: str) -> str:
    """The feature as a heading."""
    return lines(name)[0]


def table(names: list[str], rows: dict[str, Any]) -> str:
    """The features of a group, a row each."""
    marks = {name: " | ".join(mark(rows[name][package]) for package in PACKAGES) for name in names}
    head = [f"| | {' | '.join(PACKAGES.values())} |", "|---|" + ":-:|" * len(PACKAGES)]
    return "\n".join([*head, *(f"| [{title(name)}](#{name}) | {marks[name]} |" for name in names), ""])


def mark(cell: dict[str, Any]) -> str:
    """A cell of the table."""
    sign = cell.get("figure") or MARKS[cell["verdict"]]
    small = "documented" if "source" in cell else cell.get("using", "")
    return f"{sign}<br><small>{small}</small>" if small else sign


def behind(rows: dict[str, Any]) -> str:
    """The features that another package has in full, and this one does not."""
    short = [name for name, row in rows.items() if row["autograd_mini"]["verdict"] in ("partly", "no")]
    ahead = {name: [PACKAGES[p] for p, cell in rows[name].items() if cell["verdict"] == "yes"] for name in short}
    listed = [f"- [{title(name)}](#{name}): {', '.join(packages)}" for name, packages in ahead.items() if packages]
    return "\n".join(["Other packages do these in full, and autograd_mini does not:\n", *listed, ""])


def how_it_was_run(figures: dict[str, Any]) -> str:
    """The date, the machine and the versions."""
    versions = ", ".join(f"{PACKAGES.get(name, name)} {version}" for name, version in figures["versions"].items())
    return f"""\
On {figures["date"]}, with Python {figures["python"]} on {figures["machine"]}: {versions}.

Numbers are in double precision: JAX with `jax_enable_x64`, PyTorch with float64 as its default type. Each package runs
in its own process, with a minute for each question. If it hangs or dies, it is started again for the next one. The
scripts are in `benchmarks/features/`. If you have these packages, `python benchmarks/features/run.py` runs them and
writes this page. If a package has nothing to run, its script says what there is instead. In the output, paths and
addresses of the machine are shortened, and long texts are cut in the middle.
"""


def section(name: str, row: dict[str, Any]) -> str:
    """A feature: what was asked, and what each package printed."""
    text = [f"### {title(name)} {{ #{name} }}\n", *lines(name)[2:], f"\n`benchmarks/features/{name}.py`\n"]
    cells = [answer(package, cell) for package, cell in row.items()]
    return "\n".join([*text, '<details markdown="1"><summary>Answers</summary>\n', *cells, "</details>\n"])


def answer(package: str, cell: dict[str, Any]) -> str:
    """What one package printed, or what its documentation says."""
    head = f"**{PACKAGES[package]}** {cell.get('figure') or MARKS[cell['verdict']]}"
    if "source" in cell:
        return f"{head}, [documented]({cell['source']}): {cell['printed']}\n"
    if "absent" in cell:
        return f"{head}, not run: {cell['printed']}.\n"
    using = f", {cell['using']}" if "using" in cell else ""
    return f"{head}{using}\n\n{fenced(cell['printed'])}\n"


def fenced(printed: str) -> str:
    """A block of what was printed."""
    fence = "`" * 3
    while fence in printed:
        fence += "`"
    return f"{fence}text\n{printed}\n{fence}"
