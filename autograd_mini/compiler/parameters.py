"""Parameters: the Values of `params=`, and the array of their numbers that machine code refers to."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .. import watch
from ..engine import Value
from ..reading import lend, number_of, version_of
from .argument import arrays


class Parameters:
    """The parameters of a compiled function; there may be none.

    Attributes:
        leaves: the Values; empty if there are no parameters, or after unpickling, which does not restore the Values.
        numbers: their numbers in an array whose memory can't be moved; None if there are no parameters.
        shown: a view of it; users may change the shape of the view.
    """

    def __init__(self, leaves: list[Value], dtype: str, numbers: Any = None) -> None:
        self.leaves = leaves
        given = [p.data for p in leaves] if leaves else numbers
        self.numbers: Any = None if given is None else _in_place(given, dtype)
        self.shown: Any = None if self.numbers is None else self.numbers[:]
        self._look()

    def assign(self, numbers: Any) -> None:
        """Set the numbers of all parameters."""
        if self.numbers is None:
            raise ValueError("there are no parameters to assign: compile with params=…")
        self.adopt()
        if numbers is not self.shown:
            array = arrays().array(numbers, self.numbers.dtype)
            if array.shape != self.numbers.shape:
                raise ValueError(f"params needs a flat array of {self.numbers.size} numbers, not shape {array.shape}")
            self.numbers[...] = array

    def sync(self) -> None:
        """Write the numbers back to the Values."""
        if self.numbers is None:
            raise ValueError("there are no parameters to write back: compile with params=…")
        if not self.leaves:
            raise ValueError(
                "this was pickled without its model: assign the numbers of .params to your own model, "
                "for p, x in zip(model.parameters(), step.params): p.data = x"
            )
        self.adopt()
        for p, x in zip(self.leaves, self.numbers.tolist()):
            p.data = x
        self._look()

    def require_synced(self) -> None:
        """Check that the Values have the numbers in the array.

        Raises:
            ValueError: the array was changed after the numbers were last written back.
        """
        if self.leaves:
            own = arrays().array(list(map(number_of, self.leaves)), self.numbers.dtype)
            if not arrays().array_equal(own, self.numbers, equal_nan=True):
                raise ValueError("the numbers in .params differ from those in the model: call sync() first")

    def _look(self) -> None:
        """Remember the versions of the Values."""
        self._looked = watch.latest_assignment()
        self._versions = [version_of(p) for p in self.leaves]

    def adopt(self) -> None:
        """Copy the numbers that were assigned to the Values since then."""
        if watch.latest_assignment() != self._looked:
            versions = self._versions
            self._look()
            for i, p in enumerate(self.leaves):
                if self._versions[i] != versions[i]:
                    self.numbers[i] = number_of(p)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Inside, the Values have these numbers.  They are not assigned, so no graph becomes stale."""
        before = [number_of(p) for p in self.leaves]
        try:
            for p, x in zip(self.leaves, self.numbers.tolist() if self.leaves else ()):
                lend(p, x)
            yield
        finally:
            for p, x in zip(self.leaves, before):
                lend(p, x)


class WithParameters:
    """The base of `Compiled` that has parameters and shows them."""

    _parameters: Parameters

    @property
    def params(self) -> Any:
        """The numbers of the parameters, a flat array in their order.  You can change it in place or assign to it.

        If you assign a number to the Value of a parameter, for example with `load_state_dict`, the array follows.
        """
        if self._parameters.numbers is None:
            raise AttributeError("this was compiled without params", name="params", obj=self)
        self._parameters.adopt()
        return self._parameters.shown

    @params.setter
    def params(self, numbers: Any) -> None:
        self._parameters.assign(numbers)

    def sync(self) -> None:
        """Write the numbers of `params` back to the Values that they came from.

        Raises:
            ValueError: there are no parameters, or this was unpickled, which does not restore the Values.
        """
        self._parameters.sync()


def _in_place(numbers: Any, dtype: str) -> Any:
    """A flat array whose memory can't be moved, not even by its method resize: machine code refers to it."""
    np = arrays()
    given = np.array(numbers, dtype)
    fixed = np.frombuffer(bytearray(given.nbytes), dtype)
    fixed[...] = given
    return fixed


def leaves_of(params: Any) -> list[Value]:
    """The Values of a module or an iterable.

    Raises:
        TypeError, ValueError: there are none, one occurs twice, or one is not a leaf.
    """
    if params is None:
        return []
    if isinstance(params, Value):
        raise TypeError("params must be a module, or a list of Values: put a single one in a list, params=[w]")
    if isinstance(params, Mapping):
        raise TypeError("params must be a module, or a list of Values: for a dict, pass params=weights.values()")
    if isinstance(params, type) or not (hasattr(params, "parameters") or isinstance(params, Iterable)):
        raise TypeError(f"params must be a module, or a list of Values, not {params!r}")
    leaves = list(params.parameters() if hasattr(params, "parameters") else params)
    for i, p in enumerate(leaves):
        if not isinstance(p, Value):
            raise TypeError(f"parameter {i} must be a Value, not {type(p).__name__} {p!r}")
        if not p.is_leaf:
            raise TypeError(f"parameter {i} must be a Value that no operation made, not {p!r}, made by {p.op!r}")
    if not leaves or len({id(p) for p in leaves}) < len(leaves):
        raise ValueError("params must contain one Value or more, each of them once")
    return leaves
