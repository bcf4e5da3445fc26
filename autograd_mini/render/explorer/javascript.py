"""The rows of the rule table as JavaScript: read once more, in an arithmetic whose numbers are pieces of a program.

An operation on such numbers writes a line, `const t1 = x0 * x1;`, and is the name of it.  What JavaScript's `Math`
lacks stands in arithmetic.js.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...rule import Rule
from ...rules import RULES


class _Program:
    """The lines of a function being written, and the operations that they call."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.called: set[str] = set()

    def add(self, expression: str) -> "_Number":
        name = f"t{len(self.lines)}"
        self.lines.append(f"const {name} = {expression};")
        return _Number(self, name)

    def call(self, name: str, *xs: Any) -> "_Number":
        self.called.add(name)
        return self.add(f"m.{name}({_separated(xs)})")


class _Number:
    """A number in a JavaScript program: its name there."""

    def __init__(self, program: _Program, name: str) -> None:
        self.program, self.name = program, name

    __hash__ = object.__hash__

    def __neg__(self) -> "_Number":
        return self.program.add(f"-{self.name}")

    def __abs__(self) -> "_Number":
        return self.program.call("abs", self)


def _infix(symbol: str) -> tuple[Callable[[_Number, Any], _Number], Callable[[_Number, Any], _Number]]:
    def forward(x: _Number, y: Any) -> _Number:
        return x.program.add(f"{x.name} {symbol} {_text(y)}")

    def reflected(y: _Number, x: Any) -> _Number:
        return y.program.add(f"{_text(x)} {symbol} {y.name}")

    return forward, reflected


for _name, _symbol in {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "and": "&&", "or": "||"}.items():
    _forward, _reflected = _infix(_symbol)
    setattr(_Number, f"__{_name}__", _forward)
    setattr(_Number, f"__r{_name}__", _reflected)
for _name, _symbol in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "===", "ne": "!=="}.items():
    setattr(_Number, f"__{_name}__", _infix(_symbol)[0])
setattr(_Number, "__pow__", lambda x, n: x.program.call("pow", x, n))  # noqa: B010  (as the other operators)


class _Arithmetic:
    """The `m` of a row: each operation is a call in the program, and a choice one of the `where` in scope."""

    def __init__(self, program: _Program) -> None:
        self.program = program

    def where(self, condition: Any, a: Any, b: Any) -> _Number:
        return self.program.add(f"where({_separated([condition, a, b])})")

    def stop_gradient(self, x: Any) -> Any:
        return x

    def __getattr__(self, name: str) -> Callable[..., _Number]:
        return lambda *xs: self.program.call(name, *xs)


def _text(x: Any) -> str:
    if isinstance(x, _Number):
        return x.name
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else f"({'-' * (x < 0)}Infinity)"
    return f"({x!r})" if x < 0 else repr(x)


def _separated(xs: Iterable[Any]) -> str:
    return ", ".join(map(_text, xs))


def _function(size: int, write: Callable[[_Arithmetic, list[_Number]], str], first: str = "") -> tuple[str, set[str]]:
    """The text of a function of operands x0, x1 …, and the operations that it calls."""
    program = _Program()
    xs = [_Number(program, f"x{i}") for i in range(size)]
    result = write(_Arithmetic(program), xs)
    read = set(re.findall(r"\bx\d+\b", " ".join([*program.lines, result])))
    used = [x.name if x.name in read else f"_{i}" for i, x in enumerate(xs)]
    arguments = ", ".join([*([first] if first else []), *used])
    body = " ".join([*program.lines, f"return {result};"])
    return f"({arguments}) => {{ {body} }}", program.called


def _value(rule: Rule, size: int) -> tuple[str, set[str]]:
    if rule.formula is None:
        return f"m.{rule.name}", {rule.name}
    formula = rule.formula
    return _function(size, lambda m, xs: _text(formula(m, *xs)))


def _slopes(rule: Rule, size: int) -> tuple[str, set[str]]:
    def write(m: _Arithmetic, xs: list[_Number]) -> str:
        return f"[{_separated(rule.partials(m, _Number(m.program, 'z'), xs))}]"

    return _function(size, write, "where, z")


def rules_in_javascript(uses: Sequence[tuple[Rule, int]]) -> str:
    """The operations of a graph as JavaScript.

    Args:
        uses: rows of the table, with the number of operands that each is used with.

    Returns:
        Text that adds to `m` what is put together from other operations, and makes of each use an entry of `rules`,
        such as "mul/2", with its `value(x0, x1)` and its `slopes(where, z, x0, x1)`.

    >>> print(rules_in_javascript([(RULES["mul"], 2)]))
    const rules = {
      "mul/2": { value: m.mul, slopes: (where, z, x0, x1) => { return [x1, x0]; } },
    };
    """
    entries, called = [], set[str]()
    for rule, size in uses:
        (value, by_value), (slopes, by_slopes) = _value(rule, size), _slopes(rule, size)
        entries.append(f'  "{rule.name}/{size}": {{ value: {value}, slopes: {slopes} }},\n')
        called |= by_value | by_slopes
    return f"{_helpers(called)}const rules = {{\n{''.join(entries)}}};"


def _helpers(called: set[str]) -> str:
    """Definitions of all that is called, directly or not, and is put together from others."""
    written: dict[str, str] = {}
    pending = sorted(called)
    while pending:
        rule = RULES[pending.pop()]
        if rule.formula is not None and rule.name not in written:
            text, more = _value(rule, len(rule.domain))
            written[rule.name] = f"m.{rule.name} = {text};\n"
            pending += sorted(more)
    return "".join(written.values())
