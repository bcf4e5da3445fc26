"""Compiled code kept between processes, in the user's cache folder.

What is loaded here is run, so the folder must belong to the user, and nobody else may enter it.  A file begins with the
digest of what follows: one that is damaged is as good as none.  AUTOGRAD_MINI_CACHE names another folder; if it is
empty, nothing is kept.
"""

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

KEPT: Final = 500  # files, beyond which the oldest go
_DIGEST: Final = 32  # bytes


@cache
def sources() -> str:
    """The digest of all that code is made from: the rule table and this package."""
    package = resources.files("autograd_mini")
    parts = [package / "rules.py", *[package / "compiler" / name for name in ("graph.py", "special.py")]]
    parts += sorted((package / "compiler" / "native").iterdir(), key=lambda part: part.name)
    digest = hashlib.sha256(sys.version.encode())
    for part in parts:
        if part.name.endswith(".py"):
            digest.update(part.read_bytes() + b"\0")
    return digest.hexdigest()


def key(parts: Iterable[str]) -> str:
    """The name of a file for code made from these parts."""
    return hashlib.sha256("\0".join([sources(), *parts]).encode()).hexdigest()


def folder() -> Path | None:
    """The folder, made if need be; None if there is none that is safe."""
    named = os.environ.get("AUTOGRAD_MINI_CACHE")
    if named == "":
        return None
    try:
        path = Path(named) if named else _usual() / "autograd_mini"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path if _is_safe(path) else None
    except (OSError, RuntimeError):
        return None


def _usual() -> Path:
    """Where caches are on this system."""
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"]) if "LOCALAPPDATA" in os.environ else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


def _is_safe(path: Path) -> bool:
    """Whether it is a folder of this user's that nobody else may enter; on Windows the profile sees to that."""
    if sys.platform == "win32":
        return True
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def load(name: str) -> bytes | None:
    """What was kept under a name, if it is there and whole."""
    path = folder()
    if path is None:
        return None
    try:
        data = (path / name).read_bytes()
    except OSError:
        return None
    whole = hashlib.sha256(data[_DIGEST:]).digest() == data[:_DIGEST]
    return data[_DIGEST:] if whole else None


def store(name: str, data: bytes) -> None:
    """Keep data under a name, all of it or nothing; where that can't be, it is compiled again next time."""
    path = folder()
    if path is None:
        return
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=path)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(data).digest() + data)
        Path(temporary).replace(path / name)
        _prune(path)


def _prune(path: Path) -> None:
    files = [(file.stat().st_mtime, file) for file in path.iterdir()]
    for _, file in sorted(files, reverse=True)[KEPT:]:
        file.unlink(missing_ok=True)
