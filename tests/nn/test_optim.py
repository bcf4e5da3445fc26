"""Optimisers and schedules: PyTorch's figures, the equations by hand, exact resumption, and refused arguments."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.engine import Value
from autograd_mini.errors import StaleGraphError
from autograd_mini.nn import MLP, optim
from autograd_mini.nn.optim import SGD, Adam, AdamW, CosineLR, Optimizer, RMSProp, Schedule, StepLR

FIGURES = json.loads(Path(__file__).with_name("torch_figures.json").read_text(encoding="utf-8"))
MAKERS: dict[str, Any] = {
    "SGD": lambda xs: SGD(xs, lr=0.1),
    "momentum": lambda xs: SGD(xs, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.1),
    "Nesterov": lambda xs: SGD(xs, lr=0.1, momentum=0.9, nesterov=True),
    "RMSProp": lambda xs: RMSProp(xs, lr=0.1, momentum=0.5, centered=True),
    "Adam": lambda xs: Adam(xs, lr=0.1, betas=(0.5, 0.75), amsgrad=True),
    "AdamW": lambda xs: AdamW(xs, lr=0.1),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def gradient(x: float, y: float) -> tuple[float, float]:
    """The gradient of (x² − 1)²/4 + xy/2 + (y² − 1)²/2, which benchmarks/torch_figures.py uses too."""
    return x * (x * x - 1.0) + 0.5 * y, 0.5 * x + 2.0 * y * (y * y - 1.0)


def advance(optimizer: Optimizer, steps: int) -> list[list[float]]:
    """The two parameters after each step."""
    xs = optimizer.parameters
    numbers = []
    for _ in range(steps):
        for x, g in zip(xs, gradient(*[x.data for x in xs])):
            x.grad = g
        optimizer.step()
        numbers.append([x.data for x in xs])
    return numbers


def start() -> list[Value]:
    return [Value(x) for x in FIGURES["start"]]


def rates(schedule: Schedule, calls: int) -> list[float]:
    found = []
    for _ in range(calls):
        schedule.step()
        found.append(schedule.optimizer.lr)
    return found


def same(numbers: list[float]) -> Any:
    return pytest.approx(numbers, rel=1e-12, abs=0.0)


# ---- against PyTorch ----


@pytest.mark.parametrize("case", FIGURES["optimisers"], ids=lambda case: f"{case['optimiser']}-{case['options']}")
def test_ten_steps_with_every_option_are_pytorchs(case: Any) -> None:
    optimizer = getattr(optim, case["optimiser"])(start(), **case["options"])
    for ours, theirs in zip(advance(optimizer, 10), case["steps"], strict=True):
        assert ours == same(theirs)


@pytest.mark.parametrize("case", FIGURES["schedules"], ids=lambda case: f"{case['schedule']}-{case['options']}")
def test_schedules_are_pytorchs(case: Any) -> None:
    schedule = getattr(optim, case["schedule"])(SGD(start(), lr=case["lr"]), **case["options"])
    assert rates(schedule, 10) == pytest.approx(case["rates"], rel=1e-12, abs=1e-16)  # PyTorch's drift


def test_everything_public_has_figures() -> None:
    compared = {case["optimiser"] for case in FIGURES["optimisers"]} | {
        case["schedule"] for case in FIGURES["schedules"]
    }
    assert compared == set(optim.__all__) - {"Optimizer", "Schedule"}


# ---- against the equations ----


def test_gradient_descent_by_hand() -> None:
    for first, numbers in ((4.0, [3.96, 3.9208, 3.882384]), (0.0, [0.04, 0.0792, 0.117616])):
        x = Value(first)
        optimizer = SGD([x], lr=0.01)
        for number in numbers:
            optimizer.zero_grad()
            ((x - 2.0) ** 2).backward()
            optimizer.step()
            assert x.data == pytest.approx(number, rel=1e-14)


def test_plain_descent_has_the_bits_of_its_equation() -> None:
    x, y = start()
    a, b = x.data, y.data
    for numbers in advance(SGD([x, y], lr=0.1), 10):
        g, h = gradient(a, b)
        a, b = a - 0.1 * g, b - 0.1 * h
        assert numbers == [a, b]


def test_adams_first_step_is_the_learning_rate() -> None:
    x = Value(1.0)
    x.grad = 1e-3
    Adam([x], lr=0.5, eps=1e-300).step()
    assert x.data == pytest.approx(0.5, rel=1e-14)


def test_adamw_decays_by_the_learning_rate_and_adam_through_the_mean() -> None:
    x, y = Value(2.0), Value(2.0)
    AdamW([x], lr=0.1, weight_decay=0.5).step()
    Adam([y], lr=0.1, weight_decay=0.5).step()
    assert x.data == pytest.approx(1.9)  # 2 − 0.1 · 0.5 · 2
    assert y.data == pytest.approx(1.9)  # 2 − 0.1 · g/√g², with g = 0.5 · 2


@every
def test_a_gradient_of_zero_never_divides_by_zero(make: Any) -> None:
    optimizer = make([Value(0.0), Value(0.0)])
    for _ in range(3):
        optimizer.step()
    assert [x.data for x in optimizer.parameters] == [0.0, 0.0]


def test_a_variance_that_is_rounded_below_zero_counts_as_zero() -> None:
    x = Value(0.0)
    optimizer = RMSProp([x], lr=1e-9, alpha=0.5, centered=True)
    for _ in range(200):
        x.grad = 0.1
        optimizer.step()
    assert math.isfinite(x.data)


@every
def test_every_optimizer_reaches_a_minimum(make: Any) -> None:
    optimizer = make(start())
    for t in range(600):
        optimizer.lr = 0.1 / (1 + t / 20)
        advance(optimizer, 1)
    assert all(abs(g) < 0.2 for g in gradient(*[x.data for x in optimizer.parameters]))


def test_zero_grad_sets_the_gradients_and_the_step_makes_graphs_stale() -> None:
    x = Value(3.0)
    optimizer = SGD([x], lr=0.1)
    loss = x * x
    loss.backward()
    optimizer.step()
    with pytest.raises(StaleGraphError):
        loss.backward()
    assert x.grad == 6.0
    optimizer.zero_grad()
    assert x.grad == 0.0


# ---- schedules ----


def test_schedules_are_closed_forms() -> None:
    steps = rates(StepLR(SGD(start(), lr=0.3), step_size=3, gamma=0.5), 300)
    assert steps == [0.3 * 0.5 ** (t // 3) for t in range(1, 301)]
    wave = rates(CosineLR(SGD(start(), lr=0.3), t_max=10, lr_min=0.1), 10_000)
    assert wave[9] == 0.1
    assert wave[19] == pytest.approx(0.3, rel=1e-15)
    assert wave[-20:] == wave[:20]  # no drift, however long


def test_a_schedule_goes_on_after_its_optimizers_rate_was_assigned() -> None:
    optimizer = SGD(start(), lr=1.0)
    schedule = StepLR(optimizer, step_size=1, gamma=0.5)
    optimizer.lr = 7.0
    assert rates(schedule, 2) == [0.5, 0.25]


# ---- state ----


@every
def test_stopped_saved_as_json_and_resumed_it_has_the_same_bits(make: Any) -> None:
    whole = advance(make(start()), 10)
    first = make(start())
    advance(first, 4)
    written = json.dumps([first.state_dict(), [x.data for x in first.parameters]])
    state, numbers = json.loads(written)
    second = make([Value(x) for x in numbers])
    second.load_state_dict(state)
    assert second.state_dict() == first.state_dict() == state
    assert advance(second, 6) == whole[4:]


@every
def test_a_state_brings_its_hyperparameters_and_shares_nothing(make: Any) -> None:
    optimizer = make(start())
    optimizer.lr = 0.25
    state = optimizer.state_dict()
    advance(optimizer, 3)
    assert state == make(start()).state_dict() | {"lr": 0.25}
    optimizer.load_state_dict(state)
    assert optimizer.state_dict() == state
    advance(optimizer, 3)
    assert state == make(start()).state_dict() | {"lr": 0.25}


def test_schedules_are_resumed_with_their_optimizer() -> None:
    def both() -> tuple[Adam, CosineLR]:
        optimizer = Adam(start(), lr=0.5)
        return optimizer, CosineLR(optimizer, t_max=8, lr_min=0.125)

    whole = rates(both()[1], 8)
    optimizer, schedule = both()
    rates(schedule, 3)
    states = json.loads(json.dumps([optimizer.state_dict(), schedule.state_dict()]))
    optimizer, schedule = both()
    optimizer.load_state_dict(states[0])
    assert optimizer.lr == whole[2]
    schedule.load_state_dict(states[1])
    assert rates(schedule, 5) == whole[3:]


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"kind": "AdamW"}, ValueError, "the state_dict of a Adam is needed"),
        ({"rate": 1.0}, ValueError, r"missing \[\], unexpected \['rate'\]"),
        ({"lr": "0.1"}, TypeError, "lr must be a number, not str '0.1'"),
        ({"lr": -1.0}, ValueError, "lr must be at least 0"),
        ({"beta1": 1.0}, ValueError, "beta1 must be at least 0 and below 1"),
        ({"t": -1}, ValueError, "t must be a whole number of at least 0"),
        ({"t": 1.5}, ValueError, "t must be a whole number"),
        ({"amsgrad": 1}, TypeError, "amsgrad must be true or false"),
        ({"m": [0.0]}, ValueError, "m has 1 numbers, but there are 2 parameters"),
        ({"m": [0.0, None]}, TypeError, "m must be a list of numbers"),
        ({"m": 0.0}, TypeError, "m must be a list of numbers"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: Any, error: type[Exception], message: str) -> None:
    optimizer = Adam(start())
    advance(optimizer, 2)
    before = optimizer.state_dict()
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(Adam(start(), lr=0.5).state_dict() | change)
    assert optimizer.state_dict() == before


def test_a_state_that_lacks_something() -> None:
    optimizer = SGD(start(), lr=0.1)
    state = optimizer.state_dict()
    del state["v"]
    with pytest.raises(ValueError, match=r"missing \['v'\]"):
        optimizer.load_state_dict(state)
    with pytest.raises(ValueError, match="the state_dict of a SGD is needed, not None"):
        optimizer.load_state_dict(None)  # type: ignore[arg-type]
    schedule = StepLR(optimizer, 2)
    with pytest.raises(ValueError, match="step_size must be a whole number of at least 1, not 0"):
        schedule.load_state_dict(schedule.state_dict() | {"step_size": 0})


# ---- every state can be loaded ----


def same_bits(one: Any, other: Any) -> bool:
    """Whether two states are the same: zeros by their signs, and nan like nan."""
    return repr(one) == repr(other)


@given(data=st.data())
@every
def test_the_state_goes_through_json_for_any_gradients(make: Any, data: st.DataObject) -> None:
    gradients = st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=4)
    first, second = make(start()), make(start())
    for pair in data.draw(gradients):
        for x, g in zip(first.parameters, pair):
            x.grad = g
        first.step()
    state = first.state_dict()
    second.load_state_dict(json.loads(json.dumps(state)))
    assert same_bits(second.state_dict(), state)
    for x, y in zip(second.parameters, first.parameters):
        x.data, x.grad = y.data, y.grad
    first.step()
    second.step()
    assert same_bits([x.data for x in second.parameters], [x.data for x in first.parameters])


@given(data=st.data())
@every
def test_a_state_with_any_numbers_can_be_loaded(make: Any, data: st.DataObject) -> None:
    optimizer = make(start())
    state = optimizer.state_dict()
    for name, entry in state.items():
        if isinstance(entry, list):
            state[name] = data.draw(st.lists(st.floats(), min_size=2, max_size=2))
    optimizer.load_state_dict(json.loads(json.dumps(state)))
    assert same_bits(optimizer.state_dict(), state)


@given(st.integers(0, 10**6), st.floats(0, 1e300), st.integers(1, 10**9), st.floats(0, 1e300))
def test_the_state_of_a_schedule_goes_through_json(t: int, lr: float, length: int, other: float) -> None:
    optimizer = SGD(start(), lr=lr)
    for schedule, again in (
        (StepLR(optimizer, length, other), StepLR(optimizer, 1, 0.5)),
        (CosineLR(optimizer, length, other), CosineLR(optimizer, 1)),
    ):
        schedule.t = t
        again.load_state_dict(json.loads(json.dumps(schedule.state_dict())))
        assert same_bits(again.state_dict(), schedule.state_dict())


@pytest.mark.parametrize("x", [-0.1, math.inf, math.nan, 10**400])
@every
def test_no_hyperparameter_can_be_assigned_that_could_not_be_loaded(make: Any, x: float) -> None:
    optimizer = make(start())
    before = optimizer.state_dict()
    for name, entry in before.items():
        if type(entry) is float:
            with pytest.raises(ValueError, match=f"^{name} must be"):
                setattr(optimizer, name, x)
            with pytest.raises(ValueError, match=f"^{name} must be"):
                optimizer.load_state_dict(before | {name: x})
    assert optimizer.state_dict() == before


def test_an_optimizer_of_ones_own_may_use_the_names_for_something_else() -> None:
    class Own(Optimizer):
        def __init__(self, parameters: list[Value]) -> None:
            super().__init__(parameters, 0.1, 0.0)
            self.alpha, self.eps, self.momentum = 5.0, "small", -1.0

    assert Own(start()).alpha == 5.0


# ---- what is refused ----


@pytest.mark.parametrize("x", [-0.1, math.inf, math.nan])
@pytest.mark.parametrize(
    "optimizer, name",
    [
        *[(SGD, name) for name in ("lr", "momentum", "dampening", "weight_decay")],
        *[(RMSProp, name) for name in ("lr", "alpha", "eps", "weight_decay", "momentum")],
        *[(kind, name) for kind in (Adam, AdamW) for name in ("lr", "eps", "weight_decay")],
    ],
)
def test_hyperparameters_out_of_range(optimizer: Any, name: str, x: float) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        optimizer(start(), **{"lr": 0.1} | {name: x})


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda xs: RMSProp(xs, alpha=1.0), "alpha must be at least 0 and below 1"),
        (lambda xs: RMSProp(xs, eps=0.0), "eps must be above 0"),
        (lambda xs: Adam(xs, betas=(1.0, 0.9)), "beta1 must be at least 0 and below 1"),
        (lambda xs: Adam(xs, betas=(0.9, -0.1)), "beta2 must be at least 0 and below 1"),
        (lambda xs: Adam(xs, betas=(0.9,)), "betas must be two numbers"),  # type: ignore[arg-type]
        (lambda xs: Adam(xs, betas=0.9), "betas must be two numbers"),  # type: ignore[arg-type]
        (lambda xs: SGD(xs, lr=0.1, nesterov=True), "nesterov needs momentum"),
        (lambda xs: SGD(xs, lr=0.1, momentum=0.9, dampening=0.1, nesterov=True), "nesterov needs .* no dampening"),
        (lambda xs: StepLR(SGD(xs, lr=0.1), 0), "step_size must be a whole number of at least 1, not 0"),
        (lambda xs: StepLR(SGD(xs, lr=0.1), 1.5), "step_size must be a whole"),  # type: ignore[arg-type]
        (lambda xs: StepLR(SGD(xs, lr=0.1), 1, gamma=-1.0), "gamma must be at least 0"),
        (lambda xs: CosineLR(SGD(xs, lr=0.1), True), "t_max must be a whole"),
        (lambda xs: CosineLR(SGD(xs, lr=0.1), 5, lr_min=-0.1), "lr_min must be at least 0"),
    ],
)
def test_other_hyperparameters_out_of_range(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(start())


def test_a_hyperparameter_that_is_no_number() -> None:
    with pytest.raises(TypeError, match="lr must be a number, not str"):
        SGD(start(), lr="0.1")  # type: ignore[arg-type]


@every
def test_parameters_that_cannot_be_changed(make: Any) -> None:
    x = Value(1.0, label="x")
    with pytest.raises(ValueError, match="there are no parameters"):
        make([])
    with pytest.raises(TypeError, match=r"parameter 1 must be a Value, not float 2\.0"):
        make([x, 2.0])
    with pytest.raises(TypeError, match=r"parameter 1, Value\(data=2.0, grad=0.0\), is the result of '\+'"):
        make([x, x + 1.0])
    with pytest.raises(ValueError, match=r"parameters 0 and 2 are the same, .*label='x'"):
        make(iter([x, Value(1.0), x]))
    assert len(make([x, Value(1.0)]).parameters) == 2  # equal numbers are not the same parameter


def test_subclasses_of_optimizer_and_schedule_must_define_their_step() -> None:
    optimizer = Optimizer(start(), 0.1, 0.0)
    with pytest.raises(NotImplementedError, match="Optimizer must define step"):
        optimizer.step()
    with pytest.raises(NotImplementedError, match="Schedule must define the rate"):
        Schedule(optimizer).step()


def test_a_model_is_not_its_parameters() -> None:
    with pytest.raises(TypeError, match=r"a list of Values, such as model\.parameters\(\), not MLP"):
        SGD(MLP(2, [1]), lr=0.1)  # type: ignore[arg-type]
