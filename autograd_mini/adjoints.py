"""The chain rule over a graph, for adjoints of any kind: floats, Values, pairs of numbers.

`Value.backward` keeps floats in the nodes, which is faster (see sweep.py).  Code that needs other adjoints, or must not
change `grad`, uses the functions here, which keep adjoints in a dictionary.
"""

import operator
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from . import cores
from .rule import VALUES
from .sweep import contributions, order_below, pull_back

if TYPE_CHECKING:
    from .engine import Value

Adjoint = TypeVar("Adjoint")


def swept(
    order: "Sequence[Value]",
    seeds: "Mapping[Value, Adjoint]",
    pullback: "Callable[[Value, Adjoint], Iterable[Adjoint]]",
    among: "Container[Value] | None" = None,
    add: Callable[[Adjoint, Adjoint], Adjoint] = operator.add,
) -> "dict[Value, Adjoint]":
    """The adjoint of every node reached.

    Args:
        order: the nodes, parents before those made of them.
        seeds: the adjoints to begin with, of the roots.
        pullback: from a node and its adjoint to its contribution to each parent.
        among: the nodes that take part; None means all of them.
        add: how contributions are added up.

    >>> from autograd_mini import Value, topological_order
    >>> x = Value(3.0)
    >>> y = x * x + x
    >>> swept(topological_order(y), {y: 1.0}, lambda v, g: v.pullback(g))[x]
    7.0
    """
    found = dict(seeds)
    for v in reversed(order):
        if v in found and (among is None or v in among):
            for parent, c in zip(v.parents, pullback(v, found[v]), strict=True):
                if among is None or parent in among:
                    found[parent] = add(found[parent], c) if parent in found else c
    return found


def adjoints_of(roots: "Sequence[Value]", seeds: Sequence[float], sources: "Sequence[Value]") -> list[float]:
    """The adjoint of each source, from several roots, each with its seed; no `grad` is changed.

    Nodes below a source are not visited, and no source may occur twice.  It may be called from within a sweep.

    >>> from autograd_mini import Value
    >>> x = Value(3.0)
    >>> adjoints_of([x * x], [1.0], [x])
    [6.0]
    """
    order = order_below(roots, sources)[len(sources) :]
    adjoints = dict.fromkeys([*sources, *order], 0.0)
    for root, seed in zip(roots, seeds, strict=True):
        adjoints[root] += seed
    adjoints = swept(order, adjoints, pull_back)
    return [adjoints[v] for v in sources]


def values_of_adjoints(roots: "Sequence[Value]", seeds: Sequence[Any], sources: "Sequence[Value]") -> list[Any]:
    """The same in the arithmetic of Values, so that the adjoints can be differentiated again."""
    given: dict[Any, Any] = {}
    for root, seed in zip(roots, seeds, strict=True):
        given[root] = given[root] + seed if root in given else seed
    needed = set(sources)
    order = order_below(roots, sources)[len(sources) :]
    for v in order:
        if not needed.isdisjoint(v.parents):
            needed.add(v)
    adjoints = swept(order, given, lambda v, adjoint: contributions(v, adjoint, VALUES), needed)
    return [adjoints.get(v, 0.0) for v in sources]


if cores.c is not None:  # the same, in C
    adjoints_of = cores.c.adjoints_of
