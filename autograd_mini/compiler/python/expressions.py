"""The arithmetic of Python code: evaluate a row of the rule table in it, and it writes the row as Python."""

import atexit  # noqa: F401  for `finalize`: importing it later would not hold up a fork
import linecache
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from types import CodeType
from typing import Any, Final
from weakref import finalize

from ...arithmetic import (
    ARITHMETIC,
    ATOM,
    CHOICE,
    POWER,
    SIGN,
    SUM,
    UNREADABLE,
    Arithmetic,
    Expression,
    Form,
    Language,
    Lines,
    binds_as,
    comparisons,
)  # fmt: skip
from ...ieee import IEEE, Ieee
from ...rule import FLOATS, Rule
from ..record.graph import DECISIONS, OPERATIONS

_COMPARISON, _OR, _AND = 3, 4, 5  # how tightly they bind, between a sum and a choice
_OPERATORS: Final = ("add", "sub", "mul", "truediv", "neg", "abs", "powi", "chain")  # operations that are operators
_TRUTHS: Final = DECISIONS.keys() - {"stop_gradient"}


def power(lines: Lines, x: Any, n: Any) -> Any:
    """x to the power of n, with the operator."""
    if not isinstance(n, Expression) and n in (0.0, 1.0):
        return x if n else 1.0
    if not isinstance(n, Expression) and float(n).is_integer() and abs(n) < 100.0:
        n = int(n)  # easier to read; Python computes the same power
    return lines.make(Form("{} ** {}", POWER, (ATOM, ATOM)), (x, n))


FORMS: Final = {
    **ARITHMETIC,
    "neg": Form("-{}", SIGN, (SIGN,)),
    "abs": Form("abs({})", ATOM, (CHOICE,)),
    "and_": Form("{} & {}", _AND, (_AND, SUM)),
    "or_": Form("{} | {}", _OR, (_OR, _AND)),
    **comparisons(_COMPARISON, _OR),
    "where": Form("{1} if {0} else {2}", CHOICE, (_OR,) * 3),
}
PYTHON: Final = Language(FORMS, lambda x: binds_as(x, repr(x)), power, "{name} = {code}")  # inf and nan are names


class PythonArithmetic(Arithmetic):
    """Python's arithmetic.

    `called` has the operations whose functions the code calls, by their names in the code.
    """

    def __init__(self, lines: Lines, called: dict[str, Rule]) -> None:
        super().__init__(OPERATIONS)
        self.lines, self.where, self.called = lines, lines.where, called
        self._truths: set[int] = set()  # expressions that are bools

    def written(self, rule: Rule, *xs: Any) -> Any:
        """The code of an operation."""
        if rule.formula is not None:
            z = rule.formula(self, *xs)
            if rule.name in _TRUTHS and isinstance(z, Expression):
                self._truths.add(z.at)
            return z
        return rule.f(*xs) if rule.name in _OPERATORS else self.lines.call(self._name(rule), *xs)

    def operands(self, rule: Rule, xs: Sequence[Any]) -> list[Any]:
        """Operands: a bool stays one as a condition, and becomes a float in arithmetic."""
        bools = len(xs) if rule.name in _TRUTHS else rule.name == "where"
        return [*xs[:bools], *map(self.number, xs[bools:])]

    def number(self, x: Any) -> Any:
        """A bool as a float."""
        return self.lines.call("float", x) if isinstance(x, Expression) and x.at in self._truths else x

    def partials(self, rule: Rule, z: Any, xs: Sequence[Any], wanted: Sequence[bool]) -> Sequence[Any]:
        """The code of the wanted slopes; calls, if the partials of a primitive can't be written as code."""
        if not any(isinstance(x, Expression) for x in (z, *xs)):
            return [slope_of(rule, i).f(z, *xs) for i in range(len(xs))]
        try:
            if rule.many:
                return rule.partials(self, z, xs)
            slopes = zip((rule.dx, rule.dy), wanted, strict=False)
            return [self._partial(d, z, xs) if want and callable(d) else d for d, want in slopes]
        except UNREADABLE:
            if rule.name in OPERATIONS:
                raise
            return [self.lines.call(self._name(slope_of(rule, i)), z, *xs) for i in range(len(xs))]

    def _partial(self, d: Any, z: Any, xs: Sequence[Any]) -> Any:
        """The code of one slope; if constants make floats raise, such as a divisor 0, they use IEEE arithmetic."""
        try:
            return d(self, z, *xs)
        except ArithmeticError:
            return d(self, *[x if isinstance(x, Expression) else Ieee(x) for x in (z, *xs)])

    def _name(self, rule: Rule) -> str:
        known = [name for name, other in self.called.items() if other is rule]
        name = rule.name if OPERATIONS.get(rule.name) is rule else known[0] if known else f"own_{len(self.called)}"
        self.called[name] = rule
        return name


@lru_cache(maxsize=64)
def slope_of(rule: Rule, i: int) -> Rule:
    """The partial of a primitive with respect to argument i, as an operation on the value and the arguments."""

    def slope(z: float, *xs: float) -> float:
        return float(slopes_on_floats(rule, z, xs)[i])

    return Rule(f"{rule.name} by argument {i}", slope, symbol=f"∂{rule.symbol}", many=lambda m, z, *xs: [])


def slopes_on_floats(rule: Rule, z: float, xs: Sequence[float]) -> Sequence[float]:
    """The partials on floats or, if these raise, in IEEE arithmetic."""
    try:
        return rule.partials(FLOATS, z, xs)
    except (ArithmeticError, ValueError):
        return rule.partials(IEEE, Ieee(z), [Ieee(x) for x in xs])


def compiled(source: str, owner: object) -> CodeType:
    """The compiled code of a source, which tracebacks can show as long as its owner exists."""
    while _gone:
        linecache.cache.pop(_gone.pop(), None)
    name = f"<compiled program {next(_numbers)}>"
    finalize(owner, _gone.append, name).atexit = False
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return compile(source, name, "exec")


_numbers = count(1)
_gone: list[str] = []  # removed from the cache later: the collector may run while a debugger reads the cache
