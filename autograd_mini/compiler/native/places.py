"""The parts of a program (loops, streams and groups), and the places of its slots in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..program import Group, Loop, Program
from .llvm.code import Kind
from .operands import Operands
from .region.nodes import CONSTANT, LEAST, Stream, mark_operands, with_streams
from .region.steps import NOWHERE, Steps
from .region.trips import Folded


class Places:
    """A program in parts, and the rows of its slots: those that are the same for all samples first.

    Args:
        program: the program to run.
        sources: the slots to differentiate with respect to.
        kind: as many numbers as kernels work on at once.
        wide: whether each slot has a row of numbers.
        parameters: the array of parameters.

    Attributes:
        active: for each slot, whether it depends on a source, so that adjoints must pass it.
        loops: the folded loops of the program.
        parts: the program as loops and the parts between them.
        trips: the parts of a trip, for each long loop.
        place: the row of each slot.
        uniform, varying: how many rows are the same for all samples, and how many are not.
        constants: the slots of constants.
        parameters: the parameters that have a row.
    """

    def __init__(self, program: Program, sources: Sequence[int], kind: Kind, wide: bool, parameters: Any) -> None:
        self.program, self.kind, self.wide = program, kind, wide
        self.constants = range(program.inputs + program.parameters, program.leaves)
        self._is_varying = np.array(program.is_varying(), bool)
        if not program.sampled:
            self._is_varying[: program.inputs] = self._is_varying[program.leaves :] = True
        self.active = np.array(program.active(sources), bool)
        self.loops = {loop: self._folded(loop) for loop in program.loops}
        self._is_inside = np.zeros(len(self.active), bool)  # of a loop or a stream, and in no memory
        for loop in program.loops:
            self._is_inside[program.start[loop.first] : program.start[loop.end]] = True
        self.stepped = {loop: steps for loop, steps in self.loops.items() if isinstance(steps, Steps)}
        self.trips: dict[Loop, Sequence[Group | Stream]] = {loop: steps.groups for loop, steps in self.stepped.items()}
        self.place = np.full(len(self.active), NOWHERE)
        self.operands = Operands(program, kind, wide, self.place, parameters)
        self.parts = self._divided()
        self.operands.unplaced = self._unplaced()
        self._is_inside[: program.slots] |= self.operands.unplaced
        uniform, varied = [self._placed(wanted) for wanted in (False, True)]
        self.place[np.concatenate([uniform, varied])] = np.arange(len(uniform) + len(varied))
        self.uniform, self.varying = len(uniform), len(varied)
        is_parameter = (uniform >= program.inputs) & (uniform < self.constants.start)
        self.parameters = uniform[is_parameter] - program.inputs  # those that have a row

    def _folded(self, loop: Loop) -> Folded | Steps:
        """A loop; the frame of a long one has slots after all others."""
        if self.program.is_short(loop):
            return Folded(self.program, loop, self.active)
        steps = Steps(self.program, loop, len(self.active), self.active)
        self.active = np.concatenate([self.active, steps.active])
        self._is_varying = np.concatenate(
            [self._is_varying, np.full(len(steps.active), steps.varying or not self.wide)]
        )
        return steps

    def result_alone(self) -> Any:
        """For each slot, whether it is the result."""
        flags = np.zeros(len(self.active), bool)
        flags[list(self.program.results[:1])] = True
        return flags

    def _divided(self) -> list[Sequence[Group | Stream] | Loop]:
        """The program as loops and the parts between them; these parts and long trips have streams."""
        program = self.program
        parts = [part if isinstance(part, Loop) else list(program.groups(part)) for part in program.parts()]
        lists = [part for part in parts if not isinstance(part, Loop)] + [
            steps.groups for steps in self.stepped.values()
        ]
        if not any(len(group.results) >= LEAST for part in lists for group in part):
            return [*parts]
        passed, uses = self.result_alone(), np.bincount(np.asarray(program.operands), minlength=len(self.active))
        for part in reversed(parts):
            if isinstance(part, Loop):
                self.loops[part].mark(passed)
            else:
                mark_operands(part, passed)
        np.add.at(uses, program.asked, 1)
        classes = self._is_varying.astype(np.int64)
        classes[program.inputs : self.constants.start] = 2  # they come before the others
        classes[self.constants.start : self.constants.stop] = CONSTANT
        for steps in self.stepped.values():
            np.add.at(uses, np.concatenate([steps.asked, *[np.ravel(group.operands) for group in steps.groups]]), 1)
            classes[steps.frame : steps.end] = steps.frame
        constants = dict(zip(self.constants, program.constants))
        known = classes, constants, uses, passed & self.active, self.wide
        self.trips = {loop: with_streams(steps.groups, *known) for loop, steps in self.stepped.items()}
        made = [part if isinstance(part, Loop) else with_streams(part, *known) for part in parts]
        for stream in [x for part in [*made, *self.trips.values()] if not isinstance(part, Loop) for x in part]:
            for slots in stream.inner() if isinstance(stream, Stream) else ():
                self._is_inside[slots.start : slots.stop] = True
        return [*made]

    def _unplaced(self) -> Any:
        """Constants and parameters that are only in instructions, as columns of numbers and matrices."""
        program = self.program
        uses = np.bincount(np.asarray(program.operands), minlength=program.slots)
        np.add.at(uses, program.asked, 1)
        lists = [(part, 1) for part in self.parts if not isinstance(part, Loop)]
        for part, times in lists + [(part, loop.trips) for loop, part in self.trips.items()]:
            for group in part:
                for column in group.tables if isinstance(group, Stream) else self.operands.columns(group):
                    uses -= times * np.bincount(column, minlength=program.slots)
        uses[: program.inputs] = uses[program.leaves :] = 1  # only parameters and constants are considered
        return uses == 0

    def _placed(self, wanted: bool) -> Any:
        """The slots that vary or don't, in the order of their rows; of loops, those that are read outside."""
        program = self.program
        slots = np.flatnonzero(self._is_varying == wanted)
        slots = slots[~self._is_inside[slots]]
        is_parameter = (slots >= program.inputs) & (slots < self.constants.start)
        outside = [loop.outside for loop in self.loops.values() if self._is_varying[loop.base] == wanted]
        return np.concatenate([slots[is_parameter], slots[~is_parameter], *outside])
