"""A program in the machine's memory: its instructions, the arrays that they work on, and calls from any thread."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..program import Flipped, Program
from . import capi
from .buffers import runner
from .callbacks import KERNEL, Callback, kernel
from .instructions import Encoder, Instruction, Instructions
from .llvm.code import Kind
from .llvm.jit import Jit
from .machine import BLOCK, Call, text
from .region.whole import Whole
from .threads import PART, all_done, divided

LANES = {"float64": 8, "float32": 16}  # one vector register of AVX-512; other processors use two or four registers
SCALARS = {"float64": "double", "float32": "float"}


class Tape:
    """A program as the machine's instructions in memory, for one kind of rows, and the arrays for calls.

    Args:
        program, sources, parameters, dtype: as for `executors.made`.
        width: how many samples at once: 1, or the number of lanes.
        jit: compiles its kernels.
        whole: whether to compile it in one piece.
    """

    def __init__(
        self, program: Program, sources: Sequence[int], parameters: Any, dtype: str, width: int, jit: Jit, whole: bool
    ) -> None:
        self.kind, self.dtype = Kind(SCALARS[dtype], width), np.dtype(dtype)
        encoder: Encoder | Whole = Encoder(program, sources, self.kind, LANES[dtype], parameters)
        if whole:
            encoder = Whole(program, sources, self.kind)
        encoded = encoder.encoded()
        machine = f"run_{self.kind.scalar}_{width}"
        every = [x for part in encoded for x in _all(part)]
        instructions = [x for x in every if isinstance(x, Instruction)]
        self.is_python = len(instructions) < len(every)
        self._kept: list[Any] = []  # the arrays that instructions refer to by address
        addresses = self._loaded(
            {machine: partial(text, self.kind, name=machine)}
            | {x.name: x.write for x in instructions if x.is_general}
            | ({KERNEL: kernel} if self.is_python else {}),
            {x.name: x.write for x in instructions if not x.is_general},
            jit,
        )
        self.place, self.rows = encoder.place, encoder.rows
        lists = [self._list(part, addresses) for part in encoded]
        places = self.place[encoder.constants.start : encoder.constants.stop]
        placed = places < self.rows
        self.constants = places[placed], np.array(program.constants)[placed, None]
        call = self.call = np.zeros(len(Call), np.int64)
        call[Call.MACHINE] = addresses[machine]
        call[Call.UNIFORM], call[Call.VARYING] = encoder.uniform, encoder.varying
        for field, (address, count) in zip(range(Call.ONCE_CODE, Call.BACK, 2), lists):
            call[field : field + 2] = address, count
        call[Call.ANEW] = whole
        call[Call.RESULT] = self.place[program.result] if program.results else 0
        call[Call.PARAMETER_COUNT] = program.parameters
        call[Call.ROWS], call[Call.ROWS_COUNT] = self.keep(encoder.parameters.astype(np.int32)), len(encoder.parameters)

    def _loaded(
        self, general: dict[str, Callable[..., str]], own: dict[str, Callable[..., str]], jit: Jit
    ) -> dict[str, int]:
        """The addresses of functions: those that other programs use too, and those of only this program."""
        capi.register()
        jit.addresses(general)
        addresses: dict[str, int] = {}
        for wanted in (general, own):
            loaded = jit.load(wanted)
            self._kept += loaded.held
            addresses |= zip(wanted, loaded.addresses)
        return addresses

    def _list(self, instructions: Instructions, addresses: dict[str, int]) -> tuple[int, int]:
        """Put instructions in memory: the address of the list of their addresses, and their number."""
        words: list[int] = []
        starts = []
        for x in instructions:
            starts.append(8 * len(words))
            if isinstance(x, Callback):
                work = x.called(self.rows, self.kind.width, self.dtype)
                self._kept.append(work)
                words += [addresses[KERNEL], id(work)]
                continue
            words.append(addresses[x.name])
            words += self._list(x.body, addresses) if x.body is not None else ()
            words += [self.keep(field) if isinstance(field, np.ndarray) else field for field in x.fields]
        base = self.keep(np.array(words, np.int64))
        return self.keep(np.array(starts, np.int64) + base), len(starts)

    def keep(self, array: Any) -> int:
        """The address of an array, which is kept."""
        self._kept.append(array)
        address: int = array.ctypes.data
        return address

    def slots_of(self, slots: Sequence[int]) -> tuple[int, int, int]:
        """How many slots there are, the address of a table of their places, and the first if the others follow it."""
        places = self.place[list(slots)].astype(np.int32)
        follow = len(places) > 0 and (np.diff(places) == 1).all()
        return len(places), self.keep(places), int(places[0]) if follow else -1

    def arrays(self) -> tuple[Any, Any]:
        """V and G for one thread."""
        v, g = [aligned(self.rows * self.kind.width, self.dtype) for _ in range(2)]
        places, numbers = self.constants
        v.reshape(-1, self.kind.width)[places] = numbers
        return v, g


def _all(instructions: Instructions) -> Instructions:
    """Instructions, and those that they run."""
    bodies = [x.body for x in instructions if isinstance(x, Instruction) and x.body]
    return [*instructions, *[x for body in bodies for x in _all(body)]]


def aligned(count: int, dtype: Any) -> Any:
    """An array of zeros that begins at a cache line."""
    bytes_ = np.zeros(count * dtype.itemsize + 64, np.uint8)
    first = -bytes_.ctypes.data % 64
    return bytes_[first : first + count * dtype.itemsize].view(dtype)


class Bound:
    """A tape with memory to work in, for calls from any thread."""

    def __init__(self, program: Program, sources: Sequence[int], parameters: Any, tape: Tape, jit: Jit) -> None:
        self.tape, self.parameters = tape, parameters
        ends = list(accumulate(program.arguments, initial=0))
        self.inputs = [tape.slots_of(range(a, b)) for a, b in pairwise(ends)]
        self.backs = [slots for slots, end in zip(self.inputs, ends[1:]) if end <= len(sources)]
        self.outputs = tape.slots_of(program.asked)
        self._guarded, self._sampled = bool(program.guards), program.sampled
        self._results = len(program.results)
        self._slots = program.slots - (program.parameters - int(tape.call[Call.ROWS_COUNT])) * 7 // 8
        self._guards = np.array([float(guard.outcome) for guard in program.guards])
        self._expected = self._guards.astype(tape.dtype).tobytes()
        self.runner = _silent(runner(jit)) if tape.is_python else runner(jit)
        self._free: list[Frame] = []

    def __call__(self, arguments: Sequence[Any], n: int, seed: float | None, out: Sequence[Any]) -> Any:
        """The values of the samples, a row for each of several results; with a seed, derivatives go to `out`."""
        results = np.empty((self.outputs[0], n), self.tape.dtype)
        if n * self._slots < 2 * PART:
            self._part(arguments, results, 0, n, seed, out)
        else:
            self._parts(n, arguments, results, seed, out)
        if self._guarded:
            self._check(results)
        return results[0] if self._results == 1 else results[: self._results]

    def at_once(
        self, n: int, seed: float | None, axes: int, arguments: Sequence[Any], out: Sequence[Any], given: bool
    ) -> tuple[float, Any]:
        """A call in one thread, on the caller's arrays: the sum of the values, and the values if they are given away.

        Args:
            n: how many samples there are.
            seed: the adjoint of each value; None for no derivatives.
            axes: the axes of the arguments, the results and the arrays for derivatives (see `buffers.runner`).
            arguments, out: the arrays of arguments and for derivatives.
            given: whether to give the results away.

        Raises:
            TypeError: an array has other axes, or there are so many samples that several threads should share them.
        """
        if n > 1 and n * self._slots >= 2 * PART:
            raise TypeError
        frame = self._frame()
        results = frame.results
        if given or results is None or len(results[0]) != n:
            results = frame.results = np.empty((self.outputs[0], n), self.tape.dtype)
        try:
            total = self.runner(frame.address, 0, n, n, seed or 0.0, axes, *arguments, results, *out)
            if given:
                frame.results = None
            if self._guarded:
                self._check(results)
        finally:
            self._free.append(frame)
        return total, results

    def _frame(self) -> "Frame":
        try:
            return self._free.pop()
        except IndexError:
            return Frame(self)

    def _part(
        self, arguments: Sequence[Any], results: Any, first: int, end: int, seed: float | None, out: Sequence[Any]
    ) -> None:
        frame = self._frame()
        try:
            frame.run(arguments, results, first, end, seed, out)
        finally:
            self._free.append(frame)

    def _parts(self, n: int, arguments: Sequence[Any], results: Any, seed: float | None, out: Sequence[Any]) -> None:
        """All samples, in several threads; derivatives for parameters are summed in the order of the parts."""
        parts = divided(n, self._slots, self.tape.kind.width)
        by_parameters = seed is not None and self.parameters is not None
        sums = np.empty((len(parts), len(out[0])), self.tape.dtype) if by_parameters else None

        def job(k: int) -> None:
            self._part(arguments, results, *parts[k], seed, out if sums is None else [sums[k]])

        all_done(job, range(len(parts)))
        if sums is not None:
            with np.errstate(all="ignore"):
                np.add.reduce(sums, 0, None, out[0])

    def _check(self, results: Any) -> None:
        if results[self._results :].tobytes() == self._expected:  # for one sample this comparison is fast
            return
        wrong = results[self._results :] != self._guards[:, None]
        if wrong.any():
            raise Flipped(np.arange(len(wrong)), wrong if self._sampled else wrong[:, 0])


class Frame:
    """The memory of one call at a time: the arrays V and G, and the call itself, with its blocks after the fields."""

    def __init__(self, bound: Bound) -> None:
        tape, parameters = bound.tape, bound.parameters
        self.dtype, self.arrays = tape.dtype, tape.arrays()
        self.runner = bound.runner
        self.results: Any = None  # those of the last call, if nobody else has them
        count, back = len(bound.inputs), len(bound.backs)
        ins, outs, backs = [len(Call) + BLOCK * k for k in (0, count, count + 1)]
        words: Any = np.zeros(backs + BLOCK * max(back, 1), np.int64)
        words[: len(Call)] = tape.call
        words[Call.FORMAT] = ord(tape.dtype.char)
        words[[Call.V, Call.G]] = [array.ctypes.data for array in self.arrays]
        for at, tables in ((ins, bound.inputs), (outs, [bound.outputs]), (backs, bound.backs)):
            for k, slots in enumerate(tables):
                words[at + BLOCK * k + 3 : at + BLOCK * (k + 1)] = slots
        self.address = words.ctypes.data
        fields = [(Call.BLOCKS_IN, ins, count), (Call.BLOCKS_OUT, outs, 1), (Call.BLOCKS_BACK, backs, back)]
        if parameters is not None:
            words[[Call.PARAMETERS, Call.BY_PARAMETERS]] = parameters.ctypes.data, 1
            words[backs + 3] = len(parameters)
            fields[-1] = (Call.BLOCKS_BACK, backs, 0)
        for field, at, blocks in fields:
            words[field : field + 2] = self.address + 8 * at, blocks
        self._words = words  # their address does not change

    def run(
        self, arguments: Sequence[Any], results: Any, first: int, end: int, seed: float | None, out: Sequence[Any]
    ) -> None:
        """One call of the machine, for the samples from first to below end."""
        blocks = [x if x.dtype is self.dtype and x.flags.aligned else x.astype(self.dtype) for x in arguments]
        call = self.address, first, end, results.shape[1], seed or 0.0, 0
        self.runner(*call, *blocks, results, *out)


def _silent(run: Callable[..., float]) -> Callable[..., float]:
    """`run` for a program with operations of NumPy, without its warnings about numbers that are not finite."""

    def silently(*args: Any) -> float:
        with np.errstate(all="ignore"):
            return run(*args)

    return silently
