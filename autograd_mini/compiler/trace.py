"""Tracing: an ordinary run of a function on Values, watched for decisions, and walked afterwards.

While a thread traces, a comparison of Values gives a node in the place of a bool, so that `where` can choose by it for
each sample; asked for its truth, by an `if` say, the node is recorded as a guard.  Taking a plain number out of what is
traced would freeze it, and is refused.
"""

from _thread import _local
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from .. import engine
from ..engine import (
    VALUES,
    AutogradError,
    Condition,
    Value,
    apply,
    as_constant,
    marking,
    never_raising,
    operands_of,
    order_below,
)
from ..hooks import SourceLine, source_line
from ..rule import Rule
from .graph import DECISIONS, Graph, Guard


class TraceError(AutogradError, TypeError):
    """A traced function did what can't be compiled."""


class Trace(NamedTuple):
    """What a run left: the graph, and the Values beside inputs and parameters whose numbers are constants of it."""

    graph: Graph
    captured: list[tuple[Value, float]]


def trace(f: Callable[..., Any], args: Sequence[Any], inputs: Sequence[Value], parameters: Sequence[Value]) -> Trace:
    """Run f(*args), in which `inputs` stand, and read the graph of its result.

    Raises:
        TraceError: f returns something other than one number, or takes a plain number out of a traced Value.
    """
    run = _Run([*inputs, *parameters])
    with _watched(run), never_raising():
        result = f(*args)
    if not isinstance(result, Value):
        number = as_constant(result)
        if number is None:
            name = getattr(f, "__name__", repr(f))
            raise TraceError(
                f"{name} returned {type(result).__name__} {result!r} where one number must be: compile takes functions "
                "with a scalar result"
            )
        result = Value(number)
    graph, places, captured = _read(run, [result], len(inputs))
    graph.result = places[0]
    return Trace(graph, captured)


def expand(rule: Rule, n: int) -> tuple[Graph, int, tuple[int, ...]]:
    """An operation of n operands as a graph of simpler ones: the inputs x₁ … xₙ and z, the value, the slopes.

    The value is z itself where it is not put together from others.
    """
    leaves = [Value(1.0) for _ in range(n + 1)]
    run = _Run(leaves)
    *xs, z = leaves
    with _watched(run), never_raising():
        value = rule.formula(VALUES, *xs) if rule.formula else z
        slopes = rule.partials(VALUES, z, xs)
    roots = [v if isinstance(v, Value) else Value(v) for v in (value, *slopes)]
    graph, (place, *places), _ = _read(run, roots, n + 1)
    return graph, place, tuple(places)


class _Run:
    """One run under way: its leaves, and the truths it was asked for."""

    def __init__(self, leaves: Sequence[Value]) -> None:
        self.leaves = {id(v): v for v in leaves}
        self.decisions: list[tuple[Value, bool, SourceLine]] = []

    def depends(self, v: Value) -> bool:
        return any(id(u) in self.leaves for u in order_below([v]))


def _read(run: _Run, roots: Sequence[Value], inputs: int) -> tuple[Graph, list[int], list[tuple[Value, float]]]:
    """The graph below the roots and the decisions, the places of the roots in it, and the leaves that are constants."""
    graph = Graph(inputs, len(run.leaves) - inputs)
    place = dict(zip(run.leaves.values(), range(len(run.leaves))))
    captured = []
    for v in order_below([*[v for v, _, _ in run.decisions], *roots]):
        if v in place:
            continue
        if v._rule is None:
            captured.append((v, v._data))
        parents, numbers = operands_of(v)
        xs = [graph.constant(float(x)) if p is None else place[p] for p, x in zip(parents, numbers)]
        if all(map(graph.constants.__contains__, xs)):  # its bits are known
            place[v] = graph.constant(v._data)
        elif v._rule.name == "pos":
            place[v] = xs[0]
        else:
            place[v] = graph.add(v._rule, xs)
    guards = [Guard(place[v], outcome, line) for v, outcome, line in run.decisions]
    graph.guards = [guard for guard in dict.fromkeys(guards) if guard.node not in graph.constants]
    return graph, [place[v] for v in roots], captured


# ---- what the engine asks while a trace is under way ----


class _PerThread(_local):
    run: _Run | None = None


_thread = _PerThread()
_running: list[_Run] = []  # in all threads


class _Observer:
    """Answers for the thread that traces; in any other thread everything is as ever."""

    def compare(self, name: str, truth: bool, a: Value, b: Any) -> Any:
        return truth if _thread.run is None else _condition(name, a, b)

    def decide(self, v: Value) -> bool:
        truth, run = bool(v._data), _thread.run
        if run is not None:
            node = v if isinstance(v, Condition) else _condition("ne", v, 0.0)
            run.decisions.append((node, truth, source_line()))
        return truth

    def hold(self, v: Value) -> Any:
        return v._data if _thread.run is None else apply(DECISIONS["stop_gradient"], v)

    def read(self, v: Value, what: str) -> None:
        run = _thread.run
        if run is not None and run.depends(v):
            raise TraceError(
                f"{what} of a traced Value at {source_line()}: the compiled program would keep the number that it "
                "happened to have in the trace. Calculate with the Value itself, choose by where(condition, a, b), "
                "and hold it constant by stop_gradient"
            )


def _condition(name: str, *xs: Any) -> Any:
    v = apply(DECISIONS[name], *xs)
    if isinstance(v, Value):
        v.__class__ = Condition
        v._data = float(v._data)
    return v


Condition.__and__ = Condition.__rand__ = lambda a, b: _condition("and", a, b)
Condition.__or__ = Condition.__ror__ = lambda a, b: _condition("or", a, b)


@contextmanager
def _watched(run: _Run) -> Iterator[None]:
    before = _thread.run
    with marking:
        _running.append(run)
        engine._observer = _Observer()
    try:
        _thread.run = run
        yield
    finally:
        _thread.run = before
        with marking:
            _running.remove(run)
            if not _running:
                engine._observer = None
