"""What check/strategies.py promises: points of every row's domain; programs that run, rebuild themselves and shrink."""

import ast
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import autograd_mini
from autograd_mini.check.strategies import (
    Expression,
    Result,
    Step,
    _is_ordinary,
    expressions,
    ordinary_points,
    points,
    rule_of,
)
from autograd_mini.engine import Value, apply
from autograd_mini.functions import abs as absolute
from autograd_mini.functions import atan2, primitive, sin, softmax
from autograd_mini.rule import LINE, Rule
from autograd_mini.rules import RULES
from autograd_mini.sweep import topological_order
from autograd_mini.transforms import gradients

ROWS = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
FEW = settings(max_examples=5)
SEARCH = settings(derandomize=True, database=None, max_examples=2000)


@primitive(lambda m, z, x, y: m.cos(x) * y, lambda m, z, x, y: m.sin(x))
def wave(x: float, y: float) -> float:
    return math.sin(x) * y


@primitive(lambda m, z, x: -z / x)
def inverse(x: float) -> float:
    return 1.0 / x


def bits(x: float) -> str:
    return "nan" if math.isnan(x) else x.hex()


# ---- points ----


@ROWS
@FEW
@given(data=st.data())
def test_points_are_in_the_domain_and_have_a_finite_value(rule: Rule, data: st.DataObject) -> None:
    point = data.draw(points(rule))
    domain = rule.domain if len(rule.domain) == len(point) else rule.domain * len(point)
    assert len(domain) == len(point)
    assert all(low <= x <= high for x, (low, high) in zip(point, domain, strict=True))
    assert math.isfinite(rule.f(*point))


@pytest.mark.parametrize(
    "name, predicate",
    [
        ("sqrt", lambda x: bits(x) == bits(0.0)),
        ("sqrt", lambda x: bits(x) == bits(-0.0)),
        ("sqrt", lambda x: x == math.ulp(0.0)),
        ("log", lambda x: 0.0 < x < sys.float_info.min),
        ("log", lambda x: x == sys.float_info.max),
        ("log1p", lambda x: x == math.nextafter(-1.0, 0.0)),
        ("asin", lambda x: x == -1.0),
        ("asin", lambda x: x == math.nextafter(1.0, 0.0)),
        ("acosh", lambda x: x == 1.0),
        ("acosh", lambda x: x > 1e300),
        ("round", lambda x: x == -2.5),
        ("maximum", lambda x, y: y == math.nextafter(x, math.inf) != 0.0),
        ("atan2", lambda y, x: bits(y) == bits(-0.0) and x < 0.0),
        ("pow", lambda x, n: x == n == 0.0),
        ("clamp", lambda x, lo, hi: x == lo < hi),
        ("clamp", lambda x, lo, hi: x == lo == hi),
        ("hypot", lambda *xs: len(xs) == 5 and len(set(xs)) < 5),
        ("dot", lambda *xs: len(xs) == 1),
        ("powi", lambda x, n: n == 9 and x < 0.0),
        ("gaussian", lambda x, k: k == 0.5),
    ],
)
def test_points_reach_ends_neighbours_ties_and_every_magnitude(name: str, predicate: Callable[..., bool]) -> None:
    assert find(points(name), lambda point: predicate(*point), settings=SEARCH)


@given(points("powi"), points("gaussian"))
def test_a_constant_operand_is_at_the_position_that_its_row_names(
    power: tuple[float, ...], bell: tuple[float, ...]
) -> None:
    assert type(power[1]) is int
    assert power[1] in range(1, 10)
    assert bell[1] in (0.5, 1)


@ROWS
@FEW
@given(data=st.data())
def test_ordinary_points_have_the_slopes_that_differences_have(rule: Rule, data: st.DataObject) -> None:
    point = data.draw(ordinary_points(rule))
    variables = [Value(x) for x in point]
    slopes = gradients(apply(rule, *variables), variables)
    for i, slope in enumerate(slopes):
        if not math.isnan(slope):
            before, after = ((*point[:i], point[i] + h, *point[i + 1 :]) for h in (-1e-5, 1e-5))
            assert (rule.f(*after) - rule.f(*before)) / 2e-5 == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    "name, point",
    [
        ("abs", (0.0,)),
        ("relu", (1e-3,)),
        ("elu", (0.0, 1.5)),
        ("leaky_relu", (-1e-4, 0.9)),
        ("maximum", (1.0, 1.0)),
        ("clamp", (-0.5, -0.5, 0.5)),
        ("round", (0.5,)),
        ("floor", (1.01,)),
        ("copysign", (1.0, 0.01)),
        ("where", (0.0, 1.0, 2.0)),
        ("where", (1e-5, 1.0, 2.0)),
        ("sqrt", (0.01,)),
        ("log", (0.02,)),
        ("acos", (1.0,)),
        ("tan", (1.57,)),
        ("truediv", (1.0, 0.05)),
        ("hypot", (0.0, 0.0)),
        ("atan2", (0.01, -1.0)),
    ],
)
def test_no_kink_jump_pole_or_end_is_near_an_ordinary_point(name: str, point: tuple[float, ...]) -> None:
    assert not _is_ordinary(RULES[name], point)


def test_an_operation_is_named_by_row_by_name_or_by_function() -> None:
    assert rule_of(RULES["sin"]) is rule_of("sin") is rule_of(sin) is RULES["sin"]
    assert rule_of(atan2) is RULES["atan2"]
    assert rule_of(absolute) is RULES["abs"]
    assert rule_of(autograd_mini.sum) is RULES["sum"]
    assert rule_of(wave).symbol == "wave"
    assert find(points(wave), lambda point: point[0] == point[1] == 1.0, settings=SEARCH) == (1.0, 1.0)


def test_a_primitive_gets_points_where_it_has_a_value() -> None:
    assert rule_of(inverse).domain == (LINE,)
    with pytest.raises(ZeroDivisionError):
        inverse(0.0)

    @given(points(inverse))
    def never_at_zero(point: tuple[float, ...]) -> None:
        assert point[0] != 0.0

    never_at_zero()


@pytest.mark.parametrize("wrong", [softmax, math.sin, lambda x: sin(x) + 1.0, lambda x: x, lambda: 1.0, 3.0, None])
def test_anything_but_one_operation_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"@primitive, not .*expressions\(operations"):
        points(wrong)


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(ValueError, match="no operation 'sine': did you mean 'sin'"):
        points("sine")
    with pytest.raises(ValueError, match=r"no operation '\?': there are add, sub"):
        ordinary_points("?")


# ---- programs ----


def rebuilt(expression: Expression) -> Value:
    """The result of the program that `repr` wrote."""
    *definitions, call = ast.parse(repr(expression)).body
    namespace: dict[str, Any] = {"__name__": "rebuilt"}
    exec(compile(ast.Module(definitions, []), "<repr>", "exec"), namespace)
    assert isinstance(call, ast.Expr)
    root = eval(compile(ast.Expression(call.value), "<repr>", "eval"), namespace)
    assert isinstance(root, Value)
    return root


def drawn(root: Value) -> list[tuple[str, str, list[int]]]:
    """The graph as a list: the operation, the number and the parents of each node."""
    order = topological_order(root)
    place = {v: i for i, v in enumerate(order)}
    return [(v.op, bits(v.data), [place[p] for p in v.parents]) for v in order]


@given(expressions())
def test_repr_is_a_program_that_rebuilds_the_graph(f: Expression) -> None:
    assert drawn(rebuilt(f)) == drawn(f.graph()[0])


@ROWS
def test_every_row_can_be_written(rule: Rule) -> None:
    @settings(max_examples=3)
    @given(expressions([rule], max_nodes=2))
    def check(f: Expression) -> None:
        assert drawn(rebuilt(f)) == drawn(f.graph()[0])

    check()


def test_a_program_with_a_primitive_imports_it_from_its_module() -> None:
    f = Expression((1.0,), (Step(rule_of(wave), (Result(0), Result(0))),))
    assert repr(f).splitlines() == [
        "from autograd_mini import Value",
        f"from {__name__} import wave",
        "",
        "def f(x0):",
        "    return wave(x0, x0)",
        "",
        "f(Value(1.0))",
    ]


@given(expressions())
def test_plain_numbers_give_the_same_bits(f: Expression) -> None:
    root, leaves = f.graph()
    assert bits(f(*f.leaves)) == bits(root.data)
    assert [leaf.label for leaf in leaves] == [f"x{i}" for i in range(len(leaves))]
    assert [type(z) for z in f.results(*f.leaves)] == [float] * (len(f.leaves) + len(f.steps))


@given(expressions())
def test_every_result_is_finite_of_its_domain_and_counts(f: Expression) -> None:
    root, leaves = f.graph()
    results = f.results(*f.leaves)
    assert all(map(math.isfinite, results))
    assert len(f.steps) <= 20
    assert len(topological_order(root)) == len(leaves) + len(f.steps)
    for rule, operands in f.steps:
        domain = rule.domain if len(rule.domain) == len(operands) else rule.domain * len(operands)
        numbers = [results[x.number] if isinstance(x, Result) else x for x in operands]
        assert all(low <= x <= high for x, (low, high) in zip(numbers, domain, strict=True))
        assert any(isinstance(x, Result) for x in operands)


@given(expressions(["add", "mul", sin], leaves=5, max_nodes=3, numbers=st.integers(2, 3)))
def test_drawn_programs_keep_to_the_options(f: Expression) -> None:
    assert len(f.leaves) == 5
    assert len(f.steps) <= 3
    assert {rule.name for rule, _ in f.steps} <= {"add", "mul", "sin"}
    constants = [x for _, operands in f.steps for x in operands if not isinstance(x, Result)]
    assert {2.0, 3.0} >= {*f.leaves, *constants}
    assert all(type(x) is float for x in (*f.leaves, *constants))


def test_infinite_results_are_drawn_if_they_are_allowed() -> None:
    large = expressions(["mul"], numbers=st.just(1e200), finite=False)
    f = find(large, lambda f: f(*f.leaves) == math.inf, settings=SEARCH)
    assert rebuilt(f).data == math.inf
    infinite = expressions(["add"], numbers=st.just(math.inf), finite=False)
    f = find(infinite, lambda f: len(f.steps) == 1, settings=SEARCH)
    assert repr(f).endswith("f(Value(float('inf')))")
    assert rebuilt(f).data == math.inf


def test_all_rows_sharing_constants_and_depth_are_drawn() -> None:
    rows: set[str] = set()
    sizes: list[int] = []
    shared = left = right = 0

    @settings(derandomize=True, database=None, max_examples=350)
    @given(expressions())
    def collect(f: Expression) -> None:
        nonlocal shared, left, right
        uses = [x for _, operands in f.steps for x in operands if isinstance(x, Result)]
        shared += len(uses) > len(set(uses))
        rows.update(rule.name for rule, _ in f.steps)
        sizes.append(len(f.steps))
        for _, operands in f.steps:
            if len(operands) == 2:
                left += not isinstance(operands[0], Result)
                right += not isinstance(operands[1], Result)

    collect()
    assert rows == set(RULES)
    assert max(sizes) >= 10
    assert sum(size > 5 for size in sizes) > 60
    assert shared > 60
    assert min(left, right) > 60


def test_deep_programs_run_and_are_written() -> None:
    f = Expression((0.5,), tuple(Step(RULES["sin"], (Result(i),)) for i in range(5_000)))
    assert drawn(rebuilt(f)) == drawn(f.graph()[0])


def test_a_program_takes_a_number_for_each_leaf_and_equals_its_copy() -> None:
    double = Expression((1.0,), (Step(RULES["add"], (Result(0), Result(0))),))
    assert double == Expression((1.0,), (Step(RULES["add"], (Result(0), Result(0))),))
    assert double(5.0) == 10.0
    with pytest.raises(TypeError, match="for each leaf: this program has 1, not 2"):
        double(1.0, 2.0)
    assert repr(Expression((1.0, 2.0), ())).endswith("def f(x0, x1):\n    return x1\n\nf(Value(1.0), Value(2.0))")


@pytest.mark.parametrize("wrong", [{"operations": []}, {"leaves": 0}, {"max_nodes": -1}])
def test_impossible_programs_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"operations=\[\]|a leaf or more"):
        expressions(**wrong)


def test_a_failing_test_shows_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    @settings(derandomize=True, database=None)
    @given(expressions(["add"]))
    def no_sums(f: Expression) -> None:
        assert not f.steps

    with pytest.raises(AssertionError) as caught:
        no_sums()
    assert "    return x0 + x0\n" in "\n".join(caught.value.__notes__)


# ---- shrinking ----


@pytest.mark.parametrize(
    "wrong",
    [
        Rule("sin", math.sin, lambda m, z, x: m.cos(x) * 1.0005, domain=(LINE,)),
        Rule("relu", RULES["relu"].f, lambda m, z, x: m.where(x < 0.0, 1.0, 0.0), domain=(LINE,)),
    ],
    ids=lambda rule: rule.name,
)
def test_a_rule_planted_wrong_is_found_in_a_short_program(wrong: Rule) -> None:
    operations = [wrong if rule.name == wrong.name else rule for rule in RULES.values()]

    def fails(f: Expression) -> bool:
        right = Expression(f.leaves, tuple(Step(RULES[rule.name], operands) for rule, operands in f.steps))
        (root, leaves), (true_root, true_leaves) = f.graph(), right.graph()
        pairs = zip(gradients(root, leaves), gradients(true_root, true_leaves), strict=True)
        return any(math.isfinite(b) and not math.isclose(a, b, rel_tol=1e-6) for a, b in pairs)

    f = find(expressions(operations, max_nodes=6), fails, settings=SEARCH)
    assert len(f.steps) <= 3, f


def test_a_fault_of_two_operations_together_shrinks_to_them() -> None:
    def fails(f: Expression) -> bool:  # a product of an exponential, however far below
        made = [None] * len(f.leaves) + [rule.name for rule, _ in f.steps]
        return any(
            rule.name == "mul" and any(isinstance(x, Result) and made[x.number] == "exp" for x in operands)
            for rule, operands in f.steps
        )

    f = find(expressions(["add", "mul", "exp", "sin"], max_nodes=8), fails, settings=SEARCH)
    body = repr(f).partition("def f(x0):\n")[2].partition("\n\n")[0].splitlines()
    assert [line.strip() for line in body] == ["v1 = exp(x0)", "return v1 * v1"]


# ---- without hypothesis ----


def test_without_hypothesis_the_error_names_the_extra() -> None:
    source = str(Path(autograd_mini.__file__).parent.parent)
    program = f"""
import sys
sys.path.insert(0, {source!r})
sys.modules["hypothesis"] = None
import autograd_mini.check.strategies
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()[-1]
    assert re.search(r"Error: autograd_mini\.check\.strategies needs hypothesis: .*pip install '.*\[check\]'$", said)
    assert done.stderr.count("Traceback") == 1
