"""A traced function as a list of nodes, each once: what the passes between a trace and a program work on."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from ...hooks import SourceLine
from ...lazy import cached_property
from ...rule import Formula, Rule
from ...rules import RULES

# What a trace records besides operations.  They have no slope, so that nothing is differentiated through them.
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


# What passes make of nodes: a sum added up from the left, and a value whose slopes are among its operands.
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
    """Whether Python alone can run an operation: one made with @primitive, or a function of CPython's own."""
    return OPERATIONS.get(rule.name) is not rule or rule.name in _CPYTHON_S


def differentiable(rule: Rule) -> bool:
    """Whether adjoints go through an operation."""
    return DECISIONS.get(rule.name) is not rule


def differentiated(rule: Rule, operands: Sequence[Any]) -> Sequence[Any]:
    """Those of an operation's operands that adjoints go to."""
    if rule is SLOPED:
        return operands[1 : 1 + len(operands) // 2]
    return operands if differentiable(rule) else operands[:0]


class Guard(NamedTuple):
    """A branch that a trace took: the node asked for its truth, what it was, and where.

    Without a line it is no branch: whether what may raise, and nothing uses, is finite.
    """

    node: int
    outcome: bool
    line: SourceLine | None


class Graph:
    """Nodes in topological order: inputs, then parameters, then constants and operations as they come.

    `rules[i]` is None for a leaf, and `constants` has the numbers of those that are neither input nor parameter.
    """

    def __init__(self, inputs: int, parameters: int) -> None:
        self.inputs, self.parameters = inputs, parameters
        leaves = inputs + parameters
        self.rules: list[Rule | None] = [None] * leaves
        self.operands: list[tuple[int, ...]] = [()] * leaves
        self.constants: dict[int, float] = {}
        self.guards: list[Guard] = []
        self.checks: list[int] = []  # the operations that may raise, used or not
        self.results: list[int] = []
        self._kept: list[int] = []
        self._numbers: dict[str, int] = {}
        self._known: defaultdict[Rule, dict[tuple[int, ...], int]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self.rules)

    def constant(self, x: float) -> int:
        """The node of a number; 0.0 and -0.0 are two."""
        i = self._numbers.setdefault(repr(x), len(self.rules))
        if i == len(self.rules):
            self.rules.append(None)
            self.operands.append(())
            self.constants[i] = x
        return i

    def add(self, rule: Rule, operands: Sequence[int]) -> int:
        """The node of an operation; of the same operation on the same operands the same node."""
        operands, new = tuple(operands), len(self.rules)
        i = self._known[rule].setdefault(operands, new)
        if i == new:
            self.rules.append(rule)
            self.operands.append(operands)
        return i

    def like(self) -> "Graph":
        """An empty graph with the same leaves, for a pass to fill."""
        return Graph(self.inputs, self.parameters)

    def roots(self) -> list[int]:
        """The nodes that are asked for: the results and the guards, and what is to be kept."""
        return [*self.results, *[guard.node for guard in self.guards], *self._kept]

    def keep_checks(self) -> None:
        """Ask for the operations that may raise too."""
        self._kept = self.checks
        vars(self).pop("live", None)

    @cached_property
    def live(self) -> list[bool]:
        """Which nodes the roots depend on; to be asked for when all is there."""
        alive = [False] * len(self)
        for i in self.roots():
            alive[i] = True
        for i in reversed(range(len(self))):
            if alive[i]:
                for j in self.operands[i]:
                    alive[j] = True
        return alive

    def uses(self) -> list[int]:
        """How often each node is an operand or a root, counting what is alive alone."""
        counts = [0] * len(self)
        for i in self.roots():
            counts[i] += 1
        for i in self.interior():
            for j in self.operands[i]:
                counts[j] += 1
        return counts

    @property
    def nodes(self) -> int:
        """How many operations are alive."""
        return sum(1 for _ in self.interior())

    def interior(self) -> Iterator[int]:
        """The operations that are alive, in order."""
        alive = self.live
        return (i for i in range(len(self)) if alive[i] and self.rules[i] is not None)

    def depends(self, sources: Iterable[int], through: Any = lambda rule: True) -> list[bool]:
        """Which nodes depend on the sources, by operations that `through` lets pass."""
        marked = [False] * len(self)
        for i in sources:
            marked[i] = True
        for i, rule in enumerate(self.rules):
            if rule is not None and not marked[i] and through(rule):
                marked[i] = any(map(marked.__getitem__, self.operands[i]))
        return marked
