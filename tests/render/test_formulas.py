"""What `formula` and `derivative_formula` promise: Python that evaluates to the graph's numbers, and safe LaTeX.

The texts are evaluated with the package's functions on the numbers of the leaves: every row of the table and random
expressions.  Texts worth reading stand here as they must read.
"""

import ast
import math
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini import functions as f
from autograd_mini.engine import Value, apply
from autograd_mini.errors import AutogradError, NoGraphError, StaleGraphError
from autograd_mini.functions import primitive
from autograd_mini.hooks import no_grad
from autograd_mini.render.formulas import Formula, FormulaTooLongError, derivative_formula, formula
from autograd_mini.rule import Rule
from autograd_mini.rules import RULES
from autograd_mini.sweep import topological_order
from autograd_mini.transforms import gradients

EPS = 2.0**-52
LETTERS = "xyzuv"
ROWS = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def variables(names: str, *numbers: float) -> list[Value]:
    numbers = numbers or (2.0, 3.0, 5.0, 7.0)
    return [Value(number, label=name) for name, number in zip(names.split(), numbers)]


def evaluated(text: Any, leaves: Sequence[Value] = ()) -> float:
    """The text, run as Python with the functions of the package, each leaf's name being its number."""
    names = {leaf.label: leaf.data for leaf in leaves}
    return float(eval(str(text), {**vars(f), "inf": math.inf, "nan": math.nan, **names}))


def assert_well_formed(latex: str) -> None:
    """Braces, \\left with \\right, \\begin with \\end are in pairs; a label has begun no command."""
    plain = re.sub(r"\\[\\{}$%&#_, ]", "", latex)
    depth = 0
    for c in plain:
        depth += (c == "{") - (c == "}")
        assert depth >= 0, latex
    assert depth == 0, latex
    assert not re.search(r"[$%&#]", plain.replace(" & ", "")), latex
    commands = re.findall(r"\\([A-Za-z]+)", plain)
    assert commands.count("left") == commands.count("right")
    assert commands.count("begin") == commands.count("end")
    assert not {"input", "def", "href", "write", "script"} & set(commands)


# ---- every row of the table ----


def point(rule: Rule, rng: random.Random) -> list[float]:
    """A point of the domain where the slopes are of common size."""
    size = 4 if rule.many and len(rule.domain) == 1 else len(rule.domain)
    ends = rule.domain if len(rule.domain) == size else rule.domain * size
    xs = [rng.uniform(max(low + 0.05, -3.0), min(high - 0.05, 3.0)) for low, high in ends]
    match rule.name:
        case "powi":
            xs[1] = rng.randint(1, 9)
        case "gaussian":
            xs[1] = rng.choice((0.5, 1.0))
        case "hurwitz":
            xs[1] = rng.randint(2, 9)
    return xs


def node(rule: Rule, xs: Sequence[float]) -> tuple[Value, list[Value]]:
    """The operation at a point, and its variables."""
    leaves = [Value(x, label=name) for name, x in zip(LETTERS, xs)]
    if rule.name == "powi":
        return leaves[0] ** xs[1], leaves[:1]
    if rule.name in ("gaussian", "hurwitz"):
        return apply(rule, leaves[0], xs[1]), leaves[:1]
    return apply(rule, *leaves), leaves


# Written with + where the node rounds once, or in other words than the table's.
ROUNDED_OTHERWISE = ("sum", "dot", "mean", "sech2", "gaussian", "one_minus_square")
ROUNDED_OTHERWISE += ("power_slope", "power_log", "expectation", "ierfcx", "i2erfcx")


@ROWS
def test_the_text_of_a_row_evaluates_to_its_number(rule):
    rng = random.Random(rule.name)
    for _ in range(20):
        z, leaves = node(rule, point(rule, rng))
        for written in (formula(z), formula(z, numbers=True)):
            if rule.name in ROUNDED_OTHERWISE:
                scale = 1.0 + sum(abs(v.data) for v in leaves) ** 2
                assert evaluated(written, leaves) == pytest.approx(z.data, rel=16 * EPS, abs=8 * EPS * scale)
            else:
                assert evaluated(written, leaves) == z.data
            assert_well_formed(written.latex)


@ROWS
def test_the_derivative_of_a_row_evaluates_to_its_gradient(rule):
    rng = random.Random(rule.name)
    for _ in range(20):
        z, leaves = node(rule, point(rule, rng))
        for x, slope in zip(leaves, gradients(z, leaves)):
            for written in (derivative_formula(z, x), derivative_formula(z, x, numbers=True)):
                assert evaluated(written, leaves) == pytest.approx(slope, rel=200 * EPS, abs=16 * EPS), written
                assert_well_formed(written.latex)


@ROWS
def test_second_derivatives_are_formulas_of_graphs_too(rule):
    z, leaves = node(rule, point(rule, random.Random(rule.name)))
    for slope in gradients(z, leaves, seed=Value(1.0)):
        assert math.isclose(evaluated(formula(slope, numbers=True)), slope.data, rel_tol=1e-12, abs_tol=1e-14)
        for x, second in zip(leaves, gradients(slope, leaves)):
            written = derivative_formula(slope, x, numbers=True)
            assert evaluated(written) == pytest.approx(second, rel=1e-10, abs=1e-12), written


# ---- random expressions ----

STEPS: list[Callable[[Value, Value], Value]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1.0 + b * b),
    lambda a, b: -a * 2,
    lambda a, b: 3.0 - b,
    lambda a, b: a.tanh(),
    lambda a, b: a.sin() * b.cos(),
    lambda a, b: a.tanh() ** 2,
    lambda a, b: (1 + a * a) ** -0.5,
    lambda a, b: (1 + b * b).sqrt() / 2,
    lambda a, b: 2.0 ** a.tanh(),
    lambda a, b: (1 + a.tanh() ** 2) ** b.sin(),
    lambda a, b: f.logsumexp([a, b, 0.5]),
    lambda a, b: f.softmax([a, b])[0],
    lambda a, b: f.maximum(a, b) - f.clamp(b, -1, 1),
    lambda a, b: abs(a).log1p(),
    lambda a, b: f.atan2(a, 2 + b * b),
    lambda a, b: f.where(a > b, a, b * 0.5),
    lambda a, b: f.hypot(a, b, 1.0),
    lambda a, b: a.sigmoid() + b.gelu() - a.softplus(),
]


@st.composite
def expressions(draw: Any) -> tuple[Value, list[Value]]:
    """A random expression with shared nodes, and its leaves."""
    numbers = draw(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=3))
    leaves = [Value(x, label=name) for name, x in zip(LETTERS, numbers)]
    nodes = list(leaves)
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=7)):
        a, b = (draw(st.sampled_from(nodes[-3:])) for _ in "ab")
        nodes.append(step(a, b))
    return nodes[-1], leaves


def total_of_terms(root: Value, x: Value) -> float:
    """Σ|terms| of the derivative: the chain rule with the size of every slope."""
    totals = {id(root): 1.0}
    for v in reversed(topological_order(root)):
        for parent, slope in zip(v.parents, v.pullback(1.0)):
            totals[id(parent)] = totals.get(id(parent), 0.0) + totals[id(v)] * abs(slope)
    return totals.get(id(x), 0.0)


@given(expressions())
def test_the_text_of_any_expression_takes_the_same_steps(expression):
    root, leaves = expression
    written = formula(root, max_terms=10**6)
    assert evaluated(written, leaves) == root.data
    assert evaluated(formula(root, numbers=True, max_terms=10**6)) == root.data


@given(expressions())
def test_the_derivative_of_any_expression_evaluates_to_its_gradient(expression):
    root, leaves = expression
    root.backward()
    for x in leaves:
        written = derivative_formula(root, x, max_terms=10**6)
        assert abs(evaluated(written, leaves) - x.grad) <= 2000 * EPS * (total_of_terms(root, x) + 1e-3), written
        assert_well_formed(written.latex)


@given(expressions())
def test_a_formula_is_tidy(expression):
    root, leaves = expression
    for written in (formula(root, max_terms=10**6), *(derivative_formula(root, x, max_terms=10**6) for x in leaves)):
        text = written.text
        assert not re.search(r"\*\*1\b(?!\.)|(?<![\w.])1\*(?!\*)|[+-] 0(?![\w.])|- -|\+ -|--", text), text
        if not re.search(r"\(-|\*\*-", text):  # Python can do without parentheses around a sign, and nowhere else
            assert text.count("(") == ast.unparse(ast.parse(text)).count("("), text
    for x in leaves:
        assert not re.search(r"(?<![\w.])0\*", derivative_formula(root, x, max_terms=10**6).text)


# ---- how they read ----


@pytest.mark.parametrize(
    "expression, text, latex",
    [
        (lambda x, y: x * y + x.sin(), "x*y + sin(x)", r"x\,y + \sin{\left(x\right)}"),
        (lambda x, y: x - (y - x), "x - (y - x)", r"x - \left(y - x\right)"),
        (lambda x, y: x - y - x, "x - y - x", "x - y - x"),
        (lambda x, y: x + -y, "x - y", "x - y"),
        (lambda x, y: x - -y, "x + y", "x + y"),
        (lambda x, y: x.__neg__().__neg__(), "x", "x"),
        (lambda x, y: +x, "x", "x"),
        (lambda x, y: -x * y, "-x*y", r"-x\,y"),
        (lambda x, y: x * -y, "x*(-y)", r"x\,\left(-y\right)"),
        (lambda x, y: x * -2 + y, "x*(-2) + y", r"x \cdot \left(-2\right) + y"),
        (lambda x, y: y + -2 * x, "y - 2*x", "y - 2 x"),
        (lambda x, y: y + -x * y * 2 / x, "y - x*y*2/x", r"y - \frac{x\,y \cdot 2}{x}"),
        (lambda x, y: y + (-2.5), "y - 2.5", "y - 2.5"),
        (lambda x, y: 0 + x * 1.0 + y / 1 - 0, "x + y", "x + y"),
        (lambda x, y: x / (y * x), "x/(y*x)", r"\frac{x}{y\,x}"),
        (lambda x, y: x / y / x, "x/y/x", r"\frac{\frac{x}{y}}{x}"),
        (lambda x, y: x * (y / x), "x*(y/x)", r"x\,\frac{y}{x}"),
        (lambda x, y: (x**2) ** 3, "(x**2)**3", r"\left(x^{2}\right)^{3}"),
        (lambda x, y: x ** (y**2), "x**y**2", "x^{y^{2}}"),
        (lambda x, y: (-x) ** 2, "(-x)**2", r"\left(-x\right)^{2}"),
        (lambda x, y: -(x**2), "-x**2", "-x^{2}"),
        (lambda x, y: 2**x * 3 ** (-y), "2**x*3**(-y)", r"2^{x} \cdot 3^{-y}"),
        (lambda x, y: x**-1, "x**-1", "x^{-1}"),
        (lambda x, y: (-x * x).exp(), "exp(-x*x)", r"e^{-x\,x}"),
        (lambda x, y: (x * y + x / y + 1).exp(), "exp(x*y + x/y + 1)", r"\exp{\left(x\,y + \frac{x}{y} + 1\right)}"),
        (lambda x, y: x.expm1() - x.expm1(), "expm1(x) - expm1(x)", r"e^{x} - 1 - \left(e^{x} - 1\right)"),
        (lambda x, y: abs(x - y), "abs(x - y)", r"\left|x - y\right|"),
        (lambda x, y: f.maximum(f.maximum(x, 0), y), "max(x, 0, y)", r"\max{\left(x, 0, y\right)}"),
        (lambda x, y: f.sum([x, y, -x]), "x + y - x", "x + y - x"),
        (lambda x, y: f.mean([x, y]), "(x + y)/2", r"\frac{x + y}{2}"),
        (lambda x, y: f.dot([x, 2.0], [y, x], 1.0), "x*y + 2*x + 1", r"x\,y + 2 x + 1"),
        (lambda x, y: x.sqrt() ** 3, "sqrt(x)**3", r"\left(\sqrt{x}\right)^{3}"),
        (lambda x, y: x.sin() ** 2, "sin(x)**2", r"\sin^{2}{\left(x\right)}"),
        (lambda x, y: f.logsumexp([x, y]), "logsumexp([x, y])", r"\ln{\left(e^{x} + e^{y}\right)}"),
        (lambda x, y: f.hypot(x, 1.0), "hypot(x, 1)", r"\sqrt{x^{2} + 1}"),
        (
            lambda x, y: x.floor() + y.ceil(),
            "floor(x) + ceil(y)",
            r"\left\lfloor x\right\rfloor + \left\lceil y\right\rceil",
        ),
        (lambda x, y: f.leaky_relu(x), "leaky_relu(x, 0.01)", r"\operatorname{leaky{\_}relu}{\left(x, 0.01\right)}"),
        (lambda x, y: x.sigmoid() * 1.5e-7, "sigmoid(x)*1.5e-07", r"\sigma{\left(x\right)} \cdot 1.5 \times 10^{-7}"),
        (lambda x, y: x / 3 + 0.12345678901, "x/3 + 0.12345678901", r"\frac{x}{3} + 0.123457"),
        (lambda x, y: x + math.inf, "x + inf", r"x + \infty"),
        (
            lambda x, y: f.where(x, y, 2.0) * f.where(True, x, y),
            "(y if x else 2)*(x if True else y)",
            r"\left(\begin{cases} y & \text{if } x \\ 2 & \text{otherwise} \end{cases}\right)\,"
            r"\left(\begin{cases} x & \text{if } \mathrm{True} \\ y & \text{otherwise} \end{cases}\right)",
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_formula_reads(expression, text, latex):
    leaves = variables("x y")
    root = expression(*leaves)
    assert (formula(root).text, formula(root).latex) == (text, latex)
    assert evaluated(text, leaves) == root.data
    assert_well_formed(latex)


@pytest.mark.parametrize(
    "expression, text, latex",
    [
        (lambda x, y: x, "1", "1"),
        (lambda x, y: y * 2, "0", "0"),
        (lambda x, y: x**2, "2*x", "2 x"),
        (lambda x, y: x * x, "2*x", "2 x"),
        (lambda x, y: x * x * x, "3*x**2", "3 x^{2}"),
        (lambda x, y: x.log(), "1/x", r"\frac{1}{x}"),
        (lambda x, y: (x * y).sin(), "y*cos(x*y)", r"y\,\cos{\left(x\,y\right)}"),
        (lambda x, y: x * y + x.sin(), "y + cos(x)", r"y + \cos{\left(x\right)}"),
        (lambda x, y: y / x, "-y/x**2", r"-\frac{y}{x^{2}}"),
        (lambda x, y: x**-2, "-2/x**3", r"-\frac{2}{x^{3}}"),
        (lambda x, y: x**2.5, "2.5*x**1.5", "2.5 x^{1.5}"),
        (lambda x, y: x**y, "y*x**(y - 1)", r"y\,x^{y - 1}"),
        (lambda x, y: y**x, "y**x*log(y)", r"y^{x}\,\ln{\left(y\right)}"),
        (lambda x, y: (y * x - 1) ** 2, "2*y*(y*x - 1)", r"2 y\,\left(y\,x - 1\right)"),
        (lambda x, y: (y - x) ** 2, "-2*(y - x)", r"-2 \left(y - x\right)"),
        (lambda x, y: y - x - x, "-2", "-2"),
        (lambda x, y: x - (y - x) - 2 * x, "0", "0"),
        (lambda x, y: x.cos(), "-sin(x)", r"-\sin{\left(x\right)}"),
        (lambda x, y: x.tanh(), "1/cosh(x)**2", r"\frac{1}{\cosh^{2}{\left(x\right)}}"),
        (lambda x, y: x.sigmoid(), "0.25/cosh(0.5*x)**2", r"\frac{0.25}{\cosh^{2}{\left(0.5 x\right)}}"),
        (lambda x, y: x.softplus(), "sigmoid(x)", r"\sigma{\left(x\right)}"),
        (lambda x, y: x.atan(), "1/(1 + x**2)", r"\frac{1}{1 + x^{2}}"),
        (lambda x, y: (x / 9).asin(), "1/(9*sqrt(1 - x**2/81))", None),
        (lambda x, y: x.erf(), "1.1283791670955126*exp(-x**2)", r"1.12838\,e^{-x^{2}}"),
        (lambda x, y: f.atan2(y, x), "-y/(y**2 + x**2)", r"-\frac{y}{y^{2} + x^{2}}"),
        (f.hypot, "x/hypot(x, y)", r"\frac{x}{\sqrt{x^{2} + y^{2}}}"),
        (lambda x, y: f.mean([x, y, x]), "2/3", r"\frac{2}{3}"),
        (lambda x, y: f.prod([x, y, x]), "2*x*y", r"2 x\,y"),
        (lambda x, y: abs(x), "copysign(1, x)", r"\operatorname{sgn}{\left(x\right)}"),
        (lambda x, y: x.exp2(), "0.6931471805599453*exp2(x)", r"0.693147 \cdot 2^{x}"),
        (
            lambda x, y: f.logsumexp([x, y]),
            "exp(x - max(x, y))/(exp(x - max(x, y)) + exp(y - max(x, y)))",
            None,
        ),
        (lambda x, y: 1 / (1 + (-x).exp()), "exp(-x)/(1 + exp(-x))**2", None),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_derivative_reads(expression, text, latex):
    leaves = variables("x y")
    root = expression(*leaves)
    written = derivative_formula(root, leaves[0])
    assert written.text == text
    assert latex in (None, written.latex)
    assert evaluated(text, leaves) == pytest.approx(gradients(root, leaves)[0], rel=8 * EPS)


def test_a_neuron_reads_like_its_equation():
    x1, x2, w1, w2, b = variables("x1 x2 w1 w2 b", 2.0, 0.0, -3.0, 1.0, 6.7)
    o = f.tanh(f.dot([w1, w2], [x1, x2], start=b))
    assert str(formula(o)) == "tanh(w1*x1 + w2*x2 + b)"
    assert formula(o).latex == r"\tanh{\left(w_{1}\,x_{1} + w_{2}\,x_{2} + b\right)}"
    assert str(derivative_formula(o, w1)) == "x1/cosh(w1*x1 + w2*x2 + b)**2"


def test_a_choice_is_made_by_the_numbers_of_the_graph():
    x, y = variables("x y")
    assert str(derivative_formula(x.relu() * y, x)) == "y"
    assert str(derivative_formula((-x).relu() * y, x)) == "0"
    assert str(derivative_formula(f.maximum(x * x, y), x)) == "2*x"
    assert str(derivative_formula(f.maximum(x, y - 1), x)) == "0.5"
    assert str(derivative_formula(f.where(x > y, x, y * x), x)) == "y"


def test_a_derivative_by_an_interior_node_takes_it_for_a_variable():
    x, y = variables("x y")
    h = x * y
    root = h.exp() + x
    assert str(derivative_formula(root, h)) == "exp(x*y)"
    assert str(derivative_formula(root, root)) == "1"


def test_an_infinite_slope_is_written():
    (x,) = variables("x", 0.0)
    assert str(derivative_formula(x.cbrt(), x)) == "1/(3*cbrt(x)**2)"
    assert str(derivative_formula(x.sqrt(), x)) == "0.5/sqrt(x)"


def test_constants_are_folded_where_they_do_not_overflow():
    x, y = variables("x y")
    assert str(derivative_formula((x * 3.0) ** 2 * y / 2, x)) == "9*x*y"
    assert str(derivative_formula((x * 3.0 / 7.0) ** 2 * 14, x)) == "36*x/7"
    assert str(derivative_formula(4 / (x * 2) / 8, x)) == "-0.25/x**2"
    assert str(derivative_formula(x * 1e200 * 1e200 * 1e-300, x)) == "1e-300*1e+200**2"
    assert str(derivative_formula(x * math.inf * y, x)) == "y*inf"
    assert str(derivative_formula((y / (x * -2)).sin(), y)) == "-cos(y/(x*(-2)))/(2*x)"


def test_numbers_are_plugged_in():
    x, y = variables("x y", 2.0, -3.0)
    assert str(formula(x * y - y**2 + y, numbers=True)) == "2.0*(-3.0) - (-3.0)**2 + (-3.0)"
    assert str(derivative_formula((x * y).sin(), x, numbers=True)) == "(-3.0)*cos(2.0*(-3.0))"
    assert formula(x**y * 1.5, numbers=True).latex == r"2.0^{-3.0} \cdot 1.5"
    assert formula(x * Value(1.5e-7) ** 2, numbers=True).latex == r"2.0 \cdot \left(1.5 \times 10^{-7}\right)^{2}"
    assert formula(+Value(1 / 3), numbers=True) == Formula("0.3333333333333333", "0.333333")
    assert formula(Value(-math.inf) + math.nan, numbers=True) == Formula("-inf + nan", r"-\infty + \mathrm{nan}")


# ---- operations of one's own ----


@primitive(lambda m, z, x: 1.0 / (x + m.exp(z)))
def lambert_w(x):
    z = math.log1p(x)
    for _ in range(10):
        z -= (z - x * math.exp(-z)) / (1.0 + z)
    return z


@primitive(lambda m, z, x, y: m.where(x > 0.0, lambert_w(x) * f.exp(y), -1), lambda m, z, x, y: z)
def strange(x, y):
    return math.exp(y) * x


@primitive(lambda m, z, x: Value(2.0))
def twice(x):
    return 2.0 * x


def test_primitives_are_written_by_name_and_their_partials_read():
    x, y = variables("x y")
    assert formula(lambert_w(x * y)) == Formula("lambert_w(x*y)", r"\mathrm{lambert{\_}w}{\left(x\,y\right)}")
    assert str(derivative_formula(lambert_w(x * y), x)) == "y/(x*y + exp(lambert_w(x*y)))"
    assert str(derivative_formula(strange(x, y), x)) == "lambert_w(x)*exp(y)"  # which calls another, and not by m
    assert str(derivative_formula(strange(x, y), y)) == "strange(x, y)"
    assert str(derivative_formula(strange(-x, y), x)) == "1"
    assert str(derivative_formula(twice(x * y), x)) == "2*y"


def test_no_leaf_is_called_like_a_function():
    x, w = variables("exp lambert_w")
    assert str(formula(x.exp() * lambert_w(w))) == "exp(exp_2)*lambert_w(lambert_w_2)"


def test_a_primitive_without_a_name_is_written():
    (x,) = variables("x")
    assert formula(primitive(1.0)(lambda x: x)(x)) == Formula("lambda_(x)", r"\mathrm{{<}lambda{>}}{\left(x\right)}")


# ---- names ----


def test_leaves_are_named_by_label_then_variable_then_number():
    a, b, c, d = Value(1.0), Value(2.0, label="w"), Value(3.0), Value(4.0)
    root = a * b + c * d
    assert str(formula(root)) == "x1*w + x2*x3"
    names = {"number": 7, "c": c, "again": c, "b": b}
    assert str(formula(root, names=names)) == "x1*w + c*x2"
    assert str(derivative_formula(root, d, names=names)) == "c"
    assert formula(root, names={"v": [a, c, d]}) == Formula("v_0*w + v_1*v_2", r"v_{0}\,w + v_{1}\,v_{2}")
    d.label = "x1"
    assert str(formula(root)) == "x2*w + x3*x1"


def test_different_leaves_have_different_names():
    labels = ["w", "w", "w_2", "w 2", "x1", "x_1", "", "", "exp", "σ", "sigma"]
    leaves = [Value(1.0, label=label) for label in labels]
    written = formula(f.sum(leaves))
    for names in (written.text.split(" + "), written.latex.split(" + ")):
        assert len(set(names)) == len(labels)
    assert written.text == "w + w_2 + w_2_2 + w_2_3 + x1 + x_1 + x2 + x3 + exp_2 + σ + sigma"
    assert_well_formed(written.latex)


def test_many_leaves_of_one_name_are_numbered_in_order():
    leaves = [Value(1.0, label="w") for _ in range(5_000)]
    names = formula(f.sum(leaves), max_terms=10**5).text.split(" + ")
    assert names == ["w", *[f"w_{k}" for k in range(2, 5_001)]]


@pytest.mark.parametrize(
    "label, text, latex",
    [
        ("x", "x", "x"),
        ("x1", "x1", "x_{1}"),
        ("w_12", "w_12", "w_{12}"),
        ("w_1_2", "w_1_2", "w_{1,2}"),
        ("w_out", "w_out", r"w_{\mathrm{out}}"),
        ("x_i", "x_i", "x_{i}"),
        ("alpha", "alpha", r"\alpha"),
        ("theta0", "theta0", r"\theta_{0}"),
        ("σ", "σ", r"\sigma"),
        ("δ_2", "δ_2", r"\delta_{2}"),
        ("Γ", "Γ", r"\Gamma"),
        ("lambda", "lambda_", r"\lambda"),
        ("loss", "loss", r"\mathrm{loss}"),
        ("loss1", "loss1", r"\mathrm{loss}_{1}"),
        ("learning_rate", "learning_rate", r"\mathrm{learning{\_}rate}"),
        ("two words", "two_words", r"\mathrm{two\ words}"),
        ("w[0]", "w_0", "w_{0}"),
        ("w[0][12]", "w_0_12", "w_{0,12}"),
        ("weights[3]", "weights_3", r"\mathrm{weights}_{3}"),
        ("1st", "_1st", r"\mathrm{1st}"),
        ("重み", "重み", r"\mathrm{重み}"),
    ],
)
def test_a_label_as_a_name(label, text, latex):
    assert formula(Value(1.0, label=label) + 0.0) == Formula(text, latex)


HOSTILE = ["</svg><script>alert(1)</script>", r"\input{x}", "$", "%", "}", "{", r"\\", "&lt;", "#1", "~^", "🙂", " "]
HOSTILE += [
    "x}^{2",
    r"a\def\x{",
    "a\nb",
    "a\0b",
    "'\"`",
    "x\ud800",
    "_",
    "__",
    "a" * 10_000,
    "__import__('os')",
    "1",
    "½",
]


@pytest.mark.parametrize("label", HOSTILE, ids=lambda label: ascii(label[:20]))
def test_a_hostile_label_stays_a_name(label):
    x, y = Value(2.0, label=label), Value(3.0, label="y")
    written = formula(x * y)
    name, _, other = written.text.partition("*")
    assert name.isidentifier()
    assert len(name) <= 60
    assert other == "y"
    assert_well_formed(written.latex)
    assert not re.search(r"<[/!?A-Za-z]|&\w", written.latex)
    assert written.latex.replace(r"\,y", "").isprintable()


# ---- limits ----


def doubled(times: int) -> Value:
    (x,) = variables("x", 1.0)
    for _ in range(times):
        x = x * x
    return x


def test_a_formula_that_would_be_too_long_is_refused_with_its_size():
    with pytest.raises(
        FormulaTooLongError, match=r"2,047 terms, more than max_terms=2,000, .* larger max_terms"
    ) as caught:
        formula(doubled(10))
    assert isinstance(caught.value, AutogradError)
    assert isinstance(caught.value, ValueError)
    assert str(formula(doubled(10), max_terms=2_047)).count("x") == 1024
    with pytest.raises(FormulaTooLongError, match=r"more than 1,000,000,000,000,000,000 terms"):
        formula(doubled(3_000))


def test_a_derivative_that_would_be_too_long_is_refused():
    root = doubled(200)
    (x,) = (v for v in topological_order(root) if v.is_leaf)
    with pytest.raises(FormulaTooLongError):
        derivative_formula(root, x)
    assert str(derivative_formula(root * 0.0 + x, x)) == "1"  # what is multiplied by 0 isn't written


def test_a_deep_graph_is_no_recursion():
    (y,) = variables("x", 0.5)
    for i in range(100_000):
        y = y + 1.0
        if i == 20_000 - 1:
            assert formula(y, max_terms=10**6) == Formula("x" + " + 1" * 20_000, "x" + " + 1" * 20_000)
    with pytest.raises(FormulaTooLongError, match="200,001 terms"):
        formula(y)


def test_the_derivative_of_a_deep_graph_is_no_recursion():
    (x,) = variables("x", 0.5)
    y = x
    for _ in range(2_000):
        y = -(y + 1.0).sin() + y
    with pytest.raises(FormulaTooLongError):
        derivative_formula(y, x)
    y = x
    for _ in range(5_000):
        y = -(y + 1.0)
    assert str(derivative_formula(y, x)) == "1"


def test_a_deep_formula_within_the_limit_is_written():
    (y,) = variables("x", 0.5)
    for _ in range(1_900):
        y = y.sin()
    assert formula(y).text == "sin(" * 1_900 + "x" + ")" * 1_900


# ---- what they leave alone, and what they refuse ----


def test_nothing_is_changed_by_a_formula():
    x, y = variables("x y")
    root = f.logsumexp([x * y, x])
    root.backward()
    before = [(v.data, v.grad, v.parents) for v in topological_order(root)]
    formula(root)
    derivative_formula(root, x)
    assert [(v.data, v.grad, v.parents) for v in topological_order(root)] == before


def test_a_formula_is_small_frozen_and_shown_in_notebooks():
    x, y = variables("x y")
    written = formula(x / y)
    assert str(written) == f"{written}" == written.text == "x/y"
    assert repr(written) == "<formula x/y>"
    assert written._repr_latex_() == r"$\displaystyle \frac{x}{y}$"
    assert written == formula(x / y)
    with pytest.raises(AttributeError):
        written.text = "y/x"


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda x: formula(3.0), r"formula\(root\) takes a Value, .* not float 3\.0"),
        (lambda x: formula(x, names=[x]), "names is a mapping .* not list"),
        (lambda x: formula(x, names={1: x}), "names is a mapping"),
        (lambda x: formula(x, max_terms=2.5), r"max_terms is a whole number, not float 2\.5"),
        (lambda x: derivative_formula([x], x), r"derivative_formula\(root, x\) takes a Value, .* not list"),
        (lambda x: derivative_formula(x, "x"), r"needs a Value x, not str 'x'"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call(Value(1.0))


def test_a_result_without_a_graph_is_refused():
    (x,) = variables("x")
    y = x.tan()
    with no_grad():
        z = x * x
        with pytest.raises(NoGraphError):
            derivative_formula(y, x)
        assert str(formula(y)) == "tan(x)"
    with pytest.raises(NoGraphError):
        formula(z)
    x.data = 5.0
    with pytest.raises(StaleGraphError):
        derivative_formula(y, x)
