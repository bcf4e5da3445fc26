"""What it takes to begin: the import of each package, the first use of the native tier, and the playground.

An import is CPU time beyond that of a bare interpreter, both in fresh processes, in turn. The first use is that of a
program that the native tier runs, in CPU time, less what the same one takes when it is traced and compiled once more:
with an empty cache folder, where the machine is made, and with what that left in it.
"""

import importlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import growth
from measure import Options, in_process, quartiles, short
from peers import scalars

IMPORTS = {
    "eager": "from autograd_mini import Value, grad",
    "numpy": "import numpy, autograd_mini.compiler",
    "native": "import numpy, autograd_mini.compiler.native, llvmlite.binding",
    "micrograd": "import micrograd.engine",
    "torch": "import torch",
    "jax": "import jax.numpy",
    "casadi": "import casadi",
    "ddx": "import ddx",
    "autograd": "import autograd",
    "mygrad": "import mygrad",
}
WORKLOADS = ("imports", "native", "playground")
COUNT = """
import sys
before = set(sys.modules)
{}
print(len({{name.partition(".")[0] for name in set(sys.modules) - before}} - sys.stdlib_module_names))
"""


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries."""
    if name == "native":
        return {"title": "The first use of the native tier", "entries": native(1 if options.quick else 5)}
    if name == "playground":
        found = in_process("playground", "times", 1 if options.quick else 5, seconds=300)
        return {"title": "The playground", "entries": {"playground": found}}
    return {"title": "Import", "entries": imports(2 if options.quick else 7, options)}


def imports(rounds: int, options: Options) -> dict[str, Any]:
    """Seconds beyond a bare interpreter, and how many packages come along, itself counted."""
    entries: dict[str, Any] = {}
    for peer, statement in IMPORTS.items():
        if peer in ("eager", "numpy", "native") or options.chosen(peer):
            done = run(COUNT.format(statement))
            entries[peer] = (
                {"modules": int(done.stdout)} if done.returncode == 0 else {"failed": done.stderr.splitlines()[-1]}
            )
    times: dict[str, list[float]] = {peer: [] for peer, entry in entries.items() if "failed" not in entry}
    for _ in range(rounds):
        bare = cpu_seconds("pass")
        for peer, spent in times.items():
            spent.append(cpu_seconds(IMPORTS[peer]) - bare)
    for peer, spent in times.items():
        entries[peer]["seconds"] = quartiles(spent)
    return entries


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Python code, in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def cpu_seconds(code: str) -> float:
    """The CPU time of such a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def native(rounds: int) -> dict[str, Any]:
    """Seconds of the first use, and of a first use in a later process."""
    first: list[float] = []
    later: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o700)
            for times in (first, later):
                found = in_process("start", "first_use", AUTOGRAD_MINI_CACHE=folder)
                if "failed" in found:
                    return {"native": found}
                times.append(found["seconds"])
    return {"native": {"first": quartiles(first), "later": quartiles(later)}}


def first_use() -> dict[str, float]:
    """What the native tier takes once in a process."""
    importlib.import_module("autograd_mini.compiler.native.executor")
    program, given, times = growth.program(1000), growth.given(), []
    for _ in range(6):
        begin = time.process_time()
        scalars("native", program, given)()
        times.append(time.process_time() - begin)
    return {"seconds": short(max(0.0, times[0] - median(times[1:])))}
