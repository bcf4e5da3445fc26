"""The backward pass: the order of a graph, and the chain rule along it.

`backward_from` is what `Value.backward` runs.
"""

from _thread import get_ident
from collections.abc import Iterable, Sequence
from typing import Any

from . import cores, refuse, watch
from .errors import RAISED_BY_FLOATS
from .ieee import IEEE
from .reading import is_value, number_of, operands_of
from .rule import FLOATS, VALUES, Rule


def topological_order(root: Any) -> list[Any]:
    """Every Value below `root` and itself, each once, parents before those made of them.

    >>> from autograd_mini import Value
    >>> x = Value(2.0, label="x")
    >>> [v.op or v.label for v in topological_order((x * x + 1).exp())]
    ['x', '*', '+', 'exp']
    """
    return order_below((refuse.require_value(root),))


def order_below(roots: Iterable[Any], stops: Iterable[Any] = (), since: int = 0) -> list[Any]:
    """The topological order of all nodes below several roots.

    The stops come first.  Nodes below the stops are left out, and so are nodes below one that was
    made before the count `since`.  A node waits on the path until its parents are in the order, the
    first before the second.
    """
    # The keys are the visited nodes, in order; None is a key too, for constants.
    order = {None: None, **dict.fromkeys(stops)}
    path = [root for root in roots if root not in order]
    path.reverse()
    while path:
        v = path[-1]
        if since and v._made < since:
            order[path.pop()] = None
        elif v._a not in order:
            path.append(v._a)
        elif v._b not in order:
            path.append(v._b)
        elif v._many and (missing := [p for p in v._many[0] if p not in order]):
            path += reversed(missing)
        else:
            order[v] = None  # a node that is reached twice keeps its first place
            path.pop()
    return list(order)[1:]


def backward_from(roots: Sequence[Any], seeds: Sequence[float]) -> None:
    """backward() of several roots, each with its seed.  After an error, leaves are unchanged."""
    order = order_below(roots)
    refuse.require_fresh(order)
    before: dict[Any, float | None] = {}  # the gradients of the leaves
    sweep = id(order)
    # The loops are in _go_back: in a `try`, Ctrl-C at the end of a loop could skip the handlers.
    try:
        watch.sweeps[sweep] = order, before, get_ident()  # the thread is needed only after a fork
        if len(watch.sweeps) > 1:
            refuse.require_alone(order)
        _go_back(order, before, roots, seeds)
    except BaseException:
        watch.put_back(order, before)
        raise
    finally:
        watch.sweeps.pop(sweep, None)


def _go_back(order: Sequence[Any], before: dict[Any, Any], roots: Any, seeds: Any) -> None:
    """Keep the gradients of leaves, reset those of results, and apply the chain rule."""
    before.update({v: v._grad for v in order if v._rule is None})
    for v in order:
        if v._rule is not None or v._grad is None:
            v._grad = 0.0
    for root, seed in zip(roots, seeds):
        root._grad += seed
    if watch.hooks and watch.inspectors():
        _by_definition(order)
    else:
        _on_floats(order)


def _by_definition(order: Sequence[Any]) -> None:
    """The chain rule, last node first: each node adds its contributions to its parents."""
    for node in reversed(order):
        for parent, c in zip(node.parents, node.pullback(node._grad)):
            parent._grad += c


def _on_floats(order: Sequence[Any]) -> None:
    """The same, with `pullback` written out for floats: four times as fast."""
    for v in reversed(order):
        rule = v._rule
        if rule is None:
            continue
        g = v._grad
        a = v._a
        b = v._b
        dx, dy = rule.dx, rule.dy
        try:
            if dx is None:  # any number of operands: rule.many gives the slopes, v._many has both
                parents, xs = v._many
                for parent, slope in zip(parents, rule.many(FLOATS, v._data, *xs), strict=True):
                    if parent is not None:
                        parent._grad += g * slope
            elif dy is None:  # one operand
                a._grad += g * (dx if type(dx) is float else dx(FLOATS, v._data, v._x))
            elif b is None:  # the second is a constant
                a._grad += g * (dx if type(dx) is float else dx(FLOATS, v._data, v._x, v._y))
            else:  # Both slopes first: one may raise.  a is added before b, as above.
                c = g * (dy if type(dy) is float else dy(FLOATS, v._data, v._x, v._y))
                if a is not None:
                    a._grad += g * (dx if type(dx) is float else dx(FLOATS, v._data, v._x, v._y))
                b._grad += c
        except RAISED_BY_FLOATS:  # a slope at 0, or an overflow on the way to it
            for parent, c in zip(v.parents, contributions(v, g, IEEE)):
                parent._grad += c


def pull_back(v: Any, adjoint: Any) -> tuple[Any, ...]:
    """The contributions in the arithmetic of the adjoint; in IEEE arithmetic if floats raise."""
    if is_value(adjoint):
        with watch.never_raising():
            return contributions(v, adjoint, VALUES)
    try:
        return contributions(v, adjoint, FLOATS)
    except RAISED_BY_FLOATS:
        return contributions(v, adjoint, IEEE)


def contributions(v: Any, adjoint: Any, m: Any) -> tuple[Any, ...]:
    """The local chain rule: adjoint · ∂v/∂parent for each parent, in the arithmetic m."""
    pairs = zip(slopes(v, m), v.parents, strict=True)
    cs = tuple([m.product(adjoint, slope, parent) for slope, parent in pairs])
    for inspect in watch.inspectors() if watch.hooks else ():
        cs = inspect(v, adjoint, cs) or cs
    return cs


def slopes(v: Any, m: Any) -> list[Any]:
    """∂v/∂parent for each parent, with the row evaluated in the arithmetic m.

    On floats an operand is its number.  In VALUES it is the parent itself, so the slope is a node.
    """
    rule: Rule | None = v._rule
    parents, xs = operands_of(v)
    operands = [m.lift(x, parent) for x, parent in zip(xs, parents, strict=True)]
    return rule.slopes(m, m.lift(number_of(v), v), operands, parents) if rule else []


if cores.c is not None:  # the same, in C
    order_below, backward_from = cores.c.order_below, cores.c.backward_from
