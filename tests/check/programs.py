"""Random long programs, correct or with a wrong rule put in: for tests of gradcheck and benchmarks/long_programs.py.

A program is a chain of operations.  Each takes the previous result and one more number: an input, a constant or one of
the last few results.  Differences, products, quotients, logarithms, exponentials and tanh are drawn such that the
numbers keep a common size, whatever their slopes do; and steps such as g -= 0.2 * k * g, in which paths cancel.
"""

import copy
import math
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd_mini.engine import apply
from autograd_mini.rule import Rule
from autograd_mini.rules import RULES

INPUTS = 3
LEAST, MOST = 1e-4, 1e4  # of a number on the way
RECENT = 8
PLANTED = ("sub", "mul", "truediv", "log", "exp", "tanh")


class Instruction(NamedTuple):
    """An operation on the previous result and another operand, which is a number or an index."""

    op: str
    other: float | int


class Program(NamedTuple):
    """Inputs and the operations on them; at the places in `planted`, all of one row, another rule is used."""

    xs: tuple[float, ...]
    instructions: tuple[Instruction, ...]

    def function(self, planted: Callable[[int, str], Rule] = lambda _, op: RULES[op]) -> Callable[..., Any]:
        """The program as a function of its inputs, with the rules that `planted` gives for each place."""

        def program(*xs: Any) -> Any:
            numbers = list(xs)
            for k, (op, other) in enumerate(self.instructions):
                numbers.append(_step(op, numbers, other, lambda name, k=k: planted(k, name)))
            return numbers[-1]

        return program


def _step(op: str, numbers: Sequence[Any], other: float | int, rule: Callable[[str], Rule]) -> Any:
    a, b = numbers[-1], numbers[other] if isinstance(other, int) else other
    if op == "decay":
        return apply(rule("sub"), a, apply(rule("mul"), apply(rule("mul"), 0.2, b), a))
    if op == "log":
        return apply(rule("log"), apply(RULES["abs"], a))
    return apply(rule(op), a) if op in ("exp", "tanh") else apply(rule(op), a, b)


def random_program(length: int, seed: int) -> Program:
    """A program of this many instructions."""
    rng = random.Random(f"{length} {seed}")
    xs = tuple([rng.uniform(0.3, 2.0) * rng.choice((1.0, -1.0)) for _ in range(INPUTS)])
    numbers, instructions = list(xs), []
    while len(instructions) < length:
        op = rng.choice(("sub", "add", "mul", "truediv", "log", "exp", "tanh", "decay", "decay"))
        recent = max(0, len(numbers) - rng.randint(2, RECENT))
        other = rng.choice((rng.uniform(-2.0, 2.0), rng.randrange(INPUTS), recent))
        try:
            z = _step(op, numbers, other, RULES.__getitem__)
        except (ArithmeticError, ValueError):
            continue
        if LEAST < abs(z) < MOST:
            numbers.append(z)
            instructions.append(Instruction(op, other))
    return Program(xs, tuple(instructions))


def wrong_by(factor: float, program: Program, seed: int) -> Callable[[int, str], Rule]:
    """The program with the rule of one row wrong by a factor: everywhere, or for odd seeds at one place only."""
    rng = random.Random(seed)
    rows = [("sub", "mul") if op == "decay" else (op,) for op, _ in program.instructions]
    name = rng.choice(sorted({row for some in rows for row in some} & set(PLANTED)))
    wrong = scaled(RULES[name], factor)
    places = [k for k, some in enumerate(rows) if name in some]
    chosen = {rng.choice(places)} if seed % 2 else set(places)
    return lambda k, op: wrong if op == name and k in chosen else RULES[op]


def scaled(rule: Rule, factor: float) -> Rule:
    """The rule with all partials wrong by a factor; its value is unchanged."""
    wrong = copy.copy(rule)
    if many := rule.many:
        wrong.many = lambda m, z, *xs: [slope * factor for slope in many(m, z, *xs)]
    else:
        wrong.dx, wrong.dy = [_by(d, factor) for d in (rule.dx, rule.dy)]
    return wrong


def _by(d: Any, factor: float) -> Any:
    return None if d is None else d * factor if not callable(d) else lambda m, z, *xs: d(m, z, *xs) * factor


def moved(wrong: float, right: float) -> float:
    """The relative change of a slope."""
    if wrong == right or (math.isnan(wrong) and math.isnan(right)):
        return 0.0
    return abs(wrong - right) / (abs(right) or math.ulp(0.0))
