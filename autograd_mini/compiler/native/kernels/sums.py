"""Kernels of operations on any number of operands: sums, products, dots, and values whose slopes are operands.

Nodes are processed one by one, and the operands of each in a loop.  With one sample, several operands are processed at
once, unless they are scattered.
After the header, an instruction has the number of operands in a list, one integer for each single operand, and two for
each list: the place of node 0's list, and the distance to that of the next node.  The list of a single node may be
given as runs of slots: the addresses of their starts and lengths, and how many there are.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ..llvm.arithmetic import CHAINS, call
from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes, Place, across, splat
from .access import HEADER, SIGNATURE, Access, Mode, Nodes, Rows, operands

TILE: Final = 8  # dots of one list of inputs that are computed together, so that each input is read once for all

_SUMS: Final = ("sum", "chain", "mean")

# The start of a fold, and its step.
FOLDS: Final[dict[str, tuple[float, Any]]] = {
    "sum": (0.0, lambda x, y: x + y),
    "chain": (-0.0, lambda x, y: x + y),  # adding -0.0 to it gives -0.0
    "mean": (0.0, lambda x, y: x + y),
    "prod": (1.0, lambda x, y: x * y),
    "hypot": (0.0, lambda x, y: call("hypot", x, y)),
}


def forward(
    name: str,
    rule: str,
    kind: Kind,
    wide: bool,
    alone: Sequence[Mode],
    lists: Sequence[Mode],
    is_matrix: bool,
    needs: dict[str, str],
) -> str:
    """The kernel that evaluates such operations, with single operands and lists."""
    at = _Lists(Code(needs), kind, wide, alone, lists)
    start = _matrix_there(at) if is_matrix else "0"
    with at.code.loop(at.nodes, start) as j:
        if rule == "dot":
            _dot_there(at, j)
        elif rule == "sloped":
            at.node.move(j)
            at.node.put(at.node.operand(0))
        else:
            _fold_there(at, rule, j)
    return at.code.function(f"void @{name}{SIGNATURE}")


def backward(
    name: str,
    rule: str,
    kind: Kind,
    wide: bool,
    alone: Sequence[Mode],
    lists: Sequence[Mode],
    is_matrix: bool,
    needs: dict[str, str],
    active: Sequence[bool] = (),
    squares: bool = False,
) -> str:
    """The kernel that adds their contributions to the adjoints of the operands.

    For a dot, `active` says for both lists and the start whether their adjoints are needed.  If both lists are the
    same, it is a sum of squares, and the two contributions are added together.
    """
    at = _Lists(Code(needs), kind, wide, alone, lists)
    start = _matrix_back(at, active) if is_matrix else "0"
    with at.code.loop(at.nodes, start) as j:
        if rule == "dot":
            _dot_back(at, j, active, squares)
        elif rule == "sloped":
            xs = at.lists(j)
            adjoint = at.everywhere(at.node.result("%g"))
            with at.each(xs):
                xs.add(0, adjoint * xs.operand(1))
        else:
            at.node.move(j)
            adjoint = at.node.result("%g")
            adjoint = at.everywhere(adjoint / at.count() if rule == "mean" else adjoint)
            with at.parts(j) as xs, at.each(xs):
                xs.add(0, adjoint)
    return at.code.function(f"void @{name}{SIGNATURE}")


class _Lists:
    """The instruction of such an operation, with single operands and lists."""

    def __init__(self, code: Code, kind: Kind, wide: bool, alone: Sequence[Mode], lists: Sequence[Mode]) -> None:
        # Operands in tables are processed one by one, which takes no longer than gather and scatter.
        one_by_one = wide or "table" in lists
        self.making: type[Access] = Rows if one_by_one else Nodes
        self.kind = kind if wide or not one_by_one else kind.wide(1)
        self.code, self.modes = code, lists
        self.nodes, self.length = code.field("%code", 1), code.field("%code", HEADER)
        one = kind if wide else kind.wide(1)
        self.node: Rows = Rows(code, one, alone, self.nodes, code.field("%code", 2), operands(code, alone, HEADER + 1))
        first = HEADER + 1 + len(alone)
        self._lists = [
            (operands(code, [mode], first + 2 * i)[0], code.field("%code", first + 2 * i + 1))
            for i, mode in enumerate(lists)
        ]

    @contextmanager
    def parts(self, j: str) -> Iterator[Access]:
        """Access to the list of node j, or to its runs one after the other."""
        if self.modes != ("runs",):
            yield self.lists(j)
            return
        self.node.move(j)
        base, count = self._lists[0]
        with self.code.loop(count) as r:
            ends = [self.code.at(base, self.code.add(self.code.mul(r, 2), k), "i32") for k in (0, 1)]
            first, length = [self.code.let(f"sext i32 {self.code.load('i32', end, 4)} to i64") for end in ends]
            yield self.making(self.code, self.kind, ["run"], length, "", [first])

    def lists(self, j: str) -> Any:
        """Access to the lists of node j."""
        self.node.move(j)
        starts = []
        for mode, (base, stride) in zip(self.modes, self._lists):
            far = self.code.let(f"mul i64 {j}, {stride}")
            starts.append(self.code.add(base, far) if mode == "run" else self.code.at(base, far, "i32"))
        return self.making(self.code, self.kind, self.modes, self.length, "", starts)

    @contextmanager
    def each(self, xs: Access) -> Iterator[None]:
        """For each operand in lists, or for as many at once as there are lanes."""
        with self.code.loop(xs.nodes, step=xs.step) as i:
            xs.move(i)
            yield

    def count(self) -> Lanes:
        """The number of operands in a list."""
        kind = self.node.kind
        scalar = self.code.let(f"sitofp i64 {self.length} to {kind.scalar}")
        return Lanes(self.code, kind, splat(self.code, kind, scalar))

    def total(self, lanes: Lanes) -> Lanes:
        """The sum for a node."""
        return lanes if self.making is Rows else Lanes(self.code, self.node.kind, across(lanes))

    def put(self, total: Lanes) -> None:
        """Write the result of the node: a sum, plus its start if there is one."""
        self.node.put(total + self.node.operand(0) if self.node.modes else total)

    def adjoint(self, active: Sequence[bool]) -> Lanes:
        """The adjoint of the node, which is added to that of its start."""
        alone = self.node.result("%g")
        if self.node.modes and active[2]:
            self.node.add(0, alone)
        return alone

    def everywhere(self, x: Lanes) -> Lanes:
        """A number of a node, in all lanes."""
        return Lanes(self.code, self.kind, splat(self.code, self.kind, x.name)) if self.making is Nodes else x


def _fold_there(at: _Lists, rule: str, j: str) -> None:
    """Add or multiply the operands of a node."""
    start, combine = FOLDS[rule]
    place = Place(at.code, at.kind, start)
    with at.parts(j) as xs, at.each(xs):
        place.set(combine(place.get(), xs.kept(xs.operand(0), start)))
    z = at.total(place.get()) if rule in _SUMS else _folded(at, place, start, combine)
    at.node.put(z / at.count() if rule == "mean" else z)


def _folded(at: _Lists, place: Place, start: float, combine: Any) -> Lanes:
    """The combined result of all lanes."""
    if at.making is Rows:
        return place.get()
    code, kind = at.code, at.node.kind
    result = Lanes(code, kind, kind.number(start))
    for k in range(at.kind.width):
        result = combine(result, Place(code, kind, address=code.at(place.name, str(k), kind.scalar)).get())
    return result


def _dot_there(at: _Lists, j: str) -> None:
    """The sum of products of two lists, from a start or from 0."""
    code, xs = at.code, at.lists(j)
    sums = [Place(code, xs.kind, 0.0) for _ in range(CHAINS)]
    together = CHAINS * xs.step
    whole = code.mul(code.let(f"sdiv i64 {at.length}, {together}"), together)
    with code.loop(whole, step=together) as i:
        for k, sum_ in enumerate(sums):
            _add_product(xs, code.add(i, k * xs.step), sum_)
    with code.loop(at.length, whole, xs.step) as i:
        _add_product(xs, i, sums[0])
    a, b, c, d = [sum_.get() for sum_ in sums]
    at.put(at.total((a + b) + (c + d)))


def _add_product(xs: Access, i: str, sum_: Place) -> None:
    """One more product for each lane, and 0 beyond the end."""
    xs.move(i)
    sum_.set(xs.kept(xs.operand(0)).fma(xs.kept(xs.operand(1)), sum_.get()))


def _dot_back(at: _Lists, j: str, active: Sequence[bool], squares: bool) -> None:
    """Add adjoint times one list to the adjoints of the other."""
    xs = at.lists(j)
    adjoint = at.everywhere(at.adjoint(active))
    with at.each(xs):
        w, x = xs.operand(0), xs.operand(1)
        for k, slope in [(0, w + w)] if squares else [(0, x), (1, w)]:
            if active[k]:
                xs.add(k, adjoint * slope)


# ---- dots of one list of inputs, with a row for each slot ----
#
# After the whole tiles of nodes, the other nodes follow one by one.


def _matrix_there(at: _Lists) -> str:
    code, whole = at.code, at.code.let(f"and i64 {at.nodes}, -{TILE}")
    with code.loop(whole, step=TILE) as j:
        nodes = [code.add(j, t) for t in range(TILE)]
        lists, sums = [at.lists(node) for node in nodes], [Place(code, at.kind, 0.0) for _ in nodes]
        with code.loop(at.length) as i:
            for xs in lists:
                xs.move(i)
            x = lists[0].operand(1)
            for sum_, xs in zip(sums, lists):
                sum_.set(xs.operand(0).fma(x, sum_.get()))
        for node, sum_ in zip(nodes, sums):
            at.node.move(node)
            at.put(sum_.get())
    return whole


def _matrix_back(at: _Lists, active: Sequence[bool]) -> str:
    code, whole = at.code, at.code.let(f"and i64 {at.nodes}, -{TILE}")
    with code.loop(whole, step=TILE) as j:
        lists, adjoints = [], []
        for t in range(TILE):
            lists.append(at.lists(code.add(j, t)))
            adjoints.append(at.adjoint(active))
        with code.loop(at.length) as i:
            for xs in lists:
                xs.move(i)
            x = lists[0].operand(1)
            if active[1]:
                halves = [
                    lists[0].adjoint(1).get(),
                    x.lift(0.0),
                ]  # side by side, since each addition waits for the last
                for t, (xs, adjoint) in enumerate(zip(lists, adjoints)):
                    halves[t % 2] = adjoint.fma(xs.operand(0), halves[t % 2])
                lists[0].adjoint(1).set(halves[0] + halves[1])
            if active[0]:
                for xs, adjoint in zip(lists, adjoints):
                    xs.adjoint(0).set(adjoint.fma(x, xs.adjoint(0).get()))
    return whole
