"""Random functions of numbers, with shared nodes, sums, dots and choices; how far rounding may move their results."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import autograd_mini as am
from autograd_mini.engine import Value
from autograd_mini.rule import FLOATS
from autograd_mini.sweep import contributions, topological_order

EPS = 2.0**-53

# Each keeps its result between about -3 and 3 for operands of that size, so that nothing overflows or cancels for ever.
UNARY: list[Callable[[Any], Any]] = [
    am.tanh,
    am.sin,
    am.cos,
    am.sigmoid,
    am.erf,
    am.relu,
    am.atan,
    am.asinh,
    lambda x: am.exp(-x * x),
    lambda x: am.log(x * x + 1.0),
    lambda x: am.sqrt(x * x + 1.0) - 1.0,
    lambda x: am.gelu(am.tanh(x)),
    lambda x: am.softplus(x) - 0.5,
    lambda x: 0.5 * am.abs(x),
    lambda x: -x,
    lambda x: 0.25 * x**2,
    lambda x: 0.1 * x**3,
    lambda x: (x * x + 0.5) ** 0.3,
    am.leaky_relu,
    lambda x: am.clamp(x, -1.0, 1.5),
    lambda x: 1.0 / (1.0 + x * x),
    lambda x: am.cbrt(x + 5.0),
]
BINARY: list[Callable[[Any, Any], Any]] = [
    lambda x, y: 0.5 * (x + y),
    lambda x, y: x - y,
    lambda x, y: 0.5 * x * y,
    lambda x, y: x / (y * y + 1.0),
    am.maximum,
    am.minimum,
    lambda x, y: am.hypot(x, y, 0.5),
    lambda x, y: am.where(x > y, x * 0.5, y),
    lambda x, y: am.where((x < 0.3) & (y > -0.5), x, 0.5 * y),
    lambda x, y: am.atan2(x, y * y + 0.1),
    lambda x, y: (y * y + 0.3) ** am.tanh(x),
]


class Expression:
    """A recipe drawn by a seed: a function of `inputs` and `parameters`, lists of numbers of the widths given."""

    def __init__(self, seed: int, size: int, inputs: int, parameters: int = 0) -> None:
        draw = random.Random(seed)
        self.inputs, self.parameters = inputs, parameters
        self.steps: list[tuple[Any, ...]] = []
        n = inputs + parameters
        for _ in range(size):
            kind = draw.random()
            if kind < 0.4:
                self.steps.append((draw.choice(UNARY), draw.randrange(n)))
            elif kind < 0.8:
                self.steps.append((draw.choice(BINARY), draw.randrange(n), draw.randrange(n)))
            else:
                k = draw.randrange(2, 9)
                xs = [draw.randrange(n) for _ in range(k)]
                if draw.random() < 0.4 and len(self.steps) > 1 and isinstance(self.steps[-1][-1], list):
                    xs = self.steps[-1][2]
                ws = [draw.randrange(n) for _ in xs]
                self.steps.append((draw.choice(MANY), ws, xs))
            n += 1
        self.last = draw.randrange(3, 8)

    def __call__(self, inputs: Sequence[Any], parameters: Sequence[Any] = ()) -> Any:
        nodes = [*inputs, *parameters]
        for f, *operands in self.steps:
            nodes.append(f(*[[nodes[i] for i in at] if isinstance(at, list) else nodes[at] for at in operands]))
        total = sum(nodes[-self.last :])
        if self.parameters:
            total = total + 0.01 * sum(p * p for p in parameters)
        return total


def neuron(ws: Sequence[Any], xs: Sequence[Any]) -> Any:
    return am.tanh(sum((w * x for w, x in zip(ws, xs)), ws[0]))


MANY: list[Callable[[Any, Any], Any]] = [
    neuron,
    neuron,
    lambda ws, xs: am.tanh(am.dot(ws, xs)),
    lambda ws, xs: am.sigmoid(am.dot(xs, ws, start=ws[0])),
    lambda ws, xs: am.logsumexp(xs) * 0.5,
    lambda ws, xs: am.mean(xs),
    lambda ws, xs: am.softmax(xs)[0],
    lambda ws, xs: am.tanh(am.sum(ws)),
    lambda ws, xs: am.tanh(am.prod(xs[:3])),
    lambda ws, xs: am.sin(sum(ws)),
]


def rounding(root: Value, leaves: Sequence[Value]) -> tuple[float, float]:
    """How far rounding may move a result, and any of its derivatives, to first order and up to a small factor.

    Of the result Σ|∂y/∂v·v| · eps over all nodes v; of the derivatives the same with the sizes of all terms, times the
    number of nodes on the way.
    """
    order = topological_order(root)
    sizes: dict[Value, float] = {root: 1.0}
    total = 0.0
    for v in reversed(order):
        size = sizes.get(v, 0.0)
        total += size * abs(v.data)
        for parent, c in zip(v.parents, contributions(v, 1.0, FLOATS)):
            sizes[parent] = sizes.get(parent, 0.0) + size * abs(c)
    return total * EPS, max([sizes.get(x, 0.0) for x in leaves]) * EPS * (4.0 + total)
