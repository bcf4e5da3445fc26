"""A stretch of operations in one piece of code: its numbers are in registers, and its inputs come through ports.

The other modules repeat it: `whole` for samples, `nodes` for the nodes of groups in step, `trips` for a loop's steps.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ....rule import Rule
from ...program import Node
from ..llvm.arithmetic import LanesArithmetic
from ..llvm.code import Code, Kind
from ..llvm.lanes import Lanes


class Stretch:
    """Operations in order.

    Attributes:
        rules: the rule of each operation.
        operands: their operands: k is the k-th operation, and ~i the i-th port.  So one list serves for both: that of
            the operations, followed by the ports in reverse order.
        ports: the sources of numbers that the stretch does not compute.
    """

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.operands: list[Sequence[int]] = []
        self.ports: list[Any] = []

    @property
    def nodes(self) -> list[Node]:
        """The operations."""
        return [Node(rule, k, xs) for k, (rule, xs) in enumerate(zip(self.rules, self.operands))]

    def port(self, port: Any) -> int:
        """The operand for a port; equal ports have the same operand."""
        if port not in self.ports:
            self.ports.append(port)
        return ~self.ports.index(port)

    def both(self, by_operation: Iterable[Any], by_port: Iterable[Any]) -> list[Any]:
        """One list for operations and ports, which is indexed by operands."""
        return [*by_operation, *reversed(list(by_port))]

    def evaluate(self, m: LanesArithmetic, numbers: list[Any]) -> None:
        """Calculate the operations that are still missing."""
        for rule, k, xs in self.nodes:
            if numbers[k] is None:
                numbers[k] = m.lift(m.value(rule, *m.operands(rule, [numbers[x] for x in xs])))


class Fetched(Lanes):
    """A number that is fetched at its first use, so that unused numbers need not be kept."""

    __slots__ = ("_fetch",)

    def __init__(self, code: Code, kind: Kind, fetch: Callable[[], str]) -> None:
        self.code, self.kind, self._fetch = code, kind, fetch

    def __getattr__(self, attribute: str) -> str:
        if attribute != "name":
            raise AttributeError(f"lanes have no {attribute!r}", name=attribute, obj=self)
        self.name = self._fetch()
        return self.name


def digest(*what: Any) -> str:
    """A name for code, from the parts that it is made of."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:24]
