"""The rows of the gamma function: Γ, log Γ, and the derivatives of log Γ of all orders."""

import math
import operator
from functools import reduce
from typing import Any, Final

from .polynomials import POLES, PSI, PSI_ZERO, horner
from .rule import POSITIVE, Formula, Rule

PI_SQUARED: Final = math.pi * math.pi
SHIFT: Final = 10.0  # terms of the zeta function to add up; the Euler–Maclaurin formula gives the rest
# B₂ⱼ/(2j)! for j from 1 on, B the Bernoulli numbers
BERNOULLI: Final = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
    -3617 / 10670622842880000,
)  # fmt: skip


def _from_pole(m: Any, x: Any) -> Any:
    """How far x < 0 is from the nearest whole number; ¼ for other x."""
    return m.where(x < 0.0, x - m.round(x), 0.25)


def _cotangent(m: Any, r: Any) -> Any:
    # cot πr for |r| ≤ ½; near ½ the rounding of πr would destroy its digits
    a = abs(r)
    near = 1.0 / m.tan(math.pi * m.where(a < 0.25, a, 0.25))
    return m.copysign(1.0, r) * m.where(a < 0.25, near, m.tan(math.pi * (0.5 - a)))


def _digamma(m: Any, x: Any) -> Any:
    # From 1 on, ψ is the logarithm of a number near x − ½: log1p keeps the digits at the zero of ψ.  Below 1 it is
    # reflected or shifted to that range (DLMF 5.5), and the rounding error of that is added back.
    y = m.where(x < 0.0, 1.0 - x, m.where(x < 1.0, 1.0 + x, x))
    lost = m.where(x < 0.0, (1.0 - y) - x, m.where(x < 1.0, x - (y - 1.0), 0.0))
    z = m.log1p(((y - PSI_ZERO[0]) + (lost - PSI_ZERO[1])) * horner(PSI, 1.0 - 3.0 / (y + 0.5)))
    pole = 1.0 / m.where((x >= 0.0) & (x < 1.0), x, 1.0)
    return z - m.where(x < 0.0, math.pi * _cotangent(m, _from_pole(m, x)), m.where(x < 1.0, pole, 0.0))


def _digamma_slope(m: Any, _: Any, x: Any) -> Any:
    # (π/sin πr)²: by its series, except for r near ½, where the slope is 0 and would cancel
    a = abs(_from_pole(m, x))
    near, t = m.where(a < 0.3, a, 0.3), m.tan(math.pi * (0.5 - m.where(a < 0.3, 0.3, a)))
    poles = m.where(a < 0.3, 1.0 / near / near + horner(POLES, near * near), PI_SQUARED * (1.0 + t * t))
    rest = m.hurwitz(m.where(x < 0.0, 1.0 - x, x), 2.0)
    return m.where(x < 0.0, poles - rest, rest)


def _shifted_power(m: Any, x: Any, k: float, n: Any) -> Any:
    # (x + k)ⁿ, with the rounding error of x + k added back
    y = x + k
    p = m.pow(y, n)
    return p + p * (n * (x - (y - k)) / y)


def _hurwitz(m: Any, x: Any, s: Any) -> Any:
    # x⁻ˢ + (x + 1)⁻ˢ + …: some terms if x is small, and the rest by Euler–Maclaurin (DLMF 25.11.5, 2.10.1)
    near = x < 20.0
    start = m.where(near, x, 1.0)
    start = start + 0.0 * m.sqrt(start)  # raises for a number below 0
    y = m.where(near, start + SHIFT, x)
    factor, tail = s / y, 0.5 + BERNOULLI[0] * (s / y)
    for j, b in enumerate(BERNOULLI[1:]):
        factor = factor * ((s + (2.0 * j + 1.0)) / y) * ((s + (2.0 * j + 2.0)) / y)
        tail = tail + b * factor
    first = m.where(near, _shifted_power(m, start, SHIFT, 1.0 - s), m.pow(y, 1.0 - s))
    rest = first / (s - 1.0) + m.pow(y, -s) * tail
    terms = [_shifted_power(m, start, float(k), -s) for k in range(int(SHIFT) - 1, 0, -1)]
    return m.where(near, reduce(operator.add, [*terms, m.pow(start, -s)], rest), rest)


# fmt: off
GAMMAS: Final = (
    Rule("gamma", math.gamma, lambda m, z, x: z * m.digamma(x), symbol="Γ"),
    Rule("lgamma", math.lgamma, lambda m, z, x: m.digamma(x), symbol="log Γ"),
    Rule("digamma", Formula(_digamma), _digamma_slope, symbol="ψ"),
    # Hurwitz' zeta function of a constant s > 1.  Each of its derivatives has the same sign everywhere.
    Rule("hurwitz", Formula(_hurwitz), lambda m, z, x, s: -s * m.hurwitz(x, s + 1.0), math.nan,
         symbol="ζ", domain=(POSITIVE, (2.0, 9.0))),
)
# fmt: on
