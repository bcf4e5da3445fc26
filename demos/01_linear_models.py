"""Linear models, and the perceptron, which learns one.

A linear model is f(x) = w·x + b. The points where it is 0 form a hyperplane, which splits the space in two, and the
decision function says on which side of it a point is. Rosenblatt's perceptron finds such a plane from examples, with a
rule that is gradient descent. It cannot find a plane that does not exist: no line splits XOR, but a small network does.
"""

from collections.abc import Sequence
from pathlib import Path

import _moving as moving
import _pictures as pictures

from autograd_mini import Value, dot, draw, grad
from autograd_mini.nn import MLP, SGD, Perceptron, PerceptronFit, binary_cross_entropy_with_logits, fit

Row = Sequence[float]
Trace = list[tuple[float, ...]]  # w₁, w₂ and b after each row
X = [(0.8, 0.4), (0.3, 0.1), (0.8, 0.8), (0.4, 0.6), (0.6, 0.8), (0.4, 0.2), (0.4, 0.5)]
Y = [0, 0, 1, 1, 1, 0, 1]
XOR_X, XOR_Y = [(0, 1), (0, 0), (1, 1), (1, 0)], [1, 0, 0, 1]


# %% A linear model
# f(x) = w·x + b. A product is enough: append 1 to x and b to w, and ⟨w′, x′⟩ = ⟨w, x⟩ + b.
#
# "Linear" means linear in the parameters. The parabola ax² + bx + c is a linear model too: its slopes with respect to
# a, b and c are x², x and 1, for any a, b and c.
#
# The points with f(x) = 0 are a hyperplane: a point on a line, a line in the plane, a plane in space. On one side of it
# f is above 0, on the other below.
def linear(w: Row, b: float, x: Row) -> float:
    """f(x) = w·x + b."""
    return sum(wi * xi for wi, xi in zip(w, x)) + b


def folded(w: Row, b: float, x: Row) -> float:
    """The same without a separate b: ⟨w′, x′⟩, with w′ = (w, b) and x′ = (x, 1)."""
    return sum(wi * xi for wi, xi in zip([*w, b], [*x, 1.0]))


def parabola_slopes(a: float, b: float, c: float, x: float) -> Row:
    """The derivatives of ax² + bx + c with respect to a, b and c."""
    slopes: Row = grad(lambda p: p[0] * x**2 + p[1] * x + p[2])([a, b, c])
    return slopes


# %% The perceptron
# Its decision is f = 1 where w·x + b ≥ 0, and 0 elsewhere. Rosenblatt's rule changes nothing if f is right. It
# subtracts x from w if f is 1 and y is 0, and adds x if f is 0 and y is 1. In one line: w ← w + η(y − f)x, and
# the same for b, with x = 1.
#
# On the graph this is gradient descent. Hold the decision f constant, and the cost (f − y)·(w·x + b) has the gradient
# (f − y)·x. So one step down its slope is Rosenblatt's rule.
def rule(w: list[float], b: float, x: Row, y: int, rate: float) -> tuple[list[float], float]:
    """w ← w + η(y − f)x and b ← b + η(y − f), in plain numbers."""
    f = 1 if linear(w, b, x) >= 0 else 0
    return [wi + rate * (y - f) * xi for wi, xi in zip(w, x)], b + rate * (y - f)


def cost(w: list[Value], b: Value, x: Row, y: int) -> Value:
    """(f − y)·z, with the decision f held constant."""
    z: Value = dot(w, x, start=b)
    f = 1 if z.data >= 0 else 0
    return (f - y) * z


def traces(passes: int, rate: float = 1.0) -> tuple[Trace, Trace]:
    """w and b after each row, trained twice: with the rule, and with steps down the slope of the cost."""
    w, b = [0.0, 0.0], 0.0
    parameters = [Value(0.0, label="w1"), Value(0.0, label="w2"), Value(0.0, label="b")]
    by_rule: Trace = []
    by_graph: Trace = []
    for x, y in [*zip(X, Y)] * passes:
        w, b = rule(w, b, x, y, rate)
        by_rule.append((*w, b))
        for p in parameters:
            p.grad = 0.0
        cost(parameters[:2], parameters[2], x, y).backward()
        for p in parameters:
            p.data -= rate * p.grad
        by_graph.append(tuple(p.data for p in parameters))
    return by_rule, by_graph


# %% The learning rate
# η scales the rule. From w = 0 and b = 0 it scales the weights too, and so changes no decision. From other starting
# weights it sets how quickly their effect fades.
def fit_from(start: Row, rate: float) -> tuple[Perceptron, PerceptronFit]:
    """Train a perceptron whose w₁, w₂ and b are `start`."""
    perceptron = Perceptron(2)
    for p, number in zip(perceptron.parameters(), start):
        p.data = number
    return perceptron, perceptron.fit(X, Y, lr=rate)


# %% XOR
# The perceptron stops by itself only if a line separates the classes. For XOR no line does, so it ends at the limit
# and says so. A network with three hidden neurons bends the line.
def learn_xor() -> MLP:
    """A network of two layers that separates the two classes of XOR."""
    network = MLP(2, [3, 1], activation="tanh", seed=1)
    descent = SGD(network.parameters(), lr=1.0)
    fit(network, XOR_X, XOR_Y, loss=binary_cross_entropy_with_logits, optimizer=descent, epochs=300, progress=False)
    return network


def main(out: Path = Path()) -> dict[str, object]:
    """Go through the chapter; the pictures go to the folder `out`."""
    w, b, x = [-1.2, 3.2], -1.0, (0.8, 0.4)
    print(f"f(x) = {linear(w, b, x):.2f}, and with b folded into w: {folded(w, b, x):.2f}")
    slopes = parabola_slopes(1.0, 2.0, 3.0, x=5.0)
    print(f"ax² + bx + c at x = 5: slopes with respect to a, b, c are {slopes}")
    pictures.hyperplanes(out / "hyperplanes.svg")

    perceptron = Perceptron(2)
    result = perceptron.fit(X, Y)
    print(f"perceptron: mistakes a pass {result.mistakes}; {result.reason}")
    w1, w2, bias = (p.data for p in perceptron.parameters())
    print(f"it ends with w = ({w1:.1f}, {w2:.1f}) and b = {bias:.1f}")
    by_rule, by_graph = traces(len(result.mistakes))
    print(f"the rule and the graph agree in all {len(by_rule)} steps: {by_rule == by_graph}")
    pictures.regions(out / "perceptron.svg", ("", lambda x: perceptron.z(x).data, X, Y))
    moving.perceptron(out / "perceptron_training.svg", X, Y, [(0.0, 0.0, 0.0), *by_graph])

    mistake = cost([Value(0.0, label="w1"), Value(0.0, label="w2")], Value(0.0, label="b"), X[0], Y[0])
    mistake.label = "cost"
    mistake.backward()
    draw(mistake).save(out / "perceptron_step.svg")

    scaled = {rate: fit_from((0, 0, 0), rate) for rate in (0.5, 1.0, 2.0)}
    others = {rate: fit_from((1, -1, 0), rate) for rate in (0.5, 1.0, 2.0)}
    for start, fits in (("0", scaled), ("(1, -1)", others)):
        for rate, (p, f) in fits.items():
            print(f"from w = {start}, η = {rate}: w = ({p.w[0].data:.2f}, {p.w[1].data:.2f}), {len(f.mistakes)} passes")

    line = Perceptron(2)
    gave_up = line.fit(XOR_X, XOR_Y, passes=100)
    print(f"XOR, perceptron: converged = {gave_up.converged}; {gave_up.reason}")
    network = learn_xor()
    answers = [int(network(x) >= 0) for x in XOR_X]
    print(f"XOR, network of two layers: {answers} for {XOR_Y}")
    pictures.regions(
        out / "xor.svg",
        ("a perceptron, after 100 passes", lambda x: line.z(x).data, XOR_X, XOR_Y),
        ("a network of two layers", lambda x: network(x).data, XOR_X, XOR_Y),
        margin=0.25,
    )

    return {
        "slopes": slopes,
        "fit": result,
        "weights": [p.data for p in perceptron.parameters()],
        "same_steps": by_rule == by_graph,
        "scaled": scaled,
        "others": others,
        "xor": gave_up,
        "xor_answers": answers,
    }


if __name__ == "__main__":
    main(pictures.folder(__doc__))
