"""A loop of a program as two kernels: all trips forward, and all trips backward.

The states that a trip reads from earlier trips are in registers.  So are their adjoints, and the adjoints of slots that
are the same in all trips.  A forward trip writes to the tape (rows of V after those of slots) the numbers that the
backward pass will need.  These include the slopes of functions: a trip has to wait for the one before, and has time to
compute them.  With one sample, functions of a trip that don't need each other are computed together.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ...program import LAGS, Adjoints, Loop, Node, Program, ProgramError
from ...record.graph import differentiable, differentiated
from ..kernels.access import CHEAP, LONG, SIGNATURE, Mode, Rows, operands
from ..llvm.arithmetic import BAKED, LanesArithmetic
from ..llvm.code import Code, Kind
from ..llvm.lanes import SHORT_POWERS, Lanes, Place
from .stretch import Fetched, Stretch, digest

_TRIPS, _TAPE, _STEP, _SEEN, _FIRST = range(1, 6)  # fields of an instruction: see `Folded.fields`
State = tuple[int, int]  # an operation, and how many trips ago


class Port(NamedTuple):
    """The source of an operand that the trip itself does not compute.

    A state is the result of operation `node`, `lag` trips before.  Otherwise it is in `slots`: one slot, "same", or one
    for each trip, "each"; or it is a constant.
    """

    kind: str
    node: int = 0
    lag: int = 0
    slots: tuple[int, ...] = ()
    number: float = 0.0


class Folded(Stretch):
    """A loop taken out of a program: the operations of a trip.

    Args:
        program, loop: the loop to fold.
        active: for each slot of the program, whether its adjoint is needed for a source.
    """

    def __init__(self, program: Program, loop: Loop, active: Any) -> None:
        super().__init__()
        self.trips, self.period = loop.trips, loop.period
        self.base = program.start[loop.first]
        self.rules = [program.rule(program.code[g]) for g in range(loop.first, loop.first + loop.period)]
        columns = np.frombuffer(program.operands, np.int64)[program.first[loop.first] : program.first[loop.end]]
        self.inits: dict[State, int] = {}
        refs = [self._reference(program, column) for column in columns.reshape(loop.trips, -1).T]
        ends = [program.first[g] - program.first[loop.first] for g in range(loop.first, loop.first + loop.period + 1)]
        self.operands = [tuple(refs[a:b]) for a, b in pairwise(ends)]
        self._read_outside(program, loop)
        by_node = active[self.base : self.base + loop.period].tolist()
        by_slots = [port.kind != "constant" and bool(active[list(port.slots)].any()) for port in self.ports]
        by_port = [by_node[p.node] if p.kind == "state" else flag for p, flag in zip(self.ports, by_slots)]
        self.active = self.both(by_node, by_port)
        # Operations that receive adjoints, that pass them on, and that receive them from outside, in any trip.
        self.found: set[int] = set()
        self.reached: set[int] = set()
        self.seen_reached: list[int] = []

    def _reference(self, program: Program, column: Any) -> int:
        """The kind of an operand, from its slots in all trips."""
        last = int(column[-1]) - self.base - self.period * (self.trips - 1)
        if last >= -LAGS * self.period and (lag := -(last // self.period)) < self.trips and last < self.period:
            moved = column - self.base - self.period * np.arange(self.trips)
            if not (moved[lag:] == last).all():
                raise ProgramError(f"an operand of a loop is slot {column[-1]} in the last trip, but others before")
            if lag == 0:
                return last
            node = last + lag * self.period
            self.inits |= {(node, lag - t): int(slot) for t, slot in enumerate(column[:lag].tolist())}
            return self.port(Port("state", node, lag))
        slot, first = int(column[0]), program.inputs + program.parameters
        port = Port("each", slots=tuple(column.tolist()))
        if (column == slot).all():
            is_constant = first <= slot < program.leaves
            number = program.constants[slot - first] if is_constant else 0.0
            port = Port("constant" if is_constant else "same", slots=(slot,), number=number)
        if max(port.slots) >= self.base:
            raise ProgramError(f"an operand of a loop is slot {max(port.slots)}, which is in it but moves differently")
        return self.port(port)

    def _read_outside(self, program: Program, loop: Loop) -> None:
        """Find the results that are read after the loop: those of the last trips, in registers, or of any trip."""
        operands = np.frombuffer(program.operands, np.int64)
        read = np.concatenate([operands[program.first[loop.end] :], program.asked]) - self.base
        nodes = read[(read >= 0) & (read < self.period * self.trips)]
        self.finals: dict[State, int] = {}
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

    def seen_slots(self) -> Any:
        """The slots of results of all trips that are read outside, trip by trip."""
        return (self.base + self.period * np.arange(self.trips)[:, None] + np.array(self.seen, np.int64)).ravel()

    @property
    def outside(self) -> Any:
        """The slots of the program that are read after the loop."""
        return np.concatenate([np.array(list(self.finals.values()), np.int64), self.seen_slots()])

    def mark(self, reached: Any) -> None:
        """Find the operations that receive adjoints, starting from slots outside, and mark the sources' slots."""
        end = self.base + self.period * self.trips
        self.seen_reached = [k for k in self.seen if reached[self.base + k : end : self.period].any()]
        left = [k for (k, _), slot in self.finals.items() if reached[slot]] + self.seen_reached
        while left:
            k = left.pop()
            if k < 0 and self.ports[~k].kind == "state":
                k = self.ports[~k].node
            if k >= 0 and k not in self.found:
                self.found.add(k)
                if self.active[k]:
                    left += differentiated(self.rules[k], self.operands[k])
        self.reached = {k for k in self.found if self.active[k] and differentiable(self.rules[k])}
        for k in self.reached:
            for ref in differentiated(self.rules[k], self.operands[k]):
                if ref < 0:
                    reached[list(self.ports[~ref].slots)] = True
        reached[[slot for (k, _), slot in self.inits.items() if k in self.found]] = True

    # ---- operations that are computed together ----

    def steps(self, lanes: int) -> list[list[int]]:
        """The operations of a trip, ordered so that up to as many equal functions as there are lanes run together."""
        depths: list[int] = []
        together: dict[Any, list[int]] = {}
        for k, rule in enumerate(self.rules):
            wide = self.is_wide(k)
            depth = max([depths[j] + self.is_wide(j) for j in self.operands[k] if j >= 0], default=0)
            depths.append(depth)
            key = (depth, wide, (rule.name, len(self.operands[k]), self._baked(k)) if wide else k)
            together.setdefault(key, []).append(k)
        ordered = sorted(together.items(), key=lambda item: (item[0][:2], item[1][0]))
        return [ks[i : i + lanes] for _, ks in ordered for i in range(0, len(ks), lanes)]

    def is_wide(self, k: int) -> bool:
        """Whether an operation takes long enough to be computed together with others."""
        rule = self.rules[k]
        if rule.name == "powi":
            return self._baked(k) not in SHORT_POWERS
        return rule.name not in (*CHEAP, *LONG, "stop_gradient")

    def _baked(self, k: int) -> Any:
        """The constant that is part of an operation's code, None if there is none."""
        if self.rules[k].name in BAKED and (ref := self.operands[k][1]) < 0 and self.ports[~ref].kind == "constant":
            return self.ports[~ref].number
        return None

    # ---- kernels ----

    def fields(self, place: Any, tape: int, columns: int, seen: int) -> list[Any]:
        """The fields of an instruction: how many trips, the places of rows, and tables of rows for each trip."""
        slots = [self.inits[state] for state in self.states if state in self.inits]
        slots += [self.finals[state] for state in self.states if state in self.finals]
        ports: list[Any] = [0] * len(self.ports)
        for i, port in enumerate(self.ports):
            if port.kind in ("same", "each"):
                rows = place[list(port.slots)]
                ports[i] = int(rows[0]) if port.kind == "same" else rows.astype(np.int32)
        return [self.trips, tape, columns, seen, *place[slots].tolist(), *ports]

    def digest(self, kind: Kind, lanes: int) -> str:
        """A unique name for the kernels."""
        return digest(forward("loop", self, kind, lanes, {}), backward("loop", self, kind, lanes, {}))

    def columns(self, kind: Kind, lanes: int) -> list["Column"]:
        """The numbers of a trip that the backward pass needs."""
        back = _Backward(Code({}), kind, lanes, self)
        back.written("loop")
        return list(back.columns)


# A number of a trip, by its reference; or a slope of an operation that takes long, by its operand.
Column = int | tuple[int, int]


class _Kernel:
    """Common parts of the two kernels of a loop."""

    def __init__(self, code: Code, kind: Kind, lanes: int, loop: Folded) -> None:
        self.code, self.kind, self.loop = code, kind, loop
        self.steps = loop.steps(lanes if kind.width == 1 else 1)
        self.are_together = kind.width == 1 and lanes > 1
        self.m = LanesArithmetic(code, kind)
        self.trips, self.tape, self.step, self.seen = [code.field("%code", i) for i in (_TRIPS, _TAPE, _STEP, _SEEN)]
        at = _FIRST + len(loop.inits) + len(loop.finals)
        rows = iter(range(_FIRST, at))
        self.inits = {state: code.field("%code", next(rows)) for state in loop.states if state in loop.inits}
        self.finals = {state: code.field("%code", next(rows)) for state in loop.states if state in loop.finals}
        modes: list[Mode] = [{"same": "same", "each": "table"}.get(port.kind, port.number) for port in loop.ports]
        self.ports = Rows(code, kind, modes, self.trips, "", operands(code, modes, at))
        self.row = self.ports.row
        self.same = {i: self.ports.operand(i) for i, mode in enumerate(modes) if mode == "same"}

    def rows_of_trip(self, trip: str) -> tuple[str, str]:
        """The starts of a trip's parts of the tape, and of the results read outside."""
        add, mul = self.code.add, self.code.mul
        return add(self.tape, mul(trip, self.step)), add(self.seen, mul(trip, len(self.loop.seen)))


def forward(name: str, loop: Folded, kind: Kind, lanes: int, needs: dict[str, str]) -> str:
    """The forward kernel."""
    return _Forward(Code(needs), kind, lanes, loop).written(name)


class _Forward(_Kernel):
    """The forward pass: the states for the next trips are in places."""

    def __init__(self, code: Code, kind: Kind, lanes: int, loop: Folded) -> None:
        super().__init__(code, kind, lanes, loop)
        self.columns = loop.columns(kind, lanes)
        self.sloped = {column[0] for column in self.columns if isinstance(column, tuple)}
        self.places = {state: Place(code, kind) for state in loop.states}

    def written(self, name: str) -> str:
        """The kernel."""
        for state, place in self.places.items():
            place.set(self.row("%v", self.inits[state]).get() if state in self.inits else 0.0)
        with self.code.loop(self.trips) as trip:
            self._trip(trip)
        for state, row in self.finals.items():
            self.row("%v", row).set(self.places[state].get())
        return self.code.function(f"void @{name}{SIGNATURE}")

    def _trip(self, trip: str) -> None:
        code, loop = self.code, self.loop
        self.ports.move(trip)
        ports = [self._port(i) for i in range(len(loop.ports))]
        self.numbers = loop.both([None] * loop.period, ports)
        self.slopes: dict[Column, Any] = {}
        for step in self.steps:
            if self.are_together and loop.is_wide(step[0]):
                kind = self.kind.wide(max(2, 1 << (len(step) - 1).bit_length()))  # lanes for all of them
                self._evaluate(step, LanesArithmetic(code, kind), self._together, self._apart)
            else:
                self._evaluate(step, self.m, lambda kind, xs: xs[0], lambda z, n: [z])
        tape, seen = self.rows_of_trip(trip)
        for c, column in enumerate(self.columns):
            x = self.numbers[column] if isinstance(column, int) else self.slopes[column]
            self.row("%v", code.add(tape, c)).set(x)
        for c, k in enumerate(loop.seen):
            self.row("%v", code.add(seen, c)).set(self.numbers[k])
        for k, m in reversed(loop.states):
            self.places[k, m].set(self.numbers[k] if m == 1 else self.places[k, m - 1].get())

    def _port(self, i: int) -> Any:
        port = self.loop.ports[i]
        if port.kind == "state":
            return self.places[port.node, port.lag].get()
        return self.same[i] if i in self.same else self.ports.operand(i)

    def _evaluate(
        self,
        step: Sequence[int],
        m: LanesArithmetic,
        together: Callable[[Kind, Sequence[Any]], Any],
        apart: Callable[[Any, int], list[Any]],
    ) -> None:
        """Operations that are computed together, with their wanted slopes."""
        loop, rule = self.loop, self.loop.rules[step[0]]
        rows = [self.m.operands(rule, [self.numbers[ref] for ref in loop.operands[k]]) for k in step]
        xs = [together(m.kind, column) for column in zip(*rows)]
        z = m.value(rule, *xs)
        for k, x in zip(step, apart(z, len(step))):
            self.numbers[k] = x
        if not self.sloped.isdisjoint(step):
            for turn, slope in enumerate(differentiated(rule, list(m.partials(rule, z, xs)))):
                self.slopes |= {(k, turn): x for k, x in zip(step, apart(m.lift(slope), len(step)))}

    def _together(self, kind: Kind, xs: Sequence[Any]) -> Any:
        """The numbers of several operations in one vector; unused lanes have the first of them."""
        if all(isinstance(x, float) for x in xs):
            return xs[0]
        names, made = [self.m.lift(x).name for x in xs], "poison"
        for lane, name in enumerate(names + names[:1] * (kind.width - len(names))):
            made = self.code.let(f"insertelement {kind.text} {made}, {kind.scalar} {name}, i64 {lane}")
        return Lanes(self.code, kind, made)

    def _apart(self, x: Any, n: int) -> list[Lanes]:
        """The first numbers of a vector."""
        text = f"extractelement {x.kind.text} {x.name}, i64"
        return [Lanes(self.code, self.kind, self.code.let(f"{text} {lane}")) for lane in range(n)]


def backward(name: str, loop: Folded, kind: Kind, lanes: int, needs: dict[str, str]) -> str:
    """The backward kernel."""
    return _Backward(Code(needs), kind, lanes, loop).written(name)


class _Backward(_Kernel):
    """The backward pass: the adjoints for earlier trips, and those of slots that are the same, are in places."""

    def __init__(self, code: Code, kind: Kind, lanes: int, loop: Folded) -> None:
        super().__init__(code, kind, lanes, loop)
        self.columns: dict[Column, int] = {}
        self.waiting = {state: Place(code, kind) for state in loop.states if state[0] in loop.found}
        self.ports.begin_sums([i for i in self.same if loop.active[~i]])

    def written(self, name: str) -> str:
        """The kernel."""
        code = self.code
        for state, place in self.waiting.items():
            place.set(self.row("%g", self.finals[state]).get() if state in self.finals else 0.0)
        last = code.let(f"sub i64 {self.trips}, 1")
        with code.loop(self.trips) as i:
            self._trip(code.let(f"sub i64 {last}, {i}"))
        for state, place in self.waiting.items():
            if state in self.inits:
                self.row("%g", self.inits[state]).add(place.get())
        self.ports.end_sums()
        return code.function(f"void @{name}{SIGNATURE}")

    def _trip(self, trip: str) -> None:
        loop = self.loop
        self.ports.move(trip)
        self.tape_row, self.seen_row = self.rows_of_trip(trip)
        seen = {k: self.code.add(self.seen_row, loop.seen.index(k)) for k in loop.seen_reached}
        seeds = {k: self.row("%g", row).get() for k, row in seen.items()}
        for (k, m), place in self.waiting.items():
            if m == 1:
                seeds[k] = seeds[k] + place.get() if k in seeds else place.get()
        for k, m in self.waiting:  # one trip nearer now
            after = self.waiting.get((k, m + 1))
            self.waiting[k, m].set(0.0 if after is None else after.get())
        numbers = loop.both(map(self._number, range(loop.period)), [self._number(~i) for i in range(len(loop.ports))])
        adjoints = _Adjoints(self, numbers, seeds)
        nodes = loop.nodes
        for k in [k for step in reversed(self.steps) for k in step]:
            if k in loop.reached:
                adjoints.pull_node(nodes[k])
        for ref, c in adjoints.found.items():
            if ref < 0:
                self._give(~ref, c)

    def _number(self, ref: int) -> Any:
        """A number of the trip, which is fetched if it is read."""
        loop = self.loop
        if ref < 0 and loop.ports[~ref].kind != "state":
            if loop.ports[~ref].kind == "each":
                return Fetched(self.code, self.kind, lambda: self.ports.operand(~ref).name)
            return self.same.get(~ref, loop.ports[~ref].number)
        if ref in loop.seen:
            at = loop.seen.index(ref)
            return Fetched(self.code, self.kind, lambda: self.row("%v", self.code.add(self.seen_row, at)).get().name)
        return self.column(ref)

    def column(self, column: Column) -> Lanes:
        """A number that the forward trip wrote to the tape."""

        def fetch() -> str:
            at = self.columns.setdefault(column, len(self.columns))
            return self.row("%v", self.code.add(self.tape_row, at)).get().name

        return Fetched(self.code, self.kind, fetch)

    def _give(self, i: int, c: Lanes) -> None:
        """Add up the adjoints for slots outside the trip."""
        port = self.loop.ports[i]
        if port.kind == "state":
            self.waiting[port.node, port.lag].add(c)
        else:
            self.ports.add(i, c)


class _Adjoints(Adjoints):
    """The adjoints of a trip; slopes of operations that take long are on the tape."""

    def __init__(self, kernel: _Backward, numbers: Sequence[Any], seeds: dict[int, Any]) -> None:
        super().__init__(kernel.m, numbers, kernel.loop.active, seeds)
        self._kernel = kernel

    def slopes(self, node: Node) -> Sequence[Any]:
        """The slopes of a node with respect to its operands."""
        if not self._kernel.loop.is_wide(node.result):
            return super().slopes(node)
        return [self._kernel.column((node.result, turn)) for turn in range(len(node.operands))]
