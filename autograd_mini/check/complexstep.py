"""The complex step: f′(x) = Im f(x + ih) / h up to terms in h².  Nothing cancels, so h can be very small.

This witness checks the partials of the rule table without using them, from values alone: `cmath` has most of the
functions.  Squire and Trapp, SIAM Review 40 (1998), 110.  Unlike them, we take two steps, which must agree, on each of
three scales.
"""

import cmath
import math
import operator
from collections.abc import Callable, Sequence
from typing import Final

from ..rule import Rule
from .numerical import NOTHING, TINY, Estimate

STEPS: Final = (2.0**-80, 2.0**-90)  # of the scale
BEYOND: Final = 2.0**-980  # how much the imaginary part may lose by underflow, times the scale over the step
SMALL: Final = 2.0**-900  # if one of several operands is smaller, underflow is likely
ROUNDED: Final = 1e-11  # the relative error that is always assumed
SINGULAR: Final = ("abs", "copysign", "cbrt", "pow", "hypot")  # at 0


def _complex_pow(x: complex, n: complex) -> complex:
    return x**n if x.real > 0.0 or n.imag else (-x) ** n * (-1.0 if n.real % 2.0 else 1.0)


def _complex_hypot(*xs: complex) -> complex:
    top = max(abs(x.real) for x in xs)
    return top * cmath.sqrt(sum((x / top) ** 2 for x in xs))


def _complex_atan2(y: complex, x: complex) -> complex:
    return cmath.atan(y / x) if abs(x.real) > abs(y.real) else -cmath.atan(x / y)  # up to a constant


def _complex_erf(x: complex) -> complex:
    if abs(x.real) > 2.0:  # DLMF 7.9.2, a continued fraction
        z, k = (x, 1.0) if x.real > 0.0 else (-x, -1.0)
        w = z
        for n in range(120, 0, -1):
            w = z + 0.5 * n / w
        return -k * cmath.exp(-z * z) / (math.sqrt(math.pi) * w)
    term = total = 2.0 / math.sqrt(math.pi) * x * cmath.exp(-x * x)  # DLMF 7.6.2, a series
    for n in range(1, 60):
        term *= 2.0 * x * x / (2.0 * n + 1.0)
        total += term
    return total


def _mirrored(x: complex) -> complex:
    return x if x.real > 0.0 else -x


def _still(x: complex) -> complex:
    return complex(x.real)


COMPLEX: Final[dict[str, Callable[..., complex]]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "neg": operator.neg, "pos": operator.pos, "pow": _complex_pow, "powi": _complex_pow,
    "exp": cmath.exp, "expm1": cmath.exp, "exp2": lambda x: cmath.exp(x * math.log(2.0)),
    "log": cmath.log, "log1p": lambda x: cmath.log(1.0 + x),
    "log2": lambda x: cmath.log(x) / math.log(2.0), "log10": lambda x: cmath.log(x) / math.log(10.0),
    "sqrt": cmath.sqrt, "cbrt": lambda x: (1.0 if x.real > 0.0 else -1.0) * _mirrored(x) ** (1.0 / 3.0),
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "asin": cmath.asin, "acos": cmath.acos, "atan": cmath.atan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh,
    "asinh": cmath.asinh, "acosh": cmath.acosh, "atanh": cmath.atanh,
    "atan2": _complex_atan2, "hypot": _complex_hypot, "erf": _complex_erf, "erfc": lambda x: -_complex_erf(x),
    "one_minus_square": lambda x: 1.0 - x * x, "sech2": lambda x: (1.0 / cmath.cosh(x)) ** 2,
    "gaussian": lambda x, k: cmath.exp(-k * x * x), "fma": lambda x, y, z: x * y + z,
    "abs": _mirrored, "copysign": lambda x, y: _mirrored(x) * math.copysign(1.0, y.real),
    "floor": _still, "ceil": _still, "round": _still, "where": lambda c, a, b: a if c.real else b,
}  # fmt: skip
"""Operations on complex numbers, each up to a real constant: those that are not composed of others, and those whose
formula in the table would lose digits here."""


def complex_step(rule: Rule, xs: Sequence[float], i: int) -> Estimate:
    """The partial derivative of an operation with respect to operand i, from the complex step; NOTHING if that fails.

    It trusts the values of `cmath`, and does not use the rule's partials.

    >>> from autograd_mini.rules import RULES
    >>> complex_step(RULES["sin"], [1e300], 0).value == math.cos(1e300)
    True
    """
    f = COMPLEX.get(rule.name)
    x = xs[i]
    if f is None or (x == 0.0 and rule.name in SINGULAR):
        return NOTHING
    if len(xs) > 1 and any(0.0 < abs(y) < SMALL for y in xs):
        return NOTHING
    found = NOTHING
    for scale in (min(abs(x), 1.0), abs(x), 1.0):  # f may bend on either scale
        steps = [step * scale for step in STEPS]
        try:
            first, second = (f(*[complex(y, h * (j == i)) for j, y in enumerate(xs)]).imag / h for h in steps)
        except (ArithmeticError, ValueError):
            continue
        error = ROUNDED * abs(first) + abs(first - second) + BEYOND / scale
        estimate = Estimate(first, max(error, TINY))
        if estimate.meaningful:
            return estimate
        if first == second and error < found.error:  # both 0, by underflow or in truth
            found = estimate
    return found
