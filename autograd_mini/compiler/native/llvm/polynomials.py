"""Functions of doubles as polynomials, in every lane at once, to 2 units in the last place.

Each is valid on the domain that it states; outside, the function of the C library is called, lane by lane, so that nan,
infinities, denormal and huge numbers are right.  Polynomials interpolate at Chebyshev points; the coefficients were
computed with 60 digits.  The formulas come from fdlibm (Sun Microsystems 1993) unless another source is named.
"""

# mypy: disable-error-code="no-any-return"
# An operator may return a condition instead of a number.

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ...arrays.error_function import ERFC
from .lanes import Lanes, Mask

_MAGIC: Final = 6755399441055744.0  # 1.5 · 2⁵²: adding x to it rounds x to a whole number, in the lowest bits
_LOG2_E: Final = 1.4426950408889634
_LN2: Final = (0.6931471805598903, 5.497923018708371e-14)  # high part of 42 bits, whose multiples are exact, and rest
_ONE_OVER_LN2: Final = (1.442695040255785, 6.331784189566044e-10)
_ONE_OVER_LN10: Final = (0.43429448176175356, 1.414982685385801e-10)
_LOG10_2: Final = (0.30102999566361177, 3.694239077158931e-13)
_HALF_PI: Final = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)  # of 33, 33 and 53 bits
_SQRT_HALF: Final = 0.7071067811865476

# fmt: off
_EXP: Final = (  # (eʳ − 1 − r) / r²
    0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326112, 0.001388888888888373, 0.0001984126987490126,
    2.4801587325605324e-05, 2.7557255297969643e-06, 2.755727357010214e-07, 2.5105259538448494e-08,
    2.0914717341716378e-09,
)
_LOG: Final = (  # (2 artanh s / s − 2) / s² as a polynomial in s²
    0.6666666666666666, 0.40000000000000885, 0.28571428570799784, 0.22222222392581045, 0.18181795547521137,
    0.15386244737621665, 0.13268638369266825, 0.13088034850927555,
)
_SIN: Final = (
    -0.16666666666666666, 0.008333333333333331, -0.00019841269841265017, 2.755731921930192e-06,
    -2.5052106219521895e-08, 1.6058529572267877e-10, -7.586576588171073e-13,
)
_COS: Final = (
    0.041666666666666664, -0.0013888888888888887, 2.4801587301584618e-05, -2.7557319221382114e-07,
    2.087675578389404e-09, -1.1470459749675607e-11, 4.745804889760674e-14,
)
_TANH: Final = (  # (tanh x / x − 1) / x² as a polynomial in x², up to 0.28
    -0.3333333333333333, 0.13333333333331834, -0.05396825396423038, 0.021869488124574628, -0.008863214820781482,
    0.0035915606689679597, -0.0014471783415732035, 0.0005203803449704573,
)
_ERF: Final = (  # erf x / x
    1.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
    -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
    -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09, 5.957176147748911e-11,
)
_ERF_FAR: Final = (  # erfc(a)·exp(a²) as a polynomial in a − 2, for a from 1 to 6, best times exp(−a²)
    0.2553956763105053, -0.10679646185349623, 0.04180275260356822, -0.01546063776388433, 0.005440738537150091,
    -0.001831664281385336, 0.0005924699936836046, -0.00018477833610149082, 5.572833374825708e-05,
    -1.6293806572928237e-05, 4.628121285791337e-06, -1.279376295064538e-06, 3.449247875900604e-07,
    -9.089407064261541e-08, 2.3303579030647544e-08, -5.7723398912531435e-09, 1.4434015201222008e-09,
    -3.872685232087919e-10, 9.569929075659108e-11, -1.581167416161767e-11, 1.1721872457329507e-12,
)
# fmt: on


class _Bits:
    """The bits of numbers as integers."""

    def __init__(self, x: Lanes, name: str | None = None) -> None:
        self.x = x
        self.name = x.code.let(f"bitcast {x.kind.text} {x.name} to {x.kind.bits}") if name is None else name

    def do(self, instruction: str, i: int) -> "_Bits":
        """An instruction on them and a constant."""
        kind = self.x.kind
        return _Bits(self.x, self.x.code.let(f"{instruction} {kind.bits} {self.name}, {kind.integer(i)}"))

    def minus(self, other: "_Bits") -> "_Bits":
        """Their difference."""
        return _Bits(self.x, self.x.code.let(f"sub {self.x.kind.bits} {self.name}, {other.name}"))

    def number(self) -> Lanes:
        """The number that has these bits."""
        return self.x.like(f"bitcast {self.x.kind.bits} {self.name} to {self.x.kind.text}")

    def as_number(self) -> Lanes:
        """The integer, below 2⁵¹, as a number."""
        return self.do("add", bits(_MAGIC)).number() - _MAGIC

    def is_set(self, i: int) -> Mask:
        """A mask: the lanes in which one of these bits is 1."""
        kind = self.x.kind
        masked = self.do("and", i)
        name = self.x.code.let(f"icmp ne {kind.bits} {masked.name}, {kind.integer(0)}")
        return Mask(self.x.code, kind, name)


def bits(x: float) -> int:
    """The bits of a constant."""
    i: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return i


def horner(coefficients: Sequence[float], t: Lanes) -> Lanes:
    """A polynomial by Horner's scheme, for results that depend on its rounding."""
    result = t.lift(coefficients[-1])
    for c in coefficients[-2::-1]:
        result = result.fma(t, c)
    return result


def polynomial(coefficients: Sequence[float], t: Lanes) -> Lanes:
    """A polynomial for a small correction, by Estrin's scheme: pairs, pairs of pairs … wait less for each other."""
    terms = [t.lift(c) for c in coefficients]
    while True:
        pairs = [high.fma(t, low) for low, high in zip(terms[::2], terms[1::2])]
        terms = pairs + terms[2 * len(pairs) :]
        if len(terms) == 1:
            return terms[0]
        t = t * t


def _scaled(x: Lanes, k: _Bits) -> Lanes:
    """x · 2ᵏ, in two steps, because one may overflow."""
    half = k.do("ashr", 1)
    for part in (half, k.minus(half)):
        x = x * part.do("add", 1023).do("shl", 52).number()
    return x


def _reduced(x: Lanes) -> tuple[_Bits, Lanes, Lanes, Lanes]:
    """k, as an integer and a number, and r with its rounding error, so that x = k·ln 2 + r and |r| ≤ ½ ln 2."""
    t = x.fma(_LOG2_E, _MAGIC)
    k = t - _MAGIC
    high = k.fma(-_LN2[0], x)
    r = k.fma(-_LN2[1], high)
    return _Bits(t).do("sub", bits(_MAGIC)), k, r, k.fma(-_LN2[1], high - r)


def _clamped(x: Lanes, low: float, high: float) -> Lanes:
    """x within bounds; nan stays."""
    return (x < low).chosen(low, (x > high).chosen(high, x))


def exp(x: Lanes) -> Lanes:
    """eˣ, everywhere."""
    k, _, r, _ = _reduced(_clamped(x, -746.0, 710.0))
    return _scaled((r * r).fma(polynomial(_EXP, r), r) + 1.0, k)


def exp2(x: Lanes) -> Lanes:
    """2ˣ, everywhere."""
    x = _clamped(x, -1076.0, 1025.0)
    t = x + _MAGIC
    f = x - (t - _MAGIC)
    r = f * 0.6931471805599453
    error = f.fma(0.6931471805599453, -r) + f * 2.3190468138462996e-17
    return _scaled((r * r).fma(polynomial(_EXP, r), r + error) + 1.0, _Bits(t).do("sub", bits(_MAGIC)))


def _exp_tail(x: Lanes) -> tuple[Lanes, Lanes]:
    """eˣ and its rounding error, for −708 ≤ x ≤ 708."""
    k, _, r, error = _reduced(x)
    p = (r * r).fma(polynomial(_EXP, r), error)
    high = r + 1.0
    low = ((1.0 - high) + r) + p
    total = high + low
    return _scaled(total, k), _scaled((high - total) + low, k)


def _half_expm1(k: _Bits, r: Lanes, error: Lanes) -> Lanes:
    """½(eˣ − 1), for x of k·ln 2 + r + error, from −40 to 710."""
    scale = k.do("add", 1022).do("shl", 52).number()
    square = r * r
    fourth = square * square
    low = square.fma(polynomial(_EXP[:4], r), error)  # in three parts, the last of which waits for two products
    high = fourth.fma(polynomial(_EXP[8:], r), polynomial(_EXP[4:8], r))
    tail = (fourth * square).fma(high, low)
    less = scale - 0.5
    main = scale.fma(r, less)
    lost = scale.fma(r, less - main)
    return main + scale.fma(tail, lost)


def expm1(x: Lanes) -> Lanes:
    """eˣ − 1, for x that are 0 or not tiny, up to 710."""
    k, _, r, error = _reduced((x < -40.0).chosen(-40.0, x))
    y = _half_expm1(k, r, error)
    return x.equals(0.0).chosen(x, y + y)


class _Log(NamedTuple):
    """log u = k·ln 2 + f − ½f² + rest, and k as bits."""

    k: Lanes
    f: Lanes
    half: Lanes
    rest: Lanes


def _split(u: Lanes) -> tuple[_Bits, Lanes]:
    """k and m, so that u = 2ᵏm with m from √½ to √2."""
    k = _Bits(u).do("sub", bits(_SQRT_HALF)).do("ashr", 52)
    return k, _Bits(u).minus(k.do("shl", 52)).number()


def _logarithm(k: _Bits, f: Lanes) -> _Log:
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * f * f
    return _Log(k.as_number(), f, half, s * (half + z * polynomial(_LOG, z)))


def log(x: Lanes) -> Lanes:
    """The natural logarithm of normal numbers."""
    k, m = _split(x)
    p = _logarithm(k, m - 1.0)
    return p.k.fma(_LN2[0], p.f - (p.half - (p.rest + p.k * _LN2[1])))


def log1p(x: Lanes) -> Lanes:
    """log(1 + x), for x from above −1 to 1e300."""
    u = 1.0 + x
    k, m = _split(u)
    lost = (x < 1.0).chosen(x - (u - 1.0), 1.0 - (u - x)) / u
    near = _Bits(x, k.name).as_number().equals(0.0)
    p = _logarithm(k, near.chosen(x, m - 1.0))
    rest = p.rest + (p.k * _LN2[1] + near.chosen(0.0, lost))
    return x.equals(0.0).chosen(x, p.k.fma(_LN2[0], p.f - (p.half - rest)))


def _other_base(x: Lanes, factor: tuple[float, float], ln2: tuple[float, float]) -> Lanes:
    """k · log 2 in a base and log m · factor, both in two parts."""
    k, m = _split(x)
    p = _logarithm(k, m - 1.0)
    high = _Bits(p.f - p.half).do("and", -(2**32)).number()
    low = (p.f - high) - p.half + p.rest
    head = high * factor[0]
    tail = (low + high) * factor[1] + low * factor[0] + p.k * ln2[1]
    whole = p.k * ln2[0]
    total = whole + head
    return total + (tail + ((whole - total) + head))


def log2(x: Lanes) -> Lanes:
    """The logarithm to base 2 of normal numbers."""
    return _other_base(x, _ONE_OVER_LN2, (1.0, 0.0))


def log10(x: Lanes) -> Lanes:
    """The logarithm to base 10 of normal numbers."""
    return _other_base(x, _ONE_OVER_LN10, _LOG10_2)


def tanh(x: Lanes) -> Lanes:
    """The hyperbolic tangent, everywhere.

    Its steps wait for each other as little as possible, because recurrences use it.  For so few multiples of the float
    next to ln 2 the difference from 2x is exact, and their error is added back.
    """
    a = abs(x)
    t = a.fma(2.0 * _LOG2_E, _MAGIC)
    k = t - _MAGIC
    r = k.fma(-0.6931471805599453, a + a)
    y = _half_expm1(_Bits(t), r, k * -2.3190468138462996e-17)
    far = (a > 22.0).chosen(x.lift(1.0).function("copysign", x), y.function("copysign", x) / (y + 1.0))
    square = x * x
    near = x * square.fma(polynomial(_TANH, square), 1.0)  # here the quotient would be rounded too often
    return (a < 0.28).chosen(near, far)


def sinh(x: Lanes) -> Lanes:
    """The hyperbolic sine, up to ±708."""
    k, _, r, error = _reduced(abs(x))
    y = _half_expm1(k, r, error)
    return (y + y / (2.0 * y + 1.0)).function("copysign", x)


def cosh(x: Lanes) -> Lanes:
    """The hyperbolic cosine, up to ±708."""
    high, low = _exp_tail(abs(x))
    return 0.5 * high + (0.5 * low + 0.5 / high)


class _Angle(NamedTuple):
    """Sine and cosine of x − q·π/2, and q."""

    sin: Lanes
    cos: Lanes
    q: _Bits


def _angle(x: Lanes) -> _Angle:
    """For |x| < 2²⁰."""
    t = x.fma(0.6366197723675814, _MAGIC)
    k = t - _MAGIC
    a = k.fma(-_HALF_PI[0], x)
    b = k.fma(-_HALF_PI[1], a)
    lost = k.fma(-_HALF_PI[1], a - b)
    r = k.fma(-_HALF_PI[2], b)
    tail = k.fma(-_HALF_PI[2], b - r) + lost
    z = r * r
    half = 0.5 * z
    sine = (z * r).fma(polynomial(_SIN, z), tail * (1.0 - half)) + r
    one = 1.0 - half
    cosine = one + (((1.0 - one) - half) + (z * z).fma(polynomial(_COS, z), -(r * tail)))
    return _Angle(sine, cosine, _Bits(t))


def sin(x: Lanes) -> Lanes:
    """The sine, for |x| < 2²⁰."""
    angle = _angle(x)
    y = angle.q.is_set(1).chosen(angle.cos, angle.sin)
    return x.equals(0.0).chosen(x, angle.q.is_set(2).chosen(-y, y))


def cos(x: Lanes) -> Lanes:
    """The cosine, for |x| < 2²⁰."""
    angle = _angle(x)
    y = angle.q.is_set(1).chosen(angle.sin, angle.cos)
    return angle.q.do("add", 1).is_set(2).chosen(-y, y)


def tan(x: Lanes) -> Lanes:
    """The tangent, for |x| < 2²⁰."""
    angle = _angle(x)
    odd = angle.q.is_set(1)
    return x.equals(0.0).chosen(x, odd.chosen(-angle.cos, angle.sin) / odd.chosen(angle.sin, angle.cos))


def cbrt(x: Lanes) -> Lanes:
    """The cube root, everywhere: an estimate by logarithm and exponential, then a Newton step with an exact x − y³."""
    small = abs(x) < 1e-200
    a = abs(small.chosen(x * 2.0**162, x))
    y = exp(log(a) * (1.0 / 3.0))
    square = y * y
    lost = y.fma(y, -square)
    over = square.fma(y, -a) + lost * y
    y = y - over / (3.0 * square)
    root = small.chosen(y * 2.0**-54, y).function("copysign", x)
    ordinary: Mask = (abs(x) > 0.0) & (abs(x) < math.inf)
    return ordinary.chosen(root, x)


def hypot(x: Lanes, y: Lanes) -> Lanes:
    """√(x² + y²), if the squares and their sum are normal numbers."""
    return x.fma(x, y * y).function("sqrt")


def gaussian(x: Lanes, k: Lanes) -> Lanes:
    """exp(−k·x²), everywhere, for k of ½ or 1; the rounding of x·x would be magnified x² times, so it is added back."""
    a = abs(x)
    a = (a > 64.0).chosen(64.0, a)
    square = a * a
    y = exp(-k * square)
    return y.fma(-k * a.fma(a, -square), y)


def erf(x: Lanes) -> Lanes:
    """The error function, everywhere; LLVM shares the part that its slope uses too."""
    a = abs(x)
    far = 1.0 - gaussian(x, x.lift(1.0)) * horner(_ERF_FAR, _clamped(a, 0.5, 6.0) - 2.0)
    return (a < 1.0).chosen(x * horner(_ERF, x * x), far.function("copysign", x))


def erfc(x: Lanes) -> Lanes:
    """The complementary error function, up to 26."""
    a = _clamped(abs(x), 0.0, 30.0)
    square = a * a
    lost = a.fma(a, -square)
    high, low = _exp_tail(-(square > 707.0).chosen(707.0, square))
    low = low - high * lost
    far = _clamped(a, 0.5, 27.0)
    d = far.fma(2.0, 1.0)
    d_lost = (1.0 - d) + 2.0 * far
    p = _tail_numerator(far)
    q = p / d
    q_lost = ((-q).fma(d, p) - q * d_lost) / d
    product = high * q
    tail = product + (high.fma(q, -product) + high.fma(q_lost, low * q))
    near = (-x).fma(horner(_ERF, x * x), 1.0)  # up to the point where both formulas are equally exact
    return (a < 0.6).chosen(near, (x < 0.0).chosen(2.0 - tail, tail))


def _tail_numerator(a: Lanes) -> Lanes:
    """erfc(a)·exp(a²)·(1 + 2a), for a from ½ to 28."""
    return horner(ERFC, (a - 3.0) / (a + 3.0))


# Functions by name, with the mask of their domain; None means everywhere.
POLYNOMIALS: Final[dict[str, tuple[Callable[..., Lanes], Callable[..., Any] | None]]] = {
    "exp": (exp, None),
    "exp2": (exp2, None),
    "expm1": (expm1, lambda x: (x < 709.0) & ((abs(x) > 1e-300) | x.equals(0.0)) | (x < -1.0)),
    "log": (log, lambda x: (x >= 2.0**-1022) & (x < math.inf)),
    "log2": (log2, lambda x: (x >= 2.0**-1022) & (x < math.inf)),
    "log10": (log10, lambda x: (x >= 2.0**-1022) & (x < math.inf)),
    "log1p": (log1p, lambda x: (x > -1.0) & (x < 1e300)),
    "tanh": (tanh, None),
    "sinh": (sinh, lambda x: (abs(x) < 708.0) & ((abs(x) > 1e-300) | x.equals(0.0))),
    "cosh": (cosh, lambda x: abs(x) < 708.0),
    "sin": (sin, lambda x: (abs(x) < 2.0**20) & ((abs(x) > 1e-300) | x.equals(0.0))),
    "cos": (cos, lambda x: abs(x) < 2.0**20),
    "tan": (tan, lambda x: (abs(x) < 2.0**20) & ((abs(x) > 1e-300) | x.equals(0.0))),
    "cbrt": (cbrt, None),
    "hypot": (hypot, lambda x, y: (abs(x) < 1e150) & (abs(y) < 1e150) & ((abs(x) > 1e-140) | (abs(y) > 1e-140))),
    "gaussian": (gaussian, None),
    "erf": (erf, lambda x: (abs(x) > 1e-290) | x.equals(0.0)),
    "erfc": (erfc, lambda x: x < 26.0),
}
