"""Where autograd_mini stands among its peers: measures, and writes results.json, docs/benchmarks.md, README's table.

    python benchmarks/run.py                               # everything, about a quarter of an hour
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
from pathlib import Path
from typing import Any

import report
from measure import Options, in_process

from autograd_mini import __version__

SECTIONS = (
    "eager",
    "compiled",
    "everyday",
    "derivatives",
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
PACKAGES = ("numpy", "llvmlite", "micrograd", "torch", "jax", "casadi", "autograd", "mygrad", "numdifftools", "scipy")


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
    """What a workload gives, without those who bring its process down."""
    while True:
        found: dict[str, Any] = in_process("measure", "serve", section, name, options, seconds=600)
        if found.get("at") is None or found["at"] in options.failed:
            return found
        options = options._replace(failed={**options.failed, found["at"]: found["failed"]})


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description="autograd_mini among its peers.")
    parser.add_argument("--only", nargs="+", default=SECTIONS, metavar="SECTION[.WORKLOAD]", help=", ".join(SECTIONS))
    parser.add_argument("--peers", nargs="*", metavar="PEER", help="only these packages beside ours")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds, to see that all works")
    given = parser.parse_args()
    if unknown := [name for name in given.only if name.partition(".")[0] not in SECTIONS]:
        parser.error(f"no section {', '.join(unknown)}: there are {', '.join(SECTIONS)}")
    known = {section: importlib.import_module(section).WORKLOADS for section in SECTIONS}
    for section, _, one in (asked.partition(".") for asked in given.only):
        if one and one not in known[section]:
            parser.error(f"no workload {one}: {section} has {', '.join(known[section])}")
    begin = time.monotonic()
    for asked in given.only:
        section, _, one = asked.partition(".")
        where = machine()
        found: dict[str, Any] = {}
        for name in [one] if one else known[section]:
            options = Options(given.quick, given.peers, earlier=found)
            found[name] = workload(section, name, options)
            print(
                f"[{time.monotonic() - begin:4.0f} s] {section}.{name}",
                *report.lines(found[name]),
                sep="\n    ",
                flush=True,
            )
        if not (one or given.quick or given.peers is not None):
            results = {**report.load(), section: {"machine": where, "workloads": found}}
            report.save(results)
            report.write(results)


if __name__ == "__main__":
    main()
