"""Finds loops in a trace, such as time steps, which Python ran one by one.

A loop is a stretch of operations that repeats with a period.  Compared with the trip before, each operand of a trip is
moved by the period (it is from the same trip, or carried from an earlier one), or is the same node (an invariant), or
is the next one among the inputs, the parameters, the constants or the operations before the loop.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np

from ..program import LAGS, Loop, is_short
from ..record.graph import is_python
from .arrays import Flat, classed, hashes, runs, turns

TRIPS: Final = 32  # below which a loop is left as it is
FEW: Final = 8  # the same of one whose trips are long
MANY: Final = 10_000  # operations, below which one of long trips is soon grouped, and all of it is in the cache
LEAST: Final = 0.25  # of all operations in loops, below which none is folded
_NEAR: Final = (256, 16)  # operations, up to which a distance to an operand is one; an invariant must be farther away
_WINDOW: Final = 4  # operations that are compared at once
_TRIED: Final = 6  # periods
_CUTS: Final = 8  # places to begin at
_ENOUGH: Final = 0.8  # of all operations in loops: then no others are looked for


def folded(flat: Flat, sources: range, sampled: bool, long: bool) -> tuple[list[Loop], str]:
    """Put the operations in an order in which each loop is in one piece: where they are, and why there are no others.

    Args:
        flat: the graph.
        sources: the numbers to differentiate with respect to.
        sampled: whether there is a sample axis.
        long: whether trips may be so long that they are grouped.
    """
    table = _Table(flat, sampled, long)
    active = flat.depends(sources, slopes=True)
    flags = (2 * active + flat.reached(active))[flat.base :]
    parts: dict[Loop, str] = {}  # and why each should not be folded
    for period in table.periods():
        stretches = [part for stretch in table.repeated(period) for part in table.checked(stretch, flags)]
        parts |= {loop: table.objection(loop) for loop in stretches if loop not in parts}
        if sum(loop.period * loop.trips for loop, reason in parts.items() if not reason) >= _ENOUGH * len(flat):
            break
    if not parts:
        return [], "no loop was found"
    chosen: list[Loop] = []
    reasons: list[str] = []
    for loop in sorted(parts, key=table.score, reverse=True):
        if any(loop.first < other.end and other.first < loop.end for other in chosen):
            continue
        if not parts[loop]:
            chosen.append(loop)
        elif not reasons and loop.period * loop.trips > LEAST * len(flat):
            head = f"a loop of {loop.trips} trips was not folded, {loop.period} operations each"
            reasons.append(f"{head}: {parts[loop]}")
    if sum(loop.period * loop.trips for loop in chosen) < LEAST * len(flat):
        return [], "\n".join(reasons or ["no loop was folded: all together are a small part of the operations"])
    order, loops = _side_by_side(len(flat), table.bundles(sorted(chosen)))
    flat.ordered(order)
    return loops, "\n".join(reasons)


class _Bundle(NamedTuple):
    """Loops to merge, and the operations between them that need one of them and so must come after all."""

    loops: list[Loop]
    late: dict[int, None]


def _side_by_side(count: int, bundles: Iterable[_Bundle]) -> tuple[Any, list[Loop]]:
    """The order with the loops of each bundle merged, a trip of each in turn, and the resulting loops."""
    order: list[Any] = []
    loops = []
    at = 0
    for bundle, late in bundles:
        trips = min(loop.trips for loop in bundle)
        firsts = [loop.end - loop.period * trips for loop in bundle]
        for first, loop in zip(firsts, bundle):
            order.append([k for k in range(at, first) if k not in late])
            at = loop.end
        loops.append(Loop(sum(map(len, order)), sum(loop.period for loop in bundle), trips))
        sides = [first + np.arange(loop.period * trips).reshape(trips, -1) for first, loop in zip(firsts, bundle)]
        order += [np.hstack(sides).ravel(), list(late)]
    return np.concatenate([*order, np.arange(at, count)]).astype(np.int64), loops


class _Table:
    """The operations of a graph: their kinds, and the places of their operands among them."""

    def __init__(self, flat: Flat, sampled: bool, long: bool) -> None:
        self.sampled, self.long = sampled, long  # whether there are samples, and whether trips may be long
        self.counts, self.starts = flat.counts, flat.first
        self.codes = flat.code * 2**20 + self.counts
        self.is_own = flat.each_rule(is_python)
        self.leaves = flat.operands
        self.places = np.where(flat.operands >= flat.base, flat.operands - flat.base, -1)
        self.is_leaf = self.places < 0

    def __len__(self) -> int:
        return len(self.codes)

    # ---- possible periods ----

    def periods(self) -> Iterator[int]:
        """Distances at which a few operations in a row often come again, those first that would explain most."""
        distance = np.repeat(np.arange(len(self)), self.counts) - self.places
        tried: set[int] = set()
        leaves = (np.full_like(self.leaves, -1), -2 - self.leaves)  # any leaf is like any other, or only like itself
        for near, leaf in [(len(self), leaves[0]), *product(_NEAR, leaves)]:
            least = LEAST / 2 * len(self) if near == len(self) else TRIPS - 2  # by all distances most operations do
            seen = np.where(self.is_leaf, leaf, np.where(distance <= near, distance, 0))
            votes = {period: count for period, count in self._votes(seen) if count >= least and period not in tried}
            tried.update(votes)
            if len(tried) > 3 * _TRIED:
                return
            yield from sorted(votes, key=lambda period: (-votes[period] * period, period))

    def _votes(self, distances: Any) -> list[tuple[int, int]]:
        each = hashes(self.starts, [distances]) * np.uint64(0x9E3779B97F4A7C15) ^ self.codes.astype(np.uint64)
        n = len(each) - _WINDOW + 1
        windows = each[:n]
        for k in range(1, _WINDOW):
            windows = (windows ^ (windows >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + each[k : n + k]
        order = np.argsort(windows, kind="stable")
        again = windows[order][1:] == windows[order][:-1]
        counts = np.bincount(np.diff(order)[again], minlength=1)
        counts[len(self) // (FEW if self.long else TRIPS) + 1 :] = 0
        best = np.argsort(-counts * np.arange(len(counts)), kind="stable")[:_TRIED]
        return [(int(period), int(counts[period])) for period in best]

    # ---- loops with a period ----

    def repeated(self, period: int) -> list[Loop]:
        """Stretches of operations that equal those one period before, with operands of the same kind."""
        alike = np.concatenate([np.zeros(period, bool), self.codes[period:] == self.codes[:-period]])
        at = np.flatnonzero(alike)
        which = np.repeat(at, self.counts[at])
        turn = turns(self.counts[at])
        differs = self.is_leaf[turn + self.starts[which]] != self.is_leaf[turn + self.starts[which - period]]
        alike[which[differs]] = False
        long_ones = runs(alike, period * ((FEW if self.long else TRIPS) - 1))
        found = [Loop(a - period, period, (b - a) // period + 1) for a, b in long_ones]
        return [loop for loop in found if loop.trips >= self._least(loop)]

    def is_long(self, loop: Loop) -> bool:
        """Whether its trips are to be grouped."""
        return not is_short(int(self.starts[loop.first + loop.period] - self.starts[loop.first]), self.sampled)

    def _least(self, loop: Loop) -> int:
        """How many trips it must have."""
        return FEW if self.long and self.is_long(loop) else TRIPS

    def checked(self, long: Loop, flags: Any) -> list[Loop]:
        """The parts of a stretch in which every trip continues like the one before.

        An operand moves with the trips, or it is before the loop, where it need not follow any rule.
        """
        columns = self._columns(long)
        goes_on = np.diff(columns, axis=0) == long.period
        moves = 2 * goes_on.sum(0) > len(goes_on)
        own = flags[long.first : long.end].reshape(long.trips, -1)
        same = (goes_on | ~moves).all(1) & (own[1:] == own[:-1]).all(1)
        latest = columns[:, ~moves].max(1, initial=-1)
        found = []
        for first, end in runs(same):
            end += 1  # of trips, not of pairs of them
            while end - first >= self._least(long):
                if latest[first:end].max() < long.first + long.period * first:
                    found.append(self._cut(Loop(long.first + long.period * first, long.period, end - first)))
                    break
                first += 1
        return found

    def _cut(self, loop: Loop) -> Loop:
        """The same loop, started where a trip carries least from earlier trips, and waits least for itself."""
        period, (rows, sources) = loop.period, self._moving(loop)
        reach = np.zeros(period, np.int64)
        np.maximum.at(reach, sources % period, np.minimum(rows - sources, LAGS * period))
        begin = np.flatnonzero(reach) + 1
        edges = np.bincount(begin, minlength=2 * period + 1)
        edges -= np.bincount(begin + reach[begin - 1] % period, minlength=2 * period + 1)
        crossed = np.cumsum(edges)[:-1].reshape(2, -1).sum(0)  # by those that reach over whole trips all are
        least = np.flatnonzero(crossed == crossed.min())[:_CUTS].tolist()
        cut = min(least, key=lambda cut: _depth(rows - cut, sources - cut, period))
        return loop if cut == 0 else Loop(loop.first + cut, period, loop.trips - 1)

    def _columns(self, loop: Loop) -> Any:
        """The places of the operands: a row for each trip, a column for each operand; leaves are −1, −2 …"""
        part = slice(self.starts[loop.first], self.starts[loop.end])
        places = np.where(self.is_leaf[part], -1 - self.leaves[part], self.places[part])
        return places.reshape(loop.trips, -1)

    def _moving(self, loop: Loop) -> tuple[Any, Any]:
        """For the operands of the last trip that are in the loop: their operations, and their places in the trip."""
        begin = loop.end - loop.period
        before, last = self._columns(loop)[-2:]
        inside = (last >= loop.first) & (last - before == loop.period)
        rows = np.repeat(np.arange(loop.period), self.counts[begin : loop.end])
        return rows[inside], last[inside] - begin

    # ---- loops that are worth folding ----

    def score(self, loop: Loop) -> int:
        """The operations that a loop covers, minus one for each operand that needs a lookup in each trip."""
        return loop.trips * (loop.period - self._looked_for(loop))

    def _looked_for(self, loop: Loop) -> int:
        columns = self._columns(loop)
        differ = (columns != columns[0]).any(0) & ((columns[0] < 0) | (columns[1] - columns[0] != loop.period))
        each = np.ascontiguousarray(columns[:, differ].T)
        return len(classed(hashes(np.arange(len(each) + 1) * loop.trips, [each.ravel()]))[0])

    def objection(self, loop: Loop) -> str:
        """The reason against folding it, if there is one."""
        if self.is_own[loop.first : loop.end].any():
            return "an operation made with @primitive is Python"
        if self.is_long(loop) and not self.long:
            return f"its {self._columns(loop).shape[1]} operands would take too long to compile"
        if self.is_long(loop) and len(self) < MANY:
            return f"its trips are long, and {len(self)} operations are soon grouped"
        rows, sources = self._moving(loop)
        earliest = sources.min(initial=0)
        if earliest >= 0 or not _is_recurrent(rows, sources, loop.period):
            return "its trips don't depend on each other, so they are grouped"
        if earliest < -LAGS * loop.period:
            return f"it reaches back further than {LAGS} trips"
        if self._looked_for(loop) > loop.period:
            return "its trips have too little in common"
        return ""

    def bundles(self, chosen: Iterable[Loop]) -> list[_Bundle]:
        """Bundles of loops with the same number of trips that don't need each other; a trace has them one by one."""
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
        """The operations that must come after a loop that joins a bundle; None if the loop itself must."""
        both = [*bundle.loops, loop]
        operands = sum([int(self.counts[other.first : other.first + other.period].sum()) for other in both])
        if not is_short(operands, self.sampled) or any(abs(other.trips - loop.trips) > LAGS for other in both):
            return None
        needs = np.zeros(len(self) + 1, bool)  # the last entry is for leaves
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
    """Whether an operation of a trip depends on itself in trips before: they can't all be taken away, unused first."""
    uses = np.bincount(sources % period, minlength=period).tolist()
    operands: defaultdict[int, list[int]] = defaultdict(list)
    for k, j in zip(rows.tolist(), (sources % period).tolist()):
        operands[k].append(j)
    unused = [k for k in operands if not uses[k]]
    while unused:
        for j in operands.pop(unused.pop(), ()):
            uses[j] -= 1
            if not uses[j]:
                unused.append(j)
    return bool(operands)


def _depth(rows: Any, sources: Any, period: int) -> int:
    """The longest chain of operations in a trip."""
    depths: dict[int, int] = {}
    inside = rows // period == sources // period
    for k, j in sorted(zip((rows[inside] % period).tolist(), (sources[inside] % period).tolist())):
        depths[k] = max(depths.get(k, 0), depths.get(j, 0) + 1)
    return max(depths.values(), default=0)
