"""Equations that a program solves: their solutions are nodes, with derivatives from the implicit function theorem.

The solution x of f(x, θ) = 0 moves by dx = −(∂f/∂x)⁻¹·(∂f/∂θ)·dθ, no matter how it was found.  So the search runs on
plain numbers, and the solution becomes the node of a function, whose parents are the Values that f depends on.  Its
pullback is one linear solve.  It uses the slopes of one run of f at the solution, which is kept.  In the arithmetic of
Values these slopes are nodes again, so they can be differentiated in turn.

In a compiled function the search itself is recorded, in a form that works for other numbers too.  Its result is
held constant, and further steps of Newton's method carry the derivatives: n steps carry those up to order 2ⁿ − 1.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import watch
from .adjoints import swept
from .engine import Value, held, leaf
from .function_nodes import Function, lent, rebuilt, results_of
from .functions import dot
from .hooks import without_hooks
from .linear import solve
from .reading import made_before, number_of
from .rule import VALUES
from .searches import ConvergenceError, Numbers, arrival, iterated, newton, recorded_iteration, recorded_newton
from .structures import flatten
from .sweep import contributions, order_below, pull_back

__all__ = ["ConvergenceError", "fixed_point", "root"]


def root(f: Callable[..., Any], x0: Any, *args: Any, steps: int = 100) -> Any:
    """The x near x0 where f(x, *args) is 0, by Newton's method.  A step that does not come closer is halved.

    Its derivative with respect to the Values among `args`, and to other Values that f uses, is that of the exact
    solution, to any order: −(∂f/∂x)⁻¹·∂f/∂θ.

    Args:
        f: a function of a number, or of a list of numbers; it returns as many.
        x0: where to begin: a number, a list of them, or another structure.
        args: further arguments of f.
        steps: how many steps to try.

    Returns:
        A solution with the structure of x0: nodes if f depends on Values, else floats.

    Raises:
        ConvergenceError: no solution was found; its `residual` says how far f is from 0.

    >>> a = Value(2.0)
    >>> x = root(lambda x: x * x - a, 1.0)
    >>> x.backward()
    >>> f"{x.data:.12f} {a.grad:.12f}"
    '1.414213562373 0.353553390593'
    """
    return _Equation("root", f, x0, args).solved(newton, recorded_newton, steps)


def fixed_point(g: Callable[..., Any], x0: Any, *args: Any, steps: int = 10_000) -> Any:
    """The x with x = g(x, *args): an equilibrium, found by iterating g from x0 on.

    Newton's method finds the last digits.  A derivative costs one linear solve, for any number of iterations.

    Args:
        g: a function of a number, or of a list of numbers; it returns as many.
        x0: where to begin: a number, a list of them, or another structure.
        args: further arguments of g.
        steps: how many iterations to try.

    Returns:
        A solution with the structure of x0: nodes if g depends on Values, else floats.

    Raises:
        ConvergenceError: it does not converge; its `residual` says how far x is from g(x).

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

    return _Equation("fixed_point", residual, x0, args).solved(iterated, recorded_iteration, steps)


# ---- the equation, on numbers and on Values ----

Search = Callable[["_Equation", Numbers, int], Numbers]


class _Equation:
    """f(x, θ) = 0, where θ are the Values that f depends on."""

    def __init__(self, name: str, f: Callable[..., Any], x0: Any, args: Sequence[Any]) -> None:
        self.name, self.f = name, f
        self.is_traced = bool(watch.trace())
        start, self.rebuild = flatten(x0)
        self.start: Numbers = list(map(self._plain, start))
        self.args, self.with_args = flatten(list(args))

    def solved(self, search: Search, recorded: Search, steps: int) -> Any:
        """The solution in the structure that was given."""
        if self.is_traced:
            return self.rebuild(self._with_slopes(recorded(self, self.start, steps)))
        xs = search(self, self.start, steps)
        run = self._run_at(xs)
        return self.rebuild(results_of(_Solution(self, search, steps, run), run.thetas, list(map(float, xs))))

    def residuals(self, xs: Sequence[Any]) -> list[Any]:
        """f at x, as a list."""
        rs, _ = flatten(self.f(self.rebuild(xs), *self.with_args(self.args)))
        if len(rs) != len(xs):
            raise ValueError(f"{self.name}() needs as many equations as unknowns, not {len(rs)} for {len(xs)}")
        return rs

    def at(self, xs: Numbers) -> Numbers:
        """The numbers of f at x."""
        if self.is_traced:
            return list(map(held, self.residuals(xs)))
        with without_hooks():
            return list(map(self._plain, self.residuals(xs)))

    def jacobian(self, xs: Numbers) -> list[Numbers]:
        """∂f/∂x in numbers."""
        if self.is_traced:
            return [list(map(held, row)) for row in self._linearised(xs)[2]]
        with without_hooks():
            began = watch.advance()
            variables = list(map(leaf, xs))
            return _slopes(self.residuals(variables), variables, pull_back, began)

    def _plain(self, x: Any) -> Any:
        return held(x) if self.is_traced else float(number_of(x))

    def _linearised(self, xs: Sequence[Any]) -> tuple[list[Value], list[Any], list[list[Any]]]:
        """x as variables, and f and ∂f/∂x there, as Values."""
        began = watch.advance()
        variables = list(map(_as_variable, xs))
        rs = self.residuals(variables)
        with watch.never_raising():
            return variables, rs, _slopes(rs, variables, _in_values, began)

    def _with_slopes(self, xs: Numbers) -> list[Any]:
        """A solution in a trace, after the steps of Newton's method that carry its derivatives.

        The program itself can be differentiated, so it needs one order more than the transforms that are running now.
        At least two steps are taken, for the last digits.
        """
        solution, step = self._stepped(xs)
        factor = held(arrival(self, xs, step))
        order = watch.transforms.get() + 1
        for _ in range(max(1, order.bit_length() - 1)):
            solution, _ = self._stepped(solution)
        return [factor * x for x in solution]

    def _stepped(self, xs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        variables, rs, jacobian = self._linearised(xs)
        step = solve(jacobian, rs)
        return [x - d for x, d in zip(variables, step)], step

    def _run_at(self, xs: Numbers) -> "_RunOfF":
        with without_hooks():
            began = watch.advance()
            variables = list(map(leaf, xs))
            rs = self.residuals(variables)
            order = order_below([r for r in rs if isinstance(r, Value)], since=began)
        return _RunOfF(variables, rs, [v for v in order if made_before(v, began)])


class _RunOfF(NamedTuple):
    """One run of f at the solution: its variables, its residuals, and the older Values that these depend on.

    It is kept because f may behave differently later: a closure in a loop sees the last numbers of the loop.
    """

    variables: list[Value]
    residuals: list[Any]
    thetas: list[Value]


class _Solution(Function):
    """The x of f(x, θ) = 0 as a function of θ.  The contribution to θ is −λ·∂f/∂θ, where (∂f/∂x)ᵀ·λ = u."""

    def __init__(self, equation: _Equation, search: Search, steps: int, run: _RunOfF) -> None:
        self.name = equation.name
        self._equation, self._search, self._steps, self._run = equation, search, steps, run

    def value(self, xs: Sequence[float]) -> list[float]:
        with lent(self._run.thetas, xs):
            return list(map(float, self._search(self._equation, self._equation.start, self._steps)))

    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:
        us = [0.0 if u is None else u for u in us]
        if any(isinstance(x, Value) for x in (*xs, *us)):
            with watch.never_raising():
                return self._received([*zs, *xs], us, _in_values)
        with without_hooks():
            return self._received([*zs, *xs], us, pull_back)

    def _received(
        self, operands: Sequence[Any], us: Sequence[Any], pullback: Callable[[Value, Any], Any]
    ) -> Sequence[Any]:
        sources = list(map(_as_variable, operands))
        rs = rebuilt(self._run.residuals, [*self._run.variables, *self._run.thetas], sources)
        rows = _slopes(rs, sources, pullback)
        weights = solve([list(column) for column in zip(*[row[: len(us)] for row in rows])], us)
        return [-dot(weights, column) for column in list(zip(*rows))[len(us) :]]


def _as_variable(x: Any) -> Any:
    return +x if isinstance(x, Value) else leaf(x)


def _slopes(
    rs: Sequence[Any], sources: Sequence[Value], pullback: Callable[[Value, Any], Any], began: int = 0
) -> list[list[Any]]:
    """For each residual, the slopes with respect to the sources; nodes below these, or older, are not visited."""
    order = order_below([r for r in rs if isinstance(r, Value)], sources, since=began)[len(sources) :]
    needed = set(sources)
    for v in order:
        if not needed.isdisjoint(v.parents):
            needed.add(v)
    found = [swept(order, {r: 1.0}, pullback, needed) for r in rs]
    return [[adjoints.get(source, 0.0) for source in sources] for adjoints in found]


def _in_values(v: Value, adjoint: Any) -> tuple[Any, ...]:
    return contributions(v, adjoint, VALUES)
