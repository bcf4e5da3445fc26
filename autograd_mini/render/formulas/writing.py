"""Writing terms out, as a line of Python and as LaTeX, with no more parentheses than needed."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ...rule import Rule
from ...rules import RULES
from .names import escaped, function_name, latex_name, latex_number
from .terms import Op, Term, is_number

# How tightly an operation binds its operands.  A piece of a layout is a text, or a term with the binding that it needs
# at least for no parentheses.
IF, PLUS, MINUS, TIMES, TO_THE, WHOLE = range(6)
Piece = str | tuple[Term, int]
Layout = tuple[int, list[Piece]]


def write(term: Term, layout: Callable[[Term], Layout], left: str, right: str) -> str:
    """The text of a term, with parentheses around an operand that binds too loosely for its place."""
    written: list[str] = []
    pending: list[Piece] = [(term, IF)]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            written.append(piece)
            continue
        binding, pieces = layout(piece[0])
        if binding < piece[1]:
            pieces = [left, *pieces, right]
        pending += reversed(pieces)
    return "".join(written)


def separated(xs: Iterable[Term], least: int, separator: str = ", ") -> list[Piece]:
    """Terms with something between them."""
    pieces: list[Piece] = []
    for x in xs:
        pieces += [separator, (x, least)]
    return pieces[1:]


def _sum_of(x: Term) -> Layout:
    pieces: list[Piece] = [(x.args[0], PLUS)]
    for sign, y in zip(x.detail[1:], x.args[1:], strict=True):
        pieces += [" - " if sign < 0 else " + ", (y, TIMES)]
    return PLUS, pieces


def in_python(x: Term) -> Layout:
    match x.op:
        case Op.NUMBER:
            return (MINUS if x.detail < 0 else WHOLE), [repr(x.detail)]
        case Op.NAME:
            return (PLUS if x.detail.text.startswith("-") else WHOLE), [x.detail.text]
        case Op.SUM:
            return _sum_of(x)
        case Op.PRODUCT:
            first, *others = x.args
            return TIMES, [(first, MINUS), "*", *separated(others, TO_THE, "*")]
        case Op.QUOTIENT:
            return TIMES, [(x.args[0], MINUS), "/", (x.args[1], TO_THE)]
        case Op.NEGATIVE:
            return MINUS, ["-", (x.args[0], TIMES)]
        case Op.POWER:
            base, exponent = x.args
            return TO_THE, [(base, WHOLE), "**", (exponent, IF if exponent.op is Op.NUMBER else TO_THE)]
        case Op.CHOICE:
            return IF, [(x.args[1], PLUS), " if ", (x.args[0], PLUS), " else ", (x.args[2], IF)]
    return WHOLE, [*_called_in_python(x.detail), *separated(x.args, IF), "])" if _takes_a_list(x.detail) else ")"]


def _called_in_python(rule: Rule) -> list[Piece]:
    name = {"maximum": "max", "minimum": "min"}.get(rule.name) or function_name(rule)
    return [name, "([" if _takes_a_list(rule) else "("]


def _takes_a_list(rule: Rule) -> bool:
    return rule is RULES["logsumexp"]


_LATEX_FUNCTIONS: Final = {
    **{name: rf"\{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"a{name}": rf"\arc{name}" for name in ("sin", "cos", "tan")},
    **{f"a{name}": rf"\operatorname{{ar{name}}}" for name in ("sinh", "cosh", "tanh")},
    "exp": r"\exp",
    "log": r"\ln",
    "log2": r"\log_{2}",
    "log10": r"\log_{10}",
    "sigmoid": r"\sigma",
    "maximum": r"\max",
    "minimum": r"\min",
}
_WITH_SQUARES: Final = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log")  # sin² x is (sin x)²
LONGEST_EXPONENT: Final = 8  # terms; a longer one is easier to read on the line


def in_latex(x: Term) -> Layout:
    match x.op:
        case Op.NUMBER:
            return latex_binding(text := latex_number(x.detail), MINUS), [text]
        case Op.NAME:
            return latex_binding(x.detail.latex, PLUS) if x.detail.is_number else WHOLE, [x.detail.latex]
        case Op.SUM:
            return _sum_of(x)
        case Op.PRODUCT:
            pieces: list[Piece] = [(x.args[0], MINUS)]
            for before, y in zip(x.args, x.args[1:], strict=False):
                pieces += [_times(before, y), (y, TIMES)]
            return TIMES, pieces
        case Op.QUOTIENT:
            return TIMES, [r"\frac{", (x.args[0], IF), "}{", (x.args[1], IF), "}"]
        case Op.NEGATIVE:
            return MINUS, ["-", (x.args[0], TIMES)]
        case Op.POWER:
            return TO_THE, _latex_power(*x.args)
        case Op.CHOICE:
            return IF, [
                *(r"\begin{cases} ", (x.args[1], IF), r" & \text{if } ", (x.args[0], IF), r" \\ "),
                *((x.args[2], IF), r" & \text{otherwise} \end{cases}"),
            ]
    return _latex_call(x)


def latex_binding(number: str, of_negative: int) -> int:
    """How tightly a number binds: 2 × 10³ less than 2."""
    return of_negative if number.startswith("-") else TIMES if "times" in number else TO_THE if "^" in number else WHOLE


def _times(x: Term, y: Term) -> str:
    """The sign between two factors."""
    while y.op in (Op.PRODUCT, Op.POWER):
        y = y.args[0]
    if y.op is Op.NUMBER or (y.op is Op.NAME and y.detail.is_number) or (y.op is Op.CALL and y.detail is RULES["exp2"]):
        return r" \cdot "
    is_letter = y.op is Op.NAME and not y.detail.latex.startswith(r"\mathrm")
    return " " if x.op is Op.NUMBER and (is_letter or y.op is Op.SUM) else r"\,"


def _latex_power(base: Term, exponent: Term) -> list[Piece]:
    if base.op is Op.CALL and base.detail.name in _WITH_SQUARES and exponent.op is Op.NUMBER and exponent.detail > 0:
        return [_LATEX_FUNCTIONS[base.detail.name], "^{", (exponent, IF), r"}{\left(", (base.args[0], IF), r"\right)}"]
    return [(base, WHOLE), "^{", (exponent, IF), "}"]


def _latex_call(x: Term) -> Layout:
    first = (x.args[0], IF)
    match x.detail.name:
        case "exp" if x.args[0].size <= LONGEST_EXPONENT:
            return TO_THE, ["e^{", first, "}"]
        case "expm1":
            return PLUS, ["e^{", first, "} - 1"]
        case "exp2":
            return TO_THE, ["2^{", first, "}"]
        case "log1p":
            return WHOLE, [r"\ln{\left(1 + ", (x.args[0], TIMES), r"\right)}"]
        case "sqrt":
            return TO_THE, [r"\sqrt{", first, "}"]
        case "cbrt":
            return TO_THE, [r"\sqrt[3]{", first, "}"]
        case "abs":
            return WHOLE, [r"\left|", first, r"\right|"]
        case "floor":
            return WHOLE, [r"\left\lfloor ", first, r"\right\rfloor"]
        case "ceil":
            return WHOLE, [r"\left\lceil ", first, r"\right\rceil"]
        case "copysign" if is_number(x.args[0], 1):
            return WHOLE, [r"\operatorname{sgn}{\left(", (x.args[1], IF), r"\right)}"]
        case "logsumexp" | "logaddexp":
            return WHOLE, [r"\ln{\left(", *_joined([["e^{", (y, IF), "}"] for y in x.args]), r"\right)}"]
        case "hypot":
            squares: list[list[Piece]] = [["1"] if is_number(y, 1) else [(y, WHOLE), "^{2}"] for y in x.args]
            return TO_THE, [r"\sqrt{", *_joined(squares), "}"]
    name = _LATEX_FUNCTIONS.get(x.detail.name) or _latex_function(x.detail)
    return WHOLE, [name, r"{\left(", *separated(x.args, IF), r"\right)}"]


def _latex_function(rule: Rule) -> str:
    if RULES.get(rule.name) is rule:
        return rf"\operatorname{{{escaped(rule.name)}}}"
    return latex_name(rule.symbol)


def _joined(summands: Iterable[Sequence[Piece]]) -> list[Piece]:
    return [piece for summand in summands for piece in (" + ", *summand)][1:]
