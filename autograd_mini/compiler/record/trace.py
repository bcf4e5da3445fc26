"""Tracing: an ordinary run of a function on Values, watched for decisions, and walked afterwards.

While a task traces, a comparison of Values returns a node instead of a bool, so that `where` can choose for each
sample. If its truth value is needed, for example by an `if`, the node is recorded as a guard.  Turning a traced Value
into a plain number raises, because the number would be frozen.  Numbers that the function reads from other Values are
watched.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Any, NamedTuple, NoReturn

from ...engine import Given, Value, apply
from ...errors import StaleGraphError, TraceError
from ...hooks import SourceLine, is_ours, source_line
from ...leftover import spoil
from ...reading import number_of, operands_of, rule_of, was_assigned
from ...rule import VALUES, Rule
from ...sweep import order_below
from ...watch import Block, open_blocks, take_down
from ...watch import trace as run_under_way
from .graph import DECISIONS, OPERATIONS, Graph, Guard
from .recording import Record, read
from .results import Results, returned
from .watched import Watched, read_off, same


class Trace(NamedTuple):
    """The result of tracing.

    Attributes:
        graph: the operations.
        results: the form of the function's result, whose numbers are the graph's results.
        watched: the numbers that were read from other Values; they are constants of the graph.
        caught: the line of an operation that raised, if the function caught the error and continued.
        leaks: whether the function keeps Values that operations made in this trace.
    """

    graph: Graph
    results: Results
    watched: list[Watched]
    caught: SourceLine | None
    leaks: bool


def trace(
    f: Callable[..., Any],
    args: Sequence[Any],
    inputs: Sequence[Value],
    parameters: Sequence[Value],
    raising: bool = True,
    has_aux: bool = False,
) -> Trace:
    """Run f(*args), whose arguments contain `inputs`, and read the graph of its result.

    Args:
        f: the function.
        args: its arguments.
        inputs: the Values in the arguments.
        parameters: other Values to differentiate with respect to.
        raising: whether an operation raises the errors of floats; if not, it has its IEEE value there.
        has_aux: whether f returns a pair whose first part is the one to differentiate.

    Raises:
        TraceError: f returns something other than numbers, turns a traced Value into a plain number, or uses a Value of
            an earlier trace.
        Exception: the errors of f.
    """
    run = _Run([*inputs, *parameters], raising)
    try:
        graph, results = _traced(run, f, args, len(inputs), has_aux)
    finally:
        leaks = run.end()
        for v in inputs:  # the function may also keep them in a structure
            _leave(v, _argument_of(f))
    return Trace(graph, results, run.watched(), run.refusals[0] if run.refusals else None, leaks)


def _traced(
    run: "_Run", f: Callable[..., Any], args: Sequence[Any], inputs: int, has_aux: bool
) -> tuple[Graph, Results]:
    values, results = returned(f, run.through(f, args), has_aux)
    return _read(run, values, inputs), results


def run_only(f: Callable[..., Any], args: Sequence[Any], inputs: Sequence[Value], parameters: Sequence[Value]) -> None:
    """Run f(*args) as `trace` does, only for the errors that it may raise."""
    run = _Run([*inputs, *parameters], raising=False)
    try:
        run.through(f, args)
    finally:
        run.end()
        for v in inputs:
            _leave(v, _argument_of(f))


def _leave(v: Value, origin: str) -> None:
    """Replace the number of a Value after its trace, so that using the Value raises an error that says why."""
    spoil(v, f"{v.label}: {origin}" if v.label else origin)


def _argument_of(f: Callable[..., Any]) -> str:
    return f"it was in an argument of {getattr(f, '__name__', f)}"


def expand(rule: Rule, n: int) -> Graph:
    """An operation of n operands as a graph of simpler ones: from x₁ … xₙ and z to the value and the slopes.

    The value is z itself if it is not composed of other operations.
    """
    leaves = [Value(1.0) for _ in range(n + 1)]
    run = _Run(leaves, raising=False)
    *xs, z = leaves
    value, slopes = run.through(
        lambda: (rule.formula(VALUES, *xs) if rule.formula else z, rule.partials(VALUES, z, xs))
    )
    graph = _read(run, [v if isinstance(v, Value) else Value(v) for v in (value, *slopes)], n + 1)
    run.end()
    return graph


# ---- one run ----


class _Run:
    """A run of the function: its leaves, its nodes, its decisions, and the numbers that it reads from other Values.

    The engine calls it for decisions and for numbers that are read.
    """

    def __init__(self, leaves: Sequence[Value], raising: bool = True) -> None:
        self.leaves = {id(v): v for v in leaves}
        self.outer = run_under_way()
        self.decisions: list[tuple[Value, bool, SourceLine]] = []
        self.refusals: list[SourceLine] = []  # where operations raised the errors of floats
        self.record = Record(_our_files)
        self._ids: set[int] = set()  # of the nodes so far that were entered here
        self._silent: set[int] = set()  # of the nodes that could not raise
        self._marked = 0  # for so many nodes it is known whether they depend on the leaves
        self._dependent = set(self.leaves)
        self._watched: dict[tuple[int, str], Watched] = {}
        self._raising = raising

    def through(self, f: Callable[..., Any], args: Sequence[Any] = ()) -> Any:
        """The result of f(*args), in a block that reports to this run.

        The block refers to the run, and not the other way round.
        """
        block = Block(made=self._note, refused=self._refused, trace=self, quiet=not self._raising)
        with block:
            take_down(self.record)
            return f(*args)

    def _note(self, v: Value) -> Value:
        """Record a new node, if the record does not do so by itself."""
        frame = sys._getframe(2)
        while _our_files[frame.f_code.co_filename] and frame.f_back is not None:
            frame = frame.f_back
        self.record.add(v, frame.f_code, frame.f_lasti)
        blocks = open_blocks()
        if rule_of(v) not in _TOTAL and any(block.quiet for block in blocks if block.trace is not self):
            self._silent.add(id(v))
        if blocks[-1].trace is self:  # a block that hid this one is closed now
            take_down(self.record)
        return v

    def depends(self, v: Value) -> bool:
        """Whether a Value depends on the leaves of this run."""
        for u in self.record.since(self._marked):
            if not self._dependent.isdisjoint(map(id, operands_of(u)[0])):
                self._dependent.add(id(u))
        self._marked = len(self.record)
        if id(v) in self._dependent or v.is_leaf or not self.is_from_outside(v):
            return id(v) in self._dependent
        return any(id(u) in self.leaves for u in order_below([v]))  # made before, or by another thread

    def is_from_outside(self, v: Value) -> bool:
        """Whether a Value existed before the run, as far as we can tell: leaves that the function makes count too."""
        return id(v) not in self.ids() and id(v) not in self.leaves

    def ids(self) -> set[int]:
        """The ids of the nodes so far."""
        self._ids.update(map(id, self.record.since(len(self._ids))))
        return self._ids

    def compare(self, name: str, _truth: bool, a: Value, b: Any) -> Any:
        """The node of a comparison."""
        return _condition(name, a, b)

    def decide(self, v: Value) -> bool:
        """The truth value of v, which is recorded."""
        truth = bool(number_of(v))
        node = v if isinstance(v, Condition) else _condition("ne", v, 0.0)
        self.decisions.append((node, truth, source_line()))
        return truth

    def hold(self, v: Value) -> Any:
        """The node of v held constant."""
        return apply(DECISIONS["stop_gradient"], v)

    def _refused(self, _error: Exception, _rule: Rule, operands: Sequence[Any]) -> None:
        """An operation raises an error of floats, which the function may catch."""
        values = [v for v in operands if isinstance(v, Value)]
        if any(map(self.depends, values)):
            self.refusals.append(source_line())
        for v in values:
            if not self.depends(v):
                self.read(v, ".data")

    def read(self, v: Value, what: str) -> None:
        """v is read as a plain number: raise if v is traced, or watch the Values that the number depends on."""
        if self.depends(v):
            raise TraceError(
                f"{what} of a traced Value at {source_line()}: the compiled program would keep the number that it "
                "happened to have in the trace. Calculate with the Value itself, choose with where(condition, a, b), "
                "and hold it constant with stop_gradient"
            )
        kind = "grad" if what == ".grad" else "data"
        if self.is_from_outside(v):
            self.watch(v, kind, read_off(v, kind))
        else:
            for u in order_below([v]):
                if self.is_from_outside(u):
                    self.watch(u, "data", number_of(u))

    def watch(self, v: Value, what: str, number: float) -> None:
        """Remember a number that was read from a Value outside."""
        if self.outer is not None:
            self.outer.read(v, f".{what}, which a compiled function inside uses as a constant,")
        key = id(v), what
        before = self._watched.setdefault(key, Watched(v, what, number))
        if not same(before.number, number):
            self._watched[key] = before._replace(what="several")

    def watched(self) -> list[Watched]:
        """The numbers read from Values that somebody else still holds; nobody can assign to the others."""
        ours = Counter([id(w.value) for w in self._watched.values()])
        return [w for w in self._watched.values() if sys.getrefcount(w.value) - 1 > ours[id(w.value)]]

    def checks(self) -> list[Value]:
        """The nodes that may raise, for other numbers."""
        return [v for v in self.record.others(_TOTAL) if id(v) not in self._silent]

    def end(self) -> bool:
        """Drop all nodes, the latest first, and spoil those that somebody else still holds."""
        self.decisions.clear()
        leaks = False
        while held := self.record.held():
            v, code, at = held
            if self.depends(v):
                _leave(v, f"{v.op!r} made it at {_line(code, at)}")
                leaks = True
            self.record.pop()
            del v, held
        return leaks


# The operations that never raise on floats; a user's operations may raise anything.
_NAMES = {"add", "sub", "mul", "neg", "pos", "abs", "atan", "atan2", "hypot", "cbrt", "tanh", "sech2", "asinh", "erf"}
_NAMES |= {"erfc", "gaussian", "one_minus_square", "maximum", "minimum", "clamp", "copysign", "floor", "ceil", "round"}
_NAMES |= {"where", "relu", "leaky_relu", "elu", "sigmoid", "softplus", "silu", "gelu", "sum", "mean", "prod", "dot"}
_NAMES |= {"gap", "expectation", "ndtr", "log_ndtr", "sinc", "logaddexp"}
_TOTAL = frozenset([OPERATIONS[name] for name in _NAMES | DECISIONS.keys()])


class _Ours(dict[str, bool]):
    def __missing__(self, path: str) -> bool:
        self[path] = is_ours(path)
        return self[path]


_our_files = _Ours()  # whether a file is one of this package


def _line(code: CodeType, at: int) -> SourceLine:
    """The line of an instruction."""
    lines = [line for first, end, line in code.co_lines() if first <= at < end and line is not None]
    return SourceLine(code.co_filename, lines[0] if lines else code.co_firstlineno)


# ---- the graph of a run ----


def _read(run: _Run, roots: Sequence[Value], inputs: int) -> Graph:
    """The graph below the roots and the decisions, and the operations that may raise."""
    leaves, decided, checks = list(run.leaves.values()), [v for v, _, _ in run.decisions], run.checks()
    found = read(run.record, leaves, [*roots, *decided, *checks], _require_kept)
    for v, number in found.outside:
        run.watch(v, "data", number)
    places = found.asked.tolist()
    graph = Graph(inputs, len(leaves) - inputs, *found[:5], results=places[: len(roots)], guards=[], checks=[])
    taken = zip(places[len(roots) :], run.decisions)
    guards = dict.fromkeys([Guard(place, outcome, line) for place, (_, outcome, line) in taken])
    graph.guards = [guard for guard in guards if not len(leaves) <= guard.node < graph.base]
    graph.checks = [place for place in places[len(roots) + len(decided) :] if place >= graph.base]
    return graph


def _require_kept(v: Value) -> None:
    """Raise for a result that was assigned: it no longer depends on the parameters that it was made of."""
    if was_assigned(v):
        raise StaleGraphError(
            f"{v!r}, made by {v.op!r} of a parameter, was assigned after that: make it inside the compiled function"
        )


def note(watched: Iterable[Watched]) -> None:
    """Let a running trace watch the Values that a program reads, when the trace calls that program."""
    if run := run_under_way():
        for w in watched:
            run.read(w.value, f".{w.what}")


# ---- comparisons ----


class Constant(Given):
    """A number that a trace holds constant."""

    __slots__ = ()


class Condition(Constant):
    """A comparison that a trace records: 1.0 if it holds, else 0.0."""

    __slots__ = ()

    def __and__(self, other: Any) -> Any:
        return _condition("and", self, other)

    def __or__(self, other: Any) -> Any:
        return _condition("or", self, other)

    def __xor__(self, other: Any) -> Any:
        return _condition("ne", self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> NoReturn:
        raise TraceError(
            "~ does not negate a comparison: outside a trace it is a bool, for which Python returns -1 or -2. Reverse "
            "the comparison, or swap the branches: where(condition, b, a)"
        )


for _name in DECISIONS.keys() - {"stop_gradient"}:
    DECISIONS[_name].kind = Condition
DECISIONS["stop_gradient"].kind = Constant


def _condition(name: str, *xs: Any) -> Any:
    return apply(DECISIONS[name], *xs)
