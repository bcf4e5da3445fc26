"""A program as the machine's instructions: the places of its slots, and the kernel for each group."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...arithmetic import UNREADABLE
from ...rule import Rule
from ..program import Group, Loop, Program
from ..record.graph import differentiable, differentiated
from . import callbacks as primitives
from .callbacks import Callback
from .kernels import data, sums, weights
from .kernels.access import CHEAP, Mode, Nodes, Rows, backward, forward, is_long, one_number
from .llvm.code import Kind
from .llvm.lanes import SHORT_POWERS
from .places import Places
from .region.nodes import Stream, stream_backward, stream_forward
from .region.steps import Steps
from .region.steps import back as steps_back
from .region.steps import there as steps_there
from .region.trips import Folded
from .region.trips import backward as loop_backward
from .region.trips import forward as loop_forward


class Instruction(NamedTuple):
    """A kernel's name, its writer, and the numbers of its instruction; a table among these stands for its address.

    General kernels are few, and serve all programs; the others belong to the programs that need them.
    """

    name: str
    write: Callable[..., str]
    fields: list[Any]
    is_general: bool = False
    body: "Instructions | None" = None  # a list that it runs: its address and its length come before the fields


Instructions = list[Instruction | Callback]


class Encoded(NamedTuple):
    """Instructions for groups evaluated once and for each sample, and for the backward pass in its order."""

    once: Instructions
    each: Instructions
    once_back: Instructions
    each_back: Instructions


class Encoder(Places):
    """Slots in the machine's order, and the instructions of a program.

    Args:
        program: the program to run.
        sources: the slots to differentiate with respect to.
        kind: the machine's rows; they have one number each if there is one sample.
        lanes: how many numbers kernels work on at once.
        parameters: the array of parameters.
    """

    def __init__(self, program: Program, sources: Sequence[int], kind: Kind, lanes: int, parameters: Any) -> None:
        super().__init__(program, sources, kind.wide(lanes), kind.width > 1, parameters)
        self._known: dict[range, Any] = {}
        self._there_too: dict[Loop, Instruction] = {}
        self.rows = self.uniform + self.varying  # the tape of loops follows
        self.reached = self.result_alone()
        self._is_active, self._is_reached = self.active.data, self.reached.data  # for one slot at a time

    def encoded(self) -> Encoded:
        """The instructions."""
        back = [pair for part in reversed(self.parts) for pair in self._back(part)]
        forward_ = [pair for part in self.parts for pair in self._there(part)]
        sampled = self.program.sampled
        return Encoded(
            [x for varying, x in forward_ if sampled and not varying],
            [x for varying, x in forward_ if varying or not sampled],
            [x for varying, x in back if sampled and not varying],
            [x for varying, x in back if varying or not sampled],
        )

    def _there(self, part: Sequence[Group | Stream] | Loop) -> Iterator[tuple[bool, Instruction | Callback]]:
        """Instructions of some groups, and whether they are for each sample."""
        if isinstance(part, Loop):
            yield self._varies(part), self._there_too[part]
            return
        for group in part:
            yield group.varying, self._stream(group) if isinstance(group, Stream) else self._forward(group)

    def _back(self, part: Sequence[Group | Stream] | Loop) -> Iterator[tuple[bool, Instruction | Callback]]:
        if isinstance(part, Loop):
            yield from self._loop(part)
            return
        for group in reversed(part):
            if isinstance(group, Stream):
                yield from self._stream_back(group)
                continue
            for reached in self._reached(group):
                yield group.varying, self._backward(reached, group)

    def _varies(self, loop: Loop) -> bool:
        return bool(self.program.varying[loop.first])

    def _loop(self, loop: Loop) -> Iterator[tuple[bool, Instruction | Callback]]:
        """The backward instruction of a loop; the forward one is kept for later.  Its tape gets a place."""
        folded, kind = self.loops[loop], self.kind if self.wide else self.kind.wide(1)
        folded.mark(self.reached)
        there, back = self._steps(loop, folded, kind) if isinstance(folded, Steps) else self._short_loop(folded, kind)
        self._there_too[loop] = there
        if back:
            yield self._varies(loop), back

    def _short_loop(self, folded: Folded, kind: Kind) -> tuple[Instruction, Instruction | None]:
        lanes = self.kind.width
        columns = folded.columns(kind, lanes)
        seen = int(self.place[folded.seen_slots()[0]]) if folded.seen else 0
        fields = folded.fields(self.place, self.rows, len(columns), seen)
        self.rows += len(columns) * folded.trips
        digest = folded.digest(kind, lanes)
        there, back = [
            Instruction(name, partial(write, name, loop=folded, kind=kind, lanes=lanes), fields)
            for name, write in ((f"loop_{digest}", loop_forward), (f"loop_back_{digest}", loop_backward))
        ]
        return there, back if folded.reached else None

    def _steps(self, loop: Loop, steps: Steps, kind: Kind) -> tuple[Instruction, Instruction | None]:
        fields = steps.fields(self.place, self.rows)
        self.rows += steps.rows(self.place) * steps.trips
        back = [x for _, x in self._back(self.trips[loop])]
        there = [x for _, x in self._there(self.trips[loop])]
        made = []
        for way, write, body in (("there", steps_there, there), ("back", steps_back, back)):
            name = f"steps_{way}_{kind.scalar}_{kind.width}"
            made.append(Instruction(name, partial(write, name, kind=kind), fields, True, body))
        return made[0], made[1] if back else None

    def _stream(self, stream: Stream) -> Instruction:
        name = f"stream_{stream.digest(self.kind, self.wide)}"
        write = partial(stream_forward, name, stream, self.kind, self.wide)
        return Instruction(name, write, self._fields(stream))

    def _fields(self, stream: Stream) -> list[Any]:
        first = stream.results[0]
        if first not in self._known:
            self._known[first] = stream.fields(self.place, self.operands.constants)
        fields: list[Any] = self._known[first]
        return fields

    def _stream_back(self, stream: Stream) -> Iterator[tuple[bool, Instruction]]:
        if not any(stream.back):
            return
        wanted = stream.wanted(self.active)
        for x in (x for x, is_wanted in zip(stream.ports, wanted) if is_wanted):
            self.reached[x.slots(stream.length)] = True
        kind, wide, fields = self.kind, self.wide, self._fields(stream)
        clusters = stream.clusters(wanted, fields[2:], 0 if wide else kind.width)
        name = f"stream_back_{stream.digest(kind, wide, wanted, clusters)}"
        write = partial(stream_backward, name, stream, kind, wide, wanted, clusters)
        yield stream.varying, Instruction(name, write, fields)

    # ---- kernels of groups ----

    def _forward(self, group: Group) -> Instruction | Callback:
        if primitives.is_own(group):
            return primitives.forward(group.rule, *self._rows(group))
        return self._short(group, None) if not is_long(group, self.wide) else self._long(group, None, group)

    def _backward(self, group: Group, whole: Group) -> Instruction | Callback:
        """The instruction for some nodes of a group, whose numbers may be in the instructions of the whole alone."""
        active = [any(map(self._is_active.__getitem__, slots)) for slots in group.operands]
        if primitives.is_own(group):
            return self._own_backward(group, active)
        return self._short(group, active) if not is_long(whole, self.wide) else self._long(group, active, whole)

    def _short(self, group: Group, active: Sequence[bool] | None) -> Instruction:
        """The kernel for few operands; backward, for those that are active."""
        rule, (modes, fields) = group.rule, self._found(group, self.operands.modes)
        write = partial(forward, rule=rule, making=self._making(rule, modes), modes=modes)
        if active is not None:
            write = partial(backward, **write.keywords, active=active)
        return self._made("f" if active is None else "b" + _bits(active), group, modes, write, fields)

    def _long(self, group: Group, active: Sequence[bool] | None, whole: Group) -> Instruction:
        """The kernel for any number of operands."""
        if self.operands.is_data(whole):
            return self._product(group, active)
        if self.operands.is_layer(whole):
            return self._layer(group, active)
        rule, (alone, lists, fields) = group.rule.name, self._found(group, self.operands.lists)
        is_matrix = rule == "dot" and self.operands.is_matrix(group, fields)
        write = partial(sums.forward, rule=rule, wide=self.wide, alone=alone, lists=tuple(lists), is_matrix=is_matrix)
        way = "FM"[is_matrix]
        if active is not None:
            n = len(active) // 2
            sides = [any(active[:n]), any(active[n : 2 * n]), any(active[2 * n :])] if rule == "dot" else []
            squares = all(sides[:2]) and group.operands[:n] == group.operands[n : 2 * n]
            squares = squares and rule == "dot" and not is_matrix
            write = partial(sums.backward, **write.keywords, active=sides, squares=squares)
            way = ("N" if is_matrix else "BS"[squares]) + _bits(sides)
        return self._made(way, group, [*alone, *lists], write, fields)

    def _product(self, group: Group, active: Sequence[bool] | None) -> Instruction:
        """The kernel for a matrix of data."""
        n, (mode, start, fields) = len(group.operands) // 2, self._found(group, self.operands.of_data)
        write = partial(data.forward, mode=mode, start=start)
        if active is not None:
            write = partial(data.backward, **write.keywords, active=(any(active[n : 2 * n]), any(active[2 * n :])))
        way = "D" if active is None else "E" + _bits(write.keywords["active"])
        return self._made(way, group, [mode, *start], write, fields)

    def _layer(self, group: Group, active: Sequence[bool] | None) -> Instruction:
        """The kernel for a layer's weights."""
        n, (mode, start, fields) = len(group.operands) // 2, self._found(group, self.operands.of_layer)
        write = partial(weights.forward, mode=mode, start=start)
        if active is not None:
            sides = [any(active[:n]), any(active[n : 2 * n]), any(active[2 * n :])]
            write = partial(weights.backward, **write.keywords, active=sides)
        way = "L" if active is None else "K" + _bits(sides)
        return self._made(way, group, [mode, *start], write, fields)

    def _making(self, rule: Rule, modes: Sequence[Mode]) -> Any:
        """How a kernel takes its nodes: one by one if they are cheap to compute, and scattered."""
        if self.wide:
            return Rows
        return one_number if rule.name in CHEAP and ("table" in modes or "each" in modes) else Nodes

    def _made(self, way: str, group: Group, modes: Sequence[Mode], write: Any, fields: list[Any]) -> Instruction:
        kind, rule = self.kind, group.rule
        shape = f"{'rows' if self.wide else 'nodes'}_{kind.scalar}_{kind.width}"
        name = "_".join([way, rule.name, shape, *[m if isinstance(m, str) else _spelled(m) for m in modes]])
        is_general = all(isinstance(m, str) or m in SHORT_POWERS for m in modes)
        return Instruction(name, partial(write, name, kind=kind), self._head(group) + fields, is_general)

    def _head(self, group: Group) -> list[Any]:
        return [len(group.results), int(self.place[group.results[0]])]

    def _found(self, group: Group, find: Callable[[Group], Any]) -> Any:
        """The properties of a group, found once for both directions."""
        if group.results not in self._known:
            self._known[group.results] = find(group)
        return self._known[group.results]

    # ---- operations that are Python ----

    def _rows(self, group: Group) -> tuple[slice, list[Any], slice]:
        """The places of the results and of each operand, and the lanes that differ."""
        rows = [_in_a_row(self.place[slots]) for slots in (list(group.results), *group.operands)]
        return rows[0], rows[1:], slice(None if group.varying else 1)

    def _own_backward(self, group: Group, active: Sequence[bool]) -> Instruction | Callback:
        """A kernel for slopes that are written with m's operations, named by its text; else Python."""
        modes, fields = self._found(group, self.operands.modes)
        making = self._making(group.rule, modes)
        write = partial(backward, rule=group.rule, kind=self.kind, making=making, modes=modes, active=active)
        try:
            text = write("own", needs={})
        except UNREADABLE:  # math.cos of lanes, an if, x.is_integer() …: only possible on floats
            return primitives.backward(group.rule, *self._rows(group), active)
        name = "own_" + hashlib.sha256(text.encode()).hexdigest()
        return Instruction(name, partial(write, name), self._head(group) + fields)

    # ---- backward ----

    def _reached(self, group: Group) -> list[Group]:
        """The nodes on a path from a source to the result, in runs; marks their operands."""
        if not differentiable(group.rule):
            return []
        operands = differentiated(group.rule, group.operands)
        if len(group.results) == 1:
            only = group.results[0]
            if not (self._is_reached[only] and self._is_active[only]):
                return []
            for line in operands:
                self._is_reached[line[0]] = True
            return [group]
        results = np.arange(group.results.start, group.results.stop)
        wanted = self.reached[results] & self.active[results]
        for slots in operands:
            self.reached[np.array(slots)[wanted]] = True
        edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]])))
        return [
            Group(group.rule, group.results[a:b], [slots[a:b] for slots in group.operands], group.varying)
            for a, b in zip(edges[::2].tolist(), edges[1::2].tolist())
        ]


def _in_a_row(places: Any) -> Any:
    """A slice, if they are."""
    first, n = int(places[0]), len(places)
    return slice(first, first + n) if (places == np.arange(first, first + n)).all() else places


def _bits(flags: Sequence[bool]) -> str:
    return "".join(["01"[flag] for flag in flags])


def _spelled(x: float) -> str:
    return x.hex().replace("-", "m").replace("+", "p").replace(".", "d")
