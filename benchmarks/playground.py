"""How long the playground takes: until it has run the program of an address, and for one more run, in Chromium.

The page is that of the built documentation (`make docs`).  A browser opens it with an empty cache, then once more with
its files in the cache.  These are seconds on the clock, since a browser is many processes.
"""

import base64
import functools
import http.server
import shutil
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import LeftOut, quartiles

SITE = Path(__file__).parents[1] / "site"
LONG = 60_000
"""Milliseconds to wait at most."""

PROGRAM = "from autograd_mini import Value\nx = Value(2.0)\ny = (0.8 * x - 1.0).tanh()\ny.backward()\nprint(x.grad)\n"
RUNS = "() => Number(document.body.dataset.runs ?? 0)"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        pass


def times(rounds: int) -> dict[str, Any]:
    """Seconds of each, or why they can't be measured."""
    try:
        with served() as url, browser() as chromium:
            return measured(url, chromium, rounds)
    except LeftOut as reason:
        return {"failed": str(reason)}


def measured(url: str, chromium: Any, rounds: int) -> dict[str, Any]:
    """Seconds of each."""
    spent: dict[str, list[float]] = {"first": [], "later": [], "run": []}
    for _ in range(rounds):
        context = chromium.new_context()
        for name in ("first", "later"):
            page = context.new_page()
            begin = time.perf_counter()
            page.goto(url)
            runs_are(page, 1)
            spent[name].append(time.perf_counter() - begin)
            page.wait_for_selector("body.warm", state="attached", timeout=LONG)  # it has begun a spare Python
            if name == "first":
                page.close()
        page.wait_for_selector("#run:enabled", timeout=LONG)
        page.fill("#editor", PROGRAM)
        begin = time.perf_counter()
        page.press("#editor", "Control+Enter")
        runs_are(page, 2)
        spent["run"].append(time.perf_counter() - begin)
        context.close()
    return {name: quartiles(seconds) for name, seconds in spent.items()}


def runs_are(page: Any, count: int) -> None:
    """Wait until so many runs have ended."""
    page.wait_for_function(f"count => ({RUNS})() >= count", arg=count, timeout=LONG)


@contextmanager
def served() -> Iterator[str]:
    """The address of the playground with a program in it, as a link of the course has it."""
    if not (SITE / "playground/built.js").exists():
        raise LeftOut("the playground is not built: make docs")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    code = base64.urlsafe_b64encode(deflate.compress(PROGRAM.encode()) + deflate.flush()).rstrip(b"=").decode()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/playground/index.html#code={code}"
    server.shutdown()
    server.server_close()


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise LeftOut("there is no Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise LeftOut("there is no Playwright: pip install autograd_mini[test]") from error
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()
