"""Moving pictures: they record the training, and a slider steps through their frames."""

import importlib.util
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from autograd_mini.nn import MLP, mse

DOCS = Path(__file__).parents[2] / "docs"
IMAGES = DOCS / "images" / "course"
SVG = "{http://www.w3.org/2000/svg}"
MOVING = {
    "perceptron_training": ("01_linear_models", "1-linear-models"),
    "xor_training": ("03_feedforward", "3-feedforward"),
    "digits_reading": ("07_digits", "7-digits"),
}


def frames(path: Path) -> list[ET.Element]:
    return [g for g in ET.parse(path).getroot().iter(f"{SVG}g") if g.get("class") == "frame"]


def says(frame: ET.Element) -> str:
    return next("".join(text.itertext()) for text in frame.iter(f"{SVG}text") if text.get("class") == "says")


# ---- what is recorded ----


@pytest.mark.parametrize("name", MOVING)
def test_the_picture_on_show_is_the_one_that_the_demo_draws(name: str, chapter: Callable[[str], Any]) -> None:
    demo, page = MOVING[name]
    if demo == "07_digits":
        pytest.importorskip("sklearn")
    made = chapter(demo).pictures / f"{name}.svg"
    assert [says(frame) for frame in frames(IMAGES / f"{name}.svg")] == [says(frame) for frame in frames(made)]
    assert f"images/course/{name}.svg){{ .moving }}" in (DOCS / "course" / f"{page}.md").read_text(encoding="utf-8")


def test_the_same_training_gives_the_same_bytes(load_demo: Callable[[str], ModuleType], tmp_path: Path) -> None:
    demo = load_demo("01_linear_models")
    for name in ("one.svg", "two.svg"):
        demo.moving.perceptron(tmp_path / name, demo.X, demo.Y, [(0.0, 0.0, 0.0), *demo.traces(8)[1]])
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_frames_of_the_perceptron_are_the_steps_of_the_rule(load_demo: Callable[[str], ModuleType]) -> None:
    demo = load_demo("01_linear_models")
    w, b, expected = [0.0, 0.0], 0.0, ["the start: w = 0, b = 0"]
    for n in range(8):
        for i, (x, y) in enumerate(zip(demo.X, demo.Y)):
            f = 1 if demo.linear(w, b, x) >= 0 else 0
            what = "right" if f == y else f"a mistake, so w ← w {'+' if y else '−'} x"
            expected.append(f"pass {n + 1}, point {i + 1}: {what}")
            w, b = demo.rule(w, b, x, y, 1.0)
    assert [says(frame) for frame in frames(IMAGES / "perceptron_training.svg")] == expected


def test_the_border_of_the_perceptron_is_a_straight_line() -> None:
    """From (0, 0.3125) to (1, 0.6875): −1.2·x₁ + 3.2·x₂ − 1 = 0, in a square of 260 units that begins at (30, 14)."""
    last = frames(IMAGES / "perceptron_training.svg")[-1]
    outline = next(path.get("d") for path in last.iter(f"{SVG}path") if path.get("class") == "yes")
    assert outline is not None
    corners = [tuple(map(float, pair.split())) for pair in re.findall(r"[\d.]+ [\d.]+", outline)]
    assert len(corners) == 4
    for x1, x2 in ((0.0, 0.3125), (1.0, 0.6875)):
        assert any(corner == pytest.approx((30 + 260 * x1, 274 - 260 * x2), abs=0.06) for corner in corners)


def test_the_costs_of_the_moving_border_are_those_of_the_training() -> None:
    X, Y = [(0, 0), (0, 1), (1, 0), (1, 1)], [0, 1, 1, 0]
    network = MLP(2, [3, 1], activation="tanh", seed=3)
    costs = []
    for _ in range(300):
        cost = mse([network(x) for x in X], Y)
        costs.append(cost.data)
        network.zero_grad()
        cost.backward()
        for p in network.parameters():
            p.data -= 0.4 * p.grad
    said = [re.fullmatch(r"epoch (\d+): cost ([\d.]+)", says(frame)) for frame in frames(IMAGES / "xor_training.svg")]
    assert len(said) == 51
    for found in said:
        assert found is not None
        assert found[2] == f"{costs[int(found[1])]:.4f}"


# ---- how it is shown ----


@pytest.mark.parametrize("name", MOVING)
def test_without_a_script_the_last_frame_is_shown(name: str) -> None:
    hidden = [frame.get("display") for frame in frames(IMAGES / f"{name}.svg")]
    assert hidden == ["none"] * (len(hidden) - 1) + [None]


@pytest.mark.parametrize("name", MOVING)
def test_it_is_small_and_asks_for_nothing(name: str) -> None:
    text = (IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert len(text) < 100_000
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|<script|url\(", text) == []
    for outline in re.findall(r' d="(M[^"]+)"', text):
        assert re.fullmatch(r"(M-?[\d.]+ -?[\d.]+([LHVhv][\d. -]+)+Z?)+", outline), outline


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("course_hook", DOCS / "hooks" / "course.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inlined(hook: ModuleType, name: str) -> str:
    image = f'<p><img alt="What is seen." class="moving" src="../images/course/{name}.svg" /></p>'
    page = SimpleNamespace(file=SimpleNamespace(src_uri="course/3-feedforward.md"))
    html: str = hook.on_page_content(image, page=page, config={"docs_dir": str(DOCS)})
    return html


def test_the_site_holds_the_picture_itself(hook: ModuleType) -> None:
    html = inlined(hook, "xor_training")
    assert html.startswith('<figure class="moving"><svg')
    assert html.endswith("<figcaption>What is seen.</figcaption></figure>")


SHOWN = """() => [...document.querySelectorAll("g.frame")].filter((frame) => frame.getBoundingClientRect().width)
    .map((frame) => frame.querySelector(".says").textContent)"""


def test_the_slider_shows_one_frame_at_a_time(browser: Any, hook: ModuleType, tmp_path: Path) -> None:
    script = (DOCS / "moving.js").read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset=utf-8><body>{inlined(hook, 'xor_training')}<script>{script}</script>", "utf-8")
    expected = [says(frame) for frame in frames(IMAGES / "xor_training.svg")]
    tab = browser.new_page()
    trouble: list[str] = []
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.goto(page.as_uri())
    assert tab.evaluate(SHOWN) == [expected[-1]]
    slider = tab.locator("input[type=range]")
    for at in (0, 20, 50):
        slider.fill(str(at))
        assert tab.evaluate(SHOWN) == [expected[at]]
        assert slider.get_attribute("aria-valuetext") == expected[at]
    slider.press("ArrowLeft")
    assert tab.evaluate(SHOWN) == [expected[49]]
    tab.locator("button").click()  # from here it plays to the end, and stops there
    tab.wait_for_function("document.querySelector('input').value === '50'")
    tab.wait_for_function("document.querySelector('button').textContent === 'Play'")
    assert tab.evaluate(SHOWN) == [expected[-1]]
    assert trouble == []
    tab.close()


def test_a_reader_without_scripts_sees_the_last_frame(browser: Any, hook: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset=utf-8><body>{inlined(hook, 'perceptron_training')}", "utf-8")
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(page.as_uri())
    visible = [frame.is_visible() for frame in tab.locator("g.frame .says").all()]
    assert visible == [False] * 56 + [True]
    context.close()
