"""The order of a program: which nodes are evaluated together, and the slots of their numbers."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...rules import RULES
from ..program import Loop, Program, is_short
from ..record.graph import OPERATIONS
from .arrays import Flat, classed, expand, hashes
from .in_order import names_of

_BY_EXPONENT = ("powi", "pow", "gaussian", "hurwitz")  # much faster with one constant for a whole group
SHORT = 8  # for an operation with so few operands, each of them should be in a run of slots
_FEW = 16  # without a sample axis, so few dots of one list of inputs may be grouped with others


def grouped(flat: Flat, arguments: Sequence[int], sampled: bool, loops: Sequence[Loop] = ()) -> Program:
    """The nodes in groups; of a loop those of one trip, and of a short one each by itself.

    Nodes that depend only on parameters are not evaluated for each sample.

    Args:
        flat: the graph, with each loop in one piece.
        arguments: how many inputs belong to each argument.
        sampled: whether there is a sample axis.
        loops: the places of loops in it.
    """
    varying = _varying(flat, loops) if sampled else np.zeros(flat.slots, np.uint8)
    which = _looked_at(flat, loops)
    keys = _keys(flat, arguments, varying, 1 if sampled else _FEW, which)
    made = _Made(flat, varying, _turns(flat, which))
    placed, at = [], 0
    for loop in loops:
        made.place_all(_greedy(flat, keys, at, loop.first))
        first, trip = len(made.code), range(loop.first, loop.first + loop.period)
        alone = is_short(int(flat.first[trip.stop] - flat.first[trip.start]), sampled)
        groups = [[i] for i in trip] if alone else list(_greedy(flat, keys, trip.start, trip.stop))
        made.place_trips(loop, groups)
        placed.append(Loop(first, len(groups), loop.trips))
        at = loop.end
    made.place_all(_greedy(flat, keys, at, len(flat)))
    return made.program(arguments, sampled, placed)


def _looked_at(flat: Flat, loops: Sequence[Loop]) -> Any:
    """The operations that are looked at: of loops, those of two trips."""
    wanted = np.ones(len(flat), bool)
    for loop in loops:
        wanted[loop.first + 2 * loop.period : loop.end] = False
    return np.flatnonzero(wanted)


def _varying(flat: Flat, loops: Sequence[Loop]) -> Any:
    """Which nodes have a number for each sample; in a loop, all have or none."""
    sources = list(range(flat.inputs))
    varying = flat.depends(sources)
    for loop in loops:
        members = range(flat.base + loop.first, flat.base + loop.end)
        if varying[members.start : members.stop].any():
            sources += members
            varying = flat.depends(sources)
    return varying


def _keys(flat: Flat, arguments: Sequence[int], varying: Any, few: int, which: Any) -> Any:
    """A number for what a group has in common: operation, where each operand comes from, a dot's list of inputs.

    A list counts where more than a few dots have it.  Only some operations are looked at; those of others mean nothing.
    """
    kinds = np.full(flat.slots, len(arguments))
    kinds[: flat.inputs] = np.repeat(np.arange(len(arguments)), arguments)
    kinds[flat.leaves :] += 1
    kinds[flat.base :] += 1 + varying[flat.base :]
    code, counts, starts = flat.code[which], flat.counts[which], flat.first[which]
    more = np.zeros(len(which), np.uint64)
    dots = np.flatnonzero(flat.each_rule(lambda rule: rule is RULES["dot"])[which])
    half = counts[dots] // 2
    first = np.concatenate([[0], np.cumsum(half)])
    inputs = hashes(first, [flat.operands[expand(starts[dots] + half, half)]])
    _, same, shared = classed(inputs)
    heads = flat.operands[starts[dots] + half], flat.operands[starts[dots]]
    is_product = (shared[same] > few) | (varying[heads[0]] > varying[heads[1]])
    more[dots[is_product]] = inputs[is_product]
    powers = np.flatnonzero(flat.each_rule(lambda rule: rule.name in _BY_EXPONENT)[which] & (counts > 1))
    exponents = flat.operands[starts[powers] + 1]
    more[powers] = np.where(flat.is_constant(exponents), exponents + 1, 0)
    first = np.concatenate([[0], np.cumsum(counts)])
    of_operands = hashes(first, [kinds[flat.operands[expand(starts, counts)]]])
    columns = [code, counts, varying[flat.base + which], of_operands, more]
    whole = hashes(np.arange(0, 5 * len(which) + 1, 5), [np.stack([x.astype(np.uint64) for x in columns], 1).ravel()])
    keys = np.zeros(len(flat), np.int64)
    keys[which] = classed(whole)[1]
    return keys


def _greedy(flat: Flat, keys: Any, low: int, high: int) -> Iterable[list[int]]:
    """Groups of operations, built greedily: a group is next when all of its kind are ready, or else the largest one."""
    part = slice(flat.first[low], flat.first[high])
    inside = flat.operands[part] - flat.base
    owner = np.repeat(np.arange(low, high), flat.counts[low:high])[inside >= low]
    inside = inside[inside >= low]
    waiting = np.bincount(owner - low, minlength=high - low).tolist()  # the number of operands it waits for
    order = np.argsort(inside, kind="stable")
    users = (owner[order] - low).tolist()
    ends = np.searchsorted(inside[order], np.arange(low, high + 1)).tolist()
    key = keys[low:high].tolist()
    left = np.bincount(keys[low:high]).tolist()
    ready: defaultdict[int, list[int]] = defaultdict(list)
    for i, count in enumerate(waiting):
        if not count:
            ready[key[i]].append(i)
    while ready:
        best = max(ready, key=lambda k: (len(ready[k]) == left[k], len(ready[k])))
        members = ready.pop(best)
        left[best] -= len(members)
        yield [low + i for i in members]
        for i in members:
            for j in users[ends[i] : ends[i + 1]]:
                waiting[j] -= 1
                if not waiting[j]:
                    ready[key[j]].append(j)


def _turns(flat: Flat, which: Any) -> Any:
    """For some operations, which operand each is in the first operation that uses it, if that one has few operands."""
    last_first = np.arange(len(flat.operands))[::-1]
    at = np.full(flat.slots, -1)
    at[flat.operands[last_first]] = last_first  # where each number first occurs as an operand
    at = at[flat.base + which]
    user = np.searchsorted(flat.first, at, side="right") - 1
    turns = np.zeros(len(flat), np.int64)
    turns[which] = np.where((at < 0) | (flat.counts[user] > SHORT), 0, at - flat.first[user])
    return turns


class _Made:
    """A program being built: its groups, and the slots of the graph's numbers."""

    def __init__(self, flat: Flat, varying: Any, turns: Any) -> None:
        self.flat, self.varying, self.turns = flat, varying, turns
        self.slot = np.arange(flat.slots)
        self.next = flat.base
        self.code, self.start, self.arity, self.first, self.operands = (array("q") for _ in range(5))
        self.varies = bytearray()

    def place_all(self, groups: Iterable[list[int]]) -> None:
        """Groups, in order."""
        for members in groups:
            at = self._in_order(members)
            self._take([at], 1, self.slot[self.flat.operands[self._columns(at)]])

    def _in_order(self, members: list[int]) -> Any:
        """A group's members in the order of what uses them, or of their operands, constants last: slots are theirs."""
        at = np.array(members)
        if len(members) > 1:
            slots = self.slot[self.flat.operands[self._columns(at)]]
            columns = sorted(slots, key=lambda column: self.flat.is_constant(column).all())
            at = at[np.lexsort([*columns[::-1], self._sides(at)])]
        self.slot[self.flat.base + at] = np.arange(self.next, self.next + len(at))
        self.next += len(at)
        return at

    def _columns(self, at: Any) -> Any:
        """Where the operands of a group are: a row for those of each turn."""
        return self.flat.first[at] + np.arange(self.flat.counts[at[0]])[:, None]

    def _sides(self, at: Any) -> Any:
        """The first sort key for the members of a group: which operand they are, if all occur equally often.

        So operations that use several members each, such as x, y and z of a difference, find each of these in a run.
        """
        turns = self.turns[at]
        count = np.bincount(turns)
        return turns if len(set(count[count > 0].tolist())) == 1 else np.zeros_like(turns)

    def place_trips(self, loop: Loop, groups: list[list[int]]) -> None:
        """The trips of a loop, each in the groups of the first."""
        flat, begin = self.flat, self.next
        for far in (0, loop.period):  # the second time by what a trip takes over from one in this order
            self.next = begin + far
            arranged = [self._in_order([i + far for i in members]) for members in groups]
        order = np.concatenate(arranged) - loop.period
        trips = np.arange(loop.trips)[:, None]
        self.next = begin + loop.period * loop.trips
        self.slot[flat.base + order + loop.period * trips] = np.arange(begin, self.next).reshape(loop.trips, -1)
        columns = np.concatenate([self._columns(at - loop.period).ravel() for at in arranged])
        width = flat.first[loop.first + loop.period] - flat.first[loop.first]
        self._take([at - loop.period for at in arranged], loop.trips, self.slot[flat.operands[columns + width * trips]])

    def _take(self, groups: list[Any], times: int, slots: Any) -> None:
        """Enter groups as often as said, with the slots of their operands."""
        flat, heads = self.flat, np.array([at[0] for at in groups])
        sizes = np.array([len(at) for at in groups])
        arity = flat.counts[heads]
        for line, numbers, total in (
            (self.start, sizes, self.next - int(sizes.sum()) * times),
            (self.first, arity * sizes, len(self.operands)),
        ):
            each = np.tile(numbers, times)
            line.frombytes((total + np.cumsum(each) - each).astype(np.int64).tobytes())
        for line, numbers in ((self.code, flat.code[heads]), (self.arity, arity)):
            line.frombytes(np.tile(numbers, times).astype(np.int64).tobytes())
        self.operands.frombytes(np.ascontiguousarray(slots).tobytes())
        self.varies += self.varying[flat.base + heads].tobytes() * times

    def program(self, arguments: Sequence[int], sampled: bool, loops: Iterable[Loop]) -> Program:
        """It, whole."""
        flat = self.flat
        self.start.append(self.next)
        self.first.append(len(self.operands))
        used = np.flatnonzero(np.bincount(np.frombuffer(self.code, np.int64), minlength=len(flat.rules))).tolist()
        codes = np.zeros(len(flat.rules), np.int64)
        codes[used] = np.arange(len(used))
        rules = [flat.rules[code] for code in used]
        names = names_of(rules)
        return Program(
            arguments=tuple(arguments),
            parameters=flat.leaves - flat.inputs,
            constants=array("d", flat.constants.tobytes()),
            operations=names,
            code=array("q", codes[np.frombuffer(self.code, np.int64)].tobytes()),
            start=self.start,
            arity=self.arity,
            first=self.first,
            operands=self.operands,
            varying=bytes(self.varies),
            sampled=sampled,
            order="groups",
            guards=flat.graph_guards(self.slot),
            results=tuple(self.slot[flat.results].tolist()),
            own={name: rule for name, rule in zip(names, rules) if OPERATIONS.get(name) is not rule},
            loops=tuple(loops),
        )
