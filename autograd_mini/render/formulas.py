"""The expression that a graph computes, and its derivative, as a line of Python and as LaTeX.

`formula` writes down what was computed, operation by operation.  `derivative_formula` goes back over the graph as
`backward()` does, with terms for adjoints; the rows of the rule table are read on the graph's own Values, which builds
the graph of each slope, and that is read as a term in turn.  Terms are tidied as they are built (no `*1`, no `+0`, like
terms and like factors are gathered, constants folded) and no algebra goes beyond that.

A term is shared wherever it occurs, so there are never more of them than nodes; only writing it out may take
exponentially more, and is refused beforehand by its size.
"""

import keyword
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count
from types import SimpleNamespace
from typing import Any, Final
from unicodedata import normalize

from ..engine import Value
from ..errors import AutogradError
from ..reading import operands_of, rule_of
from ..refuse import require_fresh, require_graph
from ..rule import VALUES, Rule
from ..rules import RULES
from ..sweep import order_below, topological_order
from ..watch import never_raising
from .names import names_of, require_names

MAX_TERMS: Final = 2_000


class FormulaTooLongError(AutogradError, ValueError):
    """A formula would have more terms than were allowed."""


@dataclass(frozen=True, slots=True, repr=False)
class Formula:
    """A formula in both of its spellings.

    Args:
        text: an expression of Python, of the functions of this package; `str()` gives it.
        latex: the same for a page, to stand in math mode.

    >>> Formula("x**2", "x^{2}")
    <formula x**2>
    """

    text: str
    latex: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<formula {self.text}>"

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex}$"


def formula(
    root: Value, *, names: Mapping[str, Any] | None = None, numbers: bool = False, max_terms: int = MAX_TERMS
) -> Formula:
    """The expression that a graph computes, from its leaves to `root`.

    It stands as it was computed: the text, evaluated in Python with the functions of this package, takes the same steps
    (but for `sum`, `dot` and `mean`, which are written with + and so are rounded otherwise, and for helpers of the rule
    table in the graph of a derivative).  Only what changes no number is left out, as + 0 and * 1.  A node that is used
    twice is written twice.

    Args:
        root: the result of a computation.
        names: what to call leaves without a label, by name, such as `locals()`, where `w[0]` in a list becomes w_0;
            others become x1, x2 … in topological order.  A label that is no name in Python is made one, and one that is
            taken gets a number: w, w_2.
        numbers: write the numbers of the leaves instead of their names.
        max_terms: the largest number of names, numbers and operations to write.

    Returns:
        The formula.  Numbers are exact in the text and have six digits in LaTeX.

    Raises:
        TypeError: `root` is no Value, or `names` no mapping of names.
        FormulaTooLongError: it has more than `max_terms` terms; they are counted before anything is written.
        NoGraphError: `root` was made under no_grad().

    >>> x, w, b = Value(2.0, label="x"), Value(3.0, label="w_1"), Value(-1.0, label="b")
    >>> y = (w * x + b).tanh() / x**2
    >>> print(formula(y))
    tanh(w_1*x + b)/x**2
    >>> formula(y).latex
    '\\\\frac{\\\\tanh{\\\\left(w_{1}\\\\,x + b\\\\right)}}{x^{2}}'
    >>> print(formula(y, numbers=True))
    tanh(3.0*2.0 + (-1.0))/2.0**2
    """
    _check("formula(root)", root, names, max_terms)
    return _written(Reading(topological_order(root), names, numbers, max_terms).of(root), max_terms)


def derivative_formula(
    root: Value,
    x: Value,
    *,
    names: Mapping[str, Any] | None = None,
    numbers: bool = False,
    max_terms: int = MAX_TERMS,
) -> Formula:
    """The derivative ∂root/∂x as a formula, by the chain rule as `backward()` applies it.

    Where a slope depends on a choice (relu, max, |x|, a power at 0) the numbers in the graph decide, as they do in
    `backward()`: the formula holds where they are now, up to the next kink.

    Args:
        root: the result of a computation.
        x: what to differentiate by; it need be no leaf.
        names, numbers, max_terms: as for `formula`.

    Returns:
        The formula; 0 if root does not depend on x.

    Raises:
        TypeError: `root` or `x` is no Value, or `names` no mapping of names.
        FormulaTooLongError: it has more than `max_terms` terms.
        NoGraphError: `root` was made under no_grad(), or this is called there.
        StaleGraphError: a Value was assigned new data after this graph was built from it.

    >>> x, y = Value(2.0, label="x"), Value(3.0, label="y")
    >>> print(derivative_formula((x * y).sin() + x**2, x))
    y*cos(x*y) + 2*x
    >>> derivative_formula(x.log(), x).latex
    '\\\\frac{1}{x}'
    >>> print(derivative_formula((x * y).sin(), x, numbers=True))
    3.0*cos(2.0*3.0)
    """
    _check("derivative_formula(root, x)", root, names, max_terms)
    if not isinstance(x, Value):
        raise TypeError(f"derivative_formula(root, x) is by a Value x, not by {type(x).__name__} {x!r:.80}")
    order = topological_order(root)
    require_fresh(order)
    return _written(_adjoint(Reading(order, names, numbers, max_terms), root, x), max_terms)


def _check(call: str, root: Any, names: Any, max_terms: Any) -> None:
    if not isinstance(root, Value):
        raise TypeError(f"{call} takes a Value, the result of a computation, not {type(root).__name__} {root!r:.80}")
    require_names(names)
    if type(max_terms) is not int:
        raise TypeError(f"max_terms is a whole number, not {type(max_terms).__name__} {max_terms!r:.80}")
    require_graph(root)


# ---- terms ----

MANY: Final = 10**18  # sizes are exact up to here: those of a long graph would have thousands of digits


class Op(Enum):
    """What a term is."""

    NUMBER, NAME, SUM, PRODUCT, QUOTIENT, POWER, NEGATIVE, CHOICE, CALL, TOO_LONG = range(10)


class Term:
    """An operation of terms, a number or a name.

    `detail` is the number, the `_Name`, the signs of a sum (the first is +1) or the rule of a call.
    """

    __slots__ = ("args", "detail", "op", "size")

    def __init__(self, op: Op, args: tuple["Term", ...], detail: Any, size: int) -> None:
        self.op = op
        self.args = args
        self.detail = detail
        self.size = size


class _AsComputed:
    """Builds terms that stand for the very operations of a graph; equal ones are one object."""

    def __init__(self, limit: int, known: dict[tuple[Any, ...], Term]) -> None:
        self.limit = limit
        self.known = known

    def make(self, op: Op, *args: Term, detail: Any = None) -> Term:
        size = min(1 + sum([t.size for t in args]), MANY)
        if size > self.limit:  # it keeps nothing alive, and is as good as any: nobody will write it
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
            # The helpers of the table are no functions of the package.
            case "one_minus_square":
                return self.add(self.number(1), self.neg(self.pow(xs[0], self.number(2))))
            case "sech2":
                cosh = self.make(Op.CALL, *xs, detail=RULES["cosh"])
                return self.div(self.number(1), self.pow(cosh, self.number(2)))
            case "gaussian":
                square = self.mul(xs[1], self.pow(xs[0], self.number(2)))
                return self.make(Op.CALL, self.neg(square), detail=RULES["exp"])
        return self.make(Op.CALL, *xs, detail=rule)

    def add(self, *xs: Term) -> Term:
        return self.signed_sum([x for x in xs if not _is(x, 0)] or xs[:1])

    def signed_sum(self, xs: Sequence[Term]) -> Term:
        if len(xs) == 1:
            return xs[0]
        signs, rest = zip(*map(self.unsigned, xs[1:]), strict=True)
        return self.make(Op.SUM, xs[0], *rest, detail=(1, *signs))

    def mul(self, *xs: Term) -> Term:
        xs = tuple([x for x in xs if not _is(x, 1)]) or xs[:1]
        return self.make(Op.PRODUCT, *xs) if len(xs) > 1 else xs[0]

    def div(self, x: Term, y: Term) -> Term:
        return x if _is(y, 1) else self.make(Op.QUOTIENT, x, y)

    def pow(self, x: Term, n: Term) -> Term:
        return x if _is(n, 1) else self.make(Op.POWER, x, n)

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


class _Tidied(_AsComputed):
    """Builds terms in a tidy form: a number times powers, the positive ones over the others, and sums of such."""

    def mul(self, *xs: Term) -> Term:
        return self.product([(x, 1) for x in xs if not _is(x, 1)])

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
        """What the terms are products of.  Only a whole power can be taken apart: (x²)^½ is not x."""
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


def _is(x: Term, number: float) -> bool:
    return x.op is Op.NUMBER and bool(x.detail == number)


def _place(factor: tuple[Term, float]) -> float:
    """Where a factor stands in a product."""
    x = factor[0]
    return x.detail.place if x.op is Op.NAME else math.inf if x.op is Op.SUM else sys.maxsize


def _can_be_folded(x: float, n: float, *products: float) -> bool:
    """Whether xⁿ can be multiplied into constants without an overflow."""
    if x == 0.0:
        return n > 0
    if n % 1 != 0 or abs(n) > 9 or not 1e-15 < abs(x) < 1e15:
        return False
    return all(1e-150 < abs(product or 1.0) < 1e150 for product in products)


def _inverse(x: float) -> float | None:
    """The whole number n, if x is 1/n rounded: the weight of a mean."""
    n = round(1.0 / x, 0) if x and len(repr(x)) > 8 else 0.0
    return n if n and 1.0 / n == x else None


# ---- from graphs to terms ----

# No slope is differentiated again here, so nothing need be held constant in it: it is shown with its formula.
_ARITHMETIC: Final = SimpleNamespace(**{**vars(VALUES), "stop_gradient": lambda v: v})


class Reading:
    """The terms of a graph's nodes."""

    def __init__(self, order: Sequence[Value], names: Mapping[str, Any] | None, numbers: bool, limit: int) -> None:
        known: dict[tuple[Any, ...], Term] = {}
        self.order = order
        self.tidied = _Tidied(limit, known)
        computed = _AsComputed(limit, known)
        leaves = [v for v in order if v.is_leaf]
        spelt = _numbers_of(leaves) if numbers else _names_of(leaves, names or {}, _functions_in(order))
        # By id, because == of Values compares numbers.
        self.terms = {id(v): computed.make(Op.NAME, detail=name) for v, name in zip(leaves, spelt, strict=True)}
        read(order, computed, self.terms)

    def of(self, v: Value) -> Term:
        return self.terms[id(v)]

    def slopes(self, v: Value) -> list[tuple[Value, Term]]:
        """The partials of a node by its parents, its row read on the Values of the graph."""
        parents, xs = operands_of(v)
        with never_raising():
            slopes = rule_of(v).partials(
                _ARITHMETIC, v, [x if p is None else p for p, x in zip(parents, xs, strict=True)]
            )
        stops = [v, *v.parents]
        made = order_below([s for s in slopes if isinstance(s, Value)], stops)[len(stops) :]
        terms = {id(stop): self.of(stop) for stop in stops}
        for leaf in made:
            if leaf.is_leaf:
                require_graph(leaf)
                terms[id(leaf)] = self.tidied.number(leaf.data)
        read(made, self.tidied, terms)
        return [
            (p, terms[id(s)] if isinstance(s, Value) else self.tidied.number(s))
            for p, s in zip(parents, slopes, strict=True)
            if p is not None
        ]


def read(order: Iterable[Value], builder: _AsComputed, terms: dict[int, Term]) -> None:
    """Add the terms of nodes to those of the leaves."""
    for v in order:
        if v.is_leaf:
            continue
        xs = [
            builder.number(x) if parent is None else terms[id(parent)]
            for parent, x in zip(*operands_of(v), strict=True)
        ]
        if rule_of(v) is RULES["where"] and xs[0].op is Op.NUMBER:
            xs[0] = builder.make(Op.NUMBER, detail=bool(xs[0].detail))
        terms[id(v)] = builder.node(rule_of(v), xs)


def _adjoint(reading: Reading, root: Value, x: Value) -> Term:
    """The reverse sweep from root to x, over what depends on x."""
    tidied = reading.tidied
    moved = {id(x)}
    for v in reading.order:
        if any(id(p) in moved for p in v.parents):
            moved.add(id(v))
    adjoints: dict[int, list[Term]] = {id(root): [tidied.number(1)]}  # terms to be added up at once, last one first
    for v in reversed(reading.order):
        if v is x:
            break
        if id(v) in moved:
            adjoint = tidied.add(*reversed(adjoints.pop(id(v))))
            for p, slope in reversed(reading.slopes(v)):
                if id(p) in moved:
                    adjoints.setdefault(id(p), []).append(tidied.mul(adjoint, slope))
    return tidied.add(*reversed(adjoints.get(id(x), [])))


# ---- names ----


@dataclass(frozen=True, slots=True, eq=False)
class _Name:
    """A name, or a number in its place."""

    text: str
    latex: str
    place: int  # among the leaves
    is_number: bool = False


# fmt: off
_GREEK_LETTERS: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}
# fmt: on
GREEK: Final = {spelt: rf"\{pair[1]}" for pair in _GREEK_LETTERS.items() for spelt in pair}
_LATEX_CHARACTERS: Final = {
    # Braces hold each apart from what follows, so that not even a page's own markup is begun by a label.
    **{c: rf"{{\{c}}}" for c in "{}$%&#_"},
    **{c: f"{{{c}}}" for c in "<>'\"`"},
    " ": r"\ ",
    "\\": r"{\backslash}",
    "^": r"{\wedge}",
    "~": r"{\sim}",
}
_LONGEST_NAME: Final = 60
_TAKEN: Final = frozenset(RULES) | {"max", "min", "inf", "nan"}


def _functions_in(order: Iterable[Value]) -> set[str]:
    return {_function_name(rule_of(v)) for v in order if not v.is_leaf}


def _names_of(leaves: Sequence[Value], names: Mapping[str, Any], functions: set[str]) -> list[_Name]:
    """A name for each leaf, all of them different: its label, else its variable, else x1, x2 …"""
    variables = names_of(names)
    wanted = [(v.label or variables.get(id(v), ""))[:_LONGEST_NAME] for v in leaves]
    texts, latexes = dict.fromkeys(_TAKEN | functions, 1), dict[str, int]()

    def named(i: int, label: str) -> _Name:
        text = _distinct(_identifier(label), texts, lambda text, k: f"{text}_{k}")
        return _Name(text, _distinct(_latex_name(label), latexes, lambda latex, k: f"{{{latex}}}_{{({k})}}"), i)

    found = [named(i, label) if _identifier(label) else None for i, label in enumerate(wanted)]
    counting = (f"x{k}" for k in count(1))
    return [name or named(i, next(x for x in counting if x not in texts)) for i, name in enumerate(found)]


def _distinct(name: str, taken: dict[str, int], numbered: Callable[[str, int], str]) -> str:
    """The name, numbered if it is taken; `taken` has the last number of each."""
    candidate = name
    while candidate in taken:
        taken[name] += 1
        candidate = numbered(name, taken[name])
    taken[candidate] = 1
    return candidate


def _identifier(label: str) -> str:
    """The label as a name of Python; "" if it has no letter that can stand in one."""
    text = re.sub(r"\W+", "_", normalize("NFKC", label)).strip("_")
    if not any(map(str.isalpha, text)):
        return ""
    if not text.isidentifier():  # it begins with a digit
        text = f"_{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def _latex_name(name: str) -> str:
    """Any text as one symbol: a letter as it is, x1 and w_out with an index, words upright, nothing but characters."""
    name = re.sub(r"\[(\d+)\]", r"_\1", name)  # w[0] is w_0
    head, index = name, ""
    if parts := re.fullmatch(r"([^_]*[^_\d])_?([\d_]*\d)", name) or re.fullmatch(r"([^_]+)_(.+)", name, re.DOTALL):
        head, index = parts.groups()
    letter = GREEK.get(head) or (head if re.fullmatch("[A-Za-z]", head) else "")
    if not letter and not index[-1:].isdigit():
        return rf"\mathrm{{{_escaped(name)}}}"
    symbol = letter or rf"\mathrm{{{_escaped(head)}}}"
    if re.fullmatch(r"[\d_]+|[A-Za-z]?", index, re.ASCII):
        return rf"{symbol}_{{{index.replace('_', ',')}}}" if index else symbol
    return rf"{symbol}_{{\mathrm{{{_escaped(index)}}}}}"


def _escaped(text: str) -> str:
    return "".join([_LATEX_CHARACTERS.get(c, c if c.isprintable() else "\ufffd") for c in text])


def _numbers_of(leaves: Sequence[Value]) -> list[_Name]:
    return [_Name(repr(v.data), _latex_number(v.data), i, is_number=True) for i, v in enumerate(leaves)]


def _latex_number(x: float) -> str:
    """Six digits, or what `repr` gives where that is short."""
    text = repr(x)
    if math.isinf(x):
        return text.replace("inf", r"\infty")
    if math.isnan(x) or isinstance(x, bool):
        return rf"\mathrm{{{text}}}"
    mantissa, _, exponent = (text if len(text) <= 8 else f"{x:.6g}").partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"


# ---- writing ----

# How tightly an operation binds its operands.  A piece of a layout is text, or a term with the least that it must bind
# to stand there without parentheses.
IF, PLUS, MINUS, TIMES, TO_THE, WHOLE = range(6)
Piece = str | tuple[Term, int]
Layout = tuple[int, list[Piece]]


def _written(term: Term, max_terms: int) -> Formula:
    if term.size > max_terms:
        size = f"more than {MANY:,}" if term.size == MANY else f"{term.size:,}"
        raise FormulaTooLongError(
            f"the formula would have {size} terms, more than max_terms={max_terms:,}, since what is used twice is "
            "written twice: ask for that of an earlier node or of fewer operands, or allow it by a larger max_terms"
        )
    return Formula(write(term, _in_python, "(", ")"), write(term, _in_latex, r"\left(", r"\right)"))


def write(term: Term, layout: Callable[[Term], Layout], left: str, right: str) -> str:
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
    pieces: list[Piece] = []
    for x in xs:
        pieces += [separator, (x, least)]
    return pieces[1:]


def _sum_of(x: Term) -> Layout:
    pieces: list[Piece] = [(x.args[0], PLUS)]
    for sign, y in zip(x.detail[1:], x.args[1:], strict=True):
        pieces += [" - " if sign < 0 else " + ", (y, TIMES)]
    return PLUS, pieces


def _in_python(x: Term) -> Layout:
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
    name = {"maximum": "max", "minimum": "min"}.get(rule.name) or _function_name(rule)
    return [name, "([" if _takes_a_list(rule) else "("]


def _takes_a_list(rule: Rule) -> bool:
    return rule is RULES["logsumexp"]


def _function_name(rule: Rule) -> str:
    return rule.name if RULES.get(rule.name) is rule else _identifier(rule.symbol) or "f"


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
LONGEST_EXPONENT: Final = 8  # terms; what is longer is read more easily on the line


def _in_latex(x: Term) -> Layout:
    match x.op:
        case Op.NUMBER:
            return latex_binding(text := _latex_number(x.detail), MINUS), [text]
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
    return of_negative if number.startswith("-") else TIMES if "times" in number else TO_THE if "^" in number else WHOLE


def _times(x: Term, y: Term) -> str:
    """What stands between two factors."""
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
        case "copysign" if _is(x.args[0], 1):
            return WHOLE, [r"\operatorname{sgn}{\left(", (x.args[1], IF), r"\right)}"]
        case "logsumexp":
            return WHOLE, [r"\ln{\left(", *_joined([["e^{", (y, IF), "}"] for y in x.args]), r"\right)}"]
        case "hypot":
            squares: list[list[Piece]] = [["1"] if _is(y, 1) else [(y, WHOLE), "^{2}"] for y in x.args]
            return TO_THE, [r"\sqrt{", *_joined(squares), "}"]
    name = _LATEX_FUNCTIONS.get(x.detail.name) or _latex_function(x.detail)
    return WHOLE, [name, r"{\left(", *separated(x.args, IF), r"\right)}"]


def _latex_function(rule: Rule) -> str:
    if RULES.get(rule.name) is rule:
        return rf"\operatorname{{{_escaped(rule.name)}}}"
    return _latex_name(rule.symbol)


def _joined(summands: Iterable[Sequence[Piece]]) -> list[Piece]:
    return [piece for summand in summands for piece in (" + ", *summand)][1:]
