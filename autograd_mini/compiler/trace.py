"""Tracing: an ordinary run of a function on Values, watched for decisions, and walked afterwards.

While a task traces, a comparison of Values gives a node in the place of a bool, so that `where` can choose by it for
each sample; asked for its truth, by an `if` say, the node is recorded as a guard.  Taking a plain number out of what is
traced would freeze it, and is refused.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..engine import Value, apply
from ..errors import AutogradError
from ..hooks import SourceLine, source_line
from ..numbers import as_constant
from ..reading import number_of, operands_of, rule_of, version_of
from ..rule import VALUES, Rule
from ..sweep import order_below
from ..watch import Block
from .graph import DECISIONS, Graph, Guard


class TraceError(AutogradError, TypeError):
    """A traced function did what can't be compiled."""


class Trace(NamedTuple):
    """What a run left: the graph, and the other Values that are constants of it, each with its version."""

    graph: Graph
    captured: list[tuple[Value, int]]


def trace(f: Callable[..., Any], args: Sequence[Any], inputs: Sequence[Value], parameters: Sequence[Value]) -> Trace:
    """Run f(*args), in which `inputs` stand, and read the graph of its result.

    Raises:
        TraceError: f returns something other than one number, or takes a plain number out of a traced Value.
    """
    run = _Run([*inputs, *parameters])
    with Block(trace=run, quiet=True):
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
    with Block(trace=run, quiet=True):
        value = rule.formula(VALUES, *xs) if rule.formula else z
        slopes = rule.partials(VALUES, z, xs)
    roots = [v if isinstance(v, Value) else Value(v) for v in (value, *slopes)]
    graph, (place, *places), _ = _read(run, roots, n + 1)
    return graph, place, tuple(places)


class _Run:
    """One run under way: its leaves, and the truths it was asked for.  It is what the engine tells of decisions."""

    def __init__(self, leaves: Sequence[Value]) -> None:
        self.leaves = {id(v): v for v in leaves}
        self.decisions: list[tuple[Value, bool, SourceLine]] = []

    def depends(self, v: Value) -> bool:
        return any(id(u) in self.leaves for u in order_below([v]))

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

    def read(self, v: Value, what: str) -> None:
        """Refuse that a number is taken from v, if it depends on what is traced."""
        if self.depends(v):
            raise TraceError(
                f"{what} of a traced Value at {source_line()}: the compiled program would keep the number that it "
                "happened to have in the trace. Calculate with the Value itself, choose by where(condition, a, b), "
                "and hold it constant by stop_gradient"
            )


def _read(run: _Run, roots: Sequence[Value], inputs: int) -> tuple[Graph, list[int], list[tuple[Value, int]]]:
    """The graph below the roots and the decisions, the places of the roots in it, and the leaves that are constants."""
    graph = Graph(inputs, len(run.leaves) - inputs)
    place = dict(zip(run.leaves.values(), range(len(run.leaves))))
    captured = []
    for v in order_below([*[v for v, _, _ in run.decisions], *roots]):
        if v in place:
            continue
        if v.is_leaf:
            captured.append((v, version_of(v)))
        parents, numbers = operands_of(v)
        xs = [graph.constant(float(x)) if p is None else place[p] for p, x in zip(parents, numbers)]
        if all(map(graph.constants.__contains__, xs)):  # its bits are known
            place[v] = graph.constant(float(number_of(v)))
        elif (rule := rule_of(v)).name == "pos":
            place[v] = xs[0]
        else:
            place[v] = graph.add(rule, xs)
    guards = [Guard(place[v], outcome, line) for v, outcome, line in run.decisions]
    graph.guards = [guard for guard in dict.fromkeys(guards) if guard.node not in graph.constants]
    return graph, [place[v] for v in roots], captured


# ---- what the engine tells a trace that is under way ----


class Condition(Value):
    """A comparison that a trace records: 1.0 where it holds, else 0.0."""

    __slots__ = ()

    def __and__(self, other: Any) -> Any:
        return _condition("and", self, other)

    def __or__(self, other: Any) -> Any:
        return _condition("or", self, other)

    __rand__, __ror__ = __and__, __or__


for _name in DECISIONS.keys() - {"stop_gradient"}:
    DECISIONS[_name].kind = Condition


def _condition(name: str, *xs: Any) -> Any:
    return apply(DECISIONS[name], *xs)
