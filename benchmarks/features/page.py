"""docs/features.md, made of the figures in benchmarks/features.json."""

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

What autograd_mini does, and what it does not, beside micrograd, HIPS autograd, PyTorch, JAX, CasADi and mygrad. Each
cell is a few lines of Python that were run, written as the users of that package would write them. A rule, the same for
all of a row, compares what came with the truth. How fast they are is another matter, and not on this page.

✓ it does; *partly*: it does some of it, or its user writes the rest by hand; ✗ it does not, or gives a wrong number.
Small print says what it took besides the package, or which other part of it than the column names. *says so* was not
run here: its documentation has it. A name leads to what was asked, and to what each package printed, errors and all.
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
        "## What was asked, and what came\n",
    ]
    parts += [section(name, figures["features"][name]) for names in GROUPS.values() for name in names]
    return "\n".join(parts)


def script(name: str) -> Any:
    """The script of a feature."""
    return importlib.import_module(f"benchmarks.features.{name}")


def lines(name: str) -> list[str]:
    """What a script says of itself: a title, an empty line and the question."""
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
    small = "says so" if "source" in cell else cell.get("using", "")
    return f"{sign}<br><small>{small}</small>" if small else sign


def behind(rows: dict[str, Any]) -> str:
    """Where another package does what this one does not, or not wholly."""
    short = [name for name, row in rows.items() if row["autograd_mini"]["verdict"] in ("partly", "no")]
    ahead = {name: [PACKAGES[p] for p, cell in rows[name].items() if cell["verdict"] == "yes"] for name in short}
    listed = [f"- [{title(name)}](#{name}): {', '.join(packages)}" for name, packages in ahead.items() if packages]
    return "\n".join(["What another package does in full, and autograd_mini does not:\n", *listed, ""])


def how_it_was_run(figures: dict[str, Any]) -> str:
    """The date, the machine and the versions."""
    versions = ", ".join(f"{PACKAGES.get(name, name)} {version}" for name, version in figures["versions"].items())
    return f"""\
On {figures["date"]}, with Python {figures["python"]} on {figures["machine"]}: {versions}.

Numbers are in double precision: JAX with `jax_enable_x64`, PyTorch with float64 as its default type. Each package has a
process of its own and a minute for each question; one that hangs or dies is started again for the next. The scripts are
in `benchmarks/features/`. `python benchmarks/features/run.py` runs them, with those packages at hand, and writes this
page. Where a package has nothing that could be run, its script says what there is instead. Paths and addresses of the
machine are shortened in what was printed, and long texts in the middle.
"""


def section(name: str, row: dict[str, Any]) -> str:
    """A feature: what was asked, and what each package printed."""
    text = [f"### {title(name)} {{ #{name} }}\n", *lines(name)[2:], f"\n`benchmarks/features/{name}.py`\n"]
    cells = [answer(package, cell) for package, cell in row.items()]
    return "\n".join([*text, '<details markdown="1"><summary>What came</summary>\n', *cells, "</details>\n"])


def answer(package: str, cell: dict[str, Any]) -> str:
    """What one package printed, or what its documentation says."""
    head = f"**{PACKAGES[package]}** {cell.get('figure') or MARKS[cell['verdict']]}"
    if "source" in cell:
        return f"{head}, [as it says]({cell['source']}): {cell['printed']}\n"
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
