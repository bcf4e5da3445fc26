"""autograd-mini compile: an expression and its derivatives as C."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...compiler import compile as compiled
from ..expression import CONSTANTS
from ..outcome import DONE
from ..output import say
from ..words import EXPRESSION_HELP, function_of, read_words

WHAT = ("value", "gradient", "jacobian", "hessian")
EXAMPLE = 0.5  # for a variable without a number; any number would do

EPILOG = f"""\
examples:
  autograd-mini compile "x*y + sin(x)" --c wave
  autograd-mini compile "log(x)/y" --c quotient --what value --what hessian --checks

The files are PATH.c and PATH.h, in C99, and need only the C library. The functions take the variables in the order of
their first appearance in the expression.

{EXPRESSION_HELP}"""


def run(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Write the files."""
    parser.add_argument("--c", metavar="PATH", required=True, type=Path, help="where to, without a suffix")
    parser.add_argument(
        "--what", choices=WHAT, action="append", help="a function to write; may be repeated (default: value, gradient)"
    )
    parser.add_argument("--checks", action="store_true", help="report operations that raise in Python, such as log(-1)")
    given, expression, numbers = read_words(parser, words)
    names = [name for name in expression.names if name in numbers or name not in CONSTANTS]
    example = [numbers.get(name, EXAMPLE) for name in names]
    try:
        function = compiled(function_of(expression, names))
        function.to_c(given.c, *example, what=given.what or WHAT[:2], checks=given.checks)
    except ValueError as error:
        parser.error(str(error))
    say(f"written: {given.c}.c and {given.c}.h, of {', '.join(names) or 'no variable'}")
    return DONE
