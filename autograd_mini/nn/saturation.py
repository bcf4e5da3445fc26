"""Measures how much of each layer is saturated, that is, so flat that it hardly learns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import Any

from .. import functions
from ..engine import Value
from ..render.parts import Part, module_at, owner_of
from ..transforms import gradients
from .modules import Neuron

FLAT = 0.1  # an activation with less than this part of its largest slope is saturated
MOST_SLOPES = 128  # computed at once
NEAR = [i / 2.0 for i in range(-12, 13)]  # where to look for the largest slope


class Layers:
    """The neurons of a model, by the titles of their layers.

    Args:
        model: a function of one row, perhaps a Module.

    >>> from .modules import MLP
    >>> Layers(MLP(1, [2, 1], "tanh", init=3.0)).saturation([-1.0, 0.0, 1.0, 2.0])
    {'layer 1': 0.75}
    """

    def __init__(self, model: Any) -> None:
        paths = dict.fromkeys(owner_of(path) for path, _ in getattr(model, "named_parameters", list)())
        found = [(Part(type(model).__name__, path).title_at("layer"), module_at(model, path)) for path in paths]
        self._model = model
        self._neurons = [(title, neuron) for title, neuron in found if isinstance(neuron, Neuron)]
        self._least = {phi: FLAT * max([_slope(phi, z) for z in NEAR]) for phi in map(_activation, self._active())}

    def saturation(self, rows: Sequence[Any]) -> dict[str, float]:
        """The share of each layer's outputs where the activation has less than a tenth of its largest slope.

        Args:
            rows: the rows to call the model with.

        Returns:
            The shares, by the titles of the layers that have an activation.
        """
        active = self._active()
        rows = rows[: max(MOST_SLOPES // max(len(active), 1), 2)]
        met: dict[str, list[bool]] = {title: [] for title, neuron in self._neurons if neuron in active}
        for x in rows:
            with self.looking():
                self._model(x)
                inputs = {neuron: neuron.z.data for neuron in active if neuron.z is not None}
            for title, neuron in self._neurons:
                if neuron in inputs:
                    phi = _activation(neuron)
                    met[title].append(_slope(phi, inputs[neuron]) < self._least[phi])
        return {title: sum(flat) / max(len(flat), 1) for title, flat in met.items()}

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Inside, calls of the model do not change the z of its neurons, which belong to the training.

        >>> neuron = Neuron(1, "tanh", init=1.0)
        >>> a = neuron(0.5)
        >>> with Layers(neuron).looking():
        ...     _ = neuron(2.0)
        >>> neuron.z.data
        0.5
        """
        before = [vars(neuron).get("z", neuron) for _, neuron in self._neurons]
        try:
            yield
        finally:
            for (_, neuron), z in zip(self._neurons, before):
                if z is neuron:  # it had none
                    vars(neuron).pop("z", None)
                else:
                    neuron.z = z

    def _active(self) -> list[Neuron]:
        return [neuron for _, neuron in self._neurons if neuron.activation is not None]


def _activation(neuron: Neuron) -> Callable[[Any], Any]:
    phi = neuron.activation
    return phi if callable(phi) else getattr(functions, str(phi))


def _slope(phi: Callable[[Any], Any], z: float) -> float:
    """How steep an activation is; 0.0 if its slope is not a number."""
    x = Value(z)
    a = phi(x)
    slope = abs(gradients(a, [x])[0]) if isinstance(a, Value) else 0.0
    return slope if isfinite(slope) else 0.0
