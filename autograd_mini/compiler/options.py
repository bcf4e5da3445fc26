"""The options of `compile`."""

from typing import Any, NamedTuple

from .executors import EXECUTORS, require_native
from .record.named import Names, require_names


class Options(NamedTuple):
    """How a function is compiled; the docstring of `compile` explains these arguments."""

    sampled: bool
    reduce: str | None
    dtype: str
    executor: str
    check: str | None
    has_aux: bool = False
    static: tuple[str, ...] = ()
    shared: tuple[int, ...] = ()  # positions
    by: int | None = None  # differentiate with respect to so many first arguments; directions may follow

    def naming(self, f: Any, static: Any, shared: Any) -> "Options":
        """The same options, with the arguments of f that are static and shared."""
        if not callable(f):
            raise TypeError(f"compile takes a function, not {type(f).__name__} {f!r}")
        names = require_names(f, "shared", shared)
        known = Names(f).known if names else []
        places = tuple([known.index(name) for name in names])
        return self._replace(static=require_names(f, "static", static), shared=places)

    def verify(self, by_parameters: bool) -> None:
        """Check that each option is valid, and that they can be combined.

        Raises:
            ImportError, RuntimeError: the executor can't be used on this machine.
            TypeError, ValueError: an option is invalid.
        """
        for name, value, known in (
            ("reduce", self.reduce, (None, "mean", "sum")),
            ("dtype", self.dtype, ("float64", "float32")),
            ("check", self.check, (None, "raise")),
        ):
            if value not in known:
                raise ValueError(f"{name} is one of {known}, not {value!r}")
        if self.executor not in EXECUTORS:
            raise ValueError(f"executor is 'auto', 'source', 'numpy' or 'native', not {self.executor!r}")
        if self.executor == "native":
            require_native()
        if self.executor == "source" and (self.sampled or self.dtype != "float64"):
            raise ValueError("executor='source' supports no sample axis and only float64: use 'numpy'")
        if self.shared and not self.sampled:
            raise ValueError("shared= names arguments without a sample axis; the others need one: use batch or reduce")
        if by_parameters and self.sampled and self.reduce is None:
            raise ValueError("derivatives with respect to params combine the samples: use reduce='mean' or 'sum'")
