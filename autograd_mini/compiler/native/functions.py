"""The functions of the table in LLVM code: polynomials where they are often needed, else C's, called for each lane."""

from functools import partial, reduce
from typing import Final

from .ir import Code, Kind
from .lane import Lanes
from .polynomials import POLYNOMIALS

_INTRINSIC: Final = {"sqrt": "sqrt", "copysign": "copysign"}
# Polynomials for one number too: C hasn't the first, and takes ten times as long for the next as for exp.
_ALWAYS_POLYNOMIALS: Final = ("gaussian", "tanh", "sin", "cos")
_WHOLE: Final = {"floor": "floor", "ceil": "ceil", "round": "roundeven"}  # to an int, which has no -0.0


def call(name: str, *xs: Lanes) -> Lanes:
    """The code of an operation that isn't an operator."""
    x = xs[0]
    if name in _INTRINSIC:
        return x.function(_INTRINSIC[name], *xs[1:])
    if name in _WHOLE:
        return x.function(_WHOLE[name]) + 0.0
    if x.kind.scalar == "float":
        return _converted(call(name, *[_converted(y, "double", "fpext") for y in xs]), "float", "fptrunc")
    if name == "hypot":
        return reduce(partial(_called, name), xs) if len(xs) > 1 else abs(x)
    return _called("pow" if name == "powi" else name, *xs)


def _converted(x: Lanes, scalar: str, how: str) -> Lanes:
    kind = Kind(scalar, x.kind.width)
    return Lanes(x.code, kind, x.code.let(f"{how} {x.kind.text} {x.name} to {kind.text}"))


def _called(name: str, *xs: Lanes) -> Lanes:
    """A call of the function, defined in the module for as many lanes."""
    code, kind = xs[0].code, xs[0].kind
    given = ", ".join([f"{kind.text} {x.name}" for x in xs])
    types = ", ".join([kind.text] * len(xs))
    if kind.width == 1 and name not in _ALWAYS_POLYNOMIALS:
        c_name = name.removeprefix("each_")
        return Lanes(code, kind, code.call(kind.text, c_name, given, f"declare double @{c_name}({types})"))
    own = f"{name}.{kind.width}"
    if own not in code.needs:
        code.needs[own] = ""  # the place where it will stand
        code.needs[own] = _defined(name, own, len(xs), kind, code.needs)
    return Lanes(code, kind, code.let(f"call {kind.text} @{own}({given})"))


def _defined(name: str, own: str, arity: int, kind: Kind, needs: dict[str, str]) -> str:
    code = Code(needs)
    xs = [Lanes(code, kind, f"%x{i}") for i in range(arity)]
    c_name = name.removeprefix("each_")
    inlined = name in POLYNOMIALS
    result = _polynomial(name, *xs) if inlined else each_lane(c_name, *xs)
    head = f"internal {kind.text} @{own}({', '.join([f'{kind.text} {x.name}' for x in xs])})"
    return code.function(head, f"{kind.text} {result.name}", "#1" if inlined else "#2")


def _polynomial(name: str, *xs: Lanes) -> Lanes:
    """The polynomial, and C's function in lanes where it doesn't hold."""
    code, kind = xs[0].code, xs[0].kind
    formula, domain = POLYNOMIALS[name]
    y = formula(*xs)
    if domain is None:
        return y
    outside = ~domain(*xs)
    place = code.place(kind.text)
    code.store(kind.text, y.name, place, 64)
    with code.when(outside.any()):
        with_c = _called(f"each_{name}", *xs)
        code.store(kind.text, outside.chosen(with_c, y).name, place, 64)
    return Lanes(code, kind, code.load(kind.text, place, 64))


def each_lane(name: str, *xs: Lanes) -> Lanes:
    """C's function, lane by lane."""
    code, kind = xs[0].code, xs[0].kind
    code.needs[name] = f"declare double @{name}({', '.join(['double'] * len(xs))})"
    places = [code.place(kind.text) for _ in xs]
    for place, x in zip(places, xs):
        code.store(kind.text, x.name, place, 64)
    with code.loop(str(kind.width)) as lane:
        given = [code.load("double", code.at(place, lane, "double"), 8) for place in places]
        y = code.let(f"call double @{name}({', '.join([f'double {g}' for g in given])})")
        code.store("double", y, code.at(places[0], lane, "double"), 8)
    return Lanes(code, kind, code.load(kind.text, places[0], 64))
