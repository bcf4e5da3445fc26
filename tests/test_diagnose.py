"""diagnose: the first nan or inf is caught in the act, and a gradient is taken apart to the last bit."""

import contextlib
import io
import linecache
import math
import operator
import random
import re
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import (
    ConcurrentSweepError,
    NoGraphError,
    StaleGraphError,
    Value,
    acosh,
    asin,
    atan2,
    atanh,
    cbrt,
    clamp,
    dot,
    exp,
    expm1,
    functions,
    grad,
    gradients,
    hypot,
    jvp,
    log,
    log1p,
    log_softmax,
    logsumexp,
    maximum,
    no_grad,
    primitive,
    prod,
    sigmoid,
    sin,
    sinh,
    softmax,
    softplus,
    sqrt,
    stop_gradient,
    tanh,
    topological_order,
    where,
)
from autograd_mini import sum as total
from autograd_mini.diagnose import AnomalyError, Explanation, detect_anomaly, explain
from autograd_mini.errors import AutogradError
from autograd_mini.hooks import contribution_hook, creation_hook
from autograd_mini.nn import binary_cross_entropy_with_logits
from autograd_mini.watch import is_quiet

X = Value  # short, in the lambdas below


def anomaly(program: Callable[[], Any]) -> AnomalyError:
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        program()
    return caught.value


# ---- forward ----


def test_an_operation_that_overflows_is_stopped_at_its_line_with_its_operands() -> None:
    w = Value(1e200, label="w")
    later = []

    def program() -> None:
        z = w * 2.0
        z = z * w  # here
        later.append(z)

    error = anomaly(program)
    assert isinstance(error, AutogradError)
    assert not later
    assert error.phase == "forward"
    assert error.node is not None
    assert error.node.op == "*"
    assert error.line is not None
    assert (error.line.path, error.line.text) == (__file__, "z = z * w  # here")
    assert "(… * …) * w = inf, with (… * …) = 2e+200, w = 1e+200" in str(error)
    assert "learning rate is too high" in str(error).replace("\n             ", " ")


def test_a_nan_that_came_in_as_data_is_traced_to_its_leaf() -> None:
    x, age = Value(2.0, label="x"), Value(math.nan, label="age")
    error = anomaly(lambda: x * 3.0 + 0.5 * age)
    assert "the leaf age was nan from the start" in str(error)
    assert "Look where age comes from" in str(error)
    assert "the constant inf" in str(anomaly(lambda: x + math.inf))
    assert "a leaf without a label, of -inf," in str(anomaly(lambda: dot([x, Value(-math.inf)], [1.0, 2.0])))


def test_a_nan_made_before_the_block_is_traced_to_the_operation() -> None:
    w = Value(1e200, label="w")
    before = w * w + 1.0
    error = anomaly(lambda: before * 2.0)
    assert "inf was made by w * w = inf, with w = 1e+200, before detect_anomaly() began" in " ".join(str(error).split())
    with no_grad():
        forgotten = w * w
    assert "it was made under no_grad()" in str(anomaly(lambda: forgotten * 2.0))


def test_an_infinite_operand_whose_result_is_finite_is_no_anomaly() -> None:
    low = Value(-math.inf)
    with detect_anomaly():
        values = [tanh(low), logsumexp([low, 1.0]), clamp(low, -1.0, 1.0), maximum(low, 0.0), where(True, 1.0, low)]
    assert [v.data for v in values] == [-1.0, 1.0, -1.0, 0.0, 1.0]


def test_under_no_grad_the_operation_is_named_if_the_block_is_outside() -> None:
    x = Value(1e200, label="x")
    with no_grad():
        error = anomaly(lambda: x * x)
    assert "made under no_grad()" in str(error)
    assert f"  line       {__file__}:" in str(error)

    def quiet() -> None:
        with no_grad():
            x * x

    assert "x * x = inf" in str(anomaly(quiet))


def test_an_error_of_floats_keeps_its_type_and_gets_notes_with_the_line_and_a_remedy() -> None:
    z = Value(-1000.0, label="z")
    with pytest.raises(ValueError, match="math domain error") as caught, detect_anomaly():
        -log(sigmoid(z))  # here
    notes = caught.value.__notes__
    assert notes[0].startswith("in the operation 'log'")
    assert notes[1].startswith(f"line: {__file__}:")
    assert notes[1].endswith("-log(sigmoid(z))  # here")
    assert "softplus(-x)" in notes[2]
    assert "binary_cross_entropy_with_logits" in notes[2]


def test_the_line_is_that_of_the_call_also_where_a_primitive_of_the_user_raises() -> None:
    @primitive(1.0)
    def fussy(x: float) -> float:
        return math.log(x)

    with pytest.raises(ValueError, match="domain") as caught, detect_anomaly():
        fussy(Value(-1.0))  # called here
    assert caught.value.__notes__[1].endswith("fussy(Value(-1.0))  # called here")


def test_nested_blocks_add_each_note_once() -> None:
    with pytest.raises(ZeroDivisionError) as caught, detect_anomaly(), detect_anomaly():
        1.0 / Value(0.0)
    assert len(caught.value.__notes__) == len(set(caught.value.__notes__)) == 3


def test_errors_that_are_no_operations_pass_as_they_are() -> None:
    with pytest.raises(ValueError, match="mine") as caught, detect_anomaly():
        raise ValueError("mine")
    assert not hasattr(caught.value, "__notes__")


# ---- backward ----


def test_the_first_bad_contribution_of_a_sweep_is_told_with_its_factors() -> None:
    x = Value(0.0, label="x")

    def program() -> None:
        y = where(x > 0, sqrt(x), 0.0)  # made here
        y.backward()

    error = anomaly(program)
    assert error.phase == "backward"
    assert error.node is not None
    assert error.node.op == "sqrt"
    assert error.line is not None
    assert error.line.text.endswith("# made here")
    assert "adjoint 0.0 · slope inf = nan" in str(error)
    assert "where(x > 0, sqrt(where(x > 0, x, 1.0)), 0.0)" in error.remedies[0]


def test_a_node_made_before_the_block_is_told_without_a_line() -> None:
    x = Value(0.0, label="x")
    y = sqrt(x)
    error = anomaly(y.backward)
    assert error.line is None
    assert "made before detect_anomaly() began" in str(error)
    assert "adjoint 1.0 · slope inf = inf" in str(error)
    assert "sqrt(x + 1e-12)" in str(error)


def test_the_forward_pass_before_the_block_is_blamed_where_it_made_the_inf() -> None:
    w = Value(1e200, label="w")
    y = w * w * 0.0
    assert "inf was made by w * w = inf" in str(anomaly((y * Value(3.0)).backward))
    assert "inf was made by w * w = inf" in str(anomaly((w * w * Value(1.0, label="v")).backward))


def test_an_adjoint_that_is_bad_by_itself_is_told_too() -> None:
    x = Value(1.0, label="x")
    y = x * 2.0
    assert "the seed of this sweep is nan" in str(anomaly(lambda: y.backward(math.nan)))
    assert "the seed is infinite, or" in str(anomaly(lambda: y.backward(math.inf)))
    x.grad = math.nan
    assert "it was nan before this sweep" in str(anomaly(y.backward))
    x.grad = 0.0
    summed = x * 1e308 + x * 1e308
    assert "sum of contributions, each finite, is beyond" in " ".join(str(anomaly(summed.backward)).split())


@pytest.mark.parametrize(
    "program",
    [
        lambda x: x.sqrt().backward(),
        lambda x: gradients(x.sqrt(), [x]),
        lambda x: gradients(x.sqrt(), [x], seed=Value(1.0)),
        lambda x: x.sqrt().pullback(1.0),
        lambda x: grad(sqrt)(0.0),
        grad(sqrt),
        lambda x: grad(grad(lambda v: v**1.5))(0.0),
        lambda x: jvp(sqrt, (0.0,), (1.0,)),
    ],
)
def test_every_way_back_is_watched(program: Callable[[Value], Any]) -> None:
    assert "slope inf" in str(anomaly(lambda: program(Value(0.0))))


def test_a_slope_as_values_may_compute_a_nan_that_it_does_not_choose() -> None:
    with detect_anomaly():  # the row of x ** n has n·z/x in a branch not taken
        assert grad(grad(lambda v: v**2.0))(0.0) == 2.0


def test_an_anomaly_leaves_every_gradient_as_it_was() -> None:
    x, w = Value(0.0, label="x"), Value(2.0, label="w")
    y = sqrt(x) + w * 3.0
    w.grad = 5.0
    anomaly(y.backward)  # w was passed before the root was
    assert [v.grad for v in topological_order(y)] == [0.0, 0.0, 5.0, 0.0, 0.0]
    y.backward()
    assert (w.grad, x.grad) == (8.0, math.inf)


# ---- the remedies ----


def zero() -> Value:
    return Value(0.0, label="x")


REMEDIES: list[tuple[Callable[[], Any], str]] = [
    # forms that are stable all the way
    (lambda: log(1.0 - sigmoid(X(1000.0))), "-softplus(x)"),
    (lambda: log(exp(X(-1000.0)) + exp(X(-1001.0))), "logsumexp([x, y, …])"),
    (lambda: log(total([exp(X(-1000.0)), exp(X(-1001.0))])), "logsumexp([x, y, …])"),
    (lambda: log(exp(X(-1000.0)) / (exp(X(-1000.0)) + 1.0)), "log_softmax(xs); the loss is cross_entropy"),
    (lambda: log(softmax([X(-1000.0), X(0.0)])[0]), "log_softmax(xs); the loss is cross_entropy"),
    (lambda: exp(X(-1000.0)) / total([exp(X(-1000.0))]), "softmax(xs)"),
    (lambda: log(exp(X(-1000.0))), "log(exp(x)) is x"),
    (lambda: log(prod([X(1e-200), X(1e-200)])), "the sum of the logarithms"),
    (lambda: 1.0 / log(1.0 + X(1e-20)), "write log1p(x)"),
    (lambda: 1.0 / (exp(X(1e-20)) - 1.0), "write expm1(x)"),
    (lambda: log(exp(X(1e-20)) - 1.0), "write expm1(x)"),
    (lambda: sqrt(zero() ** 2 + zero() ** 2).backward(), "hypot(x, y, 1e-6)"),
    (lambda: sqrt(dot([v := zero()], [v])).backward(), "hypot(x, y, 1e-6)"),
    (lambda: (zero() ** 2 + zero() ** 2).__pow__(0.5).backward(), "hypot(x, y, 1e-6)"),
    (lambda: exp(X(1000.0)), "softplus(x) for log(1 + exp(x))"),
    # values
    (lambda: log(zero()), "log(x + 1e-12)"),
    (lambda: X(1.0, label="a") / zero(), "where(x != 0, a / where(x != 0, x, 1.0), 0.0)"),
    (lambda: X(1.0) / 0.0, "constant 0, and no variable"),
    (lambda: 0.0 ** X(-1.0, label="w"), "0.0 ** maximum(w, 0.0)"),
    (lambda: sinh(X(1000.0)), "Numbers have grown"),
    (lambda: sqrt(X(-1e-17, label="v")), "sqrt(maximum(v, 0.0) + 1e-12)"),
    (lambda: X(-8.0) ** (1 / 3), "cbrt(x)"),
    (lambda: zero() ** -2, "(x + 1e-12) ** -2"),
    (lambda: X(1e200) ** 2, "learning rate"),
    (lambda: prod([X(1e200), X(1e200)]), "add the logarithms"),
    (lambda: asin(X(1.0000001)), "asin(clamp(x, -1.0, 1.0))"),
    (lambda: atanh(X(1.0)), "atanh(clamp(x, -0.999999, 0.999999))"),
    (lambda: acosh(X(0.9999)), "acosh(maximum(x, 1.0))"),
    (lambda: log1p(X(-1.0)), "maximum(x, -0.999999)"),
    # slopes
    (lambda: sqrt(zero()).backward(), "sqrt(x + 1e-12)"),
    (lambda: cbrt(zero()).backward(), "x / cbrt(x * x + 1e-12)"),
    ((zero() ** 0.5).backward, "(x + 1e-12) ** 0.5"),
    ((X(-2.0) ** X(3.0, label="n")).backward, "x ** stop_gradient(n)"),
    (lambda: atan2(zero(), X(0.0)).backward(), "atan2(x, y + 1e-12)"),
    (lambda: asin(X(1.0)).backward(), "asin(clamp(x, -0.999999, 0.999999))"),
    (lambda: acosh(X(1.0)).backward(), "acosh(maximum(x, 1.000001))"),
    (lambda: log(X(1e-310)).backward(), "log(x + 1e-12)"),
    (lambda: X(1.0) / X(1e-310), "(y + 1e-12)"),
    ((log(X(1e-300)) * 1e200).backward, "lower learning rate"),
    # slopes of branches not taken
    (lambda: where(False, log(X(1e-310, label="p")), 0.0).backward(), "log(where(p > 0, p, 1.0))"),
    (lambda: where(False, asin(X(1.0)), 0.0).backward(), "asin(where(abs(x) < 1, x, 0.0))"),
    (lambda: where(False, zero() ** 0.5, 0.0).backward(), "where(x > 0, x, 1.0) ** 0.5"),
    (lambda: where(False, atan2(zero(), 0.0), 0.0).backward(), "where(x != 0, atan2(where(x != 0, x, 1.0), 0.0), 0.0)"),
]


@pytest.mark.parametrize("program, remedy", REMEDIES)
def test_each_situation_has_its_remedy(program: Callable[[], Any], remedy: str) -> None:
    with pytest.raises((AnomalyError, ValueError, ArithmeticError)) as caught, detect_anomaly():
        program()
    error = caught.value
    advice = error.remedies if isinstance(error, AnomalyError) else error.__notes__[2:]
    assert remedy in " ".join(advice)


@pytest.mark.parametrize(
    "remedied",
    [
        lambda x: where(x > 0, sqrt(where(x > 0, x, 1.0)), 0.0),
        lambda x: where(x > 0, log(where(x > 0, x, 1.0)), 0.0),
        lambda x: where(x > 0, where(x > 0, x, 1.0) ** 0.5, 0.0),
        lambda x: where(x != 0, 2.0 / where(x != 0, x, 1.0), 0.0),
        lambda x: where(x != 0, cbrt(where(x != 0, x, 1.0)), 0.0),
        lambda x: where(abs(x + 1) < 1, asin(where(abs(x + 1) < 1, x + 1, 0.0)), 0.0),
        lambda x: where(x + 1 > 1, acosh(where(x + 1 > 1, x + 1, 2.0)), 0.0),
        lambda x: where(x - 1 > -1, log1p(where(x - 1 > -1, x - 1, 0.0)), 0.0),
        lambda x: sqrt(x + 1e-12),
        lambda x: (x + 1e-12) ** 0.5,
        lambda x: x / cbrt(x * x + 1e-12),
        lambda x: hypot(x, x, 1e-6),
        lambda x: atan2(x, x + 1e-12),
        lambda x: log(x + 1e-12),
        lambda x: asin(clamp(x + 1, -0.999999, 0.999999)),
        lambda x: atanh(clamp(x + 1, -0.999999, 0.999999)),
        lambda x: acosh(maximum(x + 1, 1.000001)),
        lambda x: sqrt(maximum(x - 1e-17, 0.0) + 1e-12),
        lambda x: (x - 2.0) ** stop_gradient(x + 3.0),
        lambda x: -softplus(-(x - 1000.0)),
        lambda x: binary_cross_entropy_with_logits(x - 1000.0, 1.0),
        lambda x: log_softmax([x - 1000.0, x])[0],
        lambda x: logsumexp([x - 1000.0, x - 1001.0]),
        lambda x: expm1(x + 1e-20),
        lambda x: log1p(x + 1e-20),
    ],
)
def test_the_remedies_heal(remedied: Callable[[Value], Value]) -> None:
    x = zero()
    with detect_anomaly():
        remedied(x).backward()
    assert math.isfinite(x.grad)


def test_a_product_with_a_factor_of_0_is_not_taken_for_one_that_underflowed() -> None:
    with pytest.raises(ValueError, match="domain") as caught, detect_anomaly():
        log(Value(0.0) * Value(2.0))
    assert "log(x + 1e-12)" in caught.value.__notes__[2]


def test_a_function_that_refuses_an_infinity_is_told_where_that_came_from() -> None:
    with pytest.raises(ValueError, match="domain") as caught, detect_anomaly():
        sin(Value(math.inf, label="angle"))
    assert "the leaf angle was inf from the start" in caught.value.__notes__[2]


EXTREMES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    0.5,
    -3.0,
    1e-20,
    1e-310,
    1e-200,
    1e200,
    -1e200,
    710.0,
    -800.0,
    math.inf,
    math.nan,
]
OPERATIONS = [getattr(functions, name) for name in functions.__all__ if name not in ("primitive", "stop_gradient")]


@given(st.data())
def test_the_block_raises_if_and_only_if_something_is_not_finite(data: st.DataObject) -> None:
    rng = random.Random(data.draw(st.integers(0, 2**32)))

    def operand(pool: list[Any]) -> Any:
        return rng.choice(pool) if rng.random() < 0.8 else rng.choice(EXTREMES)

    def run(watched: bool) -> tuple[bool, bool]:
        """Whether all of it was finite, and whether an error stopped it."""
        rng.seed(seed)
        pool: list[Any] = [Value(rng.choice(EXTREMES), label=rng.choice(["", "x", "y"])) for _ in range(3)]
        made: list[Value] = []
        seen: list[float] = []

        def note(v: Value) -> Value:
            if not is_quiet():  # inside of softmax an infinity may be right
                made.append(v)
            return v

        try:
            with (
                detect_anomaly() if watched else contextlib.nullcontext(),
                creation_hook(note),
                contribution_hook(lambda v, g, cs: seen.extend([g, *cs])),
            ):
                for _ in range(6):
                    pool += flat(apply_some(rng, operand, pool))
                for v in filter(lambda v: isinstance(v, Value), pool[-2:]):
                    v.backward()
        except (AnomalyError, ArithmeticError, ValueError):
            return False, True
        return all(map(math.isfinite, [*[v.data for v in made], *seen])), False

    seed = rng.random()
    finite, stopped = run(watched=False)
    _, caught = run(watched=True)
    assert caught == (stopped or not finite)


def flat(result: Any) -> list[Any]:
    return result if isinstance(result, list) else [result]


def apply_some(rng: random.Random, operand: Callable[[list[Any]], Any], pool: list[Any]) -> Any:
    a, b, c = (operand(pool) for _ in range(3))
    a = a if isinstance(a, Value) else Value(a)
    infix = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
    operation = rng.choice(infix) if rng.random() < 0.5 else rng.choice(OPERATIONS)
    for arguments in ((a,), (a, b), ([a, b, c],), ([a, b], [a, c]), (a, -1.0, 1.0), (a, 2), (2, a)):
        with contextlib.suppress(TypeError):
            return operation(*arguments)
    raise AssertionError(operation)


# ---- the block itself ----


@st.composite
def graphs(draw: st.DrawFn) -> list[Value]:
    """A few leaves, and nodes upon them with operands in common."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    values = [Value(rng.choice([-1.5, 0.0, 0.5, 2.0, rng.gauss(0, 1)])) for _ in range(draw(st.integers(1, 4)))]
    for _ in range(draw(st.integers(1, 12))):
        a, b, c = (rng.choice(values) for _ in range(3))
        makers: list[Callable[[], Any]] = [
            lambda a=a, b=b: a * b,
            lambda a=a, b=b: a + b,
            lambda a=a, b=b: a - b,
            lambda a=a: tanh(a),
            lambda a=a, b=b: a / (b * b + 1.5),
            lambda a=a: a * 0.1 + 3,
            lambda a=a: a.relu(),
            lambda a=a, b=b, c=c: dot([a, b], [c, b], start=a),
            lambda a=a, b=b, c=c: prod([a, b, c]),
            lambda a=a, b=b: maximum(a, b),
        ]
        values.append(rng.choice(makers)())
        if abs(values[-1].data) > 1e6:
            values[-1] = tanh(values[-1])
    return values


@given(graphs())
def test_inside_the_block_gradients_are_the_same_to_the_bit(values: list[Value]) -> None:
    root = values[-1]
    root.backward()
    expected = [repr(v.grad) for v in values]
    for v in values:
        v.grad = 0.0
    with detect_anomaly():
        root.backward()
    assert [repr(v.grad) for v in values] == expected


def test_the_block_is_for_its_thread_alone() -> None:
    inside, outcome = threading.Event(), []

    def other() -> None:
        inside.wait(10)
        x = Value(0.0)
        y = sqrt(x) + Value(1e200) * 1e200
        y.backward()
        outcome.append((y.data, x.grad))

    thread = threading.Thread(target=other)
    thread.start()
    with detect_anomaly():
        inside.set()
        thread.join()
    assert outcome == [(math.inf, math.inf)]


def test_after_the_block_all_is_as_before() -> None:
    x = Value(0.0)
    with contextlib.suppress(AnomalyError), detect_anomaly():
        sqrt(x).backward()
    sqrt(x).backward()
    assert x.grad == math.inf
    assert (Value(1e200) * 1e200).data == math.inf


def test_blocks_may_be_left_in_any_order() -> None:
    first, second = detect_anomaly(), detect_anomaly()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(AnomalyError):
        sqrt(Value(0.0)).backward()
    second.__exit__(None, None, None)
    sqrt(Value(0.0)).backward()


def test_it_decorates_functions() -> None:
    @detect_anomaly()
    def step(x: Value) -> Value:
        return x * x

    assert step(Value(3.0)).data == 9.0
    with pytest.raises(AnomalyError):
        step(Value(1e200))


def test_the_nodes_of_a_block_are_freed_while_it_lasts() -> None:
    x = Value(1.0)
    addresses = set()
    with detect_anomaly():
        for _ in range(1000):
            addresses.add(id(x * 2.0))
    assert len(addresses) < 100  # they are used again


def test_a_hook_sees_each_contribution_and_what_it_raises_ends_the_sweep() -> None:
    x = Value(3.0)
    y = x * x + x

    def stop(v: Value, adjoint: Any, cs: tuple[Any, ...]) -> None:
        seen.append((v.op, adjoint, cs))
        if v.op == "*":
            raise KeyboardInterrupt

    seen: list[Any] = []
    with pytest.raises(KeyboardInterrupt), contribution_hook(stop):
        y.backward()
    assert seen == [("+", 1.0, (1.0, 1.0)), ("*", 1.0, (3.0, 3.0))]
    x.grad = 0.0
    y.backward()
    assert x.grad == 7.0
    with contribution_hook(lambda v, adjoint, cs: y.backward()), pytest.raises(ConcurrentSweepError):
        y.backward()


# ---- explain: contributions ----


@given(graphs(), st.data())
def test_contributions_add_up_to_the_gradient_bit_for_bit(values: list[Value], data: st.DataObject) -> None:
    root = values[-1]
    leaf = data.draw(st.sampled_from(values))
    for v in values:
        v.grad = 0.0
    root.backward()
    before = [repr(v.grad) for v in topological_order(root)]
    explanation = explain(root, leaf)
    assert [repr(v.grad) for v in topological_order(root)] == before  # it touches none
    below = any(v is leaf for v in topological_order(root))
    assert repr(explanation.gradient) == repr(leaf.grad if below else 0.0)
    added = 1.0 if leaf is root else 0.0
    for part in explanation.contributions:
        assert any(p is leaf for p in part.consumer.parents)
        assert repr(part.adjoint) == repr(part.consumer.grad)
        assert repr(part.product) == repr(part.adjoint * part.slope)
        added += part.product
    assert repr(added) == repr(explanation.gradient)


def test_a_value_used_twice_by_an_operation_contributes_twice() -> None:
    x = Value(3.0, label="x")
    y = x * x
    assert [(c.consumer is y, c.slope) for c in explain(y, x).contributions] == [(True, 3.0), (True, 3.0)]


def test_an_infinite_slope_is_shown_as_backward_takes_it() -> None:
    x = Value(0.0, label="x")
    y = where(x > 0, sqrt(x), 0.0)
    explanation = explain(y, x)
    assert math.isnan(explanation.gradient)
    assert [(c.adjoint, c.slope) for c in explanation.contributions] == [(0.0, math.inf)]
    with detect_anomaly():  # it is a look at the patient, not another anomaly
        assert math.isnan(explain(y, x).gradient)


# ---- explain: paths ----


def all_paths(root: Value, leaf: Value) -> list[tuple[float, ...]]:
    """The slopes of all paths, from the leaf up, by recursion."""
    if root is leaf:
        return [()]
    pairs = zip(root.parents, root.pullback(1.0))
    return [(*path, slope) for parent, slope in pairs for path in all_paths(parent, leaf)]


@given(graphs(), st.data(), st.integers(0, 30))
def test_the_listed_paths_are_the_largest_and_all_add_up_to_the_gradient(
    values: list[Value], data: st.DataObject, k: int
) -> None:
    root, leaf = values[-1], data.draw(st.sampled_from(values))
    if explain(root, leaf, paths=0).path_count > 3000:
        return
    every = all_paths(root, leaf)
    products = sorted([abs(math.prod(slopes)) for slopes in every], reverse=True)
    explanation = explain(root, leaf, paths=k)
    assert explanation.path_count == len(products)
    assert len(explanation.paths) == min(k, len(products))
    assert explanation.others == max(0, len(products) - k)
    assert [abs(p.product) for p in explanation.paths] == pytest.approx(products[:k], rel=1e-12)
    assert not Counter([path.slopes for path in explanation.paths]) - Counter(every)  # none is listed twice
    for path in explanation.paths:
        assert path.nodes[0] is leaf
        assert path.nodes[-1] is root
        assert path.product == pytest.approx(math.prod(path.slopes), rel=1e-12)
        for lower, upper, slope in zip(path.nodes[:-1], path.nodes[1:], path.slopes, strict=True):
            assert any(p is lower and s == slope for p, s in zip(upper.parents, upper.pullback(1.0)))
    shown = sum(path.product for path in explanation.paths)
    bound = 1e-13 * sum(products)
    assert shown + explanation.others_total == pytest.approx(explanation.gradient, abs=bound)
    if not explanation.others:
        assert explanation.others_total == 0.0
        assert shown == pytest.approx(explanation.gradient, abs=bound)


def doubled(n: int, factor: float = 1.0) -> tuple[Value, Value]:
    x = y = Value(1.0, label="x")
    for _ in range(n):
        y = y + y * factor
    return y, x


def test_paths_beyond_all_number_are_counted_exactly() -> None:
    y, x = doubled(1000, 0.5)
    explanation = explain(y, x, paths=30)
    assert explanation.path_count == 2**1000
    assert explanation.others == 2**1000 - 30
    assert [path.product for path in explanation.paths] == [1.0, *[0.5] * 29]
    assert len({tuple(map(id, path.nodes)) for path in explanation.paths}) == 30
    assert "2^1000 paths" in str(explanation)
    y, x = doubled(60, 0.5)
    products = [path.product for path in explain(y, x, paths=70).paths]
    assert products == [1.0, *[0.5] * 60, *[0.25] * 9]


def test_a_product_may_overflow_on_its_way_and_come_back() -> None:
    x = y = Value(1e-300, label="x")
    for factor in (1e200, 1e200, 1e-200, 1e-200):
        y = y * factor
    (path,) = explain(y, x).paths
    assert path.product == pytest.approx(1.0)
    z = x
    for _ in range(4):
        z = Value(1e-100) * z + Value(1e-200) * z  # all products underflow, and are ranked all the same
    paths = explain(z, x).paths
    assert [path.product for path in paths] == [0.0] * 10
    assert paths[0].slopes == (1e-100, 1.0) * 4


def test_an_infinite_slope_ranks_first_and_a_slope_of_0_last() -> None:
    x = Value(0.0, label="x")
    y = total([x * 1e300, sqrt(x) * 1e-300, x * 0.0, x * 2.0, x * -3.0])
    assert [path.product for path in explain(y, x).paths] == [math.inf, 1e300, -3.0, 2.0, 0.0]


@pytest.mark.parametrize("n", [20_000])
def test_deep_graphs_take_time_in_proportion(n: int) -> None:
    begin = time.perf_counter()
    y, x = doubled(n, 1e-3)
    explanation = explain(y, x, paths=3)
    assert explanation.path_count == 2**n
    assert [len(path.nodes) for path in explanation.paths] == [n + 1, n + 2, n + 2]
    assert len(str(explanation)) < 2000
    assert time.perf_counter() - begin < 20.0  # it takes a third of a second; exponential or quadratic would be hours


def test_wide_nodes_are_shown_by_their_largest_operands() -> None:
    x = Value(1.0, label="x")
    y = total([x * float(i) for i in range(1000)])
    report = str(explain(y, x))
    assert "and 980 more, which add up to 479710" in report
    assert len(report.splitlines()) < 40


# ---- explain: what may be asked ----


def test_it_says_so_where_there_is_nothing_to_explain() -> None:
    x, other = Value(3.0, label="x"), Value(1.0, label="other")
    y = x * 2.0
    nothing = explain(y, other)
    assert (nothing.gradient, nothing.contributions, nothing.paths, nothing.path_count) == (0.0, (), (), 0)
    assert str(nothing) == "∂v1 (*)/∂other = 0: other is not below v1 (*), which does not depend on it"
    assert explain(x, y).gradient == 0.0
    itself = explain(y, y)
    assert (itself.gradient, itself.path_count, itself.paths[0].slopes) == (1.0, 1, ())
    assert str(itself) == "∂v1 (*)/∂v1 (*) = 1: v1 (*) is the root itself"


def test_the_names_in_a_report_are_labels_or_places_in_the_topological_order() -> None:
    x = Value(2.0)
    y = tanh(x * 0.5)
    y.label = "y"
    assert explain(y, x).paths[0].text == "v0 → v1 (*) → y"
    assert topological_order(y)[1].op == "*"


@pytest.mark.parametrize("arguments", [(1.0, Value(1.0)), (Value(1.0), "x"), (None, None)])
def test_what_is_no_value_is_a_type_error(arguments: tuple[Any, Any]) -> None:
    with pytest.raises(TypeError, match=r"explain\(root, leaf\) takes Values"):
        explain(*arguments)


def test_the_number_of_paths_is_a_whole_number() -> None:
    x = Value(1.0)
    with pytest.raises(TypeError):
        explain(x, x, paths=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="0 or more, not -1"):
        explain(x, x, paths=-1)


def test_stale_graphs_and_results_without_one_are_refused() -> None:
    x = Value(1.0)
    y = x * 2.0
    x.data = 3.0
    with pytest.raises(StaleGraphError):
        explain(y, x)
    with no_grad():
        z = x * 2.0
    with pytest.raises(NoGraphError):
        explain(z, x)


# ---- the page ----

PAGE = Path(__file__).parent.parent / "docs/diagnose.md"
BLOCKS = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def test_every_snippet_of_the_page_prints_or_raises_what_stands_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    blocks = BLOCKS.findall(text)
    assert len(blocks) == text.count("```python")
    for snippet, expected in blocks:
        lines = snippet.splitlines(keepends=True)
        monkeypatch.setitem(linecache.cache, "example.py", (len(snippet), None, lines, "example.py"))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(snippet, "example.py", "exec"), namespace)
            except Exception as error:  # noqa: BLE001  (what it is stands on the page)
                print(*traceback.format_exception_only(error), sep="", end="")
        assert printed.getvalue() == expected
        for expression, outcome in re.findall(r"^(.*?)\s*# → (.*)$", snippet, re.MULTILINE):
            assert repr(eval(expression, namespace)) == outcome


def test_the_page_is_short() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= 120


def test_an_explanation_is_what_its_documentation_says() -> None:
    explanation = explain(Value(1.0), Value(2.0))
    assert isinstance(explanation, Explanation)
    assert repr(explanation) == str(explanation)
