"""Nodes of functions: a function of many numbers as one node, with its own pullback.

A `Function` computes plain numbers in any way: it may run Python and forget the nodes, run a compiled program, or
search for a root.  `results_of` makes its node, with the Values among its operands as parents.  A function with one
result is that node; a function with several results has, above its node, a light node for each result.

A pullback that is given Values returns Values, so it can be differentiated in turn, to any order.
"""

import reprlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any

from . import watch
from .adjoints import adjoints_of, values_of_adjoints
from .covectors import Entry, Jacobian, Unit
from .engine import Value, apply, leaf, node
from .errors import AutogradError
from .hooks import without_hooks
from .reading import lend, number_of, numbers_of, operands_of, rule_of, those_before
from .rule import LINE, Rule
from .sweep import order_below
from .watch import never_raising


class RerunError(AutogradError, RuntimeError):
    """A function that was run again on the way back gave other numbers than the first time."""


class Function(ABC):
    """A function of n numbers to m numbers, which a graph holds as one node.

    Attributes:
        name: its name in drawings and messages.
    """

    __slots__ = ()
    name: str

    @abstractmethod
    def value(self, xs: Sequence[float]) -> list[float]:
        """The results for plain numbers."""

    @abstractmethod
    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:
        """The contribution to each operand, given the adjoint of each result: the product uᵀ·J.

        Args:
            zs: the results.
            xs: the operands.
            us: the adjoints, None for a result that nobody uses.  If any of the three contains a Value, it returns
                Values.
        """

    def inside(self, xs: Sequence[Any]) -> list[Any] | None:  # noqa: ARG002
        """The results as nodes of the operations inside the function; None if they can't be shown."""
        return None


def results_of(function: Function, operands: Sequence[Any], zs: Sequence[float] | None = None) -> list[Any]:
    """The results of a function: floats, or nodes if a Value is among the operands.

    Args:
        function: what to compute.
        operands: Values and floats.
        zs: the results, if they are known.
    """
    parents = tuple([x if isinstance(x, Value) else None for x in operands])
    xs = tuple(numbers_of(operands))
    if zs is None:
        zs = function.value(xs)
    if all(p is None for p in parents):
        return list(zs)
    rule = _Whole(function, tuple(zs), xs)
    if len(zs) == 1:
        return [node(rule, zs[0], None, None, many=(parents, xs))]
    whole = node(rule, 0.0, None, None, many=(parents, xs))
    return [_part(function.name, i, z, whole) for i, z in enumerate(zs)]


class _Whole(Rule):
    """The operation of one call."""

    __slots__ = ("function", "xs", "zs")
    __setattr__ = object.__setattr__  # type: ignore[assignment]  # it isn't a row of the table

    def __init__(self, function: Function, zs: tuple[float, ...], xs: tuple[float, ...]) -> None:
        self.function, self.zs, self.xs = function, zs, xs
        self.name, self.symbol = f"function {function.name}", function.name
        self.kind = self.formula = self.dx = self.dy = None
        self.domain = (LINE,)

    # Methods, because a bound method in a slot would be a cycle, which reference counting does not free.
    def f(self, *xs: float) -> Any:
        """The result, or the list of several."""
        zs = self.zs if xs == self.xs else self.function.value(xs)
        return zs[0] if len(zs) == 1 else list(zs)

    def many(self, m: Any, z: Any, *xs: Any) -> Sequence[Any]:  # noqa: ARG002
        """The slopes with respect to each operand."""
        function, zs, size = self.function, self.zs, len(self.zs)
        results: Sequence[Any] = zs
        if isinstance(z, Value):
            results = [z] if size == 1 else [_part(function.name, i, number, z) for i, number in enumerate(zs)]
        pull = partial(function.pull, results, xs)
        if size == 1:
            return pull([1.0])
        return Jacobian(size, pull, partial(_pushed, pull, size, isinstance(z, Value))).columns(len(xs))


def _part(name: str, i: int, z: float, whole: Value) -> Any:
    """One of several results."""
    return node(_element(name, i), z, whole, 0.0)


@lru_cache(maxsize=1024)
def _element(name: str, i: int) -> Rule:
    return _Element(name, Unit(i))


class _Element(Rule):
    """The operation that takes one of several results."""

    __slots__ = ("unit",)

    def __init__(self, name: str, unit: Unit) -> None:
        symbol = f"{name}[{unit.i}]"
        super().__init__(f"function {symbol}", itemgetter(unit.i), lambda m, z, x: unit, symbol=symbol)
        self.unit = unit


def _pushed(
    pull: Callable[[list[Any]], Sequence[Any]], size: int, in_values: bool, moved: Sequence[Entry]
) -> Sequence[Any]:
    """How each result moves: the slopes of u·J·t with respect to u, in which it is linear."""
    with without_hooks(), never_raising():
        us: list[Any] = [leaf(0.0) for _ in range(size)]
        cs = pull(us)
        product = sum([cs[j] * t for j, t in moved], 0.0)
        if not isinstance(product, Value):
            return [0.0] * size
        return _adjoints([product], [1.0], us, in_values or _has_values([t for _, t in moved]))


# ---- functions that are run again on the way back ----


class Rerun(Function):
    """A function whose nodes are forgotten, and made again when its pullback runs.

    Args:
        name: its name.
        run: takes one number or Value for each operand, except those that it reads from outside.
        outside: the Values that it reads from outside, which follow as operands.
        exact: whether it must give the same numbers each time, and read no other Values from outside.
        labels: the names of the operands, for messages.
    """

    __slots__ = ("_exact", "_labels", "_outside", "_run", "name")

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Any]], Sequence[Any]],
        outside: Sequence[Value] = (),
        exact: bool = True,
        labels: Sequence[str] = (),
    ) -> None:
        self.name, self._run, self._outside, self._exact, self._labels = name, run, tuple(outside), exact, labels

    def value(self, xs: Sequence[float]) -> list[float]:
        inputs = len(xs) - len(self._outside)
        with without_hooks(), lent(self._outside, xs[inputs:]):
            return [float(number_of(z)) for z in self._run(list(map(leaf, xs[:inputs])))]

    def pull(self, zs: Sequence[Any], xs: Sequence[Any], us: Sequence[Any]) -> Sequence[Any]:
        with _keeping_graphs():
            began = watch.advance()
            inputs = [+x if isinstance(x, Value) else leaf(x) for x in xs[: len(xs) - len(self._outside)]]
            for v, label in zip(inputs, self._labels):
                if label:
                    v.label = label
            results = self._run(inputs)
            if self._exact and _numbers(results) != _numbers(zs):
                raise RerunError(
                    f"{self.name} was run again in the backward pass and returned {reprlib.repr(_numbers(results))}, "
                    f"but it had returned {reprlib.repr(_numbers(zs))} before: draw random numbers outside it, and "
                    "don't change anything that it reads"
                )
            sources = [*inputs, *self._outside]
            others = [] if self._exact else _older(results, sources, began)
            return _adjoints(results, us, [*sources, *others], _has_values((*xs, *us)))[: len(sources)]

    def inside(self, xs: Sequence[Any]) -> list[Any]:
        return list(self._run(xs[: len(xs) - len(self._outside)]))


def _keeping_graphs() -> AbstractContextManager[None]:
    """Inside, the hooks of this task see each node, but no_grad() does not apply."""
    return without_hooks() if watch.hooks and (+leaf(0.0)).is_leaf else nullcontext()


def _numbers(zs: Sequence[Any]) -> list[str]:
    """The numbers as texts, because nan is not equal to itself, and 0.0 is equal to -0.0."""
    return [repr(float(number_of(z))) for z in zs]


def _older(results: Sequence[Any], known: Sequence[Value], began: int) -> list[Value]:
    """The Values below the results that existed before this run, without the known ones."""
    order = order_below([z for z in results if isinstance(z, Value)], known, since=began)
    return those_before(order[len(known) :], began)


def _has_values(xs: Iterable[Any]) -> bool:
    return any(isinstance(x, Value) for x in xs)


def _adjoints(results: Sequence[Any], us: Sequence[Any], sources: Sequence[Value], in_values: bool) -> list[Any]:
    """The adjoint of each source, from the adjoints of the results."""
    pairs = [(z, u) for z, u in zip(results, us, strict=True) if isinstance(z, Value) and u is not None]
    roots, seeds = [z for z, _ in pairs], [u for _, u in pairs]
    if not in_values:
        return adjoints_of(roots, seeds, sources)
    with never_raising():
        return values_of_adjoints(roots, seeds, sources)


@contextmanager
def lent(leaves: Sequence[Value], numbers: Sequence[float]) -> Iterator[None]:
    """Inside, the Values have these numbers.  They are not assigned, so no graph becomes stale."""
    before = list(map(number_of, leaves))
    try:
        for v, number in zip(leaves, numbers):
            lend(v, float(number))
        yield
    finally:
        for v, number in zip(leaves, before):
            lend(v, number)


# ---- questions about nodes ----


def function_of(v: Value) -> Function | None:
    """The function of a node; None for any other Value, and for a single result of several."""
    rule = None if v.is_leaf else rule_of(v)
    return rule.function if isinstance(rule, _Whole) else None


def has_no_number(v: Value) -> bool:
    """Whether a node is a function with several results; each result then has a node above it."""
    rule = None if v.is_leaf else rule_of(v)
    return isinstance(rule, _Whole) and len(rule.zs) != 1


def result_number(v: Value) -> int | None:
    """Which of several results of a function it is; None for any other Value."""
    rule = None if v.is_leaf else rule_of(v)
    return rule.unit.i if isinstance(rule, _Element) else None


def by_itself(v: Value) -> Any:
    """The node.  For one of several results, a similar node that has the parents of the function's node."""
    rule = None if v.is_leaf else rule_of(v)
    if not isinstance(rule, _Element):
        return v
    (whole,) = v.parents
    of_whole, unit = rule_of(whole), rule.unit

    def row(m: Any, z: Any, *xs: Any) -> Sequence[Any]:
        u = 1.0 * unit
        again = _node_of(of_whole, xs) if isinstance(z, Value) else 0.0
        return [u * column for column in of_whole.many(m, again, *xs)]  # type: ignore[misc]

    one = Rule(rule.name, lambda *xs: of_whole.f(*xs)[unit.i], symbol=rule.symbol, many=row)  # type: ignore[index]
    return node(one, number_of(v), None, None, many=operands_of(whole))


def _node_of(rule: Rule, operands: Sequence[Any]) -> Any:
    parents = tuple([x if isinstance(x, Value) else None for x in operands])
    return node(rule, 0.0, None, None, many=(parents, tuple([float(number_of(x)) for x in operands])))


def in_single_numbers(root: Any, stops: Sequence[Value]) -> Any:
    """The same graph above the stops, without the nodes of functions with several results."""
    order = order_below([root], stops) if isinstance(root, Value) else []
    return rebuilt([root], stops, stops)[0] if any(map(has_no_number, order)) else root


def rebuilt(roots: Sequence[Any], stops: Sequence[Value], others: Sequence[Value]) -> list[Any]:
    """The graph above the stops, made again with other stops, and without nodes that have several results."""
    found: dict[int, Any] = {id(v): other for v, other in zip(stops, others, strict=True)}
    for v in order_below([root for root in roots if isinstance(root, Value)], stops):
        if id(v) in found or has_no_number(v):
            continue
        one = by_itself(v)
        parents, xs = operands_of(one)
        operands = [x if p is None else found[id(p)] for p, x in zip(parents, xs)]
        found[id(v)] = v if v.is_leaf else apply(rule_of(one), *operands)
    return [found[id(root)] if isinstance(root, Value) else root for root in roots]
