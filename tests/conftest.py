"""Shared by the whole suite: the settings of hypothesis, a browser, and which autograd_mini is under test."""

import gc
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

collect_ignore_glob = ["typing/*_program.py"]  # read by mypy, never run

# No deadline: time is a matter for benchmarks/, and a busy machine is no bug.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("intense", deadline=None, max_examples=5_000)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
settings.load_profile(PROFILE)


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled code in a folder of this run, shared by its processes, so that the current code is tested."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="autograd_mini-")
        config.add_cleanup(folder.cleanup)
        os.environ["AUTOGRAD_MINI_CACHE"] = folder.name


@pytest.fixture(scope="module", autouse=True)
def _passed_over() -> None:
    """Objects made before the first test of a file stay.  Many tests call the collector, which skips these objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")  # not longer: the loop of its events would stop whoever calls asyncio.run
def browser() -> Iterator[Any]:
    """Chromium without a window; where it is missing the tests are skipped, but not in CI."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("there is no Chromium on PATH to open the page in: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


# The folders and files that take longest, longest first: begun last, they would leave the other processes idle.
LONG = (
    *(
        "tests/render/test_explorer.py",
        "tests/demos/",
        "tests/compiler/test_native.py",
        "tests/demos/test_notebooks.py",
    ),
    *("tests/test_site.py", "tests/check/test_verdict.py", "tests/check/test_long_programs.py", "tests/test_rules.py"),
    *("tests/compiler/test_corners.py", "tests/test_live_figures.py", "tests/compiler/test_streams.py"),
    *("tests/compiler/test_fork.py", "tests/compiler/test_folding.py", "tests/compiler/test_guard_pages.py"),
    *("tests/compiler/test_native_primitives.py", "tests/test_functions.py", "tests/nn/test_train.py"),
    *("tests/test_extras.py", "tests/compiler/test_random_graphs.py", "tests/typing/test_types.py"),
)


def together(nodeid: str) -> str:
    """The tests that run in one process: those of a file, or those of all demos, which run once for all their tests."""
    file = nodeid.partition("::")[0]
    is_demo = file.startswith("tests/demos/") and not file.endswith("test_notebooks.py")
    return "tests/demos/" if is_demo else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {room: place for place, room in enumerate(LONG)}
    items.sort(key=lambda item: places.get(together(item.nodeid), len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How the tests are divided between processes, with `--dist loadfile`: in the order above."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_report_header() -> str:
    spec = importlib.util.find_spec("autograd_mini")
    origin = spec.origin if spec else "nowhere"
    return f"autograd_mini: {origin}, hypothesis profile: {PROFILE}"
