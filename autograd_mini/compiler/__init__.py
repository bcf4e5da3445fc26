"""Functions written in scalars, run at the speed of arrays: `compile` traces them, and runs what the trace recorded.

What happens in a call, and where, in the order in which it is to be read:

    compiled     what `compile` returns: it looks for a program that fits the call, and traces anew where there is none;
                 options are what it was asked for
    signature    the form of the arguments: their numbers taken out, a program run on them, derivatives put in their
                 places;  argument reads one;  parameters are the Values that derivatives are taken by instead
    record/      the first call runs the function on Values: trace, and what that read beside the arguments (watched),
                 make a graph;  results is the form of what it returned;  named puts arguments in place that are
                 named or no numbers;  replay finds the operation that is not finite
    derivatives/ compiled functions made of this one for derivatives beside the gradient: methods has those in one
                 direction, matrices all at once; traced is what is compiled, chain the chain rule there, with few
                 operations; shortcuts go from arrays to the machine and back
    sparse/      matrices by their entries: accumulate has one for each pair that is connected, entries is what is
                 compiled for that; pattern says which they are, colouring which columns are computed together
    plan/        order: the graph as a program, after passes over it: sums and dots found again, loops found again,
                 operations in groups
    program      that program: operations on numbered slots, how they are evaluated, and the chain rule over them
    executors    the three that can run it, and which of them does
    python/      straight-line Python, for the smallest
    arrays/      vectors of NumPy, where there is no LLVM, or a large matrix product
    native/      machine code: its own map is in native/__init__.py
    c/           programs written as C99
    files/       compiled functions kept in files
    pauses       what has to wait meanwhile: other traces, the garbage collector, a fork

A later call of the same form goes a short way.  `Compiled.value_and_grad` calls what its `_remember` got from the
executor's `short_way`: for numbers a function of machine code or Python itself, else what `Signature.by_numbers` or
`Signature.by_arrays` made, which gives arrays as they are to the machine (`Bound.at_once` in native/tape).  Any of them
raises TypeError for arguments of another form, and then `Compiled.long_way` says what those are.
"""

from ..errors import TraceError
from .compiled import BranchChanged, Compiled, RetraceError
from .compiled import compile as compile  # noqa: A004
from .files.encoding import FileError
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
