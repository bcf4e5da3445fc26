"""`explain(root, leaf)`: how a gradient is made up, by the operations that use the leaf and by paths."""

import math
import operator
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush, nsmallest
from itertools import count
from typing import Any, NamedTuple

from ..engine import Value
from ..function_nodes import by_itself, has_no_number
from ..printing import visible
from ..refuse import require_fresh, require_graph
from ..sweep import topological_order
from ..tables import table, text
from .nodes import label_of, local_slopes, name_of, size


class Contribution(NamedTuple):
    """The contribution to a leaf from one of its uses as an operand: product = adjoint · slope.

    The consumer is the operation that uses it: `name` is its name in the report, `adjoint` is ∂root/∂consumer, and
    `slope` is ∂consumer/∂leaf through that operand.
    """

    name: str
    consumer: Value
    adjoint: float
    slope: float
    product: float


class Path(NamedTuple):
    """One way from a leaf up to the root: its nodes, and the local slopes from each to the next.

    `text` shows the nodes, or only the ends of a long path.  `product` multiplies all slopes in the order of the sweep,
    with its rounding, but without overflow on the way.
    """

    text: str
    nodes: tuple[Value, ...]
    slopes: tuple[float, ...]
    product: float

    def __str__(self) -> str:
        factors = [s if isinstance(s, str) else f"{s:.6g}" for s in _elided(self.slopes)]
        product = [" · ".join(factors)] * (len(factors) > 1) + [f"{self.product:.6g}"]
        return f"{self.text}: {' = '.join(product)}"

    def __repr__(self) -> str:
        return str(self)


class Explanation(NamedTuple):
    """How ∂root/∂leaf is made up.  Print it to see a report.

    Attributes:
        root, leaf: the two Values.
        names: their names in the report.
        gradient: ∂root/∂leaf.
        contributions: one for each use of the leaf, in the order of the sweep.  Added in that order from 0.0, they give
            the gradient to the bit.
        paths: the paths with the largest |product|, largest first.
        path_count: how many paths there are, including those with a slope of 0.
    """

    root: Value
    leaf: Value
    names: tuple[str, str]
    gradient: float
    contributions: tuple[Contribution, ...]
    paths: tuple[Path, ...]
    path_count: int

    @property
    def others(self) -> int:
        """How many paths are not among `paths`."""
        return self.path_count - len(self.paths)

    @property
    def others_total(self) -> float:
        """The sum of the others: the rest of the gradient, with its rounding, or 0.0 if there are no others."""
        return sum([-path.product for path in self.paths], self.gradient) if self.others else 0.0

    def __str__(self) -> str:
        if self.root is self.leaf or not self.path_count:
            return self._headline()
        return "\n".join([self._headline(), "", *_table(self), "", *_list(self)])

    def _headline(self) -> str:
        root, leaf = self.names
        head = f"∂{root}/∂{leaf} = {self.gradient:.6g}"
        if self.root is self.leaf:
            return f"{head}: {root} is the root itself"
        return head if self.path_count else f"{head}: {leaf} is not below {root}, which does not depend on it"

    def _repr_html_(self) -> str:
        """The explanation as HTML, for notebooks."""
        head = f"<div><b>{text(self._headline())}</b></div>"
        if self.root is self.leaf or not self.path_count:
            return head
        rows, more = _rows(self)
        first, *paths = _list(self)
        items = "".join([f"<li>{text(path)}</li>" for path in paths])
        rest = f"<div>{text(more)}</div>" * bool(more)
        return f"{head}{table(_HEAD, rows)}{rest}<div>{text(first)}</div><ul>{items}</ul>"

    def __repr__(self) -> str:  # the nodes of a path may be a million
        return str(self)


def explain(root: Value, leaf: Value, *, paths: int = 10) -> Explanation:
    """How the gradient ∂root/∂leaf is made up: consumer by consumer, and path by path.

    ∂root/∂leaf = Σ ∂root/∂c · ∂c/∂leaf over the consumers c of the leaf.  It is also the sum, over all paths from the
    leaf up to the root, of the product of the local slopes on the way (Bauer 1974, https://doi.org/10.1137/0711010).
    There may be exponentially many paths.  All are counted exactly, but only the largest are computed, each in time
    linear in the size of the graph.  No `grad` is read or written.

    Args:
        root: the Value to differentiate; any Value of a graph.
        leaf: the Value to differentiate with respect to; it may be an interior node.
        paths: how many paths to list, at most.

    Returns:
        An `Explanation`, to print or to read field by field.  A Value without a label is called v3 (*), where v3 is
        topological_order(root)[3].  Paths are ranked by sums of logarithms, with an inf or nan as the largest.
        Products that agree to about 15 digits may be listed in either order.

    Raises:
        TypeError: `root` or `leaf` is not a Value, or `paths` is not a whole number.
        ValueError: `paths` is below 0.
        StaleGraphError: a Value was assigned new data after this graph was built from it.
        NoGraphError: `root` was made under no_grad().

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2 * x
    >>> y.label = "y"
    >>> print(explain(y, x))
    ∂y/∂x = 8
    <BLANKLINE>
    from    adjoint  ·  slope  =  product
    v2 (*)        1         2           2
    v1 (*)        1         3           3
    v1 (*)        1         3           3
    <BLANKLINE>
    3 paths
    x → v1 (*) → y: 3 · 1 = 3
    x → v1 (*) → y: 3 · 1 = 3
    x → v2 (*) → y: 2 · 1 = 2
    """
    for v in (root, leaf):
        if not isinstance(v, Value):
            raise TypeError(f"explain(root, leaf) takes Values, not {type(v).__name__} {v!r}")
    if operator.index(paths) < 0:
        raise ValueError(f"paths must be a whole number, 0 or more, not {paths!r}")
    require_graph(root)
    graph = _Between(root, leaf)
    gradient, contributions = graph.contributions()
    names = graph.name(graph.root), graph.name(graph.leaf) if graph.leaf >= 0 else name_of(leaf)
    largest = tuple(graph.largest(operator.index(paths)))
    return Explanation(root, leaf, names, gradient, contributions, largest, graph.count_paths())


class _Detour(NamedTuple):
    """An operand other than the best one at a node, and the previous detour, nearer to the root."""

    node: int
    operand: int
    before: "_Detour | None"


def _chain(detour: _Detour | None) -> Iterator[_Detour]:
    while detour:
        yield detour
        detour = detour.before


class _Between:
    """The part of the graph below a root that depends on a leaf, by position in the topological order."""

    def __init__(self, root: Value, leaf: Value) -> None:
        self.order = topological_order(root)
        require_fresh(self.order)
        position = {id(v): i for i, v in enumerate(self.order)}
        self.leaf = position.get(id(leaf), -1)
        # For a node that depends on the leaf: the operands that do, in order, and their slopes.
        self.edges: dict[int, tuple[tuple[int, float], ...]] = {}
        self.root = len(self.order) - 1
        if self.leaf < 0:
            return
        self.edges[self.leaf] = ()
        for i in range(self.leaf + 1, len(self.order)):
            if has_no_number(self.order[i]):
                continue
            v = by_itself(self.order[i])
            below = [position[id(p)] for p in v.parents]
            if not self.edges.keys().isdisjoint(below):
                self.edges[i] = tuple([edge for edge in zip(below, local_slopes(v)) if edge[0] in self.edges])

    def name(self, i: int) -> str:
        return _explained_name(self.order[i], i)

    def contributions(self) -> tuple[float, tuple[Contribution, ...]]:
        """The adjoint of the leaf and its terms, by a sweep with its adjoints in a dictionary."""
        adjoints = dict.fromkeys(self.edges, 0.0)
        if self.root not in adjoints:
            return 0.0, ()
        adjoints[self.root] += 1.0
        parts = []
        for i in reversed(self.edges):
            g = adjoints[i]
            for below, slope in self.edges[i]:
                c = g * slope
                adjoints[below] += c
                if below == self.leaf:
                    parts.append(Contribution(self.name(i), self.order[i], g, slope, c))
        return adjoints[self.leaf], tuple(parts)

    def count_paths(self) -> int:
        """How many paths lead from the root down to the leaf."""
        ways = {self.root: 1}
        for i in reversed(self.edges):
            if i == self.leaf:
                break
            n = ways.pop(i, 0)  # freed at once: it may have as many digits as the graph has nodes
            for below, _ in self.edges[i]:
                ways[below] = ways[below] + n if below in ways else n
        return ways.get(self.leaf, 0)

    def largest(self, k: int) -> Iterator[Path]:
        """The k paths with the largest products, largest first.

        From each node, one operand leads to the largest product.  Any other path is the largest one with some detours.
        A detour costs the difference in log|product|.  From a path that was found, we look for one more detour after
        its last one.  So each path is found once, from a path that costs no more (Eppstein 1998,
        https://doi.org/10.1137/S0097539795290477, with one pass over the path instead of his heaps).
        """
        if self.root not in self.edges or not k:
            return
        best, lost = self._detours()
        serial = count()  # among equals, the one found first comes first
        found: list[tuple[int, int, _Detour | None]] = [(0, next(serial), None)]
        for remaining in range(k - 1, -1, -1):
            if not found:
                return
            cost, _, last = heappop(found)
            detours = {detour.node: detour.operand for detour in _chain(last)}
            way, slopes, options = [self.root], [], []
            behind = last is None
            while (i := way[-1]) != self.leaf:
                if behind and i in lost:
                    options += [(cost + loss, i, j) for j, loss in enumerate(lost[i]) if j != best[i]]
                behind = behind or (last is not None and i == last.node)
                below, slope = self.edges[i][detours.get(i, best[i])]
                way.append(below)
                slopes.append(slope)
            for total, i, j in nsmallest(remaining, options):
                heappush(found, (total, next(serial), _Detour(i, j, last)))
            yield self._path(way, slopes)

    def _detours(self) -> tuple[dict[int, int], dict[int, list[int]]]:
        """For each node which operand is best; where there are several, what each loses in weight against it."""
        weight = {self.leaf: 0}
        best: dict[int, int] = {}
        lost: dict[int, list[int]] = {}
        for i, edges in self.edges.items():
            if i == self.leaf:
                continue
            weights = [_weight(slope) + weight[below] for below, slope in edges]
            weight[i] = top = max(weights)
            best[i] = weights.index(top)
            if len(weights) > 1:
                lost[i] = [top - w for w in weights]
        return best, lost

    def _path(self, way: list[int], slopes: list[float]) -> Path:
        way.reverse()
        text = " → ".join([i if isinstance(i, str) else self.name(i) for i in _elided(way)])
        return Path(text, tuple([self.order[i] for i in way]), tuple(slopes[::-1]), _product(slopes))


# log₂|slope| in units of 2⁻⁶⁰, as an int, so that sums of any number are exact; a slope of 0 counts below any product,
# one of inf or nan above.
_ZERO = -(1 << 120)
_NOT_FINITE = 1 << 180


def _weight(slope: float) -> int:
    if slope == 0.0:
        return _ZERO
    return int(math.log2(abs(slope)) * 2.0**60) if math.isfinite(slope) else _NOT_FINITE


def _product(slopes: Sequence[float]) -> float:
    """The product from left to right, rounded like floats, but with an unlimited exponent."""
    product, exponent = 1.0, 0
    for slope in slopes:
        mantissa, e = math.frexp(slope)
        product, e2 = math.frexp(product * mantissa)
        exponent += e + e2
    try:
        return math.ldexp(product, exponent)
    except OverflowError:
        return math.copysign(math.inf, product)


_ENDS = 4  # of a longer path, so many nodes are shown at either end


def _explained_name(v: Value, i: int) -> str:
    return label_of(v) or (f"v{i} ({visible(v.op)})" if v.op else f"v{i}")


def _elided(items: Sequence[Any]) -> list[Any]:
    left_out = len(items) - 2 * _ENDS
    if left_out < 2:
        return list(items)
    return [*items[:_ENDS], f"… {left_out:,} more …", *items[-_ENDS:]]


def _rows(explanation: Explanation) -> tuple[list[list[str]], str]:
    """The contribution of each consumer.  If there are many: the largest ones, in order, and a line about the rest."""
    parts = explanation.contributions
    ranked = sorted(range(len(parts)), key=lambda i: -size(parts[i].product))
    shown = [parts[i] for i in sorted(ranked[:_ROWS])]
    left_out = [parts[i].product for i in ranked[_ROWS:]]
    more = f"and {len(left_out):,} more, which add up to {sum(left_out):.6g}" if left_out else ""
    return [[c.name, *[f"{x:.6g}" for x in (c.adjoint, c.slope, c.product)]] for c in shown], more


def _table(explanation: Explanation) -> list[str]:
    """These rows as text."""
    rows, more = _rows(explanation)
    rows.insert(0, [*_HEAD])
    widths = [max(map(len, column)) for column in zip(*rows)]
    signs = ["  ·  ", "  =  "]
    lines = []
    for row in rows:
        name, *numbers = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        lines.append(f"{name}  {numbers[0]}{signs[0]}{numbers[1]}{signs[1]}{numbers[2]}".rstrip())
        signs = ["     ", "     "]
    return [*lines, more] if more else lines


_HEAD = ("from", "adjoint", "slope", "product")
_ROWS = 20


def _list(explanation: Explanation) -> list[str]:
    n, paths = explanation.path_count, explanation.paths
    head = f"{_many(n)} path{'s' * (n > 1)}"
    if not explanation.others:
        return [head, *map(str, paths)]
    others = _many(explanation.others)
    rest = f"the others, {others} paths, add up to" if explanation.others > 1 else "the other path gives"
    total = f"{rest if paths else 'their products add up to'} {explanation.others_total:.6g}"
    return [f"{head}, the largest first" if paths else head, *map(str, paths), total]


def _many(n: int) -> str:
    """1,234, or the size of a number that is too long to read."""
    if n < 10**15:
        return f"{n:,}"
    if n.bit_count() == 1:
        return f"2^{n.bit_length() - 1}"
    log = math.log10(n)
    return f"about {10 ** (log % 1.0):.2f}e{int(log)}"
