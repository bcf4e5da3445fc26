"""Every constant of an operation can be read in its picture."""

import pytest

from autograd_mini import functions as f
from autograd_mini.engine import Value
from autograd_mini.render.notation import constants_of, notation

x, y = Value(2.0), Value(0.5)


@pytest.mark.parametrize(
    "v,badge",
    [
        (x, ""),
        (x * y, "*"),
        (x * 3, "* 3"),
        (3 * x, "3 *"),
        (1 - x, "1 -"),
        (x - 1, "- 1"),
        (x / 3, "/ 3"),
        (1 / x, "1 /"),
        (x**3, "** 3"),
        (x**-0.5, "** -0.5"),
        (2**x, "2 **"),
        (x + 1 / 3, "+ 0.3333"),
        (x + 1e-12, "+ 1e-12"),
        (sum([x]), "0 +"),
        (-x, "neg"),
        (x.exp(), "exp"),
        (f.maximum(x, 0), "max(·, 0)"),
        (f.maximum(0, x), "max(0, ·)"),
        (f.atan2(x, 3.0), "atan2(·, 3)"),
        (f.leaky_relu(x, 0.1), "leaky_relu(·, 0.1)"),
        (f.clamp(x, -1, 1), "clamp(·, -1, 1)"),
        (f.where(True, x, 7.0), "where(1, ·, 7)"),
        (f.sum([x, y]), "sum"),
        (f.sum([x, y, 3.0, x]), "sum(…, 3)"),
        (f.mean([x, 1.0, 2.0, 3.0, 4.0]), "mean(…, 1, 2, 3, 4)"),
        (f.mean([x, 1.0, 2.0, 3.0, 4.0, 5.0]), "mean(…, 1, 2, 3, 2 more)"),
        (f.dot([x, y], [y, x]), "dot"),
        (f.dot([x], [y], start=0.25), "dot + 0.25"),
        (f.dot([x, 2.0], [y, 3.0], start=1.0), "dot + 7"),
    ],
)
def test_the_badge_shows_the_constants_in_their_places(v, badge):
    text, notes = notation(v, 4)
    assert text == badge
    assert notes == ("",) * len(v.parents)


def test_a_dot_product_writes_its_factors_on_the_arrows():
    v = f.dot([x, 2.5, y], [1.5, y, x], start=y)
    assert notation(v, 4) == ("dot", ("* 1.5", "", "* 2.5", "", ""))
    assert [p.data for p in v.parents] == [2.0, 0.5, 0.5, 2.0, 0.5]


@pytest.mark.parametrize("v,numbers", [(x, []), (x * y, []), (2 * x, [2]), (f.dot([x, 3.0], [4.0, y]), [3.0, 4.0])])
def test_constants_are_the_operands_that_are_no_values(v, numbers):
    assert constants_of(v) == numbers
