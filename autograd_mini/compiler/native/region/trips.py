"""A loop of a program as two kernels: all trips there, and all trips back.

What a trip takes over from those before is in registers, as are adjoints of that and of what is the same in all trips.
On the way there a trip leaves on the tape, rows of V behind those of slots, what it will need on the way back, the
slopes of functions included: a trip there has to wait for the one before, and calculates them meanwhile.  Where there
is one sample, functions of a trip that don't need each other are calculated side by side.
"""

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ...program import LAGS, Loop, Program, ProgramError
from ...record.graph import differentiable, differentiated
from ..kernels.access import CHEAP, LONG, SIGNATURE
from ..llvm.arithmetic import BAKED, LanesArithmetic
from ..llvm.code import Code, Kind
from ..llvm.lanes import SHORT_POWERS, Lanes

_TRIPS, _TAPE, _STEP, _SEEN, _FIRST = range(1, 6)  # what an instruction says: see `Folded.fields`


class Port(NamedTuple):
    """Where an operand comes from that no operation of the trip has made.

    A state is what operation `node` made `lag` trips before.  Else it is the number of `slots`: of one slot, "same"; or
    of one for each trip, "each"; or it is a constant.
    """

    kind: str
    node: int = 0
    lag: int = 0
    slots: tuple[int, ...] = ()
    number: float = 0.0


class Folded:
    """A loop taken out of a program.

    Operands are numbers below the period, operations of the same trip, or above, ports.

    Args:
        program, loop: what to fold.
        active: for each slot of the program, whether adjoints go on from there to a source.
    """

    def __init__(self, program: Program, loop: Loop, active: Any) -> None:
        self.trips, self.period = loop.trips, loop.period
        self.base = program.start[loop.first]
        trip = range(loop.first, loop.first + loop.period)
        self.rules = [program.rule(program.code[g]) for g in trip]
        columns = np.frombuffer(program.operands, np.int64)[program.first[loop.first] : program.first[loop.end]]
        columns = columns.reshape(loop.trips, -1)
        self.inits: dict[tuple[int, int], int] = {}
        ports: dict[Port, int] = {}
        refs = [self._reference(program, column, ports) for column in columns.T]
        ends = [program.first[g] - program.first[loop.first] for g in range(loop.first, loop.first + loop.period + 1)]
        self.operands = [tuple(refs[a:b]) for a, b in pairwise(ends)]
        self.ports = list(ports)
        self._read_outside(program, loop)
        self.active = active[self.base : self.base + loop.period].tolist()
        self.active += [self._is_active(port, active) for port in self.ports]
        self.found: set[int] = set()  # operations that adjoints come to,
        self.reached: set[int] = set()  # those of them that they go through,
        self.seen_reached: list[int] = []  # and those that they come to from outside, from all trips

    def _reference(self, program: Program, column: Any, ports: dict[Port, int]) -> int:
        """What an operand is, from its slots in all trips."""
        last = int(column[-1]) - self.base - self.period * (self.trips - 1)
        if last >= -LAGS * self.period and (lag := -(last // self.period)) < self.trips and last < self.period:
            moved = column - self.base - self.period * np.arange(self.trips)
            if not (moved[lag:] == last).all():
                raise ProgramError(f"an operand of a loop is slot {column[-1]} in the last trip, and others before")
            if lag == 0:
                return last
            node = last + lag * self.period
            self.inits |= {(node, lag - t): int(slot) for t, slot in enumerate(column[:lag].tolist())}
            port = Port("state", node, lag)
        elif (column == column[0]).all():
            slot, first = int(column[0]), program.inputs + program.parameters
            is_constant = first <= slot < program.leaves
            port = Port("same", slots=(slot,))
            if is_constant:
                port = Port("constant", number=program.constants[slot - first], slots=(slot,))
        else:
            port = Port("each", slots=tuple(column.tolist()))
        if port.slots and max(port.slots) >= self.base:
            raise ProgramError(f"an operand of a loop is slot {max(port.slots)}, which is in it and moves otherwise")
        return self.period + ports.setdefault(port, len(ports))

    def _read_outside(self, program: Program, loop: Loop) -> None:
        """Find what is read after the loop: of the last trips, which registers have, or of any."""
        operands = np.frombuffer(program.operands, np.int64)
        read = np.concatenate([operands[program.first[loop.end] :], program.asked]) - self.base
        nodes = read[(read >= 0) & (read < self.period * self.trips)]
        self.finals: dict[tuple[int, int], int] = {}
        self.seen: list[int] = []
        lags: dict[int, int] = {}
        for port in self.ports:
            if port.kind == "state":
                lags[port.node] = max(lags.get(port.node, 0), port.lag)
        for k in np.flatnonzero(np.bincount(nodes % self.period)).tolist():
            depth = self.trips - int(nodes[nodes % self.period == k].min()) // self.period
            if depth > LAGS:
                self.seen.append(k)
                continue
            lags[k] = max(lags.get(k, 0), depth)
            for m in range(1, depth + 1):
                self.finals[k, m] = self.base + self.period * (self.trips - m) + k
        self.states = [(k, m) for k, lag in sorted(lags.items()) for m in range(1, lag + 1)]

    def _is_active(self, port: Port, active: Any) -> bool:
        if port.kind == "state":
            return bool(self.active[port.node])
        return port.kind != "constant" and bool(active[list(port.slots)].any())

    def seen_slots(self) -> Any:
        """The slots of what is read outside of all trips, trip by trip."""
        return (self.base + self.period * np.arange(self.trips)[:, None] + np.array(self.seen, np.int64)).ravel()

    def mark(self, reached: Any) -> None:
        """Find which operations adjoints come to, from the slots outside that they come to, and mark these."""
        self.seen_reached = [
            k for k in self.seen if reached[self.base + k : self.base + self.period * self.trips : self.period].any()
        ]
        left = [k for (k, _), slot in self.finals.items() if reached[slot]] + self.seen_reached
        while left:
            k = left.pop()
            if k >= 0 and k not in self.found:
                self.found.add(k)
                if self.active[k]:
                    left += [self._node(ref) for ref in differentiated(self.rules[k], self.operands[k])]
        self.reached = {k for k in self.found if self.active[k] and differentiable(self.rules[k])}
        for k in self.reached:
            for ref in differentiated(self.rules[k], self.operands[k]):
                if ref >= self.period:
                    reached[list(self.ports[ref - self.period].slots)] = True
        reached[[slot for (k, _), slot in self.inits.items() if k in self.found]] = True

    def _node(self, ref: int) -> int:
        """The operation that a reference is to, in this trip or another; −1 if there is none."""
        if ref < self.period:
            return ref
        port = self.ports[ref - self.period]
        return port.node if port.kind == "state" else -1

    # ---- what is calculated together ----

    def steps(self, lanes: int) -> list[list[int]]:
        """The operations of a trip in an order in which as many functions of a kind as there are lanes come at once."""
        depths: list[int] = []
        together: dict[Any, list[int]] = {}
        for k, rule in enumerate(self.rules):
            wide = self.is_wide(k)
            depth = max([depths[j] + self.is_wide(j) for j in self.operands[k] if j < self.period], default=0)
            depths.append(depth)
            key = (depth, wide, (rule.name, len(self.operands[k]), self._baked(k)) if wide else k)
            together.setdefault(key, []).append(k)
        ordered = sorted(together.items(), key=lambda item: (item[0][:2], item[1][0]))
        return [ks[i : i + lanes] for _, ks in ordered for i in range(0, len(ks), lanes)]

    def is_wide(self, k: int) -> bool:
        """Whether an operation is worth to be calculated beside others."""
        rule = self.rules[k]
        if rule.name == "powi":
            return self._baked(k) not in SHORT_POWERS
        return rule.name not in (*CHEAP, *LONG, "stop_gradient")

    def _baked(self, k: int) -> Any:
        """The constant that is part of an operation's code, None if there is none."""
        if self.rules[k].name in BAKED and (ref := self.operands[k][1]) >= self.period:
            port = self.ports[ref - self.period]
            return port.number if port.kind == "constant" else None
        return None

    # ---- kernels ----

    def fields(self, place: Any, tape: int, columns: int, seen: int) -> list[Any]:
        """What an instruction says: how many trips, where rows are, and tables of rows for each trip."""
        slots = [self.inits[state] for state in self.states if state in self.inits]
        slots += [self.finals[state] for state in self.states if state in self.finals]
        slots += [port.slots[0] for port in self.ports if port.kind == "same"]
        tables = [place[list(port.slots)].astype(np.int32) for port in self.ports if port.kind == "each"]
        return [self.trips, tape, columns, seen, *place[slots].tolist(), *tables]

    def digest(self, kind: Kind, lanes: int) -> str:
        """A name for the kernels that no others have."""
        texts = [forward("loop", self, kind, lanes, {}), backward("loop", self, kind, lanes, {})]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]

    def columns(self, kind: Kind, lanes: int) -> list["Column"]:
        """What of a trip the way back needs."""
        back = _Backward(Code({}), kind, lanes, self)
        back.written("loop")
        return list(back.columns)


# A number of a trip, by its reference; or of an operation that takes long a slope, by its operand.
Column = int | tuple[int, int]


class _Kept(Lanes):
    """A number that is fetched where it is first read, so that what is never read need not be kept."""

    __slots__ = ("_fetch",)

    def __init__(self, code: Code, kind: Kind, fetch: Callable[[], str]) -> None:
        self.code, self.kind, self._fetch = code, kind, fetch

    def __getattr__(self, attribute: str) -> str:
        if attribute != "name":
            raise AttributeError(f"lanes have no {attribute!r}", name=attribute, obj=self)
        self.name = self._fetch()
        return self.name


class _Kernel:
    """What the two kernels of a loop have in common."""

    def __init__(self, code: Code, kind: Kind, lanes: int, loop: Folded) -> None:
        self.code, self.kind, self.loop = code, kind, loop
        self.lanes = lanes if kind.width == 1 else 1
        self.m = LanesArithmetic(code, kind)
        rows = iter(range(_FIRST, 10**9))
        self.inits = {state: code.field("%code", next(rows)) for state in loop.states if state in loop.inits}
        self.finals = {state: code.field("%code", next(rows)) for state in loop.states if state in loop.finals}
        self.same = {i: code.field("%code", next(rows)) for i, port in enumerate(loop.ports) if port.kind == "same"}
        self.each = {i: code.pointer("%code", next(rows)) for i, port in enumerate(loop.ports) if port.kind == "each"}
        self.trips, self.tape, self.step, self.seen = [code.field("%code", i) for i in (_TRIPS, _TAPE, _STEP, _SEEN)]
        self.known = {i: self.row("%v", row) for i, row in self.same.items()}

    def lane(self, name: str) -> Lanes:
        return Lanes(self.code, self.kind, name)

    def address(self, base: str, row: str) -> str:
        return self.code.at(base, self.code.mul(row, self.kind.width), self.kind.scalar)

    def row(self, base: str, row: str) -> Lanes:
        return self.lane(self.code.load(self.kind.text, self.address(base, row), self.kind.size))

    def put(self, base: str, row: str, x: Any) -> None:
        self.code.store(self.kind.text, self.m.lift(x).name, self.address(base, row), self.kind.size)

    def get(self, place: str) -> Lanes:
        return self.lane(self.code.load(self.kind.text, place, 64))

    def set(self, place: str, x: Any) -> None:
        self.code.store(self.kind.text, self.m.lift(x).name, place, 64)

    def row_of(self, i: int, trip: str) -> str:
        """Where the number of a port is in this trip."""
        if i in self.same:
            return self.same[i]
        row = self.code.load("i32", self.code.at(self.each[i], trip, "i32"), 4)
        return self.code.let(f"sext i32 {row} to i64")

    def rows_of_trip(self, trip: str) -> tuple[str, str]:
        """Where a trip's part of the tape begins, and its part of what is read outside."""
        code = self.code
        tape = code.add(self.tape, code.mul(trip, self.step))
        return tape, code.add(self.seen, code.mul(trip, len(self.loop.seen)))

    def operands(self, numbers: Sequence[Any], k: int) -> list[Any]:
        """The operands of an operation; an exponent that is a constant as such."""
        loop = self.loop
        xs = [numbers[ref] for ref in loop.operands[k]]
        baked = loop._baked(k)
        if baked is not None:
            xs[1] = baked
        return self.m.operands(loop.rules[k], xs)


def forward(name: str, loop: Folded, kind: Kind, lanes: int, needs: dict[str, str]) -> str:
    """The kernel that goes through the trips."""
    return _Forward(Code(needs), kind, lanes, loop).written(name)


class _Forward(_Kernel):
    """The way there: the states that the next trips will take over are in places."""

    def __init__(self, code: Code, kind: Kind, lanes: int, loop: Folded) -> None:
        super().__init__(code, kind, lanes, loop)
        self.columns = loop.columns(kind, lanes)
        self.sloped = {column[0] for column in self.columns if isinstance(column, tuple)}
        self.places = {state: code.place(kind.text) for state in loop.states}

    def written(self, name: str) -> str:
        """The kernel."""
        for state, place in self.places.items():
            self.set(place, self.row("%v", self.inits[state]) if state in self.inits else 0.0)
        with self.code.loop(self.trips) as trip:
            self._trip(trip)
        for state, row in self.finals.items():
            self.put("%v", row, self.get(self.places[state]))
        return self.code.function(f"void @{name}{SIGNATURE}")

    def _trip(self, trip: str) -> None:
        code, loop = self.code, self.loop
        self.numbers: list[Any] = [None] * loop.period + [self._port(i, trip) for i in range(len(loop.ports))]
        self.slopes: dict[Column, Any] = {}
        for step in loop.steps(self.lanes):
            if self.lanes == 1 or not loop.is_wide(step[0]):
                self._evaluate(step, self.m, lambda xs: xs[0], lambda z, n: [z])
            else:
                self._evaluate(step, LanesArithmetic(code, self._wide(len(step))), self._together, self._apart)
        tape, seen = self.rows_of_trip(trip)
        for c, column in enumerate(self.columns):
            x = self.numbers[column] if isinstance(column, int) else self.slopes[column]
            self.put("%v", code.add(tape, c), x)
        for c, k in enumerate(loop.seen):
            self.put("%v", code.add(seen, c), self.numbers[k])
        for k, m in reversed(loop.states):
            self.set(self.places[k, m], self.numbers[k] if m == 1 else self.get(self.places[k, m - 1]))

    def _port(self, i: int, trip: str) -> Any:
        port = self.loop.ports[i]
        if port.kind == "state":
            return self.get(self.places[port.node, port.lag])
        if port.kind == "constant":
            return self.m.lift(port.number)
        return self.known[i] if i in self.known else self.row("%v", self.row_of(i, trip))

    def _evaluate(
        self,
        step: Sequence[int],
        m: LanesArithmetic,
        together: Callable[[Sequence[Any]], Any],
        apart: Callable[[Any, int], list[Any]],
    ) -> None:
        """Operations that are calculated together, and those of their slopes that are wanted."""
        rule = self.loop.rules[step[0]]
        xs = [together(column) for column in zip(*[self.operands(self.numbers, k) for k in step])]
        z = m.value(rule, *xs)
        for k, x in zip(step, apart(z, len(step))):
            self.numbers[k] = x
        if not self.sloped.isdisjoint(step):
            for turn, slope in enumerate(differentiated(rule, list(m.partials(rule, z, xs)))):
                self.slopes |= {(k, turn): x for k, x in zip(step, apart(m.lift(slope), len(step)))}

    def _wide(self, n: int) -> Kind:
        """Numbers for at least so many operations."""
        return self.kind.wide(max(2, 1 << (n - 1).bit_length()))

    def _together(self, xs: Sequence[Any]) -> Any:
        """Numbers of several operations side by side; the other lanes have the first of them."""
        if all(isinstance(x, float) for x in xs):
            return xs[0]
        kind, names = self._wide(len(xs)), [self.m.lift(x).name for x in xs]
        made = "poison"
        for lane, name in enumerate(names + names[:1] * (kind.width - len(names))):
            made = self.code.let(f"insertelement {kind.text} {made}, {kind.scalar} {name}, i64 {lane}")
        return Lanes(self.code, kind, made)

    def _apart(self, x: Any, n: int) -> list[Lanes]:
        """The first of numbers that are side by side."""
        text = f"extractelement {x.kind.text} {x.name}, i64"
        return [self.lane(self.code.let(f"{text} {lane}")) for lane in range(n)]


def backward(name: str, loop: Folded, kind: Kind, lanes: int, needs: dict[str, str]) -> str:
    """The kernel that goes back through them."""
    return _Backward(Code(needs), kind, lanes, loop).written(name)


class _Backward(_Kernel):
    """The way back: adjoints that wait for the trips before are in places, and so are those of what is the same."""

    def __init__(self, code: Code, kind: Kind, lanes: int, loop: Folded) -> None:
        super().__init__(code, kind, lanes, loop)
        self.columns: dict[Column, int] = {}
        self.waiting = {state: code.place(kind.text) for state in loop.states if state[0] in loop.found}
        self.sums = {i: code.place(kind.text) for i in self.same if loop.active[loop.period + i]}

    def written(self, name: str) -> str:
        """The kernel."""
        code = self.code
        for state, place in self.waiting.items():
            self.set(place, self.row("%g", self.finals[state]) if state in self.finals else 0.0)
        for place in self.sums.values():
            self.set(place, 0.0)
        last = code.let(f"sub i64 {self.trips}, 1")
        with code.loop(self.trips) as i:
            self._trip(code.let(f"sub i64 {last}, {i}"))
        for state, place in self.waiting.items():
            if state in self.inits:
                self._add(self.inits[state], self.get(place))
        for port, place in self.sums.items():
            self._add(self.same[port], self.get(place))
        return code.function(f"void @{name}{SIGNATURE}")

    def _add(self, row: str, c: Lanes) -> None:
        self.put("%g", row, self.row("%g", row) + c)

    def _trip(self, trip: str) -> None:
        loop = self.loop
        self.trip, (self.tape_row, self.seen_row) = trip, self.rows_of_trip(trip)
        self.adjoints: dict[int, Lanes] = {}
        for k in loop.seen_reached:
            self.adjoints[k] = self.row("%g", self.code.add(self.seen_row, loop.seen.index(k)))
        for (k, m), place in self.waiting.items():
            if m == 1:
                self._contribute(k, self.get(place))
        for k, m in self.waiting:  # they have come a trip nearer
            after = self.waiting.get((k, m + 1))
            self.set(self.waiting[k, m], 0.0 if after is None else self.get(after))
        numbers = [self._number(ref) for ref in range(loop.period + len(loop.ports))]
        for k in [k for step in reversed(loop.steps(self.lanes)) for k in step]:
            if k in loop.reached and k in self.adjoints:
                self._sweep(k, numbers)
        for ref, c in self.adjoints.items():
            if ref >= loop.period:
                self._give(ref - loop.period, c)

    def _number(self, ref: int) -> Lanes:
        """What a number of the trip was, if it is read."""
        loop, i = self.loop, ref - self.loop.period
        if i in self.known:
            return self.known[i]
        if i >= 0 and loop.ports[i].kind == "constant":
            return self.m.lift(loop.ports[i].number)
        if i >= 0 and loop.ports[i].kind == "each":
            return _Kept(self.code, self.kind, lambda: self.row("%v", self.row_of(i, self.trip)).name)
        if ref in loop.seen:
            seen = loop.seen.index(ref)
            return _Kept(self.code, self.kind, lambda: self.row("%v", self.code.add(self.seen_row, seen)).name)
        return self._column(ref)

    def _column(self, column: Column) -> Lanes:
        """What a trip left on the tape."""

        def fetch() -> str:
            at = self.columns.setdefault(column, len(self.columns))
            return self.row("%v", self.code.add(self.tape_row, at)).name

        return _Kept(self.code, self.kind, fetch)

    def _sweep(self, k: int, numbers: Sequence[Any]) -> None:
        """Adjoints of the operands of an operation."""
        rule, refs = self.loop.rules[k], differentiated(self.loop.rules[k], self.loop.operands[k])
        if self.loop.is_wide(k):
            slopes: Sequence[Any] = [self._column((k, turn)) for turn in range(len(refs))]
        else:
            partials = self.m.partials(rule, numbers[k], self.operands(numbers, k))
            slopes = differentiated(rule, list(partials))
        for ref, slope in zip(refs, slopes):
            if self.loop.active[ref]:
                self._contribute(ref, self.adjoints[k] * slope)

    def _contribute(self, ref: int, c: Lanes) -> None:
        self.adjoints[ref] = self.adjoints[ref] + c if ref in self.adjoints else c

    def _give(self, i: int, c: Lanes) -> None:
        """Add up what goes out of the trip."""
        port = self.loop.ports[i]
        if port.kind == "each":
            self._add(self.row_of(i, self.trip), c)
            return
        place = self.waiting[port.node, port.lag] if port.kind == "state" else self.sums[i]
        self.set(place, self.get(place) + c)
