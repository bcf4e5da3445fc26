"""Programs run by the machine."""

import ctypes
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..program import Program
from ..source import Flipped
from .encode import Encoder, Instruction
from .ir import Kind
from .jit import Jit, host, native
from .machine import BLOCK, Call, text

LANES = {"float64": 8, "float32": 16}  # a vector register of AVX-512; others take two or four for as many
SCALARS = {"float64": "double", "float32": "float"}


class Tape:
    """A program as the machine's instructions in memory, for rows of a kind, and the arrays of one call after another.

    Args:
        program: what to run.
        sources: the slots to differentiate by.
        dtype: in which to calculate.
        width: how many samples at once: 1, or as many as there are lanes.
        jit: where its kernels come from.
    """

    def __init__(self, program: Program, sources: Sequence[int], dtype: str, width: int, jit: Jit) -> None:
        self.kind, self.dtype = Kind(SCALARS[dtype], width), np.dtype(dtype)
        encoder = Encoder(program, sources, self.kind, LANES[dtype])
        encoded = encoder.encoded()
        machine = f"run_{self.kind.scalar}_{width}"
        instructions = [x for part in encoded for x in part]
        wanted = {machine: partial(text, self.kind, name=machine)} | {x.name: x.write for x in instructions}
        addresses = dict(zip(wanted, jit.addresses(wanted)))
        self.run = native(addresses[machine], [ctypes.c_void_p])
        self._kept: list[Any] = []  # what the instructions say where to find
        lists = [self._list(part, addresses) for part in encoded]
        self.place, self.uniform, self.slots = encoder.place, encoder.uniform, program.slots
        self.constants = [(int(self.place[slot]), x) for slot, x in encoder.constants.items()]
        call = self.call = np.zeros(len(Call), np.int64)
        call[Call.UNIFORM], call[Call.VARYING] = self.uniform, program.slots - self.uniform
        for field, (address, count) in zip(range(Call.ONCE_CODE, Call.BACK, 2), lists):
            call[field : field + 2] = address, count
        call[Call.RESULT] = self.place[program.result]
        call[Call.PARAMETER_COUNT] = program.parameters

    def _list(self, instructions: Sequence[Instruction], addresses: dict[str, int]) -> tuple[int, int]:
        """Put instructions in memory: the address of the list of their addresses, and their number."""
        words: list[int] = []
        starts = []
        for x in instructions:
            starts.append(8 * len(words))
            words.append(addresses[x.name])
            words += [self.keep(field) if isinstance(field, np.ndarray) else field for field in x.fields]
        base = self.keep(np.array(words, np.int64))
        return self.keep(np.array(starts, np.int64) + base), len(starts)

    def keep(self, array: Any) -> int:
        """The address of an array that must stay."""
        self._kept.append(array)
        address: int = array.ctypes.data
        return address

    def slots_of(self, slots: Sequence[int]) -> tuple[int, int]:
        """The address of a table of where these slots stand, and how many there are."""
        return self.keep(self.place[list(slots)].astype(np.int32)), len(slots)

    def arrays(self) -> tuple[Any, Any]:
        """V and G for one thread."""
        v, g = [aligned(self.slots * self.kind.width, self.dtype) for _ in range(2)]
        for place, x in self.constants:
            v[place * self.kind.width : (place + 1) * self.kind.width] = x
        return v, g


def aligned(count: int, dtype: Any) -> Any:
    """An array of zeros that begins where a cache line does."""
    bytes_ = np.zeros(count * dtype.itemsize + 64, np.uint8)
    first = -bytes_.ctypes.data % 64
    return bytes_[first : first + count * dtype.itemsize].view(dtype)


class NativeExecutor:
    """A program as machine code.

    Args:
        program: what to run.
        sources: the slots to differentiate by: those of the parameters, or of the arguments.
        parameters: the array of parameters, which is read at each call.
        dtype: in which to calculate, float64 or float32.
    """

    name = "native"
    scalars = False
    samples_at_once = 2**62

    def __init__(
        self, program: Program, sources: Sequence[int], parameters: Any, dtype: str, jit: Jit | None = None
    ) -> None:
        self.program, self.sources, self.parameters, self.dtype = program, list(sources), parameters, np.dtype(dtype)
        self._jit = jit or host()
        self._tapes: dict[int, Bound] = {}
        self.guards = np.array([float(guard.outcome) for guard in program.guards])

    @property
    def source(self) -> str:
        """What stands for a source: the program."""
        return f"{self.program}\n"

    def value(self, arguments: Sequence[Any], n: int) -> Any:
        """The value for each of n samples, of arguments that are matrices of numbers by samples."""
        return self._bound(n)(arguments, n, None, None)

    def value_and_gradient(self, arguments: Sequence[Any], n: int, seed: float, out: Sequence[Any], add: bool) -> Any:
        """The value for each sample, and its derivatives times the seed, written or added to the arrays `out`."""
        if not add:
            return self._bound(n)(arguments, n, seed, out)
        new = [np.empty_like(array) for array in out]
        values = self._bound(n)(arguments, n, seed, new)
        for array, more in zip(out, new):
            array += more
        return values

    def _bound(self, n: int) -> "Bound":
        width = 1 if n == 1 else LANES[self.dtype.name]
        if width not in self._tapes:
            tape = Tape(self.program, self.sources, self.dtype.name, width, self._jit)
            self._tapes[width] = Bound(self, tape)
        return self._tapes[width]

    def explain(self, tracing: float, compiling: float) -> str:
        """What was done, in words."""
        p = self.program
        once = sum(1 for group in p if not group.varying)
        lines = [
            f"native, {self.dtype.name}, {self._jit.cpu}: {p.nodes} operations in {len(p)} groups"
            + (f", {once} of them once and not for each sample" if p.sampled else "")
            + f"; traced in {tracing * 1e3:.1f} ms, compiled in {compiling * 1e3:.1f} ms"
        ]
        return "\n".join(lines + [f"a branch was taken, {guard.outcome}, at {guard.line}" for guard in p.guards])


class Bound:
    """A tape with room to work in, for calls from any thread."""

    def __init__(self, executor: NativeExecutor, tape: Tape) -> None:
        self.executor, self.tape = executor, tape
        program = executor.program
        self._inputs = []
        at = 0
        for n in program.arguments:
            self._inputs.append(tape.slots_of(range(at, at + n)))
            at += n
        self._outputs = tape.slots_of([program.result, *[guard.node for guard in program.guards]])
        self._free: list[tuple[Any, Any]] = []

    def __call__(self, arguments: Sequence[Any], n: int, seed: float | None, out: Sequence[Any] | None) -> Any:
        dtype, parameters = self.tape.dtype, self.executor.parameters
        results = np.empty((self._outputs[1], n), dtype)
        blocks = [x if x.dtype == dtype else x.astype(dtype) for x in arguments]
        call = self.tape.call.copy()
        keep = self._point(call, Call.BLOCKS_IN, list(zip(blocks, self._inputs))), self._point(
            call, Call.BLOCKS_OUT, [(results, self._outputs)]
        )
        call[Call.END] = n
        if parameters is not None:
            call[Call.PARAMETERS] = parameters.ctypes.data
        if out is not None and seed is not None:
            call[Call.BACK] = 1
            call[Call.SEED : Call.SEED + 1].view(np.float64)[0] = seed
            if parameters is None:
                keep += (self._point(call, Call.BLOCKS_BACK, list(zip(out, self._inputs))),)
            else:
                call[Call.SLOPES] = out[0].ctypes.data
        self._run(call)
        self._check(results)
        del keep
        return results[0]

    def _run(self, call: Any) -> None:
        try:
            work = self._free.pop()
        except IndexError:
            work = self.tape.arrays()
        call[Call.V], call[Call.G] = [array.ctypes.data for array in work]
        self.tape.run(call.ctypes.data)
        self._free.append(work)

    def _point(self, call: Any, field: int, blocks: Sequence[tuple[Any, tuple[int, int]]]) -> Any:
        """Write down where blocks are."""
        words = np.empty((len(blocks), BLOCK), np.int64)
        for line, (array, (slots, rows)) in zip(words, blocks):
            down, across = (array.strides * 2)[:2] if array.ndim == 1 else array.strides
            line[:] = array.ctypes.data, down, across, rows, slots
        call[field : field + 2] = words.ctypes.data, len(words)
        return words

    def _check(self, results: Any) -> None:
        guards = self.executor.guards
        if len(guards):
            wrong = results[1:] != guards[:, None]
            if wrong.any():
                if not self.executor.program.sampled:
                    wrong = wrong[:, 0]
                raise Flipped(np.arange(len(guards)), wrong)
