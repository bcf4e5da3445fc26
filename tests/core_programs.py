"""Random programs and all they show.  `python core_programs.py SEED COUNT` must print the same lines on each core.

A line has all the results of a program: values, gradients, the order, errors with their messages and notes.
"""

import contextlib
import copy
import hashlib
import operator
import pickle
import random
import sys
from collections.abc import Callable
from typing import Any

from autograd_mini import Value, functions, gradients, no_grad, primitive, transforms, watch
from autograd_mini.hooks import contribution_hook, creation_hook
from autograd_mini.reading import grad_of, operands_of
from autograd_mini.rule import VALUES
from autograd_mini.rules import RULES
from autograd_mini.sweep import backward_from, order_below, topological_order

try:
    import numpy
except ImportError:
    SCALARS: list[Any] = []
else:
    numpy.seterr(all="ignore")
    SCALARS = [numpy.float64(0.75), numpy.float32(0.1), numpy.int8(3), numpy.bool_(True), numpy.longdouble(2)]

# ruff: noqa: BLE001  (whatever is raised is told)

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 2, 3, -2, 7, 5e-324, 1e-310, 1e200, -1e308, 2**60, 10**400, True]
NUMBERS += [float("inf"), float("-inf"), float("nan"), 1e-8, 710.0, -745.5, 2**53 + 1, 2**60 + 1, -(10**400)]
NEITHER = ["1", None, 1j, [1.0]]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
OF_ONE = [name for name, row in RULES.items() if row.arity == 1]
OF_TWO = [name for name, row in RULES.items() if row.arity == 2 and name != "powi"]  # powi wants a whole number


@primitive(lambda m, z, x: m.cos(x))
def wave(x: float) -> float:
    return functions.sin(x)


@primitive(lambda m, z, x, y: 1.0 / y, lambda m, z, x, y: -z / y)
def ratio(x: float, y: float) -> float:
    return x / y


@primitive(1, lambda m, z, x, y, w: m.where(y > 0.0, w, 0.0), lambda m, z, x, y, w: m.maximum(y, 0.0))
def gate(x: float, y: float, w: float) -> float:
    return x + w * y if y > 0.0 else x


@primitive(lambda m, z, x: 1.0 / 0.0 if x > 1.0 else m.log(x))
def ragged(x: float) -> float:
    return x * 2.0


def told(x: Any) -> str:
    if isinstance(x, Value):
        return f"{x!r} {x.op!r} {len(x.parents)} {operands_of(x)[1]!r}"
    return repr(x)


def raised(error: Exception) -> str:
    return f"{type(error).__name__}: {error} {getattr(error, '__notes__', [])}"


def a_number(rng: random.Random) -> Any:
    chance = rng.random()
    if chance < 0.5:
        return rng.choice([rng.gauss(0, 1), rng.uniform(-1, 1), rng.gauss(0, 50), float(rng.randrange(-4, 9))])
    return rng.choice(SCALARS if SCALARS and chance < 0.55 else NUMBERS)


def an_operation(rng: random.Random, known: list[Any]) -> Any:
    """A value made from earlier ones by an operator, a method, a function or an operation of many operands."""
    v = rng.choice(known)
    other = rng.choice(known) if rng.random() < 0.6 else a_number(rng)
    if rng.random() < 0.02:
        other = rng.choice(NEITHER)
    a, b = rng.choice([(v, other), (other, v)])
    xs = [v, other, *rng.choices(known, k=rng.randrange(4))]
    match rng.randrange(10):
        case 0 | 1 | 2:
            return rng.choice(OPERATORS)(a, b)
        case 3:
            return rng.choice(COMPARISONS)(a, b)
        case 4:
            return getattr(VALUES, rng.choice(OF_ONE))(v)
        case 5:
            return getattr(VALUES, rng.choice(OF_TWO))(a, b)
        case 6:
            rng.shuffle(xs)
            return rng.choice([functions.sum, functions.prod, functions.mean, functions.logsumexp, weighted])(xs)
        case 7:
            return rng.choice([lambda: wave(a), lambda: ragged(a), lambda: ratio(a, b), lambda: gate(b, v, a)])()
        case 8:
            return rng.choice([lambda: functions.where(bool(a), b, v), lambda: functions.clamp(a, -1, 1), lambda: b])()
        case _:
            return rng.choice([lambda: +a, lambda: -v, lambda: abs(v), v.__round__, lambda: functions.hypot(*xs)])()


def weighted(xs: list[Any]) -> Any:
    return functions.dot(xs, xs[::-1], start=xs[0])


def transformed(rng: random.Random, numbers: list[float]) -> Any:
    """A derivative of the first, second or third order of a random function."""
    seed = rng.random()

    def f(*leaves: Any) -> Any:
        mine = random.Random(seed)
        known = list(leaves)
        for _ in range(4):
            made = an_operation(mine, known)
            known += [made] if isinstance(made, Value) else []
        return known[-1] * leaves[0]

    third = transforms.grad(transforms.grad(transforms.grad(f)))
    first, second = rng.choice([transforms.grad, transforms.value_and_grad])(f), transforms.hessian(f, (0, 1))
    return rng.choice([first, second, third])(*numbers)


class Run:
    """A running program: its leaves, the Values it made, and its lines of output."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)
        self.leaves = [Value(a_number(rng) if rng.random() < 0.3 else rng.gauss(0, 1), label=f"x{i}") for i in range(3)]
        self.known: list[Any] = list(self.leaves)
        self.lines: list[str] = []

    def attempt(self, act: Callable[[], Any]) -> None:
        """Record the result of an action; if it is a Value, later operations can use it."""
        try:
            made = act()
        except Exception as error:
            self.lines.append(raised(error))
            return
        self.lines.append(told(made))
        if isinstance(made, Value):
            self.known.append(made)

    def make(self, n: int) -> None:
        for _ in range(n):
            self.attempt(lambda: an_operation(self.rng, self.known))

    def act(self, name: str) -> None:
        self.attempt(getattr(self, name))
        self.lines += [f"{grad_of(v)!r}" for v in self.known]

    def backward(self) -> None:
        self.known[-1].backward(self.rng.choice([1.0, -2, 0.5, self.rng.choice(NUMBERS)]))

    def backward_of_several(self) -> None:
        roots = self.rng.choices(self.known, k=3)
        backward_from(roots, [self.rng.gauss(0, 1) for _ in roots])

    def backward_within_backward(self) -> None:
        inner = self.rng.choice(self.known)

        @primitive(lambda m, z, x: inner.backward() or 1.0)
        def outer(x: float) -> float:
            return x

        outer(self.rng.choice(self.known)).backward()

    def gradients(self) -> Any:
        return gradients(self.known[-1], self.leaves)

    def assign(self) -> None:
        self.rng.choice(self.leaves).data = a_number(self.rng)

    def assign_a_result(self) -> None:
        self.rng.choice(self.known).data = 1.0

    def assign_a_gradient(self) -> None:
        self.rng.choice(self.known).grad = a_number(self.rng)

    def rename(self) -> None:
        self.rng.choice(self.known).label = self.rng.choice(["a", "", "b c", "é"])

    def without_a_graph(self) -> None:
        with no_grad():
            self.make(2)
        self.known[-1].backward()

    def with_hooks(self) -> None:
        with (
            creation_hook(lambda v: self.lines.append(f"made {v.op}") or v),  # type: ignore[func-returns-value]
            contribution_hook(lambda v, adjoint, cs: self.lines.append(f"{v.op} {adjoint!r} {cs!r}")),
        ):
            self.make(2)
            self.known[-1].backward()

    def pull_back(self) -> Any:
        v = self.rng.choice(self.known)
        return [told(c) for c in v.pullback(self.rng.choice([1.0, 2.5, Value(0.5), a_number(self.rng)]))]

    def copied(self) -> Any:
        v = self.rng.choice(self.known)
        return self.rng.choice([copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])(v)

    def order(self) -> str:
        since = self.rng.choice([0, watch.advance()])
        self.make(3)
        stops = self.rng.choices(self.known, k=self.rng.randrange(4))
        order = order_below(self.rng.choices(self.known, k=2), stops, since)
        return " ".join(v.label or v.op for v in order)

    def transform(self) -> Any:
        return transformed(self.rng, [v.data for v in self.leaves])

    def make_more(self) -> None:
        self.make(3)


ACTS = [name for name in vars(Run) if name not in ("attempt", "make", "act") and not name.startswith("_")]
ACTS += ["backward"] * 6


def program(seed: int) -> str:
    run = Run(seed)
    run.make(run.rng.randrange(3, 25))
    for name in run.rng.choices(ACTS, k=4):
        run.act(name)
    run.lines.append(" ".join(v.label or v.op for v in topological_order(run.known[-1])))
    return "\n".join(run.lines)


def main() -> None:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    for seed in range(first, first + count):
        text = ""
        with contextlib.suppress(OverflowError):  # from the numbers of a leaf
            text = program(seed)
        print(seed, hashlib.sha256(text.encode()).hexdigest()[:16])
        if len(sys.argv) > 3:
            print(text)


if __name__ == "__main__":
    main()
