"""Losses: how far predictions are from their targets, as one number to make small.

Each takes the prediction and the target of one sample, or a list of each for several samples, and returns the mean over
the samples.  The loss of a sample with several outputs is the sum over its outputs.  The outermost list is always the
list of samples:

    a number                    one sample with one output
    a list of numbers           several samples with one output each
    a list of lists             several samples with several outputs each; one such sample is [[a₁, a₂]]

Every prediction for `cross_entropy` is a list, so you can pass the list of a single sample directly.  In place of a
list you can pass any iterable, such as an array.  Numbers are Values or plain numbers.  The result is a Value if one of
them is, else a float.

Invalid data raises an error that names row and column, both counted from 0.  A nan among the predictions is valid: it
makes the loss nan.
"""

import math
import reprlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import functions
from ..engine import Value, apply
from ..functions import clamp, dot, exp, lgamma, log, log1p, logsumexp, maximum, mean, relu, softplus, where
from ..numbers import as_constant
from ..rules import RULES

__all__ = [
    "mse", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "hinge", "huber",
    "gaussian_nll", "poisson_nll", "negative_binomial_nll",
]  # fmt: skip

Number = Value | float
Numbers = Number | Iterable[Number | Iterable[Number]]
Place = tuple[int | None, ...]  # (), (row,) or (row, column); a bare sample is in no row


def mse(prediction: Numbers, target: Numbers) -> Any:
    """The mean squared error, halved: 1/(2n) · Σ‖y − a‖² over n samples.

    Its slope with respect to a is (a − y)/n.  Nielsen, Neural Networks and Deep Learning, eq. 6.  PyTorch's loss has no
    ½, and also divides by the number of outputs.

    Args:
        prediction: a, a number, n of them, or n lists of numbers.
        target: y, of the same shape.

    Raises:
        ValueError: the shapes differ, or there is no sample.

    >>> a = Value(3.0)
    >>> loss = mse([a, 1.0], [2.0, 1.0])
    >>> loss.backward()
    >>> loss.data, a.grad
    (0.25, 0.5)
    """
    n, pairs = _samples(prediction, target)
    errors = [a - y for _, a, y in pairs]
    return dot(errors, errors) / (2 * n)


def binary_cross_entropy(prediction: Numbers, target: Numbers) -> Any:
    """How surprising the labels are under the predicted probabilities: −1/n · Σ [y ln a + (1−y) ln(1−a)].

    Its slope with respect to a is (a − y)/(a(1−a)n).  A term with the factor 0 is 0 even if its logarithm is infinite,
    also in the derivative with respect to y: a prediction that is right and certain, such as y = a = 0, costs 0.
    Nielsen, eq. 57.  PyTorch limits logarithms to −100, and so hides an infinite loss; here that is an error.

    Args:
        prediction: a, a probability from 0 to 1, n of them, or n lists of them.
        target: y, from 0 to 1, of the same shape.

    Raises:
        ValueError: the shapes differ, there is no sample, a number is not between 0 and 1, or a prediction is wrong and
            certain, so that its loss is infinite.

    >>> a = Value(0.25)
    >>> binary_cross_entropy(a, 1).backward()
    >>> a.grad
    -4.0
    >>> binary_cross_entropy([0.0, 1.0], [0, 1])
    0.0
    """
    return _mean(_binary_cross_entropy, prediction, target)


def _binary_cross_entropy(place: Place, a: Any, y: Any) -> Any:
    _require_probability(place, "label", y)
    if a < 0.0 or a > 1.0:
        raise ValueError(f"{_at(place)}the prediction {a!r} is not a probability, from 0 to 1")
    try:
        return -(y * log(where(y, a, 1.0)) + (1.0 - y) * log1p(where(1.0 - y, -a, 0.0)))
    except ValueError:
        raise ValueError(
            f"{_at(place)}the prediction {a!r} where the label is {y!r} makes the loss infinite: "
            "leave out the sigmoid, and use binary_cross_entropy_with_logits"
        ) from None


def binary_cross_entropy_with_logits(prediction: Numbers, target: Numbers) -> Any:
    """The binary cross-entropy of a = σ(z), from z itself: 1/n · Σ [y ln(1+e⁻ᶻ) + (1−y) ln(1+eᶻ)].

    Its slope with respect to z is (σ(z) − y)/n, without σ', so a neuron that is certain and wrong learns fast.
    Nielsen, eq. 61.  It never overflows, and where σ(z) is nearly y, both loss and slope keep their digits.

    Args:
        prediction: z, any number, n of them, or n lists of them.
        target: y, from 0 to 1, of the same shape.

    Raises:
        ValueError: the shapes differ, there is no sample, or a label is not between 0 and 1.

    >>> z = Value(-1000.0)
    >>> loss = binary_cross_entropy_with_logits(z, 1)
    >>> loss.backward()
    >>> loss.data, z.grad
    (1000.0, -1.0)
    """
    return _mean(_binary_cross_entropy_with_logits, prediction, target)


def _binary_cross_entropy_with_logits(place: Place, z: Any, y: Any) -> Any:
    _require_probability(place, "label", y)
    return apply(RULES["expectation"], y, 1.0 - y, softplus(-z), softplus(z))


def cross_entropy(logits: Iterable[Number | Iterable[Number]], target: Numbers) -> Any:
    """How surprising the classes are under p = softmax(z): −1/n · Σ ln p_k, or −1/n · ΣΣ y_k ln p_k.

    Its slope with respect to z is (p − y)/n, where y is 1 for the class k and 0 for the others.  Bishop, Pattern
    Recognition and Machine Learning, eq. 4.108.  It is computed as logsumexp(z) − z_k, which does not overflow.
    PyTorch also accepts weights that do not add up to 1.

    Args:
        logits: z, a list with one number per class for one sample, or a list of such lists for several samples.
        target: the class k, counted from 0, or a list with one probability y_k per class, as in one-hot encoding.  For
            several samples, a list of these.

    Raises:
        TypeError: a list of samples contains something else, or the class is a Value.
        ValueError: the numbers of targets and samples, or of probabilities and classes, differ; there are none;
            there is no such class; or the probabilities do not add up to 1.

    >>> z = [Value(0.0), Value(0.0)]
    >>> cross_entropy(z, 1).backward()
    >>> [v.grad for v in z]
    [0.5, -0.5]
    >>> cross_entropy([[1000.0, 0.0], [0.0, 1000.0]], [0, [0.0, 1.0]])
    0.0
    """
    samples = list(logits)
    if not any(map(_is_list, samples)):
        return _cross_entropy((None,), samples, target)
    n = len(samples)
    if not isinstance(target, Iterable):
        raise ValueError(f"there must be a target for each of {n} samples, in a list, not {target!r}")
    targets = list(target)
    if len(targets) != n:
        raise ValueError(f"got {n} sample{'s' * (n != 1)} but {len(targets)} target{'s' * (len(targets) != 1)}")
    return mean([_cross_entropy((row,), z, y) for row, (z, y) in enumerate(zip(samples, targets))])


def _cross_entropy(place: Place, logits: Any, target: Any) -> Any:
    if not _is_list(logits):
        raise TypeError(f"{_at(place)}the logits must be a list of numbers, one for each class, not {logits!r}")
    zs = [_number((*place, k), z) for k, z in enumerate(logits)]
    if not zs:
        raise ValueError(f"{_at(place)}there are no logits: give one for each class")
    if _is_list(target):
        ys = [_number((*place, k), y) for k, y in enumerate(target)]
        if len(ys) != len(zs):
            raise ValueError(f"{_at(place)}there must be a probability for each of {len(zs)} classes, not {len(ys)}")
        for k, y in enumerate(ys):
            _require_probability((*place, k), "target", y)
        if not abs(functions.sum(ys) - 1.0) <= 1e-6:  # the accuracy of float32
            raise ValueError(f"{_at(place)}the probabilities {ys!r} do not add up to 1")
        return logsumexp(zs) - apply(RULES["expectation"], *ys, *zs)
    if isinstance(target, Value):
        raise TypeError(f"{_at(place)}a class is a plain number, not {target!r}: take its .data, or one-hot encoding")
    k = _number(place, target)
    if not (k.is_integer() and 0 <= k < len(zs)):
        raise ValueError(f"{_at(place)}there is no class {target!r}: {len(zs)} logits are for 0 to {len(zs) - 1}")
    return logsumexp(zs) - zs[int(k)]


def hinge(prediction: Numbers, target: Numbers) -> Any:
    """How far scores fall short of a margin of 1 on their side: 1/n · Σ max(0, 1 − y·s), with labels y of −1 and +1.

    Its slope with respect to s is −y/n where y·s < 1, and 0 elsewhere, even at the margin.  Cortes & Vapnik 1995,
    Support-vector networks.

    Args:
        prediction: s, any number, n of them, or n lists of them.
        target: y, −1 or +1, of the same shape.

    Raises:
        ValueError: the shapes differ, there is no sample, or a label is neither −1 nor +1.

    >>> s = Value(0.5)
    >>> loss = hinge([s, -3.0], [1, -1])
    >>> loss.backward()
    >>> loss.data, s.grad
    (0.25, -0.5)
    """
    return _mean(_hinge, prediction, target)


def _hinge(place: Place, s: Any, y: Any) -> Any:
    if abs(y) != 1.0:
        raise ValueError(f"{_at(place)}the label {y!r} is neither -1 nor +1")
    return relu(1.0 - y * s)


def huber(prediction: Numbers, target: Numbers, delta: float = 1.0) -> Any:
    """Squared near the target, linear far away: 1/n · Σ of ½d² where |d| ≤ δ, else δ(|d| − ½δ), with d = a − y.

    Its slope with respect to a is d/n, limited to ±δ/n even for an infinite error, so one outlier does not dominate.
    Huber 1964.  It is computed as ½c² + δ·(max(|d|, δ) − δ), where c is d clamped to ±δ: the same in one formula.

    Args:
        prediction: a, a number, n of them, or n lists of numbers.
        target: y, of the same shape.
        delta: δ, above 0.

    Raises:
        ValueError: the shapes differ, there is no sample, or δ is not a number above 0.

    >>> a = Value(5.0)
    >>> loss = huber(a, 1.0, delta=2.0)
    >>> loss.backward()
    >>> loss.data, a.grad
    (6.0, 2.0)
    """
    if not 0.0 < delta < math.inf:
        raise ValueError(f"delta must be above 0 and finite, not {delta!r}")

    def loss(_: Place, a: Any, y: Any) -> Any:
        d = a - y
        c = clamp(d, -delta, delta)
        return 0.5 * c * c + delta * (maximum(abs(d), delta) - delta)

    return _mean(loss, prediction, target)


def gaussian_nll(prediction: Numbers, target: Numbers, variance: Numbers) -> Any:
    """How surprising numbers are under a normal distribution: 1/n · Σ ½[ln(2πv) + (y − a)²/v].

    Its slopes are (a − y)/(vn) with respect to a, and (1 − (y − a)²/v)/(2vn) with respect to v.  So you can learn the
    variance too: predict its logarithm, and pass the exponential.  Nix & Weigend 1994.  PyTorch's loss increases a
    small variance, and leaves out ln 2π by default.

    Args:
        prediction: the mean a, a number, n of them, or n lists of numbers.
        target: y, of the same shape.
        variance: v, above 0: of the same shape, or one number for all.

    Raises:
        ValueError: the shapes differ, there is no sample, or a variance is not above 0.

    >>> a, v = Value(1.0), Value(2.0)
    >>> gaussian_nll(a, 3.0, v).backward()
    >>> a.grad, v.grad
    (-1.0, -0.25)
    """
    prediction = _listed(prediction)
    n, pairs = _samples(prediction, target)
    if _is_list(variance):
        variances = [v for _, v, _ in _samples(_listed(variance), prediction, ("variance", "prediction"))[1]]
    else:
        variances = [_number((), variance)] * len(pairs)
    return _over_samples(n, [_gaussian_nll(*pair, v) for pair, v in zip(pairs, variances)])


def _gaussian_nll(place: Place, a: Any, y: Any, v: Any) -> Any:
    if not v > 0.0:
        raise ValueError(f"{_at(place)}the variance {v!r} is not above 0")
    d = y - a
    return 0.5 * (log(2.0 * math.pi * v) + d * d / v)


def poisson_nll(prediction: Numbers, target: Numbers) -> Any:
    """How surprising counts are at the rates e^z: 1/n · Σ [e^z − y·z + ln y!].

    Its slope with respect to z is (e^z − y)/n, and ln y! is computed as ln Γ(y + 1).  PyTorch's loss leaves it out, or
    uses Stirling's formula.

    Args:
        prediction: z, the logarithm of the rate: a number, n of them, or n lists of numbers.
        target: the count y, 0 or more, of the same shape.

    Raises:
        ValueError: the shapes differ, there is no sample, or a count is negative.
        OverflowError: a rate is beyond the largest float.

    >>> z = Value(0.0)
    >>> poisson_nll(z, 3).backward()
    >>> z.grad
    -2.0
    """
    return _mean(_poisson_nll, prediction, target)


def _poisson_nll(place: Place, z: Any, y: Any) -> Any:
    _require_count(place, y)
    return exp(z) - y * z + lgamma(y + 1.0)


def negative_binomial_nll(prediction: Numbers, target: Numbers, size: Number) -> Any:
    """How surprising counts are if their mean is μ = e^z and their variance μ + μ²/r.

    1/n · Σ [r·ln(1 + μ/r) + y·ln(1 + r/μ) − ln Γ(y + r) + ln Γ(r) + ln y!].  Its slope with respect to z is (μ − y)/((1
    + μ/r)n). As r grows, it approaches poisson_nll.  Hilbe, Negative Binomial Regression, 8.2.

    Args:
        prediction: z, the logarithm of the mean: a number, n of them, or n lists of numbers.
        target: the count y, 0 or more, of the same shape.
        size: r, above 0, which may be a Value.

    Raises:
        ValueError: the shapes differ, there is no sample, a count is negative, or r is not above 0.

    >>> z, r = Value(0.0), Value(1.0)
    >>> loss = negative_binomial_nll(z, 0, r)
    >>> loss.backward()
    >>> f"{loss.data:.6f}", z.grad
    ('0.693147', 0.5)
    """
    r = _number((), size)
    if not r > 0.0:
        raise ValueError(f"the size {r!r} is not above 0")

    def loss(place: Place, z: Any, y: Any) -> Any:
        _require_count(place, y)
        z = z - log(r)
        return r * softplus(z) + y * softplus(-z) - lgamma(y + r) + lgamma(r) + lgamma(y + 1.0)

    return _mean(loss, prediction, target)


# ---- samples, and errors about them ----


def _mean(loss: Callable[[Place, Any, Any], Any], prediction: Any, target: Any) -> Any:
    """The losses of all outputs, summed, over the number of samples."""
    n, pairs = _samples(prediction, target)
    return _over_samples(n, [loss(*pair) for pair in pairs])


def _over_samples(n: int, losses: list[Any]) -> Any:
    return losses[0] if len(losses) == 1 else functions.sum(losses) / n


def _samples(
    prediction: Any, target: Any, names: tuple[str, str] = ("prediction", "target")
) -> tuple[int, list[tuple[Place, Any, Any]]]:
    """The number of samples, and each predicted number with its place and its target; `names` are for messages."""
    if not _is_list(prediction):
        return 1, list(_pairs((), prediction, target, names))
    rows = list(prediction)
    return len(rows), list(_pairs((), rows, target, names))


def _pairs(place: Place, prediction: Any, target: Any, names: tuple[str, str]) -> Iterator[tuple[Place, Any, Any]]:
    lists = _is_list(prediction) + _is_list(target)
    if lists == 0 or len(place) == 2:
        yield place, _number(place, prediction), _number(place, target)
        return
    if lists == 1:
        both = f"the {names[0]} {reprlib.repr(prediction)} and the {names[1]} {reprlib.repr(target)}"
        raise ValueError(f"{_at(place)}{both} must be two numbers or two lists")
    a, y = list(prediction), list(target)
    if len(a) != len(y):
        counts = [f"{len(xs)} {name}{'s' * (len(xs) != 1)}" for xs, name in zip((a, y), names)]
        raise ValueError(f"{_at(place)}got {' but '.join(counts)}")
    if not a:
        raise ValueError(f"{_at(place)}the loss of no predictions is undefined: give at least one")
    for i in range(len(a)):
        yield from _pairs((*place, i), a[i], y[i], names)


def _require_count(place: Place, y: Any) -> None:
    if not y >= 0.0:
        raise ValueError(f"{_at(place)}the count {y!r} is negative")


def _require_probability(place: Place, what: str, y: Any) -> None:
    if not 0.0 <= y <= 1.0:
        raise ValueError(f"{_at(place)}the {what} {y!r} is not between 0 and 1")


def _number(place: Place, x: Any) -> Any:
    if isinstance(x, Value):
        return x
    number = as_constant(x)
    if number is None:
        raise TypeError(f"{_at(place)}a number is needed, not {type(x).__name__} {x!r}")
    return number


def _is_list(x: object) -> bool:
    return hasattr(x, "__iter__") and not isinstance(x, str) and getattr(x, "shape", None) != ()


def _listed(x: Any) -> Any:
    """Iterables as lists, which can be read twice."""
    return list(map(_listed, x)) if _is_list(x) else x


def _at(place: Place) -> str:
    """The place of an error, for the beginning of a message."""
    names = [f"{name} {i}" for name, i in zip(("row", "column"), place, strict=False) if i is not None]
    return f"{', '.join(names)}: " if names else ""
