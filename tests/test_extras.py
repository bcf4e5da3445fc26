"""Optional packages: where one is missing a line says what needs it, and names the command that installs it."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import autograd_mini
from autograd_mini import extras
from autograd_mini.extras import MissingExtraError, install_command, require
from autograd_mini.render.graphviz import find_engine

ROOT = Path(autograd_mini.__file__).resolve().parent.parent
SITE = Path(sysconfig.get_path("purelib")).resolve()
CLONE = (ROOT / "pyproject.toml").exists()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every package that is installed here but those of the extras."""
    folder = tmp_path_factory.mktemp("packages")
    missing = ("numpy", "scipy", "sklearn", "scikit", "matplotlib", "mpl_toolkits", "hypothesis", "llvmlite", "dask")
    for item in SITE.iterdir():
        if not item.name.lower().startswith(missing) and item.suffix != ".pth":
            (folder / item.name).symlink_to(item)
    return folder


def run(packages: Path, *words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    paths = [str(ROOT)] * (ROOT != SITE) + [str(packages)]  # where it is installed, it is among the packages
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment["AUTOGRAD_MINI_DOT"] = find_engine()
    command = [sys.executable, "-S", *words]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not CLONE, reason="in a clone")
@pytest.mark.parametrize("demo", ["linear_models", "activations", "losses", "digits"])
def test_a_demo_says_in_a_line_what_is_missing(demo: str, packages: Path) -> None:
    done = run(packages, "-m", "autograd_mini", "demo", demo, "--out", str(packages.parent), cwd=ROOT)
    assert (done.returncode, done.stderr) == (1, "error: this demo needs matplotlib: pip install '.[demo]'\n")
    script = next((ROOT / "demos").glob(f"*_{demo}.py"))
    done = run(packages, str(script), "--out", str(packages.parent), cwd=ROOT)
    assert (done.returncode, done.stderr) == (1, "error: this demo needs matplotlib: pip install '.[demo]'\n")


@pytest.mark.parametrize(
    "program, what",
    [
        ("nn.fit(nn.Neuron(1), [1.0], [1.0], compile=True)", "fit(compile=True) needs NumPy"),
        ("nn.History([1.0], [1.0]).plot()", "History.plot() needs matplotlib"),
        ("check.strategies", "autograd_mini.check.strategies needs hypothesis"),
        ("compiler.compile(exp, batch=True)", "compile() with arrays, a sample axis or params needs NumPy"),
        ("compiler.compile(exp, executor='numpy')(1.0)", "needs NumPy"),
        ("compiler.compile(exp, executor='native')", "executor='native' needs llvmlite"),
        ("compiler.compile(exp, params=nn.Neuron(1))", "needs NumPy"),
    ],
)
def test_the_last_line_of_an_error_is_the_command(program: str, what: str, packages: Path, tmp_path: Path) -> None:
    imports = "from autograd_mini import check, compiler, exp, nn\n"
    done = run(packages, "-c", imports + program, cwd=ROOT if CLONE else tmp_path)
    *_, last = done.stderr.splitlines()
    source = "." if CLONE else "autograd-mini"
    assert f"MissingExtraError: {what}" in last or (what in last and "MissingExtraError" in last)
    assert f": pip install '{source}[" in last
    assert done.stderr.count("Traceback") == 1


def test_features_that_need_no_extra_work_without_it(packages: Path, tmp_path: Path) -> None:
    for words in (["grad", "x*y", "x=1", "y=2"], ["check", "x*y", "x=1", "y=2"], ["demo", "iris"]):
        done = run(packages, "-m", "autograd_mini", *words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), words


def test_a_package_that_is_broken_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package.py").write_text("import not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there") as caught:
        require("broken_package", what="this", extra="fast")
    assert not isinstance(caught.value, MissingExtraError)


def test_the_command_from_elsewhere_goes_to_the_clone_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clone = tmp_path / "a clone"
    clone.mkdir()
    (clone / "pyproject.toml").write_text('[project]\nname = "autograd-mini"\n')
    monkeypatch.setattr(extras, "__file__", str(clone / "autograd_mini" / "extras.py"))
    assert install_command("demo") == f"cd '{clone}' && pip install '.[demo]'"
    monkeypatch.chdir(clone)
    assert install_command("demo") == "pip install '.[demo]'"


def test_installed_from_nowhere_known_the_name_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "of-another"\n')
    monkeypatch.setattr(extras, "__file__", str(tmp_path / "autograd_mini" / "extras.py"))
    monkeypatch.setattr(extras, "_installed_from", lambda: None)
    assert install_command("demo") == "pip install 'autograd-mini[demo]'"
