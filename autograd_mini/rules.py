"""The table of derivative rules: each operation once, its value and its partial derivatives.

A row reads `Rule(name, value, ∂z/∂x, ∂z/∂y, symbol=…, domain=…)` for z = value(x, y).  A partial is
a number, or a function of `(m, z, x, y)`: the value, the operands, and `m`, the arithmetic in which
the row is evaluated.  `m` has every operation of the table under its name, `where(condition, a, b)`
and `stop_gradient(x)`.  With `m = FLOATS` and numbers a partial is a number; in the arithmetic of
Values it is a Value, which can be differentiated again.

Use operators and abs() on any operand, and `m` for every other function.  Don't write `if` in a
row: choose with `m.where`, which evaluates both branches, so that vectors, machine code and text
can use the row too.  Join conditions with | and &, because `or` and `and` would need a truth value.
A constant branch has slope 0 in all higher derivatives: where that is wrong, the slope gets its own
row, as in powers.py.  Each row uses the form that is right on its whole domain; a comment says why
a shorter one is not.

A new row works at once, as `VALUES.name`.  For a method, add its name at the end of `Value`; for a
function, add a stub to functions.py.  `python -m autograd_mini.c_rows` writes the C.
"""

import math
import operator
from typing import Final

from . import compat
from .partials import cbrt_slope, cosines, dot_partials, over, prod_partials, where, whole
from .powers import POWERS
from .rule import FLOATS, LINE, POSITIVE, UNIT, Formula, Rule
from .special import SPECIAL

LN2: Final = math.log(2.0)
LN10: Final = math.log(10.0)


# fmt: off
_ROWS: Final = (
    # name, value on floats, ∂z/∂x, ∂z/∂y, … (or many=, all of them in one function), and domain=:
    # where tests draw each operand, inside the domain of the value; by default the whole line.
    Rule("add", operator.add, 1.0, 1.0, symbol="+"),
    Rule("sub", operator.sub, 1.0, -1.0, symbol="-"),
    Rule("mul", operator.mul, lambda m, z, x, y: y, lambda m, z, x, y: x, symbol="*"),
    # −z/y, not −x/y², because y² may overflow.
    Rule("truediv", operator.truediv,
         lambda m, z, x, y: 1.0 / y, lambda m, z, x, y: -z / y, symbol="/"),
    Rule("neg", operator.neg, -1.0),
    Rule("pos", operator.pos, 1.0),
    Rule("abs", operator.abs, lambda m, z, x: m.where(x == 0.0, 0.0, m.copysign(1.0, x))),

    Rule("exp", math.exp, lambda m, z, x: z),
    Rule("expm1", math.expm1, lambda m, z, x: m.exp(x)),
    Rule("exp2", math.exp2, lambda m, z, x: LN2 * z),
    Rule("log", math.log, lambda m, z, x: 1.0 / x, domain=(POSITIVE,)),
    Rule("log1p", math.log1p, lambda m, z, x: 1.0 / (1.0 + x), domain=((-1.0, math.inf),)),
    Rule("log2", math.log2, lambda m, z, x: 1.0 / LN2 / x, domain=(POSITIVE,)),
    Rule("log10", math.log10, lambda m, z, x: 1.0 / LN10 / x, domain=(POSITIVE,)),
    # √−0 is −0; adding 0 makes the slope there +∞ too.
    Rule("sqrt", math.sqrt, lambda m, z, x: 0.5 / (z + 0.0), domain=(POSITIVE,)),
    Rule("cbrt", math.cbrt, cbrt_slope),

    Rule("sin", math.sin, lambda m, z, x: m.cos(x)),
    Rule("cos", math.cos, lambda m, z, x: -m.sin(x)),
    Rule("tan", math.tan, lambda m, z, x: 1.0 + z * z),
    Rule("asin", math.asin, lambda m, z, x: 1.0 / m.sqrt(m.one_minus_square(x)), domain=(UNIT,)),
    Rule("acos", math.acos, lambda m, z, x: -1.0 / m.sqrt(m.one_minus_square(x)), domain=(UNIT,)),
    # 1 − x·x would be rounded before it cancels near 1; the slope of the product, from the rule of
    # *, would cancel at 0.
    Rule("one_minus_square", Formula(lambda m, x: (1.0 - x) * (1.0 + x)),
         lambda m, z, x: -2.0 * x, symbol="1−x²"),
    # hypot, because 1 + x·x and x·x + y·y overflow at 1e200.
    Rule("atan", math.atan, lambda m, z, x: 1.0 / (h := m.hypot(1.0, x)) / h),
    Rule("atan2", math.atan2,
         lambda m, z, y, x: over(m, x, m.hypot(y, x)),
         lambda m, z, y, x: -over(m, y, m.hypot(y, x))),
    Rule("hypot", math.hypot, many=cosines),

    Rule("sinh", math.sinh, lambda m, z, x: m.cosh(x)),
    Rule("cosh", math.cosh, lambda m, z, x: m.sinh(x)),
    # sech² x, not 1 − z·z, which is rounded before it cancels.  Its own row lets it fall to 0
    # without inf · 0, and with 1 + t(2 + t), which is rounded less than (1 + t)².
    Rule("tanh", math.tanh, lambda m, z, x: m.sech2(x)),
    Rule("sech2", Formula(lambda m, x: 4.0 * (t := m.exp(-2.0 * abs(x))) / (1.0 + t * (2.0 + t))),
         lambda m, z, x: -2.0 * z * m.tanh(x), symbol="sech²"),
    Rule("asinh", math.asinh, lambda m, z, x: 1.0 / m.hypot(1.0, x)),
    # Two roots, because x·x − 1 would be rounded near 1, and overflow.
    Rule("acosh", math.acosh, lambda m, z, x: 1.0 / m.sqrt(x - 1.0) / m.sqrt(x + 1.0),
         domain=((1.0, math.inf),)),
    Rule("atanh", math.atanh, lambda m, z, x: 1.0 / m.one_minus_square(x), domain=(UNIT,)),

    # The kinks. docs/kinks.md lists their slopes too, and a test compares them.
    Rule("maximum", Formula(lambda m, x, y: m.where(y > x, y, x)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y > x, 0.0, 1.0)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y > x, 1.0, 0.0)), symbol="max"),
    Rule("minimum", Formula(lambda m, x, y: m.where(y < x, y, x)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y < x, 0.0, 1.0)),
         lambda m, z, x, y: m.where(x == y, 0.5, m.where(y < x, 1.0, 0.0)), symbol="min"),
    Rule("clamp", Formula(lambda m, x, a, b: m.where(x < a, a, m.where(x > b, b, x))),
         lambda m, z, x, a, b: m.where((x == a) | (x == b), 0.5,
                                       m.where((x > a) & (x < b), 1.0, 0.0)),
         lambda m, z, x, a, b: m.where(x == a, m.where(a == b, 0.25, 0.5),
                                       m.where(x < a, 1.0, 0.0)),
         lambda m, z, x, a, b: m.where(x == b, m.where(a == b, 0.25, 0.5),
                                       m.where(x > b, 1.0, 0.0)),
         domain=(LINE, (-1.0, 0.0), (0.0, 1.0))),
    Rule("copysign", math.copysign,
         lambda m, z, x, y: m.where(x == 0.0, 0.0, m.copysign(1.0, x) * m.copysign(1.0, y)), 0.0),
    Rule("floor", whole(math.floor), 0.0),
    Rule("ceil", whole(math.ceil), 0.0),
    Rule("round", whole(round), 0.0),
    Rule("where", where,
         0.0,
         lambda m, z, c, a, b: m.where(c, 1.0, 0.0),
         lambda m, z, c, a, b: m.where(c, 0.0, 1.0),
         domain=((0.0, 1.0), LINE, LINE)),

    # x < 0 first, so that nan stays nan.
    Rule("relu", Formula(lambda m, x: m.where(x < 0.0, 0.0, x)),
         lambda m, z, x: m.where(x > 0.0, 1.0, 0.0)),
    Rule("leaky_relu", Formula(lambda m, x, a: m.where(x < 0.0, a * x, x)),
         lambda m, z, x, a: m.where(x > 0.0, 1.0, a), lambda m, z, x, a: m.where(x < 0.0, x, 0.0),
         domain=(LINE, (0.0, 1.0))),
    # The inner where keeps a large x away from expm1, which would overflow.
    Rule("elu", Formula(lambda m, x, a: m.where(x > 0.0, x, a * m.expm1(m.where(x > 0.0, 0.0, x)))),
         lambda m, z, x, a: m.where(x > 0.0, 1.0, a * m.exp(m.where(x > 0.0, 0.0, x))),
         lambda m, z, x, a: m.expm1(m.where(x > 0.0, 0.0, x)), domain=(LINE, (0.0, 2.0))),

    Rule("sum", lambda *xs: sum(xs), many=lambda m, z, *xs: [1.0] * len(xs)),
    Rule("mean", lambda *xs: sum(xs) / len(xs), many=lambda m, z, *xs: [1.0 / len(xs)] * len(xs)),
    Rule("prod", lambda *xs: math.prod(xs), many=prod_partials),
    Rule("dot", compat.dot, many=dot_partials),
    *POWERS,
    *SPECIAL,
)
# fmt: on

RULES: Final[dict[str, Rule]] = {row.name: row for row in _ROWS}
for _row in _ROWS:
    setattr(FLOATS, _row.name, _row.f)
