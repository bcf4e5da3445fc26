"""From the graph of a trace to one that runs well on arrays: wide operations spread out, sums and dots recovered."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import inf

from ...rule import Rule
from ...rules import RULES
from ..record.graph import CHAIN, DECISIONS, SLOPED, Graph, Guard, differentiable
from ..record.trace import expand

WIDE = 4  # operands, beyond which an operation is spread out
MANY = 64  # products of a sum, from which on each operation is a vector by itself
_ADDITIVE = ("sum", "mean", "dot", "chain", "sloped")  # any number of operands, and constants or operands for slopes


def rebuilt(graph: Graph, node: Callable[[Graph, dict[int, int], int, Rule], int | None]) -> Graph:
    """The part of a graph that is alive, with what `node(new, place, i, rule)` puts in the place of each operation.

    `place` says where in the new graph the nodes before are; None leaves the node out.
    """
    new = graph.like()
    alive = graph.live
    place = {i: i for i in range(graph.inputs + graph.parameters)}
    for i, rule in enumerate(graph.rules):
        if i in place or not alive[i]:
            continue
        at = new.constant(graph.constants[i]) if rule is None else node(new, place, i, rule)
        if at is not None:
            place[i] = at
    new.results = [place[i] for i in graph.results]
    new.guards = [Guard(place[i], outcome, line) for i, outcome, line in graph.guards]
    return new


# ---- what may raise ----


def guarded(graph: Graph) -> Graph:
    """The graph with a guard that what may raise, and nothing uses, is finite: arrays raise nothing themselves."""
    unused = [i for i in dict.fromkeys(graph.checks) if not graph.live[i]]
    if unused:
        total = graph.add(RULES["sum"], [graph.add(RULES["abs"], [i]) for i in unused])  # one number to be looked at
        graph.guards.append(Guard(graph.add(DECISIONS["lt"], [total, graph.constant(inf)]), True, None))
        del graph.live
    return graph


# ---- wide operations ----


def spread(graph: Graph, sources: Iterable[int]) -> Graph:
    """Put simpler operations in the place of those of many operands, so that they can be grouped.

    The slopes become nodes as well, read from the row, where anything of `sources` is below.
    """
    if not any(_is_wide(rule, len(xs)) for rule, xs in zip(graph.rules, graph.operands)):
        return graph
    active = graph.depends(sources, differentiable)

    def node(new: Graph, place: dict[int, int], i: int, rule: Rule) -> int:
        xs = [place[j] for j in graph.operands[i]]
        if not _is_wide(rule, len(xs)):
            return new.add(rule, xs)
        part, value, slopes = _expanded(rule, len(xs))
        z = _put(new, part, [*xs, -1], [value])[0] if rule.formula else new.add(rule, xs)
        return new.add(SLOPED, [z, *xs, *_put(new, part, [*xs, z], slopes)]) if active[i] else z

    return rebuilt(graph, node)


def _is_wide(rule: Rule | None, operands: int) -> bool:
    return operands > WIDE and rule is not None and rule.many is not None and rule.name not in _ADDITIVE


_expanded = lru_cache(maxsize=64)(expand)


def _put(new: Graph, part: Graph, leaves: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """Add what the `wanted` nodes of a part need to a graph, on the leaves given; nothing goes back through it."""
    needed = set(wanted)
    for i in reversed(range(len(part))):
        if i in needed:
            needed.update(part.operands[i])
    place = dict(enumerate(leaves))
    for i in sorted(needed - place.keys()):
        rule, xs = part.rules[i], [place[j] for j in part.operands[i]]
        if rule is None:
            place[i] = new.constant(part.constants[i])
        else:
            place[i] = xs[0] if rule.name == "stop_gradient" else new.add(rule, xs)
    return [place[i] for i in wanted]


# ---- sums and dots written with operators ----


def recovered(graph: Graph, dots: bool = True) -> Graph:
    """Make one node of each chain of additions, in the same order, and a dot of the products in it.

    Only what is used nowhere else disappears into a longer sum.  A dot is added up in another order: without them the
    bits are those of the trace.
    """
    uses = graph.uses()
    terms: dict[int, list[int]] = {}
    gone = set()
    for i in graph.interior():
        rule, xs = graph.rules[i], graph.operands[i]
        if rule is RULES["add"] and xs[0] in terms and uses[xs[0]] == 1 and graph.rules[xs[0]] is rule:
            gone.add(xs[0])
            terms[i] = terms.pop(xs[0])
            terms[i].append(xs[1])
        elif rule is RULES["add"] or rule is RULES["sum"]:
            terms[i] = list(xs)
    pairs = {i: _products(graph, uses, ts) if dots else set() for i, ts in terms.items() if len(ts) > 2}
    gone.update(*[products for products in pairs.values() if len(products) > 1])

    def node(new: Graph, place: dict[int, int], i: int, rule: Rule) -> int | None:
        if i in gone:
            return None
        if i not in pairs:
            operands = [place[j] for j in graph.operands[i]]
            if len(operands) == 1 and rule is RULES["dot"]:  # a start alone
                return operands[0]
            if len(operands) == 1 and rule is RULES["hypot"]:  # NumPy's takes two
                operands.append(new.constant(0.0))
            return new.add(rule, operands)
        if len(pairs[i]) < 2:
            return new.add(rule if rule is RULES["sum"] else CHAIN, [place[j] for j in terms[i]])
        ws, xs = zip(*[[place[j] for j in graph.operands[t]] for t in terms[i] if t in pairs[i]])
        rest = [place[t] for t in terms[i] if t not in pairs[i] and graph.constants.get(t) != 0.0]
        start = rest if len(rest) < 2 else [new.add(CHAIN, rest)]
        return new.add(RULES["dot"], [*ws, *xs, *start])

    return oriented(rebuilt(graph, node))


def _products(graph: Graph, uses: Sequence[int], terms: Sequence[int]) -> set[int]:
    """Those of the terms that are products of two nodes, neither of them constant, and nothing else uses.

    None of many whose factors are operations that nothing else uses: such are better multiplied where they are made.
    """
    products = [t for t in terms if graph.rules[t] is RULES["mul"] and uses[t] == 1]
    found = {t for t in products if not any(map(graph.constants.__contains__, graph.operands[t]))}
    alone = [all(uses[j] == 1 and graph.rules[j] is not None for j in graph.operands[t]) for t in found]
    return found if len(found) < MANY or not all(alone) else set()


def oriented(graph: Graph) -> Graph:
    """Turn dots round, so that what many of them share, a layer's inputs say, stands second and parameters first."""
    halves = {
        i: (xs[: len(xs) // 2], xs[len(xs) // 2 : len(xs) // 2 * 2], xs[len(xs) // 2 * 2 :])
        for i, xs in enumerate(graph.operands)
        if graph.rules[i] is RULES["dot"]
    }
    parameters = range(graph.inputs, graph.inputs + graph.parameters)
    shared = Counter([half for ws, xs, _ in halves.values() for half in (ws, xs)])

    def key(half: tuple[int, ...]) -> tuple[bool, int]:
        return half[0] not in parameters, shared[half]

    for i, (ws, xs, start) in halves.items():
        if key(ws) > key(xs):
            graph.operands[i] = (*xs, *ws, *start)
    return graph
