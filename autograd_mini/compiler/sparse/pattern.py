"""The entries of a matrix of derivatives that can differ from 0, and the matrix around their numbers.

They follow from the program alone, without any numbers: each slot has the set of sources that it depends on.  If an
operation is not linear in two of its operands, each source of one forms a pair with each source of the other.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from ...extras import require
from ...lazy import cached_property
from ...rule import Rule
from ...rules import RULES
from ..argument import arrays
from ..program import Node, Program
from ..record.graph import OPERATIONS, SLOPED, differentiable, differentiated
from ..record.trace import expand

_ADDITIVE = ("sum", "mean", "chain")
Bits = int  # a set of sources: bit j is set if it contains source j


class Pattern:
    """The places of entries, row by row.

    Args:
        shape: the shape of the matrix.
        columns: for each row the columns in which it has entries, in order.
    """

    def __init__(self, shape: tuple[int, int], columns: Sequence[Sequence[int]]) -> None:
        np = arrays()
        self.shape = shape
        self.indptr = np.cumsum([0, *map(len, columns)]).astype(np.int32)
        self.indices = np.array([j for row in columns for j in row], np.int32)

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def is_full(self) -> bool:
        """Whether every place has an entry."""
        return len(self) == self.shape[0] * self.shape[1]

    @cached_property
    def rows(self) -> Any:
        """The row of each entry."""
        np = arrays()
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))

    @cached_property
    def _places(self) -> Any:
        """The place of each entry in the flat matrix."""
        return self.rows * self.shape[1] + self.indices

    def dense(self, data: Any) -> Any:
        """The matrix with these entries; for rows of entries, a matrix for each row."""
        samples = data.shape[:-1]
        if self.is_full:
            return data.reshape(*samples, *self.shape)
        matrix = arrays().zeros((*samples, self.shape[0] * self.shape[1]), data.dtype)
        matrix[..., self._places] = data
        return matrix.reshape(*samples, *self.shape)

    def sparse(self, data: Any) -> Any:
        """The same as a SciPy array in CSR form, which shares no memory with others."""
        like = self._array
        new = object.__new__(type(like))  # a copy: the constructor would check all indices again
        vars(new).update(vars(like), data=data, indices=like.indices.copy(), indptr=like.indptr.copy())
        return new

    @cached_property
    def _array(self) -> Any:
        sparse = require("scipy.sparse", what="a sparse array", extra="sparse")
        like = sparse.csr_array((arrays().ones(len(self)), self.indices, self.indptr), self.shape)
        like.has_canonical_format  # noqa: B018  (it computes and stores this)
        return like

    def __getstate__(self) -> Any:
        return self.shape, self.indices, self.indptr

    def __setstate__(self, state: Any) -> None:
        self.shape, self.indices, self.indptr = state


def pattern(program: Program, results: int, what: str) -> Pattern:
    """The pattern of the Jacobian of a program's first results in its inputs, or of the Hessian of the first result."""
    below = _sources(program)
    found = _pairs(program, below) if what == "hessian" else [below[slot] for slot in program.results[:results]]
    return Pattern((len(found), program.inputs), [list(_members(row)) for row in found])


def _sources(program: Program) -> list[Bits]:
    """For each slot the inputs with respect to which it has a slope."""
    below: list[Bits] = [1 << j for j in range(program.inputs)] + [0] * (program.leaves - program.inputs)
    for group in program:
        for node in group.nodes():
            mine = 0
            for k in _passing(node):
                mine |= below[k]
            below.append(mine)
    return below


def _pairs(program: Program, below: Sequence[Bits]) -> list[Bits]:
    """For each input the inputs with which the first result has a second derivative."""
    rows: list[Bits] = [0] * program.inputs
    reached = set(program.results[:1])
    for group in reversed(list(program)):
        for node in group.nodes():
            if node.result in reached:
                reached.update(_passing(node))
                for a, b in _curved(node.rule, len(node.operands)):
                    theirs = below[node.operands[b]]
                    for i in _members(below[node.operands[a]]) if theirs else ():
                        rows[i] |= theirs
    return rows


def _members(bits: Bits) -> Iterator[int]:
    while bits:
        last = bits & -bits
        yield last.bit_length() - 1
        bits ^= last


def _passing(node: Node) -> Sequence[int]:
    """The operands with respect to which a node may have a slope."""
    rule = node.rule
    operands = differentiated(rule, node.operands)
    if rule is RULES["where"]:
        return operands[1:]
    return [slot for slot, slope in zip(operands, (rule.dx, rule.dy)) if slope != 0.0] if rule.arity else operands


@lru_cache(maxsize=256)
def _curved(rule: Rule, n: int) -> Sequence[tuple[int, int]]:
    """The pairs of operands with respect to which an operation may have a second derivative."""
    if rule.name in _ADDITIVE or not differentiable(rule):
        return []
    if rule is RULES["dot"]:
        return [pair for k in range(n // 2) for pair in ((k, n // 2 + k), (n // 2 + k, k))]
    if rule is SLOPED:
        return [(a, b) for a in range(1, 1 + n // 2) for b in range(1, 1 + n // 2)]
    if OPERATIONS.get(rule.name) is not rule:
        return [(a, b) for a in range(n) for b in range(n)]
    part = expand(rule, n)
    below: list[Bits] = [1 << j for j in range(n)] + [(1 << n) - 1]  # of the operands, and of the value
    below += [0] * len(part.constants)
    for rule_, operands in part.operations():
        mine = 0
        for k in _passing(Node(rule_, len(below), operands)):
            mine |= below[k]
        below.append(mine)
    slopes = part.results[1:]
    return [pair for a, slope in enumerate(slopes) for b in _members(below[slope]) for pair in {(a, b), (b, a)}]
