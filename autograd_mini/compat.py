"""What differs between versions of Python."""

import math
import operator


def _summed(ws: tuple[float, ...], xs: tuple[float, ...], start: tuple[float, ...]) -> float:
    total: float = sum(map(operator.mul, ws, xs), *start)
    return total


def _exact(ws: tuple[float, ...], xs: tuple[float, ...], start: tuple[float, ...]) -> float:
    total: float = math.sumprod(ws, xs)  # type: ignore[attr-defined, unused-ignore]
    return sum(start, total)


_sum_of_products = _exact if hasattr(math, "sumprod") else _summed


def dot(*operands: float) -> float:
    """w₁·x₁ + … + wₙ·xₙ of the operands w₁ … wₙ, x₁ … xₙ and perhaps a start."""
    n = len(operands) // 2
    z: float = _sum_of_products(operands[:n], operands[n : 2 * n], operands[2 * n :])
    return z
