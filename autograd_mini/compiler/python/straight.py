"""Tiny programs as straight-line Python over floats: each number of a trace a variable, each slope its row.

The value is that of the eager run bit for bit, and raises what that raises.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...ieee import IEEE, Ieee
from ...rule import FLOATS, Rule
from ..program import Flipped, Group, Program
from ..record.graph import DECISIONS, differentiable
from ..signature import Signature
from .expressions import Arithmetic, Lines, Text, compiled


class StraightExecutor:
    """A program without a sample axis, made into two Python functions of its inputs and parameters.

    Args:
        program: what to run.
        sources: the slots to differentiate by.
        brackets: those that derivatives are returned in, "[]" or "()"; "" for a single one by itself.
        why: the reason for this executor, for explain().
    """

    name = "source"
    takes_numbers = True  # one by one, and raises what floats raise

    def __init__(self, program: Program, sources: Sequence[int], brackets: str = "[]", why: str = "as asked") -> None:
        self.why = why
        self.program, self.sources, self.brackets = program, sources, brackets
        called: dict[str, Rule] = {}
        functions = [_function(program, None, "", called), _function(program, sources, brackets, called)]
        self.source = "\n\n\n".join(functions) + "\n"
        names: dict[str, Any] = {"inf": math.inf, "nan": math.nan, "Flipped": Flipped}
        names |= {name: rule.f for name, rule in called.items()}
        exec(compiled(self.source, self), names)
        self.value: Callable[..., float] = names["value"]
        self.short: Callable[..., tuple[float, Any]] = names["value_and_gradient"]

    @property
    def scalars(self) -> bool:
        """Whether each argument is one number, and derivatives are returned as those of such arguments."""
        return self.brackets != "[]"

    def short_way(self, signature: Signature, otherwise: Callable[..., Any]) -> Any:
        """The function itself for numbers; for flat lists of them, with those taken out."""
        del otherwise
        if self.scalars:
            return self.short
        return None if self.program.parameters else signature.by_numbers(self.short)

    def explain(self, tracing: float, compiling: float) -> str:
        """What was done, in words."""
        return (
            f"straight-line Python ({self.why}): {self.program.nodes} operations; traced in {tracing * 1e3:.1f} ms, "
            f"compiled in {compiling * 1e3:.1f} ms"
        )

    def value_and_gradient(self, *numbers: float) -> tuple[float, Any]:
        """The value, and the derivatives by the sources; where floats refuse a slope, IEEE arithmetic has one."""
        try:
            return self.short(*numbers)
        except (ArithmeticError, ValueError):
            value = self.value(*numbers)  # raises, if it is the value that can't be computed
        gradient = sweep(self.program, self.sources, numbers)
        return value, {"[]": gradient, "()": tuple(gradient), "": gradient[0]}[self.brackets]


def sweep(program: Program, sources: Sequence[int], numbers: Sequence[float]) -> list[float]:
    """The derivatives by the sources, node by node: each row on floats or, where these refuse, in IEEE arithmetic."""
    values = [*numbers, *program.constants]
    nodes = [(rule, result, xs) for rule, results, columns, _ in program for result, *xs in zip(results, *columns)]
    for rule, _, slots in nodes:
        values.append(rule.f(*[values[slot] for slot in slots]))
    active = program.active(sources)
    adjoints = [0.0] * program.slots
    adjoints[program.result] = 1.0
    reached = {program.result}  # the slope of what is not may be infinite, and 0·inf is nan
    for rule, result, slots in reversed(nodes):
        if result not in reached or not active[result] or not differentiable(rule):
            continue
        reached.update(slots)
        z, xs = values[result], [values[slot] for slot in slots]
        try:
            slopes = rule.partials(FLOATS, z, xs)
        except (ArithmeticError, ValueError):
            slopes = rule.partials(IEEE, Ieee(z), [Ieee(x) for x in xs])
        for slot, slope in zip(slots, slopes):
            if active[slot]:
                adjoints[slot] += float(adjoints[result] * slope)
    return [adjoints[slot] for slot in sources]


def _function(program: Program, sources: Sequence[int] | None, brackets: str, called: dict[str, Rule]) -> str:
    """The text of the function: of the value alone, or of the derivatives by the sources too."""
    lines = Lines()
    m = Arithmetic(lines, called)
    names = [f"x{i}" for i in range(program.inputs)] + [f"p{i}" for i in range(program.parameters)]
    numbers: list[Any] = [lines.make(name) for name in names] + program.constants.tolist()
    if sources is not None and brackets != "[]":
        kinds = " is ".join([f"type({name})" for name in names])
        lines.do(f"if not ({kinds} is float): raise TypeError")
    guards = {guard.node: (k, guard.outcome) for k, guard in enumerate(program.guards)}
    used = {program.result, *program.operands}
    truths: set[int] = set()  # the slots that hold bools
    for group in program:
        for result, *slots in zip(group.results, *group.operands):
            numbers.append(m.value(group.rule, *_operands(group.rule, slots, numbers, truths)))
            if group.rule.name in _TRUTHS:
                truths.add(result)
            if result in guards:
                k, outcome = guards[result]
                lines.do(f"if {'not ' * outcome}({{}}): raise Flipped({k})", numbers[result])
            elif result not in used:  # it may raise
                lines.do("{}", numbers[result])
    value = _float(program.result, numbers, truths)
    if sources is None:
        lines.do("return {}", value)
    else:
        adjoints = _adjoints(program, sources, numbers, truths, m)
        places = ", ".join(["{}"] * len(sources)) + "," * (brackets == "()")
        lines.do(
            f"return {{}}, {brackets[:1]}{places}{brackets[1:]}", value, *[adjoints.get(slot, 0.0) for slot in sources]
        )
    name = "value" if sources is None else "value_and_gradient"
    return "\n    ".join([f"def {name}({', '.join(names)}):", *lines.written()])


_TRUTHS = DECISIONS.keys() - {"stop_gradient"}


def _operands(rule: Rule, slots: Sequence[int], numbers: Sequence[Any], truths: set[int]) -> list[Any]:
    """The texts of the operands: bools where one is chosen by them, and floats where one calculates with them."""
    bools = len(slots) if rule.name in _TRUTHS else rule.name == "where"
    return [numbers[slot] for slot in slots[:bools]] + [_float(slot, numbers, truths) for slot in slots[bools:]]


def _float(slot: int, numbers: Sequence[Any], truths: set[int]) -> Any:
    text = numbers[slot]
    if slot not in truths:
        return text
    return text.lines.call("float", text) if isinstance(text, Text) else float(text)


def _adjoints(
    program: Program, sources: Sequence[int], numbers: Sequence[Any], truths: set[int], m: Arithmetic
) -> dict[int, Any]:
    """The adjoint of each slot that a source is below of: the sweep, written out."""
    active = program.active(sources)
    adjoints: dict[int, Any] = {program.result: 1.0}
    groups: list[Group] = list(program)
    for group in reversed(groups):
        for result, *slots in reversed(list(zip(group.results, *group.operands))):
            if result not in adjoints or not active[result] or not differentiable(group.rule):
                continue
            xs = _operands(group.rule, slots, numbers, truths)
            slopes = m.partials(group.rule, numbers[result], xs, [active[slot] for slot in slots])
            for slot, slope in zip(slots, slopes):
                if active[slot]:
                    c = adjoints[result] * slope
                    adjoints[slot] = adjoints[slot] + c if slot in adjoints else c
    return adjoints
