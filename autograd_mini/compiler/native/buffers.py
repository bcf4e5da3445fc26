"""Calls of the machine on arrays: writes their addresses to the call's blocks, and runs the machine.

All arrays reach machine code through this module.  Before a byte is read, each array is checked: it must be a NumPy
array itself, with one or two axes, and aligned numbers of the program's type in the machine's byte order.  It must have
as many numbers as the block says, and be writable if results go there.  A caller may pass anything; an unsuitable
object raises a TypeError here, and then the long way reads it.

Other Python threads run meanwhile.  If kernels in Python raise, the exception stays pending in this thread until the
machine has ended, and is raised then (`callbacks`).
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from . import capi
from .kernels import exact_sum as total
from .llvm.code import Code
from .llvm.jit import Jit, add_symbol
from .machine import BLOCK, Call

# A Py_buffer, which is part of the stable ABI: its size, and the offsets of its fields.
_VIEW: Final = 80
_ITEMSIZE, _NDIM, _FORMAT, _SHAPE, _STRIDES = 24, 36, 40, 48, 56
_RECORDS_RO: Final = 0x1C  # with its format and strides
_RECORDS: Final = 0x1D  # the same, writable
_BEFORE: Final = 6  # arguments of `runner` before the arrays
_WRONG: Final = "an array that a compiled program was given has another type, shape or place than it must have"


def runner(jit: Jit) -> Callable[..., float]:
    """A function that writes arrays to the blocks of a call, and runs it.

    It takes the address of the call, the first sample and the end of its samples, how many samples the arrays have, the
    adjoint of the result, the arrays' axes, and the arrays; without arrays for derivatives, these are not computed.
    The axes are two bits for each array: 0 for one of ours, rows by samples; 1 for one with one axis; 2 for one of the
    caller's, samples by rows.  It returns the sum of the results.
    """
    capi.register()
    add_symbol("object_ndarray", id(np.ndarray))
    wanted = {"run_call": _runner}
    jit.addresses(wanted)  # which stays: it serves all programs
    (address,), (held,) = jit.load(wanted)
    return capi.function(address, None, held)


def _runner(needs: dict[str, str]) -> str:
    code = _begun(needs)
    needs["total_double"], needs["total_float"] = [total.text(x, needs) for x in ("double", "float")]
    with code.when(code.let(f"icmp slt i64 %count, {_BEFORE}")):
        capi.refuse(code, _WRONG)
    call, first, end, samples, axes = _address(code, 0), *[_integer(code, k) for k in (1, 2, 3, 5)]
    seed = code.let(f"call double @PyFloat_AsDouble(ptr {capi.argument(code, '4')})")
    least = code.add(code.field(call, Call.BLOCKS_IN_COUNT), _BEFORE + 1)
    back = code.let(f"zext i1 {code.let(f'icmp sgt i64 %count, {least}')} to i64")
    for field, type_, x in (
        (Call.FIRST, "i64", first),
        (Call.END, "i64", end),
        (Call.SAMPLES, "i64", samples),
        (Call.BACK, "i64", back),
        (Call.SEED, "double", seed),
    ):
        code.store(type_, x, code.at(call, str(int(field)), "i64"), 8)
    _run(code, call, axes)
    is_double = _is_double(code, call)
    sum_ = code.let(f"select i1 {is_double}, ptr @total_double, ptr @total_float")
    before = code.mul(first, code.let(f"select i1 {is_double}, i64 8, i64 4"))
    results = code.at(code.pointer(code.pointer(call, Call.BLOCKS_OUT), 0), before, "i8")
    count = code.let(f"sub i64 {end}, {first}")
    sum_of_all = code.let(f"call double {sum_}(ptr {results}, i64 {count})")
    given = capi.made(code, f"call ptr @PyFloat_FromDouble(double {sum_of_all})")
    return "\n".join([_fits(needs), capi.method("run_call", "run", code, given)])


def _begun(needs: dict[str, str]) -> Code:
    capi.declare(needs)
    needs["object_ndarray"] = "@object_ndarray = external global i8"
    return Code(needs)


def _address(code: Code, k: int) -> str:
    return code.let(f"call ptr @PyLong_AsVoidPtr(ptr {capi.argument(code, str(k))})")


def _integer(code: Code, k: int) -> str:
    return code.let(f"ptrtoint ptr {_address(code, k)} to i64")


def _is_double(code: Code, call: str) -> str:
    return code.let(f"icmp eq i64 {code.field(call, Call.FORMAT)}, {ord('d')}")


def _run(code: Code, call: str, axes: str) -> None:
    """Write the arrays to the blocks, and run the machine."""
    arrays = code.let(f"sub i64 %count, {_BEFORE}")
    ins = code.field(call, Call.BLOCKS_IN_COUNT)
    by_parameters = code.let(f"icmp ne i64 {code.field(call, Call.BY_PARAMETERS)}, 0")
    back = code.let(f"select i1 {by_parameters}, i64 1, i64 {code.field(call, Call.BLOCKS_BACK_COUNT)}")
    expected = code.add(code.add(ins, 1), code.mul(back, code.field(call, Call.BACK)))
    with code.when(code.let(f"icmp ne i64 {arrays}, {expected}")):
        capi.refuse(code, _WRONG)
    views = code.let(f"alloca i8, i64 {code.mul(arrays, _VIEW)}, align 16")
    taken = code.place("i64")
    code.store("i64", "0", taken, 8)
    with code.loop(arrays) as k:
        given, view = capi.argument(code, code.add(k, _BEFORE)), code.at(views, code.mul(k, _VIEW), "i8")
        with code.when(code.let(f"icmp ne ptr {capi.type_of(code, given)}, @object_ndarray")):
            _release(code, views, taken)
            capi.refuse(code, _WRONG)
        is_in = code.let(f"icmp slt i64 {k}, {ins}")
        flags = code.let(f"select i1 {is_in}, i32 {_RECORDS_RO}, i32 {_RECORDS}")
        failed = code.let(f"call i32 @PyObject_GetBuffer(ptr {given}, ptr {view}, i32 {flags})")
        with code.when(code.let(f"icmp ne i32 {failed}, 0")):
            _release(code, views, taken)
            code.leave("ptr null")
        code.store("i64", code.add(k, 1), taken, 8)
        fits = _fits_call(code, call, k, view, code.let(f"icmp sgt i64 {k}, {ins}"), by_parameters, axes)
        with code.when(code.let(f"xor i1 {fits}, true")):
            _release(code, views, taken)
            capi.refuse(code, _WRONG)
    thread = code.let("call ptr @PyEval_SaveThread()")
    code.do(f"call void {code.pointer(call, Call.MACHINE)}(ptr {call})")
    code.do(f"call void @PyEval_RestoreThread(ptr {thread})")
    _release(code, views, taken)
    raised = code.let("call ptr @PyErr_Occurred()")
    with code.when(code.let(f"icmp ne ptr {raised}, null")):
        code.leave("ptr null")


def _fits_call(code: Code, call: str, k: str, view: str, is_back: str, by_parameters: str, axes: str) -> str:
    """Whether the k-th array fits its block; derivatives with respect to parameters, and results, are dense."""
    block = code.at(call, code.add(code.mul(k, BLOCK), len(Call)), "i64")
    by_them = code.let(f"and i1 {is_back}, {by_parameters}")
    samples = code.let(f"select i1 {by_them}, i64 1, i64 {code.field(call, Call.SAMPLES)}")
    own = code.let(f"and i64 {code.let(f'lshr i64 {axes}, {code.mul(k, 2)}')}, 3")
    is_result = code.let(f"icmp eq i64 {k}, {code.field(call, Call.BLOCKS_IN_COUNT)}")
    dense = code.let(f"or i1 {by_them}, {is_result}")
    letter = code.let(f"trunc i64 {code.field(call, Call.FORMAT)} to i8")
    size = code.let(f"select i1 {_is_double(code, call)}, i64 8, i64 4")
    given = f"ptr {view}, ptr {block}, i64 {own}, i64 {samples}, i8 {letter}, i64 {size}, i1 {dense}"
    return code.let(f"call i1 @array_fits({given})")


def _fits(needs: dict[str, str]) -> str:
    """A function that checks an array, and writes to its block the address, and the steps from row to row and from
    sample to sample.

    The array has `samples` samples, with as many rows as the block says: two axes in that order if `axes` is 2, else
    the other way round; one axis if there is one sample, or one row.  Steps along an axis with one entry don't matter.
    """
    code = Code(needs)

    def require(condition: str) -> None:
        with code.when(code.let(f"xor i1 {condition}, true")):
            code.leave("i1 false")

    def word(at: int, type_: str = "i64") -> str:
        return code.load(type_, code.at("%view", str(at), "i8"), 8 if type_ != "i32" else 4)

    has = code.let(f"zext i32 {word(_NDIM, 'i32')} to i64")  # an array without axes has no shape and no strides
    is_two = code.let(f"icmp eq i64 {has}, 2")
    require(code.let(f"or i1 {is_two}, {code.let(f'icmp eq i64 {has}, 1')}"))
    require(code.let(f"or i1 {code.let('icmp eq i64 %axes, 0')}, {code.let(f'icmp eq i64 %axes, {has}')}"))
    require(code.let(f"icmp eq i64 {word(_ITEMSIZE)}, %size"))
    format_ = word(_FORMAT, "ptr")
    require(code.let(f"icmp ne ptr {format_}, null"))
    require(code.let(f"icmp eq i8 {code.load('i8', format_, 1)}, %letter"))
    require(code.let(f"icmp eq i8 {code.load('i8', code.at(format_, '1', 'i8'), 1)}, 0"))
    shape, strides = word(_SHAPE, "ptr"), word(_STRIDES, "ptr")
    last = code.let(f"select i1 {is_two}, i64 1, i64 0")
    counts = [code.load("i64", code.at(shape, axis, "i64"), 8) for axis in ("0", last)]
    steps = [code.load("i64", code.at(strides, axis, "i64"), 8) for axis in ("0", last)]
    rows = code.field("%block", 3)
    swapped = code.let("icmp eq i64 %axes, 2")
    count_of_rows, count_of_samples = _ordered(code, swapped, counts)
    step_of_rows, step_of_samples = _ordered(code, swapped, steps)
    one_row, one_sample = code.let(f"icmp eq i64 {rows}, 1"), code.let("icmp eq i64 %samples, 1")
    same_rows = code.let(f"icmp eq i64 {count_of_rows}, {rows}")
    same_samples = code.let(f"icmp eq i64 {count_of_samples}, %samples")
    as_matrix = code.let(f"and i1 {same_rows}, {same_samples}")
    as_row, as_column = code.let(f"and i1 {one_row}, {same_samples}"), code.let(f"and i1 {one_sample}, {same_rows}")
    require(code.let(f"select i1 {is_two}, i1 {as_matrix}, i1 {code.let(f'or i1 {as_row}, {as_column}')}"))
    down = code.let(f"select i1 {one_row}, i64 %size, i64 {step_of_rows}")
    across = code.let(f"select i1 {one_sample}, i64 %size, i64 {step_of_samples}")
    base = word(0)
    together = code.let(f"or i64 {base}, {code.let(f'or i64 {down}, {across}')}")
    beyond = code.let(f"and i64 {together}, {code.add('%size', -1)}")
    require(code.let(f"icmp eq i64 {beyond}, 0"))
    side_by_side = code.let(f"icmp eq i64 {code.let(f'select i1 {one_sample}, i64 {down}, i64 {across}')}, %size")
    require(code.let(f"or i1 {code.let('xor i1 %dense, true')}, {side_by_side}"))
    for field, x in enumerate((base, down, across)):
        code.store("i64", x, code.at("%block", str(field), "i64"), 8)
    given = "ptr %view, ptr %block, i64 %axes, i64 %samples, i8 %letter, i64 %size, i1 %dense"
    return code.function(f"internal i1 @array_fits({given})", "i1 true")


def _ordered(code: Code, swapped: str, pair: list[str]) -> list[str]:
    """Properties of the first and the last axis, sorted into those of rows and those of samples."""
    first, last = pair
    ways = ((last, first), (first, last))
    return [code.let(f"select i1 {swapped}, i64 {theirs}, i64 {ours}") for theirs, ours in ways]


def _release(code: Code, views: str, taken: str) -> None:
    with code.loop(code.load("i64", taken, 8)) as k:
        code.do(f"call void @PyBuffer_Release(ptr {code.at(views, code.mul(k, _VIEW), 'i8')})")
