"""A loop with long trips, as the instructions of one trip, which run again and again.

The numbers of a trip are in a *frame*: the state from earlier trips, then the numbers that are in another slot in each
trip, then the results.  Forward, each trip copies the frame to the tape (rows of V after those of slots) and moves the
state on; the backward pass reads it from there.  Slots that are the same in all trips are read in their own places.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ...program import LAGS, Group, Loop, Program, ProgramError
from ..kernels.access import SIGNATURE, Rows
from ..llvm.code import Code, Kind
from ..llvm.lanes import Place
from ..machine import execute
from .nodes import mark_operands

# The fields of an instruction after the list of a trip's instructions and its length: how many trips, the first row of
# the frame, its number of rows, and the rows of the state; then the tape, and the rest of `Steps.fields`.
_LIST, _COUNT, _TRIPS, _FRAME, _ROWS, _STATE, _TAPE, _EACH, _EACH_ROW, _EACH_COUNT = range(1, 11)
_STARTS, _EXPORTS, _MOVES, _MOVE_COUNT, _INITS, _INIT_COUNT = range(11, 17)


NOWHERE = 2**31 - 1  # the row of a slot that is not in memory


class Steps:
    """A loop taken out of a program: one trip, whose slots are numbered after those of the program.

    Args:
        program, loop: the loop to fold.
        frame: the number of its first slot.
        active: for each slot of the program, whether its adjoint is needed for a source.
    """

    def __init__(self, program: Program, loop: Loop, frame: int, active: Any) -> None:
        self.trips, self.frame = loop.trips, frame
        self.base = program.start[loop.first]
        self.size = program.start[loop.first + loop.period] - self.base
        self.varying = bool(program.varying[loop.first])
        operands = np.frombuffer(program.operands, np.int64)
        columns = self._read(operands[program.first[loop.first] : program.first[loop.end]].reshape(loop.trips, -1))
        self.groups = self._grouped(program, loop, columns)
        read = np.concatenate([operands[program.first[loop.end] :], program.asked]) - self.base
        self.exports = np.flatnonzero(np.bincount(read[(read >= 0) & (read < self.size * self.trips)]))
        results = active[self.base : self.base + self.size]
        self.active = np.concatenate([results[self.states % self.size], active[self.each].any(1), results])

    @property
    def end(self) -> int:
        """The number after the frame's last slot."""
        return self.results + self.size

    @property
    def outside(self) -> Any:
        """The slots of the program that are read after the loop."""
        return self.base + self.exports

    @property
    def asked(self) -> Any:
        """The slots of the frame that are read after a trip: by the next one, or outside."""
        return np.concatenate([self._sources(), self.results + self.exports % self.size])

    def _read(self, every: Any) -> Any:
        """The operands of one trip, from those of all trips: in the frame, or a slot before the loop.

        A state is a number below 0: how many slots before the trip it was made.
        """
        last = every[-1] - self.base - self.size * (self.trips - 1)
        moves = (every[-1] >= self.base) & (last >= -LAGS * self.size)
        carried = moves & (last < 0)
        inits: dict[int, int] = {}
        for state, column in zip(last[carried].tolist(), every[:, carried].T[:, :LAGS].tolist()):
            inits |= zip(range(state, 0, self.size), column)
        self.states = np.array(sorted(inits), np.int64)
        self.inits = np.array([inits[state] for state in self.states.tolist()], np.int64)
        differ = ~moves & (every != every[0]).any(0)
        turns: dict[bytes, int] = {}
        which = [turns.setdefault(column.tobytes(), len(turns)) for column in np.ascontiguousarray(every[:, differ].T)]
        self.each = np.array([np.frombuffer(column, np.int64) for column in turns], np.int64).reshape(-1, self.trips)
        self.results = self.frame + len(self.states) + len(self.each)
        columns = every[0].copy()
        columns[moves] = self.results + last[moves]
        columns[carried] = self.frame + np.searchsorted(self.states, last[carried])
        columns[differ] = self.frame + len(self.states) + np.array(which, np.int64)
        self._verify(every, last, moves)
        return columns

    def _verify(self, every: Any, last: Any, moves: Any) -> None:
        """Check that moving operands move in all trips, and that the others are before the loop."""
        for trip, line in enumerate(every - self.base):
            place = last + self.size * trip
            if (moves & (place >= 0) & (line != place)).any() or (~moves & (line >= 0)).any():
                raise ProgramError(f"an operand of trip {trip} of a loop is in it, but moves unlike the trips")

    def _grouped(self, program: Program, loop: Loop, columns: Any) -> list[Group]:
        """The groups of a trip."""
        first = [at - program.first[loop.first] for at in program.first[loop.first : loop.first + loop.period + 1]]
        groups = []
        for g, (a, b) in enumerate(pairwise(first), loop.first):
            start = self.results + program.start[g] - self.base
            results = range(start, start + program.start[g + 1] - program.start[g])
            lists = columns[a:b].reshape(-1, len(results)).tolist()
            groups.append(Group(program.rule(program.code[g]), results, lists, self.varying))
        return groups

    def _sources(self) -> Any:
        """The next value of each state: the result, or the state that was one trip nearer."""
        after = self.states + self.size
        return np.where(after < 0, self.frame + np.searchsorted(self.states, after), self.results + after)

    def mark(self, reached: Any) -> None:
        """Mark the slots that receive adjoints in any trip, in the frame and before the loop."""
        reached[self.results + self.exports[reached[self.outside]] % self.size] = True
        states = slice(self.frame, self.frame + len(self.states))
        before = -1
        while (count := int(reached[self.frame : self.end].sum())) > before:
            before = count
            mark_operands(self.groups, reached)
            reached[self._sources()[reached[states]]] = True
        reached[self.inits[reached[states]]] = True
        reached[self.each[reached[states.stop : self.results]]] = True

    def fields(self, place: Any, tape: int) -> list[Any]:
        """The fields of an instruction; rows of the frame, and their sources or destinations, are in pairs."""
        states, each = place[self.frame : self.frame + len(self.states)], self.frame + len(self.states)
        starts = np.searchsorted(self.exports, self.size * np.arange(self.trips + 1))
        exports = place[self.results + self.exports % self.size], place[self.outside]
        moves, inits = (states, place[self._sources()]), (states, place[self.inits])
        table = np.ascontiguousarray(place[self.each].T, np.int32).ravel()
        head: list[Any] = [self.trips, int(place[self.frame : self.end].min()), self.rows(place), len(states), tape]
        head += [table, int(place[each]) if len(self.each) else 0, len(self.each)]
        head += [starts.astype(np.int32), _pairs(*exports), _pairs(*moves), len(states), _pairs(*inits), len(states)]
        return head

    def rows(self, place: Any) -> int:
        """How many rows the frame has: those of slots that are in memory."""
        return int((place[self.frame : self.end] < NOWHERE).sum())


def _pairs(a: Any, b: Any) -> Any:
    return np.stack([a, b], 1).astype(np.int32).ravel()


# ---- its kernels ----


class _Kernel:
    """Common parts of both directions."""

    def __init__(self, kind: Kind, needs: dict[str, str]) -> None:
        code = self.code = Code(needs)
        self.kind = kind
        self.trips, self.frame, self.rows, self.state, self.tape = [
            code.field("%code", i) for i in (_TRIPS, _FRAME, _ROWS, _STATE, _TAPE)
        ]
        self._access = Rows(code, kind, [], self.trips, "", [])
        needs["llvm.memcpy.p0.p0.i64"] = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
        needs["llvm.memset.p0.i64"] = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"

    def row(self, base: str, slot: str) -> Place:
        """A row of V or G."""
        return self._access.row(base, slot)

    def execute(self) -> None:
        """Run the instructions of a trip."""
        execute(self.code, self.code.pointer("%code", _LIST), self.code.field("%code", _COUNT))

    def copy(self, to: str, from_: str) -> None:
        """Copy as many rows of V as the frame has."""
        ends = [self.row("%v", slot).name for slot in (to, from_)]
        size = self.code.mul(self.rows, self.kind.width * self.kind.size)
        self.code.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {ends[0]}, ptr {ends[1]}, i64 {size}, i1 false)")

    def taped(self, trip: str) -> str:
        """The place of a trip's frame on the tape."""
        return self.code.add(self.tape, self.code.mul(trip, self.rows))

    def _entry(self, table: str, i: str) -> str:
        x = self.code.load("i32", self.code.at(table, i, "i32"), 4)
        return self.code.let(f"sext i32 {x} to i64")

    def pairs(
        self, table: int, end: str, body: Callable[[str, str], None], start: str = "0", back: bool = False
    ) -> None:
        """A loop over pairs of rows; backward, the last one comes first."""
        code, pointer = self.code, self.code.pointer("%code", table)
        with code.loop(end, start) as i:
            at = code.mul(code.let(f"sub i64 {code.let(f'sub i64 {end}, 1')}, {i}") if back else i, 2)
            body(self._entry(pointer, at), self._entry(pointer, code.add(at, 1)))

    def exports(self, trip: str, body: Callable[[str, str], None]) -> None:
        """A loop over the results of a trip that are read outside: the row of the frame, and the row outside."""
        starts = self.code.pointer("%code", _STARTS)
        end = self._entry(starts, self.code.add(trip, 1))
        self.pairs(_EXPORTS, end, body, self._entry(starts, trip))

    def each(self, trip: str, body: Callable[[str, str], None]) -> None:
        """A loop over the numbers in another slot in each trip: the row of the frame, and the row of the slot."""
        code = self.code
        table, row, count = (
            code.pointer("%code", _EACH),
            code.field("%code", _EACH_ROW),
            code.field("%code", _EACH_COUNT),
        )
        first = code.mul(trip, count)
        with code.loop(count) as i:
            body(code.add(row, i), self._entry(table, code.add(first, i)))

    def take(self, row: str, other: str) -> None:
        """Copy a row of V to another."""
        self.row("%v", row).set(self.row("%v", other).get())

    def give(self, row: str, other: str) -> None:
        """Add the adjoints of a row to those of another."""
        self.row("%g", other).add(self.row("%g", row).get())


def there(name: str, kind: Kind, needs: dict[str, str]) -> str:
    """The forward kernel."""
    at = _Kernel(kind, needs)
    code = at.code
    at.pairs(_INITS, code.field("%code", _INIT_COUNT), at.take)
    with code.loop(at.trips) as trip:
        at.each(trip, at.take)
        at.execute()
        at.copy(at.taped(trip), at.frame)
        at.exports(trip, lambda row, other: at.take(other, row))
        at.pairs(_MOVES, code.field("%code", _MOVE_COUNT), at.take)
    return code.function(f"void @{name}{SIGNATURE}")


def back(name: str, kind: Kind, needs: dict[str, str]) -> str:
    """The backward kernel: the adjoints of the state become those of the operations that made it."""
    at = _Kernel(kind, needs)
    code = at.code

    def move(row: str, other: str) -> None:
        state = at.row("%g", row)
        at.row("%g", other).set(state.get())
        state.set(0.0)

    def zero(first: str, rows: str) -> None:
        size = code.mul(rows, kind.width * kind.size)
        code.do(f"call void @llvm.memset.p0.i64(ptr {at.row('%g', first).name}, i8 0, i64 {size}, i1 false)")

    zero(at.frame, at.state)
    last = code.let(f"sub i64 {at.trips}, 1")
    with code.loop(at.trips) as i:
        trip = code.let(f"sub i64 {last}, {i}")
        zero(code.add(at.frame, at.state), code.let(f"sub i64 {at.rows}, {at.state}"))
        at.pairs(_MOVES, code.field("%code", _MOVE_COUNT), move, back=True)
        at.copy(at.frame, at.taped(trip))
        at.exports(trip, lambda row, other: at.give(other, row))
        at.execute()
        at.each(trip, at.give)
    at.pairs(_INITS, code.field("%code", _INIT_COUNT), at.give)
    return code.function(f"void @{name}{SIGNATURE}")
