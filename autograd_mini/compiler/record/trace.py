"""Tracing: an ordinary run of a function on Values, watched for decisions, and walked afterwards.

While a task traces, a comparison of Values gives a node in the place of a bool, so that `where` can choose by it for
each sample; asked for its truth, by an `if` for example, the node is recorded as a guard.  Taking a plain number out of
what is traced would freeze it, and is refused.  What the function reads of other Values is watched.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from types import CodeType
from typing import Any, NamedTuple, NoReturn

from ...engine import Given, Value, apply
from ...errors import StaleGraphError, TraceError
from ...hooks import SourceLine, is_ours, source_line
from ...leftover import spoil
from ...reading import number_of, operands_of, rule_of, was_assigned
from ...rule import VALUES, Rule
from ...sweep import order_below
from ...watch import Block, open_blocks
from ...watch import trace as run_under_way
from .graph import DECISIONS, Graph, Guard
from .results import Results, returned
from .watched import Watched, read_off, same


class Trace(NamedTuple):
    """What a run left.

    Attributes:
        graph: what was calculated.
        results: the form of what the function returned, whose numbers are the graph's results.
        watched: what was read of other Values, whose numbers are constants of the graph.
        caught: the line of an operation that raised, if the function caught that and went on.
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
    """Run f(*args), in which `inputs` stand, and read the graph of its result.

    Args:
        f: the function.
        args: its arguments.
        inputs: the Values in the arguments.
        parameters: the Values besides that the result is differentiated with respect to.
        raising: whether an operation raises what it raises on floats; if not, it has its IEEE value there.
        has_aux: whether f returns a pair, and derivatives are of its first part.

    Raises:
        TraceError: f returns something else than numbers, takes a plain number out of a traced Value, or uses a
            Value of an earlier trace.
        Exception: what f raises.
    """
    run = _Run([*inputs, *parameters], raising)
    try:
        graph, results = _traced(run, f, args, len(inputs), has_aux)
    finally:
        leaks = run.end()
        for v in inputs:  # which the function may keep in a structure as well
            _leave(v, _argument_of(f))
    return Trace(graph, results, run.watched(), run.refusals[0] if run.refusals else None, leaks)


def _traced(
    run: "_Run", f: Callable[..., Any], args: Sequence[Any], inputs: int, has_aux: bool
) -> tuple[Graph, Results]:
    with run.under_way():
        result = f(*args)
    values, results = returned(f, result, has_aux)
    graph, places = _read(run, values, inputs)
    graph.results = places
    return graph, results


def run_only(f: Callable[..., Any], args: Sequence[Any], inputs: Sequence[Value], parameters: Sequence[Value]) -> None:
    """Run f(*args) as `trace` does, for the errors that this may raise, and read nothing."""
    run = _Run([*inputs, *parameters], raising=False)
    try:
        with run.under_way():
            f(*args)
    finally:
        run.end()
        for v in inputs:
            _leave(v, _argument_of(f))


def _leave(v: Value, origin: str) -> None:
    """Make a Value of a trace that has ended one that says so wherever it is used."""
    spoil(v, f"{v.label}: {origin}" if v.label else origin)


def _argument_of(f: Callable[..., Any]) -> str:
    return f"it was in an argument of {getattr(f, '__name__', f)}"


def expand(rule: Rule, n: int) -> tuple[Graph, int, tuple[int, ...]]:
    """An operation of n operands as a graph of simpler ones: the inputs x₁ … xₙ and z, the value, the slopes.

    The value is z itself where it is not put together from others.
    """
    leaves = [Value(1.0) for _ in range(n + 1)]
    run = _Run(leaves, raising=False)
    *xs, z = leaves
    with run.under_way():
        value = rule.formula(VALUES, *xs) if rule.formula else z
        slopes = rule.partials(VALUES, z, xs)
    roots = [v if isinstance(v, Value) else Value(v) for v in (value, *slopes)]
    graph, (place, *places) = _read(run, roots, n + 1)
    return graph, place, tuple(places)


# ---- one run ----


class _Run:
    """One run under way: its leaves, what it made, the truths it was asked for, and what it read of other Values.

    The engine tells it of decisions and of numbers that are read.
    """

    def __init__(self, leaves: Sequence[Value], raising: bool = True) -> None:
        self.leaves = {id(v): v for v in leaves}
        self.outer = run_under_way()
        self.decisions: list[tuple[Value, bool, SourceLine]] = []
        self.refusals: list[SourceLine] = []  # where operations raised what they raise on floats
        self._made: list[Value] = []  # nodes, and beside them the code and the instruction that made each
        self._codes: list[CodeType] = []
        self._instructions: list[int] = []
        self._ids: set[int] = set()  # of the nodes made, as far as they were entered
        self._silent: set[int] = set()  # of those that could not raise
        self._marked = 0  # nodes of which it is known whether they depend on the leaves
        self._dependent = set(self.leaves)
        self._watched: dict[tuple[int, str], Watched] = {}
        self._raising = raising

    def under_way(self) -> Block:
        """The block in which the run is told of what happens.  It refers to the run, and not the other way round."""
        return Block(made=self._taking_note(), refused=self._refused, trace=self, quiet=not self._raising)

    def _taking_note(self) -> Callable[[Value], Value]:
        """What takes note of each new node."""
        made, codes, instructions = self._made.append, self._codes.append, self._instructions.append
        frame_at, is_ours_ = sys._getframe, _our_files

        def note(v: Value) -> Value:
            frame = frame_at(2)
            code = frame.f_code
            while is_ours_[code.co_filename] and frame.f_back is not None:
                frame = frame.f_back
                code = frame.f_code
            made(v)
            codes(code)
            instructions(frame.f_lasti)
            if rule_of(v).name not in _TOTAL and any(b.quiet for b in open_blocks() if b.trace is not self):
                self._silent.add(id(v))
            return v

        return note

    def depends(self, v: Value) -> bool:
        """Whether a Value depends on the leaves of this run."""
        for u in islice(self._made, self._marked, None):
            if not self._dependent.isdisjoint(map(id, operands_of(u)[0])):
                self._dependent.add(id(u))
        self._marked = len(self._made)
        if id(v) in self._dependent or v.is_leaf or not self.is_from_outside(v):
            return id(v) in self._dependent
        return any(id(u) in self.leaves for u in order_below([v]))  # made before, or by another thread

    def is_from_outside(self, v: Value) -> bool:
        """Whether a Value was there before, as far as can be seen: a leaf made by the function counts as one."""
        return id(v) not in self.ids() and id(v) not in self.leaves

    def ids(self) -> set[int]:
        """Those of the nodes made so far."""
        if len(self._ids) < len(self._made):
            self._ids.update(map(id, islice(self._made, len(self._ids), None)))
        return self._ids

    def compare(self, name: str, _truth: bool, a: Value, b: Any) -> Any:
        """The node of a comparison."""
        return _condition(name, a, b)

    def decide(self, v: Value) -> bool:
        """The truth of v, recorded."""
        truth = bool(number_of(v))
        node = v if isinstance(v, Condition) else _condition("ne", v, 0.0)
        self.decisions.append((node, truth, source_line()))
        return truth

    def hold(self, v: Value) -> Any:
        """The node of v held constant."""
        return apply(DECISIONS["stop_gradient"], v)

    def _refused(self, _error: Exception, _rule: Rule, operands: Sequence[Any]) -> None:
        """An operation raises, as floats do, and the function may catch that."""
        values = [v for v in operands if isinstance(v, Value)]
        if any(map(self.depends, values)):
            self.refusals.append(source_line())
        for v in values:
            if not self.depends(v):
                self.read(v, ".data")

    def read(self, v: Value, what: str) -> None:
        """Something is read of v, which makes it plain numbers: refuse that, or watch what the numbers depend on."""
        if self.depends(v):
            raise TraceError(
                f"{what} of a traced Value at {source_line()}: the compiled program would keep the number that it "
                "happened to have in the trace. Calculate with the Value itself, choose by where(condition, a, b), "
                "and hold it constant by stop_gradient"
            )
        kind = "grad" if what == ".grad" else "data"
        if self.is_from_outside(v):
            self.watch(v, kind, read_off(v, kind))
        else:
            for u in order_below([v]):
                if self.is_from_outside(u):
                    self.watch(u, "data", number_of(u))

    def watch(self, v: Value, what: str, number: float) -> None:
        """Take note of what was read of a Value from outside."""
        if self.outer is not None:
            self.outer.read(v, f".{what}, which a compiled function inside takes for a constant,")
        key = id(v), what
        before = self._watched.setdefault(key, Watched(v, what, number))
        if not same(before.number, number):
            self._watched[key] = before._replace(what="several")

    def watched(self) -> list[Watched]:
        """What was read of Values that somebody else still holds: nobody can assign any other."""
        ours = Counter([id(w.value) for w in self._watched.values()])
        return [w for w in self._watched.values() if sys.getrefcount(w.value) - 1 > ours[id(w.value)]]

    def checks(self) -> list[Value]:
        """The nodes that would have raised, had floats done so."""
        return [v for v in self._made if rule_of(v).name not in _TOTAL and id(v) not in self._silent]

    def end(self) -> bool:
        """Let go of all nodes, the latest first, and spoil those that somebody else still holds."""
        self.decisions.clear()
        made, count, leaks = self._made, sys.getrefcount, False
        while made:
            v = made[-1]
            if count(v) > 3 and self.depends(v):  # beside us here, the list and the call
                _leave(v, f"{v.op!r} made it at {_line(self._codes[len(made) - 1], self._instructions[len(made) - 1])}")
                leaks = True
            made.pop()
        return leaks


# The operations that raise for no floats; those of the user may raise anything.
_TOTAL = {"add", "sub", "mul", "neg", "pos", "abs", "atan", "atan2", "hypot", "cbrt", "tanh", "sech2", "asinh", "erf"}
_TOTAL |= {"erfc", "gaussian", "one_minus_square", "maximum", "minimum", "clamp", "copysign", "floor", "ceil", "round"}
_TOTAL |= {"where", "relu", "leaky_relu", "elu", "sigmoid", "softplus", "silu", "gelu", "sum", "mean", "prod", "dot"}
_TOTAL |= {"gap", "expectation", "ndtr", "log_ndtr", "sinc", "logaddexp"}
_TOTAL |= DECISIONS.keys()


class _Ours(dict[str, bool]):
    def __missing__(self, path: str) -> bool:
        self[path] = is_ours(path)
        return self[path]


_our_files = _Ours()  # whether a file is one of this package


def _line(code: CodeType, at: int) -> SourceLine:
    """The line of an instruction."""
    lines = [line for first, end, line in code.co_lines() if first <= at < end and line is not None]
    return SourceLine(code.co_filename, lines[0] if lines else code.co_firstlineno)


# ---- reading what a run left ----


def _read(run: _Run, roots: Sequence[Value], inputs: int) -> tuple[Graph, list[int]]:
    """The graph below the roots and the decisions, and the places of the roots in it."""
    graph = Graph(inputs, len(run.leaves) - inputs)
    place = dict(zip(run.leaves.values(), range(len(run.leaves))))
    constants, inside = graph.constants, run.ids()
    outside: set[int] = set()  # of the Values whose numbers are constants
    checks = run.checks()
    asked = [*[v for v, _, _ in run.decisions], *roots, *checks]
    for v in order_below(asked):
        if v in place:
            continue
        if v.is_leaf:
            outside.add(id(v))
            continue
        parents, numbers = operands_of(v)
        xs = [place[p] if p in place else graph.constant(float(x)) for p, x in zip(parents, numbers)]
        if all(map(constants.__contains__, xs)):
            if id(v) not in inside:
                outside.add(id(v))
                continue
            place[v] = graph.constant(float(number_of(v)))  # its bits are known
        else:
            if id(v) not in inside:  # made before of a parameter, or by another thread
                _require_kept(v)
                run.watch(v, "data", number_of(v))
            rule = rule_of(v)
            place[v] = xs[0] if rule.name == "pos" else graph.add(rule, xs)
        if outside and not outside.isdisjoint(map(id, parents)):
            for p, x in zip(parents, numbers):
                if p is not None and id(p) in outside:
                    run.watch(p, "data", x)
    for v in asked:
        if v not in place:
            run.watch(v, "data", number_of(v))
            place[v] = graph.constant(number_of(v))
    guards = [Guard(place[v], outcome, line) for v, outcome, line in run.decisions]
    graph.guards = [guard for guard in dict.fromkeys(guards) if guard.node not in graph.constants]
    graph.checks = [place[v] for v in checks if place[v] not in constants]
    return graph, [place[v] for v in roots]


def _require_kept(v: Value) -> None:
    """Refuse a result that was assigned: it no longer depends on the parameters that it was made of."""
    if was_assigned(v):
        raise StaleGraphError(
            f"{v!r}, made by {v.op!r} of a parameter, was assigned after that: make it inside the compiled function"
        )


def note(watched: Iterable[Watched]) -> None:
    """Let a trace under way watch what a program does that it calls."""
    if run := run_under_way():
        for w in watched:
            run.read(w.value, f".{w.what}")


# ---- comparisons ----


class Constant(Given):
    """A number that a trace holds constant."""

    __slots__ = ()


class Condition(Constant):
    """A comparison that a trace records: 1.0 where it holds, else 0.0."""

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
            "~ negates no comparison: of a bool, which it is outside a trace, Python makes -1 or -2. Turn the "
            "comparison round, or the choice: where(condition, b, a)"
        )


for _name in DECISIONS.keys() - {"stop_gradient"}:
    DECISIONS[_name].kind = Condition
DECISIONS["stop_gradient"].kind = Constant


def _condition(name: str, *xs: Any) -> Any:
    return apply(DECISIONS[name], *xs)
