"""Kernels of dots of constants with one list of numbers: the product of a matrix of data with a vector.

The numbers of the matrix have no slots, and neither do their adjoints.  It is stored in tiles of as many nodes as some
vectors have lanes, with zeros after the last node.  A tile has a row for each number of the list, so the matrix is read
once, from its beginning to its end.  After the header, an instruction has the length of the list, the address of the
matrix, the place of the list, and, if dots have a start, its place.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes, Place, across, splat
from .access import HEADER, SIGNATURE, Mode, Nodes, Rows, operands

VECTORS: Final = 4  # in a row of a tile
_TOGETHER: Final = (8, 4, 2, 1)  # adjoints of the list that are computed together, in one pass over the matrix


def laid(matrix: Any, lanes: int) -> Any:
    """A matrix of the list's numbers by nodes, in the layout of memory."""
    (length, nodes), row = matrix.shape, VECTORS * lanes
    whole = np.zeros((length, -(-nodes // row) * row), matrix.dtype)
    whole[:, :nodes] = matrix
    return whole.reshape(length, -1, row).transpose(1, 0, 2).ravel()


def forward(name: str, kind: Kind, mode: str, start: Sequence[Mode], needs: dict[str, str]) -> str:
    """The kernel that evaluates such dots."""
    at = _Product(Code(needs), kind, mode, start)
    code, node = at.code, at.node
    for tile, nodes in at.tiles():
        sums = [Place(code, kind, 0.0) for _ in nodes]
        with code.loop(at.length) as i:
            x = at.number(i)
            for j, sum_ in zip(nodes, sums):
                sum_.set(at.entry(tile, i, j).fma(x, sum_.get()))
        for j, sum_ in zip(nodes, sums):
            node.move(j)
            node.put(sum_.get() + node.operand(0) if start else sum_.get())
    return code.function(f"void @{name}{SIGNATURE}")


def backward(
    name: str, kind: Kind, mode: str, start: Sequence[Mode], active: Sequence[bool], needs: dict[str, str]
) -> str:
    """The kernel that adds to the adjoints of the list, and of the starts, if these are active."""
    at = _Product(Code(needs), kind, mode, start)
    code = at.code
    if active[1]:
        at.node.begin_sums([0] if start == ["same"] else [])
        with code.loop(at.node.nodes, step=kind.width) as j:
            at.node.move(j)
            at.node.add(0, at.node.result("%g"))
        at.node.end_sums()
    begin = "0"
    for size in _TOGETHER if active[0] else ():
        end = code.add(begin, code.let(f"and i64 {code.let(f'sub i64 {at.length}, {begin}')}, -{size}"))
        with code.loop(end, begin, size) as i:
            at.pull([code.add(i, k) for k in range(size)])
        begin = end
    return code.function(f"void @{name}{SIGNATURE}")


class _Product:
    """The instruction of such dots."""

    def __init__(self, code: Code, kind: Kind, mode: str, start: Sequence[Mode]) -> None:
        self.code, self.kind, self.row = code, kind, VECTORS * kind.width
        self.length = code.field("%code", HEADER)
        self.matrix, list_ = operands(code, ["numbers", mode], HEADER + 1)
        given = code.field("%code", 1), code.field("%code", 2), operands(code, start, HEADER + 3)
        self.node = Nodes(code, kind, start, *given)
        self.list = Rows(code, kind.wide(1), [mode], self.length, "", [list_])

    def tiles(self) -> Iterator[tuple[str, list[str]]]:
        """For each tile, and for the vectors of the incomplete last one: their first nodes."""
        code, width = self.code, self.kind.width
        whole = code.let(f"and i64 {self.node.nodes}, -{self.row}")
        with code.loop(whole, step=self.row) as j:
            yield j, [code.add(j, width * k) for k in range(VECTORS)]
        with code.loop(self.node.nodes, whole, width) as j:
            yield whole, [j]

    def entry(self, tile: str, i: str, j: str) -> Lanes:
        """Entries of the matrix: of the list's i-th number, and of nodes of a tile."""
        code, first = self.code, self.code.let(f"sub i64 {j}, {tile}")
        far = code.add(code.mul(tile, self.length), code.add(code.mul(i, self.row), first))
        return Place(code, self.kind, address=code.at(self.matrix, far, self.kind.scalar)).get()

    def number(self, i: str) -> Lanes:
        """The i-th number of the list, in all lanes."""
        self.list.move(i)
        return Lanes(self.code, self.kind, splat(self.code, self.kind, self.list.operand(0).name))

    def pull(self, which: Sequence[str]) -> None:
        """Add to the adjoints of some numbers of the list."""
        sums = [Place(self.code, self.kind, 0.0) for _ in which]
        for tile, nodes in self.tiles():
            for j in nodes:
                self.node.move(j)
                adjoint = self.node.result("%g")
                for i, sum_ in zip(which, sums):
                    sum_.set(self.entry(tile, i, j).fma(adjoint, sum_.get()))
        for i, sum_ in zip(which, sums):
            self.list.move(i)
            self.list.add(0, Lanes(self.code, self.list.kind, across(sum_.get())))
