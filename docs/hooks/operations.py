"""The page of operations, made of the table of rules: formula, slopes, domain, kinks and a plot of each function."""

import io
import math
import re
from pathlib import Path
from types import CodeType
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from mkdocs.structure.files import File, Files

import autograd_mini as ag
from autograd_mini.reading import rule_of
from autograd_mini.render.formulas import derivative_formula, formula
from autograd_mini.rules import RULES

BLUE, ORANGE, GREY = "#2563eb", "#ea580c", "#64748b"
GROUPS = {
    "Arithmetic": ["x + y", "x - y", "x * y", "x / y", "x**n", "-x", "abs(x)"],
    "Exponentials, logarithms and roots": [
        "exp(x)", "expm1(x)", "exp2(x)", "log(x)", "log1p(x)", "log2(x)", "log10(x)", "sqrt(x)", "cbrt(x)", "pow(x, n)",
        "xlogy(x, y)", "xlog1py(x, y)",
    ],
    "Trigonometric functions": [
        "sin(x)", "cos(x)", "tan(x)", "asin(x)", "acos(x)", "atan(x)", "atan2(y, x)", "hypot(x, y)",
        "norm([x, y])", "degrees(x)", "radians(x)", "sinc(x)",
    ],
    "Hyperbolic functions": ["sinh(x)", "cosh(x)", "tanh(x)", "asinh(x)", "acosh(x)", "atanh(x)"],
    "Error functions": ["erf(x)", "erfc(x)", "erfcx(x)", "ndtr(x)", "log_ndtr(x)"],
    "The gamma function": ["gamma(x)", "lgamma(x)", "digamma(x)", "polygamma(1, x)", "hurwitz(x, 2)"],
    "Choices and steps": [
        "maximum(x, y)", "minimum(x, y)", "clamp(x, lo, hi)", "copysign(x, y)", "where(x > 0, x, y)",
        "floor(x)", "ceil(x)", "round(x)", "fabs(x)",
    ],
    "Sums and products": [
        "sum([x, y])", "mean([x, y])", "prod([x, y])", "dot([x, y], [v, w])", "cumsum([x, y])[1]", "fma(x, y, v)",
        "ldexp(x, 2)",
    ],
    "Of neural networks": [
        "relu(x)", "leaky_relu(x, a)", "elu(x, a)", "softplus(x)", "sigmoid(x)", "log_sigmoid(x)", "silu(x)",
        "gelu(x)", "hardtanh(x)", "logsumexp([x, y])", "logaddexp(x, y)",
        "softmax([x, y])[0]", "log_softmax([x, y])[0]",
    ],
}  # fmt: skip
NUMBERS = {"x": 0.6, "y": 0.8, "n": 3.0, "v": 0.5, "w": -1.5, "lo": -1.0, "hi": 1.0, "a": 0.5}
LATEX = {"lo": r"\mathrm{lo}", "hi": r"\mathrm{hi}"}
AT = {"acosh(x)": 1.6}  # where to read the formulas, if 0.6 is outside the domain
# The cases of each choice in an operation, with numbers for each case, at which the slopes are read.
CASES: dict[str, dict[str, dict[str, float]]] = {
    "maximum(x, y)": {"x > y": {"x": 0.9}, "x < y": {}},
    "minimum(x, y)": {"x > y": {"x": 0.9}, "x < y": {}},
    "clamp(x, lo, hi)": {
        r"\mathrm{lo} < x < \mathrm{hi}": {}, r"x < \mathrm{lo}": {"x": -2.0}, r"x > \mathrm{hi}": {"x": 2.0},
    },
    "hardtanh(x)": {"-1 < x < 1": {}, "|x| > 1": {"x": 2.0}},
}  # fmt: skip
EITHER_SIDE = {"x > 0": {}, "x < 0": {"x": -0.6}}
# The rows subtract the largest operand, so that nothing overflows. The formulas are simpler without this.
UNSHIFTED = {
    "logsumexp([x, y])": "log(exp(x) + exp(y))",
    "logaddexp(x, y)": "log(exp(x) + exp(y))",
    "softmax([x, y])[0]": "exp(x) / (exp(x) + exp(y))",
    "log_softmax([x, y])[0]": "x - log(exp(x) + exp(y))",
}
CONSTANTS = {
    "0.693147": r"\ln 2", "1.4427": r"\log_{2} e", "0.434294": r"\log_{10} e", "1.41421": r"\sqrt{2}",
    "1.12838": r"\frac{2}{\sqrt{\pi}}", "0.398942": r"\frac{1}{\sqrt{2\pi}}",
}  # fmt: skip
# Domains that depend on more than one operand, or are wider than the intervals from which tests draw operands.
DOMAINS = {
    "x / y": "x any number, y any but 0",
    "x**n": "x ≥ 0, n any number; x any number where n is whole",
    "pow(x, n)": "x ≥ 0, n any number; x any number where n is whole",
    "clamp(x, lo, hi)": "any numbers with lo ≤ hi",
    "leaky_relu(x, a)": "x any number, a any number",
    "elu(x, a)": "x any number, a any number",
}


def on_files(files: Files, config: Any) -> Files:
    """Called by MkDocs with the files of the site: adds this page."""
    kinks = (Path(config["docs_dir"]) / "kinks.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "reference/operations.md", content=page(kinks)))
    for call in (call for calls in GROUPS.values() for call in calls):
        files.append(File.generated(config, f"reference/plots/{anchor(call)}.svg", content=plot(call)))
    return files


def page(kinks: str) -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for group, calls in GROUPS.items():
        parts += [f"\n## {group}\n", *(section(call, kinks) for call in calls)]
    return "\n".join(parts)


HEAD = """\
# Operations

For each operation this page shows the formula, the derivatives, the domain, and the slope at kinks and ends. All of it
comes from the table of rules when the page is built. In the plots the value is blue, and the slope with respect to x is
orange; other arguments have the number given above the plot. Some slopes are longer than in a textbook, because the
short form would lose digits.
"""


def section(call: str, kinks: str) -> str:
    """One operation: its heading, description, formulas, domain, kinks and plot."""
    name, names = call.split("(")[0], variables(call)
    leaves = {x: ag.Value(AT.get(call, NUMBERS[x]), label=x) for x in names}
    z = evaluate(call, leaves)
    parts = [
        f"### {call} {{ #{anchor(call)} }}",
        f"![Plot of {call} and of its slope](plots/{anchor(call)}.svg){{ .operation }}",
        summary(name),
        f"$$z = {readable(formula(evaluate(UNSHIFTED.get(call, call), leaves)).latex)}$$",
        *(slope(call, x, names) for x in names),
        f"Domain: {DOMAINS.get(call) or domain(call, z, names)}.",
        kink_rows(call, kinks),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def variables(call: str) -> list[str]:
    """The arguments of a call, in the order of NUMBERS."""
    return sorted(set(re.findall(r"\b[a-z]{1,2}\b", call)), key=list(NUMBERS).index)


def slope(call: str, x: str, names: list[str]) -> str:
    """The partial derivative with respect to x; if it has several cases, such as relu's below 0, all of them."""
    left = rf"\frac{{\partial z}}{{\partial {LATEX.get(x, x)}}}"
    where: dict[str, list[str]] = {}
    for condition, numbers in CASES.get(call, EITHER_SIDE).items():
        if found := partial(call, x, names, numbers):
            where.setdefault(found, []).append(condition)
    if len(where) == 1:
        return f"$${left} = {next(iter(where))}$$"
    either = r" \text{ or } "
    lines = r" \\ ".join(f"{found} & {either.join(conditions)}" for found, conditions in where.items())
    return rf"$${left} = \begin{{cases}} {lines} \end{{cases}}$$"


def partial(call: str, x: str, names: list[str], numbers: dict[str, float]) -> str | None:
    """The formula of a partial derivative at some numbers, None outside the domain."""
    leaves = {y: ag.Value(numbers.get(y, AT.get(call, NUMBERS[y])), label=y) for y in names}
    try:
        return readable(derivative_formula(evaluate(UNSHIFTED.get(call, call), leaves), leaves[x]).latex)
    except ValueError:
        return None


def readable(latex: str) -> str:
    """A formula with its constants by name, and the condition of `where` as written in the call."""
    for number, name in CONSTANTS.items():
        latex = latex.replace(number, name)
    return latex.replace(r"\mathrm{True}", "x > 0")


FUNCTIONS = {name: getattr(ag, name) for name in [*ag.__all__, "abs", "pow", "round", "sum"]}


def evaluate(call: str | CodeType, numbers: dict[str, Any]) -> Any:
    """The result of a call above, evaluated by Python."""
    return eval(call, {"__builtins__": FUNCTIONS}, numbers)


def anchor(call: str) -> str:
    """The name for links: that of the function, or of the row of an operator."""
    operators = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "power"}
    found = re.fullmatch(r"x ?(\W+?) ?\w", call)
    return operators[found[1]] if found else "neg" if call == "-x" else call.split("(")[0]


def summary(name: str) -> str:
    """The first line of the documentation of a function, with a link to the rest of it."""
    function = getattr(ag, name, None)
    if function is None:
        return ""
    line = (function.__doc__ or "").partition("\n")[0]
    return f"{line} [More …][autograd_mini.functions.{name}]"


def domain(call: str, z: ag.Value, names: list[str]) -> str:
    """Where the operation is defined: the intervals of its row, and whether their ends belong to it."""
    intervals = RULES[rule_of(z).name].domain
    if len(intervals) == 1:
        intervals *= len(names)
    intervals = intervals[-len(names) :] if z.op == "where" else intervals[: len(names)]  # the condition comes first
    return ", ".join(f"{x} {interval(call, x, *ends)}" for x, ends in zip(names, intervals))


def interval(call: str, x: str, low: float, high: float) -> str:
    """An interval in words and signs."""
    if low == -math.inf and high == math.inf:
        return "any number"
    above, below = ("≥" if defined(call, {x: end}) else ">" for end in (low, high))
    if high == math.inf:
        return f"{above} {signed(low)}"
    between = {">": "<", "≥": "≤"}
    return f"with {signed(low)} {between[above]} {x} {between[below]} {signed(high)}"


def signed(number: float) -> str:
    """A number with a true minus sign."""
    return f"{number:g}".replace("-", "−")


def defined(call: str, numbers: dict[str, float]) -> bool:
    """Whether a call has a value there."""
    try:
        evaluate(call, NUMBERS | numbers)
    except (ValueError, ArithmeticError):
        return False
    return True


def kink_rows(call: str, kinks: str) -> str:
    """The rows of the tables of docs/kinks.md that are about this operation."""
    if "(" not in call and call != "x**n":
        return ""
    head = "| operation | at | value | slopes | why |\n|---|---|---|---|---|"
    start = {"x**n": r"\w \*\* [\w.]+", "pow(x, n)": r"\w \*\* [\w.]+"}.get(call, re.escape(call.split("(")[0]) + r"\(")
    rows = [line for line in kinks.splitlines() if re.match(rf"\| `{start}", line)]
    cells = [[cell.strip() for cell in re.split(r" \| ", row.strip("| "))] for row in rows]
    chosen = [[*cell[:4], cell[-1]] if len(cell) > 3 else [*cell, "–", "no value"] for cell in cells]
    lines = [f"| {' | '.join(cell)} |" for cell in chosen]
    return "\n".join([head, *lines]) if lines else ""


def plot(call: str) -> str:
    """The value and the slope over the first argument, as SVG."""
    names, (low, high) = variables(call), plot_range(call)
    others = {x: NUMBERS[x] for x in names[1:]}
    code = compile(call, call, "eval")
    xs, zs, slopes = [], [], []
    for i in range(601):
        x = ag.Value(low + (high - low) * i / 600, label="x")
        try:
            z = evaluate(code, {names[0]: x, **others})
        except (ValueError, ArithmeticError):
            z = None
        xs.append(x.data)
        zs.append(clipped(z.data) if isinstance(z, ag.Value) else math.nan)
        slopes.append(clipped(ag.gradients(z, [x])[0]) if isinstance(z, ag.Value) else math.nan)
    figure = Figure(figsize=(3.6, 2.3))
    axes = figure.add_subplot()
    axes.axhline(0.0, color=GREY, lw=0.6)
    axes.axvline(0.0, color=GREY, lw=0.6)
    axes.plot(xs, broken(slopes), color=ORANGE, lw=1.4)
    axes.plot(xs, broken(zs), color=BLUE, lw=1.8)
    axes.set_xlim(low, high)
    axes.locator_params(nbins=6)
    axes.spines[:].set_visible(False)
    axes.tick_params(colors=GREY, labelsize=8, length=0)
    if others:
        axes.set_title(", ".join(f"{x} = {number:g}" for x, number in others.items()), fontsize=8, color=GREY)
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": call}):
        figure.savefig(text, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None})
    return text.getvalue()


def plot_range(call: str) -> tuple[float, float]:
    """The range of x: the part of the row's domain that the picture shows."""
    z = evaluate(call, {x: ag.Value(AT.get(call, number)) for x, number in NUMBERS.items()})
    low, high = RULES[rule_of(z).name].domain[0]
    return (max(low, -4.0), min(high, 4.0)) if rule_of(z).name != "where" else (-4.0, 4.0)


def clipped(y: float) -> float:
    """Leave out parts that are too high for the picture."""
    return y if abs(y) <= 4.0 else math.nan


def broken(ys: list[float]) -> list[float]:
    """A curve with a gap where it jumps."""
    return [math.nan if i and abs(y - ys[i - 1]) > 0.4 else y for i, y in enumerate(ys)]
