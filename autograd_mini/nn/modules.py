"""Neurons, layers of neurons, and networks of layers: φ(w·x + b), over and over."""

import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from .. import functions
from ..engine import Value
from ..errors import AutogradError
from .init import Init, Seed, generator, weights
from .state import load_state, named_values, read_state, save_state, write_state

Number = Value | float
Activation = str | Callable[[Any], Any] | None


class Module:
    """An object with parameters: the leaf Values in its attributes, and in the containers and modules there.

    Containers are lists, tuples, deques, dictionaries, arrays of objects, dataclasses and namespaces, nested as you
    like.  A set has no order, so a set that holds parameters is an error.  Other objects are not searched.

    The name of a parameter is its path, such as "layers.0.neurons.3.w.1".  A Value that a call stores in an attribute,
    such as the z of a neuron, is the result of an operation.  It is not a leaf, and so it is not a parameter.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.height = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.height
    >>> line = Line()
    >>> line(3.0).backward()
    >>> [p.grad for p in line.parameters()]
    [3.0, 1.0]
    >>> line.zero_grad()
    >>> [p.grad for p in line.parameters()]
    [0.0, 0.0]
    >>> line.state_dict()
    {'slope': 2.0, 'height': 1.0}
    """

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Each parameter once, under the first path that leads to it, in the order in which attributes were defined."""
        return named_values(self, Module)

    def parameters(self) -> list[Value]:
        """The Values that training changes, always in the same order.

        They are those of named_parameters(), unless a class overrides this method in order to train fewer.
        """
        return [p for _, p in named_values(self, Module, override="parameters")]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0.0; otherwise leaves keep adding gradients up."""
        for p in self.parameters():
            p.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The number of each parameter under its name.

        Raises:
            StateError: `parameters` contains one that no path leads to, or two have the same name.

        >>> Neuron(2, init=0.25).state_dict()
        {'w.0': 0.25, 'w.1': 0.25, 'b': 0.0}
        """
        return read_state(self)

    def load_state_dict(self, state: Mapping[str, float], strict: bool = True) -> None:
        """Give each parameter the number under its name.

        Args:
            state: names and numbers, as `state_dict` returned them.
            strict: whether the names must match exactly; if not, names without a counterpart are ignored.

        Raises:
            StateError: a name is missing or unexpected, or an entry is not a number.  The error says which, and the
                module stays as it was.  inf and nan are numbers: you can load whatever `state_dict` returned.

        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"w.0": 0.5, "b": -1.0})
        >>> neuron.load_state_dict({"w.0": 0.5, "v": 2.0})
        Traceback (most recent call last):
        autograd_mini.nn.state.StateError: this state does not fit the Neuron: missing: b; unexpected: v
        """
        write_state(self, state, strict)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the numbers of all parameters to a JSON file, exactly to the last bit.

        The file is written under another name and moved into place when it is complete, so an earlier file is never
        half overwritten.

        Args:
            path: the file; an existing one is replaced.

        Raises:
            StateError: a parameter is not finite; then nothing is written.
            OSError: the folder does not exist, or you can't write to it.
        """
        save_state(self, path)

    def load(self, path: str | PathLike[str]) -> None:
        """Read the numbers that `save` wrote, for a module with the same names.

        Args:
            path: the file.

        Raises:
            StateError: the file is damaged, cut short, of another program or a newer version, or its names don't match
                this module.  The module stays as it was.
            OSError: the file does not exist, or you can't read it.
        """
        load_state(self, path)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        """For a notebook: the picture of the network, or only its text if there is no engine or it is too large."""
        from ..render import draw  # here, so that importing this package stays light

        text = {"text/plain": repr(self)}
        try:
            return text | {"image/svg+xml": draw(self).svg}
        except AutogradError:
            return text


class Neuron(Module):
    """A weighted sum of the inputs, and an activation: a = φ(z) with z = w₁x₁ + … + wₙxₙ + b, where z is one node.

    The bias b starts at 0.  After a call, `z` is the weighted input; after backward(), `z.grad` is δ = ∂C/∂z.

    Args:
        nin: n, the number of inputs.
        activation: φ, by its name in autograd_mini, such as "tanh", or any function of a Value; None for a = z.
        nonlin: False is micrograd's form of activation=None.  As in micrograd, you can pass it as second argument.
        init: the first weights.  "uniform": between −1 and 1, as in micrograd.  "xavier": uniform in ±√(6/(nin+nout)),
            with nout the number of neurons in the layer, or 1 without a layer (Glorot & Bengio 2010).  "he": normal
            with standard deviation √(2/nin) (He et al. 2015).  "zeros".  "constant": 0.5 each; a number for another
            constant.  Or a function without arguments that returns the next weight.
        seed: the generator of the weights.  None uses the one of `random`, so random.seed() decides.  An int makes a
            new one, so the same seed always gives the same weights.  Or pass a `random.Random`.

    Raises:
        ValueError: there is no function or no `init` with that name.
        TypeError: `activation`, `init` or `seed` is something else.

    >>> neuron = Neuron(2, "tanh")
    >>> for p, number in zip(neuron.parameters(), [0.5, -1.0, 2.0]):
    ...     p.data = number
    >>> a = neuron([4.0, 3.0])
    >>> a.backward()
    >>> neuron.z.data, round(a.data, 4), round(neuron.z.grad, 4)
    (1.0, 0.7616, 0.42)
    """

    z: Value | None = None

    def __init__(
        self,
        nin: int,
        activation: Activation | bool = "relu",
        *,
        nonlin: bool = True,
        init: Init = "uniform",
        seed: Seed = None,
    ) -> None:
        if isinstance(activation, bool):
            activation = "relu" if activation else None
        self.activation = activation if nonlin else None
        self._phi = _function(self.activation)
        draw = weights(init, nin, 1, generator(seed))
        self.w = [Value(draw(), label=f"w{i}") for i in range(nin)]
        self.b = Value(0.0, label="b")

    def __call__(self, x: Number | Iterable[Number]) -> Value:
        """Compute a.

        Args:
            x: nin Values or plain numbers; if nin is 1, also a single one.

        Returns:
            a, a Value.

        Raises:
            ValueError: there are more or fewer inputs than weights.
        """
        x = inputs_of(x)
        if len(x) != len(self.w):
            raise wrong_width(self, len(self.w), x)
        self.z = z = functions.dot(self.w, x, start=self.b)
        a: Value = z if self._phi is None else self._phi(z)
        return a

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
        init, seed: the first weights and their generator, as for `Neuron`.
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

    def __init__(self, nin: int, nout: int, *, init: Init = "uniform", seed: Seed = None, **options: Any) -> None:
        self.nin = nin
        self.name = f"Layer({nin}, {nout})"  # in messages
        draw = weights(init, nin, nout, generator(seed))
        self.neurons = [Neuron(nin, init=draw, **options) for _ in range(nout)]

    def __call__(self, x: Number | Iterable[Number]) -> Any:
        """Compute every aⱼ.

        Args:
            x: nin Values or plain numbers; if nin is 1, also a single one.

        Returns:
            A list of nout Values; for a layer of one neuron, its Value itself.

        Raises:
            ValueError: there are more or fewer inputs than the layer takes.
        """
        x = inputs_of(x)
        if len(x) != self.nin:
            raise wrong_width(self.name, self.nin, x)
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """A multi-layer perceptron: layers in a row, each reading the one before.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons of each layer.
        activation: the activation of the hidden layers, as for `Neuron`.
        output_activation: the activation of the last layer; linear by default.
        init, seed: the first weights and their generator, as for `Neuron`; one generator serves all layers.

    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters())
    337
    >>> type(model([0.5, -0.5]))
    <class 'autograd_mini.engine.Value'>
    >>> model([0.5])
    Traceback (most recent call last):
    ValueError: layer 1 of MLP(2, [16, 16, 1]) takes 2 inputs, and got 1: [0.5]
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "relu",
        output_activation: Activation = None,
        init: Init = "uniform",
        seed: Seed = None,
    ) -> None:
        if not isinstance(nouts, Iterable):
            raise TypeError(f"nouts is a list of the number of neurons in each layer, such as [8, 1], not {nouts!r}")
        nouts, source = list(nouts), generator(seed)
        _function(activation)  # checked even if there is no hidden layer
        activations = [activation] * (len(nouts) - 1) + [output_activation]
        shapes = zip([nin, *nouts], nouts, activations)
        self.layers = [Layer(m, n, activation=phi, init=init, seed=source) for m, n, phi in shapes]
        for place, layer in enumerate(self.layers, 1):
            layer.name = f"layer {place} of MLP({nin}, {nouts})"

    def __call__(self, x: Number | Iterable[Number]) -> Any:
        """Compute the outputs of the last layer.

        Args:
            x: nin Values or plain numbers.

        Returns:
            A list with a Value for each neuron of the last layer; if it has one neuron, its Value itself.

        Raises:
            ValueError: there are more or fewer inputs than the first layer takes.
            TypeError: an input is not a number.
        """
        given = x
        try:
            for layer in self.layers:
                x = layer(x)
        except TypeError as error:
            if _are_rows(given):
                raise TypeError(f"a model takes one row: {_FOR_ROWS}") from error
            raise
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


def inputs_of(x: Any) -> tuple[Any, ...]:
    return tuple(x) if hasattr(x, "__iter__") else (x,)


def wrong_width(module: object, width: int, x: Sequence[Any]) -> ValueError:
    hint = f"; {_FOR_ROWS}" if _are_rows(x) else ""
    return ValueError(f"{module} takes {width} inputs, and got {len(x)}: {reprlib.repr(list(x))}{hint}")


_FOR_ROWS = "for many rows write [model(x) for x in X]"


def _are_rows(x: Any) -> bool:
    return any(hasattr(number, "__len__") and not isinstance(number, str) for number in inputs_of(x))


def _function(activation: Activation) -> Callable[[Any], Any] | None:
    """The function φ that `activation` names, or is."""
    if activation is None or callable(activation):
        return activation
    if not isinstance(activation, str):
        raise TypeError(f"an activation is a name, a function or None, not {activation!r}")
    if activation not in functions.__all__:
        raise ValueError(f"no function of autograd_mini is called {activation!r}: try 'relu', 'tanh' or 'sigmoid'")
    phi: Callable[[Any], Any] = getattr(functions, activation)
    return phi


def _name(activation: Activation) -> str:
    """The word before "Neuron": Linear, ReLU, LeakyReLU, Tanh …"""
    if activation is None:
        return "Linear"
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", "function").strip("<>")
    return name.title().replace("_", "").replace("Relu", "ReLU")
