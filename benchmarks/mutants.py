"""Proof that the checks check: every partial of the rule table made wrong in every way we know, and who notices.

    pip install autograd_mini[test]
    python benchmarks/mutants.py              # some minutes
    python benchmarks/mutants.py tanh relu

A mutant is the table with one change in one partial: its sign, a factor 1.0005, two arguments swapped, a term or a
factor left out, a comparison turned round or made to hold at a tie, the two branches of a choice exchanged, a number
added to a constant.  It is killed if gradcheck, of order 1 or 2, finds a slope wrong at a point of the row's domain, or
if it breaks a line of docs/kinks.md.  One that changes no slope by more than its rounding, at any point, is equivalent,
and is listed.  It ends with 1 if any other survives.
"""

import argparse
import ast
import inspect
import itertools
import math
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from autograd_mini import partials, powers, rules, special  # noqa: E402
from autograd_mini.check import gradcheck  # noqa: E402
from autograd_mini.engine import Value, apply  # noqa: E402
from autograd_mini.rule import Rule  # noqa: E402
from autograd_mini.rules import RULES  # noqa: E402
from autograd_mini.sweep import pull_back  # noqa: E402
from tests.test_rules import bits, numbers, operation_at, slopes  # noqa: E402
from tests.witness import code, grid, random_point, table, witness_of  # noqa: E402

POINTS = 40
ROUNDING = 1e-12
PARTS = (partials, powers, special, rules)  # of the table, read as one file
TURNED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.Eq: ast.NotEq, ast.GtE: ast.Lt, ast.LtE: ast.Gt}
AT_A_TIE = {ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.LtE: ast.Lt}


class Mutant(NamedTuple):
    """One wrong row: what was changed, and its partials."""

    row: str
    change: str
    partials: dict[str, Any]


# ---- making mutants ----


def mutants(name: str) -> Iterator[Mutant]:
    """Every mutant of a row."""
    tree = whole_table()
    call = next(n for n in ast.walk(tree) if is_row(n, name))
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    many = [k for k in call.keywords if k.arg == "many"]
    slots = [(k, "value", None) for k in many] or [(call, "args", i) for i in range(2, len(call.args))]
    for parent, field, i in slots:
        partial = get(parent, field, i)
        if isinstance(partial, ast.Name):
            body = functions[partial.id]
            last = body.body[-1]
            assert isinstance(last, ast.Return)
            roots: list[tuple[Any, str, Any]] = [(last, "value", None)]
            parts: ast.AST = body
        else:
            roots = [(partial, "body", None) if isinstance(partial, ast.Lambda) else (parent, field, i)]
            parts = partial
        changes = itertools.chain(whole(roots[0], bool(many)), swapped(partial), within(parts))
        for change, place, node in changes:
            old = get(*place)
            put(*place, node)
            row = load(tree)[name]
            put(*place, old)
            texts = [ast.unparse(n) if isinstance(n, ast.AST) else ", ".join(a.arg for a in n) for n in (old, node)]
            yield Mutant(
                name, f"{change}: {' → '.join(texts)}", {key: getattr(row, key) for key in ("dx", "dy", "many")}
            )


def whole_table() -> ast.Module:
    """The syntax tree of all its files, which import nothing of each other."""
    tree = ast.parse("\n".join(map(inspect.getsource, PARTS)))
    names = {part.__name__.rpartition(".")[2] for part in PARTS}
    tree.body = [n for n in tree.body if not (isinstance(n, ast.ImportFrom) and n.module in names)]
    return tree


def is_row(n: ast.AST, name: str) -> bool:
    """Whether a node of the syntax tree is that row of the table."""
    called = isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "Rule" and bool(n.args)
    return called and n.args[0].value == name  # type: ignore[attr-defined]


def get(parent: Any, field: str, i: int | None) -> Any:
    """What stands in a place of the syntax tree."""
    return getattr(parent, field) if i is None else getattr(parent, field)[i]


def put(parent: Any, field: str, i: int | None, node: ast.AST) -> None:
    """Put another in the place."""
    if i is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[i] = node


def load(tree: ast.Module) -> dict[str, Rule]:
    """The rows of a syntax tree."""
    names: dict[str, Any] = {"__name__": "autograd_mini.mutant", "__package__": "autograd_mini"}
    exec(compile(ast.fix_missing_locations(tree), "mutant", "exec"), names)
    return names["RULES"]  # type: ignore[no-any-return]


def whole(place: Any, many: bool) -> Iterator[Any]:
    """Sign and factor of a whole partial, and a shift of a constant one."""
    old = get(*place)
    for change, text in (("sign", "-({})"), ("factor", "({}) * 1.0005"), ("shift", "({}) + 0.0005")):
        if change != "shift" or isinstance(old, (ast.Constant, ast.UnaryOp)):
            each = (
                f"[{text.format('slope')} for slope in ({ast.unparse(old)})]" if many else text.format(ast.unparse(old))
            )
            yield change, place, ast.parse(each, mode="eval").body


def swapped(partial: Any) -> Iterator[Any]:
    """The operands of a partial in another order."""
    if isinstance(partial, ast.Lambda) and partial.args.vararg is None:
        names = partial.args.args
        for i in range(3, len(names)):
            order = [*names]
            order[2], order[i] = order[i], order[2]
            yield "swapped", (partial.args, "args", None), order


def within(tree: ast.AST) -> Iterator[Any]:
    """What is left out or turned round inside a partial."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            for i, node in enumerate(value) if isinstance(value, list) else ((None, value),):
                place = (parent, field, i)
                if isinstance(node, ast.BinOp):
                    yield "missing", place, node.left
                    yield "missing", place, node.right
                if isinstance(node, ast.UnaryOp):
                    yield "sign inside", place, node.operand
                if isinstance(node, ast.Compare):
                    for change, others in (("turned", TURNED), ("at a tie", AT_A_TIE)):
                        if other := others.get(type(node.ops[0])):
                            yield change, place, ast.Compare(node.left, [other()], node.comparators)
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "m.where":
                    condition, a, b = node.args
                    yield "exchanged", place, ast.Call(node.func, [condition, b, a], [])


# ---- hunting them ----


@contextmanager
def installed(rule: Rule, partials: dict[str, Any]) -> Iterator[None]:
    """The row with other partials, inside a with block."""
    kept = {key: getattr(rule, key) for key in partials}
    for key, partial in partials.items():
        setattr(rule, key, partial)
    try:
        yield
    finally:
        for key, partial in kept.items():
            setattr(rule, key, partial)


def points(rule: Rule) -> list[tuple[float, ...]]:
    """Where a row is tried: ordinary points, some of all floats, and hard ones."""
    rng = random.Random(rule.name)
    found = [random_point(rule, rng) for _ in range(POINTS)]
    for size in witness_of(rule).sizes or [len(rule.domain)]:
        ends = [
            (max(a, -4.0), min(b, 4.0)) for a, b in (rule.domain if len(rule.domain) == size else rule.domain * size)
        ]
        for _ in range(POINTS):
            xs = [rng.uniform(*interval) for interval in ends]
            if rule.name == "powi":
                xs[1] = float(rng.randint(1, 9))
            found.append(tuple(xs))
    rng.shuffle(found)
    return [xs for xs in [*found, *grid(rule)] if value_at(rule, xs) is not None]


def value_at(rule: Rule, xs: tuple[float, ...]) -> float | None:
    """The value at a point, if there is a finite one."""
    try:
        z = rule.f(*xs)
    except (ArithmeticError, ValueError):
        return None
    return z if all(map(math.isfinite, (*xs, z))) else None


def operation(rule: Rule, xs: tuple[float, ...]) -> tuple[Callable[..., Any], list[float]]:
    """The operation as a function of its variables, and where they stand."""
    variables = [i for i in range(len(xs)) if i not in witness_of(rule).constants]

    def f(*ys: Any) -> Any:
        operands: list[Any] = list(xs)
        for i, y in zip(variables, ys):
            operands[i] = y
        return apply(rule, *operands)

    return f, [xs[i] for i in variables]


def killer(rule: Rule, tried: list[tuple[float, ...]]) -> str:
    """Who notices that the row is wrong, "" if nobody does."""
    for order, some in ((1, tried), (2, [xs for xs in tried if all(1e-3 < abs(x) < 50.0 for x in xs)][:40])):
        for xs in some:
            f, variables = operation(rule, xs)
            try:
                components = gradcheck(f, *variables, order=order).components
                if any(c.verdict == "wrong" and c.note != "jump" for c in components):  # at a jump the true rule is too
                    return f"order {order}"
            except (AttributeError, NameError, TypeError, ValueError):
                return "an error"
    return "" if kinks_hold() else "kinks.md"


def kinks_hold() -> bool:
    """Whether docs/kinks.md is right about its operations."""
    for heading in ("Kinks and jumps", "Ends"):
        for operation_, at, _, slope, *_ in table("kinks.md", heading):
            try:
                found = slopes(*operation_at(code(operation_)[0], code(at)[0]))[1]
            except (AttributeError, NameError, TypeError, ValueError):
                return False
            if list(map(bits, found)) != list(map(bits, numbers(slope))):
                return False
    return True


def slopes_at(rule: Rule, tried: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """All slopes, of order 1, at the points."""
    constants = witness_of(rule).constants
    return [pull_back(apply(rule, *[x if i in constants else Value(x) for i, x in enumerate(xs)]), 1.0) for xs in tried]


def changes(before: list[tuple[float, ...]], after: list[tuple[float, ...]]) -> float:
    """The largest relative change of a slope; a zero's sign is none."""
    pairs = [(a, b) for old, new in zip(before, after) for a, b in zip(old, new)]
    off = [abs(a - b) / max(abs(a), abs(b), math.ulp(0.0)) for a, b in pairs if bits(a + 0.0) != bits(b + 0.0)]
    return max((math.inf if x != x else x for x in off), default=0.0)


def reason(mutant: Mutant, change: float) -> str:
    """Why a mutant is equivalent."""
    if change:
        return f"what it leaves out takes back a rounding error, of {change:.0e} at most"
    if "nan" in mutant.change:
        return "the operand is a constant, whose slope nobody asks for"
    if "at a tie" in mutant.change:
        return "both branches are equal at the tie, or it was decided before"
    return "0 is 0, whatever its sign and its factor"


def hunt(name: str) -> tuple[str, Counter[str], list[str], list[str]]:
    """Of one row how many mutants each check kills, the equivalent ones, and the survivors."""
    rule = RULES[name]
    tried = points(rule)
    before = slopes_at(rule, tried)
    killed: Counter[str] = Counter()
    equivalent, alive = [], []
    for mutant in mutants(name):
        with installed(rule, mutant.partials):
            who = killer(rule, tried)
            if who:
                killed[who] += 1
                continue
            change = changes(before, slopes_at(rule, tried))
        if change <= ROUNDING:
            equivalent.append(f"{name}, {mutant.change}: {reason(mutant, change)}")
        else:
            alive.append(f"{name}, {mutant.change}: changes a slope by {change:.1g}")
    return name, killed, equivalent, alive


def main() -> int:
    """Hunt and print the score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", default=[], help="names of rows; all of them, if none is given")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    equivalent, alive = [], []
    print("| row | killed by gradcheck | of order 2 | by docs/kinks.md | an error | equivalent | alive |")
    print("|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, killed, same, survivors in pool.map(hunt, options.rows or list(RULES)):
            total += killed
            equivalent += same
            alive += survivors
            cells = [killed[who] for who in ("order 1", "order 2", "kinks.md", "an error")]
            print(f"| `{name}` |", " | ".join(map(str, [*cells, len(same), len(survivors)])), "|", flush=True)
    mutated = total.total() + len(alive)
    print(
        f"\n{total.total()} of {mutated} mutants that change a slope are killed: {100 * total.total() / mutated:.1f} %"
    )
    print(f"\n{len(equivalent)} change none by more than its rounding:\n", *equivalent, sep="\n")
    print("\nalive:\n", *alive, sep="\n")
    return min(len(alive), 1)


if __name__ == "__main__":
    sys.exit(main())
