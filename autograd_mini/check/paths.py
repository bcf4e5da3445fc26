"""The slopes of a graph, combined from the slopes of its operations, which come from a witness.

A slope is the sum, over all paths from the leaf to the root, of the product of the slopes on the way.  Its error is at
most the sum over all operations of |adjoint| · error · |tangent|: the adjoint says how the operation moves the root,
the tangent how the leaf moves its operand.  Both are sums over paths with their signs.  A sum over paths without
signs is easier to compute, but explodes where steps subtract: 60 steps of g -= 0.2 * k * g have a slope of 1e-5, and
paths that add up to 1e6.
"""

import math
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ..adjoints import swept
from ..engine import Value
from ..function_nodes import in_single_numbers
from ..lazy import cached_property
from ..reading import operands_of, rule_of
from ..rule import Rule
from ..sweep import order_below, pull_back
from .complexstep import complex_step
from .longer import Known, decimal_slopes, decimals
from .numerical import NOTHING, TINY, Estimate, partial_derivative

DIGITS: Final = 60  # of the sums
EPS: Final = sys.float_info.epsilon
ROUNDED: Final = Decimal(8.0 * EPS)  # rounding of a term of the sweep: a slope within 4 ulp, a product and a sum

Witness = Callable[[Rule, Sequence[float], Sequence[int]], Sequence[Known | None]]
"""The slopes of an operation at these operands, with respect to the requested ones."""


class Found(NamedTuple):
    """A slope from a witness, and a bound for the error of a sweep in floats over the same graph."""

    estimate: Estimate
    rounding: float


UNKNOWN: Final = Found(NOTHING, math.inf)


class Paths:
    """The slopes of a root with respect to the leaves of its graph."""

    def __init__(self, root: Any, leaves: Sequence[Value], witness: Witness) -> None:
        self.root, self.leaves, self.witness = root, leaves, witness

    def slope(self, i: int) -> Found:
        """The slope with respect to leaf i; UNKNOWN if an operation on the way has none."""
        if not isinstance(self.root, Value):
            return Found(Estimate(0.0, 0.0), 0.0)
        with decimals(DIGITS):
            try:
                return self._slope(id(self.leaves[i]))
            except ArithmeticError:  # 0 · inf
                return UNKNOWN

    @cached_property
    def _edges(self) -> list[tuple[int, list[tuple[int, Known | None]]]]:
        """For each operation, in topological order: its parents that depend on a leaf, and its slopes there."""
        edges = []
        moving = set(map(id, self.leaves))
        for v in order_below([self.root], self.leaves):
            parents, xs = operands_of(v)
            which = [k for k, p in enumerate(parents) if id(p) in moving]
            if which and id(v) not in moving:
                moving.add(id(v))
                edges.append((id(v), list(zip([id(parents[k]) for k in which], self.witness(rule_of(v), xs, which)))))
        return edges

    @cached_property
    def _adjoints(self) -> dict[int, Decimal]:
        adjoints = {id(self.root): Decimal(1)}
        for v, edges in reversed(self._edges):
            for p, known in edges:
                if known is not None and v in adjoints:
                    adjoints[p] = adjoints.get(p, Decimal(0)) + adjoints[v] * known.value
        return adjoints

    def _slope(self, leaf: int) -> Found:
        tangents = {leaf: Decimal(1)}
        on_the_way = []
        for v, edges in self._edges:
            for p, known in edges:
                if p in tangents:
                    if known is None:
                        return UNKNOWN
                    tangents[v] = tangents.get(v, Decimal(0)) + known.value * tangents[p]
                    on_the_way.append((v, p, known))
        slope = tangents.get(id(self.root), Decimal(0))
        if slope.is_infinite():
            return Found(Estimate(float(slope), 0.0), 0.0)
        error = rounding = Decimal(0)
        for v, p, known in on_the_way:
            tangent, adjoint = abs(tangents[p]), abs(self._adjoints.get(v, Decimal(0)))
            error += adjoint * known.error * tangent
            if known.value:  # else the product is 0, which is exact
                rounding += tangent * (ROUNDED * adjoint * abs(known.value) + Decimal(TINY) * (1 + adjoint))
        return Found(Estimate(float(slope), float(error) + EPS * abs(float(slope))), float(rounding))


# ---- the witnesses of an operation ----


def in_decimals(rule: Rule, xs: Sequence[float], which: Sequence[int]) -> Sequence[Known | None]:
    """From differences of values in decimals; for an operation without decimals, from differences of floats."""
    found = decimal_slopes(rule, xs, which)
    return [known or _by_differences(rule, xs, i) for i, known in zip(which, found)]


def by_complex_step(rule: Rule, xs: Sequence[float], which: Sequence[int]) -> Sequence[Known | None]:
    """From the complex step or, if it doesn't apply, from differences of floats."""
    return [_known(complex_step(rule, xs, i)) or _by_differences(rule, xs, i) for i in which]


def _by_differences(rule: Rule, xs: Sequence[float], i: int) -> Known | None:
    slope = partial_derivative(lambda ys: rule.f(*ys), xs, i)
    return _known(Estimate(slope.value, slope.error)) if slope.how in ("central", "vertical") else None


def _known(estimate: Estimate) -> Known | None:
    return Known(Decimal(estimate.value), Decimal(estimate.error)) if estimate.error < math.inf else None


# ---- the sweep itself, for a first, cheap bound ----


class Weights(NamedTuple):
    """For each leaf, the sum over all paths of the product of slopes without signs; and the rounding of the root."""

    paths: list[float]
    noise: float


def weights(root: Any, leaves: Sequence[Value]) -> Weights:
    """The slopes from the rules under test: good enough for deciding where to look."""
    if not isinstance(root, Value):
        return Weights([0.0] * len(leaves), 0.0)
    noise = 0.0

    def pullback(v: Value, adjoint: complex) -> list[complex]:
        nonlocal noise
        noise += 0.0 if v.is_leaf else 2.0 * abs(adjoint.real) * math.ulp(v.data)
        return [complex(adjoint.real * slope, adjoint.imag * abs(slope)) for slope in pull_back(v, 1.0)]

    # The real part is the adjoint, the imaginary part the same without signs.
    root = in_single_numbers(root, leaves)
    adjoints = swept(order_below([root]), {root: complex(1.0, 1.0)}, pullback)
    found = [adjoints.get(v, 0j).imag for v in leaves]
    return Weights([size if size == size else math.inf for size in found], noise if math.isfinite(noise) else 0.0)
