"""Terms: an operation of terms, a number or a name; and the class that builds the terms of a graph's operations.

Equal terms are shared, so there are never more terms than nodes.
"""

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from ...rule import Rule
from ...rules import RULES

MANY: Final = 10**18  # sizes are exact up to here: those of a long graph would have thousands of digits


class Op(Enum):
    """The kinds of a term."""

    NUMBER, NAME, SUM, PRODUCT, QUOTIENT, POWER, NEGATIVE, CHOICE, CALL, TOO_LONG = range(10)


class Term:
    """An operation of terms, a number or a name.

    `detail` is the number, the `Name`, the signs of a sum (the first is +1) or the rule of a call.
    """

    __slots__ = ("args", "detail", "op", "size")

    def __init__(self, op: Op, args: tuple["Term", ...], detail: Any, size: int) -> None:
        self.op = op
        self.args = args
        self.detail = detail
        self.size = size


class AsComputed:
    """Builds terms that represent exactly the operations of a graph; equal terms are one object."""

    def __init__(self, limit: int, known: dict[tuple[Any, ...], Term]) -> None:
        self.limit = limit
        self.known = known

    def make(self, op: Op, *args: Term, detail: Any = None) -> Term:
        size = min(1 + sum([t.size for t in args]), MANY)
        if size > self.limit:  # it keeps nothing alive, and it will not be written
            return Term(Op.TOO_LONG, (), None, size)
        key = (op, repr(detail) if op is Op.NUMBER else detail, *args)
        if key not in self.known:
            self.known[key] = Term(op, args, detail, size)
        return self.known[key]

    def number(self, x: float) -> Term:
        whole = type(x) is float and x % 1.0 == 0.0 and abs(x) < 1e16 and (x or math.copysign(1.0, x) > 0.0)
        return self.make(Op.NUMBER, detail=int(x) if whole else x)

    def node(self, rule: Rule, xs: Sequence[Term]) -> Term:
        """The operation of a row, or of a primitive."""
        if RULES.get(rule.name) is not rule:
            return self.make(Op.CALL, *xs, detail=rule)
        match rule.name:
            case "add" | "sum":
                return self.add(*xs)
            case "sub":
                return self.add(xs[0], self.neg(xs[1]))
            case "mul" | "prod":
                return self.mul(*xs)
            case "truediv":
                return self.div(*xs)
            case "pow" | "powi":
                return self.pow(*xs)
            case "neg":
                return self.neg(*xs)
            case "pos":
                return xs[0]
            case "dot":
                n = len(xs) // 2
                return self.add(*map(self.mul, xs[:n], xs[n : 2 * n]), *xs[2 * n :])
            case "mean":
                return self.div(self.add(*xs), self.number(len(xs)))
            case "where":
                return self.make(Op.CHOICE, *xs)
            case "maximum" | "minimum" if xs[0].op is Op.CALL and xs[0].detail is rule:
                return self.make(Op.CALL, *xs[0].args, *xs[1:], detail=rule)
            # The helpers of the table aren't functions of the package.
            case "power_slope":
                x, exponent = xs
                known = exponent.op is Op.NUMBER
                less = self.number(exponent.detail - 1) if known else self.add(exponent, self.number(-1))
                return self.mul(exponent, self.pow(x, less))
            case "power_log":
                return self.mul(self.pow(*xs), self.make(Op.CALL, xs[0], detail=RULES["log"]))
            case "gap":
                return self.add(xs[0], self.neg(xs[1]))
            case "expectation":
                half = len(xs) // 2
                return self.add(*map(self.mul, xs[:half], xs[half:]))
            case "one_minus_square":
                return self.add(self.number(1), self.neg(self.pow(xs[0], self.number(2))))
            case "sech2":
                cosh = self.make(Op.CALL, *xs, detail=RULES["cosh"])
                return self.div(self.number(1), self.pow(cosh, self.number(2)))
            case "ierfcx":
                erfcx = self.make(Op.CALL, *xs, detail=RULES["erfcx"])
                return self.add(self.number(1 / math.sqrt(math.pi)), self.neg(self.mul(*xs, erfcx)))
            case "i2erfcx":
                erfcx = self.make(Op.CALL, *xs, detail=RULES["erfcx"])
                twice = self.mul(self.number(2), *xs, self.node(RULES["ierfcx"], xs))
                return self.div(self.add(erfcx, self.neg(twice)), self.number(4))
            case "gaussian":
                square = self.mul(xs[1], self.pow(xs[0], self.number(2)))
                return self.make(Op.CALL, self.neg(square), detail=RULES["exp"])
        return self.make(Op.CALL, *xs, detail=rule)

    def add(self, *xs: Term) -> Term:
        return self.signed_sum([x for x in xs if not is_number(x, 0)] or xs[:1])

    def signed_sum(self, xs: Sequence[Term]) -> Term:
        if len(xs) == 1:
            return xs[0]
        signs, rest = zip(*map(self.unsigned, xs[1:]), strict=True)
        return self.make(Op.SUM, xs[0], *rest, detail=(1, *signs))

    def mul(self, *xs: Term) -> Term:
        xs = tuple([x for x in xs if not is_number(x, 1)]) or xs[:1]
        return self.make(Op.PRODUCT, *xs) if len(xs) > 1 else xs[0]

    def div(self, x: Term, y: Term) -> Term:
        return x if is_number(y, 1) else self.make(Op.QUOTIENT, x, y)

    def pow(self, x: Term, n: Term) -> Term:
        return x if is_number(n, 1) else self.make(Op.POWER, x, n)

    def neg(self, x: Term) -> Term:
        if x.op is Op.NUMBER:
            return self.number(-x.detail)
        sign, x = self.unsigned(x)
        return x if sign < 0 else self.make(Op.NEGATIVE, x)

    def unsigned(self, x: Term) -> tuple[int, Term]:
        """The sign that x begins with, and what follows."""
        first, above = x, []
        while first.op in (Op.PRODUCT, Op.QUOTIENT):
            above.append(first)
            first = first.args[0]
        if first.op is Op.NEGATIVE:
            first = first.args[0]
        elif first.op is Op.NUMBER and first.detail < 0:
            first = self.number(-first.detail)
        else:
            return 1, x
        for y in reversed(above):
            first = (self.div if y.op is Op.QUOTIENT else self.mul)(first, *y.args[1:])
        return -1, first


def is_number(x: Term, number: float) -> bool:
    return x.op is Op.NUMBER and bool(x.detail == number)
