"""A program as the statements of a C function: single operations as expressions, wide groups and loops as loops of C.

Inputs are read from x, results are written to y.  What a loop leaves behind for others stands in the workspace w;
anything else is a variable.  Statements are in the order of the program, and nothing is written to y before the end.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from ...arithmetic import Expression, Lines
from ...c_rows import C
from ...rule import Rule
from ..program import Group, Loop, Program
from ..record.graph import Guard
from .library import ProgramArithmetic
from .loop import Trips

SMALL: Final = 1000  # operations, up to which all are expressions
WIDE: Final = 16  # nodes of a group, or terms of a sum, from which on they are a loop in larger programs
_RUN: Final = 4  # numbers, from which on they are copied in a loop
_FOLDED: Final = {"chain": "+=", "sum": "+=", "mean": "+=", "prod": "*=", "dot": "+="}
_INDICES: Final = ("i", "j")


class Body(NamedTuple):
    """What a function is made of.

    Attributes:
        statements: its lines.
        tables: constant arrays that stand before it.
        work: how many doubles of workspace it needs.
        reasons: what each number from 1 on says that it returns.
    """

    statements: list[str]
    tables: list[str]
    work: int
    reasons: list[str]


def written(program: Program, name: str, checks: bool) -> Body:
    """The body of the function of a program.

    Args:
        program: what to calculate.
        name: of the function, with which the names of its tables begin.
        checks: whether operations that Python refuses are reported.

    Raises:
        TypeError: an operation was made with @primitive.
    """
    writer = _Writer(program, name, checks)
    writer.write()
    return Body(writer.lines.written(), writer.tables, writer.work, writer.reasons)


class _Writer:
    def __init__(self, program: Program, name: str, checks: bool) -> None:
        self.program, self.name, self.checks = program, name, checks
        self.lines, self.tables, self.work = Lines(C), list[str](), 0
        self.m = ProgramArithmetic(self.lines)
        self.wide = WIDE if program.nodes > SMALL else program.nodes + 1
        guards = [guard for guard in program.guards if checks or guard.line is not None]
        self.reasons = [_reason(guard) for guard in guards]
        self._guards = {guard.node: (k, guard) for k, guard in enumerate(guards, 1)}
        # Where each slot is: a constant, an expression, or an array and a place in it.
        first = program.inputs + program.parameters
        self._constants = dict(enumerate(program.constants, first))
        self._scalars: dict[int, Any] = {}
        self._places: dict[int, tuple[str, int]] = {slot: ("x", slot) for slot in range(first)}
        self._names: dict[int, str] = {}
        self._known_tables: dict[tuple[str, ...], str] = {}
        self._last_read = _last_read(program)
        self._blocks = 0
        self._checked: set[tuple[int, int]] = set()

    def write(self) -> None:
        for part in self.program.parts():
            if isinstance(part, Loop):
                self._trips(part)
            else:
                self._groups(part)
        for at, slot, count, stride in self._runs(self.program.results):
            self._copy("y", at, slot, count, stride)
        self.lines.do("return 0;")

    # ---- groups ----

    def _groups(self, part: range) -> None:
        groups = dict(zip(part, self.program.groups(part)))
        for end, stretch in _stretches(groups, self.wide):
            if len(stretch[0].results) >= self.wide:
                self._in_step(stretch, end)
            else:
                for node in stretch[0].nodes():
                    slots = [[slot] for slot in node.operands]
                    self._scalars[node.result] = self._value(self.lines, node.rule, slots, [])
                    self._guard(node.result)

    def _in_step(self, stretch: Sequence[Group], end: int) -> None:
        """Groups of one length, of which a node needs those of the others that are in the same place."""
        count, lines = len(stretch[0].results), self.block()
        known: dict[int, Any] = {}
        for group in stretch:
            inside = [known.get(column[0]) if column[0] in known else None for column in group.operands]
            z = self._value(lines, group.rule, group.operands, inside, count)
            known[group.results.start] = z
            if any(self._last_read[slot] >= end for slot in group.results):
                base = self.reserve(count)
                self._places |= {slot: ("w", base + i) for i, slot in enumerate(group.results)}
                lines.do(f"w[{_index(base, [(1, 'i')])}] = {{}};", z)
        self.loop("i", count, lines)
        for group in stretch:
            for slot in group.results:
                self._guard(slot)

    def _value(
        self, lines: Lines, rule: Rule, columns: Sequence[Sequence[int]], inside: Sequence[Any], count: int = 1
    ) -> Any:
        """The value of a node, or of the i-th of some, by the slots of its operands, of which some are known."""
        m = ProgramArithmetic(lines)
        if rule.name in _FOLDED and len(columns) >= self.wide and not any(x is not None for x in inside):
            return self._folded(lines, rule, columns, count)
        known = inside or [None] * len(columns)
        xs = [self.operand(lines, column) if x is None else x for x, column in zip(known, columns)]
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
        if rule.name == "chain":  # which has no start
            start, skip = self.operand(lines, columns[0]), 1
        parts = [columns[skip:]]
        if rule.name == "dot":
            start = self.operand(lines, columns[-1]) if n % 2 else 0.0
            parts = [columns[: n // 2], columns[n // 2 : n // 2 * 2]]
        total = self.name_of_block("r")
        lines.do(f"double {total} = {{}};", start)
        extents = (count, len(parts[0])) if count > 1 else (len(parts[0]),)
        indices = _INDICES[-len(extents) :]
        inner = self.block()
        factors = [self.read(inner, [c[i] for i in range(count) for c in part], extents, indices) for part in parts]
        term = factors[0] if len(factors) == 1 else factors[0] * factors[1]
        inner.do(f"{total} {_FOLDED[rule.name]} {{}};", term)
        _put_loop(lines, "j", len(parts[0]), inner)
        z = lines.atom(total)
        return z / float(n) if rule.name == "mean" else z

    # ---- loops of the program ----

    def _trips(self, loop: Loop) -> None:
        trips = Trips(self.program, loop)
        lines = self.block()
        numbers: dict[int, Any] = {}
        m = ProgramArithmetic(lines)
        states = {state: self.name_of_block("s") for state in trips.states}
        for state, name in states.items():
            init = trips.inits.get(state)
            self.lines.do(f"double {name} = {{}};", 0.0 if init is None else self.outer(init))
        for at, rule, operands in trips.operations:
            xs = []
            for kind, what in operands:
                if kind == "inside":
                    xs.append(numbers[what])
                elif kind == "state":
                    xs.append(lines.atom(states[what]))
                else:
                    xs.append(self.read(lines, what, (trips.count,), ("i",)))
            xs = m.operands(rule, xs)
            z = numbers[at] = m.value(rule, *xs)
            if self.checks:
                self._check(m, rule, z, xs)
        for at in trips.seen:
            base = self.reserve(trips.count)
            self._places |= {slot: ("w", base + i) for i, slot in enumerate(trips.slots(at))}
            lines.do(f"w[{_index(base, [(1, 'i')])}] = {{}};", numbers[at])
        self._move_states(lines, states, numbers)
        self.loop("i", trips.count, lines)
        for (at, lag), slot in trips.finals.items():
            if slot not in self._places:
                self._scalars[slot] = self.lines.atom(states[at, lag])
        for slot in trips.all_slots():
            self._guard(slot)

    def _move_states(self, lines: Lines, states: dict[tuple[int, int], str], numbers: dict[int, Any]) -> None:
        """What a trip takes over from those before it: first the oldest, and all that is new before any is put."""
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
            z = self.outer(slot)
            if not isinstance(z, Expression):
                return
            self.lines.do(f"if ({'!' if guard.outcome else ''}({{}})) return {k};", z)

    # ---- where numbers are ----

    def outer(self, slot: int) -> Any:
        """The number of a slot, outside of loops."""
        if slot in self._constants:
            return self._constants[slot]
        if slot in self._scalars:
            return self._scalars[slot]
        array, at = self._places[slot]
        return self.lines.atom(f"{array}[{at}]")

    def operand(self, lines: Lines, column: Sequence[int]) -> Any:
        """The operand of the i-th of some nodes, or of one."""
        if lines is self.lines:
            return self.outer(column[0])
        return self.read(lines, column, (len(column),), ("i",))

    def read(self, lines: Lines, slots: Sequence[int], extents: Sequence[int], indices: Sequence[str]) -> Any:
        """The numbers of slots by their indices: those of the last index one after the other."""
        first = slots[0]
        if all(slot == first for slot in slots):
            return self._text(lines, first)
        if all(slot in self._constants for slot in slots):
            numbers = [self._constants[slot] for slot in slots]
            if len(set(map(repr, numbers))) == 1:
                return numbers[0]
            array, places = self._table(numbers), list(range(len(slots)))
        else:
            array, places = self._in_one_array(slots)
        strides = _strides(places, extents)
        if strides is not None:
            return lines.atom(f"{array}[{_index(places[0], list(zip(strides, indices)))}]")
        row = [extents[-1], 1] if len(extents) == 2 else [1]
        return lines.atom(f"{array}[{self._table(places)}[{_index(0, list(zip(row, indices)))}]]")

    def _text(self, lines: Lines, slot: int) -> Any:
        """A number that is the same for all, in a block."""
        if slot in self._constants:
            return self._constants[slot]
        if slot in self._places:
            array, at = self._places[slot]
            return lines.atom(f"{array}[{at}]")
        x = self._scalars[slot]
        if not isinstance(x, Expression):
            return x
        if slot not in self._names:
            self._names[slot] = self.name_of_block("c")
            self.lines.do(f"const double {self._names[slot]} = {{}};", x)
        return lines.atom(self._names[slot])

    def _in_one_array(self, slots: Sequence[int]) -> tuple[str, list[int]]:
        """The array that slots are in, and where; they are gathered in the workspace, if they are not in one."""
        places = [self._places.get(slot, ("", 0)) for slot in slots]
        array = places[0][0]
        if array and all(name == array for name, _ in places):
            return array, [at for _, at in places]
        base = self.reserve(len(slots))
        for at, slot, count, stride in self._runs(slots):
            self._copy("w", base + at, slot, count, stride)
        return "w", list(range(base, base + len(slots)))

    def _runs(self, slots: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
        """Slots that are in an array at equal distances: the first of them, how many, and the distance."""
        at = 0
        while at < len(slots):
            array, place = self._places.get(slots[at], ("", 0))
            count, stride = 1, 0
            while array and at + count < len(slots):
                other, next_place = self._places.get(slots[at + count], ("", 0))
                if other != array or (count > 1 and next_place != place + stride * count):
                    break
                stride = next_place - place if count == 1 else stride
                count += 1
            if count < _RUN:
                count = 1
            yield at, slots[at], count, stride
            at += count

    def _copy(self, target: str, at: int, slot: int, count: int, stride: int) -> None:
        if count == 1:
            self.lines.do(f"{target}[{at}] = {{}};", self.outer(slot))
            return
        array, place = self._places[slot]
        lines = self.block()
        source = lines.atom(f"{array}[{_index(place, [(stride, 'i')])}]")
        lines.do(f"{target}[{_index(at, [(1, 'i')])}] = {{}};", source)
        self.loop("i", count, lines)

    def _table(self, numbers: Iterable[float]) -> str:
        """A constant array, made once."""
        numbers = list(numbers)
        texts = tuple([str(x) if isinstance(x, int) else C.number(x)[0] for x in numbers])
        if texts not in self._known_tables:
            name = self._known_tables[texts] = f"{self.name}_{len(self._known_tables)}"
            kind = "int" if isinstance(numbers[0], int) else "double"
            rows = [", ".join(texts[i : i + 8]) for i in range(0, len(texts), 8)]
            self.tables.append(f"static const {kind} {name}[{len(texts)}] = {{\n    " + ",\n    ".join(rows) + "\n};")
        return self._known_tables[texts]

    def reserve(self, count: int) -> int:
        """A place in the workspace."""
        self.work += count
        return self.work - count

    # ---- loops of C ----

    def block(self) -> Lines:
        """Lines inside of a loop, whose names are their own."""
        return Lines(C, self.name_of_block("t") + "_")

    def name_of_block(self, letter: str) -> str:
        """A name that no other has."""
        self._blocks += 1
        return f"{letter}{self._blocks}"

    def loop(self, index: str, count: int, lines: Lines) -> None:
        """A loop over some lines."""
        _put_loop(self.lines, index, count, lines)


def _put_loop(outer: Lines, index: str, count: int, inner: Lines) -> None:
    body = "".join([f"    {line}\n" for text in inner.written() for line in text.split("\n")])
    text = f"for (int {index} = 0; {index} < {count}; {index}++) {{\n{body}}}"
    outer.do(text.replace("{", "{{").replace("}", "}}"))


def _stretches(groups: dict[int, Group], wide: int) -> Iterator[tuple[int, list[Group]]]:
    """Groups, together where they are wide and in step, and the number of the group that follows."""
    stretch: list[Group] = []
    for at, group in groups.items():
        if stretch and not _goes_on(stretch, group, wide):
            yield at, stretch
            stretch = []
        stretch.append(group)
    if stretch:
        yield max(groups) + 1, stretch


def _goes_on(stretch: Sequence[Group], group: Group, wide: int) -> bool:
    count = len(stretch[0].results)
    if count < wide or len(group.results) != count:
        return False
    if len(group.operands) >= wide:
        return False  # a loop of its own inside
    starts = {other.results.start for other in stretch}
    first = stretch[0].results.start
    for column in group.operands:
        if column[0] in starts and column == list(range(column[0], column[0] + count)):
            continue
        if max(column) >= first:
            return False
    return True


def _last_read(program: Program) -> list[int]:
    """For each slot the last group that reads it; of what is asked for, one after all."""
    last = [-1] * program.slots
    for g in range(len(program)):
        for slot in program.operands[program.first[g] : program.first[g + 1]]:
            last[slot] = g
    for slot in program.asked:
        last[slot] = len(program)
    return last


def _strides(places: Sequence[int], extents: Sequence[int]) -> tuple[int, ...] | None:
    """How far apart places are, by each index, if they are at equal distances."""
    steps = []
    inner = 1
    for extent in reversed(extents):
        steps.append(places[inner] - places[0] if extent > 1 else 0)
        inner *= extent
    strides = tuple(reversed(steps))
    if len(extents) == 1:
        fits = all(place == places[0] + strides[0] * i for i, place in enumerate(places))
    else:
        k = extents[1]
        fits = all(place == places[0] + strides[0] * (n // k) + strides[1] * (n % k) for n, place in enumerate(places))
    return strides if fits else None


def _index(first: int, terms: Sequence[tuple[int, str]]) -> str:
    """The index first + stride · i + …, as it is written."""
    text = ""
    for stride, index in terms:
        if stride:
            sign = "-" if stride < 0 else "+"
            size = index if abs(stride) == 1 else f"{abs(stride)} * {index}"
            text = f"{text} {sign} {size}" if text else size if stride > 0 else f"-{size}"
    if not text:
        return str(first)
    if first == 0:
        return text
    return f"{first} {text[:1]} {text[1:]}" if text.startswith("-") else f"{first} + {text}"


def _reason(guard: Guard) -> str:
    """What it says that a guard does not hold."""
    if guard.line is None:
        return "an operation whose result is not used is not finite"
    return f"{guard.line.text!r} in line {guard.line.number} is {not guard.outcome}"
