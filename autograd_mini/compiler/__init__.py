"""Functions written in scalars, run at the speed of arrays: `compile` traces them, and runs what the trace recorded.

What happens in a call, and where, in the order in which it is to be read:

    compiled     what `compile` returns: it looks for a program that fits the call, and traces anew where there is none;
                 options are what it was asked for
    signature    the form of the arguments: their numbers taken out, a program run on them, derivatives put in their
                 places;  argument reads one;  parameters are the Values that derivatives are taken by instead
    forms/       what a form has, once it is known: outcomes are its programs, found by how their branches turn out;
                 ways are functions made for it, which read no more than they must, and structures what these say of
                 lists, dicts and dataclasses;  shortcuts has those at hand
    record/      the first call runs the function on Values: trace, what was made meanwhile (recording), and what that
                 read beside the arguments (watched), make a graph;  results is the form of what it returned;  named
                 puts arguments in place that are named or no numbers;  replay finds the operation that is not finite
    derivatives/ compiled functions made of this one for derivatives beside the gradient: methods has those in one
                 direction, matrices all at once; traced is what is compiled, chain the chain rule there, with few
                 operations; direct goes from arrays to the machine and back
    sparse/      matrices by their entries: accumulate has one for each pair that is connected, entries is what is
                 compiled for that; pattern says which they are, colouring which columns are computed together
    plan/        order: the graph as a program: as it is (in_order), or after passes over arrays: sums and dots found
                 again, loops found again, operations in groups
    program      that program: operations on numbered slots, how they are evaluated, and the chain rule over them
    executors    the three that can run it, and which of them does
    python/      straight-line Python, for the smallest
    arrays/      vectors of NumPy, where there is no LLVM, or a large matrix product
    native/      machine code: its own map is in native/__init__.py
    c/           programs written as C99
    files/       compiled functions kept in files
    pauses       what has to wait meanwhile: other traces, the garbage collector, a fork

A later call of the same form goes a short way.  `Compiled.value_and_grad`, and `Compiled` called for the value alone,
call the latest of `Shortcuts`: a function that `Signature.way` had written in forms/ways for arguments of this form.  A
small program is written into it (python/straight); otherwise it gives numbers to an executor's `function`, or arrays as
they are to its `bound(n).at_once` (native/tape).  Where the form is another, it raises one of MISFITS; then the way for
arguments of these types is tried, and after that `Compiled` reads what they are.  Of several outcomes, the way of each
is tried until one fits (`Outcomes.way`), or among programs of numbers a function decides (python/decisions).
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
