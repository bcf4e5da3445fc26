"""What the rows of the rule table are held against: plain Python for their values, mpmath for their slopes.

Nothing here comes from the table but its names and domains.  A witness has the value on floats, written with `if` and
the math module; the same function in mpmath; and its first partial derivatives in mpmath, as formulas that keep their
digits wherever the operands are floats.  Second derivatives are the published table of docs/accuracy.md.
"""

import functools
import itertools
import math
import operator
import random
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from mpmath import mp, mpf

from autograd_mini.engine import Value, apply
from autograd_mini.polynomials import ERFCX, I2ERFCX, IERFCX, PSI, PSI_ZERO
from autograd_mini.rule import Rule
from autograd_mini.transforms import gradients

DOCS = Path(__file__).parent.parent / "docs"
DIGITS = 60
EPS, TINY, HUGE = sys.float_info.epsilon, math.ulp(0.0), sys.float_info.max

mp.dps = DIGITS


class Witness(NamedTuple):
    """One row: its value on floats and in mpmath, its slopes in mpmath, and what is particular about its operands."""

    expression: Callable[..., float]
    value: Callable[..., Any]
    slopes: Callable[..., Sequence[Any]]
    names: str = "xy"  # the operands as docs/accuracy.md calls them; of an operation of many, any one and any other
    hard: Sequence[tuple[float, ...]] = ()  # points to try besides those that every row is tried at
    poles: Sequence[float] = ()  # operands to come near to
    draw: Callable[[random.Random], tuple[float, ...]] | None = None  # a point, if a good one isn't easily met
    constants: Sequence[int] = ()  # operands that are no variables
    sizes: Sequence[int] = ()  # for an operation of any number of operands, how many to try


def each(*slopes: Any) -> Callable[..., Sequence[Any]]:
    """Slopes given one by one, as numbers or functions."""
    return lambda *xs: [d(*xs) if callable(d) else mpf(d) for d in slopes]


# ---- values on floats, as one would write them without the package ----


def power(x: float, n: float) -> float:
    z = x**n
    if isinstance(z, complex):
        raise ValueError("complex")
    return z


def power_slope(x: float, n: float) -> float:
    if n == 0.0 and x == 0.0:
        return n
    if 0.5 <= n < 2.0**53 or x == 0.0 or math.isinf(x):
        p, q = power(x if abs(n) >= 0.5 else x + 0.0, n - 1.0), 1.0
    else:
        p, q = power(x, n), x
    return 0.0 if math.isinf(n) and p == 0.0 else n * p / q


def power_log(x: float, n: float) -> float:
    if x == 0.0:
        return 0.0 if n > 0.0 else -math.inf
    if x == math.inf:
        return 0.0 if n < 0.0 else math.inf
    return power(x, n) * math.log(x)


def expectation(*operands: float) -> float:
    n = len(operands) // 2
    return sum(w * x for w, x in zip(operands[:n], operands[n:]) if w or math.isfinite(x) or math.isnan(x))


def whole(f: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: float(f(x)) if math.isfinite(x) else x


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0.0 else (t := math.exp(-abs(x))) / (1.0 + t)


def gaussian(x: float, k: float) -> float:
    x = 64.0 if abs(x) > 64.0 else x
    s = (math.floor(x * 1024.0) if math.isfinite(x) else x) / 1024.0
    t = math.exp(-k * s * s)
    return t + t * math.expm1(-k * (x - s) * (x + s))


def sech2(x: float) -> float:
    t = math.exp(-2.0 * abs(x))
    return 4.0 * t / (1.0 + t * (2.0 + t))


def dot(*operands: float) -> float:
    n = len(operands) // 2
    w, x, start = operands[:n], operands[n : 2 * n], operands[2 * n :]
    if sys.version_info >= (3, 12):
        return sum(start, math.sumprod(w, x))
    return sum(map(operator.mul, w, x), *start)


def logaddexp(x: float, y: float) -> float:
    return (y if y > x else x) + math.log1p(math.exp(-(0.0 if x == y else abs(x - y))))


def logsumexp(*xs: float) -> float:
    top = max(xs)
    return top if math.isinf(top) else top + math.log(sum([math.exp(x - top) for x in xs]))


def horner(coefficients: Sequence[float], u: float) -> float:
    total = coefficients[0]
    for c in coefficients[1:]:
        total = total * u + c
    return total


def falling(coefficients: Sequence[float], k: float, a: float, n: int, t: float) -> float:
    d = t + a
    lost = 0.0 if t == math.inf else t - (d - a)
    z = horner(coefficients, 1.0 - 2.0 * k / (t + k)) * (1.0 - n * lost / d)
    for _ in range(n):
        z /= d
    return z


def erfcx(x: float) -> float:
    near = falling(ERFCX, 3.75, 0.875, 1, abs(x))
    if not x < 0.0:
        return near
    if x == -math.inf:
        return math.inf
    x = max(x, -64.0)
    s = math.floor(1024.0 * x) / 1024.0
    return 2.0 * (math.exp(s * s) * math.exp((x - s) * (x + s))) - near


def ierfcx(x: float) -> float:
    return 1.0 / math.sqrt(math.pi) - x * erfcx(x) if x < 0.0 else falling(IERFCX, 3.75, 0.875, 2, abs(x))


def i2erfcx(x: float) -> float:
    return 0.25 * erfcx(x) - 0.5 * x * ierfcx(x) if x < 0.0 else falling(I2ERFCX, 3.5, 1.1875, 3, abs(x))


def ndtr(x: float) -> float:
    if x < -1.0:
        return 0.5 * gaussian(x, 0.5) * erfcx(-x / math.sqrt(2.0))
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def log_ndtr(x: float) -> float:
    if x < 0.0:
        return math.log(0.5 * erfcx(-max(x, -1e9) / math.sqrt(2.0))) - 0.5 * x * x
    return math.log1p(-ndtr(-x))


def xlogy(x: float, y: float) -> float:
    return x * math.log(y) if x != 0.0 else y if y != y else 0.0


def xlog1py(x: float, y: float) -> float:
    return x * math.log1p(y) if x != 0.0 else y if y != y else 0.0


def sinc(x: float) -> float:
    if x == 0.0 or not math.isfinite(x):
        return 1.0 if x == 0.0 else math.nan
    sine = math.sin(math.pi * (x - round(x)))
    return (-sine if round(x) % 2 else sine) / (math.pi * x)


def fma(x: float, y: float, z: float) -> float:
    if sys.version_info >= (3, 13):
        return math.fma(x, y, z)
    if math.isfinite(x) and math.isfinite(y) and math.isfinite(z):
        exact = Fraction(x) * Fraction(y) + Fraction(z)
        return exact.numerator / exact.denominator if exact else x * y + z if x * y == 0.0 == x or y == 0.0 else 0.0
    if (x == 0.0 or y == 0.0) and math.inf in (abs(x), abs(y)) and z == z:
        raise ValueError("0·inf")
    if x * y == -z and math.isinf(z):
        raise ValueError("inf − inf")
    return x * y + z


def digamma(x: float) -> float:
    y = 1.0 - x if x < 0.0 else 1.0 + x if x < 1.0 else x
    lost = (1.0 - y) - x if x < 0.0 else x - (y - 1.0) if x < 1.0 else 0.0
    z = math.log1p(((y - PSI_ZERO[0]) + (lost - PSI_ZERO[1])) * horner(PSI, 1.0 - 3.0 / (y + 0.5)))
    if not x < 0.0:
        return z - 1.0 / x if x < 1.0 else z
    if x == -math.inf:
        return math.nan
    r = x - round(x)
    a = abs(r)
    cotangent = 1.0 / math.tan(math.pi * a) if a < 0.25 else math.tan(math.pi * (0.5 - a))
    return z - math.pi * math.copysign(cotangent, r)


BERNOULLI = [float(mp.bernoulli(2 * j) / mp.factorial(2 * j)) for j in range(1, 9)]


def hurwitz(x: float, s: float) -> float:
    def shifted(k: float, n: float) -> float:
        y = x + k
        p = y**n
        return p + p * (n * (x - (y - k)) / y)

    if x < 0.0:
        raise ValueError("below 0")
    near = x < 20.0
    y = x + 10.0 if near else x
    factor, tail = s / y, 0.5 + BERNOULLI[0] * (s / y)
    for j, b in enumerate(BERNOULLI[1:]):
        factor = factor * ((s + (2.0 * j + 1.0)) / y) * ((s + (2.0 * j + 2.0)) / y)
        tail = tail + b * factor
    total = (shifted(10.0, 1.0 - s) if near else y ** (1.0 - s)) / (s - 1.0) + y**-s * tail
    for k in range(9, 0, -1) if near else ():
        total += shifted(float(k), -s)
    return float(total + x**-s if near else total)


# ---- the same, and slopes, in mpmath ----


def repeated(n: int, x: Any) -> Any:
    """exp(x²)·iⁿerfc(x), the n-th integral of erfc, scaled (DLMF 7.18.7); far out its series (7.18.14)."""
    x = max(x, -1e6)  # where it is beyond all floats
    if x > 100:
        terms = [(-1) ** m * mp.rf(n + 1, 2 * m) / mp.factorial(m) / (2 * x) ** (n + 2 * m + 1) for m in range(60)]
        return 2 / mp.sqrt(mp.pi) * mp.fsum(terms)
    with mp.extradps(20):
        before, z = 2 / mp.sqrt(mp.pi), mp.exp(x * x) * mp.erfc(x)
        for k in range(1, n + 1):
            before, z = z, (before - 2 * x * z) / (2 * k)
    return z


def mp_log_ndtr(x: Any) -> Any:
    return mp.log(repeated(0, -x / mp.sqrt(2)) / 2) - x * x / 2 if x < 0 else mp.log1p(-mp_Phi(-x))


def mp_sinc(x: Any) -> Any:
    return mp.sinpi(x) / (mp.pi * x) if x else mpf(1)


def mp_sinc_slope(x: Any) -> Any:
    if abs(x) < 1e-15:
        return -(mp.pi**2) * x / 3 + mp.pi**4 * x**3 / 30
    return (mp.cospi(x) - mp_sinc(x)) / x


def psi(n: int, x: Any) -> Any:
    """The polygamma function for n up to 2; of a negative x by reflection (DLMF 5.15.6)."""
    if x > 0:
        return mp.psi(n, x)
    sine, cosine = mp.sinpi(x), mp.cospi(x)
    poles = (-mp.pi * cosine / sine, (mp.pi / sine) ** 2, -2 * mp.pi**3 * cosine / sine**3)[n]
    return poles + (-1) ** n * mp.psi(n, 1 - x)


def mp_lgamma(x: Any) -> Any:
    return mp.loggamma(x) if x > 0 else mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def zeta(x: Any, s: int) -> Any:
    """ζ(s, x) of a whole s: a derivative of ψ."""
    return (-1) ** s * mp.psi(s - 1, x) / mp.factorial(s - 1)


def is_pole(x: Any) -> bool:
    return bool(x <= 0 and x == mp.floor(x))


def mp_sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x)) if x >= 0 else mp.exp(x) / (1 + mp.exp(x))


def mp_erfc(x: Any) -> Any:
    """erfc, which mpmath can't do of the largest floats."""
    return mp.erfc(max(min(x, 1e9), -1e9))


def mp_phi(x: Any) -> Any:
    """The normal density."""
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def mp_Phi(x: Any) -> Any:
    """The normal distribution function."""
    return mp_erfc(-x / mp.sqrt(2)) / 2


def mp_cbrt(x: Any) -> Any:
    return mp.cbrt(x) if x >= 0 else -mp.cbrt(-x)


def mp_hypot(*xs: Any) -> Any:
    return mp.sqrt(mp.fsum(x * x for x in xs))


def mp_softmax(*xs: Any) -> Sequence[Any]:
    top = max(xs)
    terms = [mp.exp(x - top) for x in xs]
    return [t / mp.fsum(terms) for t in terms]


def mp_power(x: Any, n: Any) -> Any:
    return mp.power(x, n) if x >= 0 else mp.power(-x, n) * (-1 if int(n) % 2 else 1)


def power_slopes(x: Any, n: Any) -> Sequence[Any]:
    by_x = mpf(0) if n == 0 else n * mp_power(x, n - 1)
    by_n = mpf(0) if x == 0 and n > 0 else mp.nan if x < 0 else mp_power(x, n) * mp.log(x)
    return by_x, by_n


def power_mixed(x: Any, n: Any) -> Any:
    """∂²xⁿ/∂x∂n"""
    if x == 0 and n > 1:
        return mpf(0)
    return mp_power(x, n - 1) * (1 + n * mp.log(x)) if x else 1 / mpf(0)


def others(*xs: Any) -> Sequence[Any]:
    """For each operand the product of all the others."""
    return [mp.fprod(xs[:i] + xs[i + 1 :]) for i in range(len(xs))]


def dot_slopes(*operands: Any) -> Sequence[Any]:
    n = len(operands) // 2
    return [*operands[n : 2 * n], *operands[:n], *[mpf(1)] * (len(operands) % 2)]


def half(tie: bool, yes: bool) -> Any:
    return mpf("0.5") if tie else mpf(int(yes))


# ---- points where the value is neither lost nor too large, which few pairs of random floats are ----


def draw_power(rng: random.Random) -> tuple[float, ...]:
    near_1 = 1.0 + rng.uniform(-1.0, 1.0) * 2.0 ** -rng.uniform(0.0, 52.0)
    x = rng.choice((any_float(rng, (0.0, math.inf)), rng.uniform(0.0, 2.0), near_1))
    n = rng.uniform(-745.0, 709.0) / (math.log(x or 2.0) or 1.0)
    return rng.choice(((x, n), (x, rng.uniform(-1.0, 1.0)), (-x, float(round(n)))))


def draw_positive_power(rng: random.Random) -> tuple[float, ...]:
    n = rng.choice((rng.uniform(-9.0, 9.0), rng.uniform(-1.0, 1.0), float(rng.randint(-9, 9))))
    return 2.0 ** (rng.uniform(-1000.0, 1000.0) / (abs(n) + 3.0)), n


def draw_powi(rng: random.Random) -> tuple[float, ...]:
    n = rng.randint(1, 9)
    return math.ldexp(rng.uniform(-1.0, 1.0), rng.randint(-1022, 1023) // n), float(n)


def draw_gaussian(rng: random.Random) -> tuple[float, ...]:
    return rng.choice((rng.uniform(-39.0, 39.0), any_float(rng))), rng.choice((0.5, 1.0))


def draw_gamma(rng: random.Random) -> tuple[float, ...]:
    near = rng.randint(-170, 3) + rng.uniform(-1.0, 1.0) * 2.0 ** -rng.uniform(0.0, 40.0)
    return (rng.choice((near, rng.uniform(-170.0, 171.6), rng.uniform(-5.0, 5.0), any_float(rng, (1e-300, 170.0)))),)


def draw_hurwitz(rng: random.Random) -> tuple[float, ...]:
    s = float(rng.randint(2, 9))
    return rng.choice((rng.uniform(0.0, 40.0), rng.uniform(0.0, 2.0), 10.0 ** rng.uniform(-300.0 / (s + 3), 300.0))), s


def draw_near_each_other(rng: random.Random) -> tuple[float, ...]:
    base = rng.choice((0.0, rng.uniform(-1e3, 1e3), any_float(rng)))
    apart = rng.choice((1.0, 40.0, 745.0))
    return tuple([base + rng.choice((0.0, 1.0, -1.0)) * rng.uniform(0.0, apart) for _ in range(3)])


def draw_of_one_size(rng: random.Random) -> tuple[float, ...]:
    base = any_float(rng)
    near = [base * rng.uniform(-2.0, 2.0) * 2.0 ** rng.choice((0, -30, -60)) for _ in range(2)]
    return tuple(near if all(map(math.isfinite, near)) else [base, -base])


def witness_of(rule: Rule) -> Witness:
    """The witness of the row, without which it can't be held to anything."""
    if rule.name not in WITNESSES:
        raise LookupError(f"the row {rule.name!r} of the rule table has no witness: give it one in tests/witness.py")
    return WITNESSES[rule.name]


NEAR_1 = [(-0.99999999,), (0.99999999,), (0.9999999999999999,), (-0.9999999999999999,), (1e-9,)]

POWERS = [
    *[(0.0, n) for n in (0.0, 0.5, 1.0, 2.0)],
    *[(1e300, n) for n in (0.1, 0.3, 1.02)],
    *[(1e-300, n) for n in (0.3, -0.9, 1.04)],
    *[(2.0, n) for n in (1020.5, -1070.5, 0.49999999999999994)],
    *[(1e-200, 2.0), (1e308, 1e-300), (5e-324, 0.5)],
    *[(0.99, 71000.0), (1.01, -71000.0), (1.0000000000000002, 1e18), (0.9999999999999999, 1e18)],
]

WITNESSES: dict[str, Witness] = {
    "add": Witness(operator.add, operator.add, each(1, 1)),
    "sub": Witness(operator.sub, operator.sub, each(1, -1)),
    "mul": Witness(operator.mul, operator.mul, lambda x, y: (y, x)),
    "truediv": Witness(
        operator.truediv,
        operator.truediv,
        lambda x, y: (1 / y, -x / y**2),
        hard=[(1e200, 1e200), (1e-200, 1e-200), (1.0, 5e-324), (1e-320, 1e-10), (1e-310, 1e5)],
    ),
    "powi": Witness(
        power,
        lambda x, n: x ** int(n),
        lambda x, n: (n * x ** (int(n) - 1), mp.nan),
        names="xn",
        constants=[1],
        hard=[(0.0, 1.0), (0.0, 2.0), (0.0, 3.0), (-0.0, 3.0), (-2.0, 1023.0), (1e-200, 2.0), (0.99, 71000.0)],
        draw=draw_powi,
    ),
    "pow": Witness(
        power,
        mp_power,
        power_slopes,
        names="xn",
        hard=[
            *POWERS,
            *[(-2.0, n) for n in (-3.0, 0.0, 1.0, 3.0, 1000.0)],
            (-1e100, -3.0),
            (-1e-100, -3.0),
            (-1.0, 1e17),
        ],
        draw=draw_power,
    ),
    "power_slope": Witness(
        power_slope,
        lambda x, n: n * mp_power(x, n - 1) if n else mpf(0),
        lambda x, n: (
            n * (n - 1) * mp_power(x, n - 2) if n * (n - 1) else mpf(0),
            power_mixed(x, n),
        ),
        names="xn",
        hard=[(x, n) for x, n in POWERS if abs(n) <= 9.0],
        draw=draw_positive_power,
    ),
    "power_log": Witness(
        power_log,
        lambda x, n: mp_power(x, n) * mp.log(x) if x else mpf(0),
        lambda x, n: (power_mixed(x, n), mp_power(x, n) * mp.log(x) ** 2 if x else mpf(0)),
        names="xn",
        hard=[(x, n) for x, n in POWERS if abs(n) <= 9.0],
        draw=draw_positive_power,
    ),
    "neg": Witness(operator.neg, operator.neg, each(-1)),
    "pos": Witness(operator.pos, operator.pos, each(1)),
    "abs": Witness(abs, abs, lambda x: (mp.sign(x),)),
    "exp": Witness(math.exp, mp.exp, each(mp.exp), hard=[(709.78,), (-745.13,), (-740.0,)]),
    "expm1": Witness(math.expm1, mp.expm1, each(mp.exp), hard=[(709.78,), (-745.13,)]),
    "exp2": Witness(
        math.exp2, lambda x: mpf(2) ** x, lambda x: (mpf(2) ** x * mp.log(2),), hard=[(1023.9,), (-1074.0,)]
    ),
    "log": Witness(math.log, mp.log, lambda x: (1 / x,)),
    "log1p": Witness(
        math.log1p, mp.log1p, lambda x: (1 / (1 + x),), hard=[(1e-9,), (-1e-9,), (-0.9999999999999999,), (-0.99999999,)]
    ),
    "log2": Witness(math.log2, lambda x: mp.log(x, 2), lambda x: (1 / x / mp.log(2),)),
    "log10": Witness(math.log10, mp.log10, lambda x: (1 / x / mp.log(10),)),
    "sqrt": Witness(math.sqrt, mp.sqrt, lambda x: (1 / mp.sqrt(x) / 2,)),
    "cbrt": Witness(math.cbrt, mp_cbrt, lambda x: (1 / mp_cbrt(x) ** 2 / 3,)),
    "sin": Witness(math.sin, mp.sin, each(mp.cos), poles=[math.pi / 2, math.pi]),
    "cos": Witness(math.cos, mp.cos, lambda x: (-mp.sin(x),), poles=[math.pi / 2, math.pi]),
    "tan": Witness(math.tan, mp.tan, lambda x: (1 / mp.cos(x) ** 2,), poles=[math.pi / 2, -math.pi / 2, 11.0, math.pi]),
    "asin": Witness(math.asin, mp.asin, lambda x: (1 / mp.sqrt((1 - x) * (1 + x)),), hard=NEAR_1),
    "acos": Witness(math.acos, mp.acos, lambda x: (-1 / mp.sqrt((1 - x) * (1 + x)),), hard=NEAR_1),
    "one_minus_square": Witness(lambda x: (1.0 - x) * (1.0 + x), lambda x: (1 - x) * (1 + x), lambda x: (-2 * x,)),
    "atan": Witness(math.atan, mp.atan, lambda x: (1 / (1 + x * x),), hard=[(1e155,), (-1e160,)]),
    "atan2": Witness(
        math.atan2,
        mp.atan2,
        lambda y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
        names="yx",
        hard=[
            *[(1e200, 1e200), (1e-200, 1e-200), (1e300, -3e300)],
            *[(3.0, 4.0), (0.0, -1.0), (1e-300, 1e300), (1.0, 1e-320)],
        ],
        draw=draw_of_one_size,
    ),
    "hypot": Witness(
        math.hypot,
        mp_hypot,
        lambda *xs: [x / mp_hypot(*xs) for x in xs],
        hard=[(1e200, 1e200), (1e-200, 1e-200), (3e300, 4e300, 12e300), (-1e300, 1e-300), (3.0, 4.0), (1.0, 1e-9)],
        draw=draw_of_one_size,
        sizes=[1, 2, 3],
    ),
    "sinh": Witness(math.sinh, mp.sinh, each(mp.cosh), hard=[(710.4,), (-710.4,)]),
    "cosh": Witness(math.cosh, mp.cosh, each(mp.sinh), hard=[(710.4,), (-710.4,), (1e-9,)]),
    "tanh": Witness(
        math.tanh, mp.tanh, lambda x: (mp.sech(x) ** 2,), hard=[(15.0,), (-15.0,), (1e-9,), (354.0,), (372.0,)]
    ),
    "sech2": Witness(
        sech2,
        lambda x: mp.sech(x) ** 2,
        lambda x: (-2 * mp.sech(x) ** 2 * mp.tanh(x),),
        hard=[(15.0,), (354.0,), (372.0,)],
    ),
    "asinh": Witness(math.asinh, mp.asinh, lambda x: (1 / mp.sqrt(1 + x * x),)),
    "acosh": Witness(
        math.acosh,
        mp.acosh,
        lambda x: (1 / mp.sqrt((x - 1) * (x + 1)),),
        hard=[(1.0000000000000002,), (1.00000001,), (1e200,), (1e308,)],
    ),
    "atanh": Witness(math.atanh, mp.atanh, lambda x: (1 / ((1 - x) * (1 + x)),), hard=NEAR_1),
    "erf": Witness(
        math.erf,
        lambda x: 1 - mp_erfc(x),
        lambda x: (2 * mp.exp(-x * x) / mp.sqrt(mp.pi),),
        hard=[(26.0,), (-26.0,), (27.0,), (6.0,), (26.5,)],
    ),
    "erfc": Witness(
        math.erfc,
        mp_erfc,
        lambda x: (-2 * mp.exp(-x * x) / mp.sqrt(mp.pi),),
        hard=[(26.0,), (-26.0,), (27.0,), (26.5,)],
    ),
    "gaussian": Witness(
        gaussian,
        lambda x, k: mp.exp(-k * x * x),
        lambda x, k: (-2 * k * x * mp.exp(-k * x * x), mp.nan),
        names="xk",
        constants=[1],
        hard=[(26.0, 1.0), (-26.0, 1.0), (37.0, 0.5), (-38.0, 0.5), (1e300, 1.0), (1.7e308, 1.0), (0.0, 1.0)],
        draw=draw_gaussian,
    ),
    "maximum": Witness(max, max, lambda x, y: (half(x == y, x > y), half(x == y, y > x))),
    "minimum": Witness(min, min, lambda x, y: (half(x == y, x < y), half(x == y, y < x))),
    "clamp": Witness(
        lambda x, lo, hi: lo if x < lo else hi if x > hi else x,
        lambda x, lo, hi: min(max(x, lo), hi),
        lambda x, lo, hi: (
            half(x in (lo, hi), lo < x < hi),
            half(x == lo, x < lo) / (1 + (x == lo == hi)),
            half(x == hi, x > hi) / (1 + (x == lo == hi)),
        ),
        names="xlh",
        hard=[(0.0, -1.0, 1.0), (2.0, -1.0, 1.0), (-2.0, -1.0, 1.0), (1e300, -1.0, 1.0)],
    ),
    "copysign": Witness(
        math.copysign,
        lambda x, y: abs(x) * (-1 if y < 0 else 1),
        lambda x, y: (mp.sign(x) * mp.sign(y) if y else None, mpf(0)),
    ),
    "floor": Witness(whole(math.floor), mp.floor, each(0)),
    "ceil": Witness(whole(math.ceil), mp.ceil, each(0)),
    "round": Witness(whole(round), mp.nint, each(0)),
    "where": Witness(
        lambda c, a, b: a if c else b,
        lambda c, a, b: a if c else b,
        lambda c, a, b: (mpf(0), half(False, c != 0), half(False, c == 0)),
        names="cab",
        constants=[0],
    ),
    "relu": Witness(lambda x: 0.0 if x < 0.0 else x, lambda x: max(x, 0), lambda x: (half(False, x > 0),)),
    "leaky_relu": Witness(
        lambda x, a: a * x if x < 0.0 else x,
        lambda x, a: a * x if x < 0 else x,
        lambda x, a: (mpf(1) if x > 0 else a, min(x, mpf(0))),
        names="xa",
    ),
    "elu": Witness(
        lambda x, a: x if x > 0.0 else a * math.expm1(x),
        lambda x, a: x if x > 0 else a * mp.expm1(x),
        lambda x, a: (mpf(1) if x > 0 else a * mp.exp(x), mp.expm1(min(x, mpf(0)))),
        names="xa",
        hard=[(-1e-9, 1.0), (-40.0, 0.5), (-745.0, 2.0), (-1e300, 1.0), (1e300, 1.0)],
    ),
    "sigmoid": Witness(
        sigmoid,
        mp_sigmoid,
        lambda x: (mp_sigmoid(x) * mp_sigmoid(-x),),
        hard=[(40.0,), (-40.0,), (700.0,), (-700.0,), (1000.0,), (-1000.0,), (744.0,), (1e-9,)],
    ),
    "softplus": Witness(
        lambda x: (x if x > 0.0 else 0.0) + math.log1p(math.exp(-abs(x))),
        lambda x: mp.log1p(mp.exp(x)),
        each(mp_sigmoid),
        hard=[(1000.0,), (-1000.0,), (30.0,), (-40.0,), (-700.0,)],
    ),
    "silu": Witness(
        lambda x: max(x, -800.0) * sigmoid(x),
        lambda x: x * mp_sigmoid(x),
        lambda x: (mp_sigmoid(x) * (1 + x * mp_sigmoid(-x)),),
        hard=[(-38.0,), (38.0,), (-700.0,), (-712.0,), (-740.0,), (-1000.0,), (1000.0,)],
        poles=[-1.2784645427610738, 2.399357280515468],
    ),
    "gelu": Witness(
        lambda x: 0.5 * max(x, -64.0) * math.erfc(-x / math.sqrt(2.0)),
        lambda x: x * mp_Phi(x),
        lambda x: (mp_Phi(x) + x * mp_phi(x),),
        hard=[(-38.0,), (38.0,), (-37.0,), (-10.0,), (-37.68,), (8.0,)],
        poles=[-0.7517915246935645, math.sqrt(2.0)],
    ),
    "sum": Witness(lambda *xs: sum(xs), lambda *xs: mp.fsum(xs), lambda *xs: [mpf(1)] * len(xs), sizes=[1, 2, 3, 10]),
    "mean": Witness(
        lambda *xs: sum(xs) / len(xs),
        lambda *xs: mp.fsum(xs) / len(xs),
        lambda *xs: [mpf(1) / len(xs)] * len(xs),
        sizes=[1, 3],
    ),
    "erfcx": Witness(
        erfcx,
        lambda x: repeated(0, x),
        lambda x: (-2 * repeated(1, x),),
        hard=[(30.0,), (1e4,), (1e8,), (-26.0,), (-26.6,), (0.25,), (1e155,)],
    ),
    "ierfcx": Witness(
        ierfcx,
        lambda x: repeated(1, x),
        lambda x: (-4 * repeated(2, x),),
        hard=[(30.0,), (1e4,), (1e8,), (-26.0,), (0.25,), (1e103,), (1e150,)],
    ),
    "i2erfcx": Witness(
        i2erfcx,
        lambda x: repeated(2, x),
        lambda x: (-6 * repeated(3, x),),
        hard=[(30.0,), (1e4,), (-26.0,), (0.25,), (1e103,)],
    ),
    "ndtr": Witness(
        ndtr, mp_Phi, each(mp_phi), hard=[(-30.0,), (-37.0,), (-38.4,), (8.0,), (-1.0,), (-1.0000000000000002,)]
    ),
    "log_ndtr": Witness(
        log_ndtr,
        mp_log_ndtr,
        lambda x: (mp_phi(x) / mp_Phi(x) if x > 0 else mp.sqrt(2 / mp.pi) / repeated(0, -x / mp.sqrt(2)),),
        hard=[(-30.0,), (-1e8,), (-1e9,), (-1.0000001e9,), (-1e4,), (-1e150,), (5.0,), (37.5,), (38.5,)],
    ),
    "xlogy": Witness(
        xlogy,
        lambda x, y: x * mp.log(y) if x else mpf(0),
        lambda x, y: (mp.log(y) if y else None, x / y if y else None),
        hard=[(0.0, 0.0), (0.0, 2.0), (3.0, 0.9999999999999999), (1e-200, 1e200), (1e300, 1e-5)],
    ),
    "xlog1py": Witness(
        xlog1py,
        lambda x, y: x * mp.log1p(y) if x else mpf(0),
        lambda x, y: (mp.log1p(y) if y != -1 else None, x / (1 + y) if y != -1 else None),
        hard=[(0.0, -1.0), (0.0, 2.0), (3.0, 1e-20), (3.0, -0.9999999999999999)],
    ),
    "sinc": Witness(
        sinc,
        mp_sinc,
        lambda x: (mp_sinc_slope(x),),
        hard=[(0.5,), (0.49999999999999994,), (3.0,), (3.0000000000000004,), (2.5,), (1e-9,), (4503599627370496.5,)],
        poles=[1.4302966531242027, 2.459024065219, 1.0, 2.0, 3.0, 0.5],
    ),
    "fma": Witness(
        fma, lambda x, y, z: x * y + z, lambda x, y, z: (y, x, mpf(1)), names="xyz", hard=[(0.1, 10.0, -1.0)]
    ),
    "gamma": Witness(
        math.gamma,
        mp.gamma,
        lambda x: (None if is_pole(x) else mp.gamma(x) * psi(0, x),),
        hard=[(171.6,), (-170.5,), (1.4616321449683622,), (1e-300,), (-0.5,), (-150.25,), (0.1,)],
        poles=[1.4616321449683622, -0.5040830082644554, -1.0, -2.0, -3.0, 2.0],
        draw=draw_gamma,
    ),
    "lgamma": Witness(
        math.lgamma,
        mp_lgamma,
        lambda x: (None if is_pole(x) else psi(0, x),),
        hard=[(1e300,), (-170.5,), (1.4616321449683622,), (1.4616321449683625,), (1e-300,), (-0.5,), (2.0,)],
        poles=[1.4616321449683622, -0.5040830082644554, -1.0, -2.0, -3.0, 2.0],
    ),
    "digamma": Witness(
        digamma,
        lambda x: psi(0, x),
        lambda x: (None if is_pole(x) else psi(1, x),),
        hard=[(1e300,), (-170.5,), (1.4616321449683622,), (1e-150,), (-0.5,), (2.0,), (19.999999,), (20.0,), (1e16,)],
        poles=[-1.0, -2.0, -3.0, 2.0, 20.0],
    ),
    "hurwitz": Witness(
        hurwitz,
        lambda x, s: zeta(x, int(s)),
        lambda x, s: (-s * zeta(x, int(s) + 1), mp.nan),
        names="xs",
        hard=[(1.0, 2.0), (19.999999, 2.0), (20.0, 2.0), (1e16, 3.0), (1e-30, 9.0), (0.5, 5.0), (1e300, 2.0)],
        draw=draw_hurwitz,
        constants=[1],
    ),
    "prod": Witness(
        lambda *xs: math.prod(xs),
        lambda *xs: mp.fprod(xs),
        others,
        hard=[(0.0, 2.0, 3.0), (0.0, 0.0, 3.0), (2.0, -0.0, 3.0), (1e-300, 1e-300, 1e300), (-1e100, 1e100, 1e100, 3.0)],
        sizes=[1, 2, 3, 5],
    ),
    "dot": Witness(
        dot,
        lambda *o: mp.fdot(o[: len(o) // 2], o[len(o) // 2 : len(o) // 2 * 2]) + mp.fsum(o[len(o) // 2 * 2 :]),
        dot_slopes,
        sizes=[2, 3, 4, 7],
    ),
    "gap": Witness(
        lambda x, y: 0.0 if x == y else x - y,
        operator.sub,
        each(1, -1),
    ),
    "expectation": Witness(
        expectation,
        lambda *o: mp.fdot(o[: len(o) // 2], o[len(o) // 2 :]),
        dot_slopes,
        sizes=[2, 4, 6],
    ),
    "logaddexp": Witness(
        logaddexp,
        lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
        mp_softmax,
        hard=[(1000.0, 1000.0), (-1e-20, -50.0), (0.3, 700.1), (-1e300, 5.0), (-700.0, 1.0), (1e308, -1e308)],
        draw=lambda rng: draw_near_each_other(rng)[:2],
    ),
    "logsumexp": Witness(
        logsumexp,
        lambda *xs: max(xs) + mp.log(mp.fsum(mp.exp(x - max(xs)) for x in xs)),
        mp_softmax,
        hard=[
            *[(1000.0, 1000.0), (0.3, 700.1), (-1e300, 5.0)],
            *[(-700.0, 1.0), (1e308, -1e308), (-1000.0, -1000.3), (5.0,)],
        ],
        draw=draw_near_each_other,
        sizes=[1, 2, 3],
    ),
}


# ---- points ----

SPECIAL = [0.0, -0.0, TINY, 1e-310, -1e-310, 1e-300, -1e-200, 1e-9, -1e-9]
SPECIAL += [0.5, -0.5, 1.0, -1.0, 1.5, 2.0, -2.0, 2.5, 3.0]
SPECIAL += [math.pi / 2, 15.0, -15.0, 26.0, -26.0, 40.0, -40.0, 700.0, -700.0, 1e3, -1e3, 1e15, 1e100, 1e200, -1e200]
SPECIAL += [1e300, -1e300, 1e308, HUGE, -HUGE]
IN_PAIRS = [0.0, -0.0, TINY, 1e-310, -1e-200, 0.5, 1.0, -1.0, 2.5, -15.0, 700.0, -1e200, 1e300, HUGE]
NOT_FINITE = [math.inf, -math.inf, math.nan]


def position(x: float) -> int:
    """Where x stands among the floats in order, 0 at 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", abs(x)))
    return int(bits) if x > 0.0 else -int(bits)


def float_at(place: int) -> float:
    """The inverse of `position`."""
    (x,) = struct.unpack("<d", struct.pack("<q", abs(place)))
    return math.copysign(x, place)


def any_float(rng: random.Random, interval: tuple[float, float] = (-HUGE, HUGE)) -> float:
    """A finite float of the interval, each as likely as any other, so that 1e-300 is met as often as 1e300."""
    low, high = (max(-HUGE, min(HUGE, end)) for end in interval)
    return float_at(rng.randint(position(low), position(high)))


def operand(rng: random.Random, interval: tuple[float, float], poles: Sequence[float]) -> float:
    """A float of the interval: from all over it, of common size, or near 0, 1, an end or a pole."""
    low, high = interval
    kind = rng.randrange(4)
    if kind == 0:
        return any_float(rng, interval)
    if kind <= 2:
        x = rng.uniform(-1.0, 1.0) * rng.choice((2.0, 5.0, 40.0, 800.0))
    else:
        near = [p for p in (0.0, 1.0, -1.0, low, high, *poles, *poles, *poles) if low <= p <= high and math.isfinite(p)]
        x = rng.choice(near) + rng.uniform(-1.0, 1.0) * 2.0 ** -rng.uniform(0.0, 60.0)
    return x if low <= x <= high else abs(x) if low <= abs(x) <= high else any_float(rng, interval)


def intervals(rule: Rule, size: int) -> Sequence[tuple[float, float]]:
    """The domain, an interval per operand."""
    return rule.domain if len(rule.domain) == size else rule.domain * size


def random_point(rule: Rule, rng: random.Random) -> tuple[float, ...]:
    """A point of the domain."""
    witness = witness_of(rule)
    if witness.draw:
        return witness.draw(rng)
    size = rng.choice(witness.sizes or [len(rule.domain)])
    return tuple([operand(rng, interval, witness.poles) for interval in intervals(rule, size)])


def grid(rule: Rule, *also: float) -> Iterator[tuple[float, ...]]:
    """The witness's hard points, and the special floats of the domain, in pairs each with each."""
    witness = witness_of(rule)
    yield from witness.hard
    for size in witness.sizes or [len(rule.domain)]:
        floats = [*(IN_PAIRS if size == 2 else SPECIAL), *also]
        columns = [
            [x for x in (*floats, *interval) if not (x < interval[0] or x > interval[1])]
            for interval in intervals(rule, size)
        ]
        if rule.name == "powi":
            columns[1] = [1.0, 2.0, 3.0, 4.0, 9.0]
        if rule.name == "hurwitz":
            columns[1] = [2.0, 3.0, 4.0, 9.0]
        if size == 2:
            points: Iterable[tuple[float, ...]] = itertools.product(*columns)
        else:  # in turn, each column at a step of its own
            points = (
                tuple([xs[i * (2 * j + 1) % len(xs)] for j, xs in enumerate(columns)]) for i in range(len(SPECIAL))
            )
        yield from (xs for xs in points if also or all(map(math.isfinite, xs)))


# ---- what docs/accuracy.md and docs/kinks.md publish ----

CONSTANTS: dict[str, Any] = {
    name: getattr(mp, name)
    for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sech", "pi", "inf")
}
CONSTANTS |= {
    "hypot": mp_hypot,
    "cbrt": mp_cbrt,
    "power": mp_power,
    "sigmoid": mp_sigmoid,
    "phi": mp_phi,
    "Phi": mp_Phi,
    "repeated": repeated,
    "psi": psi,
    "zeta": zeta,
    "cot": mp.cot,
    "cospi": mp.cospi,
    "sinpi": mp.sinpi,
}
CONSTANTS |= {"eps": mpf(EPS), "tiny": mpf(TINY), "normal": mpf(sys.float_info.min), "huge": mpf(HUGE)}


class Names(dict[str, Any]):
    """What a formula of docs/accuracy.md may name besides CONSTANTS, of the slope by xs[i] and its change by xs[j]."""

    def __init__(self, witness: Witness, xs: tuple[Any, ...], i: int, j: int) -> None:
        super().__init__({"y": xs[j], "x": xs[i]} if witness.sizes else zip(witness.names, xs))
        self.witness, self.xs, self.i, self.j = witness, xs, i, j
        self.by = "x" if witness.sizes else witness.names[i]
        self.pair = ("xx" if i == j else "xy") if witness.sizes else witness.names[i] + witness.names[j]

    def __missing__(self, name: str) -> Any:
        xs, i, j, n = self.xs, self.i, self.j, len(self.xs)
        match name:
            case "z":
                return self.witness.value(*xs)
            case "d" | "dx":
                return self.witness.slopes(*xs)[i]
            case "dy":
                return self.witness.slopes(*xs)[j]
            case "rest":
                return mp.fprod(x for k, x in enumerate(xs) if k not in (i, j))
            case "paired":
                return mpf(int(abs(i - j) == n // 2 and max(i, j) < n // 2 * 2))
            case "least":
                return mp.fprod(abs(x) for x in xs if 0 < abs(x) < 1)
            case "largest":
                return mp.fprod(abs(x) for x in xs if abs(x) > 1)
        raise KeyError(name)


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the table under a heading of a page of docs/."""
    text = (DOCS / page).read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line[1:-1].split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def code(cell: str) -> list[str]:
    """The pieces of code in a cell."""
    return re.findall(r"`([^`]*)`", cell)


@functools.cache
def second_derivatives() -> dict[str, dict[str, Any]]:
    """Of each operation, by the names of two operands, the terms as a compiled tuple."""
    rows = table("accuracy.md", "Terms of the second derivatives")
    return {
        code(name)[0]: {
            pair: compile(f"({terms},)", name, "eval") for pair, terms in (c.split(": ") for c in code(cell))
        }
        for name, cell in rows
    }


@functools.cache
def exceptions(order: int) -> dict[str, list[tuple[list[str], Any, Any]]]:
    """Of each operation: by which operands a slope is excepted (all, if none is named), where, and the error."""
    found: dict[str, list[tuple[list[str], Any, Any]]] = {}
    for names, *by, where, allowed, _ in table(
        "accuracy.md", f"Exceptions for {('first', 'second')[order - 1]} derivatives"
    ):
        for name in code(names):
            condition, bound = (
                compile(code(cell)[0], f"docs/accuracy.md, {name}", "eval") for cell in (where, allowed)
            )
            found.setdefault(name, []).append((code(by[0]) if by else [], condition, bound))
    return found


def allowance(name: str, order: int, names: Names) -> Any:
    """The error that a published exception allows at the point, 0 if there is none."""
    allowed = mpf(0)
    for by, condition, bound in exceptions(order).get(name, ()):
        if not by or names.by in by:
            try:
                if eval(condition, CONSTANTS, names):
                    allowed = max(allowed, eval(bound, CONSTANTS, names))
            except ZeroDivisionError:
                continue
    return allowed


# ---- measuring ----

TOP = mp.ldexp(1, 1024)


class Finding(NamedTuple):
    """A derivative found at a point, and what it should be."""

    xs: tuple[float, ...]
    by: str
    got: float
    truth: Any
    error: float  # in ulp if of first order, in eps·Σ|terms| if of second
    excess: Any  # the error itself if it is too large but for an exception, else 0
    allowance: Callable[[], Any]  # what published exceptions allow here

    @property
    def excepted(self) -> bool:
        """Whether a published exception covers the point."""
        return bool(self.allowance() > 0)

    @property
    def wrong(self) -> bool:
        """Whether the error is larger than is published."""
        return bool(self.excess and self.excess > self.allowance())

    def __str__(self) -> str:
        return f"∂{self.by} at {self.xs}: {self.got!r}, in truth {mp.nstr(self.truth, 17)}, {self.error:.3g} off"


def forward(rule: Rule, xs: Sequence[float]) -> tuple[Any, list[Value | None]] | None:
    """The node of the operation at a point of finite numbers, and its variables; None where it has no finite value."""
    variables = [None if i in witness_of(rule).constants else Value(x) for i, x in enumerate(xs)]
    operands = [x if v is None else v for v, x in zip(variables, xs)]
    try:
        z = operands[0] ** int(xs[1]) if rule.name == "powi" else apply(rule, *operands)
    except (ArithmeticError, ValueError):
        return None
    return (z, variables) if math.isfinite(z.data) and all(map(math.isfinite, xs)) else None


def distance(got: float, truth: Any) -> Any:
    """How far a float is from the truth, where inf stands for 2¹⁰²⁴, the float after the largest."""
    if math.isnan(got) or mp.isnan(truth):
        return mpf(0) if math.isnan(got) and mp.isnan(truth) else mp.inf
    return abs(max(-TOP, min(TOP, mpf(got))) - max(-TOP, min(TOP, truth)))


def first_derivatives(rule: Rule, xs: tuple[float, ...]) -> Iterator[Finding]:
    """Every slope of the operation at a point, through backward()."""
    witness, found = witness_of(rule), forward(rule, xs)
    if found is None:
        return
    z, variables = found
    exact = tuple(map(mpf, xs))
    try:
        truths = witness.slopes(*exact)
    except ZeroDivisionError:  # infinite or undefined: see docs/kinks.md
        return
    z.backward()
    for i, (v, truth) in enumerate(zip(variables, truths)):
        if v is not None and truth is not None:
            error = distance(v.grad, truth)
            size = int(mp.mag(truth)) if mp.isfinite(truth) and truth else -2000
            ulps = error / mp.ldexp(1, min(max(size - 53, -1074), 971))
            names = Names(witness, exact, i, i)
            allowed = functools.partial(allowance, rule.name, 1, names)
            yield Finding(xs, names.by, v.grad, truth, float(ulps), error if ulps > 4 else 0, allowed)


def second_derivatives_at(rule: Rule, xs: tuple[float, ...]) -> Iterator[Finding]:
    """Every second derivative of the operation at a point, by rows that are read on Values."""
    witness, found = witness_of(rule), forward(rule, xs)
    if found is None:
        return
    z, variables = found
    exact = tuple(map(mpf, xs))
    some = [(i, v) for i, v in enumerate(variables) if v is not None]
    for i, v in some:
        (slope,) = gradients(z, [v], seed=Value(1.0))
        for (j, _), got in zip(some, gradients(slope, [w for _, w in some])):
            names = Names(witness, exact, i, j)
            terms = terms_at(rule.name, names)
            if terms is None or (total := mp.fsum(terms, absolute=True)) > HUGE / 16:
                continue
            truth = mp.fsum(terms)
            error = distance(got, truth)
            allowed = functools.partial(allowance, rule.name, 2, names)
            size = float(error / (EPS * total)) if total > sys.float_info.min else 0.0
            excess = error if error > 16 * EPS * total + 16 * TINY else 0
            yield Finding(xs, f"²{names.pair}", got, truth, size, excess, allowed)


def terms_at(name: str, names: Names) -> tuple[Any, ...] | None:
    """The terms of a second derivative at a point, None where it is infinite or undefined."""
    formulas = second_derivatives().get(name, {})
    formula = formulas.get(names.pair) or formulas.get(names.pair[::-1])
    if formula is None:
        return (mpf(0),)
    try:
        terms = tuple(map(mp.mpmathify, eval(formula, CONSTANTS, names)))
    except ZeroDivisionError:
        return None
    return terms if all(isinstance(t, mpf) and mp.isfinite(t) for t in terms) else None
