"""The results in words: docs/benchmarks.md, docs/choosing.md, README.md in this folder, and the table in the README.

page.md, choosing.md and contributors.md are the texts of the first three; the numbers come from results.json.

    python benchmarks/report.py        # needs nothing but the standard library; matplotlib for the plots

A test holds these files to what this makes of the results that are there.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from asked import ASKED, TITLES, curve, exponent
from unfinished import replace

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE, CHOOSING = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "choosing.md"
README, CONTRIBUTORS = ROOT / "README.md", HERE / "README.md"
BEGIN, END = "<!-- made by benchmarks/report.py -->", "<!-- until here -->"
PACKAGES = {
    "eager": "ours",
    "n-ary": "ours, `nn` and `dot`",
    "paused": "ours, collector off",
    "fit": "`fit`",
    "auto": "ours, compiled",
    "native": "ours, native",
    "numpy": "ours, NumPy",
    "micrograd": "micrograd",
    "torch": "PyTorch",
    "inductor": "PyTorch, `torch.compile`",
    "jax": "JAX",
    "casadi": "CasADi",
    "ddx": "ddx",
    "sympy": "SymPy",
    "autograd": "HIPS autograd",
    "mygrad": "MyGrad",
    "numdifftools": "numdifftools",
    "list": "ours, from lists",
    "array": "ours, from arrays",
    "c": "ours, engine in C",
    "python": "ours, engine in Python",
    "mapaccum": "CasADi, `mapaccum`",
}
PEERS = ("micrograd", "torch", "inductor", "jax", "casadi", "ddx", "sympy", "autograd", "mygrad")

Results = Mapping[str, Any]
Entry = Mapping[str, Any]


def load() -> dict[str, Any]:
    """What was measured so far, by section."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def save(results: Results) -> None:
    """Keep it."""
    replace(RESULTS, json.dumps(results, indent=1, ensure_ascii=False) + "\n")


# ---- numbers as they are written ----


def time_text(seconds: float) -> str:
    """With its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{digits(seconds / size)}\N{NO-BREAK SPACE}{unit}"
    return f"{digits(seconds * 1e9)}\N{NO-BREAK SPACE}ns"


def digits(x: float) -> str:
    """Three digits, without an exponent."""
    return f"{x:,.0f}" if x >= 100 else f"{float(f'{x:.3g}'):g}"


def times_text(quartiles: Sequence[float]) -> str:
    """A ratio and its spread; bold where the peer is faster by more than the spread."""
    low, middle, high = (two_digits(x) for x in quartiles)
    text = f"{middle}×" + (f" ({low}–{high})" if low != high else "")
    return f"**{text}**" if quartiles[2] < 1 else text


def two_digits(x: float) -> str:
    """Rounded to two digits, without an exponent."""
    return f"{float(f'{x:.2g}'):,.0f}" if x >= 10 else f"{float(f'{x:.2g}'):g}"


def cell(entry: Entry | None, write: Callable[[Entry], str]) -> str:
    """Of a package: a dash where it has no such thing, and what it said where it failed."""
    if entry is None:
        return "–"
    return escaped(entry["failed"]) if "failed" in entry else write(entry)


def escaped(text: str, length: int = 90) -> str:
    """Safe in a table, and not too long."""
    text = text if len(text) <= length else text[: length - 1] + "…"
    return text.replace("|", "\\|").replace("<", "&lt;")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """In Markdown: the first column to the left, the others to the right."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]


def lines(found: Mapping[str, Any]) -> list[str]:
    """A workload's entries for the terminal."""
    if "failed" in found:
        return [f"failed: {found['failed']}"]
    return [f"{name:12} {cell(entry, plain)}" for name, entry in found["entries"].items()]


def plain(entry: Entry) -> str:
    """All that there is of an entry."""
    parts = [time_text(entry["seconds"][1])] if "seconds" in entry and isinstance(entry["seconds"], list) else []
    parts += [f"{times_text(ratio)} {base}".replace("*", "") for base, ratio in entry.get("ratios", {}).items()]
    parts += [f"{name} {value}" for name, value in entry.items() if name not in ("seconds", "ratios")]
    return ", ".join(parts)


def those_measured(packages: Iterable[str], found: Sequence[Mapping[str, Any]]) -> list[str]:
    """The packages that have an entry somewhere: a column of dashes would say that one can't do any of it."""
    return [package for package in packages if any(package in entries for entries in found)]


# ---- README's table ----

HEADLINES = (
    ("training step of MLP 2-16-16-1, not compiled", "eager", "moons", "n-ary"),
    ("the same, compiled to NumPy", "compiled", "moons", "numpy"),
    ("the same, compiled to machine code", "compiled", "moons", "native"),
    ("a random program of 20,000 lines, machine code", "compiled", "irregular_20000", "native"),
)


def readme_table(results: Results) -> list[str]:
    """How many times as long as ours the peers take."""
    found = [
        results.get(section, {"workloads": {}})["workloads"].get(workload, {}).get("entries", {})
        for _, section, workload, _ in HEADLINES
    ]
    peers = those_measured(PEERS[:-1], found)
    rows = []
    for (title, _, _, mine), entries in zip(HEADLINES, found):
        row = []
        for peer in peers:
            ratio = entries.get(peer, {}).get("ratios", {}).get(mine)
            row.append(times_text([ratio[1]] * 3) if ratio else "–")
        rows.append([title, *row])
    return table(["time ÷ ours", *(PACKAGES[peer] for peer in peers)], rows)


def with_table(text: str, results: Results) -> str:
    """README with the table of these results between its markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, *readme_table(results), END + after])


# ---- the page ----


def page(results: Results, text: str = "page.md") -> str:
    """What is made of page.md, choosing.md or contributors.md: a table, or one ratio, in each place {{…}}."""

    def filled(place: re.Match[str]) -> str:
        try:
            if "." in place[1]:
                return "{}×".format(two_digits(one_ratio(results, *place[1].split("."))))
            return "\n".join(TABLES[place[1]](results))
        except KeyError as missing:
            return f"Not measured: {missing}."

    return re.sub(r"\{\{([\w.-]+)\}\}", filled, (HERE / text).read_text(encoding="utf-8"))


def one_ratio(results: Results, section: str, workload: str, package: str, mine: str) -> float:
    """How many times as long as ours a package takes."""
    return float(results[section]["workloads"][workload]["entries"][package]["ratios"][mine][1])


def letters(results: Results) -> list[str]:
    """How many times as long as ours CasADi's source of a loop is."""
    entries = results["exported"]["workloads"]["pendulum"]["entries"]
    return [two_digits(entries["casadi"]["letters"] / entries["auto"]["letters"])]


def machines(results: Results) -> list[str]:
    """Where the sections were measured: once for all that were measured alike."""
    alike: dict[str, list[str]] = {}
    for section, found in results.items():
        m = found["machine"]
        versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in m["versions"].items())
        where = f"{m['cpu']}, {m['cores']} cores in part shared, {m['system']}, Python {m['python']}; {versions}"
        alike.setdefault(where, []).append(f"{section} {m['date']} at load {m['load'][0]}")
    return [f"Measured on {where}. Sections: {', '.join(sections)}." for where, sections in alike.items()]


def asked(results: Results) -> list[str]:
    """Every target, and the figure that was measured for it."""
    rows = []
    for a in ASKED:
        bound = f"{'≥' if a.least else '≤'} {figure(a.figure, a.unit)}"
        try:
            value = a.measured(results)
        except KeyError:
            rows.append([a.what, str(a.issue), bound, "not measured", "–"])
        else:
            rows.append([a.what, str(a.issue), bound, figure(value, a.unit), "yes" if a.reached(value) else "**no**"])
    said = [row[-1] for row in rows]
    summary = f"Of {len(rows)} targets {said.count('yes')} are reached, {said.count('**no**')} are not"
    unknown = f", {said.count('–')} were not measured" if "–" in said else ""
    return [f"{summary}{unknown}.", "", *table(["", "step", "target", "measured", "reached"], rows)]


def figure(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{value:,.0f}{unit}" if value == round(value) else f"{digits(value)}{unit}"


def workloads(results: Results, section: str) -> list[dict[str, Any]]:
    """Those of a section that were measured, with short titles."""
    short = TITLES if section in ("eager", "compiled") else {}
    found = results[section]["workloads"].items()
    return [{**w, "title": short.get(name, w["title"])} for name, w in found if w.get("entries")]


def matrix(section: str, packages: Sequence[str], write: Callable[[Entry], str], mine: str = "") -> Any:
    """A row for each workload (that one of ours can do), a column for each package; below, what failed as a whole."""

    def written(results: Results) -> list[str]:
        shown = [found for found in workloads(results, section) if not mine or mine in found["entries"]]
        columns = those_measured(packages, [found["entries"] for found in shown])
        rows = [[w["title"], *(cell(w["entries"].get(package), write) for package in columns)] for w in shown]
        failed = [f"{name}: {f['failed']}" for name, f in results[section]["workloads"].items() if "failed" in f]
        return [*table(["", *(PACKAGES[package] for package in columns)], rows), *failed]

    return written


def ratios(section: str, packages: Sequence[str], mine: str) -> Any:
    """How many times as long as ours they take."""

    def write(entry: Entry) -> str:
        return times_text(entry["ratios"][mine]) if mine in entry.get("ratios", {}) else "–"

    return matrix(section, packages, write, mine)


def median_time(entry: Entry) -> str:
    """Of a step."""
    return time_text(entry["seconds"][1])


def first_time(entry: Entry) -> str:
    """Before the first result."""
    return time_text(entry["first"])


def winners(section: str, mine: Sequence[str]) -> Callable[[Results], list[str]]:
    """In words: where a peer is faster than the fastest of ours."""

    def written(results: Results) -> list[str]:
        said, compared = [], False
        for found in workloads(results, section):
            timed = {name: entry for name, entry in found["entries"].items() if "ratios" in entry}
            best = min(
                (name for name in mine if name in timed), key=lambda name: timed[name]["seconds"][1], default=None
            )
            if best is None:
                continue
            compared = True
            faster = [(timed[peer]["ratios"][best][1], PACKAGES[peer]) for peer in PEERS if peer in timed]
            names = [f"{name} ({two_digits(1 / r)} times as fast)" for r, name in sorted(faster) if r < 1]
            if names:
                said.append(f"- {found['title']}: {', '.join(names)}.")
        if not compared:
            raise KeyError(mine)
        return ["Faster than ours:", "", *said] if said else ["No peer is faster than ours in any of these."]

    return written


def everyday(results: Results) -> list[str]:
    """The first call, what it takes, and every other of the sixteen programs."""
    packages, rows = ("auto", "jax", "casadi"), []
    for found in workloads(results, "everyday"):
        entries = [found["entries"].get(package) for package in packages]
        firsts = [cell(entry, lambda e: f"{first_time(e)}, {e['megabytes']:.0f} MB") for entry in entries]
        times = [cell(entry, median_time) for entry in entries]
        less = [cell(e, lambda e: times_text([e["ratios"]["auto"][1]] * 3)) for e in entries[1:]]
        rows.append([found["title"], *firsts, *times, *less])
    names = [PACKAGES[package] for package in packages]
    head = [*(f"first: {name}" for name in names), *(f"a call: {name}" for name in names)]
    return table(["", *head, *(f"{name} ÷ ours" for name in names[1:])], rows)


def exponents(results: Results) -> list[str]:
    """The fitted exponents of growth, and how far each was measured."""
    rows = []
    for package in ("eager", "paused", *COMPILED, *PEERS):
        row = [PACKAGES[package]]
        for section, name in (("growth", "seconds"), ("growth", "first"), ("memory", "bytes")):
            points = curve(results, section, package, name)
            try:
                row.append(f"{exponent(points):.2f} (to {points[-1][0]:,.0f})")
            except KeyError:
                row.append("–")
        if any(figure != "–" for figure in row[1:]):
            rows.append(row)
    return table(["", "time of a run", "before the first", "memory"], rows)


def each(section: str, size: str, packages: Sequence[str], write: Callable[[Entry, int], str]) -> Any:
    """A row for each size, of figures divided by it."""

    def row(found: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
        n = found[size]
        return [f"{n:,}", *(cell(found["entries"].get(package), lambda entry: write(entry, n)) for package in columns)]

    def written(results: Results) -> list[str]:
        measured = [found for found in workloads(results, section) if size in found]
        columns = those_measured(packages, [found["entries"] for found in measured])
        return table([size, *(PACKAGES[package] for package in columns)], [row(found, columns) for found in measured])

    return written


def node_bytes(results: Results) -> list[str]:
    """Of a graph that waits for its gradients."""
    rows = []
    for name in ("chain", "moons"):
        found = results["memory"]["workloads"][name]
        cells = [cell(found["entries"][package], lambda e: f"{e['bytes']:.0f}") for package in ("eager", "micrograd")]
        rows.append([found["title"], *cells])
    return table(["", "ours", "micrograd"], rows)


def depth(results: Results) -> list[str]:
    """Of each package, and how it ends."""
    rows = []
    for name, e in results["depth"]["workloads"]["chain"]["entries"].items():
        end = f"at {e['failed_at']:,}: {escaped(e['failed'])}" if "failed" in e else "was not tried"
        rows.append([PACKAGES[name], f"{e['deepest']:,}", end])
    return table(["", "deepest", "beyond"], rows)


def imports(results: Results) -> list[str]:
    """Of each package."""
    entries = results["start"]["workloads"]["imports"]["entries"]
    rows = [[PACKAGES[p], cell(e, median_time), cell(e, lambda e: str(e["modules"] - 1))] for p, e in entries.items()]
    return table(["", "import", "packages"], rows)


def native_start(results: Results) -> list[str]:
    """What the machine takes once."""
    entry = results["start"]["workloads"]["native"]["entries"]["native"]
    if "failed" in entry:
        return [escaped(entry["failed"])]
    first, later = (time_text(entry[name][1]) for name in ("first", "later"))
    return [f"After these imports, the first use of machine code takes {first}, and {later} in a later process."]


def playground(results: Results) -> list[str]:
    """How long one waits for it."""
    entry = results["start"]["workloads"].get("playground", {"entries": {"playground": {"failed": "not measured"}}})
    found = entry["entries"]["playground"]
    if "failed" in found:
        return [f"The playground: {escaped(found['failed'])}."]
    first, later, run = (time_text(found[name][1]) for name in ("first", "later", "run"))
    return [
        f"The [playground](playground/index.html) takes {first} on the clock from opening its address to the result of "
        f"the program in it, {later} when the browser has its files, and {run} for one more run. The server is on the "
        "same machine."
    ]


def anatomy(results: Results) -> list[str]:
    """What goes into our own work."""
    rows = [
        [f"{found['title']}: {part}", median_time(entry)]
        for found in results["anatomy"]["workloads"].values()
        for part, entry in found["entries"].items()
    ]
    return table(["", "CPU time"], rows)


def slopes(results: Results) -> list[str]:
    """Of each checker and function."""
    head: list[str] = []
    rows = []
    for name, entry in results["verdicts"]["workloads"]["slopes"]["entries"].items():
        if "failed" in entry:
            rows.append([PACKAGES[name], escaped(entry["failed"])])
            continue
        head = ["checker", "function", *("right" if f == 1 else f"× {f!r}" for f in entry["factors"]), "a check"]
        for function, shares in entry["passed"].items():
            row = [
                f"{100 * passed:.0f} %" + (f" ({100 * open_:.0f} % open)" if open_ else "") for passed, open_ in shares
            ]
            rows.append([PACKAGES[name], function, *row, median_time(entry)])
    return table(head, rows)


def kinks(results: Results) -> list[str]:
    """What each checker says."""
    said = results["verdicts"]["workloads"]["kinks"]["entries"]

    def row(point: str) -> list[str]:
        return [point, *(cell(entry, lambda entry: escaped(entry["says"][point], 60)) for entry in said.values())]

    return table(["", *(PACKAGES[name] for name in said)], [row(point) for point in said["eager"]["says"]])


def accuracy(results: Results) -> list[str]:
    """How many slopes each library misses."""
    entries = results["accuracy"]["workloads"]["points"]["entries"]
    return table(["", "missed", "of"], [[PACKAGES[n], str(e["missed"]), str(e["of"])] for n, e in entries.items()])


def training(results: Results) -> list[str]:
    """What was learned."""
    rows = []
    for found in workloads(results, "training"):
        for e in found["entries"].values():
            if "seeds" in e:
                shares = f"{e['mean']:.1%}", f"{e['lowest']:.1%}"
                rows.append([found["title"], found["network"], str(e["seeds"]), *shares, median_time(e)])
    return table(["task", "network", "seeds", "accuracy, mean", "lowest", "time"], rows)


def cores(results: Results) -> list[str]:
    """The engine in Python beside the one in C."""
    rows = []
    for found in workloads(results, "cores"):
        c, python = (found["entries"].get(core, {"failed": "?"}) for core in ("c", "python"))
        same = "the same" if c.get("same") else "**different**"
        rows.append([found["title"], *(cell(e, median_time) for e in (c, python)), cell(python, beside_c), same])
    return table(["", PACKAGES["c"], PACKAGES["python"], "Python ÷ C", "bits"], rows)


def beside_c(entry: Entry) -> str:
    """How many times as long as the engine in C it takes."""
    return times_text(entry["ratios"]["c"])


def exported(results: Results) -> list[str]:
    """A call of the C, and how long its source is."""
    rows = []
    for found in workloads(results, "exported"):
        for name, e in found["entries"].items():
            ratio = "" if name == "auto" else times_text(e["ratios"]["auto"])
            rows.append([found["title"], PACKAGES[name], median_time(e), ratio, f"{e['letters']:,}"])
    return table(["", "", "a call", "÷ ours", "letters of C"], rows)


COMPILED = ("native", "numpy")
ARRAYS = ("micrograd", "torch", "jax", "autograd", "mygrad")
TABLES: dict[str, Callable[[Results], list[str]]] = {
    "machines": machines,
    "asked": asked,
    "eager_times": matrix("eager", ("eager", "n-ary", *ARRAYS), median_time),
    "eager_ratios": ratios("eager", ARRAYS, "eager"),
    "n_ary_ratios": ratios("eager", ARRAYS, "n-ary"),
    "eager_winners": winners("eager", ("eager", "n-ary")),
    "cores": cores,
    "nested_times": matrix("nested", ("eager", "auto", "torch", "jax", "autograd"), median_time),
    "nested_ratios": ratios("nested", ("eager", "torch", "jax", "autograd"), "auto"),
    "nested_winners": winners("nested", ("eager", "auto")),
    "how_to_times": matrix("how_to", ("list", "array", "jax"), median_time),
    "how_to_ratios": ratios("how_to", ("jax",), "array"),
    "exported": exported,
    "letters": letters,
    "compiled_times": matrix("compiled", ("auto", *COMPILED, *PEERS), median_time),
    "auto_ratios": ratios("compiled", PEERS, "auto"),
    "native_ratios": ratios("compiled", PEERS, "native"),
    "numpy_ratios": ratios("compiled", PEERS, "numpy"),
    "compiled_winners": winners("compiled", ("auto",)),
    "compiled_first": matrix(
        "compiled", ("auto", *COMPILED, "torch", "inductor", "jax", "casadi", "ddx", "sympy"), first_time
    ),
    "everyday": everyday,
    "derivatives_times": matrix("derivatives", ("auto", "jax", "casadi"), median_time),
    "derivatives_ratios": ratios("derivatives", ("jax", "casadi"), "auto"),
    "derivatives_winners": winners("derivatives", ("auto",)),
    "derivatives_first": matrix("derivatives", ("auto", "jax", "casadi"), first_time),
    "growth_times": matrix("growth", ("eager", "paused", *COMPILED, *PEERS), median_time),
    "growth_first": matrix("growth", (*COMPILED, "jax", "casadi", "ddx"), first_time),
    "exponents": exponents,
    "growth_winners": winners("growth", ("eager", *COMPILED)),
    "batch_times": each(
        "batch",
        "samples",
        (*COMPILED, "torch", "jax", "casadi", "autograd"),
        lambda entry, n: time_text(entry["seconds"][1] / n),
    ),
    "batch_winners": winners("batch", COMPILED),
    "node_bytes": node_bytes,
    "most_bytes": each("memory", "nodes", ("eager", *COMPILED, *PEERS), lambda entry, n: f"{entry['bytes'] / n:,.0f}"),
    "depth": depth,
    "imports": imports,
    "native_start": native_start,
    "playground": playground,
    "slopes": slopes,
    "kinks": kinks,
    "accuracy": accuracy,
    "training": training,
    "anatomy": anatomy,
}


def write(results: Results) -> None:
    """The pages, README's table and, where matplotlib is, the plots."""
    PAGE.write_text(page(results), encoding="utf-8")
    CHOOSING.write_text(page(results, "choosing.md"), encoding="utf-8")
    CONTRIBUTORS.write_text(page(results, "contributors.md"), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8"), results), encoding="utf-8")
    try:
        import plots
    except ImportError as missing:
        print(f"the plots stay as they are: {missing}")
    else:
        plots.draw(results)


if __name__ == "__main__":
    write(load())
