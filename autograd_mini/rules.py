"""The table of derivative rules: each operation once, its value and its partial derivatives.

A row reads `Rule(name, value, ∂z/∂x, ∂z/∂y, symbol=…, domain=…)` for z = value(x, y).  A partial is a number, or a
function of `(m, z, x, y)`: the value, the operands, and `m`, the arithmetic that the row is read in.  `m` has every
operation of the table by its name, and besides `where(condition, a, b)` and `stop_gradient(x)`.  With `m = FLOATS` and
numbers a partial is a number; in the arithmetic of Values it is a Value, which can be differentiated again.

A row has no `if`: a choice is `m.where`, both branches of which are evaluated, so that vectors, machine code and text
can read it too.  Each row has the form that holds over its whole domain; a comment says why a shorter one does not.
"""

import math
import operator
import sys
from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import accumulate
from types import MethodType, SimpleNamespace
from typing import Any, Final

Interval = tuple[float, float]
Partial = float | Callable[..., Any]

LINE: Final = (-math.inf, math.inf)
POSITIVE: Final = (0.0, math.inf)
UNIT: Final = (-1.0, 1.0)

LN2: Final = math.log(2.0)
LN10: Final = math.log(10.0)
SQRT_2: Final = math.sqrt(2.0)
TWO_OVER_SQRT_PI: Final = 2.0 / math.sqrt(math.pi)
ONE_OVER_SQRT_2PI: Final = 1.0 / math.sqrt(2.0 * math.pi)


class Formula:
    """The value of an operation that is put together from others: `of(m, x, …)` in any arithmetic m."""

    def __init__(self, of: Callable[..., Any]) -> None:
        self.of = of


class Rule:
    """An operation: its symbol, its value, one partial derivative per operand, its domain.

    `f` is the value on floats; `formula` gives it in any arithmetic, and is None for a primitive, which each arithmetic
    supplies by `name`.  `dx`, `dy` are the partials of an operation of one or two operands; `many(m, z, *xs)` gives the
    list of all partials of any other.  `domain` has one closed interval per operand, or one for all of `many`; whether
    an end belongs to it is for `f` to say.
    """

    __slots__ = ("domain", "dx", "dy", "f", "formula", "many", "name", "symbol")

    def __init__(
        self,
        name: str,
        value: Callable[..., Any] | Formula,
        *partials: Partial,
        symbol: str = "",
        many: Callable[..., Sequence[Any]] | None = None,
        domain: tuple[Interval, ...] = (),
    ) -> None:
        if len(partials) > 2:
            many = partial(_each, partials)
        self.name = name
        self.symbol = symbol or name
        self.formula = value.of if isinstance(value, Formula) else None
        self.f: Callable[..., float] = MethodType(value.of, FLOATS) if isinstance(value, Formula) else value
        self.dx, self.dy = (None, None) if many else (*partials, None)[:2]
        self.many = many
        self.domain = domain

    def total(self, *xs: float) -> "Ieee":
        """The value in IEEE arithmetic, which never raises."""
        if self.formula is not None:
            return Ieee(self.formula(IEEE, *map(Ieee, xs)))
        try:
            return Ieee(self.f(*map(float, xs)))
        except (ArithmeticError, ValueError):
            return Ieee(_limit(self.name, *xs))

    def partials(self, m: Any, z: Any, xs: Sequence[Any]) -> Sequence[Any]:
        """The partial derivatives by each of the operands `xs`, at the value `z`, in the arithmetic `m`."""
        return self.many(m, z, *xs) if self.many else _each((self.dx, self.dy)[: len(xs)], m, z, *xs)

    def __repr__(self) -> str:
        return f"<rule {self.name}>"


def _each(partials: Sequence[Any], m: Any, z: Any, *xs: Any) -> list[Any]:
    return [d(m, z, *xs) if callable(d) else d for d in partials]


# ---- values and partials that are longer than a line ----


def _where(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _power(x: float, n: float) -> float:
    z: float = x**n
    if isinstance(z, complex):
        raise ValueError("a negative number has no real power with a fractional exponent")
    return z


def _whole(f: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: float(f(x)) if math.isfinite(x) else x


if sys.version_info >= (3, 12):

    def _dot(*operands: float) -> float:
        n = len(operands) // 2
        total: float = math.sumprod(operands[:n], operands[n : 2 * n])
        return sum(operands[2 * n :], total)

else:

    def _dot(*operands: float) -> float:
        n = len(operands) // 2
        total: float = sum(map(operator.mul, operands[:n], operands[n : 2 * n]), *operands[2 * n :])
        return total


def _dot_partials(m: Any, z: Any, *operands: Any) -> Sequence[Any]:
    n = len(operands) // 2  # w₁ … wₙ, x₁ … xₙ and perhaps the start
    return (*operands[n : 2 * n], *operands[:n], *[1.0] * (len(operands) % 2))


def _prod_partials(m: Any, z: Any, *xs: Any) -> Sequence[Any]:
    # The product of all the others, from both sides: z / x would be 0/0 at a zero.
    before = accumulate(xs[:-1], operator.mul, initial=1.0)
    after = accumulate(xs[:0:-1], operator.mul, initial=1.0)
    return [a * b for a, b in zip(before, reversed(list(after)), strict=True)] if xs else []


def _sigmoid(m: Any, x: Any) -> Any:
    t = m.exp(-abs(x))  # never more than 1
    return m.where(x < 0.0, t, 1.0) / (1.0 + t)


def _logsumexp(m: Any, *xs: Any) -> Any:
    top = reduce(m.maximum, xs)
    return m.where(abs(top) == math.inf, top, top + m.log(m.sum(*[m.exp(x - top) for x in xs])))


def _softmax(m: Any, z: Any, *xs: Any) -> Sequence[Any]:
    # The largest operand cancels in the quotient, and so has no slope.  exp(x − z) would lose what x − z rounds off;
    # here the rounding error of the difference is found exactly (Knuth, TAOCP 4.2.2, theorem B) and put back.
    top = m.stop_gradient(reduce(m.maximum, xs))
    terms = []
    for x in xs:
        d = x - top
        number = m.stop_gradient(x)
        back = m.stop_gradient(d) - number
        error = (number - (m.stop_gradient(d) - back)) - (top + back)
        terms.append(m.exp(d) * m.where(error == error, 1.0 + error, 1.0))  # it is nan where x is infinite
    total = m.sum(*terms)
    return [term / total for term in terms]


def _gaussian(m: Any, x: Any, k: Any) -> Any:
    # The rounding of x·x would be magnified x² times: the leading bits s of x are squared without rounding.  The rest
    # is near 0, where t + t·expm1 is rounded less than t·exp.
    x = m.where(abs(x) > 64.0, 64.0, x)
    s = m.floor(1024.0 * x) / 1024.0
    t = m.exp(-k * s * s)
    return t + t * m.expm1(-k * (x - s) * (x + s))


def _pow_x(m: Any, z: Any, x: Any, n: Any) -> Any:
    # n − 1 is exact from ½ to 2⁵³.  Beyond, a power would magnify its rounding: there n·z/x.  Adding 0 makes −0 of x
    # a 0, or a tiny n, of which n − 1 is −1, would turn +∞ round.
    slope = m.where((n >= 0.5) & (n < 2.0**53) | (x == 0.0), n * m.pow(x + 0.0, n - 1.0), n * z / x)
    return m.where((x == 0.0) & (n == 0.0), 0.0, slope)


FLOATS: Final = SimpleNamespace(stop_gradient=operator.pos)

# fmt: off
_ROWS: Final = (
    #    name            value on floats     ∂z/∂x, ∂z/∂y, … or all of them                       the operands' domains
    Rule("add",        operator.add,       1.0, 1.0, symbol="+", domain=(LINE, LINE)),
    Rule("sub",        operator.sub,       1.0, -1.0, symbol="-", domain=(LINE, LINE)),
    Rule("mul",        operator.mul,       lambda m, z, x, y: y, lambda m, z, x, y: x, symbol="*", domain=(LINE, LINE)),
    Rule("truediv",    operator.truediv,
         lambda m, z, x, y: 1.0 / y, lambda m, z, x, y: -z / y, symbol="/", domain=(LINE, LINE)),
    # x ** n: first for a constant n of 1, 2, 3 …, whose slope never fails, then for any n.
    Rule("powi",       operator.pow,
         lambda m, z, x, n: n * x ** (n - 1), math.nan, symbol="**", domain=(LINE, (1.0, 9.0))),
    Rule("pow",        _power,
         _pow_x, lambda m, z, x, n: m.where((x == 0.0) & (n > 0.0), 0.0, z * m.log(x)),
         symbol="**", domain=(POSITIVE, LINE)),
    Rule("neg",        operator.neg,       -1.0,                                                    domain=(LINE,)),
    Rule("pos",        operator.pos,       1.0,                                                     domain=(LINE,)),
    Rule("abs",        operator.abs,       lambda m, z, x: m.where(x == 0.0, 0.0, m.copysign(1.0, x)), domain=(LINE,)),

    Rule("exp",        math.exp,           lambda m, z, x: z,                                       domain=(LINE,)),
    Rule("expm1",      math.expm1,         lambda m, z, x: m.exp(x),                                domain=(LINE,)),
    Rule("exp2",       math.exp2,          lambda m, z, x: LN2 * z,                                 domain=(LINE,)),
    Rule("log",        math.log,           lambda m, z, x: 1.0 / x,                                 domain=(POSITIVE,)),
    Rule("log1p",      math.log1p,         lambda m, z, x: 1.0 / (1.0 + x), domain=((-1.0, math.inf),)),
    Rule("log2",       math.log2,          lambda m, z, x: 1.0 / LN2 / x,                           domain=(POSITIVE,)),
    Rule("log10",      math.log10,         lambda m, z, x: 1.0 / LN10 / x,                          domain=(POSITIVE,)),
    # √−0 is −0; adding 0 makes the slope there +∞ too.
    Rule("sqrt",       math.sqrt,          lambda m, z, x: 0.5 / (z + 0.0),                         domain=(POSITIVE,)),
    # Two thirds of the way from 1/3z² to z/3x, where an error of z cancels: cube roots of C are up to 4 ulp off.
    Rule("cbrt",       math.cbrt, lambda m, z, x: m.where(x == 0.0, math.inf, (1.0 / (z * z) + 2.0 * z / x) / 9.0),
         domain=(LINE,)),

    Rule("sin",        math.sin,           lambda m, z, x: m.cos(x),                                domain=(LINE,)),
    Rule("cos",        math.cos,           lambda m, z, x: -m.sin(x),                               domain=(LINE,)),
    Rule("tan",        math.tan,           lambda m, z, x: 1.0 + z * z,                             domain=(LINE,)),
    Rule("asin",       math.asin,          lambda m, z, x: 1.0 / m.sqrt(m.one_minus_square(x)),     domain=(UNIT,)),
    Rule("acos",       math.acos,          lambda m, z, x: -1.0 / m.sqrt(m.one_minus_square(x)),    domain=(UNIT,)),
    # 1 − x·x would be rounded before it cancels near 1; the slope of the product, by the rule of *, would cancel at 0.
    Rule("one_minus_square", Formula(lambda m, x: (1.0 - x) * (1.0 + x)), lambda m, z, x: -2.0 * x,
         symbol="1−x²", domain=(LINE,)),
    # hypot, because 1 + x·x and x·x + y·y overflow at 1e200.
    Rule("atan",       math.atan,          lambda m, z, x: 1.0 / (h := m.hypot(1.0, x)) / h,        domain=(LINE,)),
    Rule("atan2",      math.atan2,
         lambda m, z, y, x: x / (h := m.hypot(y, x)) / h, lambda m, z, y, x: -y / (h := m.hypot(y, x)) / h,
         domain=(LINE, LINE)),
    Rule("hypot",      math.hypot,         many=lambda m, z, *xs: [x / z for x in xs],              domain=(LINE,)),

    Rule("sinh",       math.sinh,          lambda m, z, x: m.cosh(x),                               domain=(LINE,)),
    Rule("cosh",       math.cosh,          lambda m, z, x: m.sinh(x),                               domain=(LINE,)),
    # sech² x, not 1 − z·z, which is rounded before it cancels; a row of its own lets it fall to 0 without inf · 0, and
    # has 1 + t(2 + t), which is rounded less than (1 + t)².
    Rule("tanh",       math.tanh,          lambda m, z, x: m.sech2(x),                              domain=(LINE,)),
    Rule("sech2",      Formula(lambda m, x: 4.0 * (t := m.exp(-2.0 * abs(x))) / (1.0 + t * (2.0 + t))),
         lambda m, z, x: -2.0 * z * m.tanh(x), symbol="sech²", domain=(LINE,)),
    Rule("asinh",      math.asinh,         lambda m, z, x: 1.0 / m.hypot(1.0, x),                   domain=(LINE,)),
    Rule("acosh",      math.acosh, lambda m, z, x: 1.0 / (m.sqrt(x - 1.0) * m.sqrt(x + 1.0)),
         domain=((1.0, math.inf),)),
    Rule("atanh",      math.atanh,         lambda m, z, x: 1.0 / m.one_minus_square(x),             domain=(UNIT,)),

    Rule("erf",        math.erf,           lambda m, z, x: TWO_OVER_SQRT_PI * m.gaussian(x, 1.0),   domain=(LINE,)),
    Rule("erfc",       math.erfc,          lambda m, z, x: -TWO_OVER_SQRT_PI * m.gaussian(x, 1.0),  domain=(LINE,)),
    # exp(−k·x²) for a constant k of ½ or 1.  The slope is multiplied from z, which is 0 where k·x would be inf.
    Rule("gaussian",   Formula(_gaussian), lambda m, z, x, k: -2.0 * k * z * x, math.nan, domain=(LINE, (0.5, 1.0))),

    # The kinks.  Their slopes stand in docs/kinks.md too, and a test compares.
    Rule("maximum",    Formula(lambda m, x, y: m.where(y > x, y, x)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y > x, 0.0, 1.0)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y > x, 1.0, 0.0)), symbol="max", domain=(LINE, LINE)),
    Rule("minimum",    Formula(lambda m, x, y: m.where(y < x, y, x)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y < x, 0.0, 1.0)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y < x, 1.0, 0.0)), symbol="min", domain=(LINE, LINE)),
    Rule("clamp",      Formula(lambda m, x, lo, hi: m.where(x < lo, lo, m.where(x > hi, hi, x))),
         lambda m, z, x, lo, hi: m.where((x == lo) | (x == hi), 0.5, m.where((x > lo) & (x < hi), 1.0, 0.0)),
         lambda m, z, x, lo, hi: m.where(x == lo, m.where(lo == hi, 0.25, 0.5), m.where(x < lo, 1.0, 0.0)),
         lambda m, z, x, lo, hi: m.where(x == hi, m.where(lo == hi, 0.25, 0.5), m.where(x > hi, 1.0, 0.0)),
         domain=(LINE, (-1.0, 0.0), (0.0, 1.0))),
    Rule("copysign",   math.copysign,
         lambda m, z, x, y: m.where(x == 0.0, 0.0, m.copysign(1.0, x) * m.copysign(1.0, y)), 0.0, domain=(LINE, LINE)),
    Rule("floor",      _whole(math.floor), 0.0,                                                     domain=(LINE,)),
    Rule("ceil",       _whole(math.ceil),  0.0,                                                     domain=(LINE,)),
    Rule("round",      _whole(round),      0.0,                                                     domain=(LINE,)),
    Rule("where",      _where,
         0.0, lambda m, z, c, a, b: m.where(c, 1.0, 0.0), lambda m, z, c, a, b: m.where(c, 0.0, 1.0),
         domain=((0.0, 1.0), LINE, LINE)),

    Rule("relu",       Formula(lambda m, x: m.where(x < 0.0, 0.0, x)), lambda m, z, x: m.where(x > 0.0, 1.0, 0.0),
         domain=(LINE,)),
    Rule("leaky_relu", Formula(lambda m, x, a: m.where(x < 0.0, a * x, x)),
         lambda m, z, x, a: m.where(x > 0.0, 1.0, a), lambda m, z, x, a: m.where(x < 0.0, x, 0.0),
         domain=(LINE, (0.0, 1.0))),
    Rule("elu",        Formula(lambda m, x, a: m.where(x > 0.0, x, a * m.expm1(m.where(x > 0.0, 0.0, x)))),
         lambda m, z, x, a: m.where(x > 0.0, 1.0, a * m.exp(m.where(x > 0.0, 0.0, x))),
         lambda m, z, x, a: m.expm1(m.where(x > 0.0, 0.0, x)), domain=(LINE, (0.0, 2.0))),
    # σ(x)σ(−x), not z(1 − z), which is rounded before it cancels
    Rule("sigmoid",    Formula(_sigmoid),  lambda m, z, x: 0.25 * m.sech2(0.5 * x), symbol="σ", domain=(LINE,)),
    Rule("softplus",   Formula(lambda m, x: m.where(x > 0.0, x, 0.0) + m.log1p(m.exp(-abs(x)))),
         lambda m, z, x: m.sigmoid(x), domain=(LINE,)),
    Rule("silu",       Formula(lambda m, x: x * m.sigmoid(x)),
         lambda m, z, x: m.sigmoid(x) + 0.25 * x * m.sech2(0.5 * x), domain=(LINE,)),
    Rule("gelu",       Formula(lambda m, x: 0.5 * x * m.erfc(-x / SQRT_2)),
         lambda m, z, x: 0.5 * m.erfc(-x / SQRT_2) + ONE_OVER_SQRT_2PI * x * m.gaussian(x, 0.5), domain=(LINE,)),

    Rule("sum",        lambda *xs: sum(xs), many=lambda m, z, *xs: [1.0] * len(xs),                  domain=(LINE,)),
    Rule("mean",       lambda *xs: sum(xs) / len(xs), many=lambda m, z, *xs: [1.0 / len(xs)] * len(xs), domain=(LINE,)),
    Rule("prod",       lambda *xs: math.prod(xs), many=_prod_partials, domain=(LINE,)),
    Rule("dot",        _dot,               many=_dot_partials,                                      domain=(LINE,)),
    Rule("logsumexp",  Formula(_logsumexp), many=_softmax,                                           domain=(LINE,)),
)
# fmt: on

RULES: Final[dict[str, Rule]] = {row.name: row for row in _ROWS}
for _row in _ROWS:
    setattr(FLOATS, _row.name, _row.f)


# ---- IEEE arithmetic, for the slopes that Python's floats refuse: an infinite one is inf, an undefined one nan ----


class Ieee(float):
    """A float whose operators never raise: 1/0 is inf, 0/0 and (−8) ** (1/3) are nan (IEEE 754, section 7)."""

    __slots__ = ()


def _limit(name: str, x: float, y: float = 1.0, *more: float) -> float:
    """What the operation `name` gives in IEEE arithmetic where Python raises; nan, if it isn't named here."""
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
    return math.nan


IEEE: Final = SimpleNamespace(stop_gradient=operator.pos, **{row.name: row.total for row in _ROWS})
IEEE.where = _where


def _ieee_operator(rule: Rule) -> tuple[Callable[..., Ieee], Callable[..., Ieee]]:
    return lambda *xs: rule.total(*xs), lambda y, x: rule.total(x, y)  # noqa: PLW0108  (functions: they become methods)


for _name in ("add", "sub", "mul", "truediv", "pow", "neg", "pos", "abs"):
    _forward, _reflected = _ieee_operator(RULES[_name])
    setattr(Ieee, f"__{_name}__", _forward)
    setattr(Ieee, f"__r{_name}__", _reflected)
