"""Kernels of dots of parameters with one list of inputs, if slots have rows: a layer's weights.

Weights have no rows.  Their numbers are read from the array of parameters, and their adjoints, added up over the lanes,
go to the array of derivatives.  After the header, an instruction has the length of the list, the address of the weights
of node 0, the number of the first of these parameters, the distance to those of the next node, the place of the list,
and, if dots have a start, its place.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes, Place, below, splat, transposed
from .access import HEADER, SIGNATURE, Mode, Rows, operands

LEAST: Final = 8  # nodes, and numbers in the list
_TOGETHER: Final = (8, 4, 2, 1)  # nodes that are computed together, in one pass over the list


def forward(name: str, kind: Kind, mode: str, start: Sequence[Mode], needs: dict[str, str]) -> str:
    """The kernel that evaluates such dots."""
    at = _Layer(Code(needs), kind, mode, start)
    code = at.code
    for nodes in at.some():
        sums = [Place(code, kind, 0.0) for _ in nodes]
        with code.loop(at.length) as i:
            at.list.move(i)
            x = at.list.operand(0)
            for j, sum_ in zip(nodes, sums):
                sum_.set(at.weight(j, i).fma(x, sum_.get()))
        for j, sum_ in zip(nodes, sums):
            at.node.move(j)
            at.node.put(sum_.get() + at.node.operand(0) if start else sum_.get())
    return code.function(f"void @{name}{SIGNATURE}")


def backward(
    name: str, kind: Kind, mode: str, start: Sequence[Mode], active: Sequence[bool], needs: dict[str, str]
) -> str:
    """The kernel that adds to the adjoints of weights, of the list, and of the starts, if these are active."""
    at = _Layer(Code(needs), kind, mode, start)
    code = at.code
    with code.loop(at.node.nodes) as j:  # adjoints of idle lanes must add 0
        at.node.move(j)
        adjoint = at.kept(at.node.result("%g"))
        at.adjoint(j).set(adjoint)
        if active[2]:
            at.node.add(0, adjoint)
    if active[1]:
        for nodes in at.some():
            _pull_list(at, nodes)
    if active[0]:
        with code.loop(at.length, step=kind.width) as i:
            _pull_weights(at, i)
    return code.function(f"void @{name}{SIGNATURE}")


class _Layer:
    """The instruction of such dots."""

    def __init__(self, code: Code, kind: Kind, mode: str, start: Sequence[Mode]) -> None:
        self.code, self.kind = code, kind
        self.length, self.step = code.field("%code", HEADER), code.field("%code", HEADER + 3)
        self.weights, self.first = code.pointer("%code", HEADER + 1), code.field("%code", HEADER + 2)
        (list_,) = operands(code, [mode], HEADER + 4)
        given = code.field("%code", 1), code.field("%code", 2), operands(code, start, HEADER + 5)
        self.node = Rows(code, kind, start, *given)
        self.list = Rows(code, kind, [mode], self.length, "", [list_])

    def some(self) -> Iterator[list[str]]:
        """The first nodes of blocks: large blocks first, then smaller ones."""
        code, begin = self.code, "0"
        for size in _TOGETHER:
            end = code.add(begin, code.let(f"and i64 {code.let(f'sub i64 {self.node.nodes}, {begin}')}, -{size}"))
            with code.loop(end, begin, size) as j:
                yield [code.add(j, k) for k in range(size)]
            begin = end

    def weight(self, j: str, i: str) -> Lanes:
        """The i-th weight of node j, in all lanes."""
        code, kind = self.code, self.kind
        address = code.at(self.weights, code.add(code.mul(j, self.step), i), kind.scalar)
        return Lanes(code, kind, splat(code, kind, code.load(kind.scalar, address, kind.size)))

    def adjoint(self, j: str) -> Place:
        """The address of that weight."""
        self.node.move(j)
        return self.node.row("%g", self.code.add(self.node.out, j))

    def kept(self, x: Lanes) -> Lanes:
        """x, and 0 in idle lanes."""
        return below(self.code, self.kind, "%count").chosen(x, 0.0)


def _pull_list(at: _Layer, nodes: Sequence[str]) -> None:
    """The contributions of some nodes to the adjoints of the list."""
    adjoints = [at.adjoint(j).get() for j in nodes]
    with at.code.loop(at.length) as i:
        at.list.move(i)
        place = at.list.adjoint(0)
        halves = [place.get(), place.get().lift(0.0)]  # in parallel, because each addition waits for the last
        for k, (j, adjoint) in enumerate(zip(nodes, adjoints)):
            halves[k % 2] = at.weight(j, i).fma(adjoint, halves[k % 2])
        place.set(halves[0] + halves[1])


def _pull_weights(at: _Layer, i: str) -> None:
    """The contributions of all nodes to the adjoints of as many weights as there are lanes, from the i-th on."""
    code, kind = at.code, at.kind
    rows, last = [], code.let(f"sub i64 {at.length}, 1")
    for k in range(kind.width):
        at.list.move(code.intrinsic("i64", "smin.i64", ("i64", code.add(i, k)), ("i64", last)))
        rows.append(at.kept(at.list.operand(0)).name)
    samples = [Lanes(code, kind, x) for x in transposed(code, kind, rows)]
    mask = below(code, kind, code.let(f"sub i64 {at.length}, {i}")).name
    load, store = [f"masked.{way}.{kind.suffix}.p0" for way in ("load", "store")]
    code.needs[f"llvm.{store}"] = f"declare void @llvm.{store}({kind.text}, ptr, i32, {kind.mask})"
    with code.loop(at.node.nodes) as j:
        far = code.add(at.first, code.add(code.mul(j, at.step), i))
        given = ("ptr", code.at("%slopes", far, kind.scalar)), ("i32", str(kind.size)), (kind.mask, mask)
        halves = [Lanes(code, kind, code.intrinsic(kind.text, load, *given, (kind.text, kind.number(0.0))))]
        halves.append(halves[0].lift(0.0))
        row = at.adjoint(j).name
        for k, x in enumerate(samples):
            scalar = code.load(kind.scalar, code.at(row, str(k), kind.scalar), kind.size)
            halves[k % 2] = Lanes(code, kind, splat(code, kind, scalar)).fma(x, halves[k % 2])
        total = f"{kind.text} {(halves[0] + halves[1]).name}"
        code.do(f"call void @llvm.{store}({', '.join([total, *[f'{type_} {x}' for type_, x in given]])})")
