"""The program: a traced function as plain arrays, which any executor can run, and which can be printed and saved."""

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

from ..errors import AutogradError
from ..primitives import Opaque
from ..rule import Rule
from .argument import arrays
from .record.graph import OPERATIONS, Guard, differentiable, differentiated, is_python, mark

VERSION = 2
LAGS = 4  # trips that a loop may reach back
BODY, WIDE = 2500, 500  # operands of a trip up to which it is made code of its own; the latter for vectors of samples


class ProgramError(AutogradError, ValueError):
    """A program is inconsistent, or has another version."""


class Flipped(Exception):
    """Some guards of a program don't hold: for each guard 1 or 0, or one of these for each sample."""


class Group(NamedTuple):
    """Independent nodes of one operation: their results, and a list of slots for each operand."""

    rule: Rule
    results: range
    operands: list[list[int]]
    varying: bool

    def nodes(self) -> "list[Node]":
        """Each of them."""
        return [Node(self.rule, result, slots) for result, *slots in zip(self.results, *self.operands)]


class Node(NamedTuple):
    """An operation on single numbers: the slot of its result, and the slots of its operands."""

    rule: Rule
    result: int
    operands: Sequence[int]


class Loop(NamedTuple):
    """Groups that repeat: the first group, the groups per trip, and the number of trips."""

    first: int
    period: int
    trips: int

    @property
    def end(self) -> int:
        """The first group after the loop."""
        return self.first + self.period * self.trips


def is_short(operands: int, sampled: bool) -> bool:
    """Whether a trip of so many operands is made code of its own."""
    return operands <= (WIDE if sampled else BODY)


@dataclass(frozen=True)
class Program:
    """Operations on numbered slots: the inputs, then parameters, constants, and the results group by group.

    Args:
        arguments: how many inputs belong to each argument of the function.
        parameters: how many there are.
        constants: their numbers.
        operations: the names of the operations; `code` has indices in this list.
        code, start, arity, first: for each group its operation, its first result, the number of operands of each of its
            nodes, and where the operands' slots begin in `operands`: those of all first operands, then of all second
            ones …
        varying: for each group 1 if it is evaluated for each sample, else 0.
        sampled: whether the arguments have a sample axis.
        order: "trace" or "groups".
        guards: the slots whose truth value decided a branch, and that value.
        results: the slots of the results.
        own: the operations that are not in the table, made with @primitive.
        loops: the repeated groups.  An operand in a loop is from the same trip, from up to LAGS trips back, always the
            same distance, or from before the loop.
    """

    arguments: tuple[int, ...]
    parameters: int
    constants: "array[float]"
    operations: tuple[str, ...]
    code: "array[int]"
    start: "array[int]"
    arity: "array[int]"
    first: "array[int]"
    operands: "array[int]"
    varying: bytes
    sampled: bool
    order: str
    guards: tuple[Guard, ...]
    results: tuple[int, ...]
    own: dict[str, Rule] = field(default_factory=dict)
    loops: tuple[Loop, ...] = ()
    version: int = VERSION

    @property
    def inputs(self) -> int:
        """How many inputs all arguments have together."""
        return sum(self.arguments)

    @property
    def leaves(self) -> int:
        """How many slots come before the results."""
        return self.inputs + self.parameters + len(self.constants)

    @property
    def slots(self) -> int:
        """How many slots there are."""
        return self.start[-1]

    @property
    def nodes(self) -> int:
        """How many operations on numbers it has."""
        return self.slots - self.leaves

    def rule(self, code: int) -> Rule:
        """The row of an operation."""
        name = self.operations[code]
        return self.own[name] if name in self.own else OPERATIONS[name]

    @property
    def calls_python(self) -> bool:
        """Whether one of its operations can only run in Python."""
        return any(is_python(self.rule(code)) for code in range(len(self.operations)))

    @property
    def result(self) -> int:
        """The slot of the first result, which is the one to differentiate."""
        return self.results[0]

    @property
    def asked(self) -> list[int]:
        """The slots of the results, and then those of the guards."""
        return [*self.results, *[guard.node for guard in self.guards]]

    @property
    def is_straight(self) -> bool:
        """Whether its nodes are single, in the order of the trace, for straight-line code."""
        return self.order == "trace"

    def __len__(self) -> int:
        return len(self.code)

    def __iter__(self) -> Iterator[Group]:
        return self.groups(range(len(self)))

    def groups(self, which: range) -> Iterator[Group]:
        """Some of the groups."""
        rules = [self.rule(code) for code in range(len(self.operations))]
        for g in which:
            results = range(self.start[g], self.start[g + 1])
            k, at = len(results), self.first[g]
            line = self.operands[at : at + k * self.arity[g]].tolist()
            slots = [line[j : j + k] for j in range(0, len(line), k)]
            yield Group(rules[self.code[g]], results, slots, bool(self.varying[g]))

    def parts(self) -> Iterator[range | Loop]:
        """Loops, and the groups before, between and after them."""
        at = 0
        for loop in self.loops:
            yield range(at, loop.first)
            yield loop
            at = loop.end
        yield range(at, len(self))

    def is_short(self, loop: Loop) -> bool:
        """Whether a loop is made code of its own: then its groups have one node each."""
        return is_short(self.first[loop.first + loop.period] - self.first[loop.first], self.sampled)

    def is_varying(self) -> Sequence[bool]:
        """For each slot, whether it has a number for each sample."""
        flags = bytes([self.sampled]) * self.inputs + bytes(self.leaves - self.inputs) + self._of_nodes(self.varying)
        return _as_bools(flags)

    def active(self, sources: Iterable[int]) -> Sequence[bool]:
        """For each slot, whether it depends on a source, so that adjoints must pass it."""
        flags = bytearray(self.slots)
        for slot in sources:
            flags[slot] = 1
        first, operands = self.by_node()
        slopes = bytes([differentiable(self.rule(code)) for code in range(len(self.operations))])
        within = self._of_nodes(bytes(map(slopes.__getitem__, self.code)))
        mark(first, operands, b"\1" * len(operands), within, flags, False)
        return _as_bools(flags)

    def _of_nodes(self, of_groups: bytes) -> bytes:
        """A property of groups, repeated for each node."""
        if len(self) == self.nodes:
            return of_groups
        np = arrays()
        nodes: bytes = np.repeat(np.frombuffer(of_groups, np.uint8), np.diff(self.start)).tobytes()
        return nodes

    def by_node(self) -> tuple[Any, Any]:
        """The start of each node's operands, and the operands, node by node."""
        if len(self) == self.nodes:
            return self.first, self.operands
        np = arrays()
        start, arity, begin = [np.array(line) for line in (self.start, self.arity, self.first)]
        size = np.diff(start)
        group = np.repeat(np.arange(len(size)), size)
        first = np.concatenate([[0], np.cumsum(arity[group])])
        node = np.repeat(np.arange(len(group)), arity[group])
        turn = np.arange(len(node)) - first[node]
        at = begin[group[node]] + turn * size[group[node]] + node + start[0] - start[group[node]]
        return first, np.array(self.operands)[at]

    def evaluate(self, m: Any, numbers: list[Any]) -> Iterator[Node]:
        """Calculate in an arithmetic: after each node, its number is appended to the numbers of the slots before it."""
        for group in self:
            for node in group.nodes():
                xs = m.operands(node.rule, [numbers[slot] for slot in node.operands])
                numbers.append(m.value(node.rule, *xs))
                yield node

    def evaluated(self, m: Any, leaves: Iterable[Any]) -> list[Any]:
        """The numbers of all slots, given those of the inputs and parameters."""
        numbers = [*leaves, *self.constants]
        for _ in self.evaluate(m, numbers):
            pass
        return numbers

    def swept(self, m: Any, numbers: Any, sources: Sequence[int], seeds: Mapping[int, Any]) -> dict[int, Any]:
        """The adjoints of the slots that the seeds reach, one by one, on their way to the sources."""
        adjoints = Adjoints(m, numbers, self.active(sources), seeds)
        self.sweep(adjoints)
        return adjoints.found

    def sweep(self, adjoints: Any) -> None:
        """The chain rule: from the last group to the first, `pull` its adjoints, from its results to its operands."""
        for group in reversed(list(self)):
            if differentiable(group.rule):
                adjoints.pull(group)

    def verify(self) -> None:
        """Check that it is complete and consistent.

        Raises:
            ProgramError: it has another version, or is inconsistent; the message says where.
        """
        if self.version != VERSION:
            raise ProgramError(f"this program has version {self.version}, but only version {VERSION} can run here")
        counts = {len(self.code), len(self.start) - 1, len(self.arity), len(self.first) - 1, len(self.varying)}
        if len(counts) != 1 or self.start[0] != self.leaves:
            raise ProgramError("the arrays of this program have different numbers of groups")
        for g, code in enumerate(self.code):
            self._verify_group(g, code)
        for loop in self.loops:
            self._verify_loop(loop)
        for slot in self.asked:
            if not 0 <= slot < self.slots:
                raise ProgramError(f"slot {slot} is used, but there are only {self.slots}")

    def _verify_group(self, g: int, code: int) -> None:
        begin, end = self.start[g], self.start[g + 1]
        slots = self.operands[self.first[g] : self.first[g + 1]]
        if not 0 <= code < len(self.operations) or self.operations[code] not in {**OPERATIONS, **self.own}:
            raise ProgramError(f"group {g} has an unknown operation")
        if begin >= end or len(slots) != self.arity[g] * (end - begin):
            raise ProgramError(f"group {g} has {end - begin} results but {len(slots)} operands")
        if not all(0 <= slot < begin for slot in slots):
            raise ProgramError(f"group {g} has an operand that is not computed before it")

    def _verify_loop(self, loop: Loop) -> None:
        if loop.first < 0 or loop.period < 1 or loop.trips < 2 or loop.end > len(self):
            raise ProgramError(f"there are {len(self)} groups, so {loop} is not valid")
        sizes = array("q", map(int.__sub__, self.start[loop.first + 1 : loop.end + 1], self.start[loop.first :]))
        for line in (self.code, self.arity, self.varying, array("q", [0]) * loop.first + sizes):
            if line[loop.first : loop.end] != line[loop.first : loop.first + loop.period] * loop.trips:
                raise ProgramError(f"the trips of {loop} differ")

    def __str__(self) -> str:
        lines = [
            f"{self.inputs} inputs in {len(self.arguments)} arguments, {self.parameters} parameters, "
            f"{len(self.constants)} constants; {self.nodes} operations in {len(self)} groups"
        ]
        for group in self:
            sets = "; ".join([_run(slots) for slots in group.operands[:4]]) + "; …" * (len(group.operands) > 4)
            each = " for each sample" if group.varying else ""
            lines.append(f"{_run(list(group.results)):>14} = {group.rule.name:12} of {sets}{each}")
        lines += [f"{'guard':>14}   {guard.node} is {guard.outcome}, {guard.line or 'finite'}" for guard in self.guards]
        return "\n".join([*lines, f"{'result':>14}   {', '.join(map(str, self.results))}"])

    def __reduce__(self) -> tuple[Any, ...]:
        homes = {name: _home(rule) for name, rule in self.own.items()}
        return loaded, (vars(self) | {"own": homes},)


class Adjoints:
    """The adjoints of single numbers, in an arithmetic.

    The arithmetic has `operands(rule, xs)` and `partials(rule, z, xs, wanted)` for each node.

    Args:
        m: the arithmetic.
        numbers: the numbers of the slots.
        active: for each slot, whether its adjoint is needed.
        seeds: the adjoints of the results.
    """

    def __init__(self, m: Any, numbers: Any, active: Sequence[bool], seeds: Mapping[int, Any]) -> None:
        self.m, self.numbers, self.active, self.found = m, numbers, active, dict(seeds)

    def pull(self, group: Group) -> None:
        """From the results of a group to the operands."""
        for node in reversed(group.nodes()):
            self.pull_node(node)

    def pull_node(self, node: Node) -> None:
        """The same for one node: it adds adjoint · slope to the adjoint of each operand."""
        rule, result, operands = node
        if result not in self.found or not self.active[result]:
            return
        for at, slope in zip(differentiated(rule, operands), differentiated(rule, self.slopes(node))):
            if self.active[at]:
                c = self.found[result] * slope
                self.found[at] = self.found[at] + c if at in self.found else c

    def slopes(self, node: Node) -> Sequence[Any]:
        """The partials of a node with respect to its operands."""
        rule, result, operands = node
        xs = self.m.operands(rule, [self.numbers[at] for at in operands])
        slopes: Sequence[Any] = self.m.partials(rule, self.numbers[result], xs, [self.active[at] for at in operands])
        return slopes


def _as_bools(flags: bytes | bytearray) -> Sequence[bool]:
    bools: Sequence[bool] = memoryview(flags).cast("?")
    return bools


def _home(rule: Rule) -> tuple[str, str]:
    """Where to find a primitive again: a module and a name in it."""
    if isinstance(rule, Opaque):
        raise TypeError(f"{rule.symbol}, of a primitive with a vjp, can't be pickled: compile the function again there")
    module, _, name = rule.name.rpartition(".")
    if _found(module, name) is not rule:
        raise TypeError(f"the primitive {rule.symbol!r} can't be pickled: it must be found as {name!r} in {module}")
    return module, name


def _found(module: str, name: str) -> Any:
    return getattr(getattr(sys.modules.get(module), name, None), "rule", None)


def loaded(state: dict[str, Any]) -> Program:
    """The program that was pickled or saved in a file, checked."""
    if state["version"] != VERSION:
        raise ProgramError(f"this program has version {state['version']}, but only version {VERSION} can run here")
    for module, _ in state["own"].values():
        import_module(module)
    own = {name: _found(*home) for name, home in state["own"].items()}
    program = Program(**state | {"own": own})
    program.verify()
    return program


def _run(slots: list[int]) -> str:
    """3 … 9, or the slots themselves, as many as fit."""
    if len(slots) > 2 and slots == list(range(slots[0], slots[-1] + 1)):
        return f"{slots[0]}…{slots[-1]}"
    if len(set(slots)) == 1:
        return str(slots[0])
    return ",".join(map(str, slots[:3])) + ",…" * (len(slots) > 3)
