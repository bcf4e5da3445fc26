"""The three executors: their interface, and which of them runs a program, with the reason."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from ..extras import MissingExtraError
from .argument import arrays
from .pauses import importing
from .program import Group, Program
from .python.straight import Straight, StraightExecutor

TINY = 300  # up to so many operations, straight-line Python is faster than calls of NumPy
ALONE = 25  # below so many operations per group, straight-line Python is faster than NumPy on groups
LONGEST = 100_000  # operations that Python compiles in a few seconds
MATRIX = 8192  # from so many weights in the dots of one list of inputs, the matrix products of BLAS are faster
LAYER = 2**17  # the same limit for parameters: as many as fit in a core's second cache
EXECUTORS = ("auto", "source", "numpy", "native")


class Executor(Protocol):
    """Runs a program.

    Attributes:
        scalars: whether it returns derivatives in the form for arguments that are one number each.
        takes_numbers: whether it takes numbers instead of arrays: `value(*numbers)` and `value_and_gradient(*numbers)`
            return and raise the same as floats.  There is no sample axis then.
        samples_at_once: the largest number of samples that it takes.
        source: its Python code, or a text in its place.
    """

    scalars: bool
    takes_numbers: bool
    samples_at_once: int
    source: str

    def value(self, arguments: Sequence[Any], n: int) -> Any:
        """The value for each of n samples; the arguments are matrices with a column for each sample.

        For a program with several results, or none, it is a matrix with a column for each sample.  Derivatives are
        those of the first result.
        """

    def value_and_gradient(self, arguments: Sequence[Any], n: int, seed: float, out: Sequence[Any], add: bool) -> Any:
        """The value for each sample, and its derivatives times the seed, written or added to the arrays `out`."""

    def total(self, values: Any) -> float:
        """The sum of the values of the samples."""

    def function(self, derivatives: bool, scalars: bool) -> Callable[..., Any] | None:
        """The program as a function of all numbers, or None: it returns the value, with derivatives, or raises."""

    def written(self, derivatives: bool) -> Straight | None:
        """That function as lines of Python, if there is one and it is short."""

    def bound(self, n: int) -> Any:
        """The object whose `at_once` runs so many samples: it returns the sum of the values, and them (native/tape)."""

    def explain(self, tracing: float, compiling: float) -> str:
        """A text about the program, its executor and the times."""


class LongWay:
    """The `self` of a machine-code function: it is called when that function does not fit, and pickled in its place."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def __call__(self, *args: Any, **named: Any) -> tuple[Any, Any]:
        result: tuple[Any, Any] = type(self._compiled).value_and_grad(self._compiled, *args, **named)
        return result

    @property
    def value_and_grad(self) -> Callable[..., tuple[Any, Any]]:
        """The method, under the name of the function, where pickle looks for it."""
        method: Callable[..., tuple[Any, Any]] = self._compiled.value_and_grad
        return method


def made(program: Program, sources: range, params: Any, dtype: str, executor: str, scalars: bool, lasts: bool) -> Any:
    """The executor for a program, given the option `executor`.

    Args:
        program: the program to run.
        sources: the slots to differentiate with respect to: those of the parameters, or of the arguments.
        params: the array of parameters, which is read at each call, or None.
        dtype: the type of numbers.
        executor: one of EXECUTORS.
        scalars: whether each argument is one number.
        lasts: whether it is worth its own machine code, which takes long to compile.
    """
    if program.is_straight:
        brackets = "[]" if params is not None or not (scalars and sources) else "()" if len(sources) > 1 else ""
        return StraightExecutor(program, sources, brackets, _why_straight(program, executor))
    arrays()
    name, why = chosen(program, executor)
    if name == "native":
        with importing:
            from .native.executor import NativeExecutor

        return NativeExecutor(program, sources, params, dtype, why, lasts=lasts)
    with importing:
        from .arrays.numpy_executor import NumpyExecutor

    return NumpyExecutor(program, sources, params, dtype, why)


def _why_straight(program: Program, executor: str) -> str:
    if executor == "source":
        return "as asked"
    if program.nodes <= TINY:
        return f"no more than {TINY} operations"
    if find_spec("numpy") is None:
        return "NumPy is not installed"
    return f"{chosen(program, executor)[1]}, and its groups would be small"


def better_straight(program: Program, operations: int, executor: str) -> bool:
    """Whether a program in groups, without a sample axis, is faster as straight-line Python with so many operations."""
    is_scattered = program.nodes < ALONE * len(program) and operations <= LONGEST
    return is_scattered and chosen(program, executor)[0] == "numpy"


def require_native() -> None:
    """Check that LLVM and NumPy are installed, and work.

    Raises:
        MissingExtraError: one is not installed.
        RuntimeError: they can't be used on this machine.
    """
    for name in ("llvmlite", "numpy"):
        if find_spec(name) is None:
            raise MissingExtraError("executor='native'", name, "native")
    if problem := _problem():
        raise RuntimeError(f"executor='native' does not work on this machine: {problem}. 'auto' uses NumPy here")


def may_be_native(executor: str) -> bool:
    """Whether `chosen` may choose machine code."""
    return executor in ("auto", "native") and find_spec("llvmlite") is not None


def chosen(program: Program, executor: str) -> tuple[str, str]:
    """The name of the executor for a program in groups, given the option `executor`, and the reason."""
    if executor == "numpy":
        return "numpy", "as asked"
    if executor == "native":
        return "native", "as asked"
    if find_spec("llvmlite") is None:
        return "numpy", "llvmlite is not installed"
    if problem := _problem():
        return "numpy", f"LLVM can't be used here: {problem}"
    outside = [group for part in program.parts() if isinstance(part, range) for group in program.groups(part)]
    weights = max([_weights_for_blas(program, group) for group in outside], default=0) if program.sampled else 0
    if weights:
        return "numpy", f"a matrix product of {weights} weights is faster with BLAS"
    if program.sampled:
        return "native", "no matrix product is large"
    return "native", f"for over {TINY} recorded operations, or float32; no matrix product is large"


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


def _weights_for_blas(program: Program, group: Group) -> int:
    """How many weights dots have, if these are many; 0 if not."""
    if group.rule.name != "dot":
        return 0
    weights = len(group.results) * (len(group.operands) // 2)
    is_layer = 0 <= group.operands[0][0] - program.inputs < program.parameters
    return weights if weights >= (LAYER if is_layer else MATRIX) else 0
