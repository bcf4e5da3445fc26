"""The functions of Values: exp, sin, relu, sum, dot, softmax … and `primitive`, which makes more of them.

Each function takes any mixture of Values and plain numbers.  The result is a node if one of them is a Value, else a
float; the number is the same to the bit.  Functions of one operand are the engine's own operations, with documentation
added.  In place of a list you can pass any iterable, such as a one-dimensional array.  A number is an int, a float or a
NumPy scalar.

Functions named as in `math` raise what `math` raises.  For a Value, the error has a note that names the operation.
Anything that is not a number raises a TypeError.  "DLMF" is the Digital Library of Mathematical Functions,
https://dlmf.nist.gov.
"""
# mypy: disable-error-code="empty-body"

import math
from collections.abc import Callable, Iterable, Sequence
from functools import reduce, update_wrapper, wraps
from itertools import accumulate
from operator import index
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeVar, cast, overload

from . import refuse
from .engine import Value, apply, held
from .errors import RAISED_BY_FLOATS
from .ieee import Ieee, total
from .numbers import as_constant, as_number
from .primitives import with_pullback
from .reading import number_of
from .rule import FLOATS, LINE, VALUES, Partial, Rule
from .rules import RULES
from .watch import never_raising

if TYPE_CHECKING:
    from inspect import Signature

# fmt: off
__all__ = [  # without sum, abs, pow and round, which would hide the builtins
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt",
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "degrees", "radians", "sinc", "xlogy", "xlog1py", "fma", "ldexp", "fabs",
    "hypot", "norm", "erf", "erfc", "erfcx", "ndtr", "log_ndtr", "gamma", "lgamma", "digamma", "polygamma", "hurwitz",
    "maximum", "minimum", "clamp", "copysign", "floor", "ceil",
    "prod", "dot", "mean", "cumsum",
    "relu", "leaky_relu", "elu", "softplus", "log_sigmoid", "sigmoid", "silu", "gelu", "hardtanh",
    "logsumexp", "logaddexp", "softmax", "log_softmax",
    "where", "stop_gradient", "primitive",
]
# fmt: on

Operand = Value | float
Number = TypeVar("Number", Value, float, Value | float)
Function = TypeVar("Function", bound=Callable[..., Any])


def _row(stub: Function) -> Function:
    """The engine's own operation of one operand that `stub` names, with the documentation of `stub`."""
    return cast(Function, update_wrapper(getattr(VALUES, stub.__name__), stub))


# ---- exponentials, logarithms and powers ----


@_row
def exp(x: Number, /) -> Number:
    """The exponential function eˣ, its own derivative.  DLMF 4.2.

    Args:
        x: any number.

    Raises:
        OverflowError: x is above 709.78, so eˣ is beyond the largest float.

    >>> exp(Value(0.0))
    Value(data=1.0, grad=0.0)
    """


@_row
def expm1(x: Number, /) -> Number:
    """eˣ − 1, to full precision even near 0; its derivative is eˣ.  DLMF 4.2.

    Args:
        x: any number.

    Raises:
        OverflowError: x is above 709.78, so eˣ is beyond the largest float.

    >>> expm1(1e-20), exp(1e-20) - 1
    (1e-20, 0.0)
    """


@_row
def exp2(x: Number, /) -> Number:
    """2ˣ, with derivative 2ˣ·ln 2.  DLMF 4.2.

    Args:
        x: any number.

    Raises:
        OverflowError: x is 1024 or more.

    >>> exp2(Value(10.0)).data
    1024.0
    """


@overload
def log(x: Number, base: float | None = None) -> Number: ...
@overload
def log(x: Operand, base: Value) -> Value: ...
def log(x: Any, base: Any = None) -> Any:
    """The natural logarithm ln x, with derivative 1/x; with a base b it is ln x / ln b, as in `math.log`.  DLMF 4.2.

    Args:
        x: a number above 0.
        base: a number above 0 other than 1; you can differentiate with respect to it too.

    Raises:
        ValueError: x or the base is not above 0.
        ZeroDivisionError: the base is 1.

    >>> log(Value(8.0), 2).data
    3.0
    """
    return VALUES.log(x) if base is None else VALUES.log(x) / VALUES.log(base)


@_row
def log1p(x: Number, /) -> Number:
    """ln(1 + x), to full precision even near 0; its derivative is 1/(1 + x).  DLMF 4.2.

    Args:
        x: a number above −1.

    Raises:
        ValueError: x is −1 or less.

    >>> log1p(1e-20), log(1 + 1e-20)
    (1e-20, 0.0)
    """


@_row
def log2(x: Number, /) -> Number:
    """The binary logarithm ln x / ln 2, exact at powers of 2; its derivative is 1/(x·ln 2).  DLMF 4.2.

    Args:
        x: a number above 0.

    Raises:
        ValueError: x is 0 or less.

    >>> log2(Value(2.0**-1074)).data
    -1074.0
    """


@_row
def log10(x: Number, /) -> Number:
    """The common logarithm ln x / ln 10, with derivative 1/(x·ln 10).  DLMF 4.2.

    Args:
        x: a number above 0.

    Raises:
        ValueError: x is 0 or less.

    >>> log10(Value(1000.0)).data
    3.0
    """


@_row
def sqrt(x: Number, /) -> Number:
    """The square root √x, with derivative 1/(2√x), which is inf at 0.  DLMF 4.2.

    Args:
        x: a number, 0 or more.

    Raises:
        ValueError: x is below 0.

    >>> x = Value(9.0)
    >>> sqrt(x).backward()
    >>> x.grad
    0.16666666666666666
    """


@_row
def cbrt(x: Number, /) -> Number:
    """The real cube root ∛x, with derivative 1/(3·∛x²), which is inf at 0.

    Unlike x**(1/3) it takes negative numbers, and it is right to the last bit or the one before.

    Args:
        x: any number.

    >>> cbrt(Value(-8.0)).data
    -2.0
    """


@overload
def pow(x: Number, n: float) -> Number: ...
@overload
def pow(x: Operand, n: Value) -> Value: ...
def pow(x: Any, n: Any) -> Any:
    """xⁿ, the operator **; ∂/∂x = n·xⁿ⁻¹ and ∂/∂n = xⁿ·ln x.  DLMF 4.2.

    The slope of x⁰ with respect to x is 0, and so is that of 0ⁿ with respect to n for n > 0.  It raises as the operator
    does, not as `math.pow`.

    Args:
        x, n: numbers; x is 0 or more unless n is whole.

    Raises:
        ValueError: x is below 0 and n is not whole, so the power is complex.
        ZeroDivisionError: x is 0 and n is below 0.
        OverflowError: the power is beyond the largest float.

    >>> pow(Value(3.0), 2).data
    9.0
    """
    return x**n if isinstance(x, Value) or isinstance(n, Value) else apply(RULES["pow"], x, n)


@overload
def xlogy(x: Number, y: float) -> Number: ...
@overload
def xlogy(x: Operand, y: Value) -> Value: ...
def xlogy(x: Any, y: Any) -> Any:
    """x·ln y, which is 0 where x is 0, even at y = 0: a term of an entropy or a likelihood.

    Its slopes are ln y and x/y; at x = y = 0 they are −inf and 0.

    Args:
        x: any number.
        y: a number above 0; any number if x is 0.

    Raises:
        ValueError: y is not above 0, and x is not 0.

    >>> xlogy(Value(0.0), 0.0).data, xlogy(2.0, 1.0)
    (0.0, 0.0)
    """
    return apply(RULES["xlogy"], x, y)


@overload
def xlog1py(x: Number, y: float) -> Number: ...
@overload
def xlog1py(x: Operand, y: Value) -> Value: ...
def xlog1py(x: Any, y: Any) -> Any:
    """x·ln(1 + y), to full precision even for y near 0, and 0 where x is 0.

    Its slopes are ln(1 + y) and x/(1 + y); at x = 0, y = −1 they are −inf and 0.

    Args:
        x: any number.
        y: a number above −1; any number if x is 0.

    Raises:
        ValueError: y is not above −1, and x is not 0.

    >>> xlog1py(Value(2.0), 1e-20).data
    2e-20
    """
    return apply(RULES["xlog1py"], x, y)


# ---- trigonometry ----


@_row
def sin(x: Number, /) -> Number:
    """The sine of an angle in radians, with derivative cos x.  DLMF 4.14.

    Args:
        x: any finite number.

    Raises:
        ValueError: x is infinite.

    >>> x = Value(0.0)
    >>> sin(x).backward()
    >>> x.grad
    1.0
    """


@_row
def cos(x: Number, /) -> Number:
    """The cosine of an angle in radians, with derivative −sin x.  DLMF 4.14.

    Args:
        x: any finite number.

    Raises:
        ValueError: x is infinite.

    >>> cos(Value(0.0)).data
    1.0
    """


@_row
def tan(x: Number, /) -> Number:
    """The tangent of an angle in radians, with derivative 1 + tan² x.  DLMF 4.14.

    Args:
        x: any finite number; no float is exactly at a pole.

    Raises:
        ValueError: x is infinite.

    >>> x = Value(0.0)
    >>> tan(x).backward()
    >>> x.grad
    1.0
    """


@_row
def asin(x: Number, /) -> Number:
    """The inverse sine: the angle in [−π/2, π/2] with sine x; its derivative is 1/√(1 − x²), inf at ±1.  DLMF 4.23.

    Args:
        x: a number in [−1, 1].

    Raises:
        ValueError: x is outside.

    >>> asin(Value(1.0)).data
    1.5707963267948966
    """


@_row
def acos(x: Number, /) -> Number:
    """The inverse cosine: the angle in [0, π] with cosine x; its derivative is −1/√(1 − x²), −inf at ±1.  DLMF 4.23.

    Args:
        x: a number in [−1, 1].

    Raises:
        ValueError: x is outside.

    >>> acos(Value(-1.0)).data
    3.141592653589793
    """


@_row
def atan(x: Number, /) -> Number:
    """The inverse tangent: the angle in [−π/2, π/2] with tangent x; its derivative is 1/(1 + x²).  DLMF 4.23.

    Args:
        x: any number.

    >>> atan(Value(1.0)).data
    0.7853981633974483
    """


@overload
def atan2(y: Number, x: float) -> Number: ...
@overload
def atan2(y: Operand, x: Value) -> Value: ...
def atan2(y: Any, x: Any) -> Any:
    """The angle in [−π, π] from the positive x axis to the point (x, y).  DLMF 4.23; arguments as in `math.atan2`.

    With r² = x² + y², ∂/∂y = x/r² and ∂/∂x = −y/r²; both are nan at the origin.

    Args:
        y, x: any numbers, the signs of zeros included.

    >>> atan2(Value(1.0), -1.0).data
    2.356194490192345
    """
    return apply(RULES["atan2"], y, x)


@overload
def hypot(x: Value, /, *more: Operand) -> Value: ...
@overload
def hypot(*coordinates: float) -> float: ...
@overload
def hypot(*coordinates: Operand) -> Any: ...
def hypot(*coordinates: Any) -> Any:
    """The length r = √(x₁² + … + xₙ²) of a vector, in one node, without overflow on the way.

    ∂r/∂xᵢ = xᵢ/r, and 0 at the origin, the tip of the cone.

    Args:
        coordinates: any numbers.

    >>> hypot(Value(3.0), 4.0, 12.0).data
    13.0
    """
    return apply(RULES["hypot"], *coordinates)


def norm(xs: Iterable[Operand]) -> Any:
    """The length √(x₁² + … + xₙ²) of a vector that is given as a list; 0.0 if the list is empty.

    ∂/∂xᵢ is xᵢ over the length, and 0 at the origin, so a descent that arrives there stays.

    Args:
        xs: an iterable of numbers.

    >>> x, y = Value(0.0), Value(0.0)
    >>> norm([x, y]).backward()
    >>> x.grad, norm([3.0, 4.0])
    (0.0, 5.0)
    """
    xs = tuple(xs)
    return apply(RULES["hypot"], *xs) if xs else 0.0


def degrees(x: Number, /) -> Number:
    """Convert an angle from radians to degrees: x·(180/π), with slope 180/π.

    Args:
        x: any number.

    >>> degrees(Value(math.pi)).data
    180.0
    """
    return cast(Number, apply(RULES["mul"], x, 180.0 / math.pi))


def radians(x: Number, /) -> Number:
    """Convert an angle from degrees to radians: x·(π/180), with slope π/180.

    Args:
        x: any number.

    >>> radians(Value(180.0)).data
    3.141592653589793
    """
    return cast(Number, apply(RULES["mul"], x, math.pi / 180.0))


@_row
def sinc(x: Number, /) -> Number:
    """sin(πx)/(πx), and 1 at 0: the normalised sine, exactly 0 at every other whole number.

    Its derivative is (cos(πx) − sinc(x))/x, computed from its series near 0.

    Args:
        x: any number; nan at ±inf.

    >>> sinc(Value(0.5)).data, sinc(4.0)
    (0.6366197723675814, 0.0)
    """


# ---- hyperbolic functions ----


@_row
def sinh(x: Number, /) -> Number:
    """The hyperbolic sine (eˣ − e⁻ˣ)/2, with derivative cosh x.  DLMF 4.28.

    Args:
        x: any number.

    Raises:
        OverflowError: |x| is above 710.47.

    >>> x = Value(0.0)
    >>> sinh(x).backward()
    >>> x.grad
    1.0
    """


@_row
def cosh(x: Number, /) -> Number:
    """The hyperbolic cosine (eˣ + e⁻ˣ)/2, with derivative sinh x.  DLMF 4.28.

    Args:
        x: any number.

    Raises:
        OverflowError: |x| is above 710.47.

    >>> cosh(Value(0.0)).data
    1.0
    """


@_row
def tanh(x: Number, /) -> Number:
    """The hyperbolic tangent sinh x / cosh x, in [−1, 1]; its derivative is 1/cosh² x.  DLMF 4.28.

    The slope uses this form, because 1 − tanh² x rounds to 0 from 19.1 on, where the true slope is 1e−16.

    Args:
        x: any number.

    >>> x = Value(20.0)
    >>> tanh(x).backward()
    >>> f"{x.grad:.6e}"
    '1.699342e-17'
    """


@_row
def asinh(x: Number, /) -> Number:
    """The inverse hyperbolic sine ln(x + √(x² + 1)), with derivative 1/√(x² + 1).  DLMF 4.37.

    Args:
        x: any number.

    >>> x = Value(0.0)
    >>> asinh(x).backward()
    >>> x.grad
    1.0
    """


@_row
def acosh(x: Number, /) -> Number:
    """The inverse hyperbolic cosine ln(x + √(x² − 1)), with derivative 1/√(x² − 1), inf at 1.  DLMF 4.37.

    Args:
        x: a number, 1 or more.

    Raises:
        ValueError: x is below 1.

    >>> acosh(Value(1.0)).data
    0.0
    """


@_row
def atanh(x: Number, /) -> Number:
    """The inverse hyperbolic tangent ½·ln((1 + x)/(1 − x)), with derivative 1/(1 − x²).  DLMF 4.37.

    Args:
        x: a number between −1 and 1.

    Raises:
        ValueError: x is outside, or is ±1.

    >>> atanh(Value(0.0)).data
    0.0
    """


# ---- the error function ----


@_row
def erf(x: Number, /) -> Number:
    """The error function 2/√π · ∫₀ˣ e^(−t²) dt, with derivative 2/√π · e^(−x²).  DLMF 7.2.

    Args:
        x: any number.

    >>> x = Value(0.0)
    >>> erf(x).backward()
    >>> x.grad
    1.1283791670955126
    """


@_row
def erfc(x: Number, /) -> Number:
    """The complementary error function 1 − erf x, precise even where it is tiny.  DLMF 7.2.

    Its derivative is −2/√π · e^(−x²).

    Args:
        x: any number.

    >>> f"{erfc(Value(26.0)):.6e}", 1 - erf(26.0)
    ('5.663192e-296', 0.0)
    """


@_row
def erfcx(x: Number, /) -> Number:
    """e^(x²)·erfc x, the complementary error function without its decay: nearly 1/(x√π) for large x.  DLMF 7.2.

    Its derivative is 2x·erfcx(x) − 2/√π, and the higher ones follow from that.  The first two are computed without
    cancellation.

    Args:
        x: any number.

    Raises:
        OverflowError: x is below −26.6, so the value is beyond the largest float.

    >>> f"{erfcx(Value(30.0)):.12f}", erfc(30.0) > 0.0
    ('0.018795888861', False)
    """


@_row
def ndtr(x: Number, /) -> Number:
    """The normal distribution function Φ(x) = ½·erfc(−x/√2), precise even in its lower tail.  DLMF 7.18, 26.

    Its derivative is the normal density φ(x) = e^(−x²/2)/√(2π).

    Args:
        x: any number.

    >>> ndtr(Value(0.0)).data, f"{ndtr(-30.0):.12e}"
    (0.5, '4.906713927148e-198')
    """


@_row
def log_ndtr(x: Number, /) -> Number:
    """The logarithm of the normal distribution function, finite even where the function itself rounds to 0.

    Its derivative is φ(x)/Φ(x), which approaches −x on the left.

    Args:
        x: any number.

    >>> x = Value(-1e8)
    >>> z = log_ndtr(x)
    >>> z.backward()
    >>> z.data, x.grad
    (-5000000000000019.0, 100000000.00000001)
    """


# ---- the gamma function ----


@_row
def gamma(x: Number, /) -> Number:
    """The gamma function Γ(x), which is (x − 1)! for whole numbers x > 0; its derivative is Γ(x)·ψ(x).  DLMF 5.2.

    Args:
        x: any number but 0, −1, −2 …

    Raises:
        ValueError: x is 0, a negative whole number or −inf.
        OverflowError: x is above 171.62, or too near a pole.

    >>> gamma(Value(5.0)).data
    24.0
    """


@_row
def lgamma(x: Number, /) -> Number:
    """The logarithm of |Γ(x)|; its derivative is ψ(x), the digamma function.  DLMF 5.2.

    Args:
        x: any number but 0, −1, −2 …

    Raises:
        ValueError: x is 0, or a negative whole number.
        OverflowError: x is above 2.5e305.

    >>> x = Value(1.0)
    >>> lgamma(x).backward()
    >>> f"{x.grad:.12f}"
    '-0.577215664902'
    """


@_row
def digamma(x: Number, /) -> Number:
    """The logarithmic derivative ψ(x) = Γ′(x)/Γ(x) of the gamma function; its derivative is ψ₁(x).  DLMF 5.2.

    Args:
        x: any number but 0, −1, −2 …

    Raises:
        ZeroDivisionError: x is 0, or a negative whole number.

    >>> digamma(Value(2.0)).data
    0.42278433509846713
    """


def polygamma(n: int, x: Number, /) -> Number:
    """The n-th derivative ψₙ(x) of the digamma function: (−1)ⁿ⁺¹·n!·ζ(n + 1, x).  DLMF 5.15.

    Its derivative is ψₙ₊₁(x).

    Args:
        n: a whole number, 0 or more, at most 170.
        x: a number above 0; if n is 0, any number that digamma takes.

    Raises:
        TypeError: n is not a whole number.
        ValueError: n is negative or above 170, or x is below 0.
        ZeroDivisionError: x is 0.
        OverflowError: x is so small that the value is beyond the largest float.

    >>> polygamma(1, Value(1.0)).data, polygamma(2, 1.0)
    (1.6449340668482264, -2.4041138063191885)
    """
    n = _whole(n, "the order of polygamma()")
    if not 0 <= n <= 170:
        raise ValueError(f"the order of polygamma() is from 0 to 170, not {n!r}")
    if n == 0:
        return digamma(x)
    return hurwitz(x, n + 1) * ((-1.0) ** (n + 1) * math.factorial(n))


def _whole(n: object, what: str) -> int:
    if not isinstance(n, SupportsIndex) or isinstance(n, Value):
        raise TypeError(f"{what} is a whole number, not {n!r}")
    return index(n)


def hurwitz(x: Number, s: float, /) -> Number:
    """The Hurwitz zeta function ζ(s, x) = x⁻ˢ + (x + 1)⁻ˢ + (x + 2)⁻ˢ + …  DLMF 25.11.

    Its slope with respect to x is −s·ζ(s + 1, x).

    Args:
        x: a number above 0.
        s: a plain number above 1; you can't differentiate with respect to it.

    Raises:
        ValueError: x is below 0, or s is not above 1.
        ZeroDivisionError: x is 0.

    >>> hurwitz(Value(1.0), 2).data
    1.6449340668482264
    """
    s = as_number(s, "the order of hurwitz()")
    if not s > 1.0:
        raise ValueError(f"the order of hurwitz() is above 1, not {s!r}")
    return cast(Number, apply(RULES["hurwitz"], x, float(s)))


# ---- absolute value, extremes and steps ----


@_row
def abs(x: Number, /) -> Number:
    """The absolute value |x|, like the builtin; its slope is the sign of x, and 0 at 0.

    Args:
        x: any number.

    >>> x = Value(-3.0)
    >>> abs(x).backward()
    >>> x.grad
    -1.0
    """


def fabs(x: Number, /) -> Number:
    """The absolute value |x| as a float, as in `math`; its slope is the sign of x, and 0 at 0.

    Args:
        x: any number.

    >>> fabs(Value(-3.0)).data, fabs(-3)
    (3.0, 3.0)
    """
    return abs(x if isinstance(x, Value) else float(as_number(x, "fabs()")))


@overload
def maximum(x: Number, y: float) -> Number: ...
@overload
def maximum(x: Operand, y: Value) -> Value: ...
def maximum(x: Any, y: Any) -> Any:
    """The larger of two numbers, like max(x, y): the first if they are equal or either is nan.

    The slope is 1 for the larger and 0 for the other.  If they tie, it is ½ for each, the mean of both sides.

    Args:
        x, y: any numbers.

    >>> x, y = Value(2.0), Value(2.0)
    >>> maximum(x, y).backward()
    >>> x.grad, y.grad
    (0.5, 0.5)
    """
    return apply(RULES["maximum"], x, y)


@overload
def minimum(x: Number, y: float) -> Number: ...
@overload
def minimum(x: Operand, y: Value) -> Value: ...
def minimum(x: Any, y: Any) -> Any:
    """The smaller of two numbers, like min(x, y): the first if they are equal or either is nan.

    The slope is 1 for the smaller and 0 for the other.  If they tie, it is ½ for each, the mean of both sides.

    Args:
        x, y: any numbers.

    >>> x, y = Value(2.0), Value(5.0)
    >>> minimum(x, y).backward()
    >>> x.grad, y.grad
    (1.0, 0.0)
    """
    return apply(RULES["minimum"], x, y)


@overload
def clamp(x: Number, lo: float, hi: float) -> Number: ...
@overload
def clamp(x: Operand, lo: Operand, hi: Operand) -> Any: ...
def clamp(x: Any, lo: Any, hi: Any) -> Any:
    """x limited to the range from lo to hi: lo if x is below it, hi if x is above it, else x.

    The slope with respect to x is 1 inside, 0 outside and ½ at each bound.  The slope with respect to a bound is 1 if x
    is beyond it, ½ if x is at it, and 0 elsewhere.

    Args:
        x: any number.
        lo, hi: the bounds, lo not above hi.

    Raises:
        ValueError: lo is above hi.

    >>> clamp(Value(7.0), -1.0, 1.0).data
    1.0
    """
    if lo > hi:
        raise ValueError(f"clamp needs lo <= hi, not lo={lo!r} above hi={hi!r}")
    return apply(RULES["clamp"], x, lo, hi)


@overload
def copysign(x: Number, y: float) -> Number: ...
@overload
def copysign(x: Operand, y: Value) -> Value: ...
def copysign(x: Any, y: Any) -> Any:
    """|x| with the sign of y, even if y is 0.0 or −0.0.

    The slope with respect to x is the product of both signs, and 0 at x = 0.  The slope with respect to y is 0.

    Args:
        x, y: any numbers.

    >>> copysign(Value(3.0), -0.0).data
    -3.0
    """
    return apply(RULES["copysign"], x, y)


@_row
def floor(x: Number, /) -> Number:
    """The largest whole number not above x; its slope is 0, even at the steps.

    Unlike `math.floor` it returns a float, and passes inf and nan on.

    Args:
        x: any number.

    >>> floor(Value(-0.5)).data, floor(2.5)
    (-1.0, 2.0)
    """


@_row
def ceil(x: Number, /) -> Number:
    """The smallest whole number not below x; its slope is 0, even at the steps.

    Unlike `math.ceil` it returns a float, and passes inf and nan on.

    Args:
        x: any number.

    >>> ceil(Value(2.5)).data
    3.0
    """


@_row
def round(x: Number, /) -> Number:
    """The whole number nearest to x, the even one of two, like the builtin; its slope is 0, even at the steps.

    Unlike the builtin it returns a float, and passes inf and nan on.

    Args:
        x: any number.

    >>> round(Value(2.5)).data
    2.0
    """


def fma(x: Operand, y: Operand, z: Operand, /) -> Any:
    """x·y + z, rounded once; its slopes are y, x and 1.  IEEE 754, section 5.4.1; `math.fma` since Python 3.13.

    Args:
        x, y, z: any numbers.

    Raises:
        ValueError: inf·0, or inf − inf.
        OverflowError: the result is beyond the largest float.

    >>> fma(Value(0.1), 10.0, -1.0).data, 0.1 * 10.0 - 1.0
    (5.551115123125783e-17, 0.0)
    """
    return apply(RULES["fma"], x, y, z)


def ldexp(x: Number, i: int, /) -> Number:
    """x·2ⁱ, rounded at most once, as in `math`; its slope is 2ⁱ.

    Args:
        x: any number.
        i: a whole number.

    Raises:
        TypeError: i is not a whole number.
        OverflowError: the result is beyond the largest float.

    >>> ldexp(Value(0.75), 4).data
    12.0
    """
    i = min(max(_whole(i, "the exponent of ldexp()"), -3000), 3000)  # beyond this, every result is 0 or raises
    try:
        math.ldexp(number_of(x), i)
    except OverflowError as error:
        if isinstance(x, Value):
            refuse.refused(error, RULES["mul"], x, math.inf)
        else:
            raise
    z: Any = x
    most: int = 1023 if i > 0 else -1022
    exponents: list[int] = [i % most] + [most] * (i // most)  # the rest comes first: what it rounds is 0 in the end
    for k in exponents:
        z = apply(RULES["mul"], z, 2.0**k)
    return cast(Number, z)


# ---- sums, products and means: one node each ----


@overload
def sum(xs: Iterable[float], start: float = 0) -> float: ...
@overload
def sum(xs: Iterable[Value], start: Operand = 0) -> Value: ...
@overload
def sum(xs: Iterable[Operand], start: Operand = 0) -> Any: ...
def sum(xs: Any, start: Any = 0) -> Any:
    """start + x₁ + … + xₙ in one node, each with slope 1; 0.0 if there is nothing to add.

    The number is the same as from the builtin, as a float.  Since Python 3.12 the builtin corrects for rounding
    (Neumaier 1974). |error| ≤ n·eps·Σ|xᵢ| on any Python (Higham, Accuracy and Stability of Numerical Algorithms, 4.2).

    Args:
        xs: an iterable of numbers.
        start: a number; −0.0 counts as 0.

    >>> sum([Value(1.0), 2, 3.5]).data
    6.5
    """
    xs = _start(start) + tuple(xs)
    return apply(RULES["sum"], *xs) if xs else 0.0


def cumsum(xs: Iterable[Operand]) -> list[Any]:
    """The running sums x₁, x₁ + x₂, …, like `itertools.accumulate`, in one node each.

    Args:
        xs: an iterable of numbers.

    Returns:
        A list as long as xs.

    >>> x = Value(1.0)
    >>> sums = cumsum([x, 2.0, 3.0])
    >>> sums[-1].data, len(sums)
    (6.0, 3)
    """
    return list(accumulate(_numbers(xs, "cumsum")))


@overload
def prod(xs: Iterable[Value]) -> Value: ...
@overload
def prod(xs: Iterable[float]) -> float: ...
@overload
def prod(xs: Iterable[Operand]) -> Any: ...
def prod(xs: Any) -> Any:
    """x₁ · … · xₙ in one node; 1.0 if there is nothing to multiply.

    ∂/∂xᵢ is the product of all the others, and is right even where some are 0.

    Args:
        xs: an iterable of numbers.

    >>> x, y = Value(0.0), Value(5.0)
    >>> prod([x, y]).backward()
    >>> x.grad, y.grad
    (5.0, 0.0)
    """
    xs = tuple(xs)
    return apply(RULES["prod"], *xs) if xs else 1.0


@overload
def dot(ws: Iterable[Value], xs: Iterable[Operand], start: Operand = 0) -> Value: ...
@overload
def dot(ws: Iterable[Operand], xs: Iterable[Value], start: Operand = 0) -> Value: ...
@overload
def dot(ws: Iterable[float], xs: Iterable[float], start: float = 0) -> float: ...
@overload
def dot(ws: Iterable[Operand], xs: Iterable[Operand], start: Operand = 0) -> Any: ...
def dot(ws: Any, xs: Any, start: Any = 0) -> Any:
    """start + w₁x₁ + … + wₙxₙ in one node: a neuron's weighted sum; 0.0 if there is nothing to add.

    ∂/∂wᵢ = xᵢ, ∂/∂xᵢ = wᵢ, and the slope for the start is 1.  |error| ≤ n·eps·Σ|wᵢxᵢ|, barring underflow (Higham, 3.1).
    It is smaller since Python 3.12, which has `math.sumprod`.

    Args:
        ws, xs: iterables of the same length.
        start: a number, such as a bias.

    Raises:
        ValueError: one is longer than the other.

    >>> w, x = Value(2.0), Value(3.0)
    >>> dot([w, 4.0], [x, 5.0], start=1.0).backward()
    >>> w.grad, x.grad
    (3.0, 2.0)
    """
    ws, xs = tuple(ws), tuple(xs)
    if len(ws) != len(xs):
        raise ValueError(f"dot needs two lists of one length, not {len(ws)} numbers and {len(xs)}")
    operands = ws + xs + _start(start)
    return apply(RULES["dot"], *operands) if operands else 0.0


@overload
def mean(xs: Iterable[Value]) -> Value: ...
@overload
def mean(xs: Iterable[float]) -> float: ...
@overload
def mean(xs: Iterable[Operand]) -> Any: ...
def mean(xs: Any) -> Any:
    """The arithmetic mean (x₁ + … + xₙ)/n in one node, each with slope 1/n.

    Args:
        xs: an iterable of one number or more.

    Raises:
        ValueError: there are none.

    >>> mean([Value(1.0), 2, 6]).data
    3.0
    """
    return apply(RULES["mean"], *_some(xs, "mean"))


def _start(start: Any) -> tuple[Any, ...]:
    """The start of a sum as one more operand, or none if it is the default 0."""
    return () if type(start) is int and start == 0 else (start,)


def _some(xs: Iterable[Any], function: str) -> tuple[Any, ...]:
    """The numbers and Values in xs; there must be at least one."""
    some = _numbers(xs, function)
    if not some:
        raise ValueError(f"{function} of no numbers is undefined: give at least one")
    return some


def _numbers(xs: Iterable[Any], function: str) -> tuple[Any, ...]:
    """The numbers and Values in xs."""
    return tuple([x if isinstance(x, Value) else as_number(x, function) for x in xs])


# ---- activation functions ----


@_row
def relu(x: Number, /) -> Number:
    """The rectifier max(0, x); its slope is 1 above 0, and 0 below and at 0.  Nair & Hinton 2010.

    Args:
        x: any number.

    >>> relu(Value(-3.0)).data, relu(3.0)
    (0.0, 3.0)
    """


@overload
def leaky_relu(x: Number, negative_slope: float = 0.01) -> Number: ...
@overload
def leaky_relu(x: Operand, negative_slope: Value) -> Value: ...
def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """The leaky rectifier: x above 0, a·x below, with slope a at 0.  Maas, Hannun & Ng 2013.

    The slope with respect to a is x below 0 and 0 above.  If a is a Value, this is the parametric rectifier of He et
    al. 2015.

    Args:
        x: any number.
        negative_slope: the number a.

    >>> leaky_relu(Value(-3.0), 0.5).data
    -1.5
    """
    return apply(RULES["leaky_relu"], x, negative_slope)


@overload
def elu(x: Number, alpha: float = 1.0) -> Number: ...
@overload
def elu(x: Operand, alpha: Value) -> Value: ...
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """The exponential linear unit: x above 0, α(eˣ − 1) below.

    The slope with respect to x is 1 above 0, and α·eˣ below and at 0; with respect to α it is eˣ − 1 below 0, and 0
    above. Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289.

    Args:
        x: any number.
        alpha: the number α; −α is the limit at −inf.

    >>> elu(Value(-1000.0), 2.0).data
    -2.0
    """
    return apply(RULES["elu"], x, alpha)


@_row
def softplus(x: Number, /) -> Number:
    """ln(1 + eˣ), a smooth rectifier, without overflow; its derivative is σ(x).  Dugas et al. 2000.

    Args:
        x: any number.

    >>> softplus(Value(1000.0)).data
    1000.0
    """


@_row
def sigmoid(x: Number, /) -> Number:
    """The logistic function σ(x) = 1/(1 + e⁻ˣ), without overflow; its derivative is σ(x)·σ(−x).

    The slope uses this form, because 1 − σ(x) rounds to 0 from 37 on, where the true slope is 1e−16.

    Args:
        x: any number.

    >>> x = Value(40.0)
    >>> sigmoid(x).backward()
    >>> f"{x.grad:.6e}"
    '4.248354e-18'
    """


def log_sigmoid(x: Number, /) -> Number:
    """ln σ(x) = −ln(1 + e⁻ˣ), finite even where σ(x) rounds to 0; its derivative is σ(−x).

    Args:
        x: any number.

    >>> log_sigmoid(Value(-1000.0)).data
    -1000.0
    """
    return -softplus(-x)


@_row
def silu(x: Number, /) -> Number:
    """The sigmoid linear unit x·σ(x), or swish; its derivative is σ(x) + x·σ(x)·σ(−x).

    Elfwing, Uchibe & Doya 2017, arXiv:1702.03118.

    Args:
        x: any number.

    >>> silu(Value(-1000.0)).data
    -0.0
    """


@_row
def gelu(x: Number, /) -> Number:
    """The Gaussian error linear unit x·Φ(x); its derivative is Φ(x) + x·φ(x).

    Φ is the normal distribution function and φ its density.  Hendrycks & Gimpel 2016, arXiv:1606.08415.  This is the
    exact function, computed with erfc, not the paper's approximation with tanh.

    Args:
        x: any number.

    >>> f"{gelu(Value(1.0)):.6f}"
    '0.841345'
    """


def hardtanh(x: Number) -> Number:
    """x limited to the range from −1 to 1, clamp(x, −1, 1); its slope is 1 inside, 0 outside, ½ at ±1.  Collobert 2004.

    Args:
        x: any number.

    >>> hardtanh(Value(-3.0)).data
    -1.0
    """
    return clamp(x, -1.0, 1.0)


# ---- softmax and related functions ----


@overload
def logsumexp(xs: Iterable[Value]) -> Value: ...
@overload
def logsumexp(xs: Iterable[float]) -> float: ...
@overload
def logsumexp(xs: Iterable[Operand]) -> Any: ...
def logsumexp(xs: Any) -> Any:
    """ln(eˣ¹ + … + eˣⁿ), the smooth maximum, in one node without overflow; its gradient is softmax(xs).

    Blanchard, Higham & Higham 2021, https://doi.org/10.1093/imanum/draa038: the largest number is subtracted first.

    Args:
        xs: an iterable of one number or more.

    Raises:
        ValueError: there are none.

    >>> logsumexp([Value(1000.0), 1000.0]).data
    1000.6931471805599
    """
    return apply(RULES["logsumexp"], *_some(xs, "logsumexp"))


@overload
def logaddexp(x: Number, y: float) -> Number: ...
@overload
def logaddexp(x: Operand, y: Value) -> Value: ...
def logaddexp(x: Any, y: Any) -> Any:
    """ln(eˣ + eʸ) without overflow; its slopes are those of logsumexp([x, y]).

    Args:
        x, y: any numbers.

    >>> logaddexp(Value(1000.0), 1000.0).data
    1000.6931471805599
    """
    return apply(RULES["logaddexp"], x, y)


@overload
def softmax(xs: Iterable[float]) -> list[float]: ...
@overload
def softmax(xs: Iterable[Value]) -> list[Value]: ...
@overload
def softmax(xs: Iterable[Operand]) -> list[Any]: ...
def softmax(xs: Any) -> list[Any]:
    """The probabilities pᵢ = eˣⁱ / (eˣ¹ + … + eˣⁿ), without overflow: the gradient of logsumexp.

    ∂pᵢ/∂xⱼ = pᵢ(δᵢⱼ − pⱼ).  Blanchard, Higham & Higham 2021; here the rounding of xᵢ − max x is corrected as well.

    Args:
        xs: an iterable of one number or more.

    Returns:
        A list as long as xs, which sums to 1 up to rounding.  It contains Values if any of xs is one.

    Raises:
        ValueError: there are none.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    xs = _some(xs, "softmax")
    arithmetic = VALUES if any(isinstance(x, Value) for x in xs) else FLOATS
    with never_raising():
        return list(RULES["logsumexp"].partials(arithmetic, None, xs))


@overload
def log_softmax(xs: Iterable[float]) -> list[float]: ...
@overload
def log_softmax(xs: Iterable[Value]) -> list[Value]: ...
@overload
def log_softmax(xs: Iterable[Operand]) -> list[Any]: ...
def log_softmax(xs: Any) -> list[Any]:
    """The logarithms xᵢ − logsumexp(xs) of softmax(xs), finite even where a probability rounds to 0.

    ∂/∂xⱼ = δᵢⱼ − pⱼ with p = softmax(xs).  The largest number is subtracted first, so large numbers
    lose few digits.

    Args:
        xs: an iterable of one number or more.

    Returns:
        A list as long as xs.  It contains Values if any of xs is one.

    Raises:
        ValueError: there are none.

    >>> log_softmax([0.0, -1000.0])
    [0.0, -1000.0]
    """
    xs = _some(xs, "log_softmax")
    top = reduce(maximum, map(stop_gradient, xs))
    with never_raising():  # -inf is the right result for an impossible state, not an anomaly
        xs = tuple([apply(RULES["gap"], x, top) for x in xs])
        total = logsumexp(xs)
        return [x - total for x in xs]


# ---- choices and constants ----


@overload
def where(condition: float, a: Number, b: float) -> Number: ...
@overload
def where(condition: float, a: Operand, b: Value) -> Value: ...
@overload
def where(condition: Value, a: Operand, b: Operand) -> Value: ...
def where(condition: Any, a: Any, b: Any) -> Any:
    """a if the condition is true, else b: a choice that stays in the graph, with both branches.

    The slope is 1 for the chosen branch, and 0 for the other one and for the condition.  Both branches are evaluated,
    and an infinite slope in the other one makes 0·inf = nan.  So keep both safe, as in log(where(x > 0, x, 1.0)).

    Args:
        condition: a bool, a number or a Value; anything but 0 counts as true.
        a, b: any numbers.

    >>> x = Value(-3.0)
    >>> where(x > 0, x, 0.1 * x).data
    -0.30000000000000004
    """
    if type(condition) is int and condition in (-1, -2):
        raise ValueError(
            f"where() got the condition {condition}, which is what Python makes of ~{condition == -2}: "
            "~ does not negate a bool. Reverse the comparison, or swap the branches: where(condition, b, a)"
        )
    return apply(RULES["where"], condition, a, b)


def stop_gradient(v: Operand) -> float:
    """The number of a Value as a plain float, which is a constant in everything computed from it.

    Args:
        v: a Value or a number.

    >>> x = Value(3.0)
    >>> (x * stop_gradient(x)).backward()
    >>> x.grad
    3.0
    """
    return cast(float, held(v)) if isinstance(v, Value) else as_number(v, "stop_gradient()")


# ---- operations of your own ----


class OfOne(Protocol):
    """An operation of one number: a Value gives a Value, and a plain number a float."""

    def __call__(self, x: Number, /) -> Number: ...


class OfTwo(Protocol):
    """An operation of two numbers: a Value if one of them is a Value, else a float."""

    @overload
    def __call__(self, x: Value, y: Operand, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: Number, /) -> Number: ...


@overload
def primitive(dx: Partial, /) -> Callable[[Callable[[float], float]], OfOne]: ...
@overload
def primitive(dx: Partial, dy: Partial, /) -> Callable[[Callable[[float, float], float]], OfTwo]: ...
@overload
def primitive(*partials: Partial) -> Callable[[Callable[..., float]], Callable[..., Any]]: ...
@overload
def primitive(*, vjp: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
def primitive(*partials: Any, vjp: Callable[..., Any] | None = None) -> Any:
    """Turn a function of floats and its partial derivatives into an operation of Values.

    The operation takes Values and plain numbers.  You can differentiate it to any order, and it has the function's name
    in drawings.  If the function takes or returns lists, dicts or other structures of floats, pass a `vjp` instead of
    partials.

    Args:
        partials: ∂z/∂x for each argument, in order: a number, or a function of (m, z, x, y, …).  z is the value, and
            x, y, … are the arguments.  m has the operations of the table for the arithmetic in use: write `m.cos(x)`,
            `m.sum(x, y)`, and for a choice `m.where(x > 0, x, y)`.  You can use operators and other primitives
            directly.
        vjp: a function of (result, adjoint, x, y, …) that returns a tuple with a contribution to each argument.  The
            adjoint has the structure of the result, and a contribution has that of its argument.  It gets floats in
            `backward()`, and Values if you ask for a second derivative: use the functions of this package in it.

    Returns:
        The decorator.  The operation keeps the name, the documentation and the signature of the function.

    Raises:
        TypeError: when decorating, if there are both partials and a vjp, or not as many partials as arguments, or one
            is neither a number nor a function of (m, z, x, y, …).  When called, if the function does not return a
            real number.

    >>> @primitive(lambda m, z, x: 1.0 / (x + m.exp(z)))
    ... def lambert_w(x):
    ...     z = log1p(x)  # Newton's method for z·eᶻ = x; DLMF 4.13
    ...     for _ in range(10):
    ...         z -= (z - x * exp(-z)) / (1.0 + z)
    ...     return z
    >>> x = Value(2.0 * exp(2.0))
    >>> z = lambert_w(x)
    >>> z.backward()
    >>> f"{z:.6f}, {x.grad:.6f}"
    '2.000000, 0.045112'

    >>> @primitive(vjp=lambda z, u, xs: ([2.0 * u * x for x in xs],))
    ... def sum_of_squares(xs):
    ...     return float(sum([x * x for x in xs]))
    >>> y = [Value(3.0), Value(4.0)]
    >>> sum_of_squares(y).backward()
    >>> y[0].grad, y[1].grad
    (6.0, 8.0)
    """
    if vjp is not None:
        if partials:
            raise TypeError("@primitive takes the partials of its arguments, or a vjp of all of them, not both")
        return lambda f: with_pullback(f, vjp)

    def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(f):
            raise TypeError(f"@primitive(*partials) makes an operation of a function, not of {type(f).__name__} {f!r}")
        name = getattr(f, "__name__", type(f).__name__)
        arguments = _arguments(f, name, partials)
        slopes = [
            _checked(d, name, x) if callable(d) else as_number(d, f"the partial of {name} with respect to {x}")
            for d, x in zip(partials, arguments.parameters)
        ]

        def value(*xs: float) -> float:
            z = f(*xs)
            number = as_constant(z)
            if number is None:
                raise TypeError(f"the primitive {name!r} must return a real number, not {type(z).__name__} {z!r}")
            return number

        # Its own name for the table, so that a primitive called `log` is not taken for the logarithm.
        rule = Rule(f"{f.__module__}.{name}", value, *slopes, symbol=name, domain=(LINE,) * len(slopes))

        @wraps(f)
        def operation(*args: Any, **named: Any) -> Any:
            if named or len(args) != len(slopes):
                bound = arguments.bind(*args, **named)
                bound.apply_defaults()
                args = bound.args
            if any(isinstance(x, Ieee) for x in args):  # called in another primitive's partial
                return total(rule, *args)
            try:
                return apply(rule, *args)
            except RAISED_BY_FLOATS:
                raise
            except Exception as error:  # noqa: BLE001  (whatever f raises, a trace must learn of it)
                return refuse.refused(error, rule, *args)

        vars(operation)["rule"] = rule  # a compiled program finds it by this
        return operation

    return decorate


def _checked(d: Callable[..., Any], name: str, x: str) -> Callable[..., Any]:
    """The partial d of a primitive with respect to its argument x; its result must be a number."""

    def slope(m: Any, z: Any, *xs: Any) -> Any:
        s = d(m, z, *xs)
        if isinstance(s, (float, Value)) or not isinstance(m, SimpleNamespace):  # m itself checks arrays and texts
            return s
        number = as_constant(s)
        if number is None:
            raise TypeError(
                f"the partial of {name} with respect to {x} must be a real number, not {type(s).__name__} {s!r}"
            )
        return number

    return slope


def _arguments(f: Callable[..., Any], name: str, partials: Sequence[Partial]) -> "Signature":
    """The signature of a primitive's function.  Each argument must have a partial that can be called for it."""
    from inspect import Parameter, signature  # here, because it takes longer to import than this package

    arguments = signature(f)
    names = list(arguments.parameters)
    if any(
        p.kind not in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        for p in arguments.parameters.values()
    ):
        raise TypeError(f"a primitive must take a fixed number of positional arguments, and {name}{arguments} does not")
    if not names or len(names) != len(partials):
        raise TypeError(f"{name}{arguments} has {len(names)} arguments and {len(partials)} partials: give one for each")
    for x, d in zip(names, partials):
        try:
            if callable(d):
                signature(d).bind("m", "z", *names)
        except TypeError as error:
            called = ", ".join(["m", "z", *names])
            raise TypeError(
                f"the partial of {name} with respect to {x} does not accept the arguments ({called}): {error}"
            ) from None
    return arguments
