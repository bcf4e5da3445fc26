"""A small program in one piece, for the machine: it reads inputs and parameters, and writes results and derivatives.

No intermediate number is written to memory: the numbers of V and G are in registers.  The backward pass repeats the
forward pass, so the machine, which is told so, does not run it before.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from ...program import Program
from ..instructions import Encoded, Instruction
from ..kernels.access import SIGNATURE
from ..llvm.arithmetic import LanesArithmetic
from ..llvm.code import Code, Kind
from ..llvm.lanes import Place, below, halved

SMALL: Final = 300  # a program with up to so many operands becomes one function
LARGE: Final = 8_000  # the same without samples, branches and loops; LLVM takes long to compile larger functions
INPUTS: Final = 32  # of such a program, with parameters: each takes code to read it and to return its derivative
TOGETHER: Final = 16  # operands for each group: with more, the kernels for groups are as fast
MANY: Final = 4096  # for so many samples, compiling it is worth the time


def size(program: Program) -> int:
    """The number of operands of all its operations."""
    return len(program.operands)


def is_one_function(program: Program) -> bool:
    """Whether a program for one sample runs fastest as one function, and compiling it is worth the time."""
    if size(program) <= SMALL:
        return True
    has_branches = any(guard.line is not None for guard in program.guards)
    is_straight = not (program.loops or has_branches) and program.inputs + program.parameters <= INPUTS
    return is_straight and size(program) <= min(LARGE, TOGETHER * len(program))


def name_of(program: Program, sources: Sequence[int], kind: Kind) -> str:
    """A unique name for a program."""
    digest = hashlib.sha256(repr((kind, list(sources), program.arguments, program.parameters)).encode())
    digest.update(repr((program.operations, program.asked, [guard.outcome for guard in program.guards])).encode())
    for part in (program.code, program.start, program.arity, program.first, program.operands, program.constants):
        digest.update(part.tobytes() + b"/")
    return "whole_" + digest.hexdigest()[:24]


class Whole:
    """The places of the slots that are read or written, and its instructions: one forward, and one backward."""

    def __init__(self, program: Program, sources: Sequence[int], kind: Kind) -> None:
        self.program, self.sources, self.kind = program, sources, kind
        leaves, inputs = program.inputs + program.parameters, range(program.inputs)
        outside = [*range(program.inputs, leaves), *inputs, *dict.fromkeys(program.asked)]
        self.place = np.zeros(program.slots, np.int64)
        self.place[outside] = np.arange(len(outside))
        self.rows, self.uniform = len(outside), program.parameters
        self.varying = self.rows - self.uniform
        self.parameters = np.arange(program.parameters)
        self.constants = range(0)

    def encoded(self) -> Encoded:
        """The instructions."""
        name = name_of(self.program, self.sources, self.kind)
        there, back = [
            Instruction(f"{name}_{way}", partial(self._written, f"{name}_{way}", way == "back"), [])
            for way in ("there", "back")
        ]
        return Encoded([], [there], [], [back])

    def _row(self, code: Code, base: str, slot: int) -> Place:
        address = code.at(base, str(int(self.place[slot]) * self.kind.width), self.kind.scalar)
        return Place(code, self.kind, address=address)

    def _written(self, name: str, is_back: bool, needs: dict[str, str]) -> str:
        """The kernel."""
        program, kind, code = self.program, self.kind, Code(needs)
        m = LanesArithmetic(code, kind)
        numbers = program.evaluated(
            m, [self._row(code, "%v", k).get() for k in range(program.inputs + program.parameters)]
        )
        for slot in dict.fromkeys(program.asked):
            self._row(code, "%v", slot).set(numbers[slot])
        if is_back:
            seeds = {slot: self._row(code, "%g", slot).get() for slot in program.results[:1]}
            adjoints = program.swept(m, numbers, self.sources, seeds)
            some = kind.wide(min(kind.width, 64 // kind.size))  # lanes, to which those of all samples are added up
            kept = below(code, kind, "%count")
            for slot in self.sources:
                row = self._row(code, "%g", slot)
                if slot < program.inputs:  # its row begins without a number
                    row.set(adjoints.get(slot, 0.0))
                elif slot in adjoints:
                    Place(code, some, address=row.name).add(halved(kept.chosen(adjoints[slot], 0.0), some.width))
        return code.function(f"void @{name}{SIGNATURE}")
