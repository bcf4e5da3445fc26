"""autograd-mini draw: the graph of an expression as a picture."""

import argparse
from collections.abc import Sequence

from ...render import RenderError, draw
from ..outcome import DONE, Failure
from ..output import say
from ..words import EXPRESSION_HELP, graph_of, read_words

EPILOG = f"""\
examples:
  autograd-mini draw "x*y + sin(x)" x=2 y=3 -o graph.svg
  autograd-mini draw "tanh(dot([w, v], [x, 2]))" w=1 v=0.5 x=3 -o neuron.png --dark --partials

{EXPRESSION_HELP}"""


def run(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Write the picture."""
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to write: .svg, .png or .dot")
    parser.add_argument("--dark", action="store_true", help="draw it for dark slides")
    look = parser.add_argument_group("what to show").add_argument
    look("--direction", choices=("LR", "TB"), default="LR", help="from left to right, or from the top")
    look("--precision", type=int, metavar="N", default=4, help="decimals of the numbers (default: 4)")
    look("--no-labels", dest="labels", action="store_false", help="leave out the names of the variables")
    look("--no-values", dest="values", action="store_false", help="leave out the numbers")
    look("--no-gradients", dest="gradients", action="store_false", help="leave out the gradients")
    look("--partials", action="store_true", help="show the local derivative at each arrow")
    look("--depth", type=int, metavar="N", help="only the last N steps")
    look("--max-nodes", type=int, metavar="N", default=500, help="refuse to draw more (default: 500)")
    given, expression, numbers = read_words(parser, words)
    root, _ = graph_of(expression, numbers)
    root.backward()
    options = vars(given)
    path, dark = options.pop("output"), options.pop("dark")
    try:
        draw(root, **options).save(path, dark=dark)
    except ValueError as error:
        parser.error(str(error))
    except RenderError as error:
        raise Failure(str(error)) from None
    say(f"drawn: {path}")
    return DONE
