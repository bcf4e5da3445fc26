"""What a trace reads of other Values is watched, what it can't honour is refused, and eager results stay the rule."""

import copy
import math
import pickle

import numpy as np
import pytest

from autograd_mini import (
    StaleGraphError,
    Value,
    compiler,
    exp,
    grad,
    gradients,
    log,
    maximum,
    primitive,
    sqrt,
    stop_gradient,
    tanh,
    value_and_grad,
    where,
)
from autograd_mini.nn import MLP, Neuron

EXECUTORS = ["source", "numpy", "native"]


# ---- Values from outside ----


@pytest.mark.parametrize(
    "read",
    [
        lambda k: k.data,
        lambda k: 2.0 if k.data > 3.0 else 1.0,
        lambda k: 2.0 if k > 3.0 else 1.0,
        lambda k: (k + 1.0).data,
        lambda k: exp(k * 0.1).data,
        lambda k: float(f"{k:.3f}"),
        lambda k: float(bool(k - 5.0)),
        lambda k: max(k, 3.0),
        lambda k: sorted([k, 3.0])[0],
        stop_gradient,
        lambda k: k,
        lambda k: k * k,
        lambda k: gradients(k * k, [k])[0],
        lambda k: grad(lambda x: x * k)(1.0),
        lambda k: copy.copy(k).data,
        lambda k: where(k.data > 3.0, 1.0, 0.0),
    ],
)
@pytest.mark.parametrize("options", [{}, {"executor": "native"}, {"batch": True}])
def test_a_change_of_the_number_of_a_value_from_outside_is_seen(read, options):
    k = Value(1.0)

    def f(x):
        return x * read(k)

    compiled = compiler.compile(f, **options)
    x = np.array([2.0]) if options.get("batch") else 2.0
    for number in (1.0, 5.0, 1.0, -0.0, math.inf):
        k.data = number
        expected = f(Value(2.0)).data
        for _ in range(2):
            value, _slope = compiled.value_and_grad(x)
            assert float(np.squeeze(value)) == pytest.approx(expected, nan_ok=True)


def test_a_change_of_a_gradient_from_outside_is_seen():
    k = Value(1.0)
    compiled = compiler.compile(lambda x: x * k.grad)
    assert compiled(2.0) == 0.0
    k.grad = 3.0
    assert compiled.value_and_grad(2.0) == (6.0, 3.0)


@pytest.mark.parametrize("read", [lambda b: b, lambda b: b.data, lambda b: b * 1.0])
def test_a_result_from_outside_that_is_assigned_is_seen(read):
    a = Value(2.0)
    b = a * 3.0
    compiled = compiler.compile(lambda x: x * read(b))
    assert compiled(1.0) == 6.0
    b.data = 10.0
    assert compiled(1.0) == 10.0
    a.data = 7.0  # b keeps its number
    assert compiled(1.0) == 10.0
    assert len(compiled.programs) == 1


def test_a_result_made_of_a_parameter_and_assigned_is_refused():
    a = Value(2.0)
    b = a * 3.0
    compiled = compiler.compile(lambda x: x * b, params=[a])
    value, slopes = compiled.value_and_grad(1.0)
    assert (value, slopes.tolist()) == (6.0, [3.0])
    b.data = 10.0
    with pytest.raises(StaleGraphError, match="was assigned after that"):
        compiled(1.0)


def test_a_function_that_assigns_a_value_runs_at_each_call():
    k = Value(1.0)

    def count(x):
        y = x * k
        k.data = k.data + 1.0
        return y

    compiled = compiler.compile(count)
    assert [compiled(2.0) for _ in range(5)] == [2.0, 4.0, 6.0, 8.0, 10.0]

    def before_and_after(x):
        y = x * k
        k.data = 5.0
        return y + x * k

    k.data = 1.0
    compiled = compiler.compile(before_and_after)
    assert [compiled(2.0) for _ in range(3)] == [12.0, 20.0, 20.0]


def test_nothing_is_watched_that_the_function_makes_itself():
    compiled = compiler.compile(lambda x: x * Value(3.0) * (Value(2.0) + 1.0).data)
    assert [compiled(2.0) for _ in range(3)] == [18.0] * 3
    assert len(compiled.programs) == 1
    k = Value(3.0)
    compiled = compiler.compile(lambda x: x * k)
    compiled(1.0)
    k.data = 3.0  # an equal number
    compiled(1.0)
    assert len(compiled.programs) == 1


def test_a_program_inside_a_trace_is_watched_through():
    k = Value(2.0)
    inner = compiler.compile(lambda y: y * k)
    inner(1.0)
    outer = compiler.compile(lambda x: x * inner(3.0))
    assert outer(1.0) == 6.0
    k.data = 5.0
    assert outer(1.0) == 15.0
    nested = compiler.compile(lambda x: x * compiler.compile(lambda y: y * x)(2.0))
    with pytest.raises(compiler.TraceError, match="a compiled function inside"):
        nested(1.0)


# ---- numbers taken out ----


@pytest.mark.parametrize(
    "f",
    [
        float,
        int,
        math.sin,
        lambda x: x % 2.0,
        lambda x: x * float(f"{x:.3f}"),
        Value,
        lambda x: [1.0, 2.0][x],
        range,
        lambda x: x * (x * 2.0).data,
        lambda x: x * (x * 2.0).grad,
    ],
)
def test_the_advice_on_a_number_taken_out_is_not_refused_itself(f):
    with pytest.raises(compiler.TraceError, match=r"where\(condition, a, b\)") as caught:
        compiler.compile(f)(1.0)
    assert "its .data" not in str(caught.value)


# ---- except ----


def logarithm(x):
    try:
        return log(x)
    except ValueError:
        return -x * x


def quotient(x):
    try:
        y = 1.0 / x
    except ZeroDivisionError:
        y = x * 0.0
    return y + x


def unused(x):
    try:
        sqrt(x)
    except ValueError:
        return x * 10.0
    return x


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("f", [logarithm, quotient])
@pytest.mark.parametrize("points", [(2.0, -1.0, 0.0, 3.0, -2.0), (-1.0, 2.0, -2.0, 0.0), (0.0, 1.0)])
def test_except_is_honoured_wherever_the_first_call_is(executor, f, points):
    compiled = compiler.compile(f, executor=executor)
    for x in points:
        value, slope = compiled.value_and_grad(x)
        expected, expected_slope = value_and_grad(f)(x)
        assert compiled(x) == value == pytest.approx(expected, rel=1e-15)
        assert slope == pytest.approx(expected_slope, rel=1e-15)


def test_an_operation_without_use_keeps_its_domain():
    compiled = compiler.compile(unused)
    for x in (4.0, -1.0, 9.0):
        assert compiled.value_and_grad(x) == value_and_grad(unused)(x)
    compiled = compiler.compile(grad(log))
    assert compiled(2.0) == 0.5
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        compiled(-2.0)


def test_except_with_parameters_and_structures():
    w = Value(2.0)
    compiled = compiler.compile(lambda x: logarithm(w * x["a"][0]), params=[w])
    for x, expected, slope in ((1.0, math.log(2.0), 0.5), (-1.0, -4.0, -4.0), (3.0, math.log(6.0), 0.5)):
        value, slopes = compiled.value_and_grad({"a": [x]})
        assert (value, slopes.tolist()) == (expected, [slope])
    compiled = compiler.compile(lambda x, y: logarithm(x[0]) * y)
    assert compiled.value_and_grad([2.0], 3.0)[1] == ([1.5], math.log(2.0))
    assert compiled.value_and_grad([-2.0], 3.0) == (-12.0, ([12.0], -4.0))
    compiled = compiler.compile(lambda x: logarithm(x[0]) * x[1])
    assert compiled.value_and_grad(np.array([-2.0, 3.0]))[1].tolist() == [12.0, -4.0]


@primitive(lambda m, z, x: 2.0 * x)
def chosen_square(x):
    if x < 0.0:
        raise KeyError("negative")
    return x * x


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_a_primitive_raises_is_caught_by_the_function(executor):
    def f(x):
        try:
            return chosen_square(x)
        except KeyError:
            return -x

    for points in ((2.0, -1.0, 3.0, -2.0), (-1.0, 2.0, -2.0, 3.0)):
        compiled, other = (compiler.compile(f, executor=executor) for _ in range(2))
        for x in points:
            assert compiled(x) == f(x)
            assert other.value_and_grad(x) == value_and_grad(f)(x)


def test_with_a_sample_axis_except_is_refused_with_its_line():
    compiled = compiler.compile(logarithm, batch=True)
    with pytest.raises(compiler.TraceError, match=r"test_frozen_numbers.py:\d+, 'return log\(x\)'.*where"):
        compiled([-1.0, 2.0])
    assert compiled([1.0, 2.0]).tolist() == pytest.approx([0.0, math.log(2.0)])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_errors_of_operations_are_those_of_eager_with_their_notes(executor):
    for points in ((-2.0,), (2.0, -2.0)):
        compiled = compiler.compile(lambda x: log(x) * 2.0, executor=executor)
        *before, x = points
        for y in before:
            compiled.value_and_grad(y)
        for call in (compiled, compiled.value_and_grad):
            with pytest.raises(ValueError, match=r"math domain error|expected a positive input") as caught:
                call(x)
            assert "'log' of Value(data=-2.0" in caught.value.__notes__[0]


@pytest.mark.parametrize("points", [(-2.0,), (2.0, -2.0)])
def test_check_says_where_in_a_tiny_program_too(points):
    compiled = compiler.compile(lambda x: log(x) * 2.0, check="raise")
    *before, x = points
    for y in before:
        compiled(y)
    with pytest.raises(compiler.NonFiniteError, match=r"'log' of .*-2\.0.*test_frozen_numbers.py:\d+"):
        compiled.value_and_grad(x)


# ---- state ----


class Memory:
    def __init__(self):
        self.state = 0.0

    def step(self, x):
        self.state = tanh(x + self.state)
        return self.state * 2.0


def uses_of(v):
    return [
        lambda: v * 2.0,
        lambda: 2.0 - v,
        lambda: Value(1.0) + v,
        lambda: v**2,
        lambda: exp(v),
        lambda: maximum(v, 1.0),
        lambda: where(v, 1.0, 2.0),
        lambda: v > 0.0,
        lambda: Value(1.0) == v,
        lambda: bool(v),
        lambda: v.data,
        lambda: v.grad,
        lambda: f"{v:.2f}",
        lambda: v.backward(1.0),
        lambda: gradients(v, [Value(1.0)]),
        lambda: grad(lambda x: x * v)(1.0),
        lambda: setattr(v, "data", 1.0),
        lambda: copy.copy(v).data,
        lambda: pickle.loads(pickle.dumps(v)).data,
        lambda: compiler.compile(lambda x: x * v)(1.0),
        lambda: sum([v, 1.0]),
    ]


@pytest.mark.parametrize("number", range(len(uses_of(None))))
def test_a_value_left_over_from_a_trace_says_where_it_was_made(number):
    memory = Memory()
    compiler.compile(memory.step)(1.0)
    where_ = r"('tanh' made it at .*test_frozen_numbers.py:\d+|it was in an argument of step)"
    with pytest.raises(compiler.TraceError, match=f"left over from a trace: {where_}"):
        uses_of(memory.state)[number]()
    assert "left over" in repr(memory.state)


def test_a_value_left_over_from_an_argument_says_so_too():
    kept = []
    compiler.compile(lambda x: kept.append(x) or x * 1.0)(1.0)
    compiler.compile(lambda x: kept.append(x) or x[0] * 1.0)([1.0])
    for v in (kept[0], kept[1][0]):
        with pytest.raises(compiler.TraceError, match="it was in an argument of <lambda>"):
            v * 2.0


def remembers_in_a_dict():
    memo = {}

    def f(x):
        if "y" not in memo:
            memo["y"] = x * 2.0
        return memo["y"] * x

    return f


def remembers_in_a_list():
    kept = []

    def f(x):
        kept.append(exp(x))
        return sum(kept)

    return f


def remembers_in_a_variable():
    last = Value(0.0)

    def f(x):
        nonlocal last
        last = last * 0.5 + x
        return last * x

    return f


@pytest.mark.parametrize("options", [{}, {"batch": True}, {"executor": "native"}])
@pytest.mark.parametrize(
    "make", [remembers_in_a_dict, remembers_in_a_list, remembers_in_a_variable, lambda: Memory().step]
)
def test_a_function_that_keeps_state_is_refused_at_its_second_call(make, options):
    f = make()
    compiled = compiler.compile(f, **options)
    x = [1.0] if options.get("batch") else 1.0
    assert float(np.squeeze(compiled(x))) == pytest.approx(make()(Value(1.0)).data)
    for call in (compiled, compiled.value_and_grad):
        with pytest.raises(compiler.TraceError, match="left over from a trace"):
            call(x)


def test_what_a_function_keeps_and_does_not_use_is_no_state():
    log_of_calls = []

    def f(x):
        y = x * x
        log_of_calls.append(y)
        return y

    compiled = compiler.compile(f)
    assert [compiled.value_and_grad(x) for x in (1.0, 2.0, 3.0)] == [(1.0, 2.0), (4.0, 4.0), (9.0, 6.0)]
    model = MLP(2, [3, 1], seed=1)
    step = compiler.compile(model, params=model, reduce="mean")
    X = [[1.0, 2.0]]
    assert step(X) == step(X) == step.value_and_grad(X)[0]
    assert len(model.parameters()) == len(copy.deepcopy(model).parameters())
    neuron = model.layers[0].neurons[0]
    with pytest.raises(compiler.TraceError, match="'dot' made it"):
        _ = neuron.z.data
    model([1.0, 2.0])
    assert isinstance(neuron.z.data, float)


def test_a_value_kept_by_a_function_that_raised_is_left_over_too():
    memory = Memory()

    def f(x):
        memory.step(x)
        raise KeyError("stop")

    with pytest.raises(KeyError):
        compiler.compile(f)(1.0)
    with pytest.raises(compiler.TraceError, match="left over"):
        memory.step(1.0)


# ---- parameters that are assigned ----


@pytest.mark.parametrize("options", [{}, {"executor": "native"}, {"reduce": "mean"}])
def test_numbers_assigned_to_parameters_are_taken_over(options):
    w, b = Value(2.0), Value(0.0)
    step = compiler.compile(lambda x: x * w + b, params=[w, b], **options)
    x = np.array([3.0]) if "reduce" in options else 3.0
    assert step.value_and_grad(x)[0] == step.value_and_grad(x)[0] == 6.0
    w.data = 5.0
    assert step.value_and_grad(x)[0] == step(x) == 15.0
    step.params[1] = 1.0  # and what is changed here is kept
    w.data = 4.0
    assert step.params.tolist() == [4.0, 1.0]
    assert step.value_and_grad(x)[0] == 13.0
    assert (w.data, b.data) == (4.0, 0.0)
    step.sync()
    assert (w.data, b.data) == (4.0, 1.0)


def test_a_state_that_is_loaded_is_that_of_the_program():
    model = Neuron(2, "tanh", seed=1)
    step = compiler.compile(model, params=model, reduce="mean")
    X = [[1.0, 2.0]]
    before, first = model.state_dict(), step(X)
    step.params -= 0.5
    assert step(X) != first
    step.sync()
    model.load_state_dict(before)
    assert step(X) == first
    step.params -= 0.5
    model.load_state_dict(before)  # the numbers that it has already
    assert step(X) == first
    other = compiler.compile(model, params=model, reduce="sum")
    step.params += 0.25
    step.sync()
    assert other(X) == step(X)


def test_a_trace_makes_no_graph_stale():
    w = Value(2.0)
    step = compiler.compile(lambda x: x * w, params=[w])
    step.params[0] = 5.0
    loss = w * w
    assert step(3.0) == 15.0
    loss.backward()
    assert (w.data, w.grad) == (2.0, 4.0)
    assert step(3.0) == 15.0


def test_sync_says_that_there_is_nothing_to_write_to():
    w = Value(2.0)
    step = compiler.compile(lambda x: x * w, params=[w])
    step(1.0)
    copy_ = pickle.loads(pickle.dumps(step))
    with pytest.raises(ValueError, match=r"pickled without its model.*p\.data = x"):
        copy_.sync()
    for p, x in zip([w], copy_.params.tolist()):  # as it says
        p.data = x
    with pytest.raises(ValueError, match="no parameters"):
        compiler.compile(lambda x: x).sync()


@pytest.mark.parametrize(
    "params, message",
    [
        (Value(1.0), r"params=\[w\]"),
        ({"w": Value(1.0)}, r"weights.values\(\)"),
        (5.0, "not 5.0"),
        ("w", "str 'w'"),
        (MLP, "not <class"),
        ([Value(1.0) * 2.0], r"made by '\*'"),
        ([Neuron(1)], "parameter 0 must be a Value, not Neuron"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    with pytest.raises(TypeError, match=message):
        compiler.compile(lambda x: x, params=params)


def test_a_branch_on_a_method_of_a_value_is_named_as_any_other():
    compiled = compiler.compile(lambda x: x.exp() if x.exp() > 1.0 else x, batch=True)
    with pytest.raises(compiler.BranchChanged, match=r"for sample 0 and (True|False) for sample 1"):
        compiled([1.0, -1.0])


def test_a_value_may_be_an_argument():
    compiled = compiler.compile(lambda x: x * 2.0)
    assert compiled(3.0) == 6.0
    x = Value(1.0)
    assert gradients(compiled(x), [x]) == [2.0]
    with pytest.raises(ValueError, match="has no sample axis"):
        compiler.compile(lambda x: x * 2.0, batch=True)(x)
    assert gradients(compiler.compile(lambda y: x * y, params=[x])(Value(3.0)), [x]) == [3.0]
