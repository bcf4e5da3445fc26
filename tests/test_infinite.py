"""Infinite operands that a user means: impossible states, masked classes and saturated scores give the limits.

Values, gradients and second derivatives are finite where the limit is, eagerly and compiled in every executor.
"""

import math
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import pytest

from autograd_mini import Value, compiler, detect_anomaly, grad, hessian
from autograd_mini.functions import log_softmax, logsumexp, softmax, where
from autograd_mini.nn import binary_cross_entropy_with_logits, cross_entropy

EXECUTORS = ["source", "numpy", "native"]


def forward_algorithm(starts: Sequence[Any], steps: Any, emissions: Sequence[Sequence[Any]]) -> Any:
    """The log-probability of what a hidden Markov chain emits, from logarithms of its probabilities."""
    alphas = [a + b for a, b in zip(starts, emissions[0])]
    for emitted in emissions[1:]:
        alphas = [logsumexp([a + steps[i][j] for i, a in enumerate(alphas)]) + emitted[j] for j in range(len(alphas))]
    return logsumexp(alphas)


def chain(v: Sequence[Any]) -> Any:
    """Left to right through three states, of which the first two can't emit the second symbol."""
    steps = [[v[0], v[1], -inf], [-inf, v[2], v[3]], [-inf, -inf, 0.0]]
    return forward_algorithm([0.0, -inf, -inf], steps, [[v[4], -1.0, -1.0], [-inf, v[5], -1.0], [-1.0, -inf, v[6]]])


CASES: dict[str, tuple[Callable[[Any], Any], list[float], float, list[float]]] = {
    "a state that can't be": (
        lambda v: logsumexp([logsumexp([v[0], v[1]]), v[2]]),
        [-inf, -inf, 1.0],
        1.0,
        [0.0, 0.0, 1.0],
    ),
    "no state can be": (logsumexp, [-inf, -inf], -inf, [0.5, 0.5]),
    "infinitely likely states": (logsumexp, [inf, 0.0, inf], inf, [0.5, 0.0, 0.5]),
    "a hidden Markov chain": (chain, [-1.0] * 7, -5.0, [0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
    "an impossible sequence": (
        lambda v: logsumexp([chain([*v[:5], -inf, v[6]]), v[5]]),
        [-1.0] * 7,
        -1.0,
        [0.0] * 5 + [1.0, 0.0],
    ),
    "softmax with a mask": (lambda v: softmax(v)[0], [0.0, -inf, 0.0], 0.5, [0.25, 0.0, -0.25]),
    "softmax of a masked class": (lambda v: softmax(v)[1], [0.0, -inf, 0.0], 0.0, [0.0, 0.0, 0.0]),
    "softmax, all masked": (lambda v: softmax(v)[0], [-inf, -inf], 0.5, [0.25, -0.25]),
    "log_softmax with a mask": (lambda v: log_softmax(v)[0], [0.0, -inf, 0.0], -math.log(2.0), [0.5, 0.0, -0.5]),
    "log_softmax of a masked class": (lambda v: log_softmax(v)[1], [0.0, -inf, 0.0], -inf, [-0.5, 1.0, -0.5]),
    "log_softmax, all masked": (lambda v: log_softmax(v)[0], [-inf, -inf], -math.log(2.0), [0.5, -0.5]),
    "a mask by where": (
        lambda v: softmax([where(v[0] > 1.0, v[0], -inf), v[1], v[2]])[1],
        [0.0] * 3,
        0.5,
        [0.0, 0.25, -0.25],
    ),
    "attention": (
        lambda v: sum(p * x for p, x in zip(softmax([v[0], v[1], -inf]), v[2:])),
        [0.0, 0.0, 1.0, 3.0, 5.0],
        2.0,
        [-0.5, 0.5, 0.5, 0.5, 0.0],
    ),
    "right and infinitely sure": (lambda v: binary_cross_entropy_with_logits(v[0], 1.0), [inf], 0.0, [0.0]),
    "wrong and infinitely sure": (lambda v: binary_cross_entropy_with_logits(v[0], 0.0), [inf], inf, [1.0]),
    "right, and sure of no": (lambda v: binary_cross_entropy_with_logits(v[0], 0.0), [-inf], 0.0, [0.0]),
    "a masked class": (lambda v: cross_entropy([v], [[1.0, 0.0]]), [0.0, -inf], 0.0, [0.0, 0.0]),
    "a masked class by its index": (lambda v: cross_entropy(v, 0), [0.0, -inf], 0.0, [0.0, 0.0]),
    "three classes": (
        lambda v: cross_entropy([v], [[1.0, 0.0, 0.0]]),
        [0.0, -inf, 0.0],
        math.log(2.0),
        [-0.5, 0.0, 0.5],
    ),
}
NAMED = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def approximately(numbers: Any) -> Any:
    return pytest.approx(numbers, rel=1e-12, abs=1e-14)


@NAMED
def test_the_limit_eagerly(case):
    f, at, value, slopes = case
    assert float(f(at)) == approximately(value)
    assert grad(f)(at) == approximately(slopes)
    assert all(math.isfinite(second) for row in hessian(f)(at) for second in row)


@pytest.mark.parametrize("executor", EXECUTORS)
@NAMED
def test_the_limit_compiled(case, executor):
    f, at, value, slopes = case
    found, gradient = compiler.compile(f, executor=executor).value_and_grad(at)
    assert found == approximately(value)
    assert gradient == approximately(slopes)
    slope = compiler.compile(lambda v: grad(f)(v)[0], executor=executor)
    first, second = slope.value_and_grad(at)
    assert first == approximately(slopes[0])
    assert second == approximately(hessian(f)(at)[0])


@pytest.mark.parametrize("f", [softmax, log_softmax])
def test_a_mask_is_no_anomaly_inside_of_softmax(f):
    xs = [Value(-inf, label="masked"), Value(0.0), Value(1.0)]
    with detect_anomaly():
        f(xs)[1].backward()
    assert all(math.isfinite(x.grad) for x in xs)


def test_a_weight_of_0_keeps_its_own_slope():
    assert grad(lambda y: binary_cross_entropy_with_logits(2.0, y))(0.0) == -2.0


def test_a_nan_is_not_left_out():
    assert math.isnan(cross_entropy([[1.0, math.nan]], [[1.0, 0.0]]))
    assert math.isnan(binary_cross_entropy_with_logits(math.nan, 1.0))


def test_in_general_0_times_inf_stays_nan():
    x = Value(0.0)
    assert math.isnan((x * inf).data)
