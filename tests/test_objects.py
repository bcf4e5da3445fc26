"""elementwise: functions of numbers on arrays that mix Values and plain numbers."""

import math
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, elementwise, exp, functions, hypot, leaky_relu, maximum


@pytest.mark.parametrize("name", ["exp", "tanh", "sin", "sqrt", "log1p", "sigmoid", "gelu", "erf", "abs", "floor"])
def test_a_mixture_of_values_and_numbers(name: str) -> None:
    f = getattr(functions, name)
    x, y = Value(0.75), Value(0.75)
    mixed = np.array([[x, 0.5], [np.float64(2.0), 1]], dtype=object)
    result = elementwise(f)(mixed)
    assert result.shape == (2, 2)
    assert [z.data if isinstance(z, Value) else z for z in result.flat] == [f(0.75), f(0.5), f(2.0), f(1)]
    result.sum().backward()
    f(y).backward()
    assert x.grad == y.grad


def test_operands_are_broadcast() -> None:
    x = Value(3.0)
    result = elementwise(hypot)(np.array([[x], [5.0]], dtype=object), [4.0, 12.0])
    assert [[z.data if isinstance(z, Value) else z for z in row] for row in result] == [
        [5.0, math.hypot(3.0, 12.0)],
        [math.hypot(5.0, 4.0), 13.0],
    ]
    assert isinstance(elementwise(maximum)(x, 2.0), Value)


def test_floats_alone_give_floats() -> None:
    for given in ([0.0, 1.0], np.array([0.0, 1.0]), np.array([[0.0], [1.0]], dtype=object), np.empty((0, 2))):
        result = elementwise(exp)(given)
        assert result.dtype == float
        assert result.shape == np.shape(given)


def test_named_arguments_and_errors_are_those_of_the_function() -> None:
    x = Value(-2.0)
    result: Any = elementwise(leaky_relu)(np.array([x, 1.0], dtype=object), negative_slope=0.5)
    assert (result[0].data, result[1]) == (-1.0, 1.0)
    with pytest.raises(ValueError, match=r"domain|positive"):
        elementwise(functions.log)([-1.0])
    with pytest.raises(TypeError):
        elementwise(exp)(["a"])
