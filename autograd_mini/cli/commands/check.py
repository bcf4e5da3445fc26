"""autograd-mini check: the gradient of an expression, checked without its rules."""

import argparse
from collections.abc import Sequence

from ...check import gradcheck
from ..outcome import DONE, FAILED
from ..output import print_json, say
from ..words import EXPRESSION_HELP, JSON_HELP, function_of, read_words

EPILOG = f"""\
examples:
  autograd-mini check "x*y + sin(x)" x=2 y=3
  autograd-mini check "abs(x) + x**1.5" x=0 --order 2 --json

The exit code is 0 if every slope is right or at a kink, and 1 if one is wrong or inconclusive.

{EXPRESSION_HELP}
The JSON has the keys expression, at, holds and components. Each component has name, analytic, numeric, error (the error
bar of the comparison), verdict and note. {JSON_HELP}
"""


def run(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Print the verdict on each slope."""
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: check the second derivatives instead")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    given, expression, numbers = read_words(parser, words)
    report = gradcheck(function_of(expression, numbers), *numbers.values(), order=given.order)
    if given.json:
        components = [component._asdict() for component in report.components]
        print_json({"expression": expression.text, "at": numbers, "holds": bool(report), "components": components})
    else:
        say(str(report))
    return DONE if report else FAILED
