"""A program as a function that runs on Values, for tracing it again without the original function or an example."""

from collections.abc import Sequence
from typing import Any

from ...engine import Value, apply
from ...rule import Rule
from ..program import Program


class Again:
    """A program as a function of one list of numbers: its first results, and then the numbers of its guards.

    Args:
        program: the program to run.
        results: how many of its results to return.
    """

    def __init__(self, program: Program, results: int) -> None:
        self.program, self.results = program, results
        self.__name__ = "the function"

    def __call__(self, *xs: Any) -> list[Any]:
        numbers = self.program.evaluated(_Values, xs)
        guards = [guard.node for guard in self.program.guards]
        return [numbers[slot] for slot in (*self.program.results[: self.results], *guards)]


class _Values:
    """The arithmetic of numbers and Values."""

    @staticmethod
    def operands(rule: Rule, xs: Sequence[Any]) -> Sequence[Any]:
        del rule
        return xs

    @staticmethod
    def value(rule: Rule, *xs: Any) -> Any:
        return apply(rule, *xs) if any(isinstance(x, Value) for x in xs) else rule.f(*xs)
