"""gradcheck: is a gradient right, and if not, which operation at which line is to blame?

Three witnesses are heard, none of which reads a rule's partials.  The differences of f's values, with their error bars;
the complex step through the values of the operations that f was seen to make; and, where the two leave a doubt, the
graph run forward again on floats, which tells whether f is what its graph says.  No tolerance is fixed: a verdict
compares |analytic − numeric| with the error bar and the rounding of the sweep, and is `right` only if these are so
small beside the slope that 0.01 % of it would have been seen.
"""

import inspect
import math
import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from types import SimpleNamespace
from typing import Any, Final, Literal, NamedTuple

from ..engine import Value, apply
from ..errors import AutogradError
from ..hooks import SourceLine, creation_hook, source_line
from ..lazy import cached_property
from ..printing import visible
from ..reading import operands_of, rule_of
from ..rule import VALUES, Rule
from ..rules import RULES
from ..structures import Leaves
from ..sweep import order_below, pull_back
from ..transforms import Run, gradients, scalar
from ..watch import never_raising
from .complexstep import COMPLEX, complex_step
from .numerical import NOTHING, Estimate, Slope, on_floats, partial_derivative

Verdict = Literal["right", "wrong", "kink", "inconclusive"]
Witness = Literal["auto", "differences", "complex"]

EPS: Final = sys.float_info.epsilon
HUGE: Final = sys.float_info.max
SHOWN: Final = 5  # culprits
UNDERFLOWN: Final = 2.0**-500  # a slope this small may be lost in the squares of a complex function
UNSEEN: Final = {"none": "f has no values beside", "unresolved": "f is too rough"}
TO_BE_SEEN: Final = 1e-5  # the error bar over the slope with which a slope 1e-4 wrong is still seen


class GradcheckError(AutogradError, AssertionError):
    """A gradient is wrong; `report` has the particulars."""

    def __init__(self, report: "GradcheckReport") -> None:
        super().__init__(str(report))
        self.report = report


class Component(NamedTuple):
    """What was found of one slope; `error` is the bar that `numeric` and `analytic` were compared with."""

    name: str
    analytic: float
    numeric: float
    error: float
    verdict: Verdict
    note: str


class Culprit(NamedTuple):
    """An operation whose slope is wrong, or the slope of its slope: by which operands, at which line of the program."""

    op: str
    line: SourceLine | None
    operands: tuple[str, ...]
    by: tuple[int, ...]
    expected: float
    got: float

    def __str__(self) -> str:
        which = "the slope" if len(self.by) == 1 else "the second derivative"
        by = " and ".join(str(i + 1) for i in self.by)
        place = f"\n    {self.line}: {self.line.text}" if self.line else ""
        return (
            f"{which} of {self.op!r} by operand {by} is {self.got!r} and should be {self.expected!r}, "
            f"at {', '.join(self.operands)}{place}"
        )


@dataclass(frozen=True)
class GradcheckReport:
    """The verdicts on every slope, and the culprits if there are any; truthy when all are right, or at a kink."""

    function: str
    components: tuple[Component, ...]
    culprits: tuple[Culprit, ...] = ()
    fault: str = ""

    def __bool__(self) -> bool:
        return not self.fault and all(c.verdict in ("right", "kink") for c in self.components)

    @property
    def wrong(self) -> bool:
        """Whether a slope is wrong for certain; `inconclusive` is not."""
        return bool(self.fault) or any(c.verdict == "wrong" for c in self.components)

    def rate(self, verdict: Verdict) -> float:
        """The share of the slopes that have this verdict."""
        return sum(c.verdict == verdict for c in self.components) / max(len(self.components), 1)

    def __str__(self) -> str:
        counts = {v: sum(c.verdict == v for c in self.components) for v in ("right", "kink", "inconclusive", "wrong")}
        tally = ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n) or "nothing to check"
        rows = [("argument", "analytic", "numeric", "±", "verdict", "note")]
        rows += [
            (visible(c.name), f"{c.analytic:.10g}", f"{c.numeric:.10g}", f"{c.error:.1g}", *c[4:])
            for c in self.components
        ]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = [f"gradcheck of {visible(self.function)}: {self.fault or tally}"]
        if self.components:
            lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        lines += map(str, self.culprits[:SHOWN])
        if len(self.culprits) > SHOWN:
            lines.append(f"and {len(self.culprits) - SHOWN} more")
        return "\n".join(lines)

    __repr__ = __str__


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    order: Literal[1, 2] = 1,
    witness: Witness = "auto",
    raise_on_failure: bool = False,
) -> GradcheckReport:
    """Compare the gradient of f with slopes that were found without any rule, and name the operation that is wrong.

    Verdicts: `right`; `wrong`; `kink`, where the sides have slopes of their own, one of them infinite perhaps, and the
    analytic one is between them, or where there is none and nan says so; `inconclusive`, where no witness knows enough.

    Args:
        f: a function of numbers, or of structures of numbers, that returns one number.  It must give the same for the
            same numbers.  To check by the weights of a module, make them an argument: Values that f closes over are
            constants here.
        args: its arguments: floats, or (nested) lists, tuples, dicts and NumPy arrays of them.
        order: 2 for the second derivatives, by all pairs of numbers, and their symmetry.
        witness: "differences" of f's values, or the "complex" step through its operations; "auto" asks for the second
            where the first leaves a doubt.
        raise_on_failure: to raise a GradcheckError if a slope is wrong.

    Raises:
        ValueError: f gives something else when it is called again, or an option is none.
        TypeError: f returns something other than one number, or an argument holds something else.
        GradcheckError: a slope is wrong, and `raise_on_failure` is set; never for `inconclusive`.

    >>> report = gradcheck(lambda x, y: x * y + abs(x), 0.0, 3.0)
    >>> bool(report), [(c.name, c.verdict, c.note) for c in report.components]
    (True, [('x', 'kink', 'kink: slopes 2 and 4 before and after'), ('y', 'right', '')])
    """
    if order not in (1, 2) or witness not in ("auto", "differences", "complex"):
        raise ValueError(f"order is 1 or 2, witness auto, differences or complex, not {order!r} and {witness!r}")
    name = getattr(f, "__name__", None) or type(f).__name__
    at, xs, rebuild = on_floats(f, args)
    z, again = at(xs), at(xs)
    if z != again and z == z:
        raise ValueError(f"{name} gives {z!r} and then {again!r} for the same numbers: it must not draw or count")
    run, lines = _recorded(f, rebuild(xs))
    result = scalar(run.result, f)
    if z == z and abs(_plain(result) - z) > 1e-9 * abs(z) + 64.0 * _sizes(result, ())[1]:
        fault = f"{z!r} on floats and {_plain(result)!r} on Values: it depends on state, or on .data"
        return _told(GradcheckReport(name, (), (), fault), raise_on_failure)
    names = _names(f, args)
    if order == 1:
        checks = [_Check(at, result, run.own, xs, [_plain(g) for g in run.pull([result], [1.0])])]
        components = [checks[0].component(a, i, witness) for i, a in enumerate(names)]
    else:
        checks = _second_checks(lambda ys: _gradient(f, rebuild(ys)), result, run.own, xs)
        components = [c.component(f"{a}, {b}", j, witness) for a, c in zip(names, checks) for j, b in enumerate(names)]
        components = _symmetric(components, len(xs))
    culprits: list[Culprit] = []
    if any(c.verdict == "wrong" for c in components):
        nodes = order_below([result]) if isinstance(result, Value) else []
        culprits = _culprits(nodes, lines, order)
        if not culprits:
            components = _with_a_reason(components, nodes, lines)
    return _told(GradcheckReport(name, tuple(components), tuple(culprits)), raise_on_failure)


def _recorded(f: Callable[..., Any], args: Sequence[Any]) -> tuple[Run, dict[int, SourceLine]]:
    """A run of f, and the source line of each node."""
    lines: dict[int, SourceLine] = {}
    made: list[Value] = []  # kept, so that no two have one id

    def record(v: Value) -> Value:
        made.append(v)
        lines[id(v)] = source_line()
        return v

    with creation_hook(record):
        return Run(f, args, {}, tuple(range(len(args)))), lines


def _told(report: GradcheckReport, raise_on_failure: bool) -> GradcheckReport:
    if raise_on_failure and report.wrong:
        raise GradcheckError(report)
    return report


def _second_checks(
    slopes: Callable[[Leaves], Sequence[float]], root: Any, leaves: Sequence[Value], xs: Sequence[float]
) -> list["_Check"]:
    """For each slope of the root a check of its own slopes; `slopes` gives them all on floats."""
    known: dict[tuple[float, ...], Sequence[float]] = {}

    def first(i: int, ys: Leaves) -> float:
        key = tuple(ys)
        if key not in known:
            known[key] = slopes(ys)
        return known[key][i]

    with never_raising():
        firsts = gradients(root, leaves, Value(1.0)) if isinstance(root, Value) else [0.0] * len(xs)
    seconds = [gradients(g, leaves) if isinstance(g, Value) else [0.0] * len(xs) for g in firsts]
    return [_Check(partial(first, i), g, leaves, xs, own) for i, (g, own) in enumerate(zip(firsts, seconds))]


def _gradient(f: Callable[..., Any], args: Sequence[Any]) -> list[float]:
    run = Run(f, args, {}, tuple(range(len(args))))
    return [_plain(g) for g in run.pull([run.result], [1.0])]


def _plain(x: Any) -> float:
    return x.data if isinstance(x, Value) else float(x)


def _names(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """The names of the numbers in the arguments: x, x[0], p['w'][1] …"""
    try:
        names = list(inspect.signature(f).bind(*args).signature.parameters.values())
    except (TypeError, ValueError):
        names = []
    given = [p.name for p in names if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    given += [f"argument {i + 1}" for i in range(len(given), len(args))]
    return [name for arg, title in zip(args, given) for name in _places(arg, title)]


def _places(tree: Any, name: str) -> Iterator[str]:
    tree = tree.tolist() if hasattr(tree, "tolist") else tree
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _places(part, f"{name}[{key!r}]")
    elif isinstance(tree, (list, tuple)):
        for i, part in enumerate(tree):
            yield from _places(part, f"{name}[{i}]")
    else:
        yield name


def _symmetric(components: list[Component], n: int) -> list[Component]:
    """The components of a Hessian, wrong where it is not symmetric."""
    for i in range(n):
        for j in range(i):
            a, b = components[i * n + j], components[j * n + i]
            if abs(a.analytic - b.analytic) > a.error + b.error and {a.verdict, b.verdict} == {"right"}:
                for k, other in ((i * n + j, b), (j * n + i, a)):
                    note = f"not symmetric: {other.analytic!r} the other way round"
                    components[k] = components[k]._replace(verdict="wrong", note=note)
    return components


# ---- the judgement of one slope ----


class _Judgement(NamedTuple):
    verdict: Verdict
    numeric: float
    error: float
    note: str = ""


def _by_differences(a: float, slope: Slope, size: float, rounding: float) -> _Judgement:
    """What differences say of the analytic slope a.

    `size` is the sum of what adds up to it, without the signs: a wrong term is to be seen beside it.
    """
    how, value = slope.how, slope.value
    error = slope.error + rounding
    if how == "undefined":
        return _Judgement("inconclusive", value, error, "f is not finite here")
    if math.isinf(a) and how in UNSEEN:
        return _Judgement("inconclusive", value, error, "steeper than floats can show")
    if a != a:
        if how in ("kink", "jump", "none"):
            return _Judgement("kink", value, error, "there is no slope, and nan says so")
        return _Judgement("wrong", value, error)
    if how in UNSEEN:
        return _Judgement("inconclusive", value, error, UNSEEN[how])
    if how == "vertical":
        if a == value:
            return _Judgement("right", value, 0.0, "vertical tangent: the slopes grow without bound")
        steep = a * slope.steepest > 0.0 and abs(a) >= abs(slope.steepest) / 16.0
        return _Judgement("inconclusive" if steep else "wrong", value, error, "vertical tangent")
    if how == "jump" and a * slope.steepest > 0.0 and abs(a) >= abs(slope.steepest) / 16.0:
        at_once: Verdict = "kink" if math.isinf(a) else "inconclusive"
        return _Judgement(at_once, math.copysign(math.inf, slope.steepest), error, "f jumps here")
    if how == "jump" and math.isinf(a) and max(slope.left.error, slope.right.error) < math.inf:
        return _Judgement("inconclusive", value, error, "f jumps here")  # too steep on the sides to be seen
    if how in ("kink", "jump"):
        sides = [side for side in (slope.left, slope.right) if side.error < math.inf]
        between = (
            min(side.value - side.error for side in sides) - rounding
            <= a
            <= max(side.value + side.error for side in sides) + rounding
        )
        known = "before and after" if len(sides) == 2 else "on the one side that there is"
        note = f"{how}: slopes {' and '.join(_told_apart([side.value for side in sides]))} {known}"
        return _Judgement("kink" if between else "wrong", value, error, note)
    note = "" if how == "central" else how
    if math.isinf(a):
        finite = Estimate(value, error).meaningful and abs(value) < HUGE / 2.0**20  # or it may have overflowed
        return _Judgement("wrong" if finite else "inconclusive", value, error, note)
    return _compared(a, Estimate(value, slope.error), size, rounding, note)


def _told_apart(numbers: Sequence[float]) -> list[str]:
    """Numbers in six digits, or in as many as show that they differ."""
    texts = ([f"{x:.{digits}g}" for x in numbers] for digits in range(6, 18))
    return next(some for some in texts if len(set(some)) == len(set(numbers)))


def _compared(a: float, numeric: Estimate, size: float, rounding: float, note: str) -> _Judgement:
    error = numeric.error + rounding
    if abs(a - numeric.value) > error:
        return _Judgement("wrong", numeric.value, error, note)
    if error <= TO_BE_SEEN * max(size, abs(a)) or (size == 0.0 and error < math.inf):
        return _Judgement("right", numeric.value, error, note)
    return _Judgement("inconclusive", numeric.value, error, note or "the error bar is too long")


class _Check:
    """A function of a list of floats, the graph of Values that is to be its like, and the slopes of the graph."""

    def __init__(
        self, f: Callable[[Leaves], float], root: Any, own: Sequence[Value], xs: Sequence[float], slopes: Sequence[Any]
    ) -> None:
        self.f, self.root, self.own, self.xs, self.analytic = f, root, own, xs, [_plain(slope) for slope in slopes]
        self.order = order_below([root], own) if isinstance(root, Value) else list(own)
        self.constants = {id(v): v.data for v in self.order if v.is_leaf}  # now: f may assign to them
        spelled = _spelled_out(self.order)
        self.plain_root, self.plain = spelled.get(id(root), root), [spelled[id(v)] for v in own]
        self.sizes, _ = _sizes(root, own)
        _, self.noise = _sizes(self.plain_root, self.plain)
        self.rounding = 4.0 * EPS * len(self.order)

    def component(self, name: str, i: int, witness: Witness) -> Component:
        """The verdict on the slope by number i."""
        judged = self.judge(i, witness)
        return Component(name, self.analytic[i], judged.numeric, judged.error, judged.verdict, judged.note)

    def judge(self, i: int, witness: Witness = "auto") -> _Judgement:
        """What the witnesses say: differences first, and the complex step where they know too little."""
        if witness == "complex":
            return self.by_complex_step(i)
        a, size = self.analytic[i], self.sizes[i]
        seen = _by_differences(a, partial_derivative(self.f, self.xs, i, self.noise), size, self.rounding * size)
        if a != a and seen.verdict == "wrong" and self.powers_of_negatives:
            return seen._replace(verdict="inconclusive", note="a negative number has powers only at whole numbers")
        if witness == "differences" or seen.verdict in ("right", "kink"):
            return seen
        other = self.by_complex_step(i)
        if other.verdict == "right":
            if self.is_its_graph(i):
                return other
            return seen._replace(note="f moves where its graph does not: by .data, stop_gradient or a branch")
        if seen.verdict == "inconclusive" and other.verdict == "wrong" and not self.tied:
            return other
        return seen

    def by_complex_step(self, i: int) -> _Judgement:
        """What the complex step says of the slope by number i."""
        numeric, a, size = self.complex_slopes[i], self.analytic[i], self.sizes[i]
        if math.isinf(a) and numeric.value == a:
            return _Judgement("right", a, 0.0, "vertical tangent of an operation")
        if numeric is NOTHING or not math.isfinite(a):
            return _Judgement("inconclusive", numeric.value, numeric.error, "the complex step has no say")
        if numeric.value == 0.0 and 0.0 < abs(a) < UNDERFLOWN:
            return _Judgement("inconclusive", 0.0, numeric.error, "the complex step underflows")
        return _compared(a, numeric, size, self.rounding * size, "by the complex step")

    @cached_property
    def complex_slopes(self) -> list[Estimate]:
        return _complex_slopes(self.plain_root, self.plain)

    @property
    def powers_of_negatives(self) -> bool:
        """Whether there is x ** n with x < 0, of which floats see no gaps where they are all whole numbers."""
        return any(not v.is_leaf and rule_of(v).name == "pow" and operands_of(v)[1][0] < 0.0 for v in self.order)

    @property
    def tied(self) -> bool:
        """Whether an operation that chooses may have had no reason for its choice: the complex step is at a loss."""
        return any(not v.is_leaf and _undecided(rule_of(v), operands_of(v)[1]) for v in self.order)

    def is_its_graph(self, i: int) -> bool:
        """Whether f and its graph give the same on floats beside the point, by number i."""
        x = self.xs[i]
        for k in (4, 20, 40):
            for h in (math.ldexp(x or 1.0, -k), -math.ldexp(x or 1.0, -k)):
                xs = [*self.xs[:i], x + h, *self.xs[i + 1 :]]
                z, w = (_outcome(f, xs) for f in (self.f, self._run_again))
                if z != w and abs(z - w) > self.noise + 1e-9 * abs(z):
                    return False
        return True

    def _run_again(self, xs: Leaves) -> float:
        values: dict[int, float] = self.constants | {id(v): x for v, x in zip(self.own, xs)}
        for v in self.order:
            if id(v) not in values:
                parents, operands = operands_of(v)
                now = [x if p is None else values[id(p)] for p, x in zip(parents, operands)]
                values[id(v)] = rule_of(v).f(*now)
        return values[id(self.root)] if isinstance(self.root, Value) else self.root


# ---- who is to blame ----


def _culprits(nodes: Sequence[Value], lines: dict[int, SourceLine], order: int) -> list[Culprit]:
    """The operations that are wrong, the worst first."""
    found: list[tuple[float, Culprit]] = []
    for v in nodes:
        line = lines.get(id(v))
        if not v.is_leaf:
            found += _wrong_slopes(v, line) or (_wrong_seconds(v, line) if order == 2 else [])
    return [culprit for _, culprit in sorted(found, key=lambda pair: -pair[0])]


def _with_a_reason(
    components: Sequence[Component], nodes: Sequence[Value], lines: dict[int, SourceLine]
) -> list[Component]:
    """The components, with a note why one is wrong although each operation is right."""
    note = "each operation is right: the sum of contributions is not, or f is not its graph"
    for v in nodes:
        if not v.is_leaf and any(judged.verdict == "kink" for _, judged in _judged(v)[1]):
            place = f" at {lines[id(v)]}" if id(v) in lines else ""
            note = f"each operation is right, but {v.op!r}{place} is at its kink, where the chain rule need not hold"
            break
    undefined = "0·inf or inf − inf on the way back is nan: detect_anomaly() tells where"
    return [
        c if c.verdict != "wrong" or c.note else c._replace(note=note if c.analytic == c.analytic else undefined)
        for c in components
    ]


def _judged(v: Value) -> tuple["_Check", list[tuple[int, _Judgement]]]:
    """The slopes of an operation by its variables, checked."""
    parents, xs = operands_of(v)
    leaves = [Value(x) for x in xs]
    node = apply(rule_of(v), *leaves)
    check = _Check(lambda ys: rule_of(v).f(*ys), node, leaves, xs, pull_back(node, 1.0))
    return check, [(i, check.judge(i)) for i, p in enumerate(parents) if p is not None]


def _wrong_slopes(v: Value, line: SourceLine | None) -> list[tuple[float, Culprit]]:
    """The slopes of an operation that are wrong, and how far off."""
    check, judged = _judged(v)
    return [
        _culprit(check, i, (i,), v, line)
        for i, judgement in judged
        if judgement.verdict == "wrong" and check.by_complex_step(i).verdict != "right"
    ]


def _wrong_seconds(v: Value, line: SourceLine | None) -> list[tuple[float, Culprit]]:
    """The same of the slopes of its slopes."""
    parents, xs = operands_of(v)
    leaves = [Value(x) for x in xs]
    checks = _second_checks(
        lambda ys: pull_back(apply(rule_of(v), *map(Value, ys)), 1.0), apply(rule_of(v), *leaves), leaves, xs
    )
    variables = [i for i, p in enumerate(parents) if p is not None]
    pairs = [(i, j) for i in variables for j in variables]
    return [_culprit(checks[i], j, (i, j), v, line) for i, j in pairs if checks[i].judge(j).verdict == "wrong"]


def _culprit(check: _Check, i: int, by: tuple[int, ...], v: Value, line: SourceLine | None) -> tuple[float, Culprit]:
    got, expected = check.analytic[i], check.judge(i).numeric
    operands = tuple([_operand(p, x) for p, x in zip(*operands_of(v))])
    off = abs(got - expected) / (abs(expected) or 1.0)
    return off if off == off else math.inf, Culprit(v.op, line, operands, by, expected, got)


def _undecided(rule: Rule, xs: Sequence[float]) -> bool:
    if rule.name in ("maximum", "minimum", "clamp"):
        return len(set(xs)) < len(xs)
    return rule.name in ("relu", "leaky_relu", "elu") and xs[0] == 0.0


def _operand(v: Value | None, x: float) -> str:
    return f"{v.label} = {x!r}" if v is not None and v.label else repr(x)


def _outcome(f: Callable[[Leaves], float], xs: Leaves) -> float:
    try:
        z = f(xs)
    except (ArithmeticError, ValueError):
        return math.inf
    return math.inf if isinstance(z, complex) else z


# ---- the graph, spelled out in the operations that no formula is given for ----

SPELLED: Final = SimpleNamespace(**vars(VALUES))


def _dot(_: Any, *operands: Any) -> Any:
    n = len(operands) // 2
    return reduce(operator.add, [*map(operator.mul, operands[:n], operands[n : 2 * n]), *operands[2 * n :]], 0.0)


# What is rounded or underflows on the way would not be seen in the node as a whole.
SPELLINGS: Final[dict[str, Callable[..., Any]]] = {
    "sum": lambda m, *xs: reduce(operator.add, xs, 0.0),
    "mean": lambda m, *xs: reduce(operator.add, xs, 0.0) / len(xs),
    "prod": lambda m, *xs: reduce(operator.mul, xs, 1.0),
    "dot": _dot,
}
SPELLINGS.update({row.name: row.formula for row in RULES.values() if row.formula and row.name not in COMPLEX})


def _spell(rule: Rule) -> Callable[..., Any]:
    return partial(SPELLINGS[rule.name], SPELLED) if rule.name in SPELLINGS else partial(apply, rule)


for _name in SPELLINGS:
    setattr(SPELLED, _name, partial(SPELLINGS[_name], SPELLED))


def _spelled_out(order: Sequence[Value]) -> dict[int, Any]:
    """For each node of a graph the node that has its value in the other graph, or a number where it is constant."""
    new: dict[int, Any] = {}
    with never_raising():
        for v in order:
            parents, xs = operands_of(v)
            operands = [x if p is None else new[id(p)] for p, x in zip(parents, xs)]
            z = _spell(rule_of(v))(*operands) if not v.is_leaf else Value(v.data)
            if _plain(z) != v.data and math.isfinite(v.data):
                z = z + (v.data - _plain(z))  # it was rounded otherwise, and what follows must stand where it stood
            new[id(v)] = z
    return new


def _sizes(root: Any, leaves: Sequence[Value]) -> tuple[list[float], float]:
    """For each leaf the sum over all paths of the products of slopes, without signs; and the rounding of the root."""
    if not isinstance(root, Value):
        return [0.0] * len(leaves), 0.0
    sizes, noise = {id(root): 1.0}, 0.0
    for v in reversed(order_below([root])):
        size = sizes.get(id(v), 0.0)
        if not v.is_leaf:
            noise += 2.0 * size * math.ulp(v.data)
            for p, slope in zip(v.parents, pull_back(v, 1.0)):
                sizes[id(p)] = sizes.get(id(p), 0.0) + size * abs(slope)
    found = [sizes.get(id(v), 0.0) for v in leaves]
    return [size if math.isfinite(size) else 0.0 for size in found], noise if math.isfinite(noise) else 0.0


def _complex_slopes(root: Any, leaves: Sequence[Value]) -> list[Estimate]:
    """The slopes by the leaves as sums over paths of local slopes, each by the complex step, or else by differences."""
    adjoints = {id(root): (1.0, 0.0)}
    for v in reversed(order_below([root])) if isinstance(root, Value) else ():
        if v.is_leaf or id(v) not in adjoints:
            continue
        adjoint, bar = adjoints[id(v)]
        parents, xs = operands_of(v)
        for i, p in enumerate(parents):
            if p is not None:
                slope = _local_slope(rule_of(v), xs, i)
                total, error = adjoints.get(id(p), (0.0, 0.0))
                error += abs(slope.value) * bar + slope.error * (abs(adjoint) + bar)
                adjoints[id(p)] = total + adjoint * slope.value, error
    found = [Estimate(*adjoints.get(id(v), (0.0, 0.0))) if v is not root else Estimate(1.0, 0.0) for v in leaves]
    return [estimate if math.isfinite(estimate.error) or math.isinf(estimate.value) else NOTHING for estimate in found]


def _local_slope(rule: Rule, xs: Sequence[float], i: int) -> Estimate:
    estimate = complex_step(rule, xs, i)
    if estimate is not NOTHING:
        return estimate
    slope = partial_derivative(lambda ys: rule.f(*ys), xs, i)
    return Estimate(slope.value, slope.error) if slope.how in ("central", "vertical") else NOTHING
