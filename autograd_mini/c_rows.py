"""The rows of the table as C99, in an arithmetic whose numbers are pieces of C.

`python -m autograd_mini.c_rows` prints `_rows.h`, which `_core.c` includes.  Of each row of one or two operands it has

    static double v_exp(double x0)             the value
    static double d_exp_0(double z, double x0) the slope with respect to operand 0

and the lists ROWS_OF_ONE, ROWS_OF_TWO and ROWS_OF_MANY.  C computes in IEEE arithmetic, so no slope raises: the sweep
needs that.  Where Python raises for a value, C gets inf or nan; the caller then evaluates the row itself, which raises
or returns the right number.
Compile it without contraction (-ffp-contract=off): then the bits are the same as Python's.
"""

import math
import sys
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final

from .arithmetic import (
    ARITHMETIC,
    ATOM,
    CHOICE,
    SIGN,
    SUM,
    Arithmetic,
    Expression,
    Form,
    Language,
    Lines,
    binds_as,
    comparisons,
    infix,
)
from .rule import Rule
from .rules import RULES

_COMPARISON, _AND, _OR = 5, 4, 3  # how tightly they bind, between a sum and a choice

# Here CPython uses the function of the C library unchanged, except that it raises errors.
# fmt: off
_LIBM: Final = frozenset((
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "erf", "erfc", "copysign", "pow",
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
))
# fmt: on
_OPERATORS: Final = frozenset(("add", "sub", "mul", "truediv", "neg", "pos", "abs", "powi"))  # written as operators
_BY_HAND: Final = frozenset(("floor", "ceil", "round", "gamma", "lgamma"))  # in _core.c, as in CPython


def _power(lines: Lines, x: Any, n: Any) -> Any:
    if not isinstance(n, Expression) and n in (0.0, 1.0):  # of nan too, as in Python
        return x if n else 1.0
    return lines.call("pow", x, n)


def _number(x: Any) -> tuple[str, int]:
    """A constant, exact to the bit: the shortest decimal that is this double, and compilers round correctly."""
    if math.isnan(x):
        return "NAN", ATOM
    text = repr(abs(float(x))) if math.isfinite(x) else "INFINITY"
    return binds_as(x, "-" + text if math.copysign(1.0, x) < 0.0 else text)


C: Final = Language(
    forms={
        **ARITHMETIC,
        "neg": Form("-{}", SIGN, (ATOM,)),  # --x would count down
        "abs": Form("fabs({})", ATOM, (CHOICE,)),
        **comparisons(_COMPARISON, SUM, type="int"),
        "and_": infix("&&", _AND, _COMPARISON, "int"),
        "or_": infix("||", _OR, _COMPARISON, "int"),
        "where": Form("{} ? {} : {}", CHOICE, (_OR, _OR, _OR)),
    },
    number=_number,
    power=_power,
    named="const {type} {name} = {code};",
)


class CArithmetic(Arithmetic):
    """C's arithmetic."""

    def __init__(self, lines: Lines) -> None:
        super().__init__(RULES)
        self.lines = lines
        self.where = lines.where

    def written(self, rule: Rule, *xs: Any) -> Any:
        """The call of an operation, or its operator."""
        if rule.name in _OPERATORS:
            return rule.f(*xs)
        if rule.name in _LIBM:
            return self.lines.call(rule.name, *xs)
        if rule.name == "where":
            return self.where(*xs)
        if rule.name == "hypot":
            numbers = ", ".join(["{}"] * len(xs))
            form = Form(f"v_hypot((const double[]){{{{{numbers}}}}}, {len(xs)})", ATOM, (CHOICE,) * len(xs))
            return self.lines.make(form, xs)
        return self.lines.call(f"v_{rule.name}", *xs)


# ---- functions ----


def value_in_c(rule: Rule, arithmetic: type[CArithmetic] = CArithmetic) -> str:
    """The C function for the value of a row."""

    def write(m: CArithmetic, xs: Sequence[Any]) -> Any:
        return rule.formula(m, *xs) if rule.formula else m.value(rule, *xs)

    return _function(f"v_{rule.name}", _operands(rule), write, arithmetic)


def _slope_of(rule: Rule, i: int) -> str:
    d = (rule.dx, rule.dy)[i]

    def write(m: CArithmetic, zxs: Sequence[Any]) -> Any:
        return d(m, *zxs) if callable(d) else d

    return _function(f"d_{rule.name}_{i}", ["z", *_operands(rule)], write)


def _operands(rule: Rule) -> list[str]:
    return [f"x{i}" for i in range(len(rule.domain))]


def _function(
    name: str,
    operands: Sequence[str],
    write: Callable[[CArithmetic, Sequence[Any]], Any],
    arithmetic: type[CArithmetic] = CArithmetic,
) -> str:
    lines = Lines(C)
    xs = [lines.atom(operand) for operand in operands]
    lines.do("return {};", write(arithmetic(lines), xs))
    uses = lines.uses()
    unused = [f"(void){x.form.template};" for x in xs if not uses[x.at]]
    body = "".join([f"    {line}\n" for line in [*unused, *lines.written()]])
    return f"{_head(name, operands)}\n{{\n{body}}}\n"


def _head(name: str, operands: Sequence[str]) -> str:
    return f"static inline double {name}({', '.join([f'double {x}' for x in operands])})"


def rows_in_c() -> str:
    """The text of `_rows.h`."""
    rules = [rule for rule in RULES.values() if rule.many is None]
    of_one, of_two = [[rule for rule in rules if len(rule.domain) == n] for n in (1, 2)]
    of_many = [rule for rule in RULES.values() if rule.many]
    called = [rule for rule in RULES.values() if rule.many and rule.formula and len(rule.domain) > 1]  # by other rows
    values = [rule for rule in [*rules, *called] if rule.name not in _BY_HAND]
    return "\n".join(
        [
            "/* Generated from rules.py by `python -m autograd_mini.c_rows`: do not edit. */\n",
            _list("ROWS_OF_ONE", of_one),
            _list("ROWS_OF_TWO", of_two),
            _list("ROWS_OF_MANY", of_many),
            *[f"{_head(f'v_{rule.name}', _operands(rule))};" for rule in values],
            "",
            *[value_in_c(rule) for rule in values],
            *chain.from_iterable([[_slope_of(rule, i) for i in range(len(rule.domain))] for rule in rules]),
        ]
    )


def _list(name: str, rules: Sequence[Rule]) -> str:
    return f"#define {name}(ROW) \\\n" + " \\\n".join([f"    ROW({rule.name})" for rule in rules]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(rows_in_c())
