"""Which engine runs: the one in Python, which is the definition of both, or the one in C.

The environment variable AUTOGRAD_MINI_CORE=python or =c decides when the package is imported; python if it is not set.
`make core` builds the one in C, which is not part of an install yet.
"""

import os
from importlib import import_module
from types import ModuleType

_WANTED = os.environ.get("AUTOGRAD_MINI_CORE", "") or "python"


def _chosen() -> ModuleType | None:
    if _WANTED not in ("python", "c"):
        raise ImportError(f"AUTOGRAD_MINI_CORE is {_WANTED!r}: set it to 'python' or 'c', or leave it out")
    if _WANTED == "python":
        return None
    try:
        return import_module("._core", __package__)
    except ImportError as error:
        raise ImportError(
            f"AUTOGRAD_MINI_CORE is 'c', and the core in C can't be imported ({error}): "
            "build it by `make core` in a clone, or leave AUTOGRAD_MINI_CORE out"
        ) from None


c = _chosen()  # the core in C, or None
core = "python" if c is None else "c"

