"""nn.modules: the modules of micrograd, with one node per neuron."""

import ast
import copy
import gc
import inspect
import math
import pickle
import random
import statistics
import weakref
from pathlib import Path
from typing import Any

import micrograd.nn
import numpy as np
import pytest

import autograd_mini
from autograd_mini import Value, dot, gradients, no_grad, sigmoid, topological_order
from autograd_mini.nn import MLP, Layer, Module, Neuron


def numbers(module: Any) -> list[float]:
    """The data of the parameters."""
    return [p.data for p in module.parameters()]


def seeded(make: Any, *args: Any, seed: int = 1337, **options: Any) -> Any:
    """A module whose weights are drawn from a seed."""
    random.seed(seed)
    return make(*args, **options)


# ---- as in micrograd ----


@pytest.mark.parametrize("nouts", [[], [1], [3], [4, 1], [16, 16, 1]])
def test_a_seed_draws_the_weights_that_it_draws_in_micrograd(nouts: list[int]) -> None:
    theirs = seeded(micrograd.nn.MLP, 3, nouts)
    next_of_theirs = random.random()
    ours = seeded(MLP, 3, nouts)
    assert random.random() == next_of_theirs
    assert numbers(ours) == numbers(theirs)


@pytest.mark.parametrize(
    "form",
    [
        lambda nn: nn.Neuron(2),
        lambda nn: nn.Neuron(2, False),
        lambda nn: nn.Neuron(2, True),
        lambda nn: nn.Neuron(2, nonlin=False),
        lambda nn: nn.Layer(2, 1, nonlin=False),
        lambda nn: nn.Layer(2, 3),
        lambda nn: nn.MLP(2, [4, 3]),
        lambda nn: nn.MLP(2, [4, 4, 1]),
    ],
)
def test_repr_output_and_gradients_are_micrograds(form: Any) -> None:
    x = [0.5, -1.5]
    theirs, ours = seeded(form, micrograd.nn), seeded(form, autograd_mini.nn)
    assert repr(ours) == repr(theirs)

    their_out, our_out = theirs(x), ours(x)
    assert isinstance(our_out, list) == isinstance(their_out, list)
    if isinstance(our_out, list):
        assert len(our_out) == len(their_out)
        their_out, our_out = sum(y * y for y in their_out), sum(y * y for y in our_out)
    assert our_out.data == pytest.approx(their_out.data, rel=1e-14)
    their_out.backward()
    our_out.backward()
    assert [p.grad for p in ours.parameters()] == pytest.approx([p.grad for p in theirs.parameters()], rel=1e-12)

    ours.zero_grad()
    assert [p.grad for p in ours.parameters()] == [0.0] * len(theirs.parameters())


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_module_of_ones_own(by_hand: bool) -> None:
    class Two(Module):
        def __init__(self) -> None:
            self.layers = [Layer(2, 2), Layer(2, 1)]

    if by_hand:
        Two.parameters = lambda self: [p for layer in self.layers for p in layer.parameters()]  # type: ignore[method-assign]

    assert Module().parameters() == []
    module = Two()
    assert list(map(id, module.parameters())) == [id(p) for layer in module.layers for p in layer.parameters()]
    for p in module.parameters():
        p.grad = 1.0
    module.zero_grad()
    assert [p.grad for p in module.parameters()] == [0.0] * 9


# ---- one node a neuron ----


def test_a_neuron_is_one_dot_and_its_activation() -> None:
    neuron, x = Neuron(3, "tanh"), [Value(1.0), 2.0, Value(3.0)]
    a = neuron(x)
    assert [v.op for v in topological_order(a) if not v.is_leaf] == ["dot", "tanh"]
    assert neuron.z is a.parents[0]
    operands = [*neuron.w, x[0], x[2], neuron.b]
    assert [id(p) for p in neuron.z.parents] == [id(v) for v in operands]
    assert Neuron(3, None)(x).op == "dot"


def test_z_is_the_weighted_input_of_the_latest_call_and_its_grad_is_delta() -> None:
    neuron = Neuron(2, "sigmoid")
    assert neuron.z is None
    for x in ([1.0, 2.0], [-0.5, 3.0]):
        a = neuron(x)
        assert neuron.z.data == dot([w.data for w in neuron.w], x)
        cost = (a - 1) ** 2 / 2
        cost.backward()
        assert neuron.z.grad == pytest.approx((a.data - 1) * a.data * (1 - a.data), rel=1e-12)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda neuron: pickle.loads(pickle.dumps(neuron))])
def test_z_is_no_part_of_the_state(again: Any) -> None:
    neuron = Neuron(2)
    neuron([1.0, 2.0])
    twin = again(neuron)
    assert neuron.z is not None
    assert twin.z is None
    assert numbers(twin) == numbers(neuron)
    assert repr(twin) == repr(neuron)


def test_a_copy_of_a_network_learns_by_itself() -> None:
    model = MLP(2, [3, 1], activation="tanh")
    before = numbers(model)
    y = model([1.0, 2.0])
    y.backward()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert [p.grad for p in twin.parameters()] == [p.grad for p in model.parameters()]
        assert twin([1.0, 2.0]).data == y.data
        for p in twin.parameters():
            p.data += 1.0
    assert numbers(model) == before


def test_a_network_is_freed_without_the_collector() -> None:
    gc.disable()
    try:
        model = MLP(2, [3, 1])
        model([1.0, 2.0]).backward()
        gone = weakref.ref(model.layers[0].neurons[0])
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_neurons_without_inputs_and_layers_without_neurons() -> None:
    neuron = Neuron(0, None)
    neuron.b.data = 2.0
    assert neuron([]).data == 2.0
    assert Layer(2, 0)([1.0, 2.0]) == []
    assert MLP(2, [])([1.0, 2.0]) == [1.0, 2.0]


# ---- the first weights ----


def weights(module: Any) -> list[float]:
    return [number for name, number in module.state_dict().items() if ".b" not in name]


INITS = ["uniform", "xavier", "he", "zeros", "constant", 0.25]


@pytest.mark.parametrize("init", INITS)
def test_an_int_as_seed_always_draws_the_same_weights(init: Any) -> None:
    random.seed(1)
    before = random.getstate()
    model = MLP(3, [5, 2], init=init, seed=7)
    assert random.getstate() == before
    random.seed(2)
    assert numbers(MLP(3, [5, 2], init=init, seed=7)) == numbers(model)
    assert numbers(MLP(3, [5, 2], init=init, seed=np.int64(7))) == numbers(model)
    assert numbers(MLP(3, [5, 2], init=init, seed=random.Random(7))) == numbers(model)
    assert all(neuron.b.data == 0.0 for layer in model.layers for neuron in layer.neurons)
    if init in ("uniform", "xavier", "he"):
        assert len(set(weights(model))) == 25
        assert numbers(MLP(3, [5, 2], init=init, seed=8)) != numbers(model)


@pytest.mark.parametrize("init", ["uniform", "xavier", "he"])
def test_without_a_seed_the_weights_come_from_randoms_generator(init: str) -> None:
    random.seed(7)
    model = MLP(3, [5, 2], init=init)
    random.seed(7)
    assert numbers(MLP(3, [5, 2], init=init)) == numbers(model)
    assert numbers(MLP(3, [5, 2], init=init, seed=7)) == numbers(model)
    assert numbers(MLP(3, [5, 2], init=init)) != numbers(model)


def test_uniform_is_between_one_and_minus_one() -> None:
    ws = weights(Layer(100, 100, seed=1))
    assert -1.0 <= min(ws) < -0.99 < 0.99 < max(ws) <= 1.0
    assert sum(ws) / len(ws) == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize("nin, nout", [(100, 50), (20, 400)])
def test_xavier_is_uniform_within_the_bound_of_glorot_and_bengio(nin: int, nout: int) -> None:
    bound, ws = math.sqrt(6 / (nin + nout)), weights(Layer(nin, nout, init="xavier", seed=1))
    assert -bound <= min(ws) < -0.99 * bound
    assert 0.99 * bound < max(ws) <= bound
    assert statistics.pvariance(ws) == pytest.approx(2 / (nin + nout), rel=0.05)  # their eq. 12


@pytest.mark.parametrize("nin, nout", [(100, 50), (20, 400)])
def test_he_is_normal_with_the_deviation_of_he_et_al(nin: int, nout: int) -> None:
    deviation, ws = math.sqrt(2 / nin), weights(Layer(nin, nout, init="he", seed=1))
    assert statistics.mean(ws) == pytest.approx(0.0, abs=0.05 * deviation)
    assert statistics.pstdev(ws) == pytest.approx(deviation, rel=0.05)
    within = [sum(abs(w) <= k * deviation for w in ws) / len(ws) for k in (1, 2, 3)]
    assert within == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.02)


def test_constant_weights_are_one_half_or_the_number_given() -> None:
    assert set(weights(MLP(3, [5, 2], init="constant"))) == {0.5}
    assert set(weights(MLP(3, [5, 2], init=-0.125))) == {-0.125}
    assert set(weights(MLP(3, [5, 2], init="zeros"))) == set(weights(MLP(3, [5, 2], init=0))) == {0.0}


def test_weights_by_a_function() -> None:
    source = iter(range(100))
    assert numbers(MLP(2, [2, 1], init=lambda: next(source))) == [0, 1, 0, 2, 3, 0, 4, 5, 0]


def test_from_one_constant_the_neurons_of_a_layer_stay_the_same() -> None:
    model = MLP(2, [3, 1], "tanh", init="constant")
    for x, y in [([0.2, -0.7], 1.0), ([1.5, 0.3], -1.0)] * 5:
        model.zero_grad()
        ((model(x) - y) ** 2).backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
    first, *others = [numbers(neuron) for neuron in model.layers[0].neurons]
    assert others == [first, first]
    assert first[0] != 0.5


@pytest.mark.parametrize("make", [Neuron, lambda n, **o: Layer(n, 2, **o), lambda n, **o: MLP(n, [2], **o)])
def test_invalid_first_weights(make: Any) -> None:
    with pytest.raises(ValueError, match=r"^init is 'uniform', 'xavier', 'he', 'zeros', 'constant', .* not 'xaver'$"):
        make(2, init="xaver")
    with pytest.raises(TypeError, match="needs a number, got None"):
        make(2, init=None)
    with pytest.raises(TypeError, match=r"^a seed is an int, a random.Random or None, not 'abc'$"):
        make(2, seed="abc")


@pytest.mark.parametrize("init", INITS)
def test_no_inputs_no_weights(init: Any) -> None:
    assert numbers(Neuron(0, init=init)) == [0.0]
    assert numbers(Layer(0, 0, init=init)) == []


# ---- inputs ----


@pytest.mark.parametrize(
    "x",
    [
        [1, 2],
        (1.0, 2.0),
        [Value(1.0), 2.0],
        np.array([1.0, 2.0]),
        np.array([1, 2], dtype=np.float32),
        np.array([Value(1.0), Value(2.0)]),
    ],
)
def test_inputs_are_values_or_numbers_in_any_sequence(x: Any) -> None:
    for module in (seeded(Neuron, 2), seeded(Layer, 2, 1), seeded(MLP, 2, [3, 1])):
        assert module(x).data == module([1.0, 2.0]).data


def test_inputs_may_be_read_once_only() -> None:
    layer = seeded(Layer, 2, 3)
    assert [a.data for a in layer(iter([1.0, 2.0]))] == [a.data for a in layer([1.0, 2.0])]
    neuron = seeded(Neuron, 2)
    assert neuron(iter([1.0, 2.0])).data == neuron([1.0, 2.0]).data


def test_a_single_input_needs_no_list() -> None:
    for module in (seeded(Neuron, 1, "tanh"), seeded(Layer, 1, 1, activation="tanh"), seeded(MLP, 1, [3, 1], "tanh")):
        for x in (0.5, Value(0.5), 1, np.float64(0.5), np.float32(0.5)):
            assert module(x).data == module([x]).data


def test_a_layer_of_one_neuron_may_stand_before_others() -> None:
    model = MLP(2, [1, 2], activation="tanh")
    hidden, (first, _) = model.layers[0].neurons[0], model.layers[1].neurons
    out = model([1.0, 2.0])
    assert len(out) == 2
    assert first.z.data == first.w[0].data * hidden.z.tanh().data


def test_the_inputs_get_gradients_too() -> None:
    model, x = MLP(3, [4, 1], activation="tanh"), [Value(0.3), Value(-0.2), Value(0.9)]
    h = 1e-5
    for i, slope in enumerate(gradients(model(x), x)):
        above, below = ([v.data + (sign * h if i == j else 0) for j, v in enumerate(x)] for sign in (1, -1))
        assert slope == pytest.approx((model(above).data - model(below).data) / (2 * h), rel=1e-6)


def test_no_grad() -> None:
    model = MLP(2, [3, 1])
    with no_grad():
        y = model([1.0, 2.0])
    assert y.parents == ()
    assert y.data == model([1.0, 2.0]).data


@pytest.mark.parametrize(
    "module, text",
    [
        (Neuron(2), r"^ReLUNeuron\(2\) takes 2 inputs, and got 3: \[1\.0, 2\.0, 3\.0\]$"),
        (Layer(2, 5), r"^Layer\(2, 5\) takes 2 inputs, and got 3: "),
        (MLP(2, [5, 1]), r"^layer 1 of MLP\(2, \[5, 1\]\) takes 2 inputs, and got 3: "),
    ],
)
def test_a_wrong_width_names_the_layer_and_both_widths(module: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        module([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"takes 2 inputs, and got 1: \[1\.0\]$"):
        module(1.0)
    with pytest.raises(ValueError, match=r"takes 2 inputs, and got 0: \[\]$"):
        module([])


def test_a_wrong_width_further_on_names_the_layer_by_its_place() -> None:
    model = MLP(2, (5, 4, 1))
    model.layers[0] = Layer(2, 3)
    with pytest.raises(ValueError, match=r"^layer 2 of MLP\(2, \[5, 4, 1\]\) takes 5 inputs, and got 3: "):
        model([1.0, 2.0])
    with pytest.raises(ValueError, match=r"^Layer\(2, 3\) takes 2 inputs, and got 1: "):
        model([1.0])


def test_a_wrong_width_is_told_in_one_line() -> None:
    with pytest.raises(ValueError, match="takes 2 inputs, and got 1000") as caught:
        MLP(2, [1])([0.1] * 1000)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("x", ["ab", [None, 1.0], [1j, 1.0]])
def test_an_input_that_is_no_number(x: Any) -> None:
    with pytest.raises(TypeError, match="needs a number"):
        MLP(2, [3, 1])(x)


@pytest.mark.parametrize("nin, error", [(2, TypeError), (3, ValueError)])
def test_many_rows_at_once_are_told_to_go_one_by_one(nin: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"for many rows write \[model\(x\) for x in X\]"):
        MLP(nin, [3, 1])([[1.0, 2.0], [2.0, 3.0]])


def test_layers_are_a_list_and_an_activation_is_known_even_if_unused() -> None:
    with pytest.raises(TypeError, match=r"nouts is a list .* such as \[8, 1\], not 1"):
        MLP(2, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no function of autograd_mini is called 'sigmod'"):
        MLP(2, [1], activation="sigmod")


# ---- activations ----


@pytest.mark.parametrize(
    "name, shown",
    [
        ("relu", "ReLU"), ("leaky_relu", "LeakyReLU"), ("elu", "Elu"), ("softplus", "Softplus"), ("sigmoid", "Sigmoid"),
        ("silu", "Silu"), ("gelu", "Gelu"), ("hardtanh", "Hardtanh"), ("tanh", "Tanh"), ("sin", "Sin"),
    ],
)  # fmt: skip
def test_activation_by_name(name: str, shown: str) -> None:
    neuron = Neuron(2, activation=name)
    a = neuron([0.3, -0.4])
    assert a.data == getattr(autograd_mini, name)(neuron.z.data)
    assert repr(neuron) == f"{shown}Neuron(2)"
    assert neuron.activation == name


def test_activation_by_function() -> None:
    def swish(z: Value) -> Value:
        return z * sigmoid(z)

    neuron = Neuron(2, swish)
    assert neuron([1.0, 2.0]).data == swish(neuron.z).data
    assert repr(neuron) == "SwishNeuron(2)"
    assert repr(Neuron(2, sigmoid)) == repr(Neuron(2, "sigmoid")) == "SigmoidNeuron(2)"


@pytest.mark.parametrize("none", [{"activation": None}, {"nonlin": False}, {"activation": "tanh", "nonlin": False}])
def test_no_activation(none: dict[str, Any]) -> None:
    neuron = Neuron(2, **none)
    assert neuron([1.0, 2.0]) is neuron.z
    assert neuron.activation is None
    assert repr(neuron) == "LinearNeuron(2)"


def test_activations_of_a_network() -> None:
    assert [layer.neurons[0].activation for layer in MLP(2, [3, 3, 1]).layers] == ["relu", "relu", None]
    model = MLP(2, [3, 3, 1], activation="tanh", output_activation="sigmoid")
    assert [layer.neurons[0].activation for layer in model.layers] == ["tanh", "tanh", "sigmoid"]
    assert [neuron.activation for neuron in Layer(2, 2, activation="elu").neurons] == ["elu", "elu"]


def test_invalid_activations() -> None:
    with pytest.raises(ValueError, match="'rellu'"):
        Neuron(2, "rellu")
    with pytest.raises(ValueError, match="'__doc__'"):
        MLP(2, [1], output_activation="__doc__")
    with pytest.raises(TypeError, match="an activation is a name, a function or None, not 3"):
        Neuron(2, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="activaton"):
        Layer(2, 2, activaton="tanh")


# ---- backpropagation ----


@pytest.mark.parametrize("widths", [[2, 3], [3, 4, 2], [2, 5, 4, 3], [4, 3, 1, 6, 2]])
def test_delta_and_every_gradient_are_those_of_the_matrix_equations(widths: list[int]) -> None:
    rng = random.Random(3)
    model = MLP(widths[0], widths[1:], "sigmoid", "sigmoid", seed=4)
    x, y = ([rng.uniform(-1, 1) for _ in range(n)] for n in (widths[0], widths[-1]))
    out = model(x)
    (sum((a - t) ** 2 for a, t in zip(out, y)) / 2).backward()

    weights = [np.array([[w.data for w in neuron.w] for neuron in layer.neurons]) for layer in model.layers]
    activations, slopes = [np.array(x)], []
    for W, layer in zip(weights, model.layers):
        a = 1 / (1 + np.exp(-(W @ activations[-1] + [neuron.b.data for neuron in layer.neurons])))
        activations.append(a)
        slopes.append(a * (1 - a))
    delta = (activations[-1] - y) * slopes[-1]  # BP1
    for i in reversed(range(len(weights))):
        neurons = model.layers[i].neurons
        assert [neuron.z.grad for neuron in neurons] == pytest.approx(delta, rel=1e-12)
        assert [neuron.b.grad for neuron in neurons] == pytest.approx(delta, rel=1e-12)  # BP3
        grads = np.array([[w.grad for w in neuron.w] for neuron in neurons])
        assert grads == pytest.approx(np.outer(delta, activations[i]), rel=1e-12)  # BP4
        if i:
            delta = (weights[i].T @ delta) * slopes[i - 1]  # BP2


# ---- training ----


def test_xor_is_learned_and_every_run_comes_to_the_same_bits() -> None:
    def train() -> tuple[MLP, list[float]]:
        model = seeded(MLP, 2, [4, 1], activation="tanh", seed=1)
        for _ in range(300):
            loss = sum((model(x) - y) ** 2 for x, y in samples)
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.1 * p.grad
        return model, numbers(model)

    samples = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
    model, parameters = train()
    assert [model(x).data for x, _ in samples] == pytest.approx([y for _, y in samples], abs=0.2)
    assert train()[1] == parameters


# ---- the lesson ----


def test_the_lesson_is_short() -> None:
    source = inspect.getsource(autograd_mini.nn.modules)
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            documentation.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))  # type: ignore[operator]
    lines = [line for i, line in enumerate(source.splitlines(), 1) if line.strip() and i not in documentation]
    assert len(lines) < 150


def test_modules_import_nothing_of_the_training_side() -> None:
    seen, todo = set(), ["modules"]
    while todo:
        name = todo.pop()
        seen.add(name)
        source = Path(autograd_mini.nn.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level == 1]
        todo += {node.module for node in imports if node.module} - seen
    assert seen == {"modules", "init", "state"}


def test_values_assigned_to_an_instance_are_parameters_and_shared_ones_count_once() -> None:
    model = MLP(2, [2, 1])
    model.scale = Value(1.0)  # type: ignore[attr-defined]
    model.layers[0].neurons[1].w = model.layers[0].neurons[0].w
    assert model.parameters() == [p for _, p in model.named_parameters()]
    assert len(model.parameters()) == 2 + 1 + 1 + 3 + 1
    model.zero_grad()
