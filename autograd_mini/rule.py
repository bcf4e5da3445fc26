"""A row of the table: an operation's symbol, its value, its partial derivatives, its domain."""

import math
import operator
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from . import cores

Interval = tuple[float, float]
Partial = float | Callable[..., Any]

LINE: Final = (-math.inf, math.inf)
POSITIVE: Final = (0.0, math.inf)
UNIT: Final = (-1.0, 1.0)

# Two arithmetics in which a row can be evaluated: rules.py adds the operations of FLOATS, engine.py those of VALUES.
# `lift(x, parent)` represents an operand: by its number, or in the arithmetic of Values by its parent.
# `product(adjoint, slope, parent)` is the contribution to a parent.
FLOATS: Final = SimpleNamespace(
    stop_gradient=operator.pos, lift=lambda x, parent: x, product=lambda adjoint, slope, parent: adjoint * slope
)
VALUES: Final = SimpleNamespace(lift=lambda x, parent: x if parent is None else parent)


class Formula:
    """The value of an operation that is composed of others: `of(m, x, …)` in any arithmetic m."""

    def __init__(self, of: Callable[..., Any]) -> None:
        self.of = of


class Rule:
    """An operation.

    `f` is the value on floats; `formula` gives it in any arithmetic, and is None for a primitive, which each arithmetic
    supplies by `name`.  `dx`, `dy` are the partials of an operation of one or two operands; `many(m, z, *xs)` returns
    all partials of any other as a list.  `domain` says where tests draw the operands, inside the domain of `f`: one
    closed interval per operand, or one for all of `many`; by default the whole line.
    """

    __slots__ = ("domain", "dx", "dy", "f", "formula", "kind", "many", "name", "symbol")

    def __init__(
        self,
        name: str,
        value: Callable[..., Any] | Formula,
        *partials: Partial,
        symbol: str = "",
        many: Callable[..., Sequence[Any]] | None = None,
        domain: tuple[Interval, ...] = (),
    ) -> None:
        self.name = name
        self.symbol = symbol or name
        self.kind: type | None = None  # the class of a trace's decisions, which have no derivative
        self.domain = domain or (LINE,) * (len(partials) or 1)
        self.formula = value.of if isinstance(value, Formula) else None
        self.f: Callable[..., float] = partial(value.of, FLOATS) if isinstance(value, Formula) else value
        self.many = partial(_each, partials) if len(partials) > 2 else many
        self.dx, self.dy = (None, None) if self.many else (*partials, None)[:2]

    def __setattr__(self, name: str, entry: object) -> None:
        object.__setattr__(self, name, entry)
        if cores.c is not None:  # it has the table compiled in; a row that tests change runs in Python
            cores.c.row_changed(self)

    @property
    def arity(self) -> int:
        """How many operands it takes: 1, 2, or 0 for any number."""
        if self.many:
            return 0
        return 1 if self.dy is None else 2

    def partials(self, m: Any, z: Any, xs: Sequence[Any]) -> Sequence[Any]:
        """The partial derivatives with respect to the operands `xs`, at the value `z`, in the arithmetic `m`."""
        return self.many(m, z, *xs) if self.many else _each((self.dx, self.dy)[: len(xs)], m, z, *xs)

    def slopes(self, m: Any, z: Any, xs: Sequence[Any], wanted: Sequence[Any]) -> list[Any]:
        """The same, computed only for the operands whose entry in `wanted` is not None."""
        ds = self.many(m, z, *xs) if self.many else (self.dx, self.dy)[: len(xs)]
        return _each([d for d, want in zip(ds, wanted, strict=True) if want is not None], m, z, *xs)

    def __repr__(self) -> str:
        return f"<rule {self.name}>"


def _each(partials: Sequence[Any], m: Any, z: Any, *xs: Any) -> list[Any]:
    return [d(m, z, *xs) if callable(d) else d for d in partials]
