"""What `compile` was asked for, beside the function and its parameters."""

from typing import Any, NamedTuple

from .executors import EXECUTORS, require_native
from .record.named import positions, require_names


class Options(NamedTuple):
    """How a function is compiled: the arguments of `compile`, where they are explained."""

    sampled: bool
    reduce: str | None
    dtype: str
    executor: str
    check: str | None
    has_aux: bool = False
    static: tuple[str, ...] = ()
    shared: tuple[int, ...] = ()  # positions
    by: int | None = None  # derivatives are by the first so many arguments, of which directions may follow

    def naming(self, f: Any, static: Any, shared: Any) -> "Options":
        """The same with the arguments of f that are named as static and as shared."""
        if not callable(f):
            raise TypeError(f"compile takes a function, not {type(f).__name__} {f!r}")
        places = positions(f, require_names(f, "shared", shared))
        return self._replace(static=require_names(f, "static", static), shared=places)

    def verify(self, by_parameters: bool) -> None:
        """Check that they are what they may be, and can be had together.

        Raises:
            ImportError, RuntimeError: the executor can't be used on this machine.
            TypeError, ValueError: something is not as it must be.
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
            raise ValueError("executor='source' has no sample axis, and calculates in float64: use 'numpy'")
        if self.shared and not self.sampled:
            raise ValueError("shared= names what has no sample axis beside others that have one: say batch or reduce")
        if by_parameters and self.sampled and self.reduce is None:
            raise ValueError("derivatives by params are summed over the samples: say reduce='mean' or reduce='sum'")
