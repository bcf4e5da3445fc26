"""Compiled programs with several results beside the engine, on random programs: every derivative, to second order.

    pip install autograd_mini[test,native]
    python benchmarks/compiled_shapes.py [how many]              # in every executor
    python benchmarks/compiled_shapes.py 1000 --first 4000 --executor native --together 1

Each program is one that `autograd_mini.check.strategies.expressions` draws from all rows of the table. It takes its
numbers in a structure, and returns some of its nodes in another. So many of them as --together says are parts of one
function, since machine code takes long to compile. The value, `jacobian`, and `jvp` or `vjp` of the function, and
`value_and_grad`, and `hessian` or `hvp` of a weighted sum of its results, are compared with the transforms of the
engine: without a sample axis at the programs' own numbers and at corners, and over 1, 7, 8 and 100 samples, corners
among them.

What raises must raise the same in both; but arrays go on where floats raise, if the results are finite. What is nan or
inf must be so in both, but for second derivatives of samples: these may be nan in the place of inf, and where a number
or a slope of the program is not finite they are not compared. Any other number may differ by `SLACK` bounds of
rounding, eps·Σ|∂y/∂v·v| over the graph of the derivative. Beyond that it is wrong, unless the program is
ill-conditioned there: rounding takes an operand to an end, a kink or a jump, or an operand is huge. The exit status is
1 if anything is wrong.
"""

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from random_programs import (
    LARGE,
    SLACK,
    SPECIAL,
    Report,
    bound,
    drawn,
    is_at_a_kink,
    is_at_an_end,
    kind,
    parser,
    refusing_warnings,
)

from autograd_mini import Value, compiler, grad, hessian, jacobian, jvp, topological_order, vjp
from autograd_mini.check.strategies import Expression, expressions
from autograd_mini.structures import flatten
from autograd_mini.watch import never_raising

EXECUTORS = ("source", "numpy", "native")
SAMPLES = (1, 7, 8, 100)
EAGER = (*range(8), 50, 99)  # of the samples those that are compared with the engine
GROSS = 1e-9  # between executors, beyond which others are too
CORNERS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, *SPECIAL)
DIRECTIONS = (1.0, -1.0, 2.0, 0.5, 0.0, 3.0)

Numbers = list[float]
Block = Callable[[Sequence[Any]], Any]  # makes a list of numbers, or of samples an array whose rows are that

ARGUMENTS: tuple[Callable[[Sequence[Any], Block], Any], ...] = (
    lambda xs, block: block(xs),
    lambda xs, block: tuple(xs),
    lambda xs, block: {"a": xs[0], "b": block(xs[1:])} if len(xs) > 1 else {"a": xs[0]},
    lambda xs, block: (block(xs[:-1]), {"last": (xs[-1],)}) if len(xs) > 1 else (block(xs),),
)
RESULTS: tuple[Callable[[Sequence[Any]], Any], ...] = (
    list,
    tuple,
    lambda zs: {"first": zs[0], "others": list(zs[1:])},
    lambda zs: {"all": [tuple(zs[:1]), {"b": list(zs[1:])}]},
)


class Part:
    """A program, and which of its nodes are results.

    Args:
        f: the program.
        draw: decides the rest.
    """

    def __init__(self, f: Expression, draw: random.Random) -> None:
        self.f = f
        nodes = len(f.leaves) + len(f.steps)
        self.picks = [*draw.choices(range(nodes), k=draw.randrange(3)), nodes - 1]
        self.argument = draw.choice(ARGUMENTS)
        self.result = draw.choice(RESULTS)
        if len(f.leaves) == 1 and draw.random() < 0.5:
            self.argument = lambda xs, block: xs[0]
        if len(self.picks) == 1 and draw.random() < 0.5:
            self.result = lambda zs: zs[0]

    def results(self, x: Any) -> list[Any]:
        """The nodes that are results."""
        found = self.f.results(*flatten(x)[0])
        return [found[i] for i in self.picks]

    def points(self, count: int, draw: random.Random) -> list[Numbers]:
        """The program's own numbers, others near them, and corners: also ties and all the same."""
        own = list(self.f.leaves)
        return [own, *[self._point(own, draw) for _ in range(count - 1)]]

    def _point(self, own: Numbers, draw: random.Random) -> Numbers:
        which = draw.randrange(4)
        if which == 0:
            return [x + draw.gauss(0.0, draw.choice((0.01, 0.3, 3.0))) for x in own]
        if which == 1:
            return [draw.choice(CORNERS)] * len(own)
        return [draw.choice(CORNERS) if draw.random() < 0.5 else x for x in own]


class Joint:
    """Some programs as one function: of an argument for each, or of all in one, to what they return in a structure."""

    def __init__(self, programs: Sequence[Expression], number: int) -> None:
        draw = random.Random(number)
        self.parts = [Part(f, draw) for f in programs]
        self.in_one = len(programs) > 1 and draw.random() < 0.5
        self.by_name = draw.random() < 0.5
        self.is_of_arrays = len(programs) == 1 and draw.random() < 0.3
        if self.is_of_arrays:
            self.parts[0].argument, self.parts[0].result = ARGUMENTS[0], np.array
        self.of_number = [i for i, part in enumerate(self.parts) for _ in part.f.leaves]  # the part of each argument
        self.of_result = [i for i, part in enumerate(self.parts) for _ in part.picks]
        self.left_out = {draw.choice(("jvp", "vjp")), draw.choice(("hessian", "hvp"))}  # for time
        self.along = draw.choices(DIRECTIONS, k=len(self.of_number))
        self.adjoint = draw.choices(DIRECTIONS, k=len(self.of_result))
        columns = [part.points(SAMPLES[-1], draw) for part in self.parts]
        self.points = [[x for point in points for x in point] for points in zip(*columns)]

    def __call__(self, *args: Any) -> Any:
        """What all return."""
        args = tuple(args[0].values()) if self.in_one else args
        return self.built_results([z for part, x in zip(self.parts, args) for z in part.results(x)])

    def number(self, *args: Any) -> Any:
        """The sum of all results, each times a number."""
        zs = flatten(self(*args))[0]
        return sum([z * (1.0 + 0.5 * i) for i, z in enumerate(zs[1:])], zs[0])

    def arguments(self, xs: Sequence[Any]) -> tuple[Any, ...]:
        """The numbers, or arrays of samples, as arguments."""
        block: Block = _rows if np.ndim(xs[0]) else np.array if self.is_of_arrays else list
        args = tuple([part.argument(ys, block) for part, ys in self._shares(xs, self.of_number)])
        return ({str(i): x for i, x in enumerate(args)},) if self.in_one else args

    def built_results(self, zs: Sequence[Any]) -> Any:
        """The numbers of results in their structure."""
        parts = [part.result(ys) for part, ys in self._shares(zs, self.of_result)]
        if len(parts) == 1:
            return parts[0]
        return {str(i): part for i, part in enumerate(parts)} if self.by_name else parts

    def _shares(self, xs: Sequence[Any], owners: Sequence[int]) -> Iterator[tuple[Part, Sequence[Any]]]:
        for i, part in enumerate(self.parts):
            yield part, [x for x, owner in zip(xs, owners) if owner == i]

    def part_of(self, what: str, at: int) -> Part:
        """The one that a number of a derivative is of."""
        owners = self.of_number if what in ("gradient", "hvp", "vjp") else self.of_result
        if what == "jacobian":
            at //= len(self.of_number)
        if what == "hessian":
            owners, at = self.of_number, at // len(self.of_number)
        return self.parts[0 if what == "sum" else owners[at]]


def _rows(columns: Sequence[Any]) -> Any:
    return np.stack(columns, axis=-1)


# ---- what the engine says ----


def _by_all(transform: Callable[..., Any], f: Callable[..., Any], args: Sequence[Any]) -> Any:
    return transform(f, 0 if len(args) == 1 else tuple(range(len(args))))(*args)


EAGERLY: dict[str, Callable[[Joint, tuple[Any, ...]], Any]] = {
    "value": lambda f, x: f(*x),
    "jacobian": lambda f, x: _by_all(jacobian, f, x),
    "jvp": lambda f, x: jvp(f, x, f.arguments(f.along))[1],
    "vjp": lambda f, x: vjp(f, *x)[1](f.built_results(f.adjoint)),
    "sum": lambda f, x: f.number(*x),
    "gradient": lambda f, x: _by_all(grad, f.number, x),
    "hessian": lambda f, x: _by_all(hessian, f.number, x),
    "hvp": lambda f, x: jvp(lambda *x: _by_all(grad, f.number, x), x, f.arguments(f.along))[1],
}


class Expected:
    """What the engine says of a function at some numbers."""

    def __init__(self, f: Joint, xs: Numbers) -> None:
        self.f, self.xs = f, xs
        self._numbers: dict[tuple[str, bool], Numbers | type[Exception]] = {}
        self._graphs: dict[str, list[Any]] = {}

    def numbers(self, what: str, raising: bool) -> Numbers | type[Exception]:
        """Those of a derivative, or what is raised."""
        key = what, raising
        if key not in self._numbers:
            self._numbers[key] = self._found(what, raising)
        return self._numbers[key]

    def _found(self, what: str, raising: bool) -> Numbers | type[Exception]:
        args = self.f.arguments(self.xs)
        try:
            if raising:
                return flatten(EAGERLY[what](self.f, args))[0]
            with never_raising():
                return flatten(EAGERLY[what](self.f, args))[0]
        except (ArithmeticError, ValueError) as error:
            return type(error)

    def bound(self, what: str, at: int) -> float:
        """How far rounding may move a number of a derivative."""
        if what not in self._graphs:
            with never_raising():
                args = self.f.arguments([Value(x) for x in self.xs])
                self._graphs[what] = flatten(EAGERLY[what](self.f, args))[0]
        return bound(self._graphs[what][at])

    def is_finite(self, what: str, at: int) -> bool:
        """Whether the program that a number is of has finite numbers and slopes everywhere."""
        part = self.f.part_of(what, at)
        mine = [k for k, owner in enumerate(self.f.of_number) if self.f.parts[owner] is part]
        with never_raising():
            nodes = topological_order(part.f(*[Value(self.xs[k]) for k in mine]))
        slopes = self.numbers("gradient", raising=False)
        assert not isinstance(slopes, type)
        return all(map(math.isfinite, [*[v.data for v in nodes], *[slopes[k] for k in mine]]))

    def excuse(self, part: Part, are_finite: bool) -> str:
        """Why a program may not come to the same there, "" if it must."""
        of_part = [x for x, owner in zip(self.xs, self.f.of_number) if self.f.parts[owner] is part]
        with never_raising():
            nodes = topological_order(part.f(*map(Value, of_part)))
            if is_at_an_end(nodes):
                return "rounding takes an operand to an end of its domain"
            if is_at_a_kink(nodes):
                return "rounding takes an operand to a kink or a jump"
            if are_finite and any(abs(v.data) > LARGE for v in nodes):
                return "an operand is huge"
        return ""


# ---- what is compiled ----


def found(f: Joint, executor: str, xs: Sequence[Any], batch: bool) -> Sequence[tuple[tuple[str, ...], Any]]:
    """What methods give, by their names in `EAGERLY`, and functions that call them."""
    many, one = _compiled(f, executor, batch)
    args = f.arguments(xs)
    alike = [np.broadcast_to(v, np.shape(xs[0])) for v in f.along] if batch else f.along
    us = [np.broadcast_to(u, np.shape(xs[0])) for u in f.adjoint] if batch else f.adjoint
    v = f.arguments(alike)
    u = f.built_results(us) if not (batch and f.is_of_arrays) else _rows(us)
    calls: dict[tuple[str, ...], Any] = {
        ("value", "jacobian"): lambda: many.value_and_jacobian(*args),
        ("value", "jvp"): lambda: many.jvp(args, v),
        ("value", "vjp"): lambda: many.vjp(args, u),
        ("sum", "gradient"): lambda: one.value_and_grad(*args),
        ("hessian",): lambda: [one.hessian(*args)],
        ("hvp",): lambda: [one.hvp(args, v)],
    }
    return [(names, call) for names, call in calls.items() if f.left_out.isdisjoint(names)]


def _compiled(f: Joint, executor: str, batch: bool) -> tuple[Any, Any]:
    known = vars(f).setdefault("compiled", {})
    if (executor, batch) not in known:
        known[executor, batch] = tuple([compiler.compile(g, executor=executor, batch=batch) for g in (f, f.number)])
    return known[executor, batch]


def rows(structure: Any, samples: int) -> Any:
    """A row of numbers for each sample."""
    leaves = flatten(structure, lambda leaf: leaf, arrays=False)[0]
    return np.concatenate([np.reshape(leaf, (samples, -1)) for leaf in leaves], axis=1)


# ---- side by side ----


class Comparison:
    """A function beside the engine, in some executors."""

    def __init__(self, f: Joint, executors: Sequence[str], report: Report) -> None:
        self.f, self.executors, self.report = f, executors, report
        self.expected = [Expected(f, xs) for xs in f.points]

    def run(self) -> str | None:
        """Compare all; what is wrong, in words."""
        for executor in self.executors:
            self.report.counts[f"programs in {executor}"] += len(self.f.parts)
            if trouble := next(chain(self._alone(executor), self._samples(executor)), None):
                return trouble
        return None

    def _alone(self, executor: str) -> Iterator[str]:
        for i in self._points_alone():
            expected = self.expected[i]
            for names, call in found(self.f, executor, expected.xs, batch=False):
                wanted = [expected.numbers(what, raising=True) for what in names]
                try:
                    got = [rows(part, 1)[0].tolist() for part in call()]
                except (ArithmeticError, ValueError) as error:
                    self.report.counts["errors compared"] += 1
                    if type(error) not in wanted:
                        yield f"{executor}, {names} at {expected.xs}: {error!r}, and eagerly {wanted}"
                    continue
                for what, numbers, others in zip(names, got, wanted):
                    if isinstance(others, type) and executor != "source":
                        others = expected.numbers(what, raising=False)  # arrays go on where floats raise
                    yield from self._numbers(f"{executor}, {what}", what, expected, numbers, others)

    def _points_alone(self) -> list[int]:
        """Its own numbers, the first corners that floats take, and the first that they refuse."""
        refused = [i for i, e in enumerate(self.expected[:12]) if isinstance(e.numbers("sum", raising=True), type)]
        taken = [i for i in range(12) if i not in refused]
        return [*taken[:3], *refused[:1]]

    def _samples(self, executor: str) -> Iterator[str]:
        X = np.array(self.f.points).T
        for n in SAMPLES if executor != "source" else ():
            others = found(self.f, "numpy", list(X[:, :n]), batch=True)
            for (names, call), (_, other) in zip(found(self.f, executor, list(X[:, :n]), batch=True), others):
                got = [rows(part, n) for part in call()]
                which = {i for i in EAGER if i < n}
                if executor != "numpy" and n == SAMPLES[-1]:
                    for mine, theirs in zip(got, other()):
                        which.update(np.flatnonzero(_differs(mine, rows(theirs, n)).any(1)).tolist())
                for what, numbers in zip(names, got):
                    for i in sorted(which):
                        expected = self.expected[i]
                        wanted = expected.numbers(what, raising=False)
                        title = f"{executor}, {what} of samples"
                        yield from self._numbers(title, what, expected, numbers[i].tolist(), wanted)

    def _numbers(self, title: str, what: str, expected: Expected, got: Numbers, wanted: Any) -> Iterator[str]:
        if isinstance(wanted, type) or len(got) != len(wanted):
            yield f"{title} at {expected.xs}: {got}, and eagerly {wanted}"
            return
        for at, (x, y) in enumerate(zip(got, wanted)):
            if trouble := self._number(title, what, expected, at, x, y):
                if what == "hessian" and not self._number(
                    title, what, expected, at, x, wanted[_mirrored(at, len(wanted))]
                ):
                    continue  # it has each pair once; exactly at a kink, the two entries of eager may differ
                part = self.f.part_of(what, at)
                excuse = expected.excuse(part, math.isfinite(x) and math.isfinite(y))
                if not excuse:
                    yield f"{trouble}, number {at} at {expected.xs}, picks {part.picks}\n{part.f!r}"
                self.report.counts[f"numbers let pass: {excuse}"] += 1

    def _number(self, title: str, what: str, expected: Expected, at: int, x: float, y: float) -> str | None:
        if kind(x) != kind(y):
            both = not (math.isfinite(x) or math.isfinite(y))
            if what in ("hessian", "hvp") and "samples" in title and (both or not expected.is_finite(what, at)):
                self.report.counts["second derivatives of samples, where something is not finite"] += 1
                return None
            return f"{title}: {x!r} instead of {y!r}"
        if not math.isfinite(x):
            self.report.counts["numbers that are nan or inf, as they must"] += 1
        elif title == "source, value" and repr(x) != repr(y):
            return f"{title}: {x!r}, not the bits of {y!r}"
        elif abs(x - y) <= SLACK * math.ulp(1.0) * abs(y):  # which is within any bound
            self.report.counts["numbers compared"] += 1
        else:
            return self.report.compare(title, x, y, expected.bound(what, at))
        return None


def _mirrored(at: int, size: int) -> int:
    """The place of the other entry of a pair in a matrix of this size, row by row."""
    i, j = divmod(at, math.isqrt(size))
    return j * math.isqrt(size) + i


def _differs(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        near = abs(a - b) <= GROSS * (1.0 + abs(b))
    return ~(near | (a == b) | (np.isnan(a) & np.isnan(b)))


def compare(first: int, count: int, together: int, executors: Sequence[str], report: Report) -> None:
    """Compare so many programs from a number on."""
    waiting: list[Expression] = []
    done = first

    def check(f: Expression) -> None:
        nonlocal done
        waiting.append(f)
        done += 1
        if len(waiting) == together or done == first + count:
            if trouble := Comparison(Joint(waiting, done), executors, report).run():
                report.wrong.append(f"up to program {done}: {trouble}\n")
                print(report.wrong[-1], flush=True)  # a long run may be ended before it has done all
            waiting.clear()

    drawn(expressions(max_nodes=30), first, count, check)


def main() -> int:
    """Print what was found; 1 if a program was wrong."""
    options = parser(__doc__)
    options.add_argument("--executor", choices=EXECUTORS, nargs="+", default=EXECUTORS)
    options.add_argument("--together", type=int, default=8, help="how many programs are parts of one function")
    chosen = options.parse_args()
    report, began = Report(), process_time()
    refusing_warnings(lambda: compare(chosen.first, chosen.programs, chosen.together, chosen.executor, report))
    print(f"{process_time() - began:.0f} s of CPU time")
    return report.print()


if __name__ == "__main__":
    sys.exit(main())
