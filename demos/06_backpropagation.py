"""Backpropagation: the derivative of a cost with respect to every weight, for the price of about two forward passes.

With zˡ = wˡ aˡ⁻¹ + bˡ and aˡ = φ(zˡ), let δˡ = ∂C/∂zˡ: how much the cost changes if the weighted input of a neuron is
nudged. After backward() δ is the gradient of the node z, so the four equations of backpropagation can be read off the
graph, and compared with the same in plain numbers.
"""

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import _pictures as pictures

from autograd_mini import Value, dot, draw, exp, sigmoid, sin
from autograd_mini.nn import MLP, binary_cross_entropy, mse

Vector = list[float]
Matrix = list[Vector]
Gradient = tuple[Matrix, Matrix, list[Matrix]]  # δ, ∂C/∂b and ∂C/∂w, of each layer
X, Y = [-1.0, -0.5, 0.0, 0.5, 1.0], [1.0, 0.25, 0.0, 0.25, 1.0]  # y = x²


# %% The chain rule for three
# (h∘f∘g)′(x) = h′(f(g(x))) · f′(g(x)) · g′(x), outermost first. Each factor needs what those to its right have computed
# already, and the idea of backpropagation is to share such work.
def chain_rule(x: float) -> tuple[float, float]:
    """The derivative of exp(sin(x²)), written out and by the engine."""
    g, v = x**2, Value(x)
    exp(sin(v**2)).backward()
    return math.exp(math.sin(g)) * math.cos(g) * (2 * x), v.grad


# %% Why not perturb
# Nudge one weight, see what the cost does, and go on to the next: that takes n + 1 passes through the network, or 2n
# for central differences. Backpropagation takes one pass forward and one back, for any n.
def perturbing(cost: Callable[[], Value], parameters: Sequence[Value], h: float = 1e-7) -> Vector:
    """(C(w + h) − C(w)) / h for each weight."""
    base, gradient = cost().data, []
    for p in parameters:
        w = p.data
        p.data = w + h
        gradient.append((cost().data - base) / h)
        p.data = w
    return gradient


def backpropagation(cost: Callable[[], Value], parameters: Sequence[Value]) -> Vector:
    """∂C/∂w for each weight."""
    for p in parameters:
        p.grad = 0.0
    cost().backward()
    return [p.grad for p in parameters]


def price(way: Callable[..., Vector], width: int, seconds: float = 0.05) -> tuple[int, float, float]:
    """n, the forward passes that a gradient takes, and the processor's time that it takes, in units of one of them."""
    network, passes = MLP(1, [width, width, 1], activation="tanh", seed=1), 0

    def cost() -> Any:
        nonlocal passes
        passes += 1
        return mse([network(x) for x in X], Y)

    def timed(f: Callable[..., Any], *arguments: Any) -> tuple[float, float]:
        start, first, calls = process_time(), passes, 0
        while process_time() - start < seconds:
            f(*arguments)
            calls += 1
        return (process_time() - start) / calls, (passes - first) / calls

    time, each = timed(way, cost, network.parameters())
    return len(network.parameters()), each, time / timed(cost)[0]


# %% The four equations
# BP1: δᴸ = ∇ₐC ⊙ φ′(zᴸ), and for the quadratic cost ∇ₐC = aᴸ − y. BP2: δˡ = ((wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ φ′(zˡ).
# BP3: ∂C/∂bˡⱼ = δˡⱼ. BP4: ∂C/∂wˡⱼₖ = aˡ⁻¹ₖ δˡⱼ.
def logistic(z: float) -> float:
    """σ(z) = 1/(1 + e⁻ᶻ)."""
    return 1 / (1 + math.exp(-z))


PHI: dict[Any, tuple[Callable[[float], float], Callable[[float], float]]] = {  # φ and φ′
    "sigmoid": (logistic, lambda z: logistic(z) * (1 - logistic(z))),
    "tanh": (math.tanh, lambda z: 1 - math.tanh(z) ** 2),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0)),
    None: (lambda z: z, lambda z: 1.0),
}
COSTS: dict[str, tuple[Callable[..., Any], Callable[[float, float], float]]] = {  # C and ∂C/∂a, for one sample
    "quadratic": (mse, lambda a, y: a - y),
    "cross-entropy": (binary_cross_entropy, lambda a, y: (a - y) / (a * (1 - a))),
}


def equations(network: MLP, x: Vector, y: Vector, cost: str) -> Gradient:
    """BP1 to BP4 in plain numbers."""
    w = [[[p.data for p in neuron.w] for neuron in layer.neurons] for layer in network.layers]
    b = [[neuron.b.data for neuron in layer.neurons] for layer in network.layers]
    phi, slope = zip(*[PHI[layer.neurons[0].activation] for layer in network.layers])
    a, z, layers = [x], [], range(len(w))
    for i in layers:
        z.append([sum(wjk * ak for wjk, ak in zip(wj, a[i])) + bj for wj, bj in zip(w[i], b[i])])
        a.append([phi[i](zj) for zj in z[i]])
    delta = [[COSTS[cost][1](aj, yj) * slope[-1](zj) for aj, yj, zj in zip(a[-1], y, z[-1])]]  # BP1
    for i in reversed(layers[:-1]):
        error = [sum(wj[k] * dj for wj, dj in zip(w[i + 1], delta[0])) for k in range(len(z[i]))]
        delta.insert(0, [ek * slope[i](zk) for ek, zk in zip(error, z[i])])  # BP2
    by_b = delta  # BP3
    by_w = [[[ak * dj for ak in a[i]] for dj in delta[i]] for i in layers]  # BP4
    return delta, by_b, by_w


def read_off(network: MLP, x: Vector, y: Vector, cost: str) -> Gradient:
    """The same from the graph: the gradients of z, b and w."""
    a = network(x)
    network.zero_grad()
    COSTS[cost][0]([a if isinstance(a, list) else [a]], [y]).backward()
    layers = [layer.neurons for layer in network.layers]
    delta = [[neuron.z.grad for neuron in layer if neuron.z is not None] for layer in layers]
    by_b = [[neuron.b.grad for neuron in layer] for layer in layers]
    by_w = [[[p.grad for p in neuron.w] for neuron in layer] for layer in layers]
    return delta, by_b, by_w


def flat(nested: Any) -> Vector:
    """All the numbers of nested lists in a row."""
    return [nested] if isinstance(nested, float) else [number for part in nested for number in flat(part)]


# %% Who learns slowly
# A saturated neuron learns slowly, because φ′(z) is a factor of its δ: in the last layer by BP1, in an earlier one by
# BP2. Weights learn slowly too if the number that they multiply is near 0, by BP4.
def two_neurons(x: float, z1: float, z2: float) -> tuple[Value, Value, Value]:
    """Two neurons in a row, with biases that make z₁ and z₂ their weighted inputs: w₁, w₂ and the cost, for y = 0."""
    w1, w2 = Value(1.0, label="w1"), Value(1.0, label="w2")
    first = dot([w1], [Value(x, label="x")], start=Value(z1 - x, label="b1"))
    a1 = sigmoid(first)
    second = dot([w2], [a1], start=Value(z2 - a1.data, label="b2"))
    a2 = sigmoid(second)
    cost = a2 * a2 / 2
    for node, name in ((first, "z1"), (a1, "a1"), (second, "z2"), (a2, "a2"), (cost, "C")):
        node.label = name
    cost.backward()
    return w1, w2, cost


def slopes(x: float = 1.0, z1: float = 0.0, z2: float = 0.0) -> tuple[float, float]:
    """∂C/∂w₁ and ∂C/∂w₂."""
    w1, w2, _ = two_neurons(x, z1, z2)
    return w1.grad, w2.grad


# %% The algorithm
# Input, feedforward, output error, backpropagate the error, output the gradient: backward() does all of that. Training
# repeats it: start at random weights, take all samples or some of them, and step by −α ∂C/∂w. It stops when every
# derivative is below a threshold, or at the limit of epochs.
def train(batch: int, epochs: int, rate: float = 0.3, threshold: float = 1e-3) -> tuple[int, float, str]:
    """Learn y = x² from `batch` samples at a time: the epochs that it took, the last cost, and why it stopped."""
    network, source = MLP(1, [4, 1], activation="tanh", seed=1), random.Random(1)
    for epoch in range(epochs):
        rows = source.sample(range(len(X)), batch)
        cost = mse([network(X[i]) for i in rows], [Y[i] for i in rows])
        network.zero_grad()
        cost.backward()
        if all(abs(p.grad) < threshold for p in network.parameters()):
            return epoch, cost.data, f"every derivative is below {threshold}"
        for p in network.parameters():
            p.data -= rate * p.grad
    return epochs, cost.data, f"limit of {epochs} epochs reached"


def main(out: Path = Path()) -> dict[str, object]:
    """Go through the chapter; the pictures go to the folder `out`."""
    by_hand, by_engine = chain_rule(1.5)
    print(f"derivative of exp(sin(x²)) at 1.5: by the chain rule {by_hand:.12f}, by the engine {by_engine:.12f}")

    prices = {way.__name__: [price(way, width) for width in (1, 2, 4, 8, 16)] for way in (perturbing, backpropagation)}
    for (n, passes, time), (_, _, back) in zip(*prices.values()):
        print(f"n = {n:3}: perturbing takes {passes:.0f} forward passes, {time:.0f} times as long as one;", end=" ")
        print(f"backpropagation takes one and a pass back, {back:.1f} times as long")
    pictures.prices(out / "prices.svg", prices)

    errors = {}
    for depth in range(1, 6):
        network = MLP(3, [4] * depth, activation="tanh", output_activation="sigmoid", seed=depth)
        x, y = [0.5, -1.0, 2.0], [1.0, 0.0, 0.0, 1.0]
        graph, written = (flat(way(network, x, y, "quadratic")) for way in (read_off, equations))
        errors[depth] = max(abs(a - b) for a, b in zip(graph, written))
    print("BP1 to BP4, the graph against the equations, by depth:", {d: f"{e:.0e}" for d, e in errors.items()})

    speeds = {
        "both neurons active": slopes(),
        "output neuron saturated": slopes(z2=10.0),
        "earlier neuron saturated": slopes(z1=10.0),
        "input near 0": slopes(x=0.001),
    }
    for name, (by_w1, by_w2) in speeds.items():
        print(f"{name + ':':25} ∂C/∂w1 = {by_w1:.1e}, ∂C/∂w2 = {by_w2:.1e}")
    zs, xs = [i / 5 for i in range(-50, 51)], [i / 50 for i in range(51)]
    sweeps = {
        "$z^2$, of the output neuron": (zs, [slopes(z2=z) for z in zs]),
        "$z^1$, of the earlier neuron": (zs, [slopes(z1=z) for z in zs]),
        "input $x$": (xs, [slopes(x=x) for x in xs]),
    }
    pictures.speeds(out / "speeds.svg", sweeps)
    draw(two_neurons(1.0, 0.5, -0.5)[2], direction="TB").save(out / "two_neurons.svg")

    runs = {"all samples": train(batch=len(X), epochs=5000), "two samples": train(batch=2, epochs=500)}
    for name, (epochs, last, reason) in runs.items():
        print(f"training on {name} at a time: {epochs} epochs, to the cost {last:.6f}; {reason}")

    return {"chain": (by_hand, by_engine), "prices": prices, "errors": errors, "speeds": speeds, "runs": runs}


if __name__ == "__main__":
    main(pictures.folder(__doc__))
