"""The command line."""

import io
import json
import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini
from autograd_mini import __version__, cli, primitive
from autograd_mini.cli.commands import demo
from autograd_mini.cli.expression import FUNCTIONS

ROOT = Path(autograd_mini.__file__).parent.parent

Capture = pytest.CaptureFixture[str]


def run(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} | options.pop("env", {})
    command = [sys.executable, "-m", "autograd_mini", *words]
    return subprocess.run(command, text=True, encoding="utf-8", env=environment, check=False, **options)


# ---- the program ----


def test_without_a_command_it_prints_help_and_ends_with_2(capsys: Capture) -> None:
    assert cli.main([]) == 2
    printed = capsys.readouterr().out
    assert "usage: autograd-mini" in printed
    assert "autograd-mini demo " in printed


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(option: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main([option])
    printed = capsys.readouterr().out
    assert "examples:" in printed
    for name, summary in cli.COMMANDS.items():
        assert f"    {name}" in printed
        assert summary in " ".join(printed.split())


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_examples(name: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main([name, "--help"])
    printed = capsys.readouterr().out
    assert printed.startswith(f"usage: autograd-mini {name}")
    assert f"examples:\n  autograd-mini {name}" in printed
    assert max(map(len, printed.splitlines())) <= 120


def test_version() -> None:
    done = run("--version", capture_output=True)
    assert (done.stdout, done.returncode) == (f"autograd_mini {__version__}\n", 0)


def test_version_waits_for_no_import() -> None:
    program = "import sys\nfrom autograd_mini.cli import main\ntry: main(['--version'])\nfinally: print(*sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    modules = done.stdout.split()
    assert "autograd_mini.cli" in modules
    assert not {"autograd_mini.engine", "numpy", "hypothesis", "graphviz", "tqdm"} & set(modules)


@pytest.mark.parametrize(
    "words", [["nonsense"], ["--nonsense"], ["grad", "--nonsense", "x", "x=1"], ["draw", "x", "x=1"]]
)
def test_unknown_words(words: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(words)
    assert "usage:" in capsys.readouterr().err


def test_the_module_is_the_program_under_its_own_name() -> None:
    done = run("grad", capture_output=True)
    assert done.stderr.startswith("usage: python -m autograd_mini grad ")
    assert done.stderr.endswith("error: the following arguments are required: EXPR\n")
    assert done.returncode == 2


def test_a_reader_who_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run("grad", "x", "x=1", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_told_in_a_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = run("grad", "x", "x=1", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_an_interrupt_ends_it_with_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("raise KeyboardInterrupt")
    monkeypatch.setattr(demo, "demo_folder", lambda: tmp_path)
    assert cli.main(["demo", "long"]) == 130


def test_a_letter_that_the_terminal_lacks_is_escaped() -> None:
    done = run("grad", "σ + 1", "σ=2", capture_output=True, env={"PYTHONIOENCODING": "ascii"})
    assert done.stdout.startswith("\\u03c3 + 1 = 3.0\n")
    assert done.returncode == 0


# ---- grad ----


@pytest.mark.parametrize(
    "words, printed",
    [
        (
            ["x*y + sin(x)", "x=2", "y=3"],
            """\
x*y + sin(x) = 6.909297426825682

   at   derivative
x  2.0  2.5838531634528574
y  3.0  2.0
""",
        ),
        (
            ["-x**2 * y", "y=-1e-20", "x=250", "--precision", "3"],
            """\
-x**2 * y = 6.25e-16

   at       derivative
y   -1e-20  -6.25e+04
x  250       5e-18
""",
        ),
        (
            ["--order", "2", "x**2 * weight", "x=2", "weight=30.5"],
            """\
x**2 * weight = 122.0

        at    derivative
x        2.0  122.0
weight  30.5    4.0

second derivatives
        x     weight
x       61.0  4.0
weight   4.0  0.0
""",
        ),
        (
            ["x*y + sin(x)", "--formula", "x=2", "y=3", "--precision=4"],
            """\
x*y + sin(x) = 6.909

   at  derivative  formula
x  2   2.584       y + cos(x)
y  3   2           x
""",
        ),
        (
            ["日本 / x", "日本=1", "x=2"],
            """\
日本 / x = 0.5

      at   derivative
日本  1.0   0.5
x     2.0  -0.25
""",
        ),
        (["2 * pi", "--order", "2"], "2 * pi = 6.283185307179586\n"),
    ],
)
def test_grad_prints_a_table(words: list[str], printed: str, capsys: Capture) -> None:
    assert cli.main(["grad", *words]) == 0
    assert capsys.readouterr().out == printed


def strict(text: str) -> Any:
    """Standard JSON, in which there is no NaN."""

    def refuse(word: str) -> NoReturn:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_grad_in_json(capsys: Capture) -> None:
    assert cli.main(["grad", "--json", "x**2 * ψ", "x=0.1", "ψ=3", "--order", "2", "--formula"]) == 0
    assert strict(capsys.readouterr().out) == {
        "expression": "x**2 * ψ",
        "at": {"x": 0.1, "ψ": 3.0},
        "value": 0.1**2 * 3,
        "gradient": {"x": 2 * 0.1 * 3, "ψ": 0.1**2},
        "formula": {"x": "2*x*ψ", "ψ": "x**2"},
        "hessian": {"x": {"x": 6.0, "ψ": 0.2}, "ψ": {"x": 0.2, "ψ": 0.0}},
    }


def test_json_has_strings_for_the_numbers_it_lacks(capsys: Capture) -> None:
    assert cli.main(["grad", "sqrt(x) + y + z", "x=0", "y=nan", "z=-inf", "--json"]) == 0
    document = strict(capsys.readouterr().out)
    assert document["gradient"] == {"x": "inf", "y": 1.0, "z": 1.0}
    assert document["at"] == {"x": 0.0, "y": "nan", "z": "-inf"}
    assert document["value"] == "nan"


@pytest.mark.parametrize("words", [["2 + 3"], ["2 + 3", "--order", "2"]])
def test_json_of_a_constant(words: list[str], capsys: Capture) -> None:
    assert cli.main(["grad", "--json", *words]) == 0
    document = strict(capsys.readouterr().out)
    assert (document["value"], document["gradient"]) == (5.0, {})


def test_a_formula_that_is_too_long_is_a_failure(capsys: Capture) -> None:
    assert cli.main(["grad", "--formula", "*".join(f"(x + {i})" for i in range(60)), "x=1"]) == 1
    assert capsys.readouterr().err.startswith("error: ")


# ---- the words of a command ----


@pytest.mark.parametrize(
    "words",
    [
        ["-x**2", "x=-2"],
        ["--", "-x**2", "x=-2"],
        ["--precision", "3", "-x**2", "x=-2"],
        ["-x**2", "--precision", "3", "x=-2"],
        ["-x**2", " x = -2 "],
        ["-x**2", "x=-8/4"],
        ["-x**2", "x=-2_0e-1"],
        ["-ｘ**2", "ｘ=-2"],
    ],
)
def test_minuses_and_the_order_of_words(words: list[str], capsys: Capture) -> None:
    assert cli.main(["grad", *words]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[1:] in (["-2.0", "4.0"], ["-2", "4"])


@pytest.mark.parametrize("text", ["-h", "-x", "-1", "--x", "--(x)", "- x", "--precision"])
def test_after_two_dashes_even_an_option_is_an_expression(text: str, capsys: Capture) -> None:
    name = text.strip("- ()1") or "x"
    words = [f"{name}=2"] if name in text else []
    assert cli.main(["grad", "--", text, *words]) == 0
    assert capsys.readouterr().out.startswith(f"{text} = ")


@pytest.mark.parametrize(
    "words, message",
    [
        (["x", "x="], "no number follows the = in 'x='"),
        (["x", "x"], "'x' is not NAME=NUMBER, such as x=2 (an expression with spaces needs quotes)"),
        (["x", "2x=3"], "'2x' in '2x=3' cannot be the name of a variable"),
        (["x", "=3"], "'' in '=3' cannot be the name of a variable"),
        (["x", "lambda=3"], "'lambda' in 'lambda=3' cannot be the name of a variable: it is a Python keyword"),
        (["x", "x=abc"], "'abc' in 'x=abc' is not a number, such as -2, 1e-3 or pi/2"),
        (["x", "x=1,5"], "'1,5' in 'x=1,5' is not a number, such as -2, 1e-3 or pi/2"),
        (["x", "x=1/0"], "'1/0' in 'x=1/0' is not a number, such as -2, 1e-3 or pi/2"),
        (["x", "x=1j"], "'1j' in 'x=1j' is not a number, such as -2, 1e-3 or pi/2"),
        (["x", "x=1", "x=1"], "x is given twice: 'x=1' is the second time"),
        (["x", "x=1", "ｘ=1"], "x is given twice: 'ｘ=1' is the second time"),
        (["x", "x=1", "y=1"], "the expression has no variable y: it has x"),
        (["", "x=1"], 'there is no expression: write one, such as "x*y + sin(x)"'),
    ],
)
@pytest.mark.parametrize("command", [["grad"], ["draw", "-o", "never.svg"]])
def test_numbers_that_cannot_be_understood(command: list[str], words: list[str], message: str, capsys: Capture) -> None:
    assert cli.main([*command, *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {message}\n"


@pytest.mark.parametrize(
    "words, code, printed",
    [
        (
            ["x + y.__class__", "x=1", "y=2"],
            2,
            """\
  x + y.__class__
      ^
error: an attribute can't be used here: only numbers, variables, + - * / **, parentheses and functions can be
""",
        ),
        (
            ["x*y", "x=1"],
            2,
            """\
  x*y
    ^
error: y has no value: give it a number: y=… (known are x, pi, e, inf, nan)
""",
        ),
        (
            ["2 / (x - x)", "x=1"],
            1,
            """\
  2 / (x - x)
    ^
error: 2.0 / 0.0: float division by zero
""",
        ),
    ],
)
@pytest.mark.parametrize("command", [["grad"], ["grad", "--order", "2", "--json"], ["draw", "-o", "never.svg"]])
def test_the_place_of_an_error_is_shown(
    command: list[str], words: list[str], code: int, printed: str, capsys: Capture
) -> None:
    assert cli.main([*command, *words]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == printed


@pytest.mark.parametrize(
    "number",
    ["9" * 5000, "-" + "9" * 400, "1e309", "-1e999", " 1e309 ", "0.5e" + "9" * 50, "1e309/2", "9" * 400 + "/2"],
)
def test_a_number_beyond_the_floats_is_an_error_with_its_place(number: str, capsys: Capture) -> None:
    assert cli.main(["grad", "x", f"x={number}"]) == 2
    excerpt, caret, message = capsys.readouterr().err.splitlines()
    assert message == "error: this number is beyond the largest float, 1.8e308"
    assert excerpt[caret.index("^")] in "-" + number.strip()[0]
    assert max(len(excerpt), len(caret)) < 90


@pytest.mark.parametrize("number", ["inf", "-inf", "Infinity", "INF", "-inf/2", "1e308", "1e-400", "9" * 308])
def test_infinity_is_a_number_where_it_is_written(number: str, capsys: Capture) -> None:
    assert cli.main(["grad", "x", f"x={number}"]) == 0


def test_words_are_shortened_in_messages(capsys: Capture) -> None:
    for words in (["x", "y" * 9000], ["x", f"x={'y' * 9000}"], ["x", f"{'2' * 9000}=1"]):
        assert cli.main(["grad", *words]) == 2
        assert len(capsys.readouterr().err) < 400


@pytest.mark.parametrize("digits", ["0", "18", "-3", "x", "²"])
def test_digits_that_cannot_be_printed(digits: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(["grad", "x", "x=1", "--precision", digits])
    assert "the digits of a float are a number from 1 to 17, not " in capsys.readouterr().err


def test_exit_codes_of_the_real_program() -> None:
    for words, code in ((["x", "x=1"], 0), (["log(x)", "x=-1"], 1), (["x", "x=a"], 2), (["(" * 10_000], 2)):
        done = run("grad", *words, capture_output=True)
        assert done.returncode == code
        assert "Traceback" not in done.stderr
        assert bool(done.stderr) == (code != 0)


WORDS = [
    "x",
    "x=2",
    "x=-2",
    "-x",
    "y=1",
    "x*y",
    "--json",
    "--precision",
    "3",
    "--",
    "-h",
    "--order",
    "2",
    "-o",
    "",
    "=",
    "-",
]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=6))
def test_any_words_end_with_an_exit_code(words: list[str]) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code: Any = cli.main(["grad", *words])
        except SystemExit as end:
            code = end.code
    assert code in (0, 1, 2)
    assert bool(err.getvalue()) == (code != 0)
    assert bool(out.getvalue()) == (code == 0)


# ---- draw ----


def test_draw_shows_the_gradients(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "g.svg"
    assert (
        cli.main(["draw", "x*y + sin(x)", "x=2", "y=3", "-o", str(path), "--direction", "TB", "--precision", "3"]) == 0
    )
    assert capsys.readouterr().out == f"drawn: {path}\n"
    shown = "".join(ET.parse(path).getroot().itertext())
    for text in ("6.909", "2.584", "3.000", "sin"):
        assert text in shown


@pytest.mark.parametrize("suffix, start", [(".png", b"\x89PNG"), (".dot", b"digraph")])
def test_draw_writes_what_the_suffix_says(suffix: str, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"g{suffix}"
    assert cli.main(["draw", "-x**2", "x=2", "-o", str(path)]) == 0
    assert path.read_bytes().startswith(start)


def test_options_of_draw(tmp_path: Path) -> None:
    def dot(*options: str) -> str:
        path = tmp_path / "g.dot"
        assert cli.main(["draw", "exp(weight * 1.25)", "weight=0.75", "-o", str(path), *options]) == 0
        return path.read_text(encoding="utf-8")

    value, gradient, slope = "2.5536", "3.1920", "1.2500"  # e^0.9375, the same times 1.25, and the slope of the product
    assert all(text in dot() for text in (">weight<", value, gradient))
    assert ">weight<" not in dot("--no-labels")
    assert value not in dot("--no-values", "--no-gradients")
    assert gradient not in dot("--no-gradients")
    assert dot("--partials").count(slope) > dot().count(slope)
    assert "2.55<" in dot("--precision", "2")
    assert dot("--direction", "TB") != dot() != dot("--dark")
    assert ">weight<" not in dot("--depth", "1")


def test_a_constant_can_be_drawn(tmp_path: Path) -> None:
    assert cli.main(["draw", "2 + 3", "-o", str(tmp_path / "g.dot")]) == 0
    assert "5.0" in (tmp_path / "g.dot").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["-o", "g.gif"],
        ["-o", "g"],
        ["-o", "g.dot", "--precision", "0"],
        ["-o", "g.dot", "--depth", "-1"],
        ["-o", "-g.svg"],
    ],
)
def test_draw_refuses_what_it_cannot_draw(words: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(["draw", "x", "x=1", *words])
    assert "error: " in capsys.readouterr().err


def test_draw_fails_in_a_line(tmp_path: Path, capsys: Capture) -> None:
    assert cli.main(["draw", "x", "x=1", "-o", str(tmp_path / "no" / "g.dot")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert cli.main(["draw", "x" + "+x" * 9, "x=1", "-o", str(tmp_path / "g.dot"), "--max-nodes", "5"]) == 1
    assert capsys.readouterr().err.startswith("error: this graph has 10 values, more than max_nodes=5")
    assert list(tmp_path.iterdir()) == []


# ---- check ----


def test_check_prints_a_table_of_verdicts(capsys: Capture) -> None:
    assert cli.main(["check", "x*y + sin(x)", "x=2", "y=3"]) == 0
    tally, head, *rows = capsys.readouterr().out.splitlines()
    assert tally == "gradcheck of x*y + sin(x): 2 right"
    assert head.split()[:3] == ["argument", "analytic", "numeric"]
    assert [(row.split()[0], row.split()[1][:7], "right" in row) for row in rows] == [
        ("x", "2.58385", True),
        ("y", "2", True),
    ]


def test_check_in_json(capsys: Capture) -> None:
    assert cli.main(["check", "abs(x) * y", "x=0", "y=3", "--json"]) == 0
    document = strict(capsys.readouterr().out)
    assert (document["expression"], document["at"], document["holds"]) == ("abs(x) * y", {"x": 0.0, "y": 3.0}, True)
    verdicts = {component["name"]: component["verdict"] for component in document["components"]}
    assert verdicts == {"x": "kink", "y": "right"}


def test_check_of_second_derivatives(capsys: Capture) -> None:
    assert cli.main(["check", "x**2 * y", "x=2", "y=3", "--order", "2", "--json"]) == 0
    document = strict(capsys.readouterr().out)
    assert [component["analytic"] for component in document["components"]] == [6.0, 4.0, 4.0, 0.0]


def test_a_wrong_slope_is_found_and_the_exit_code_is_1(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    wrong = primitive(lambda m, z, x: 1.01 * m.cos(x))(math.sin)
    monkeypatch.setitem(FUNCTIONS, "sin", wrong)
    assert cli.main(["check", "sin(x)", "x=2"]) == 1
    assert "1 wrong" in capsys.readouterr().out
    assert cli.main(["check", "sin(x)", "x=2", "--json"]) == 1
    assert strict(capsys.readouterr().out)["holds"] is False


def test_check_where_the_expression_has_no_value(capsys: Capture) -> None:
    assert cli.main(["check", "log(x)", "x=-2"]) == 1
    assert capsys.readouterr().err.startswith("  log(x)\n  ^\nerror: log(-2.0): ")


# ---- demo ----


@pytest.fixture
def some_demos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Demos that print their names and their arguments."""

    def make(*stems: str) -> None:
        for stem in stems:
            program = "import sys\nfrom pathlib import Path\nprint(Path(__file__).stem, *sys.argv[1:])\n"
            (tmp_path / f"{stem}.py").write_text(f'"""What {stem} shows.\n\nAnd more."""\n{program}')
        monkeypatch.setattr(demo, "demo_folder", lambda: tmp_path)

    return make


@pytest.mark.parametrize("name", ["linear_models", "01_linear_models", "01", "1"])
def test_a_demo_of_the_course_is_found_by_name_and_number(
    name: str, some_demos: Callable[..., None], capsys: Capture
) -> None:
    some_demos("01_linear_models", "10_more", "iris")
    assert cli.main(["demo", name, "--loud"]) == 0
    assert capsys.readouterr().out == "01_linear_models --loud\n"


def test_the_default_demo_is_iris(some_demos: Callable[..., None], capsys: Capture) -> None:
    some_demos("01_linear_models", "iris")
    assert cli.main(["demo"]) == 0
    assert capsys.readouterr().out == "iris\n"


def test_the_list_of_demos(some_demos: Callable[..., None], capsys: Capture) -> None:
    some_demos("01_linear", "iris")
    assert cli.main(["demo", "--list"]) == 0
    assert capsys.readouterr().out == (
        "demo       what it does\n01_linear  What 01_linear shows.\niris       What iris shows.\n"
    )


@pytest.mark.parametrize("name", ["tulips", "²", "11", "", "linear"])
def test_the_error_for_an_unknown_demo_lists_the_demos(
    name: str, some_demos: Callable[..., None], capsys: Capture
) -> None:
    some_demos("01_linear_models", "iris")
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(["demo", name])
    assert f"there is no demo {name!r}: choose from 01_linear_models, iris" in capsys.readouterr().err


def test_a_demo_gets_its_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text("import sys\nassert __name__ == '__main__'\nsys.exit(sys.argv[1:] != ['--loud', 'you'])\n")
    monkeypatch.setattr(demo, "demo_folder", lambda: tmp_path)
    monkeypatch.setattr(sys, "argv", ["autograd-mini"])
    with pytest.raises(SystemExit, match=r"^False$"):
        cli.main(["demo", "hello", "--loud", "you"])
    assert sys.argv == ["autograd-mini"]


def test_a_demo_imports_from_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "beside_the_demo.py").write_text("answer = 42\n")
    script = tmp_path / "hello.py"
    script.write_text("import sys\nimport beside_the_demo\nsys.exit(beside_the_demo.answer)\n")
    monkeypatch.setattr(demo, "demo_folder", lambda: tmp_path)
    path = list(sys.path)
    with pytest.raises(SystemExit, match=r"^42$"):
        cli.main(["demo", "hello"])
    assert sys.path == path


def test_each_demo_has_one_line_in_the_list(capsys: Capture) -> None:
    assert cli.main(["demo", "--list"]) == 0
    _, *printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == list(demo.demos(demo.demo_folder()))
    assert all(len(line.split()) > 3 for line in printed)


@pytest.mark.parametrize("layout", ["demos", "autograd_mini/_demos"])
def test_demos_are_next_to_the_source_or_in_the_wheel(layout: str, tmp_path: Path) -> None:
    package = tmp_path / "autograd_mini"
    package.mkdir()
    assert demo.demos(demo.demo_folder(package)) == {}
    folder = tmp_path / layout
    folder.mkdir()
    for name in ("iris.py", "_shared.py", "iris.csv"):
        (folder / name).touch()
    assert demo.demos(demo.demo_folder(package)) == {"iris": folder / "iris.py"}


def test_the_wheels_own_demos_come_first(tmp_path: Path) -> None:
    package = tmp_path / "autograd_mini"  # in site-packages, where `demos` may be another's
    for folder in (tmp_path / "demos", package / "_demos"):
        folder.mkdir(parents=True)
        (folder / "iris.py").touch()
    assert demo.demos(demo.demo_folder(package)) == {"iris": package / "_demos" / "iris.py"}


@pytest.mark.parametrize("layout", ["demos", "autograd_mini/_demos"])
def test_demos_in_a_zip_file_are_listed_and_run(layout: str, tmp_path: Path) -> None:
    whole = tmp_path / "autograd_mini.zip"
    with zipfile.ZipFile(whole, "w") as packed:
        for path in sorted((ROOT / "autograd_mini").rglob("*.*")):
            packed.write(path, path.relative_to(ROOT))
        packed.writestr(f"{layout}/hello.py", '"""What it says."""\nimport _beside\nprint(_beside.answer)\n')
        packed.writestr(f"{layout}/_beside.py", "answer = 42\n")
    if layout == "demos" and (ROOT / "autograd_mini" / "_demos").is_dir():
        pytest.skip("this package is a wheel's: its own demos come first")
    for words, printed in ((["--list"], "hello What it says."), (["hello"], "42")):
        done = run("demo", *words, capture_output=True, env={"PYTHONPATH": str(whole)}, cwd=tmp_path)
        assert printed in " ".join(done.stdout.split()), done.stderr
