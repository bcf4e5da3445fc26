"""Shared by the scripts of this folder: the packages, ways to say what happened, and rules that judge it."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "autograd_mini": "autograd_mini",
    "micrograd": "micrograd",
    "hips": "HIPS autograd",
    "torch": "PyTorch",
    "jax": "JAX",
    "casadi": "CasADi SX",
    "mygrad": "mygrad",
}
"""Each package by the name of its function in the scripts, and as the page calls it."""

Verdict = Literal["yes", "partly", "no"]


class Absent(Exception):
    """The package has no such thing."""


@dataclass(frozen=True)
class ByHand:
    """What came of it where the package has no function for it, but its user can write one: at best `partly`."""

    result: Any


@dataclass(frozen=True)
class Using:
    """What came of it with something besides the package, or another part of it than the column names."""

    result: Any
    what: str


@dataclass(frozen=True)
class Documented:
    """What cannot be run on the machine: the verdict that the package's documentation gives, and where it does."""

    verdict: Verdict
    says: str
    source: str


def numbers(result: Any) -> list[Any]:
    """The numbers in a result of any of the packages, in order."""
    if isinstance(result, dict):
        return numbers(list(result.values()))
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in numbers(part)]
    if hasattr(result, "detach"):  # a tensor of PyTorch
        result = result.detach()
    if type(result).__module__.startswith("mygrad"):
        result = result.data
    if hasattr(result, "full"):  # a matrix of CasADi
        result = result.full()
    if hasattr(result, "tolist"):
        result = result.tolist()
        return numbers(result) if isinstance(result, list) else [result]
    return [result]


def close(got: Any, truth: Any, tolerance: float = 1e-12) -> bool:
    """Whether a number is right but for rounding; nan is never, inf is if it is the truth."""
    if not isinstance(got, (int, float)):
        return False
    return got == truth or (math.isfinite(truth) and abs(got - truth) <= tolerance * max(abs(truth), 1e-300))


def right(result: Any, truth: Any, tolerance: float = 1e-12) -> Verdict:
    """`yes` if all numbers of the result are right."""
    got, wanted = numbers(result), numbers(truth)
    return "yes" if len(got) == len(wanted) and all(map(lambda x, y: close(x, y, tolerance), got, wanted)) else "no"


def share(marks: Iterable[bool], least: float = 0.5) -> Verdict:
    """`yes` if all hold, `partly` if more than the least share do."""
    held = list(marks)
    return "yes" if all(held) else "partly" if sum(held) > least * len(held) else "no"


def each(cases: dict[str, Any], evaluate: Callable[[Any], Any]) -> dict[str, Any]:
    """What each case comes to, or its error: one that fails doesn't hide the others."""
    found = {}
    for name, case in cases.items():
        try:
            got = numbers(evaluate(case))
            found[name] = got[0] if len(got) == 1 else got
        except Exception as error:  # noqa: BLE001  (whichever it is, it is shown)
            found[name] = told(error)
    return found


def told(error: BaseException) -> str:
    """An error as Python prints it, notes and all."""
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
    return f"{type(error).__name__}: {error}{notes}" if str(error) else type(error).__name__


def python(code: str, *, stdin: bytes = b"", **environment: str) -> bytes:
    """What a program prints in a process of its own, which finds what this one finds."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run([sys.executable, "-c", code], input=stdin, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace").strip())
    return done.stdout
