"""Imported by itself

What else does importing the package import, in a fresh process? Only Python's own library is `yes`.
"""

import ast
import importlib.metadata
from typing import Any

from benchmarks.features.common import python


def besides(module: str) -> list[str]:
    """The packages that are imported with a module and that are not of Python's library."""
    program = f"""
import sys
before = set(sys.modules)
import {module}
print(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))"""
    names = ast.literal_eval(python(program).decode().splitlines()[-1])
    installed = importlib.metadata.packages_distributions()
    return [name for name in names if name in installed and name != module.partition(".")[0]]


def autograd_mini() -> Any:
    return besides("autograd_mini.functions")


def micrograd() -> Any:
    return besides("micrograd.nn")


def hips() -> Any:
    return besides("autograd")


def torch() -> Any:
    return besides("torch")


def jax() -> Any:
    return besides("jax")


def casadi() -> Any:
    return besides("casadi")


def mygrad() -> Any:
    return besides("mygrad")


def judge(got: Any) -> str:
    return "no" if got else "yes"
