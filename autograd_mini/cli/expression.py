"""Expressions that a user types, such as "x*y + sin(x)": read by Python's parser, never run by Python.

`parse` walks the tree that `ast` makes of the text, and accepts only what is on a list: numbers, variables, + - * / **,
parentheses, and the functions of this package.  Anything else is an error that names its place.  The accepted parts
become steps of a stack machine, so that neither parsing nor calculating recurses.
"""

import ast
import difflib
import keyword
import math
import operator
import re
import reprlib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

from .. import functions
from ..engine import Value, apply
from ..errors import AutogradError
from ..numbers import as_number
from ..rules import RULES
from .output import terminal_width

Operand = Value | float

LONGEST = 10_000  # characters
DEEPEST = 200  # brackets open at once: the limit of Python's own parser
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(functions, name)
    for name in sorted({*functions.__all__, "abs", "pow", "round", "sum"} - {"primitive"})
}


class ExpressionError(AutogradError, ValueError):
    """A text that isn't an expression, or numbers that don't match its variables.

    >>> try:
    ...     parse("x + y.__class__")
    ... except ExpressionError as error:
    ...     print(error.excerpt)
      x + y.__class__
          ^
    """

    def __init__(self, message: str, text: str = "", place: int | None = None) -> None:
        super().__init__(message, text, place)
        self.message = message
        self.text = text
        self.place = place

    @property
    def excerpt(self) -> str:
        """The part of the text around the place, with a caret below it; "" if the error has no single place."""
        if self.place is None:
            return ""
        start = max(0, min(self.place - 40, len(self.text) - 80))
        before, after = self.text[start : self.place], self.text[self.place : start + 80]
        if start > 0:
            before = "…" + before[1:]
        dots = "…" if len(self.text) > start + 80 else ""
        return f"  {before}{after}{dots}\n  {' ' * terminal_width(before)}^"

    def __str__(self) -> str:
        return f"{self.message}\n{self.excerpt}" if self.excerpt else self.message


class EvaluationError(ExpressionError):
    """An operation that has no value for the given numbers, such as log(-1.0) or 1.0 / 0.0."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a stack machine: push f of the topmost `arity` operands, or the number of a variable."""

    place: int
    name: str
    f: Callable[..., Any] | None = None  # None for a variable
    arity: int = 0


class Expression:
    """A parsed expression: call it with a number, or a Value, for each of its variables.

    >>> f = parse("x*y + sin(x)")
    >>> f.names
    ('x', 'y')
    >>> f(x=2.0, y=3.0)
    6.909297426825682
    >>> x = Value(2.0)
    >>> f(x=x, y=3.0).backward()
    >>> x.grad
    2.5838531634528574
    """

    __slots__ = ("_places", "_steps", "text")

    def __init__(self, text: str, steps: Iterable[Step]) -> None:
        self.text = text
        self._steps = tuple(steps)
        self._places: dict[str, int] = {}  # where each name appears first
        for step in self._steps:
            if step.f is None:
                self._places.setdefault(step.name, step.place)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, and the constants pi, e, inf and nan that it uses, in the order of their appearance."""
        return tuple(self._places)

    def __call__(self, /, **numbers: Operand) -> Operand:
        """The value of the expression, a node if a Value is among the numbers.

        Args:
            numbers: a number or a Value for each variable; a number for a constant, such as e, replaces it.

        Raises:
            ExpressionError: a variable has no number, or a number has no variable.
            EvaluationError: an operation has no value there.
        """
        self._require(numbers)
        given = CONSTANTS | {name: x if isinstance(x, Value) else as_number(x, name) for name, x in numbers.items()}
        stack: list[Any] = []
        for step in self._steps:
            if step.f is None:
                stack.append(given[step.name])
                continue
            bottom = len(stack) - step.arity
            operands = stack[bottom:]
            try:
                stack[bottom:] = [step.f(*operands)]
            except (ArithmeticError, ValueError, TypeError) as error:
                message = f"{_written(step.name, operands)}: {error.args[-1]}"
                raise EvaluationError(message, self.text, step.place) from None
        (z,) = stack
        return z if isinstance(z, Value) else float(z)

    def _require(self, numbers: dict[str, Operand]) -> None:
        """A number for each variable, and a variable for each number."""
        for name, place in self._places.items():
            if name not in numbers and name not in CONSTANTS:
                raise ExpressionError(_no_number(name, numbers), self.text, place)
        for name in numbers:
            if name not in self._places:
                known = ", ".join(self._places) or "none"
                raise ExpressionError(f"the expression has no variable {name}: it has {known}")

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def _no_number(name: str, numbers: Iterable[str]) -> str:
    if name in FUNCTIONS:
        return f"{name} is a function: write {_usage(name)}"
    known = [*numbers, *CONSTANTS]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"{name} has no value: give it a number: {name}=… ({hint})"


def _written(name: str, operands: list[Any]) -> str:
    """An operation with the numbers of its operands, such as 1.0 / 0.0."""
    numbers = [reprlib.repr(_plain(x)) for x in operands]
    return f" {name} ".join(numbers) if not name.isidentifier() else f"{name}({', '.join(numbers)})"


def _plain(x: Any) -> Any:
    return [_plain(xi) for xi in x] if isinstance(x, list) else x.data if isinstance(x, Value) else float(x)


# ---- reading ----

Wanted = tuple[ast.expr, str]  # a node of the tree, and its required kind: NUMBER, LIST or CONDITION
Reading = tuple[Step, list[Wanted]]


def parse(text: str) -> Expression:
    """Read an expression.

    Args:
        text: numbers, variables, the constants pi, e, inf and nan, + - * / **, parentheses, and calls of the functions
            of this package, with lists where they take lists: "dot([w, 2], [x, y])".  A comparison may be the
            condition of where().  Numbers are floats, as everywhere in this package.

    Raises:
        ExpressionError: it is anything else.

    >>> parse("sum([x, y, 1]) / 3")(x=2.0, y=6.0)
    3.0
    """
    text = "".join(" " if c.isspace() else c for c in text).strip()
    if not text:
        raise ExpressionError('there is no expression: write one, such as "x*y + sin(x)"')
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression has {len(text):,} characters: at most {LONGEST:,} are read")
    for place, c in enumerate(text):
        if not c.isprintable():
            shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
            raise ExpressionError(f"an expression can't contain the character U+{ord(c):04X}", shown, place)
        if c == "#":
            raise ExpressionError("an expression can't contain a comment", text, place)
    return Expression(text, _steps(text))


def _steps(text: str) -> list[Step]:
    """The steps, operands first, depth first."""
    agenda: list[Step | Wanted] = [(_tree(text), NUMBER)]
    done: list[Step] = []
    while agenda:
        item = agenda.pop()
        if isinstance(item, Step):
            done.append(item)
        else:
            step, operands = _read(text, *item)
            agenda.append(step)
            agenda.extend(reversed(operands))
    return done


def _tree(text: str) -> ast.expr:
    _require_few_open(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about texts that are an error here anyway, such as "1if x else y"
            return ast.parse(text, mode="eval").body
    except (RecursionError, MemoryError):
        message = "this is too long a chain of operations to be read: use sum([...]) for a long sum, or split it"
        raise ExpressionError(message) from None
    except SyntaxError as error:
        for word in re.finditer(r"[^\W\d]\w*", text):  # an expression can't contain a keyword, so this is the error
            if keyword.iskeyword(word[0]):
                raise ExpressionError(_keyword(word[0]), text, word.start()) from None
        # Python reports offset 0 if something is missing at the end.
        place = min(error.offset - 1, len(text)) if error.offset else len(text)
        raise ExpressionError(_syntax(error.msg, text[place:]), text, place) from None


def _require_few_open(text: str) -> None:
    """Raise for brackets nested deeper than Python can parse; whether they match is checked elsewhere."""
    depth = 0
    for place, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if depth > DEEPEST:
            message = f"brackets are nested too deep here: at most {DEEPEST} can be open at once"
            raise ExpressionError(message, text, place)


def _keyword(word: str) -> str:
    if word in ("if", "else"):
        return f"{word} is a Python keyword: write a choice as where(x > 0, a, b)"
    return f"{word} is a Python keyword: it can't be the name of a variable"


_HINTS = {
    "=": "write the numbers of variables after the expression, as separate words: x=2",
    "×": "write * for a product",
    "·": "write * for a product",
    "⋅": "write * for a product",
    "÷": "write / for a quotient",
    "−": "write - for a difference",
    "²": "write **2 for a square",
}


def _syntax(said: str, rest: str) -> str:
    """The message for a text that Python's parser rejected with the words `said`, at the beginning of the `rest`."""
    if "closed" in said or "match" in said:
        return said
    if "limit" in said:
        return "a number has too many digits"
    if "literal" in said:
        return "this is neither a number nor a name: write a product with *, as in 2*x"
    if "comma" in said:
        return "an operator or a comma is missing here"
    if not rest:
        return "the expression ends too soon"
    return _HINTS.get(rest[0], "this cannot be read: something is missing before it, or it does not belong here")


NUMBER, LIST, CONDITION = "number", "list", "condition"
_WANTED = {"xs": LIST, "ws": LIST, "condition": CONDITION}  # by the names that functions.py gives its parameters
_GIVE_LISTS = ("softmax", "log_softmax", "cumsum")

_UNARY = {ast.UAdd: ("+", "pos"), ast.USub: ("-", "neg")}
_BINARY = {
    ast.Add: ("+", "add"),
    ast.Sub: ("-", "sub"),
    ast.Mult: ("*", "mul"),
    ast.Div: ("/", "truediv"),
    ast.Pow: ("**", "pow"),
}
_COMPARISONS = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_REFUSED = {
    ast.Attribute: "an attribute",
    ast.Subscript: "an index",
    ast.Lambda: "a lambda",
    ast.IfExp: "a choice is written where(x > 0, a, b): if",
    ast.Compare: "a comparison is the condition in where(x > 0, a, b): it",
    ast.BoolOp: "a logical operator",
    ast.Tuple: "a row of numbers",
    ast.NamedExpr: "an assignment",
    ast.Starred: "a starred operand",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.JoinedStr: "a string",
}
_REFUSED_CONSTANTS = {str: "a string", bytes: "a string", complex: "a complex number"}
_REFUSED_OPERATORS = {
    ast.BitXor: "use ** for powers, not ^",
    ast.Mod: "% hides a jump: write x - y*floor(x/y)",
    ast.FloorDiv: "// hides a jump: write floor(x/y)",
}


def _read(text: str, node: ast.expr, wanted: str) -> Reading:
    """The step for a node of the tree, and its operands, each with its required kind."""
    place = _column(text, node.col_offset)
    gives_list = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _GIVE_LISTS
    match node:
        case ast.List(elts=xs) if wanted == LIST:
            return Step(place, "list", lambda *xs: list(xs), len(xs)), [(x, NUMBER) for x in xs]
        case ast.Compare(left=x, ops=[op], comparators=[y]) if wanted == CONDITION and type(op) in _COMPARISONS:
            return Step(place, "compare", _COMPARISONS[type(op)], 2), [(x, NUMBER), (y, NUMBER)]
    if isinstance(node, ast.List) or (gives_list and wanted != LIST):
        raise ExpressionError("one number is needed here, not a list", text, place)
    if wanted == LIST and not gives_list and type(node) not in _REFUSED:
        raise ExpressionError("a list is needed here, such as [x, y]", text, place)
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Step(place, "number", _constantly(_number(text, place, number))), []
        case ast.Name(id=name):
            return Step(place, name), []
        case ast.UnaryOp(op=sign, operand=x) if type(sign) in _UNARY:
            symbol, name = _UNARY[type(sign)]
            return Step(place, symbol, _operator(name), 1), [(x, NUMBER)]
        case ast.BinOp():
            return _read_operator(text, node)
        case ast.Call():
            return _read_call(text, node)
    raise _refused(text, node)


def _read_operator(text: str, node: ast.BinOp) -> Reading:
    after = text[_column(text, node.left.end_col_offset or 0) :].lstrip(" )")
    place = len(text) - len(after)
    kind = type(node.op)
    if kind not in _BINARY:
        hint = "the operators are + - * / **"
        raise ExpressionError(_REFUSED_OPERATORS.get(kind, hint), text, place)
    symbol, name = _BINARY[kind]
    return Step(place, symbol, _operator(name), 2), [(node.left, NUMBER), (node.right, NUMBER)]


def _read_call(text: str, node: ast.Call) -> Reading:
    place = _column(text, node.col_offset)
    if not isinstance(node.func, ast.Name):
        if isinstance(node.func, ast.Attribute):
            raise _refused(text, node.func)
        raise ExpressionError("only a function can be called: write a product with *, as in 2*(x + 1)", text, place)
    name = node.func.id
    if name not in FUNCTIONS:
        raise ExpressionError(_no_function(name), text, place)
    for x in node.args:
        if isinstance(x, ast.Starred | ast.GeneratorExp):
            raise _refused(text, x)
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    try:
        if len(named) < len(node.keywords):
            raise TypeError("an argument is named twice")
        if None in named:
            raise TypeError("a call can't contain **")
        bound = signature(FUNCTIONS[name]).bind(*node.args, **{str(key): x for key, x in named.items()})
    except TypeError as error:
        raise ExpressionError(f"write {_usage(name)}: {error}", text, place) from None
    operands: list[Wanted] = []
    for parameter, given in bound.arguments.items():
        several = given if isinstance(given, tuple) else (given,)
        operands += [(x, _WANTED.get(parameter, NUMBER)) for x in several]
    return Step(place, name, FUNCTIONS[name], len(operands)), operands


def _usage(name: str) -> str:
    parameters = signature(FUNCTIONS[name]).parameters.values()
    return f"{name}({', '.join(str(p.replace(annotation=Parameter.empty)) for p in parameters)})"


_OTHER_NAMES = {"ln": "log", "max": "maximum", "min": "minimum"}


def _no_function(name: str) -> str:
    near = [_OTHER_NAMES[name]] if name in _OTHER_NAMES else difflib.get_close_matches(name.lower(), FUNCTIONS)
    if near:
        return f"there is no function {name}: did you mean {' or '.join(near)}?"
    return f"there is no function {name} (write a product with *); there are {', '.join(FUNCTIONS)}"


def _refused(text: str, node: ast.expr) -> ExpressionError:
    place = _column(text, node.col_offset)
    word = re.match(r"[^\W\d]\w*", text[place:])
    if word and keyword.iskeyword(word[0]) and type(node) not in _REFUSED:
        return ExpressionError(_keyword(word[0]), text, place)
    what = _REFUSED.get(type(node), "this")
    if isinstance(node, ast.Constant):
        what = _REFUSED_CONSTANTS.get(type(node.value), what)
    message = f"{what} can't be used here: only numbers, variables, + - * / **, parentheses and functions can be"
    return ExpressionError(message, text, place)


BEYOND = "this number is beyond the largest float, 1.8e308"


def _number(text: str, place: int, number: float) -> float:
    # An exponent such as the 2 of x**2 stays an int, which has its own rule.
    if isinstance(number, int) and number <= 2**53:
        return number
    try:
        read = float(number)
    except OverflowError:
        read = math.inf
    if math.isinf(read):
        raise ExpressionError(BEYOND, text, place)
    return read


def _constantly(number: float) -> Callable[[], float]:
    return lambda: number


def _operator(name: str) -> Callable[..., Any]:
    """An operator on Values and floats.  Floats alone use the rule, so that 9**9**9 overflows and never hangs."""
    f, rule = getattr(operator, name), RULES[name]

    def binary(x: Any, y: Any) -> Any:
        return f(x, y) if isinstance(x, Value) or isinstance(y, Value) else apply(rule, x, y)

    def unary(x: Any) -> Any:
        return f(x) if isinstance(x, Value) else apply(rule, x)

    return unary if name in ("pos", "neg") else binary


def _column(text: str, offset: int) -> int:
    """The index of a character, from its position in UTF-8, which the trees of `ast` store."""
    return len(text.encode()[:offset].decode())
