"""The rows of powers: xⁿ and what its derivatives need, with their limits where x is 0 or infinite.

n·xⁿ⁻¹ and xⁿ·log x are rows of their own instead of formulas with xⁿ, because at x = 0 the product rule would add
infinities of both signs, and a constant in place of the limit would have no slope.
"""

import math
import operator
from typing import Any, Final

from .rule import LINE, POSITIVE, Formula, Rule


def _power(x: float, n: float) -> float:
    z: float = x**n
    if isinstance(z, complex):
        raise ValueError("a negative number has no real power with a fractional exponent")
    return z


def _is_exact(x: Any, n: Any) -> Any:
    # Whether to use xⁿ⁻¹: n − 1 is exact from ½ to 2⁵³.  Outside, a power would magnify its rounding,
    # so xⁿ/x is used; but at 0 and inf rounding makes no difference.
    return (n >= 0.5) & (n < 2.0**53) | (x == 0.0) & (n != 0.0) | (abs(x) == math.inf)


def _power_slope(m: Any, x: Any, n: Any) -> Any:
    # Adding 0 turns x = −0 into 0.  Otherwise a tiny n, for which n − 1 rounds to −1, would change the sign of +∞.
    exact = _is_exact(x, n)
    p = m.pow(m.where(abs(n) >= 0.5, x, x + 0.0), m.where(exact, n - 1.0, n))
    return m.where((abs(n) == math.inf) & (p == 0.0), 0.0, n * p / m.where(exact | (x == 0.0), 1.0, x))


def _power_slope_x(m: Any, _: Any, x: Any, n: Any) -> Any:
    exact = _is_exact(x, n)
    next_slope = m.power_slope(m.where(exact, x, 1.0), m.where(exact, n - 1.0, 1.0))
    y = m.where(exact | (x == 0.0), 1.0, x)
    return m.where(exact, n * next_slope, (n - 1.0) * (n * m.pow(y, n) / y) / y)


def _inside(m: Any, x: Any) -> tuple[Any, Any]:
    # Whether x is an end of the domain, where a limit replaces the formula; and the operand for the
    # formula, which has no slope at the end.
    end = (x == 0.0) | (x == math.inf)
    return end, m.where(end, 1.0, x)


def _mixed(m: Any, _: Any, x: Any, n: Any) -> Any:
    # ∂²xⁿ/∂x∂n = xⁿ⁻¹(1 + n·log x)
    end, y = _inside(m, x)
    exact = _is_exact(y, n)
    p = m.pow(y, m.where(exact, n - 1.0, n))
    inside = m.where(p == 0.0, 0.0, p + p * (n * m.log(y))) / m.where(exact, 1.0, y)
    at_0 = m.where(n > 1.0, 0.0, m.where(n > 0.0, -math.inf, math.inf))
    return m.where(end, m.where(x == 0.0, at_0, m.where(n < 1.0, 0.0, math.inf)), inside)


def _power_log(m: Any, x: Any, n: Any) -> Any:
    end, y = _inside(m, x)
    at_0 = m.where(n > 0.0, 0.0, -math.inf)
    return m.where(end, m.where(x == 0.0, at_0, m.where(n < 0.0, 0.0, math.inf)), m.pow(y, n) * m.log(y))


def _power_log_n(m: Any, _: Any, x: Any, n: Any) -> Any:
    end, y = _inside(m, x)
    return m.where(end, m.where(m.where(x == 0.0, n, -n) > 0.0, 0.0, math.inf), m.pow(y, n) * m.log(y) * m.log(y))


# fmt: off
POWERS: Final = (
    # x ** n: first for a constant n of 1, 2, 3 …, whose slope never fails, then for any n.  The slope with respect to
    # the constant is never used: nan.
    Rule("powi", operator.pow,
         lambda m, z, x, n: n * x ** (n - 1), math.nan, symbol="**", domain=(LINE, (1.0, 9.0))),
    Rule("pow", _power,
         lambda m, z, x, n: m.power_slope(x, n), lambda m, z, x, n: m.power_log(x, n),
         symbol="**", domain=(POSITIVE, LINE)),
    Rule("power_slope", Formula(_power_slope), _power_slope_x, _mixed,
         symbol="n·xⁿ⁻¹", domain=(POSITIVE, (-9.0, 9.0))),
    Rule("power_log", Formula(_power_log), _mixed, _power_log_n,
         symbol="xⁿ·log x", domain=(POSITIVE, (-9.0, 9.0))),
)
# fmt: on
