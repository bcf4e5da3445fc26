"""autograd-mini grad: the value of an expression, and its derivatives."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...engine import Value
from ...render.formulas import FormulaTooLongError, derivative_formula
from ...transforms import hessian
from ..expression import Expression
from ..outcome import DONE, Failure
from ..output import aligned, number_writer, print_json, print_table, say
from ..words import EXPRESSION_HELP, JSON_HELP, add_number_options, function_of, graph_of, read_words

EPILOG = f"""\
examples:
  autograd-mini grad "x*y + sin(x)" x=2 y=3
  autograd-mini grad "-x**2" x=pi/2 --precision 6
  autograd-mini grad "x**2 * y" x=2 y=3 --order 2 --json
  autograd-mini grad "exp(-x**2 / 2)" x=1 --formula

{EXPRESSION_HELP}
The JSON has the keys expression, at, value and gradient, with --formula also formula, and with --order 2 hessian.
{JSON_HELP}
"""


def run(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Print the value and the gradient."""
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: the second derivatives too")
    parser.add_argument("--formula", action="store_true", help="also print the derivatives as formulas")
    add_number_options(parser)
    given, expression, numbers = read_words(parser, words)
    root, leaves = graph_of(expression, numbers)
    root.backward()
    gradient = {name: leaf.grad for name, leaf in leaves.items()}
    result = {"expression": expression.text, "at": numbers, "value": root.data, "gradient": gradient}
    if given.formula:
        result["formula"] = _derivative_formulas(root, leaves)
    if given.order == 2:
        result["hessian"] = _hessian(expression, numbers)
    if given.json:
        print_json(result)
    else:
        _print_gradient(result, number_writer(given.precision))
    return DONE


def _derivative_formulas(root: Value, leaves: Mapping[str, Value]) -> dict[str, str]:
    try:
        return {name: str(derivative_formula(root, leaf)) for name, leaf in leaves.items()}
    except FormulaTooLongError as error:
        raise Failure(str(error)) from None


def _hessian(expression: Expression, numbers: Mapping[str, float]) -> dict[str, dict[str, float]]:
    rows = hessian(function_of(expression, numbers), tuple(range(len(numbers))))(*numbers.values())
    return {name: dict(zip(numbers, row)) for name, row in zip(numbers, rows)}


def _print_gradient(result: Mapping[str, Any], write: Callable[[float], str]) -> None:
    say(f"{result['expression']} = {write(result['value'])}")
    names = list(result["at"])
    if not names:
        return
    say()
    columns = {"": names, "at": aligned(result["at"], write), "derivative": aligned(result["gradient"], write)}
    if "formula" in result:
        columns["formula"] = result["formula"].values()
    print_table(columns.keys(), columns.values())
    if "hessian" in result:
        say("\nsecond derivatives")
        print_table(["", *names], [names, *[aligned(row, write) for row in result["hessian"].values()]])
