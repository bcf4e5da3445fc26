"""Groups: a few operations that read as one formula, such as a squared error, shown as one box."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from ..reading import operands_of
from .graph import Graph

_SCALES = ("truediv", "mul")


@dataclass(frozen=True, slots=True)
class Group:
    """Operations with one result.

    Args:
        formula: the formula that they compute.
        output: the place of the result.
        members: the places of all of them, including the result.
    """

    formula: str
    output: int
    members: frozenset[int]

    def slopes(self, graph: Graph) -> dict[int, float]:
        """The derivative of the output with respect to each member, by its place."""
        adjoints = dict.fromkeys(self.members, 0.0) | {self.output: 1.0}
        for i in sorted(self.members, reverse=True):
            for p, product in zip(graph.parents[i], graph.order[i].pullback(adjoints[i]), strict=True):
                if p in adjoints:
                    adjoints[p] += product
        return adjoints


def squared_errors(graph: Graph, names: Mapping[int, str], apart: Container[int] = ()) -> list[Group]:
    """The squared errors of a graph, as `nn.mse` builds them: differences, their dot product with themselves, and a
    division by a number.

    Args:
        graph: the graph to search.
        names: the name of each value, by its id.  A value with a name is not hidden inside a group.
        apart: the places that belong to something else.

    >>> from autograd_mini.engine import Value
    >>> from autograd_mini.functions import dot
    >>> a = Value(3.0)
    >>> e = a - 1.0
    >>> squared_errors(Graph([dot([e], [e]) / 2]), {id(a): "a"})[0].formula
    '(a − 1)²/2'
    """
    found = []
    for i in range(len(graph.order)):
        errors = _errors(graph, i)
        inner = {*errors}
        if not errors or not all(_is_inner(graph, names, apart, e, {i}) for e in inner):
            continue
        output, scale = _scaled(graph, names, apart, i)
        found.append(Group(_formula(graph, names, errors) + scale, output, frozenset({*inner, i, output})))
    return found


def _errors(graph: Graph, i: int) -> list[int]:
    """The differences that a dot product multiplies by themselves."""
    if graph.rule(i) != "dot":
        return []
    parents = graph.parents[i]
    half = len(parents) // 2
    is_square = len(operands_of(graph.order[i])[0]) == len(parents) == 2 * half and parents[:half] == parents[half:]
    errors = parents[:half]
    return errors if is_square and all(graph.rule(e) == "sub" for e in errors) else []


def _is_inner(graph: Graph, names: Mapping[int, str], apart: Container[int], i: int, readers: set[int]) -> bool:
    """Whether a value has no name and no consumer outside the group."""
    is_free = i not in graph.roots and i not in apart and id(graph.order[i]) not in names
    return is_free and set(graph.consumers[i]) == readers


def _scaled(graph: Graph, names: Mapping[int, str], apart: Container[int], i: int) -> tuple[int, str]:
    """The result of a group that ends in i, and how i is scaled on the way to it."""
    for j in set(graph.consumers[i]):
        parents, xs = operands_of(graph.order[j])
        is_scale = graph.rule(j) in _SCALES and j not in apart and parents[1] is None
        if is_scale and _is_inner(graph, names, apart, i, {j}):
            return j, f"{'/' if graph.rule(j) == 'truediv' else '·'}{xs[1]:.4g}"
    return i, ""


def _formula(graph: Graph, names: Mapping[int, str], errors: list[int]) -> str:
    if len(errors) > 1:
        return "Σ(a − y)²"
    parents, xs = operands_of(graph.order[errors[0]])
    a, y = (
        f"{x:.4g}".replace("-", "−") if p is None else names.get(id(p), default)
        for p, x, default in zip(parents, xs, "ay", strict=True)
    )
    return f"({a} − {f'({y})' if y.startswith('−') else y})²"
