"""Answers to "where did the nan come from?" and "why is the gradient what it is?".

`detect_anomaly()` stops a program at the first operation that makes a nan or an inf, on the way forward or back, and
says what to do about it.  `explain(root, leaf)` takes a gradient apart, by the consumers of the leaf and path by path.
"""

import math
import operator
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush, nsmallest
from itertools import count
from typing import Any, NamedTuple

from .engine import Value
from .errors import AutogradError
from .hooks import SourceLine, source_line
from .ieee import IEEE
from .printing import visible
from .reading import number_of, operands_of, rule_of, why_no_graph
from .refuse import require_fresh, require_graph
from .rule import FLOATS, Rule
from .sweep import slopes, topological_order
from .watch import Block, is_quiet

# ---- where a nan or an inf came from ----


class AnomalyError(AutogradError):
    """An operation made a nan or an inf inside `detect_anomaly()`.

    Attributes:
        phase: "forward" or "backward".
        node: the Value that the operation made.
        line: the line of the program that made it, None if that was before the block.
        remedies: what may help, in words, the likeliest first.
    """

    phase = ""
    node: Value | None = None
    line: SourceLine | None = None
    remedies: tuple[str, ...] = ()


def detect_anomaly() -> Block:
    """Raise an `AnomalyError` at the first nan or inf that is made in a with block, or a function decorated.

    It tells the operation, its operands, the line of the program, and what to do.  Forward, an operation is stopped as
    it makes a nan or an inf; if an operand had it before, that is traced to the leaf, or the operation, that it came
    from.  Backward, the sweep is stopped at the first contribution, adjoint · slope, that is a nan or an inf; the
    gradients of leaves are then as they were.  `jvp`, which goes forward, is judged as if it went back with adjoints
    of 1.  What Python's floats refuse raises what it always raises, with more notes:
    the line, and what to do.

    It is for this task alone.  Inside, making a node and sweeping over it take some times as long; the numbers are
    the same to the bit.  Of nodes that were made before the block everything is known but their line.

    Raises:
        AnomalyError: an operation made a nan or an inf.

    >>> x = Value(0.0, label="x")
    >>> with detect_anomaly():
    ...     y = x.sqrt()
    ...     y.backward()
    Traceback (most recent call last):
    autograd_mini.diagnose.AnomalyError: the backward pass made inf: 'sqrt' passes it to x
      line       <doctest autograd_mini.diagnose.detect_anomaly[1]>:2: y = x.sqrt()
      operation  sqrt(x) = 0.0, with x = 0.0
      product    adjoint 1.0 · slope inf = inf
      remedy     The root is upright at 0: put a little under it, sqrt(x + 1e-12).
    """
    detector = _Detector()
    return Block(made=detector.made, passed=detector.passed, refused=detector.refused, again=detect_anomaly)


class _Detector:
    """What one block knows of the nodes made in it, and its judgement on each of them and on what it passes back."""

    def __init__(self) -> None:
        # By address, which another Value may have after this one is gone: operation and number tell them apart, and the
        # nodes themselves are not kept alive.
        self.lines: dict[int, tuple[str, str, SourceLine]] = {}

    def made(self, v: Value) -> Value:
        z = number_of(v)
        self.lines[id(v)] = v.op, repr(z), source_line()
        # Inside a slope that is a Value a branch not taken may be nan; there the contributions are judged, not the way.
        if not math.isfinite(z) and not is_quiet():
            raise _error(v, "forward", f"the forward pass made {z!r}: {_symbol(v)}", self, _forward(v, self))
        return v

    def passed(self, v: Value, adjoint: Any, cs: Sequence[Any]) -> None:
        g = _number(adjoint)
        if not math.isfinite(g):
            raise _error(v, "backward", f"the gradient of {_whom(v)} is {g!r}", self, _of_adjoint(v, g))
        numbers = list(map(_number, cs))
        if all(map(math.isfinite, numbers)):
            return
        for c, slope, parent in zip(numbers, _slopes(v), v.parents):
            if not math.isfinite(c):
                told = _backward(v, parent, g, slope, c, self)
                title = f"the backward pass made {c!r}: {_symbol(v)} passes it to {_whom(parent)}"
                raise _error(v, "backward", title, self, told)

    def refused(self, error: Exception, rule: Rule, operands: Sequence[Any]) -> None:
        """Add to what an operation on floats raises the line that it stands in, and what to do."""
        parents, xs = [v if isinstance(v, Value) else None for v in operands], list(map(_number, operands))
        told = _inherited(repr(rule.symbol), parents, xs, self) or _Told((), _remedies("value", rule, parents, xs))
        facts = (("line", _shown(source_line())), *told.facts, *[("remedy", text) for text in told.remedies])
        for note in [f"{name}: {text}" for name, text in facts]:
            if note not in error.__notes__:
                error.add_note(note)

    def line(self, v: Value) -> SourceLine | None:
        op, number, line = self.lines.get(id(v), ("", "", None))
        return line if (op, number) == (v.op, repr(number_of(v))) else None


class _Told(NamedTuple):
    """What a report says besides the operation."""

    facts: tuple[tuple[str, str], ...]
    remedies: tuple[str, ...]


def _error(v: Value, phase: str, title: str, detector: _Detector, told: _Told) -> AnomalyError:
    line = detector.line(v)
    rows = []
    if line or not v.is_leaf:
        rows.append(("line", _shown(line) if line else "not known: this was made before detect_anomaly() began"))
    if not v.is_leaf:
        rows.append(("operation", _operation(rule_of(v), *operands_of(v), number_of(v))))
    rows += [*told.facts, *[("remedy", text) for text in told.remedies]]
    error = AnomalyError("\n".join([title, *[_wrapped(f"  {name:<9}  {text}") for name, text in rows]]))
    error.phase, error.node, error.line, error.remedies = phase, v, line, told.remedies
    return error


def _forward(v: Value, detector: _Detector) -> _Told:
    """Of a node that is nan or inf."""
    if v.is_leaf:  # a hook before ours took the operation away
        return _Told((), ("It was made under no_grad(): take that away for once, to be told the operation.",))
    parents, xs = operands_of(v)
    return _inherited(_symbol(v), parents, xs, detector) or _Told((), _remedies("value", rule_of(v), parents, xs))


def _backward(v: Value, parent: Value, g: float, slope: float, c: float, detector: _Detector) -> _Told:
    """Of a node whose contribution c = g · slope is nan or inf, and g is not."""
    product = ("product", f"adjoint {g!r} · slope {slope!r} = {c!r}")
    rule = rule_of(v)
    parents, xs = operands_of(v)
    if inherited := _inherited(_symbol(v), parents, xs, detector):
        return _Told((product, *inherited.facts), inherited.remedies)
    if math.isfinite(slope):
        return _Told((product,), (_EXPLODING,))
    if g == 0.0:
        return _Told((product,), _remedies("unused", rule, parents, xs) + _remedies("slope", rule, parents, xs))
    if rule.name == "pow" and parent is parents[1]:
        return _Told((product,), (_fill(_EXPONENT, parents, xs),))
    return _Told((product,), _remedies("slope", rule, parents, xs))


def _of_adjoint(v: Value, g: float) -> _Told:
    """Of a node whose adjoint g is nan or inf, although each contribution in this sweep is finite."""
    if g != g:
        cause = "it was nan before this sweep" if v.is_leaf else "the seed of this sweep is nan"
    else:
        before = "it was infinite before, or " if v.is_leaf else "the seed is infinite, or "
        cause = f"{before}the sum of contributions, each finite, is beyond 1.8e308"
    remedy = "Leaves add up over calls: set their grad to 0 before backward()." if v.is_leaf else "Look at the seed."
    return _Told((("cause", cause),), (remedy,) if g != g else (remedy, _EXPLODING))


def _inherited(op: str, parents: Sequence[Value | None], xs: Sequence[float], detector: _Detector) -> _Told | None:
    """If an operand was nan or inf already: where that came from."""
    origin = None
    while bad := [(p, x) for p, x in zip(parents, xs) if not math.isfinite(x)]:
        origin, number = bad[0]
        if origin is None:
            return _Told((("cause", f"the constant {number!r}, an operand of {op}"),), (_DATA.format("it"),))
        op, (parents, xs) = _symbol(origin), operands_of(origin)
    return _source(origin, detector) if origin is not None else None


def _source(v: Value, detector: _Detector) -> _Told:
    """Of a node that is nan or inf while no operand of it is."""
    number = repr(number_of(v))
    if not v.is_leaf:
        rule, (parents, xs) = rule_of(v), operands_of(v)
        line = detector.line(v)
        place = f" at {_shown(line)}" if line else ", before detect_anomaly() began"
        cause = f"{number} was made by {_operation(rule, parents, xs, number_of(v))}{place}"
        remedies = _remedies("value", rule, parents, xs)
    elif why := why_no_graph(v):
        cause = f"{_name(v)} was {number} already: it {why}"
        remedies = ("Put detect_anomaly() around the lines that made it too.",)
    else:
        name = f"the leaf {_label(v)}" if v.label else f"a leaf without a label, of {number},"
        cause = f"{name} was {number} when it came in: it is data, no operation made it"
        remedies = (_DATA.format(_label(v) or "it"),)
    return _Told((("cause", cause),), remedies)


# ---- what to do ----

# By operation and situation: "value" if it is nan, inf or refused; "slope" if a slope is; "unused" if a slope is while
# the adjoint is 0.  {f} is the operation, {x} and {y} are its first operands.
_WHERE = "The adjoint is 0, so nothing depends on this, but 0·inf is nan. Make the branch not taken safe too: "
_OVERFLOW = (
    "Numbers have grown beyond 1.8e308. If that took many steps of descent, the learning rate is too high; else scale "
    "the data down."
)
_EXPLODING = (
    "Adjoints have grown beyond 1.8e308 on the way back. Take a lower learning rate, smaller weights or scaled data; "
    "or clip."
)
_EXPONENTIAL = (
    "Above 709 it is beyond the largest float. Say softplus(x) for log(1 + exp(x)), sigmoid(x) for 1 / (1 + exp(-x)), "
    "softmax(xs), logsumexp(xs) for sums of exponentials; else take a lower learning rate or scale the data."
)
_LOG = (
    "A logarithm needs a number above 0: put a little under it, {f}({x} + 1e-12). Where there is no need of it: "
    "where({x} > 0, {f}(where({x} > 0, {x}, 1.0)), 0.0)."
)
_DIVISION = "Keep the denominator from 0: {x} / ({y} + 1e-12) where it can't be negative,"
_EDGE = "Its slope is infinite at ±1: stay inside by {f}(clamp({x}, -0.999999, 0.999999))."
_NEAR = "So near to 0 the slope is beyond 1.8e308: put a little under it, "
_EXPONENT = "A negative base, or 0, has no slope in the exponent: make that a plain number, {x} ** stop_gradient({y})."
_DATA = "Look where {0} comes from: a file, a division of plain floats, a missing value. math.isfinite(x) tells."
_DEFAULTS = {
    "value": "Look at the formula of {f} for these operands, or keep them out of its way.",
    "slope": "The slope of {f} is not finite here: keep the operands away from this point.",
    "unused": _WHERE + "where(ok, {f}(where(ok, {x}, 1.0)), 0.0).",
}

_CHOICES = {
    **dict.fromkeys(["sqrt", "log", "log2", "log10"], "where({x} > 0, {f}(where({x} > 0, {x}, 1.0)), 0.0)"),
    **dict.fromkeys(["asin", "acos", "atanh"], "where(abs({x}) < 1, {f}(where(abs({x}) < 1, {x}, 0.0)), 0.0)"),
    "log1p": "where({x} > -1, log1p(where({x} > -1, {x}, 0.0)), 0.0)",
    "acosh": "where({x} > 1, acosh(where({x} > 1, {x}, 2.0)), 0.0)",
    "cbrt": "where({x} != 0, cbrt(where({x} != 0, {x}, 1.0)), 0.0)",
    "pow": "where({x} > 0, where({x} > 0, {x}, 1.0) ** {y}, 0.0)",
    "truediv": "where({y} != 0, {x} / where({y} != 0, {y}, 1.0), 0.0)",
    "atan2": "where({x} != 0, atan2(where({x} != 0, {x}, 1.0), {y}), 0.0)",
    "hypot": "where({x} != 0, hypot(where({x} != 0, {x}, 1.0), {y}), 0.0)",
}
_GROWING = ("add", "sub", "mul", "sum", "mean", "dot", "hypot", "exp2", "sinh", "cosh")
_REMEDIES: dict[tuple[str, str], str] = {
    **{("unused", name): _WHERE + choice + "." for name, choice in _CHOICES.items()},
    **dict.fromkeys([("value", name) for name in ("log", "log2", "log10")], _LOG),
    **dict.fromkeys([("value", name) for name in ("exp", "expm1")], _EXPONENTIAL),
    **dict.fromkeys([("value", name) for name in _GROWING], _OVERFLOW),
    **dict.fromkeys(
        [("value", name) for name in ("asin", "acos")],
        "Only -1 to 1 have an angle. If rounding led outside: {f}(clamp({x}, -1.0, 1.0)).",
    ),
    ("value", "atanh"): "It needs a number inside -1 and 1: atanh(clamp({x}, -0.999999, 0.999999)).",
    ("value", "acosh"): "It needs 1 or more. If rounding led below: acosh(maximum({x}, 1.0)).",
    ("value", "log1p"): "log1p(x) is log(1 + x) and needs a number above -1: log1p(maximum({x}, -0.999999)).",
    ("value", "sqrt"): "A negative number has no real root. If rounding led below 0: sqrt(maximum({x}, 0.0) + 1e-12).",
    ("value", "truediv"): f"{_DIVISION} else {_CHOICES['truediv']}.",
    ("value", "division by 0"): "The denominator is the constant 0, and no variable: leave the division out.",
    ("value", "pow"): _OVERFLOW,
    ("value", "powi"): _OVERFLOW,
    ("value", "power of 0"): "0 has no power below 0: put a little under it, ({x} + 1e-12) ** {y}.",
    (
        "value",
        "constant 0 to a power",
    ): "0 has no power below 0: keep the exponent from there, 0.0 ** maximum({y}, 0.0).",
    ("value", "power below 0"): "A negative number has whole powers only: cbrt(x) is the real cube root, "
    "maximum({x}, 0.0) ** {y} a power that rounding can't lead astray.",
    ("value", "prod"): f"{_OVERFLOW} Or add the logarithms instead of multiplying.",
    ("slope", "sqrt"): "The root is upright at 0: put a little under it, sqrt({x} + 1e-12).",
    ("slope", "cbrt"): "The root is upright at 0: a root that is not is {x} / cbrt({x} * {x} + 1e-12).",
    ("slope", "pow"): "A power below 1 is upright at 0: put a little under it, ({x} + 1e-12) ** {y}.",
    ("slope", "hypot"): "The length of a vector has no slope at the origin: put a little in, hypot({x}, {y}, 1e-6).",
    ("slope", "atan2"): "There is no angle at the origin: put a little in, atan2({x}, {y} + 1e-12).",
    ("slope", "acosh"): "It is upright at 1: stay above by acosh(maximum({x}, 1.000001)).",
    ("slope", "truediv"): f"{_NEAR}{{x}} / ({{y}} + 1e-12).",
    **dict.fromkeys([("slope", name) for name in ("asin", "acos", "atanh")], _EDGE),
    **dict.fromkeys([("slope", name) for name in ("log", "log2", "log10")], _NEAR + "{f}({x} + 1e-12)."),
}


def _remedies(situation: str, rule: Rule, parents: Sequence[Value | None], xs: Sequence[float]) -> tuple[str, ...]:
    """What helps: a form that is stable all the way if there is one, else a patch."""
    name = rule.name
    if name == "pow" and situation == "value" and xs[0] <= 0.0:
        name = "power of 0" if xs[0] == 0.0 else "power below 0"
    if name == "truediv" and situation == "value" and xs[1] == 0.0 and parents[1] is None:
        name = "division by 0"
    if name == "power of 0" and parents[0] is None:
        name = "constant 0 to a power"
    better = _better_form(rule, parents) if situation != "unused" else ""
    text = better or _REMEDIES.get((situation, name), _DEFAULTS[situation])
    return (_fill(text, parents, xs, visible(rule.symbol)),)


def _better_form(rule: Rule, parents: Sequence[Value | None]) -> str:
    """The function that computes the same as this operation of what was computed before it, and better."""
    last = parents[0] if rule.name == "pow" else parents[-1]
    if last is None or last.is_leaf:
        return ""
    first = last.parents[0]
    inner = [_made_by(p) for p in last.parents]
    meets_0 = number_of(last) == 0.0 and rule.name in ("truediv", "sqrt", "pow", "log", "log2", "log10")
    of_exponentials = _made_by(last) in ("add", "sum") and set(inner) == {"exp"}
    match rule.name, _made_by(last):
        case _, "log" if meets_0 and inner == ["add"] and 1.0 in _constants(first) and _argument(first) != 0.0:
            return "log(1 + x) is 0 where 1 + x rounds to 1: write log1p(x)."
        case _, "sub" if meets_0 and inner == ["exp"] and 1.0 in _constants(last) and _argument(first) != 0.0:
            return "exp(x) - 1 is 0 where exp(x) rounds to 1: write expm1(x)."
        case "log", "sigmoid":
            return "log(sigmoid(x)) is -softplus(-x); the loss is binary_cross_entropy_with_logits."
        case "log", "sub" if inner == ["sigmoid"] and 1.0 in _constants(last):
            return "log(1 - sigmoid(x)) is -softplus(x); the loss is binary_cross_entropy_with_logits."
        case "log", "truediv" if operands_of(last)[0][0] is not None and "exp" in (
            inner[0],
            *map(_made_by, first.parents),
        ):
            return "The logarithm of a softmax is log_softmax(xs); the loss is cross_entropy."
        case "log", "exp":
            return "log(exp(x)) is x."
        case "log", "prod" | "mul" if min(operands_of(last)[1]) > 0.0:
            return "The logarithm of a product is the sum of the logarithms."
        case "log", _ if of_exponentials:
            return "log(exp(x) + exp(y) + …) is logsumexp([x, y, …])."
        case "truediv", _ if of_exponentials:
            return "Exponentials over their sum are softmax(xs)."
        case "sqrt" | "pow", _ if _is_sum_of_squares(last):
            return "A length, sqrt(x*x + y*y), is hypot(x, y): with a little in it, hypot(x, y, 1e-6)."
    return ""


def _made_by(v: Value) -> str:
    return "" if v.is_leaf else rule_of(v).name


def _argument(v: Value) -> float:
    x: float = number_of(v.parents[0])
    return x


def _is_sum_of_squares(v: Value) -> bool:
    if _made_by(v) == "dot":
        parents, _ = operands_of(v)
        n = len(parents) // 2
        return all(map(operator.is_, parents[:n], parents[n : 2 * n]))
    return _made_by(v) in ("add", "sum") and all(map(_is_square, v.parents))


def _is_square(v: Value) -> bool:
    parents, xs = operands_of(v)
    if _made_by(v) == "mul":
        return parents[0] is parents[1]
    return _made_by(v) in ("pow", "powi") and parents[1] is None and xs[1] == 2


def _constants(v: Value) -> list[float]:
    return [x for p, x in zip(*operands_of(v)) if p is None]


def _fill(text: str, parents: Sequence[Value | None], xs: Sequence[float], f: str = "") -> str:
    labels = [_label(p) if p is not None else repr(x) for p, x in zip(parents, xs)][:2]
    letters = (letter for letter in "xyzu" if letter not in labels)
    x, y = [label or next(letters) for label in [*labels, "", ""][:2]]
    return text.format(f=f, x=x, y=y)


# ---- how a gradient is made up ----


class Contribution(NamedTuple):
    """What a leaf receives from one operand of one of its consumers: product = adjoint · slope.

    `name` is that of the consumer in the report, `adjoint` is ∂root/∂consumer and `slope` ∂consumer/∂leaf by that
    operand.
    """

    name: str
    consumer: Value
    adjoint: float
    slope: float
    product: float


class Path(NamedTuple):
    """One way from a leaf up to the root: its nodes, and the local slopes from each to the next.

    `text` shows the nodes, of a long way the ends.  `product` is that of all slopes, in the order of the sweep, rounded
    as it rounds, with no overflow on the way.
    """

    text: str
    nodes: tuple[Value, ...]
    slopes: tuple[float, ...]
    product: float

    def __str__(self) -> str:
        factors = [s if isinstance(s, str) else f"{s:.6g}" for s in _elided(self.slopes)]
        product = [" · ".join(factors)] * (len(factors) > 1) + [f"{self.product:.6g}"]
        return f"{self.text}: {' = '.join(product)}"

    def __repr__(self) -> str:
        return str(self)


class Explanation(NamedTuple):
    """How ∂root/∂leaf comes about; printed, it is a report.

    Attributes:
        root, leaf: the Values asked about, and `names` theirs in the report.
        gradient: ∂root/∂leaf.
        contributions: of each consumer of the leaf, in the order of the sweep; they add up to the gradient, in that
            order from 0.0, to the bit.
        paths: the paths with the largest |product|, largest first.
        path_count: how many paths there are, those with a slope of 0 among them.
    """

    root: Value
    leaf: Value
    names: tuple[str, str]
    gradient: float
    contributions: tuple[Contribution, ...]
    paths: tuple[Path, ...]
    path_count: int

    @property
    def others(self) -> int:
        """How many paths are not among `paths`."""
        return self.path_count - len(self.paths)

    @property
    def others_total(self) -> float:
        """What the others add up to: what is left of the gradient, with its rounding; 0.0 if there are no others."""
        return sum([-path.product for path in self.paths], self.gradient) if self.others else 0.0

    def __str__(self) -> str:
        root, leaf = self.names
        head = f"∂{root}/∂{leaf} = {self.gradient:.6g}"
        if self.root is self.leaf:
            return f"{head}: {root} is the root itself"
        if not self.path_count:
            return f"{head}: {leaf} is not below {root}, which does not depend on it"
        return "\n".join([head, "", *_table(self), "", *_list(self)])

    def __repr__(self) -> str:  # the nodes of a path may be a million
        return str(self)


def explain(root: Value, leaf: Value, *, paths: int = 10) -> Explanation:
    """How the gradient ∂root/∂leaf is made up: consumer by consumer, and path by path.

    ∂root/∂leaf = Σ ∂root/∂c · ∂c/∂leaf over the consumers c of the leaf.  It is also the sum, over all paths from the
    leaf up to the root, of the product of the local slopes on the way (Bauer 1974, https://doi.org/10.1137/0711010).
    The number of paths may be exponential: they are counted exactly, and only the largest are sought out, each in time
    linear in the graph.  No `grad` is read or written.

    Args:
        root: the Value differentiated; any of a graph.
        leaf: the Value differentiated by; an interior node will do.
        paths: how many paths to list, at most.

    Returns:
        An `Explanation`, to print or to read field by field.  A Value without a label is called v3 (*), where v3 is
        topological_order(root)[3].  Paths are ranked by sums of logarithms, with an inf or nan as the largest; products
        that agree to some 15 digits may change places.

    Raises:
        TypeError: `root` or `leaf` is no Value, or `paths` no whole number.
        ValueError: `paths` is below 0.
        StaleGraphError: a Value was assigned new data after this graph was built from it.
        NoGraphError: `root` was made under no_grad().

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2 * x
    >>> y.label = "y"
    >>> print(explain(y, x))
    ∂y/∂x = 8
    <BLANKLINE>
    from    adjoint  ·  slope  =  product
    v2 (*)        1         2           2
    v1 (*)        1         3           3
    v1 (*)        1         3           3
    <BLANKLINE>
    3 paths
    x → v1 (*) → y: 3 · 1 = 3
    x → v1 (*) → y: 3 · 1 = 3
    x → v2 (*) → y: 2 · 1 = 2
    """
    for v in (root, leaf):
        if not isinstance(v, Value):
            raise TypeError(f"explain(root, leaf) takes Values, not {type(v).__name__} {v!r}")
    if operator.index(paths) < 0:
        raise ValueError(f"paths is how many paths to list, 0 or more, not {paths!r}")
    require_graph(root)
    graph = _Between(root, leaf)
    gradient, contributions = graph.contributions()
    names = graph.name(graph.root), graph.name(graph.leaf) if graph.leaf >= 0 else _name(leaf)
    largest = tuple(graph.largest(operator.index(paths)))
    return Explanation(root, leaf, names, gradient, contributions, largest, graph.count_paths())


class _Detour(NamedTuple):
    """At a node, another operand than the best; and the detour before, nearer to the root."""

    node: int
    operand: int
    before: "_Detour | None"


def _chain(detour: _Detour | None) -> Iterator[_Detour]:
    while detour:
        yield detour
        detour = detour.before


class _Between:
    """The part of the graph below a root that depends on a leaf, by position in the topological order."""

    def __init__(self, root: Value, leaf: Value) -> None:
        self.order = topological_order(root)
        require_fresh(self.order)
        position = {id(v): i for i, v in enumerate(self.order)}
        self.leaf = position.get(id(leaf), -1)
        # Of a node that depends on the leaf: the operands that do, in their order, and the slopes by them.
        self.edges: dict[int, tuple[tuple[int, float], ...]] = {}
        self.root = len(self.order) - 1
        if self.leaf < 0:
            return
        self.edges[self.leaf] = ()
        for i in range(self.leaf + 1, len(self.order)):
            v = self.order[i]
            below = [position[id(p)] for p in v.parents]
            if not self.edges.keys().isdisjoint(below):
                self.edges[i] = tuple([edge for edge in zip(below, _slopes(v)) if edge[0] in self.edges])

    def name(self, i: int) -> str:
        return _explained_name(self.order[i], i)

    def contributions(self) -> tuple[float, tuple[Contribution, ...]]:
        """The adjoint of the leaf, and what it is the sum of: the sweep, with its adjoints in a dictionary."""
        adjoints = dict.fromkeys(self.edges, 0.0)
        if self.root not in adjoints:
            return 0.0, ()
        adjoints[self.root] += 1.0
        parts = []
        for i in reversed(self.edges):
            g = adjoints[i]
            for below, slope in self.edges[i]:
                c = g * slope
                adjoints[below] += c
                if below == self.leaf:
                    parts.append(Contribution(self.name(i), self.order[i], g, slope, c))
        return adjoints[self.leaf], tuple(parts)

    def count_paths(self) -> int:
        """How many ways lead from the root down to the leaf."""
        ways = {self.root: 1}
        for i in reversed(self.edges):
            if i == self.leaf:
                break
            n = ways.pop(i, 0)  # let go of at once: it may have as many digits as the graph has nodes
            for below, _ in self.edges[i]:
                ways[below] = ways[below] + n if below in ways else n
        return ways.get(self.leaf, 0)

    def largest(self, k: int) -> Iterator[Path]:
        """The k paths with the largest products, largest first.

        From each node one operand leads on to the largest product.  Any path is the largest one with some detours, each
        of which costs the difference in log|product|.  Having found a path, we look for one more detour behind its
        last: so each path is found once, from one that costs no more (Eppstein 1998,
        https://doi.org/10.1137/S0097539795290477, without his heaps: one pass over the path instead).
        """
        if self.root not in self.edges or not k:
            return
        best, lost = self._detours()
        serial = count()  # of equals the first one found comes first
        found: list[tuple[int, int, _Detour | None]] = [(0, next(serial), None)]
        for remaining in range(k - 1, -1, -1):
            if not found:
                return
            cost, _, last = heappop(found)
            detours = {detour.node: detour.operand for detour in _chain(last)}
            way, slopes, options = [self.root], [], []
            behind = last is None
            while (i := way[-1]) != self.leaf:
                if behind and i in lost:
                    options += [(cost + loss, i, j) for j, loss in enumerate(lost[i]) if j != best[i]]
                behind = behind or (last is not None and i == last.node)
                below, slope = self.edges[i][detours.get(i, best[i])]
                way.append(below)
                slopes.append(slope)
            for total, i, j in nsmallest(remaining, options):
                heappush(found, (total, next(serial), _Detour(i, j, last)))
            yield self._path(way, slopes)

    def _detours(self) -> tuple[dict[int, int], dict[int, list[int]]]:
        """For each node which operand is best; where there are several, what each loses in weight against it."""
        weight = {self.leaf: 0}
        best: dict[int, int] = {}
        lost: dict[int, list[int]] = {}
        for i, edges in self.edges.items():
            if i == self.leaf:
                continue
            weights = [_weight(slope) + weight[below] for below, slope in edges]
            weight[i] = top = max(weights)
            best[i] = weights.index(top)
            if len(weights) > 1:
                lost[i] = [top - w for w in weights]
        return best, lost

    def _path(self, way: list[int], slopes: list[float]) -> Path:
        way.reverse()
        text = " → ".join([i if isinstance(i, str) else self.name(i) for i in _elided(way)])
        return Path(text, tuple([self.order[i] for i in way]), tuple(slopes[::-1]), _product(slopes))


# log₂|slope| in units of 2⁻⁶⁰, as an int, so that sums of any number are exact; a slope of 0 counts below any product,
# one of inf or nan above.
_ZERO = -(1 << 120)
_NOT_FINITE = 1 << 180


def _weight(slope: float) -> int:
    if slope == 0.0:
        return _ZERO
    return int(math.log2(abs(slope)) * 2.0**60) if math.isfinite(slope) else _NOT_FINITE


def _product(slopes: Sequence[float]) -> float:
    """The product from left to right, rounded as floats round, but with an exponent that has no end."""
    product, exponent = 1.0, 0
    for slope in slopes:
        mantissa, e = math.frexp(slope)
        product, e2 = math.frexp(product * mantissa)
        exponent += e + e2
    try:
        return math.ldexp(product, exponent)
    except OverflowError:
        return math.copysign(math.inf, product)


_ENDS = 4  # of a longer path these many are shown at either end


def _explained_name(v: Value, i: int) -> str:
    return _label(v) or (f"v{i} ({visible(v.op)})" if v.op else f"v{i}")


def _elided(items: Sequence[Any]) -> list[Any]:
    left_out = len(items) - 2 * _ENDS
    if left_out < 2:
        return list(items)
    return [*items[:_ENDS], f"… {left_out:,} more …", *items[-_ENDS:]]


def _table(explanation: Explanation) -> list[str]:
    """What each consumer contributes; of many, the largest, in their order all the same."""
    parts = explanation.contributions
    ranked = sorted(range(len(parts)), key=lambda i: -_size(parts[i].product))
    shown = sorted(ranked[:_ROWS])
    rows = [["from", "adjoint", "slope", "product"]]
    rows += [[c.name, *[f"{x:.6g}" for x in (c.adjoint, c.slope, c.product)]] for c in [parts[i] for i in shown]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    signs = ["  ·  ", "  =  "]
    lines = []
    for row in rows:
        name, *numbers = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        lines.append(f"{name}  {numbers[0]}{signs[0]}{numbers[1]}{signs[1]}{numbers[2]}".rstrip())
        signs = ["     ", "     "]
    left_out = [parts[i].product for i in ranked[_ROWS:]]
    if left_out:
        lines.append(f"and {len(left_out):,} more, which add up to {sum(left_out):.6g}")
    return lines


_ROWS = 20


def _list(explanation: Explanation) -> list[str]:
    n, paths = explanation.path_count, explanation.paths
    head = f"{_many(n)} path{'s' * (n > 1)}"
    if not explanation.others:
        return [head, *map(str, paths)]
    others = _many(explanation.others)
    rest = f"the others, {others} paths, add up to" if explanation.others > 1 else "the other path comes to"
    total = f"{rest if paths else 'their products add up to'} {explanation.others_total:.6g}"
    return [f"{head}, the largest first" if paths else head, *map(str, paths), total]


def _many(n: int) -> str:
    """1,234; of a number too long to read, its size."""
    if n < 10**15:
        return f"{n:,}"
    if n.bit_count() == 1:
        return f"2^{n.bit_length() - 1}"
    log = math.log10(n)
    return f"about {10 ** (log % 1.0):.2f}e{int(log)}"


# ---- how reports put it ----


def _name(v: Value) -> str:
    """The label, or else the number of a leaf and the operation of any other."""
    while v.op == "pos" and not v.label:  # what transforms put before an argument
        (v,) = v.parents
    if v.label or v.is_leaf:
        return _label(v) or repr(number_of(v))
    return f"(… {v.op} …)" if v.op in _INFIX else f"{visible(v.op)}(…)"


def _label(v: Value) -> str:
    return visible(v.label)


def _whom(v: Value) -> str:
    name = _name(v)
    return f"a leaf of {name}" if name == repr(number_of(v)) else name


_INFIX = ("+", "-", "*", "/", "**")
_SHOWN, _LARGEST = 6, 3  # operands: of more only the largest


def _symbol(v: Value) -> str:
    return f"{v.op!r}" + (f" ({_label(v)})" if v.label else "") if not v.is_leaf else "an operation"


def _operation(rule: Rule, parents: Sequence[Value | None], xs: Sequence[float], z: float) -> str:
    """w * x = 6.0, with w = 2.0, x = 3.0"""
    symbol = visible(rule.symbol)
    names = [_name(p) if p is not None else repr(x) for p, x in zip(parents, xs)]
    known = [f"{name} = {x!r}" for name, x in dict.fromkeys(zip(names, xs)) if name != repr(x)]
    if len(xs) > _SHOWN:  # the largest tell most; nan before all
        largest = sorted(dict.fromkeys(zip(names, xs)), key=lambda pair: -_size(pair[1]))[:_LARGEST]
        known = [f"{name} = {x!r}" for name, x in largest]
        return f"{symbol} of {len(xs):,} numbers = {z!r}, the largest {', '.join(known)}"
    if rule.symbol in _INFIX and len(names) == 2:
        formula = f" {symbol} ".join(names)
    else:
        listed = ", ".join(names)
        formula = symbol + (listed if len(names) == 1 and listed.startswith("(… ") else f"({listed})")
    return f"{formula} = {z!r}" + (f", with {', '.join(known)}" if known else "")


def _wrapped(row: str) -> str:
    from textwrap import fill  # here: it takes longer to import than this module

    return fill(row, 100, subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False)


def _size(x: float) -> float:
    return abs(x) if x == x else math.inf


def _shown(line: SourceLine) -> str:
    return f"{line}: {line.text}" if line.text else str(line)


def _number(x: Any) -> float:
    return float(number_of(x))


def _slopes(v: Value) -> list[float]:
    """∂v/∂parent for each parent, as backward() takes them, and no hook told of it."""
    try:
        return slopes(v, FLOATS)
    except (ArithmeticError, ValueError):
        return [float(slope) for slope in slopes(v, IEEE)]
