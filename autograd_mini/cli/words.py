"""The words after a command's name: its options, an expression, and a number for each variable."""

import argparse
import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any

from ..engine import Value
from ..numbers import as_number
from .expression import BEYOND, Expression, ExpressionError, parse

EXPRESSION_HELP = """\
An expression has numbers, variables, + - * / **, parentheses, the constants pi, e, inf and nan, and functions of
autograd_mini, with lists where they take lists: "dot([w, 2], [x, y]) + relu(b)", "where(x > 0, x, y)".
Put it in quotes. It may begin with a minus. If it looks like an option, put the word -- before it.
"""

JSON_HELP = 'JSON has no nan and inf, so these are the strings "nan", "inf" and "-inf".'


def add_number_options(parser: argparse.ArgumentParser) -> None:
    """The options of a command that prints numbers."""
    parser.add_argument(
        "--precision", type=_digits, metavar="N", help="significant digits in the tables (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def _digits(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 17:
        raise argparse.ArgumentTypeError(f"the digits of a float are a number from 1 to 17, not {text!r}")
    return int(text)


def read_words(
    parser: argparse.ArgumentParser, words: Sequence[str]
) -> tuple[argparse.Namespace, Expression, dict[str, float]]:
    """The options, the expression and the numbers of its variables, in any order on the command line."""
    parser.add_argument("expression", metavar="EXPR", help='such as "x*y + sin(x)"')
    each = "a number for each variable, such as x=-2.5"
    parser.add_argument("numbers", metavar="NAME=NUMBER", nargs="*", default=[], help=each)
    options = parser.parse_intermixed_args(_shielded(words))
    text, numbers = options.expression, options.numbers
    del options.expression, options.numbers
    return options, parse(text), _numbers(numbers)


_OPTION = re.compile(r"-[ho]|--[a-z][a-z-]*(=.*)?", re.DOTALL)


def _shielded(words: Sequence[str]) -> list[str]:
    """The words, with a space before an expression that argparse would take for an option, such as -x**2."""
    shielded: list[str] = []
    only_operands = False
    for word in words:
        if word == "--" and not only_operands:
            only_operands = True
        elif only_operands or not (_OPTION.fullmatch(word) or shielded[-1:] in (["-o"], ["--output"])):
            shielded.append(f" {word}" if word.startswith("-") else word)
        else:
            shielded.append(word)
    return shielded


def _numbers(words: Sequence[str]) -> dict[str, float]:
    """The numbers given to variables."""
    numbers: dict[str, float] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())  # as Python's parser does
        if not equals:
            raise ExpressionError(
                f"{_short(word)} is not NAME=NUMBER, such as x=2 (an expression with spaces needs quotes)"
            )
        if not name.isidentifier() or keyword.iskeyword(name):
            why = ": it is a Python keyword" if keyword.iskeyword(name) else ""
            raise ExpressionError(f"{_short(name)} in {_short(word)} cannot be the name of a variable{why}")
        if name in numbers:
            raise ExpressionError(f"{name} is given twice: {_short(word)} is the second time")
        numbers[name] = _number(word, text)
    return numbers


def _number(word: str, text: str) -> float:
    """The number in the word NAME=NUMBER."""
    if not text.strip():
        raise ExpressionError(f"no number follows the = in {_short(word)}")
    try:
        number = float(text)
    except ValueError:
        return _calculated(word, text)
    if math.isinf(number) and "inf" not in text.lower():
        place = len(word) - len(text.lstrip())
        raise ExpressionError(BEYOND, word.rstrip(), place)
    return number


def _calculated(word: str, text: str) -> float:
    try:
        return as_number(parse(text)(), word)
    except ExpressionError as error:
        if error.message == BEYOND:
            raise
        raise ExpressionError(f"{_short(text)} in {_short(word)} is not a number, such as -2, 1e-3 or pi/2") from None


def _short(word: str) -> str:
    return repr(word if len(word) <= 80 else f"{word[:60]}…{word[-10:]}")


def graph_of(expression: Expression, numbers: Mapping[str, float]) -> tuple[Value, dict[str, Value]]:
    """The value of the expression, and the leaves that it is made of."""
    leaves = {name: Value(x, label=name) for name, x in numbers.items()}
    root = expression(**leaves)
    return root if isinstance(root, Value) else Value(root), leaves


def function_of(expression: Expression, names: Iterable[str]) -> Callable[..., Any]:
    """The expression as a function of the numbers of its variables, in their order."""

    def f(*xs: float) -> Any:
        return expression(**dict(zip(names, xs)))

    f.__name__ = expression.text
    f.__dict__["__signature__"] = Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in names])
    return f
