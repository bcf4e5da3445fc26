"""What to do about a nan or an inf: by operation, by situation and by what was computed before."""

import operator
from collections.abc import Sequence

from ..engine import Value
from ..printing import visible
from ..reading import number_of, operands_of, rule_of
from ..rule import Rule
from .nodes import label_of

# By operation and situation: "value" if it is nan, inf or refused; "slope" if a slope is; "unused" if a slope is while
# the adjoint is 0.  {f} is the operation, {x} and {y} are its first operands.
_WHERE = "The adjoint is 0, so nothing depends on this, but 0·inf is nan. Make the branch not taken safe too: "
_OVERFLOW = (
    "Numbers have grown beyond 1.8e308. If that took many steps of descent, the learning rate is too high; else scale "
    "the data down."
)
EXPLODING = (
    "Adjoints have grown beyond 1.8e308 on the way back. Take a lower learning rate, smaller weights or scaled data; "
    "or clip."
)
_EXPONENTIAL = (
    "Above 709 it is beyond the largest float. Say softplus(x) for log(1 + exp(x)), sigmoid(x) for 1 / (1 + exp(-x)), "
    "softmax(xs), logsumexp(xs) for sums of exponentials; else take a lower learning rate or scale the data."
)
_LOG = (
    "A logarithm needs a number above 0: put a little under it, {f}({x} + 1e-12). Where there is no need of it: "
    "where({x} > 0, {f}(where({x} > 0, {x}, 1.0)), 0.0)."
)
_DIVISION = "Keep the denominator from 0: {x} / ({y} + 1e-12) where it can't be negative,"
_EDGE = "Its slope is infinite at ±1: stay inside by {f}(clamp({x}, -0.999999, 0.999999))."
_NEAR = "So near to 0 the slope is beyond 1.8e308: put a little under it, "
EXPONENT = "A negative base, or 0, has no slope in the exponent: make that a plain number, {x} ** stop_gradient({y})."
DATA = "Look where {0} comes from: a file, a division of plain floats, a missing value. math.isfinite(x) tells."
_DEFAULTS = {
    "value": "Look at the formula of {f} for these operands, or keep them out of its way.",
    "slope": "The slope of {f} is not finite here: keep the operands away from this point.",
    "unused": _WHERE + "where(ok, {f}(where(ok, {x}, 1.0)), 0.0).",
}

_CHOICES = {
    **dict.fromkeys(["sqrt", "log", "log2", "log10"], "where({x} > 0, {f}(where({x} > 0, {x}, 1.0)), 0.0)"),
    **dict.fromkeys(["asin", "acos", "atanh"], "where(abs({x}) < 1, {f}(where(abs({x}) < 1, {x}, 0.0)), 0.0)"),
    "log1p": "where({x} > -1, log1p(where({x} > -1, {x}, 0.0)), 0.0)",
    "acosh": "where({x} > 1, acosh(where({x} > 1, {x}, 2.0)), 0.0)",
    "cbrt": "where({x} != 0, cbrt(where({x} != 0, {x}, 1.0)), 0.0)",
    "pow": "where({x} > 0, where({x} > 0, {x}, 1.0) ** {y}, 0.0)",
    "truediv": "where({y} != 0, {x} / where({y} != 0, {y}, 1.0), 0.0)",
    "atan2": "where({x} != 0, atan2(where({x} != 0, {x}, 1.0), {y}), 0.0)",
}
_GROWING = ("add", "sub", "mul", "sum", "mean", "dot", "hypot", "exp2", "sinh", "cosh")
_REMEDIES: dict[tuple[str, str], str] = {
    **{("unused", name): _WHERE + choice + "." for name, choice in _CHOICES.items()},
    **dict.fromkeys([("value", name) for name in ("log", "log2", "log10")], _LOG),
    **dict.fromkeys([("value", name) for name in ("exp", "expm1")], _EXPONENTIAL),
    **dict.fromkeys([("value", name) for name in _GROWING], _OVERFLOW),
    **dict.fromkeys(
        [("value", name) for name in ("asin", "acos")],
        "Only -1 to 1 have an angle. If rounding led outside: {f}(clamp({x}, -1.0, 1.0)).",
    ),
    ("value", "atanh"): "It needs a number inside -1 and 1: atanh(clamp({x}, -0.999999, 0.999999)).",
    ("value", "acosh"): "It needs 1 or more. If rounding led below: acosh(maximum({x}, 1.0)).",
    ("value", "log1p"): "log1p(x) is log(1 + x) and needs a number above -1: log1p(maximum({x}, -0.999999)).",
    ("value", "sqrt"): "A negative number has no real root. If rounding led below 0: sqrt(maximum({x}, 0.0) + 1e-12).",
    ("value", "truediv"): f"{_DIVISION} else {_CHOICES['truediv']}.",
    ("value", "division by 0"): "The denominator is the constant 0, and no variable: leave the division out.",
    ("value", "pow"): _OVERFLOW,
    ("value", "powi"): _OVERFLOW,
    ("value", "power of 0"): "0 has no power below 0: put a little under it, ({x} + 1e-12) ** {y}.",
    (
        "value",
        "constant 0 to a power",
    ): "0 has no power below 0: keep the exponent from there, 0.0 ** maximum({y}, 0.0).",
    ("value", "power below 0"): "A negative number has whole powers only: cbrt(x) is the real cube root, "
    "maximum({x}, 0.0) ** {y} a power that rounding can't lead astray.",
    ("value", "prod"): f"{_OVERFLOW} Or add the logarithms instead of multiplying.",
    ("slope", "sqrt"): "The root is upright at 0: put a little under it, sqrt({x} + 1e-12).",
    ("slope", "cbrt"): "The root is upright at 0: a root that is not is {x} / cbrt({x} * {x} + 1e-12).",
    ("slope", "pow"): "A power below 1 is upright at 0: put a little under it, ({x} + 1e-12) ** {y}.",
    ("slope", "atan2"): "There is no angle at the origin: put a little in, atan2({x}, {y} + 1e-12).",
    ("slope", "acosh"): "It is upright at 1: stay above by acosh(maximum({x}, 1.000001)).",
    ("slope", "truediv"): f"{_NEAR}{{x}} / ({{y}} + 1e-12).",
    **dict.fromkeys([("slope", name) for name in ("asin", "acos", "atanh")], _EDGE),
    **dict.fromkeys([("slope", name) for name in ("log", "log2", "log10")], _NEAR + "{f}({x} + 1e-12)."),
}


def remedies_for(situation: str, rule: Rule, parents: Sequence[Value | None], xs: Sequence[float]) -> tuple[str, ...]:
    """What helps: a form that is stable all the way if there is one, else a patch."""
    name = rule.name
    if name == "pow" and situation == "value" and xs[0] <= 0.0:
        name = "power of 0" if xs[0] == 0.0 else "power below 0"
    if name == "truediv" and situation == "value" and xs[1] == 0.0 and parents[1] is None:
        name = "division by 0"
    if name == "power of 0" and parents[0] is None:
        name = "constant 0 to a power"
    better = _better_form(rule, parents) if situation != "unused" else ""
    text = better or _REMEDIES.get((situation, name), _DEFAULTS[situation])
    return (fill(text, parents, xs, visible(rule.symbol)),)


def _better_form(rule: Rule, parents: Sequence[Value | None]) -> str:
    """The function that computes the same as this operation of what was computed before it, and better."""
    last = parents[0] if rule.name == "pow" else parents[-1]
    if last is None or last.is_leaf:
        return ""
    first = last.parents[0]
    inner = [_made_by(p) for p in last.parents]
    meets_0 = number_of(last) == 0.0 and rule.name in ("truediv", "sqrt", "pow", "log", "log2", "log10")
    of_exponentials = _made_by(last) in ("add", "sum") and set(inner) == {"exp"}
    match rule.name, _made_by(last):
        case _, "log" if meets_0 and inner == ["add"] and 1.0 in _constants(first) and _argument(first) != 0.0:
            return "log(1 + x) is 0 where 1 + x rounds to 1: write log1p(x)."
        case _, "sub" if meets_0 and inner == ["exp"] and 1.0 in _constants(last) and _argument(first) != 0.0:
            return "exp(x) - 1 is 0 where exp(x) rounds to 1: write expm1(x)."
        case "log", "sigmoid":
            return "log(sigmoid(x)) is -softplus(-x); the loss is binary_cross_entropy_with_logits."
        case "log", "sub" if inner == ["sigmoid"] and 1.0 in _constants(last):
            return "log(1 - sigmoid(x)) is -softplus(x); the loss is binary_cross_entropy_with_logits."
        case "log", "truediv" if operands_of(last)[0][0] is not None and "exp" in (
            inner[0],
            *map(_made_by, first.parents),
        ):
            return "The logarithm of a softmax is log_softmax(xs); the loss is cross_entropy."
        case "log", "exp":
            return "log(exp(x)) is x."
        case "log", "prod" | "mul" if min(operands_of(last)[1]) > 0.0:
            return "The logarithm of a product is the sum of the logarithms."
        case "log", _ if of_exponentials:
            return "log(exp(x) + exp(y) + …) is logsumexp([x, y, …])."
        case "truediv", _ if of_exponentials:
            return "Exponentials over their sum are softmax(xs)."
        case "sqrt" | "pow", _ if _is_sum_of_squares(last):
            return "A length, sqrt(x*x + y*y), is hypot(x, y): with a little in it, hypot(x, y, 1e-6)."
    return ""


def _made_by(v: Value) -> str:
    return "" if v.is_leaf else rule_of(v).name


def _argument(v: Value) -> float:
    x: float = number_of(v.parents[0])
    return x


def _is_sum_of_squares(v: Value) -> bool:
    if _made_by(v) == "dot":
        parents, _ = operands_of(v)
        n = len(parents) // 2
        return all(map(operator.is_, parents[:n], parents[n : 2 * n]))
    return _made_by(v) in ("add", "sum") and all(map(_is_square, v.parents))


def _is_square(v: Value) -> bool:
    parents, xs = operands_of(v)
    if _made_by(v) == "mul":
        return parents[0] is parents[1]
    return _made_by(v) in ("pow", "powi") and parents[1] is None and xs[1] == 2


def _constants(v: Value) -> list[float]:
    return [x for p, x in zip(*operands_of(v)) if p is None]


def fill(text: str, parents: Sequence[Value | None], xs: Sequence[float], f: str = "") -> str:
    labels = [label_of(p) if p is not None else repr(x) for p, x in zip(parents, xs)][:2]
    letters = (letter for letter in "xyzu" if letter not in labels)
    x, y = [label or next(letters) for label in [*labels, "", ""][:2]]
    return text.format(f=f, x=x, y=y)
