"""How root and fixed_point search for a solution: on plain numbers, or recorded in a trace for other numbers too.

On plain numbers a search ends when it has arrived.  A program can't decide when to end, so the trace records a fixed
number of trips: several times as many as its own numbers needed.  Trips after the solution change nothing.  If Newton's
next step is still large after them, the solution is rejected.
"""

import math
from collections.abc import Callable
from typing import Any, Protocol

from .errors import AutogradError
from .functions import hypot, sqrt, where
from .linear import solve
from .reading import number_of
from .watch import never_raising

HALVINGS = 40  # of a Newton step that does not come closer
NEAR = 1e-8  # relative: how long the last step may be if rounding prevents a shorter one
CLOSE = 1e-6  # relative: from here on Newton's method replaces an iteration
SPARE = 2  # trips to record for each trip that the numbers of the trace need to come CLOSE
FEWEST_OF_NEWTON, FEWEST_OF_ITERATION = 40, 64  # the fewest that are recorded

Numbers = list[Any]  # floats, or in a trace Values that are held constant


class ConvergenceError(AutogradError, ArithmeticError):
    """An equation was not solved: `residual` says by how much the two sides still differ."""

    def __init__(self, message: str, residual: float) -> None:
        super().__init__(message)
        self.residual = residual


class Equation(Protocol):
    """f(x) = 0, evaluated on numbers, or in a trace on Values that are held constant."""

    name: str
    start: Numbers

    def at(self, xs: Numbers) -> Numbers:
        """f at x."""

    def jacobian(self, xs: Numbers) -> list[Numbers]:
        """∂f/∂x there."""


def _far(equation: Equation, xs: Numbers, step: Numbers) -> Any:
    """How long a step is, relative to the sizes of x and of the starting point: x alone may be 0."""
    return hypot(*[abs(d) / (abs(x) + abs(s) + (s == 0.0)) for x, d, s in zip(xs, step, equation.start)])


# ---- on plain numbers ----


def newton(equation: Equation, xs: Numbers, steps: int) -> Numbers:
    """The solution near x.  A step that does not come closer is halved."""
    rs = equation.at(xs)
    for _ in range(steps):
        size = hypot(*rs)
        if size == 0.0:
            return xs
        step = _step(equation, xs, rs)
        better = _shorter(equation, xs, step, size)
        if better is None:
            if _far(equation, xs, step) <= NEAR:
                return xs
            break
        xs, rs = better
    raise _lost(equation, xs, rs)


def _step(equation: Equation, xs: Numbers, rs: Numbers) -> Numbers:
    try:
        step: Numbers = solve(equation.jacobian(xs), rs)
    except ValueError as error:
        raise _lost(equation, xs, rs, f": {error}") from None
    return step


def _shorter(equation: Equation, xs: Numbers, step: Numbers, size: Any) -> tuple[Numbers, Numbers] | None:
    """The next point and its residuals, which must be smaller."""
    for k in range(HALVINGS):
        there = [x - d * 0.5**k for x, d in zip(xs, step)]
        if there == xs:
            return None
        try:
            rs = equation.at(there)
        except (ArithmeticError, ValueError):
            continue
        if hypot(*rs) < size:
            return there, rs
    return None


def iterated(equation: Equation, xs: Numbers, steps: int) -> Numbers:
    """The solution of x − g(x) = 0 that iterating g from x leads to."""
    for _ in range(steps):
        rs = equation.at(xs)
        if not all(abs(r) < math.inf for r in rs):
            break
        xs = [x - r for x, r in zip(xs, rs)]
        if _far(equation, xs, rs) <= CLOSE:
            return newton(equation, xs, HALVINGS)
    raise _lost(equation, xs, rs)


def _lost(equation: Equation, xs: Numbers, rs: Numbers, why: str = "") -> ConvergenceError:
    left = math.hypot(*map(number_of, rs))
    where = list(map(number_of, xs))
    return ConvergenceError(f"{equation.name}() found no solution: at {where!r} {left!r} is left{why}", left)


# ---- recorded in a trace ----


def recorded_newton(equation: Equation, xs: Numbers, steps: int) -> Numbers:
    """The same search in trips: each takes a share of a step, or halves the share."""

    def trip(state: list[Numbers]) -> list[Numbers]:
        xs, step, (size, share) = state
        there = [x - share * d for x, d in zip(xs, step)]
        rs = equation.at(there)
        better = hypot(*rs) < size
        try:
            next_step = _step(equation, there, rs)
        except ConvergenceError:  # the matrix is singular at a point that these numbers never reach
            next_step = step
        return [
            [where(better, a, b) for a, b in zip(there, xs)],
            [where(better, a, b) for a, b in zip(next_step, step)],
            [where(better, hypot(*rs), size), where(better, 1.0, 0.5 * share)],
        ]

    rs = equation.at(xs)
    state = [xs, _step(equation, xs, rs), [hypot(*rs), 1.0]]
    return _repeated(equation, trip, state, SPARE * steps, FEWEST_OF_NEWTON)


def recorded_iteration(equation: Equation, xs: Numbers, steps: int) -> Numbers:
    """The same iteration, up to the last digits."""

    def trip(state: list[Numbers]) -> list[Numbers]:
        xs = [x - r for x, r in zip(*state)]
        return [xs, equation.at(xs)]

    return _repeated(equation, trip, [xs, equation.at(xs)], steps, FEWEST_OF_ITERATION)


def _repeated(
    equation: Equation, trip: Callable[[list[Numbers]], list[Numbers]], state: list[Numbers], steps: int, fewest: int
) -> Numbers:
    """x after enough trips; a state begins with x and the step from there."""
    trips = 0
    with never_raising():
        while not number_of(_far(equation, *state[:2])) <= CLOSE:
            if trips == steps:
                raise _lost(equation, state[0], equation.at(state[0]))
            state, trips = trip(state), trips + 1
        for _ in range(max(fewest, SPARE * trips) - trips):
            state = trip(state)
    return state[0]


def arrival(equation: Equation, xs: Numbers, step: Numbers) -> Any:
    """1 if Newton's next step is short enough; otherwise floats raise, and arrays have nan."""
    is_near = _far(equation, xs, step) <= CLOSE
    if not number_of(is_near):
        raise _lost(equation, xs, equation.at(xs))
    return sqrt(where(is_near, 1.0, -1.0))
