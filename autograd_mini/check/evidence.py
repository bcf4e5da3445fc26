"""The evidence about a function, apart from its gradient: its values, its graph, and slopes from witnesses."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..engine import Value
from ..function_nodes import in_single_numbers
from ..lazy import cached_property
from ..reading import operands_of, rule_of
from ..rule import Rule
from ..structures import Leaves
from ..sweep import order_below
from .numerical import Slope, partial_derivative
from .paths import EPS, Found, Paths, by_complex_step, in_decimals, weights
from .spelled import spelled_out

BESIDE: Final = tuple(range(4, 53, 8))  # distances at which the function and its graph are compared, in halvings of x
CLEARLY: Final = 1024.0  # how many tolerances apart; a slope that one of them lacks shows at the next step too


class Evidence:
    """A function of a list of floats, the graph of Values that should do the same, and the slopes of the graph."""

    def __init__(
        self, f: Callable[[Leaves], float], root: Any, own: Sequence[Value], xs: Sequence[float], slopes: Sequence[Any]
    ) -> None:
        root = in_single_numbers(root, own)
        self.f, self.root, self.own, self.xs, self.analytic = f, root, own, xs, [plain(slope) for slope in slopes]
        self.order = order_below([root], own) if isinstance(root, Value) else list(own)
        self._constants = {id(v): v.data for v in self.order if v.is_leaf}  # read now, because f may assign to them
        spelled = spelled_out(self.order)
        self._plain_root, self._plain_own = spelled.get(id(root), root), [spelled[id(v)] for v in own]
        self._weights = weights(root, own).paths
        self.noise = weights(self._plain_root, self._plain_own).noise
        self._longer = Paths(root, own, in_decimals)
        self._complex = Paths(self._plain_root, self._plain_own, by_complex_step)

    @property
    def value(self) -> float:
        """The value of the graph."""
        return plain(self.root)

    def rounding(self, i: int) -> float:
        """How far rounding may move the slope with respect to number i: an upper bound, often too wide."""
        return 4.0 * EPS * len(self.order) * self._weights[i] if self._weights[i] else 0.0

    def by_differences(self, i: int) -> Slope:
        """The slope with respect to number i, from values of f."""
        return partial_derivative(self.f, self.xs, i, self.noise)

    def in_longer_arithmetic(self, i: int) -> Found:
        """The slope with respect to number i, from values of each operation in decimals."""
        return self._longer.slope(i)

    def by_complex_step(self, i: int) -> Found:
        """The slope with respect to number i, from values of each operation on complex numbers."""
        return self._complex.slope(i)

    @property
    def powers_of_negatives(self) -> bool:
        """Whether there is x ** n with x < 0.  Where all floats are whole numbers, differences don't see its gaps."""
        return any(not v.is_leaf and rule_of(v).name == "pow" and operands_of(v)[1][0] < 0.0 for v in self.order)

    @cached_property
    def tied(self) -> bool:
        """Whether an operation may choose arbitrarily: spelled out, it has the slope of one side."""
        return any(not v.is_leaf and _undecided(rule_of(v), operands_of(v)[1]) for v in self.order)

    def is_its_graph(self, i: int) -> bool:
        """Whether f and its graph, run again, give the same near the point, when number i moves.

        A branch may make them differ at a distance.  But if one of them lacks a slope, because f took a number out of
        the graph, they differ at every step at which rounding does not hide it.
        """
        return all(self._agree(i, sign) for sign in (1.0, -1.0))

    def _agree(self, i: int, sign: float) -> bool:
        x, apart, agreed = self.xs[i], 0.0, 0
        for k in BESIDE:
            here = self._apart([*self.xs[:i], x + sign * math.ldexp(x or 1.0, -k), *self.xs[i + 1 :]])
            if here > 1.0:
                apart, agreed = here, 0
            elif 0.0 < apart < CLEARLY:
                return False
            elif (agreed := agreed + 1) == 2:
                return True
        return agreed > 0

    def _apart(self, xs: Leaves) -> float:
        """How far f and its graph are from each other, in terms of their rounding."""
        z, w = (_outcome(f, xs) for f in (self.f, self._run_again))
        if z == w or (math.isinf(z) and math.isinf(w)):
            return 0.0
        return abs(z - w) / (4.0 * self.noise + 16.0 * math.ulp(min(abs(z), abs(w))))

    def _run_again(self, xs: Leaves) -> float:
        values: dict[int, float] = self._constants | {id(v): x for v, x in zip(self.own, xs)}
        for v in self.order:
            if id(v) not in values:
                parents, operands = operands_of(v)
                now = [x if p is None else values[id(p)] for p, x in zip(parents, operands)]
                values[id(v)] = rule_of(v).f(*now)
        return values[id(self.root)] if isinstance(self.root, Value) else self.root


def plain(x: Any) -> float:
    """The number of a Value, or the number itself."""
    return x.data if isinstance(x, Value) else float(x)


def _undecided(rule: Rule, xs: Sequence[float]) -> bool:
    if rule.name in ("maximum", "minimum", "clamp"):
        return len(set(xs)) < len(xs)
    return rule.name in ("relu", "leaky_relu", "elu", "logsumexp") and (xs[0] == 0.0 or len(set(xs)) < len(xs))


def _outcome(f: Callable[[Leaves], float], xs: Leaves) -> float:
    """The value of f, or inf if it has none."""
    try:
        z = f(xs)
    except (ArithmeticError, ValueError):
        return math.inf
    return math.inf if isinstance(z, complex) or z != z else z
