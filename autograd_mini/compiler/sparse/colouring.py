"""Groups of columns that share no row: one product with the matrix gives all columns of a group.

The columns are coloured greedily.  Two columns of a Jacobian may have the same colour only if no row has entries in
both.  A Hessian is symmetric, so each pair of its entries is needed only once.  There it is enough that no path of four
neighbouring columns has only two colours (a star colouring), which needs fewer groups.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..argument import arrays
from .pattern import Pattern


class Columns:
    """The columns of a matrix in groups, or its rows if these need fewer groups.

    Args:
        pattern: where the matrix has entries.
        is_symmetric: whether the matrix is a Hessian.

    Attributes:
        are_rows: whether rows are grouped.
        seeds: for each group the vector to multiply with.
    """

    def __init__(self, pattern: Pattern, is_symmetric: bool) -> None:
        np = arrays()
        self.pattern, self.are_rows = pattern, False
        rows, columns = _lists(pattern)
        if is_symmetric:
            colours = star(rows)
        else:
            colours = apart(columns, rows)
            by_rows = apart(rows, columns)
            self.are_rows = max(by_rows, default=0) < max(colours, default=0)
            colours = by_rows if self.are_rows else colours
        colour = np.array(colours, np.int64)
        self.seeds = np.zeros((max(colours, default=0) + 1, len(colours)))
        self.seeds[colour, np.arange(len(colours))] = 1.0
        i, j = pattern.rows, pattern.indices.astype(np.int64)
        if self.are_rows:
            i, j = j, i
        if is_symmetric:  # if another neighbour of row i has the colour of column j, take entry (j, i), which is alone
            counts = np.zeros((pattern.shape[0], len(self.seeds)), np.int64)
            np.add.at(counts, (i, colour[j]), 1)
            is_alone = counts[i, colour[j]] == 1
            i, j = np.where(is_alone, i, j), np.where(is_alone, j, i)
        self._group, self._at = colour[j], i

    def entries(self, products: Any) -> Any:
        """The numbers of the entries, from the products of the matrix with each seed."""
        return products[self._group, self._at]


def _lists(pattern: Pattern) -> tuple[list[list[int]], list[list[int]]]:
    """The columns in each row, and the rows in each column."""
    ends = pattern.indptr.tolist()
    rows = [pattern.indices[a:b].tolist() for a, b in pairwise(ends)]
    columns: list[list[int]] = [[] for _ in range(pattern.shape[1])]
    for i, row in enumerate(rows):
        for j in row:
            columns[j].append(i)
    return rows, columns


def apart(columns: Sequence[Sequence[int]], rows: Sequence[Sequence[int]]) -> list[int]:
    """A colour for each column; two columns that share a row have different colours."""
    colours = [-1] * len(columns)
    for j, column in enumerate(columns):
        colours[j] = _first_free({colours[k] for i in column for k in rows[i]})
    return colours


def star(neighbours: Sequence[Sequence[int]]) -> list[int]:
    """A colour for each vertex; neighbours have different colours, and no path of four has only two colours."""
    colours = [-1] * len(neighbours)
    for v, near in enumerate(neighbours):
        taken = {colours[w] for w in near if w != v}
        for w in near:
            if w != v:
                taken.update([colours[x] for x in neighbours[w] if colours[w] < 0 or colours[x] < colours[w]])
        colours[v] = _first_free(taken)
    return colours


def _first_free(taken: set[int]) -> int:
    colour = 0
    while colour in taken:
        colour += 1
    return colour
