"""A graph spelled out: each operation with a formula, or with many operands, as the operations that it consists of.

The complex step needs this, because it supports only simple operations.  And rounding inside a long operation is
visible only here.
"""

import math
import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from types import SimpleNamespace
from typing import Any, Final

from ..engine import Value, apply
from ..reading import operands_of, rule_of
from ..rule import VALUES, Rule
from ..rules import RULES
from ..watch import never_raising
from .complexstep import COMPLEX


def spelled_out(order: Sequence[Value]) -> dict[int, Any]:
    """By the id of each node of a graph: the node of the same value in the other graph, or a number if constant."""
    new: dict[int, Any] = {}
    with never_raising():
        for v in order:
            parents, xs = operands_of(v)
            operands = [x if p is None else new[id(p)] for p, x in zip(parents, xs)]
            z = _spelling(rule_of(v))(*operands) if not v.is_leaf else Value(v.data)
            number = z.data if isinstance(z, Value) else float(z)
            if number != v.data and math.isfinite(v.data):
                z = z + (v.data - number)  # the rounding differed, and later nodes need the same number
            new[id(v)] = z
    return new


def _dot(_: Any, *operands: Any) -> Any:
    n = len(operands) // 2
    return reduce(operator.add, [*map(operator.mul, operands[:n], operands[n : 2 * n]), *operands[2 * n :]], 0.0)


_SPELLINGS: Final[dict[str, Callable[..., Any]]] = {
    "sum": lambda m, *xs: reduce(operator.add, xs, 0.0),
    "mean": lambda m, *xs: reduce(operator.add, xs, 0.0) / len(xs),
    "prod": lambda m, *xs: reduce(operator.mul, xs, 1.0),
    "dot": _dot,
    **{row.name: row.formula for row in RULES.values() if row.formula and row.name not in COMPLEX},
}
_ARITHMETIC: Final = SimpleNamespace(**vars(VALUES))  # on Values, in which the formulas are evaluated in turn
vars(_ARITHMETIC).update({name: partial(spelling, _ARITHMETIC) for name, spelling in _SPELLINGS.items()})


def _spelling(rule: Rule) -> Callable[..., Any]:
    return partial(_SPELLINGS[rule.name], _ARITHMETIC) if rule.name in _SPELLINGS else partial(apply, rule)
