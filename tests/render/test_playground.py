"""The playground's runner: what a program prints, shows and raises reaches the page, and nothing else does."""

import builtins
import json
import sys
from typing import Any

import pytest

from autograd_mini import Value, draw, explore
from autograd_mini.render import RenderError, live, use_engine
from autograd_mini.render.playground import engine_of, run
from autograd_mini.render.playground.output import MOST, Output


class Page:
    """What the page shows of a run."""

    def __init__(self, program: str) -> None:
        self.text, self.note = "", ""
        self.error: tuple[int | None, str] | None = None
        self.shown: dict[str, str] = {}
        self.pictures: dict[int, list[str]] = {}
        run(program, self.tell)

    def tell(self, message: str) -> None:
        told = json.loads(message)
        match told.pop("kind"):
            case "text":
                self.text = self.text[: told["place"]] + told["text"]
            case "error":
                self.error = (told["line"], told["text"])
            case "note":
                self.note += told["content"]
            case "picture":
                self.pictures.setdefault(told["number"], []).append(told["content"])
            case kind:
                self.shown[kind] = told["content"]


NEURON = """\
from autograd_mini import Value

w, x = Value(0.8, label="w"), Value(2.0)
y = (w * x - 1.0).tanh()
y.backward()
print("slope", w.grad)
"""


def test_a_program_prints_and_its_last_result_is_drawn_and_explored() -> None:
    page = Page(NEURON)
    w, x = Value(0.8, label="w"), Value(2.0)
    y = (w * x - 1.0).tanh()
    y.backward()
    assert page.text == f"slope {w.grad}\n"
    names = {"w": w, "x": x, "y": y}
    assert page.shown == {"drawing": draw(y, names=names).svg, "explorer": explore(y, names=names).html}
    assert page.error is None


@pytest.mark.parametrize(
    "program, text",
    [
        ("1 + 1", "2\n"),
        ("x = 3\nx\n'abc'\nNone\nx + 1", "3\n4\n"),  # a text between the lines is a comment
        ("for i in range(2):\n    i", ""),
        ("from autograd_mini import Value\nValue(2.0)", "Value(data=2.0, grad=0.0)\n"),
        ("print(1, end='')", "1"),
        ("import sys\nsys.stderr.write('told')", "told4\n"),
        ("print(__name__)", "__main__\n"),
        ("", ""),
        ("# nothing but a comment", ""),
    ],
)
def test_the_values_of_top_level_expressions_are_printed(program: str, text: str) -> None:
    page = Page(program)
    assert (page.text, page.error) == (text, None)


@pytest.mark.parametrize(
    "program, line, text",
    [
        ("x = 1\nx / 0", 2, "ZeroDivisionError: division by zero"),
        ("x = (1,\n  2", 1, "SyntaxError: '(' was never closed"),
        ("def f():\n    g()\ndef g():\n    raise ValueError('no')\nf()", 4, "ValueError: no"),
        ("from autograd_mini import Value\n\nValue(1.0) + 'a'", 3, "TypeError: "),
        ("raise SystemExit('done')", 1, "SystemExit: done"),
        ("input()", 1, "EOFError: "),
        ("from autograd_mini import Vale", 1, "ImportError: cannot import name 'Vale'"),
    ],
)
def test_an_error_has_its_line_and_what_was_printed_before_stays(program: str, line: int, text: str) -> None:
    page = Page(program)
    assert page.error is not None
    assert page.error[0] == line
    assert text in page.error[1]
    assert page.shown == {}
    assert Page(f"print('before')\n{program}").text == ("" if "SyntaxError" in text else "before\n")


def test_the_notes_of_an_error_are_shown_and_a_missing_package_is_one_line() -> None:
    page = Page("from autograd_mini import Value, log\nlog(Value(-1.0, label='x'))")
    assert page.error is not None
    assert "expected" in page.error[1] or "domain" in page.error[1]
    assert "x" in page.error[1].splitlines()[-1]
    page = Page("import no_such_package")
    assert page.error == (
        1,
        "no_such_package is not available here: the playground has neither NumPy nor machine code, only Python and "
        "autograd_mini. Install autograd_mini to run this program.",
    )


def test_the_last_expression_is_shown_as_in_a_notebook() -> None:
    page = Page(f"{NEURON}from autograd_mini import draw, explore\ndraw(w)")
    assert (list(page.shown), page.text.count("\n")) == (["drawing"], 1)
    assert "0.8" in page.shown["drawing"]
    page = Page(f"{NEURON}from autograd_mini import explore\nexplore(w * x, title='Mine')")
    assert list(page.shown) == ["explorer"]
    assert "<title>Mine</title>" in page.shown["explorer"]
    page = Page("class Table:\n    def _repr_html_(self):\n        return '<b>1</b>'\nTable()")
    assert page.shown == {"html": "<b>1</b>"}


def test_the_last_assignment_is_drawn_wherever_it_stands() -> None:
    loop = "from autograd_mini import Value\nx = Value(1.0)\nb = x * 7\nfor k in range(3):\n    a = x * k\nc = 3\n"
    assert "Root: a: data 2.0" in Page(loop).shown["drawing"]
    model = Page("from autograd_mini import nn\nmodel = nn.MLP(2, [2, 1], seed=1)\nn = 3")
    assert list(model.shown) == ["drawing"]
    assert Page("x = 3").shown == {}


def test_a_graph_too_large_to_read_is_drawn_in_boxes_or_says_so() -> None:
    cost = "from autograd_mini import nn\nmodel = nn.MLP(1, [4, 1], seed=1)\n"
    cost += "y = nn.mse([model(i / 99) for i in range(99)], [0.0] * 99)\ny.backward()\n"
    page = Page(cost)
    assert {"drawing", "explorer"} <= {*page.shown}
    page = Page("from autograd_mini import Value\nx = Value(1.0)\nfor i in range(999):\n    x = x.sin()\n")
    assert page.shown == {}
    assert "999" in page.note or "1000" in page.note
    assert page.error is None


# ---- what is printed on the way ----


def test_a_progress_bar_stays_on_its_line() -> None:
    told: list[tuple[int, str]] = []
    output = Output(lambda place, text: told.append((place, text)), every=0.0)
    for i in range(5):
        output.write(f"\rtraining {i}/5")
    output.write("\ndone\n")
    shown = ""
    for place, text in told:
        shown = shown[:place] + text
    assert shown == "training 4/5\ndone\n"
    assert max(len(text) for _, text in told) < 30


def test_a_shorter_text_leaves_the_rest_of_the_line_as_on_a_terminal() -> None:
    assert Page("print('abcdef\\rxy')").text == "xycdef\n"
    assert Page("print('a\\r\\rb')\nprint('c')").text == "b\nc\n"


def test_a_flood_is_cut_and_the_program_goes_on() -> None:
    page = Page("for i in range(100_000):\n    print(i)\nx = 1\nx")
    assert MOST < len(page.text) < MOST + 100
    assert page.text.endswith("The page shows no more than this.\n")
    assert page.error is None


def test_a_flood_without_end_is_cut_on_the_page_while_it_goes_on() -> None:
    told: list[str] = []
    output = Output(lambda place, text: told.append(text), every=60.0)
    output.write("x" * (MOST + 1))
    assert told[-1].endswith("The page shows no more than this.\n")
    output.write("y")
    output.flush()
    assert "y" not in "".join(told)


def test_fit_shows_its_progress() -> None:
    page = Page(
        "from autograd_mini import nn\nmodel = nn.Neuron(1, activation=None)\n"
        "history = nn.fit(model, [0.0, 1.0], [1.0, 3.0], epochs=3)"
    )
    assert page.error is None
    assert "training: 100%" in page.text
    assert "3/3" in page.text
    assert "cost=" in page.text


# ---- one run leaves nothing for the next ----


def test_runs_share_no_names_streams_or_contexts() -> None:
    streams = sys.stdin, sys.stdout, sys.stderr
    assert Page("x = 1\nfrom autograd_mini import no_grad\nno_grad().__enter__()").error is None
    page = Page("x")
    assert page.error == (1, "NameError: name 'x' is not defined")
    assert Page("from autograd_mini import Value\ny = Value(1.0) * 2.0\ny.backward()").error is None
    assert (sys.stdin, sys.stdout, sys.stderr) == streams
    assert live.open_place() is None


def test_a_long_chain_of_the_program_s_own_objects_is_taken_apart() -> None:
    program = (
        "class Link:\n    def __init__(self, before):\n        self.before = before\n"
        "chain = None\nfor i in range(20_000):\n    chain = Link((chain,))\n"
        "import builtins\nbuiltins.kept = chain\n"
    )
    assert Page(program).error is None
    assert vars(builtins.kept) == {}
    del builtins.kept


def test_pictures_in_place_take_turns() -> None:
    page = Page(
        "from autograd_mini.render.live import open_place\na, b = open_place(), open_place()\n"
        "for i in range(9999):\n    a({'image/svg+xml': f'<svg>{i}</svg>'})\nb({'image/svg+xml': '<svg>b</svg>'})"
    )
    assert page.pictures[0][0] == "<svg>0</svg>"
    assert page.pictures[0][-1] == "<svg>9998</svg>"
    assert len(page.pictures[0]) < 999  # a flood does not reach the page
    assert page.pictures[1] == ["<svg>b</svg>"]


# ---- the engine of the page ----


def test_the_page_s_engine_draws_and_its_complaints_are_errors() -> None:
    def render(source: str, output_format: str) -> tuple[str, str]:
        return ("out of memory", "") if is_broken else ("", '<svg width="9"> <g id="ag1"></g></svg>')

    is_broken = True
    before = use_engine(engine_of(render))
    try:
        page = Page(NEURON)
        assert "There is no drawing: the drawing engine failed: out of memory." in page.note
        assert page.error is None
        is_broken = False
        program = "from autograd_mini import Value, draw\n"
        assert 'width="9"' in Page(f"{program}draw(Value(1.0))").shown["drawing"]
        page = Page(f"{program}\ndraw(Value(1.0)).save('a.png')")
        assert page.error is not None
        assert page.error == (
            3,
            "autograd_mini.render.graphviz.RenderError: the playground draws no PNG: save the drawing as .svg",
        )
    finally:
        use_engine(before)
    with pytest.raises(RenderError, match="no PNG"):
        engine_of(render)("digraph {}", "png")


def test_a_source_line_of_the_program_can_be_quoted() -> None:
    page = Page("import inspect\ndef f(x):\n    return x + 1\nprint(inspect.getsource(f))")
    assert page.text == "def f(x):\n    return x + 1\n\n"


def told_kinds(program: str) -> list[Any]:
    kinds: list[Any] = []
    run(program, lambda message: kinds.append(json.loads(message)["kind"]))
    return kinds


def test_the_text_comes_before_the_drawing_and_that_before_the_explorer() -> None:
    assert told_kinds(NEURON) == ["text", "drawing", "explorer"]
