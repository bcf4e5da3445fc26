"""Compiled programs against the engine on the programs that `check.strategies` draws, of every row of the table."""

import math

import numpy as np
import pytest
from hypothesis import given

from autograd_mini import compiler
from autograd_mini.rules import RULES
from tests.compiler.expressions import rounding

strategies = pytest.importorskip("autograd_mini.check.strategies", reason="drawn by another part of the package")

STEPS = {"floor", "ceil", "round", "copysign", "where"}  # where rounding an operand may change the result at will
KINKED = {"abs", "relu", "leaky_relu", "elu", "clamp", "maximum", "minimum"}  # or the slope
SMOOTH = sorted(RULES.keys() - STEPS - KINKED - {"cbrt", "sqrt", "pow"})  # of infinite slope at 0


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


@given(strategies.expressions(finite=False))
def test_straight_line_python_has_the_value_to_the_bit_and_the_very_slopes(f):
    root, leaves = f.graph()
    root.backward()
    value, slopes = compiler.compile(f, executor="source").value_and_grad(*f.leaves)
    assert same(value, root.data)
    assert math.copysign(1.0, value) == math.copysign(1.0, root.data)
    for x, slope in zip(leaves, slopes if len(leaves) > 1 else (slopes,), strict=True):
        assert same(slope, x.grad) or math.isclose(slope, x.grad, rel_tol=1e-9, abs_tol=1e-9), (slope, x.grad)


@given(strategies.expressions(SMOOTH, max_nodes=30))
def test_arrays_are_within_rounding(f):
    root, leaves = f.graph()
    root.backward()
    bound, slope_bound = rounding(root, leaves)
    args = [np.array([x, x, x]) for x in f.leaves]
    values, slopes = compiler.compile(f, batch=True).value_and_grad(*args)
    assert values[0] == values[1] == values[2]
    assert abs(values[0] - root.data) <= 8.0 * bound
    if math.isfinite(slope_bound) and all(math.isfinite(x.grad) for x in leaves):
        for x, slope in zip(leaves, slopes if len(leaves) > 1 else (slopes,), strict=True):
            assert abs(slope[0] - x.grad) <= 16.0 * slope_bound
