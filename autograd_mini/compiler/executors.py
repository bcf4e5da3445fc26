"""Which executor runs a program on arrays, and why."""

from functools import cache
from importlib.util import find_spec

from ..extras import MissingExtraError
from .pauses import importing
from .program import Group, Program

MATRIX = 8192  # weights in the dots of one list of inputs, from which on the matrix products of BLAS are faster
EXECUTORS = ("auto", "source", "numpy", "native")


def require_native() -> None:
    """Check that LLVM and NumPy are there, and work.

    Raises:
        MissingExtraError: one is not there.
        RuntimeError: they can't be used on this machine.
    """
    for name in ("llvmlite", "numpy"):
        if find_spec(name) is None:
            raise MissingExtraError("executor='native'", name, "native")
    if problem := _problem():
        raise RuntimeError(f"executor='native' can't be had on this machine: {problem}. 'auto' takes NumPy here")


def may_be_native(executor: str) -> bool:
    """Whether `chosen` may choose machine code."""
    return executor in ("auto", "native") and find_spec("llvmlite") is not None


def chosen(program: Program, executor: str) -> tuple[str, str]:
    """The name of the executor for a program in groups, where `executor` was asked for, and the reason."""
    if executor == "numpy":
        return "numpy", "as asked"
    if executor == "native":
        return "native", "as asked"
    if find_spec("llvmlite") is None:
        return "numpy", "llvmlite is not installed"
    if problem := _problem():
        return "numpy", f"LLVM can't be used here: {problem}"
    weights = max([_weights(group) for group in program], default=0) if program.sampled else 0
    if weights >= MATRIX:
        return "numpy", f"a matrix product of {weights} weights is for BLAS"
    return "native", "no matrix product is large"


@cache
def _problem() -> str:
    """Why there is no machine code on this machine, "" if there is."""
    try:
        with importing:
            from .native.buffers import runner
            from .native.llvm.jit import host

        runner(host())
    except (ImportError, OSError, AttributeError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _weights(group: Group) -> int:
    return len(group.results) * (len(group.operands) // 2) if group.rule.name == "dot" else 0
