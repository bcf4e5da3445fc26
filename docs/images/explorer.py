"""Takes the pictures of the explorer into this folder, in Chromium: python docs/images/explorer.py"""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from autograd_mini import Value
from autograd_mini.nn import MLP, mse
from autograd_mini.render import Page, explore

HERE = Path(__file__).parent


def neuron() -> Page:
    """A neuron that is trained on one sample, its weight decayed: w is used twice."""
    w, x, b = Value(0.8, label="w"), Value(2.0, label="x"), Value(-1.0, label="b")
    z = w * x + b
    z.label = "z"
    a = z.tanh()
    a.label = "a"
    loss = (a - 1.0) ** 2 + 0.1 * w**2
    loss.label = "L"
    return explore(loss, title="A neuron learns")


def network() -> Page:
    """A small network, its neurons as boxes that open and close."""
    model = MLP(2, [2, 1], "tanh", seed=3)
    cost: Value = mse(model([Value(0.5, label="x0"), Value(-1.5, label="x1")]), 1.0)
    cost.label = "cost"
    return explore(cost, model=model, title="A network of three neurons")


def in_the_middle(page: Any) -> None:
    """The second arrival at w."""
    page.keyboard.press("End")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")


def at_the_end(page: Any) -> None:
    page.keyboard.press("End")


def chain(page: Any) -> None:
    page.keyboard.press("End")
    page.click("#v1")


def descent(page: Any) -> None:
    page.keyboard.press("End")
    page.get_by_label("x takes part in the descent").uncheck()
    page.click("#descend-20")
    page.click("#descend-20")


def quiz(page: Any) -> None:
    """Everything is right but for one arrival that was forgotten."""
    page.keyboard.press("End")
    gradients = {card.get_attribute("id"): card.get_attribute("data-gradient") for card in page.locator(".card").all()}
    page.click("#quiz")
    for box in page.locator("[data-quiz]").all():
        box.fill(f"{float(gradients['v' + box.get_attribute('data-quiz')]):.4g}")
    box.fill("0.16")  # the last one: what comes by way of the weight decay, and not what comes through the neuron
    page.click("#check")


COMMON = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1.5, "reduced_motion": "reduce"}
Act = Callable[[Any], None]
PICTURES: dict[str, tuple[Callable[[], Page], Act, dict[str, Any]]] = {
    "backward": (neuron, in_the_middle, {}),
    "dark": (network, chain, {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}),
    "network": (network, at_the_end, {"viewport": {"width": 1280, "height": 900}}),
    "descent": (neuron, descent, {"viewport": {"width": 1280, "height": 940}}),
    "quiz": (neuron, quiz, {}),
    "phone": (neuron, in_the_middle, {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}),
}

if __name__ == "__main__":
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (page, act, options) in PICTURES.items():
            tab = browser.new_page(**(COMMON | options))
            tab.goto(page().save(f"{folder}/{name}.html").as_uri())
            act(tab)
            tab.screenshot(path=HERE / f"explorer_{name}.png")
            print(HERE / f"explorer_{name}.png")
        browser.close()
