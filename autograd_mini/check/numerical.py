"""Slopes from differences of the function's values, without any rule and with error bars.

The central difference D(h) = (f(x+h) − f(x−h)) / 2h differs from f′(x) by c₂h² + c₄h⁴ + … and by the rounding of f over
h.  With a small step the second error dominates, with a large step the first.  So we take a window of steps h, h/2,
h/4 …, as large as the function allows, and extrapolate D to h = 0 by Neville's polynomial in h²: Ridders' method.  The
differences of successive extrapolations estimate the first error, and values at far smaller steps show the second.  The
error bar is their sum.  Bisection finds the exponent of the window: if rounding dominates it must grow, else shrink.

Three cases could give a wrong answer, so we check for them.  At a kink each side has its own slope, from the
differences f(x±h) − f(x) and polynomials in h.  If f changes between the steps, the means of f(x+h) and f(x−h)
don't lead back to f(x).  And a window that contradicts a finer one is rejected.

Ridders, Advances in Engineering Software 4 (1982), 75; Press et al., Numerical Recipes, §5.7.  The search for the
window, the measured rounding and these three checks are ours.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from ..engine import Value
from ..lazy import cached_property
from ..numbers import as_number
from ..structures import Leaves, Rebuild, flatten
from ..transforms import scalar

LEVELS: Final = 8  # steps in a window
SAFETY: Final = 2.0  # times the difference of two extrapolations
ULPS: Final = 2.0  # the rounding of f that is always assumed
ENOUGH: Final = 1e-11  # a relative error with which the search ends
MEANS_SOMETHING: Final = 1e-6  # a relative error with which an estimate is usable
LOWEST, HIGHEST = -1015, 1020  # the range of a step, as exponents of 2
MOST_WINDOWS: Final = 24
CLEAR: Final = 100.0  # error bars between the sides of a kink
ROUGH: Final = 1e-3  # of the range of f: noise in which a slope is still visible
FAR_SMALLER: Final = (20, 22, 24, 27, 30)  # steps far below a window, in halvings: there f is a line plus rounding

NEAREST: Final = (2, 3, 4, 6, 8, 12)  # floats next to the point

TINY: Final = math.ulp(0.0)

Function = Callable[[float], float]


class Estimate(NamedTuple):
    """A number, how far it may be off, and which part of that is not rounding."""

    value: float
    error: float
    truncation: float = 0.0

    @property
    def meaningful(self) -> bool:
        """Whether most of its digits are known."""
        return self.error <= MEANS_SOMETHING * abs(self.value)


NOTHING: Final = Estimate(math.nan, math.inf, math.inf)


class Slope(NamedTuple):
    """The derivative of a function of one number, found by differences.

    `how` is "central", "one-sided left", "one-sided right", "kink", "jump", "vertical" (the slope is infinite),
    "undefined" (f is not finite at the point), "none" (f has no values next to it) or "unresolved".  At a kink or a
    jump, `left` and `right` are the slopes of the two sides, and may be infinite.  At a jump or a vertical slope,
    `steepest` is the slope to the nearest point that was tried.
    """

    value: float
    error: float
    how: str
    left: Estimate = NOTHING
    right: Estimate = NOTHING
    steepest: float = math.inf


class _Line:
    """The function, with nan where it has no value; every value is computed once."""

    def __init__(self, f: Function, x: float, noise: float) -> None:
        self.f, self.x, self.noise = f, x, noise
        self.values: dict[float, float] = {}
        self.centre = self.at(x)

    def at(self, x: float) -> float:
        if x not in self.values:
            try:
                z = self.f(x)
            except (ArithmeticError, ValueError):
                z = math.nan
            self.values[x] = math.nan if isinstance(z, complex) or not math.isfinite(z) else z
        return self.values[x]

    def roughness(self) -> float:
        """How far the values next to the point are from its own, if that is little compared with all values seen."""
        nearest = sorted(self.values, key=lambda y: abs(y - self.x))[: 2 * LEVELS]
        values = [z for z in self.values.values() if z == z]
        rough = max(abs(self.values[y] - self.centre) for y in nearest)
        return rough if rough < ROUGH * (max(values) - min(values)) else 0.0

    def rounding(self, y: float, z: float) -> float:
        """How far f may be rounded where it is y or z."""
        return max(self.noise, ULPS * math.ulp(max(abs(y), abs(z), abs(self.centre))))


class _Window:
    """Values at x ± h, x ± h/2, …, and what follows from them."""

    def __init__(self, line: _Line, exponent: int) -> None:
        self.line, self.exponent = line, exponent
        size = abs(line.x)
        least = 4.0 * math.ulp(size)
        steps = [_exact(size, math.ldexp(0.8, exponent - k)) for k in range(LEVELS)]
        self.steps = [h for h in steps if h >= least]
        self.right, self.left = ([line.at(line.x + s * h) for h in self.steps] for s in (1.0, -1.0))

    @cached_property
    def central(self) -> Estimate:
        """From differences of both sides."""
        return self.central_with(0.0)

    def central_with(self, noise: float) -> Estimate:
        """The same, with `noise` as the rounding of f, if that is more than usual."""
        values = zip(self.steps, self.right, self.left)
        return _extrapolate(
            [(h, (r - q) / (2.0 * h), max(noise, self.line.rounding(r, q)) / h) for h, r, q in values], power=2
        )

    @cached_property
    def sides(self) -> tuple[Estimate, Estimate]:
        """From differences to the point itself, on the left and on the right."""
        return self.sides_with(0.0)

    def sides_with(self, noise: float) -> tuple[Estimate, Estimate]:
        """The same, with `noise` as the rounding of f, if that is more than usual."""
        z = self.line.centre
        left, right = (
            [(h, sign * (y - z) / h, 2.0 * max(noise, self.line.rounding(y, z)) / h) for h, y in self.beside(sign)]
            for sign in (-1.0, 1.0)
        )
        return _extrapolate(left, power=1), _extrapolate(right, power=1)

    @cached_property
    def beyond(self) -> tuple[Estimate, Estimate]:
        """From differences on the left and on the right without the point itself, where f may jump."""
        return _extrapolate(self.slopes(-1.0), power=1), _extrapolate(self.slopes(1.0), power=1)

    def slopes(self, sign: float) -> list[tuple[float, float, float]]:
        """The steps to one side, the slope from each to the next, and its noise."""
        values = self.beside(sign)
        return [
            (h, sign * (z - w) / (h - g), 2.0 * self.line.rounding(z, w) / (h - g))
            for (h, z), (g, w) in pairwise(values)
        ]

    def beside(self, sign: float) -> list[tuple[float, float]]:
        """The steps to one side, and the values there."""
        return list(zip(self.steps, self.right if sign > 0.0 else self.left))

    @cached_property
    def kinked(self) -> bool:
        """Whether the slopes of the two sides certainly differ."""
        return _differ(*self.sides)

    @cached_property
    def strange(self) -> bool:
        """Whether the means of both sides do not lead to the value at the point: f changes in between."""
        z, rounding = self.line.centre, self.line.rounding
        values = zip(self.steps, self.right, self.left)
        points = [(h, 0.5 * r + 0.5 * q - z, rounding(r, q)) for h, r, q in values]
        even = _extrapolate(points, power=2)
        bent = max(abs(value) for _, value, _ in points)
        return abs(even.value) > 4.0 * (even.error + rounding(z, z)) or even.error > 0.01 * bent + 64.0 * rounding(z, z)

    @property
    def still(self) -> bool:
        """Whether f does not move by more than its rounding."""
        z = self.line.centre
        return all(abs(y - z) <= self.line.rounding(y, z) for y in (*self.left, *self.right))

    @cached_property
    def too_large(self) -> bool:
        """Whether smaller steps would be better: the domain of f ends, or it bends more than it is rounded."""
        estimate = self.central
        if estimate is NOTHING:
            estimate = min(self.sides, key=_error)
        if estimate is NOTHING:
            return not _some([self.left[-1], self.right[-1]])
        return estimate.truncation > 0.4 * estimate.error or self.kinked or self.strange

    @cached_property
    def smooth(self) -> bool:
        """Whether the central estimate holds within its error."""
        if self.central is NOTHING or self.kinked or self.strange:
            return False
        return self.central.meaningful or not self.too_large


def _exact(x: float, h: float) -> float:
    """A step of about h for which x + h and x − h are floats."""
    return (x + h) - x if h < x else h


def _error(estimate: Estimate) -> float:
    return estimate.error


def _contrast(left: Estimate, right: Estimate) -> float:
    """How far two estimates are from each other, in error bars."""
    apart = abs(left.value - right.value) / (left.error + right.error)
    return apart if apart == apart else 0.0


def _differ(left: Estimate, right: Estimate) -> bool:
    return _contrast(left, right) > 4.0


def _extrapolate(points: Sequence[tuple[float, float, float]], power: int) -> Estimate:
    """Neville's polynomial in h ** power through (h, slope, its noise), at 0: that of the smallest error."""
    best, place = NOTHING, (0, 0)
    rows: list[list[tuple[float, float]]] = []
    for k, (h, slope, noise) in enumerate(points):
        if slope - slope != 0.0:  # not finite: begin again with smaller steps
            best, rows = NOTHING, []
            continue
        row = [(slope, noise)]
        for j, (coarse, its_noise) in enumerate(rows[-1] if rows else ()):
            fine = slope
            r = (points[k - j - 1][0] / h) ** power
            slope += (fine - coarse) / (r - 1.0)
            noise = (r * noise + its_noise) / (r - 1.0)
            row.append((slope, noise))
            if j:
                truncation = max(abs(slope - fine), abs(slope - coarse))
                error = SAFETY * truncation + noise
                if error < best.error:
                    best, place = Estimate(slope, max(error, TINY), truncation), (len(rows) + 1, j + 1)
        rows.append(row)
    # Smaller steps must not contradict it.
    later = [abs(row[place[1]][0] - best.value) - row[place[1]][1] for row in rows[place[0] :]]
    if later and max(later) > best.truncation:
        error = best.error + max(later)
        return Estimate(best.value, error, error)
    return best


def _search(line: _Line) -> Iterator[_Window]:
    """Windows of steps, by bisection: larger ones if rounding dominates, smaller ones if the function bends."""
    size = abs(line.x)
    lowest = max(LOWEST, math.frexp(math.ulp(size))[1] + LEVELS)
    exponent = max(math.frexp(size)[1] - 4, lowest) if size else -4
    lower, upper, stride = lowest - 1, HIGHEST, 4
    larger = smaller = False  # whether one was too large or too small already
    for _ in range(MOST_WINDOWS):
        window = _Window(line, exponent)
        yield window
        if window.too_large:
            upper, larger = exponent, True
        else:
            lower, smaller = exponent, True
        if upper - lower <= 1:
            return
        if larger and smaller:
            exponent = (lower + upper) // 2
        else:
            exponent = max(lower + 1, upper - stride) if larger else min(upper - 1, lower + stride)
            stride *= 2


def derivative(f: Function, x: float, noise: float = 0.0) -> Slope:
    """The slope of a function of one number, with an error bar.

    Args:
        f: a function from a float to a float.  Its domain ends where it raises an ArithmeticError or a ValueError, or
            is not finite.
        x: the point.
        noise: the rounding error of its values, if you know that it is more than 2 ulp.

    >>> slope = derivative(math.log, 2.0)
    >>> slope.how, abs(slope.value - 0.5) < slope.error < 1e-11
    ('central', True)
    """
    with warnings.catch_warnings():  # NumPy's, of an overflow far away
        warnings.simplefilter("ignore", RuntimeWarning)
        line = _Line(f, x, noise)
        slope = _slope(line)
        if slope.how == "unresolved" and (rough := line.roughness()):
            line.noise = 2.0 * rough
            slope = _slope(line)
            line.noise = noise
        return _stepped(line, slope) if slope.how == "central" else slope


def _slope(line: _Line) -> Slope:
    if not math.isfinite(line.x + line.centre):
        return Slope(math.nan, math.inf, "undefined")
    windows = []
    for window in _search(line):
        windows.append(window)
        if window.central.error <= ENOUGH * abs(window.central.value) and window.smooth:
            break
    windows.sort(key=lambda window: -window.exponent)
    trusted: list[_Window] = []
    for window in reversed(windows):  # a window that contradicts a finer one has missed a change of f in between
        if window.smooth and not any(_differ(window.central, finer.central) for finer in trusted):
            trusted.append(window)
    best = min(trusted, key=lambda window: (not window.central.meaningful, window.central.error), default=None)
    if best is not None and best.central.meaningful:
        return _measured(best)
    if edge := _at_an_edge(windows):
        return edge
    seen = any(_some([*window.left, *window.right]) for window in windows)
    return _measured(best) if best is not None else Slope(math.nan, math.inf, "unresolved" if seen else "none")


def _measured(window: _Window) -> Slope:
    """The central estimate, with the rounding measured at far smaller steps."""
    slope = window.central.value
    noise, flat = _noise(window, slope, slope)
    value, error, _ = window.central_with(noise)
    if window.exponent < LOWEST + LEVELS:  # smaller steps might have shown more, but floats end here
        error *= 100.0
    if window.still:  # the part that its rounding hides may bend within |x|, for a window of any width
        line = window.line
        error = max(error, line.rounding(line.centre, line.centre) / (abs(line.x) or 1.0))
    # A flat part of a staircase: either f has steps, or its digits were lost.  We can't tell which.
    return Slope(value, max(error, abs(value)) if flat else error, "central")


def _noise(window: _Window, left: float, right: float) -> tuple[float, bool]:
    """How far f is from lines of these slopes at far smaller steps, and whether it is constant where they aren't."""
    line, noise, flat = window.line, 0.0, False
    for k in FAR_SMALLER:
        h = _exact(abs(line.x), math.ldexp(window.steps[0], -k))
        if h < 2.0 * math.ulp(line.x):
            break
        up, down = line.at(line.x + h) - line.centre, line.at(line.x - h) - line.centre
        noise = max(noise, abs((up - down) / 2.0 - (left + right) / 2.0 * h))
        flat = flat or (up == down == 0.0 and abs(left + right) * h > 64.0 * math.ulp(line.centre))
    return 3.0 * noise, flat


def _at_an_edge(windows: Sequence[_Window]) -> Slope | None:
    """The slope at a kink, a jump or an end of the domain, from windows in order of size; None if there is none."""
    finest = windows[-1]
    if finest.too_large and (upright := _upright(windows)):
        return upright
    if kink := _kink(windows):
        return kink
    if finest.too_large and (steepest := _jump(windows)):
        sides = min((window.beyond for window in windows), key=lambda sides: sum(map(_error, sides)))
        return _between("jump", *sides)._replace(steepest=steepest)
    ends = [name for name, values in (("right", finest.left), ("left", finest.right)) if not _some(values)]
    if len(ends) == 1:
        estimate = min((min(window.sides, key=_error) for window in windows), key=_error)
        lost = not estimate.meaningful and (finest.too_large or any(_growing(windows, sign)[0] for sign in (-1.0, 1.0)))
        return Slope(estimate.value, math.inf if lost else estimate.error, f"one-sided {ends[0]}")
    if not ends and finest.too_large:
        return Slope(finest.central.value, math.inf, "unresolved")
    return None


def _kink(windows: Sequence[_Window]) -> Slope | None:
    """The kink, if all windows that are fine enough show it."""
    window = max(windows, key=lambda window: _contrast(*window.sides))
    left, right = window.sides
    if not _contrast(left, right) > CLEAR:
        return None
    for finer in windows[windows.index(window) + 1 :]:
        if not finer.kinked and 4.0 * sum(map(_error, finer.sides)) < abs(left.value - right.value):
            return None
    noise, flat = _noise(window, left.value, right.value)
    sides = window.sides_with(noise)
    return _between("kink", *sides) if _differ(*sides) and not flat else None


def _some(values: Sequence[float]) -> bool:
    return any(z == z for z in values)


def _between(how: str, left: Estimate, right: Estimate) -> Slope:
    ends = [z + e for z, error, _ in (left, right) if error < math.inf for e in (-error, error)]
    if not ends:
        return Slope(math.nan, math.inf, how, left, right)
    return Slope((min(ends) + max(ends)) / 2.0, (max(ends) - min(ends)) / 2.0, how, left, right)


def _jump(windows: Sequence[_Window]) -> float:
    """If the nearest values differ from the one at the point, the slope to the nearest of them; else 0."""
    if len(windows) < 2:
        return 0.0
    *_, coarser, finest = windows
    centre = finest.line.centre
    for sign, beyond in zip((-1.0, 1.0), finest.beyond):
        (_, first), (h, last) = coarser.beside(sign)[0], finest.beside(sign)[-1]
        gap = last - centre
        smooth = h * (abs(beyond.value) + beyond.error) + finest.line.rounding(last, centre)
        if abs(gap) > 16.0 * smooth and abs(last - first) < abs(gap) / 4.0:
            nearest = finest.line.at(math.nextafter(finest.line.x, sign * math.inf)) - centre
            if abs(nearest) > abs(gap) / 4.0:  # else it jumps between the point and the step, not at the point
                return sign * gap / h
    return 0.0


def _stepped(line: _Line, slope: Slope) -> Slope:
    """The slope, or a jump if f jumps to the nearest floats, which a window of long steps does not see."""
    ulp = math.ulp(line.x)
    for sign in (-1.0, 1.0):
        first = line.at(line.x + sign * ulp)
        gap = first - line.centre
        if abs(gap) > 64.0 * line.rounding(first, line.centre) + 4.0 * ulp * abs(slope.value):
            more = [line.at(line.x + sign * k * ulp) for k in NEAREST]
            if all(abs(z - first) < abs(gap) / 4.0 for z in more):  # f continues from there; else it is only rough
                side = Estimate(slope.value, slope.error)
                return slope._replace(how="jump", left=side, right=side, steepest=sign * gap / ulp)
    return slope


def _upright(windows: Sequence[_Window]) -> Slope | None:
    """The slope if the slope of one side or of both is infinite; else None."""
    finest = windows[-1].steps[-1]
    grown = [_growing(windows, sign) for sign in (-1.0, 1.0)]
    left, right = steepest = [slope if step <= 64.0 * finest else 0.0 for slope, step in grown]
    top = max(steepest, key=abs)
    if not top:
        return None
    sides = [
        Estimate(math.copysign(math.inf, slope), 0.0) if slope else min((w.sides[i] for w in windows), key=_error)
        for i, slope in enumerate(steepest)
    ]
    if left * right < 0.0 or any(abs(value) + error < abs(top) / CLEAR for value, error, _ in sides):
        return _between("kink", *sides)
    return Slope(math.copysign(math.inf, top), 0.0, "vertical", steepest=top)


def _growing(windows: Sequence[_Window], sign: float) -> tuple[float, float]:
    """The steepest visible slope to one side, and its step, if slopes grow as long as steps shrink; else 0."""
    seen = {h: slope for w in windows for h, slope, noise in w.slopes(sign) if 32.0 * noise < abs(slope)}
    steps = sorted(seen, reverse=True)
    if len(steps) < 2 * LEVELS:
        return 0.0, 0.0
    ratios = [seen[g] / seen[h] for h, g in pairwise(steps)]
    steepest = seen[steps[-1]]
    return (steepest, steps[-1]) if min(ratios) > 1.0 and steepest / seen[steps[0]] > 4.0 else (0.0, 0.0)


# ---- functions of structures ----


class NumericalGradient(NamedTuple):
    """Slopes by differences, in the structure of the argument: the numbers, their error bars, and how they were found.

    With several arguments, each is a tuple.  `slopes` is flat, in the order of the numbers.
    """

    value: Any
    error: Any
    how: Any
    slopes: tuple[Slope, ...]


def numerical_gradient(f: Callable[..., Any], *args: Any) -> NumericalGradient:
    """∂f/∂x for each number x in the arguments, from values of f alone, with error bars.

    From outside, rounding inside f is invisible: (x + 1e10) − 1e10 is a staircase.  `gradcheck` sees it.

    Args:
        f: a function of numbers, or of structures of numbers, that returns one number.
        args: its arguments: floats, or (nested) lists, tuples, dicts and NumPy arrays of them.

    Raises:
        TypeError: f returns something other than one number, or an argument holds something else.

    >>> gradient = numerical_gradient(lambda p: p["x"] ** 2 * p["y"], {"x": 3.0, "y": 4.0})
    >>> gradient.how
    {'x': 'central', 'y': 'central'}
    >>> abs(gradient.value["x"] - 24.0) < gradient.error["x"] < 1e-10
    True
    """
    at, _, xs, rebuild = on_floats(f, args)
    slopes = tuple([partial_derivative(at, xs, i) for i in range(len(xs))])
    value, error, how = (
        parts if len(args) != 1 else parts[0]
        for parts in (tuple(rebuild([getattr(s, name) for s in slopes])) for name in ("value", "error", "how"))
    )
    return NumericalGradient(value, error, how, slopes)


def partial_derivative(f: Callable[[Leaves], float], xs: Sequence[float], i: int, noise: float = 0.0) -> Slope:
    """`derivative` with respect to one of several numbers."""
    return derivative(lambda x: f([*xs[:i], x, *xs[i + 1 :]]), xs[i], noise)


class OnFloats(NamedTuple):
    """A function of a list of floats, and the function that makes its arguments from them.

    `at` passes floats or Values, whichever loses less; `plainly` passes floats of any kind.
    """

    at: Callable[[Leaves], float]
    plainly: Callable[[Leaves], float]
    xs: list[float]
    rebuild: Rebuild


def on_floats(f: Callable[..., Any], args: Sequence[Any]) -> OnFloats:
    """f as a function of a list of floats.

    It gets Values if it does not take floats, for example because it calls methods of Values, and if it rounds more on
    floats: a float times an np.float32 constant is computed in 32 bits, a Value times one in 64.
    """
    numbers, rebuild = flatten(list(args))
    xs = [as_number(x.data if isinstance(x, Value) else x, "numerical_gradient()") for x in numbers]

    def at(xs: Leaves) -> Any:
        z = f(*rebuild(xs, derive=True))
        return z if isinstance(z, complex) else number(scalar(z, f))

    def at_values(xs: Leaves) -> Any:
        return number(scalar(f(*rebuild([Value(x) for x in xs], derive=True)), f))

    def number(z: Any) -> float:
        return z.data if isinstance(z, Value) else float(z)

    try:
        scalar(f(*rebuild(xs, derive=True)), f)
    except (AttributeError, TypeError):
        at_values(xs)
        return OnFloats(at_values, at_values, xs, rebuild)
    return OnFloats(at_values if _rounds_more(at, at_values, xs) else at, at, xs, rebuild)


def _rounds_more(at: Callable[[Leaves], Any], at_values: Callable[[Leaves], float], xs: Leaves) -> bool:
    """Whether f behaves differently on Values and on floats, tried at a number that does not fit in 32 bits."""
    beside = [x * (1.0 + 2.0**-10 / 3.0) for x in xs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            z, w = at(beside), at_values(beside)
        except (ArithmeticError, ValueError, AttributeError, TypeError):  # f has no value there, or takes no Values
            return False
    return bool(abs(z - w) > 64.0 * math.ulp(w))
