"""The command line: autograd-mini, or python -m autograd_mini.

`program.py` chooses the command, and `commands/` has a module for each.  `words.py` reads the words after the command's
name, `expression.py` the expression among them, and `output.py` prints the answer.  A command's module is imported when
the command runs, so that --help and --version answer at once.
"""

from .program import COMMANDS, main

__all__ = ["COMMANDS", "main"]
