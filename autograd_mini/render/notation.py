"""How an operation is written on its card: its symbol, with its constants in their places."""

from collections.abc import Sequence

from ..engine import Value
from ..reading import operands_of, rule_of

_OTHERS = 3  # constants of an operation of many operands that are written out


def notation(v: Value, precision: int) -> tuple[str, tuple[str, ...]]:
    """Write an operation so that each of its constants is visible.

    Args:
        v: the result of the operation, or a leaf.
        precision: significant digits of the constants.

    Returns:
        The text on the badge, and the text on the arrow from each parent, which is usually empty.

    >>> x = Value(3.0)
    >>> [notation(v, 4)[0] for v in (2 * x, x / 3, x**2, x * x, x.exp())]
    ['2 *', '/ 3', '** 2', '*', 'exp']
    >>> from autograd_mini.functions import dot, maximum
    >>> notation(maximum(x, 0), 4)
    ('max(·, 0)', ('',))
    >>> notation(dot([x, x, 5.0], [1.5, x, 2.0], start=1.0), 4)
    ('dot + 11', ('* 1.5', '', ''))
    """
    parents, xs = operands_of(v)
    if all(p is not None for p in parents):
        return v.op, ("",) * len(parents)
    if rule_of(v).name == "dot":
        return _dot(parents, xs, precision)
    constants = [f"{x:.{precision}g}" for parent, x in zip(parents, xs, strict=True) if parent is None]
    notes = ("",) * (len(parents) - len(constants))
    if len(parents) == 2 and not any(map(str.isalnum, v.op)):
        return (f"{constants[0]} {v.op}" if parents[0] is None else f"{v.op} {constants[0]}"), notes
    if len(parents) <= _OTHERS:
        written = iter(constants)
        return f"{v.op}({', '.join('·' if p is not None else next(written) for p in parents)})", notes
    shown = [*constants[:_OTHERS], f"{len(constants) - _OTHERS} more"] if len(constants) > _OTHERS + 1 else constants
    return f"{v.op}(…, {', '.join(shown)})", notes


def constants_of(v: Value) -> list[float]:
    """The numbers among the operands.

    >>> constants_of(2 * Value(3.0))
    [2]
    """
    return [x for parent, x in zip(*operands_of(v), strict=True) if parent is None]


def _dot(parents: Sequence[Value | None], xs: Sequence[float], precision: int) -> tuple[str, tuple[str, ...]]:
    n = len(parents) // 2
    partner = [*xs[n : 2 * n], *xs[:n]]
    factors = [
        f"* {partner[i]:.{precision}g}" if i < 2 * n and parents[(i + n) % (2 * n)] is None else ""
        for i, parent in enumerate(parents)
        if parent is not None
    ]
    rest = sum([xs[i] * xs[i + n] for i in range(n) if parents[i] is parents[i + n] is None])
    rest += sum([x for parent, x in zip(parents[2 * n :], xs[2 * n :], strict=True) if parent is None])
    return (f"dot + {rest:.{precision}g}" if rest else "dot"), tuple(factors)
