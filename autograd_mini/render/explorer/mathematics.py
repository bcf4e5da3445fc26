"""Formulas as MathML, which every browser can show: of a whole graph, and of each row of the rule table.

The slope of a row is written for each combination of its choices, such as "1" above and "0" below the kink of relu.
A combination is named by the outcomes of the row's `where`, one digit each, in the order in which the page meets them.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html import escape
from types import SimpleNamespace
from typing import Any

from ...engine import Value, apply
from ...rule import VALUES, Rule
from ...rules import RULES
from ...sweep import order_below, topological_order
from ...watch import never_raising
from ..formulas import writing
from ..formulas.names import GREEK
from ..formulas.reading import Reading, read
from ..formulas.terms import Op, Term
from ..formulas.writing import Layout, Piece
from ..scene import printable

MOST_TERMS = 24  # in the formula of one rule
MOST_TERMS_OF_ALL = 160  # in the formula of a graph
_MINUS = '<mo form="prefix">−</mo>'
_FROM_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_FROM_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_OF_TEXTBOOKS = re.compile("([A-Za-z])([⁰¹²³⁴⁵⁶⁷⁸⁹]+)([₀₁₂₃₄₅₆₇₈₉,]+)")
_POINTS = (-2.0, 0.0, 0.5, 1.0, 3.0)  # they give all combinations of choices of all rows


def formula_of(root: Value, names: Mapping[int, str], limit: int = MOST_TERMS_OF_ALL) -> str:
    """The expression that a graph computes; "" if it is too long to read.

    Args:
        root: the result.
        names: the names of the leaves, by id.
        limit: the most names, numbers and operations to write.

    >>> x = Value(3.0)
    >>> formula_of(x * x, {id(x): "x"})
    '<mi>x</mi><mo>·</mo><mi>x</mi>'
    """
    order = topological_order(root)
    reading = Reading(order, {name: v for v in order if (name := names.get(id(v)))}, False, limit)
    for v in order:
        if _OF_TEXTBOOKS.fullmatch(names.get(id(v), "")):  # names of Python have no indices above
            reading.terms[id(v)].detail = _Named(names[id(v)])
    return _written(reading.of(root), limit)


@cache
def rule_in_mathml(rule: Rule, size: int) -> dict[str, Any]:
    """The value of an operation and its slopes, with places for the operands: `<mi data-x="0"/>` for the first.

    Args:
        rule: a row of the table.
        size: how many operands it has.

    Returns:
        `value`, the text of the value, and `slopes`: for each combination of choices, a text for each operand.  A text
        is "" if it would be too long to read.

    >>> rule_in_mathml(RULES["mul"], 2)["slopes"]
    {'': ['<mi data-x="1"/>', '<mi data-x="0"/>']}
    """
    slopes: dict[str, list[str]] = {}
    value = ""
    points = itertools.product(_POINTS, repeat=size) if size <= 3 else [tuple(1.0 + i for i in range(size))]
    for xs in points:
        if _is_complex(rule, xs):
            continue
        with never_raising():
            leaves = [Value(x, label=f"x{i}") for i, x in enumerate(xs)]
            z = apply(rule, *leaves)
            if z.data != z.data:
                continue
            way, partials = _partials(rule, z, leaves)
        if way in slopes:
            continue
        reading = Reading([*leaves, z], None, False, 10 * MOST_TERMS)
        for i, leaf in enumerate(leaves):
            reading.terms[id(leaf)].detail = _Place(i)
        value = value or _written(reading.of(z), MOST_TERMS)
        slopes[way] = [_written(_term(reading, d, [z, *leaves]), MOST_TERMS) for d in partials]
    return {"value": value, "slopes": slopes}


def _is_complex(rule: Rule, xs: Sequence[float]) -> bool:
    """Whether the value isn't a real number: a root of a negative one, by the rule of whole exponents."""
    with suppress(ArithmeticError, ValueError):
        return isinstance(rule.f(*xs), complex)
    return False


@dataclass(frozen=True)
class _Named:
    """A name that is shown literally."""

    text: str
    is_number = False


class _Place:
    """The place for the name or the number of an operand."""

    is_number = False

    def __init__(self, place: int) -> None:
        self.place, self.text = place, ""


def _partials(rule: Rule, z: Value, leaves: Sequence[Value]) -> tuple[str, Sequence[Any]]:
    """The partials as graphs, and the outcomes of the choices in them."""
    outcomes: list[str] = []

    def where(condition: Any, a: Any, b: Any) -> Any:
        outcomes.append("01"[bool(condition)])
        return a if condition else b

    m = SimpleNamespace(**{**vars(VALUES), "where": where, "sech2": _sech2, "stop_gradient": lambda v: v})
    partials = rule.partials(m, z, leaves)
    return "".join(outcomes), partials


def _sech2(u: Value) -> Any:
    """sech² u in textbook notation: with tanh u, or with σ(x) if u is half of x."""
    if u.is_leaf:
        return 1.0 - VALUES.tanh(u) ** 2
    s = VALUES.sigmoid(2.0 * u)
    return 4.0 * s * (1.0 - s)


def _term(reading: Reading, slope: Any, stops: list[Value]) -> Term:
    if not isinstance(slope, Value):
        return reading.tidied.number(slope)
    terms = {id(stop): reading.of(stop) for stop in stops}
    made = order_below([slope], stops)[len(stops) :]
    terms |= {id(leaf): reading.tidied.number(leaf.data) for leaf in made if leaf.is_leaf}
    read(made, reading.tidied, terms)
    return terms[id(slope)]


def _written(term: Term, limit: int) -> str:
    if term.size > limit or term.op is Op.TOO_LONG:
        return ""
    return writing.write(term, _in_mathml, "<mrow><mo>(</mo>", "<mo>)</mo></mrow>")


def _in_mathml(x: Term) -> Layout:
    match x.op:
        case Op.NUMBER:
            return writing.latex_binding(str(x.detail), writing.MINUS), [_number(x.detail)]
        case Op.NAME:
            return writing.WHOLE, [_name(x.detail)]
        case Op.SUM:
            pieces: list[Piece] = [(x.args[0], writing.PLUS)]
            for sign, y in zip(x.detail[1:], x.args[1:], strict=True):
                pieces += [f"<mo>{'−' if sign < 0 else '+'}</mo>", (y, writing.TIMES)]
            return writing.PLUS, pieces
        case Op.PRODUCT if len(x.args) == 2 and x.args[0] is x.args[1] and x.args[0].op is not Op.NAME:
            return writing.TO_THE, ["<msup><mrow>", (x.args[0], writing.WHOLE), "</mrow><mn>2</mn></msup>"]
        case Op.PRODUCT:
            first, *others = x.args
            times = writing.separated(others, writing.TIMES, "<mo>·</mo>")
            return writing.TIMES, [(first, writing.MINUS), "<mo>·</mo>", *times]
        case Op.QUOTIENT:
            return writing.TIMES, ["<mfrac>", *_row(x.args[0]), *_row(x.args[1]), "</mfrac>"]
        case Op.NEGATIVE:
            return writing.MINUS, [_MINUS, (x.args[0], writing.TIMES)]
        case Op.POWER:
            base: list[Piece] = ["<mrow>", (x.args[0], writing.WHOLE), "</mrow>"]
            return writing.TO_THE, ["<msup>", *base, *_row(x.args[1]), "</msup>"]
        case Op.CHOICE:
            return writing.WHOLE, _call("where", x.args)
    return _called(x)


def _called(x: Term) -> Layout:
    match x.detail.name:
        case "exp" if x.args[0].size <= writing.LONGEST_EXPONENT:
            return writing.TO_THE, ["<msup><mi>e</mi>", *_row(x.args[0]), "</msup>"]
        case "sqrt":
            return writing.WHOLE, ["<msqrt>", *_row(x.args[0]), "</msqrt>"]
        case "cbrt":
            return writing.WHOLE, ["<mroot>", *_row(x.args[0]), "<mn>3</mn></mroot>"]
        case "abs":
            return writing.WHOLE, ["<mrow><mo>|</mo>", *_row(x.args[0]), "<mo>|</mo></mrow>"]
    names = {"log": "ln", "sigmoid": "σ", "maximum": "max", "minimum": "min"}
    rule: Rule = x.detail
    name = names.get(rule.name) or (rule.name if RULES.get(rule.name) is rule else rule.symbol)
    return writing.WHOLE, _call(name, x.args)


def _call(name: str, args: Sequence[Term]) -> list[Piece]:
    arguments = writing.separated(args, writing.IF, "<mo>,</mo>")
    return [f"<mi>{escape(printable(name))}</mi><mrow><mo>(</mo>", *arguments, "<mo>)</mo></mrow>"]


def _row(x: Term) -> list[Piece]:
    return ["<mrow>", (x, writing.IF), "</mrow>"]


def _number(x: Any) -> str:
    if isinstance(x, bool):
        return f"<mi>{str(x).lower()}</mi>"
    mantissa, _, exponent = (repr(x) if len(repr(x)) <= 8 else f"{x:.6g}").partition("e")
    sign, digits = (_MINUS, mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    power = f"<mo>×</mo><msup><mn>10</mn><mn>{int(exponent)}</mn></msup>" if exponent else ""
    return f"{sign}<mn>{digits.replace('inf', '∞')}</mn>{power}"


def _name(name: Any) -> str:
    return f'<mi data-x="{name.place}"/>' if isinstance(name, _Place) else name_in_mathml(name.text)


def name_in_mathml(text: str) -> str:
    """A name as one symbol, its number as an index.

    >>> name_in_mathml("w_10"), name_in_mathml("<b>")
    ('<msub><mi>w</mi><mn>10</mn></msub>', '<mi>&lt;b&gt;</mi>')
    >>> name_in_mathml("w²₃₁")
    '<msubsup><mi>w</mi><mn>31</mn><mn>2</mn></msubsup>'
    """
    if parts := _OF_TEXTBOOKS.fullmatch(text):
        head, above, below = parts.groups()
        index = below.translate(_FROM_SUBSCRIPTS)
        return f"<msubsup><mi>{head}</mi><mn>{index}</mn><mn>{above.translate(_FROM_SUPERSCRIPTS)}</mn></msubsup>"
    text = text.translate(_FROM_SUBSCRIPTS)
    parts = re.fullmatch(r"([^\W\d_]+)[_[]?(\d+(?:[_,]\d+)*)\]?", text)
    head, index = parts.groups() if parts else (text, "")
    index = index.replace("_", ",")
    greek = GREEK.get(head, "")
    symbol = next((letter for letter, latex in GREEK.items() if latex == greek and not letter.isascii()), head)
    return f"<msub><mi>{escape(symbol)}</mi><mn>{index}</mn></msub>" if index else f"<mi>{escape(symbol)}</mi>"
