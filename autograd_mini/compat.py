"""Differences between versions of Python."""

import math
import operator
import sys
from collections.abc import Callable

if sys.version_info >= (3, 12):

    def dot(*operands: float) -> float:
        """w₁·x₁ + … + wₙ·xₙ of the operands w₁ … wₙ, x₁ … xₙ and perhaps a start."""
        n = len(operands) // 2
        total: float = math.sumprod(operands[:n], operands[n : 2 * n])
        return sum(operands[2 * n :], total)

else:

    def dot(*operands: float) -> float:
        """w₁·x₁ + … + wₙ·xₙ of the operands w₁ … wₙ, x₁ … xₙ and perhaps a start."""
        n = len(operands) // 2
        total: float = sum(map(operator.mul, operands[:n], operands[n : 2 * n]), *operands[2 * n :])
        return total


def exact_fma(x: float, y: float, z: float, /) -> float:
    """x·y + z, rounded once."""
    if not all(map(math.isfinite, (x, y, z))):
        total = x * y + z if not (math.isfinite(x) and math.isfinite(y)) else z
        if math.isnan(total) and not any(map(math.isnan, (x, y, z))):
            raise ValueError("invalid operation in fma")
        return total
    if not x or not y:
        return float(x * y + z)
    (a, b), (c, d), (e, f) = map(float.as_integer_ratio, map(float, (x, y, z)))
    numerator = a * c * f + e * b * d
    try:
        return numerator / (b * d * f) if numerator else 0.0
    except OverflowError:
        raise OverflowError("overflow in fma") from None


fma: Callable[[float, float, float], float] = getattr(math, "fma", exact_fma)  # in Python since 3.13
