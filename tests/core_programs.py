"""Random programs, told in full: run as `python core_programs.py SEED COUNT` on each core, the lines must be the same.

A line has all that a program shows: values, gradients, the order, errors with their messages and notes.
"""

import contextlib
import hashlib
import operator
import random
import sys
from typing import Any

from autograd_mini import Value, functions, gradients, no_grad, topological_order
from autograd_mini.rule import VALUES
from autograd_mini.rules import RULES

# ruff: noqa: BLE001  (whatever is raised is told)

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 2, 3, -2, 7, 5e-324, 1e-310, 1e200, -1e308, 2**60, 10**400, True]
NUMBERS += [float("inf"), float("-inf"), float("nan"), 1e-8, 710.0, -745.5]
NEITHER = ["1", None, 1j, [1.0]]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.lt, operator.eq]


def told(x: Any) -> str:
    if isinstance(x, Value):
        return f"{x!r} {x.op!r} {len(x.parents)}"
    return repr(x)


def raised(error: Exception) -> str:
    return f"{type(error).__name__}: {error} {getattr(error, '__notes__', [])}"


def a_number(rng: random.Random) -> Any:
    if rng.random() < 0.5:
        return rng.choice([rng.gauss(0, 1), rng.uniform(-1, 1), rng.gauss(0, 50), float(rng.randrange(-4, 9))])
    return rng.choice(NUMBERS)


def an_operation(rng: random.Random, known: list[Any]) -> Any:
    """A value made of what is known, by an operator, a method, a function or an operation of many operands."""
    v = rng.choice(known)
    other = rng.choice(known) if rng.random() < 0.6 else a_number(rng)
    if rng.random() < 0.02:
        other = rng.choice(NEITHER)
    match rng.randrange(5):
        case 0 | 1:
            return rng.choice(OPERATORS)(*rng.choice([(v, other), (other, v)]))
        case 2:
            return getattr(v, rng.choice([name for name, row in RULES.items() if row.arity == 1]))()
        case 3:
            return getattr(VALUES, rng.choice(["maximum", "minimum", "atan2", "copysign", "hypot", "pow"]))(v, other)
        case _:
            xs = [v, other, *rng.choices(known, k=rng.randrange(4))]
            return rng.choice([functions.sum, functions.prod, functions.mean, functions.logsumexp, weighted])(xs)


def weighted(xs: list[Any]) -> Any:
    return functions.dot(xs, xs[::-1], start=xs[0])


def program(seed: int) -> str:
    rng = random.Random(seed)
    leaves = [Value(a_number(rng) if rng.random() < 0.3 else rng.gauss(0, 1), label=f"x{i}") for i in range(3)]
    known: list[Any] = list(leaves)
    lines: list[str] = []
    for _ in range(rng.randrange(3, 25)):
        try:
            made = an_operation(rng, known)
        except Exception as error:
            lines.append(raised(error))
        else:
            lines.append(told(made))
            if isinstance(made, Value):
                known.append(made)
    root = known[-1]
    for act in rng.choices(["backward", "assign", "assign a result", "no_grad", "gradients"], [6, 1, 1, 1, 2], k=3):
        try:
            match act:
                case "backward":
                    root.backward(rng.choice([1.0, -2, 0.5]))
                case "assign":
                    rng.choice(leaves).data = a_number(rng)
                case "assign a result":
                    rng.choice(known).data = 1.0
                case "no_grad":
                    with no_grad():
                        known.append(root * 2)
                    known[-1].backward()
                case "gradients":
                    lines.append(repr(gradients(root, leaves)))
        except Exception as error:
            lines.append(raised(error))
        lines += [f"{v.grad!r}" for v in known]
    lines.append(" ".join(v.label or v.op for v in topological_order(root)))
    return "\n".join(lines)


def main() -> None:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    for seed in range(first, first + count):
        text = ""
        with contextlib.suppress(OverflowError):  # from the numbers of a leaf
            text = program(seed)
        print(seed, hashlib.sha256(text.encode()).hexdigest()[:16])
        if len(sys.argv) > 3:
            print(text)


if __name__ == "__main__":
    main()
