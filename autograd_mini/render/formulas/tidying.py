"""Terms that are tidied as they are built: no `*1`, no `+0`, like terms and factors gathered, constants folded.

There is no further algebra.
"""

import math
import sys
from collections.abc import Iterator, Sequence

from ...rules import RULES
from .terms import AsComputed, Op, Term, is_number


class Tidied(AsComputed):
    """Builds terms in a tidy form: a number times powers, the positive ones over the others, and sums of these."""

    def mul(self, *xs: Term) -> Term:
        return self.product([(x, 1) for x in xs if not is_number(x, 1)])

    def div(self, x: Term, y: Term) -> Term:
        return self.product([(x, 1), (y, -1)])

    def pow(self, x: Term, n: Term) -> Term:
        return self.product([(x, n.detail)]) if n.op is Op.NUMBER else super().pow(x, n)

    def product(self, powers: Sequence[tuple[Term, float]]) -> Term:
        """The product of terms to the given powers, with like factors gathered."""
        if len(powers) == 1 and powers[0][1] == 1 and powers[0][0].op is not Op.NUMBER:
            return powers[0][0]
        above, below = 1.0, 1.0
        exponents: dict[Term, float] = {}
        for x, n in self.factors(powers):
            if x.op is not Op.NUMBER or not _can_be_folded(x.detail, n, above, below):
                exponents[x] = exponents.get(x, 0) + n
            elif n < 0:
                below *= x.detail**-n
            elif (inverse := _inverse(x.detail)) is not None:
                below *= inverse**n
            else:
                above *= x.detail**n
        if below < 0.0:
            above, below = -above, -below
        if above == 0.0:
            return self.number(0.0)
        # Names first and sums last: 2·y·cos(x·y)·(x + 1) reads well.
        factors = sorted([(x, n) for x, n in exponents.items() if n], key=_place)
        return self.fraction(above, below, factors)

    def fraction(self, above: float, below: float, factors: Sequence[tuple[Term, float]]) -> Term:
        if (above / below) % 1.0 == 0.0 or above % 1.0 != 0.0:
            above, below = above / below, 1.0
        over = [self.power(x, n) for x, n in factors if n > 0]
        under = [self.power(x, -n) for x, n in factors if n < 0]
        if abs(above) != 1.0 or not over:
            over.insert(0, self.number(abs(above)))
        if below != 1.0:
            under.insert(0, self.number(below))
        z = super().mul(*over)
        if under:
            z = super().div(z, super().mul(*under))
        return self.make(Op.NEGATIVE, z) if above < 0.0 else z

    def power(self, x: Term, n: float) -> Term:
        if n == 1:
            return x
        if x.op is Op.CALL and n % 2 == 0:
            if x.detail is RULES["hypot"]:
                return self.power(self.add(*[self.pow(y, self.number(2)) for y in x.args]), n / 2)
            if x.detail is RULES["sqrt"]:
                return self.power(x.args[0], n / 2)
        return super().pow(x, self.number(n))

    def factors(self, powers: Sequence[tuple[Term, float]]) -> Iterator[tuple[Term, float]]:
        """The factors of the terms.  Only a whole power can be taken apart: (x²)^½ is not x."""
        pending = list(reversed(powers))
        while pending:
            x, n = pending.pop()
            if n % 1 != 0:
                yield x, n
            elif x.op is Op.NEGATIVE:
                pending.append((x.args[0], n))
                if n % 2:
                    yield self.number(-1), 1
            elif x.op is Op.PRODUCT:
                pending += [(y, n) for y in reversed(x.args)]
            elif x.op is Op.QUOTIENT:
                pending += [(x.args[1], -n), (x.args[0], n)]
            elif x.op is Op.POWER and x.args[1].op is Op.NUMBER:
                pending.append((x.args[0], n * x.args[1].detail))
            else:
                yield x, n

    def add(self, *xs: Term) -> Term:
        if len(xs) == 1:
            return xs[0]
        if any(x.op is Op.TOO_LONG for x in xs):
            return self.make(Op.SUM, *xs)
        counts: dict[Term, float] = {}
        for x in xs:
            for y in self.summands(x):
                n, rest = self.counted(self.product([(self.number(1), 1), (y, 1)]))
                counts[rest] = counts.get(rest, 0.0) + n
        parts = [self.product([(self.number(n), 1), (rest, 1)]) for rest, n in counts.items() if n]
        if not parts:
            return self.number(0)
        first = next((i for i, part in enumerate(parts) if self.unsigned(part)[0] > 0), 0)
        parts.insert(0, parts.pop(first))
        return self.signed_sum(parts)

    def summands(self, x: Term) -> Iterator[Term]:
        pending = [(1, x)]
        while pending:
            sign, x = pending.pop()
            if x.op is Op.SUM:
                pending += [(sign * s, y) for s, y in zip(reversed(x.detail), reversed(x.args), strict=True)]
            elif x.op is Op.NEGATIVE:
                pending.append((-sign, x.args[0]))
            else:
                yield self.neg(x) if sign < 0 else x

    def counted(self, x: Term) -> tuple[float, Term]:
        """The number that a term begins with, and what it counts."""
        sign, x = self.unsigned(x)
        if x.op is Op.NUMBER:
            return sign * x.detail, self.number(1)
        if x.op is Op.QUOTIENT:
            n, above = self.counted(x.args[0])
            return sign * n, self.make(Op.QUOTIENT, above, x.args[1])
        if x.op is Op.PRODUCT and x.args[0].op is Op.NUMBER:
            return sign * x.args[0].detail, super().mul(*x.args[1:])
        return sign, x


def _place(factor: tuple[Term, float]) -> float:
    """The position of a factor in a product."""
    x = factor[0]
    return x.detail.place if x.op is Op.NAME else math.inf if x.op is Op.SUM else sys.maxsize


def _can_be_folded(x: float, n: float, *products: float) -> bool:
    """Whether xⁿ can be multiplied out into a constant without an overflow."""
    if x == 0.0:
        return n > 0
    if n % 1 != 0 or abs(n) > 9 or not 1e-15 < abs(x) < 1e15:
        return False
    return all(1e-150 < abs(product or 1.0) < 1e150 for product in products)


def _inverse(x: float) -> float | None:
    """The whole number n, if x is 1/n rounded: the weight of a mean."""
    n = round(1.0 / x, 0) if x and len(repr(x)) > 8 else 0.0
    return n if n and 1.0 / n == x else None
