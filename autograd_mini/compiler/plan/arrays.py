"""A graph as NumPy arrays, and how passes change it: they remove, insert and replace operations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import default_rng  # imported here, because NumPy would import it later in any thread

from ...rule import Rule
from ..record.graph import SLOPED, Graph, Guard, differentiable, mark, merge


class Flat:
    """A graph in NumPy arrays; `record.graph` explains its attributes."""

    def __init__(self, graph: Graph) -> None:
        self.inputs, self.leaves, self.rules = graph.inputs, graph.inputs + graph.parameters, list(graph.rules)
        self.code, self.first, self.operands = [
            np.array(x, np.int64) for x in (graph.code, graph.first, graph.operands)
        ]
        self.constants = np.array(graph.constants, float)
        self.results, self.checks = np.array(graph.results, np.int64), np.array(graph.checks, np.int64)
        self.guards, self.guarded = list(graph.guards), np.array([g.node for g in graph.guards], np.int64)

    def __len__(self) -> int:
        return len(self.code)

    @property
    def base(self) -> int:
        """The number of the first operation."""
        return self.leaves + len(self.constants)

    @property
    def slots(self) -> int:
        """How many numbers there are."""
        return self.base + len(self.code)

    @property
    def counts(self) -> Any:
        """How many operands each operation has."""
        return np.diff(self.first)

    @property
    def owner(self) -> Any:
        """For each operand its operation."""
        return np.repeat(np.arange(len(self.code)), self.counts)

    def is_constant(self, numbers: Any) -> Any:
        """Which of the numbers are constants."""
        return (numbers >= self.leaves) & (numbers < self.base)

    def code_of(self, rule: Rule) -> int:
        """The code of a row."""
        if rule not in self.rules:
            self.rules.append(rule)
        return self.rules.index(rule)

    def each_rule(self, answer: Any) -> Any:
        """For each operation the result of `answer` for its row."""
        answers = [answer(rule) for rule in self.rules]
        return np.array(answers)[self.code] if answers else np.zeros(0, bool)

    def constant(self, x: float) -> int:
        """The number of a constant; if it is new, the numbers of operations move by one."""
        bits = self.constants.view(np.int64)
        found = np.flatnonzero(bits == np.array(x, float).view(np.int64))
        if len(found):
            return self.leaves + int(found[0])
        base = self.base
        self.constants = np.append(self.constants, x)
        for numbers in (self.operands, self.results, self.guarded, self.checks):
            numbers[numbers >= base] += 1
        return base

    def uses(self) -> Any:
        """How often each number is an operand, a result or a guard."""
        return np.bincount(np.concatenate([self.operands, self.results, self.guarded]), minlength=self.slots)

    def needed(self) -> Any:
        """Which numbers the results and guards need, as bytes."""
        flags = np.zeros(self.slots, np.uint8)
        flags[self.results] = flags[self.guarded] = 1
        self._mark(flags, np.ones(len(self.operands), np.uint8), np.ones(len(self), np.uint8), True)
        return flags

    def depends(self, sources: Any, slopes: bool = False) -> Any:
        """Which numbers depend on the sources, as bytes; or only through operations that have slopes."""
        flags = np.zeros(self.slots, np.uint8)
        flags[np.array(sources, np.int64)] = 1
        within = self.each_rule(differentiable) if slopes else np.ones(len(self))
        self._mark(flags, np.ones(len(self.operands), np.uint8), within.astype(np.uint8), False)
        return flags

    def reached(self, active: Any) -> Any:
        """Which numbers receive adjoints of the first result, through active ones."""
        flags = np.zeros(self.slots, np.uint8)
        flags[self.results[:1]] = 1
        within = active[self.base :] & self.each_rule(differentiable).astype(np.uint8)
        self._mark(flags, self._differentiated(), within, True)
        return flags

    def _differentiated(self) -> Any:
        """Which operands receive adjoints."""
        counts = np.ones(len(self.operands), np.uint8)
        if SLOPED in self.rules:
            half = (self.counts // 2)[self.owner]
            turn = np.arange(len(self.operands)) - self.first[self.owner]
            is_sloped = (self.code == self.rules.index(SLOPED))[self.owner]
            counts[is_sloped & ((turn < 1) | (turn > half))] = 0
        return counts

    def _mark(self, flags: Any, counts: Any, within: Any, back: bool) -> None:
        mark(self.first, self.operands, counts, within, flags, back)

    def merged(self) -> None:
        """Replace operations that are the same by the first of them."""
        place = np.arange(self.slots)
        merge(self.code, self.first, self.operands, place)
        self.operands, self.results, self.guarded = place[self.operands], place[self.results], place[self.guarded]

    def ordered(self, order: Any) -> None:
        """Take some of the operations, in an order in which operands come first."""
        place = np.arange(self.slots)
        place[self.base + order] = self.base + np.arange(len(order))
        self._take(order, place)

    def _take(self, order: Any, place: Any) -> None:
        counts = self.counts[order]
        self.operands = place[self.operands[expand(self.first[order], counts)]]
        self.first = np.concatenate([[0], np.cumsum(counts)])
        self.code = self.code[order]
        self.results, self.guarded, self.checks = place[self.results], place[self.guarded], place[self.checks]

    def graph_guards(self, slot: Any) -> tuple[Guard, ...]:
        """The guards, in the slots of a program."""
        return tuple([g._replace(node=int(at)) for g, at in zip(self.guards, slot[self.guarded])])


class Edit:
    """Changes to a graph, which are applied at once.  Until then, new operations have numbers after all others."""

    def __init__(self, flat: Flat) -> None:
        self.flat = flat
        self.gone = np.zeros(len(flat), bool)
        self._instead: list[tuple[Any, Any]] = []
        self._parts: list[tuple[Any, Any, Any, Any]] = []
        self._next = flat.slots

    def put(self, rule: Rule, positions: Any, operands: Any, counts: Any = None) -> Any:
        """Insert operations of a row, each after the operation at its position and earlier insertions: their numbers.

        Args:
            positions: of operations, from 0 on.
            operands: a row for each; or all, one after the other.
            counts: in that case, how many each has.
        """
        if counts is None:
            counts = np.full(len(positions), operands.shape[1])
        self._parts.append((np.full(len(positions), self.flat.code_of(rule)), positions, operands.ravel(), counts))
        self._next += len(positions)
        return np.arange(self._next - len(positions), self._next)

    def replace(self, numbers: Any, others: Any) -> None:
        """Replace numbers by others."""
        self._instead.append((np.asarray(numbers), np.asarray(others)))

    def leave_out(self, numbers: Any) -> None:
        """Remove operations that are no longer needed."""
        self.gone[np.asarray(numbers) - self.flat.base] = True

    def done(self) -> None:
        """Make them."""
        flat = self.flat
        n, base, old = len(flat), flat.base, flat.slots
        place = np.arange(self._next)
        for numbers, others in self._instead:
            place[numbers] = others
        while (place[place] != place).any():
            place = place[place]
        code, positions, operands, counts = zip(*self._parts) if self._parts else ([], [], [], [])
        where = np.concatenate([np.arange(n), *positions])
        flat.code = np.concatenate([flat.code, *code])
        flat.operands = place[np.concatenate([flat.operands, *operands])]
        flat.first = np.concatenate([[0], np.cumsum(np.concatenate([flat.counts, *counts]))])
        flat.results, flat.guarded, flat.checks = place[flat.results], place[flat.guarded], place[flat.checks]
        order = np.argsort(where, kind="stable")
        order = order[~np.concatenate([self.gone, np.zeros(self._next - old, bool)])[order]]
        new = np.full(self._next, -1)
        new[:base] = np.arange(base)
        new[base + order] = base + np.arange(len(order))
        flat._take(order, new)


def expand(starts: Any, counts: Any) -> Any:
    """For each count: start, start + 1 …, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)


def turns(counts: Any) -> Any:
    """For each count: 0, 1 …, one after the other."""
    return expand(np.zeros(len(counts), np.int64), counts)


def hashes(first: Any, columns: Sequence[Any]) -> Any:
    """A number for each stretch between `first`; stretches with equal entries in all columns have the same number."""
    counts = np.diff(first)
    turn = turns(counts)
    draw = default_rng(0).integers(1, 2**62, int(counts.max(initial=0)) + 1, np.uint64) | np.uint64(1)
    total = np.zeros(len(counts), np.uint64)
    for column in columns:
        mixed = (column.astype(np.uint64) + np.uint64(0x9E3779B9)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * draw[turn]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        total = total * np.uint64(0xC2B2AE3D27D4EB4F) + sums[first[1:]] - sums[first[:-1]]
    return total


def classed(numbers: Any) -> tuple[Any, Any, Any]:
    """For each distinct number where it first occurs; for each number which of these it is; and how often each occurs.

    Without np.unique, which imports a module at its first call: a child forked meanwhile would wait for ever.
    """
    order = np.argsort(numbers, kind="stable")
    new = np.concatenate([np.ones(len(order[:1]), bool), np.diff(numbers[order]) != 0])
    which = np.empty(len(order), np.int64)
    which[order] = np.cumsum(new) - 1
    return order[new], which, np.bincount(which)


def runs(flags: Any, least: int = 1) -> list[tuple[int, int]]:
    """Where stretches of so many flags that are set, or more, begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]))).reshape(-1, 2)
    return [(a, b) for a, b in edges[edges[:, 1] - edges[:, 0] >= least].tolist()]
