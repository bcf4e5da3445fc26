"""Functions written in scalars, run at the speed of arrays: `compile` traces them, and runs what the trace recorded.

What happens in a call, and where, in the order in which it is to be read:

    compiled     what `compile` returns: it looks for a program that fits the call, and traces anew where there is none
    signature    the form of the arguments: their numbers taken out, derivatives put in their places, and what makes a
                 short way for later calls of this form;  argument reads one, parameters are those beside
    record/      the first call runs the function on Values: trace, and what it read beside the arguments (watched),
                 become a graph;  replay finds the operation that is not finite
    plan/        order: that graph as a program, after passes over it: sums and dots found again, loops found again,
                 operations in groups
    program      what comes of it: operations on numbered slots, and the chain rule over them
    executors    which of the three executors runs it, and why
    python/      straight-line Python, for the smallest
    arrays/      vectors of NumPy, where there is no LLVM, or a large matrix product
    native/      machine code: its own map is in native/__init__.py
    pauses       what has to wait meanwhile: other traces, the garbage collector, a fork

A later call of the same form goes the short way: from `Compiled.value_and_grad` to what the executor's `short_way` made
for this form, which raises TypeError for anything else: then the long way says what that is.
"""

from ..errors import TraceError
from .compiled import BranchChanged, Compiled, RetraceError
from .compiled import compile as compile  # noqa: A004
from .program import Program, ProgramError
from .record.replay import NonFiniteError

__all__ = ["BranchChanged", "Compiled", "NonFiniteError", "Program", "ProgramError", "RetraceError", "TraceError"]
