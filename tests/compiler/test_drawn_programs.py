"""Compiled programs against the engine on the programs that `check.strategies` draws, of every row of the table."""

import math

import numpy as np
from hypothesis import assume, given

from autograd_mini import Value, compiler, gradients, topological_order
from autograd_mini.check.strategies import expressions
from autograd_mini.rules import RULES

STEPS = {"floor", "ceil", "round", "copysign", "where"}  # where rounding an operand may change the result at will
KINKED = {"abs", "relu", "leaky_relu", "elu", "clamp", "maximum", "minimum"}  # or the slope
SMOOTH = sorted(RULES.keys() - STEPS - KINKED - {"cbrt", "sqrt", "pow"})  # the slope of these is infinite at 0
SLACK = 16.0


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def rounding(root):
    """eps·Σ|∂y/∂v·v| over all nodes v: how far rounding each of them moves the result, to first order, and a little."""
    if not isinstance(root, Value):
        return 0.0
    order = topological_order(root)
    return 2.0**-52 * sum(abs(g * v.data) for g, v in zip(gradients(root, order), order, strict=True)) + 1e-25


@given(expressions(finite=False))
def test_straight_line_python_has_the_value_to_the_bit_and_the_very_slopes(f):
    root, leaves = f.graph()
    root.backward()
    value, slopes = compiler.compile(f, executor="source").value_and_grad(*f.leaves)
    assert same(value, root.data)
    assert math.copysign(1.0, value) == math.copysign(1.0, root.data)
    for x, slope in zip(leaves, slopes if len(leaves) > 1 else (slopes,), strict=True):
        assert same(slope, x.grad) or math.isclose(slope, x.grad, rel_tol=1e-9, abs_tol=1e-9), (slope, x.grad)


@given(expressions(SMOOTH, max_nodes=30))
def test_arrays_are_within_rounding(f):
    root, leaves = f.graph()
    bound = rounding(root)
    assume(math.isfinite(bound))
    assume(all(abs(v.data) < 1e4 for v in topological_order(root)))  # or sin(1e17) is no matter of first order
    values, slopes = compiler.compile(f, batch=True).value_and_grad(*[np.full(3, x) for x in f.leaves])
    assert values[0] == values[1] == values[2]
    assert abs(values[0] - root.data) <= SLACK * bound
    expected = gradients(root, leaves, seed=Value(1.0))
    for true, slope in zip(expected, slopes if len(leaves) > 1 else (slopes,), strict=True):
        bound = rounding(true)
        assert not math.isfinite(bound) or abs(slope[0] - getattr(true, "data", true)) <= SLACK * bound
