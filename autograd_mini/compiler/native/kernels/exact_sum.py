"""The sum of an array, as if it were added up in twice as many bits.

A second number keeps the rounding errors of the sum (Knuth, TAOCP 4.2.2, theorem B), so it hardly depends on the order.
"""

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from ..llvm.code import Code, Kind
from ..llvm.jit import Jit
from ..llvm.lanes import Lanes, Place, across

_WIDE: Final = Kind("double", 8)


class _Sum:
    """A partial sum and its rounding errors, in each lane."""

    def __init__(self, code: Code, kind: Kind) -> None:
        self.sum, self.lost = Place(code, kind, -0.0), Place(code, kind, -0.0)

    def add(self, x: Lanes) -> None:
        """Add a number."""
        before = self.sum.get()
        after = before + x
        back = after - before
        self.lost.add((before - (after - back)) + (x - back))
        self.sum.set(after)


def text(scalar: str, needs: dict[str, str]) -> str:
    """The function: the sum of n numbers of a type from an address on."""
    code, one = Code(needs), Kind("double", 1)

    def number(kind: Kind, i: str) -> Lanes:
        given = Kind(scalar, kind.width)
        x = code.load(given.text, code.at("%x", i, scalar), given.size)
        return Lanes(code, kind, x if scalar == "double" else code.let(f"fpext {given.text} {x} to {kind.text}"))

    many, rest = _Sum(code, _WIDE), _Sum(code, one)
    whole = code.let("and i64 %n, -8")
    with code.loop(whole, step=8) as i:
        many.add(number(_WIDE, i))
    with code.loop("%n", whole) as i:
        rest.add(number(one, i))
    with code.loop("8") as lane:
        rest.add(Lanes(code, one, code.load("double", code.at(many.sum.name, lane, "double"), 8)))
    sum_, lost = rest.sum.get(), rest.lost.get() + Lanes(code, one, across(many.lost.get()))
    exact = (abs(lost) > 0.0).chosen(sum_ + lost, sum_)  # the error of an infinite sum is nan; and −0 stays
    return code.function(f"double @total_{scalar}(ptr %x, i64 %n)", f"double {exact.name}")


def total(jit: Jit, scalar: str) -> Callable[[Any], float]:
    """The function for arrays without gaps."""
    (address,) = jit.addresses({f"total_{scalar}": partial(text, scalar)})
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_int64)(address)
    return lambda array: function(array.ctypes.data, len(array))
