"""Ready-made layers of networks

Does the package, or the library that its documentation recommends, have dense layers, convolutions and attention?
Only some of them is `partly`.
"""

from importlib import import_module
from typing import Any

from benchmarks.features.common import Documented


def found(**places: str) -> dict[str, bool]:
    """Which of the three there are, by where they would be."""
    return {kind: exists(place) for kind, place in places.items()}


def exists(place: str) -> bool:
    module, _, name = place.rpartition(".")
    return hasattr(import_module(module), name)


def autograd_mini() -> Any:
    return found(
        dense="autograd_mini.nn.Layer", convolution="autograd_mini.nn.Conv", attention="autograd_mini.nn.Attention"
    )


def micrograd() -> Any:
    return found(dense="micrograd.nn.Layer", convolution="micrograd.nn.Conv", attention="micrograd.nn.Attention")


def hips() -> Any:
    return found(
        dense="autograd.numpy.dense", convolution="autograd.scipy.signal.convolve", attention="autograd.numpy.attention"
    )


def torch() -> Any:
    return found(dense="torch.nn.Linear", convolution="torch.nn.Conv2d", attention="torch.nn.MultiheadAttention")


def jax() -> Any:
    return Documented(
        "yes",
        "Flax NNX, a package of its own, has Linear, Conv and MultiHeadAttention.",
        "https://flax.readthedocs.io/en/latest/api_reference/flax.nnx/nn/index.html",
    )


def casadi() -> Any:
    return found(dense="casadi.dense_layer", convolution="casadi.convolution", attention="casadi.attention")


def mygrad() -> Any:
    return found(
        dense="mygrad.nnet.layers.dense",
        convolution="mygrad.nnet.layers.conv_nd",
        attention="mygrad.nnet.layers.attention",
    )


def judge(got: Any) -> str:
    return "yes" if all(got.values()) else "partly" if any(got.values()) else "no"
