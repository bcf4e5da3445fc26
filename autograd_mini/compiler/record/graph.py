"""A traced function as flat arrays, for the passes between a trace and a program."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ... import cores
from ...hooks import SourceLine
from ...rule import Formula, Rule
from ...rules import RULES

# A trace also records these.  They have no slope, so derivatives don't go through them.
DECISIONS: Final[dict[str, Rule]] = {
    rule.name: rule
    for rule in (
        Rule("lt", Formula(lambda m, x, y: x < y), 0.0, 0.0, symbol="<"),
        Rule("le", Formula(lambda m, x, y: x <= y), 0.0, 0.0, symbol="<="),
        Rule("gt", Formula(lambda m, x, y: x > y), 0.0, 0.0, symbol=">"),
        Rule("ge", Formula(lambda m, x, y: x >= y), 0.0, 0.0, symbol=">="),
        Rule("eq", Formula(lambda m, x, y: x == y), 0.0, 0.0, symbol="=="),
        Rule("ne", Formula(lambda m, x, y: x != y), 0.0, 0.0, symbol="!="),
        Rule("and", Formula(lambda m, x, y: m.where(x, y, 0.0)), 0.0, 0.0, symbol="&"),
        Rule("or", Formula(lambda m, x, y: m.where(x, 1.0, y)), 0.0, 0.0, symbol="|"),
        Rule("stop_gradient", Formula(lambda m, x: m.stop_gradient(x)), 0.0),
    )
}


def _on_floats(f: Callable[..., Any]) -> Callable[..., float]:
    return lambda *xs: float(f(*xs))


for _rule in DECISIONS.values():
    _rule.f = _on_floats(_rule.f)  # 1.0 or 0.0, not True or False: the number of a node is a float


def _chain(first: Any, *more: Any) -> Any:
    for x in more:
        first = first + x
    return first


# Passes make these from nodes: a sum added up from the left, and a value whose slopes are among its operands.
CHAIN: Final = Rule("chain", _chain, symbol="+", many=lambda m, z, *xs: [1.0] * len(xs))
SLOPED: Final = Rule(
    "sloped",
    lambda *xs: xs[0],
    symbol="sloped",
    many=lambda m, z, *xs: [0.0] + [*xs[1 + len(xs) // 2 :]] + [0.0] * (len(xs) // 2),
)
OPERATIONS: Final = {**RULES, **DECISIONS, "chain": CHAIN, "sloped": SLOPED}


_CPYTHON_S: Final = ("gamma", "lgamma")  # not the C library's, and not exported


def is_python(rule: Rule) -> bool:
    """Whether only Python can run an operation: one made with @primitive, or a function of CPython itself."""
    return OPERATIONS.get(rule.name) is not rule or rule.name in _CPYTHON_S


def differentiable(rule: Rule) -> bool:
    """Whether adjoints go through an operation."""
    return DECISIONS.get(rule.name) is not rule


def differentiated(rule: Rule, operands: Sequence[Any]) -> Sequence[Any]:
    """The operands of an operation that receive adjoints."""
    if rule is SLOPED:
        return operands[1 : 1 + len(operands) // 2]
    return operands if differentiable(rule) else operands[:0]


class Guard(NamedTuple):
    """A branch that a trace took: the node whose truth value decided it, that value, and the line.

    Without a line it is not a branch, but checks that an unused operation that may raise is finite.
    """

    node: int
    outcome: bool
    line: SourceLine | None


@dataclass
class Graph:
    """A traced function as arrays.  Inputs, parameters, constants and operations are numbered in this order.

    Args:
        inputs, parameters: how many there are.
        rules: the rows of the codes.
        code: the rule of each operation, as an index in `rules`.
        first: where each operation's operands begin in `operands`, and the end.
        operands: the numbers of the operands, all smaller than that of the operation.
        constants: the values of the constants.
        results: the numbers of the results.
        guards: the branches.
        checks: the operations that may raise, used or not.
    """

    inputs: int
    parameters: int
    rules: list[Rule]
    code: "array[int]"
    first: "array[int]"
    operands: "array[int]"
    constants: "array[float]"
    results: list[int]
    guards: list[Guard]
    checks: list[int]

    @property
    def base(self) -> int:
        """The number of the first operation."""
        return self.inputs + self.parameters + len(self.constants)

    @property
    def nodes(self) -> int:
        """How many operations there are."""
        return len(self.code)

    def operations(self) -> Iterator[tuple[Rule, Sequence[int]]]:
        """Each operation, and its operands."""
        for code, a, b in zip(self.code, self.first, self.first[1:]):
            yield self.rules[code], self.operands[a:b]


def mark(first: Any, operands: Any, counts: Any, within: Any, flags: Any, back: bool) -> None:
    """Flag everything that depends on a flagged entry; or, going back, everything that a flagged entry needs.

    Args:
        first, operands: where the operands of each operation begin, and the operands.
        counts: for each operand a byte: whether it counts.
        within: for each operation a byte: whether it passes flags on.
        flags: a byte for each leaf, constant and operation; it is changed.
        back: the direction.
    """
    n = len(first) - 1
    base = len(flags) - n
    for i in reversed(range(n)) if back else range(n):
        if not within[i] or (back and not flags[base + i]):
            continue
        for k in range(first[i], first[i + 1]):
            if counts[k]:
                at, other = (operands[k], base + i) if back else (base + i, operands[k])
                flags[at] |= flags[other]


def merge(code: Any, first: Any, operands: Any, place: Any) -> None:
    """Write to `place`, for each operation, the number of the first equal operation on equal operands."""
    known: dict[tuple[int, ...], int] = {}
    base = len(place) - len(code)
    for i, which in enumerate(code):
        key = (int(which), *[int(place[x]) for x in operands[first[i] : first[i + 1]]])
        place[base + i] = known.setdefault(key, base + i)


if cores.c is not None:  # the same, in C
    mark, merge = cores.c.mark, cores.c.merge
