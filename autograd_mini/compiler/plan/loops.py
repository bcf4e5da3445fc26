"""Loops found again in a trace: steps of time that Python went through one by one.

A loop is a stretch of operations that repeats with a period.  Each operand of a trip is then that of the trip before,
moved on by the period (in the same trip, or carried from an earlier one), or the same node (an invariant), or moved on
through the inputs, the parameters, the constants or what came before the loop.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, product
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.random import default_rng  # here: NumPy itself would import it when a thread first asks for it

from ..program import LAGS, Loop
from ..record.graph import Graph, differentiable, differentiated, is_python

TRIPS: Final = 32  # below which a loop is left as it is
BODY: Final = 500  # operands of a trip at most: their code takes nearly half a millisecond each to compile
_NEAR: Final = (256, 16)  # operations, up to which a distance to an operand is one; an invariant must be farther away
_WINDOW: Final = 4  # operations that are compared at once
_TRIED: Final = 6  # periods
_CUTS: Final = 8  # places to begin at
_LEAF: Final = 2**40  # in the place of a distance


class Found(NamedTuple):
    """The loops of a graph that are worth to be folded.

    Args:
        nodes: its operations in an order in which each loop is in one piece.
        loops: where in that order they are.
        note: why other loops are not worth it.
    """

    nodes: list[int]
    loops: list[Loop]
    note: str


def find(graph: Graph, sources: Iterable[int]) -> Found:
    """Search a graph that is to be differentiated by the sources."""
    nodes = list(graph.interior())
    table = _Table(graph, nodes)
    long = [loop for period in table.periods() for loop in table.repeated(period)]
    if not long:
        return Found(nodes, [], "no loop was found")
    flags = _flags(graph, sources, nodes)
    chosen: list[Loop] = []
    reasons: list[str] = []
    parts = [part for stretch in long for part in table.checked(stretch, flags)]
    for loop in sorted(parts, key=table.score, reverse=True):
        if any(loop.first < other.end and other.first < loop.end for other in chosen):
            continue
        reason = table.objection(loop)
        if not reason:
            chosen.append(loop)
        elif not reasons:
            reasons.append(f"a loop of {loop.trips} trips was not folded, {loop.period} operations each: {reason}")
    if 2 * sum(loop.period * loop.trips for loop in chosen) < len(nodes):
        reasons = reasons or ["no loop was folded: all together have less than half of the operations"]
        return Found(nodes, [], "\n".join(reasons))
    return Found(*_side_by_side(nodes, table.bundles(sorted(chosen))), "\n".join(reasons))


class _Bundle(NamedTuple):
    """Loops to be made one, and what stands between them and needs them, and so must come after all."""

    loops: list[Loop]
    late: dict[int, None]


def _side_by_side(nodes: list[int], bundles: Iterable[_Bundle]) -> tuple[list[int], list[Loop]]:
    """The nodes with the loops of each bundle made one, a trip of each in turn, and the loops that there are then."""
    order: list[int] = []
    loops = []
    at = 0
    for bundle, late in bundles:
        trips = min(loop.trips for loop in bundle)
        firsts = [loop.end - loop.period * trips for loop in bundle]
        for first, loop in zip(firsts, bundle):
            order += [nodes[k] for k in range(at, first) if k not in late]
            at = loop.end
        loops.append(Loop(len(order), sum(loop.period for loop in bundle), trips))
        for trip in range(trips):
            for first, loop in zip(firsts, bundle):
                order += nodes[first + loop.period * trip : first + loop.period * (trip + 1)]
        order += [nodes[k] for k in late]
    return order + nodes[at:], loops


def _flags(graph: Graph, sources: Iterable[int], nodes: Sequence[int]) -> Any:
    """Of each operation whether adjoints come to it, and go on to a source: trips must be alike in that too."""
    active = graph.depends(sources, differentiable)
    reached = [False] * len(graph)
    for i in graph.results[:1]:
        reached[i] = True
    for i in reversed(nodes):
        rule = graph.rules[i]
        if reached[i] and active[i] and rule is not None:
            for j in differentiated(rule, graph.operands[i]):
                reached[j] = True
    return np.array([2 * active[i] + reached[i] for i in nodes])


class _Table:
    """The operations of a graph as arrays: their kinds, and where their operands stand among them."""

    def __init__(self, graph: Graph, nodes: Sequence[int]) -> None:
        rules, operands = graph.rules, [graph.operands[i] for i in nodes]
        self.counts = np.fromiter(map(len, operands), np.int64, len(nodes))
        self.starts = np.concatenate([[0], np.cumsum(self.counts)])
        known: dict[Any, int] = {}
        self.codes = np.array([known.setdefault(rules[i], len(known)) for i in nodes]) * 2**20 + self.counts
        self.is_own = np.array([is_python(rule) for i in nodes if (rule := rules[i])], bool)
        position = np.full(len(graph), -1)
        position[nodes] = np.arange(len(nodes))
        self.leaves = np.fromiter(chain.from_iterable(operands), np.int64, self.starts[-1])
        self.places = position[self.leaves]
        self.is_leaf = self.places < 0

    def __len__(self) -> int:
        return len(self.codes)

    # ---- which periods there may be ----

    def periods(self) -> list[int]:
        """Distances at which a few operations in a row often come again, those first that would explain most."""
        distance = np.repeat(np.arange(len(self)), self.counts) - self.places
        votes: dict[int, int] = {}
        leaves = (np.full_like(self.leaves, -1), -2 - self.leaves)  # any leaf is like any other, or only like itself
        for near, leaf in product(_NEAR, leaves):
            seen = np.where(self.is_leaf, leaf, np.where(distance <= near, distance, 0))
            for period, count in self._votes(seen):
                votes[period] = max(votes.get(period, 0), count * period)
        return sorted(votes, key=lambda period: (-votes[period], period))[: 2 * _TRIED]

    def _votes(self, distances: Any) -> list[tuple[int, int]]:
        draw = default_rng(0).integers(1, 2**62, (2, max(int(self.counts.max()), _WINDOW)), np.uint64) | 1
        turn = np.arange(len(distances)) - np.repeat(self.starts[:-1], self.counts)
        mixed = (distances + 2**40).astype(np.uint64) * draw[0][turn]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        each = (sums[self.starts[1:]] - sums[self.starts[:-1]]) ^ (self.codes.astype(np.uint64) * draw[1][0])
        n = len(each) - _WINDOW + 1
        windows = sum(each[k : n + k] * draw[1][k] for k in range(_WINDOW))
        order = np.argsort(windows, kind="stable")
        again = windows[order][1:] == windows[order][:-1]
        counts = np.bincount(np.diff(order)[again], minlength=1)
        counts[len(self) // TRIPS + 1 :] = 0
        best = np.argsort(-counts * np.arange(len(counts)), kind="stable")[:_TRIED]
        return [(int(period), int(counts[period])) for period in best if counts[period] >= TRIPS - 2]

    # ---- which loops there are ----

    def repeated(self, period: int) -> list[Loop]:
        """Stretches of operations that are like those a period before, and their operands of the same sort."""
        alike = np.concatenate([np.zeros(period, bool), self.codes[period:] == self.codes[:-period]])
        at = np.flatnonzero(alike)
        which = np.repeat(at, self.counts[at])
        turn = np.arange(len(which)) - np.repeat(np.cumsum(self.counts[at]) - self.counts[at], self.counts[at])
        differs = self.is_leaf[turn + self.starts[which]] != self.is_leaf[turn + self.starts[which - period]]
        alike[which[differs]] = False
        return [
            Loop(a - period, period, (b - a) // period + 1) for a, b in _runs(alike) if (b - a) // period + 1 >= TRIPS
        ]

    def checked(self, long: Loop, flags: Any) -> list[Loop]:
        """The parts of it in which every trip goes on as the one before did."""
        columns = self._columns(long)
        steps = np.where(columns[1:] < 0, _LEAF, np.diff(columns, axis=0))
        own = flags[long.first : long.end].reshape(long.trips, -1)
        same = (steps[1:] == steps[:-1]).all(1) & (own[2:] == own[1:-1]).all(1) & (own[1:-1] == own[:-2]).all(1)
        found = []
        for first, end in _runs(same):
            end += 2  # of trips, not of pairs of pairs of them
            others = (steps[first] != long.period) & (steps[first] != _LEAF)
            while end - first >= TRIPS:
                # What moves in another way than with the trips must stand before the loop.
                if columns[first:end, others].max(initial=-1) < long.first + long.period * first:
                    found.append(self._cut(Loop(long.first + long.period * first, long.period, end - first)))
                    break
                first += 1
        return found

    def _cut(self, loop: Loop) -> Loop:
        """The same loop, begun where a trip takes least over from those before, and waits least for itself."""
        period, (rows, sources) = loop.period, self._moving(loop)
        reach = np.zeros(period, np.int64)
        np.maximum.at(reach, sources % period, np.minimum(rows - sources, LAGS * period))
        crossed = np.zeros(period, np.int64)
        for j in np.flatnonzero(reach).tolist():
            np.add.at(crossed, np.arange(j + 1, j + 1 + reach[j]) % period, 1)
        least = np.flatnonzero(crossed == crossed.min())[:_CUTS].tolist()
        cut = min(least, key=lambda cut: _depth(rows - cut, sources - cut, period))
        return loop if cut == 0 else Loop(loop.first + cut, period, loop.trips - 1)

    def _columns(self, loop: Loop) -> Any:
        """Where the operands stand: a row for each trip, a column for each operand; leaves have the numbers −1, −2 …"""
        part = slice(self.starts[loop.first], self.starts[loop.end])
        places = np.where(self.is_leaf[part], -1 - self.leaves[part], self.places[part])
        return places.reshape(loop.trips, -1)

    def _moving(self, loop: Loop) -> tuple[Any, Any]:
        """Of the operands in the last trip that are in the loop: whose they are, and where they stand in the trip."""
        begin = loop.end - loop.period
        before, last = self._columns(loop)[-2:]
        inside = (last >= loop.first) & (last - before == loop.period)
        rows = np.repeat(np.arange(loop.period), self.counts[begin : loop.end])
        return rows[inside], last[inside] - begin

    # ---- which are worth it ----

    def score(self, loop: Loop) -> int:
        """How many operations it takes in, less one for each operand that must be looked for in each trip."""
        return loop.trips * (loop.period - self._looked_for(loop))

    def _looked_for(self, loop: Loop) -> int:
        columns = self._columns(loop)
        differ = (columns != columns[0]).any(0)
        return int((differ & ((columns[0] < 0) | (columns[1] - columns[0] != loop.period))).sum())

    def objection(self, loop: Loop) -> str:
        """Why it should not be folded, if so."""
        if self.is_own[loop.first : loop.end].any():
            return "an operation made with @primitive is Python"
        operands = self._columns(loop).shape[1]
        if operands > BODY:
            return f"its {operands} operands would take too long to compile"
        rows, sources = self._moving(loop)
        earliest = sources.min(initial=0)
        if earliest >= 0 or not _is_recurrent(rows, sources, loop.period):
            return "its trips need nothing of each other, so they are grouped"
        if earliest < -LAGS * loop.period:
            return f"it reaches back further than {LAGS} trips"
        if self._looked_for(loop) > loop.period:
            return "its trips have too little in common"
        return ""

    def bundles(self, chosen: Iterable[Loop]) -> list[_Bundle]:
        """Loops that go on for as long and don't need each other together: a trace has one after the other."""
        bundles: list[_Bundle] = []
        for loop in chosen:
            late = self._late(bundles[-1], loop) if bundles else None
            if late is None:
                bundles.append(_Bundle([loop], {}))
            else:
                bundles[-1].loops.append(loop)
                bundles[-1].late.update(late)
        return bundles

    def _late(self, bundle: _Bundle, loop: Loop) -> dict[int, None] | None:
        """What must come after a loop that is added to a bundle; None if the loop must itself."""
        both = [*bundle.loops, loop]
        operands = sum([int(self.counts[other.first : other.first + other.period].sum()) for other in both])
        if operands > BODY or any(abs(other.trips - loop.trips) > LAGS for other in both):
            return None
        needs = np.zeros(len(self) + 1, bool)  # the last is that of leaves
        for other in bundle.loops:
            needs[other.first : other.end] = True
        needs[list(bundle.late)] = True
        late: dict[int, None] = {}
        for k in range(bundle.loops[-1].end, loop.first):
            if needs[self.places[self.starts[k] : self.starts[k + 1]]].any():
                needs[k] = True
                late[k] = None
        return None if needs[self.places[self.starts[loop.first] : self.starts[loop.end]]].any() else late


def _is_recurrent(rows: Any, sources: Any, period: int) -> bool:
    """Whether an operation of a trip depends on itself in trips before."""
    waiting = set(zip(rows.tolist(), (sources % period).tolist()))
    while waiting:
        users, used = {user for user, _ in waiting}, {source for _, source in waiting}
        left = {(user, source) for user, source in waiting if user in used and source in users}
        if len(left) == len(waiting):
            return True
        waiting = left
    return False


def _depth(rows: Any, sources: Any, period: int) -> int:
    """How many operations in a row a trip has at most."""
    depths: dict[int, int] = {}
    inside = rows // period == sources // period
    for k, j in sorted(zip((rows[inside] % period).tolist(), (sources[inside] % period).tolist())):
        depths[k] = max(depths.get(k, 0), depths.get(j, 0) + 1)
    return max(depths.values(), default=0)


def _runs(flags: Any) -> list[tuple[int, int]]:
    """Where stretches of flags that are set begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2]))
