"""Values and partials of the table that are longer than a line."""

import math
import operator
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any


def where(condition: Any, a: Any, b: Any) -> Any:
    """One of the two, by the truth of the condition."""
    return a if condition else b


def whole(f: Callable[[float], int]) -> Callable[[float], float]:
    """A function that returns whole numbers, made to return floats; inf and nan stay as they are."""
    return lambda x: float(f(x)) if math.isfinite(x) else x


def dot_partials(m: Any, z: Any, *operands: Any) -> Sequence[Any]:
    """The slopes of w₁·x₁ + … + wₙ·xₙ: for each operand, the other factor."""
    n = len(operands) // 2  # w₁ … wₙ, x₁ … xₙ and perhaps the start
    return (*operands[n : 2 * n], *operands[:n], *[1.0] * (len(operands) % 2))


def prod_partials(m: Any, z: Any, *xs: Any) -> Sequence[Any]:
    """The slopes of a product with respect to each factor."""
    # The product of all the others, from both sides: z / x would be 0/0 at a zero.
    before = accumulate(xs[:-1], operator.mul, initial=1.0)
    after = accumulate(xs[:0:-1], operator.mul, initial=1.0)
    return [a * b for a, b in zip(before, reversed(list(after)), strict=True)] if xs else []


def cosines(m: Any, h: Any, *xs: Any) -> Sequence[Any]:
    """The slopes of a length with respect to each coordinate: its share of the length."""
    # x/h for each x, where h is their length.  At the tip of the cone it is 0; infinite operands
    # share the slope equally, and the others get 0.
    odd = (h == 0.0) | (h == math.inf)
    far = [m.where(abs(x) == math.inf, 1.0, 0.0) for x in xs]
    length = m.where(odd, m.sqrt(m.maximum(1.0, m.sum(*far))), h)
    return [m.where(odd, m.copysign(f, m.stop_gradient(x)), x) / length for f, x in zip(far, xs, strict=True)]


def over(m: Any, x: Any, h: Any) -> Any:
    """x/h², which is 0 at the infinite distance h."""
    return m.where(h == math.inf, 0.0, x) / h / h


def cbrt_slope(m: Any, z: Any, x: Any) -> Any:
    """The slope of the cube root."""
    # Two thirds of the way from 1/3z² to z/3x, where an error of z cancels: cube roots of C are up
    # to 4 ulp off.  At 0 and inf, where z/x is undefined, 1/3z².
    odd = (x == 0.0) | (abs(x) == math.inf)
    end, z, x = m.where(odd, z, 1.0), m.where(odd, 1.0, z), m.where(odd, 1.0, x)
    return m.where(odd, 1.0 / end / end / 3.0, (1.0 / (z * z) + 2.0 * z / x) / 9.0)
