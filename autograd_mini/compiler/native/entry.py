"""Small programs of numbers as functions that Python calls without a detour: numbers in, a value and a tuple out.

They are made as C extensions make theirs, with METH_FASTCALL, and use nothing of Python but functions of its C API.
"""

import ctypes
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from ..program import Program
from .fused import evaluated, name_of, swept
from .ir import Code, Kind
from .jit import Jit, add_symbol
from .lane import Arithmetic, Lanes, Mask

_DOUBLE: Final = Kind("double", 1)
_METH_FASTCALL: Final = 0x80
_API: Final = {
    "PyFloat_AsDouble": "double (ptr)",
    "PyFloat_FromDouble": "ptr (double)",
    "PyTuple_New": "ptr (i64)",
    "PyTuple_SetItem": "i32 (ptr, i64, ptr)",
    "PyErr_Occurred": "ptr ()",
    "PyErr_BadArgument": "i32 ()",
}


class _Method(ctypes.Structure):
    """PyMethodDef of Python's C API."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def _method(address: int) -> int:
    """The address of a PyMethodDef that stays to the very end, as functions of Python refer to it even then."""
    allocate = ctypes.pythonapi.PyMem_RawMalloc
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    size, text = ctypes.sizeof(_Method), b"value_and_grad\0"
    place: int = allocate(size + len(text))
    method = _Method(place + size, address, _METH_FASTCALL, None)
    ctypes.memmove(place, ctypes.addressof(method), size)
    ctypes.memmove(place + size, text, len(text))
    return place


def entry(program: Program, sources: Sequence[int], single: bool, jit: Jit) -> Callable[..., tuple[float, Any]]:
    """A function of as many numbers as there are inputs: the value, and the derivatives by the sources.

    It raises TypeError for anything else than numbers, and where a branch would be another.  A single derivative is
    given by itself, several in a tuple.
    """
    name = f"entry_{int(single)}_{name_of(program, sources, _DOUBLE)}"
    for function in _API:
        add_symbol(function, ctypes.cast(getattr(ctypes.pythonapi, function), ctypes.c_void_p).value)
    (address,) = jit.addresses({name: partial(_text, name, program, sources, single)})
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    made: Callable[..., tuple[float, Any]] = new(_method(address), None, None)
    return made


def _text(name: str, program: Program, sources: Sequence[int], single: bool, needs: dict[str, str]) -> str:
    for function, signature in _API.items():
        result, arguments = signature.split(" ", 1)
        needs[function] = f"declare {result} @{function}{arguments}"
    code = Code(needs)
    m = Arithmetic(code, _DOUBLE)
    with code.when(code.let(f"icmp ne i64 %count, {program.inputs}")):
        _refuse(code)
    leaves = [_number(code, k) for k in range(program.inputs)]
    numbers = evaluated(program, m, leaves)
    for guard in program.guards:
        truth = numbers[guard.node]
        truth = truth if isinstance(truth, Mask) else m.lift(truth) != 0.0
        with code.when((~truth if guard.outcome else truth).name):
            _refuse(code)
    adjoints = swept(program, sources, m, numbers, m.lift(1.0))
    value = _object(code, m.lift(numbers[program.result]))
    slopes = [_object(code, m.lift(adjoints.get(slot, 0.0))) for slot in sources]
    pair = _tuple(code, [value, slopes[0] if single else _tuple(code, slopes)])
    return code.function(f"ptr @{name}(ptr %self, ptr %arguments, i64 %count)", f"ptr {pair}")


def _refuse(code: Code) -> None:
    """Raise TypeError."""
    code.let("call i32 @PyErr_BadArgument()")
    code.leave("ptr null")


def _number(code: Code, k: int) -> Lanes:
    """The k-th argument, which must be a number."""
    given = code.load("ptr", code.at("%arguments", str(k), "ptr"), 8)
    x = Lanes(code, _DOUBLE, code.let(f"call double @PyFloat_AsDouble(ptr {given})"))
    with code.when((x == -1.0).name):
        error = code.let("call ptr @PyErr_Occurred()")
        with code.when(code.let(f"icmp ne ptr {error}, null")):
            code.leave("ptr null")
    return x


def _object(code: Code, x: Lanes) -> str:
    """A number as an object of Python; where there is no memory left for it, the function ends."""
    return _made(code, f"call ptr @PyFloat_FromDouble(double {x.name})")


def _tuple(code: Code, items: Sequence[str]) -> str:
    made = _made(code, f"call ptr @PyTuple_New(i64 {len(items)})")
    for k, item in enumerate(items):
        code.let(f"call i32 @PyTuple_SetItem(ptr {made}, i64 {k}, ptr {item})")
    return made


def _made(code: Code, call: str) -> str:
    made = code.let(call)
    with code.when(code.let(f"icmp eq ptr {made}, null")):
        code.leave("ptr null")
    return made
