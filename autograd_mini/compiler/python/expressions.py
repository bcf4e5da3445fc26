"""The arithmetic of source text: a row of the rule table that is read in it writes the lines that compute it.

Each distinct expression is computed once.  What is used once is written where it is used, anything else has a name.
"""

import atexit  # noqa: F401  it is `finalize` that uses it: if it were imported then, a fork would not wait for it
import linecache
import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import count
from types import CodeType
from typing import Any, Final, NoReturn
from weakref import finalize

from ...ieee import IEEE, Ieee, total
from ...rule import FLOATS, Rule
from ..record.graph import OPERATIONS

DEEP = 12  # operators in one expression, beyond which it has a name: readers tire, and Python's parser has limits
ATOM, POWER, SIGN, PRODUCT, SUM, AND, OR, COMPARISON, CHOICE = range(10, 1, -1)  # what binds tightest first

_OPERATORS: Final = ("add", "sub", "mul", "truediv", "neg", "abs", "powi")  # rules whose function is an operator


class Text:
    """An expression: `template` with the texts of `args` in it, which must bind at least as tightly as `needs` says."""

    __slots__ = ("args", "at", "binds", "lines", "needs", "template")

    def __init__(
        self, lines: "Lines", template: str, args: tuple[Any, ...], binds: int, needs: tuple[int, ...]
    ) -> None:
        self.lines, self.template, self.args, self.binds, self.needs = lines, template, args, binds, needs
        self.at = -1

    def _of(self, template: str, binds: int, needs: tuple[int, ...], *args: Any) -> Any:
        return self.lines.make(template, args, binds, needs)

    def __add__(self, other: Any) -> Any:
        return self._of("{} + {}", SUM, (SUM, PRODUCT), self, other)

    def __radd__(self, other: Any) -> Any:
        return self._of("{} + {}", SUM, (SUM, PRODUCT), other, self)

    def __sub__(self, other: Any) -> Any:
        return self._of("{} - {}", SUM, (SUM, PRODUCT), self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._of("{} - {}", SUM, (SUM, PRODUCT), other, self)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Text) and abs(other) == 1.0:  # exact, and so the same bits
            return self if other > 0.0 else -self
        return self._of("{} * {}", PRODUCT, (PRODUCT, SIGN), self, other)

    def __rmul__(self, other: Any) -> Any:
        return self * other if abs(other) == 1.0 else self._of("{} * {}", PRODUCT, (PRODUCT, SIGN), other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._of("{} / {}", PRODUCT, (PRODUCT, SIGN), self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._of("{} / {}", PRODUCT, (PRODUCT, SIGN), other, self)

    def __pow__(self, n: Any) -> Any:
        return self.lines.power(self, n)

    def __neg__(self) -> Any:
        return self._of("-{}", SIGN, (SIGN,), self)

    def __abs__(self) -> Any:
        return self._of("abs({})", ATOM, (CHOICE,), self)

    def __and__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return self if other else False
        return self._of("{} & {}", AND, (AND, SUM), self, other)

    def __or__(self, other: Any) -> Any:
        if isinstance(other, bool):
            return True if other else self
        return self._of("{} | {}", OR, (OR, AND), self, other)

    __rand__, __ror__ = __and__, __or__

    def __lt__(self, other: Any) -> Any:
        return self._of("{} < {}", COMPARISON, (OR, OR), self, other)

    def __le__(self, other: Any) -> Any:
        return self._of("{} <= {}", COMPARISON, (OR, OR), self, other)

    def __gt__(self, other: Any) -> Any:
        return self._of("{} > {}", COMPARISON, (OR, OR), self, other)

    def __ge__(self, other: Any) -> Any:
        return self._of("{} >= {}", COMPARISON, (OR, OR), self, other)

    def __eq__(self, other: object) -> Any:
        return self._of("{} == {}", COMPARISON, (OR, OR), self, other)

    def __ne__(self, other: object) -> Any:
        return self._of("{} != {}", COMPARISON, (OR, OR), self, other)

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise TypeError("a rule asks nothing its truth: it chooses by m.where(condition, a, b)")


class Lines:
    """Lines of source under way."""

    def __init__(self, prefix: str = "t", choice: str = "{1} if {0} else {2}") -> None:
        self.prefix = prefix
        self.choice = (choice, ATOM if choice.endswith(")") else CHOICE)
        self.entries: list[Text] = []
        self._known: dict[Any, Text] = {}
        self._statements: set[int] = set()

    def make(self, template: str, args: Iterable[Any] = (), binds: int = ATOM, needs: tuple[int, ...] = ()) -> Text:
        """The expression; of the same on the same the same one."""
        args = tuple(args)
        key = (template, *[x.at if isinstance(x, Text) else repr(x) for x in args])
        text = self._known.get(key)
        if text is None:
            text = self._known[key] = Text(self, template, args, binds, needs or (CHOICE,) * len(args))
            self._enter(text)
        return text

    def call(self, name: str, *args: Any) -> Text:
        """A call of a function of the namespace that the source will run in."""
        return self.make(f"{name}({', '.join(['{}'] * len(args))})", args)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """The choice; of a condition known already the one or the other."""
        if not isinstance(condition, Text):
            return a if condition else b
        template, binds = self.choice
        return self.make(template, (condition, a, b), binds, (OR if binds == CHOICE else CHOICE,) * 3)

    def power(self, x: Any, n: Any) -> Any:
        """x to the power of n, by the operator."""
        if not isinstance(n, Text) and n in (0.0, 1.0):
            return x if n else 1.0
        if not isinstance(n, Text) and float(n).is_integer() and abs(n) < 100.0:
            n = int(n)  # to be read; Python takes the same power
        return self.make("{} ** {}", (x, n), POWER, (ATOM, ATOM))

    def do(self, template: str, *args: Any) -> None:
        """A statement."""
        text = Text(self, template, args, ATOM, (CHOICE,) * len(args))
        self._enter(text)
        self._statements.add(text.at)

    def _enter(self, text: Text) -> None:
        text.at = len(self.entries)
        self.entries.append(text)

    def written(self) -> list[str]:
        """The lines."""
        uses = self._uses()
        source: list[str] = []
        written: dict[int, tuple[str, int, int]] = {}  # the text of each expression, how it binds, how deep it is
        for text in self.entries:
            if not uses[text.at]:
                continue
            parts = [written[x.at] if isinstance(x, Text) else _number(x) for x in text.args]
            code = text.template.format(*[c if b >= need else f"({c})" for (c, b, _), need in zip(parts, text.needs)])
            depth = 1 + max([d for _, _, d in parts], default=-1)
            if text.at in self._statements:
                source.append(code)
            elif text.args and (uses[text.at] > 1 or depth > DEEP):
                name = f"{self.prefix}{text.at}"
                source.append(f"{name} = {code}")
                written[text.at] = name, ATOM, 0
            else:
                written[text.at] = code, text.binds, depth
        return source

    def _uses(self) -> list[int]:
        """How often each expression occurs in what the statements need."""
        uses = [0] * len(self.entries)
        for at in self._statements:
            uses[at] = 1
        for text in reversed(self.entries):
            if uses[text.at]:
                for x in text.args:
                    if isinstance(x, Text):
                        uses[x.at] += 1
        return uses


def _number(x: Any) -> tuple[str, int, int]:
    return repr(x), SIGN if math.copysign(1.0, x) < 0.0 else ATOM, 0  # inf and nan are names in the namespace


class Arithmetic:
    """What a row has for its m: every operation by its name, `where` and `stop_gradient`.

    `called` has the operations whose functions the text calls, by the names that they have there.
    """

    def __init__(self, lines: Lines, called: dict[str, Rule]) -> None:
        self.lines = lines
        self.where = lines.where
        self.called = called

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in OPERATIONS:
            raise AttributeError(f"there is no operation {name!r}", name=name, obj=self)
        return partial(self.value, OPERATIONS[name])

    @staticmethod
    def stop_gradient(x: Any) -> Any:
        """x itself: no derivative is taken of a text."""
        return x

    def value(self, rule: Rule, *xs: Any) -> Any:
        """The text of an operation."""
        if not any(isinstance(x, Text) for x in xs):
            return _constant(rule, *xs)
        if rule.formula is not None:
            return rule.formula(self, *xs)
        if rule.name in _OPERATORS or rule.name == "chain":
            return rule.f(*xs)
        return self.lines.call(self._name(rule), *xs)

    def partials(self, rule: Rule, z: Any, xs: Sequence[Any], wanted: Sequence[bool]) -> Sequence[Any]:
        """The texts of the slopes that are wanted; calls, of a primitive whose partials can't be read as text."""
        if not any(isinstance(x, Text) for x in (z, *xs)):
            return [slope_of(rule, i).f(z, *xs) for i in range(len(xs))]
        try:
            if rule.many:
                return rule.partials(self, z, xs)
            slopes = zip((rule.dx, rule.dy), wanted, strict=False)
            return [self._partial(d, z, xs) if want and callable(d) else d for d, want in slopes]
        except Exception:
            if rule.name in OPERATIONS:
                raise
            return [self.lines.call(self._name(slope_of(rule, i)), z, *xs) for i in range(len(xs))]

    def _partial(self, d: Callable[..., Any], z: Any, xs: Sequence[Any]) -> Any:
        """The text of one slope: with constants in IEEE arithmetic where floats refuse one, as a divisor 0."""
        try:
            return d(self, z, *xs)
        except ArithmeticError:
            return d(self, *[x if isinstance(x, Text) else Ieee(x) for x in (z, *xs)])

    def _name(self, rule: Rule) -> str:
        if OPERATIONS.get(rule.name) is rule:
            self.called[rule.name] = rule
            return rule.name
        for name, known in self.called.items():
            if known is rule:
                return name
        name = f"own_{len(self.called)}"
        self.called[name] = rule
        return name


@lru_cache(maxsize=64)
def slope_of(rule: Rule, i: int) -> Rule:
    """The partial of a primitive by its argument i as an operation of its own, of the value and the arguments."""

    def slope(z: float, *xs: float) -> float:
        try:
            return float(rule.partials(FLOATS, z, xs)[i])
        except (ArithmeticError, ValueError):
            return float(rule.partials(IEEE, Ieee(z), [Ieee(x) for x in xs])[i])

    return Rule(f"{rule.name} by argument {i}", slope, symbol=f"∂{rule.symbol}", many=lambda m, z, *xs: [])


def _constant(rule: Rule, *xs: float) -> Any:
    try:
        return rule.f(*xs)
    except (ArithmeticError, ValueError):
        return float(total(rule, *xs))


def compiled(source: str, owner: object) -> CodeType:
    """The code of a source, which tracebacks can show for as long as its owner is there."""
    name = f"<compiled program {next(_numbers)}>"
    finalize(owner, linecache.cache.pop, name, None).atexit = False
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return compile(source, name, "exec")


_numbers = count(1)
