"""Equations that a program solves: their solutions as nodes, with derivatives by the implicit function theorem.

The solution x of f(x, θ) = 0 moves by dx = −(∂f/∂x)⁻¹·(∂f/∂θ)·dθ, however it was found.  So it is found on plain
numbers, and becomes one node for each of its numbers, whose parents are the Values that f was made of.  The slopes are
read off one run of f at the solution, in the arithmetic of numbers or of Values: in that they are nodes again, which
can be differentiated in turn.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from . import watch
from .adjoints import swept
from .engine import Value, apply, leaf
from .errors import AutogradError, TraceError
from .functions import dot
from .hooks import without_hooks
from .linear import solve
from .reading import made_before, number_of
from .rule import VALUES, Rule
from .structures import flatten
from .sweep import contributions, order_below, pull_back

HALVINGS = 40  # of a step of Newton's that leads nowhere
NEAR = 1e-8  # of its size: how far the last step may be, when rounding lets nothing come nearer
CLOSE = 1e-6  # of its size: from where on Newton takes over from an iteration


class ConvergenceError(AutogradError, ArithmeticError):
    """An equation was not solved: `residual` is what is left of it."""

    def __init__(self, message: str, residual: float) -> None:
        super().__init__(message)
        self.residual = residual


def root(f: Callable[..., Any], x0: Any, *args: Any, steps: int = 100) -> Any:
    """The x near x0 where f(x, *args) is 0, by Newton's method with steps that are halved where they lead nowhere.

    Its derivative with respect to the Values among `args`, and those that f uses besides, is that of the exact
    solution, to any order: −(∂f/∂x)⁻¹·∂f/∂θ.

    Args:
        f: a function of a number, or of a list of numbers; it returns as many.
        x0: where to begin: a number, a list of them, or another structure.
        args: what f is given besides.
        steps: how many steps to try.

    Returns:
        A solution of the structure of x0: nodes where f depends on Values, else floats.

    Raises:
        ConvergenceError: no solution was found; its `residual` says how far f is from 0.
        TraceError: in a compiled function, f uses a Value of it that is not among `args`.

    >>> a = Value(2.0)
    >>> x = root(lambda x: x * x - a, 1.0)
    >>> x.backward()
    >>> f"{x.data:.12f} {a.grad:.12f}"
    '1.414213562373 0.353553390593'
    """
    return _Equation("root", f, x0, args).solved(lambda equation, xs: _newton(equation, xs, steps))


def fixed_point(g: Callable[..., Any], x0: Any, *args: Any, steps: int = 10_000) -> Any:
    """The x with x = g(x, *args): an equilibrium, found by iterating g from x0 on.

    The last digits are found by Newton's method.  A derivative costs one linear solve, however long it was iterated.

    Args:
        g: a function of a number, or of a list of numbers; it returns as many.
        x0: where to begin: a number, a list of them, or another structure.
        args: what g is given besides.
        steps: how many iterations to try.

    Returns:
        A solution of the structure of x0: nodes where g depends on Values, else floats.

    Raises:
        ConvergenceError: it does not come to rest; its `residual` says how far x is from g(x).
        TraceError: in a compiled function, g uses a Value of it that is not among `args`.

    >>> a = Value(0.5)
    >>> x = fixed_point(lambda x, a: a * (x + 1.0), 0.0, a)
    >>> x.backward()
    >>> x.data, a.grad
    (1.0, 4.0)
    """

    def residual(x: Any, *args: Any) -> Any:
        xs, rebuild = flatten(x)
        ys, _ = flatten(g(x, *args))
        return rebuild([x - y for x, y in zip(xs, ys, strict=True)])

    return _Equation("fixed_point", residual, x0, args).solved(lambda equation, xs: _iterated(equation, xs, steps))


# ---- the equation, on numbers and on Values ----


class _Equation:
    """f(x, θ) = 0, where θ are the Values that f depends on."""

    def __init__(self, name: str, f: Callable[..., Any], x0: Any, args: Sequence[Any]) -> None:
        self.name, self.f = name, f
        start, self.rebuild = flatten(x0)
        self.start = [float(number_of(x)) for x in start]
        self.args, self.with_args = flatten(list(args))
        self.numbers = [number_of(a) for a in self.args]

    def solved(self, search: Callable[["_Equation", list[float]], list[float]]) -> Any:
        """The solution in the structure that was given."""
        xs = search(self, self.start)
        thetas = self._thetas(xs)
        if not thetas:
            return self.rebuild(xs)
        rules = _rules(self, search, xs, thetas)
        return self.rebuild([apply(rule, *thetas) for rule in rules])

    def residuals(self, xs: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """f at x, as a list."""
        rs, _ = flatten(self.f(self.rebuild(xs), *self.with_args(args)))
        if len(rs) != len(xs):
            raise ValueError(f"{self.name}() needs as many equations as unknowns, not {len(rs)} for {len(xs)}")
        return rs

    def at(self, xs: Sequence[float]) -> list[float]:
        """The numbers of f at x."""
        with without_hooks():
            return [float(number_of(r)) for r in self.residuals(xs, self.numbers)]

    def jacobian(self, xs: Sequence[float]) -> list[list[float]]:
        """∂f/∂x in numbers."""
        with without_hooks():
            variables = [leaf(x) for x in xs]
            return _slopes(self.residuals(variables, self.numbers), variables, pull_back)

    def _thetas(self, xs: Sequence[float]) -> list[Value]:
        """The Values that f depends on: those that are older than a run of it."""
        with without_hooks():
            began = watch.advance()
            rs = self.residuals([leaf(x) for x in xs], self.args)
            order = order_below([r for r in rs if isinstance(r, Value)], since=began)
        return [v for v in order if made_before(v, began)]


def _rules(equation: _Equation, search: Callable[..., list[float]], xs: list[float], thetas: list[Value]) -> list[Rule]:
    """The operations from θ to each number of the solution."""
    known = [number_of(t) for t in thetas]
    among_args = {id(a): i for i, a in enumerate(equation.args) if isinstance(a, Value)}
    places = [among_args.get(id(t)) for t in thetas]
    if watch.trace() and None in places:
        raise TraceError(
            f"{equation.name}() in a compiled function must be given the Values that it depends on: "
            f"write {equation.name}(f, x0, a) with a function f(x, a)"
        )

    def given(new: Sequence[Any]) -> list[Any]:
        args = list(equation.numbers)
        for place, theta in zip(places, new):
            args[place if place is not None else 0] = theta
        return args

    def solution(numbers: Sequence[float]) -> list[float]:
        if list(numbers) == known:
            return xs
        other = _Equation(equation.name, equation.f, equation.rebuild(xs), equation.with_args(given(numbers)))
        return search(other, xs)

    def slopes(i: int, m: Any, z: Any, operands: Sequence[Any]) -> list[Any]:
        if m is VALUES:
            with watch.never_raising():
                variables = [+(z if j == i else apply(rule, *thetas)) for j, rule in enumerate(rules)]
                rs = equation.residuals(variables, equation.args)
                return _implicit(i, _slopes(rs, [*variables, *thetas], _in_values), len(xs))
        with without_hooks():
            variables = [leaf(x) for x in solution(operands)]
            same = list(operands) == known
            sources = thetas if same else [leaf(x) for x in operands]
            rs = equation.residuals(variables, equation.args if same else given(sources))
            return _implicit(i, _slopes(rs, [*variables, *sources], pull_back), len(xs))

    rules = [
        Rule(
            equation.name,
            lambda *numbers, i=i: solution(numbers)[i],
            many=lambda m, z, *operands, i=i: slopes(i, m, z, operands),
        )
        for i in range(len(xs))
    ]
    return rules


def _implicit(i: int, slopes: list[list[Any]], n: int) -> list[Any]:
    """How the i-th number of the solution moves with each θ, by the slopes of the residuals by x and θ."""
    transposed = [[row[j] for row in slopes] for j in range(n)]
    weights = solve(transposed, [float(j == i) for j in range(n)])
    return [-dot(weights, [row[k] for row in slopes]) for k in range(n, len(slopes[0]))]


def _slopes(rs: Sequence[Any], sources: Sequence[Value], pullback: Callable[[Value, Any], Any]) -> list[list[Any]]:
    """Of each residual the slopes by the sources, below which nothing is looked for."""
    order = order_below([r for r in rs if isinstance(r, Value)], sources)[len(sources) :]
    needed = set(sources)
    for v in order:
        if not needed.isdisjoint(v.parents):
            needed.add(v)
    found = [swept(order, {r: 1.0}, pullback, needed) for r in rs]
    return [[adjoints.get(source, 0.0) for source in sources] for adjoints in found]


def _in_values(v: Value, adjoint: Any) -> tuple[Any, ...]:
    return contributions(v, adjoint, VALUES)


# ---- the search, on plain numbers ----


def _newton(equation: _Equation, xs: list[float], steps: int) -> list[float]:
    rs = equation.at(xs)
    for _ in range(steps):
        size = math.hypot(*rs)
        if size == 0.0:
            return xs
        try:
            step = solve(equation.jacobian(xs), rs)
        except ValueError as error:
            raise _lost(equation, xs, size, f": {error}") from None
        far = max(abs(d) / (abs(x) or 1.0) for x, d in zip(xs, step))
        better = _shorter(equation, xs, step, size)
        if better is None:
            if far <= NEAR:
                return xs
            break
        xs, rs = better
    raise _lost(equation, xs, math.hypot(*rs))


def _shorter(
    equation: _Equation, xs: list[float], step: Sequence[float], size: float
) -> tuple[list[float], list[float]] | None:
    """The next place and its residuals, which must be smaller."""
    for k in range(HALVINGS):
        there = [x - d * 0.5**k for x, d in zip(xs, step)]
        if there == xs:
            return None
        try:
            rs = equation.at(there)
        except (ArithmeticError, ValueError):
            continue
        if math.hypot(*rs) < size:
            return there, rs
    return None


def _iterated(equation: _Equation, xs: list[float], steps: int) -> list[float]:
    for _ in range(steps):
        rs = equation.at(xs)  # x − g(x)
        if not all(map(math.isfinite, rs)):
            break
        xs = [x - r for x, r in zip(xs, rs)]
        if all(abs(r) <= CLOSE * (abs(x) or 1.0) for x, r in zip(xs, rs)):
            return _newton(equation, xs, HALVINGS)
    raise _lost(equation, xs, math.hypot(*rs))


def _lost(equation: _Equation, xs: Sequence[float], residual: float, why: str = "") -> ConvergenceError:
    return ConvergenceError(f"{equation.name}() found no solution: at {list(xs)!r} {residual!r} is left{why}", residual)
