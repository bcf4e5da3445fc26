"""Records the nodes of a run, and reads them once, as arrays: each operation as it was made.

The core in C has the same `Record`, to which the engine passes a node before any hook.
"""

import sys
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from types import CodeType
from typing import Any, NamedTuple

from ... import cores
from ...engine import Value
from ...reading import number_of, operands_of, rule_of
from ...rule import Rule
from ...sweep import order_below


class Read(NamedTuple):
    """The operations below the requested Values.  Leaves, constants and operations are numbered in this order.

    Attributes:
        rules: the rows of the codes.
        code: the rule of each operation, as an index in `rules`.
        first: where each operation's operands begin in `operands`, and the end.
        operands: the numbers of the operands.
        constants: the values of the constants.
        asked: the numbers of the requested Values.
        outside: the Values other than the leaves whose numbers were used, with these numbers.
    """

    rules: list[Rule]
    code: "array[int]"
    first: "array[int]"
    operands: "array[int]"
    constants: "array[float]"
    asked: "array[int]"
    outside: list[tuple[Value, float]]


class PythonRecord:
    """The nodes of a run, each with the code and the instruction that made it."""

    def __init__(self, is_ours: Mapping[str, bool]) -> None:
        del is_ours
        self._made: list[tuple[Value, CodeType, int]] = []

    def __len__(self) -> int:
        return len(self._made)

    def begin(self, variable: Any, blocks: Any, holder: Any) -> None:
        """Start recording every node that the task makes; only in C."""

    def add(self, v: Value, code: CodeType, instruction: int) -> None:
        """Record a node, and the code that made it."""
        self._made.append((v, code, instruction))

    def since(self, first: int) -> list[Value]:
        """The nodes from one on."""
        return [v for v, _, _ in self._made[first:]]

    def others(self, rules: Collection[Rule]) -> list[Value]:
        """The nodes of other rules than these."""
        return [v for v, _, _ in self._made if rule_of(v) not in rules]

    def held(self) -> tuple[Value, CodeType, int] | None:
        """Drop nodes, the latest first, down to one that somebody else holds."""
        while self._made:
            if sys.getrefcount(self._made[-1][0]) > 2:  # our own two references: the list and this call
                return self._made[-1]
            self._made.pop()
        return None

    def pop(self) -> None:
        """Drop the latest node."""
        self._made.pop()

    def read(self, leaves: Sequence[Value], asked: Sequence[Value]) -> Any:
        """The requested Values as arrays; None if some were made before, or by another thread.  Only in C."""
        del leaves, asked


def read(record: Any, leaves: Sequence[Value], asked: Sequence[Value], require: Callable[[Value], None]) -> Read:
    """Read a record.  `require` is called with results that were made from the leaves before, or by another thread."""
    found = record.read(leaves, asked)
    if found is None:
        made = record.since(0)
        return _Reader(leaves, made, require).read(order_below([*made, *asked]), asked)
    rules, *arrays, constants, places, outside = found
    code, first, operands = [array("q", x) for x in arrays]
    return Read(rules, code, first, operands, array("d", constants), array("q", places), outside)


class _Reader:
    """Reads nodes.  Meanwhile constants have numbers below 0, and operations are counted from 0 after the leaves."""

    def __init__(self, leaves: Sequence[Value], made: Sequence[Value], require: Callable[[Value], None]) -> None:
        self.leaves, self.require = len(leaves), require
        self.made = set(map(id, made))
        self.place = {v: i for i, v in enumerate(leaves)}
        self.constants: dict[bytes, int] = {}
        self.known: dict[tuple[Rule, tuple[int, ...]], int] = {}
        self.outside: list[tuple[Value, float]] = []

    def read(self, order: Sequence[Value], asked: Sequence[Value]) -> Read:
        """The operations below the requested Values, in order."""
        for v in order:
            if v not in self.place and not v.is_leaf:
                self._take(v)
        return self._closed_up([self._reference(v, number_of(v)) for v in asked])

    def _take(self, v: Value) -> None:
        xs = tuple([self._reference(p, x) for p, x in zip(*operands_of(v))])
        is_made, is_constant = id(v) in self.made, all(x < 0 for x in xs)
        if is_constant and is_made:
            self.place[v] = self._constant(number_of(v))  # its number is a constant
        if is_constant:
            return
        if not is_made:
            self.require(v)
            self.outside.append((v, number_of(v)))
        rule = rule_of(v)
        self.place[v] = (
            xs[0] if rule.name == "pos" else self.known.setdefault((rule, xs), self.leaves + len(self.known))
        )

    def _reference(self, v: Value | None, x: float) -> int:
        """The number of an operand that is used as a constant."""
        if v is None:
            return self._constant(x)
        if v not in self.place:
            self.outside.append((v, x))
            return self._constant(x)
        return self.place[v]

    def _constant(self, x: float) -> int:
        return self.constants.setdefault(array("d", [x]).tobytes(), -1 - len(self.constants))

    def _closed_up(self, asked: Sequence[int]) -> Read:
        """The arrays without unneeded operations; leaves, constants and operations follow each other."""
        operations = list(self.known)
        needed = set(asked)
        for i in reversed(range(len(operations))):
            if self.leaves + i in needed:
                needed.update(operations[i][1])
        place = {i: i for i in range(self.leaves)}
        bits = [x for x, at in self.constants.items() if at in needed]
        for x in bits:
            place[self.constants[x]] = len(place)
        codes: dict[Rule, int] = {}
        code, first, operands = array("q"), array("q", [0]), array("q")
        for i, (rule, xs) in enumerate(operations, self.leaves):
            if i in needed:
                place[i] = len(place)
                code.append(codes.setdefault(rule, len(codes)))
                operands.extend([place[x] for x in xs])
                first.append(len(operands))
        asked_ = array("q", [place[x] for x in asked])
        return Read(list(codes), code, first, operands, array("d", b"".join(bits)), asked_, self.outside)


Record: Any = PythonRecord if cores.c is None else cores.c.Record  # the same, in C
