"""The page's data about a graph: its values, the rules that made them, and the position of everything."""

import math
from collections.abc import Mapping
from typing import Any

from ...engine import Value
from ...ieee import IEEE
from ...reading import operands_of, rule_of
from ...rule import FLOATS, Rule
from ...rules import RULES
from ...sweep import slopes
from ..cards import shorten
from ..collapse import Classes, in_order
from ..formulas import FormulaTooLongError, formula
from ..graph import Graph
from ..notation import notation
from ..parts import Part
from ..scene import printable
from .layout import LONGEST_NAME, Card, card_of
from .mathematics import MOST_TERMS_OF_ALL, formula_of, name_in_mathml, rule_in_mathml

_ROOM_FOR_SPANS = 182  # points
LONGEST_TITLE = 20  # names, numbers and operations
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Document:
    """A graph in the form that the page reads.

    Args:
        graph: the values, one root among them.
        root: its place.
        names: the names of the values, by id.
        parts: the part of a model that each place belongs to.
        precision: decimals shown.

    >>> x = Value(3.0)
    >>> document = Document(Graph([x * x]), 1, {id(x): "x"}, {}, 4)
    >>> document.nodes()[1]["operands"], document.cards[0].width
    ([0, 0], 116)
    """

    def __init__(
        self, graph: Graph, root: int, names: Mapping[int, str], parts: Mapping[int, Part], precision: int
    ) -> None:
        self.graph, self.root, self.parts, self.precision = graph, root, parts, precision
        self.names = [printable(names.get(id(v), "")) for v in graph.order]
        self.is_named = [bool(name) for name in self.names]
        self.names = [name or f"v{i}".translate(_SUBSCRIPTS) for i, name in enumerate(self.names)]
        self.symbols: dict[int, str] = {}  # in formulas, of those that share a card
        self.ops = [printable(notation(v, 3)[0]) if not v.is_leaf else "" for v in graph.order]
        self.cards: list[Card] = [card_of(name, op) for name, op in zip(self.names, self.ops, strict=True)]

    def merge(self, classes: Classes) -> list[list[list[int]]]:
        """Show one card for each class.

        Returns:
            For each class, operands before results: the visible places, with that of the card first, and the places in
            the middle of a sum.
        """
        shown: dict[int, tuple[list[int], list[int]]] = {c: ([], []) for c in in_order(self.graph, classes)}
        for i, c in enumerate(classes.of):
            shown[c][i in classes.folded].append(i)
        for places, inner in shown.values():
            face = places[0]
            if len(places) > 1:
                self._call_all(face, places)
            if inner:
                self.ops[face] = "sum"
            elif len({self.ops[i] for i in places}) > 1:  # each with another constant
                self.ops[face] = printable(self.graph.order[face].op)
            if len(places) > 1 or inner:
                card = card_of(self.names[face], self.ops[face])
                self.cards[face] = Card(max(card.width, card.badge + _ROOM_FOR_SPANS), card.badge)
        return [[places, inner] for places, inner in shown.values()]

    def _call_all(self, face: int, places: list[int]) -> None:
        label = printable(self.graph.order[face].label)
        if self.graph.order[face].is_leaf and not label:
            label = "inputs"
        if label:
            self.names[face], self.is_named[face] = label, True
        self.symbols[face] = self.names[face]
        self.names[face] += f" ×{len(places)}"

    def uses(self) -> dict[str, tuple[Rule, int]]:
        """The rows of the table in use, each with a number of operands."""
        found = {}
        for v in self.graph.order:
            if not v.is_leaf and not _is_opaque(v):
                size = len(operands_of(v)[0])
                found[f"{rule_of(v).name}/{size}"] = (rule_of(v), size)
        return dict(sorted(found.items()))

    def nodes(self) -> list[dict[str, Any]]:
        """The values in topological order; an operand is the place of a value, or a constant in brackets."""
        return [self._node(i, v) for i, v in enumerate(self.graph.order)]

    def _node(self, i: int, v: Value) -> dict[str, Any]:
        parents, xs = operands_of(v)
        node: dict[str, Any] = {"name": shorten(self.names[i], LONGEST_NAME), "data": as_json(v.data)}
        if self.is_named[i]:
            node["isNamed"] = True
        if self.names[i] != node["name"]:
            node["fullName"] = self.names[i]
        mathematical = name_in_mathml(shorten(self.symbols.get(i, self.names[i]), LONGEST_NAME))
        if "msub" in mathematical or node["name"] not in mathematical:
            node["math"] = mathematical
        if v.is_leaf:
            if i in self.parts:
                node["part"] = printable(self.parts[i].titles[-1])
            return node
        places = iter(self.graph.parents[i])
        node["operands"] = [[as_json(x)] if p is None else next(places) for p, x in zip(parents, xs, strict=True)]
        node["op"], node["badge"] = shorten(self.ops[i], LONGEST_NAME), self.cards[i].badge
        if _is_opaque(v):
            node["frozen"] = [as_json(x) for x in _frozen_slopes(v)]
        else:
            node["rule"] = f"{rule_of(v).name}/{len(parents)}"
        return node

    def rules(self) -> dict[str, Any]:
        """By its key each rule in use: its symbol and its mathematics."""
        return {key: {"symbol": rule.symbol, **rule_in_mathml(rule, size)} for key, (rule, size) in self.uses().items()}

    def formula(self, limit: int = MOST_TERMS_OF_ALL) -> str:
        """The formula of the root, "" if it is too long."""
        return formula_of(self.graph.order[self.root], self._leaves(), limit)

    def title(self) -> str:
        """The default title of the page: the formula if it is short."""
        name = self.names[self.root]
        leaves = {name: self.graph.order[self.graph.place[i]] for i, name in self._leaves().items()}
        try:
            text = formula(self.graph.order[self.root], names=leaves, max_terms=LONGEST_TITLE).text
        except FormulaTooLongError:
            return f"Backpropagation through {name if self.is_named[self.root] else f'{len(self.names)} values'}"
        return f"{name} = {text}" if self.is_named[self.root] else text

    def _leaves(self) -> dict[int, str]:
        return {id(v): name for v, name in zip(self.graph.order, self.names, strict=True) if v.is_leaf}


def _is_opaque(v: Value) -> bool:
    """Whether an operation is not in the table of rules, so that the page can't compute it."""
    return RULES.get(rule_of(v).name) is not rule_of(v)


def _frozen_slopes(v: Value) -> list[float]:
    """The slope with respect to each operand that is not a constant."""
    try:
        return [float(x) for x in slopes(v, FLOATS)]
    except (ArithmeticError, ValueError):
        return [float(x) for x in slopes(v, IEEE)]


def as_json(x: float) -> float | str:
    """A number that JSON can store, or its name in JavaScript.

    >>> as_json(0.5), as_json(math.inf), as_json(math.nan)
    (0.5, 'Infinity', 'NaN')
    """
    if math.isfinite(x):
        return x
    return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
