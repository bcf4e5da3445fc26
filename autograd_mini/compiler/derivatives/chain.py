"""The chain rule on the Values of a trace, recorded with no more operations than a derivative needs.

The eager transforms multiply by slopes of 1 and by those of operands that don't move.  In a program that is run again
and again these cost more than it takes to leave them out, and they hide sums and loops from the passes that follow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...engine import Value
from ...reading import is_decision, number_of, operands_of, rule_of
from ...rule import VALUES
from ...sweep import order_below


def times(a: Any, b: Any) -> Any:
    """The product of two Values or numbers; of 1 and another, that itself."""
    for one, other in ((a, b), (b, a)):
        if not isinstance(one, Value) and abs(one) == 1.0:
            return other if one > 0.0 else -other
    return a * b


def slopes_among(v: Value, among: Any) -> list[tuple[Value, Any]]:
    """The parents of a Value that are among some, each with the slope by it: a number, or a Value."""
    if is_decision(v):
        return []
    parents, xs = operands_of(v)
    wanted = [p if p in among else None for p in parents]
    operands = [VALUES.lift(x, parent) for x, parent in zip(xs, parents, strict=True)]
    slopes = rule_of(v).slopes(VALUES, VALUES.lift(number_of(v), v), operands, wanted)
    return list(zip([p for p in wanted if p is not None], slopes, strict=True))


def pushed(results: Sequence[Any], seeds: Mapping[Value, Any]) -> list[Any]:
    """How results move where the seeds tell how some leaves do; 0.0 for what doesn't."""
    moved = dict(seeds)
    for v in order_below([z for z in results if isinstance(z, Value)]):
        if v in moved or v.is_leaf:
            continue
        for parent, slope in slopes_among(v, moved):
            c = times(moved[parent], slope)  # in this order steps of time are recorded step by step
            moved[v] = moved[v] + c if v in moved else c
    return [moved.get(z, 0.0) if isinstance(z, Value) else 0.0 for z in results]
