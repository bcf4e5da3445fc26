"""The places of a program's numbers in arrays, and the names and texts of parts of those arrays."""

from itertools import groupby
from typing import Any

import numpy as np

from ..program import Program

Rows = list[list[int]]  # slots: a line for each operand of a group, with an entry for each node


def flat(rows: Rows) -> Rows:
    """The operands of one node as a single line, instead of lines of one."""
    return [[line[0] for line in rows]] if len(rows[0]) == 1 else rows


class Layout:
    """The arrays of a program, and the names of their parts in the source.

    A line of slots is read as an array with so many rows, several lines as an array of lines of rows.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.varying = program.is_varying()
        self.array: list[str] = []  # for each slot its array
        self.row: list[int] = []  # and its row there
        counts: dict[str, int] = {}
        names = [f"X{a}" for a, n in enumerate(program.arguments) for _ in range(n)]
        names += ["P"] * program.parameters + ["C"] * len(program.constants)
        names += ["V" if varying else "U" for varying in self.varying[program.leaves :]]
        for name in names:
            self.array.append(name)
            self.row.append(counts.get(name, 0))
            counts[name] = self.row[-1] + 1
        self.counts = counts
        self.tables: dict[str, Any] = {}  # arrays of indices and of constants, by their names in the source
        self.views: dict[str, str] = {}  # names of parts of permanent arrays, by their texts
        self.heads: dict[str, str] = {}  # the same for arrays that come with each call
        self._names: dict[Any, str] = {}

    def view(self, prefix: str, rows: Rows) -> str | None:
        """The name of a view of these rows in their array (with d, of their adjoints); None if they are not regular."""
        pattern = self._pattern(rows)
        array = prefix + self.array[rows[0][0]]
        if pattern is None:
            return None
        base, _, across = pattern
        if len(rows) > 1:
            return self.matrix_view(prefix, rows)
        if across < 0 or (across == 0 and len(rows[0]) > 1):
            return None
        end, step = base + across * (len(rows[0]) - 1) + 1, f":{across}" if across > 1 else ""
        return self.name(array, f"{array}[{base}:{end}{step}]")

    def _pattern(self, rows: Rows) -> tuple[int, int, int] | None:
        """The first row, and the steps down and across, if they are the same everywhere."""
        at = [[self.row[slot] for slot in line] for line in rows]
        base = at[0][0]
        down = at[1][0] - base if len(at) > 1 else 0
        across = at[0][1] - base if len(at[0]) > 1 else 0
        for i, line in enumerate(at):
            first = base + i * down
            if line != (list(range(first, first + across * len(line), across)) if across else [first] * len(line)):
                return None
        return base, down, across

    def name(self, array: str, code: str) -> str:
        """The name of an expression on an array, which is evaluated once for each array."""
        names, letter = (self.heads, "x") if array.startswith("X") else (self.views, array[0].lower())
        return names.setdefault(code, f"{letter}{len(names)}")

    def table(self, values: Any) -> str:
        """The name of an array of indices or constants."""
        array = np.asarray(values)
        key = (array.dtype.kind, array.shape, array.tobytes())
        if key not in self._names:
            self._names[key] = f"{'c' if array.dtype.kind == 'f' else 'i'}{len(self.tables)}"
            self.tables[self._names[key]] = array
        return self._names[key]

    def index(self, rows: Rows) -> str:
        """The name of the table with the rows of these slots in their array."""
        at = np.array([[self.row[slot] for slot in line] for line in rows], dtype=np.intp)
        return self.table(at if len(rows) > 1 else at[0])

    def read(self, rows: Rows, varying: bool) -> Any:
        """The text of an array of these numbers, with a sample axis if they vary.

        If a line has the same number everywhere, it may be one row, or a float, which NumPy repeats.
        """
        if len(rows) == 1 and len(set(rows[0])) == 1:
            rows = [rows[0][:1]]
            slot = rows[0][0]
            if self.array[slot] == "C":
                return self.program.constants[self.row[slot]]
        return self.stack(rows, varying)

    def stack(self, rows: Rows, varying: bool) -> str:
        """The text of an array of these numbers in full length; for lines of one node each, one line."""
        rows = flat(rows)
        kinds = {self.array[slot] for line in rows for slot in line}
        if len(kinds) > 1:
            return self._joined(rows, varying)
        array, wide = kinds.pop(), self.varying[rows[0][0]]
        if array == "C":
            return self._constants(rows, varying)
        view = self.view("", rows)
        text = view or f"{array}.take({self.index(rows)}, 0)"
        if varying and not wide:
            text += "[..., None]"
            return self.name(array, text) if view else text
        return text

    def matrix(self, rows: Rows) -> str:
        """The text of a matrix of these numbers, none of which varies."""
        if self.array[rows[0][0]] == "C":
            return self.table([[self.program.constants[self.row[slot]] for slot in line] for line in rows])
        return self.matrix_view("", rows) or f"{self.array[rows[0][0]]}.take({self._grid(rows)}, 0)"

    def matrix_view(self, prefix: str, rows: Rows) -> str | None:
        """The name of a view of these rows as a matrix in their array; None if they are not regular."""
        pattern = self._pattern(rows)
        if pattern is None:
            return None
        array = prefix + self.array[rows[0][0]]
        return self.name(array, f"part({array}, {pattern[0]}, {(len(rows), len(rows[0]))}, {pattern[1:]})")

    def _grid(self, rows: Rows) -> str:
        return self.table(np.array([[self.row[slot] for slot in line] for line in rows], dtype=np.intp))

    def _constants(self, rows: Rows, varying: bool) -> str:
        numbers = np.array([[self.program.constants[self.row[slot]] for slot in line] for line in rows])
        numbers = numbers if len(rows) > 1 else numbers[0]
        return self.table(numbers[..., None] if varying else numbers)

    def _joined(self, rows: Rows, varying: bool) -> str:
        """Numbers from several arrays, put together in a new one."""
        line_wise = len(rows) > 1
        units = rows if line_wise else [[slot] for slot in rows[0]]
        parts = []
        for _, run in groupby(units, key=lambda line: self.array[line[0]]):
            lines = list(run)
            sizes = [len(lines)] + [len(lines[0])] * line_wise
            code = self.stack(lines, varying)
            shape = ", ".join([*map(str, sizes), *["N"] * varying])
            parts.append(f"broadcast_to({code}, ({shape},))")
        return f"concatenate(({', '.join(parts)},))"
