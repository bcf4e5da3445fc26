"""The chain rule over a graph, for adjoints of any kind: floats, Values, pairs of numbers.

`Value.backward` keeps floats in the nodes, which is faster (see sweep.py).  What needs other adjoints, or must not
touch `grad`, keeps them in a dictionary with the function here.
"""

import operator
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TypeVar

from .engine import Value

Adjoint = TypeVar("Adjoint")


def swept(
    order: Sequence[Value],
    seeds: Mapping[Value, Adjoint],
    pullback: Callable[[Value, Adjoint], Iterable[Adjoint]],
    among: Container[Value] | None = None,
    add: Callable[[Adjoint, Adjoint], Adjoint] = operator.add,
) -> dict[Value, Adjoint]:
    """The adjoint of every node that one comes to.

    Args:
        order: the nodes, parents before those made of them.
        seeds: the adjoints to begin with, of the roots.
        pullback: from a node and its adjoint to its contribution to each parent.
        among: the nodes that take part; all of them if it is None.
        add: how contributions are added up.

    >>> from autograd_mini import topological_order
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
