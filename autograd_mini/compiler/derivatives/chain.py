"""The chain rule on the Values of a trace, recorded with only the operations that a derivative needs.

The eager transforms also multiply by slopes of 1 and by slopes of operands that don't move.  A program runs often, so
these are left out here.  They would also hide sums and loops from later passes.
"""

from collections.abc import Sequence
from typing import Any

from ...engine import Value
from ...reading import number_of, operands_of, rule_of
from ...rule import VALUES, Rule
from ...rules import RULES
from ...sweep import order_below
from ...watch import Block, never_raising

_MUL, _POWER = RULES["mul"], RULES["powi"]


def times(a: Any, b: Any) -> Any:
    """The product of two Values or numbers; a factor of 1 or −1 adds no multiplication."""
    if type(a) is float and (a == 1.0 or a == -1.0):
        return b if a > 0.0 else -b
    if type(b) is float and (b == 1.0 or b == -1.0):
        return a if b > 0.0 else -a
    return a * b


def slopes_among(v: Value, among: Any) -> list[tuple[Value, Any]]:
    """The parents of a Value that are in `among`, each with the slope with respect to it: a number or a Value."""
    rule, (parents, xs) = rule_of(v), operands_of(v)
    if rule.kind is not None:  # a decision
        return []
    if rule is _MUL:
        (p, q), (x, y) = parents, xs
        pairs = ((p, y if q is None else q), (q, x if p is None else p))
        return [pair for pair in pairs if pair[0] in among]
    if _has_constant_slopes(rule):
        return [(p, slope) for p, slope in zip(parents, (rule.dx, rule.dy)) if p in among]
    if rule is _POWER and xs[1] <= 2:  # x⁰ and x¹ need no power
        return [(parents[0], 1.0 if xs[1] == 1 else 2.0 * parents[0])] if parents[0] in among else []
    wanted = [p if p in among else None for p in parents]
    operands = [VALUES.lift(x, parent) for x, parent in zip(xs, parents, strict=True)]
    slopes = rule.slopes(VALUES, VALUES.lift(number_of(v), v), operands, wanted)
    return list(zip([p for p in wanted if p is not None], slopes, strict=True))


def _has_constant_slopes(rule: Rule) -> bool:
    return type(rule.dx) is float and (rule.dy is None or type(rule.dy) is float)


@never_raising()
def pushed(results: Sequence[Any], moved: dict[Value, Any]) -> list[Any]:
    """The tangents of results, 0.0 if there is none; `moved` has those of some Values, and gets those in between."""
    for v in order_below([z for z in results if isinstance(z, Value)]):
        if v not in moved and not v.is_leaf:
            _push(v, moved)
    return [moved.get(z, 0.0) if isinstance(z, Value) else 0.0 for z in results]


def _push(v: Value, moved: dict[Value, Any]) -> None:
    for parent, slope in slopes_among(v, moved):
        c = times(moved[parent], slope)
        moved[v] = moved[v] + c if v in moved else c


class Tangents:
    """The tangents of Values, each computed as soon as the Value is made, so that a loop contains both.

    Operations made with @primitive, and operations on their results, wait until the end, when it is known which
    tangents are needed.

    Args:
        moved: the tangents of the leaves.
    """

    def __init__(self, moved: dict[Value, Any]) -> None:
        self.moved = moved
        self._late: set[Value] = set()
        self._is_ours = False  # whether the Values being made are part of a tangent

    def under_way(self) -> Block:
        """The block in which to run a function."""
        return Block(made=self._made)

    def _made(self, v: Value) -> Value:
        rule = rule_of(v)
        if self._is_ours or rule.kind is not None:
            return v
        if RULES.get(rule.name) is not rule or not self._late.isdisjoint(v.parents):
            self._late.add(v)
            return v
        self._is_ours = True
        try:
            if rule is _MUL or _has_constant_slopes(rule):  # products and sums, which never raise
                _push(v, self.moved)
            else:
                with never_raising():
                    _push(v, self.moved)
        finally:
            self._is_ours = False
        return v


@never_raising()
def pulled(root: Any, sources: Sequence[Value]) -> list[Any]:
    """The derivatives of a result with respect to the sources; 0.0 for a source on which it doesn't depend."""
    found: dict[Value, Any] = {root: 1.0}
    order = order_below([root]) if isinstance(root, Value) else []
    among = set(sources)
    for v in order:
        if not among.isdisjoint(v.parents):
            among.add(v)
    own = set(sources)
    for v in reversed(order):
        if v in found and v not in own:
            for parent, slope in slopes_among(v, among):
                c = times(found[v], slope)
                found[parent] = found[parent] + c if parent in found else c
    return [found.get(x, 0.0) for x in sources]
