"""The verdict on one slope, from the witnesses.

The first witness is cheap: differences of values of the function, with an error bar.  The verdict is `right` only if
the bar is SMALL compared with the slope.  If it isn't, or if the slope seems wrong, more precise witnesses follow the
graph of the function: the complex step, then longer arithmetic.  They count only if function and graph agree near the
point.  If no witness is precise enough, the verdict is `inconclusive`.  No witness reads a rule's partials.
"""

import math
import sys
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from .evidence import Evidence
from .numerical import CLEAR, Estimate, Slope
from .paths import Found
from .report import Verdict

Witness = Literal["auto", "differences", "complex"]

SMALL: Final = 1e-8
"""The largest ratio of error bar and slope for the verdict `right`.  One operation of a long program may contribute
little to the slope: with this bar, an operation that is 1 % wrong is found if it contributes a millionth."""

NONE_OF_IT: Final = 1e-12
"""The largest ratio of slope and rounding of the sweep for which a slope of exactly 0 is `right`.  In x - x all paths
cancel to the last digit, and no bar is small compared with 0."""

HUGE: Final = sys.float_info.max
LEAST: Final = sys.float_info.min
JUMP: Final = "jump"
NOT_ITS_GRAPH: Final = "f moves where its graph does not: by .data, stop_gradient or a branch"
UNSEEN: Final = {"none": "f has no values nearby", "unresolved": "f is too rough"}


class Judgement(NamedTuple):
    """A verdict, the slope that it compares with, and the bar."""

    verdict: Verdict
    numeric: float
    error: float
    note: str = ""


def judge(evidence: Evidence, i: int, witness: Witness = "auto") -> Judgement:
    """The verdict on the slope with respect to number i."""
    a = evidence.analytic[i]
    if not math.isfinite(evidence.xs[i]):
        return Judgement("inconclusive", math.nan, math.inf, "the point is not finite")
    if not math.isfinite(evidence.value):
        return Judgement("inconclusive", math.nan, math.inf, "f is not finite here")
    if witness == "complex":
        return _by_operations(a, evidence.by_complex_step(i), "by the complex step")
    seen = _by_differences(a, evidence.by_differences(i), evidence.rounding(i))
    if a != a and seen.verdict == "wrong" and evidence.powers_of_negatives:
        return seen._replace(verdict="inconclusive", note="a negative number has powers only at whole numbers")
    if witness == "differences" or seen.verdict == "right":
        return seen
    return _weighed(evidence, i, seen, _tighter(evidence, i, seen.note == JUMP))


def _tighter(evidence: Evidence, i: int, jumps: bool) -> Judgement:
    """The judgement from single operations: by the complex step, which is quick, or by decimals, which are exact."""
    a = evidence.analytic[i]
    if not evidence.tied and not jumps:  # the complex step does not see kinks and jumps
        quick = _by_operations(a, evidence.by_complex_step(i), "by the complex step")
        if quick.verdict == "right":
            return quick
    return _by_operations(a, evidence.in_longer_arithmetic(i), "in longer arithmetic")


def _weighed(evidence: Evidence, i: int, seen: Judgement, longer: Judgement) -> Judgement:
    """Which of two judgements to believe: the one from values of the function, or the one from its operations."""
    match seen.verdict, longer.verdict:
        case "inconclusive", "inconclusive":
            return longer if longer.error < seen.error else seen
        case "inconclusive", "wrong":  # even if f differs from its graph
            return longer
        case _, "inconclusive":
            return seen
        case "wrong", "wrong":
            known = min(seen, longer, key=lambda judgement: judgement.error)
            return seen._replace(numeric=known.numeric, error=known.error)
    if evidence.is_its_graph(i):
        return longer
    hidden = longer.verdict == "right" and seen.verdict != "kink" and seen.note != JUMP
    return seen._replace(note=NOT_ITS_GRAPH) if hidden else seen


def _by_differences(a: float, slope: Slope, rounding: float) -> Judgement:
    """The judgement on the analytic slope a from differences."""
    how, value, error = slope.how, slope.value, slope.error + rounding
    if how in UNSEEN and a == a:
        note = "steeper than floats can show" if math.isinf(a) else UNSEEN[how]
        return Judgement("inconclusive", value, error, note)
    if how == "undefined":
        return Judgement("inconclusive", value, error, "f is not finite here")
    if how == "jump":
        return _at_a_jump(a, slope)
    if a != a:
        no_slope = how in ("kink", "none")
        return Judgement("kink", value, error, "there is no slope, and nan says so") if no_slope else _wrong(slope)
    if how == "vertical":
        return _upright(a, slope)
    if how == "kink":
        return _at_a_kink(a, slope, rounding)
    return _compared(a, Estimate(value, slope.error), rounding, "" if how == "central" else how)


def _wrong(slope: Slope) -> Judgement:
    return Judgement("wrong", slope.value, slope.error)


def _at_a_jump(a: float, slope: Slope) -> Judgement:
    if math.isinf(a) and _as_steep(a, slope):
        return Judgement("kink", a, math.inf, "f jumps here")
    if math.isinf(a) and max(slope.left.error, slope.right.error) < math.inf:
        return Judgement("inconclusive", slope.value, math.inf, "too steep next to the jump to be seen")
    return Judgement("wrong", math.copysign(math.inf, slope.steepest), math.inf, JUMP)


def _as_steep(a: float, slope: Slope) -> bool:
    return a * slope.steepest > 0.0 and abs(a) >= abs(slope.steepest) / 16.0


def _upright(a: float, slope: Slope) -> Judgement:
    if a == slope.value:
        return Judgement("right", a, 0.0, "vertical tangent: the slopes grow without bound")
    return Judgement("inconclusive" if _as_steep(a, slope) else "wrong", slope.value, slope.error, "vertical tangent")


def _at_a_kink(a: float, slope: Slope, rounding: float) -> Judgement:
    sides = [side for side in (slope.left, slope.right) if side.error < math.inf]
    low = min(side.value - side.error for side in sides) - rounding
    high = max(side.value + side.error for side in sides) + rounding
    known = "before and after" if len(sides) == 2 else "on the only side that exists"
    note = f"kink: slopes {' and '.join(_told_apart([side.value for side in sides]))} {known}"
    if rounding * CLEAR > high - low:
        return Judgement("inconclusive", slope.value, slope.error + rounding, note)
    return Judgement("kink" if low <= a <= high else "wrong", slope.value, slope.error + rounding, note)


def _told_apart(numbers: Sequence[float]) -> list[str]:
    """Numbers with six digits, or with as many as they need to look different."""
    texts = ([f"{x:.{digits}g}" for x in numbers] for digits in range(6, 18))
    return next(some for some in texts if len(set(some)) == len(set(numbers)))


def _by_operations(a: float, found: Found, note: str) -> Judgement:
    """The judgement on the analytic slope a from the combined slopes of single operations."""
    numeric, rounding = found
    if numeric.error == math.inf:
        return Judgement("inconclusive", numeric.value, math.inf, "an operation has no slope that could be seen")
    if math.isinf(a) and numeric.value == a:
        return Judgement("right", a, 0.0, "vertical tangent of an operation")
    return _compared(a, numeric, rounding, note)


def _compared(a: float, numeric: Estimate, rounding: float, note: str) -> Judgement:
    value, error = numeric.value, numeric.error + rounding
    small = error <= SMALL * abs(value)
    if a != a or math.isinf(a):
        overflown = math.isinf(a) and abs(value) > HUGE / 2.0**20
        return Judgement("wrong" if small and not overflown else "inconclusive", value, error, note)
    if abs(a - value) > error:
        return Judgement("wrong", value, error, note)
    if small or (a == 0.0 and _is_nothing(numeric, rounding)):
        return Judgement("right", value, error, note)
    return Judgement("inconclusive", value, error, note or "the error bar is too long")


def _is_nothing(numeric: Estimate, rounding: float) -> bool:
    """Whether a slope underflows, or is so small that all its terms cancel."""
    return abs(numeric.value) + numeric.error <= max(LEAST, NONE_OF_IT * rounding)
