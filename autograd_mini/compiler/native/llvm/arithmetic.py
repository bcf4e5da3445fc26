"""The arithmetic of LLVM code: the m for evaluating a row of the table on lanes.

Common functions are polynomials; others are functions of the C library, called for each lane.
"""

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any, Final

from ....arithmetic import Arithmetic
from ....rule import Rule
from ...record.graph import OPERATIONS
from .code import Code, Kind
from .lanes import Lanes, Mask, Place, c_function, defined, of_doubles
from .polynomials import POLYNOMIALS

CHAINS: Final = 4  # sums that a dot adds up in parallel: a single one would wait for each addition

# Rules whose value on floats is an expression of Python's operators; the same expression works on lanes.
_OPERATORS: Final = ("add", "sub", "mul", "truediv", "neg", "abs", "powi", "sum", "mean", "prod", "chain")
# Polynomials for one number too: C does not have the first, and takes ten times as long for the next as for exp.
_ALWAYS_POLYNOMIALS: Final = ("gaussian", "tanh", "sin", "cos")
_WHOLE: Final = {"floor": "floor", "ceil": "ceil", "round": "roundeven"}  # to an int, which has no -0.0


_CHOICES: Final = ("where", "and", "or")  # their operands may be conditions
BAKED: Final = ("powi", "pow", "gaussian", "hurwitz")  # a constant second operand becomes part of the code


def is_baked(rule: Rule, x: Any) -> bool:
    """Whether a second operand becomes part of the code."""
    return rule.name in BAKED and isinstance(x, float)


class LanesArithmetic(Arithmetic):
    """LLVM's arithmetic, on lanes of a kind."""

    def __init__(self, code: Code, kind: Kind) -> None:
        super().__init__(OPERATIONS)
        self.code, self.kind = code, kind

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """The choice; if the condition is a constant, the chosen branch."""
        if isinstance(condition, Lanes):
            condition = condition != 0.0
        if isinstance(condition, Mask):
            return condition.chosen(a, b)
        return a if condition else b

    def written(self, rule: Rule, *xs: Any) -> Any:
        """The code of an operation."""
        if rule.formula is not None and rule.name != "gaussian":  # gaussian is a function of its own on lanes
            return rule.formula(self, *xs)
        if rule.name == "where":
            return self.where(*xs)
        if rule.name in ("pos", "sloped"):
            return xs[0]
        lanes = [self.lift(x) for x in xs]
        if rule.name == "powi" and not isinstance(xs[1], Lanes):
            return lanes[0] ** xs[1]
        if rule.name in _OPERATORS:
            return rule.f(*lanes)
        if rule.name == "dot":
            return _dot(*lanes)
        return call(rule.name, *lanes)

    def operands(self, rule: Rule, xs: Sequence[Any]) -> list[Any]:
        """Operands as lanes.  A choice may keep its condition, and a constant may be part of the code instead."""
        return [
            x
            if isinstance(x, Lanes) or (rule.name in _CHOICES and isinstance(x, Mask)) or (i == 1 and is_baked(rule, x))
            else self.lift(x)
            for i, x in enumerate(xs)
        ]

    def partials(self, rule: Rule, z: Any, xs: Sequence[Any], wanted: Sequence[bool] = ()) -> Sequence[Any]:
        """The code of the slopes."""
        del wanted
        return rule.partials(self, z, xs)

    def lift(self, x: Any) -> Lanes:
        """x as lanes."""
        return Lanes(self.code, self.kind, "").lift(x)


def _dot(*operands: Lanes) -> Lanes:
    """The sum of products, each added with one rounding, in several parallel sums."""
    n = len(operands) // 2
    sums = list(operands[2 * n :])
    chains = max(1, min(CHAINS, (n + 1) // 2))
    for i, (w, x) in enumerate(zip(operands[:n], operands[n : 2 * n])):
        if len(sums) <= i % chains:
            sums.append(w.fma(x, w.lift(0.0)))  # Python's sums begin with 0.0
        else:
            sums[i % chains] = w.fma(x, sums[i % chains])
    while len(sums) > 1:
        sums = [a + b for a, b in zip(sums[::2], sums[1::2])] + sums[len(sums) // 2 * 2 :]
    return sums[0]


# ---- functions ----


def call(name: str, *xs: Lanes) -> Lanes:
    """The code of an operation that isn't an operator."""
    x = xs[0]
    if name in ("sqrt", "copysign"):
        return x.function(name, *xs[1:])
    if name in _WHOLE:
        rounded: Lanes = x.function(_WHOLE[name]) + 0.0
        return rounded
    if name == "hypot":
        pair = partial(_called, "hypot")
        return of_doubles(lambda *xs: reduce(pair, xs), *xs) if len(xs) > 1 else x.function("fabs")
    return of_doubles(partial(_called, "pow" if name == "powi" else name), *xs)


def _called(name: str, *xs: Lanes) -> Lanes:
    if name in POLYNOMIALS and (xs[0].kind.width > 1 or name in _ALWAYS_POLYNOMIALS):
        attributes = "#1" if xs[0].kind.width > 1 else "#0"  # many copies in a long function compile slowly
        return defined(name, partial(_polynomial, name), attributes, *xs)
    return c_function(name, *xs)


def _polynomial(name: str, *xs: Lanes) -> Lanes:
    """The polynomial, or C's function in lanes outside its domain."""
    code, kind = xs[0].code, xs[0].kind
    formula, domain = POLYNOMIALS[name]
    y = formula(*xs)
    if domain is None:
        return y
    outside = ~domain(*xs)
    place = Place(code, kind, y)
    with code.when(outside.any()):
        place.set(outside.chosen(c_function(name, *xs), y))
    return place.get()
