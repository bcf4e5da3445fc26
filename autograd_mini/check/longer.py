"""Slopes of single operations in longer arithmetic: differences of values in decimals of 80 digits and more.

Where floats have too few digits for a difference, decimals have enough: with a step of 1e-24 of x, a central difference
is exact to about fifty digits.  This witness uses values only.  Each operation is written here again, from its
definition and `decimal`; of a rule, only the name is read.

The relative error of every function is about that of the current context, even for a tiny result.  So a constant is
left out where it would hide digits: 1 + tanh(−x) instead of tanh(−x), because the difference is the same.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    getcontext,
    localcontext,
)
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import accumulate
from math import comb, factorial
from typing import Final, NamedTuple

from ..rule import Rule

DIGITS: Final = (80, 320, 1200)  # tried in turn
GUARD: Final = 10  # more digits, for rounding inside the functions
STEP: Final = 0.3  # of the digits: how many of them the first step is below the scale
FINER: Final = 0.05  # how many more the second one is
EXACT: Final = Decimal("1e-30")  # the relative error that ends the search
NOTHING_LEFT: Final = Decimal("1e-700")  # a slope so small that no product with floats is above 0
BEND: Final = Decimal("1.1")  # from here on a function uses the form without its constant; not a float
UNDERFLOWN: Final = 41  # where exp(−x²) is below NOTHING_LEFT
FAR_OUT: Final = 30  # where the asymptotic series of erfc has more than 80 digits
ALL_WHOLE: Final = 2**53  # beyond, no float has a fraction

Function = Callable[..., Decimal]
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
TWO: Final = Decimal(2)


@contextmanager
def decimals(digits: int) -> Iterator[Context]:
    """Inside, decimals have this many digits, exponents of any size, and raise an ArithmeticError like floats."""
    traps = [InvalidOperation, DivisionByZero, Overflow]
    with localcontext(Context(digits, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX, traps=traps)) as context:
        yield context


@contextmanager
def _more(digits: int) -> Iterator[None]:
    with localcontext() as context:
        context.prec += digits
        yield
    getcontext().flags[Inexact] = True  # flags belong to the current context only


def _below_1(x: Decimal) -> int:
    """How many digits 1 + x loses of x."""
    return max(0, -x.adjusted()) if x else 0


def _vanishes(x: Decimal) -> bool:
    return not x or x.adjusted() < -getcontext().prec


# ---- the operations of one operand ----


def _expm1(x: Decimal) -> Decimal:
    if _vanishes(x):
        return x
    with _more(_below_1(x)):
        return x.exp() - 1


def _log1p(x: Decimal) -> Decimal:
    if _vanishes(x):
        return x
    with _more(_below_1(x)):
        return (1 + x).ln()


def _exp2(x: Decimal) -> Decimal:
    with _more(max(0, x.adjusted())):
        return (x * TWO.ln()).exp()


def _cbrt(x: Decimal) -> Decimal:
    return (abs(x).ln() / 3).exp().copy_sign(x) if x else x


@lru_cache(maxsize=64)
def _pi_to(digits: int) -> Decimal:
    with decimals(digits + GUARD):  # Machin's formula
        return 16 * _arctan_series(ONE / 5) - 4 * _arctan_series(ONE / 239)


def _pi() -> Decimal:
    return _pi_to(getcontext().prec)


def _arctan_series(x: Decimal) -> Decimal:
    total, power, square, n = x, x, x * x, 1
    while power and power.adjusted() >= x.adjusted() - getcontext().prec:
        power, n = -power * square, n + 2
        total += power / n
    return total


def _atan(x: Decimal) -> Decimal:
    if abs(x) > 1:
        return (_pi() / 2).copy_sign(x) - _atan(1 / x)
    halvings = int(getcontext().prec ** 0.5)
    with _more(GUARD):
        for _ in range(halvings):
            x = x / (1 + (1 + x * x).sqrt())
        angle: Decimal = _arctan_series(x) * 2**halvings
        return angle


def _atan_alone(x: Decimal) -> Decimal:
    return _atan(x) if abs(x) < BEND else -_atan(1 / x)


def _atan2(y: Decimal, x: Decimal) -> Decimal:
    if not x:
        return (_pi() / 2).copy_sign(y) if y else _undefined()
    return _atan(y / x) + (_pi().copy_sign(y) if x < 0 else 0)


def _undefined() -> Decimal:
    raise ArithmeticError("it has no value here")


def _turn(x: Decimal, quarters: int) -> Decimal:
    """The sine of x + quarters · π/2."""
    with _more(max(0, x.adjusted()) + 4 * GUARD):  # near a multiple of π/2, about 20 digits of a float cancel
        n = (2 * x / _pi()).to_integral_value()
        r = x - n * _pi() / 2
        k = int((n + quarters) % 4)
        term = total = r if k % 2 == 0 else ONE
        square, i = r * r, 2 - k % 2
        while term and term.adjusted() >= total.adjusted() - getcontext().prec:
            term *= -square / (i * (i + 1))
            total, i = total + term, i + 2
        return -total if k in (2, 3, -1, -2) else total


def _sin(x: Decimal) -> Decimal:
    return _turn(x, 0)


def _cos(x: Decimal) -> Decimal:
    return _turn(x, 1)


def _cos_alone(x: Decimal) -> Decimal:
    return -2 * _sin(x / 2) ** 2


def _asin(x: Decimal) -> Decimal:
    return _atan(x / ((1 - x) * (1 + x)).sqrt())


def _acos(x: Decimal) -> Decimal:
    return 2 * _atan(((1 - x) / (1 + x)).sqrt())


def _sinh(x: Decimal) -> Decimal:
    e = _expm1(abs(x))
    return ((e + e / (1 + e)) / 2).copy_sign(x)


def _cosh_alone(x: Decimal) -> Decimal:
    return 2 * _sinh(x / 2) ** 2


def _tanh(x: Decimal) -> Decimal:
    e = _expm1(2 * abs(x))
    return (e / (e + 2)).copy_sign(x)


def _tanh_alone(x: Decimal) -> Decimal:
    if abs(x) < BEND:
        return _tanh(x)
    t = (-2 * abs(x)).exp()
    return (2 * t / (1 + t)).copy_sign(-x)


def _sech2_alone(x: Decimal) -> Decimal:
    if abs(x) < BEND:
        return -(_tanh(x) ** 2)
    t = (-2 * abs(x)).exp()
    return 4 * t / (1 + t) ** 2


def _gaussian_alone(x: Decimal, k: Decimal) -> Decimal:
    return _expm1(-k * x * x) if abs(x) < BEND else (-k * x * x).exp()


def _asinh(x: Decimal) -> Decimal:
    square = x * x
    return _log1p(abs(x) + square / (1 + (1 + square).sqrt())).copy_sign(x)


def _acosh(x: Decimal) -> Decimal:
    t = x - 1
    return _log1p(t + (t * (t + 2)).sqrt())


def _atanh(x: Decimal) -> Decimal:
    return (_log1p(2 * abs(x) / (1 - abs(x))) / 2).copy_sign(x)


def _erf(x: Decimal) -> Decimal:
    term = total = x  # DLMF 7.6.2: all terms have one sign
    square, n = 2 * x * x, 1
    while term and term.adjusted() >= total.adjusted() - getcontext().prec:
        n += 2
        term *= square / n
        total += term
    return 2 * total * (-x * x).exp() / _pi().sqrt()


def _erfc(x: Decimal) -> Decimal:
    if abs(x) > UNDERFLOWN:
        return ZERO if x > 0 else TWO
    with _more(int(max(x, ZERO) ** 2) // 2 + 5):
        return 1 - _erf(x)


def _erf_alone(x: Decimal) -> Decimal:
    return _erf(x) if abs(x) < BEND else _erfc(abs(x)).copy_sign(-x)


def _erfc_alone(x: Decimal) -> Decimal:
    return -_erf_alone(x) if x < BEND else _erfc(x)


def _repeated(n: int, x: Decimal) -> Decimal:
    """The n-th integral of erfc from x on, times exp(x²), for n up to 2 (DLMF 7.18)."""
    if x > FAR_OUT:
        return 2 / _pi().sqrt() * _asymptotic(lambda m: _repeated_term(n, m, x))
    if x < -FAR_OUT:
        return _undefined()
    with _more(int(x * x) + 6):
        z = _erfc(x) * (x * x).exp()
        first = 1 / _pi().sqrt() - x * z
        return (z, first, z / 4 - x * first / 2)[n]


def _repeated_term(n: int, m: int, x: Decimal) -> Decimal:
    sign = -1 if m % 2 else 1
    return sign * Decimal(factorial(n + 2 * m) // (factorial(m) * factorial(n))) / (2 * x) ** (n + 2 * m + 1)


def _asymptotic(term: Callable[[int], Decimal]) -> Decimal:
    """The sum of terms that fall before they grow, if they fall as far as the digits go."""
    total, before = ZERO, None
    for m in range(10_000):
        now = term(m)
        if before is not None and abs(now) > abs(before):
            break
        total, before = total + now, now
        if not now or now.adjusted() < total.adjusted() - getcontext().prec:
            return total
    return _undefined()


def _log_ndtr(x: Decimal) -> Decimal:
    if x < 0:
        return (_repeated(0, -x / TWO.sqrt()) / 2).ln() - x * x / 2
    return _log1p(-_erfc(x / TWO.sqrt()) / 2)


def _sinc_alone(x: Decimal) -> Decimal:
    if abs(x) > BEND:
        with _more(x.adjusted() + GUARD):
            return _sin(_pi() * x) / (_pi() * x)
    if _vanishes(x):
        return -((_pi() * x) ** 2) / 6
    with _more(2 * _below_1(x) + GUARD):
        return _sin(_pi() * x) / (_pi() * x) - 1


def _xlog(x: Decimal, y: Decimal) -> Decimal:
    return x * y.ln() if x else ZERO


@lru_cache(maxsize=512)
def _bernoulli(n: int) -> Fraction:
    """The Bernoulli number of an even n (DLMF 24.5.3)."""
    if n == 0:
        return Fraction(1)
    odd = Fraction(n + 1, -2)
    return -(sum([comb(n + 1, k) * _bernoulli(k) for k in range(0, n, 2)], odd)) / (n + 1)


def _in_decimals(x: Fraction) -> Decimal:
    return Decimal(x.numerator) / x.denominator


def _shifted(x: Decimal) -> tuple[list[Decimal], Decimal]:
    """x, x + 1, … up to the number from which an asymptotic series works, and that number."""
    if getcontext().prec > 5 * GUARD + DIGITS[0]:
        raise ArithmeticError("that would take too long")
    below = [x + k for k in range(max(0, int(getcontext().prec - x)))]
    return below, x + len(below)


def _lgamma(x: Decimal) -> Decimal:
    if x < ONE / 2:
        with _more(2 * GUARD):
            return (_pi() / abs(_sin(_pi() * x))).ln() - _lgamma(1 - x)
    below, y = _shifted(x)
    series = _asymptotic(lambda m: _in_decimals(_bernoulli(2 * m + 2)) / ((2 * m + 2) * (2 * m + 1)) / y ** (2 * m + 1))
    stirling = (y - ONE / 2) * y.ln() - y + (2 * _pi()).ln() / 2 + series
    return stirling - reduce(operator.mul, below, ONE).ln()


def _gamma(x: Decimal) -> Decimal:
    sign = -1 if x < 0 and int(x.to_integral_value(ROUND_FLOOR)) % 2 else 1
    return sign * _lgamma(x).exp()


def _digamma(x: Decimal) -> Decimal:
    if x < ONE / 2:
        with _more(2 * GUARD):
            return _digamma(1 - x) - _pi() * _cos(_pi() * x) / _sin(_pi() * x)
    below, y = _shifted(x)
    series = _asymptotic(lambda m: _in_decimals(_bernoulli(2 * m + 2)) / (2 * m + 2) / y ** (2 * m + 2))
    return y.ln() - 1 / (2 * y) - series - sum([1 / z for z in below], ZERO)


def _hurwitz(x: Decimal, s: Decimal) -> Decimal:
    below, y = _shifted(x)

    def term(m: int) -> Decimal:
        rising = reduce(operator.mul, [s + k for k in range(2 * m + 1)], ONE)
        return _in_decimals(_bernoulli(2 * m + 2) / factorial(2 * m + 2)) * rising / y ** (s + 2 * m + 1)

    return sum([z**-s for z in below], y ** (1 - s) / (s - 1) + y**-s / 2 + _asymptotic(term))


def _sigmoid(x: Decimal) -> Decimal:
    t = (-abs(x)).exp()
    return (ONE if x >= 0 else t) / (1 + t)


def _sigmoid_alone(x: Decimal) -> Decimal:
    return _sigmoid(x) if x < BEND else -_sigmoid(-x)


def _whole(rounding: str) -> Function:
    # Beyond 2⁵³ every float is a whole number, so a step moves x over many steps of the function, or not at all.
    return lambda x: x.to_integral_value(rounding) if abs(x) < ALL_WHOLE else ZERO


def _softplus(x: Decimal) -> Decimal:
    return max(x, ZERO) + _log1p((-abs(x)).exp())


def _power(x: Decimal, n: Decimal) -> Decimal:
    if not x:
        return ONE if not n else ZERO if n > 0 else _undefined()
    z: Decimal = x**n
    return z


ONE_BY_ONE: Final[dict[str, Function]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "neg": operator.neg, "pos": operator.pos, "pow": _power, "powi": _power, "abs": operator.abs,
    "exp": lambda x: x.exp(), "expm1": lambda x: x.exp() if abs(x) > BEND else _expm1(x), "exp2": _exp2,
    "log": lambda x: x.ln(), "log1p": _log1p, "log2": lambda x: x.ln() / TWO.ln(), "log10": lambda x: x.log10(),
    "sqrt": lambda x: x.sqrt(), "cbrt": _cbrt,
    "sin": _sin, "cos": _cos_alone, "tan": lambda x: _sin(x) / _cos(x),
    "asin": _asin, "acos": _acos, "atan": _atan_alone, "atan2": _atan2,
    "sinh": _sinh, "cosh": _cosh_alone, "tanh": _tanh_alone, "asinh": _asinh, "acosh": _acosh, "atanh": _atanh,
    "one_minus_square": lambda x: -x * x, "sech2": _sech2_alone, "gaussian": _gaussian_alone,
    "erf": _erf_alone, "erfc": _erfc_alone, "ndtr": lambda x: _erfc_alone(-x / TWO.sqrt()) / 2, "log_ndtr": _log_ndtr,
    "erfcx": partial(_repeated, 0), "ierfcx": partial(_repeated, 1), "i2erfcx": partial(_repeated, 2),
    "gamma": _gamma, "lgamma": _lgamma, "digamma": _digamma, "hurwitz": _hurwitz,
    "sinc": _sinc_alone, "xlogy": _xlog, "xlog1py": lambda x, y: x * _log1p(y), "fma": lambda x, y, z: x * y + z,
    "maximum": max, "minimum": min, "clamp": lambda x, lo, hi: min(max(x, lo), hi),
    "copysign": lambda x, y: abs(x).copy_sign(y), "where": lambda c, a, b: a if c else b,
    "floor": _whole(ROUND_FLOOR), "ceil": _whole(ROUND_CEILING), "round": _whole(ROUND_HALF_EVEN),
    "gap": operator.sub, "power_slope": lambda x, n: n * _power(x, n - 1), "power_log": lambda x, n: x.ln() * x**n,
    "relu": lambda x: max(x, ZERO), "leaky_relu": lambda x, a: x if x > 0 else a * x,
    "elu": lambda x, a: x if x > 0 else a * _expm1(x), "sigmoid": _sigmoid_alone, "softplus": _softplus,
    "silu": lambda x: x * _sigmoid(x), "gelu": lambda x: x * _erfc(-x / TWO.sqrt()) / 2,
}  # fmt: skip


# ---- operations of many operands, as functions of one operand: the part of the others is calculated once ----


def _each_in_dot(*operands: Decimal) -> Sequence[Function]:
    n = len(operands) // 2
    partners = (*operands[n : 2 * n], *operands[:n], *[ONE] * (len(operands) % 2))
    return [partial(operator.mul, y) for y in partners]


def _each_in_product(*xs: Decimal) -> Sequence[Function]:
    before = accumulate(xs[:-1], operator.mul, initial=ONE)
    after = accumulate(xs[:0:-1], operator.mul, initial=ONE)
    return [partial(operator.mul, a * b) for a, b in zip(before, reversed(list(after)))]


def _each_in_hypot(*xs: Decimal) -> Sequence[Function]:
    squares = [x * x for x in xs]
    total = sum(squares, ZERO)
    return [partial(_beside, total - square) for square in squares]


def _beside(rest: Decimal, x: Decimal) -> Decimal:
    """√(rest + x²) − √rest."""
    return x * x / ((rest + x * x).sqrt() + rest.sqrt()) if x else ZERO


def _each_in_logsumexp(*xs: Decimal) -> Sequence[Function]:
    top = max(xs)
    terms = [(x - top).exp() for x in xs]
    total = sum(terms, ZERO)
    return [partial(_among, top, total - term) for term in terms]


def _among(top: Decimal, rest: Decimal, x: Decimal) -> Decimal:
    """log(exp(x − top) + rest) − log(rest)."""
    return _log1p((x - top).exp() / rest) if rest else x


EACH: Final[dict[str, Callable[..., Sequence[Function]]]] = {
    "sum": lambda *xs: [operator.pos] * len(xs),
    "mean": lambda *xs: [lambda x: x / len(xs)] * len(xs),
    "dot": _each_in_dot, "expectation": _each_in_dot,
    "prod": _each_in_product, "hypot": _each_in_hypot, "logsumexp": _each_in_logsumexp, "logaddexp": _each_in_logsumexp,
}  # fmt: skip


# ---- the slopes ----


class Known(NamedTuple):
    """A slope, and how far it may be off."""

    value: Decimal
    error: Decimal


BROKEN: Final = Known(ZERO, Decimal("Infinity"))  # the operation has no slope, in any number of digits


def decimal_slopes(rule: Rule, xs: Sequence[float], which: Sequence[int]) -> list[Known | None]:
    """The slopes of an operation with respect to the operands `which`; None if it has none or isn't defined here.

    >>> import math
    >>> from autograd_mini.rules import RULES
    >>> (cosine,) = decimal_slopes(RULES["sin"], [1e300], [0])
    >>> float(cosine.value) == math.cos(1e300)
    True
    """
    found: list[Known | None] = [None] * len(which)
    if rule.name not in ONE_BY_ONE and rule.name not in EACH:
        return found
    operands = [Decimal(x) for x in xs]
    for digits in DIGITS:
        missing = [k for k, known in enumerate(found) if known is None]
        if missing:
            with decimals(digits + GUARD) as context:
                try:
                    alone = _alone(rule.name, operands)
                except ArithmeticError:
                    continue
                for k in missing:
                    found[k] = _slope(alone[which[k]], operands, which[k], digits, context)
    return [known if known is not BROKEN else None for known in found]


def _alone(name: str, xs: Sequence[Decimal]) -> Sequence[Function]:
    """The operation as a function of each operand in turn."""
    if name in EACH:
        return EACH[name](*xs)
    f = ONE_BY_ONE[name]
    return [lambda x, i=i: f(*xs[:i], x, *xs[i + 1 :]) for i in range(len(xs))]


def _slope(f: Function, xs: Sequence[Decimal], i: int, digits: int, context: Context) -> Known | None:
    x, broken = xs[i], True
    if not x.is_finite():
        return BROKEN
    size = abs(x) if x else min([abs(y) for y in xs if y and y.is_finite()], default=ONE)
    for scale in dict.fromkeys((min(size, ONE), size, ONE)):  # f bends on the one or the other, which we don't know
        try:
            context.prec = digits + GUARD + max(0, x.adjusted() - scale.adjusted())  # so that x + h is not rounded
            found = _difference(f, x, scale, digits, context)
        except (ArithmeticError, ValueError):
            continue
        broken = broken and found is BROKEN
        if found.error <= EXACT * abs(found.value) or abs(found.value) + found.error < NOTHING_LEFT:
            return found
    return BROKEN if broken else None


def _difference(f: Function, x: Decimal, scale: Decimal, digits: int, context: Context) -> Known:
    """The central difference with the smaller of two steps, which must agree; BROKEN at a kink, a jump or an end."""
    context.clear_flags()
    centre = f(x)
    slopes, bends, noise = [], [], ZERO
    for places in (int(STEP * digits), int((STEP + FINER) * digits)):
        h = scale.scaleb(-places)
        right, left = f(x + h), f(x - h)
        slopes.append((right - left) / (2 * h))
        bends.append(abs((right - centre) - (centre - left)) / h)
        noise = max(abs(right), abs(left), abs(centre)).scaleb(-digits) / h
        even = right == left != centre
    if even or not context.flags[Inexact]:
        noise = ZERO
    if bends[1] > bends[0] / 2 + 4 * noise:  # the sides differ as much as before, or more
        return BROKEN
    return Known(slopes[1], abs(slopes[0] - slopes[1]) + noise)
