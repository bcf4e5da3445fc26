"""A loop of a program as the operations of one trip, and where their operands come from."""

from collections.abc import Iterator
from typing import Any

from ...rule import Rule
from ..program import LAGS, Loop, Program

State = tuple[int, int]  # an operation, and how many trips ago


class Trips:
    """The trips of a loop.

    Attributes:
        count: how many there are.
        operations: the operations of a trip, each with its number, its rule and its operands: ("inside", k) is the
            result of the k-th operation in this trip, ("state", (k, lag)) its result `lag` trips before, and
            ("outside", slots) has a slot for each trip.
        inits: the slots of states before the first trip.
        states: all states, each with those of smaller lags.
        seen: operations whose results of every trip are read outside.
        finals: the slots of the last trips that are read outside.
    """

    def __init__(self, program: Program, loop: Loop) -> None:
        self.count, self._period = loop.trips, loop.period
        self._base = program.start[loop.first]
        self.inits: dict[State, int] = {}
        self.operations: list[tuple[int, Rule, list[tuple[str, Any]]]] = []
        for k in range(loop.period):
            rows = [self._slots_of(program, loop.first + k + loop.period * trip) for trip in range(loop.trips)]
            operands = [self._operand([row[j] for row in rows]) for j in range(len(rows[0]))]
            self.operations.append((k, program.rule(program.code[loop.first + k]), operands))
        read = {*program.operands[program.first[loop.end] :], *program.asked}
        self._read_outside(sorted(slot for slot in read if self._base <= slot < self._end))

    @staticmethod
    def _slots_of(program: Program, g: int) -> list[int]:
        return list(program.operands[program.first[g] : program.first[g + 1]])

    @property
    def _end(self) -> int:
        return self._base + self._period * self.count

    def _operand(self, slots: list[int]) -> tuple[str, Any]:
        """The kind of an operand, from its slots in all trips."""
        last = slots[-1] - self._base - self._period * (self.count - 1)
        lag = -(last // self._period)
        if slots[-1] < self._base or lag > LAGS or lag >= self.count:
            return "outside", slots
        if lag == 0:
            return "inside", last
        node = last + lag * self._period
        self.inits |= {(node, lag - t): slot for t, slot in enumerate(slots[:lag])}
        return "state", (node, lag)

    def _read_outside(self, slots: list[int]) -> None:
        by_node: dict[int, int] = {}
        for slot in slots:
            trip, k = divmod(slot - self._base, self._period)
            by_node[k] = min(by_node.get(k, trip), trip)
        used = {state for _, _, operands in self.operations for kind, state in operands if kind == "state"}
        self.seen = [k for k, trip in sorted(by_node.items()) if self.count - trip > LAGS]
        depths = {k: self.count - trip for k, trip in by_node.items() if k not in self.seen}
        for k, lag in used:
            depths[k] = max(depths.get(k, 0), lag)
        self.states = [(k, lag) for k, depth in sorted(depths.items()) for lag in range(1, depth + 1)]
        self.finals = {(k, lag): self._end - self._period * lag + k for k, lag in self.states if k in by_node}

    def slots(self, k: int) -> range:
        """The slots of an operation, trip by trip."""
        return range(self._base + k, self._end, self._period)

    def all_slots(self) -> Iterator[int]:
        """The slots of all operations."""
        return iter(range(self._base, self._end))
