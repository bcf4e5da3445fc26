"""The options of draw and explore: what they can't be is refused at once, and the error says what they can be."""

import inspect
import math
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.render import draw, explore

NO_WHOLE_NUMBERS = [2.5, "4", True, None, math.nan, [4], Value(4.0)]
WRONG: dict[str, list[Any]] = {
    "precision": [101, 18, 0, -1, 10**9, *NO_WHOLE_NUMBERS],
    "max_nodes": [0, -1, *NO_WHOLE_NUMBERS],
    "depth": [-1, *[x for x in NO_WHOLE_NUMBERS if x is not None]],
    "direction": ["lr", "", 5, ["LR"], {}],
    "collapse": ["Neuron", "", 5, []],
    "labels": ["no", None, 2, []],
    "values": ["no"],
    "gradients": [1],
    "partials": [None],
    "groups": [None, "no"],
    "constants": [1, None],
    "inside": [1, None],
    "merge": ["yes", 2, []],
    "title": [5, None, b"x", ["a"]],
    "names": [5, "x", ["a"], {1: Value(1.0)}],
    "model": [5, "x", object()],
    "engine": [5, b"dot", ["embedded"]],
}
CASES = [
    (f, option, x)
    for f in (draw, explore)
    for option, xs in WRONG.items()
    for x in xs
    if option in inspect.signature(f).parameters
]


@pytest.mark.parametrize("f, option, x", CASES)
def test_an_option_that_cannot_be_is_refused_with_its_name(f: Any, option: str, x: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"^{option} is ") as caught:
        f(Value(2.0) * 3.0, **{option: x})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("f", [draw, explore])
def test_every_option_is_tried(f: Any) -> None:
    assert set(inspect.signature(f).parameters) - {"root"} <= WRONG.keys()


@pytest.mark.parametrize("f", [draw, explore])
def test_whole_numbers_of_numpy_are_whole_numbers(f: Any) -> None:
    result = f(Value(2.0) * 3.0, precision=np.int64(17), max_nodes=np.int32(10))
    assert (result.svg if f is draw else result.html).startswith("<")
