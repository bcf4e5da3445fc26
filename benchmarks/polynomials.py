"""The polynomials of autograd_mini/polynomials.py, computed from scratch by mpmath.

    pip install mpmath
    python benchmarks/polynomials.py > autograd_mini/polynomials.py        # a minute

A half-line t ≥ 0 is mapped to −1 ≤ u ≤ 1 by u = (t − k)/(t + k).  There each function, made smooth at both ends, is
interpolated at the 48 zeros of a Chebyshev polynomial with 60 digits.  The series is cut where the rest is below 2e-17,
written in powers of u and rounded to floats.
"""

from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf

mp.dps = 60
NODES = 48
REST = mpf("2e-17")
TERMS = 16  # of the power series

HEAD = '''"""Polynomials of the special functions.  Written by `python benchmarks/polynomials.py`: do not edit.

Each is in powers of u = (t − k)/(t + k), from the highest down.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any, Final


def horner(coefficients: Sequence[float], u: Any) -> Any:
    """The polynomial at u."""
    return reduce(lambda total, c: total * u + c, coefficients)

'''


def repeated(n: int, t: Any) -> Any:
    """exp(t²)·iⁿerfc(t): its asymptotic series (DLMF 7.18.14) far out, its recurrence (7.18.7) elsewhere."""
    if t > 100:
        terms = [(-1) ** m * mp.rf(n + 1, 2 * m) / mp.factorial(m) / (2 * t) ** (n + 2 * m + 1) for m in range(60)]
        return 2 / mp.sqrt(mp.pi) * mp.fsum(terms)
    before, z = 2 / mp.sqrt(mp.pi), mp.exp(t * t) * mp.erfc(t)
    for k in range(1, n + 1):
        before, z = z, (before - 2 * t * z) / (2 * k)
    return z


def interpolated(f: Callable[[Any], Any]) -> list[Any]:
    """The coefficients of the Chebyshev series of f."""
    angles = [mp.pi * (2 * k + 1) / (2 * NODES) for k in range(NODES)]
    values = [f(mp.cos(angle)) for angle in angles]
    series = [2 * mp.fsum(z * mp.cos(j * angle) for z, angle in zip(values, angles)) / NODES for j in range(NODES)]
    return [series[0] / 2, *series[1:]]


def powers(series: list[Any]) -> list[float]:
    """A Chebyshev series in powers of u, from the highest down, without what is below REST."""
    last = max(j for j, c in enumerate(series) if abs(c) > REST)
    before, now = [mpf(1)], [mpf(0), mpf(1)]
    total = [mpf(0)] * (last + 1)
    for c in series[: last + 1]:
        for k, x in enumerate(before):
            total[k] += c * x
        following = [mpf(0), *[2 * x for x in now]]
        before, now = now, [x - (before[k] if k < len(before) else 0) for k, x in enumerate(following)]
    return [float(c) for c in reversed(total)]


def of_erfc(n: int, k: float, a: float) -> list[float]:
    """exp(t²)·iⁿerfc(t)·(t + a)ⁿ⁺¹; k and a were found by trying which are rounded least."""
    return powers(interpolated(lambda u: repeated(n, t := k * (1 + u) / (1 - u)) * (t + a) ** (n + 1)))


def of_digamma(k: float, zero: Any) -> list[float]:
    """(exp(ψ(1 + t)) − 1)/(1 + t − zero)"""

    def f(u: Any) -> Any:
        x = 1 + k * (1 + u) / (1 - u)
        return mp.expm1(mp.psi(0, x)) / (x - zero)

    return powers(interpolated(f))


def written(name: str, coefficients: list[float], comment: str) -> str:
    """The lines of one polynomial."""
    lines = [f"    {c!r}," for c in coefficients]
    return "\n".join([f"# {comment}", f"{name}: Final = (", *lines, ")\n"])


def main() -> None:
    """Print the module."""
    zero = mp.findroot(mp.digamma, 1.46)
    high = float(zero)
    parts = [HEAD]
    for n, (name, k, a) in enumerate((("ERFCX", 3.75, 0.875), ("IERFCX", 3.75, 0.875), ("I2ERFCX", 3.5, 1.1875))):
        integral, power = ("", "i", "i²")[n], ("", "²", "³")[n]
        parts.append(written(name, of_erfc(n, k, a), f"exp(t²)·{integral}erfc(t)·(t + {a}){power}; k = {k}"))
    parts.append(f"# The zero of ψ, as a sum of two floats.\nPSI_ZERO: Final = ({high!r}, {float(zero - high)!r})\n")
    parts.append(written("PSI", of_digamma(1.5, zero), "(exp(ψ(1 + t)) − 1)/(1 + t − zero); k = 1.5"))
    poles = [float(2 * (2 * k - 1) * mp.zeta(2 * k)) for k in range(TERMS, 0, -1)]
    parts.append(written("POLES", poles, "Not in u: (π/sin πr)² − 1/r² in powers of r², for |r| up to 0.3."))
    print("\n".join(parts), end="")


if __name__ == "__main__":
    main()
