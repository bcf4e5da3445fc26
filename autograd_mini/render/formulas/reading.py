"""From graphs to terms: the terms of nodes, and the terms of their slopes, from the rows of the table."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

from ...engine import Value
from ...function_nodes import by_itself, has_no_number
from ...reading import operands_of, rule_of
from ...refuse import require_graph
from ...rule import VALUES
from ...rules import RULES
from ...sweep import order_below
from ...watch import never_raising
from .names import functions_in, names_of_leaves, numbers_of_leaves
from .terms import AsComputed, Op, Term
from .tidying import Tidied

# Slopes are not differentiated again here, so a constant in one is shown with its formula.
_ARITHMETIC: Final = SimpleNamespace(**{**vars(VALUES), "stop_gradient": lambda v: v})


class Reading:
    """The terms of a graph's nodes."""

    def __init__(self, order: Sequence[Value], names: Mapping[str, Any] | None, numbers: bool, limit: int) -> None:
        known: dict[tuple[Any, ...], Term] = {}
        self.order = order
        self.tidied = Tidied(limit, known)
        computed = AsComputed(limit, known)
        leaves = [v for v in order if v.is_leaf]
        spelt = numbers_of_leaves(leaves) if numbers else names_of_leaves(leaves, names or {}, functions_in(order))
        # By id, because == of Values compares numbers.
        self.terms = {id(v): computed.make(Op.NAME, detail=name) for v, name in zip(leaves, spelt, strict=True)}
        read(order, computed, self.terms)

    def of(self, v: Value) -> Term:
        return self.terms[id(v)]

    def slopes(self, v: Value) -> list[tuple[Value, Term]]:
        """The partials of a node with respect to its parents: its row, evaluated on the Values of the graph."""
        if has_no_number(v):
            return []
        one = by_itself(v)
        parents, xs = operands_of(one)
        with never_raising():
            slopes = rule_of(one).partials(
                _ARITHMETIC, v, [x if p is None else p for p, x in zip(parents, xs, strict=True)]
            )
        stops = list(dict.fromkeys((v, *v.parents, *one.parents)))  # each once: x * x has x twice
        made = order_below([s for s in slopes if isinstance(s, Value)], stops)[len(stops) :]
        terms = {id(stop): self.of(stop) for stop in stops}
        for leaf in made:
            if leaf.is_leaf:
                require_graph(leaf)
                terms[id(leaf)] = self.tidied.number(leaf.data)
        read(made, self.tidied, terms)
        return [
            (p, terms[id(s)] if isinstance(s, Value) else self.tidied.number(s))
            for p, s in zip(parents, slopes, strict=True)
            if p is not None
        ]


def read(order: Iterable[Value], builder: AsComputed, terms: dict[int, Term]) -> None:
    """Add the terms of nodes to those of the leaves."""
    for v in order:
        if v.is_leaf:
            continue
        xs = [
            builder.number(x) if parent is None else terms[id(parent)]
            for parent, x in zip(*operands_of(by_itself(v)), strict=True)
        ]
        if rule_of(v) is RULES["where"] and xs[0].op is Op.NUMBER:
            xs[0] = builder.make(Op.NUMBER, detail=bool(xs[0].detail))
        terms[id(v)] = builder.node(rule_of(v), xs)
