"""What a run makes is taken down, node by node, and read once: each operation as it was made, once, in arrays.

Where the core in C runs, it has the same `Record`, which the engine asks before any hook.
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
    """What is below the Values asked for.  Leaves, constants and operations are numbered in this order.

    Attributes:
        rules: the rows of the codes.
        code: what each operation does.
        first: where in `operands` those of each begin, and their end.
        operands: their numbers.
        constants: the numbers that these are.
        asked: the numbers of what was asked for.
        outside: the Values beside the leaves whose numbers were used, with these.
    """

    rules: list[Rule]
    code: "array[int]"
    first: "array[int]"
    operands: "array[int]"
    constants: "array[float]"
    asked: "array[int]"
    outside: list[tuple[Value, float]]


class PythonRecord:
    """The nodes of a run, and beside them the code and the instruction that made each."""

    def __init__(self, is_ours: Mapping[str, bool]) -> None:
        del is_ours
        self._made: list[tuple[Value, CodeType, int]] = []

    def __len__(self) -> int:
        return len(self._made)

    def begin(self, variable: Any, blocks: Any, holder: Any) -> None:
        """Take down by itself what the task makes: only in C."""

    def add(self, v: Value, code: CodeType, instruction: int) -> None:
        """Take down a node, and what made it."""
        self._made.append((v, code, instruction))

    def since(self, first: int) -> list[Value]:
        """The nodes from one on."""
        return [v for v, _, _ in self._made[first:]]

    def others(self, rules: Collection[Rule]) -> list[Value]:
        """The nodes of other rules than these."""
        return [v for v, _, _ in self._made if rule_of(v) not in rules]

    def held(self) -> tuple[Value, CodeType, int] | None:
        """Let go of nodes, the latest first, up to one that somebody else holds."""
        while self._made:
            if sys.getrefcount(self._made[-1][0]) > 2:  # beside us here, the call
                return self._made[-1]
            self._made.pop()
        return None

    def pop(self) -> None:
        """Let go of the latest node."""
        self._made.pop()

    def read(self, leaves: Sequence[Value], asked: Sequence[Value]) -> Any:
        """What is asked for as arrays; None if some of it was made before, or by another thread: only in C."""
        del leaves, asked


def read(record: Any, leaves: Sequence[Value], asked: Sequence[Value], require: Callable[[Value], None]) -> Read:
    """Read what a record has.  `require` is told of results made before of the leaves, or by another thread."""
    found = record.read(leaves, asked)
    if found is None:
        made = record.since(0)
        return _Reader(leaves, made, require).read(order_below([*made, *asked]), asked)
    rules, *arrays, constants, places, outside = found
    code, first, operands = [array("q", x) for x in arrays]
    return Read(rules, code, first, operands, array("d", constants), array("q", places), outside)


class _Reader:
    """Constants are below 0 while they are being found, and operations counted from 0 on after the leaves."""

    def __init__(self, leaves: Sequence[Value], made: Sequence[Value], require: Callable[[Value], None]) -> None:
        self.leaves, self.require = len(leaves), require
        self.made = set(map(id, made))
        self.place = {v: i for i, v in enumerate(leaves)}
        self.constants: dict[bytes, int] = {}
        self.known: dict[tuple[Rule, tuple[int, ...]], int] = {}
        self.outside: list[tuple[Value, float]] = []

    def read(self, order: Sequence[Value], asked: Sequence[Value]) -> Read:
        """What is below those asked for, in this order."""
        for v in order:
            if v not in self.place and not v.is_leaf:
                self._take(v)
        return self._closed_up([self._reference(v, number_of(v)) for v in asked])

    def _take(self, v: Value) -> None:
        xs = tuple([self._reference(p, x) for p, x in zip(*operands_of(v))])
        is_made, is_constant = id(v) in self.made, all(x < 0 for x in xs)
        if is_constant and is_made:
            self.place[v] = self._constant(number_of(v))  # its bits are known
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
        """What stands for an operand of which a number was used."""
        if v is None:
            return self._constant(x)
        if v not in self.place:
            self.outside.append((v, x))
            return self._constant(x)
        return self.place[v]

    def _constant(self, x: float) -> int:
        return self.constants.setdefault(array("d", [x]).tobytes(), -1 - len(self.constants))

    def _closed_up(self, asked: Sequence[int]) -> Read:
        """Without what nobody asked for needs; leaves, constants and operations follow each other."""
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
