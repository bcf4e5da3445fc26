"""micrograd's programs run with only the import changed, and come to the same numbers.

The programs stand here as text, letter for letter as Andrej Karpathy published them (github.com/karpathy/micrograd,
MIT; only blanks at line ends are gone), so that the change of import is the only one; micrograd itself, from PyPI, is
the yardstick.
"""

import importlib.util
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from micrograd.engine import Value as MicrogradValue

from autograd_mini.engine import Value


def run(program: str, namespace: dict[str, Any], package: str = "autograd_mini") -> dict[str, Any]:
    """Execute a program of micrograd's in a namespace, importing from `package` in place of micrograd."""
    exec(program.replace("from micrograd", f"from {package}"), namespace)
    return namespace


def micrograd_nn(value: Any) -> Any:
    """A copy of micrograd's own nn module, reading `value` where it reads micrograd's Value."""
    spec = importlib.util.find_spec("micrograd.nn")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.Value = value
    return module


# ---- README.md ----

README = """\
from micrograd.engine import Value

a = Value(-4.0)
b = Value(2.0)
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + (b + a).relu()
d += 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
print(f'{g.data:.4f}') # prints 24.7041, the outcome of this forward pass
g.backward()
print(f'{a.grad:.4f}') # prints 138.8338, i.e. the numerical value of dg/da
print(f'{b.grad:.4f}') # prints 645.5773, i.e. the numerical value of dg/db
"""


def test_readme_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    run(README, {})
    assert capsys.readouterr().out.split() == ["24.7041", "138.8338", "645.5773"]


# ---- test/test_engine.py ----
# Its two programs, up to where PyTorch takes over. What PyTorch 2.13.0 (CPU, float64) comes to was worked out once and
# stands in the tests.

SANITY_CHECK = """\
from micrograd.engine import Value
x = Value(-4.0)
z = 2 * x + 2 + x
q = z.relu() + z * x
h = (z * z).relu()
y = h + q + q * x
y.backward()
xmg, ymg = x, y
"""

MORE_OPS = """\
from micrograd.engine import Value
a = Value(-4.0)
b = Value(2.0)
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + (b + a).relu()
d += 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
g.backward()
amg, bmg, gmg = a, b, g
"""


def test_sanity_check() -> None:
    names = run(SANITY_CHECK, {})
    assert names["ymg"].data == -20.0
    assert names["xmg"].grad == 46.0


def test_more_ops() -> None:
    names = run(MORE_OPS, {})
    tol = 1e-6  # as in micrograd's test
    assert abs(names["gmg"].data - 24.70408163265306) < tol
    assert abs(names["amg"].grad - 138.83381924198252) < tol
    assert abs(names["bmg"].grad - 645.5772594752186) < tol


# ---- demo.ipynb ----
# Its cells, less the plots. Its dataset is scikit-learn's make_moons on NumPy's seeded global generator; half_moons
# draws the same numbers, so the losses that the published notebook shows are those to find.

IMPORTS = """\
from micrograd.engine import Value
from micrograd.nn import Neuron, Layer, MLP
"""

SEEDS = """\
np.random.seed(1337)
random.seed(1337)
"""

DATASET = """\
X, y = make_moons(n_samples=100, noise=0.1)

y = y*2 - 1 # make y be -1 or 1
"""

MODEL = """\
# initialize a model
model = MLP(2, [16, 16, 1]) # 2-layer neural network
print(model)
print("number of parameters", len(model.parameters()))
"""

LOSS = """\
# loss function
def loss(batch_size=None):

    # inline DataLoader :)
    if batch_size is None:
        Xb, yb = X, y
    else:
        ri = np.random.permutation(X.shape[0])[:batch_size]
        Xb, yb = X[ri], y[ri]
    inputs = [list(map(Value, xrow)) for xrow in Xb]

    # forward the model to get scores
    scores = list(map(model, inputs))

    # svm "max-margin" loss
    losses = [(1 + -yi*scorei).relu() for yi, scorei in zip(yb, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    # L2 regularization
    alpha = 1e-4
    reg_loss = alpha * sum((p*p for p in model.parameters()))
    total_loss = data_loss + reg_loss

    # also get accuracy
    accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores)]
    return total_loss, sum(accuracy) / len(accuracy)

total_loss, acc = loss()
print(total_loss, acc)
"""

OPTIMIZATION = """\
# optimization
for k in range(100):

    # forward
    total_loss, acc = loss()

    # backward
    model.zero_grad()
    total_loss.backward()

    # update (sgd)
    learning_rate = 1.0 - 0.9*k/100
    for p in model.parameters():
        p.data -= learning_rate * p.grad

    if k % 1 == 0:
        print(f"step {k} loss {total_loss.data}, accuracy {acc*100}%")
"""

DECISION_BOUNDARY = """\
h = 0.25
x_min, x_max = X[:, 0].min() - 1, X[:, 0].max() + 1
y_min, y_max = X[:, 1].min() - 1, X[:, 1].max() + 1
xx, yy = np.meshgrid(np.arange(x_min, x_max, h),
                     np.arange(y_min, y_max, h))
Xmesh = np.c_[xx.ravel(), yy.ravel()]
inputs = [list(map(Value, xrow)) for xrow in Xmesh]
scores = list(map(model, inputs))
Z = np.array([s.data > 0 for s in scores])
Z = Z.reshape(xx.shape)
"""

PUBLISHED = """\
step 0 loss 0.8958441028683222, accuracy 50.0%
step 1 loss 1.7235905336972022, accuracy 81.0%
step 2 loss 0.7429006313851131, accuracy 77.0%
step 3 loss 0.7705641260584198, accuracy 82.0%
step 4 loss 0.3692793385976538, accuracy 84.0%
step 5 loss 0.313545481918522, accuracy 86.0%
step 6 loss 0.2814234349772435, accuracy 89.0%
step 7 loss 0.26888733313983904, accuracy 91.0%
step 8 loss 0.2567147286057417, accuracy 91.0%
step 9 loss 0.2704862551637922, accuracy 91.0%
"""


def progress(printed: str) -> tuple[list[float], list[float]]:
    """The losses and the accuracies that the notebook prints."""
    steps = re.findall(r"step \d+ loss (\S+), accuracy (\S+)%", printed)
    return [float(loss) for loss, _ in steps], [float(accuracy) for _, accuracy in steps]


def half_moons(n_samples: int, noise: float) -> tuple[Any, Any]:
    """The points and the classes 0 and 1, drawing on NumPy's global generator as make_moons does."""
    angles = np.linspace(0, np.pi, n_samples // 2)
    xs = np.append(np.cos(angles), 1 - np.cos(angles))
    ys = np.append(np.sin(angles), 1 - np.sin(angles) - 0.5)
    order = np.arange(n_samples)
    np.random.shuffle(order)  # noqa: NPY002
    points = np.column_stack([xs, ys])[order]
    points += np.random.normal(scale=noise, size=points.shape)  # noqa: NPY002
    return points, (order >= n_samples // 2).astype(np.int64)


def notebook(imports: dict[str, Any]) -> dict[str, Any]:
    """The notebook's names after its cells up to the model, with what its import cell gave."""
    names = {"np": np, "random": random, "make_moons": half_moons} | imports
    for cell in (SEEDS, DATASET, MODEL):
        run(cell, names)
    return names


def numbers(parameters: Sequence[Any]) -> list[float]:
    """Their data."""
    return [p.data for p in parameters]


def first_step(names: dict[str, Any]) -> tuple[float, list[float]]:
    """The first loss of the notebook, and its gradient."""
    run(LOSS, names)
    names["total_loss"].backward()
    return names["total_loss"].data, [p.grad for p in names["model"].parameters()]


def test_demo_starts_where_micrograd_starts() -> None:
    theirs = notebook(run(IMPORTS, {}, "micrograd"))
    ours = notebook(run(IMPORTS, {}))
    on_our_value = notebook({"Value": Value, "MLP": micrograd_nn(Value).MLP})

    start = numbers(theirs["model"].parameters())
    assert len(start) == 337
    assert numbers(ours["model"].parameters()) == start
    assert numbers(on_our_value["model"].parameters()) == start

    loss, gradient = first_step(theirs)
    assert loss == pytest.approx(progress(PUBLISHED)[0][0], rel=1e-12)
    for names in (ours, on_our_value):
        our_loss, our_gradient = first_step(names)
        assert our_loss == pytest.approx(loss, rel=1e-12)
        assert our_gradient == pytest.approx(gradient, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("nn", ["autograd_mini", "micrograd"])
def test_demo_learns_as_the_published_notebook_did(nn: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = nn == "autograd_mini"
    names = notebook(run(IMPORTS, {}) if whole else {"Value": Value, "MLP": micrograd_nn(Value).MLP})
    run(LOSS, names)
    capsys.readouterr()
    run(OPTIMIZATION.replace("range(100)", f"range({60 if whole else 10})"), names)  # the whole takes 100 steps

    losses, accuracies = progress(capsys.readouterr().out)
    shown_losses, shown_accuracies = progress(PUBLISHED)
    assert losses[:10] == pytest.approx(shown_losses, rel=1e-9)
    assert accuracies[:10] == shown_accuracies
    if whole:
        assert min(losses) < 0.03
        assert max(accuracies) == 100.0
        run(DECISION_BOUNDARY, names)
        assert names["Z"].shape == names["xx"].shape
        assert 0.2 < names["Z"].mean() < 0.8


def test_demo_in_batches() -> None:
    names = notebook(run(IMPORTS, {}))
    run(LOSS, names)
    total_loss, accuracy = names["loss"](batch_size=10)
    assert math.isfinite(total_loss.data)
    assert 0.0 <= accuracy <= 1.0


def test_a_layer_of_one_neuron_returns_a_bare_value() -> None:
    nn = run("from micrograd import nn", {})["nn"]
    random.seed(1337)
    assert isinstance(nn.Neuron(2, nonlin=False)([Value(1.0), Value(-2.0)]), Value)
    assert isinstance(nn.Layer(2, 1, nonlin=False)([Value(1.0), Value(-2.0)]), Value)
    assert len(nn.Layer(2, 3)([Value(1.0), Value(-2.0)])) == 3


# ---- trace_graph.ipynb ----

TRACE_GRAPH = """\
from graphviz import Digraph
from micrograd.engine import Value
def trace(root):
    nodes, edges = set(), set()
    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)
    build(root)
    return nodes, edges

def draw_dot(root, format='svg', rankdir='LR'):
    \"""
    format: png | svg | ...
    rankdir: TB (top to bottom graph) | LR (left to right)
    \"""
    assert rankdir in ['LR', 'TB']
    nodes, edges = trace(root)
    dot = Digraph(format=format, graph_attr={'rankdir': rankdir}) #, node_attr={'rankdir': 'TB'})

    for n in nodes:
        dot.node(name=str(id(n)), label = "{ data %.4f | grad %.4f }" % (n.data, n.grad), shape='record')
        if n._op:
            dot.node(name=str(id(n)) + n._op, label=n._op)
            dot.edge(str(id(n)) + n._op, str(id(n)))

    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)

    return dot
"""

SIMPLE_EXAMPLE = """\
# a very simple example
x = Value(1.0)
y = (x * 2 + 1).relu()
y.backward()
dot = draw_dot(y)
"""

SIMPLE_NEURON = """\
# a simple 2D neuron
import random
from micrograd import nn

random.seed(1337)
n = nn.Neuron(2)
x = [Value(1.0), Value(-2.0)]
y = n(x)
y.backward()

dot = draw_dot(y)
dot
"""


class Drawn(NamedTuple):
    """What the text of a drawing says: the label of each node by its name, and the edges by the names."""

    labels: dict[str, str]
    edges: set[tuple[str, str]]

    def before(self, name: str) -> list[str]:
        """The names that an arrow leads from to `name`."""
        return [tail for tail, head in self.edges if head == name]

    def leaves(self) -> Counter[str]:
        """The labels of the nodes that no arrow leads to."""
        return Counter(label for name, label in self.labels.items() if not self.before(name))


def drawn(program: str, package: str = "autograd_mini") -> tuple[dict[str, Any], Drawn]:
    """The names after one of the notebook's examples, and what it drew."""
    names = run(program, run(TRACE_GRAPH, {}, package), package)
    name = r'"?([^"\s]+)"?'
    labels, edges = {}, set()
    for line in names["dot"].source.splitlines():
        if edge := re.fullmatch(rf"\t{name} -> {name}", line):
            edges.add((edge[1], edge[2]))
        elif node := re.fullmatch(rf'\t{name} \[label="?(.*?)"?( shape=record)?\]', line):
            labels[node[1]] = node[2]
    return names, Drawn(labels, edges)


def test_trace_graph_draws_a_simple_example() -> None:
    names, picture = drawn(SIMPLE_EXAMPLE)
    assert names["dot"].source.startswith("digraph {")
    assert len(picture.labels) == 7
    assert len(picture.edges) == 6
    trail, at = [], [str(id(names["y"]))]
    while at:  # each has one arrow into it, down to x
        trail.append(picture.labels[at[0]])
        at = picture.before(at[0])
    assert trail == [
        "{ data 3.0000 | grad 1.0000 }", "relu", "{ data 3.0000 | grad 1.0000 }", "+",
        "{ data 2.0000 | grad 1.0000 }", "*", "{ data 1.0000 | grad 2.0000 }",
    ]  # fmt: skip


def test_trace_graph_draws_a_neuron() -> None:
    names, picture = drawn(SIMPLE_NEURON)
    neuron, inputs, result = names["n"], names["x"], names["y"]
    assert {name for name in picture.labels if not picture.before(name)} == {
        str(id(v)) for v in [*neuron.parameters(), *inputs]
    }
    (activation,) = picture.before(str(id(result)))
    assert picture.labels[activation] == "relu"

    theirs, their_picture = drawn(SIMPLE_NEURON, "micrograd")
    assert picture.leaves() == their_picture.leaves()  # the same numbers and gradients at the weights and the inputs
    assert result.data == pytest.approx(theirs["y"].data, rel=1e-12)


# ---- any expression ----

OPERATIONS: dict[str, Callable[[Any, Any, float, int], Any]] = {
    "u + v": lambda u, v, c, n: u + v,
    "u + c": lambda u, v, c, n: u + c,
    "c + u": lambda u, v, c, n: c + u,
    "u - v": lambda u, v, c, n: u - v,
    "u - c": lambda u, v, c, n: u - c,
    "c - u": lambda u, v, c, n: c - u,
    "u * v": lambda u, v, c, n: u * v,
    "u * c": lambda u, v, c, n: u * c,
    "c * u": lambda u, v, c, n: c * u,
    "u / v": lambda u, v, c, n: u / v,
    "u / c": lambda u, v, c, n: u / c,
    "c / u": lambda u, v, c, n: c / u,
    "-u": lambda u, v, c, n: -u,
    "u ** n": lambda u, v, c, n: u**n,
    "(u * u) ** c": lambda u, v, c, n: (u * u) ** c,
    "u.relu()": lambda u, v, c, n: u.relu(),
}


class Step(NamedTuple):
    """An operation on two earlier numbers, named by position, a constant and a whole one."""

    operation: str
    u: int
    v: int
    c: float
    n: int

    def __call__(self, made: Sequence[Any]) -> Any:
        return OPERATIONS[self.operation](made[self.u % len(made)], made[self.v % len(made)], self.c, self.n)


def tame(result: Any, step: Step) -> bool:
    """Whether rounding can't be magnified much from here: micrograd rounds otherwise, a / b being a * b**-1 there."""
    return 1e-2 < abs(result.data) < 1e2 or (result.data == 0 and step.operation == "u.relu()")


magnitudes = st.floats(0.25, 4.0)
signed = st.builds(math.copysign, magnitudes, st.sampled_from([1.0, -1.0]))
operands = st.integers(0, 99)
exponents = st.sampled_from([-2, -1, 1, 2, 3])  # not 0: micrograd has no slope of x**0 at 0
steps = st.builds(Step, st.sampled_from(sorted(OPERATIONS)), operands, operands, signed, exponents)


@given(st.lists(signed, min_size=1, max_size=4), st.lists(steps, min_size=1, max_size=20))
def test_any_expression_has_micrograds_value_and_gradients(start: list[float], choices: list[Step]) -> None:
    theirs: list[Any] = [MicrogradValue(number) for number in start]
    program = []
    for step in choices:
        try:
            result = step(theirs)
        except ZeroDivisionError:
            continue
        if tame(result, step):
            theirs.append(result)
            program.append(step)
    ours: list[Any] = [Value(number) for number in start]
    for step in program:
        ours.append(step(ours))

    theirs[-1].backward()
    ours[-1].backward()
    scale = max(1.0, *(abs(v.grad) for v in theirs))  # sums that cancel are as exact as their terms
    for our, their in zip(ours, theirs, strict=True):
        assert our.data == pytest.approx(their.data, rel=1e-9)
        assert our.grad == pytest.approx(their.grad, rel=1e-9, abs=1e-12 * scale)
