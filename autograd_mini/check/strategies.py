"""Strategies for hypothesis: points in the domain of an operation, and random programs made of operations.

They read only an operation's row in the rule table, or the function that `@primitive` made, so they draw new operations
too.  Their examples shrink, so a failing test ends with a short program and simple numbers.

>>> from hypothesis import given
>>> from autograd_mini import gradients
>>> @given(expressions(operations=["add", "mul"]))
... def test_the_seed_turns_the_gradient(f):
...     root, leaves = f.graph()
...     assert gradients(root, leaves, seed=-1.0) == [-g for g in gradients(root, leaves)]
>>> test_the_seed_turns_the_gradient()
"""

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from .. import functions, reading
from ..engine import Value, apply
from ..extras import MissingExtraError
from ..rule import FLOATS, Interval, Rule
from ..rules import RULES
from ..watch import never_raising

try:
    from hypothesis.strategies import (
        DrawFn,
        SearchStrategy,
        composite,
        floats,
        integers,
        lists,
        one_of,
        sampled_from,
        tuples,
    )
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "hypothesis":
        raise
    raise MissingExtraError("autograd_mini.check.strategies", "hypothesis", "check") from None

__all__ = ["Expression", "Result", "Step", "expressions", "ordinary_points", "points"]

Operation = Rule | str | Callable[..., Any]
Point = tuple[float, ...]

HUGE = sys.float_info.max
MANY = 5  # operands, at most, of an operation that takes any number
RESULTS, CONSTANTS = 8, 4  # how many of each an operand of a program is chosen from
STEP = 1 / 64  # the least distance of an ordinary point from one that is not

# fmt: off
_SPECIAL = (
    1.0, 0.0, 0.5, 1.5, 2.0, 2.5, 3.0, math.pi / 2, math.pi, 15.0, 40.0, 700.0, 1e15, 1e100, 1e200, 1e300, HUGE,
    1e-9, 1e-100, 1e-200, 1e-300, sys.float_info.min, 1e-310, math.ulp(0.0),
)
# fmt: on


# ---- points of one operation ----


def points(operation: Operation) -> SearchStrategy[Point]:
    """Points at which an operation has a finite value: tuples with a float for each of its operands.

    They are drawn from the whole domain.  Ends, zeros of both signs, ties, halves, huge, tiny and denormal numbers, and
    the nearest neighbours of all these come up far more often than they would by chance.

    Args:
        operation: a row of the rule table or its name, a function of `autograd_mini` that is one operation, or an
            operation made by `@primitive`.  A row that takes any number of operands is drawn with 1 to 5.

    Returns:
        A strategy.  A constant operand (an exponent of `powi`) is an end of its interval, or a whole number inside it,
        which is then an int.

    Raises:
        ValueError: no row has this name.
        TypeError: `operation` is not one operation.

    >>> from hypothesis import find
    >>> (x,) = find(points("log"), lambda point: point[0] > 1.0)
    >>> 1.0 < x <= 2.0
    True
    >>> find(points("maximum"), lambda point: point[0] == point[1] > 0.0)
    (1.0, 1.0)
    """
    rule = rule_of(operation)
    return _with_ties(rule).filter(lambda point: _is_finite(_value(rule, point)))


def ordinary_points(operation: Operation) -> SearchStrategy[Point]:
    """Points where an operation is smooth and well-conditioned, so any reasonable gradient checker must say "right".

    Operands are within 3 of the number nearest to 0 in their interval.  The slopes are finite there.  At 1/64 to either
    side along each operand, value and slopes are roughly those of a parabola: no kink, jump, pole or end is near.

    Args:
        operation: as for `points`.

    >>> from hypothesis import find
    >>> find(ordinary_points("log"), lambda point: point[0] < 1.0)
    (0.5,)
    """
    rule = rule_of(operation)
    return _tuples(rule, _ordinary_operand).filter(lambda point: _is_ordinary(rule, point))


def rule_of(operation: Operation) -> Rule:
    """The row of the table for a row, its name, or a function of Values that is one operation.

    >>> from autograd_mini import atan2
    >>> rule_of(atan2), rule_of("atan2")
    (<rule atan2>, <rule atan2>)
    """
    if isinstance(operation, str):
        if operation not in RULES:
            near = get_close_matches(operation, RULES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(RULES)}"
            raise ValueError(f"the rule table has no operation {operation!r}: {hint}")
        return RULES[operation]
    return operation if isinstance(operation, Rule) else _rule_behind(operation)


def _rule_behind(function: Callable[..., Any]) -> Rule:
    name = getattr(function, "__name__", "")
    if name in RULES and getattr(functions, name, None) is function:
        return RULES[name]
    try:
        operands = [Value(0.5) for _ in inspect.signature(function).parameters]
        with never_raising():
            node = function(*operands)
    except (TypeError, ValueError):
        node = None
    if isinstance(node, Value) and not node.is_leaf and [*map(id, node.parents)] == [*map(id, operands)]:
        return reading.rule_of(node)
    raise TypeError(
        f"an operation is a row of the rule table, its name, or a function made by @primitive, not {function!r}; "
        "for a function of several operations use expressions(operations=[…])"
    )


def _is_constant(rule: Rule, i: int) -> bool:
    """Whether the i-th operand is not a variable, which the row marks with a slope of nan."""
    slope = (rule.dx, rule.dy)[i] if rule.many is None else None
    return isinstance(slope, float) and math.isnan(slope)


def _takes_many(rule: Rule) -> bool:
    return rule.many is not None and len(rule.domain) == 1


@composite
def _tuples(draw: DrawFn, rule: Rule, operand: Callable[[Interval], SearchStrategy[float]]) -> Point:
    domain = rule.domain * draw(integers(1, MANY)) if _takes_many(rule) else rule.domain
    return tuple([draw(_constant(ends) if _is_constant(rule, i) else operand(ends)) for i, ends in enumerate(domain)])


@composite
def _with_ties(draw: DrawFn, rule: Rule) -> Point:
    point = draw(_tuples(rule, _operand))
    if len(point) < 2 or draw(integers(0, 4)) < 4:
        return point
    i, j = draw(tuples(*[sampled_from(range(len(point)))] * 2))
    x, (low, high) = point[i], (rule.domain * len(point))[j]
    tie = draw(sampled_from((x, -x, math.nextafter(x, math.inf), math.nextafter(x, -math.inf))))
    return (*point[:j], tie, *point[j + 1 :]) if low <= tie <= high and not _is_constant(rule, j) else point


@cache
def _constant(ends: Interval) -> SearchStrategy[float]:
    return sampled_from(_constants(ends))


def _constants(ends: Interval) -> Sequence[float]:
    """Where a constant operand may be: at a whole number of one digit, or at an end."""
    low, high = max(ends[0], -9.0), min(ends[1], 9.0)
    whole = range(math.ceil(low), math.floor(high) + 1)
    return [*whole, *[x for x in (low, high) if x not in whole]]


@cache
def _operand(ends: Interval) -> SearchStrategy[float]:
    low, high = _finite(ends)
    special = [s * x for x in _SPECIAL for s in (1.0, -1.0)] + [low, high]
    beside = [math.nextafter(x, side) for x in special for side in (-math.inf, math.inf)]
    near = [x for x in (*special, *beside) if low <= x <= high and math.isfinite(x)]
    return one_of(_moderate(ends, 4.0), sampled_from(near), floats(low, high))


@cache
def _ordinary_operand(ends: Interval) -> SearchStrategy[float]:
    return _moderate(ends, 3.0)


def _moderate(ends: Interval, size: float) -> SearchStrategy[float]:
    """Floats of the interval, within a distance of the one nearest to 0."""
    low, high = _finite(ends)
    middle = min(max(0.0, low), high)
    return floats(max(low, middle - size), min(high, middle + size))


def _finite(ends: Interval) -> Interval:
    return max(ends[0], -HUGE), min(ends[1], HUGE)


def _value(rule: Rule, xs: Sequence[float]) -> float | None:
    """The operation on floats, None if it raises."""
    try:
        z = rule.f(*xs)
    except (ArithmeticError, ValueError):
        return None
    return z if isinstance(z, float) else None  # the power of a negative number may be complex


def _is_finite(z: float | None) -> bool:
    return z is not None and math.isfinite(z)


def _slopes(rule: Rule, point: Point) -> list[float]:
    """The partials at a point: 0 for a constant operand, nan if floats raise."""
    try:
        slopes = rule.partials(FLOATS, rule.f(*point), point)
    except (ArithmeticError, ValueError):
        return [math.nan] * len(point)
    return [0.0 if _is_constant(rule, i) else slope for i, slope in enumerate(slopes)]


def _is_ordinary(rule: Rule, point: Point) -> bool:
    z, slopes = _value(rule, point), _slopes(rule, point)
    if z is None or not all(map(math.isfinite, (z, *slopes))):
        return False
    variable = [i for i in range(len(point)) if not _is_constant(rule, i)]
    domain = rule.domain * len(point) if _takes_many(rule) else rule.domain
    return all(
        domain[i][0] <= point[i] - STEP and point[i] + STEP <= domain[i][1] and _is_smooth(rule, point, i, z, slopes)
        for i in variable
    )


def _is_smooth(rule: Rule, point: Point, i: int, z: float, slopes: Sequence[float]) -> bool:
    """Whether value and slopes change along the i-th operand as those of a parabola do, roughly."""
    before, after = ((*point[:i], point[i] + step, *point[i + 1 :]) for step in (-STEP, STEP))
    for there, step in ((_value(rule, before), -STEP), (_value(rule, after), STEP)):
        if there is None or not abs(there - z - slopes[i] * step) <= (1.0 + abs(slopes[i])) * STEP / 4.0:
            return False
    for d0, d, d1 in zip(_slopes(rule, before), slopes, _slopes(rule, after)):
        size = 1.0 + abs(d)
        if not (max(abs(d0 - d), abs(d1 - d)) <= size / 4.0 and abs(d0 - 2.0 * d + d1) <= size / 256.0):
            return False
    return True


# ---- programs ----


class Result(NamedTuple):
    """An operand that is the result number `number` of a program, its leaves counted first."""

    number: int


class Step(NamedTuple):
    """One operation of a program; a number among the operands is a constant."""

    rule: Rule
    operands: tuple[Result | float, ...]


@dataclass(frozen=True, repr=False)
class Expression:
    """A program of operations, with numbers to run it at; `expressions` draws it.

    Call it with Values or plain numbers to use them in place of its leaves.  `repr` is a Python program that builds the
    graph.

    Args:
        leaves: the numbers.
        steps: the operations in order.  The last one is the result; without steps, the last leaf is.

    >>> f = Expression((3.0,), (Step(RULES["mul"], (Result(0), Result(0))), Step(RULES["sin"], (Result(1),))))
    >>> f
    from autograd_mini import Value, sin
    <BLANKLINE>
    def f(x0):
        v1 = x0 * x0
        return sin(v1)
    <BLANKLINE>
    f(Value(3.0))
    >>> f(2.0) == math.sin(4.0)
    True
    """

    leaves: tuple[float, ...]
    steps: tuple[Step, ...]

    def __call__(self, *leaves: Any) -> Any:
        return self.results(*leaves)[-1]

    def results(self, *leaves: Any) -> list[Any]:
        """The given leaves, followed by the result of each step.

        Raises:
            TypeError: the program has more or fewer leaves.
        """
        if len(leaves) != len(self.leaves):
            raise TypeError(f"a number is needed for each leaf: this program has {len(self.leaves)}, not {len(leaves)}")
        made = list(leaves)
        for rule, operands in self.steps:
            made.append(apply(rule, *[made[x.number] if isinstance(x, Result) else x for x in operands]))
        return made

    def graph(self) -> tuple[Value, list[Value]]:
        """The root of a new graph, and its leaves: Values of the program's own numbers, labelled x0, x1, …"""
        leaves = [Value(x, label=f"x{i}") for i, x in enumerate(self.leaves)]
        return self(*leaves), leaves

    def __repr__(self) -> str:
        return _program(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002  (as hypothesis and IPython call it)
        printer.text(repr(self))


def expressions(
    operations: Iterable[Operation] | None = None,
    *,
    leaves: int | None = None,
    numbers: SearchStrategy[float] | None = None,
    max_nodes: int = 20,
    finite: bool = True,
) -> SearchStrategy[Expression]:
    """Random programs: shared results, constants on either side, operations of many operands, any depth.

    Each operand is a result or a constant, and is in the domain of the operation.  Each step has at least one operand
    that depends on a leaf, and the result depends on each step.

    Args:
        operations: the operations to use, each as for `points`; all rows of the table if None.
        leaves: how many leaves the program has, used or not; if None, it has 1 to 4 and uses all of them.
        numbers: a strategy for the leaves and constants; if None, most are between −4 and 4, and some are special.
        max_nodes: how many steps the program has at most.
        finite: whether every result must be a finite number.  If not, any result that does not raise on floats is fine.

    Returns:
        A strategy of `Expression`s, which shrink to short programs of simple numbers.

    Raises:
        ValueError: no operations, less than one leaf or a negative number of nodes.

    >>> from hypothesis import find
    >>> find(expressions(["mul"]), lambda f: len(f.steps) == 2)
    from autograd_mini import Value
    <BLANKLINE>
    def f(x0):
        v1 = x0 * x0
        return v1 * v1
    <BLANKLINE>
    f(Value(1.0))
    """
    rules = tuple([rule_of(operation) for operation in (RULES.values() if operations is None else operations)])
    if not rules:
        raise ValueError("expressions(operations=[]) has nothing to make programs of: name an operation, or give None")
    if (leaves is not None and leaves < 1) or max_nodes < 0:
        raise ValueError(f"a program has a leaf or more and no negative size, not {leaves=} and {max_nodes=}")
    return _expressions(rules, leaves, _NUMBERS if numbers is None else numbers, max_nodes, finite)


_NUMBERS = one_of(
    sampled_from([1.0, 2.0, 0.5, 3.0, -1.0, -2.0, 0.0]),
    floats(-4.0, 4.0),
    floats(-4.0, 4.0),
    sampled_from([-0.0, -0.5, 40.0, -40.0, 1e-9]),
)


@composite
def _expressions(
    draw: DrawFn,
    rules: tuple[Rule, ...],
    leaves: int | None,
    numbers: SearchStrategy[float],
    max_nodes: int,
    finite: bool,
) -> Expression:
    given = tuple(draw(lists(numbers.map(float), min_size=leaves or 1, max_size=leaves or 4)))
    constants = draw(lists(numbers.map(float), min_size=CONSTANTS, max_size=CONSTANTS))
    results = [*given]
    unused = list(range(len(given)))
    steps: list[Step] = []
    for _ in range(max_nodes):
        rule, choices = draw(_drafts(rules))
        step = None if rule is None else _settled(rule, choices, constants, results, unused)
        if rule is None or step is None:
            continue
        z = _value(rule, [results[x.number] if isinstance(x, Result) else x for x in step.operands])
        if z is not None and (math.isfinite(z) or not finite):
            unused = [i for i in unused if Result(i) not in step.operands] + [len(results)]
            steps.append(step)
            results.append(z)
    return _alive(given, steps, all_leaves=leaves is not None)


@cache
def _drafts(rules: tuple[Rule, ...]) -> SearchStrategy[tuple[Rule | None, list[int]]]:
    """An operation and the choices of its operands; or None, so that shrinking can remove it without moving others."""
    return _draft(sampled_from((None,) * (1 + len(rules) // 4) + rules))  # made once: it takes longer than a draw


@composite
def _draft(draw: DrawFn, some_rule: SearchStrategy[Rule | None]) -> tuple[Rule | None, list[int]]:
    rule = draw(some_rule)
    if rule is None:
        return None, []
    size = draw(_SIZE) if _takes_many(rule) else len(rule.domain)
    return rule, [draw(_CHOICE) for _ in range(size)]


_SIZE = integers(1, MANY)
_CHOICE = integers(0, RESULTS + CONSTANTS - 1)


def _settled(
    rule: Rule, choices: list[int], constants: Sequence[float], results: Sequence[float], unused: Sequence[int]
) -> Step | None:
    """The step that a draft becomes when the results so far are known; None if none of them fits."""
    domain = rule.domain * len(choices) if _takes_many(rule) else rule.domain
    variable = [i for i in range(len(choices)) if not _is_constant(rule, i)]
    if variable and min(choices[i] for i in variable) >= RESULTS:  # only constants
        one = variable[choices[0] % len(variable)]
        choices = [0 if i == one else choice for i, choice in enumerate(choices)]
    operands: list[Result | float] = []
    for i, ((low, high), choice) in enumerate(zip(domain, choices)):
        if i not in variable:
            places = _constants((low, high))
            operands.append(places[choice % len(places)])
        elif choice >= RESULTS:
            operands.append(min(max(constants[choice - RESULTS], low), high))
        else:  # unused results come first, or half of the steps would be useless
            order = [*reversed(unused), *[k for k in reversed(range(len(results))) if k not in unused]]
            suitable = [k for k in order if low <= results[k] <= high]
            if not suitable:
                return None
            operands.append(Result(suitable[choice % len(suitable)]))
    return Step(rule, tuple(operands)) if any(isinstance(x, Result) for x in operands) else None


def _alive(leaves: Point, steps: Sequence[Step], *, all_leaves: bool) -> Expression:
    """The program without the steps, and unless all count the leaves, on which its last result does not depend."""
    n = len(leaves)
    alive = {n + len(steps) - 1} | set(range(n) if all_leaves else ())
    for i in reversed(range(len(steps))):
        if n + i in alive:
            alive.update(x.number for x in steps[i].operands if isinstance(x, Result))
    place = {old: Result(new) for new, old in enumerate(sorted(alive))}
    return Expression(
        tuple([x for i, x in enumerate(leaves) if i in alive]),
        tuple(
            Step(rule, tuple([place[x.number] if isinstance(x, Result) else x for x in operands]))
            for i, (rule, operands) in enumerate(steps)
            if n + i in alive
        ),
    )


# ---- programs as text ----

_PREFIX = {"neg": "-", "pos": "+"}


def _program(f: Expression) -> str:
    names = [f"x{i}" for i in range(len(f.leaves))]
    names += [f"v{i}" for i in range(1, len(f.steps) + 1)]
    imports: dict[str, set[str]] = {"autograd_mini": {"Value"}}
    made = [
        _call(rule, [names[x.number] if isinstance(x, Result) else _literal(x) for x in operands], imports)
        for rule, operands in f.steps
    ]
    result = made.pop() if made else names[-1]
    lines = [f"from {module} import {', '.join(sorted(imports[module]))}" for module in sorted(imports)]
    lines += ["", f"def f({', '.join(names[: len(f.leaves)])}):"]
    lines += [f"    {name} = {call}" for name, call in zip(names[len(f.leaves) :], made)]
    lines += [f"    return {result}", "", f"f({', '.join(f'Value({_literal(x)})' for x in f.leaves)})"]
    return "\n".join(lines)


def _call(rule: Rule, operands: list[str], imports: dict[str, set[str]]) -> str:
    """An operation as a user writes it; the names that it needs are added to the imports."""
    if len(operands) == 2 and not rule.symbol.isidentifier() and rule.symbol.isascii():  # + - * / **
        return f" {rule.symbol} ".join(f"({x})" if x.startswith("-") else x for x in operands)
    if rule.name in _PREFIX:
        return _PREFIX[rule.name] + operands[0]
    module, _, name = rule.name.rpartition(".")
    public = getattr(functions, name, None)
    if rule.name in RULES and public is None:
        imports.setdefault("autograd_mini.engine", set()).add("VALUES")
        name = f"VALUES.{name}"
    else:
        imports.setdefault(module or "autograd_mini", set()).add(name)
        if _takes_many(rule) and public is not None:
            operands = _in_lists(inspect.signature(public), operands)
    return f"{name}({', '.join(operands)})"


def _in_lists(signature: inspect.Signature, operands: list[str]) -> list[str]:
    """Operands as a function takes them: one by one, or in as many lists as it needs, and perhaps one more."""
    kinds = signature.parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in kinds):
        return operands
    count = sum(p.default is p.empty for p in kinds)
    n = len(operands) // count
    lists_of = [f"[{', '.join(operands[i * n : (i + 1) * n])}]" for i in range(count)]
    return [*lists_of, *operands[count * n :]]


def _literal(x: float) -> str:
    return repr(x) if math.isfinite(x) else f"float({str(x)!r})"
