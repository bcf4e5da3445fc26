"""What the whole suite shares: how hard hypothesis tries, and which autograd_mini is under test."""

import importlib.util
import os
import tempfile

import pytest
from hypothesis import settings

collect_ignore_glob = ["typing/*_program.py"]  # read by mypy, never run

# No deadline: time is a matter for benchmarks/, and a busy machine is no bug.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("intense", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """Compiled code is kept in a folder of this run, which its processes share: it tests the code that is there."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="autograd_mini-")
        config.add_cleanup(folder.cleanup)
        os.environ["AUTOGRAD_MINI_CACHE"] = folder.name


def pytest_report_header() -> str:
    spec = importlib.util.find_spec("autograd_mini")
    origin = spec.origin if spec else "nowhere"
    return f"autograd_mini: {origin}, hypothesis profile: {settings.get_current_profile_name()}"
