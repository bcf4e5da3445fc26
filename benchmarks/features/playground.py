"""To try it in the browser

A documentation page that runs programs with the package in the reader's browser: no installation, no account, no
server. Not run here: for this package a browser test does it; for the others, their documentation says what they
offer. A notebook on someone else's computer is `partly`.
"""

from typing import Any

from benchmarks.features.common import Absent, Documented


def autograd_mini() -> Any:
    return Documented("yes", "An editor with what it prints, the drawing and the explorer.", "playground/index.html")


def micrograd() -> Any:
    raise Absent("its demo is a notebook to load and run")


def hips() -> Any:
    raise Absent("its examples are files to load and run")


def torch() -> Any:
    return Documented("partly", "Tutorials open in Google Colab.", "https://docs.pytorch.org/tutorials/")


def jax() -> Any:
    return Documented(
        "partly", "Notebooks open in Google Colab.", "https://docs.jax.dev/en/latest/notebooks/thinking_in_jax.html"
    )


def casadi() -> Any:
    raise Absent("its examples are files to load and run")


def mygrad() -> Any:
    raise Absent("its examples are text to read")


def judge(got: Any) -> str:
    return str(got)
