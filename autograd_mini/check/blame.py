"""Finds the cause of a wrong slope: the operations whose own slopes are wrong, each with its line of the program."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..engine import Value, apply
from ..function_nodes import by_itself, has_no_number
from ..hooks import SourceLine
from ..reading import operands_of, rule_of
from ..structures import Leaves
from ..sweep import pull_back
from ..transforms import gradients
from ..watch import never_raising
from .evidence import Evidence
from .report import Component, Culprit
from .verdict import JUMP, judge

Lines = dict[int, SourceLine]


def culprits(nodes: Sequence[Value], lines: Lines, order: int) -> list[Culprit]:
    """The operations that are wrong, the worst first."""
    found: list[tuple[float, Culprit]] = []
    for v in nodes:
        if not v.is_leaf and not has_no_number(v):
            one, line = by_itself(v), lines.get(id(v))
            found += _wrong_slopes(one, line) or (_wrong_seconds(one, line) if order == 2 else [])
    return [culprit for _, culprit in sorted(found, key=lambda pair: -pair[0])]


def with_a_reason(components: Sequence[Component], nodes: Sequence[Value], lines: Lines) -> list[Component]:
    """The components, with a note that says why one is wrong although each operation is right."""
    note = "each operation is right: the sum of contributions is not, or f is not its graph"
    for v in nodes:
        if not v.is_leaf and not has_no_number(v) and _at_its_kink(by_itself(v)):
            place = f" at {lines[id(v)]}" if id(v) in lines else ""
            note = f"each operation is right, but {v.op!r}{place} is at its kink, where the chain rule need not hold"
            break
    undefined = "0·inf or inf − inf on the way back is nan: detect_anomaly() tells where"
    return [
        c if c.verdict != "wrong" or c.note else c._replace(note=note if c.analytic == c.analytic else undefined)
        for c in components
    ]


def second_evidence(
    slopes: Callable[[Leaves], Sequence[float]], root: Any, leaves: Sequence[Value], xs: Sequence[float]
) -> list[Evidence]:
    """For each slope of the root, the evidence about its own slopes; `slopes` computes all of them on floats."""
    known: dict[tuple[float, ...], Sequence[float]] = {}

    def first(i: int, ys: Leaves) -> float:
        key = tuple(ys)
        if key not in known:
            known[key] = slopes(ys)
        return known[key][i]

    with never_raising():
        firsts = gradients(root, leaves, Value(1.0)) if isinstance(root, Value) else [0.0] * len(xs)
    seconds = [gradients(g, leaves) if isinstance(g, Value) else [0.0] * len(xs) for g in firsts]
    return [Evidence(partial(first, i), g, leaves, xs, own) for i, (g, own) in enumerate(zip(firsts, seconds))]


def _variables(v: Value) -> list[int]:
    return [i for i, p in enumerate(operands_of(v)[0]) if p is not None]


def _alone(v: Value) -> Evidence:
    """The evidence about a single operation."""
    xs = operands_of(v)[1]
    leaves = [Value(x) for x in xs]
    node = apply(rule_of(v), *leaves)
    return Evidence(lambda ys: rule_of(v).f(*ys), node, leaves, xs, pull_back(node, 1.0))


def _at_its_kink(v: Value) -> bool:
    evidence = _alone(v)
    return any(judge(evidence, i).verdict == "kink" for i in _variables(v))


def _wrong_slopes(v: Value, line: SourceLine | None) -> list[tuple[float, Culprit]]:
    """The wrong slopes of an operation, and how far off they are; at a jump no slope is right."""
    evidence = _alone(v)
    judgements = [(i, judge(evidence, i)) for i in _variables(v)]
    return [
        _culprit(v, line, (i,), judged.numeric, evidence.analytic[i])
        for i, judged in judgements
        if judged.verdict == "wrong" and judged.note != JUMP
    ]


def _wrong_seconds(v: Value, line: SourceLine | None) -> list[tuple[float, Culprit]]:
    """The same for its second derivatives."""
    xs = operands_of(v)[1]
    leaves = [Value(x) for x in xs]
    evidence = second_evidence(
        lambda ys: pull_back(apply(rule_of(v), *map(Value, ys)), 1.0), apply(rule_of(v), *leaves), leaves, xs
    )
    pairs = [(i, j) for i in _variables(v) for j in _variables(v)]
    judgements = [(i, j, judge(evidence[i], j)) for i, j in pairs]
    return [
        _culprit(v, line, (i, j), judged.numeric, evidence[i].analytic[j])
        for i, j, judged in judgements
        if judged.verdict == "wrong" and judged.note != JUMP
    ]


def _culprit(
    v: Value, line: SourceLine | None, by: tuple[int, ...], expected: float, got: float
) -> tuple[float, Culprit]:
    off = abs(got - expected) / (abs(expected) or 1.0)
    operands = tuple([_operand(p, x) for p, x in zip(*operands_of(v))])
    return off if off == off else math.inf, Culprit(v.op, line, operands, by, expected, got)


def _operand(v: Value | None, x: float) -> str:
    return f"{v.label} = {x!r}" if v is not None and v.label else repr(x)
