"""gradcheck: correct rules pass, wrong ones are named, and cases that can't be decided are called inconclusive."""

import itertools
import math
import random
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd_mini
from autograd_mini import Value, functions, nn, primitive
from autograd_mini.check import GradcheckError, gradcheck
from autograd_mini.engine import apply
from autograd_mini.errors import AutogradError
from autograd_mini.functions import (
    atan2,
    clamp,
    cos,
    erf,
    exp,
    floor,
    hypot,
    log,
    log1p,
    logsumexp,
    maximum,
    mean,
    relu,
    sigmoid,
    sin,
    sqrt,
    stop_gradient,
    tanh,
    where,
)
from autograd_mini.rules import RULES
from tests.witness import first_derivatives, grid, random_point, witness_of

ROWS = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def operation(rule, xs):
    """The operation as a function of its variables, and their values."""
    variables = [i for i in range(len(xs)) if i not in witness_of(rule).constants]

    def f(*ys):
        operands = list(xs)
        for i, y in zip(variables, ys):
            operands[i] = y
        return apply(rule, *operands)

    return f, [xs[i] for i in variables]


def has_a_value(f, xs):
    try:
        return all(map(math.isfinite, (*xs, f(*xs))))
    except (ArithmeticError, ValueError):
        return False


def only(report):
    (component,) = report.components
    return component


# ---- every row of the table ----


JUMPS = ("floor", "ceil", "round", "copysign", "atan2", "pow")  # rows that do, where no slope is right


@ROWS
def test_correct_rules_fail_only_where_the_page_says_so(rule):
    rng = random.Random(rule.name)
    points = [*itertools.islice(grid(rule), 0, None, 17), *(random_point(rule, rng) for _ in range(6))]
    for xs in points:
        f, variables = operation(rule, xs)
        if has_a_value(f, variables):
            report = gradcheck(f, *variables)
            wrong = {c.note for c in report.components if c.verdict == "wrong"}
            published = any(finding.excepted for finding in first_derivatives(rule, xs))
            jumps = wrong == {"jump"} and rule.name in JUMPS
            assert not wrong or jumps or published, f"{rule.name}{xs}\n{report}"


def test_a_power_so_small_that_its_slope_has_the_exponent_minus_1():
    report = gradcheck(lambda x, n: x**n, -0.0, 5e-324)
    assert report
    assert report.components[0].analytic == math.inf


@ROWS
def test_a_rule_that_is_off_by_a_ten_thousandth_is_never_called_right(rule, monkeypatch):
    if rule.many:
        many = rule.many
        monkeypatch.setattr(rule, "many", lambda m, z, *xs: [slope * 1.0001 for slope in many(m, z, *xs)])
    else:
        for name in ("dx", "dy"):
            if (d := getattr(rule, name)) is not None:
                monkeypatch.setattr(rule, name, scaled(d))
    rng, verdicts = random.Random(rule.name), []
    for _ in range(9):
        f, variables = operation(rule, random_point(rule, rng))
        if has_a_value(f, variables):
            some = [c for c in gradcheck(f, *variables).components if math.isfinite(c.analytic) and c.analytic]
            verdicts += [c.verdict for c in some]
    assert "right" not in verdicts
    assert "wrong" in verdicts or rule.name in ("floor", "ceil", "round")


def scaled(d):
    return d * 1.0001 if isinstance(d, float) else lambda m, z, *xs: d(m, z, *xs) * 1.0001


@ROWS
def test_second_derivatives_of_every_row(rule):
    rng, checked = random.Random(rule.name), 0
    while checked < 3:
        xs = random_point(rule, rng)
        f, variables = operation(rule, xs)
        if all(1e-3 < abs(x) < 20.0 for x in variables) and has_a_value(f, variables):
            report = gradcheck(f, *variables, order=2)
            assert not report.wrong, f"{rule.name}{xs}\n{report}"
            checked += 1


# ---- hard points, and the words for them ----


SIDES = "before and after"


@pytest.mark.parametrize(
    "f, xs, verdict, note",
    [
        (abs, (0.0,), "kink", "kink: slopes -1 and 1 before and after"),
        (relu, (0.0,), "kink", "kink: slopes 0 and 1 before and after"),
        (lambda x: relu(x - 1.0) + 5.0, (1.0,), "kink", "kink: slopes 0 and 1 before and after"),
        (lambda x: maximum(x, 1.0), (1.0,), "kink", "kink: slopes 0 and 1 before and after"),
        (lambda x: clamp(x, -1.0, 1.0), (1.0,), "kink", "kink: slopes 1 and 0 before and after"),
        (floor, (2.0,), "wrong", "jump"),
        (floor, (0.0,), "wrong", "jump"),
        (functions.ceil, (-3.0,), "wrong", "jump"),
        (functions.round, (2.5,), "wrong", "jump"),
        (functions.round, (2.0,), "right", None),
        (lambda x: where(x >= 1.0, x + 5.0, x), (1.0,), "wrong", "jump"),
        (lambda x: where(x > 1.0, x + 5.0, x), (1.0,), "wrong", "jump"),
        (lambda x: where(x == 1.0, 5.0, x), (1.0,), "wrong", "jump"),
        (lambda x: where(x >= 1.0, x + 1e-9, x), (1.0,), "wrong", "jump"),
        (lambda x: where(x >= 1.0, x + 5.0, x), (1.0 - 1e-12,), "right", None),
        (lambda x: where(x >= 1.0, x + 5.0, x), (1.0 + 1e-12,), "right", None),
        (lambda x: where(x >= 1.0, x + 5.0, x), (1.0 - 3 * 2.0**-53,), "right", None),
        (lambda x: x * floor(x), (3.0,), "wrong", "jump"),
        (lambda x: functions.copysign(3.0, x) + x, (0.0,), "wrong", "jump"),
        (lambda x: tanh(1e20 * (x - 1.0)), (1.0,), "right", None),
        (floor, (2.3,), "right", ""),
        (floor, (1e300,), "right", "by the complex step"),
        (log, (1e-300,), "right", ""),
        (log, (math.nextafter(0.0, 1.0),), "inconclusive", ""),
        (lambda y: atan2(y, 3.523879817113611e-307), (2.8911414508195658e-307,), "right", ""),
        (lambda y: atan2(y, -2e-316), (0.0,), "inconclusive", ""),
        (lambda y: functions.sum([1.0000000013, y, -0.9999999999437]), (-5.7e-276,), "right", ""),
        (sqrt, (0.0,), "right", "vertical tangent: the slopes grow without bound"),
        (functions.cbrt, (0.0,), "right", "vertical tangent: the slopes grow without bound"),
        (functions.asin, (-1.0,), "right", "vertical tangent: the slopes grow without bound"),
        (lambda x: x**2.0, (0.0,), "right", ""),
        (lambda n: 0.0**n, (2.0,), "right", ""),
        (lambda n: 0.0**n, (0.0,), "kink", "f jumps here"),
        (lambda n: (-2.0) ** n, (3.0,), "kink", "there is no slope, and nan says so"),
        (lambda n: (-0.9999999999999988) ** n, (-2.3e16,), "inconclusive", ""),
        (lambda y: atan2(y, -1.0), (0.0,), "wrong", "jump"),
        (lambda x: hypot(x, 0.0), (0.0,), "kink", "kink: slopes -1 and 1 before and after"),
        (lambda x: x * sqrt(x), (1e-9,), "right", ""),
        (sin, (1e300,), "right", "by the complex step"),
        (lambda x: (x + 1e10) - 1e10, (0.3,), "right", ""),
        (lambda x: floor(1e6 * x) / 1e6, (0.3333333,), "right", None),
        (lambda x: 1.0 + sqrt(x), (0.0,), "right", "vertical tangent of an operation"),
        (lambda x: 1.0 + x**0.9, (0.0,), "right", "vertical tangent of an operation"),
        (lambda x: where(x > 0, sqrt(where(x > 0, x, 1.0)), 0.0), (0.0,), "kink", f"kink: slopes 0 and inf {SIDES}"),
        (lambda x: sqrt(abs(x)), (0.0,), "kink", "there is no slope, and nan says so"),
        (lambda x: sqrt(relu(x)), (0.0,), "kink", "there is no slope, and nan says so"),
        (lambda x: 1e-9 * abs(x) + x, (0.0,), "kink", "kink: slopes 0.999999999 and 1 before and after"),
        (lambda x: 1.0 / x, (1e-200,), "inconclusive", None),
        (lambda x: x * math.nan, (3.0,), "inconclusive", None),
        (lambda x: x * x, (1e308,), "inconclusive", None),
        (lambda x: x, (math.nan,), "inconclusive", None),
        (lambda x: x + 0.0, (math.inf,), "inconclusive", None),
        (lambda x: 1.0 / x, (math.inf,), "inconclusive", None),
        (
            lambda x: x * sqrt(x),
            (0.0,),
            "wrong",
            "0·inf or inf − inf on the way back is nan: detect_anomaly() tells where",
        ),
        (lambda x: (functions.cosh(sin(atan2(x, 1e-300))) + 1.0) ** 2.0, (-2.0,), "inconclusive", None),
        (lambda x: functions.acosh(functions.dot([-x, functions.atan(x)], [-0.5, 1.0], 1.0)), (1e-9,), "right", None),
        (lambda x: 3.0, (1.0,), "right", ""),
        (lambda x: x * 0.0, (1.0,), "right", ""),
        (lambda x: x, (1.0,), "right", ""),
    ],
)
def test_hard_points(f, xs, verdict, note):
    component = only(gradcheck(f, *xs))
    assert component.verdict == verdict, component
    if note and verdict != "inconclusive":
        assert component.note == note


def test_both_slopes_of_a_power_at_0_and_2_are_right():
    report = gradcheck(lambda x, y: x**y, 0.0, 2.0)
    assert report
    assert [c.verdict for c in report.components] == ["right", "right"]


def test_both_sides_of_a_tie_are_accepted_and_nothing_beyond():
    for slope, verdict in ((0.0, "kink"), (0.3, "kink"), (1.0, "kink"), (1.0001, "wrong"), (-0.0001, "wrong")):

        @primitive(lambda m, z, x, slope=slope: m.where(x == 0.0, slope, m.where(x > 0.0, 1.0, 0.0)))
        def ramp(x):
            return max(x, 0.0)

        assert only(gradcheck(ramp, 0.0)).verdict == verdict
        assert only(gradcheck(ramp, 0.1)).verdict == "right"


@pytest.mark.parametrize("slope", [1.0, math.nan, -math.inf])
def test_a_vertical_tangent_has_one_right_slope(slope):
    @primitive(lambda m, z, x: slope)
    def root(x):
        return math.sqrt(x)

    assert only(gradcheck(root, 0.0)).verdict == "wrong"


def test_nan_where_there_is_a_slope_is_wrong():
    @primitive(lambda m, z, x: math.nan)
    def double(x):
        return 2.0 * x

    assert only(gradcheck(double, 1.0)).verdict == "wrong"
    assert gradcheck(double, 1.0).culprits[0].op == "double"


# ---- whole programs ----


@example([1.0, -1e-200, 0.02])
@given(st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3))
def test_a_program_of_many_operations_is_right(xs):
    """Except where its terms nearly cancel: a slope that is lost in its own rounding can't be checked."""

    def f(x, y, z):
        a = tanh(x * y + z) - sin(y) * exp(-z * z)
        return logsumexp([a, sigmoid(x - z), cos(a * y)]) + log1p(x * x) * erf(a)

    report = gradcheck(f, *xs, raise_on_failure=True)
    for component in report.components:
        is_lost = 1e8 * component.error > abs(component.numeric) and component.error < 1e-12
        assert component.verdict == "right" or (component.verdict == "inconclusive" and is_lost), report


def test_structures_are_named_in_the_table():
    def f(p, x, k):
        return p["w"][0] * x[0, 1] + p["w"][1] ** 2 * k[0] * x.sum()

    report = gradcheck(f, {"w": [1.0, 2.0]}, np.array([[1.0, 2.0]]), (3.0,))
    assert [c.name for c in report.components] == ["p['w'][0]", "p['w'][1]", "x[0][0]", "x[0][1]", "k[0]"]
    assert str(report).splitlines()[0] == "gradcheck of f: 5 right"
    assert str(report).splitlines()[1].split() == ["argument", "analytic", "numeric", "±", "verdict", "note"]
    assert repr(report) == str(report)
    assert [c.name for c in gradcheck(max, 1.0, 2.0).components] == ["argument 1", "argument 2"]


def test_values_are_taken_for_their_numbers():
    x = Value(3.0)
    assert only(gradcheck(lambda x: x * x, x)).analytic == 6.0
    assert gradcheck(lambda x: x * x, x, order=2)
    assert x.grad == 0.0


def test_values_that_the_function_holds_are_constants():
    w = Value(3.0)
    assert only(gradcheck(lambda x: w * x * x, 2.0)).analytic == 12.0
    assert w.grad == 0.0


def test_the_weights_of_a_module_are_checked_as_arguments():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    weights = [p.data for p in model.parameters()]

    def loss(weights, x):
        hidden = [tanh(weights[3 * i] * x[0] + weights[3 * i + 1] * x[1] + weights[3 * i + 2]) for i in range(3)]
        return sum(w * h for w, h in zip(weights[9:12], hidden)) + weights[12]

    report = gradcheck(loss, weights, [0.5, -1.0])
    assert report, report
    assert len(report.components) == len(weights) + 2


def test_weights_assigned_to_a_module_are_not_arguments_of_its_graph():
    model = nn.MLP(2, [1], activation="tanh", seed=1)

    def loss(weights, x):
        for p, w in zip(model.parameters(), weights):
            p.data = w.data if isinstance(w, Value) else w
        return model(x)

    report = gradcheck(loss, [p.data for p in model.parameters()], [0.5, -1.0])
    assert [c.verdict for c in report.components] == ["wrong"] * 3 + ["right"] * 2
    assert report.components[0].note.startswith("f moves where its graph does not")


def program(*xs):
    rng, v = random.Random(5), list(xs)
    for _ in range(200):
        a, b, kind = rng.choice(v), rng.choice(v), rng.randrange(6)
        if kind == 0:
            v.append(0.5 * a * b)
        elif kind == 1:
            v.append(tanh(a + b))
        elif kind == 2:
            v.append(sin(a) - b)
        elif kind == 3:
            v.append(exp(-a * a))
        elif kind == 4:
            v.append(log1p(b * b))
        else:
            v.append(sigmoid(a) * b)
    return mean(v[-40:])


ARGUMENTS = [0.1 * k - 0.23 for k in range(6)]


def test_a_program_of_200_operations_takes_little_time():
    start = time.perf_counter()
    report = gradcheck(program, *ARGUMENTS)
    assert report, report
    assert time.perf_counter() - start < 20.0  # on a busy machine; alone, a fifth of a second


@pytest.mark.parametrize("name", ["tanh", "sin", "exp", "log1p", "sigmoid"])
def test_a_planted_fault_is_named_by_operation_and_line(name, monkeypatch):
    dx = RULES[name].dx
    monkeypatch.setattr(RULES[name], "dx", lambda m, z, x: dx(m, z, x) * 1.0001)
    report = gradcheck(program, *ARGUMENTS)
    assert report.wrong
    assert {culprit.op for culprit in report.culprits} == {RULES[name].symbol}
    culprit = report.culprits[0]
    assert culprit.line.path == __file__
    assert f"{name}(" in culprit.line.text
    assert culprit.got == pytest.approx(1.0001 * culprit.expected, rel=1e-9)
    assert str(culprit) in str(report)


def test_the_worst_operation_comes_first_with_its_labels():
    @primitive(lambda m, z, x: 1.01 * m.cos(x))
    def slightly(x):
        return math.sin(x)

    @primitive(lambda m, z, x, y: y, lambda m, z, x, y: 2.0 * x)
    def badly(x, y):
        return x * y

    def f(x, y):
        z = slightly(x)
        if isinstance(z, Value):
            z.label = "z"
        return badly(y, z)

    with pytest.raises(GradcheckError) as caught:
        gradcheck(f, 1.0, 2.0, raise_on_failure=True)
    first, second = caught.value.report.culprits
    assert (first.op, first.by, first.got) == ("badly", (1,), 4.0)
    assert first.expected == pytest.approx(2.0)
    assert first.operands == ("2.0", f"z = {math.sin(1.0)!r}")
    assert first.line.text == "return badly(y, z)"
    assert (second.op, second.line.text) == ("slightly", "z = slightly(x)")
    assert isinstance(caught.value, AutogradError)
    assert "the slope of 'badly' by operand 2 is 4.0 and should be 2" in str(caught.value)


def test_a_fault_in_a_derivatives_derivative_is_named():
    @primitive(lambda m, z, x: m.stop_gradient(m.exp(x)))
    def flat(x):
        return math.exp(x)

    assert gradcheck(lambda x: x * flat(x), 1.0)
    report = gradcheck(lambda x: x * flat(x), 1.0, order=2)
    assert report.wrong
    (culprit,) = report.culprits
    assert (culprit.op, culprit.by, culprit.got) == ("flat", (0, 0), 0.0)
    assert culprit.expected == pytest.approx(math.e)
    assert "the second derivative of 'flat' by operand 1 and 1" in str(culprit)


def test_a_fault_in_the_sweep_is_not_blamed_on_an_operation(monkeypatch):
    from autograd_mini.check import checker

    pull = checker.Run.pull
    monkeypatch.setattr(checker.Run, "pull", lambda self, *xs: [2.0 * g for g in pull(self, *xs)])
    report = gradcheck(lambda x: sin(x) * x, 1.0)
    assert report.wrong
    assert not report.culprits
    assert "the sum of contributions" in only(report).note


def test_where_the_chain_rule_fails_the_kink_is_named():
    report = gradcheck(lambda x: relu(x) - relu(-x), 0.0)
    assert only(report).verdict == "wrong"
    assert not report.culprits
    assert only(report).note.startswith("each operation is right, but 'relu' at ")
    assert only(report).note.endswith("is at its kink, where the chain rule need not hold")


def test_a_function_is_called_by_its_name_or_its_class():
    class Square:
        def __call__(self, x):
            return x * x

    assert str(gradcheck(Square(), 2.0)).startswith("gradcheck of Square: 1 right\n")


# ---- functions that are not what they seem ----


def test_a_number_taken_out_of_the_graph_is_reported():
    for f, x in (
        (lambda x: x * stop_gradient(x), 3.0),
        (lambda x: x * (x.data if isinstance(x, Value) else x), 3.0),
        (lambda x: sqrt(x - 1.0) * stop_gradient(x), 1.01),
    ):
        component = only(gradcheck(f, x))
        assert component.verdict == "wrong"
        assert component.note == "f moves where its graph does not: by .data, stop_gradient or a branch"


def test_a_function_that_differs_on_values_is_reported():
    report = gradcheck(lambda x: x * (1.5 if isinstance(x, Value) else 1.0), 1.0)
    assert not report
    assert report.wrong
    assert str(report).endswith("1.0 on floats and 1.5 on Values: it depends on state, or on .data")
    with pytest.raises(GradcheckError, match=r"1\.5 on Values"):
        gradcheck(lambda x: x * (1.5 if isinstance(x, Value) else 1.0), 1.0, raise_on_failure=True)


def test_a_sum_that_rounds_differently_on_values_is_the_same_function():
    assert gradcheck(sum, [0.1] * 10 + [-1.0])  # which Python adds up without loss since 3.12


@pytest.mark.parametrize("x", [0.3, 2.0, 3.7, 1e-3])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * np.float32(0.1),
        lambda x: np.float32(0.1) * x,
        lambda x: x - np.float32(0.1) * x * x,
        lambda x: exp(x * np.float32(0.1)),
        lambda x: exp(x * np.float32(0.1)) - exp(0.37),
        lambda x: x * np.float16(0.1) + np.float64(0.2),
        lambda x: x * np.int64(3),
    ],
)
def test_constants_of_fewer_bits_do_not_make_a_slope_wrong(f, x):
    assert only(gradcheck(f, x)).verdict == "right"


def test_control_characters_are_escaped_in_the_report():
    @primitive(lambda m, z, x: 2.0 * m.cos(x))
    def sine(x):
        return math.sin(x)

    def f(x):
        y = x * 1.0
        if isinstance(y, Value):
            y.label = "a\x1b[2J\rb\u202ec"
        return sine(y)

    f.__name__ = "f\x1b]0;title\x07\n"
    text = str(gradcheck(f, 1.0))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert text.startswith(r"gradcheck of f\x1b]0;title\x07\n: 1 wrong")
    assert r"at a\x1b[2J\rb\u202ec = 1.0" in text


def test_a_function_that_draws_or_counts_is_refused():
    rng = random.Random(0)
    with pytest.raises(ValueError, match="for the same numbers: it must not draw or count"):
        gradcheck(lambda x: x * rng.random(), 1.0)


def test_what_is_asked_for_must_exist():
    with pytest.raises(ValueError, match="order is 1 or 2"):
        gradcheck(sin, 1.0, order=3)
    with pytest.raises(ValueError, match="witness auto, differences or complex"):
        gradcheck(sin, 1.0, witness="jvp")
    with pytest.raises(TypeError, match="returned list"):
        gradcheck(lambda x: [x], 1.0)


def test_inconclusive_is_falsy_and_never_raised():
    report = gradcheck(sin, 1e300, witness="differences", raise_on_failure=True)
    assert not report
    assert not report.wrong
    assert report.rate("inconclusive") == 1.0
    assert "1 inconclusive" in str(report)


def test_the_complex_step_is_a_witness_of_its_own(monkeypatch):
    assert only(gradcheck(lambda x: sin(x) * sigmoid(x), 2.0, witness="complex")).note == "by the complex step"
    assert only(gradcheck(abs, 0.0, witness="complex")).verdict == "inconclusive"
    monkeypatch.setattr(RULES["sin"], "dx", lambda m, z, x: 1.0001 * m.cos(x))
    assert only(gradcheck(sin, 2.0, witness="complex")).verdict == "wrong"
    report = gradcheck(sin, 1e300)
    assert report.wrong
    assert report.culprits[0].op == "sin"


def test_warnings_of_numpy_far_from_the_point_are_no_errors():
    assert gradcheck(lambda x: float(np.exp(x)) if isinstance(x, float) else exp(x), 3.0)
    assert gradcheck(lambda x: functions.sum(list(np.exp(x))), np.array([1.0, 30.0]))


# ---- second derivatives ----


def test_the_hessian_is_checked_and_named_by_pairs():
    report = gradcheck(lambda x, y: x * x * y + sin(x * y), 0.7, 1.3, order=2)
    assert report, report
    assert [c.name for c in report.components] == ["x, x", "x, y", "y, x", "y, y"]
    assert report.components[0].analytic == pytest.approx(2 * 1.3 - 1.3**2 * math.sin(0.91))


def test_a_hessian_that_is_not_symmetric_is_wrong():
    @primitive(lambda m, z, x, y: y + m.stop_gradient(x) * 0.0, lambda m, z, x, y: m.stop_gradient(x))
    def product(x, y):
        return x * y

    report = gradcheck(product, 2.0, 3.0, order=2)
    assert [c.verdict for c in report.components] == ["right", "right", "wrong", "right"]

    @primitive(lambda m, z, x, y: 1.0001 * y, lambda m, z, x, y: x)
    def skewed(x, y):
        return x * y

    report = gradcheck(skewed, 2.0, 3.0, order=2)
    assert [c.verdict for c in report.components] == ["right", "wrong", "wrong", "right"]
    assert report.components[1].note == "not symmetric: 1.0 the other way round"


def test_a_kink_in_the_slope_is_a_kink_of_order_2():
    assert only(gradcheck(lambda x: x * relu(x), 0.0, order=2)).verdict == "kink"


def test_the_submodule_of_strategies_is_lazy():
    from autograd_mini import check

    assert check.strategies.__name__ == "autograd_mini.check.strategies"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        check.nonsense
    assert autograd_mini.check is check
