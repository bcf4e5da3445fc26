"""Compiled code kept between processes, in the user's cache folder.

Loaded code is run, so the folder and the file must belong to the user, and nobody else may open or change them.
A file begins with the digest of its name and its content; a file with another digest is ignored.
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
_PREFIX: Final = "autograd_mini-"  # of all our files: a folder that the user names may contain other files
_DIGEST: Final = 32  # bytes


@cache
def sources() -> str:
    """The digest of all sources of the code: the rule table and this package.

    Raises:
        OSError: the sources are not installed, as in a frozen application.
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
    """The Python files in a folder and its subfolders."""
    for part in sorted(folder.iterdir(), key=lambda part: part.name):
        if part.is_dir():
            yield from _below(part)
        elif part.name.endswith(".py"):
            yield part


def key(parts: Iterable[str]) -> str:
    """The name of a file for code made from these parts; "" if it can't be kept, because its sources are unknown."""
    try:
        return _PREFIX + hashlib.sha256("\0".join([sources(), *parts]).encode()).hexdigest()
    except OSError:
        return ""


def folder() -> Path | None:
    """The folder, created if necessary; None if there is no safe one."""
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
    """The folder for caches on this system."""
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"]) if "LOCALAPPDATA" in os.environ else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


def _is_safe(path: Path) -> bool:
    """Whether it is a folder that only this user may open; a link does not count, because others could redirect it."""
    status = path.lstat()
    private = sys.platform == "win32" or not status.st_mode & 0o077
    return stat.S_ISDIR(status.st_mode) and private and _is_own(status)


def _is_own(status: os.stat_result) -> bool:
    """Whether only this user owns and may write a folder or an open file; on Windows, user profiles ensure that."""
    return sys.platform == "win32" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def load(name: str) -> bytes | None:
    """The data under a name, if the file exists and is complete."""
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
    with suppress(OSError):  # for a folder that is read-only
        os.utime(path / name)
    return data[_DIGEST:]


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.sha256(name.encode() + data).digest()


def store(name: str, data: bytes) -> None:
    """Store data under a name, as a whole or not at all; if that fails, it is compiled again next time."""
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
