"""Kernels of operations on any number of operands: sums, products, dots, and values whose slopes are operands.

Their nodes are taken one by one, and the operands of each in a loop, with several at once where there is one sample.
An instruction goes on, after the header, with the number of operands in a list, one integer for each operand that
stands alone, and two for each list: where that of node 0 is, and how far that of the next node from there.  The list of
a single node may be given as runs of slots: the address of the first and the length of each, and how many there are.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ..llvm.arithmetic import CHAINS, call
from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes, across, splat
from .access import HEADER, SIGNATURE, Access, Mode, Nodes, Rows, operands

TILE: Final = 8  # dots of one list of inputs that are taken together, each of which is read once for all of them

_SUMS: Final = ("sum", "chain", "mean")

# Where a fold begins, and how it goes on.
FOLDS: Final[dict[str, tuple[float, Any]]] = {
    "sum": (0.0, lambda x, y: x + y),
    "chain": (-0.0, lambda x, y: x + y),  # to which -0.0 can be added and stay
    "mean": (0.0, lambda x, y: x + y),
    "prod": (1.0, lambda x, y: x * y),
    "hypot": (0.0, lambda x, y: call("hypot", x, y)),
}


class _Lists:
    """The instruction of such an operation: operands that stand alone, and lists."""

    def __init__(self, code: Code, kind: Kind, wide: bool, alone: Sequence[Mode], lists: Sequence[Mode]) -> None:
        self.code, self.kind, self.making, self.modes = code, kind, Rows if wide else Nodes, lists
        self.nodes, self.length = code.field("%code", 1), code.field("%code", HEADER)
        one = kind if wide else kind.wide(1)
        self.node: Rows = Rows(code, one, alone, self.nodes, code.field("%code", 2), operands(code, alone, HEADER + 1))
        first = HEADER + 1 + len(alone)
        self._lists = [
            (operands(code, [mode], first + 2 * i)[0], code.field("%code", first + 2 * i + 1))
            for i, mode in enumerate(lists)
        ]

    def rows(self, j: str) -> Rows:
        """Access to the lists of node j, where there are rows."""
        access = self.lists(j)
        assert isinstance(access, Rows)
        return access

    @contextmanager
    def parts(self, j: str) -> Iterator[Access]:
        """Access to the list of node j; to its runs one after the other, if it is given so."""
        if self.modes != ("runs",):
            yield self.lists(j)
            return
        self.node.move(j)
        base, count = self._lists[0]
        with self.code.loop(count) as r:
            ends = [self.code.at(base, self.code.add(self.code.mul(r, 2), k), "i32") for k in (0, 1)]
            first, length = [self.code.let(f"sext i32 {self.code.load('i32', end, 4)} to i64") for end in ends]
            yield self.making(self.code, self.kind, ["run"], length, "", [first])

    def lists(self, j: str) -> Access:
        """Access to the lists of node j."""
        self.node.move(j)
        starts = []
        for mode, (base, stride) in zip(self.modes, self._lists):
            far = self.code.let(f"mul i64 {j}, {stride}")
            type_ = self.kind.scalar if mode == "numbers" else "i32"
            starts.append(self.code.add(base, far) if mode == "run" else self.code.at(base, far, type_))
        return self.making(self.code, self.kind, self.modes, self.length, "", starts)

    def total(self, lanes: Lanes) -> Lanes:
        """What was added up for a node."""
        return lanes if self.making is Rows else Lanes(self.code, self.node.kind, across(lanes))

    def put(self, total: Lanes) -> None:
        """Write the result of the node: a sum, and its start if there is one."""
        self.node.put(total + self.node.operand(0) if self.node.modes else total)

    def everywhere(self, x: Lanes) -> Lanes:
        """A number of a node, in all lanes."""
        return Lanes(self.code, self.kind, splat(self.code, self.kind, x.name)) if self.making is Nodes else x


def fold_forward(name: str, rule: str, kind: Kind, wide: bool, mode: Mode, needs: dict[str, str]) -> str:
    """The kernel that adds or multiplies the operands of each node."""
    code = Code(needs)
    at = _Lists(code, kind, wide, (), (mode,))
    start, combine = FOLDS[rule]
    place = code.place(kind.text)
    with code.loop(at.nodes) as j:
        code.store(kind.text, kind.number(start), place, 64)
        with at.parts(j) as xs, code.loop(xs.nodes, step=xs.step) as i:
            xs.move(i)
            so_far = Lanes(code, kind, code.load(kind.text, place, 64))
            code.store(kind.text, combine(so_far, xs.kept(xs.operand(0), start)).name, place, 64)
        total = Lanes(code, kind, code.load(kind.text, place, 64))
        z = at.total(total) if rule in _SUMS else _folded(code, at, place, start, combine)
        at.node.put(z / _length(code, at) if rule == "mean" else z)
    return code.function(f"void @{name}{SIGNATURE}")


def _folded(code: Code, at: _Lists, place: str, start: float, combine: Any) -> Lanes:
    """What the lanes come to together."""
    kind = at.node.kind
    if at.making is Rows:
        return Lanes(code, kind, code.load(kind.text, place, 64))
    result = Lanes(code, kind, kind.number(start))
    for k in range(at.kind.width):
        result = combine(
            result, Lanes(code, kind, code.load(kind.text, code.at(place, str(k), kind.scalar), kind.size))
        )
    return result


def _length(code: Code, at: _Lists) -> Lanes:
    kind = at.node.kind
    scalar = code.let(f"sitofp i64 {at.length} to {kind.scalar}")
    return Lanes(code, kind, splat(code, kind, scalar))


def fold_backward(name: str, rule: str, kind: Kind, wide: bool, mode: Mode, needs: dict[str, str]) -> str:
    """The kernel that adds the adjoint of a sum, or its share of that of a mean, to those of the operands."""
    code = Code(needs)
    at = _Lists(code, kind, wide, (), (mode,))
    with code.loop(at.nodes) as j:
        at.node.move(j)
        adjoint = at.node.result("%g")
        adjoint = at.everywhere(adjoint / _length(code, at) if rule == "mean" else adjoint)
        with at.parts(j) as xs, code.loop(xs.nodes, step=xs.step) as i:
            xs.move(i)
            xs.add(0, adjoint)
    return code.function(f"void @{name}{SIGNATURE}")


def dot_forward(
    name: str, kind: Kind, wide: bool, start: Sequence[Mode], modes: Sequence[Mode], needs: dict[str, str]
) -> str:
    """The kernel of dots: the sum of products of two lists, from a start or from 0."""
    code = Code(needs)
    at = _Lists(code, kind, wide, start, modes)
    with code.loop(at.nodes) as j:
        _one_dot(code, at, j)
    return code.function(f"void @{name}{SIGNATURE}")


def _one_dot(code: Code, at: _Lists, j: str) -> None:
    xs = at.lists(j)
    sums = [_Sum(code, xs.kind) for _ in range(CHAINS)]
    whole = code.mul(code.let(f"sdiv i64 {at.length}, {CHAINS * xs.step}"), CHAINS * xs.step)
    with code.loop(whole, step=CHAINS * xs.step) as i:
        for k, sum_ in enumerate(sums):
            _add_product(xs, code.add(i, k * xs.step), sum_)
    with code.loop(at.length, whole, xs.step) as i:
        _add_product(xs, i, sums[0])
    a, b, c, d = [sum_.read() for sum_ in sums]
    at.put(at.total((a + b) + (c + d)))


def _add_product(xs: Access, i: str, sum_: "_Sum") -> None:
    """One more product for each lane, and nothing beyond the end."""
    xs.move(i)
    sum_.add(xs.kept(xs.operand(0)), xs.kept(xs.operand(1)))


class _Sum:
    """A sum of products under way."""

    def __init__(self, code: Code, kind: Kind) -> None:
        self.code, self.kind, self.place = code, kind, code.place(kind.text)
        code.store(kind.text, kind.number(0.0), self.place, 64)

    def read(self) -> Lanes:
        """What it comes to."""
        return Lanes(self.code, self.kind, self.code.load(self.kind.text, self.place, 64))

    def add(self, x: Lanes, y: Lanes) -> None:
        """Add x · y."""
        self.code.store(self.kind.text, x.fma(y, self.read()).name, self.place, 64)


def dot_backward(
    name: str,
    kind: Kind,
    wide: bool,
    start: Sequence[Mode],
    modes: Sequence[Mode],
    active: Sequence[bool],
    squares: bool,
    needs: dict[str, str],
) -> str:
    """The kernel that adds the adjoint of a dot times one list to the adjoints of the other, and to the start's.

    If the lists are the same, a dot is a sum of squares: then the two are added together.
    """
    code = Code(needs)
    at = _Lists(code, kind, wide, start, modes)
    with code.loop(at.nodes) as j:
        _one_dot_back(code, at, j, active, squares)
    return code.function(f"void @{name}{SIGNATURE}")


def _one_dot_back(code: Code, at: _Lists, j: str, active: Sequence[bool], squares: bool = False) -> None:
    xs = at.lists(j)
    adjoint = at.everywhere(_adjoint(at, active))
    with code.loop(at.length, step=xs.step) as i:
        xs.move(i)
        w, x = xs.operand(0), xs.operand(1)
        for k, slope in [(0, w + w)] if squares else [(0, x), (1, w)]:
            if active[k]:
                xs.add(k, adjoint * slope)


def _adjoint(at: _Lists, active: Sequence[bool]) -> Lanes:
    """That of the node, which is added to that of its start."""
    alone = at.node.result("%g")
    if at.node.modes and active[2]:
        at.node.add(0, alone)
    return alone


# ---- dots of one list of inputs, where there are rows ----
#
# A third list has the numbers of the first, which need no rows where they are those of parameters.


def matrix_forward(name: str, kind: Kind, start: Sequence[Mode], modes: Sequence[Mode], needs: dict[str, str]) -> str:
    """The kernel of dots whose second list is the same."""
    code = Code(needs)
    at = _Lists(code, kind, True, start, modes)
    with code.loop(_whole_tiles(code, at), step=TILE) as j:
        nodes = [code.add(j, t) for t in range(TILE)]
        lists, sums = [at.rows(node) for node in nodes], [_Sum(code, kind) for _ in nodes]
        with code.loop(at.length) as i:
            for xs in lists:
                xs.move(i)
            x = lists[0].operand(1)
            for sum_, xs in zip(sums, lists):
                sum_.add(xs.operand(2), x)
        for node, sum_ in zip(nodes, sums):
            at.node.move(node)
            at.put(sum_.read())
    with code.loop(at.nodes, _whole_tiles(code, at)) as j:
        _one_dot(code, at, j)
    return code.function(f"void @{name}{SIGNATURE}")


def matrix_backward(
    name: str, kind: Kind, start: Sequence[Mode], modes: Sequence[Mode], active: Sequence[bool], needs: dict[str, str]
) -> str:
    """The kernel that adds what these dots contribute to adjoints."""
    code = Code(needs)
    at = _Lists(code, kind, True, start, modes)
    with code.loop(_whole_tiles(code, at), step=TILE) as j:
        lists, adjoints = [], []
        for t in range(TILE):
            lists.append(at.rows(code.add(j, t)))
            adjoints.append(_adjoint(at, active))
        with code.loop(at.length) as i:
            for xs in lists:
                xs.move(i)
            x = lists[0].operand(1)
            if active[1]:
                halves = [lists[0].adjoint(1), x.lift(0.0)]  # side by side, since each addition waits for the last
                for t, (xs, adjoint) in enumerate(zip(lists, adjoints)):
                    halves[t % 2] = adjoint.fma(xs.operand(2), halves[t % 2])
                lists[0].put_adjoint(1, halves[0] + halves[1])
            if active[0]:
                for xs, adjoint in zip(lists, adjoints):
                    xs.put_adjoint(0, adjoint.fma(x, xs.adjoint(0)))
    with code.loop(at.nodes, _whole_tiles(code, at)) as j:
        _one_dot_back(code, at, j, active)
    return code.function(f"void @{name}{SIGNATURE}")


def _whole_tiles(code: Code, at: _Lists) -> str:
    return code.let(f"and i64 {at.nodes}, -{TILE}")


def sloped_forward(name: str, kind: Kind, wide: bool, value: Mode, modes: Sequence[Mode], needs: dict[str, str]) -> str:
    """The kernel of values whose slopes are operands: it copies the values."""
    code = Code(needs)
    at = _Lists(code, kind, wide, (value,), modes)
    with code.loop(at.nodes) as j:
        at.node.move(j)
        at.node.put(at.node.operand(0))
    return code.function(f"void @{name}{SIGNATURE}")


def sloped_backward(
    name: str, kind: Kind, wide: bool, value: Mode, modes: Sequence[Mode], needs: dict[str, str]
) -> str:
    """The kernel that adds adjoint · slope to the adjoints of the first list, the slopes being the second."""
    code = Code(needs)
    at = _Lists(code, kind, wide, (value,), modes)
    with code.loop(at.nodes) as j:
        xs = at.lists(j)
        adjoint = at.everywhere(at.node.result("%g"))
        with code.loop(at.length, step=xs.step) as i:
            xs.move(i)
            xs.add(0, adjoint * xs.operand(1))
    return code.function(f"void @{name}{SIGNATURE}")
