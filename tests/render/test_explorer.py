"""What `explore` promises: a page that computes as Python does, shows each step truly, and needs nothing but itself."""

import json
import math
import operator
import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini.render.explorer as explorer
from autograd_mini import cli
from autograd_mini.check.strategies import Expression, expressions
from autograd_mini.engine import Value
from autograd_mini.errors import NoGraphError, StaleGraphError
from autograd_mini.functions import (
    atan,
    dot,
    erf,
    exp,
    gelu,
    hypot,
    leaky_relu,
    logsumexp,
    maximum,
    primitive,
    prod,
    relu,
    sigmoid,
    silu,
    sin,
    softplus,
    tanh,
    where,
)
from autograd_mini.hooks import no_grad
from autograd_mini.ieee import IEEE, Ieee, total
from autograd_mini.nn import MLP, mse
from autograd_mini.reading import operands_of
from autograd_mini.render import RenderError, explore
from autograd_mini.render.cards import number
from autograd_mini.render.explorer.document import Document
from autograd_mini.render.explorer.javascript import rules_in_javascript
from autograd_mini.render.explorer.mathematics import rule_in_mathml
from autograd_mini.render.graph import Graph
from autograd_mini.rule import FLOATS, Rule
from autograd_mini.rules import RULES
from autograd_mini.sweep import topological_order
from tests.witness import grid, random_point, witness_of

FOLDER = Path(explorer.__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.js"))
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]>",
    "&lt;b&gt;",
    "<!--<script x",
    "{{script}}",
    "\\",
    "重み",
]


# ---- the browser ----


@pytest.fixture(scope="module")
def tab(browser: Any) -> Any:
    """One tab for all tests: to open another takes longer than most of them."""
    return browser.new_page()


CARDS = """Object.fromEntries([...document.querySelectorAll(".card")].map((card) => [card.id, {
    value: card.dataset.value, gradient: card.dataset.gradient, classes: [...card.classList].sort(),
    shown: [...card.querySelectorAll(".number")].map((text) => text.textContent),
    texts: [...card.querySelectorAll("text")].map((text) => text.textContent)}]))"""


class Reader:
    """Somebody who reads a page, and all that the page does besides."""

    def __init__(self, tab: Any, url: str) -> None:
        self.tab, self.url = tab, url
        self.trouble: list[str] = []
        self.requests: list[str] = []
        self.heard: dict[str, Callable[[Any], None]] = {
            "console": lambda message: self.trouble.append(message.text),
            "pageerror": lambda error: self.trouble.append(str(error)),
            "dialog": lambda dialog: self.trouble.append(dialog.message),
            "request": lambda request: self.requests.append(request.url),
        }
        for event, hear in self.heard.items():
            tab.on(event, hear)
        tab.goto(url)

    def leave(self) -> None:
        """The page must have asked for nothing but itself, and complained of nothing."""
        for event, hear in self.heard.items():
            self.tab.remove_listener(event, hear)
        assert self.trouble == []
        assert set(self.requests) == {self.url}

    def cards(self) -> dict[str, dict[str, Any]]:
        """By its id what each card shows."""
        found: dict[str, dict[str, Any]] = json.loads(self.tab.evaluate(f"() => JSON.stringify({CARDS})"))
        return found

    def walk(self, key: str, times: int) -> list[dict[str, dict[str, Any]]]:
        """What the cards show before each of many presses of a key, and after the last."""
        script = """([key, times]) => JSON.stringify(Array.from({length: times + 1}, (_, k) => {
            if (k) document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
            return CARDS; }))"""
        found: list[dict[str, dict[str, Any]]] = json.loads(
            self.tab.evaluate(script.replace("CARDS", CARDS), [key, times])
        )
        return found

    def numbers(self, what: str) -> dict[str, float]:
        return {key: float(card[what].replace("Infinity", "inf")) for key, card in self.cards().items()}

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def text(self, selector: str) -> str:
        return str(self.tab.locator(selector).inner_text())

    def math(self, selector: str) -> str:
        """The text of the formulas, fractions without their bar."""
        return " ".join(str(self.tab.locator(selector).text_content()).split())

    def type_leaf(self, i: int, x: float) -> None:
        box = self.tab.locator(f"[data-leaf='{i}'] input[type=text]")
        box.fill(repr(x))
        box.press("Enter")


@pytest.fixture
def read(tab: Any, tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    """Open a page as a file."""
    readers = []

    def open_page(page: explorer.Page, width: int = 1280, scheme: str = "light") -> Reader:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=scheme)
        readers.append(Reader(tab, page.save(tmp_path / "page.html").as_uri()))
        return readers[-1]

    yield open_page
    for reader in readers:
        reader.leave()


# ---- graphs ----


def small(x: float = 2.0, y: float = -3.0) -> Value:
    """A graph in which a is used twice."""
    a, b, c = Value(x, label="a"), Value(y, label="b"), Value(0.5, label="c")
    d = a * b
    d.label = "d"
    loss = d * c + a
    loss.label = "L"
    return loss


OF_ONE: list[Callable[..., Value]] = [
    *(sin, tanh, sigmoid, relu, softplus, gelu, silu, erf, atan),
    lambda x: exp(-x * x),
    lambda x: (x * x + 1).sqrt(),
]
OF_TWO: list[Callable[..., Value]] = [
    *(operator.add, operator.sub, operator.mul, maximum, hypot),
    lambda x, y: x / (1.0 + y * y),
    lambda x, y: dot([x, y, 0.5], [y, 2.0, x], start=1.0),
    lambda x, y: logsumexp([x, y, 0.3]),
    lambda x, y: where(relu(x), x, 2 * y),
    lambda x, y: prod([tanh(x), y, 1.5]),
    lambda x, y: sigmoid(x) ** 3 - y,
]


def random_graph(seed: int, numbers: Sequence[float]) -> Value:
    """A graph with shared nodes; the same for the same seed, whatever the numbers of its leaves."""
    rng = random.Random(seed)
    pool = [Value(x, label=f"x{i}") for i, x in enumerate(numbers)]
    for _ in range(8):
        pool.append(rng.choice(OF_ONE)(rng.choice(pool)))
        pool.append(rng.choice(OF_TWO)(rng.choice(pool), rng.choice(pool)))
    return sum(pool[-4:], pool[0])  # type: ignore[no-any-return]


def truth(root: Value) -> tuple[list[Value], list[float]]:
    """The order of a graph, and its gradients from 0 on."""
    order = topological_order(root)
    for v in order:
        v.grad = 0.0
    root.backward()
    return order, [v.grad for v in order]


def states(root: Value) -> Iterator[tuple[dict[int, float], dict[int, float] | None]]:
    """The values and gradients that are known at each step, by the definition of backward()."""
    order = topological_order(root)
    place = {id(v): i for i, v in enumerate(order)}
    values = {i: v.data for i, v in enumerate(order) if v.is_leaf}
    yield dict(values), None
    for i, v in enumerate(order):
        if not v.is_leaf:
            values[i] = v.data
            yield dict(values), None
    gradients = dict.fromkeys(range(len(order)), 0.0) | {place[id(root)]: 1.0}
    yield values, dict(gradients)
    for v in reversed(order):
        for parent, c in zip(v.parents, v.pullback(gradients[place[id(v)]])):
            gradients[place[id(parent)]] += c
            yield values, dict(gradients)
    yield values, gradients


def spelt(text: str) -> str:
    """A number as the page spells it, for comparison with that of the drawings."""
    return text.replace("−", "-").replace("∞", "inf")


def is_close(x: float, y: float, rel: float = 1e-12, scale: float = 0.0) -> bool:
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or math.isinf(y):
        return x == y or (math.isnan(x) and math.isnan(y))
    return math.isclose(x, y, rel_tol=rel, abs_tol=rel * scale + 1e-300)


# ---- the arithmetic ----


def slopes_of(rule: Rule, z: float, xs: Sequence[float]) -> list[float]:
    try:
        return [float(d) for d in rule.partials(FLOATS, z, xs)]
    except (ArithmeticError, ValueError):
        return [float(d) for d in rule.partials(IEEE, Ieee(z), [Ieee(x) for x in xs])]


def terms_of_value(rule: Rule, xs: Sequence[float]) -> float:
    """The size of what a sum adds up, to which its rounding is relative."""
    if rule.name == "dot":
        n = len(xs) // 2
        return sum([abs(x * y) for x, y in zip(xs[:n], xs[n:])], sum(map(abs, xs[2 * n :])))
    return sum(map(abs, xs)) if rule.name in ("sum", "mean") else 0.0


def test_every_row_gives_in_javascript_what_it_gives_in_python(tab: Any) -> None:
    cases: list[tuple[Rule, tuple[float, ...], float]] = []
    for rule in RULES.values():
        rng = random.Random(rule.name)
        points = [*grid(rule), *(random_point(rule, rng) for _ in range(60))]
        points += [(math.nan, 1.0, 2.0)] if rule.name == "where" else []
        cases += [(rule, xs, float(total(rule, *xs))) for xs in points]
    uses = sorted({(rule.name, len(xs)) for rule, xs, _ in cases})
    program = (FOLDER / "arithmetic.js").read_text() + rules_in_javascript([(RULES[name], n) for name, n in uses])
    script = f"""(cases) => {{ {program}
        const spelt = (x) => (Number.isFinite(x) ? x : String(x));
        return JSON.parse(cases).map(([name, xs, z]) => {{
            const rule = rules[`${{name}}/${{xs.length}}`];
            return [rule.value(...xs.map(Number)), ...rule.slopes(where, Number(z), ...xs.map(Number))].map(spelt);
        }}); }}"""
    tab.goto("about:blank")
    told = json.dumps([(rule.name, [text(float(x)) for x in xs], text(z)) for rule, xs, z in cases])
    found = tab.evaluate(script, told)  # as one string: Playwright takes its time over many values
    assert len(cases) > 6_000
    for (rule, xs, z), (value, *slopes) in zip(cases, found, strict=True):
        assert is_close(float(value), z, scale=terms_of_value(rule, xs)), f"{rule.name}{xs}: {value}, not {z}"
        # The slopes of these two have zeros where their terms, of size 1, cancel: see docs/accuracy.md.
        scale = 1.0 if rule.name in ("gelu", "silu") and abs(xs[0]) < 4.0 else 0.0
        for slope, expected in zip(slopes, slopes_of(rule, z, xs), strict=True):
            assert is_close(float(slope), expected, scale=scale), f"{rule.name}'{xs}: {slope}, not {expected}"


def swept(order: Sequence[Value], slopes: Sequence[float]) -> list[float]:
    """The loop that defines backward(), over slopes that are given arrow by arrow."""
    place = {id(v): i for i, v in enumerate(order)}
    gradients = [0.0] * (len(order) - 1) + [1.0]
    ends = [(place[id(p)], i) for i, v in enumerate(order) for p in v.parents]
    arrows = list(zip(ends, slopes, strict=True))
    for i in reversed(range(len(order))):
        for (tail, head), slope in arrows:
            if head == i:
                gradients[tail] += gradients[i] * slope
    return gradients


@settings(max_examples=settings().max_examples // 3)
@given(program=expressions(), data=st.data())
def test_random_programs_give_in_the_page_what_they_give_in_python(tab: Any, program: Expression, data: Any) -> None:
    root, _ = program.graph()
    graph = Graph([root])
    document = Document(graph, graph.place[id(root)], {}, {}, 4)
    scripts = (FOLDER / "arithmetic.js").read_text() + rules_in_javascript(list(document.uses().values()))
    leaves = [i for i, v in enumerate(graph.order) if v.is_leaf]
    moved = {i: data.draw(st.floats(-5.0, 5.0) | st.just(graph.order[i].data)) for i in leaves}
    values, slopes, gradients = tab.evaluate(f"""() => {{
        {scripts}{(FOLDER / "tape.js").read_text()}
        const tape = new Tape({json.dumps(document.nodes())}, {len(graph.order) - 1});
        tape.run(new Map({json.dumps([[i, text(x)] for i, x in moved.items()])}.map(([i, x]) => [i, Number(x)])));
        return [tape.values, tape.slopes, tape.gradients]
            .map((xs) => xs.map((x) => (Object.is(x, -0) ? "-0" : String(x).replace("Infinity", "inf")))); }}""")
    found, arrows = list(map(float, values)), iter(list(map(float, slopes)))
    for i, v in enumerate(graph.order):  # each operation by itself, on the page's own numbers
        if v.is_leaf:
            continue
        places = iter(graph.parents[i])
        parents, operands = operands_of(v)
        xs = [x if p is None else found[next(places)] for p, x in zip(parents, operands, strict=True)]
        assert is_close(found[i], float(total(v._rule, *xs)), scale=terms_of_value(v._rule, xs)), (v._rule, xs)
        scale = 1.0 if v._rule.name in ("gelu", "silu") else 0.0
        for p, slope in zip(parents, slopes_of(v._rule, found[i], xs), strict=True):
            if p is not None:
                assert is_close(next(arrows), slope, scale=scale), (v._rule, xs)
    assert list(map(repr, swept(graph.order, list(map(float, slopes))))) == [repr(float(x)) for x in gradients]


def text(x: float) -> str:
    return repr(x).replace("inf", "Infinity").replace("nan", "NaN")


def test_the_rows_choose_in_javascript_as_their_formulas_do() -> None:
    for rule in RULES.values():
        size = (witness_of(rule).sizes or [len(rule.domain)])[-1]
        ways = rule_in_mathml(rule, size)["slopes"]
        javascript = rules_in_javascript([(rule, size)])
        choices = len(re.findall(r"\bwhere\(", javascript.partition("slopes:")[2]))
        assert {len(way) for way in ways} == {choices}, rule.name
        assert all(len(slopes) == size for slopes in ways.values())


# ---- the steps ----


@pytest.mark.parametrize("seed", range(2))
def test_each_step_shows_what_python_knows_then_forward_and_back(seed: int, read: Any) -> None:
    root = small() if seed == 0 else random_graph(seed, [0.7, -1.3, 2.1])
    page = read(explore(root))
    expected = list(states(root))
    count = len(expected) - 1
    there = page.walk("ArrowRight", count)
    assert f"{count} of {count}" in page.text("#place")
    for (values, gradients), cards in zip(expected, there, strict=True):
        for key, card in cards.items():
            i = int(key.removeprefix("v"))
            assert spelt(card["shown"][0]) == (number(values[i], 4) if i in values else "")
            assert spelt(card["shown"][1]) == ("—" if gradients is None else number(gradients[i], 4))
            if gradients is not None:
                assert is_close(float(card["gradient"]), gradients[i], 1e-11)
    assert page.walk("ArrowLeft", count) == there[::-1]
    assert "step 0 of" in page.text("#place")


def test_a_step_back_plugs_the_numbers_into_the_rule(read: Any) -> None:
    page = read(explore(small()))
    page.tab.locator("#to-backward").click()
    page.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    assert page.text("#step .lead") == "Backward: from d to a"
    rule, product, total = page.tab.locator("#step-rule .line").all_text_contents()
    assert rule == "∂d∂a=∂(a·b)∂a=b=−3"
    assert product == "∂L∂d·∂d∂a=0.5×(−3)=−1.5"
    assert total == "∂L∂a:1+(−1.5)=−0.5"
    assert "Arrival 2 of 2 at a" in page.text("#step-rule")
    spoken = page.math("#spoken")
    assert spoken == (
        "Backward from d to a: local slope −3.0000; 0.5000 times −3.0000 is −1.5000, added to 1.0000 gives −0.5000."
    )
    assert "at-work" in page.cards()["v2"]["classes"] or "at-work" in page.cards()["v3"]["classes"]


def test_a_value_used_twice_receives_two_contributions(read: Any) -> None:
    x = Value(3.0, label="x")
    page = read(explore(x * x))
    page.press("End", "ArrowLeft", "ArrowLeft")
    assert page.cards()["v0"]["shown"][1] == "3.0000"
    assert "complete" not in page.cards()["v0"]["classes"]
    page.press("ArrowRight")
    assert page.cards()["v0"]["shown"][1] == "6.0000"
    assert "complete" in page.cards()["v0"]["classes"]
    assert page.tab.locator(".arrow").count() == 2


def test_a_step_forward_shows_the_operation_with_its_numbers(read: Any) -> None:
    page = read(explore(small()))
    page.press("ArrowRight")
    assert page.math("#step-rule .line") == "d=a·b=2·(−3)=−6"


def test_arrows_carry_the_local_slope_once_it_is_known(read: Any) -> None:
    page = read(explore(small()))
    slopes = page.tab.locator(".arrow .slope")
    assert set(slopes.all_text_contents()) == {""}
    page.press("End")
    shown = map(spelt, slopes.all_text_contents())
    assert sorted(shown) == ["-3.000", "-6.000", "0.500", "1.000", "1.000", "2.000"]
    classes = {c for arrow in page.tab.locator(".arrow").all() for c in arrow.get_attribute("class").split()}
    assert {"positive", "negative"} <= classes


def test_the_page_plays_by_itself_and_pauses(read: Any) -> None:
    page = read(explore(small()))
    page.tab.select_option("#speed", "250")
    page.press(" ")
    page.tab.wait_for_function("() => document.getElementById('scrub').value >= 2")
    page.press(" ")
    at = page.tab.input_value("#scrub")
    page.tab.wait_for_timeout(300)
    assert page.tab.input_value("#scrub") == at


# ---- the leaves ----


@pytest.mark.parametrize("seed", range(4))
def test_moving_the_leaves_gives_what_python_gives(seed: int, read: Any) -> None:
    rng = random.Random(100 + seed)
    numbers = [rng.uniform(-2.0, 2.0) for _ in range(3)]
    root = random_graph(seed, numbers)
    page = read(explore(root))
    page.press("End")
    for _ in range(3):
        order, gradients = truth(root)
        values, found = page.numbers("value"), page.numbers("gradient")
        assert len(values) == len(order)
        for i, v in enumerate(order):
            assert is_close(values[f"v{i}"], v.data, 1e-11)
            assert is_close(found[f"v{i}"], gradients[i], 1e-11, scale=1.0)
        numbers = [rng.uniform(-2.0, 2.0) for _ in numbers]
        root = random_graph(seed, numbers)
        for i, v in enumerate(order):
            if v.is_leaf and v.label:
                page.type_leaf(i, numbers[int(v.label[1:])])


def test_a_slider_moves_everything_while_it_is_moved(read: Any) -> None:
    page = read(explore(small()))
    page.press("End")
    slider = page.tab.get_by_label("Move a")
    slider.evaluate("(it) => { it.value = 3.5; it.dispatchEvent(new Event('input')); }")
    order, gradients = truth(small(x=float(slider.input_value())))
    assert page.numbers("value") == {f"v{i}": v.data for i, v in enumerate(order)}
    assert page.numbers("gradient") == {f"v{i}": g for i, g in enumerate(gradients)}


def test_typing_something_other_than_a_number_changes_nothing(read: Any) -> None:
    page = read(explore(small()))
    before = page.numbers("value")
    box = page.tab.get_by_label("The number of a")
    box.fill("two")
    box.press("Enter")
    assert box.get_attribute("aria-invalid") == "true"
    assert page.numbers("value") == before
    assert page.math("#spoken") == "two is not a number."


def test_a_kink_changes_the_formula_of_the_slope(read: Any) -> None:
    x, a = Value(2.0, label="x"), Value(0.1, label="a")
    y = leaky_relu(x, a)
    y.label = "y"
    page = read(explore(y))
    page.press("End", "ArrowLeft", "ArrowLeft")
    slope = page.tab.locator("#step-rule .line").first
    assert slope.text_content() == "∂y∂x=∂(leaky_relu(x,a))∂x=1"
    page.type_leaf(0, -2.0)
    assert slope.text_content() == "∂y∂x=∂(leaky_relu(x,a))∂x=a=0.1"


def test_numbers_are_spelt_as_in_drawings(read: Any) -> None:
    page = read(explore(Value(1.0, label="x")))
    for x in (0.0, 1e-7, -0.00099, 0.001, 12.5, -9999.99995, 54321.0, 1e5, -6.02e23, 1e-300):
        page.type_leaf(0, x)
        assert spelt(page.cards()["v0"]["shown"][0]) == number(x, 4)


def test_values_that_python_refuses_are_shown_as_ieee_has_them(read: Any) -> None:
    x = Value(1.0, label="x")
    page = read(explore(1.0 / x + x.log()))
    page.type_leaf(0, 0.0)
    page.press("End")
    assert sorted(card["shown"][0] for card in page.cards().values()) == sorted(["0", "∞", "−∞", "nan"])


def test_an_undefined_value_is_marked_where_it_arises(read: Any) -> None:
    x = Value(1.0, label="x")
    page = read(explore(2.0 * x.log()))
    page.type_leaf(0, -1.0)
    page.press("ArrowRight")
    assert page.math("#step-rule .line").endswith("=ln(x)=ln(−1)=nan")
    assert "is undefined at these numbers" in page.text("#step-rule")
    page.press("End")
    assert ["undefined" in page.cards()[key]["texts"] for key in ("v1", "v2")] == [True, False]


def test_a_descent_that_diverges_is_shown_without_complaint(read: Any) -> None:
    page = read(explore(small() ** 2))
    page.tab.fill("#rate", "1e300")
    page.tab.click("#descend-20")
    page.press("End")
    assert "→ nan" in page.text("#cost")
    page.tab.click("#reset")
    assert page.numbers("value")["v0"] == 2.0


def test_an_operation_of_ones_own_is_frozen_and_says_so(read: Any) -> None:
    @primitive(lambda m, z, x, y: 3 * x**2, 2.0)
    def mine(x: float, y: float) -> float:
        return x**3 + 2 * y

    x = Value(2.0, label="x")
    page = read(explore(mine(x, 1.5) * x))
    page.press("End")
    assert page.numbers("gradient")["v0"] == 12.0 * 2.0 + 11.0
    assert "frozen" in page.cards()["v1"]["texts"]
    page.type_leaf(0, 5.0)
    assert page.numbers("value")["v1"] == 11.0
    page.press("Home", "ArrowRight")
    assert "the page cannot compute it" in page.text("#step-rule")


def test_a_saturated_activation_is_marked(read: Any) -> None:
    x = Value(4.0, label="x")
    page = read(explore(tanh(x) + relu(-x)))
    page.press("End")
    texts = [card["texts"] for card in page.cards().values()]
    assert sum("saturated" in t for t in texts) == 1
    assert sum("off" in t for t in texts) == 1


def test_the_descent_takes_the_steps_that_python_takes(read: Any) -> None:
    numbers = {"a": 2.0, "b": -3.0}
    page = read(explore(small(*numbers.values())))
    page.tab.fill("#rate", "0.05")
    page.tab.get_by_label("c takes part in the descent").uncheck()
    page.tab.click("#descend-20")
    for _ in range(20):
        order, gradients = truth(small(*numbers.values()))
        for v, g in zip(order, gradients):
            if v.label in numbers:
                numbers[v.label] -= 0.05 * g
    order, _ = truth(small(*numbers.values()))
    assert page.numbers("value") == pytest.approx({f"v{i}": v.data for i, v in enumerate(order)}, rel=1e-12)
    assert "steps taken: 20" in page.text("#cost")
    assert page.tab.locator("#plot polyline").count() == 1
    page.tab.click("#reset")
    assert page.numbers("value")["v0"] == 2.0


# ---- the chain rule ----


def test_the_chain_rule_from_a_value_to_the_root(read: Any) -> None:
    page = read(explore(small()))
    page.tab.locator("#v0").focus()
    symbols, numbers = page.tab.locator("#chain-rule .line").all_text_contents()
    assert re.sub(r"[^\d.×+=()−]", "", numbers) == "=0.5×(−3)+1×1=−0.5"
    assert symbols.startswith("∂L∂a=∂L∂d·∂d∂a+∂L∂L·∂L∂a")
    page.press("Enter")
    paths = page.tab.locator(".path").all_inner_texts()
    assert len(paths) == 2
    assert any("a → d → " in path for path in paths)
    page.tab.locator(".path").first.click()
    assert page.tab.locator(".path[aria-pressed=true]").count() == 1
    page.press("Escape")
    assert page.tab.locator(".path").count() == 0


def test_many_paths_are_counted_and_only_the_largest_shown(read: Any) -> None:
    x = Value(1.1, label="x")
    y = reduce(lambda y, _: y * y, range(20), x)
    page = read(explore(y))
    page.tab.click("#v0")
    assert "12 largest of 1,048,576 paths" in page.text("#chain-rule")


def test_a_slope_that_shares_its_fraction_with_a_gradient_names_its_arrow(read: Any) -> None:
    x = Value(3.0, label="x")
    page = read(explore(x * x))
    page.press("End", "ArrowLeft")
    slope, product, _ = page.tab.locator("#step-rule .line").all_text_contents()
    assert slope == "∂v1∂xarrow 2=x=3"
    assert product == "∂v1∂v1·∂v1∂xarrow 2=1×3=3"
    page.press("End")
    page.tab.locator("#v0").focus()
    assert page.math("#chain-rule .line >> nth=0") == "∂v1∂x=∂v1∂v1·∂v1∂xarrow 1+∂v1∂v1·∂v1∂xarrow 2"


def test_a_long_formula_is_broken_before_its_signs(read: Any) -> None:
    page = read(explore(sum([tanh(Value(0.1, label=f"x{i}")) for i in range(30)], Value(0.0, label="s"))))
    fits = "(line) => line.scrollWidth <= line.clientWidth && line.clientHeight > 60"
    assert page.tab.locator("#formula .line").evaluate(fits)


# ---- the quiz ----


def test_the_quiz_hides_the_gradients_and_finds_the_first_wrong_arrow(read: Any) -> None:
    root = small()
    order, gradients = truth(root)
    page = read(explore(root))
    page.press("End")
    page.tab.click("#quiz")
    assert {card["shown"][1] for i, card in page.cards().items() if i != f"v{len(order) - 1}"} == {"?"}
    assert page.cards()[f"v{len(order) - 1}"]["shown"][1] == "1.0000"
    assert set(page.tab.locator(".arrow .slope").all_text_contents()) == {""}
    boxes = {int(box.get_attribute("data-quiz")): box for box in page.tab.locator("[data-quiz]").all()}
    assert sorted(boxes) == list(range(len(order) - 1))
    for i, box in boxes.items():
        box.fill(str(gradients[i]))
    a = next(i for i, v in enumerate(order) if v.label == "a")
    boxes[a].fill("1")  # without what arrives from d
    page.tab.click("#check")
    assert "Something is missing: add the contribution of the arrow from d to a" in page.text("#verdict")
    assert page.tab.locator(".arrow.wrong").count() == 1
    boxes[a].fill("7")
    boxes[a].press("Enter")
    assert f"{len(order) - 2} of {len(order) - 1} right" in page.text("#verdict")
    boxes[a].fill("-.5")
    boxes[a].press("Enter")
    assert page.text("#verdict") == "All right! Every gradient is correct."
    assert page.tab.locator(".arrow.wrong").count() == 0
    assert page.cards()[f"v{a}"]["shown"][1] == "−0.5000"


@pytest.mark.parametrize("x, w", [(4.0, -0.00123), (9.0, 5.0), (1.0, -3e-7), (math.inf, 1.0)])
def test_the_numbers_on_the_page_are_right_answers_in_the_quiz(x: float, w: float, read: Any) -> None:
    page = read(explore(tanh(Value(x, label="x")) * Value(w, label="w") * -x))
    page.tab.click("#quiz")
    page.tab.click("#check")
    assert page.text("#verdict").startswith("0 of")
    page.tab.click("#reveal")
    page.tab.click("#check")
    assert page.text("#verdict").startswith("All right!")


def test_the_quiz_can_be_repeated_with_new_numbers_and_left(read: Any) -> None:
    page = read(explore(small()))
    page.tab.click("#quiz")
    page.tab.click("#new-numbers")
    assert all(abs(page.numbers("value")[f"v{i}"]) in (1.0, 2.0, 3.0) for i in (0, 1))
    page.tab.click("#reveal")
    page.tab.click("#check")
    assert "All right" in page.text("#verdict")
    page.tab.click("#quiz")
    page.press("End")
    assert "?" not in {card["shown"][1] for card in page.cards().values()}


# ---- the address ----


def test_a_link_shows_what_its_sender_saw(read: Any) -> None:
    at, other = Value(2.0, label="at"), Value(-3.0, label="a & b")  # `at` is also a word of the address
    page = read(explore((at * other + at).tanh()))
    page.type_leaf(0, 0.1 + 0.2)
    page.type_leaf(1, -1e-7)
    page.tab.fill("#rate", "0.03")
    page.tab.get_by_label("slopes").uncheck()
    page.press("End", "ArrowLeft")
    page.tab.click("#v2")
    page.tab.wait_for_function("() => location.hash.includes('value=v2')")
    before, address = page.cards(), page.tab.evaluate("location.href")
    page.tab.goto("about:blank")
    page.requests.clear()
    page.tab.goto(address)
    assert page.cards() == before
    assert page.numbers("value")["v0"] == 0.1 + 0.2
    assert page.tab.input_value("#rate") == "0.03"
    assert not page.tab.get_by_label("slopes").is_checked()
    assert "Paths to the result" in page.text("#chain-rule")
    page.requests[:] = [page.url]


def test_an_address_in_words(read: Any) -> None:
    page = read(explore(small()))
    page.tab.evaluate("() => { location.hash = 'at=seed&a=1.5'; }")
    page.tab.wait_for_function("() => document.querySelector('#v0').dataset.value === '1.5'")
    assert page.cards()["v5"]["shown"][1] == "1.0000"
    page.tab.evaluate("() => { location.hash = 'at=end&quiz=on'; }")
    page.tab.locator("[data-quiz]").first.wait_for()
    assert page.numbers("value")["v0"] == 2.0
    page.tab.evaluate("() => { location.hash = ''; }")
    page.tab.wait_for_function("() => document.querySelector('#quiz-panel').hidden")
    assert "step 0 of" in page.text("#place")


ADDRESSES = ("at=-5", "at=1e9", "at=x", "a=x&a=", "open=7.x", "value=v99", "value=<img>", "rate=", "theme=<b>", "%")


def test_an_address_that_says_nothing_sensible_is_like_none(read: Any) -> None:
    page = read(explore(small()))
    for address in ADDRESSES:
        page.tab.evaluate("(hash) => { location.hash = hash; }", address)
        page.tab.wait_for_timeout(50)
        assert page.numbers("value")["v0"] == 2.0, address
        assert page.tab.input_value("#rate") == "0.1", address
        assert page.tab.evaluate("document.documentElement.dataset.theme ?? ''") in ("", "light", "dark"), address
        assert page.trouble == [], address
        page.tab.reload()


# ---- clusters ----


def network(*layers: int) -> tuple[Value, MLP]:
    model = MLP(2, list(layers), "tanh", seed=3)
    cost = mse(model([Value(0.5, label="x0"), Value(-1.5, label="x1")]), 1.0)
    cost.label = "cost"
    return cost, model


def test_clusters_open_and_close(read: Any) -> None:
    cost, model = network(3, 1)
    page = read(explore(cost, model=model))
    count = len(topological_order(cost))
    assert len(page.cards()) == count - 2  # the squared error is one card
    page.tab.click("#close-all")
    assert page.tab.locator(".cluster").count() == 4
    assert page.tab.locator(".arrow").count() == 2 * 3 + 3 + 1  # none from a closed box to itself
    page.press("End")
    inside = page.tab.locator("#c0")
    inside.focus()
    page.press("Enter")
    assert page.tab.locator(".cluster").count() == 3
    assert {card["shown"][1] for card in page.cards().values()} & {"—", ""} == set()
    page.tab.locator(".frame [aria-label^=Close]").press("Enter")
    assert page.tab.locator(".cluster").count() == 4
    page.tab.click("#open-all")
    assert len(page.cards()) == count


def test_a_large_model_starts_with_its_layers_closed(read: Any) -> None:
    cost, model = network(16, 16, 1)
    assert len(topological_order(cost)) > 300
    with pytest.raises(RenderError, match="max_nodes=300"):
        explore(cost)
    page = read(explore(cost, model=model))
    assert page.tab.locator(".cluster").count() == 3
    assert page.tab.locator("#open-all").is_disabled()
    page.press("End")
    page.tab.click("#c2")
    gradients = page.numbers("gradient")
    _, expected = truth(cost)
    assert len(gradients) > 5
    assert all(is_close(g, expected[int(key[1:])], 1e-11) for key, g in gradients.items())


# ---- names, search, export, touch ----


def test_parameters_are_called_as_in_textbooks(read: Any) -> None:
    cost, model = network(2, 1)
    page = read(explore(cost, model=model))
    names = [name for card in page.cards().values() for name in card["texts"]]
    expected = {"w¹₁₁", "w¹₁₂", "w¹₂₁", "w¹₂₂", "b¹₁", "b¹₂", "w²₁₁", "w²₁₂", "b²₁"}
    assert expected <= set(names)
    assert all(names.count(name) == 1 for name in expected)
    assert page.tab.locator("#formula msubsup").count() == 9
    page.tab.click("#quiz")
    asked = [" ".join(text.split()) for text in page.tab.locator("#answers label").all_text_contents()]
    assert len(set(asked)) == len(asked)


def test_labels_of_ones_own_stay(read: Any) -> None:
    cost, model = network(2, 1)
    model.layers[0].neurons[1].w[0].label = "heavy"
    texts = [name for card in read(explore(cost, model=model)).cards().values() for name in card["texts"]]
    assert "heavy" in texts
    assert "w¹₂₁" not in texts


def test_the_quiz_lights_the_card_that_a_field_asks_for(read: Any) -> None:
    x, y = Value(2.0, label="b"), Value(3.0, label="b")
    page = read(explore(x * y))
    page.tab.click("#quiz")
    for box in page.tab.locator("[data-quiz]").all():
        box.focus()
        lit = [key for key, card in page.cards().items() if "looked" in card["classes"]]
        assert lit == [f"v{box.get_attribute('data-quiz')}"]


def test_the_title_is_the_formula_where_it_is_short(read: Any) -> None:
    assert explore(small()).title == "L = a*b*c + a"
    assert explore(Value(2.0, label="x") ** 2).title == "x**2"
    assert explore(small(), title="Mine").title == "Mine"
    assert explore(network(3, 1)[0]).title == "Backpropagation through cost"
    page = read(explore(small()))
    assert page.math("h1") == "L=a·b·c+a"


def test_a_value_is_found_by_its_name(read: Any) -> None:
    cost, model = network(3, 1)
    page = read(explore(cost, model=model))
    page.tab.click("#close-all")
    page.tab.fill("#find", "W121")
    page.tab.press("#find", "Enter")
    chosen = [card for card in page.cards().values() if "selected" in card["classes"]]
    assert ["w¹₂₁" in card["texts"] for card in chosen] == [True]
    page.tab.fill("#find", "nothing of the kind")
    page.tab.press("#find", "Enter")
    assert page.tab.locator("#find").get_attribute("aria-invalid") == "true"
    assert page.math("#spoken") == "There is no value called nothing of the kind."
    page.tab.click("#open-all")
    page.tab.fill("#find", "tanh")
    found = set()
    for _ in range(3):
        page.tab.press("#find", "Enter")
        found |= {key for key, card in page.cards().items() if "selected" in card["classes"]}
    assert len(found) == 3


def test_the_picture_on_show_is_saved_as_svg_and_png(read: Any) -> None:
    page = read(explore(sum([Value(1.0, label=label) for label in HOSTILE], Value(0.0))), scheme="dark")
    page.press("End")
    with page.tab.expect_download() as download:
        page.tab.click("#save-svg")
    svg = ElementTree.fromstring(Path(download.value.path()).read_text(encoding="utf-8"))
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {text for card in page.cards().values() for text in card["texts"] if text} <= set(texts)
    assert not any(node.tag.endswith(("style", "script")) for node in svg.iter())
    ground = next(svg.iter("{http://www.w3.org/2000/svg}rect")).get("fill")
    assert ground == page.tab.locator("#picture").evaluate("(it) => getComputedStyle(it).backgroundColor")
    with page.tab.expect_download() as download:
        page.tab.click("#save-png")
    png = Path(download.value.path()).read_bytes()
    size = [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)]
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert size == [2 * int(svg.get(name) or 0) for name in ("width", "height")]
    page.requests[:] = [url for url in page.requests if not url.startswith(("blob:", "data:"))]


def touch(tab: Any, steps: list[list[tuple[float, float]]]) -> None:
    """Move fingers over the page, each step a list of where they are."""
    session = tab.context.new_cdp_session(tab)
    for k, fingers in enumerate(steps):
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": "touchMove" if k else "touchStart", "touchPoints": points})
        tab.wait_for_timeout(30)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tab.wait_for_timeout(100)


@pytest.fixture
def phone(browser: Any, tmp_path: Path) -> Iterator[Callable[[explorer.Page], Any]]:
    """Open a page on a phone."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)

    def open_page(page: explorer.Page) -> Any:
        tab = context.new_page()
        tab.goto(page.save(tmp_path / "page.html").as_uri())
        return tab

    yield open_page
    context.close()


def test_two_fingers_zoom_and_one_scrolls(phone: Any) -> None:
    cost, model = network(3, 1)
    tab = phone(explore(cost, model=model))
    place = tab.locator("#picture").bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    width = "Number(document.querySelector('svg.graph').getAttribute('width'))"
    before = tab.evaluate(width)
    touch(tab, [[(x - d, y), (x + d, y)] for d in (30, 40, 50, 60)])
    assert tab.evaluate(width) == pytest.approx(2 * before, rel=0.01)
    touch(tab, [[(x - d, y), (x + d, y)] for d in (80, 60, 40)])
    assert tab.evaluate(width) == pytest.approx(before, rel=0.01)
    assert tab.evaluate("visualViewport.scale") == 1
    left = tab.evaluate("document.querySelector('#picture').scrollLeft")
    touch(tab, [[(x + 100 - d, y)] for d in range(0, 200, 20)])
    assert tab.evaluate("document.querySelector('#picture').scrollLeft") > left + 50


def test_a_finger_taps_a_value_and_moves_a_slider(phone: Any) -> None:
    tab = phone(explore(small()))
    tab.locator("#v0").tap()
    assert tab.locator(".path").count() == 2
    slider = tab.get_by_label("Move a")
    slider.scroll_into_view_if_needed()
    place = slider.bounding_box()
    y = place["y"] + place["height"] / 2
    touch(tab, [[(place["x"] + place["width"] * share, y)] for share in (0.5, 0.7, 0.9)])
    assert 4.0 < float(tab.locator("#v0").get_attribute("data-value")) <= 6.0


def test_a_mouse_drags_the_picture(read: Any) -> None:
    cost, model = network(3, 1)
    page = read(explore(cost, model=model))
    for _ in range(6):
        page.tab.click("#zoom-in")
    place = page.tab.locator("#picture").bounding_box()
    page.tab.mouse.move(place["x"] + place["width"] / 2, place["y"] + 5)
    page.tab.mouse.down()
    page.tab.mouse.move(place["x"] + place["width"] / 2 - 150, place["y"] + 5, steps=4)
    page.tab.mouse.up()
    assert page.tab.evaluate("document.querySelector('#picture').scrollLeft") == pytest.approx(150, abs=2)


# ---- samples and groups ----


def samples(count: int, seed: int = 0) -> tuple[Value, MLP]:
    rng = random.Random(seed)
    model = MLP(2, [3, 1], "tanh", seed=seed)
    rows = [[Value(rng.gauss(0.0, 1.0)), Value(rng.gauss(0.0, 1.0))] for _ in range(count)]
    return mse([model(row) for row in rows], [rng.random() for _ in rows]), model


def test_the_cost_over_a_data_set_is_a_few_steps(read: Any) -> None:
    cost, model = samples(100)
    order, gradients = truth(cost)
    page = read(explore(cost, model=model))
    assert len(order) > 1000
    assert int(page.tab.get_attribute("#scrub", "max") or 0) < 60
    page.press("End")
    cards = page.cards()
    parameters = {i for i, v in enumerate(order) if any(v is p for p in model.parameters())}
    for i in parameters:
        assert is_close(float(cards[f"v{i}"]["value"]), order[i].data)
        assert is_close(float(cards[f"v{i}"]["gradient"]), gradients[i], 1e-10, scale=1.0)
    tanhs = [card for card in cards.values() if "tanh" in card["texts"]]
    assert len(tanhs) == 3
    assert all(any("×100" in text for text in card["texts"]) and " .. " in card["shown"][0] for card in tanhs)


def test_a_card_of_many_says_the_least_and_the_greatest(read: Any) -> None:
    w = Value(0.5, label="w")
    rows = [(float(k), 0.25 * k * k) for k in range(-30, 40)]
    page = read(explore(sum([(w * x - y) ** 2 for x, y in rows], Value(0.0)), merge=True))
    page.press("End")
    errors = [0.5 * x - y for x, y in rows]
    shown = {card["texts"][0]: list(map(spelt, card["shown"])) for card in page.cards().values()}
    assert shown["*"][0] == "-15 .. 19.5"
    assert shown["-"] == [f"{min(xs):.3g} .. {max(xs):.3g}" for xs in (errors, [2 * e for e in errors])]


def test_every_step_of_many_samples_ends_in_the_gradients_of_python(read: Any) -> None:
    cost, model = samples(60, seed=3)
    _, gradients = truth(cost)
    page = read(explore(cost, model=model))
    count = int(page.tab.get_attribute("#scrub", "max") or 0)
    last = page.walk("ArrowRight", count)[-1]
    found = {int(key[1:]): float(card["gradient"]) for key, card in last.items() if card["gradient"]}
    assert len(found) == len(model.parameters()) + 1
    assert all(is_close(g, gradients[i], 1e-10, scale=1.0) for i, g in found.items())
    for _ in range(count):
        page.press("ArrowLeft")
        assert page.text("#step-rule")


def test_the_times_of_a_recurrent_network_stay_apart(read: Any) -> None:
    w, h = Value(0.5, label="w"), Value(1.0)
    for _ in range(6):
        h = tanh(w * h)
    page = read(explore(h, merge=True))
    page.press("End")
    _, gradients = truth(h)
    assert page.numbers("gradient") == pytest.approx({f"v{i}": g for i, g in enumerate(gradients)}, rel=1e-9)


def test_a_squared_error_is_one_card_that_opens(read: Any) -> None:
    cost, model = network(2, 1)
    order, _ = truth(cost)
    page = read(explore(cost, model=model))
    page.press("End")
    root = f"v{len(order) - 1}"
    badge = next(text for text in page.cards()[root]["texts"] if "²" in text)
    assert re.fullmatch(r"\(a − 1\)²/2  \+", badge)
    slopes = [spelt(text) for text in page.tab.locator(".arrow .slope").all_text_contents()]
    prediction = len(order) - 4
    assert f"{order[prediction].data - 1.0:.3f}" in slopes  # that of the whole formula, a − y
    before = len(page.cards())
    page.tab.locator("[aria-label^='Open (a']").focus()
    page.press("Enter")
    assert len(page.cards()) == before + 2
    page.tab.locator(".frame [aria-label^='Close (a']").press("Enter")
    assert len(page.cards()) == before
    page.tab.click("#quiz")
    assert page.tab.locator("[data-quiz]").count() == before - 1


# ---- the file ----


def test_nothing_in_the_page_may_be_evaluated_or_loaded() -> None:
    html = explore(small()).html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert "unsafe" not in policy[1]
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r'(src|href)="', html)
    assert "http:" not in html.replace("http://www.w3.org/", "")
    assert "https:" not in html


def test_labels_stay_text(read: Any) -> None:
    y = sum([Value(1.0, label=label) for label in HOSTILE], Value(0.0))
    y.label = HOSTILE[0]
    page = read(explore(y, title=HOSTILE[1]))
    page.press("End")
    page.tab.click("#v0")
    assert page.text("h1") == HOSTILE[1]
    texts = [text for card in page.cards().values() for text in card["texts"]]
    assert all(label[:20] in " ".join(texts) for label in HOSTILE)
    assert "img_src_x" in page.math("#formula")
    assert page.tab.locator("script, img").count() == 2


def test_the_page_works_in_the_sandbox_of_a_notebook(tab: Any) -> None:
    tab.goto("about:blank")
    tab.set_content(f"<!doctype html><body>{explore(small())._repr_html_()}")
    frame = tab.frame_locator("iframe")
    frame.locator("#last").click()
    assert "backward pass" in frame.locator("#place").inner_text()
    frame.locator("#quiz").click()
    frame.locator("#check").click()
    assert "0 of" in frame.locator("#verdict").inner_text()
    assert tab.locator("iframe").get_attribute("sandbox") == "allow-scripts allow-downloads"  # and no same origin


def test_it_fits_a_phone_and_turns_dark(read: Any) -> None:
    page = read(explore(small()), width=360, scheme="dark")
    assert page.tab.evaluate("document.scrollingElement.scrollWidth") <= 360
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.tab.evaluate(background)
    page.tab.click("#theme")
    light = page.tab.evaluate(background)
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 150 < 600 < sum(map(int, re.findall(r"\d+", light)[:3]))


def test_the_keyboard_alone_is_enough(read: Any) -> None:
    page = read(explore(small()))
    reached = set()
    for _ in range(60):
        page.press("Tab")
        reached.add(page.tab.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label')"))
    controls = {"v0", "v5", "quiz", "theme", "play", "forward", "scrub", "speed", "descend-1", "rate", "reset"}
    assert controls <= reached
    assert {"Move a", "The number of a", "a takes part in the descent"} <= reached
    page.tab.locator("#scrub").focus()
    page.press("ArrowRight", "ArrowRight")
    assert page.tab.input_value("#scrub") == "2"
    page.tab.get_by_label("The number of a").focus()
    page.press("ArrowRight", "Home", " ")
    assert page.tab.input_value("#scrub") == "2"


def test_every_control_has_a_name(read: Any) -> None:
    page = read(explore(small()))
    page.tab.click("#quiz")
    nameless = """() => [...document.querySelectorAll("button, input, select, [role=button]")]
        .filter((it) => !(it.getAttribute("aria-label") || it.textContent.trim() || it.labels?.[0]?.textContent.trim()))
        .map((it) => it.outerHTML)"""
    assert page.tab.evaluate(nameless) == []


def test_all_words_stand_in_one_file() -> None:
    words = json.loads((FOLDER / "text.json").read_text())
    markup = (FOLDER / "page.html").read_text()
    scripts = "".join(path.read_text() for path in SCRIPTS)
    used = set(re.findall(r'data-(?:text|label)="(\w+)"', markup))
    calls = " ".join(re.findall(r"(?:say|lead)\(([^()]*)", scripts))
    used |= set(re.findall(r'(?<!== )"(\w+)"', calls))
    used |= set(re.findall(r'"(forwardPass|backwardPass)"', scripts))
    assert set(words) - used == {"language"}
    assert used - set(words) == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_plain_and_short(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|eval|Function|var|document\.write)\b", source)
    assert not re.search(r"[^=!]==[^=]|!=[^=]", source)
    assert max(map(len, source.splitlines())) <= 120
    assert len(source.splitlines()) <= 420


def test_a_graph_of_a_hundred_values_takes_less_than_200_kb() -> None:
    cost, model = network(6, 5, 2, 1)
    assert 95 <= len(topological_order(cost)) <= 120
    assert len(explore(cost, model=model).html.encode()) < 200_000


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert explore(small()).html == explore(small()).html


def test_a_page_is_saved_whole_or_refused(tmp_path: Path) -> None:
    page = explore(small())
    assert page.save(tmp_path / "page.HTML").read_text(encoding="utf-8") == page.html
    with pytest.raises(ValueError, match=r"use \.html"):
        page.save(tmp_path / "page.svg")
    with pytest.raises(FileNotFoundError, match="no folder"):
        page.save(tmp_path / "none" / "page.html")


def test_roots_that_cannot_be_explored_are_refused() -> None:
    with pytest.raises(TypeError, match="takes a Value"):
        explore(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="model is a Module"):
        explore(small(), model=3)
    with pytest.raises(ValueError, match="direction is"):
        explore(small(), direction="up")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="precision"):
        explore(small(), precision=0)
    x = Value(2.0, label="x")
    y = x * x
    x.data = 3.0
    with pytest.raises(StaleGraphError):
        explore(y)
    with no_grad(), pytest.raises(NoGraphError):
        explore(x * x)


def test_exploring_changes_nothing() -> None:
    root = small()
    explore(root)
    assert all(v._grad is None for v in topological_order(root))


def test_variables_give_names(read: Any) -> None:
    weight, inputs = Value(2.0), [Value(3.0), Value(4.0)]
    page = read(explore(weight * inputs[0] + inputs[1], names=locals()))
    names = [card["texts"] for card in page.cards().values()]
    assert all(any(name in texts for texts in names) for name in ("weight", "inputs[0]", "inputs[1]"))
    assert "weight·inputs0+inputs1" in page.math("#formula")


# ---- the command ----


def test_the_command_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.html"
    assert cli.main(["explore", "tanh(w*x + b)", "w=0.5", "x=2", "b=-1", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"written: {path}\n"
    assert "<title>tanh(w*x + b)</title>" in path.read_text(encoding="utf-8")


def test_the_command_opens_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cli.main(["explore", "x", "x=1", "--open", "-o", str(tmp_path / "x.html")]) == 0
    assert opened == [(tmp_path / "x.html").as_uri()]
    assert cli.main(["explore", "x", "x=1"]) == 0
    (kept,) = tmp_path.glob("*/*.html")
    assert opened[1:] == [kept.as_uri()]
    assert "<title>x</title>" in kept.read_text(encoding="utf-8")


def test_the_command_says_where_the_page_is_if_there_is_no_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    assert cli.main(["explore", "x", "x=1", "--open", "-o", str(tmp_path / "x.html")]) == 1
    assert f"no browser was found: open {tmp_path / 'x.html'}" in capsys.readouterr().err


def test_the_command_refuses_another_suffix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(["explore", "x", "x=1", "-o", str(tmp_path / "x.pdf")])
    assert "use .html" in capsys.readouterr().err
