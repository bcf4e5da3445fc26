"""Small programs of numbers as functions that Python calls without a detour: numbers in, a value and a tuple out.

They are made as C extensions make theirs, with METH_FASTCALL, and use nothing of Python but functions of its C API.
"""

import ctypes
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, Final

from ..program import Program
from . import total
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
    "PyErr_Clear": "void ()",
    "PyObject_Vectorcall": "ptr (ptr, ptr, i64, ptr)",
    "PyErr_BadArgument": "i32 ()",
    "PyLong_AsVoidPtr": "ptr (ptr)",
    "PyObject_Type": "ptr (ptr)",
    "Py_DecRef": "void (ptr)",
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


def entry(
    program: Program, sources: Sequence[int], single: bool, jit: Jit
) -> Callable[[Callable[..., Any] | None], Callable[..., tuple[float, Any]]]:
    """What makes a function of as many numbers as there are inputs: the value, and the derivatives by the sources.

    It is given what to call instead for anything else than numbers, and where a branch would be another; if that is
    None, TypeError is raised there.  A single derivative is given by itself, several in a tuple.
    """
    name = f"entry_{int(single)}_{name_of(program, sources, _DOUBLE)}"
    return _making(name, partial(_text, name, program, sources, single), jit)


def _making(name: str, write: Callable[..., str], jit: Jit) -> Callable[[Any], Callable[..., Any]]:
    """What makes functions of Python of this function of LLVM's, given its self."""
    for function in _API:
        add_symbol(function, ctypes.cast(getattr(ctypes.pythonapi, function), ctypes.c_void_p).value)
    add_symbol("PyFloat_Type", id(float))
    (address,) = jit.addresses({name: write})
    new, method = ctypes.pythonapi.PyCFunction_NewEx, _method(address)
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    return lambda self: new(method, None if self is None else id(self), None)


def _declare(needs: dict[str, str]) -> None:
    for function, signature in _API.items():
        result, arguments = signature.split(" ", 1)
        needs[function] = f"declare {result} @{function}{arguments}"


def _text(name: str, program: Program, sources: Sequence[int], single: bool, needs: dict[str, str]) -> str:
    _declare(needs)
    code = Code(needs)
    m = Arithmetic(code, _DOUBLE)
    with code.when(code.let(f"icmp ne i64 %count, {program.inputs}")):
        _otherwise(code)
    leaves = [_number(code, k) for k in range(program.inputs)]
    numbers = evaluated(program, m, leaves)
    for guard in program.guards:
        truth = numbers[guard.node]
        truth = truth if isinstance(truth, Mask) else m.lift(truth) != 0.0
        with code.when((~truth if guard.outcome else truth).name):
            _otherwise(code)
    adjoints = swept(program, sources, m, numbers, m.lift(1.0))
    value = _object(code, m.lift(numbers[program.result]))
    slopes = [_object(code, m.lift(adjoints.get(slot, 0.0))) for slot in sources]
    pair = _tuple(code, [value, slopes[0] if single else _tuple(code, slopes)])
    return code.function(f"ptr @{name}(ptr %self, ptr %arguments, i64 %count)", f"ptr {pair}")


def _refuse(code: Code) -> None:
    """Raise TypeError."""
    code.let("call i32 @PyErr_BadArgument()")
    code.leave("ptr null")


def _otherwise(code: Code) -> None:
    """Call self; raise TypeError if there is none."""
    with code.when(code.let("icmp ne ptr %self, null")):
        result = code.let("call ptr @PyObject_Vectorcall(ptr %self, ptr %arguments, i64 %count, ptr null)")
        code.leave(f"ptr {result}")
    _refuse(code)


def _number(code: Code, k: int) -> Lanes:
    """The k-th argument, which must be a float: what else can be made one, a Fraction say, the long way judges."""
    code.needs["PyFloat_Type"] = "@PyFloat_Type = external global i8"
    given = code.load("ptr", code.at("%arguments", str(k), "ptr"), 8)
    is_float = code.let(f"call i32 @PyObject_IsInstance(ptr {given}, ptr @PyFloat_Type)")
    with code.when(code.let(f"icmp ne i32 {is_float}, 1")):
        code.do("call void @PyErr_Clear()")  # of what its class, when asked for, may have raised
        _otherwise(code)
    x = Lanes(code, _DOUBLE, code.let(f"call double @PyFloat_AsDouble(ptr {given})"))
    with code.when((x == -1.0).name):
        error = code.let("call ptr @PyErr_Occurred()")
        with code.when(code.let(f"icmp ne ptr {error}, null")):
            code.do("call void @PyErr_Clear()")
            _otherwise(code)
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
_NDIM, _FORMAT, _SHAPE, _STRIDES = 36, 40, 48, 56  # and where it has these
_PYBUF_RECORDS_RO: Final = 0x1C


def runner(jit: Jit) -> Callable[..., Any]:
    """A function of the address of a call and arrays: it enters where these are in the call's blocks, and runs it.

    Other threads of Python run meanwhile.
    """
    return _making("run_call", _runner, jit)(None)


def quick_runner(jit: Jit) -> Callable[..., Any]:
    """The same for arrays as the caller of a compiled function has them, which are checked.

    It is given the type that arrays must have, the address of a call, the number of samples, the adjoint of the result,
    the arrays' axes, and the arrays.  The axes are two bits for each: 0 if it is a matrix of numbers by samples of our
    own, else how many it has, of which the first is that of the samples where there are two.

    It returns the sum of the results, and raises TypeError if an array is of another type or shape, or has other
    numbers.
    """
    return _making("run_call_quickly", _quick_runner, jit)(None)


def _runner(needs: dict[str, str]) -> str:
    _declare(needs)
    code = Code(needs)
    call = _address(code, 0)

    def enter(k: str, given: str, block: str, view: str) -> str:
        del k, given
        _enter(code, block, view, False)
        return "false"

    _run(code, call, 1, enter)
    done = code.let("call ptr @PyBool_FromLong(i64 1)")
    return code.function("ptr @run_call(ptr %self, ptr %arguments, i64 %count)", f"ptr {done}")


def _quick_runner(needs: dict[str, str]) -> str:
    _declare(needs)
    code = Code(needs)
    code.needs["total_double"], code.needs["total_float"] = [total.text(x, needs) for x in ("double", "float")]
    wanted, call, n, axes = _argument(code, "0"), _address(code, 1), _integer(code, 2), _integer(code, 4)
    seed = code.let(f"call double @PyFloat_AsDouble(ptr {_argument(code, '3')})")
    for field, type_, x in (
        (Call.FIRST, "i64", "0"),
        (Call.END, "i64", n),
        (Call.BACK, "i64", "1"),
        (Call.SEED, "double", seed),
    ):
        code.store(type_, x, code.at(call, str(int(field)), "i64"), 8)

    def enter(k: str, given: str, block: str, view: str) -> str:
        own = code.let(f"and i64 {code.let(f'lshr i64 {axes}, {code.mul(k, 2)}')}, 3")
        is_theirs = code.let(f"icmp ne i64 {own}, 0")
        wrong = code.place("i1")
        code.store("i1", "false", wrong, 1)
        with code.when(is_theirs):
            _enter(code, block, view, True)
            code.store("i1", _differs(code, wanted, given, call, block, view, own), wrong, 1)
        with code.when(code.let(f"xor i1 {is_theirs}, true")):
            _enter(code, block, view, False)
        return code.load("i1", wrong, 1)

    _run(code, call, 5, enter)
    results = code.pointer(code.pointer(call, Call.BLOCKS_OUT), 0)
    is_double = code.let(f"icmp eq i64 {code.field(call, Call.FORMAT)}, {ord('d')}")
    sum_ = code.let(f"select i1 {is_double}, ptr @total_double, ptr @total_float")
    sum_of_all = _object(code, Lanes(code, _DOUBLE, code.let(f"call double {sum_}(ptr {results}, i64 {n})")))
    return code.function("ptr @run_call_quickly(ptr %self, ptr %arguments, i64 %count)", f"ptr {sum_of_all}")


def _argument(code: Code, k: str) -> str:
    return code.load("ptr", code.at("%arguments", k, "ptr"), 8)


def _address(code: Code, k: int) -> str:
    return code.let(f"call ptr @PyLong_AsVoidPtr(ptr {_argument(code, str(k))})")


def _integer(code: Code, k: int) -> str:
    return code.let(f"ptrtoint ptr {_address(code, k)} to i64")


def _run(code: Code, call: str, first: int, enter: Callable[[str, str, str, str], str]) -> None:
    """Enter the arrays from the first argument that is one on, and run the machine."""
    arrays = code.let(f"sub i64 %count, {first}")
    views = code.let(f"alloca i8, i64 {code.mul(arrays, _VIEW)}, align 16")
    taken = code.place("i64")
    code.store("i64", "0", taken, 8)
    with code.loop(arrays) as k:
        given = _argument(code, code.add(k, first))
        view = code.at(views, code.mul(k, _VIEW), "i8")
        failed = code.let(f"call i32 @PyObject_GetBuffer(ptr {given}, ptr {view}, i32 {_PYBUF_RECORDS_RO})")
        with code.when(code.let(f"icmp ne i32 {failed}, 0")):
            _release(code, views, taken)
            code.leave("ptr null")
        code.store("i64", code.add(k, 1), taken, 8)
        with code.when(enter(k, given, code.at(call, code.add(code.mul(k, BLOCK), len(Call)), "i64"), view)):
            _release(code, views, taken)
            _refuse(code)
    thread = code.let("call ptr @PyEval_SaveThread()")
    code.do(f"call void {code.pointer(call, Call.MACHINE)}(ptr {call})")
    code.do(f"call void @PyEval_RestoreThread(ptr {thread})")
    _release(code, views, taken)


def _enter(code: Code, block: str, view: str, samples_first: bool) -> None:
    """Address and strides of an array; of one with one axis the stride stands for both."""
    code.store("i64", code.load("i64", view, 8), block, 8)
    strides, last = code.load("ptr", code.at(view, str(_STRIDES), "i8"), 8), _last_axis(code, view)
    by_axis = code.load("i64", strides, 8), code.load("i64", code.at(strides, last, "i64"), 8)
    for field, stride in zip(("2", "1") if samples_first else ("1", "2"), by_axis):
        code.store("i64", stride, code.at(block, field, "i64"), 8)


def _last_axis(code: Code, view: str) -> str:
    axes = code.load("i32", code.at(view, str(_NDIM), "i8"), 4)
    return code.let(f"select i1 {code.let(f'icmp sgt i32 {axes}, 1')}, i64 1, i64 0")


def _differs(code: Code, wanted: str, given: str, call: str, block: str, view: str, axes: str) -> str:
    """Whether an array is not of the type, the axes, the kind of numbers or the size that it should be of."""
    type_ = code.let(f"call ptr @PyObject_Type(ptr {given})")
    code.do(f"call void @Py_DecRef(ptr {type_})")
    has = code.let(f"zext i32 {code.load('i32', code.at(view, str(_NDIM), 'i8'), 4)} to i64")
    format_ = code.load("i16", code.load("ptr", code.at(view, str(_FORMAT), "i8"), 8), 1)
    shape = code.load("ptr", code.at(view, str(_SHAPE), "i8"), 8)
    first = code.load("i64", shape, 8)
    last = code.load("i64", code.at(shape, _last_axis(code, view), "i64"), 8)
    n, rows = code.field(call, Call.END), code.field(block, 3)
    two = code.let(f"icmp eq i64 {axes}, 2")
    alone = code.let(f"mul i64 {n}, {rows}")  # one axis is of samples or of numbers, and there is one of the other
    differences = [
        code.let(f"icmp ne ptr {type_}, {wanted}"),
        code.let(f"icmp ne i64 {has}, {axes}"),
        code.let(f"icmp ne i16 {format_}, {code.let(f'trunc i64 {code.field(call, Call.FORMAT)} to i16')}"),
        code.let(f"icmp ne i64 {first}, {code.let(f'select i1 {two}, i64 {n}, i64 {alone}')}"),
        code.let(f"icmp ne i64 {last}, {code.let(f'select i1 {two}, i64 {rows}, i64 {alone}')}"),
    ]
    return reduce(lambda a, b: code.let(f"or i1 {a}, {b}"), differences)


def _release(code: Code, views: str, taken: str) -> None:
    with code.loop(code.load("i64", taken, 8)) as k:
        code.do(f"call void @PyBuffer_Release(ptr {code.at(views, code.mul(k, _VIEW), 'i8')})")
