"""A compiled function that is called on Values is one node, with compiled derivatives of any order."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_mini import (
    Value,
    checkpoint,
    compiler,
    cos,
    exp,
    grad,
    gradcheck,
    gradients,
    hessian,
    jacobian,
    jvp,
    log,
    no_grad,
    sin,
    tanh,
    topological_order,
    value_and_grad,
)
from autograd_mini.nn import MLP
from autograd_mini.structures import flatten

EXECUTORS = ["source", "numpy", "native"]


def several(x, y):
    return {"a": x[0] * y, "b": [sin(x[1]) + y, exp(y) * x[0]]}


def one(x, y):
    return sin(x[0] * y) + exp(x[1]) / y


def used(f, g):
    def whole(v):
        z = f([v[0], v[1]], v[2])
        return z["a"] * z["b"][0] + z["b"][1] ** 2 + g([z["a"], v[1]], v[2])

    return whole


def as_values(array):
    return np.vectorize(Value, otypes=[object])(array)


# ---- the numbers ----


@pytest.mark.parametrize("executor", EXECUTORS)
def test_derivatives_are_those_of_the_function(executor):
    f = used(several, one)
    g = used(compiler.compile(several, executor=executor), compiler.compile(one, executor=executor))
    at = [0.3, -0.4, 1.2]
    for _ in range(2):  # the first call traces
        assert g(at) == pytest.approx(f(at), rel=1e-14)
        assert grad(g)(at) == pytest.approx(grad(f)(at), rel=1e-13)
    for row, other in zip(hessian(g)(at), hessian(f)(at)):
        assert row == pytest.approx(other, rel=1e-12, abs=1e-12)
    if executor != "source":  # one is enough
        return
    along = lambda f: lambda t: f([t, t * t, 1.0 + t])  # noqa: E731
    assert grad(grad(grad(along(g))))(0.3) == pytest.approx(grad(grad(grad(along(f))))(0.3), rel=1e-11)
    assert jvp(g, (at,), ([1.0, 2.0, 3.0],)) == pytest.approx(jvp(f, (at,), ([1.0, 2.0, 3.0],)), rel=1e-13)


def test_it_is_one_node_and_differentiates_to_its_own_gradient():
    compiled = compiler.compile(one)
    x, y = [Value(0.3), Value(-0.4)], Value(1.2)
    for _ in range(3):
        z = compiled(x, y)
        assert z.parents == (*x, y)
        assert len(topological_order(z)) == 4
        y.grad = 0.0
        z.backward()
        assert y.grad == compiled.value_and_grad([0.3, -0.4], 1.2)[1][1]


def test_transforms_of_a_compiled_function():
    compiled, aux = compiler.compile(one), compiler.compile(lambda x, y: (one(x, y), x[0]), has_aux=True)
    at = ([0.3, -0.4], 1.2)
    with pytest.raises(TypeError, match="argnums names number 2"):
        grad(compiled, 2)(*at)
    for argnums in (0, 1, -1, (1, 0)):
        found, expected = value_and_grad(compiled, argnums)(*at), value_and_grad(one, argnums)(*at)
        assert flatten(found)[0] == pytest.approx(flatten(expected)[0], rel=1e-13)
    assert flatten(grad(aux, has_aux=True)(*at))[0] == pytest.approx([*grad(one)(*at), 0.3], rel=1e-13)
    assert type(grad(compiled, 1)(*at)) is float
    assert flatten(jacobian(compiler.compile(several))(*at))[0] == pytest.approx(flatten(jacobian(several)(*at))[0])
    assert gradcheck(lambda a, b: compiled([a, b], 1.2) * b, 0.3, -0.4, order=2)


def test_compiled_within_compiled_is_one_program():
    inner = compiler.compile(one)
    outer, plain = (
        compiler.compile(lambda v: inner([v[0], v[1]], v[2]) ** 2),
        compiler.compile(lambda v: one(v, v[2]) ** 2),
    )
    at = [0.3, -0.4, 1.2]
    assert outer.value_and_grad(at) == plain.value_and_grad(at)
    assert [program.nodes for program in outer.programs] == [program.nodes for program in plain.programs]


def test_compiled_within_a_checkpoint_and_around_it():
    f = compiler.compile(one)
    at = [0.3, -0.4, 1.2]
    expected = grad(lambda v: one([one(v, v[2]), v[0]], v[1] ** 2))(at)
    within = checkpoint(lambda v: f([f(v, v[2]), v[0]], v[1] ** 2))
    around = compiler.compile(lambda v: checkpoint(one)([checkpoint(one)(v, v[2]), v[0]], v[1] ** 2))
    assert grad(within)(at) == pytest.approx(expected, rel=1e-12)
    assert grad(around)(at) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("leaf", ["list", "array"])
def test_structures_come_back_as_the_function_returns_them(leaf):
    compiled = compiler.compile(several)
    x = [Value(0.3), Value(-0.4)]
    z = compiled(np.array(x, dtype=object) if leaf == "array" else x, 1.2)
    assert list(z) == ["a", "b"]
    assert all(isinstance(v, Value) for v in flatten(z)[0])
    arrays = compiler.compile(lambda x: x * x)
    z = arrays(as_values(np.arange(6.0).reshape(2, 3)))
    assert z.shape == (2, 3)
    assert [v.data for v in z.flat] == [0.0, 1.0, 4.0, 9.0, 16.0, 25.0]


def test_arguments_by_name_and_static_ones():
    def f(x, kind, scale=2.0):
        return {"sin": sin, "cos": cos}[kind](x) * scale

    compiled = compiler.compile(f, static="kind")
    x, scale = Value(0.3), Value(3.0)
    compiled(x, kind="cos", scale=scale).backward()
    assert (x.grad, scale.grad) == pytest.approx((-3.0 * np.sin(0.3), np.cos(0.3)))
    assert grad(lambda x: compiled(x, "sin"))(0.3) == pytest.approx(2.0 * np.cos(0.3))


# ---- Values from outside, parameters, samples ----


def test_values_that_it_reads_from_outside_get_their_gradients():
    w = Value(0.7)
    f = lambda x: [tanh(w * x), w.data * x]  # noqa: E731
    compiled = compiler.compile(f)
    for number in (0.7, 0.8):  # the second is traced again
        w.data = number
        found = []
        for g in (f, compiled):
            w.grad, x = 0.0, Value(0.4)
            first, second = g(x)
            root = first * second
            root.backward()
            second_order = gradients(gradients(root, [x], Value(1.0))[0], [w, x])
            found.append((x.grad, w.grad, *second_order))
        assert found[1] == pytest.approx(found[0], rel=1e-13)
    assert isinstance(grad(compiler.compile(lambda x: w * x * x))(2.0), Value)  # it depends on the caller's w


def test_the_pullback_of_long_programs_with_values_from_outside_is_compiled():
    w, runs = Value(0.7), []

    def f(x):
        runs.append(x)
        for _ in range(200):
            x = x + 0.01 * sin(x * w)
        return [x, x * w]

    compiled = compiler.compile(f)
    found = []
    for number in (0.3, 0.4):
        for g in (f, compiled):
            w.grad, x = 0.0, Value(number)
            first, second = g(x)
            (first * second).backward()
            found.append((x.grad, w.grad))
        runs.clear()
    assert found[1] == pytest.approx(found[0], rel=1e-12)
    assert found[3] == pytest.approx(found[2], rel=1e-12)
    compiled(Value(0.5))[0].backward()
    assert runs == []


def test_gradients_reach_the_parameters():
    model = MLP(2, [3, 1], seed=0)
    compiled = compiler.compile(model, params=model)
    x = [Value(0.5), Value(-1.0)]
    found = []
    for f in (model, compiled):
        model.zero_grad()
        for v in x:
            v.grad = 0.0
        (f(x) ** 2).backward()
        found.append([v.grad for v in (*x, *model.parameters())])
    assert found[1] == pytest.approx(found[0], rel=1e-12)
    value, slopes = compiled.value_and_grad(x)
    assert isinstance(value, Value)
    compiled.params[0] += 0.125
    with pytest.raises(ValueError, match="call sync"):
        compiled(x)
    compiled.sync()
    assert compiled(x).data == pytest.approx(model(x).data)
    assert [v.data for v in slopes] == pytest.approx(compiled.value_and_grad([0.5, -1.0])[1].tolist())


@pytest.mark.parametrize("shared", [(), "y"], ids=["own", "shared"])
@pytest.mark.parametrize(
    "options,params",
    [({"batch": True}, False), *[({"reduce": how}, params) for how in ("mean", "sum") for params in (False, True)]],
)
def test_samples(options, params, shared):
    w = Value(0.5)

    def f(x, y):
        return (tanh((w if params else 0.5) * x[0] * x[1]) - y) ** 2

    def by_hand(x, y):
        each = [f(row, y if shared else y[i]) for i, row in enumerate(x)]
        return sum(each) / (len(each) if options.get("reduce") == "mean" else 1)

    compiled = compiler.compile(f, **options, shared=shared, params=[w] if params else None)
    found = []
    for g in (by_hand, compiled):
        x, w.grad = as_values(np.arange(6.0).reshape(3, 2) / 3.0 - 0.7), 0.0
        y = Value(0.3) if shared else as_values([0.1, 0.2, 0.3])
        z = g(x, y)
        root = (z.sum() if isinstance(z, np.ndarray) else z) ** 2
        root.backward()
        leaves = [*x.flat, *([y] if shared else y), w]
        second = gradients(gradients(root, [x[0, 1]], Value(1.0))[0], leaves)
        found.append([root.data, *[v.grad for v in leaves], *second])
    assert found[1] == pytest.approx(found[0], rel=1e-12, abs=1e-15)
    assert compiled(as_values(np.ones((1, 2))), Value(0.3) if shared else as_values([0.3])) is not None


@pytest.mark.parametrize("has_aux", [False, True])
def test_the_gradients_of_samples_are_nodes_too(has_aux):
    def f(x, y):
        z = tanh(x[0] * x[1]) * y * y
        return (z, x[0]) if has_aux else z

    compiled = compiler.compile(f, batch=True, shared="y", has_aux=has_aux)
    rows, y = np.array([[1.0, 2.0], [0.3, 0.4], [0.5, 0.6]]), Value(0.7)
    X = as_values(rows)
    found, plain = compiled.value_and_grad(X, y), compiled.value_and_grad(rows, 0.7)
    assert [v.data for v in flatten(found)[0]] == pytest.approx(flatten(plain)[0])
    second = hessian(lambda x, y: tanh(x[0] * x[1]) * y * y, (0, 1))(rows[1].tolist(), 0.7)
    by_x, by_y = found[1]
    assert gradients(by_x[1, 0], [*X[1], y, X[0, 0]]) == pytest.approx([*second[0][0][0], second[0][0][1], 0.0])
    assert gradients(by_y[1], [y]) == pytest.approx([second[1][1]])


def test_derivatives_of_samples_and_by_params_are_nodes_too():
    w, x = Value(0.5), [Value(0.3), Value(0.4)]
    compiled = compiler.compile(lambda x: tanh(w * x), params=[w])
    value, moved = compiled.jvp(x[0], [2.0])
    slope = 2.0 * 0.3 * (1.0 - np.tanh(0.15) ** 2)
    assert moved.data == pytest.approx(slope)
    assert gradients(moved, [x[0]]) == pytest.approx([slope * (1.0 / 0.3 - np.tanh(0.15))])
    product = compiler.compile(lambda x: sin(x[0]) * x[1]).hvp(x, [1.0, 0.0])
    assert [v.data for v in product] == pytest.approx([-np.sin(0.3) * 0.4, np.cos(0.3)])
    rows = compiler.compile(lambda x: sin(2.0 * x), batch=True).jacobian(x)
    assert [v.data for v in rows] == pytest.approx(2.0 * np.cos([0.6, 0.8]))
    assert gradients(rows[1], x) == pytest.approx([0.0, -4.0 * np.sin(0.8)])
    assert value.data == pytest.approx(np.tanh(0.15))


# ---- what may go wrong ----


def test_where_floats_raise_so_does_the_node():
    compiled = compiler.compile(lambda x: [log(x), x * x])
    for _ in range(2):
        with pytest.raises(ValueError, match="math domain error"):
            compiled(Value(-1.0))
    guarded = compiler.compile(lambda x: log(x) if x > 0.0 else -x)
    assert [grad(guarded)(x) for x in (2.0, -3.0, 4.0)] == [0.5, -1.0, 0.25]
    assert [grad(lambda x: 2.0 * guarded(x))(x) for x in (2.0, -3.0, 4.0)] == [1.0, -2.0, 0.5]


def test_no_grad_holds():
    compiled = compiler.compile(one)
    with no_grad():
        assert compiled([Value(0.3), Value(-0.4)], 1.2).parents == ()


def test_methods_that_take_only_plain_numbers_say_so():
    loaded = pickle.loads(pickle.dumps(compiler.compile(one)))
    with pytest.raises(TypeError, match="takes only plain numbers"):
        loaded([Value(0.3), Value(-0.4)], 1.2)
    with pytest.raises(TypeError, match="not one number"):
        compiler.compile(lambda x: [x, x], batch=True).value_and_grad([Value(1.0)])
    with pytest.raises(ValueError, match="has no sample axis"):
        compiler.compile(sin, batch=True)(Value(1.0))


def test_directions_by_parameters_and_of_samples_are_nodes_too():
    w, x = Value(3.0), Value(2.0)
    value, moved = compiler.compile(lambda x: w * x * x, params=[w]).jvp(x, [1.0])
    assert (value.data, moved.data, gradients(moved, [w, x])) == (12.0, 4.0, [0.0, 4.0])
    (value,), (moved,) = compiler.compile(lambda x: w * x * x, batch=True).jvp([x], [1.0])
    assert (value.data, moved.data, gradients(moved, [w, x])) == (12.0, 12.0, [4.0, 6.0])


# ---- programs cut at random ----

STEPS = [
    lambda a, b: a * b,
    lambda a, b: sin(a) + b,
    lambda a, b: a / (1.5 + tanh(b)),
    lambda a, b: exp(0.3 * a) - b,
    lambda a, b: log(1.0 + a * a) * b,
]
STEP = st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 5), st.integers(0, 5))
PART = st.tuples(st.sampled_from(["plain", "compiled", "checkpoint"]), st.lists(STEP, min_size=1, max_size=3))


def part_of(steps):
    def part(values):
        values = list(values)
        for f, i, j in steps:
            values.append(STEPS[f](values[i % len(values)], values[j % len(values)]))
        return values[-4:]

    return part


KINDS = {"plain": lambda f: f, "compiled": lambda f: compiler.compile(f, executor="source"), "checkpoint": checkpoint}


def program(parts, kinds):
    made = [kinds(kind)(part_of(steps)) for kind, steps in parts]

    def run(values):
        for part in made:
            values = part(values)
        return sum(values[1:], values[0])

    return run


@settings(max_examples=25, deadline=None)
@given(st.lists(PART, min_size=1, max_size=4), st.lists(st.floats(-1.5, 1.5), min_size=2, max_size=2))
def test_a_program_cut_into_parts_at_random_is_the_program(parts, at):
    plain, cut = program(parts, lambda _: KINDS["plain"]), program(parts, KINDS.__getitem__)
    assert cut(at) == pytest.approx(plain(at), rel=1e-13, abs=1e-13)
    size = 1.0 + max(map(abs, grad(plain)(at)))
    assert grad(cut)(at) == pytest.approx(grad(plain)(at), rel=1e-11, abs=1e-11 * size)
    second = hessian(plain)(at)
    size = 1.0 + max(abs(x) for row in second for x in row)
    for row, other in zip(hessian(cut)(at), second):
        assert row == pytest.approx(other, rel=1e-9, abs=1e-10 * size)
