"""The command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograd_mini import __version__, cli


def test_without_a_command_it_prints_help_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    printed = capsys.readouterr().out
    assert "usage: autograd-mini" in printed
    assert "autograd-mini demo iris --out /tmp" in printed


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main([option])
    assert "example:" in capsys.readouterr().out


def test_version() -> None:
    command = [sys.executable, "-m", "autograd_mini", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"autograd_mini {__version__}\n"


@pytest.mark.parametrize("words", [["nonsense"], ["demo", "tulips"], ["--nonsense"]])
def test_words_it_does_not_know(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(words)
    assert "usage:" in capsys.readouterr().err


def test_an_unknown_demo_is_answered_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["demo", "tulips"])
    assert "there is no demo 'tulips': choose from iris" in capsys.readouterr().err


def test_a_demo_gets_its_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text("import sys\nassert __name__ == '__main__'\nsys.exit(sys.argv[1:] != ['--loud', 'you'])\n")
    monkeypatch.setattr(cli, "demos", lambda: {"hello": script})
    monkeypatch.setattr(sys, "argv", ["autograd-mini"])
    with pytest.raises(SystemExit, match=r"^False$"):
        cli.main(["demo", "hello", "--loud", "you"])
    assert sys.argv == [str(script), "--loud", "you"]


@pytest.mark.parametrize("layout", ["demos", "autograd_mini/_demos"])
def test_demos_lie_beside_the_source_or_in_the_wheel(
    layout: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "autograd_mini"
    package.mkdir()
    monkeypatch.setattr(cli, "__file__", str(package / "cli.py"))
    assert cli.demos() == {}
    folder = tmp_path / layout
    folder.mkdir()
    for name in ("iris.py", "_shared.py", "iris.csv"):
        (folder / name).touch()
    assert cli.demos() == {"iris": folder / "iris.py"}


def test_the_wheels_own_demos_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "autograd_mini"  # in site-packages, where `demos` may be another's
    monkeypatch.setattr(cli, "__file__", str(package / "cli.py"))
    for folder in (tmp_path / "demos", package / "_demos"):
        folder.mkdir(parents=True)
        (folder / "iris.py").touch()
    assert cli.demos() == {"iris": package / "_demos" / "iris.py"}
