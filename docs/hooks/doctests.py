"""The doctest at the end of a docstring as a section of examples: mkdocstrings would take `>>>` for quotations."""

import re
from typing import Any

import griffe

_DOCTEST = re.compile(r"^>>> ", re.MULTILINE)


class Doctests(griffe.Extension):
    """What mkdocstrings calls with each object that it reads."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Put the heading that the Google style asks for above the doctest."""
        if obj.docstring and (found := _DOCTEST.search(obj.docstring.value)):
            text, examples = obj.docstring.value[: found.start()], obj.docstring.value[found.start() :]
            obj.docstring.value = f"{text}Examples:\n" + "\n".join(f"    {line}" for line in examples.splitlines())
