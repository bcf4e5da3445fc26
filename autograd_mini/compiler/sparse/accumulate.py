"""The chain rule with sparse rows: an entry for each pair of a result and a source that it depends on.

A row is a dictionary from the index of a source to a Value, or to a number if it is constant.  A constant of 0 is not
an entry in the end, but it marks products that may be nan.
"""

from collections.abc import Sequence
from typing import Any

from ...engine import Value
from ...sweep import order_below
from ...watch import never_raising
from ..derivatives.chain import slopes_among, times

PRODUCTS = 8  # per operation of the function; with more products, whole columns are better than single entries
STEPS = 64
FEW = 512  # a smaller function counts as having so many operations
Row = dict[int, Any]


class Budget:
    """The budget: how many products of slopes may be recorded, and how many entries visited, for so many operations.

    Attributes:
        unseen: the Values whose products with 0 were left out.
    """

    def __init__(self, operations: int, unseen: list[Value]) -> None:
        self._products, self._steps = PRODUCTS * (operations + FEW), STEPS * (operations + FEW)
        self.unseen = unseen

    def spend(self, steps: int, products: int) -> None:
        """Count some."""
        self._steps -= steps
        self._products -= products

    @property
    def is_spent(self) -> bool:
        """Whether the budget is exceeded."""
        return self._steps < 0 or self._products < 0


@never_raising()
def rows(results: Sequence[Any], sources: Sequence[Value], unseen: list[Value] | None = None) -> list[Row] | None:
    """For each result the derivatives with respect to the sources that it depends on; None if there are too many.

    Args:
        results, sources: the results and the sources.
        unseen: receives the Values whose products with 0 were left out; such a product is nan if the Value is not
            finite.
    """
    roots = [z for z in results if isinstance(z, Value)]
    order = order_below(roots)
    budget = Budget(len(order), [] if unseen is None else unseen)
    return (_backward if len(results) < len(sources) else _forward)(order, results, sources, budget)


def _forward(
    order: Sequence[Value], results: Sequence[Any], sources: Sequence[Value], budget: Budget
) -> list[Row] | None:
    moved: dict[Value, Row] = {x: {j: 1.0} for j, x in enumerate(sources)}
    for v in order:
        if v not in moved and not v.is_leaf:
            row: Row = {}
            for parent, slope in slopes_among(v, moved):
                _add(row, moved[parent], slope, budget)
            if row:
                moved[v] = row
            if budget.is_spent:
                return None
    return [_kept(moved.get(z, {})) if isinstance(z, Value) else {} for z in results]


def _backward(
    order: Sequence[Value], results: Sequence[Any], sources: Sequence[Value], budget: Budget
) -> list[Row] | None:
    among = set(sources)
    for v in order:
        if not among.isdisjoint(v.parents):
            among.add(v)
    columns: dict[Value, Row] = {}
    for i, z in enumerate(results):
        if isinstance(z, Value) and z in among:
            columns.setdefault(z, {})[i] = 1.0
    own = set(sources)
    for v in reversed(order):
        if v in columns and v not in own:
            for parent, slope in slopes_among(v, among):
                _add(columns.setdefault(parent, {}), columns[v], slope, budget)
            del columns[v]
            if budget.is_spent:
                return None
    found: list[Row] = [{} for _ in results]
    for j, x in enumerate(sources):
        for i, slope in _kept(columns.get(x, {})).items():
            found[i][j] = slope
    return found


def _add(row: Row, other: Row, slope: Any, budget: Budget) -> None:
    """Add a multiple of another row.  An entry that is always 0 stays so, without an operation."""
    products = 0
    for j, x in other.items():
        factor = slope if _is_zero(x) else x if _is_zero(slope) else None
        if isinstance(factor, Value):
            budget.unseen.append(factor)
        c = 0.0 if isinstance(factor, Value) else times(x, slope)
        products += isinstance(c, Value)
        if j not in row or _is_zero(row[j]):
            row[j] = c
        elif not _is_zero(c):
            row[j] = row[j] + c
    budget.spend(len(other), products)


def _is_zero(x: Any) -> bool:
    return not isinstance(x, Value) and x == 0.0


def _kept(row: Row) -> Row:
    """The row without entries that are always 0."""
    return {j: x for j, x in row.items() if not _is_zero(x)}
