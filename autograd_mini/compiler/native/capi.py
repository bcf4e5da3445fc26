"""Python's C API for machine code: functions that Python calls, and the C functions that they call.

They are made as in C extensions, with METH_FASTCALL | METH_KEYWORDS.  Their PyMethodDef is stored with the code, and
freed with it.
"""

import ctypes
from collections.abc import Callable
from typing import Any, Final

from .llvm.code import Code
from .llvm.jit import Held, add_symbol

_METH_FASTCALL_KEYWORDS: Final = 0x82
_API: Final = {
    "PyFloat_AsDouble": "double (ptr)",
    "PyFloat_FromDouble": "ptr (double)",
    "PyType_IsSubtype": "i32 (ptr, ptr)",
    "PyTuple_New": "ptr (i64)",
    "PyTuple_SetItem": "i32 (ptr, i64, ptr)",
    "PyErr_Occurred": "ptr ()",
    "PyErr_SetString": "void (ptr, ptr)",
    "PyObject_Vectorcall": "ptr (ptr, ptr, i64, ptr)",
    "PyLong_AsVoidPtr": "ptr (ptr)",
    "PyLong_FromVoidPtr": "ptr (ptr)",
    "PyObject_Type": "ptr (ptr)",
    "Py_DecRef": "void (ptr)",
    "PyObject_GetBuffer": "i32 (ptr, ptr, i32)",
    "PyBuffer_Release": "void (ptr)",
    "PyEval_SaveThread": "ptr ()",
    "PyEval_RestoreThread": "void (ptr)",
    "PyGILState_Ensure": "i32 ()",
    "PyGILState_Release": "void (i32)",
    "PyBool_FromLong": "ptr (i64)",
}
_OBJECTS: Final = {"object_float": float, "object_TypeError": TypeError}


def register() -> None:
    """Tell LLVM the addresses of these functions."""
    for function in _API:
        add_symbol(function, ctypes.cast(getattr(ctypes.pythonapi, function), ctypes.c_void_p).value)
    for name, kind in _OBJECTS.items():
        add_symbol(name, id(kind))


def declare(needs: dict[str, str]) -> None:
    """Declare an object in a module."""
    for function, signature in _API.items():
        result, arguments = signature.split(" ", 1)
        needs[function] = f"declare {result} @{function}{arguments}"
    for name in _OBJECTS:
        needs[name] = f"@{name} = external global i8"


def method(name: str, shown: str, code: Code, result: str) -> str:
    """The text of a function for Python, where its name is `shown`; its symbol is its PyMethodDef."""
    body = code.function(
        f"internal ptr @{name}_call(ptr %self, ptr %arguments, i64 %count, ptr %names)", f"ptr {result}"
    )
    fields = f"{{ ptr @{name}_shown, ptr @{name}_call, i32 {_METH_FASTCALL_KEYWORDS}, ptr null }}"
    return (
        f'{body}\n@{name}_shown = internal constant [{len(shown) + 1} x i8] c"{shown}\\00"\n'
        f"@{name} = global {{ ptr, ptr, i32, ptr }} {fields}\n"
    )


def function(address: int, otherwise: Callable[..., Any] | None, held: Held | None) -> Callable[..., Any]:
    """A Python function of machine code.

    Args:
        address: the address of its PyMethodDef.
        otherwise: its `self`, which the code may call.
        held: keeps its code in memory.  The function refers to it as its module.  If another object of a cycle held it,
            the garbage collector could free the code before the function.
    """
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p] * 3
    made: Callable[..., Any] = new(address, *[None if x is None else id(x) for x in (otherwise, held)])
    return made


def refuse(code: Code, message: str) -> None:
    """Raise a TypeError; the message is the same everywhere in a module."""
    code.needs["refusal"] = f'@refusal = internal constant [{len(message) + 1} x i8] c"{message}\\00"'
    code.do("call void @PyErr_SetString(ptr @object_TypeError, ptr @refusal)")
    code.leave("ptr null")


def argument(code: Code, k: str) -> str:
    """The k-th argument."""
    return code.load("ptr", code.at("%arguments", k, "ptr"), 8)


def type_of(code: Code, x: str) -> str:
    """The class of an object, which lives as long as the object."""
    type_ = code.let(f"call ptr @PyObject_Type(ptr {x})")
    code.do(f"call void @Py_DecRef(ptr {type_})")
    return type_


def made(code: Code, call: str) -> str:
    """The object from a call; if there is no memory for it, the function ends."""
    new = code.let(call)
    with code.when(code.let(f"icmp eq ptr {new}, null")):
        code.leave("ptr null")
    return new
