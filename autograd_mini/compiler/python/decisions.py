"""Finds the right one of many programs for given numbers: their guards as one Python function, a tree of `if`s.

The programs come from one function, whose branches had different outcomes in each trace.  Up to the first difference
they compute the same numbers, so these are computed once.  The function only proposes a program: the program checks its
guards again.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...arithmetic import Lines
from ...rule import Rule
from ..program import Node, Program
from .expressions import PYTHON, PythonArithmetic

Places = Mapping[tuple[int, bool], int]


def decision(places: Places, through: Mapping[int, Any], most: float = math.inf) -> Callable[..., Any] | None:
    """A function of numbers that finds the program, or one with the same outcomes as far as these are known.

    Args:
        places: the tree: for a place and an outcome, the next place; 0 is the first.
        through: for each place a plan, with its `.program`, whose outcomes lead there.
        most: the largest number of operations on a path to a program.

    Returns:
        The function, or None if a path has more operations.
    """
    try:
        return _Decision(places, through, most).made()
    except _TooLong:
        return None


class _TooLong(Exception):
    """A path to a program has too many operations."""


class _Decision:
    """The text of the function while it is being written."""

    def __init__(self, places: Places, through: Mapping[int, Any], most: float) -> None:
        self.places, self.through, self.most = places, through, most
        self.sizes = [1] * (len(places) + 1)  # the size of the tree from each place on
        for (place, _), then in reversed([*places.items()]):  # later places come later in the list
            self.sizes[place] += self.sizes[then]
        program: Program = through[0].program
        self.leaves = [f"x{i}" for i in range(program.inputs)] + [f"p{i}" for i in range(program.parameters)]
        self.lines: list[str] = []
        self.called: dict[str, Rule] = {}
        self.found: dict[int, str] = {}  # names of the programs, by their ids
        self.names: dict[str, Any] = {"inf": math.inf, "nan": math.nan}
        self.numbers: dict[Any, str] = {}  # the name of each number, by its operation and operands
        self.slots: dict[int, dict[int, str]] = {}  # by the id of a program, the name of the number in each slot
        self.nodes: dict[int, dict[int, Node]] = {}

    def made(self) -> Callable[..., Any]:
        self._write(0, 0, 1, {})
        head = f"def decide({', '.join(self.leaves)}):"
        self.names |= {name: rule.f for name, rule in self.called.items()}
        exec("\n".join([head, *self.lines]), self.names)
        decide: Callable[..., Any] = self.names.pop("decide")
        return decide

    def _write(self, place: int, k: int, depth: int, known: dict[str, str]) -> None:
        """The text from a place on, after k guards: the smaller side is inside an `if`, the larger one after it.

        `known` has the variables for the numbers that are computed on the path to the place, by their names.  Each path
        has its own variables, because Python reserves room for every variable of a function when it is called.
        """
        while True:
            plan = self.through[place]
            guards = plan.program.guards
            if k == len(guards):
                self._add(depth, f"return {self._name(plan)}")
                return
            condition = self._number(plan, guards[k].node, depth, known)
            sides = [self.places.get((place, outcome)) for outcome in (False, True)]
            sizes = [0 if side is None else self.sizes[side] for side in sides]
            small = sizes[1] <= sizes[0]
            self._add(depth, f"if {'' if small else 'not '}{condition}:")
            inner, outer = sides[small], sides[not small]
            if inner is None:
                self._add(depth + 1, f"return {self._name(plan)}")
            else:
                self._write(inner, k + 1, depth + 1, dict(known))
            place, k = self._then(outer), k + 1

    @staticmethod
    def _then(place: int | None) -> int:
        if place is None:
            raise ValueError("a place in a tree of outcomes must be followed by another")
        return place

    def _add(self, depth: int, line: str) -> None:
        self.lines.append(" " * depth + line)

    def _name(self, plan: Any) -> str:
        name = self.found.setdefault(id(plan), f"f{len(self.found)}")
        self.names[name] = plan
        return name

    def _number(self, plan: Any, slot: int, depth: int, known: dict[str, str]) -> str:
        """The variable of a number; if it is new, its operation is written, after those that it needs."""
        names, nodes = self._of(plan)
        waiting = [slot]
        while waiting:
            at = waiting[-1]
            if at in names and (names[at] in known or at not in nodes):
                waiting.pop()
                continue
            node = nodes[at]
            missing = [x for x in node.operands if not (x in names and (names[x] in known or x not in nodes))]
            if missing:
                waiting += missing
                continue
            operands = [names[x] for x in node.operands]
            names[at] = self.numbers.setdefault((node.rule.name, *operands), f"number {len(self.numbers)}")
            if names[at] not in known:
                if len(known) >= self.most:
                    raise _TooLong
                variable = f"v{len(known)}"
                self._operation(variable, node.rule, [known.get(x, x) for x in operands], depth)
                known[names[at]] = variable
        return known.get(names[slot], names[slot])

    def _of(self, plan: Any) -> tuple[dict[int, str], dict[int, Node]]:
        """The names of a program's numbers, and its operations by their slots."""
        key, program = id(plan), plan.program
        if key not in self.slots:
            constants = [repr(x) if math.copysign(1.0, x) > 0.0 else f"({x!r})" for x in program.constants]
            self.slots[key] = dict(enumerate([*self.leaves, *constants]))
            self.nodes[key] = {node.result: node for group in program for node in group.nodes()}
        return self.slots[key], self.nodes[key]

    def _operation(self, name: str, rule: Rule, operands: Sequence[str], depth: int) -> None:
        lines = Lines(PYTHON)
        m = PythonArithmetic(lines, self.called)
        lines.do(f"{name} = {{}}", m.value(rule, *[lines.atom(x) for x in operands]))
        for line in lines.written():
            self._add(depth, line)
