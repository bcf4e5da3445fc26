"""Ask each package for each feature, write down what it printed, and make docs/features.md of it.

    pip install '.[bench]' torchviz pydot flatbuffers
    python benchmarks/features/run.py                    # all: writes benchmarks/features.json and docs/features.md
    python benchmarks/features/run.py kinks jvp          # these only, on the terminal
    python benchmarks/features/run.py --page             # writes the page again, from the stored figures

A feature is a script of this folder: a function for each package, written as its users would write it, and a rule that
judges the result. Every package runs in its own process, with a time limit for each question. A process that dies or
hangs is started again for the next question.
"""

import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # in the place of this folder

from benchmarks.features.common import PACKAGES, Absent, ByHand, Documented, Using, told  # noqa: E402
from benchmarks.features.groups import GROUPS  # noqa: E402

DISTRIBUTIONS = {"autograd_mini": "autograd-mini", "hips": "autograd"}
LONGEST = 1000
"""How many characters of what a package printed are kept."""


# ---- one process for each package ----


def serve(package: str) -> None:
    """Answer the features named on standard input, each with a line of JSON, until it ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with (
        tempfile.TemporaryDirectory() as folder,  # some packages leave files where they are
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed,
    ):
        os.chdir(folder)
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
        prepare(package)
        for line in sys.stdin:
            printed.seek(0)
            printed.truncate()
            answer = ask(package, line.strip())
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            printed.seek(0)
            answer["printed"] = excerpt("\n".join(filter(None, [printed.read().strip(), answer["printed"]])))
            print(json.dumps(answer), file=answers, flush=True)


def prepare(package: str) -> None:
    """What users who want double precision put at the top of their program."""
    if package == "jax":
        jax = importlib.import_module("jax")
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_traceback_filtering", "off")  # else errors carry a note about it
    if package == "torch":
        torch = importlib.import_module("torch")
        torch.set_default_dtype(torch.float64)


def ask(package: str, feature: str) -> dict[str, Any]:
    """One cell: the verdict, what was printed, and what besides the package it took."""
    script = importlib.import_module(f"benchmarks.features.{feature}")
    try:
        got = getattr(script, package)()
    except Absent as absent:
        return {"verdict": "no", "absent": True, "printed": str(absent)}
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in PACKAGES | {"autograd": ""}:
            return {"verdict": "missing", "printed": told(missing)}
        return {"verdict": "no", "printed": told(missing)}
    except Exception as error:  # noqa: BLE001  (whatever the package does is what is asked)
        verdict = script.judge_error(error) if hasattr(script, "judge_error") else "no"
        return {"verdict": verdict, "printed": told(error)}
    if isinstance(got, Documented):
        return {"verdict": got.verdict, "printed": got.says, "source": got.source}
    return judged(script, got)


def judged(script: Any, got: Any) -> dict[str, Any]:
    """The verdict on what a function returned."""
    extra: dict[str, Any] = {}
    by_hand = isinstance(got, ByHand)
    if isinstance(got, Using):
        extra["using"] = got.what
    if isinstance(got, (ByHand, Using)):
        got = got.result
    if hasattr(script, "figure"):
        return {"verdict": "figure", "figure": script.figure(got), "printed": shown(got), **extra}
    verdict = script.judge(got)
    if by_hand:
        verdict, extra["using"] = ("partly" if verdict == "yes" else verdict), "by hand"
    return {"verdict": verdict, "printed": shown(got), **extra}


def shown(got: Any) -> str:
    """What a function returned as the page has it: of a dictionary a line for each entry."""
    if isinstance(got, dict):
        entries = {name: value if isinstance(value, str) else repr(value) for name, value in got.items()}
        return "\n".join(f"{name}:{indented(text)}" for name, text in entries.items())
    return got if isinstance(got, str) else repr(got)


def indented(text: str) -> str:
    """A text of several lines below its name."""
    return "\n" + "\n".join(f"    {line}" for line in text.strip().splitlines()) if "\n" in text else f" {text}"


def excerpt(printed: str) -> str:
    """What was printed without the paths and addresses of this machine, shortened in the middle if it is long."""
    printed = printed.replace(f"{ROOT}/", "")
    printed = re.sub(r"(?<![^\s\"'(])[^\s\"'(]*/(site-packages|lib/python3\.\d+)/", "…/", printed)
    printed = re.sub(r"/tmp/[^\s\"')]*", "/tmp/…", printed)
    printed = re.sub(r"0x[0-9a-f]{6,}", "0x…", printed)
    printed = re.sub(r"(?<![\d.])\d{14,15}(?![\d.])", "…", printed)
    printed = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    half = LONGEST // 2
    return printed if len(printed) <= LONGEST else f"{printed[:half]}\n[…]\n{printed[-half:]}"


class Server:
    """The process of one package."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.process: subprocess.Popen[str] | None = None

    def ask(self, feature: str, seconds: float = 60.0) -> dict[str, Any]:
        """What the package makes of a feature, even if it is a crash or nothing in time."""
        process = self.process or self.start()
        assert process.stdin is not None
        process.stdin.write(f"{feature}\n")
        process.stdin.flush()
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            self.stop()
            return {"verdict": "no", "printed": f"stopped after {seconds:g} seconds"}
        if not line:
            code = process.wait()
            self.stop()
            how = f"signal {-code}, {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            return {"verdict": "no", "printed": f"the process died: {how}"}
        return dict(json.loads(line))

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(Path(__file__)), "--serve", self.package]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", start_new_session=True
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self.read, args=(self.process, self.lines), daemon=True).start()
        return self.process

    @staticmethod
    def read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def stop(self) -> None:
        """End the process, with those that it started."""
        if self.process:
            if self.process.poll() is None:
                os.killpg(self.process.pid, 9)
            self.process.communicate()
            self.process = None


# ---- all of them ----


def features() -> list[str]:
    """The names of all features, as they stand on the page."""
    return [name for names in GROUPS.values() for name in names]


def cells(names: list[str], packages: list[str]) -> dict[str, dict[str, Any]]:
    """What each package makes of each feature."""
    found: dict[str, dict[str, Any]] = {name: {} for name in names}
    for package in packages:
        server = Server(package)
        for name in names:
            script = importlib.import_module(f"benchmarks.features.{name}")
            found[name][package] = server.ask(name, getattr(script, "SECONDS", 60.0))
            print(f"{package:14} {name:30} {found[name][package]['verdict']}", file=sys.stderr)
        server.stop()
    return found


def versions() -> dict[str, str]:
    """Of each package that is installed, and of those that some of them stand on."""
    found = {}
    for package in [*PACKAGES, "numpy", "jaxlib", "torchviz", "pydot", "flatbuffers", "llvmlite"]:
        try:
            found[package] = importlib.metadata.version(DISTRIBUTIONS.get(package, package))
        except importlib.metadata.PackageNotFoundError:
            continue
    found["autograd_mini"] = importlib.import_module("autograd_mini").__version__
    return found


def main(arguments: list[str]) -> None:
    """What the command line says."""
    from benchmarks.features.page import FIGURES, write_page

    if arguments[:1] == ["--serve"]:
        serve(arguments[1])
    elif arguments == ["--page"]:
        write_page()
    elif arguments:
        asked = [name for name in arguments if name not in PACKAGES]
        packages = [name for name in arguments if name in PACKAGES] or list(PACKAGES)
        for name, row in cells(asked or features(), packages).items():
            for package, cell in row.items():
                print(f"\n{name}, {PACKAGES[package]}: {cell.get('figure') or cell['verdict']} {cell.get('using', '')}")
                print(cell["printed"])
    else:
        figures = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "python": platform.python_version(),
            "machine": f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores",
            "versions": versions(),
            "features": cells(features(), list(PACKAGES)),
        }
        FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write_page()


if __name__ == "__main__":
    main(sys.argv[1:])
