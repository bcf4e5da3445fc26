"""To try it in the browser

A page of the documentation that runs programs with the package, with nothing to install, sign up for, or compute on
another's machine. Not run here: a browser's test does, for this package; of the others it is what their documentation
offers. A notebook on a computer elsewhere is `partly`.
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
