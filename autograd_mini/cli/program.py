"""The program: it chooses a command by the first word, runs it, and answers with an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from .. import __version__
from ..extras import MissingExtraError
from ..printing import visible
from .outcome import FAILED, INTERRUPTED, MISUSED, UNREAD, Failure
from .output import say

if TYPE_CHECKING:
    from .expression import ExpressionError

EPILOG = """\
examples:
  autograd-mini grad "x*y + sin(x)" x=2 y=3
  autograd-mini draw "tanh(w*x + b)" w=0.5 x=2 b=-1 -o neuron.svg
  autograd-mini explore "tanh(w*x + b)" w=0.5 x=2 b=-1
  autograd-mini check "x*y + sin(x)" x=2 y=3
  autograd-mini compile "x*y + sin(x)" --c wave
  autograd-mini demo                   train a network on iris, and draw one of its neurons

exit codes: 0 done; 1 the computation or the check failed; 2 the command is not understood
"""

COMMANDS = {  # each name with its description; a module of commands/ has the rest
    "grad": "print the value of an expression, and its gradient",
    "draw": "draw the graph of an expression, with its gradients",
    "explore": "make a page to step through the backpropagation of an expression",
    "check": "check the gradient of an expression, without its rules",
    "compile": "write an expression and its derivatives as C",
    "demo": "run a demo",
}


def main(arguments: Sequence[str] | None = None, *, program: str = "autograd-mini") -> int:
    """Run one command.

    Args:
        arguments: the words after the program's name; those of this process unless told.
        program: its name in messages.

    Returns:
        The exit code: 0 when done, 1 if the computation or the check failed or an optional
        package is missing, 2 where the command is not understood,
        130 after Ctrl-C, 141 if nobody reads the output any more.

    Raises:
        SystemExit: after --help and --version with 0, after a wrong word with 2, and from a demo.

    >>> main(["grad", "x*y + 1", "x=2", "y=-3"])
    x*y + 1 = -5.0
    <BLANKLINE>
       at    derivative
    x   2.0  -3.0
    y  -3.0   2.0
    0
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            return _run(program, words)
        finally:
            _flush()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return UNREAD
    except (Failure, MissingExtraError, OSError) as error:
        say(f"error: {error}", error=True)
        return FAILED


def _run(program: str, words: Sequence[str]) -> int:
    if words and words[0] in COMMANDS:
        return _run_command(program, words[0], words[1:])
    parser = _parser(program, "Automatic differentiation of programs written in scalars.", EPILOG)
    parser.add_argument("--version", action="version", version=f"autograd_mini {__version__}")
    listed = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        listed.add_parser(name, help=summary)
    parser.parse_args(words)
    parser.print_help()
    return MISUSED


def _run_command(program: str, name: str, words: Sequence[str]) -> int:
    # A command is imported when it runs: --help and --version don't wait for all that the commands need.
    command = import_module(f".commands.{name}", __package__)
    from .expression import EvaluationError, ExpressionError

    summary = COMMANDS[name]
    parser = _parser(f"{program} {name}", f"{summary[0].upper()}{summary[1:]}.", command.EPILOG)
    try:
        code: int = command.run(parser, words)
    except EvaluationError as error:
        return _refuse(error, FAILED)
    except ExpressionError as error:
        return _refuse(error, MISUSED)
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit with an error about the words, which the message repeats."""
        super().error(visible(message))


def _parser(program: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return _Parser(
        prog=program,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _refuse(error: "ExpressionError", code: int) -> int:
    """Show the place in the expression, then what is wrong there."""
    if error.excerpt:
        say(error.excerpt, error=True)
    say(f"error: {error.message}", error=True)
    return code


def _flush() -> None:
    try:
        print(end="", flush=True)
    except OSError:  # discard the rest, or Python would try to write it again at exit, and print an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
