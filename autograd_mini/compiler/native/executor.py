"""Programs run as machine code."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...lazy import cached_property
from ..argument import floats
from ..program import Group, Program
from .callbacks import is_own
from .kernels.exact_sum import total
from .llvm.jit import Jit, host
from .python_entry import entry
from .region.whole import MANY, SMALL, is_one_function, size
from .tape import LANES, SCALARS, Bound, Tape


class NativeExecutor:
    """A program as machine code; the arguments are those of `executors.made`, and `jit` compiles the kernels."""

    scalars = takes_numbers = False
    samples_at_once = 2**62

    def __init__(
        self,
        program: Program,
        sources: Sequence[int],
        parameters: Any,
        dtype: str,
        why: str = "as asked",
        jit: Jit | None = None,
        lasts: bool = True,
    ) -> None:
        self.why = why
        self.program, self.sources, self.parameters, self.dtype = program, list(sources), parameters, np.dtype(dtype)
        self._jit = jit or host()
        self._lanes = LANES[dtype]
        self.total = total(self._jit, SCALARS[dtype])
        has_own = lasts and not program.calls_python
        self._lasts = lasts
        self._is_number = len(program.results) == 1
        calculated = min(program.results, default=0) >= program.leaves
        self.is_small = program.sampled and has_own and size(program) <= SMALL and calculated
        self._is_one = not program.sampled and has_own and is_one_function(program)
        self._is_whole = self._is_one and calculated
        self._entries: dict[str, Callable[..., Any]] = {}  # by form
        self._at_numbers: dict[str, Callable[..., Any]] = {}  # the same by form; they raise if they can't handle a call
        self._tapes: dict[int, Bound] = {}  # by width; 0 is the whole program as one function

    @property
    def source(self) -> str:
        """The program, which is shown instead of source code."""
        return f"{self.program}\n"

    def value(self, arguments: Sequence[Any], n: int) -> Any:
        """The value for each of n samples; the arguments are matrices with a column for each sample."""
        value = self._of_numbers(arguments, "value")
        return self.bound(n)(arguments, n, None, ()) if value is None else value

    def value_and_gradient(self, arguments: Sequence[Any], n: int, seed: float, out: Sequence[Any], add: bool) -> Any:
        """The value for each sample, and its derivatives times the seed, written or added to the arrays `out`."""
        form = "single" if len(self.sources) == 1 else "several"
        both = self._of_numbers(arguments, form)
        if both is not None:
            rest = iter(both[1] if form == "several" else both[1:])
            for array in out:
                array[...] = [next(rest) for _ in range(len(array))]
            return both[0]
        new = [np.empty_like(array) for array in out] if add else out
        values = self.bound(n)(arguments, n, seed, new)
        if add:
            for array, more in zip(out, new):
                array += more
        return values

    @cached_property
    def _is_function(self) -> bool:
        """Whether it is a function of numbers for Python, and of nothing else."""
        return self._is_one and self._is_number and self.parameters is None and self.dtype == np.float64

    def _entry(self, form: str, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """That function in one of the forms of `entry`; it calls `otherwise` for a call that it can't handle."""
        if form not in self._entries:
            self._entries[form] = entry(self.program, self.sources, form, self._jit)
        made: Callable[..., Any] = self._entries[form](otherwise)
        return made

    def method(self, scalars: bool, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """The same as value_and_grad itself."""
        return self._entry("single" if scalars and len(self.sources) == 1 else "several", otherwise)

    def function(self, derivatives: bool, scalars: bool) -> Callable[..., Any] | None:
        """The same for anything that can become a float; None if there is none, or if Python may raise an error."""
        if not self._is_function or self.program.own:
            return None
        form: Any = partial(self.method, scalars) if derivatives else partial(self._entry, "value")
        exact = form(_refuse)
        made: Callable[..., Any] = form(lambda *numbers: exact(*floats(*numbers)))
        return made

    def written(self, derivatives: bool) -> None:
        """None: this program is machine code, not lines of Python."""
        del derivatives

    def _of_numbers(self, arguments: Sequence[Any], form: str) -> Any:
        """The result of that function; None if there is none, or if the machine finds another branch."""
        if not self._is_function:
            return None
        if form not in self._at_numbers:
            self._at_numbers[form] = self._entry(form, _refuse)
        try:
            return self._at_numbers[form](*[x for array in arguments for x in array.tolist()])
        except TypeError:
            return None

    def bound(self, n: int) -> "Bound":
        """The program, ready for calls with n samples."""
        width = 1 if n == 1 else self._lanes
        has_many = n >= MANY and self.is_small
        key = 0 if self._is_whole or has_many else width
        if key not in self._tapes:
            if has_many:  # several vectors at once, because each has to wait for itself; fewer if the code is long
                width *= 4 if size(self.program) <= SMALL // 3 else 2
            made = Tape(self.program, self.sources, self.parameters, self.dtype.name, width, self._jit, not key)
            self._tapes[key] = Bound(self.program, self.sources, self.parameters, made, self._jit)
        return self._tapes[key]

    def explain(self, tracing: float, compiling: float) -> str:
        """How the program was compiled, in words."""
        p = self.program
        once = p.varying.count(0)
        outside = [group for part in p.parts() if isinstance(part, range) for group in p.groups(part)]
        lines = [
            f"native, {self.dtype.name}, {self._jit.cpu} ({self.why}): {p.nodes} operations in "
            f"{len(p) - sum(loop.period * loop.trips for loop in p.loops)} groups"
            + (f", {once} of them once and not for each sample" if p.sampled else "")
            + f"; traced in {tracing * 1e3:.1f} ms, compiled in {compiling * 1e3:.1f} ms"
        ]
        lines += [
            f"matrix product, {len(group.results)} × {len(group.operands) // 2}"
            for group in outside
            if group.rule.name == "dot" and len(group.results) > 1 and is_matrix(group)
        ]
        made = {rule.symbol: f"{rule.symbol}, made with @primitive," for rule in p.own.values()}
        python = Counter([made.get(group.rule.symbol, group.rule.symbol) for group in outside if is_own(group)])
        lines += [
            f"{symbol} is called element by element: groups in Python: {count}" for symbol, count in python.items()
        ]
        for loop in p.loops:
            size = p.start[loop.first + loop.period] - p.start[loop.first]
            grouped = "" if p.is_short(loop) else f" in {loop.period} groups"
            lines.append(f"a loop of {loop.trips} trips was folded, {size} operations each{grouped}")
        if self._is_function or self._is_whole or self.is_small:
            lines.append("one function" + f", from {MANY} samples on" * self.is_small)
        if not self._lasts:
            lines.append("no code of its own, because a Value outside the arguments is assigned again and again")
        lines += [f"a branch was taken, {guard.outcome}, at {guard.line}" for guard in p.guards if guard.line]
        return "\n".join(lines)


def is_matrix(group: Group) -> bool:
    """Whether all dots share one list."""
    n = len(group.operands) // 2
    return all(len(set(line)) == 1 for line in group.operands[n : 2 * n])


def _refuse(*args: Any) -> Any:
    raise TypeError(f"the code was made for other numbers or branches than these: {args!r:.80}")
