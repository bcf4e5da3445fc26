"""What the whole suite shares: how hard hypothesis tries, and which autograd_mini is under test."""

import importlib.util
import os

from hypothesis import settings

# No deadline: time is a matter for benchmarks/, and a busy machine is no bug.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("intense", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_report_header() -> str:
    spec = importlib.util.find_spec("autograd_mini")
    origin = spec.origin if spec else "nowhere"
    return f"autograd_mini: {origin}, hypothesis profile: {settings.get_current_profile_name()}"
