"""@primitive: a function of floats and its partial derivatives make an operation like those of the table."""

import copy
import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.engine import Value
from autograd_mini.functions import exp, primitive, sin
from autograd_mini.hooks import no_grad
from autograd_mini.sweep import topological_order
from autograd_mini.transforms import grad, gradients


@primitive(lambda m, z, x: m.cos(x))
def my_sin(x: float) -> float:
    """The sine, once more."""
    return math.sin(x)


@primitive(lambda m, z, x, y: 2.0 * x * y, lambda m, z, x, y: x * x)
def square_times(x: float, y: float = 3.0) -> float:
    return x * x * y


@primitive(lambda m, z, a, b, c: b * c, lambda m, z, a, b, c: a * c, lambda m, z, a, b, c: a * b)
def volume(a: float, b: float, c: float) -> float:
    return a * b * c


@primitive(lambda m, z, x: 0.5 / z)
def root(x: float) -> float:
    return math.sqrt(x)


@primitive(lambda m, z, x: 1.0 / root(x))
def twice_root(x: float) -> float:
    return 2.0 * math.sqrt(x)


# ---- an operation like the others ----


def test_is_a_node_with_the_name_of_the_function() -> None:
    x = Value(0.5)
    z = my_sin(x)
    assert isinstance(z, Value)
    assert z.data == math.sin(0.5)
    assert z.op == "my_sin"
    assert z.parents == (x,)
    assert topological_order(z) == [x, z]


def test_backward_goes_through_it() -> None:
    x, y = Value(0.5), Value(2.0)
    z = square_times(my_sin(x), y)
    z.backward()
    assert x.grad == 2.0 * math.sin(0.5) * 2.0 * math.cos(0.5)
    assert y.grad == math.sin(0.5) ** 2


@given(x=st.floats(-10.0, 10.0))
def test_derivatives_of_any_order_are_those_of_the_table(x: float) -> None:
    mine: Callable[..., Any] = my_sin
    theirs: Callable[..., Any] = sin
    for _ in range(4):
        assert mine(x) == theirs(x)
        mine, theirs = grad(mine), grad(theirs)


def test_second_derivatives_of_two_arguments() -> None:
    assert grad(grad(square_times))(5.0, 7.0) == 14.0
    assert grad(grad(square_times, 1))(5.0, 7.0) == 10.0
    assert grad(grad(square_times, 1), 1)(5.0, 7.0) == 0.0


def test_plain_numbers_give_a_float() -> None:
    for x in (2, 2.0, np.float32(2.0), np.int64(2)):
        z = square_times(x, 3)
        assert type(z) is float
        assert z == 12.0


def test_a_number_among_values_is_a_constant() -> None:
    x = Value(5.0)
    z = square_times(x, 7)
    assert z.parents == (x,)
    assert gradients(z, [x]) == [70.0]
    assert gradients(square_times(2.0, x), [x]) == [4.0]


def test_one_value_twice() -> None:
    x = Value(3.0)
    z = square_times(x, x)
    assert z.parents == (x, x)
    assert gradients(z, [x]) == [27.0]


def test_three_arguments() -> None:
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    z = volume(a, b, c)
    assert gradients(z, [a, b, c]) == [12.0, 8.0, 6.0]
    assert volume(a, 3.0, b).parents == (a, b)
    assert grad(grad(volume), 1)(2.0, 3.0, 4.0) == 4.0


def test_arguments_by_name_and_by_default() -> None:
    x = Value(2.0)
    assert square_times(x).data == 12.0
    assert square_times(x).parents == (x,)
    assert square_times(y=x, x=5.0).data == 50.0
    assert volume(a=1.0, c=x, b=3.0).data == 6.0
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        square_times()
    with pytest.raises(TypeError, match="too many positional"):
        my_sin(1.0, 2.0)


def test_constant_slopes() -> None:
    @primitive(2, -1.5)
    def line(x: float, y: float) -> float:
        return 2.0 * x - 1.5 * y

    x, y = Value(1.0), Value(1.0)
    z = line(x, y)
    z.backward(2.0)
    assert (x.grad, y.grad) == (4.0, -3.0)
    assert type(x.grad) is float


def test_a_choice_in_a_partial() -> None:
    @primitive(lambda m, z, x: m.where(x > 0.0, 1.0, 0.25))
    def leaky(x: float) -> float:
        return x if x > 0.0 else 0.25 * x

    assert grad(leaky)(3.0) == 1.0
    assert grad(leaky)(-3.0) == 0.25
    assert grad(grad(leaky))(-3.0) == 0.0


def test_a_primitive_in_the_partial_of_another() -> None:
    assert grad(twice_root)(4.0) == 0.5
    assert grad(grad(twice_root))(4.0) == -0.0625


def test_a_function_of_math_itself() -> None:
    f = primitive(lambda m, z, x: m.cos(x))(math.sin)
    assert grad(f)(0.5) == math.cos(0.5)
    assert f(Value(0.5)).op == "sin"


def test_the_name_of_another_operation_may_be_used_again() -> None:
    @primitive(lambda m, z, x: 1.0 / x)
    def log(x: float) -> float:
        return math.log(abs(x))

    x = Value(0.0)
    with pytest.raises(ValueError, match=r"math domain|expected a"):
        log(x)
    assert grad(log)(-2.0) == -0.5
    assert log(Value(-1.0)).data == 0.0


def test_under_no_grad_it_makes_a_leaf() -> None:
    with no_grad():
        z = volume(Value(1.0), 2.0, 3.0)
    assert z.parents == ()
    assert z.data == 6.0


def test_stale_operands_are_refused() -> None:
    x = Value(2.0)
    z = volume(x, 3.0, 4.0)
    x.data = 5.0
    with pytest.raises(RuntimeError, match="run the forward pass again"):
        z.backward()


def test_an_iteration_is_one_node() -> None:
    @primitive(lambda m, z, x: 1.0 / (x + m.exp(z)))
    def lambert_w(x: float) -> float:
        z = math.log1p(x)
        for _ in range(20):
            z -= (z - x * math.exp(-z)) / (1.0 + z)
        return z

    x = Value(2.0)
    z = lambert_w(x * exp(x))
    assert len(topological_order(z)) == 4
    assert z.data == pytest.approx(2.0, rel=1e-15)
    assert gradients(z, [x])[0] == pytest.approx(1.0, rel=1e-14)


# ---- slopes that floats refuse, and what the function raises ----


def test_an_infinite_slope_is_inf() -> None:
    x = Value(0.0)
    root(x).backward()
    assert x.grad == math.inf
    assert gradients(twice_root(x), [x]) == [math.inf]
    assert grad(root)(0.0) == math.inf


def test_an_undefined_slope_of_three_arguments_is_nan() -> None:
    @primitive(lambda m, z, a, b, c: 1.0 / volume(a, b, c), 0.0, lambda m, z, a, b, c: m.log(c))
    def odd(a: float, b: float, c: float) -> float:
        return 1.0

    a, b, c = Value(0.0), Value(0.0), Value(-1.0)
    slopes = gradients(odd(a, b, c), [a, b, c])
    assert slopes[:2] == [-math.inf, 0.0]  # 0 · 0 · −1 is −0
    assert math.isnan(slopes[2])


def test_a_partial_is_nan_if_another_primitive_in_it_has_no_value() -> None:
    @primitive(1.0, 1.0, 1.0)
    def refusing(a: float, b: float, c: float) -> float:
        return math.sqrt(-1.0)

    @primitive(lambda m, z, x: refusing(x, x, x))
    def one(x: float) -> float:
        return 1.0

    x = Value(2.0)
    assert math.isnan(gradients(one(x), [x])[0])
    assert math.isnan(grad(one)(2.0))
    assert grad(grad(one))(2.0) == 3.0  # by the slopes that were given


def test_errors_raised_by_the_function_get_a_note() -> None:
    with pytest.raises(ValueError, match=r"math domain|expected a") as caught:
        root(Value(-1.0, label="speed"))
    (note,) = caught.value.__notes__
    assert "'root'" in note
    assert "label='speed'" in note


@pytest.mark.parametrize("result", [1j, None, "1", [1.0], Value(1.0)], ids=repr)
def test_a_function_that_returns_no_real_number(result: Any) -> None:
    @primitive(1.0)
    def wrong(x: float) -> Any:
        return result

    for x in (Value(1.0), 1.0):
        with pytest.raises(
            TypeError, match=f"the primitive 'wrong' must return a real number, not {type(result).__name__}"
        ):
            wrong(x)


@pytest.mark.parametrize("result", [2, True, np.float64(2.0), np.float32(2.0), np.int64(2)], ids=repr)
def test_a_function_that_returns_another_kind_of_real_number(result: Any) -> None:
    @primitive(1.0)
    def right(x: float) -> Any:
        return result

    assert type(right(Value(1.0)).data) is float
    assert type(right(1.0)) is float
    assert right(1.0) == float(result)


@pytest.mark.parametrize("wrong", ["1.0", None, 1j, [1.0]], ids=repr)
def test_operands_that_are_no_numbers(wrong: Any) -> None:
    with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
        my_sin(wrong)
    with pytest.raises(TypeError, match=type(wrong).__name__.removesuffix("Type")):
        square_times(Value(1.0), wrong)


# ---- refusals when decorating ----


@pytest.mark.parametrize("partials", [(), (1.0,), (1.0, 1.0, 1.0)])
def test_as_many_partials_as_arguments_are_needed(partials: tuple[float, ...]) -> None:
    with pytest.raises(TypeError, match=rf"area\(a, b\) has 2 arguments and {len(partials)} partials"):

        @primitive(*partials)
        def area(a, b):  # type: ignore[no-untyped-def]
            return a * b


def test_a_function_of_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="has 0 arguments and 0 partials"):
        primitive()(lambda: 1.0)


@pytest.mark.parametrize("f", [lambda *xs: 1.0, lambda x, *, y: 1.0, lambda x, **more: 1.0])
def test_a_function_of_no_fixed_number_of_arguments_is_refused(f: Callable[..., float]) -> None:
    with pytest.raises(TypeError, match="a fixed number of positional arguments"):
        primitive(1.0)(f)


def test_a_partial_of_other_arguments_is_refused() -> None:
    with pytest.raises(TypeError, match=r"area with respect to b does not accept the arguments \(m, z, a, b\)"):

        @primitive(1.0, lambda a, b: a)
        def area(a: float, b: float) -> float:
            return a * b


@pytest.mark.parametrize("partial", ["1.0", None, 1j, Value(1.0)], ids=repr)
def test_a_partial_that_is_neither_number_nor_function_is_refused(partial: Any) -> None:
    with pytest.raises(TypeError, match=type(partial).__name__.removesuffix("Type")):
        primitive(partial)(math.sin)


def test_forgotten_parentheses_are_explained() -> None:
    @primitive  # type: ignore[arg-type]
    def lost(x: float) -> float:
        return x

    with pytest.raises(TypeError, match=r"@primitive\(\*partials\) makes an operation of a function"):
        lost(Value(1.0))  # type: ignore[arg-type]


# ---- the function as an object ----


def test_keeps_name_documentation_and_signature() -> None:
    assert my_sin.__name__ == "my_sin"
    assert my_sin.__doc__ == "The sine, once more."
    assert my_sin.__module__ == __name__
    assert str(inspect.signature(square_times)) == "(x: float, y: float = 3.0) -> float"


def test_a_node_can_be_copied_and_pickled_as_a_leaf() -> None:
    z = my_sin(Value(0.5))
    for leaf in (copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
        assert leaf.data == z.data
        assert leaf.is_leaf


@pytest.mark.parametrize("slope", [1j, None, "1"])
def test_a_partial_that_is_no_number_is_refused_by_name(slope: object) -> None:
    @primitive(lambda m, z, x, y: slope, 1.0)
    def crooked(x: float, y: float) -> float:
        return x + y

    x = Value(2.0)
    with pytest.raises(TypeError, match=r"the partial of crooked with respect to x must be a real number, not"):
        crooked(x, 1.0).backward()
    assert x.grad == 0.0
