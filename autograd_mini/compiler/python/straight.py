"""Tiny programs as straight-line Python on floats: a variable for each number of the trace, and a line for each slope.

The value has the same bits as the eager run, and raises the same errors.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...arithmetic import Lines
from ...rule import Rule
from ..argument import AS_FLOAT, floats
from ..program import Flipped, Program
from .expressions import PYTHON, PythonArithmetic, compiled, slopes_on_floats

FEW = 8  # up to so many numbers are converted to floats one by one
SHORT = 40  # up to so many operations, a program is written again into another function to save a call


class Straight:
    """A program as lines of Python, without the `def` and the `return`.

    `called` has the operations whose functions the lines call, by their names in the lines.

    Attributes:
        inputs, parameters: the names of its numbers.
        lines: the lines, to which more may be added.
        values, slopes: expressions for its results and, if wanted, for the derivatives with respect to the sources.
        names: the objects that the lines refer to.
    """

    def __init__(self, program: Program, sources: Sequence[int] | None, called: dict[str, Rule]) -> None:
        self.inputs = [f"x{i}" for i in range(program.inputs)]
        self.parameters = [f"p{i}" for i in range(program.parameters)]
        lines = self.lines = Lines(PYTHON)
        m = PythonArithmetic(lines, called)
        numbers: list[Any] = [*map(lines.atom, self.inputs + self.parameters), *program.constants.tolist()]
        guards = list(enumerate(program.guards))  # each as early as possible, but in the order of the trace
        used = {*program.asked, *program.operands}
        for node in program.evaluate(m, numbers):
            if node.result not in used:  # it may raise
                lines.do("{}", numbers[-1])
            while guards and guards[0][1].node <= node.result:
                k, guard = guards.pop(0)
                lines.do(f"if {'not ' * guard.outcome}({{}}): raise Flipped({k})", numbers[guard.node])
        self.values = [m.number(numbers[slot]) for slot in program.results]
        self.slopes: list[Any] = []
        if sources:
            adjoints = program.swept(m, numbers, sources, {program.result: 1.0})
            self.slopes = [adjoints.get(slot, 0.0) for slot in sources]
        self.names: dict[str, Any] = {"inf": math.inf, "nan": math.nan, "Flipped": Flipped}
        self.names |= {"number": AS_FLOAT, "floats": floats}
        self.names |= {name: rule.f for name, rule in called.items()}

    @property
    def first(self) -> list[str]:
        """The first line, which converts other numbers to floats."""
        inputs = ", ".join(self.inputs)
        if not inputs:
            return []
        each = ", ".join([f"number[type({x})]({x})" for x in self.inputs])
        made = each if len(self.inputs) <= FEW else f"floats({inputs})"
        return [f"if not ({' is '.join([f'type({x})' for x in self.inputs])} is float): {inputs}, = {made}"]


class StraightExecutor:
    """A program without a sample axis, made into Python functions of its inputs and parameters.

    One function returns the value, or a tuple of several; the other also the derivatives, if there are sources.

    `brackets` enclose the derivatives that are returned, "[]" or "()"; "" means a single one without brackets.
    """

    takes_numbers = True

    def __init__(self, program: Program, sources: Sequence[int], brackets: str = "[]", why: str = "as asked") -> None:
        self.why = why
        self.program, self.sources, self.brackets = program, sources, brackets
        called: dict[str, Rule] = {}
        texts = [Straight(program, by, called) for by in (None, sources)[: 1 + bool(sources)]]
        functions = [_function(text, brackets * k, k > 0) for k, text in enumerate(texts)]
        self.source = "\n\n\n".join(functions) + "\n"
        names = texts[-1].names
        exec(compiled(self.source, self), names)
        self.value: Callable[..., Any] = names["value"]
        self._both: Callable[..., tuple[float, Any]] = names.get("value_and_gradient", self._value_alone)

    def written(self, derivatives: bool) -> Straight | None:
        """The program as lines for another function; None if they are too many, or if an operation is a user's.

        The lines raise the errors of floats.
        """
        if self.program.nodes > SHORT or self.program.own:
            return None
        return Straight(self.program, self.sources if derivatives else None, {})

    @property
    def scalars(self) -> bool:
        """Whether each argument is one number, and derivatives have the form for such arguments."""
        return self.brackets != "[]"

    def function(self, derivatives: bool, scalars: bool) -> Callable[..., Any]:
        """The function for the value, or for the value with derivatives, where floats may raise."""
        del scalars  # fixed when this was made
        return self._both if derivatives else self.value

    def explain(self, tracing: float, compiling: float) -> str:
        """A text about the program, its executor and the times."""
        return (
            f"straight-line Python ({self.why}): {self.program.nodes} operations; traced in {tracing * 1e3:.1f} ms, "
            f"compiled in {compiling * 1e3:.1f} ms"
        )

    def _value_alone(self, *numbers: float) -> tuple[float, Any]:
        return self.value(*numbers), []

    def value_and_gradient(self, *numbers: float) -> tuple[float, Any]:
        """The value and the derivatives; if a slope raises on floats, it is computed in IEEE arithmetic."""
        try:
            return self._both(*numbers)
        except (ArithmeticError, ValueError):
            value = self.value(*numbers)  # raises if the value itself can't be computed
        program = self.program
        numbers_ = program.evaluated(Floats, numbers)
        adjoints = program.swept(Floats, numbers_, self.sources, {program.result: 1.0})
        gradient = [adjoints.get(slot, 0.0) for slot in self.sources]
        return value, {"[]": gradient, "()": tuple(gradient), "": gradient[0]}[self.brackets]


class Floats:
    """The arithmetic of floats, with slopes in IEEE arithmetic if they raise on floats."""

    @staticmethod
    def operands(rule: Rule, xs: list[float]) -> list[float]:
        del rule
        return xs

    @staticmethod
    def value(rule: Rule, *xs: float) -> float:
        return rule.f(*xs)

    @staticmethod
    def partials(rule: Rule, z: float, xs: Sequence[float], wanted: Sequence[bool]) -> list[float]:
        del wanted
        return list(map(float, slopes_on_floats(rule, z, xs)))


def _function(text: Straight, brackets: str, derivatives: bool) -> str:
    """The text of the function: for the value, or for the value with derivatives."""
    several = "{}" if len(text.values) == 1 else f"[{', '.join(['{}'] * len(text.values))}]"
    if derivatives:
        places = ", ".join(["{}"] * len(text.slopes)) + "," * (brackets == "()")
        several += f", {brackets[:1]}{places}{brackets[1:]}"
    text.lines.do(f"return {several}", *text.values, *text.slopes)
    name = "value_and_gradient" if derivatives else "value"
    names = ", ".join(text.inputs + text.parameters)
    return "\n    ".join([f"def {name}({names}):", *text.first, *text.lines.written()])
