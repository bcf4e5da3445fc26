"""How the layout engine is found, and what happens when it is missing, fails or hangs."""

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from autograd_mini.engine import Value
from autograd_mini.errors import AutogradError
from autograd_mini.render import GraphvizNotFoundError, RenderError, draw, explore, graphviz, use_engine
from autograd_mini.render.graphviz import find_engine, run_engine

posix = pytest.mark.skipif(os.name == "nt", reason="the programs here are POSIX scripts")


@pytest.fixture(autouse=True)
def _no_choice_from_outside(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_MINI_DOT", raising=False)


@pytest.fixture
def no_wheel(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)


def program(path: Path, body: str) -> str:
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_the_embedded_engine_draws_with_an_empty_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert draw(Value(1.0)).svg.startswith("<svg")


@posix
def test_the_order_is_argument_variable_embedded_system(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    system, mine = program(tmp_path / "dot", ""), program(tmp_path / "mine", "")
    embedded = find_engine()
    assert Path(embedded).stem == "graphviz-pure"
    monkeypatch.setenv("AUTOGRAD_MINI_DOT", "system")
    assert find_engine() == system
    monkeypatch.setenv("AUTOGRAD_MINI_DOT", mine)
    assert find_engine() == mine
    assert find_engine("embedded") == embedded
    assert find_engine("system") == system
    assert find_engine(tmp_path / "mine") == mine


@posix
@pytest.mark.usefixtures("no_wheel")
def test_without_the_wheel_the_system_draws(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    system = program(tmp_path / "dot", "")
    assert find_engine() == find_engine("system") == system


@pytest.mark.usefixtures("no_wheel")
@pytest.mark.parametrize(
    "choice,looked_for,mend",
    [
        (None, "graphviz-pure wheel.*; dot on PATH", "install graphviz"),
        ("embedded", "graphviz-pure wheel", "install graphviz"),
        ("system", "dot on PATH", "install graphviz"),
        ("/no/such/dot", "the program '/no/such/dot'", "use 'embedded'"),
    ],
)
def test_with_no_engine_the_error_says_what_to_do_and_dot_still_works(monkeypatch, choice, looked_for, mend):
    monkeypatch.setenv("PATH", "")
    drawing = draw(Value(1.0), engine=choice)
    with pytest.raises(GraphvizNotFoundError, match=f"Looked for: .*{looked_for}.*To fix it: .*{mend}") as caught:
        _ = drawing.svg
    assert isinstance(caught.value, AutogradError)
    assert drawing.dot.startswith("digraph")


@pytest.mark.usefixtures("no_wheel")
@pytest.mark.parametrize(
    "system,machine,command",
    [
        ("linux", "x86_64", "-m pip install graphviz-pure"),
        ("linux", "riscv64", "apt-get install graphviz"),
        ("darwin", "arm64", "-m pip install graphviz-pure"),
        ("win32", "AMD64", "-m pip install graphviz-pure"),
        ("freebsd14", "amd64", "apt-get install graphviz"),
    ],
)
def test_the_command_that_mends_it_works_on_this_machine(monkeypatch, system, machine, command):
    monkeypatch.setattr(graphviz.sys, "platform", system)
    monkeypatch.setattr(graphviz.platform, "machine", lambda: machine)
    with pytest.raises(GraphvizNotFoundError, match=command):
        find_engine("embedded")


def test_a_failing_engine_is_quoted():
    with pytest.raises(RenderError, match=r"exit code.*syntax error"):
        run_engine("digraph {", "svg")


@posix
def test_an_engine_that_hangs_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(graphviz, "TIME_LIMIT", 0.2)
    with pytest.raises(RenderError, match=r"took over 0\.2 s"):
        run_engine("digraph {}", "svg", program(tmp_path / "slow", "import time; time.sleep(60)"))


@posix
def test_a_program_that_is_no_engine_is_an_error(tmp_path):
    program(tmp_path / "garbage", "")
    (tmp_path / "garbage").write_bytes(b"\x00\x01")
    with pytest.raises(RenderError, match="could not be started"):
        run_engine("", "svg", tmp_path / "garbage")
    with pytest.raises(RenderError, match="did not write a drawing, but 'hello"):
        _ = draw(Value(1.0), engine=program(tmp_path / "other", "print('hello')")).svg


# ---- an engine that is a function ----

SVG = '<?xml version="1.0"?>\n<svg width="9pt" height="9pt"> <g id="ag1"></g></svg>'


@pytest.fixture
def registered():
    """Put the engine back that was there before the test."""
    before = use_engine(None)
    yield
    use_engine(before)


def asked(output_of):
    """An engine that notes what it is asked for."""
    calls = []

    def engine(source, output_format):
        calls.append((source, output_format))
        return output_of(output_format)

    return engine, calls


@pytest.mark.usefixtures("registered")
def test_a_registered_function_draws_everything_until_another_is_chosen(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("AUTOGRAD_MINI_DOT", "/no/such/dot")
    engine, calls = asked(lambda output_format: SVG if output_format == "svg" else SVG.encode())
    assert use_engine(engine) is None
    x = Value(2.0, label="x")
    assert 'width="9pt"' in draw(x).svg
    assert run_engine("digraph {}", "png") == SVG.encode()
    assert [output_format for _, output_format in calls] == ["svg", "png"]
    assert "digraph" in calls[0][0]
    assert use_engine("embedded") is engine
    assert "data 2.0" in draw(x).svg
    assert use_engine(None) == "embedded"
    with pytest.raises(GraphvizNotFoundError):
        _ = draw(x).svg


@pytest.mark.usefixtures("registered")
def test_the_engine_of_a_call_comes_before_the_registered_one():
    mine, my_calls = asked(lambda _: SVG)
    other, other_calls = asked(lambda _: SVG)
    use_engine(other)
    _ = draw(Value(1.0), engine=mine).svg
    assert (len(my_calls), len(other_calls)) == (1, 0)
    assert "data 1.0" in draw(Value(1.0), engine="embedded").svg
    assert other_calls == []


@pytest.mark.usefixtures("registered")
def test_a_function_lays_out_the_explorer_s_page_too():
    x = Value(2.0, label="x")
    expected = explore(x * x).html
    calls = []
    use_engine(lambda source, output_format: calls.append(output_format) or run_engine(source, "json", "embedded"))
    assert explore(x * x).html == expected
    assert {*calls} == {"json"}


@pytest.mark.usefixtures("registered")
def test_errors_and_wrong_results_of_a_layout_function_reach_the_caller():
    def broken(source, output_format):
        raise RenderError("no memory left")

    with pytest.raises(RenderError, match="no memory left"):
        _ = draw(Value(1.0), engine=broken).svg
    with pytest.raises(TypeError, match=r"must return text or bytes, but .* returned None"):
        _ = draw(Value(1.0), engine=lambda source, output_format: None).svg
    with pytest.raises(RenderError, match="did not write a drawing, but 'hello"):
        _ = draw(Value(1.0), engine=lambda source, output_format: "hello").svg
    for wrong in (5, b"dot", ["embedded"]):
        with pytest.raises(TypeError, match="'embedded', 'system', a path or a function"):
            use_engine(wrong)
    assert use_engine(None) is None
