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
from .machine import BLOCK, Call

_DOUBLE: Final = Kind("double", 1)
_METH_FASTCALL: Final = 0x80
_API: Final = {
    "PyFloat_AsDouble": "double (ptr)",
    "PyFloat_FromDouble": "ptr (double)",
    "PyObject_IsInstance": "i32 (ptr, ptr)",
    "PyTuple_New": "ptr (i64)",
    "PyTuple_SetItem": "i32 (ptr, i64, ptr)",
    "PyErr_Occurred": "ptr ()",
    "PyErr_BadArgument": "i32 ()",
    "PyLong_AsVoidPtr": "ptr (ptr)",
    "PyObject_GetBuffer": "i32 (ptr, ptr, i32)",
    "PyBuffer_Release": "void (ptr)",
    "PyEval_SaveThread": "ptr ()",
    "PyEval_RestoreThread": "void (ptr)",
    "PyBool_FromLong": "ptr (i64)",
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
    return _made_of(name, partial(_text, name, program, sources, single), jit)


def _made_of(name: str, write: Callable[..., str], jit: Jit) -> Callable[..., Any]:
    """The function of Python that is this function of LLVM's."""
    for function in _API:
        add_symbol(function, ctypes.cast(getattr(ctypes.pythonapi, function), ctypes.c_void_p).value)
    add_symbol("PyFloat_Type", id(float))
    (address,) = jit.addresses({name: write})
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    made: Callable[..., Any] = new(_method(address), None, None)
    return made


def _declare(needs: dict[str, str]) -> None:
    for function, signature in _API.items():
        result, arguments = signature.split(" ", 1)
        needs[function] = f"declare {result} @{function}{arguments}"


def _text(name: str, program: Program, sources: Sequence[int], single: bool, needs: dict[str, str]) -> str:
    _declare(needs)
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
    """The k-th argument, which must be a float: what else can be made one, a Fraction say, the long way judges."""
    code.needs["PyFloat_Type"] = "@PyFloat_Type = external global i8"
    given = code.load("ptr", code.at("%arguments", str(k), "ptr"), 8)
    is_float = code.let(f"call i32 @PyObject_IsInstance(ptr {given}, ptr @PyFloat_Type)")
    with code.when(code.let(f"icmp ne i32 {is_float}, 1")):
        _refuse(code)
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


# ---- calls of the machine ----

_VIEW: Final = 80  # bytes of a Py_buffer, which is part of the stable ABI
_NDIM, _STRIDES = 36, 56  # and where it has these
_PYBUF_STRIDES: Final = 0x18


def runner(jit: Jit) -> Callable[..., Any]:
    """A function of the address of a call and arrays: it enters where these are in the call's blocks, and runs it.

    Other threads of Python run meanwhile.
    """
    return _made_of("run_call", _runner, jit)


def _runner(needs: dict[str, str]) -> str:
    _declare(needs)
    code = Code(needs)
    call = code.let(f"call ptr @PyLong_AsVoidPtr(ptr {code.load('ptr', '%arguments', 8)})")
    arrays = code.let("sub i64 %count, 1")
    views = code.let(f"alloca i8, i64 {code.mul(arrays, _VIEW)}, align 16")
    taken = code.place("i64")
    code.store("i64", "0", taken, 8)
    with code.loop(arrays) as k:
        given = code.load("ptr", code.at("%arguments", code.add(k, 1), "ptr"), 8)
        view = code.at(views, code.mul(k, _VIEW), "i8")
        failed = code.let(f"call i32 @PyObject_GetBuffer(ptr {given}, ptr {view}, i32 {_PYBUF_STRIDES})")
        with code.when(code.let(f"icmp ne i32 {failed}, 0")):
            _release(code, views, taken)
            code.leave("ptr null")
        code.store("i64", code.add(k, 1), taken, 8)
        _enter(code, code.at(call, code.add(code.mul(k, BLOCK), len(Call)), "i64"), view)
    thread = code.let("call ptr @PyEval_SaveThread()")
    code.do(f"call void {code.pointer(call, Call.MACHINE)}(ptr {call})")
    code.do(f"call void @PyEval_RestoreThread(ptr {thread})")
    _release(code, views, taken)
    done = code.let("call ptr @PyBool_FromLong(i64 1)")
    return code.function("ptr @run_call(ptr %self, ptr %arguments, i64 %count)", f"ptr {done}")


def _enter(code: Code, block: str, view: str) -> None:
    """Address and strides of an array; of one with one axis the stride stands for both."""
    code.store("i64", code.load("i64", view, 8), block, 8)
    strides = code.load("ptr", code.at(view, str(_STRIDES), "i8"), 8)
    axes = code.load("i32", code.at(view, str(_NDIM), "i8"), 4)
    down = code.load("i64", strides, 8)
    last = code.let(f"select i1 {code.let(f'icmp sgt i32 {axes}, 1')}, i64 1, i64 0")
    code.store("i64", down, code.at(block, "1", "i64"), 8)
    code.store("i64", code.load("i64", code.at(strides, last, "i64"), 8), code.at(block, "2", "i64"), 8)


def _release(code: Code, views: str, taken: str) -> None:
    with code.loop(code.load("i64", taken, 8)) as k:
        code.do(f"call void @PyBuffer_Release(ptr {code.at(views, code.mul(k, _VIEW), 'i8')})")
