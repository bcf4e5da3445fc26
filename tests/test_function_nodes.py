"""Nodes of functions: checkpoint, @primitive of structures, and what holds of them as of any operation."""

import gc
import math
import pickle
import random
import tracemalloc
import weakref
from functools import partial

import numpy as np
import pytest

from autograd_mini import (
    AnomalyError,
    NoGraphError,
    RerunError,
    StaleGraphError,
    Value,
    checkpoint,
    compiler,
    detect_anomaly,
    dot,
    exp,
    fixed_point,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    log,
    no_grad,
    primitive,
    sin,
    solve,
    tanh,
    topological_order,
    vjp,
)
from autograd_mini.hooks import contribution_hook, creation_hook


def several(x, y):
    return {"a": x * y, "b": [sin(x) + y, exp(y) * x]}


def whole(f):
    def g(x, y):
        z = f(x, y)
        return z["a"] * z["b"][0] + z["b"][1] ** 2 + z["a"]

    return g


@primitive(vjp=lambda z, u, xs, k: ([2.0 * k * x * u["sum"] + u["first"] * (i == 0) for i, x in enumerate(xs)],
                                    u["sum"] * dot(xs, xs)))  # fmt: skip
def squares(xs, k):
    """The function is run on floats, so it may use what Values can't go through."""
    return {"sum": k * math.fsum(x * x for x in xs), "first": xs[0]}


# ---- the numbers are those of the function itself ----


def test_derivatives_of_any_order_are_those_of_the_function():
    f, g = whole(several), whole(checkpoint(several))
    at = (0.3, 1.2)
    assert g(*at) == f(*at)
    assert grad(g, (0, 1))(*at) == pytest.approx(grad(f, (0, 1))(*at), rel=1e-14)
    for one, other in zip(hessian(lambda v: g(*v))([*at]), hessian(lambda v: f(*v))([*at])):
        assert one == pytest.approx(other, rel=1e-13)
    along = lambda f: lambda t: f(t, 2.0 * t)  # noqa: E731
    assert grad(grad(grad(along(g))))(0.3) == pytest.approx(grad(grad(grad(along(f))))(0.3), rel=1e-12)
    assert jvp(g, at, (1.0, 2.0)) == pytest.approx(jvp(f, at, (1.0, 2.0)), rel=1e-14)
    assert jvp(grad(g), at, (1.0, 2.0)) == pytest.approx(jvp(grad(f), at, (1.0, 2.0)), rel=1e-13)
    assert jacobian(checkpoint(several), (0, 1))(*at) == jacobian(several, (0, 1))(*at)


def test_a_pullback_takes_adjoints_that_are_values():
    u = Value(0.5)
    _, pullback = vjp(whole(checkpoint(several)), 0.3, 1.2)
    (_, y) = pullback(u)
    assert gradients(y, [u]) == pytest.approx([vjp(whole(several), 0.3, 1.2)[1](1.0)[1]], rel=1e-14)


def test_values_from_outside_get_their_gradients():
    w, b = Value(0.7), Value(-0.2)
    inner = w * w
    f = lambda x: [tanh(inner * x + b), x * w]  # noqa: E731
    found = []
    for g in (f, checkpoint(f)):
        w.grad = b.grad = 0.0
        x = Value(0.4)
        first, second = g(x)
        (first * second + inner).backward()
        found.append((x.grad, w.grad, b.grad))
    assert found[1] == pytest.approx(found[0], rel=1e-14)


def test_a_function_within_a_function():
    inner = checkpoint(lambda x, y: [x * y, sin(x)])
    outer = checkpoint(lambda x, y: sum(inner(y, sum(inner(x, y)))))
    plain = lambda x, y: y * (x * y + sin(x)) + sin(y)  # noqa: E731
    assert grad(outer, (0, 1))(0.3, 1.2) == pytest.approx(grad(plain, (0, 1))(0.3, 1.2), rel=1e-14)
    assert grad(grad(outer))(0.3, 1.2) == pytest.approx(grad(grad(plain))(0.3, 1.2), rel=1e-14)


def test_a_primitive_of_structures():
    def plain(xs, k):
        return {"sum": k * sum(x * x for x in xs), "first": xs[0]}

    def of(f):
        return lambda v: f([v[0], v[1] * v[0]], v[2])["sum"] ** 2 + f([v[1]], v[0])["first"]

    at = [0.3, 1.2, 2.0]
    assert of(squares)(at) == pytest.approx(of(plain)(at))
    assert grad(of(squares))(at) == pytest.approx(grad(of(plain))(at), rel=1e-14)
    for one, other in zip(hessian(of(squares))(at), hessian(of(plain))(at)):
        assert one == pytest.approx(other, rel=1e-13, abs=1e-13)
    assert squares([3.0, 4.0], k=2.0) == {"sum": 50.0, "first": 3.0}
    assert squares.__name__ == "squares"


def test_only_the_results_in_use_count():
    def f(x):
        return [log(x), x * x]  # the slope of log is inf at 0

    for g in (checkpoint(f), compiler.compile(f), compiler.compile(f)):
        x = Value(5e-324)
        g(x)[1].backward()
        assert x.grad == 1e-323


# ---- the graph ----


def test_a_function_is_one_node_and_one_more_for_each_of_several_results():
    x, y = Value(0.3), Value(1.2)
    z = checkpoint(several)(x, y)
    order = topological_order(z["b"][1])
    assert [v.op for v in order] == ["", "", "several", "several[2]"]
    assert order[2].parents == (x, y)
    (one,) = checkpoint(lambda x: [x * x])(x)
    assert one.parents == (x,)
    assert not isinstance(checkpoint(several)(0.3, 1.2)["a"], Value)


def test_the_loop_of_the_definition_gives_the_gradients_of_backward():
    results = []
    for by_hand in (False, True):
        x, y = Value(0.3), Value(1.2)
        root = whole(checkpoint(several))(x, y)
        if by_hand:
            root.grad = 1.0
            for node in reversed(topological_order(root)):
                for parent, c in zip(node.parents, node.pullback(node.grad)):
                    parent.grad += c
        else:
            root.backward()
        results.append((x.grad, y.grad))
    assert results[0] == results[1]


def test_gradients_add_up_in_leaves_and_interior_nodes_hold_the_latest():
    x, y = Value(0.3), Value(1.2)
    root = whole(checkpoint(several))(x, y)
    root.backward()
    first = x.grad
    root.backward()
    assert x.grad == 2.0 * first
    (inner,) = [v for v in topological_order(root) if v.op == "several"]
    assert float(inner.grad) > 0.0


def test_a_function_of_several_results_has_no_adjoint_of_its_own():
    x, y = Value(0.3), Value(1.2)
    (node,) = checkpoint(several)(x, y)["a"].parents
    with pytest.raises(TypeError, match="start from one of its results"):
        node.backward()
    assert x.grad == 0.0


def test_a_graph_is_freed_without_the_collector():
    class Marked(list):
        pass

    while gc.collect():  # what other tests left behind may take two turns
        pass
    gc.disable()
    try:
        marked = Marked([Value(0.3), Value(0.4)])
        alive = weakref.ref(marked)
        z = checkpoint(lambda xs: [xs[0] * xs[1], sin(xs[0])])(marked)
        root = z[0] * z[1] + solve([[z[0], 1.0], [2.0, z[1]]], [1.0, z[0]])[1]
        root.backward()
        gradients(gradients(root, [marked[0]], Value(1.0))[0], [marked[1]])
        del marked, z, root
        assert alive() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_chain_in_parts_needs_memory_for_its_parts_alone():
    def chain(x, n):
        for _ in range(n):
            x = sin(x) * 1.01 + 0.1
        return x

    def peak(f):
        tracemalloc.start()
        try:
            f()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def plain():
        chain(Value(0.3), 2500).backward()

    def parts():
        x, part = Value(0.3), checkpoint(lambda x: chain(x, 50))
        for _ in range(50):
            x = part(x)
        x.backward()

    assert peak(parts) < 0.15 * peak(plain)


def test_copies_have_no_graph():
    z = checkpoint(several)(Value(0.3), Value(1.2))["a"]
    copy = pickle.loads(pickle.dumps(z))
    assert copy.data == z.data
    with pytest.raises(NoGraphError):
        copy.backward()


# ---- contexts, hooks, errors ----


def test_no_grad_holds_inside():
    x = Value(0.3)
    with no_grad():
        z = checkpoint(several)(x, x)["a"]
    assert z.parents == ()
    root = whole(checkpoint(several))(x, x)
    with no_grad():
        root.backward()
    assert x.grad == pytest.approx(grad(lambda x: whole(several)(x, x))(0.3), rel=1e-14)


def test_hooks_see_the_node():
    x, made, passed = Value(0.3), [], []
    with creation_hook(lambda v: made.append(v.op) or v):
        root = whole(checkpoint(several))(x, x)
    assert [op for op in made if op.startswith("several")] == ["several", "several[0]", "several[1]", "several[2]"]
    with contribution_hook(lambda v, adjoint, cs: passed.append(v.op)):
        root.backward()
    assert passed.count("several") == 1
    assert x.grad == pytest.approx(grad(lambda x: whole(several)(x, x))(0.3), rel=1e-14)


def test_an_anomaly_tells_the_operation_inside():
    x = Value(0.0, label="x")
    with detect_anomaly(), pytest.raises(AnomalyError, match="'sqrt' passes it to x"):
        sum(checkpoint(lambda x: [x.sqrt(), x])(x)).backward()
    with detect_anomaly(), pytest.raises(AnomalyError, match="'solver' passes it to x"):
        sum(primitive(vjp=lambda z, u, x: (u[0] * math.inf,))(named("solver"))(x)).backward()


def named(name):
    def f(x):
        return [x, 1.0]

    f.__name__ = name
    return f


def test_an_error_inside_has_its_notes():
    with pytest.raises(ZeroDivisionError) as error:
        checkpoint(lambda x: [1.0 / x, x])(Value(0.0, label="speed"))
    assert "speed" in error.value.__notes__[0]


def test_an_error_on_the_way_back_leaves_gradients_as_they_were():
    def broken(z, u, x):
        raise KeyboardInterrupt

    x, y = Value(2.0), Value(3.0)
    x.grad = 5.0
    z = primitive(vjp=broken)(named("f"))(x * y)
    root = z[0] * y + z[1]
    with pytest.raises(KeyboardInterrupt):
        root.backward()
    assert (x.grad, y.grad, z[0].grad) == (5.0, 0.0, 0.0)
    (x * y).backward()  # nothing is under way any more
    assert x.grad == 8.0


def test_an_interrupt_within_a_run_on_the_way_back():
    runs = []

    def f(x):
        runs.append(1)
        if len(runs) > 1:
            raise KeyboardInterrupt
        return [w * x, x]

    w, x = Value(2.0), Value(3.0)
    w.grad = x.grad = 7.0
    root = sum(checkpoint(f)(x))
    with pytest.raises(KeyboardInterrupt):
        root.backward()
    assert (w.grad, x.grad) == (7.0, 7.0)


def test_a_value_assigned_meanwhile_makes_the_graph_stale():
    w, x = Value(2.0), Value(3.0)
    root = sum(checkpoint(lambda x: [w * x, x])(x))
    w.data = 4.0
    with pytest.raises(StaleGraphError):
        root.backward()


def test_a_function_that_gives_other_numbers_when_it_is_run_again_is_refused():
    draw = random.Random(0)
    x = Value(3.0)

    def dropout(x):
        return x * draw.random()

    with pytest.raises(RerunError, match="dropout was run again"):
        checkpoint(dropout)(x).backward()
    assert x.grad == 0.0


def test_arguments_that_are_no_numbers_are_passed_on():
    def f(x, kind, *, scale=1.0):
        return {"sin": sin, "exp": exp}[kind](x) * scale

    x, scale = Value(0.3), Value(2.0)
    checkpoint(f)(x, "exp", scale=scale).backward()
    assert (x.grad, scale.grad) == pytest.approx((2.0 * math.exp(0.3), math.exp(0.3)))
    assert checkpoint(f)(0.3, "sin") == math.sin(0.3)


def test_what_is_refused():
    with pytest.raises(TypeError, match=r"checkpoint\(\) needs a function"):
        checkpoint(3.0)
    with pytest.raises(TypeError, match="not both"):
        primitive(1.0, vjp=lambda z, u, x: (u,))
    with pytest.raises(TypeError, match="derivatives of a function vjp"):
        primitive(vjp=3.0)(named("f"))
    with pytest.raises(TypeError, match="must return a tuple"):
        sum(primitive(vjp=lambda z, u, x: u[0])(named("f"))(Value(1.0))).backward()
    with pytest.raises(TypeError, match="must return plain numbers"):
        primitive(vjp=lambda z, u, x: (u,))(lambda x: [Value(x)])(Value(1.0))
    with pytest.raises(TypeError, match="positional"):
        primitive(vjp=lambda z, u, x: (u,))(lambda *, x: x)


def energy_pullback(z, u, xs, k):
    inner = u["parts"][0] * z["parts"][0]
    return [2.0 * x * (u["sum"] + 0.1 * inner) if x > 0.0 else 2.0 * x * u["sum"] for x in xs], inner / k


@primitive(vjp=energy_pullback)
def energy(xs, k):
    """Its second result has other slopes by what is below 0, so that a branch of the pullback can be seen."""
    positive = math.fsum([x * x for x in xs if x > 0.0])
    return {"sum": math.fsum([x * x for x in xs]), "parts": [k * math.exp(0.1 * positive)]}


@primitive(vjp=lambda z, u, xs: ([u * z * x for x in xs],))
def bell(xs):
    return math.exp(0.5 * math.fsum([x * x for x in xs]))


def with_structures(v):
    z = energy([v[0], v[1] * v[1], v[2], 2.0, v[0] * v[1]], v[3])
    return sin(z["sum"]) * bell([v[0], 0.5, v[3]]) + energy([z["sum"]], 0.1)["parts"][0] * v[2]


@pytest.mark.parametrize("executor", ["source", "numpy", "native"])
def test_a_pullback_of_ones_own_is_compiled_around(executor):
    compiled = compiler.compile(with_structures, executor=executor)
    batch = compiler.compile(with_structures, executor="numpy" if executor == "source" else executor, batch=True)
    near = partial(pytest.approx, rel=1e-12, abs=1e-13)
    points, v = [[0.3, -0.4, 0.5, 1.2], [0.2, -0.5, 0.2, -1.0]], [1.0, 2.0, -1.0, 0.5]
    rows, slopes = batch.hessian(np.array(points)), batch.value_and_grad(np.array(points))[1]
    for i, at in enumerate(points):
        assert compiled(at) == near(with_structures(at))
        assert compiled.value_and_grad(at)[1] == near(grad(with_structures)(at))
        assert slopes[i] == near(grad(with_structures)(at))
        assert compiled.hvp(at, v) == near(hvp(with_structures, at, v))
        for row, of_samples, expected in zip(compiled.hessian(at), rows[i], hessian(with_structures)(at)):
            assert row == near(expected)
            assert of_samples == near(expected)
    at = [-0.3, 0.4, 0.2, -1.0]  # where the pullback takes another branch
    assert compiled.hvp(at, v) == near(hvp(with_structures, at, v))
    parts = compiler.compile(lambda x: energy([x[0], x[1]], 2.0), executor=executor)
    assert parts([0.3, -0.4]) == {"sum": near(0.25), "parts": [near(2.0 * math.exp(0.009))]}
    assert parts.jacobian([0.3, -0.4])["parts"][0] == near([0.12 * math.exp(0.009), 0.0])


def test_results_of_one_call_are_computed_once_in_a_program():
    calls = []

    @primitive(vjp=lambda z, u, x: (u[0] + u[1],))
    def both(x):
        calls.append(x)
        return [x, x]

    compiled = compiler.compile(lambda x: both(x)[0] * both(x)[1])
    compiled(1.0)
    calls.clear()
    assert [compiled(x) for x in (2.0, 3.0)] == [4.0, 9.0]
    assert calls == [2.0, 3.0]


def test_compiled_a_checkpoint_is_its_function():
    f, g = compiler.compile(whole(several)), compiler.compile(whole(checkpoint(several)))
    assert g.value_and_grad(0.3, 1.2) == f.value_and_grad(0.3, 1.2)
    assert [program.nodes for program in g.programs] == [program.nodes for program in f.programs]


# ---- solutions ----


def test_the_backward_pass_of_a_system_does_not_run_it_again():
    calls = []

    def g(xs, a):
        calls.append(1)
        return [tanh(0.5 * xs[0] + a), 0.5 * xs[1] + xs[0]]

    a = Value(0.3)
    x, y = fixed_point(g, [0.0, 0.0], a)
    iterations = len(calls)
    (x * y).backward()
    assert len(calls) == iterations
    assert a.grad == pytest.approx(grad(lambda a: math.prod(fixed_point(g, [0.0, 0.0], a)))(0.3), rel=1e-13)
