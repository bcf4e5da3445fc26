"""The picture of a network: its units in columns, and its weights as lines between them."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ..engine import Value
from ..rules import RULES
from .build import gradients
from .parts import Part, activation_of, owner_of
from .scene import Arrow, Box, Scene, printable

_TALLEST, _ENDS = 12, 4  # units that a column shows, and how many at each end of one with more
_FEW = 12  # weights that are written on their lines


@dataclass
class Unit:
    """A neuron: a module with a list of weights `w`, and perhaps a bias `b`."""

    part: Part
    w: list[Value] = field(default_factory=list)
    b: Value | None = None


def architecture(model: Any, precision: int) -> Scene:
    """Show a model itself, before any computation.

    Args:
        model: a Module.
        precision: significant digits of the weights.

    Returns:
        Columns of units, if the model consists of layers of neurons, each reading the one before; a long column is cut
        in the middle.  For any other model, its parameters, each in the frame of the module that holds it.

    >>> from autograd_mini.nn import MLP
    >>> scene = architecture(MLP(2, [3, 1], seed=0), 4)
    >>> scene.caption, len(scene.boxes), len(scene.arrows)
    ('MLP · 2-3-1 · 13 parameters', 6, 9)
    """
    parameters = model.named_parameters()
    layers = _layers(model, parameters)
    name, total = type(model).__name__, f"{len(parameters)} parameter{'s' * (len(parameters) != 1)}"
    if not layers:
        return Scene(f"Parameters of {name}: {total}", tuple(_cards(name, parameters)), caption=f"{name} · {total}")
    widths = [len(layers[0][0].w), *map(len, layers)]
    columns = [[Box(f"u0_{i}", f"x{i}", kind="unit", within=(_title("input", widths[0]),)) for i in range(widths[0])]]
    for k, layer in enumerate(layers, 1):
        title = _title("neuron", len(layer))
        if len(layers) > 1:
            title = f"{layer[0].part.title_at('layer')}: {title}"
        columns.append([_unit(model, unit, f"u{k}_{i}", title) for i, unit in enumerate(layer)])
    shown = [_ends(len(column)) for column in columns]
    arrows = [
        Arrow(f"u{k}_{i}", f"u{k + 1}_{j}", weight=layers[k][j].w[i].data)
        for k, (tails, heads) in enumerate(pairwise(shown)) for j in heads for i in tails
    ]  # fmt: skip
    if len(arrows) <= _FEW:
        arrows = [Arrow(a.tail, a.head, weight=a.weight, note=f"{a.weight:.{precision}g}") for a in arrows]
    boxes = [box for column, places in zip(columns, shown, strict=True) for box in _cut(column, places)]
    shape = "-".join(map(str, widths))
    return Scene(f"Network {name}, {shape}, {total}", tuple(boxes), tuple(arrows), f"{name} · {shape} · {total}")


def _layers(model: Any, parameters: list[tuple[str, Value]]) -> list[list[Unit]]:
    """The neurons of each layer; empty for another kind of model."""
    units: dict[str, Unit] = {}
    for path, p in parameters:
        owner = owner_of(path)
        unit = units.setdefault(owner, Unit(Part(type(model).__name__, owner)))
        match path.removeprefix(owner).removeprefix(".").split("."):
            case ["w", _]:
                unit.w.append(p)
            case ["b"]:
                unit.b = p
            case _:
                return []
    layers: dict[str, list[Unit]] = defaultdict(list)
    for unit in units.values():
        layers[unit.part.at("layer")].append(unit)
    found = list(layers.values())
    widths = [len(found[0][0].w), *map(len, found)] if found else []
    fits = all(len(unit.w) == width for width, layer in zip(widths, found, strict=False) for unit in layer)
    return found if fits else []


def _unit(model: Any, unit: Unit, key: str, title: str) -> Box:
    name = activation_of(model, unit.part.path)
    symbol = RULES[name].symbol if name in RULES else name or "Σ"
    rows = (("b", (unit.b.data,)),) if unit.b is not None else ()
    name = printable(unit.part.title_at(None))
    return Box(key, name, printable(symbol), rows, kind="unit", within=(printable(title),))


def _cards(name: str, parameters: list[tuple[str, Value]]) -> list[Box]:
    return [
        Box(f"p{i}", printable(p.label or path), rows=(("data", (p.data,)), ("grad", gradients([p]))),
            within=tuple(map(printable, Part(name, owner_of(path)).titles)))
        for i, (path, p) in enumerate(parameters)
    ]  # fmt: skip


def _title(what: str, n: int) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _ends(n: int) -> list[int]:
    return list(range(n)) if n <= _TALLEST else [*range(_ENDS), *range(n - _ENDS, n)]


def _cut(column: list[Box], places: list[int]) -> list[Box]:
    """The boxes at those places, and dots for all boxes between them."""
    boxes = [column[i] for i in places]
    if len(boxes) < len(column):
        left_out = len(column) - len(boxes)
        dots = Box(f"{column[0].key}_more", f"{left_out} more", kind="dots", count=left_out, within=column[0].within)
        boxes.insert(_ENDS, dots)
    return boxes
