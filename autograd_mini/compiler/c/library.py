"""The functions of the table in C that a program calls."""

import re
from collections.abc import Iterable
from functools import cache, reduce
from importlib.resources import files
from operator import add, mul
from typing import Any, Final

from ...arithmetic import ATOM, CHOICE, Expression, Form
from ...c_rows import CArithmetic, value_in_c
from ...rule import Rule
from ...rules import RULES
from ..record.graph import OPERATIONS

_CALLED: Final = re.compile(r"\b(v_\w+|square|lost)\(")
_MULTIPLIED: Final = (2.0, 3.0)  # exponents for which a product is as exact as the power
_IN_LIBM: Final = {"gamma": "tgamma", "lgamma": "lgamma", "fma": "fma"}
_NOT_LOST: Final = frozenset(("add", "sub", "mul", "neg", "pos", "abs", "hypot", "sum", "mean", "prod", "dot", "chain"))
LOST: Final = """\
/* Whether an operation would raise in Python: nan from numbers, or infinity from finite ones. */
static inline int
lost(double z, double x, double y)
{
    return isnan(z) ? !isnan(x) && !isnan(y) : isinf(z) && isfinite(x) && isfinite(y);
}
"""


class _Rows(CArithmetic):
    """The arithmetic of a row.  Functions that CPython implements itself come from the C library here."""

    def written(self, rule: Rule, *xs: Any) -> Any:
        if rule.name in _IN_LIBM:
            return self.lines.call(_IN_LIBM[rule.name], *xs)
        return super().written(rule, *xs)


class ProgramArithmetic(_Rows):
    """The arithmetic of a program: operations of the table are called, or composed where they are used.

    Args:
        lines: where the code goes.
    """

    def written(self, rule: Rule, *xs: Any) -> Any:
        """The code of an operation."""
        name = rule.name
        if OPERATIONS.get(name) is not rule:
            raise TypeError(f"{rule.symbol!r} was made with @primitive, so it is Python and can't be written as C")
        if name in _SUMS:
            return _SUMS[name](*xs)
        if name in ("pow", "powi") and not isinstance(xs[1], Expression) and xs[1] in _MULTIPLIED:
            return reduce(mul, [xs[0]] * int(xs[1]))
        if rule.formula is not None and (name not in RULES or (rule.many and len(rule.domain) == 1)):
            return rule.formula(self, *xs)
        return super().written(rule, *xs)

    def operands(self, rule: Rule, xs: Iterable[Any]) -> list[Any]:
        """The operands as numbers: a truth value in C is an int."""
        choosing = {"where": 1, "and": 2, "or": 2}.get(rule.name, 0)
        return [x if i < choosing else self._number(x) for i, x in enumerate(xs)]

    def _number(self, x: Any) -> Any:
        if isinstance(x, Expression) and x.form.type == "int":
            return self.lines.make(Form("(double)({})", ATOM, (CHOICE,)), (x,))
        return x

    def refusal(self, rule: Rule, z: Any, xs: list[Any]) -> Any:
        """Whether the operation raises in Python: an expression, or None if it never does."""
        if not isinstance(z, Expression) or rule.name in _NOT_LOST or rule.many:
            return None
        if rule.name == "truediv":
            return self.lines.operate("eq", xs[1], 0.0) if isinstance(xs[1], Expression) else None
        if "(" not in z.form.template and rule.name not in ("pow", "powi"):  # no function is called
            return None
        return self.lines.call("lost", z, *[*xs, 0.0][:2], type="int")


def _dot(*operands: Any) -> Any:
    n = len(operands) // 2
    start = operands[2 * n] if len(operands) % 2 else 0.0
    return reduce(add, map(mul, operands[:n], operands[n : 2 * n]), start)


# Added up in order, as in Python; of a value that comes with its slopes, only the value.
_SUMS: Final = {
    "sloped": lambda *xs: xs[0],
    "chain": lambda *xs: reduce(add, xs),
    "sum": lambda *xs: reduce(add, xs, 0.0),
    "mean": lambda *xs: reduce(add, xs, 0.0) / float(len(xs)),
    "prod": lambda *xs: reduce(mul, xs),
    "dot": _dot,
}


def functions_for(code: str) -> str:
    """The functions that the code calls, and those that they call, each after those that it calls."""
    done: dict[str, str] = {}

    def need(text: str) -> None:
        for name in dict.fromkeys(_CALLED.findall(text)):
            if name not in done:
                own = _text_of(name)
                done[name] = ""  # being written
                need(own[own.index("{") :])
                done.pop(name)
                done[name] = own

    need(code)
    return "\n".join(done.values())


@cache
def _text_of(name: str) -> str:
    if name == "lost":
        return LOST
    by_hand = files("autograd_mini").joinpath("_math.h").read_text("utf-8")
    for text in by_hand.split("\n\n")[1:]:
        if f"\n{name}(" in text:
            return text.rstrip() + "\n"
    return value_in_c(RULES[name.removeprefix("v_")], _Rows)
