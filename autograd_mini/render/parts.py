"""The neurons and layers of a model, found in a graph by the weights that an operation uses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ..lazy import cached_property
from ..reading import operands_of
from .graph import Graph

_INDEX = re.compile(r"[0-9]+")  # a step of a path that is an index of a list; "1b" and "²" are keys of a dictionary


@dataclass(frozen=True)
class Part:
    """The innermost module that holds a parameter, usually a neuron, and the module around it, its layer.

    >>> part = Part("MLP", "layers.0.neurons.1")
    >>> part.titles, part.at("layer")
    (('layer 1', 'neuron 1.2'), 'layers.0')
    """

    model: str
    path: str

    @cached_property
    def layer(self) -> str:
        """The path of the module that holds it."""
        return owner_of(self.path)

    def at(self, level: str | None) -> str:
        """The path of the part itself, or of its layer."""
        return self.layer if level == "layer" else self.path

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The titles of its layer and itself, from the outside in."""
        if not self.path:
            return (self.model,)
        return self.title_at("layer"), self.title_at("neuron")

    def title_at(self, level: str | None) -> str:
        """The title of the part or of its layer; indices count from 1."""
        path = self.at(level)
        names = _grouped(path)
        kind, *indices = names[-1]
        if not indices:
            return path or self.model
        places = [place for name in names for place in _places(name)]
        return f"{kind.removesuffix('s')} {'.'.join(places)}"


def _grouped(path: str) -> list[list[str]]:
    """The steps of a path, each name together with the indices after it.

    >>> _grouped("layers.0.neurons.3.w.1")
    [['layers', '0'], ['neurons', '3'], ['w', '1']]
    """
    names: list[list[str]] = []
    for step in path.split("."):
        if names and _INDEX.fullmatch(step):
            names[-1].append(step)
        else:
            names.append([step])
    return names


def _places(name: list[str]) -> list[str]:
    """The contribution of a step to a title: "2" for ["neurons", "1"], "hidden" for ["hidden"]."""
    attribute, *indices = name
    return [str(int(i) + 1) for i in indices] or [attribute]


def owner_of(path: str) -> str:
    """The path of the module that owns the attribute at the end of the given path.

    >>> owner_of("layers.0.neurons.1.w.2")
    'layers.0.neurons.1'
    """
    return ".".join(step for name in _grouped(path)[:-1] for step in name)


def parts_of(graph: Graph, model: Any) -> dict[int, Part]:
    """Find the part of a model that each value belongs to.

    Args:
        graph: where to look.
        model: a Module.

    Returns:
        The part of each value, by its place: of each parameter, of each operation on the parameters of one part and
        something else, and of each value of the part's activation.  The activation is recognised by its name.  For a
        user's function, it is every value that is made of one weighted input alone.

    >>> from autograd_mini.nn import Neuron
    >>> neuron = Neuron(1, "tanh")
    >>> {part.path for part in parts_of(Graph([(neuron(2.0) - 1.0) ** 2]), neuron).values()}
    {''}
    >>> len(parts_of(Graph([(neuron(2.0) - 1.0) ** 2]), neuron))  # w, b, z and a, not the loss
    4
    """
    parts: dict[int, Part] = {}
    known: dict[str, Part] = {}
    for path, parameter in model.named_parameters():
        if id(parameter) in graph.place:
            owner = owner_of(path)
            parts[graph.place[id(parameter)]] = known.setdefault(owner, Part(type(model).__name__, owner))
    inputs = _weighted_inputs(graph, parts)
    pending: dict[int, Part] = {}  # weighted inputs whose activation has no name
    for z, part in inputs.items():
        name = activation_of(model, part.path)
        named = [c for c in graph.consumers[z] if graph.rule(c) == name and graph.parents[c] == [z]]
        parts.update(dict.fromkeys(named, part))
        if name and not named:
            pending[z] = part
    parts.update(inputs)
    if pending:
        parts.update(_between(graph, pending, inputs))
    return parts


def _weighted_inputs(graph: Graph, parameters: dict[int, Part]) -> dict[int, Part]:
    found = {}
    for i, parents in enumerate(graph.parents):
        owners = {parameters[p].path: parameters[p] for p in parents if p in parameters}
        if len(owners) == 1 and (any(p not in parameters for p in parents) or _scales_a_constant(graph, i)):
            found[i] = next(iter(owners.values()))
    return found


def _scales_a_constant(graph: Graph, i: int) -> bool:
    # The penalties w * w and dot(w, w) have no such operand, nor has w**2.
    parents, _ = operands_of(graph.order[i])
    return graph.rule(i) in ("dot", "mul") and any(p is None for p in parents[: len(parents) // 2 * 2])


def activation_of(model: Any, path: str) -> str:
    """The name of the activation of the module at a path, or "" if it has none."""
    phi = getattr(module_at(model, path), "activation", None)
    if phi is None or isinstance(phi, str):
        return phi or ""
    f = getattr(phi, "func", phi)  # of a functools.partial
    return str(getattr(f, "__name__", type(f).__name__))


def module_at(model: Any, path: str) -> Any:
    """The module at a path from `owner_of`; None if there is none.

    >>> from autograd_mini.nn import MLP
    >>> module_at(MLP(2, [3, 1]), "layers.1.neurons.0")
    LinearNeuron(3)
    """
    return reduce(_member, path.split(".") if path else [], model)


def _member(x: Any, step: str) -> Any:
    if isinstance(x, Mapping):
        return next((item for key, item in x.items() if str(key) == step), None)
    return x[int(step)] if _INDEX.fullmatch(step) and hasattr(x, "__getitem__") else getattr(x, step, None)


def _between(graph: Graph, pending: dict[int, Part], inputs: dict[int, Part]) -> dict[int, Part]:
    """The values that are made of one weighted input alone and lead only to weighted inputs."""
    start = {z: z for z in pending}
    for i, parents in enumerate(graph.parents):
        sources = {start.get(p, -1) for p in parents}
        if i not in inputs and len(sources) == 1 and sources != {-1}:
            start[i] = sources.pop()
    kept: dict[int, Part] = {}
    for i in reversed(start):
        ends = graph.consumers[i]
        if i not in inputs and ends and all(c in inputs or (c in kept and start[c] == start[i]) for c in ends):
            kept[i] = pending[start[i]]
    return kept
