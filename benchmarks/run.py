"""Where autograd_mini stands among its peers: measures, and writes results.json, docs/benchmarks.md, README's table.

    python benchmarks/run.py                               # everything, about half an hour
    python benchmarks/run.py                               # once more after it was cut off: goes on where it stopped
    python benchmarks/run.py --afresh                      # from the beginning, whatever an earlier run has measured
    python benchmarks/run.py --only compiled memory        # some sections; the others stay as they were measured
    python benchmarks/run.py --only compiled.moons --peers jax torch    # one workload: printed, and not kept
    python benchmarks/run.py --quick                       # small and few, to see that all works: not kept either

A section is a module beside this file, and every workload of it has a process of its own. See measure.py for how, and
each module for what. A package that is not installed, crashes, takes more than a minute or has another result is shown
so.
"""

import argparse
import datetime
import importlib
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import report
from measure import Options, in_process
from unfinished import Unfinished

from autograd_mini import __version__

SECTIONS = (
    "eager",
    "cores",
    "nested",
    "compiled",
    "everyday",
    "derivatives",
    "exported",
    "how_to",
    "growth",
    "batch",
    "memory",
    "depth",
    "start",
    "verdicts",
    "accuracy",
    "training",
    "drawing",
    "anatomy",
)
UNFINISHED = Path(__file__).with_name("unfinished.json")
PACKAGES = (
    *("numpy", "llvmlite", "micrograd", "torch", "jax", "casadi", "ddx-ad", "sympy", "autograd", "mygrad"),
    *("numdifftools", "scipy"),
)


def machine() -> dict[str, Any]:
    """Where and with what a section was measured."""
    versions: dict[str, str | None] = {"autograd_mini": __version__}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": " ".join(["python benchmarks/run.py", *sys.argv[1:]]),
        "python": platform.python_version(),
        "system": platform.system() + " " + platform.machine(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "load": [round(x, 1) for x in os.getloadavg()],
        "versions": versions,
    }


def cpu() -> str:
    """The processor's name for itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def workload(section: str, name: str, options: Options) -> dict[str, Any]:
    """What a workload gives, without those who bring its process down, and how long it took in seconds."""
    begin = time.monotonic()
    while True:
        found: dict[str, Any] = in_process("measure", "serve", section, name, options, seconds=600)
        if found.get("at") is None or found["at"] in options.failed:
            return {**found, "took": round(time.monotonic() - begin, 1)}
        options = options._replace(failed={**options.failed, found["at"]: found["failed"]})


class Progress:
    """How far a run is, in one line: by the time that each workload took before."""

    def __init__(self, tasks: Sequence[tuple[str, str]], quick: bool) -> None:
        earlier = {} if quick else report.load()
        self.begin = time.monotonic()
        self.done, self.of = 0, len(tasks)
        self.expected = {
            (section, name): earlier.get(section, {"workloads": {}})["workloads"].get(name, {}).get("took")
            for section, name in tasks
        }

    def line(self, section: str, name: str) -> str:
        """What comes now, how many there are, and the minutes until all are there, if that is known."""
        spent, left = time.monotonic() - self.begin, self.expected.values()
        until = "" if None in left else f", about {sum(map(float, left)) / 60:.0f} min to go"
        return f"[{self.done + 1} of {self.of}, {spent:.0f} s{until}] {section}.{name}"

    def past(self, section: str, name: str) -> None:
        """It is there."""
        self.done += 1
        del self.expected[section, name]


def tasks(only: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every workload that is asked for, with its section."""
    for asked in only:
        section, _, one = asked.partition(".")
        for name in [one] if one else importlib.import_module(section).WORKLOADS:
            yield section, name


def main() -> None:
    """Measure what is asked for."""
    given = arguments()
    todo = list(tasks(given.only))
    whole = not (given.quick or given.peers is not None or any("." in asked for asked in given.only))
    kept = Unfinished(UNFINISHED, afresh=given.afresh) if whole else None
    progress = Progress(todo, given.quick)
    found: dict[str, dict[str, Any]] = {section: kept.section(section) if kept else {} for section, _ in todo}
    for section, name in todo:
        if name in found[section]:
            print(f"{section}.{name} is there from the run that was cut off")
        else:
            print(progress.line(section, name), flush=True)
            options = Options(given.quick, given.peers, earlier=found[section])
            found[section][name] = workload(section, name, options)
            print(*[f"    {line}" for line in report.lines(found[section][name])], sep="\n", flush=True)
            if kept:
                kept.keep(section, name, found[section][name])
        progress.past(section, name)
        if kept and found[section].keys() == {own for of, own in todo if of == section}:
            results = {**report.load(), section: {"machine": machine(), "workloads": found[section]}}
            report.save(results)
            report.write(results)
    if kept:
        kept.finish()


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description="autograd_mini among its peers.")
    parser.add_argument("--only", nargs="+", default=SECTIONS, metavar="SECTION[.WORKLOAD]", help=", ".join(SECTIONS))
    parser.add_argument("--peers", nargs="*", metavar="PEER", help="only these packages beside ours")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds, to see that all works")
    parser.add_argument("--afresh", action="store_true", help="forget what a run that was cut off has measured")
    given = parser.parse_args()
    if unknown := [name for name in given.only if name.partition(".")[0] not in SECTIONS]:
        parser.error(f"no section {', '.join(unknown)}: there are {', '.join(SECTIONS)}")
    for section, _, one in (asked.partition(".") for asked in given.only):
        known = importlib.import_module(section).WORKLOADS
        if one and one not in known:
            parser.error(f"no workload {one}: {section} has {', '.join(known)}")
    return given


if __name__ == "__main__":
    main()
