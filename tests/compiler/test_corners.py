"""Compiled code gives what eager code gives where operations are at their worst: at 0, at ends, ties and infinity.

Every row of the table is read at its corners: the value, the slopes and the second derivatives, in each executor.
"""

import itertools
import math
import pickle
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import pytest

from autograd_mini import Value, compiler, grad, gradients
from autograd_mini.engine import apply
from autograd_mini.functions import cbrt, exp, log, sqrt, where
from autograd_mini.rule import Rule
from autograd_mini.rules import RULES
from tests.witness import intervals, witness_of

INF, NORMAL, TINY = math.inf, sys.float_info.min, math.ulp(0.0)
ENDS = [0.0, TINY, NORMAL, 0.5, 1.0, 2.0, 2.5, 3.0, 1e200, 1e308, INF]
LINE = [*ENDS, *[-x for x in ENDS], math.nextafter(1.0, 0.0), math.nextafter(-1.0, 0.0), math.nan]
IN_PAIRS = [0.0, -0.0, TINY, -TINY, 0.5, 1.0, -1.0, 2.0, -2.0, 2.5, 1e200, INF, -INF]
EXECUTORS = ["source", "numpy", "native"]

Outcome = list[float] | type[Exception]  # a number and its derivatives, or what is raised


def corners(rule: Rule) -> list[tuple[float, ...]]:
    """The points to try: the special floats of the domain, in pairs each with each, else each at a step of its own."""
    size = (witness_of(rule).sizes or [len(rule.domain)])[-1]
    size = min(size, 4)
    floats = LINE if size == 1 else IN_PAIRS if size == 2 else [x for x in IN_PAIRS if abs(x) != TINY]
    columns = [[x for x in floats if not (x < low or x > high)] for low, high in intervals(rule, size)]
    columns = [[*column, *{*ends} - {*column}] for column, ends in zip(columns, intervals(rule, size))]
    if rule.name == "powi":
        columns[1] = [1.0, 2.0, 3.0]
    if rule.name in ("power_slope", "power_log"):  # whose second derivatives are third ones of a power
        columns = [[x for x in columns[0] if x != TINY], [n for n in columns[1] if abs(n) != TINY]]
    if size == 1:
        return [(x,) for x in columns[0]]
    if size == 2:
        return list(itertools.product(*columns))
    ties = [tuple([x] * size) for x in columns[0]]
    return ties + [
        tuple([column[i * step % len(column)] for column, step in zip(columns, steps)])
        for i in range(len(IN_PAIRS))
        for steps in ((1, 0, 0, 0), (0, 1, 0, 0), (1, 2, 3, 4), (5, 3, 1, 0), (1, 1, 4, 4))
    ]


class Case:
    """A row with some of its operands constant, as they must be for an exponent."""

    def __init__(self, rule: Rule, fixed: tuple[float, ...], points: list[tuple[float, ...]]) -> None:
        self.rule, self.fixed, self.points = rule, fixed, points

    def __call__(self, *xs: Any) -> Any:
        return apply(self.rule, *xs, *self.fixed)


def cases(rule: Rule) -> list[Case]:
    if rule.name not in ("powi", "gaussian", "hurwitz"):
        return [Case(rule, (), corners(rule))]
    by_constant: dict[float, list[tuple[float, ...]]] = {}
    for x, k in corners(rule):
        by_constant.setdefault(k, []).append((x,))
    return [Case(rule, (k,), points) for k, points in by_constant.items()]


def outcome(f: Callable[..., Any], xs: Sequence[float]) -> Outcome:
    try:
        z, slopes = f(*xs)
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return [z, *(slopes if isinstance(slopes, tuple) else (slopes,))]


def eager(f: Callable[..., Any], order: int, i: int = 0) -> Callable[..., Any]:
    """f and its slopes, or its slope by the i-th operand and the slopes of that, by the definition."""

    def value_and_slopes(*xs: float) -> Any:
        variables = [Value(x) for x in xs]
        z = f(*variables)
        if order == 2:
            (z,) = gradients(z, [variables[i]], seed=Value(1.0))
        return z.data, tuple(gradients(z, variables))

    return value_and_slopes


class Trial(NamedTuple):
    """A case, and at each of its points what eager code gives: by itself, and for each operand its slope."""

    case: Case
    first: list[Outcome]
    second: list[list[Outcome]]


@cache
def trials(name: str) -> list[Trial]:
    """The cases of a row, which each executor is to go through."""
    found = []
    for case in cases(RULES[name]):
        first = [outcome(eager(case, 1), xs) for xs in case.points]
        operands = range(len(case.points[0]))
        found.append(Trial(case, first, [[outcome(eager(case, 2, i), xs) for xs in case.points] for i in operands]))
    return found


def nested(trial: Trial, executor: str) -> list[str]:
    """Where the second derivatives differ if it is they that are compiled."""
    found = []
    case, operands = trial.case, range(len(trial.second))
    for i, j in itertools.product(operands, repeat=2):
        f = compiler.compile(grad(grad(case, i), j), executor=executor)
        for xs, expected in zip(case.points, trial.second[i], strict=True):
            got = outcome(lambda *xs, f=f: (f(*xs), ()), xs)
            if not alike(expected if isinstance(expected, type) else expected[1 + j : 2 + j], got):
                found.append(f"nested, by {i} and {j} at {(*xs, *case.fixed)}: {got}, eagerly {expected}")
    return found


def alike(expected: Outcome, got: Outcome) -> bool:
    if isinstance(expected, type) or isinstance(got, type):
        return expected is got
    return len(expected) == len(got) and all(map(near, expected, got))


def near(a: float, b: float) -> bool:
    """The same but for rounding, which at the end of the normal numbers loses digits; and for the sign of a 0."""
    return a == b or (a != a and b != b) or abs(a - b) <= 1e-12 * abs(a) + 1e3 * TINY


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_a_row_at_its_corners(rule, executor):
    found = []
    for trial in trials(rule.name):
        case, operands = trial.case, range(len(trial.second))
        functions = [(1, 0, case, trial.first), *[(2, i, grad(case, i), trial.second[i]) for i in operands]]
        for order, i, function, eagerly in functions:
            f = compiler.compile(function, executor=executor).value_and_grad
            for xs, expected in zip(case.points, eagerly, strict=True):
                got = outcome(f, xs)
                if not alike(expected, got):
                    found.append(f"order {order} by {i} at {(*xs, *case.fixed)}: {got}, eagerly {expected}")
        if len(operands) == 1 or (len(operands) == 2 and executor == "source"):
            found += nested(trial, executor)
    assert not found, "\n".join(found[:15]) + f"\n{len(found)}"


# ---- derivatives of derivatives, and what floats refuse ----

EVERYWHERE = pytest.mark.parametrize("executor", EXECUTORS)


@EVERYWHERE
def test_a_derivative_never_raises_where_the_function_has_a_value(executor):
    assert compiler.compile(grad(lambda x: x**2.0), executor=executor).value_and_grad(0.0) == (0.0, 2.0)
    assert compiler.compile(grad(sqrt), executor=executor)(0.0) == INF
    assert compiler.compile(grad(sqrt), executor=executor).value_and_grad(0.0) == (INF, -INF)
    assert compiler.compile(grad(grad(cbrt)), executor=executor)(-0.0) == INF
    second = compiler.compile(lambda x, n: grad(lambda x: grad(lambda x, n: x**n, 1)(x, n))(x), executor=executor)
    assert second(0.0, 1.0) == second(0.0, 0.5) == -INF


@EVERYWHERE
def test_a_function_keeps_its_domain_where_its_value_is_not_used(executor):
    slope = compiler.compile(grad(log), executor=executor)
    for call in (slope, slope.value_and_grad):
        assert call(2.0) is not None
        with pytest.raises(ValueError, match=r"math domain error|positive input"):
            call(-2.0)
        with pytest.raises(ValueError, match=r"math domain error|positive input"):
            call(0.0)
    assert slope(INF) == 0.0
    assert slope.value_and_grad(INF) == (0.0, 0.0)


@EVERYWHERE
def test_the_error_is_that_of_the_eager_run(executor):
    for f, at, error in [
        (log, -1.0, ValueError),
        (exp, 1000.0, OverflowError),
        (lambda x: 1.0 / x, 0.0, ZeroDivisionError),
        (lambda x: x**2, 1e200, OverflowError),
        (lambda x: grad(lambda y: sqrt(y) * 2.0)(x) + 1.0, -1.0, ValueError),
    ]:
        compiled = compiler.compile(f, executor=executor)
        assert math.isfinite(compiled(0.5))
        for call in (f, compiled, compiled.value_and_grad):
            with pytest.raises(error):
                call(at)


@EVERYWHERE
def test_a_branch_is_not_taken_for_an_error(executor):
    f = compiler.compile(grad(lambda x: log(x) if x > 0.0 else 3.0 * x), executor=executor)
    assert [f(2.0), f(-2.0), f(4.0), f(-4.0)] == [0.5, 3.0, 0.25, 3.0]


def test_both_branches_of_a_choice_are_checked_as_in_the_eager_run():
    f = compiler.compile(lambda x: where(x > 0.0, log(x), 0.0), executor="source")
    assert f(1.0) == 0.0
    with pytest.raises(ValueError, match=r"math domain error|positive input"):
        f(-1.0)


def test_infinite_results_are_results():
    f = compiler.compile(lambda x, y: x * y, executor="native")
    assert f.value_and_grad(INF, 2.0) == (INF, (2.0, INF))
    assert pickle.loads(pickle.dumps(f)).value_and_grad(INF, 2.0) == (INF, (2.0, INF))


@pytest.mark.parametrize("executor", ["numpy", "native"])
def test_samples_are_infinite_where_floats_refuse(executor):
    f = compiler.compile(lambda x: x**-2, batch=True, executor=executor)
    values, slopes = f.value_and_grad([0.0, -0.0, 2.0])
    assert values.tolist() == [INF, INF, 0.25]
    assert slopes.tolist() == [-INF, INF, -0.25]
    assert math.isnan(compiler.compile(log, batch=True, executor=executor)([-1.0])[0])
