"""The rows of the rule table as JavaScript: evaluated in an arithmetic whose numbers are pieces of a program.

arithmetic.js has the functions that JavaScript's `Math` lacks.
"""

import math
import re
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final

from ...arithmetic import (
    ARITHMETIC,
    ATOM,
    CHOICE,
    SIGN,
    SUM,
    Arithmetic,
    Form,
    Language,
    Lines,
    binds_as,
    comparisons,
    infix,
)  # fmt: skip
from ...rule import Rule
from ...rules import RULES

_COMPARISON, _AND, _OR = 5, 4, 3  # how tightly they bind, between a sum and a choice
_OPERATORS: Final = ("add", "sub", "mul", "truediv", "neg", "pos", "abs", "powi")


def _number(x: Any) -> tuple[str, int]:
    if math.isnan(x):
        return "NaN", ATOM
    text = repr(abs(x)) if math.isfinite(x) else "Infinity"
    return binds_as(x, "-" + text if math.copysign(1.0, x) < 0.0 else text)


_JAVASCRIPT: Final = Language(
    forms={
        **ARITHMETIC,
        "neg": Form("-{}", SIGN, (ATOM,)),  # --x would count down
        "abs": Form("m.abs({})", ATOM, (CHOICE,)),
        **comparisons(_COMPARISON, SUM, "===", "!=="),
        "and_": infix("&&", _AND, _COMPARISON),
        "or_": infix("||", _OR, _COMPARISON),
    },
    number=_number,
    power=lambda lines, x, n: lines.call("m.pow", x, n),
    named="const {name} = {code};",
)


class _JavaScript(Arithmetic):
    """JavaScript's arithmetic: each operation is a call of `m`."""

    def __init__(self, lines: Lines) -> None:
        super().__init__(RULES)
        self.lines, self._choices = lines, count()

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """A call of the `where` in scope, as a separate statement in the row's order: the page records each outcome."""
        name = f"w{next(self._choices)}"
        self.lines.do(f"const {name} = where({{}}, {{}}, {{}});", condition, a, b)
        return self.lines.atom(name)

    def written(self, rule: Rule, *xs: Any) -> Any:
        """The call of an operation, or its operator."""
        if rule.name in _OPERATORS:
            return rule.f(*xs)
        return self.where(*xs) if rule.name == "where" else self.lines.call(f"m.{rule.name}", *xs)


def _function(size: int, write: Callable[[_JavaScript, list[Any]], Sequence[Any]], first: str, form: str) -> str:
    """The text of a function of operands x0, x1 …, whose result is written with a form."""
    lines = Lines(_JAVASCRIPT)
    xs = [lines.atom(f"x{i}") for i in range(size)]
    lines.do(form, *write(_JavaScript(lines), xs))
    uses = lines.uses()
    used = [x.form.template if uses[x.at] else f"_{i}" for i, x in enumerate(xs)]
    return f"({', '.join([*([first] if first else []), *used])}) => {{ {' '.join(lines.written())} }}"


def _value(rule: Rule, size: int) -> str:
    if rule.formula is None:
        return f"m.{rule.name}"
    formula = rule.formula
    return _function(size, lambda m, xs: [formula(m, *xs)], "", "return {};")


def _slopes(rule: Rule, size: int) -> str:
    places = ", ".join(["{}"] * size)
    return _function(size, lambda m, xs: rule.partials(m, m.lines.atom("z"), xs), "where, z", f"return [{places}];")


def rules_in_javascript(uses: Sequence[tuple[Rule, int]]) -> str:
    """The operations of a graph as JavaScript.

    Args:
        uses: rows of the table, with the number of operands that each is used with.

    Returns:
        Text that adds to `m` the functions that are composed of other operations, and makes an entry of `rules` for
        each use, such as "mul/2", with its `value(x0, x1)` and its `slopes(where, z, x0, x1)`.

    >>> print(rules_in_javascript([(RULES["mul"], 2)]))
    const rules = {
      "mul/2": { value: m.mul, slopes: (where, z, x0, x1) => { return [x1, x0]; } },
    };
    """
    entries = [
        f'  "{rule.name}/{size}": {{ value: {_value(rule, size)}, slopes: {_slopes(rule, size)} }},\n'
        for rule, size in uses
    ]
    return f"{_helpers(''.join(entries))}const rules = {{\n{''.join(entries)}}};"


def _helpers(text: str) -> str:
    """Definitions of all composed functions that a text calls, directly or indirectly."""
    written: dict[str, str] = {}
    pending = [text]
    while pending:
        for name in sorted(set(re.findall(r"\bm\.(\w+)", pending.pop()))):
            rule = RULES[name]
            if rule.formula is not None and name not in written:
                written[name] = f"m.{name} = {_value(rule, len(rule.domain))};\n"
                pending.append(written[name])
    return "".join(written.values())
