"""Programs on NumPy arrays: a group is a line of vectors, dots over one list of inputs are a matrix product.

The program is written as source once, and bound to arrays once for each number of samples.  Numbers are in the
arguments X0, X1 …, the parameters P, the array U (computed once) and the array V (computed for each sample).  Their
adjoints are in dX0 …, dP, dU and dV.  A row is one number of the traced function, a column is a sample.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...rule import Rule
from ..argument import summed
from ..program import Flipped, Program
from ..python.expressions import compiled
from .ufuncs import NAMESPACE, elementwise
from .writer import Writer

Workspace = tuple[Callable[..., Any], Callable[..., Any], list[Any]]


class NumpyExecutor:
    """A program on arrays; the arguments are those of `executors.made`."""

    scalars = takes_numbers = False

    def __init__(
        self, program: Program, sources: Sequence[int], parameters: Any, dtype: Any, why: str = "as asked"
    ) -> None:
        self.why = why
        self.program, self.parameters, self.dtype = program, parameters, np.dtype(dtype)
        called: dict[str, Rule] = {}
        self.writer = Writer(program, sources, called)
        self.source = self.writer.source()
        self._namespace = dict(NAMESPACE) | {"Flipped": Flipped, "dtype": self.dtype}
        self._namespace |= {name: elementwise(rule) for name, rule in called.items() if name not in NAMESPACE}
        for name, table in self.writer.layout.tables.items():
            self._namespace[name] = table.astype(dtype) if table.dtype.kind == "f" else table
        self._code = compiled(self.source, self)
        self._free: dict[int, list[Workspace]] = {}
        rows = program.slots - program.leaves
        self.samples_at_once = max(512, 2**18 // max(rows, 1))

    def value(self, arguments: Sequence[Any], n: int) -> Any:
        """The value for each of n samples; the arguments are matrices with a column for each sample."""
        work = self._workspace(n)
        try:
            with np.errstate(all="ignore"):
                return np.array(work[0](*arguments))
        finally:
            self._free[n].append(work)

    def value_and_gradient(self, arguments: Sequence[Any], n: int, seed: float, out: Sequence[Any], add: bool) -> Any:
        """The value for each sample, and its derivatives times the seed, written or added to the arrays `out`."""
        work = self._workspace(n)
        try:
            with np.errstate(all="ignore"):
                z = np.array(work[1](*arguments, seed))
                for array, adjoint in zip(out, work[2]):
                    if add:
                        array += adjoint
                    else:
                        array[...] = adjoint
                return z
        finally:
            self._free[n].append(work)

    def _workspace(self, n: int) -> Workspace:
        """Arrays for n samples, and the program bound to them; each is used by one thread at a time."""
        free = self._free.get(n)
        if free is None:
            if len(self._free) > 8:
                self._free.clear()
            free = self._free.setdefault(n, [])
        try:
            return free.pop()
        except IndexError:
            own = self._namespace | {"P": self.parameters, "N": n}
            exec(self._code, own)
            return own["value"], own["value_and_gradient"], own["gradients"]

    @staticmethod
    def total(values: Any) -> float:
        """The sum of the values of the samples."""
        return float(summed(values))

    def function(self, derivatives: bool, scalars: bool) -> None:
        """None: there is no function of numbers."""
        del derivatives, scalars

    def bound(self, n: int) -> "NumpyExecutor":
        """The object whose `at_once` runs so many samples."""
        del n
        return self

    def at_once(
        self, n: int, seed: float | None, axes: int, arguments: Sequence[Any], out: Sequence[Any], given: bool
    ) -> tuple[float, Any]:
        """The same as for machine code (see native/tape)."""
        del axes, given
        if n > self.samples_at_once:
            raise TypeError
        blocks, into = self._by_samples(arguments, n), out
        if [len(block) for block in blocks] != [*self.program.arguments]:
            raise TypeError
        if seed is None:
            values = self.value(blocks, n)
        else:
            into = self._by_samples(out, n) if self.parameters is None else out
            values = self.value_and_gradient(blocks, n, seed, into, False)
        rows = values.reshape(-1, n)
        return self.total(rows[0]) if self.program.sampled else rows.item(0), rows

    def _by_samples(self, arrays: Sequence[Any], n: int) -> Sequence[Any]:
        """Arrays with the sample axis first, as matrices with a column for each sample; others stay unchanged."""
        if not self.program.sampled:
            return arrays
        if any(len(x) != n for x in arrays):
            raise TypeError
        return [x.T if x.ndim == 2 else x[None] for x in arrays]

    def explain(self, tracing: float, compiling: float) -> str:
        """A text about the program, its executor and the times."""
        p, writer = self.program, self.writer
        once = p.varying.count(0)
        lines = [
            f"NumPy, {self.dtype} ({self.why}): {p.nodes} operations in {len(p)} groups"
            + (f", {once} of them once and not for each sample" if p.sampled else "")
            + f"; traced in {tracing * 1e3:.1f} ms, compiled in {compiling * 1e3:.1f} ms"
        ]
        lines += [f"matrix product, {rows} × {columns}" for rows, columns in writer.products]
        alone = sum(1 for group in p if len(group.results) == 1)
        if alone:
            lines.append(f"{alone} groups have one operation each")
        lines += [
            f"called element by element, because NumPy does not have it: {rule.symbol}"
            for name, rule in writer.called.items()
            if name not in NAMESPACE
        ]
        lines += [f"a branch was taken, {guard.outcome}, at {guard.line}" for guard in p.guards if guard.line]
        return "\n".join(lines)
