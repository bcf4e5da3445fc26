"""Functions written in scalars, run at the speed of arrays: `compile` traces them, and runs what the trace recorded."""

from ..errors import TraceError
from .compiled import BranchChanged, Compiled, RetraceError
from .compiled import compile as compile  # noqa: A004
from .program import Program, ProgramError
from .replay import NonFiniteError

__all__ = ["BranchChanged", "Compiled", "NonFiniteError", "Program", "ProgramError", "RetraceError", "TraceError"]
