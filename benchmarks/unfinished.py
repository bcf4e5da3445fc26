"""A long run in pieces: what it has measured is kept after every workload, so that a run that was cut off goes on."""

import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "autograd_mini"


def code() -> str:
    """A hash of all that is measured and of what measures it: figures of different code don't belong in one run."""
    files = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.glob("*.[ch]"), *HERE.glob("*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


class Unfinished:
    """The workloads that a run has measured, by section and name, in a file until the run is finished."""

    def __init__(self, path: Path, *, afresh: bool = False) -> None:
        self._path, self._code = path, code()
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() and not afresh else {}
        self._found: dict[str, dict[str, Any]] = kept["found"] if kept.get("code") == self._code else {}

    def section(self, name: str) -> dict[str, Any]:
        """What there is of a section, by workload."""
        return dict(self._found.get(name, {}))

    def keep(self, section: str, workload: str, found: dict[str, Any]) -> None:
        """Write down one workload more."""
        self._found.setdefault(section, {})[workload] = found
        replace(self._path, json.dumps({"code": self._code, "found": self._found}))

    def finish(self) -> None:
        """The run is complete."""
        self._path.unlink(missing_ok=True)


def replace(path: Path, text: str) -> None:
    """Write a file whole or not at all: a run may be cut off while it writes."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
