"""What structures.py promises: any nesting of containers is taken apart in order and put together as it was."""

from collections import Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import Value, grad, jvp, value_and_grad, vjp
from autograd_mini.structures import flatten, leaves_like

Point = namedtuple("Point", "x y")


class Named(list[float]):
    """A list of a class of its own."""


@dataclass(frozen=True)
class Spring:
    """Refuses masses that can't be, and derives a number."""

    mass: float
    stiffness: float
    ratio: float = field(init=False)

    def __post_init__(self) -> None:
        if self.mass <= 0:
            raise ValueError("a mass is positive")
        object.__setattr__(self, "ratio", self.stiffness / self.mass)


@dataclass(slots=True)
class Pair:
    first: float
    second: list[float]


TREES = st.recursive(
    st.floats(allow_nan=False),
    lambda trees: (
        st.lists(trees) | st.dictionaries(st.text(), trees) | st.tuples(trees, trees) | st.builds(Point, trees, trees)
    ),
    max_leaves=20,
)


@given(TREES)
def test_a_structure_that_is_taken_apart_can_be_put_together(tree: Any) -> None:
    numbers, rebuild = flatten(tree)
    assert rebuild(numbers) == tree
    assert leaves_like(tree, tree, "a", "b") == numbers


@pytest.mark.parametrize(
    "tree, tenfold",
    [
        (2, 20.0),
        (np.array(2.0), 20.0),
        (OrderedDict(b=1.0, a=2.0), OrderedDict(b=10.0, a=20.0)),
        (Counter(a=3), Counter(a=30)),
        (deque([1.0, 2.0], maxlen=3), deque([10.0, 20.0], maxlen=3)),
        (UserDict(a=1.0), UserDict(a=10.0)),
        (Named([1.0]), Named([10.0])),
        (Pair(1.0, [2.0]), Pair(10.0, [20.0])),
        (Point(1.0, (2.0,)), Point(10.0, (20.0,))),
    ],
)
def test_each_kind_of_container_comes_back_as_itself(tree: Any, tenfold: Any) -> None:
    numbers, rebuild = flatten(tree)
    again = rebuild([10 * x for x in numbers])
    assert again == tenfold
    assert type(again) is type(tenfold)


def test_a_defaultdict_keeps_its_factory() -> None:
    numbers, rebuild = flatten(defaultdict(lambda: 7.0, a=1.0))
    again = rebuild(numbers)
    assert (again["a"], again["b"]) == (1.0, 7.0)


def test_a_structure_may_change_once_it_is_taken_apart() -> None:
    tree = {"a": 1.0, "b": [2.0]}
    numbers, rebuild = flatten(tree)
    tree["c"] = 3.0
    del tree["a"]
    assert rebuild(numbers) == {"a": 1.0, "b": [2.0]}


def test_depth_costs_no_stack() -> None:
    tree: Any = 1.0
    for _ in range(100_000):
        tree = [tree]
    numbers, rebuild = flatten(tree)
    again = rebuild([5.0])
    assert leaves_like(tree, again, "a", "b") == [5.0]
    while type(again) is list:  # by hand: to free or compare so deep a list recurses in Python itself
        (again,) = again
        (tree,) = tree
    assert (numbers, again) == ([1.0], 5.0)


def test_a_structure_that_contains_itself_is_refused() -> None:
    loop: list[Any] = [1.0]
    loop.append({"again": loop})
    with pytest.raises(ValueError, match="contains itself"):
        flatten(loop)
    shared = [1.0]
    assert flatten([shared, shared])[0] == [1.0, 1.0]


@pytest.mark.parametrize(
    "leaf", ["1", None, 1j, {1.0}, np.array(["a"]), np.array([1j]), np.array([1], "m8[s]"), np.array([1], "M8[s]")]
)
def test_what_is_not_a_number_is_refused(leaf: Any) -> None:
    with pytest.raises(TypeError):
        flatten([1.0, leaf])


@pytest.mark.parametrize("other", [1.0, [1.0], [1.0, 2.0, 3.0], {"x": 1.0, "y": 2.0}, [[1.0], 2.0], Point(1.0, [2.0])])
def test_tangents_of_another_structure_are_refused(other: Any) -> None:
    with pytest.raises(ValueError, match="the tangents must have the structure of the primals"):
        leaves_like([1.0, 2.0], other, "tangents", "primals")


def test_lists_tuples_and_arrays_are_alike_and_dicts_are_matched_by_key() -> None:
    assert leaves_like([1.0, (2.0,)], (10, [20.0]), "a", "b") == [10.0, 20.0]
    assert leaves_like(np.ones((2, 2)), [[1.0, 2.0], (3.0, 4.0)], "a", "b") == [1.0, 2.0, 3.0, 4.0]
    assert leaves_like({"a": 1.0, "b": 2.0}, {"b": 20.0, "a": 10.0}, "a", "b") == [10.0, 20.0]


# ---- in transforms ----


def test_a_dataclass_derives_its_fields_again_inside_and_its_gradient_is_not_validated() -> None:
    gradient = grad(lambda spring: -(spring.mass**2) + spring.ratio)(Spring(2.0, 6.0))
    assert (gradient.mass, gradient.stiffness) == (-4.0 - 6.0 / 4.0, 0.5)
    assert type(gradient) is Spring


def test_the_gradient_keeps_the_structure_whatever_f_does_to_it() -> None:
    p = {"w": 2.0, "x": 3.0}

    def f(q: dict[str, Any]) -> Any:
        y = q["w"] * q.pop("x")
        q["new"] = 1.0
        p["later"] = 5.0
        del p["w"]
        return y

    assert grad(f)(p) == {"w": 3.0, "x": 2.0}
    x = [1.0, 2.0]
    assert grad(lambda v: v[0] * v.pop())(x) == [2.0, 1.0]
    assert x == [1.0, 2.0]
    results = [1.0]

    def g(t: Any) -> list[Any]:
        results[:] = [t, t * t]
        return results

    value, pullback = vjp(g, 3.0)
    results.clear()
    assert (value, pullback([1.0, 1.0])) == ([3.0, 9.0], (7.0,))


def test_every_transform_takes_every_kind() -> None:
    w = OrderedDict(a=2.0, b=Pair(3.0, [4.0]))
    value, gradient = value_and_grad(lambda w: w["a"] * w["b"].first * w["b"].second[0])(w)
    assert value == 24.0
    assert gradient == OrderedDict(a=12.0, b=Pair(8.0, [6.0]))
    assert jvp(lambda w: w["a"] * w["b"].first, (w,), (OrderedDict(a=1.0, b=Pair(0.0, [0.0])),)) == (6.0, 3.0)
    assert grad(lambda q: q.x * q.y)(Point(2.0, Value(3.0))).x.data == 3.0
