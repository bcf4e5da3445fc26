"""Where the numbers of a program are in its function: variables, arrays, and how both are read in loops."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from ...arithmetic import Expression, Lines
from ...c_rows import C
from ..program import Program

_RUN: Final = 4  # so many numbers are copied in a loop


class Memory:
    """The lines of a function that is being written, and the places of its numbers.

    Inputs are in the array x.  Results of a loop that are needed elsewhere are in the workspace w; anything else is a
    constant or a variable.

    Attributes:
        lines: the lines outside of loops.
        tables: constant arrays, defined before the function.
        work: how many doubles of workspace it needs.
        scalars: the numbers of slots that are constants or expressions.
        places: for each other slot its array, and the index in it.
    """

    def __init__(self, program: Program, name: str) -> None:
        self.name, self.lines, self.work = name, Lines(C), 0
        self.tables: list[str] = []
        first = program.inputs + program.parameters
        self._constants = dict(enumerate(program.constants, first))
        self.scalars: dict[int, Any] = {}
        self.places: dict[int, tuple[str, int]] = {slot: ("x", slot) for slot in range(first)}
        self._names: dict[int, str] = {}
        self._known_tables: dict[tuple[str, ...], str] = {}
        self._count = 0

    def outer(self, slot: int) -> Any:
        """The number of a slot, outside of loops."""
        if slot in self._constants:
            return self._constants[slot]
        if slot in self.scalars:
            return self.scalars[slot]
        array, at = self.places[slot]
        return self.lines.atom(f"{array}[{at}]")

    def operand(self, lines: Lines, column: Sequence[int]) -> Any:
        """The operand of the i-th of some nodes, or of one."""
        if lines is self.lines:
            return self.outer(column[0])
        return self.read(lines, column, (len(column),), ("i",))

    def read(self, lines: Lines, slots: Sequence[int], extents: Sequence[int], indices: Sequence[str]) -> Any:
        """The numbers of slots by their indices; the last index varies fastest."""
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
            return lines.atom(f"{array}[{index_of(places[0], list(zip(strides, indices)))}]")
        row = [extents[-1], 1] if len(extents) == 2 else [1]
        return lines.atom(f"{array}[{self._table(places)}[{index_of(0, list(zip(row, indices)))}]]")

    def _text(self, lines: Lines, slot: int) -> Any:
        """A number that is the same for all nodes, in a block."""
        if slot in self._constants:
            return self._constants[slot]
        if slot in self.places:
            array, at = self.places[slot]
            return lines.atom(f"{array}[{at}]")
        x = self.scalars[slot]
        if not isinstance(x, Expression):
            return x
        if slot not in self._names:
            self._names[slot] = self.new_name("c")
            self.lines.do(f"const double {self._names[slot]} = {{}};", x)
        return lines.atom(self._names[slot])

    def _in_one_array(self, slots: Sequence[int]) -> tuple[str, list[int]]:
        """The array of some slots, and the indices; slots from several arrays are gathered in the workspace."""
        places = [self.places.get(slot, ("", 0)) for slot in slots]
        array = places[0][0]
        if array and all(name == array for name, _ in places):
            return array, [at for _, at in places]
        base = self.reserve(len(slots))
        for at, slot, count, stride in self.runs(slots):
            self.copy("w", base + at, slot, count, stride)
        return "w", list(range(base, base + len(slots)))

    def runs(self, slots: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
        """Slots that are in an array at equal distances: the first of them, how many, and the distance."""
        at = 0
        while at < len(slots):
            array, place = self.places.get(slots[at], ("", 0))
            count, stride = 1, 0
            while array and at + count < len(slots):
                other, next_place = self.places.get(slots[at + count], ("", 0))
                if other != array or (count > 1 and next_place != place + stride * count):
                    break
                stride = next_place - place if count == 1 else stride
                count += 1
            if count < _RUN:
                count = 1
            yield at, slots[at], count, stride
            at += count

    def copy(self, target: str, at: int, slot: int, count: int, stride: int) -> None:
        if count == 1:
            self.lines.do(f"{target}[{at}] = {{}};", self.outer(slot))
            return
        array, place = self.places[slot]
        lines = self.block()
        source = lines.atom(f"{array}[{index_of(place, [(stride, 'i')])}]")
        lines.do(f"{target}[{index_of(at, [(1, 'i')])}] = {{}};", source)
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
        """Lines inside a loop, with their own names."""
        return Lines(C, self.new_name("t") + "_")

    def new_name(self, letter: str) -> str:
        """A new name."""
        self._count += 1
        return f"{letter}{self._count}"

    def loop(self, index: str, count: int, lines: Lines) -> None:
        """A loop over some lines."""
        put_loop(self.lines, index, count, lines)


def put_loop(outer: Lines, index: str, count: int, inner: Lines) -> None:
    body = "".join([f"    {line}\n" for text in inner.written() for line in text.split("\n")])
    text = f"for (int {index} = 0; {index} < {count}; {index}++) {{\n{body}}}"
    outer.do(text.replace("{", "{{").replace("}", "}}"))


def _strides(places: Sequence[int], extents: Sequence[int]) -> tuple[int, ...] | None:
    """The distance between places for each index, if it is constant."""
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


def index_of(first: int, terms: Sequence[tuple[int, str]]) -> str:
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
