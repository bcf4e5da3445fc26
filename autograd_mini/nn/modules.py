"""Neurons, layers of them, and layers in a row: φ(w·x + b), over and over."""

import random
import reprlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import functions
from ..engine import Value

Number = Value | float
Activation = str | Callable[[Any], Any] | None


class Module:
    """What has parameters.

    A class of your own says in `parameters` which they are:

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.height = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.height
    ...     def parameters(self):
    ...         return [self.slope, self.height]
    >>> line = Line()
    >>> line(3.0).backward()
    >>> [p.grad for p in line.parameters()]
    [3.0, 1.0]
    >>> line.zero_grad()
    >>> [p.grad for p in line.parameters()]
    [0.0, 0.0]
    """

    def parameters(self) -> list[Value]:
        """The Values that training changes, always in the same order."""
        return []

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0.0: leaves would go on adding them up."""
        for p in self.parameters():
            p.grad = 0.0


class Neuron(Module):
    """A weighted sum of the inputs, and an activation: a = φ(z) with z = w₁x₁ + … + wₙxₙ + b, which is one node.

    The weights are drawn from `random`'s generator, uniformly between −1 and 1; the bias b starts at 0.
    After a call `z` is its weighted input, and after backward() `z.grad` is δ = ∂C/∂z.

    Args:
        nin: n, the number of inputs.
        activation: φ, by its name in autograd_mini ("tanh", say) or any function of a Value; None for a = z.
        nonlin: False is micrograd's word for activation=None; in its second place True and False are understood too.

    Raises:
        ValueError: there is no function of that name.
        TypeError: `activation` is none of the above.

    >>> neuron = Neuron(2, "tanh")
    >>> for p, number in zip(neuron.parameters(), [0.5, -1.0, 2.0]):
    ...     p.data = number
    >>> a = neuron([4.0, 3.0])
    >>> a.backward()
    >>> neuron.z.data, round(a.data, 4), round(neuron.z.grad, 4)
    (1.0, 0.7616, 0.42)
    """

    z: Value | None = None

    def __init__(self, nin: int, activation: Activation | bool = "relu", *, nonlin: bool = True) -> None:
        if isinstance(activation, bool):
            activation = "relu" if activation else None
        self.activation = activation if nonlin else None
        self._phi = _function(self.activation)
        self.w = [Value(random.uniform(-1, 1), label=f"w{i}") for i in range(nin)]
        self.b = Value(0.0, label="b")

    def __call__(self, x: Number | Iterable[Number]) -> Any:
        """Compute a.

        Args:
            x: nin Values or plain numbers; where nin is 1, that one itself will do.

        Returns:
            a, a Value.

        Raises:
            ValueError: there are more or fewer inputs than weights.
        """
        x = _inputs(x)
        if len(x) != len(self.w):
            raise _wrong_width(self, len(self.w), x)
        self.z = z = functions.dot(self.w, x, start=self.b)
        return z if self._phi is None else self._phi(z)

    def parameters(self) -> list[Value]:
        """w₁ … wₙ and b."""
        return [*self.w, self.b]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "z"}

    def __repr__(self) -> str:
        return f"{_name(self.activation)}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side, all with the same inputs.

    aⱼ = φ(wⱼ·x + bⱼ) for j = 1 … nout.

    Args:
        nin: the number of inputs.
        nout: the number of neurons.
        **options: `activation` or `nonlin`, for each `Neuron`.

    >>> layer = Layer(3, 2, activation=None)
    >>> layer
    Layer of [LinearNeuron(3), LinearNeuron(3)]
    >>> len(layer([1.0, 2.0, 3.0])), len(layer.parameters())
    (2, 8)
    >>> layer([1.0, 2.0])
    Traceback (most recent call last):
    ValueError: Layer(3, 2) takes 3 inputs, and got 2: [1.0, 2.0]
    """

    def __init__(self, nin: int, nout: int, **options: Any) -> None:
        self.nin = nin
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def __call__(self, x: Number | Iterable[Number]) -> Any:
        """Compute every aⱼ.

        Args:
            x: nin Values or plain numbers; where nin is 1, that one itself will do.

        Returns:
            A list of nout Values; of a layer of one neuron, its Value itself.

        Raises:
            ValueError: there are more or fewer inputs than the layer takes.
        """
        x = _inputs(x)
        if len(x) != self.nin:
            raise _wrong_width(f"Layer({self.nin}, {len(self.neurons)})", self.nin, x)
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        """Those of the neurons, one after the other."""
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """Layers in a row, each reading the one before: a multi-layer perceptron.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons of each layer.
        activation: that of the hidden layers, as for `Neuron`.
        output_activation: that of the last layer; it is linear unless told.

    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters())
    337
    >>> type(model([0.5, -0.5]))
    <class 'autograd_mini.engine.Value'>
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "relu",
        output_activation: Activation = None,
    ) -> None:
        widths = [nin, *nouts]
        activations = [activation] * (len(nouts) - 1) + [output_activation]
        self.layers = [Layer(*shape, activation=phi) for *shape, phi in zip(widths, nouts, activations)]

    def __call__(self, x: Number | Iterable[Number]) -> Any:
        """Compute the outputs of the last layer.

        Args:
            x: nin Values or plain numbers.

        Returns:
            A list of as many Values as the last layer has neurons; of one neuron, its Value itself.

        Raises:
            ValueError: there are more or fewer inputs than the first layer takes.
        """
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Value]:
        """Those of the layers, one after the other."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


def _inputs(x: Any) -> tuple[Any, ...]:
    return tuple(x) if hasattr(x, "__iter__") else (x,)


def _wrong_width(module: object, width: int, x: Sequence[Any]) -> ValueError:
    return ValueError(f"{module} takes {width} inputs, and got {len(x)}: {reprlib.repr(list(x))}")


def _function(activation: Activation) -> Callable[[Any], Any] | None:
    """φ itself: what `activation` names, or is."""
    if activation is None or callable(activation):
        return activation
    if not isinstance(activation, str):
        raise TypeError(f"an activation is a name, a function or None, not {activation!r}")
    if activation not in functions.__all__:
        raise ValueError(f"no function of autograd_mini is called {activation!r}: try 'relu', 'tanh' or 'sigmoid'")
    phi: Callable[[Any], Any] = getattr(functions, activation)
    return phi


def _name(activation: Activation) -> str:
    """What stands before "Neuron": Linear, ReLU, LeakyReLU, Tanh …"""
    if activation is None:
        return "Linear"
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", "function")
    return name.title().replace("_", "").replace("Relu", "ReLU")
