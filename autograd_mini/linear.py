"""Systems of linear equations of Values: solved on plain numbers, with nodes that have their own derivative rules.

A system of n equations makes one node, and one more for each unknown, instead of the n³/3 nodes of an elimination.
The forward pass is one factorisation, and the backward pass costs n² more operations.  A compiled function
contains the elimination itself, with the pivots that were chosen when it was traced.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import watch
from .engine import Value
from .function_nodes import Function, results_of
from .functions import abs as absolute
from .functions import dot, log
from .numbers import as_number
from .reading import number_of

Operand = Value | float
Matrix = Sequence[Sequence[Any]]


def solve(A: Iterable[Iterable[Operand]], b: Iterable[Operand]) -> Any:
    """The solution x of A·x = b, by elimination with partial pivoting and one step of refinement.

    Its derivative is dx = A⁻¹(db − dA·x), to any order.  The relative error of x and of its derivatives is about n·eps
    times the condition of A: if `condition(A)` is 10ᵏ, about 16 − k digits are right.

    Args:
        A: n rows of n numbers: lists, or an array.
        b: n numbers.

    Returns:
        A list of n numbers, an array if b is one; of Values if one is among the operands.

    Raises:
        ValueError: A is not square, b has another length, or A is singular.

    >>> a = Value(2.0)
    >>> x, y = solve([[a, 1.0], [1.0, 3.0]], [3.0, 4.0])
    >>> x.backward()
    >>> x.data, y.data, a.grad
    (1.0, 1.0, -0.6)
    """
    rows = _square(A, "solve")
    ys = [_number(y, "solve") for y in b]
    if len(ys) != len(rows):
        raise ValueError(f"solve(A, b) needs as many numbers in b as A has rows: {len(ys)} for {len(rows)}")
    if watch.trace():
        upper, right = _eliminated(rows, [[y] for y in ys])
        xs = _back(upper, [y for (y,) in right])
    else:
        xs = _solved(rows, ys)
    return _like(b, xs)


def logdet(A: Iterable[Iterable[Operand]]) -> Any:
    """The logarithm of |det A|, such as that of a covariance in the density of a normal distribution.

    ∂/∂Aᵢⱼ is the element j, i of A⁻¹.  The absolute error is about n·eps times the condition of A.

    Args:
        A: n rows of n numbers: lists, or an array.

    Raises:
        ValueError: A is not square, or singular.

    >>> a = Value(2.0)
    >>> z = logdet([[a, 1.0], [1.0, 3.0]])
    >>> z.backward()
    >>> f"{z.data:.6f}, {a.grad:.6f}"
    '1.609438, 0.600000'
    """
    rows = _square(A, "logdet")
    if watch.trace():
        return _log_of_pivots(_eliminated(rows, [[]] * len(rows))[0], log, absolute)
    (z,) = results_of(_LogDet(len(rows)), [x for row in rows for x in row])
    return z


def condition(A: Iterable[Iterable[Operand]]) -> float:
    """The condition number ‖A‖·‖A⁻¹‖ of a matrix, in the norm of the largest column.

    The relative error of the solution is up to this many times the relative error of A or b.  Golub & Van Loan, 2.6.2.

    Args:
        A: n rows of n numbers: lists, or an array.

    Raises:
        ValueError: A is not square, or singular.

    >>> condition([[1.0, 0.0], [0.0, 0.25]])
    4.0
    """
    factors = _Factors([[float(number_of(x)) for x in row] for row in _square(A, "condition")])
    return _norm(factors.numbers) * _norm(factors.inverse())


def _norm(rows: Matrix) -> float:
    return max([math.fsum(map(abs, column)) for column in zip(*rows)])


# ---- the nodes ----


class _Factors:
    """A matrix of numbers, factorised."""

    def __init__(self, rows: Matrix) -> None:
        self.numbers, self.n = rows, len(rows)
        self.upper, self._lower = _eliminated(rows, _units(self.n))
        self._inverse: list[list[float]] = []

    def solution(self, ys: Sequence[float]) -> list[float]:
        """x of A·x = y, with one step of refinement."""
        xs = self._by_inverse(ys)
        rests = [math.fsum([y, *[-a * x for a, x in zip(row, xs)]]) for row, y in zip(self.numbers, ys)]
        if not all(map(math.isfinite, rests)):
            return xs
        return [x + d for x, d in zip(xs, self._by_inverse(rests))]

    def inverse(self) -> list[list[float]]:
        """A⁻¹."""
        if not self._inverse:
            columns = [_back(self.upper, [row[j] for row in self._lower]) for j in range(self.n)]
            self._inverse = [list(row) for row in zip(*columns)]
        return self._inverse

    def _by_inverse(self, ys: Sequence[float]) -> list[float]:
        return _back(self.upper, [math.fsum(map(float.__mul__, row, ys)) for row in self._lower])


def _solved(rows: Matrix, ys: Sequence[Any]) -> list[Any]:
    """x of A·x = y: nodes, if a Value is among the operands."""
    return results_of(_Solve(len(rows)), [*[x for row in rows for x in row], *ys])


class _OfMatrix(Function):
    """A function of the numbers of an n × n matrix, and perhaps of others that follow."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._known: tuple[Sequence[float], _Factors] | None = None

    def rows(self, operands: Sequence[Any]) -> list[Sequence[Any]]:
        """The matrix."""
        return [operands[i * self.n : (i + 1) * self.n] for i in range(self.n)]

    def factors(self, operands: Sequence[float]) -> _Factors:
        """The factors of the matrix of numbers, which are computed once."""
        numbers = tuple(operands[: self.n**2])
        if self._known is None or self._known[0] != numbers:
            self._known = numbers, _Factors(self.rows(numbers))
        return self._known[1]


class _Solve(_OfMatrix):
    """The x of A·x = b.  The contribution to b is λ, where Aᵀ·λ = u, and the contribution to A is −λ·xᵀ."""

    name = "solve"

    def value(self, xs: Sequence[float]) -> list[float]:
        return self.factors(xs).solution(xs[self.n**2 :])

    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:
        us = [0.0 if u is None else u for u in us]
        if any(isinstance(x, Value) for x in (*xs, *us)):
            received = _solved([list(column) for column in zip(*self.rows(xs))], us)
        else:
            received = [math.fsum(map(float.__mul__, column, us)) for column in zip(*self.factors(xs).inverse())]
        return [*[-y * z for y in received for z in zs], *received]


class _LogDet(_OfMatrix):
    """log |det A|.  The contribution to A is the transpose of its inverse."""

    name = "logdet"

    def value(self, xs: Sequence[float]) -> list[float]:
        return [_log_of_pivots(self.factors(xs).upper, math.log, abs)]

    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:  # noqa: ARG002
        if any(isinstance(x, Value) for x in xs):
            transposed = [list(column) for column in zip(*self.rows(xs))]
            inverse = [x for unit in _units(self.n) for x in _solved(transposed, unit)]
        else:
            inverse = [x for column in zip(*self.factors(xs).inverse()) for x in column]
        return [us[0] * x for x in inverse]


def _units(n: int) -> list[list[float]]:
    return [[float(i == j) for j in range(n)] for i in range(n)]


# ---- elimination, of numbers or Values ----


def _eliminated(matrix: Matrix, right: Matrix) -> tuple[list[list[Any]], list[list[Any]]]:
    """The upper triangle of a square matrix, and the rows to the right of it after the same steps."""
    n, rows = len(matrix), [[*row, *more] for row, more in zip(matrix, right)]
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(number_of(rows[i][k])))
        if not abs(number_of(rows[best][k])) > 0.0:
            raise ValueError(f"the matrix is singular: column {k} has no pivot other than 0")
        rows[k], rows[best] = rows[best], rows[k]
        for row in rows[k + 1 :]:
            factor = row[k] / rows[k][k]
            row[k:] = [0.0, *[x - factor * p for x, p in zip(row[k + 1 :], rows[k][k + 1 :])]]
    return [row[:n] for row in rows], [row[n:] for row in rows]


def _back(upper: Matrix, right: Sequence[Any]) -> list[Any]:
    """The solution of a triangular system, the last first."""
    xs: list[Any] = []
    for k in reversed(range(len(upper))):
        xs.insert(0, (right[k] - dot(upper[k][k + 1 :], xs)) / upper[k][k])
    return xs


def _log_of_pivots(upper: Matrix, logarithm: Callable[[Any], Any], size: Callable[[Any], Any]) -> Any:
    total: Any = 0.0
    for k, row in enumerate(upper):
        total = total + logarithm(size(row[k]))
    return total


# ---- the arguments ----


def _square(A: Iterable[Iterable[Any]], function: str) -> list[list[Any]]:
    rows = [[_number(x, function) for x in row] for row in A]
    if not rows or any(len(row) != len(rows) for row in rows):
        raise ValueError(f"{function}() needs a square matrix, not rows of {[len(row) for row in rows]} numbers")
    return rows


def _number(x: Any, function: str) -> Any:
    return x if isinstance(x, Value) else as_number(x, f"{function}()")


def _like(b: Any, xs: list[Any]) -> Any:
    if not hasattr(b, "__array_interface__"):
        return xs
    import numpy as np

    return np.array(xs, dtype=object if any(isinstance(x, Value) for x in xs) else float)
