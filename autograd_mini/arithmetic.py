"""The base of every arithmetic that writes code: evaluate a row of the rule table in it, and it writes the row as code.

Operators on an `Expression` make expressions.  Each distinct one is computed once: an expression that is used once is
written where it is used, any other gets a name.  A `Language` describes the differences between languages.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

from .ieee import total
from .rule import Rule

# How tightly a piece of code binds.  Each language orders comparison, `and` and `or` between SUM and CHOICE.
ATOM: Final = 10
POWER: Final = 9
SIGN: Final = 8
PRODUCT: Final = 7
SUM: Final = 6
CHOICE: Final = 2

# Errors that a user's row may raise if it is evaluated on code and asks for something that only a number has.
UNREADABLE: Final = (TypeError, AttributeError, ValueError, LookupError, ArithmeticError)

DEEP: Final = 12  # operators in one expression, beyond which it gets a name: readers tire, and parsers have limits


@dataclass(frozen=True)
class Form:
    """How a language writes an operation: a template, how tightly it binds, and how tightly its operands must."""

    template: str
    binds: int
    needs: tuple[int, ...]
    type: str = "double"  # of the result, where the language declares one


ARITHMETIC: Final[Mapping[str, Form]] = {
    "add": Form("{} + {}", SUM, (SUM, PRODUCT)),
    "sub": Form("{} - {}", SUM, (SUM, PRODUCT)),
    "mul": Form("{} * {}", PRODUCT, (PRODUCT, SIGN)),
    "truediv": Form("{} / {}", PRODUCT, (PRODUCT, SIGN)),
}


def infix(symbol: str, binds: int, needs: int, type: str = "double") -> Form:
    """An operator between two operands that must bind as tightly as each other."""
    return Form(f"{{}} {symbol} {{}}", binds, (needs, needs), type)


def comparisons(
    binds: int, needs: int, equal: str = "==", unequal: str = "!=", type: str = "double"
) -> dict[str, Form]:
    """The forms of all six."""
    symbols = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": equal, "ne": unequal}
    return {name: infix(symbol, binds, needs, type) for name, symbol in symbols.items()}


@dataclass(frozen=True)
class Language:
    """The properties of a language.

    `forms` has a form for each operator, by its name in Python's `operator`, and for "where".  `number` writes a
    constant and says how it binds.  `power` makes xⁿ.  `named` is the line that names an expression of a type.
    """

    forms: Mapping[str, Form]
    number: Callable[[Any], tuple[str, int]]
    power: Callable[["Lines", Any, Any], Any]
    named: str


class Operators:
    """Python's operators.  Each calls `operate` with its name in the module `operator`, which writes the operation."""

    __slots__ = ()

    def operate(self, name: str, *args: Any) -> Any:
        """An operation on this and on others."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self.operate("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.operate("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self.operate("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.operate("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self._signed(other) if _is_one(other) else self.operate("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._signed(other) if _is_one(other) else self.operate("mul", other, self)

    def _signed(self, one: float) -> Any:
        return self if one > 0.0 else -self  # exact, and so the same bits

    def __truediv__(self, other: Any) -> Any:
        return self.operate("truediv", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.operate("truediv", other, self)

    def __pow__(self, n: Any) -> Any:
        return self.operate("pow", self, n)

    def __neg__(self) -> Any:
        return self.operate("neg", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.operate("abs", self)

    def __and__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return self if other else False
        return self.operate("and_", self, other)

    def __or__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return True if other else self
        return self.operate("or_", self, other)

    __rand__, __ror__ = __and__, __or__

    def __lt__(self, other: Any) -> Any:
        return self.operate("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return self.operate("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.operate("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.operate("ge", self, other)

    def __eq__(self, other: object) -> Any:
        return self.operate("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return self.operate("ne", self, other)

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise TypeError("a row can't use `if`, `and` or `or` on an operand: write m.where(condition, a, b)")


def _is_one(x: Any) -> bool:
    return not isinstance(x, Operators) and abs(x) == 1.0


class Arithmetic:
    """The m of a row: every operation under its name, `where` and `stop_gradient`.

    Args:
        operations: the rows by their names.
    """

    def __init__(self, operations: Mapping[str, Rule]) -> None:
        self.operations = operations

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.operations:
            raise AttributeError(f"there is no operation {name!r}", name=name, obj=self)
        return partial(self.value, self.operations[name])

    @staticmethod
    def stop_gradient(x: Any) -> Any:
        """x itself: no derivative is taken of code."""
        return x

    def value(self, rule: Rule, *xs: Any) -> Any:
        """The code of an operation; if all operands are constants, its value."""
        if not any(isinstance(x, Operators) for x in xs):
            return constant(rule, *xs)
        return self.written(rule, *xs)

    def written(self, rule: Rule, *xs: Any) -> Any:
        """The code of an operation that has an operand in code."""
        raise NotImplementedError


def constant(rule: Rule, *xs: float) -> Any:
    """The value of an operation on floats; if it raises, its value in IEEE arithmetic."""
    try:
        return rule.f(*xs)
    except (ArithmeticError, ValueError):
        return float(total(rule, *xs))


class Expression(Operators):
    """A piece of code: a form with its arguments, which are expressions or constants."""

    __slots__ = ("args", "at", "form", "lines")

    def __init__(self, lines: "Lines", form: Form, args: tuple[Any, ...], at: int) -> None:
        self.lines = lines
        self.form = form
        self.args = args
        self.at = at

    def operate(self, name: str, *args: Any) -> Any:
        """An operation: by the language's form."""
        return self.lines.power(*args) if name == "pow" else self.lines.operate(name, *args)


class Lines:
    """The lines of a piece of code that is being written."""

    def __init__(self, language: Language, prefix: str = "t") -> None:
        self.language = language
        self.prefix = prefix
        self._entries: list[Expression] = []
        self._known: dict[Any, Expression] = {}
        self._statements: set[int] = set()

    def operate(self, name: str, *args: Any) -> Expression:
        """An operation for which the language has a form."""
        return self.make(self.language.forms[name], args)

    def power(self, x: Any, n: Any) -> Any:
        """x to the power of n."""
        return self.language.power(self, x, n)

    def atom(self, text: str) -> Expression:
        """A name or any other text that needs no brackets."""
        return self.make(Form(text, ATOM, ()), ())

    def call(self, function: str, *args: Any, type: str = "double") -> Expression:
        """A call of a function that the code finds where it runs."""
        places = ", ".join(["{}"] * len(args))
        return self.make(Form(f"{function}({places})", ATOM, (CHOICE,) * len(args), type), args)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """The choice; if the condition is a constant, the chosen branch."""
        if not isinstance(condition, Expression):
            return a if condition else b
        return self.operate("where", condition, a, b)

    def do(self, template: str, *args: Any) -> None:
        """A statement; the expressions that it reads are computed before it."""
        self._statements.add(self._entered(Form(template, ATOM, (CHOICE,) * len(args)), args).at)

    def make(self, form: Form, args: Iterable[Any]) -> Expression:
        """The expression of a form; the same one for the same arguments."""
        args = tuple(args)
        key = (form.template, *[x.at if isinstance(x, Expression) else repr(x) for x in args])
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._entered(form, args)
        return known

    def _entered(self, form: Form, args: tuple[Any, ...]) -> Expression:
        expression = Expression(self, form, args, len(self._entries))
        self._entries.append(expression)
        return expression

    def written(self) -> list[str]:
        """The lines."""
        uses = self.uses()
        lines: list[str] = []
        done: dict[int, tuple[str, int, int]] = {}  # the code of each expression, how it binds, how deep it is
        for e in self._entries:
            if not uses[e.at]:
                continue
            parts = [done[x.at] if isinstance(x, Expression) else (*self.language.number(x), 0) for x in e.args]
            code = e.form.template.format(*_bracketed(parts, e.form.needs))
            depth = 1 + max([depth for _, _, depth in parts], default=-1)
            if e.at in self._statements:
                lines.append(code)
            elif e.args and (uses[e.at] > 1 or depth > DEEP):
                name = f"{self.prefix}{e.at}"
                lines.append(self.language.named.format(name=name, code=code, type=e.form.type))
                done[e.at] = name, ATOM, 0
            else:
                done[e.at] = code, e.form.binds, depth
        return lines

    def uses(self) -> list[int]:
        """How often each expression occurs in what the statements need."""
        uses = [int(e.at in self._statements) for e in self._entries]
        for e in reversed(self._entries):
            if uses[e.at]:
                for x in e.args:
                    if isinstance(x, Expression):
                        uses[x.at] += 1
        return uses


def _bracketed(parts: Sequence[tuple[str, int, int]], needs: Sequence[int]) -> list[str]:
    return [code if binds >= need else f"({code})" for (code, binds, _), need in zip(parts, needs)]


def binds_as(x: float, text: str) -> tuple[str, int]:
    """The text of a constant, and how it binds: a constant with a sign binds like a sign."""
    return text, SIGN if math.copysign(1.0, x) < 0.0 else ATOM
