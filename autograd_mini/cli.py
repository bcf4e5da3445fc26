"""The command line: autograd-mini, or python -m autograd_mini.

A command is a function marked by @_command.  It is given an empty parser and the words after its name, and returns the
exit code.  What it needs it imports itself, so that --help and --version answer at once.
"""

import argparse
import math
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import __version__

if TYPE_CHECKING:
    from .engine import Value
    from .expression import Expression, ExpressionError

DONE, FAILED, MISUSED, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141  # the last two as a shell counts its signals

EPILOG = """\
examples:
  autograd-mini grad "x*y + sin(x)" x=2 y=3
  autograd-mini draw "tanh(w*x + b)" w=0.5 x=2 b=-1 -o neuron.svg
  autograd-mini explore "tanh(w*x + b)" w=0.5 x=2 b=-1 -o neuron.html --open
  autograd-mini check "x*y + sin(x)" x=2 y=3
  autograd-mini demo                   train a network on iris, and draw one of its neurons

exit codes: 0 done; 1 the computation or the check failed; 2 the command is not understood
"""

EXPRESSION = """\
An expression has numbers, variables, + - * / **, parentheses, the constants pi, e, inf and nan, and functions of
autograd_mini, with lists where they take lists: "dot([w, 2], [x, y]) + relu(b)", "where(x > 0, x, y)".
Put it in quotes. It may begin with a minus; after the word -- it may even look like an option.
"""

NOT_FINITE = 'The numbers that JSON lacks are the strings "nan", "inf" and "-inf".'


# ---- the commands ----


class Command(NamedTuple):
    """What stands in the list of commands."""

    run: Callable[[argparse.ArgumentParser, Sequence[str]], int]
    summary: str
    epilog: str


class Failure(Exception):
    """What ends a command with a line of explanation and exit code 1."""


COMMANDS: dict[str, Command] = {}


def _command(name: str, summary: str, epilog: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    def register(run: Callable[..., int]) -> Callable[..., int]:
        COMMANDS[name] = Command(run, summary, epilog)
        return run

    return register


@_command(
    "grad",
    "print the value of an expression, and its gradient",
    f"""\
examples:
  autograd-mini grad "x*y + sin(x)" x=2 y=3
  autograd-mini grad "-x**2" x=pi/2 --precision 6
  autograd-mini grad "x**2 * y" x=2 y=3 --order 2 --json
  autograd-mini grad "exp(-x**2 / 2)" x=1 --formula

{EXPRESSION}
The JSON has the keys expression, at, value and gradient, with --formula also formula, and with --order 2 hessian.
{NOT_FINITE}
""",
)
def _grad(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: the second derivatives too")
    parser.add_argument("--formula", action="store_true", help="write down the derivatives as formulas too")
    _add_number_options(parser)
    given, expression, numbers = _read(parser, words)
    root, leaves = _graph(expression, numbers)
    root.backward()
    gradient = {name: leaf.grad for name, leaf in leaves.items()}
    result = {"expression": expression.text, "at": numbers, "value": root.data, "gradient": gradient}
    if given.formula:
        result["formula"] = _derivative_formulas(root, leaves)
    if given.order == 2:
        result["hessian"] = _hessian(expression, numbers)
    if given.json:
        _print_json(result)
    else:
        _print_gradient(result, _formatter(given.precision))
    return DONE


def _derivative_formulas(root: "Value", leaves: Mapping[str, "Value"]) -> dict[str, str]:
    from .render.formulas import FormulaTooLongError, derivative_formula

    try:
        return {name: str(derivative_formula(root, leaf)) for name, leaf in leaves.items()}
    except FormulaTooLongError as error:
        raise Failure(str(error)) from None


def _hessian(expression: "Expression", numbers: Mapping[str, float]) -> dict[str, dict[str, float]]:
    from .transforms import hessian

    rows = hessian(_of_positions(expression, numbers), tuple(range(len(numbers))))(*numbers.values())
    return {name: dict(zip(numbers, row)) for name, row in zip(numbers, rows)}


def _print_gradient(result: Mapping[str, Any], show: Callable[[float], str]) -> None:
    _say(f"{result['expression']} = {show(result['value'])}")
    names = list(result["at"])
    if not names:
        return
    _say()
    columns = {"": names, "at": _aligned(result["at"], show), "derivative": _aligned(result["gradient"], show)}
    if "formula" in result:
        columns["formula"] = result["formula"].values()
    _print_table(columns.keys(), columns.values())
    if "hessian" in result:
        _say("\nsecond derivatives")
        _print_table(["", *names], [names, *[_aligned(row, show) for row in result["hessian"].values()]])


@_command(
    "draw",
    "draw the graph of an expression, with its gradients",
    f"""\
examples:
  autograd-mini draw "x*y + sin(x)" x=2 y=3 -o graph.svg
  autograd-mini draw "tanh(dot([w, v], [x, 2]))" w=1 v=0.5 x=3 -o neuron.png --dark --partials

{EXPRESSION}""",
)
def _draw(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to: a .svg, .png or .dot file")
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
    given, expression, numbers = _read(parser, words)
    from .render import RenderError, draw

    root, _ = _graph(expression, numbers)
    root.backward()
    options = vars(given)
    path, dark = options.pop("output"), options.pop("dark")
    try:
        draw(root, **options).save(path, dark=dark)
    except ValueError as error:
        parser.error(str(error))
    except RenderError as error:
        raise Failure(str(error)) from None
    _say(f"drawn: {path}")
    return DONE


@_command(
    "explore",
    "make a page to step through the backpropagation of an expression",
    f"""\
examples:
  autograd-mini explore "x*y + sin(x)" x=2 y=3 -o page.html --open
  autograd-mini explore "tanh(dot([w, v], [x, 2]))" w=1 v=0.5 x=3 -o neuron.html --title "A neuron"

The page is one file, for any browser; it needs no network.

{EXPRESSION}""",
)
def _explore(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to: a .html file")
    parser.add_argument("--open", action="store_true", help="show it in a browser")
    parser.add_argument("--title", default="", help="the heading of the page (default: the expression)")
    parser.add_argument("--direction", choices=("LR", "TB"), help="from left to right, or from the top")
    parser.add_argument("--precision", type=int, metavar="N", default=4, help="decimals of the numbers (default: 4)")
    parser.add_argument("--max-nodes", type=int, metavar="N", default=300, help="refuse to show more (default: 300)")
    given, expression, numbers = _read(parser, words)
    from .render import RenderError, explore

    root, _ = _graph(expression, numbers)
    options = vars(given)
    output, in_browser = options.pop("output"), options.pop("open")
    try:
        path = explore(root, **(options | {"title": given.title or expression.text})).save(output)
    except ValueError as error:
        parser.error(str(error))
    except RenderError as error:
        raise Failure(str(error)) from None
    _say(f"written: {path}")
    if in_browser:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return DONE


@_command(
    "check",
    "check the gradient of an expression, without its rules",
    f"""\
examples:
  autograd-mini check "x*y + sin(x)" x=2 y=3
  autograd-mini check "abs(x) + x**1.5" x=0 --order 2 --json

The exit code is 0 if every slope is right, or stands at a kink, and 1 if one is wrong or nothing certain can be said.

{EXPRESSION}
The JSON has the keys expression, at, holds and components. Each component has name, analytic, numeric, error (the bar
that the two were compared with), verdict and note. {NOT_FINITE}
""",
)
def _check(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: check the second derivatives instead")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    given, expression, numbers = _read(parser, words)
    from .check import gradcheck

    report = gradcheck(_of_positions(expression, numbers), *numbers.values(), order=given.order)
    if given.json:
        components = [component._asdict() for component in report.components]
        result = {"expression": expression.text, "at": numbers, "holds": bool(report), "components": components}
        _print_json(result)
    else:
        _say(str(report))
    return DONE if report else FAILED


@_command(
    "demo",
    "run a demo",
    """\
examples:
  autograd-mini demo                   train a network on iris, and draw one of its neurons
  autograd-mini demo iris --out /tmp   the same by name; what follows the name is for the demo
  autograd-mini demo --list            which there are
""",
)
def _demo(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    found = demos()
    names = ", ".join(found)
    parser.add_argument("--list", action="store_true", help="say which demos there are")
    parser.add_argument("name", metavar="NAME", nargs="?", default="iris", help=f"which: {names} (default: iris)")
    parser.add_argument("options", metavar="...", nargs=argparse.REMAINDER, help="its options: see demo NAME --help")
    given = parser.parse_args(words)
    if given.list:
        _print_table(["demo", "what it does"], [found, map(_first_line, found.values())])
        return DONE
    path = next((str(path) for stem, path in found.items() if _is_called(stem, given.name)), None)
    if path is None:
        parser.error(f"there is no demo {given.name!r}: choose from {names}")
    before = sys.argv, sys.path
    try:  # a demo is a script: it reads its options, and imports from its folder, as any script does
        sys.argv, sys.path = [path, *given.options], [str(Path(path).parent), *sys.path]
        runpy.run_path(path, run_name="__main__")
    finally:
        sys.argv, sys.path = before
    return DONE


def demos() -> dict[str, Path]:
    """The demos by name: those in the wheel, or those beside the package in a source tree.

    >>> all(path.suffix == ".py" for path in demos().values())
    True
    """
    package = Path(__file__).parent
    installed = package / "_demos"
    folder = installed if installed.is_dir() else package.parent / "demos"
    return {path.stem: path for path in sorted(folder.glob("[!_]*.py"))}


def _is_called(stem: str, name: str) -> bool:
    """Whether the demo 01_linear_models is meant by its whole name, by linear_models, by 01 or by 1."""
    number, _, title = stem.partition("_")
    if not number.isdecimal():
        return name == stem
    return name in (stem, title) or (name.isdecimal() and int(name) == int(number))


def _first_line(script: Path) -> str:
    import ast

    return (ast.get_docstring(ast.parse(script.read_bytes())) or "").partition("\n")[0]


# ---- what the commands share ----


def _add_number_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--precision", type=_digits, metavar="N", help="significant digits in the tables (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def _digits(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 17:
        raise argparse.ArgumentTypeError(f"the digits of a float are a number from 1 to 17, not {text!r}")
    return int(text)


def _read(
    parser: argparse.ArgumentParser, words: Sequence[str]
) -> tuple[argparse.Namespace, "Expression", dict[str, float]]:
    """The options, the expression and the numbers of its variables, in any order on the command line."""
    parser.add_argument("expression", metavar="EXPR", help='such as "x*y + sin(x)"')
    each = "a number for each variable, such as x=-2.5"
    parser.add_argument("numbers", metavar="NAME=NUMBER", nargs="*", default=[], help=each)
    options = parser.parse_intermixed_args(_shielded(words))
    text, numbers = options.expression, options.numbers
    del options.expression, options.numbers
    from .expression import parse

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
    from keyword import iskeyword
    from unicodedata import normalize

    from .expression import ExpressionError

    numbers: dict[str, float] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = normalize("NFKC", name.strip())  # as Python's parser does
        if not equals:
            raise ExpressionError(f"{word!r} is not NAME=NUMBER, such as x=2 (an expression with spaces needs quotes)")
        if not name.isidentifier() or iskeyword(name):
            raise ExpressionError(f"{name!r} in {word!r} cannot be the name of a variable")
        if name in numbers:
            raise ExpressionError(f"{name} is given twice: {word!r} is the second time")
        numbers[name] = _number(word, text)
    return numbers


def _number(word: str, text: str) -> float:
    """The number that stands in the word NAME=NUMBER."""
    from .expression import ExpressionError, parse
    from .numbers import as_number

    if not text.strip():
        raise ExpressionError(f"no number follows the = in {word!r}")
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return as_number(parse(text)(), word)
    except ExpressionError:
        raise ExpressionError(f"{text!r} in {word!r} is not a number, such as -2, 1e-3 or pi/2") from None


def _graph(expression: "Expression", numbers: Mapping[str, float]) -> tuple["Value", dict[str, "Value"]]:
    """The value of the expression, and the leaves that it is made of."""
    from .engine import Value

    leaves = {name: Value(x, label=name) for name, x in numbers.items()}
    root = expression(**leaves)
    return root if isinstance(root, Value) else Value(root), leaves


def _of_positions(expression: "Expression", names: Iterable[str]) -> Callable[..., Any]:
    """The expression as a function of the numbers of its variables, in their order."""
    from inspect import Parameter, Signature

    def f(*xs: float) -> Any:
        return expression(**dict(zip(names, xs)))

    f.__name__ = expression.text
    f.__dict__["__signature__"] = Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in names])
    return f


# ---- printing ----


def _formatter(digits: int | None) -> Callable[[float], str]:
    return repr if digits is None else lambda x: f"{x:.{digits}g}"


def _print_table(heads: Iterable[str], columns: Iterable[Iterable[str]]) -> None:
    from .expression import terminal_width

    columns = [[head, *column] for head, column in zip(heads, columns)]
    widths = [max(map(terminal_width, column)) for column in columns]
    for row in zip(*columns):
        cells = [cell + " " * (width - terminal_width(cell)) for cell, width in zip(row, widths)]
        _say("  ".join(cells).rstrip())


def _aligned(numbers: Mapping[str, float], show: Callable[[float], str]) -> list[str]:
    """The numbers with spaces before them, so that their points stand one below the other."""
    texts = [show(x) for x in numbers.values()]
    before = [len(re.split("[.e]", text)[0]) for text in texts]
    return [" " * (max(before) - n) + text for n, text in zip(before, texts)]


def _print_json(document: Any) -> None:
    import json

    _say(json.dumps(_with_finite_numbers(document), indent=2, allow_nan=False))


def _with_finite_numbers(document: Any) -> Any:
    """The document with strings for the numbers that JSON cannot write."""
    if isinstance(document, dict):
        return {key: _with_finite_numbers(x) for key, x in document.items()}
    if isinstance(document, list):
        return [_with_finite_numbers(x) for x in document]
    return str(document) if isinstance(document, float) and not math.isfinite(document) else document


def _say(text: str = "") -> None:
    """Print a line, with escapes for what the terminal's encoding lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def _refuse(error: "ExpressionError", code: int) -> int:
    """Show the place in the expression, then what is wrong there."""
    if error.excerpt:
        print(error.excerpt, file=sys.stderr)
    print(f"error: {error.message}", file=sys.stderr)
    return code


# ---- the program ----


def main(arguments: Sequence[str] | None = None, *, program: str = "autograd-mini") -> int:
    """Run one command.

    Args:
        arguments: the words after the program's name; those of this process unless told.
        program: its name in messages.

    Returns:
        The exit code: 0 when done, 1 if the computation or the check failed, 2 where the command is not understood,
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
    except (Failure, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED


def _run(program: str, words: Sequence[str]) -> int:
    if words and words[0] in COMMANDS:
        command = COMMANDS[words[0]]
        parser = argparse.ArgumentParser(
            prog=f"{program} {words[0]}",
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        return _run_command(command, parser, words[1:])
    parser = argparse.ArgumentParser(
        prog=program,
        description="Automatic differentiation of programs written in scalars.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"autograd_mini {__version__}")
    listed = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, command in COMMANDS.items():
        listed.add_parser(name, help=command.summary)
    parser.parse_args(words)
    parser.print_help()
    return MISUSED


def _run_command(command: Command, parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    from .expression import EvaluationError, ExpressionError  # for a command only: --version need not wait for it

    try:
        return command.run(parser, words)
    except EvaluationError as error:
        return _refuse(error, FAILED)
    except ExpressionError as error:
        return _refuse(error, MISUSED)


def _flush() -> None:
    try:
        print(end="", flush=True)
    except OSError:  # what is left goes nowhere, or Python would try to write it once more at exit, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
