"""LLVM itself: modules of text made into functions in memory."""

import ctypes
import sys
from collections.abc import Callable, Mapping
from functools import cache as cache_once
from threading import Lock
from typing import Any, Final

from ...extras import require
from . import cache

llvmlite = require("llvmlite", what="executor='native'", extra="native")
llvm = require("llvmlite.binding", what="executor='native'", extra="native")

_ATTRIBUTES = """
attributes #0 = {{ nounwind {width} }}
attributes #1 = {{ nounwind alwaysinline {width} }}
attributes #2 = {{ nounwind noinline cold {width} }}
"""


class Jit:
    """Functions compiled for this machine, by their names, each once.

    Args:
        cpu, features, triple: what to compile for, this machine unless told.
    """

    def __init__(self, cpu: str | None = None, features: str | None = None, triple: str | None = None) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.cpu = llvm.get_host_cpu_name() if cpu is None else cpu
        self.features = llvm.get_host_cpu_features().flatten() if features is None else features
        self._target = llvm.Target.from_default_triple() if triple is None else llvm.Target.from_triple(triple)
        self.triple = self._target.triple
        self._engines: list[Any] = []  # which own the code
        self._addresses: dict[str, int] = {}
        self._lock = Lock()

    def addresses(self, wanted: Mapping[str, Callable[..., str]]) -> list[int]:
        """Where the functions of these names are.

        Args:
            wanted: for each name what writes the function's text, given a dict for what else the module must have.
        """
        with self._lock:
            missing = {name: write for name, write in wanted.items() if name not in self._addresses}
            if missing:
                self._compile(missing)
            return [self._addresses[name] for name in wanted]

    def _compile(self, missing: Mapping[str, Callable[..., str]]) -> None:
        versions = [llvmlite.__version__, str(llvm.llvm_version_info)]
        name = cache.key([self.triple, self.cpu, self.features, *versions, *missing])
        data = cache.load(name)
        if data is None:
            data = self._object(missing)
            cache.store(name, data)
        empty = llvm.parse_assembly("")
        engine = llvm.create_mcjit_compiler(empty, self._machine())  # which owns both from now on
        engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        engine.finalize_object()
        self._engines.append(engine)
        found = {name: engine.get_function_address(name) for name in missing}
        if lost := [name for name, address in found.items() if not address]:
            raise RuntimeError(f"LLVM made no code for {', '.join(lost)}")
        self._addresses |= found

    def _machine(self) -> Any:
        return self._target.create_target_machine(cpu=self.cpu, features=self.features, opt=2, jit=True)

    def _object(self, missing: Mapping[str, Callable[..., str]]) -> bytes:
        """The functions as an object file."""
        needs: dict[str, str] = {}
        texts = [write(needs=needs) for write in missing.values()]
        wide = '"prefer-vector-width"="512" "min-legal-vector-width"="512"' if "+avx512f" in self.features else ""
        module = llvm.parse_assembly("\n".join([*needs.values(), *texts, _ATTRIBUTES.format(width=wide)]))
        machine = self._machine()
        module.triple, module.data_layout = machine.triple, str(machine.target_data)  # macOS spells names otherwise
        _optimise(module, machine)
        data: bytes = machine.emit_object(module)
        return data


# C's functions that code may call, of its own accord or where a processor has no instruction for it.
_C: Final = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "cbrt", "hypot", "erf", "erfc"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    *("fma", "floor", "ceil", "rint", "fmaf", "floorf", "ceilf", "rintf", "memset", "memcpy"),
)


@cache_once
def host() -> Jit:
    """The functions for this machine.

    Raises:
        OSError, AttributeError: C's functions are not to be found here.
        RuntimeError: there is no machine code for such a machine.
    """
    if sys.maxsize < 2**32:
        raise RuntimeError("addresses have 32 bits, and 64 are needed")
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    for name in _C:
        add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
    return Jit()


def _optimise(module: Any, machine: Any) -> None:
    """The passes that matter for code that is vectors already, which take a tenth of the time of all."""
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
    """Say where a function is that code may call."""
    llvm.add_symbol(name, address)
