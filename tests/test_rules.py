"""Every row of the rule table, over its whole domain and at its ends: values, slopes, second derivatives, kinks.

The tests go over the table: a row that is added is tested by itself, or fails for want of a witness.  What is promised
stands in docs/accuracy.md and docs/kinks.md, whose tables are read here.
"""

import itertools
import math
import operator
import random
import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from autograd_mini import functions
from autograd_mini.engine import Value, apply
from autograd_mini.ieee import IEEE, Ieee, total
from autograd_mini.rule import LINE, VALUES, Rule
from autograd_mini.rules import RULES
from autograd_mini.transforms import gradients
from tests.witness import (
    EPS,
    HUGE,
    IN_PAIRS,
    NOT_FINITE,
    SPECIAL,
    TINY,
    WITNESSES,
    Finding,
    Names,
    any_float,
    code,
    exceptions,
    first_derivatives,
    grid,
    intervals,
    random_point,
    second_derivatives,
    second_derivatives_at,
    table,
    terms_at,
    witness_of,
)

POINTS = 200
ROWS = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def points(rule: Rule, count: int = POINTS) -> Iterable[tuple[float, ...]]:
    """The points that every run tries: the grid and random ones, always the same."""
    rng = random.Random(rule.name)
    return itertools.chain(grid(rule), (random_point(rule, rng) for _ in range(count)))


def bits(x: float) -> bytes:
    """A float as it is stored; every nan the same."""
    return b"nan" if math.isnan(x) else struct.pack("<d", x)


def outcome(f: Callable[..., Any], *xs: Any) -> Any:
    """The bits of f's value, or the type of what it raises."""
    try:
        z = f(*xs)
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return bits(z.data if isinstance(z, Value) else z)


# ---- the table itself ----


@ROWS
def test_a_row_has_a_domain_and_a_witness(rule):
    witness = witness_of(rule)
    assert len(rule.domain) == 1 if witness.sizes else len(rule.domain) <= len(witness.names)
    assert all(low < high for low, high in rule.domain)


def test_a_row_without_a_witness_is_told():
    with pytest.raises(LookupError, match=r"'sinhc' .* has no witness: give it one in tests/witness\.py"):
        witness_of(Rule("sinhc", math.sin, math.nan, domain=((0.0, 1.0),)))


def test_a_row_without_a_domain_is_tested_on_the_whole_line():
    assert Rule("sin", math.sin, math.nan).domain == (LINE,)
    assert Rule("fma", math.sin, 1.0, 1.0, 1.0).domain == (LINE, LINE, LINE)
    assert Rule("sum", math.fsum, many=lambda m, z, *xs: [1.0] * len(xs)).domain == (LINE,)


def test_witnesses_and_published_tables_name_rows():
    assert set(WITNESSES) == set(RULES)
    assert set(second_derivatives()) | set(exceptions(1)) | set(exceptions(2)) <= set(RULES)


@ROWS
def test_the_witness_agrees_with_differences(rule):
    witness, rng = witness_of(rule), random.Random(rule.name)
    sizes = witness.sizes or [len(rule.domain)]
    for size in sizes[:2]:
        ends = [(max(low, -2.0), min(high, 2.0)) for low, high in intervals(rule, size)]
        for _ in range(2):
            xs = tuple([mpf(rng.uniform(*interval)) for interval in ends])
            xs = tuple(
                [mp.nint(x) if i in witness.constants and rule.name != "gaussian" else x for i, x in enumerate(xs)]
            )
            for i in range(size):
                if i in witness.constants:
                    continue

                def value(x, xs=xs, i=i):
                    return witness.value(*xs[:i], x, *xs[i + 1 :])

                def slope(x, j, xs=xs, i=i):
                    return witness.slopes(*xs[:j], x, *xs[j + 1 :])[i]

                truth = witness.slopes(*xs)[i]
                assert mp.almosteq(mp.diff(value, xs[i]), truth, 1e-25, 1e-25), f"∂{i} at {xs}"
                for j in range(size):
                    if j in witness.constants:
                        continue
                    terms = terms_at(rule.name, Names(witness, xs, i, j))
                    truth = mp.diff(lambda x, j=j: slope(x, j), xs[j])
                    assert terms is not None
                    assert mp.almosteq(truth, sum(terms), 1e-25, 1e-25), f"∂²{i}{j} at {xs}"


# ---- values ----


@ROWS
def test_a_value_is_bit_for_bit_that_of_the_floats(rule):
    expression = witness_of(rule).expression
    for xs in [*grid(rule), *grid(rule, *NOT_FINITE), *points(rule)]:
        assert_as_floats(rule, expression, xs)


def assert_as_floats(rule: Rule, expression: Callable[..., float], xs: Sequence[float]) -> None:
    expected = outcome(expression, *xs)
    operands = [Value(x) for x in xs]
    assert outcome(apply, rule, *operands) == expected, f"{rule.name}{tuple(xs)}"
    assert outcome(rule.f, *xs) == expected, f"{rule.name}{tuple(xs)}"
    if isinstance(expected, type):
        with pytest.raises(expected) as caught:
            apply(rule, *operands)
        (note,) = caught.value.__notes__
        assert repr(rule.symbol) in note
        assert ", ".join(map(repr, operands)) in note


ANY = st.floats(allow_subnormal=True)


@given(st.lists(ANY, min_size=6, max_size=6))
def test_values_on_any_floats(floats):
    for rule in RULES.values():
        witness = witness_of(rule)
        xs = floats[: witness.sizes[-1] if witness.sizes else len(rule.domain)]
        if rule.name == "hurwitz":
            xs = [abs(xs[0]), 2.0 + len(repr(xs[0])) % 8]
        if rule.name == "powi":
            xs[1] = float(len(repr(xs[0])))
        assert_as_floats(rule, witness.expression, xs)


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


@pytest.mark.parametrize("combine", OPERATORS, ids=lambda f: f.__name__)
def test_operators_are_bit_for_bit_those_of_floats(combine):
    expression = WITNESSES[combine.__name__].expression
    for x, y in itertools.product(
        [*IN_PAIRS, *NOT_FINITE, -8.0, 1 / 3], [*IN_PAIRS, *NOT_FINITE, 0, 1, 2, 3, -1, 1 / 3, 10**400]
    ):
        expected = outcome(expression, x, y)
        assert outcome(combine, Value(x), y) == expected, (x, y)
        assert outcome(combine, y, Value(x)) == outcome(expression, y, x), (y, x)
        if y != 10**400:
            assert outcome(combine, Value(x), Value(y)) == expected, (x, y)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.arity == 1 and hasattr(functions, name)])
def test_a_function_of_one_operand_is_a_method_too(name):
    for x in SPECIAL:
        assert outcome(getattr(Value(x), name)) == outcome(getattr(VALUES, name), Value(x)) == outcome(RULES[name].f, x)


@ROWS
def test_outside_of_the_domain_there_is_no_value(rule):
    for low, high in rule.domain[:1] if rule.many is None and rule.dy is None else ():
        for end, beyond in ((low, -math.inf), (high, math.inf)):
            if math.isfinite(end):
                outside = math.nextafter(end, beyond)
                assert outcome(rule.f, outside) is ValueError
                assert outcome(rule.f, math.nextafter(end, -beyond)) is not ValueError


# ---- first and second derivatives ----


def complaints(findings: Iterable[Finding]) -> str:
    """The first few findings that are wrong, one a line."""
    return "\n".join(itertools.islice((str(finding) for finding in findings if finding.wrong), 5))


@ROWS
def test_first_derivatives(rule):
    findings = [finding for xs in points(rule) for finding in first_derivatives(rule, xs)]
    assert not complaints(findings)
    assert len(findings) > POINTS / 2


@ROWS
def test_second_derivatives(rule):
    findings = [finding for xs in points(rule, POINTS // 2) for finding in second_derivatives_at(rule, xs)]
    assert not complaints(findings)
    assert len(findings) > POINTS / 4


@pytest.mark.parametrize(
    "rule",
    [
        Rule("tanh", math.tanh, lambda m, z, x: 1.0 - z * z, domain=RULES["tanh"].domain),
        Rule("sigmoid", RULES["sigmoid"].f, lambda m, z, x: z * (1.0 - z), domain=RULES["sigmoid"].domain),
        Rule("atan", math.atan, lambda m, z, x: 1.0 / (1.0 + x * x), domain=RULES["atan"].domain),
        Rule("atanh", math.atanh, lambda m, z, x: 1.0 / (1.0 - x * x), domain=RULES["atanh"].domain),
        Rule("acosh", math.acosh, lambda m, z, x: 1.0 / m.sqrt(x * x - 1.0), domain=RULES["acosh"].domain),
        Rule("erfc", math.erfc, lambda m, z, x: -2.0 / math.sqrt(math.pi) * m.exp(-x * x), domain=RULES["erfc"].domain),
        Rule("pow", RULES["pow"].f, lambda m, z, x, n: n * z / x, RULES["pow"].dy, domain=RULES["pow"].domain),
        Rule("cbrt", math.cbrt, lambda m, z, x: 1.0 / (3.0 * z * z), domain=RULES["cbrt"].domain),
        Rule("cos", math.cos, lambda m, z, x: m.sin(x), domain=RULES["cos"].domain),
        Rule("abs", abs, 1.0, domain=RULES["abs"].domain),
    ],
    ids=lambda rule: rule.name,
)
def test_a_wrong_first_derivative_is_found(rule):
    assert complaints(finding for xs in points(rule) for finding in first_derivatives(rule, xs))


@pytest.mark.parametrize(
    "rule",
    [
        # right slopes whose slopes are not
        Rule("exp", math.exp, lambda m, z, x: m.stop_gradient(z), domain=RULES["exp"].domain),
        Rule("asin", math.asin, lambda m, z, x: 1.0 / m.sqrt((1.0 - x) * (1.0 + x)), domain=RULES["asin"].domain),
        Rule("sigmoid", RULES["sigmoid"].f, lambda m, z, x: z * m.sigmoid(-x), domain=RULES["sigmoid"].domain),
        Rule("tanh", math.tanh, lambda m, z, x: (s := 1.0 / m.cosh(x)) * s, domain=RULES["tanh"].domain),
    ],
    ids=lambda rule: rule.name,
)
def test_a_wrong_second_derivative_is_found(rule):
    assert not complaints(finding for xs in points(rule, 0) for finding in first_derivatives(rule, xs))
    assert complaints(finding for xs in points(rule) for finding in second_derivatives_at(rule, xs))


@ROWS
def test_backward_never_raises_where_there_is_a_value(rule):
    constants = witness_of(rule).constants
    for xs in [*grid(rule, *NOT_FINITE), *points(rule)]:
        variables = [None if i in constants else Value(x) for i, x in enumerate(xs)]
        some = [v for v in variables if v is not None]
        try:
            z = apply(rule, *[x if v is None else v for v, x in zip(variables, xs)])
        except (ArithmeticError, ValueError):
            continue
        z.backward()
        assert [type(v.grad) for v in some] == [float] * len(some)
        assert [bits(v.grad) for v in some] == [bits(0.0 + c) for c in gradients(z, some)]
        for slope in gradients(z, some, seed=Value(1.0)):
            assert isinstance(slope, Value)
            assert all(type(second) is float for second in gradients(slope, some))


HARD_SECONDS = [
    *[
        (name, x)
        for name in ("tanh", "sigmoid", "softplus", "erf", "gelu", "silu", "atan", "asinh")
        for x in (1e3, 1e200, 1e300)
    ],
    *[
        ("gelu", 38.0),
        ("silu", 38.0),
        ("tanh", 15.0),
        ("tanh", 1e-9),
        ("sigmoid", 40.0),
        ("acosh", 1e200),
        ("atan", 1e100),
    ],
]


@pytest.mark.parametrize("name, x", [(name, sign * x) for name, x in HARD_SECONDS for sign in (1.0, -1.0)])
def test_second_derivatives_where_everything_saturates(name, x):
    if name == "acosh":
        x = abs(x)
    (finding,) = second_derivatives_at(RULES[name], (x,))
    assert not finding.wrong, finding
    assert math.isfinite(finding.got)


def test_second_derivatives_of_two_operands_of_one_size():
    for name in ("hypot", "atan2"):
        for x in (1e200, 1e-150, 1e-9, 1e9):
            findings = list(second_derivatives_at(RULES[name], (3.0 * x, -4.0 * x)))
            assert len(findings) == 4
            assert not complaints(findings)


# ---- third derivatives, by nesting ----


def nested(f: Callable[[Value], Value], x: float, order: int) -> float:
    """The derivative of f of some order."""
    variable = Value(x)
    z = f(variable)
    for _ in range(order - 1):
        (z,) = gradients(z, [variable], seed=Value(1.0))
    return gradients(z, [variable])[0]


def test_third_derivatives():
    assert nested(VALUES.tanh, 0.0, 3) == -2.0
    assert nested(VALUES.sigmoid, 0.0, 3) == -0.125
    assert nested(VALUES.erf, 0.0, 3) == -4.0 / math.sqrt(math.pi)
    for x in (-3.0, 0.0, 0.1, 7.0):
        assert nested(VALUES.exp, x, 3) == math.exp(x)
        assert nested(VALUES.sin, x, 3) == -math.cos(x)
        assert nested(lambda v: v**5, x, 3) == pytest.approx(60.0 * x**2, rel=4 * EPS)
        assert nested(lambda v: v**5, x, 5) == 120.0
        assert nested(lambda v: v**5, x, 6) == 0.0


# ---- docs/kinks.md ----


def operation_at(operation: str, at: str) -> tuple[Callable[..., Any], list[float]]:
    """The operation as a function of its variables, and where they stand."""
    names, numbers = zip(*(part.split(" = ") for part in at.split(", ")))
    f = eval(f"lambda {', '.join(names)}: {operation}", dict(vars(functions)))
    return f, [float(eval(x, {"inf": math.inf})) for x in numbers]


def slopes(f: Callable[..., Any], xs: Sequence[float]) -> tuple[float, list[float]]:
    """The value of f and its slopes, by backward()."""
    variables = [Value(x) for x in xs]
    z = f(*variables)
    z.backward()
    return z.data, [v.grad for v in variables]


def numbers(cell: str) -> list[float]:
    """The numbers in a cell, none if it has a dash."""
    return [float(x) for part in code(cell) for x in part.split(", ")]


@pytest.mark.parametrize("row", table("kinks.md", "Kinks and jumps"), ids=lambda row: f"{row[0]} at {row[1]}")
def test_kinks_are_as_published(row):
    operation, at, value, slope, before, after, why = row
    f, xs = operation_at(code(operation)[0], code(at)[0])
    z, found = slopes(f, xs)
    assert bits(z) == bits(float(eval(code(value)[0], {"pi": math.pi})))
    assert found == numbers(slope)
    sides = []
    for cell, beyond in ((before, -math.inf), (after, math.inf)):
        if numbers(cell):
            beside, found = slopes(f, [math.nextafter(xs[0], beyond), *xs[1:]])
            assert found == pytest.approx(numbers(cell), abs=1e-12)
            if beside == pytest.approx(z, abs=1e-12):  # it doesn't jump
                sides.append(numbers(cell))
    for chosen, *both in zip(numbers(slope), *sides):
        if len(both) == 2:
            assert min(both) <= chosen <= max(both)
    assert why


@pytest.mark.parametrize("row", table("kinks.md", "Ends"), ids=lambda row: f"{row[0]} at {row[1]}")
def test_infinite_and_undefined_slopes_are_as_published(row):
    operation, at, value, slope, why = row
    z, found = slopes(*operation_at(code(operation)[0], code(at)[0]))
    assert bits(z) == bits(float(eval(code(value)[0], {"pi": math.pi, "nan": math.nan})))
    assert list(map(bits, found)) == list(map(bits, numbers(slope)))
    assert not all(map(math.isfinite, found))
    assert why


@pytest.mark.parametrize("row", table("kinks.md", "At infinity"), ids=lambda row: f"{row[0]} at {row[1]}")
def test_slopes_at_infinity_are_as_published(row):
    operation, at, value, slope, why = row
    f, xs = operation_at(code(operation)[0], code(at)[0])
    z, found = slopes(f, xs)
    assert bits(z) == bits(float(eval(code(value)[0], {"inf": math.inf})))
    assert found == [pytest.approx(float(eval(x, {"inf": math.inf}))) for x in code(slope)[0].split(", ")]
    assert not all(map(math.isfinite, xs))
    assert why


@pytest.mark.parametrize("row", table("kinks.md", "Second derivatives"), ids=lambda row: f"{row[0]} at {row[1]}")
def test_second_derivatives_are_as_published(row):
    operation, at, second, why = row
    f, xs = operation_at(code(operation)[0], code(at)[0])
    variables = [Value(x) for x in xs]
    first = gradients(f(*variables), variables, seed=Value(1.0))
    assert [x for slope in first for x in gradients(slope, variables)] == numbers(second)
    assert why


@pytest.mark.parametrize("row", table("kinks.md", "No value"), ids=lambda row: f"{row[0]} at {row[1]}")
def test_points_without_a_value_are_refused_as_published(row):
    operation, at, error = row
    f, xs = operation_at(code(operation)[0], code(at)[0])
    with pytest.raises(eval(code(error)[0])) as caught:
        f(*map(Value, xs))
    (note,) = caught.value.__notes__
    assert repr(xs[0]) in note


# ---- docs/accuracy.md ----


def test_every_row_has_been_measured():
    measured = {code(name)[0]: cells for name, *cells in table("accuracy.md", "Measured")}
    assert set(measured) == set(RULES), "run python benchmarks/ulp.py --write"
    for name, (_, count, first, second) in measured.items():
        assert int(count) >= 20_000
        assert float(first) <= 4.0, name
        assert float(second) <= 16.0, name


# ---- the reading in IEEE arithmetic ----

CORNERS = [0.0, math.inf, 1e308, HUGE, TINY, 1.0, 0.5, 2.0, 3.0, 8.0, 710.0, 1000.0]
CORNERS += [-x for x in CORNERS] + [math.nan]

NUMPY = SimpleNamespace(**{name: getattr(np, name) for name in RULES if hasattr(np, name)})
NUMPY.sub, NUMPY.mul, NUMPY.truediv, NUMPY.neg, NUMPY.pos = (
    np.subtract,
    np.multiply,
    np.divide,
    np.negative,
    np.positive,
)
NUMPY.pow = NUMPY.powi = operator.pow  # np.power takes the root of −0 for its power of ½
for _name in ("sin", "cos", "tan", "sinh", "cosh", "tanh"):
    if hasattr(np, f"arc{_name}"):
        setattr(NUMPY, f"a{_name}", getattr(np, f"arc{_name}"))
NUMPY.atan2, NUMPY.erf, NUMPY.erfc, NUMPY.round = np.arctan2, np.vectorize(math.erf), np.vectorize(math.erfc), np.rint
NUMPY.where = lambda condition, a, b: np.where(condition, a, b)[()]
NUMPY.sum = lambda *xs: sum(xs)
NUMPY.mean = NUMPY.prod = NUMPY.dot = NUMPY.hypot = None  # of any number of operands; floats refuse none
NUMPY.gamma = NUMPY.lgamma = NUMPY.fma = None  # which NumPy has not


def read_by_numpy(rule: Rule, *xs: float) -> float:
    """The value in the arithmetic of the machine, as C has it."""
    with np.errstate(all="ignore"):
        operands = [np.float64(x) for x in xs]
        return float(rule.formula(NUMPY, *operands) if rule.formula else getattr(NUMPY, rule.name)(*operands))


for _rule in RULES.values():
    if _rule.formula:
        setattr(NUMPY, _rule.name, lambda *xs, rule=_rule: np.float64(read_by_numpy(rule, *xs)))


def alike(x: float, y: float) -> bool:
    """Whether two numbers are the same, but for the rounding of a function of the C library."""
    if math.isfinite(x) and math.isfinite(y) and x and y:
        return math.isclose(x, y, rel_tol=8 * EPS)
    return bits(x) == bits(y)  # of 0 the sign too


@ROWS
def test_rows_in_ieee_arithmetic_give_what_c_gives(rule):
    for size in witness_of(rule).sizes or [len(rule.domain)]:
        columns = [CORNERS if size <= 2 else CORNERS[j : j + 7] for j in range(size)]
        if rule.name == "powi":
            columns[1] = [1.0, 2.0, 3.0, 9.0]
        if rule.name == "hurwitz":
            columns = [[abs(x) for x in CORNERS], [2.0, 3.0, 9.0]]
        for xs in itertools.islice(itertools.product(*columns), 1000):
            z = total(rule, *xs)
            assert type(z) is Ieee
            refused = isinstance(floats := outcome(rule.f, *xs), type)
            assert refused or bits(z) == floats, f"{rule.name}{xs}: {z}"
            if getattr(NUMPY, rule.name):
                expected = read_by_numpy(rule, *xs)
                if rule.name in ("floor", "ceil", "round"):  # by way of Python's int, which has no −0
                    expected += 0.0
                assert alike(z, expected), f"{rule.name}{xs}: {z}, not {expected}"


@pytest.mark.parametrize("combine", OPERATORS, ids=lambda f: f.__name__)
def test_ieee_operators_never_raise(combine):
    for x, y in itertools.product(CORNERS, CORNERS):
        with np.errstate(all="ignore"):
            expected = float(combine(np.float64(x), np.float64(y)))
        for z in (combine(Ieee(x), Ieee(y)), combine(Ieee(x), y), combine(x, Ieee(y))):
            assert type(z) is Ieee
            assert alike(z, expected), (x, y)


def test_ieee_signs():
    for x in CORNERS:
        for z, expected in ((-Ieee(x), -x), (+Ieee(x), x), (abs(Ieee(x)), abs(x))):
            assert type(z) is Ieee
            assert bits(z) == bits(expected)
    assert IEEE.where(True, 1.0, 2.0) == 1.0
    assert IEEE.stop_gradient(3.0) == 3.0


def test_an_operation_of_three_operands_that_refuses_is_nan():
    def refuse(*xs: float) -> float:
        raise OverflowError

    assert math.isnan(total(Rule("refuse", refuse, 1.0, 1.0, 1.0), 1.0, 2.0, 3.0))


def test_random_points_are_spread_over_the_floats():
    rng = random.Random(0)
    sizes = [math.log10(abs(any_float(rng)) or 1.0) for _ in range(1000)]
    assert sum(size < -100.0 for size in sizes) > 250
    assert sum(size > 100.0 for size in sizes) > 250
    exact = Fraction(any_float(rng, (1.0, 2.0)))
    assert 1 <= exact <= 2
