"""The playground as readers get it: the built site in a browser.  `make test-docs` builds it and runs this.

`make test` does not collect this file: it needs the built site, and Python as WebAssembly is slow to start.
"""

import base64
import functools
import gzip
import html
import http.server
import json
import math
import os
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from autograd_mini.render.playground import run

ROOT = Path(__file__).parent.parent
SITE = ROOT / "site"
COURSE = sorted((ROOT / "docs/course").glob("*.md"))
EXAMPLES = sorted((ROOT / "docs/playground/examples").glob("*.py"))
LONG = 120_000  # milliseconds: a machine that is busy starts Python slowly
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")

NEURON = """\
from autograd_mini import Value

w, x = Value(0.8, label="w"), Value(2.0, label="x")
y = (w * x - 1.0).tanh()
y.backward()
print("slope", w.grad)
"""


def packed(program: str) -> str:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(deflate.compress(program.encode()) + deflate.flush()).rstrip(b"=").decode()


def unpacked(text: str) -> str:
    return zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), -15).decode()


def linked(page: Path) -> list[str]:
    """The programs that a page of the course links to."""
    built = (SITE / "course" / page.name).with_suffix(".html").read_text(encoding="utf-8")
    return [unpacked(link) for link in re.findall(r'href="\.\./playground/index\.html#code=([\w-]+)"', built)]


# ---- the site, a server, and the page ----


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    if not (SITE / "playground/built.js").exists():
        reason = "the site has no playground: npm was missing when it was built"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves the site and records the requests."""

    asked: ClassVar[dict[int, list[str]]] = {}  # by port

    def log_message(self, *_: object) -> None:
        self.asked.setdefault(self.server.server_address[1], []).append(self.path)


@pytest.fixture(scope="module")
def ports() -> Iterator[list[int]]:
    """The ports of two servers: that of the site, and another one, which must receive no request."""
    handler = functools.partial(Server, directory=str(SITE))
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [server.server_address[1] for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def url(ports: list[int]) -> str:
    return f"http://127.0.0.1:{ports[0]}/playground/index.html"


@pytest.fixture(scope="module")
def elsewhere(ports: list[int]) -> str:
    return f"http://127.0.0.1:{ports[1]}"


class Tab:
    """The page in a tab, with all its errors and its requests to other servers."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.trouble: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        context.on("request", lambda request: self.requests.append(request.url))

    def wait(self, *beginnings: str) -> str:
        """Wait until the status begins with one of these."""
        self.page.wait_for_function(
            "(texts) => texts.some((text) => document.getElementById('status').textContent.startsWith(text))",
            arg=list(beginnings),
            timeout=LONG,
        )
        return str(self.page.inner_text("#status"))

    def run(self, program: str) -> None:
        """Run a program to its end."""
        self.page.wait_for_selector("#run:enabled", timeout=LONG)
        with self.to_the_end():
            self.page.fill("#editor", program)
            self.page.press("#editor", "Control+Enter")

    @contextmanager
    def to_the_end(self) -> Iterator[None]:
        """Wait for the end of the run started here."""
        runs = "() => Number(document.body.dataset.runs ?? 0)"
        before = self.page.evaluate(runs)
        yield
        self.page.wait_for_function(f"before => ({runs})() > before", arg=before, timeout=LONG)

    def text(self, place: str) -> str:
        return str(self.page.locator(place).text_content())


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    opened = browser.new_context(viewport={"width": 1300, "height": 900})
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared(context: Any, url: str) -> Iterator[Tab]:
    """A tab where Python is ready, which many tests use."""
    tab = Tab(context)
    tab.page.goto(f"{url}#code={packed(NEURON)}")
    tab.wait("Done")
    yield tab
    tab.page.close()


@pytest.fixture
def tab(shared: Tab) -> Iterator[Tab]:
    shared.trouble.clear()
    shared.requests.clear()
    yield shared
    if shared.page.is_enabled("#stop"):
        shared.page.click("#stop")


def told(program: str) -> tuple[str, list[str]]:
    """The output of CPython for a program, and the kinds of objects that it shows."""
    text, kinds = "", []
    messages: list[str] = []
    run(program, messages.append)
    for message in map(json.loads, messages):
        kinds.append(message["kind"])
        if message["kind"] == "text":
            text = text[: message["place"]] + message["text"]
    return text, kinds


def agrees(found: str, expected: str) -> bool:
    """Whether two texts are the same except for the last digits of numbers: libraries differ in exp and tanh."""
    if NUMBER.sub("#", found) != NUMBER.sub("#", expected):
        return False
    pairs = zip(map(float, NUMBER.findall(found)), map(float, NUMBER.findall(expected)))
    return all(math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-12) for a, b in pairs)


def without_speed(text: str) -> str:
    """A text without progress bars, which show a speed."""
    return re.sub(r"training: .*\n", "", text)


# ---- what it is for ----


def test_a_shared_address_runs_and_shows_its_slope_its_drawing_and_its_explorer(url: str, shared: Tab) -> None:
    assert agrees(shared.text("#output"), told(NEURON)[0])
    assert shared.page.locator("#drawing svg title").first.text_content() == "Computation graph of y"
    frame = shared.page.frame_locator("#explorer")
    frame.locator("body.ready").wait_for()
    assert frame.locator("#v0").count() == 1
    assert shared.trouble == []
    origin = url.removesuffix("/playground/index.html")
    assert [request for request in shared.requests if not request.startswith((origin, "blob:", "data:"))] == []


def test_at_most_seven_and_a_half_megabytes_are_loaded() -> None:
    files = [path for path in (SITE / "playground").rglob("*") if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= 7_500_000


def test_every_page_of_the_course_links_to_the_playground_below_its_snippets() -> None:
    snippets = sum(len(re.findall(r"^```python$", page.read_text(encoding="utf-8"), re.M)) for page in COURSE)
    links = sum(len(linked(page)) for page in COURSE)
    assert snippets - 10 < links <= snippets  # all but those of the digits that need NumPy


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_gives_what_it_gives_in_cpython(example: Path, tab: Tab) -> None:
    program = example.read_text(encoding="utf-8")
    title = program.partition("\n")[0].partition(": ")[2]
    with tab.to_the_end():
        tab.page.select_option("#example", label=title)
    text, kinds = told(program)
    assert tab.page.input_value("#editor") == program
    assert agrees(without_speed(tab.text("#output")), without_speed(text))
    assert tab.text("#error") == ""
    assert tab.page.is_visible("#drawing svg") == ("drawing" in kinds)
    assert tab.page.is_visible("#explorer") == ("explorer" in kinds)
    assert tab.page.is_visible("#watch svg") == ("picture" in kinds)
    assert tab.trouble == []


@pytest.mark.parametrize("page", COURSE, ids=lambda page: page.stem)
def test_every_linked_snippet_gives_what_the_course_says_and_what_it_gives_in_cpython(page: Path, tab: Tab) -> None:
    for place, program in enumerate(linked(page), 1):
        text, kinds = told(program)
        snippet = program.rpartition("# This snippet:\n")[2]
        raises = re.findall(r"# raises (\w+)", snippet)
        if not raises:
            lines = iter(text.splitlines())
            assert all(claim in lines for claim in re.findall(r"# → (.*)$", snippet, re.M)), place
        tab.run(program)
        error = tab.text("#error")
        assert bool(error) == bool(raises), (place, error)
        assert [name for name in raises[:1] if name not in error] == [], place
        assert agrees(without_speed(tab.text("#output")), without_speed(text)), place
        assert tab.page.is_visible("#drawing svg") == ("drawing" in kinds), place
        assert tab.page.is_visible("#explorer") == ("explorer" in kinds), place
    assert tab.trouble == []


def test_an_endless_loop_stops_and_the_page_is_ready_at_once(tab: Tab) -> None:
    for _ in range(2):  # the spare that took over gets one of its own
        tab.page.wait_for_selector("body.warm", state="attached", timeout=LONG)
        tab.page.fill("#editor", "i = 0\nwhile True:\n    i += 1")
        tab.page.click("#run")
        tab.wait("Running", "Still running")
        tab.page.click("#stop")
        assert tab.wait("Stopped") == "Stopped."  # not "Stopped. Python is loading again …"
        tab.run("40 + 2")
        assert tab.text("#output") == "42\n"


def test_a_network_trains_and_is_watched(tab: Tab) -> None:
    tab.page.evaluate(
        """() => {
          window.seen = new Set();
          new MutationObserver(() => window.seen.add(document.querySelector("#watch svg title")?.textContent))
            .observe(document.getElementById("watch"), { childList: true, subtree: true });
        }"""
    )
    tab.run(
        "from autograd_mini import nn\n"
        "X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]\n"
        "model = nn.MLP(2, [8, 8, 1], activation='tanh', seed=4)\n"
        "history = nn.fit(model, X, Y, epochs=400, callback=nn.Watch(model, X, Y))\n"
        "print(history.reason)"
    )
    assert "training: 100%" in tab.text("#output")
    assert "epoch limit of 400 reached" in tab.text("#output")
    titles = [title for title in tab.page.evaluate("() => [...window.seen]") if title]
    assert len(titles) > 1  # it was redrawn on the way
    assert (tab.page.locator("#watch svg title").text_content() or "").startswith("Training, epoch 400: cost")
    assert tab.page.locator("#watch image").count() == 1
    assert tab.trouble == []


def test_an_error_leads_to_its_line(tab: Tab) -> None:
    tab.run("x = 1\ny = x / 0\nz = 2")
    assert "ZeroDivisionError: division by zero" in tab.text("#error")
    assert tab.page.locator("#numbers .wrong").inner_text().strip() == "2"
    tab.page.get_by_role("button", name="Line 2").click()
    chosen = (
        "() => { const e = document.getElementById('editor'); return e.value.slice(e.selectionStart, e.selectionEnd) }"
    )
    assert tab.page.evaluate(chosen) == "y = x / 0"
    tab.run("import numpy")
    assert "neither NumPy nor machine code" in tab.text("#error")


def test_the_address_holds_the_program_and_a_new_address_runs(tab: Tab, url: str) -> None:
    program = "print('π ≈ 3')"
    tab.run(program)
    tab.page.wait_for_function("hash => location.hash === hash", arg=f"#code={packed(program)}")
    tab.page.evaluate(f"location.hash = 'code={packed('6 * 7')}'")
    tab.page.wait_for_function("() => document.getElementById('output').textContent === '42\\n'", timeout=LONG)
    assert tab.page.input_value("#editor") == "6 * 7"
    tab.page.fill("#editor", "7 * 7")
    tab.page.click("#share")
    tab.wait("The address of this page now contains the program")
    assert unpacked(tab.page.url.partition("#code=")[2]) == "7 * 7"


# ---- programs of strangers ----

BOMB = base64.urlsafe_b64encode(
    (lambda deflate: deflate.compress(b"#" * 50_000_000) + deflate.flush())(zlib.compressobj(9, zlib.DEFLATED, -15))
)


@pytest.mark.parametrize(
    "code",
    [
        "!", "A", "AAAA", "%00", "<script>alert(1)</script>", "____", packed("1")[:-2],
        base64.urlsafe_b64encode(b"\x01\x02\x00\xfd\xff\xff\xfe").rstrip(b"=").decode(),  # no UTF-8
        BOMB.rstrip(b"=").decode(),
    ],
    ids=["sign", "short", "zeros", "percent", "script", "garbage", "cut", "encoding", "bomb"],
)  # fmt: skip
def test_a_hostile_address_runs_nothing(code: str, tab: Tab) -> None:
    tab.run("'before'\n'and'\nprint('kept')")
    tab.page.evaluate("code => { location.hash = `code=${code}` }", code)
    tab.page.wait_for_selector("#error pre", timeout=LONG)
    assert "contains no readable program" in tab.text("#error")
    assert not tab.page.is_enabled("#stop")
    assert tab.trouble == []


SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="hacked(1)" width="9"
 height="9" style="position:fixed" id="output"><script>hacked(2)</script><style>body{display:none}</style>
<foreignObject><iframe srcdoc="x"></iframe></foreignObject><a xlink:href="javascript:hacked(3)"><text>t</text></a>
<image href="http://other.invalid/a.png"/><image href="data:image/svg+xml,x"/><use href="#x"/>
<rect width="5" height="5" fill="url(http://other.invalid/b)" onclick="hacked(4)" class="kept"/>
<set attributeName="onmouseover" to="hacked(5)"/><animate attributeName="href" values="javascript:hacked(6)"/></svg>"""


def test_an_svg_can_do_nothing_but_be_seen(tab: Tab) -> None:
    tab.run(f"class Picture:\n    def _repr_svg_(self):\n        return {SVG!r}\nPicture()")
    picture = tab.page.locator("#drawing svg")
    inside = picture.evaluate("svg => [...svg.querySelectorAll('*')].map(e => e.localName)")
    assert inside == ["image", "image", "rect"]
    names = picture.evaluate(
        "svg => [svg, ...svg.querySelectorAll('*')].flatMap(e => [...e.attributes].map(a => a.name + '=' + a.value))"
    )
    assert not [name for name in names if re.search(r"^on|^style|href|url|javascript|invalid", name)]
    assert "class=kept" in names
    assert tab.page.locator("#output").count() == 1
    assert [request for request in tab.requests if "invalid" in request] == []
    assert tab.trouble == []
    for broken in ("<svg", "<html/>", "", "<svg xmlns='http://www.w3.org/2000/svg'><g></svg>"):
        tab.run(f"class Picture:\n    def _repr_svg_(self):\n        return {broken!r}\nPicture()")
        assert "can't be shown" in tab.text("#note")


def test_what_is_printed_is_text(tab: Tab) -> None:
    hostile = "<img src=x onerror=hacked(1)><script>hacked(2)</script>"
    tab.run(f"print({hostile!r})\nraise ValueError({hostile!r})")
    assert hostile in tab.text("#output")
    assert hostile in tab.text("#error")
    assert tab.page.locator("#output *, #error img, #error script").count() == 0


def test_html_stays_in_its_frame_and_reaches_nothing(tab: Tab, url: str, elsewhere: str, ports: list[int]) -> None:
    hostile = f"""<p id=seen></p><img src="{elsewhere}/image"><link rel=stylesheet href="{elsewhere}/style">
        <script>
        const told = [];
        for (const attempt of [() => parent.document.title, () => localStorage.a, () => top.document.title,
                               () => top.location.replace("{elsewhere}/top"), () => new Worker("{elsewhere}/worker")])
          try {{ attempt(); told.push("reached"); }} catch (error) {{ told.push(error.name); }}
        Promise.allSettled(["{elsewhere}/fetch", "{url}"].map((url) => fetch(url))).then((answers) => {{
          document.getElementById("seen").textContent = told.concat(answers.map((a) => a.status)).join(" ");
          setTimeout(() => (location = "{elsewhere}/frame"), 500);
        }});
        </script>"""
    tab.run(f"class Page:\n    def _repr_html_(self):\n        return {hostile!r}\nPage()")
    assert tab.page.get_attribute("#result", "sandbox") == "allow-scripts allow-downloads"
    seen = tab.page.frame_locator("#result").locator("#seen:not(:empty)")
    assert "reached" not in (seen.text_content() or "")
    assert "fulfilled" not in (seen.text_content() or "")
    tab.page.wait_for_timeout(1500)  # for the frame to go where it may not
    assert Server.asked.get(ports[1], []) == []
    assert tab.page.url.startswith(url)
    assert tab.page.title() == "Playground - autograd_mini"


def test_a_program_reaches_no_server_no_storage_and_no_script(tab: Tab, elsewhere: str, ports: list[int]) -> None:
    tab.run(
        """
import js
from pyodide.code import run_js
from pyodide.http import open_url
import pyodide_js

def reached(attempt):
    try:
        return attempt()
    except BaseException as error:
        return type(error).__name__

print(sorted({"fetch", "caches", "indexedDB", "Worker", "eval", "postMessage"} & set(dir(js))))
print(reached(lambda: js.fetch))
print(reached(lambda: run_js("globalThis")))
print(reached(lambda: pyodide_js.FS.constructor.constructor("return globalThis")()))
print(reached(lambda: open_url("ELSEWHERE")))
import socket
print(reached(lambda: socket.create_connection(("127.0.0.1", PORT), timeout=1).send(b"GET / HTTP/1.0")))
""".replace("ELSEWHERE", f"{elsewhere}/program").replace("PORT", str(ports[1]))
    )
    lines = tab.text("#output").splitlines()
    assert lines[0] == "[]"
    assert len(lines) == 6
    assert all(re.fullmatch(r"\w*(Error|Exception)", line) for line in lines[1:]), lines
    assert Server.asked.get(ports[1], []) == []


def test_a_program_that_is_too_much_for_python_itself_leaves_the_page_usable(tab: Tab) -> None:
    tab.run(
        "deep = []\nfor i in range(1_000_000):\n    deep = [deep]\nprint('made')\ndef f(): return deep\ndel deep, f"
    )
    tab.run("def f(n):\n    return f(n + 1)\nf(0)")
    assert "RecursionError" in tab.text("#error")
    tab.run("40 + 2")
    assert tab.text("#output") == "42\n"


def test_a_flood_of_output_leaves_the_page_usable(tab: Tab) -> None:
    tab.page.fill("#editor", "while True:\n    print('x' * 1000)")
    tab.page.click("#run")
    tab.page.wait_for_function(
        "() => document.getElementById('output').textContent.endsWith('than this.\\n')", timeout=LONG
    )
    tab.page.click("#stop")
    tab.wait("Stopped")
    assert len(tab.text("#output")) < 110_000


# ---- for everybody ----


def test_it_works_by_keyboard_alone(tab: Tab) -> None:
    page = tab.page
    page.focus("h1 a")
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.id || document.activeElement.localName"))
    assert reached == ["example", "share", "editor"]
    page.keyboard.press("Control+a")
    page.keyboard.type("def f(x):\nreturn x + 1\n")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("f(41)")
    assert page.input_value("#editor") == "def f(x):\n    return x + 1\nf(41)"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "run"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('output').textContent === '42\\n'", timeout=LONG)


def test_a_screen_reader_finds_everything_by_its_role_and_name(tab: Tab) -> None:
    page = tab.page
    tab.run(NEURON)
    for role, name in (
        ("textbox", "Program in Python"), ("button", "Run"), ("button", "Stop"), ("button", "Share"),
        ("combobox", "Example"), ("log", "Output"), ("region", "Results"), ("heading", "Drawing"),
    ):  # fmt: skip
        assert page.get_by_role(role, name=name, exact=True).count() == 1, (role, name)
    assert page.get_by_role("status").inner_text().startswith("Done")
    assert page.get_by_title("Step through backpropagation").count() == 1
    tab.run("1 / 0")
    assert "division by zero" in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser: Any, url: str, scheme: str) -> None:
    phone = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True, color_scheme=scheme
    )
    tab = Tab(phone)
    tab.page.goto(f"{url}#code={packed(NEURON)}")
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    tab.wait("Done")
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert tab.page.locator("#drawing").bounding_box()["width"] <= 390
    assert tab.trouble == []
    phone.close()


def test_it_says_how_far_it_is_and_runs_without_a_network_the_second_time(browser: Any, url: str) -> None:
    context = browser.new_context()
    tab = Tab(context)
    tab.page.add_init_script(
        """addEventListener("DOMContentLoaded", () => { window.told = [];
          new MutationObserver(() => window.told.push(document.getElementById("status").textContent))
            .observe(document.getElementById("status"), { childList: true }); })"""
    )
    tab.page.goto(f"{url}#code={packed('6 * 7')}")
    tab.wait("Done")
    told = tab.page.evaluate("() => window.told")
    assert [text for text in told if re.fullmatch(r"Loading Python: \d+\.\d of \d+\.\d MB", text)]
    tab.page.wait_for_function(
        """async () => { const [name] = await caches.keys(); if (!name) return false;
          return (await (await caches.open(name)).keys()).length >= 17; }""",
        timeout=LONG,
    )
    context.set_offline(True)
    tab.page.reload()
    tab.wait("Done")
    assert tab.text("#output") == "42\n"
    context.close()


def test_from_disk_the_page_says_what_it_needs(browser: Any) -> None:
    page = browser.new_page()
    page.goto((SITE / "playground/index.html").as_uri())
    assert "python -m http.server" in page.inner_text("#status")
    page.close()


def test_the_navigation_and_the_home_page_lead_there() -> None:
    home = (SITE / "index.html").read_text(encoding="utf-8")
    assert len(re.findall(r'href="playground/index.html"', html.unescape(home))) >= 2
