"""Writes all files of the package: whole or not at all, and as the same kind of file as before."""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows: another process can't remove an open file there anyway
    fcntl = None  # type: ignore[assignment]

_PREFIX, _SUFFIX = ".autograd_mini-", ".part"  # short, because a file name may have 255 bytes
_READER = 3.0  # seconds that a pipe waits for somebody to read it


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that it has the old content or the new one at any moment, even if this process is killed.

    The content first goes to a file next to it, which then replaces it.  The mode and the owner stay as they were; a
    new file follows the umask.  If the path is a symbolic link, its target is written, and the link stays.  A device or
    a pipe is written to, not replaced.  So is a file that can't be replaced, because its folder is read-only
    or another user owns it: such a file is lost if the process is killed meanwhile.  Leftovers of killed processes
    in the folder are removed.

    Args:
        path: where to.
        content: what to write.

    Raises:
        OSError: the file cannot be written; its old content is unchanged.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "two.txt"), b"2.0")
    ...     Path(folder, "two.txt").read_text()
    '2.0'
    """
    path = Path(path)
    old = _status(path)
    if old is not None and not stat.S_ISREG(old.st_mode):
        _write_to_device(path, content, old)
    elif _is_open_file(path):
        with path.open("ab") as file:
            file.write(content)
    else:
        _write_file(path, Path(os.path.realpath(path)), content, old)


def _status(path: Path) -> os.stat_result | None:
    """The status of a file, after following links; None if there is no file."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _is_open_file(path: Path) -> bool:
    """Whether this is a name such as /dev/stdout for a process's open file: replacing it would cut the connection."""
    while path.is_symlink() and not _is_in_proc(path):
        path = path.parent / path.readlink()
    return _is_in_proc(path)


def _is_in_proc(path: Path) -> bool:
    return os.path.realpath(path.parent).startswith("/proc/")


def _write_file(path: Path, place: Path, content: bytes, old: os.stat_result | None) -> None:
    """Replace the file at `place`, which `path` leads to, or overwrite it if it can't be replaced."""
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {place.parent}: make it first", str(path))
    if old is not None and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only: choose another name or make it writable", str(path))
    if old is not None and not _can_be_replaced(place, old):
        _write_over(place, content)
        return
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, f"the folder {place.parent} is read-only: choose another", str(path))
    _remove_leftovers(place.parent)
    try:
        _replace(place, content, old)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error


def _can_be_replaced(place: Path, old: os.stat_result) -> bool:
    """Whether another file can take its place, with the same owner."""
    owner_stays = not hasattr(os, "geteuid") or os.geteuid() in (0, old.st_uid)
    return owner_stays and os.access(place.parent, os.W_OK | os.X_OK)


def _replace(place: Path, content: bytes, old: os.stat_result | None) -> None:
    with _part(place.parent, 0o666 if old is None else 0o600) as (file, part):
        file.write(content)
        file.flush()
        if old is not None:
            if hasattr(os, "chown"):
                with suppress(PermissionError):  # a group that is not ours
                    os.chown(part, old.st_uid, old.st_gid)
            part.chmod(stat.S_IMODE(old.st_mode))
        os.fsync(file.fileno())
        if os.name == "nt":
            file.close()  # or it could not be moved
        part.replace(place)


@contextmanager
def _part(folder: Path, mode: int) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file, locked while it is written, and removed afterwards unless it was moved elsewhere."""
    while True:
        part = folder / f"{_PREFIX}{os.urandom(6).hex()}{_SUFFIX}"
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            try:
                _lock(file, wait=True)
                if os.fstat(file.fileno()).st_nlink == 0:  # removed as a leftover before it was locked
                    continue
                yield file, part
                return
            finally:
                part.unlink(missing_ok=True)


def _remove_leftovers(folder: Path) -> None:
    """Remove the leftovers of killed processes: partial files that nobody has locked."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)]
    for name in names:
        with suppress(OSError), open(folder / name, "r+b") as file:  # noqa: PTH123
            if _lock(file, wait=False):
                (folder / name).unlink()


def _lock(file: BinaryIO, *, wait: bool) -> bool:
    """Lock an open file, which unlocks when it is closed or its process ends; False if another has locked it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # locked, or a file system without locks
        return False
    return True


def _write_over(place: Path, content: bytes) -> None:
    """Overwrite the existing file, and restore its content if that fails."""
    before = place.read_bytes() if os.access(place, os.R_OK) else None
    try:
        place.write_bytes(content)
    except BaseException:
        if before is not None:
            place.write_bytes(before)
        raise


def _write_to_device(path: Path, content: bytes, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder, not a file", str(path))
    if stat.S_ISSOCK(status.st_mode):
        raise OSError(errno.ENXIO, "this is a socket, which has no content", str(path))
    descriptor = _open_pipe(path) if stat.S_ISFIFO(status.st_mode) else os.open(path, os.O_WRONLY)
    with open(descriptor, "wb") as device:  # noqa: PTH123
        device.write(content)


def _open_pipe(path: Path) -> int:
    """Open a named pipe once it is being read; opened as usual it would wait for ever."""
    deadline = time.monotonic() + _READER
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > deadline:
                raise OSError(errno.ENXIO, "nobody reads this pipe: start the reader first", str(path)) from None
            time.sleep(0.01)
        else:
            os.set_blocking(descriptor, True)
            return descriptor
