"""The engine in C, where there is a compiler; everything else stands in pyproject.toml."""

import os
import sys

from setuptools import Extension, find_packages, setup

PURE = os.environ.get("AUTOGRAD_MINI_BUILD") == "pure"  # a wheel for every machine, without the engine in C

# No contraction and no folding of pow: the bits are Python's.
FLAGS = [] if sys.platform == "win32" else ["-O2", "-std=c11", "-ffp-contract=off", "-fno-builtin-pow"]

CORE = Extension(
    "autograd_mini._core",
    ["autograd_mini/_core.c"],
    depends=["autograd_mini/_math.h", "autograd_mini/_rows.h"],
    extra_compile_args=FLAGS,
    libraries=[] if sys.platform == "win32" else ["m"],
    optional=True,  # without a compiler the engine in Python runs
)

setup(
    packages=[*find_packages(include=["autograd_mini*"]), "autograd_mini._demos"],
    ext_modules=[] if PURE else [CORE],
)
