"""Numbers in LLVM code with Python's operators, so that a row of the rule table that is read on them writes its code.

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
from functools import partial
from typing import Any, Final, NoReturn

from ...ieee import total
from ...rule import Rule
from ..graph import OPERATIONS
from .ir import Code, Kind

# Rules whose value on floats is Python's operators, and so is that of lanes.
_OPERATORS = ("add", "sub", "mul", "truediv", "neg", "abs", "powi", "sum", "mean", "prod", "chain")

SHORT_POWERS: Final = (0.0, 1.0, 2.0, 3.0)  # made by multiplication
CHAINS: Final = 4  # sums that a dot adds up side by side: one alone would wait for each addition


class Lanes:
    """A number for each lane."""

    __slots__ = ("code", "kind", "name")

    def __init__(self, code: Code, kind: Kind, name: str) -> None:
        self.code, self.kind, self.name = code, kind, name

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

    def _binary(self, name: str, a: Any, b: Any) -> "Lanes":
        return self.like(f"{name} {self.kind.text} {self.lift(a).name}, {self.lift(b).name}")

    def _compared(self, name: str, other: Any) -> "Mask":
        other = self.lift(other)
        return Mask(self.code, self.kind, self.code.let(f"fcmp {name} {self.kind.text} {self.name}, {other.name}"))

    def __add__(self, other: Any) -> "Lanes":
        return self._binary("fadd", self, other)

    def __radd__(self, other: Any) -> "Lanes":
        return self._binary("fadd", other, self)

    def __sub__(self, other: Any) -> "Lanes":
        return self._binary("fsub", self, other)

    def __rsub__(self, other: Any) -> "Lanes":
        return self._binary("fsub", other, self)

    def __mul__(self, other: Any) -> "Lanes":
        return self._binary("fmul", self, other)

    def __rmul__(self, other: Any) -> "Lanes":
        return self._binary("fmul", other, self)

    def __truediv__(self, other: Any) -> "Lanes":
        return self._binary("fdiv", self, other)

    def __rtruediv__(self, other: Any) -> "Lanes":
        return self._binary("fdiv", other, self)

    def __pow__(self, n: Any) -> Any:
        """A power; small whole ones by multiplication, where it is as exact."""
        if isinstance(n, Lanes) or n not in SHORT_POWERS:
            return Arithmetic(self.code, self.kind).pow(self, n)
        result: Any = 1.0
        for k in range(int(n)):
            result = result * self if k else self
        return result

    def __neg__(self) -> "Lanes":
        return self.like(f"fneg {self.kind.text} {self.name}")

    def __abs__(self) -> "Lanes":
        return self.function("fabs")

    def __lt__(self, other: Any) -> "Mask":
        return self._compared("olt", other)

    def __le__(self, other: Any) -> "Mask":
        return self._compared("ole", other)

    def __gt__(self, other: Any) -> "Mask":
        return self._compared("ogt", other)

    def __ge__(self, other: Any) -> "Mask":
        return self._compared("oge", other)

    def equals(self, other: Any) -> "Mask":
        """Where the two are the same number."""
        return self._compared("oeq", other)

    def __eq__(self, other: object) -> Any:
        return self.equals(other)

    def __ne__(self, other: object) -> Any:
        return self._compared("une", other)

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise TypeError("a rule asks nothing its truth: it chooses by m.where(condition, a, b)")


class Mask:
    """A condition for each lane of numbers of a kind."""

    __slots__ = ("code", "kind", "name")

    def __init__(self, code: Code, kind: Kind, name: str) -> None:
        self.code, self.kind, self.name = code, kind, name

    def chosen(self, a: Any, b: Any) -> Lanes:
        """a where it holds, else b."""
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

    def _binary(self, name: str, other: "Mask") -> "Mask":
        return Mask(self.code, self.kind, self.code.let(f"{name} {self.kind.mask} {self.name}, {other.name}"))

    def __and__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return self if other else False
        return self._binary("and", other)

    def __or__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return True if other else self
        return self._binary("or", other)

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> "Mask":
        ones = self.kind.splat("i1", "true")
        return Mask(self.code, self.kind, self.code.let(f"xor {self.kind.mask} {self.name}, {ones}"))

    def __bool__(self) -> NoReturn:
        raise TypeError("a rule asks nothing its truth: it chooses by m.where(condition, a, b)")


class Arithmetic:
    """What a row has for its m: every operation by its name, `where` and `stop_gradient`."""

    def __init__(self, code: Code, kind: Kind) -> None:
        self.code, self.kind = code, kind

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in OPERATIONS:
            raise AttributeError(f"there is no operation {name!r}", name=name, obj=self)
        return partial(self.value, OPERATIONS[name])

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """The choice; of a condition known already the one or the other."""
        if isinstance(condition, Lanes):
            condition = condition != 0.0
        if isinstance(condition, Mask):
            return condition.chosen(a, b)
        return a if condition else b

    @staticmethod
    def stop_gradient(x: Any) -> Any:
        """x itself: no derivative is taken of code."""
        return x

    def value(self, rule: Rule, *xs: Any) -> Any:
        """The code of an operation."""
        if not any(isinstance(x, (Lanes, Mask)) for x in xs):
            return _constant(rule, *xs)
        if rule.formula is not None and rule.name != "gaussian":  # which is one function for lanes
            return rule.formula(self, *xs)
        if rule.name == "where":
            return self.where(*xs)
        if rule.name in ("pos", "sloped"):
            return xs[0]
        lanes = [self.lift(x) for x in xs]
        if rule.name == "powi" and not isinstance(xs[1], Lanes):
            return lanes[0] ** xs[1]
        if rule.name in _OPERATORS:
            return rule.f(*lanes)
        if rule.name == "dot":
            return _dot(*lanes)
        from .functions import call

        return call(rule.name, *lanes)

    def partials(self, rule: Rule, z: Any, xs: Sequence[Any]) -> Sequence[Any]:
        """The code of the slopes."""
        return rule.partials(self, z, xs)

    def lift(self, x: Any) -> Lanes:
        """x as lanes."""
        return Lanes(self.code, self.kind, "").lift(x)


def _dot(*operands: Lanes) -> Lanes:
    """The sum of products, each added with one rounding, in several sums side by side."""
    n = len(operands) // 2
    sums = list(operands[2 * n :])
    chains = max(1, min(CHAINS, (n + 1) // 2))
    for i, (w, x) in enumerate(zip(operands[:n], operands[n : 2 * n])):
        if len(sums) <= i % chains:
            sums.append(w.fma(x, w.lift(0.0)))  # Python's sums begin with that
        else:
            sums[i % chains] = w.fma(x, sums[i % chains])
    while len(sums) > 1:
        sums = [a + b for a, b in zip(sums[::2], sums[1::2])] + sums[len(sums) // 2 * 2 :]
    return sums[0]


def _constant(rule: Rule, *xs: float) -> Any:
    try:
        return rule.f(*xs)
    except (ArithmeticError, ValueError):
        return float(total(rule, *xs))
