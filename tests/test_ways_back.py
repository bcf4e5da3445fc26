"""Hooks on a Value, backward into some Values alone, and gradients of several roots."""

import math
import random

import pytest

from autograd_mini import (
    NoGraphError,
    StaleGraphError,
    TraceError,
    Value,
    compiler,
    detect_anomaly,
    exp,
    grad,
    gradients,
    no_grad,
    root,
    sin,
)
from autograd_mini.hooks import contribution_hook
from autograd_mini.ways_back import hooked

# ---- hooks ----


def test_a_hook_sees_the_whole_gradient_of_each_sweep_once():
    x, seen = Value(3.0), []
    y = x * x
    z = y * 2.0 + sin(y)
    y.register_hook(seen.append)
    x.register_hook(seen.append)
    z.backward()
    slope = 2.0 + math.cos(9.0)
    assert seen == [slope, slope * 3.0 + slope * 3.0]
    z.backward()
    assert seen[2:] == seen[:2]  # of a leaf too, whose gradient adds up
    assert x.grad == 2.0 * seen[1]


def test_what_a_hook_returns_takes_the_place_of_the_gradient():
    x, w = Value(3.0), Value(5.0)
    y = x * w
    y.register_hook(lambda g: 10 * g)
    x.register_hook(lambda g: g + 1)
    x.grad = 100.0
    y.backward()
    assert (y.grad, w.grad, x.grad) == (10.0, 30.0, 100.0 + 51.0)
    root_of_the_graph = Value(2.0)
    root_of_the_graph.register_hook(lambda g: -g)
    root_of_the_graph.backward(3.0)
    assert root_of_the_graph.grad == -3.0


def test_hooks_run_in_the_order_in_which_they_came_until_they_are_removed():
    x = Value(1.0)
    first = x.register_hook(lambda g: g + 1.0)
    with x.register_hook(lambda g: g * 10.0):
        (2.0 * x).backward()
        assert x.grad == 30.0
    x.grad = 0.0
    (2.0 * x).backward()
    assert x.grad == 3.0
    first.remove()
    first.remove()
    x.grad = 0.0
    (2.0 * x).backward()
    assert x.grad == 2.0


def test_without_an_answer_hooks_change_no_bit():
    rng = random.Random(5)
    xs = [Value(rng.uniform(0.5, 2.0)) for _ in range(4)]
    nodes = list(xs)
    for _ in range(60):
        a, b = rng.choice(nodes), rng.choice(nodes)
        nodes.append(rng.choice([lambda a, b: a * b, lambda a, b: a / b, lambda a, b: sin(a) - b])(a, b))
    nodes[-1].backward()
    before = [v.grad for v in nodes]
    for x in xs:
        x.grad = 0.0
    handles = [v.register_hook(lambda g: None) for v in nodes[::3]]
    nodes[-1].backward()
    assert [v.grad for v in nodes] == before
    for handle in handles:
        handle.remove()


def test_transforms_and_gradients_call_no_hooks():
    x = Value(3.0)
    y = x * x
    with y.register_hook(lambda g: 0.0):
        assert gradients(y, [x]) == [6.0]
        assert grad(lambda t: t * t * x)(2.0) == 12.0


def test_an_error_in_a_hook_ends_the_sweep_and_leaves_leaves_as_they_were():
    x, w = Value(3.0), Value(5.0)
    x.grad = w.grad = 7.0
    y = exp(x) * w
    with y.parents[0].register_hook(lambda g: 1 / 0), pytest.raises(ZeroDivisionError):
        y.backward()
    assert (x.grad, w.grad) == (7.0, 7.0)
    with x.register_hook(lambda g: "steep"), pytest.raises(TypeError, match=r"a hook's gradient.*'steep'"):
        y.backward()
    assert (x.grad, w.grad) == (7.0, 7.0)


def test_hooks_go_with_what_else_watches_a_sweep():
    x = Value(3.0)
    y = x * x
    seen = []
    with y.register_hook(lambda g: 2.0 * g), detect_anomaly(), contribution_hook(lambda v, g, cs: seen.append((v, cs))):
        (y + 1.0).backward()
    assert x.grad == 12.0
    assert seen[-1] == (x, ())


def test_a_hook_keeps_no_graph_alive():
    x = Value(3.0)
    seen = []
    for _ in range(5):
        y = x * x
        y.register_hook(seen.append)
        y.backward()
    assert len(seen) == 5
    assert sum(v.op == "*" and v.parents == (x, x) for v in hooked) <= 2


def test_a_hook_is_refused_where_it_can_not_work():
    x = Value(3.0)
    with pytest.raises(TypeError, match=r"needs a function of the gradient, not float 2\.0"):
        x.register_hook(2.0)
    with pytest.raises(TraceError, match="register_hook"):
        compiler.compile(lambda t: (t * t).register_hook(print) and t)(2.0)


# ---- inputs ----


def test_backward_into_inputs_leaves_all_others_alone():
    a, b = Value(2.0), Value(5.0)
    c = a * b
    d = c * a
    a.grad, b.grad = 1.0, 7.0
    d.backward(inputs=[a])
    assert (a.grad, b.grad, c.grad, d.grad) == (21.0, 7.0, 0.0, 0.0)
    d.backward(2.0, inputs=[c, a, a])  # one may be below another
    assert (a.grad, b.grad, c.grad) == (61.0, 7.0, 4.0)
    elsewhere = Value(1.0)
    d.backward(inputs=(v for v in [elsewhere]))
    assert elsewhere.grad == 0.0


def test_backward_into_inputs_calls_their_hooks_and_those_between():
    a, b = Value(2.0), Value(5.0)
    c = a * b
    with c.register_hook(lambda g: 10.0 * g), a.register_hook(lambda g: g + 1.0):
        (3.0 * c).backward(inputs=[a, b])
    assert (a.grad, b.grad, c.grad) == (151.0, 60.0, 0.0)


def test_backward_into_inputs_refuses_what_backward_refuses():
    a = Value(2.0)
    b = a * a
    with pytest.raises(TypeError, match="needs Values, got str 'a'"):
        b.backward(inputs="a")
    with no_grad():
        c = a * a
    with pytest.raises(NoGraphError):
        c.backward(inputs=[a])
    a.data = 3.0
    with pytest.raises(StaleGraphError):
        b.backward(inputs=[a])
    assert a.grad == 0.0


# ---- gradients of several roots ----


def test_gradients_of_several_roots_add_up():
    x, y = Value(3.0), Value(4.0)
    roots = [x * y, x + y, root(lambda t: t * t - x, 1.0)]
    each = [gradients(r, [x, y]) for r in roots]
    assert gradients(roots, [x, y]) == pytest.approx([sum(column) for column in zip(*each)], rel=1e-15)
    weighted = gradients(roots, [x, y], seed=[1.0, 10.0, 0.0])
    assert weighted == [14.0, 13.0]
    assert gradients([x, x], [x], seed=(2.0, Value(3.0)))[0].data == 5.0
    assert gradients([], [x]) == [0.0]


def test_gradients_need_roots_with_a_seed_each():
    x = Value(3.0)
    with pytest.raises(ValueError, match="got 3 seeds for 2 roots"):
        gradients([x, x], [x], seed=[1.0, 2.0, 3.0])
    for roots, leaves in (([x, 2.0], [x]), (2.0, [x]), (x, 2.0)):
        with pytest.raises(TypeError, match=r"needs Values, got float 2\.0"):
            gradients(roots, leaves)


# ---- whole numbers ----


@pytest.mark.parametrize(
    "use",
    [range, math.factorial, [1.0, 2.0, 3.0].__getitem__, lambda v: "ab"[:v], lambda v: [0.0] * v, hex],
)
def test_a_value_is_no_index_and_no_count(use):
    with pytest.raises(TypeError, match=r"can't be an index.*int\(x\.data\)"):
        use(Value(2.0))


def test_weights_of_a_random_choice_are_plain_numbers():
    weights = [Value(1.0), Value(2.0)]
    with pytest.raises(TypeError, match=r"take \.data for the plain number"):
        random.choices("ab", weights)
    assert random.choices("ab", [w.data for w in weights])[0] in "ab"
