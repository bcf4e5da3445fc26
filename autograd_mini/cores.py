"""Chooses the engine: the one in Python, which defines the behaviour of both, or the one in C.

The engine in C runs if the installation has built it.  The environment variable AUTOGRAD_MINI_CORE=python or =c
overrides this when the package is imported.
"""

import os
from importlib import import_module
from types import ModuleType

_WANTED = os.environ.get("AUTOGRAD_MINI_CORE", "")


def _chosen() -> ModuleType | None:
    if _WANTED not in ("", "python", "c"):
        raise ImportError(f"AUTOGRAD_MINI_CORE is {_WANTED!r}: set it to 'python' or 'c', or leave it out")
    if _WANTED == "python":
        return None
    try:
        return import_module("._core", __package__)
    except ImportError as error:
        if not _WANTED:
            return None
        raise ImportError(
            f"AUTOGRAD_MINI_CORE is 'c', and the core in C can't be imported ({error}): install the package again on a "
            "machine with a C compiler, or leave AUTOGRAD_MINI_CORE out"
        ) from None


c = _chosen()  # the core in C, or None
core = "python" if c is None else "c"
