"""files: everything that the package writes is written whole, and is the same kind of file as before."""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd_mini
from autograd_mini import Value, draw, explore, files
from autograd_mini.files import write_whole
from autograd_mini.nn import Neuron

ROOT = Path(autograd_mini.__file__).parent.parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs the modes, links and pipes of POSIX")
NOT_ROOT = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="root becomes another user, who may not write everywhere"
)

# Each way in which the package writes a file, with the suffix that it takes.
WAYS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "model": (".json", lambda path: Neuron(2).save(path)),
    "drawing": (".svg", lambda path: draw(Value(1.0)).save(path)),
    "page": (".html", lambda path: explore(Value(1.0) * 2.0).save(path)),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> tuple[str, Callable[[Path], object]]:
    return WAYS[request.param]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---- what the file is afterwards ----


@POSIX
@pytest.mark.parametrize("kept", [0o600, 0o640, 0o666, 0o755])
def test_a_file_keeps_its_mode(way: Any, kept: int, tmp_path: Path) -> None:
    suffix, save = way
    path = tmp_path / f"old{suffix}"
    path.touch()
    path.chmod(kept)
    save(path)
    assert (mode(path), path.stat().st_size > 0) == (kept, True)


@POSIX
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_follows_the_umask(way: Any, umask: int, tmp_path: Path) -> None:
    suffix, save = way
    before = os.umask(umask)
    try:
        save(tmp_path / f"new{suffix}")
    finally:
        os.umask(before)
    assert mode(tmp_path / f"new{suffix}") == 0o666 & ~umask


@POSIX
@pytest.mark.parametrize("target", ["there", "dangling", "elsewhere/there"])
def test_a_link_stays_and_its_target_is_written(way: Any, target: str, tmp_path: Path) -> None:
    suffix, save = way
    place = tmp_path / f"{target}{suffix}"
    place.parent.mkdir(exist_ok=True)
    if target != "dangling":
        place.write_text("old")
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    first.symlink_to(second)
    second.symlink_to(place.relative_to(tmp_path))
    save(first)
    assert first.is_symlink()
    assert second.is_symlink()
    assert not place.is_symlink()
    assert place.stat().st_size > 3


@POSIX
def test_a_circle_of_links_is_an_error(way: Any, tmp_path: Path) -> None:
    suffix, save = way
    (tmp_path / f"a{suffix}").symlink_to(f"a{suffix}")
    with pytest.raises(OSError, match="a" + suffix):
        save(tmp_path / f"a{suffix}")
    assert len(list(tmp_path.iterdir())) == 1


@POSIX
def test_a_pipe_is_written_to(way: Any, tmp_path: Path) -> None:
    suffix, save = way
    pipe, plain = tmp_path / f"pipe{suffix}", tmp_path / f"plain{suffix}"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    save(pipe)
    reader.join(20)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert len(read[0]) > 20
    save(plain)
    assert read[0][:15] == plain.read_bytes()[:15]


@POSIX
def test_a_pipe_that_nobody_reads_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "_READER", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody reads this pipe: start the reader first"):
        write_whole(tmp_path / "pipe", b"x")
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there is no such device")
def test_a_device_is_written_to(way: Any, tmp_path: Path) -> None:
    suffix, save = way
    link = tmp_path / f"null{suffix}"
    link.symlink_to("/dev/null")
    save(link)
    assert link.is_symlink()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_device_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_whole("/dev/full", b"x" * 100)


@POSIX
def test_a_socket_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("here")
        with pytest.raises(OSError, match="this is a socket"):
            write_whole("here", b"x")
        assert stat.S_ISSOCK(Path("here").stat().st_mode)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no such name")
@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_standard_output_is_written_to(kind: str, tmp_path: Path) -> None:
    program = "from autograd_mini.nn import Neuron\nprint('first', flush=True)\nNeuron(1).save('/dev/stdout')"
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if kind == "pipe":
        printed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    else:
        with (tmp_path / "out").open("wb") as out:
            subprocess.run(command, env=environment, stdout=out, check=True)
        printed = (tmp_path / "out").read_bytes()
    assert printed.startswith(b"first\n{")
    assert b'"parameters"' in printed


@pytest.mark.parametrize("length", [1, 200, 238, 250, 255])
def test_names_of_any_length(way: Any, length: int, tmp_path: Path) -> None:
    suffix, save = way
    path = tmp_path / ("m" * max(1, length - len(suffix)) + suffix)
    for _ in range(2):
        save(path)
        assert list(tmp_path.iterdir()) == [path]


def test_names_of_other_letters_count_by_bytes(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125 + ".json")  # 255 bytes in UTF-8
    Neuron(1).save(path)
    assert list(tmp_path.iterdir()) == [path]


@NOT_ROOT
def test_the_owner_stays(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    path.touch()
    os.chown(path, 12345, 54321)
    write_whole(path, b"new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, path.read_bytes()) == (12345, 54321, b"new")


# ---- as a user who may not write everywhere ----

NOBODY = 65534


def as_nobody(program: str, folder: Path) -> str:
    """What a program prints that runs as a user without rights."""
    start = f"import os; os.chdir({str(folder)!r}); os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
    imports = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom autograd_mini.files import write_whole\n"
    done = subprocess.run(
        [sys.executable, "-c", imports + start + program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder that another user can enter: those above it as well."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder != Path("/tmp") and Path("/tmp") in folder.parents:
            folder.chmod(0o755)
    return tmp_path


TRY = """
try:
    write_whole("file", b"new")
except OSError as error:
    print(type(error).__name__, error)
"""


@NOT_ROOT
def test_a_read_only_folder_takes_no_new_file(theirs: Path) -> None:
    printed = as_nobody(TRY, theirs)
    assert printed.startswith("PermissionError ")
    assert f"the folder {theirs} is read-only: choose another" in printed
    assert list(theirs.iterdir()) == []


@NOT_ROOT
def test_a_file_that_cannot_be_replaced_is_written_over(theirs: Path) -> None:
    (theirs / "file").write_bytes(b"a longer content")
    (theirs / "file").chmod(0o666)
    inode = (theirs / "file").stat().st_ino
    assert as_nobody(TRY, theirs) == ""
    assert ((theirs / "file").read_bytes(), (theirs / "file").stat().st_ino) == (b"new", inode)


@NOT_ROOT
def test_a_read_only_file_is_not_replaced(theirs: Path) -> None:
    theirs.chmod(0o777)
    (theirs / "file").write_bytes(b"old")
    (theirs / "file").chmod(0o444)
    os.chown(theirs / "file", NOBODY, NOBODY)
    assert "the file is read-only" in as_nobody(TRY, theirs)
    assert [path.read_bytes() for path in theirs.iterdir()] == [b"old"]


# ---- failures ----


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "the disk is full"), KeyboardInterrupt("the disk is full")])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_when_writing_fails_the_file_is_as_it_was(
    error: BaseException, call: str, way: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*args: Any) -> None:
        raise error

    suffix, save = way
    path = tmp_path / f"old{suffix}"
    path.write_bytes(b"old")
    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), fail)
    with pytest.raises(type(error), match="the disk is full") as caught:
        save(path)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    if isinstance(caught.value, OSError):
        assert caught.value.filename == str(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a limit on the size of files")
def test_a_file_that_grows_too_large_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    program = f"""
import resource, signal
from autograd_mini.files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole({str(tmp_path / "old")!r}, b"x" * 100_000)
except OSError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


KILLED = """
import os, sys
from autograd_mini import files
os.fsync = lambda descriptor: (print("writing", flush=True), sys.stdin.read())
files.write_whole(sys.argv[1], b"new")
"""


def writing(path: Path) -> "subprocess.Popen[bytes]":
    """A process in the middle of writing a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    return process


@POSIX
def test_the_file_left_by_a_killed_process_is_removed_by_the_next_save(tmp_path: Path) -> None:
    path, other = tmp_path / "old", tmp_path / "other"
    path.write_bytes(b"old")
    with writing(path) as process:
        process.send_signal(signal.SIGKILL)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2
    write_whole(other, b"new")
    assert sorted(tmp_path.iterdir()) == [path, other]


@POSIX
def test_the_file_that_a_living_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    path, other = tmp_path / "old", tmp_path / "other"
    with writing(path) as process:
        write_whole(other, b"new")
        process.communicate(b"go on")
    assert process.returncode == 0
    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == (b"new", [path, other])


def test_many_threads_at_once_lose_nothing(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def write(k: int) -> None:
        try:
            for i in range(30):
                write_whole(tmp_path / f"file{k % 3}", b"%d %d" % (k, i))
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file0", "file1", "file2"]
    assert {path.read_bytes().split()[1] for path in tmp_path.iterdir()} == {b"29"}


def test_a_folder_or_no_folder_is_an_error(way: Any, tmp_path: Path) -> None:
    suffix, save = way
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(IsADirectoryError, match="this is a folder, not a file"):
        save(tmp_path / f"folder{suffix}")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none: make it first"):
        save(tmp_path / "none" / f"file{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"folder{suffix}"]


@pytest.mark.parametrize("path", [1, None, b"bytes", True])
def test_what_is_no_path_is_a_type_error(path: Any) -> None:
    with pytest.raises(TypeError):
        write_whole(path, b"x")
