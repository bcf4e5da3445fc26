"""Kernels of operations on any number of operands: sums, products, dots, and values whose slopes are operands.

Their nodes are taken one by one, and the operands of each in a loop, with several at once where there is one sample.
An instruction goes on, after the header, with the number of operands in a list, one integer for each operand that
stands alone, and two for each list: where that of node 0 is, and how far that of the next node from there.
"""

from collections.abc import Sequence
from typing import Any, Final

from .functions import call
from .ir import Code, Kind
from .kernels import HEADER, SIGNATURE, Access, Mode, Nodes, Rows, across, operands, splat
from .lane import CHAINS, Lanes

_SUMS: Final = ("sum", "chain", "mean")

# Where a fold begins, and how it goes on.
_FOLDS: Final[dict[str, tuple[float, Any]]] = {
    "sum": (0.0, lambda x, y: x + y),
    "chain": (0.0, lambda x, y: x + y),
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

    def lists(self, j: str) -> Access:
        """Access to the lists of node j."""
        self.node.move(j)
        starts = []
        for mode, (base, stride) in zip(self.modes, self._lists):
            far = self.code.let(f"mul i64 {j}, {stride}")
            starts.append(self.code.add(base, far) if mode == "run" else self.code.at(base, far, "i32"))
        return self.making(self.code, self.kind, self.modes, self.length, "", starts)

    def total(self, lanes: Lanes) -> Lanes:
        """What was added up for a node."""
        return lanes if self.making is Rows else Lanes(self.code, self.node.kind, across(lanes))

    def everywhere(self, x: Lanes) -> Lanes:
        """A number of a node, in all lanes."""
        return Lanes(self.code, self.kind, splat(self.code, self.kind, x.name)) if self.making is Nodes else x


def fold_forward(name: str, rule: str, kind: Kind, wide: bool, mode: Mode, needs: dict[str, str]) -> str:
    """The kernel that adds or multiplies the operands of each node."""
    code = Code(needs)
    at = _Lists(code, kind, wide, (), (mode,))
    start, combine = _FOLDS[rule]
    place = code.place(kind.text)
    with code.loop(at.nodes) as j:
        xs = at.lists(j)
        code.store(kind.text, kind.number(start), place, 64)
        with code.loop(at.length, step=xs.step) as i:
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
        xs = at.lists(j)
        adjoint = at.node.result("%g")
        adjoint = at.everywhere(adjoint / _length(code, at) if rule == "mean" else adjoint)
        with code.loop(at.length, step=xs.step) as i:
            xs.move(i)
            xs.add(0, adjoint)
    return code.function(f"void @{name}{SIGNATURE}")


def dot_forward(
    name: str, kind: Kind, wide: bool, start: Sequence[Mode], modes: Sequence[Mode], needs: dict[str, str]
) -> str:
    """The kernel of dots: the sum of products of two lists, from a start or from 0."""
    code = Code(needs)
    at = _Lists(code, kind, wide, start, modes)
    places = [code.place(kind.text) for _ in range(CHAINS)]
    with code.loop(at.nodes) as j:
        xs = at.lists(j)
        for place in places:
            code.store(kind.text, kind.number(0.0), place, 64)
        whole = code.mul(code.let(f"sdiv i64 {at.length}, {CHAINS * xs.step}"), CHAINS * xs.step)
        with code.loop(whole, step=CHAINS * xs.step) as i:
            for k, place in enumerate(places):
                _add_product(code, xs, code.add(i, k * xs.step), place)
        with code.loop(at.length, whole, xs.step) as i:
            _add_product(code, xs, i, places[0])
        sums = [Lanes(code, kind, code.load(kind.text, place, 64)) for place in places]
        total = at.total((sums[0] + sums[1]) + (sums[2] + sums[3]))
        at.node.put(total + at.node.operand(0) if start else total)
    return code.function(f"void @{name}{SIGNATURE}")


def _add_product(code: Code, xs: Access, i: str, place: str) -> None:
    """One more product for each lane, and nothing beyond the end."""
    xs.move(i)
    so_far = Lanes(code, xs.kind, code.load(xs.kind.text, place, 64))
    total = xs.kept(xs.operand(0)).fma(xs.kept(xs.operand(1)), so_far)
    code.store(xs.kind.text, total.name, place, 64)


def dot_backward(
    name: str,
    kind: Kind,
    wide: bool,
    start: Sequence[Mode],
    modes: Sequence[Mode],
    active: Sequence[bool],
    needs: dict[str, str],
) -> str:
    """The kernel that adds the adjoint of a dot times one list to the adjoints of the other, and to the start's."""
    code = Code(needs)
    at = _Lists(code, kind, wide, start, modes)
    with code.loop(at.nodes) as j:
        xs = at.lists(j)
        alone = at.node.result("%g")
        if start and active[2]:
            at.node.add(0, alone)
        adjoint = at.everywhere(alone)
        with code.loop(at.length, step=xs.step) as i:
            xs.move(i)
            w, x = xs.operand(0), xs.operand(1)
            for k, slope in ((0, x), (1, w)):
                if active[k]:
                    xs.add(k, adjoint * slope)
    return code.function(f"void @{name}{SIGNATURE}")


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
