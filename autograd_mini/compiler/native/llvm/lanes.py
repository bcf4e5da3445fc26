"""Numbers in LLVM code with Python's operators: evaluate a row of the rule table on them, and it writes its code.

>>> code = Code({})
>>> x = Lanes(code, Kind("double", 1), "%x")
>>> (x * x + 1.0).name
'%t2'
>>> print(code.function("double @f(double %x)", "double %t2"))
define double @f(double %x) #0 {
  entry:
  br label %begin
  begin:
  %t1 = fmul double %x, %x
  %t2 = fadd double %t1, 0x3FF0000000000000
  ret double %t2
}
<BLANKLINE>
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from ....arithmetic import Operators
from .code import Code, Kind

SHORT_POWERS: Final = (0.0, 1.0, 2.0, 3.0)  # made by multiplication
_INSTRUCTIONS: Final = {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv", "neg": "fneg"}
_COMPARISONS: Final = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}


class Lanes(Operators):
    """A number for each lane."""

    __slots__ = ("code", "kind", "name")

    def __init__(self, code: Code, kind: Kind, name: str) -> None:
        self.code, self.kind, self.name = code, kind, name

    def operate(self, name: str, *args: Any) -> Any:
        """The result of an operation."""
        if name == "pow":
            return self._power(args[1])
        if name == "abs":
            return self.function("fabs")
        operands = ", ".join([self.lift(x).name for x in args])
        if name in _COMPARISONS:
            return Mask(self.code, self.kind, self.code.let(f"fcmp {_COMPARISONS[name]} {self.kind.text} {operands}"))
        return self.like(f"{_INSTRUCTIONS[name]} {self.kind.text} {operands}")

    def _power(self, n: Any) -> Any:
        """A power; small whole exponents by multiplication, if that is as exact."""
        if isinstance(n, Lanes) or n not in SHORT_POWERS:
            return c_function("pow", self, self.lift(n))
        result: Any = 1.0
        for k in range(int(n)):
            result = result * self if k else self
        return result

    def like(self, text: str) -> "Lanes":
        """The result of an instruction of the same type."""
        return Lanes(self.code, self.kind, self.code.let(text))

    def lift(self, x: Any) -> "Lanes":
        """x as lanes: a constant or a condition, 1 where it holds."""
        if isinstance(x, Lanes):
            return x
        if isinstance(x, Mask):
            return x.chosen(1.0, 0.0)
        return Lanes(self.code, self.kind, self.kind.number(float(x)))

    def function(self, name: str, *more: Any) -> "Lanes":
        """One of LLVM's own functions of this and others."""
        xs = [self, *[self.lift(x) for x in more]]
        kind = self.kind
        result = self.code.intrinsic(kind.text, f"{name}.{kind.suffix}", *[(kind.text, x.name) for x in xs])
        return Lanes(self.code, kind, result)

    def fma(self, y: Any, z: Any) -> "Lanes":
        """self · y + z, rounded once."""
        return self.function("fma", y, z)

    def equals(self, other: Any) -> "Mask":
        """A mask: the lanes in which both are the same number."""
        condition: Mask = self.operate("eq", self, other)
        return condition


class Mask(Operators):
    """A condition for each lane of numbers of a kind."""

    __slots__ = ("code", "kind", "name")

    def __init__(self, code: Code, kind: Kind, name: str) -> None:
        self.code, self.kind, self.name = code, kind, name

    def operate(self, name: str, *args: Any) -> "Mask":
        """Two conditions together."""
        instruction = {"and_": "and", "or_": "or"}[name]
        operands = ", ".join([x.name for x in args])
        return Mask(self.code, self.kind, self.code.let(f"{instruction} {self.kind.mask} {operands}"))

    def chosen(self, a: Any, b: Any) -> Lanes:
        """In each lane a if the condition is true, else b."""
        lift = Lanes(self.code, self.kind, "").lift
        a, b, kind = lift(a), lift(b), self.kind
        name = self.code.let(f"select {kind.mask} {self.name}, {kind.text} {a.name}, {kind.text} {b.name}")
        return Lanes(self.code, kind, name)

    def any(self) -> str:
        """Whether it holds in a lane, as a condition of one."""
        if self.kind.width == 1:
            return self.name
        reduce = f"vector.reduce.or.v{self.kind.width}i1"
        return self.code.intrinsic("i1", reduce, (self.kind.mask, self.name))

    def __invert__(self) -> "Mask":
        ones = self.kind.splat("i1", "true")
        return Mask(self.code, self.kind, self.code.let(f"xor {self.kind.mask} {self.name}, {ones}"))


class Place:
    """The place of lanes: an address, or a variable of the function, which LLVM keeps in a register."""

    def __init__(self, code: Code, kind: Kind, x: Any = None, address: str = "") -> None:
        self.code, self.kind, self.name = code, kind, address or code.place(kind.text)
        self.align = kind.size if address else 64
        if x is not None:
            self.set(x)

    def get(self) -> Lanes:
        """The current lanes."""
        return Lanes(self.code, self.kind, self.code.load(self.kind.text, self.name, self.align))

    def set(self, x: Any) -> None:
        """Set the lanes."""
        x = Lanes(self.code, self.kind, "").lift(x)
        self.code.store(self.kind.text, x.name, self.name, self.align)

    def add(self, x: Any) -> None:
        """Add to them."""
        self.set(self.get() + x)


def splat(code: Code, kind: Kind, scalar: str) -> str:
    """A scalar in every lane."""
    if kind.width == 1:
        return scalar
    first = code.let(f"insertelement {kind.text} poison, {kind.scalar} {scalar}, i64 0")
    zeros = f"<{kind.width} x i32> zeroinitializer"
    return code.let(f"shufflevector {kind.text} {first}, {kind.text} poison, {zeros}")


def each_lane(kind: Kind) -> str:
    """The numbers of the lanes, from 0."""
    return f"<{', '.join([f'i64 {k}' for k in range(kind.width)])}>" if kind.width > 1 else "0"


def transposed(code: Code, kind: Kind, lines: Sequence[str]) -> list[str]:
    """Transpose as many vectors as they have lanes: the k-th result has lane k of all vectors."""
    lines, size = list(lines), kind.width
    for far in (2**n for n in range(size.bit_length() - 1)):
        for a in (k for k in range(size) if not k & far):  # two lines exchange what is off the diagonal
            pair = f"{kind.text} {lines[a]}, {kind.text} {lines[a + far]}"
            for at, turn in ((a, 0), (a + far, far)):
                order = ", ".join([f"i32 {turn + (size + k - far if k & far else k)}" for k in range(size)])
                lines[at] = code.let(f"shufflevector {pair}, {Kind('i32', size).text} <{order}>")
    return lines


def below(code: Code, kind: Kind, count: str) -> Mask:
    """Which lanes are below a number."""
    integers = Kind("i64", kind.width)
    comparison = f"icmp slt {integers.text} {each_lane(kind)}, {splat(code, integers, count)}"
    return Mask(code, kind, code.let(comparison))


def across(x: Lanes) -> str:
    """The sum of all lanes, a scalar: half to half, and so on, always in the same order."""
    return halved(x, 1).name


def halved(x: Lanes, width: int) -> Lanes:
    """The lanes added up, half to half, until there are so many."""
    code, kind = x.code, x.kind
    while kind.width > width:
        half = kind.wide(kind.width // 2)
        parts = []
        for first in (0, half.width):
            order = ", ".join([f"i32 {first + k}" for k in range(half.width)])
            text = f"shufflevector {kind.text} {x.name}, {kind.text} poison, <{half.width} x i32> <{order}>"
            if half.width == 1:
                text = f"extractelement {kind.text} {x.name}, i64 {first}"
            parts.append(Lanes(code, half, code.let(text)))
        x, kind = parts[0] + parts[1], half
    return x


# ---- functions of the C library, which take doubles ----


def c_function(name: str, *xs: Lanes) -> Lanes:
    """A function of the C library, in each lane."""
    return of_doubles(lambda *xs: _called(name, *xs), *xs)


def of_doubles(f: Callable[..., Lanes], *xs: Lanes) -> Lanes:
    """A function of doubles, called on lanes that may be floats."""
    if xs[0].kind.scalar == "double":
        return f(*xs)
    return _converted(f(*[_converted(x, "double", "fpext") for x in xs]), "float", "fptrunc")


def _converted(x: Lanes, scalar: str, how: str) -> Lanes:
    kind = Kind(scalar, x.kind.width)
    return Lanes(x.code, kind, x.code.let(f"{how} {x.kind.text} {x.name} to {kind.text}"))


def _called(name: str, *xs: Lanes) -> Lanes:
    code, kind = xs[0].code, xs[0].kind
    if kind.width > 1:
        return defined(f"each_{name}", lambda *xs: _each_lane(name, *xs), "#2", *xs)
    given = ", ".join([f"double {x.name}" for x in xs])
    declaration = f"declare double @{name}({', '.join(['double'] * len(xs))})"
    return Lanes(code, kind, code.call("double", name, given, declaration))


def defined(name: str, body: Callable[..., Lanes], attributes: str, *xs: Lanes) -> Lanes:
    """A call of a function that is defined in the module for this number of lanes."""
    code, kind = xs[0].code, xs[0].kind
    own, given = f"{name}.{kind.width}", ", ".join([f"{kind.text} {x.name}" for x in xs])
    if own not in code.needs:
        code.needs[own] = ""  # reserves its place
        inner = Code(code.needs)
        ys = [Lanes(inner, kind, f"%x{i}") for i in range(len(xs))]
        result = body(*ys)
        head = f"internal {kind.text} @{own}({', '.join([f'{kind.text} {y.name}' for y in ys])})"
        code.needs[own] = inner.function(head, f"{kind.text} {result.name}", attributes)
    return Lanes(code, kind, code.let(f"call {kind.text} @{own}({given})"))


def _each_lane(name: str, *xs: Lanes) -> Lanes:
    """The function of the C library, lane by lane."""
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
