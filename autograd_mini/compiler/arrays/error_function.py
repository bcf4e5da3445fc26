"""erf and erfc of NumPy arrays, which NumPy lacks, to 4 units in the last place.

erf is read from a table and continued by its Taylor series, whose terms are Hermite polynomials (DLMF 7.10.1).

Below ¾ erfc(x) is 1 − x·p(x²) with a polynomial p.  From ¾ on, erfc(x)·exp(x²)·(1 + 2x) is a polynomial in
u = (x − 3)/(x + 3), which takes [½, 28] to a short interval (Schonfelder 1978, Mathematics of Computation 32).  Both
interpolate at Chebyshev points; the coefficients were computed with 50 digits.
"""

import math
from typing import Any, Final

import numpy as np

# fmt: off
_ERF: Final = (
    1.1283791670955126, -0.37612638903183543, 0.11283791670945006, -0.02686617064323777, 0.0052239776071164225,
    -0.0008548325975389692, 0.00012055294904839707, -1.492473690741966e-05, 1.6447424703317362e-06,
    -1.6208483801871705e-07, 1.3720064546777686e-08, -7.795898827002142e-10,
)
ERFC: Final = (
    1.2530080582697296, -0.13562110612458134, -0.04756229435345058, 0.1296451587027835, -0.11927366341532432,
    0.06830802734307077, -0.023770514918036445, 0.002529391832675186, 0.0018886903466049378, -0.0007798324398793133,
    -0.0001051596522473519, 0.00012510037313823361, 4.9484535339192485e-06, -2.0104454851557477e-05,
    -7.270603109882931e-07, 3.481686983452046e-06, 3.4482536968247793e-07, -6.299129103282541e-07,
    -1.2169240627639653e-07, 1.1177528463195771e-07, 2.292393009921899e-08, -1.541055292474667e-08,
)
# fmt: on

PART: Final = 8192  # numbers at a time: larger arrays do not fit in the cache, and need new memory each time
STEPS: Final = 256  # of the table, between two whole numbers
_AT: Final = [k / STEPS for k in range(6 * STEPS + 1)]  # at 6 it is 1
_VALUES: Final = np.array([math.erf(x) for x in _AT])
_SLOPES: Final = np.array([2.0 / math.sqrt(math.pi) * math.exp(-x * x) for x in _AT])


def erf(x: Any) -> Any:
    """The error function."""
    x = np.ascontiguousarray(x)
    result = np.empty_like(x)
    numbers, results = x.reshape(-1), result.reshape(-1)
    with np.errstate(invalid="ignore"):  # nan has no index in the table
        for at in range(0, x.size, PART):
            results[at : at + PART] = _erf(numbers[at : at + PART])
    return result


def _erf(x: Any) -> Any:
    h = np.minimum(np.abs(x), 6.0)  # nan stays nan
    a = np.rint(h * STEPS)
    index = a.astype(np.intp)
    a *= 1.0 / STEPS
    h -= a
    b = a * a
    series = (b - 3.0) * b * (2.0 / 15.0) + 0.1
    series *= h
    series += a * (0.5 - b / 3.0)
    series *= h
    series += (2.0 * b - 1.0) / 3.0
    series *= h
    series -= a
    series *= h
    series += 1.0
    series *= h
    series *= _SLOPES.astype(x.dtype).take(index, mode="clip")
    series += _VALUES.astype(x.dtype).take(index, mode="clip")
    return np.copysign(series, x)


def erfc(x: Any) -> Any:
    """The complementary error function."""
    x = np.asarray(x)
    a = np.minimum(np.abs(x), 28.0)  # from there on it is 0
    s = np.floor(a * 64.0) / 64.0  # its square is exact
    tail = np.exp(-s * s)
    tail += tail * np.expm1((s - a) * (a + s))
    b = np.maximum(a, 0.5)
    tail *= _polynomial(ERFC, (b - 3.0) / (b + 3.0))
    tail /= 1.0 + 2.0 * b
    tail = np.where(x < 0.0, 2.0 - tail, tail)
    return np.where(a < 0.75, 1.0 - x * _polynomial(_ERF, a * a), tail)


def _polynomial(coefficients: tuple[float, ...], t: Any) -> Any:
    """Horner's scheme, in place."""
    result = coefficients[-1] * t
    for c in coefficients[-2:0:-1]:
        result += c
        result *= t
    result += coefficients[0]
    return result
