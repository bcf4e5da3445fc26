"""`save` and `load`: compiled functions in files with a version and a checksum.  Loading runs no code from a file."""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from ...files import write_whole
from ..program import Program
from .encoding import FileError, decode, encode

_BEGIN: Final = b"autograd_mini compiled "
_VERSION: Final = 1


class Kept(ABC):
    """The base of `Compiled` that saves to and loads from files."""

    _derived: dict[Any, Any]

    @abstractmethod
    def __call__(self, *args: Any, **named: Any) -> Any:
        """The value."""

    @property
    @abstractmethod
    def programs(self) -> Sequence[Program]:
        """The programs of all traces so far."""

    @abstractmethod
    def __getstate__(self) -> dict[str, Any]:
        """Everything except the function."""

    @abstractmethod
    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore that state."""

    def save(self, path: str | os.PathLike[str], *example: Any) -> None:
        """Write the programs of all calls so far, and the parameters, to a file.

        The function itself is not saved.  The loaded function runs the saved programs.  It raises `RetraceError` if a
        call needs another program: for other branches, other structures, or derivatives that were not used before.

        Args:
            path: the file.
            example: arguments to call it with first, so that there is a program for them.

        Raises:
            TypeError: there is no program yet, and no example; or a class of an argument can't be found by its name.
            OSError: the file can't be written; its old content is unchanged.

        >>> import tempfile
        >>> from autograd_mini import compiler
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     compiler.compile(lambda x: x * x).save(Path(folder, "square.agm"), 3.0)
        ...     compiler.load(Path(folder, "square.agm")).value_and_grad(4.0)
        (16.0, 8.0)
        """
        if example:
            self(*example)
        if not (self.programs or self._derived):
            raise TypeError("there is no program to save: call it first, or pass arguments as an example")
        content = encode(self.__getstate__())
        write_whole(path, b"%s%d\n" % (_BEGIN, _VERSION) + hashlib.sha256(content).digest() + content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """A compiled function from a file that `save` has written.

        Loading never imports or runs anything that the file names.  So import the classes of the arguments, and
        modules with primitives, before.

        Raises:
            FileError: it is not such a file, is damaged or of another version, or needs something not yet imported.
            OSError: it can't be read.
        """
        head, _, rest = Path(path).read_bytes().partition(b"\n")
        if not head.startswith(_BEGIN):
            raise FileError(f"{path} is not a compiled function")
        if head != b"%s%d" % (_BEGIN, _VERSION):
            version = head[len(_BEGIN) :].decode(errors="replace")
            raise FileError(f"{path} has version {version!r:.20}, but only version {_VERSION} can be read here")
        if hashlib.sha256(rest[32:]).digest() != rest[:32]:
            raise FileError(f"{path} is damaged: its checksum does not match")
        loaded = cls.__new__(cls)
        loaded.__setstate__(decode(rest[32:]))
        return loaded
