"""The engine in C, where there is a compiler, and archives of the same bytes; all else stands in pyproject.toml."""

import gzip
import os
import sys
import tarfile
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.sdist import sdist

PURE = os.environ.get("AUTOGRAD_MINI_BUILD") == "pure"  # a wheel for every machine, without the engine in C

# No contraction and no folding of pow: the bits are Python's. No -g: it would name the folder of the build.
FLAGS = [] if sys.platform == "win32" else ["-O2", "-g0", "-std=c11", "-ffp-contract=off", "-fno-builtin-pow"]

CORE = Extension(
    "autograd_mini._core",
    ["autograd_mini/_core.c"],
    depends=["autograd_mini/_math.h", "autograd_mini/_rows.h"],
    extra_compile_args=FLAGS,
    libraries=[] if sys.platform == "win32" else ["m"],
    optional=True,  # without a compiler the engine in Python runs
)


class Sdist(sdist):
    """The same bytes from the same source: setuptools puts the hour and the user into its own."""

    def make_archive(self, base_name: str, format: str, root_dir=None, base_dir: str = "", **_) -> str:  # noqa: ARG002
        epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))

        def without_time_and_place(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            return member

        name = f"{base_name}.tar.gz"
        with gzip.GzipFile(name, "wb", mtime=epoch) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
            for path in [Path(base_dir), *sorted(Path(base_dir).rglob("*"))]:
                tar.add(path, recursive=False, filter=without_time_and_place)
        return name


setup(
    cmdclass={"sdist": Sdist},
    packages=[*find_packages(include=["autograd_mini*"]), "autograd_mini._demos"],
    ext_modules=[] if PURE else [CORE],
)
