"""Small programs on numbers as functions that Python calls directly: numbers in, a value and a tuple out."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from ..program import Program
from . import capi
from .llvm.arithmetic import LanesArithmetic
from .llvm.code import Code, Kind
from .llvm.jit import Jit
from .llvm.lanes import Lanes, Mask
from .region.whole import name_of

_DOUBLE: Final = Kind("double", 1)


def entry(
    program: Program, sources: Sequence[int], form: str, jit: Jit
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A maker of functions of the inputs that return the value, and the derivatives with respect to the sources.

    It takes the function to call instead if an argument is not a float, if a branch goes the other way, or if the value
    is not finite.

    Args:
        program, sources: as for `executors.made`.
        form: "value" for only the value, "single" for one derivative without a tuple, "several" for a tuple of them.
        jit: compiles its code.
    """
    name = f"entry_{form}_{name_of(program, sources, _DOUBLE)}"
    capi.register()
    (address,), (held,) = jit.load({name: partial(_text, name, program, sources, form)})
    return lambda otherwise: capi.function(address, otherwise, held)


def _text(name: str, program: Program, sources: Sequence[int], form: str, needs: dict[str, str]) -> str:
    capi.declare(needs)
    code = Code(needs)
    m = LanesArithmetic(code, _DOUBLE)
    others = code.let(f"icmp ne i64 %count, {program.inputs}")
    with code.when(code.let(f"or i1 {others}, {code.let('icmp ne ptr %names, null')}")):
        _otherwise(code)
    leaves = [_number(code, k) for k in range(program.inputs)]
    numbers = program.evaluated(m, leaves)
    for guard in program.guards:
        truth = numbers[guard.node]
        truth = truth if isinstance(truth, Mask) else m.lift(truth) != 0.0
        with code.when((~truth if guard.outcome else truth).name):
            _otherwise(code)
    result = m.lift(numbers[program.result])
    with code.when(
        (result - result != 0.0).name
    ):  # inf or nan: floats may raise there, and the function may catch the error
        _otherwise(code)
    if form == "value":
        return capi.method(name, form, code, _object(code, result))
    adjoints = program.swept(m, numbers, sources, {program.result: m.lift(1.0)})
    value = _object(code, result)
    slopes = [_object(code, m.lift(adjoints.get(slot, 0.0))) for slot in sources]
    pair = _tuple(code, [value, slopes[0] if form == "single" else _tuple(code, slopes)])
    return capi.method(name, "value_and_grad", code, pair)


def _otherwise(code: Code) -> None:
    """Call self."""
    result = code.let("call ptr @PyObject_Vectorcall(ptr %self, ptr %arguments, i64 %count, ptr %names)")
    code.leave(f"ptr {result}")


def _number(code: Code, k: int) -> Lanes:
    """The k-th argument, which must be a float; the long way handles other types, such as a Fraction.

    No method of the argument is called, because it might raise: the number of a float, or of an instance of a subclass,
    is read directly.
    """
    given = capi.argument(code, str(k))
    is_float = code.let(f"call i32 @PyType_IsSubtype(ptr {capi.type_of(code, given)}, ptr @object_float)")
    with code.when(code.let(f"icmp eq i32 {is_float}, 0")):
        _otherwise(code)
    return Lanes(code, _DOUBLE, code.let(f"call double @PyFloat_AsDouble(ptr {given})"))


def _object(code: Code, x: Lanes) -> str:
    """A number as a Python object."""
    return capi.made(code, f"call ptr @PyFloat_FromDouble(double {x.name})")


def _tuple(code: Code, items: Sequence[str]) -> str:
    made = capi.made(code, f"call ptr @PyTuple_New(i64 {len(items)})")
    for k, item in enumerate(items):
        code.let(f"call i32 @PyTuple_SetItem(ptr {made}, i64 {k}, ptr {item})")
    return made
