"""Functions written in scalars, run at the speed of arrays: `compile` traces them, and runs the recorded program.

What happens in a call, and in which module, in reading order:

    compiled     `Compiled`, the result of `compile`: it finds the program that fits a call, or traces again;
                 options: the settings of `compile`
    signature    the form of the arguments: takes their numbers out, runs a program on them, and puts derivatives in
                 their places;  argument: reads one argument;  parameters: the Values of `params=`
    forms/       what is kept for a form of arguments.  outcomes: its programs (each a `Plan`), found by how their
                 branches turn out;  ways: Python functions written for the form, which read no more than they must;
                 structures: their text for lists, dicts and dataclasses;  shortcuts: those to try first
    record/      the first call runs the function on Values.  trace: runs it;  recording: lists the nodes it makes;
                 watched: other Values that it reads;  graph: what was recorded;  results: the form of the result;
                 named: handles arguments that are passed by name, or are not numbers;  replay: finds the
                 operation that is not finite
    derivatives/ other derivatives, from more compiled functions made of this one.  methods: jvp, vjp and hvp;
                 matrices: Jacobians and Hessians;  traced: the function that is compiled for them;  chain: the chain
                 rule there, with few operations;  direct: a short way for these;  on_values: Values as arguments
    sparse/      matrices with few entries.  pattern: where they are;  colouring: columns to compute together;
                 entries: the function that is compiled for them;  accumulate: the chain rule, entry by entry
    plan/        from the graph to a program.  order: does it, either in_order, or by passes over arrays, which find
                 sums, dots and loops, and put operations into groups
    program      the program: operations on numbered slots, their evaluation, and the chain rule over them
    executors    which of these three runs it:
    python/          straight-line Python, for the smallest
    arrays/          vectors of NumPy, if there is no LLVM
    native/          machine code: see the map in native/__init__.py
    c/           programs written as C99
    files/       compiled functions saved to files
    pauses       lets other traces, the garbage collector and forks wait during a trace

A later call of the same form goes a short way, a function written for this form (forms/ways).  `Compiled._remember` has
it written at the end of a call that went the long way.  `Compiled.value_and_grad`, and `Compiled` called for the value
alone, call the latest such function (`Shortcuts.latest`).  A small program is written into it (python/straight); other
programs get numbers, by an executor's `function`, or arrays, by `NativeExecutor.bound(n).at_once` (native/tape).  That
calls `runner` (native/buffers), which checks the arrays and runs the machine (native/machine).

A way raises one of MISFITS if the arguments have another form, a Value that was read has another number, a branch goes
the other way, or there are so many samples that threads share them.  Then the way for arguments of these types is
tried, and after that `Compiled` reads the arguments and goes the long way.  A program on arrays that calls a user's
operations has no short way.  Of several outcomes, the way of each is tried until one fits (`Outcomes.way`); among
programs whose branches depend on few operations a function of numbers decides (python/decisions).
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from ..errors import TraceError
from ..transforms import P, R
from .compiled import BranchChanged, Compiled, RetraceError
from .files.encoding import FileError
from .options import Options
from .parameters import leaves_of
from .program import Program, ProgramError
from .record.replay import NonFiniteError

load = Compiled.load

__all__ = [
    "BranchChanged",
    "Compiled",
    "FileError",
    "NonFiniteError",
    "Program",
    "ProgramError",
    "RetraceError",
    "TraceError",
    "load",
]


@overload
def compile(
    f: Callable[P, R],
    *,
    params: Any = ...,
    batch: Literal[False] = ...,
    reduce: None = ...,
    dtype: str = ...,
    executor: str = ...,
    check: str | None = ...,
    has_aux: bool = ...,
    static: str | Sequence[str] = ...,
    shared: str | Sequence[str] = ...,
) -> Compiled[P, R]: ...
@overload
def compile(
    f: Callable[..., Any],
    *,
    params: Any = ...,
    batch: bool = ...,
    reduce: str | None = ...,
    dtype: str = ...,
    executor: str = ...,
    check: str | None = ...,
    has_aux: bool = ...,
    static: str | Sequence[str] = ...,
    shared: str | Sequence[str] = ...,
) -> Compiled: ...
def compile(
    f: Callable[..., Any],
    *,
    params: Any = None,
    batch: bool = False,
    reduce: str | None = None,
    dtype: str = "float64",
    executor: str = "auto",
    check: str | None = None,
    has_aux: bool = False,
    static: str | Sequence[str] = (),
    shared: str | Sequence[str] = (),
) -> Any:
    """Compile a function of numbers, with its derivatives, into a program that runs at the speed of arrays.

    The first call traces f: it runs once on Values, and its operations are recorded.  Other Values that f uses, besides
    the arguments and the parameters, are constants until you assign to one.  A branch of Python, such as an `if` on a
    number, is recorded too.  When it goes the other way, f is traced again.  It is an error if a branch goes different
    ways for samples of the same call.

    Args:
        f: a function of numbers, or of lists, dicts and arrays of numbers.  It returns a number or such a structure.
        params: a module, or an iterable of leaf Values.  Derivatives are then taken with respect to these, as one flat
            array, and not with respect to the arguments.
        batch: whether every argument has a leading axis of samples.  The results then have one too.
        reduce: "mean" or "sum" of f over the samples.  f gets one sample, and the arguments have an axis of samples.
        dtype: "float64" or "float32", the precision of arrays.
        executor: "source" is straight-line Python, "numpy" uses vectors, and "native" is machine code, which needs
            llvmlite.  "auto" counts the operations: up to 300 operations on numbers run as Python.  Longer programs,
            and arrays, run as machine code if llvmlite is installed.  If it isn't, they run with NumPy, or as Python if
            few operations are alike.  explain() names the choice and the reason.
        check: "raise" for an error at the first operation whose result or slope is not finite.
        has_aux: whether f returns a pair: the result to differentiate, and a second result that is returned with it.
        static: the names of arguments that are not numbers but settings of f: strings, None, ints, tuples.
        shared: the names of arguments without a sample axis.

    Returns:
        A `Compiled`.  Call it like f.

    Raises:
        ImportError: NumPy or llvmlite is needed, but not installed.
        RuntimeError: executor is "native", and LLVM can't be used on this machine.
        TypeError, ValueError: an option has an invalid value.

    >>> rosenbrock = compile(lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2)
    >>> rosenbrock.value_and_grad(0.0, 1.0)
    (101.0, (-2.0, 200.0))
    """
    options = Options(batch or reduce is not None, reduce, dtype, executor, check, has_aux)
    options = options.naming(f, static, shared)
    options.verify(params is not None)
    return Compiled(f, leaves_of(params), options)
