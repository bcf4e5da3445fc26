"""The engine on random programs: held to an oracle that is slow, short and shares no code with it, and to itself.

The oracle differentiates forward, from operation to operation, in 60 digits, with the slopes that tests/witness.py has.
Beside each derivative goes the sum of its terms' sizes, by which rounding errors are measured.
"""

import ast
import copy
import math
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from autograd_mini.check.strategies import Expression, Result, Step, expressions
from autograd_mini.engine import Value
from autograd_mini.rules import RULES
from autograd_mini.sweep import topological_order
from autograd_mini.transforms import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tests.witness import EPS, TINY, WITNESSES, Names, allowance, terms_at

README = Path(__file__).parent.parent / "README.md"
SEEDS = st.sampled_from([1.0, -2.5, 0.0, 0.1, 1e-3])


def bits(x: float) -> str:
    return "nan" if math.isnan(x) else x.hex()


# ---- the oracle ----


class Oracle:
    """Derivatives of every result of a program by its leaves, and the sizes of their sums.

    `first[i]` has (∂, Σ|terms|) of the result by leaf i, `second[i, j]` those of its second derivatives.
    """

    def __init__(self, f: Expression, order: int = 1) -> None:
        self.n, self.order = len(f.leaves), order
        numbers = f.results(*f.leaves)
        zero = (mpf(0), mpf(0))
        self.first = [[(mpf(i == k), mpf(i == k)) for i in range(self.n)] for k in range(self.n)]
        self.second = [{(i, j): zero for i in range(self.n) for j in range(self.n)} for _ in range(self.n)]
        for rule, operands in f.steps:
            xs = tuple([mpf(numbers[x.number] if isinstance(x, Result) else x) for x in operands])
            self.add(rule.name, xs, [x.number if isinstance(x, Result) else None for x in operands])

    def add(self, name: str, xs: tuple[Any, ...], operands: Sequence[int | None]) -> None:
        """Append the derivatives of one operation more, by the chain rule."""
        witness = WITNESSES[name]
        slopes = witness.slopes(*xs)
        places = [p for p, operand in enumerate(operands) if operand is not None]
        first = [(mpf(0), mpf(0))] * self.n
        second = dict.fromkeys(self.second[0], (mpf(0), mpf(0)))
        for p in places:
            if slopes[p] is None or not math.isfinite(float(slopes[p])):  # one beyond the largest float is inf
                raise ZeroDivisionError
            error = allowance(name, 1, Names(witness, xs, p, p)) / EPS
            first = [
                added(total, slopes[p] * d, (abs(slopes[p]) + error) * size)
                for total, (d, size) in zip(first, self.first[operands[p]], strict=True)
            ]
        self.first.append(first)
        if self.order == 2:
            for p in places:
                for pair, (d, size) in self.second[operands[p]].items():
                    error = allowance(name, 1, Names(witness, xs, p, p)) / EPS
                    second[pair] = added(second[pair], slopes[p] * d, (abs(slopes[p]) + error) * size)
                for q in places:
                    names = Names(witness, xs, p, q)
                    terms = terms_at(name, names)
                    if terms is None:
                        raise ZeroDivisionError
                    whole = mp.fsum(terms, absolute=True) + allowance(name, 2, names) / EPS
                    for i, j in second:
                        (a, a_size), (b, b_size) = self.first[operands[p]][i], self.first[operands[q]][j]
                        second[i, j] = added(second[i, j], mp.fsum(terms) * a * b, whole * a_size * b_size)
        self.second.append(second)


def added(total: tuple[Any, Any], term: Any, size: Any) -> tuple[Any, Any]:
    return total[0] + term, total[1] + size


def oracle(f: Expression, order: int = 1) -> Oracle:
    """The oracle of a program, if all its slopes exist and nothing in it leaves the range of common floats."""
    try:
        truth = Oracle(f, order)
    except ZeroDivisionError:  # infinite, undefined or excepted: docs/kinks.md and docs/accuracy.md
        assume(False)
    sizes = [size for pairs in truth.first for _, size in pairs]
    sizes += [size for pairs in truth.second for _, size in pairs.values()]
    assume(all(size == 0 or 1e-100 < size < 1e100 for size in sizes))
    event(f"{min(len(f.steps) // 5 * 5, 15)} operations or more")
    return truth


def bound(f: Expression, size: Any, times: int) -> Any:
    """How far rounding may lead: so many eps for each operation on a way from the root to a leaf."""
    return times * (len(f.steps) + 1) * EPS * size + TINY


# ---- against the oracle ----


@given(expressions())
def test_the_gradient_is_that_of_the_oracle(f: Expression) -> None:
    truth = oracle(f)
    root, leaves = f.graph()
    root.backward()
    for leaf, (d, size) in zip(leaves, truth.first[-1], strict=True):
        assert abs(mpf(leaf.grad) - d) <= bound(f, size, 8)


@settings(max_examples=60)
@given(expressions(max_nodes=8))
def test_the_hessian_is_that_of_the_oracle_and_symmetric(f: Expression) -> None:
    truth = oracle(f, order=2)
    found = hessian(lambda xs: f(*xs))([*f.leaves])
    for (i, j), (d, size) in truth.second[-1].items():
        assert abs(mpf(found[i][j]) - d) <= bound(f, size, 32), (i, j)
        assert abs(found[i][j] - found[j][i]) <= bound(f, size, 32), (i, j)


@given(expressions(["add", "sub", "mul", "sum", "dot", "prod", "neg"], max_nodes=12), st.data())
def test_a_gradient_is_the_sum_over_all_paths_of_the_products_of_slopes(f: Expression, data: st.DataObject) -> None:
    def paths(v: Value, leaf: Value) -> list[mpf]:
        found = [mpf(1)] if v is leaf else []
        for parent, slope in zip(v.parents, v.pullback(1.0), strict=True):
            found += [mpf(slope) * rest for rest in paths(parent, leaf)]
            assume(len(found) < 1000)
        return found

    root, leaves = f.graph()
    root.backward()
    for leaf in leaves:
        products = paths(root, leaf)
        size = mp.fsum(products, absolute=True)
        assume(size < 1e100)
        assert abs(mpf(leaf.grad) - mp.fsum(products)) <= bound(f, size, 2)


# ---- against its definition, and other roads to the same numbers ----


def definition() -> Callable[[Value, float], None]:
    """The loop that README.md shows for backward()."""
    (snippet,) = re.findall(r"^```python\n([^`]*?def backward\(.*?)^a\.grad", README.read_text("utf-8"), re.M | re.S)
    namespace: dict[str, Any] = {}
    exec(compile(ast.parse(snippet), str(README), "exec"), namespace)
    loop: Callable[[Value, float], None] = namespace["backward"]
    return loop


BACKWARD = definition()


@given(expressions(finite=False), SEEDS)
def test_backward_is_the_loop_of_the_readme_bit_for_bit(f: Expression, seed: float) -> None:
    (root, _), (other, _) = f.graph(), f.graph()
    for _ in range(2):
        root.backward(seed)
        BACKWARD(other, seed)
        pairs = zip(topological_order(root), topological_order(other), strict=True)
        assert all(bits(v.grad) == bits(w.grad) for v, w in pairs)


@given(expressions())
def test_every_transform_gives_the_bits_of_backward(f: Expression) -> None:
    root, leaves = f.graph()
    root.backward()
    expected = [bits(0.0 + leaf.grad) for leaf in leaves]
    every = tuple(range(len(leaves)))
    value, pullback = vjp(f, *f.leaves)
    assert bits(value) == bits(root.data)
    for found in (
        gradients(root, leaves),
        grad(f, every)(*f.leaves),
        value_and_grad(f, every)(*f.leaves)[1],
        grad(lambda xs: f(*xs))([*f.leaves]),
        jacobian(f, every)(*f.leaves),
        pullback(1.0),
        [g if isinstance(g, float) else g.data for g in gradients(root, leaves, seed=Value(1.0))],
    ):
        assert [bits(0.0 + g) for g in found] == expected


@given(expressions())
def test_the_bits_depend_neither_on_labels_nor_on_other_nodes(f: Expression) -> None:
    (root, leaves), (again, other) = f.graph(), f.graph()
    for v in topological_order(again):
        v.label = "renamed"
        _ = [v * 2.0, v + v, copy.copy(v)]  # that nobody asks for
    root.backward()
    again.backward()
    assert [bits(v.grad) for v in leaves] == [bits(v.grad) for v in other]


@given(expressions(), st.randoms(use_true_random=False))
def test_reordering_the_leaves_permutes_the_gradient_and_no_more(f: Expression, random: Any) -> None:
    places = list(range(len(f.leaves)))
    random.shuffle(places)  # where each leaf goes
    leaves = tuple([x for _, x in sorted(zip(places, f.leaves, strict=True))])

    def moved(x: Result | float) -> Result | float:
        return Result(places[x.number]) if isinstance(x, Result) and x.number < len(places) else x

    shuffled = Expression(leaves, tuple(Step(rule, tuple(map(moved, operands))) for rule, operands in f.steps))
    assume(f.steps)
    every = tuple(places)
    before, after = grad(f, tuple(range(len(places))))(*f.leaves), grad(shuffled, every)(*leaves)
    assert [bits(g) for g in before] == [bits(g) for g in after]


# ---- linearity ----


def contributions(root: Value) -> list[float]:
    """Every product that the sweep has just added up."""
    return [c for v in topological_order(root) for c in v.pullback(v.grad)]


def seeds(size: float) -> st.SearchStrategy[float]:
    """Numbers up to a size; none is so small that it, times a slope, is lost before a slope makes it larger again."""
    return st.floats(-size, size).map(lambda x: x if abs(x) > 1e-3 else 0.0)


@given(expressions(), st.integers(-20, 20))
def test_a_seed_that_is_a_power_of_two_scales_every_bit(f: Expression, power: int) -> None:
    (root, leaves), (scaled, scaled_leaves) = f.graph(), f.graph()
    root.backward()
    assume(all(c == 0.0 or 1e-290 < abs(c) < 1e290 for c in contributions(root)))
    scaled.backward(2.0**power)
    assert [bits(v.grad * 2.0**power) for v in leaves] == [bits(v.grad) for v in scaled_leaves]


@given(expressions(), seeds(10.0), seeds(10.0))
def test_gradients_are_linear_in_the_seed(f: Expression, a: float, b: float) -> None:
    truth = oracle(f)
    root, leaves = f.graph()
    together = gradients(root, leaves, seed=a + b)
    apart = zip(gradients(root, leaves, seed=a), gradients(root, leaves, seed=b), strict=True)
    for whole, (one, other), (_, size) in zip(together, apart, truth.first[-1], strict=True):
        assert abs(whole - (one + other)) <= bound(f, size * (abs(a) + abs(b)), 8)


@given(expressions(), st.data())
def test_forward_and_reverse_mode_are_each_others_transpose(f: Expression, data: st.DataObject) -> None:
    truth = oracle(f)
    tangent = data.draw(st.tuples(*[seeds(4.0)] * len(f.leaves)))
    adjoint = data.draw(st.lists(seeds(4.0), min_size=len(truth.first), max_size=len(truth.first)))
    value, moved = jvp(f.results, f.leaves, tangent)
    assert [*map(bits, value)] == [*map(bits, f.results(*f.leaves))]
    pulled = vjp(f.results, *f.leaves)[1](adjoint)
    forward = mp.fsum(mpf(u) * d for u, d in zip(adjoint, moved, strict=True))
    reverse = mp.fsum(mpf(v) * d for v, d in zip(tangent, pulled, strict=True))
    sizes = [
        abs(u * v) * size
        for u, pairs in zip(adjoint, truth.first, strict=True)
        for v, (_, size) in zip(tangent, pairs, strict=True)
    ]
    assert abs(forward - reverse) <= bound(f, mp.fsum(sizes), 16) + 100 * TINY * len(sizes)


@settings(max_examples=40)
@given(expressions(max_nodes=6), st.data())
def test_hvp_is_the_hessian_times_the_direction(f: Expression, data: st.DataObject) -> None:
    truth = oracle(f, order=2)
    n = len(f.leaves)
    direction = data.draw(st.lists(st.sampled_from([0.0, 1.0, -2.0, 0.5]), min_size=n, max_size=n))
    for i, found in enumerate(hvp(lambda xs: f(*xs), [*f.leaves], direction)):
        terms = [
            (d * v, size * abs(v)) for (k, j), (d, size) in truth.second[-1].items() for v in [direction[j]] if k == i
        ]
        assert abs(mpf(found) - mp.fsum(d for d, _ in terms)) <= bound(f, mp.fsum(size for _, size in terms), 32)


# ---- the oracle itself ----


def test_the_oracle_knows_every_row_and_the_rounding_is_that_of_floats() -> None:
    assert set(WITNESSES) == set(RULES)
    assert EPS == sys.float_info.epsilon
    cube = Expression((3.0,), (Step(RULES["mul"], (Result(0),) * 2), Step(RULES["mul"], (Result(1), Result(0)))))
    truth = Oracle(cube, order=2)
    assert truth.first[-1] == [(27, 27)]
    assert truth.second[-1] == {(0, 0): (18, 18)}
