"""LLVM itself: compiles modules of text to functions in memory, and frees them when nobody needs them any more."""

import ctypes
import sys
from collections.abc import Callable, Mapping
from functools import cache as cache_once
from itertools import count
from typing import Any, Final, NamedTuple

from ....extras import require
from ...pauses import llvm_lock
from . import cache

llvmlite = require("llvmlite", what="executor='native'", extra="native")
llvm = require("llvmlite.binding", what="executor='native'", extra="native")

_ATTRIBUTES = """
attributes #0 = {{ nounwind {width} }}
attributes #1 = {{ nounwind alwaysinline {width} }}
attributes #2 = {{ nounwind noinline cold {width} }}
"""


# ---- code in memory ----


_untrack = ctypes.pythonapi.PyObject_GC_UnTrack
_untrack.restype, _untrack.argtypes = None, [ctypes.py_object]


class Held(int):
    """Keeps a piece of code in memory as long as this object exists; it has the number of the piece.

    The garbage collector must not track it, or it could free the code before the garbage that calls it.  So it refers
    to no other object, and is freed by its reference count alone, after all of its users.
    """

    __slots__ = ()

    def __new__(cls, number: int) -> "Held":
        held = super().__new__(cls, number)
        _untrack(held)
        return held

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_finalizing():
            _dropped.append(int(self))
            _give_back()


class Loaded(NamedTuple):
    """The addresses of functions, and the object that keeps them in memory."""

    addresses: list[int]
    held: list[Held]


Functions = dict[str, tuple[int, int]]  # by their names: the number of the piece, and the address


class _Piece:
    """Functions that were loaded together: the engine that owns them, and the number of their users."""

    def __init__(self, engine: Any, names: list[str], functions: Functions) -> None:
        self.engine, self.names, self.functions, self.count = engine, names, functions, 0

    def keep(self, number: int) -> Held:
        """Add a user.  Counting comes first, so that Ctrl-C may leave code in memory, but never free it too early."""
        self.count += 1
        return Held(number)

    def free(self) -> None:
        """Free the memory."""
        for name in self.names:
            del self.functions[name]
        self.engine.close()


_is_busy = False  # whether the holder of the lock is in the middle of something
_pieces: dict[int, _Piece] = {}
_numbers = count()
_dropped: list[int] = []  # numbers of pieces, once for each user that is gone


def _give_back() -> None:
    """Free unused pieces, unless LLVM is in use; then they are freed at the end of that use."""
    global _is_busy
    if _is_busy:
        return
    with llvm_lock:
        if _is_busy:
            return
        _is_busy = True
        try:
            while _dropped:
                _drop(_dropped.pop())
        finally:
            _is_busy = False


def _drop(number: int) -> None:
    piece = _pieces[number]
    piece.count -= 1
    if not piece.count:
        del _pieces[number]
        piece.free()


def pieces() -> int:
    """How many pieces of code are in memory."""
    return len(_pieces)


# ---- compiling ----


class Jit:
    """Functions compiled for this machine, by their names, each once.

    Args:
        cpu, features, triple: the target; by default this machine.
    """

    def __init__(self, cpu: str | None = None, features: str | None = None, triple: str | None = None) -> None:
        with llvm_lock:
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
            self.cpu = llvm.get_host_cpu_name() if cpu is None else cpu
            self.features = llvm.get_host_cpu_features().flatten() if features is None else features
            self._target = llvm.Target.from_default_triple() if triple is None else llvm.Target.from_triple(triple)
        self.triple = self._target.triple
        self.functions: Functions = {}
        self._lasting: set[Held] = set()

    def addresses(self, wanted: Mapping[str, Callable[..., str]]) -> list[int]:
        """The addresses of these functions, which serve many programs and stay as long as this object.

        Args:
            wanted: for each name a writer of the function's text; it gets a dict for other texts of the module.
        """
        loaded = self.load(wanted)
        self._lasting |= set(loaded.held)
        return loaded.addresses

    def load(self, wanted: Mapping[str, Callable[..., str]]) -> Loaded:
        """The same, as long as `held` exists."""
        global _is_busy
        with llvm_lock:
            was_busy, _is_busy = _is_busy, True
            try:
                missing = {name: write for name, write in wanted.items() if name not in self.functions}
                if missing:
                    self._compile(missing)
                found = [self.functions[name] for name in wanted]
                held = [_pieces[number].keep(number) for number in {number for number, _ in found}]
            finally:
                _is_busy = was_busy
        _give_back()
        return Loaded([address for _, address in found], held)

    def _compile(self, missing: Mapping[str, Callable[..., str]]) -> None:
        versions = [llvmlite.__version__, str(llvm.llvm_version_info)]
        name = cache.key([self.triple, self.cpu, self.features, *versions, *missing])
        data = cache.load(name)
        if data is None:
            data = self._object(missing)
            cache.store(name, data)
        empty = llvm.parse_assembly("")
        engine = llvm.create_mcjit_compiler(empty, self._machine())  # it owns both from now on
        engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        engine.finalize_object()
        found = {name: engine.get_function_address(name) for name in missing}
        if lost := [name for name, address in found.items() if not address]:
            raise RuntimeError(f"LLVM made no code for {', '.join(lost)}")
        number = next(_numbers)
        _pieces[number] = _Piece(engine, list(found), self.functions)
        self.functions |= {name: (number, address) for name, address in found.items()}

    def _machine(self) -> Any:
        return self._target.create_target_machine(cpu=self.cpu, features=self.features, opt=2, jit=True)

    def _object(self, missing: Mapping[str, Callable[..., str]]) -> bytes:
        """The functions as an object file."""
        needs: dict[str, str] = {}
        texts = [write(needs=needs) for write in missing.values()]
        wide = '"prefer-vector-width"="512" "min-legal-vector-width"="512"' if "+avx512f" in self.features else ""
        text = "\n".join([*needs.values(), *texts, _ATTRIBUTES.format(width=wide)])
        module = llvm.parse_assembly(
            text, llvm.create_context()
        )  # the global context would keep every constant for ever
        machine = self._machine()
        module.triple, module.data_layout = machine.triple, str(machine.target_data)  # macOS spells names differently
        _optimise(module, machine)
        data: bytes = machine.emit_object(module)
        return data


# Functions of the C library that code may call, explicitly or where a processor has no instruction.
_C: Final = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "cbrt", "hypot", "erf", "erfc"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    *("fma", "floor", "ceil", "rint", "fmaf", "floorf", "ceilf", "rintf", "memset", "memcpy"),
)


@cache_once
def host() -> Jit:
    """The functions for this machine.

    Raises:
        OSError, AttributeError: the functions of the C library can't be found.
        RuntimeError: there is no machine code for this kind of machine.
    """
    if sys.maxsize < 2**32:
        raise RuntimeError("addresses have 32 bits, but 64 are needed")
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    for name in _C:
        add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
    return Jit()


def _optimise(module: Any, machine: Any) -> None:
    """The passes that matter for code that is vectorised already; they take a tenth of the time of all passes."""
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    passes.run(module, builder)


def add_symbol(name: str, address: int | None) -> None:
    """Tell LLVM the address of a function that code may call."""
    with llvm_lock:
        llvm.add_symbol(name, address)
