"""IEEE arithmetic, for slopes where Python's floats raise: an infinite slope is inf, an undefined one is nan."""

import math
import operator
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Final

from .rule import Rule
from .rules import RULES

_Operator = Callable[..., "Ieee"]


def _operators(name: str) -> tuple[_Operator, _Operator]:
    """An operation of the table as an operator, and with its operands exchanged."""
    rule = RULES[name]
    return lambda *xs: total(rule, *xs), lambda y, x: total(rule, x, y)


class Ieee(float):
    """A float whose operators never raise: 1/0 is inf, 0/0 and (−8) ** (1/3) are nan (IEEE 754, section 7)."""

    __slots__ = ()

    __add__, __radd__ = _operators("add")
    __sub__, __rsub__ = _operators("sub")
    __mul__, __rmul__ = _operators("mul")
    __truediv__, __rtruediv__ = _operators("truediv")
    __pow__, __rpow__ = _operators("pow")
    __neg__ = _operators("neg")[0]
    __pos__ = _operators("pos")[0]
    __abs__ = _operators("abs")[0]


def total(rule: Rule, *xs: float) -> Ieee:
    """The value of an operation in IEEE arithmetic, which never raises."""
    if rule.formula is not None:
        return Ieee(rule.formula(IEEE, *map(Ieee, xs)))
    try:
        return Ieee(rule.f(*map(float, xs)))
    except (ArithmeticError, ValueError):
        return Ieee(_limit(rule.name, *xs))


def _limit(name: str, x: float, y: float = 1.0, *_: float) -> float:
    """The IEEE value of the operation `name` where Python raises; nan for an operation that is not listed here."""
    match name:
        case "truediv" if x != 0.0 and x == x:
            return math.copysign(math.inf, x) * math.copysign(1.0, y)
        case "pow" | "powi" if x >= 0.0 or y % 1.0 == 0.0:
            return math.copysign(math.inf, x) if y % 2.0 == 1.0 else math.inf
        case "log" | "log2" | "log10" if x == 0.0:
            return -math.inf
        case "log1p" if x == -1.0:
            return -math.inf
        case "atanh" if abs(x) == 1.0:
            return math.copysign(math.inf, x)
        case "sinh":
            return math.copysign(math.inf, x)
        case "exp" | "expm1" | "exp2" | "cosh":
            return math.inf
        case "gamma" | "lgamma" if x > 0.0:
            return math.inf
        case "gamma" if x > -1.0:
            return math.copysign(math.inf, x)
        case "fma":
            return x * y + sum(_)
    return math.nan


IEEE: Final = SimpleNamespace(
    stop_gradient=operator.pos,
    lift=lambda x, parent: Ieee(x),
    product=lambda adjoint, slope, parent: float(adjoint * slope),
    **{name: partial(total, rule) for name, rule in RULES.items()},
)
IEEE.where = RULES["where"].f
