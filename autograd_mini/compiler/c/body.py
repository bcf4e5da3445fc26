"""A program as the statements of a C function: single operations as expressions, wide groups and loops as loops of C.

Statements are in the order of the program, and the results y are only written at the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from ...arithmetic import Expression, Lines
from ...rule import Rule
from ..program import Group, Loop, Program
from ..record.graph import Guard
from .library import ProgramArithmetic
from .loop import Trips
from .memory import Memory, index_of, put_loop

SMALL: Final = 1000  # up to so many operations, all are expressions
WIDE: Final = 16  # in larger programs, so many nodes of a group, or terms of a sum, become a loop
_FOLDED: Final = {"chain": "+=", "sum": "+=", "mean": "+=", "prod": "*=", "dot": "+="}
_INDICES: Final = ("i", "j")


class Body(NamedTuple):
    """The parts of a C function.

    Attributes:
        statements: its lines.
        tables: constant arrays, defined before it.
        work: how many doubles of workspace it needs.
        reasons: the meaning of each returned number, from 1 on.
    """

    statements: list[str]
    tables: list[str]
    work: int
    reasons: list[str]


def written(program: Program, name: str, checks: bool) -> Body:
    """The body of the function of a program.

    Args:
        program: the program to write.
        name: the name of the function, and the start of the names of its tables.
        checks: whether to report operations that raise in Python.

    Raises:
        TypeError: an operation was made with @primitive.
    """
    writer = _Writer(program, name, checks)
    writer.write()
    memory = writer.memory
    return Body(memory.lines.written(), memory.tables, memory.work, writer.reasons)


class _Writer:
    def __init__(self, program: Program, name: str, checks: bool) -> None:
        self.program, self.checks = program, checks
        self.memory = Memory(program, name)
        self.wide = WIDE if program.nodes > SMALL else program.nodes + 1
        guards = [guard for guard in program.guards if checks or guard.line is not None]
        self.reasons = [_reason(guard) for guard in guards]
        self._guards = {guard.node: (k, guard) for k, guard in enumerate(guards, 1)}
        self._uses = Counter([*program.operands, *program.asked])
        self._checked: set[tuple[int, int]] = set()

    def write(self) -> None:
        for part in self.program.parts():
            if isinstance(part, Loop):
                self._trips(part)
            else:
                self._groups(part)
        for at, slot, count, stride in self.memory.runs(self.program.results):
            self.memory.copy("y", at, slot, count, stride)
        self.memory.lines.do("return 0;")

    # ---- groups ----

    def _groups(self, part: range) -> None:
        pieces = chain.from_iterable([_even(group, self.wide) for group in self.program.groups(part)])
        for stretch in _stretches(pieces, self.wide):
            if len(stretch[0].results) >= self.wide:
                self._in_step(stretch)
            else:
                for node in stretch[0].nodes():
                    slots = [[slot] for slot in node.operands]
                    self.memory.scalars[node.result] = self._value(self.memory.lines, node.rule, slots, [])
                    self._guard(node.result)

    def _in_step(self, stretch: Sequence[Group]) -> None:
        """A loop over groups of the same length, in which node i needs only node i of the other groups."""
        count, lines = len(stretch[0].results), self.memory.block()
        known: dict[int, Any] = {}
        for group in stretch:
            inside = [known.get(column[0]) if column[0] in known else None for column in group.operands]
            z = self._value(lines, group.rule, group.operands, inside, count)
            known[group.results.start] = z
            within = sum(column[0] == group.results.start for other in stretch for column in other.operands)
            if any(self._uses[slot] != within for slot in group.results):
                base = self.memory.reserve(count)
                self.memory.places |= {slot: ("w", base + i) for i, slot in enumerate(group.results)}
                lines.do(f"w[{index_of(base, [(1, 'i')])}] = {{}};", z)
        self.memory.loop("i", count, lines)
        for group in stretch:
            for slot in group.results:
                self._guard(slot)

    def _value(
        self, lines: Lines, rule: Rule, columns: Sequence[Sequence[int]], inside: Sequence[Any], count: int = 1
    ) -> Any:
        """The value of a node, or of node i in a loop. `inside` has the operands that the loop itself has made."""
        m = ProgramArithmetic(lines)
        if rule.name in _FOLDED and len(columns) >= self.wide and not any(x is not None for x in inside):
            return self._folded(lines, rule, columns, count)
        known = inside or [None] * len(columns)
        xs = [self.memory.operand(lines, column) if x is None else x for x, column in zip(known, columns)]
        xs = m.operands(rule, xs)
        z = m.value(rule, *xs)
        if self.checks:
            self._check(m, rule, z, xs)
        return z

    def _check(self, m: ProgramArithmetic, rule: Rule, z: Any, xs: list[Any]) -> None:
        refused = m.refusal(rule, z, xs)
        if refused is not None and (id(m.lines), refused.at) not in self._checked:
            self._checked.add((id(m.lines), refused.at))
            self.reasons.append(f"{rule.name} is not defined there, or too large")
            m.lines.do(f"if ({{}}) return {len(self.reasons)};", refused)

    def _folded(self, lines: Lines, rule: Rule, columns: Sequence[Sequence[int]], count: int) -> Any:
        """A long sum, or as many as there are nodes, term by term."""
        n, start, skip = len(columns), 0.0, 0
        if rule.name == "prod":
            start = 1.0
        if rule.name == "chain":  # it has no start
            start, skip = self.memory.operand(lines, columns[0]), 1
        parts = [columns[skip:]]
        if rule.name == "dot":
            start = self.memory.operand(lines, columns[-1]) if n % 2 else 0.0
            parts = [columns[: n // 2], columns[n // 2 : n // 2 * 2]]
        total = self.memory.new_name("r")
        lines.do(f"double {total} = {{}};", start)
        extents = (count, len(parts[0])) if count > 1 else (len(parts[0]),)
        indices = _INDICES[-len(extents) :]
        inner = self.memory.block()
        terms = [[column[i] for i in range(count) for column in part] for part in parts]
        factors = [self.memory.read(inner, slots, extents, indices) for slots in terms]
        term = factors[0] if len(factors) == 1 else factors[0] * factors[1]
        inner.do(f"{total} {_FOLDED[rule.name]} {{}};", term)
        put_loop(lines, "j", len(parts[0]), inner)
        z = lines.atom(total)
        return z / float(n) if rule.name == "mean" else z

    # ---- loops of the program ----

    def _trips(self, loop: Loop) -> None:
        trips = Trips(self.program, loop)
        lines = self.memory.block()
        numbers: dict[int, Any] = {}
        m = ProgramArithmetic(lines)
        states = {state: self.memory.new_name("s") for state in trips.states}
        for state, name in states.items():
            init = trips.inits.get(state)
            self.memory.lines.do(f"double {name} = {{}};", 0.0 if init is None else self.memory.outer(init))
        for at, rule, operands in trips.operations:
            xs = []
            for kind, what in operands:
                if kind == "inside":
                    xs.append(numbers[what])
                elif kind == "state":
                    xs.append(lines.atom(states[what]))
                else:
                    xs.append(self.memory.read(lines, what, (trips.count,), ("i",)))
            xs = m.operands(rule, xs)
            z = numbers[at] = m.value(rule, *xs)
            if self.checks:
                self._check(m, rule, z, xs)
        for at in trips.seen:
            base = self.memory.reserve(trips.count)
            self.memory.places |= {slot: ("w", base + i) for i, slot in enumerate(trips.slots(at))}
            lines.do(f"w[{index_of(base, [(1, 'i')])}] = {{}};", numbers[at])
        self._move_states(lines, states, numbers)
        self.memory.loop("i", trips.count, lines)
        for (at, lag), slot in trips.finals.items():
            if slot not in self.memory.places:
                self.memory.scalars[slot] = self.memory.lines.atom(states[at, lag])
        for slot in trips.all_slots():
            self._guard(slot)

    def _move_states(self, lines: Lines, states: dict[tuple[int, int], str], numbers: dict[int, Any]) -> None:
        """Shift the states of a loop after a trip: the oldest first, and read all new ones before writing any."""
        new = {}
        for (at, lag), name in states.items():
            if lag == 1:
                new[name] = f"next_{name}"
                lines.do(f"const double {new[name]} = {{}};", numbers[at])
        for (at, lag), name in sorted(states.items(), key=lambda item: -item[0][1]):
            lines.do(f"{name} = {{}};", lines.atom(new[name] if lag == 1 else states[at, lag - 1]))

    # ---- guards ----

    def _guard(self, slot: int) -> None:
        if slot in self._guards:
            k, guard = self._guards[slot]
            z = self.memory.outer(slot)
            if not isinstance(z, Expression):
                return
            self.memory.lines.do(f"if ({'!' if guard.outcome else ''}({{}})) return {k};", z)


def _even(group: Group, wide: int) -> Iterator[Group]:
    """The group in pieces. In a wide piece the slots of each operand are evenly spaced."""
    count = len(group.results)
    at = 0
    for begin, end in pairwise(_cuts(group) if count >= wide else ()):
        if end - begin >= wide:
            if at < begin:
                yield _piece(group, at, begin)
            yield _piece(group, begin, end)
            at = end
    if at < count:
        yield _piece(group, at, count)


def _piece(group: Group, begin: int, end: int) -> Group:
    return group._replace(results=group.results[begin:end], operands=[c[begin:end] for c in group.operands])


def _cuts(group: Group) -> list[int]:
    """Where the distance between slots of an operand changes; includes the beginning and the end."""
    cuts, count = [0], len(group.results)
    for i in range(2, count):
        if i - cuts[-1] > 1 and any(c[i] - c[i - 1] != c[i - 1] - c[i - 2] for c in group.operands):
            cuts.append(i)
    return [*cuts, count]


def _stretches(groups: Iterable[Group], wide: int) -> Iterator[list[Group]]:
    """Groups; wide groups that run in step are put together."""
    stretch: list[Group] = []
    for group in groups:
        if stretch and not _goes_on(stretch, group, wide):
            yield stretch
            stretch = []
        stretch.append(group)
    if stretch:
        yield stretch


def _goes_on(stretch: Sequence[Group], group: Group, wide: int) -> bool:
    count = len(stretch[0].results)
    if count < wide or len(group.results) != count:
        return False
    if len(group.operands) >= wide:
        return False  # it needs its own inner loop
    starts = {other.results.start for other in stretch}
    first = stretch[0].results.start
    for column in group.operands:
        if column[0] in starts and column == list(range(column[0], column[0] + count)):
            continue
        if max(column) >= first:
            return False
    return True


def _reason(guard: Guard) -> str:
    """The text for a guard that does not hold."""
    if guard.line is None:
        return "an operation whose result is not used is not finite"
    text = repr(guard.line.text) if guard.line.text else "the branch"
    return f"{text} in line {guard.line.number} is {not guard.outcome}"
