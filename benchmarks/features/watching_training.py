"""Watching a network learn

A picture of the cost and of the network's answers, redrawn during training, by the package itself.
"""

from typing import Any

from benchmarks.features.common import Absent


def autograd_mini() -> Any:
    from autograd_mini import nn

    X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1.0, 1.0, 1.0, -1.0]
    model = nn.MLP(2, [4, 1], "tanh", seed=1)
    watch = nn.Watch(model, X, Y)
    nn.fit(model, X, Y, loss=nn.mse, epochs=20, callback=watch)
    picture = watch.save("watched.svg").read_text(encoding="utf-8")
    return {"characters": len(picture), "drawn": "<svg" in picture}


def micrograd() -> Any:
    raise Absent("its demo prints the cost, and draws the regions with Matplotlib at the end")


def hips() -> Any:
    raise Absent("there are no networks")


def torch() -> Any:
    from torch.utils.tensorboard import SummaryWriter  # asks for the package tensorboard, and a server to look at it

    return {"drawn": SummaryWriter is None}


def jax() -> Any:
    raise Absent("there are no networks")


def casadi() -> Any:
    raise Absent("there are no networks")


def mygrad() -> Any:
    raise Absent("its examples draw with another package, noggin")


def judge(got: Any) -> str:
    return "yes" if got["drawn"] else "no"
