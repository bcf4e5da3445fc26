"""How kernels reach the operands of groups: by the places of their slots, or, for constants, as numbers."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..program import Group, Program
from .callbacks import is_own
from .kernels import data, sums, weights
from .kernels.access import Mode, is_long
from .llvm.arithmetic import BAKED
from .llvm.code import Kind

FEW: Final = 16  # for groups with fewer nodes the places of operands are not analysed, which saves kernels


class Operands:
    """The operands of the groups of a program.

    Args:
        program: the program to run.
        kind: as many numbers as kernels work on at once.
        wide: whether each slot has a row of numbers.
        place: the place of each slot, once it is known.
        parameters: the array of parameters.
    """

    def __init__(self, program: Program, kind: Kind, wide: bool, place: Any, parameters: Any) -> None:
        self.program, self.kind, self.wide, self.place, self.parameters = program, kind, wide, place, parameters
        self._constants = range(program.inputs + program.parameters, program.leaves)
        self._numbers = np.array(program.constants, f"f{kind.size}")
        self.unplaced: Any = np.zeros(program.slots, bool)  # slots whose numbers are only in instructions

    def columns(self, group: Group) -> list[Any]:
        """The operands of a group that are numbers in its instruction."""
        if is_own(group):
            return []
        if is_long(group, self.wide):
            n = len(group.operands) // 2
            among = [*filter(self._are_numbers, group.operands[2 * n :])] if self.is_data(group) else []
            is_matrix = self.is_data(group) or self.is_layer(group)
            return list(map(np.array, [*among, *group.operands[:n]])) if is_matrix else []
        return [np.array(slots) for slots in group.operands if self._are_numbers(slots)]

    def _is_constant(self, slots: Any) -> Any:
        return (slots >= self._constants.start) & (slots < self._constants.stop)

    def _are_numbers(self, slots: Sequence[int]) -> bool:
        """Whether the operands of many nodes are constants, and not all the same; or some of such operands."""
        if slots[0] not in self._constants:
            return False
        if len(slots) < FEW:
            return any(self.unplaced[slot] for slot in slots)
        column = np.array(slots)
        if self.unplaced[column].any():
            return True
        return bool(self._is_constant(column).all() and (column != column[0]).any())

    def constants(self, slots: Any) -> Any:
        """The numbers of constants."""
        return self._numbers[np.array(slots) - self._constants.start]

    def modes(self, group: Group) -> tuple[list[Mode], list[Any]]:
        """How to reach each operand, and the numbers for it in the instruction."""
        modes: list[Mode] = []
        fields: list[Any] = []
        for i, slots in enumerate(group.operands):
            mode: Mode
            if i == 1 and group.rule.name in BAKED and slots[0] in self._constants and len(set(slots)) == 1:
                mode, field = self.program.constants[slots[0] - self._constants.start], 0
            elif self._are_numbers(slots):
                mode, field = "numbers", self.constants(slots)
            else:
                mode, field = self._mode(self.place[slots])
            modes.append(mode)
            fields.append(field)
        return modes, fields

    def _mode(self, places: Any) -> tuple[str, Any]:
        n, first = len(places), int(places[0])
        if n == 1:
            return "run", first
        if n >= FEW:
            if (places == np.arange(first, first + n)).all():
                return "run", first
            if (places == first).all():
                return "same", first
        if not self.wide and n >= FEW and _all_differ(places):
            return "each", places.astype(np.int32)
        return "table", places.astype(np.int32)

    # ---- lists ----

    def is_data(self, group: Group) -> bool:
        """Whether dots share one list, the other lists are constants, and each slot has one number."""
        n, few = len(group.operands) // 2, self.wide or len(group.results) < FEW
        if group.rule.name != "dot" or few or not all(line[0] in self._constants for line in group.operands[:n]):
            return False
        first, second = np.array(group.operands[:n]), np.array(group.operands[n : 2 * n])
        return bool((second == second[:, :1]).all() and self._is_constant(first).all())

    def of_data(self, group: Group) -> tuple[str, list[Mode], list[Any]]:
        """How to reach the list and the starts, and the numbers in the instruction."""
        n = len(group.operands) // 2
        mode, where = self._only_list(group)
        start, places = self.modes(group._replace(operands=group.operands[2 * n :]))
        matrix = self.constants(group.operands[:n])
        return mode, start, [n, data.laid(matrix, self.kind.width), where, *places]

    def lists(self, group: Group) -> tuple[list[str], list[str], list[Any]]:
        """The modes of single operands and of lists, and the numbers in the instruction."""
        rows = self.place[np.array(group.operands)]
        n, name = len(rows), group.rule.name
        if name == "dot":
            alone, lists = rows[n // 2 * 2 :], [rows[: n // 2], rows[n // 2 : n // 2 * 2]]
        elif name == "sloped":
            alone, lists = rows[:1], [rows[1 : 1 + n // 2], rows[1 + n // 2 :]]
        else:
            alone, lists = rows[:0], [rows]
        starts = [self._alone(line) for line in alone]
        modes, fields, kinds = [mode for mode, _ in starts], [len(lists[0]), *[field for _, field in starts]], []
        for matrix in lists:
            runs = _runs(matrix[:, 0]) if name in sums.FOLDS and matrix.shape[1] == 1 else None
            kind, *where = runs or self._list(matrix.T, scattered=name != "dot")
            kinds.append(kind)
            fields += where
        return modes, kinds, fields

    def is_matrix(self, group: Group, fields: Sequence[Any]) -> bool:
        """Whether dots share their second list, so that each of its adjoints can stay in a register while it grows."""
        return self.wide and len(group.results) >= sums.TILE and fields[-1] == 0 and self._apart(group)

    def is_layer(self, group: Group) -> bool:
        """Whether dots share one list, the others are runs of parameters, and each slot has a row."""
        n, nodes, inputs = len(group.operands) // 2, len(group.results), self.program.inputs
        first = group.operands[0][0] - inputs
        is_parameter = self.parameters is not None and 0 <= first < self.program.parameters
        if not (self.wide and is_parameter and group.rule.name == "dot" and min(n, nodes) >= weights.LEAST):
            return False
        runs, second = np.array(group.operands[:n]) - inputs, np.array(group.operands[n : 2 * n])
        regular = first + (group.operands[0][1] - group.operands[0][0]) * np.arange(nodes) + np.arange(n)[:, None]
        return bool(
            (runs == regular).all() and runs[-1, -1] < self.program.parameters and (second == second[:, :1]).all()
        )

    def of_layer(self, group: Group) -> tuple[str, list[str], list[Any]]:
        """How to reach the list and the starts, and the numbers in the instruction."""
        n, starts = len(group.operands) // 2, group.operands[0]
        mode, where = self._only_list(group)
        start = [self._alone(self.place[line]) for line in group.operands[2 * n :]]
        first = starts[0] - self.program.inputs
        between = starts[1] - starts[0] if len(starts) > 1 else 0
        fields = [n, self.parameters[first:], first, between, where, *[field for _, field in start]]
        return mode, [mode for mode, _ in start], fields

    def _apart(self, group: Group) -> bool:
        """Whether no number occurs twice in that list, or also in the first list of any dot."""
        n = len(group.operands) // 2
        second = [line[0] for line in group.operands[n : 2 * n]]
        first = {slot for line in group.operands[:n] for slot in line}
        return len(set(second)) == n and first.isdisjoint(second)

    def _alone(self, places: Any) -> tuple[str, Any]:
        """How to reach single operands, if nodes are taken one by one."""
        mode, field = self._mode(places)
        return ("table", places.astype(np.int32)) if mode in ("same", "each") else (mode, field)

    def _only_list(self, group: Group) -> tuple[str, Any]:
        """How to reach the second list of dots, which they share, and its place."""
        n = len(group.operands) // 2
        mode, where, _ = self._list(self.place[[[line[0] for line in group.operands[n : 2 * n]]]], scattered=False)
        return mode, where

    def _list(self, matrix: Any, scattered: bool) -> tuple[str, Any, int]:
        """A list for each node: how to reach it, the place of the first, and the step to the next.

        If several adjoints are scattered at once, it matters whether all their places differ.
        """
        bases = matrix[:, 0]
        step = int(bases[1] - bases[0]) if len(bases) > 1 else 0
        regular = bases[0] + step * np.arange(len(bases))[:, None] + np.arange(matrix.shape[1])
        if (matrix == regular).all():
            return "run", int(bases[0]), step
        each = scattered and not self.wide and all(len(set(line)) == len(line) for line in matrix.tolist())
        mode = "each" if each else "table"
        if (matrix == matrix[0]).all():
            return mode, matrix[0].astype(np.int32), 0
        return mode, np.ascontiguousarray(matrix, np.int32).ravel(), matrix.shape[1]


def _runs(places: Any) -> tuple[str, Any, int] | None:
    """A list as runs, if they are long and its order does not matter: the start and the length of each."""
    ordered = np.sort(places)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(ordered) != 1) + 1, [len(ordered)]])
    count = len(edges) - 1
    if len(ordered) < FEW * count:
        return None
    return "runs", np.stack([ordered[edges[:-1]], np.diff(edges)], 1).astype(np.int32).ravel(), count


def _all_differ(places: Any) -> bool:
    """Whether all places differ.  Without np.unique, which imports a module at its first call: a child forked meanwhile
    would wait for ever."""
    ordered = np.sort(places)
    return bool((ordered[1:] != ordered[:-1]).all())
