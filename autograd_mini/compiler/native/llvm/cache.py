"""Compiled code kept between processes, in the user's cache folder.

What is loaded here is run, so the folder and the file must belong to the user, and nobody else may enter or write them.
A file begins with the digest of its name and of what follows: one that is damaged, or another's, is as good as none.
AUTOGRAD_MINI_CACHE names another folder; if it is empty, nothing is kept.
"""

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

KEPT: Final = 500  # files, beyond which those go that were not used for longest
_PREFIX: Final = "autograd_mini-"  # of all names, as in a folder that the user names there may be files of others
_DIGEST: Final = 32  # bytes


@cache
def sources() -> str:
    """The digest of all that code is made from: the rule table and this package.

    Raises:
        OSError: they were not installed, as in a frozen application.
    """
    package = resources.files("autograd_mini")
    names = ("rule.py", "rules.py", "partials.py", "powers.py", "special.py", "ieee.py", "compat.py")
    parts = [package / name for name in names]
    parts += [package / "arithmetic.py", *_below(package / "compiler")]
    digest = hashlib.sha256(sys.version.encode())
    for part in parts:
        digest.update(part.read_bytes() + b"\0")
    return digest.hexdigest()


def _below(folder: Any) -> Iterator[Any]:
    """The files of Python's in a folder, and in those in it."""
    for part in sorted(folder.iterdir(), key=lambda part: part.name):
        if part.is_dir():
            yield from _below(part)
        elif part.name.endswith(".py"):
            yield part


def key(parts: Iterable[str]) -> str:
    """The name of a file for code made from these parts; "" if it is not to be kept, since its sources are unknown."""
    try:
        return _PREFIX + hashlib.sha256("\0".join([sources(), *parts]).encode()).hexdigest()
    except OSError:
        return ""


def folder() -> Path | None:
    """The folder, made if need be; None if there is none that is safe."""
    named = os.environ.get("AUTOGRAD_MINI_CACHE")
    if named == "":
        return None
    try:
        path = Path(named).expanduser() if named else _usual() / "autograd_mini"
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
    """Whether it is a folder that nobody else may enter; a link to one is none, since others may turn it."""
    status = path.lstat()
    private = sys.platform == "win32" or not status.st_mode & 0o077
    return stat.S_ISDIR(status.st_mode) and private and _is_own(status)


def _is_own(status: os.stat_result) -> bool:
    """Whether a folder or an open file is this user's, and nobody else's to write; Windows' profiles see to that."""
    return sys.platform == "win32" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def load(name: str) -> bytes | None:
    """What was kept under a name, if it is there and whole."""
    path = folder()
    if path is None or not name:
        return None
    try:
        with (path / name).open("rb") as file:
            data = file.read() if _is_own(os.fstat(file.fileno())) else b""
    except OSError:
        return None
    if data[:_DIGEST] != _digest(name, data[_DIGEST:]):
        return None
    with suppress(OSError):  # of a folder that can be read alone
        os.utime(path / name)
    return data[_DIGEST:]


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.sha256(name.encode() + data).digest()


def store(name: str, data: bytes) -> None:
    """Keep data under a name, all of it or nothing; where that can't be, it is compiled again next time."""
    path = folder()
    if path is None or not name:
        return
    with suppress(OSError):
        handle, named = tempfile.mkstemp(prefix=_PREFIX, dir=path)
        temporary = Path(named)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(name, data) + data)
            temporary.replace(path / name)
        finally:
            temporary.unlink(missing_ok=True)
        _prune(path)


def _prune(path: Path) -> None:
    """Beyond KEPT files a tenth goes at once: to see which were not used for longest takes time, and is done seldom."""
    with os.scandir(path) as found:
        files = [entry for entry in found if entry.name.startswith(_PREFIX)]
    if len(files) <= KEPT:
        return
    used = sorted([(entry.stat().st_mtime, entry.path) for entry in files], reverse=True)
    for _, name in used[KEPT - KEPT // 10 :]:
        Path(name).unlink(missing_ok=True)
