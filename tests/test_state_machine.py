"""The life of graphs: built, swept, zeroed, assigned to, rebuilt, copied and freed in any order, beside a naive model.

The model has the same graphs as plain records.  It sweeps by the definition, in floats, with slopes written out here,
and numbers the versions of a Value to know what is stale.  After each step every Value in the hand has the model's bits
and is held by as many references as the model counts: what is freed is freed at once, and nothing holds on to anything.
"""

import copy
import gc
import math
import operator
import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from autograd_mini import functions
from autograd_mini.engine import Value
from autograd_mini.errors import NoGraphError, StaleGraphError
from autograd_mini.hooks import no_grad
from autograd_mini.sweep import topological_order
from autograd_mini.transforms import gradients


def pickled(v: Value) -> Value:
    copied: Value = pickle.loads(pickle.dumps(v))
    return copied


NUMBERS = st.sampled_from([1.0, 2.0, -0.5, 0.0, 3.0]) | st.floats(-2.0, 2.0)


def bits(x: float) -> str:
    return x.hex()


# Of each operation: the engine's, the same on floats, its slopes, and how many operands it has.
Operation = tuple[Callable[..., Any], Callable[..., float], Callable[..., Sequence[float]], int]
OPERATIONS: dict[str, Operation] = {
    "add": (operator.add, operator.add, lambda x, y: (1.0, 1.0), 2),
    "sub": (operator.sub, operator.sub, lambda x, y: (1.0, -1.0), 2),
    "mul": (operator.mul, operator.mul, lambda x, y: (y, x), 2),
    "sin": (functions.sin, math.sin, lambda x: (math.cos(x),), 1),
    "relu": (functions.relu, lambda x: 0.0 if x < 0.0 else x, lambda x: (1.0 if x > 0.0 else 0.0,), 1),
    "sum": (lambda *xs: functions.sum(xs), lambda *xs: sum(xs), lambda x, y, z: (1.0, 1.0, 1.0), 3),
    "prod": (lambda *xs: functions.prod(xs), lambda *xs: math.prod(xs), lambda x, y, z: (z * y, x * z, x * y), 3),
}
NAMES = st.sampled_from(sorted(OPERATIONS))


@dataclass
class Record:
    """What the model knows of a Value; of a leaf `operation` is None."""

    data: float
    operation: str | None = None
    operands: list[Any] = field(default_factory=list)  # Records, or floats for constants
    numbers: list[float] = field(default_factory=list)  # what the operation was done on
    versions: list[int] = field(default_factory=list)  # of the operands then
    grad: float = 0.0
    version: int = 0
    no_graph: bool = False

    @property
    def parents(self) -> list["Record"]:
        return [x for x in self.operands if isinstance(x, Record)]

    @property
    def is_stale(self) -> bool:
        """Whether the operation was done on other numbers than there are now, or its result was overwritten."""
        return self.operation is not None and (self.version > 0 or self.versions != [p.version for p in self.parents])


def below(root: Record) -> list[Record]:
    """All that the root depends on, and itself, parents first: the naive way, by recursion."""
    order: list[Record] = []
    seen: set[int] = set()

    def visit(v: Record) -> None:
        if id(v) not in seen:
            seen.add(id(v))
            for parent in v.parents:
                visit(parent)
            order.append(v)

    visit(root)
    return order


def sweep(root: Record, adjoint: dict[int, float]) -> None:
    """Add to the adjoints, which are there for all below the root."""
    for v in reversed(below(root)):
        if v.operation is not None:
            slopes = OPERATIONS[v.operation][2](*v.numbers)
            for operand, slope in zip(v.operands, slopes, strict=True):
                if isinstance(operand, Record):
                    adjoint[id(operand)] += adjoint[id(v)] * slope


def references_when_held_once() -> int:
    held = {0: Value(0.0)}
    return sys.getrefcount(held[0])


HELD_ONCE = references_when_held_once()


class Graphs(RuleBasedStateMachine):
    """Values in the hand, by number, and the records of the model beside them."""

    leaves = Bundle("leaves")
    results = Bundle("results")

    def __init__(self) -> None:
        super().__init__()
        self.collecting = gc.isenabled()
        gc.disable()
        self.values: dict[int, Value] = {}
        self.records: dict[int, Record] = {}
        self.count = 0

    def teardown(self) -> None:
        if self.collecting:
            gc.enable()

    def keep(self, value: Value, record: Record) -> int:
        self.count += 1
        self.values[self.count] = value
        self.records[self.count] = record
        return self.count

    # ---- building ----

    @initialize(target=leaves, numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS))
    def some_leaves(self, numbers: tuple[float, ...]) -> Any:
        return multiple(*map(self.leaf, numbers))

    def leaf(self, number: float) -> int:
        return self.keep(Value(number), Record(number))

    @rule(target=results, name=NAMES, of=st.tuples(results | leaves, results | leaves, results | leaves | NUMBERS))
    def operation(self, name: str, of: tuple[Any, ...]) -> Any:
        return self.apply(name, of)

    @rule(target=results, name=NAMES, of=st.tuples(results, NUMBERS | results, leaves))
    def operation_of_a_result(self, name: str, of: tuple[Any, ...]) -> Any:
        return self.apply(name, of)

    @rule(target=results, name=NAMES, of=st.tuples(NUMBERS | results, results, results))
    def operation_of_results(self, name: str, of: tuple[Any, ...]) -> Any:
        return self.apply(name, of)

    @rule(target=results, name=NAMES, same=results | leaves, graph=st.sampled_from([True, True, False]))
    def operation_of_one_thing(self, name: str, same: int, graph: bool) -> Any:
        return self.apply(name, (same, same, same), graph=graph)

    def apply(self, name: str, operands: tuple[Any, ...], *, graph: bool = True) -> Any:
        apply, f, _, size = OPERATIONS[name]
        operands = operands[:size] if size > 1 or isinstance(operands[0], int) else operands[1:2]
        made_of = [self.records[x] if isinstance(x, int) else x for x in operands]
        numbers = [x.data if isinstance(x, Record) else x for x in made_of]
        z = float(f(*numbers))
        if abs(z) > 1e6:
            return multiple()
        versions = [x.version for x in made_of if isinstance(x, Record)]
        record = Record(z, name, made_of, numbers, versions) if graph else Record(z, no_graph=True)
        arguments = [self.values[x] if isinstance(x, int) else x for x in operands]
        if graph:
            return self.keep(apply(*arguments), record)
        with no_grad():
            return self.keep(apply(*arguments), record)

    @rule(target=results, name=results)
    def rebuilt(self, name: int) -> int:
        """The forward pass once more, down to the leaves."""
        root = self.records[name]
        values = dict(zip(map(id, below(root)), topological_order(self.values[name]), strict=True))
        again: dict[int, tuple[Value, Record]] = {}
        for v in below(root):
            if v.operation is None:
                again[id(v)] = values[id(v)], v
                continue
            pairs = [again[id(x)] if isinstance(x, Record) else (x, x) for x in v.operands]
            apply, f, *_ = OPERATIONS[v.operation]
            numbers = [x.data if isinstance(x, Record) else x for _, x in pairs]
            records = [x for _, x in pairs]
            versions = [x.version for x in records if isinstance(x, Record)]
            record = Record(float(f(*numbers)), v.operation, records, numbers, versions)
            again[id(v)] = apply(*[x for x, _ in pairs]), record
        value, record = again[id(root)]
        if record.operation is not None:
            assert not any(v.is_stale for v in below(record))
        return self.keep(value, record)

    @rule(target=leaves, name=results | leaves, copy=st.sampled_from([copy.copy, copy.deepcopy, pickled]))
    def copied(self, name: int, copy: Callable[[Value], Value]) -> int:
        record = self.records[name]
        no_graph = record.no_graph or record.operation is not None
        return self.keep(copy(self.values[name]), Record(record.data, grad=record.grad, no_graph=no_graph))

    # ---- sweeping ----

    @rule(name=results | results | leaves, seed=NUMBERS)
    def backward(self, name: int, seed: float) -> None:
        self.sweep(name, seed)

    @rule(name=results, seed=NUMBERS)
    def backward_twice(self, name: int, seed: float) -> None:
        self.sweep(name, seed)
        self.sweep(name, seed)

    def sweep(self, name: int, seed: float) -> None:
        value, root = self.values[name], self.records[name]
        if self.is_refused(root, lambda: value.backward(seed)):
            return
        order = below(root)
        adjoint = {id(v): v.grad if v.operation is None else 0.0 for v in order}
        adjoint[id(root)] += seed
        sweep(root, adjoint)
        for v in order:
            v.grad = adjoint[id(v)]
        value.backward(seed)

    @rule(name=results, asked=st.lists(results | leaves, max_size=3), seed=NUMBERS)
    def gradients(self, name: int, asked: list[int], seed: float) -> None:
        value, root = self.values[name], self.records[name]
        variables = [self.values[other] for other in asked]
        if self.is_refused(root, lambda: gradients(value, variables, seed)):
            return
        adjoint = {id(v): 0.0 for v in below(root)}
        adjoint[id(root)] = seed
        sweep(root, adjoint)
        found = [bits(0.0 + g) for g in gradients(value, variables, seed)]
        assert found == [bits(0.0 + adjoint.get(id(self.records[other]), 0.0)) for other in asked]

    def is_refused(self, root: Record, ask: Callable[[], object]) -> bool:
        if root.no_graph:
            with pytest.raises(NoGraphError):
                ask()
        elif any(v.is_stale for v in below(root)):
            with pytest.raises(StaleGraphError):
                ask()
        else:
            return False
        return True

    # ---- changing ----

    @rule(name=results | leaves)
    def zero_grad(self, name: int) -> None:
        self.values[name].grad = self.records[name].grad = 0.0

    @rule(name=results | leaves | leaves, number=NUMBERS)
    def assign(self, name: int, number: float) -> None:
        self.values[name].data = self.records[name].data = number
        self.records[name].version += 1

    @rule(name=results, which=st.integers(0, 3), number=NUMBERS)
    def assign_below(self, name: int, which: int, number: float) -> None:
        order = below(self.records[name])
        nodes = topological_order(self.values[name])
        record, value = order[which % len(order)], nodes[which % len(order)]
        value.data = record.data = number
        record.version += 1
        assert len(order) == 1 or self.is_refused(self.records[name], self.values[name].backward)

    @rule(name=consumes(results) | consumes(leaves))
    def free(self, name: int) -> None:
        self.values.pop(name)
        self.records.pop(name)

    # ---- what holds at any moment ----

    @invariant()
    def the_numbers_are_those_of_the_model(self) -> None:
        for name, record in self.records.items():
            value = self.values[name]
            assert (bits(value.data), bits(value.grad)) == (bits(record.data), bits(record.grad))
            assert value.is_leaf == (record.operation is None)
            assert len(value.parents) == len(record.parents)

    @invariant()
    def each_value_is_held_as_often_as_the_model_says(self) -> None:
        alive = {id(v): v for root in self.records.values() for v in below(root)}.values()
        held: dict[int, int] = {}
        for record in [*self.records.values(), *[parent for v in alive for parent in v.parents]]:
            held[id(record)] = held.get(id(record), 0) + 1
        for name, record in self.records.items():
            count = sys.getrefcount(self.values[name])  # in an assert, pytest would hold it too
            assert count == HELD_ONCE - 1 + held[id(record)]


TestGraphs = Graphs.TestCase
TestGraphs.settings = settings(max_examples=60, stateful_step_count=40)
