"""autograd-mini explore: a page to step through the backpropagation of an expression."""

import argparse
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from ...render import RenderError, explore
from ..outcome import DONE, Failure
from ..output import say
from ..words import EXPRESSION_HELP, graph_of, read_words

EPILOG = f"""\
examples:
  autograd-mini explore "x*y + sin(x)" x=2 y=3
  autograd-mini explore "tanh(dot([w, v], [x, 2]))" w=1 v=0.5 x=3 -o neuron.html --title "A neuron"

The page is one file for any browser, and needs no network. Without -o it is temporary, and opens in your browser.

{EXPRESSION_HELP}"""


def run(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Write the page, and open it, unless -o only keeps it."""
    parser.add_argument("-o", "--output", metavar="FILE", help="keep the page in this .html file")
    parser.add_argument("--open", action="store_true", help="also open it in a browser (always done without -o)")
    parser.add_argument("--title", default="", help="the heading of the page (default: the expression)")
    parser.add_argument("--direction", choices=("LR", "TB"), help="from left to right, or from the top")
    parser.add_argument("--precision", type=int, metavar="N", default=4, help="decimals of the numbers (default: 4)")
    parser.add_argument("--max-nodes", type=int, metavar="N", default=300, help="refuse to show more (default: 300)")
    given, expression, numbers = read_words(parser, words)
    root, _ = graph_of(expression, numbers)
    options = vars(given)
    output, in_browser = options.pop("output"), options.pop("open")
    try:
        page = explore(root, **(options | {"title": given.title or expression.text}))
        path = page.save(output or Path(tempfile.mkdtemp(prefix="autograd-mini-")) / "page.html")
    except ValueError as error:
        parser.error(str(error))
    except RenderError as error:
        raise Failure(str(error)) from None
    say(f"written: {path}")
    if (in_browser or not output) and not webbrowser.open(path.resolve().as_uri()):
        raise Failure(f"no browser was found: open {path} in one")
    return DONE
