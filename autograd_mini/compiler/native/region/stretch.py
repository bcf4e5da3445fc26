"""A stretch of operations in one piece of code: its numbers are in registers, and what it reads comes through ports.

What runs over it stands beside: `whole` takes samples, `nodes` the nodes of groups in step, `trips` a loop's steps.
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
        rules: what each of them does.
        operands: of what: k is the k-th operation, and ~i the i-th port.  So both can be looked up in one list, that of
            the operations and then of the ports the other way round.
        ports: where the numbers come from that no operation of the stretch has made.
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
        """The operand that is read through a port, the same one for the same."""
        if port not in self.ports:
            self.ports.append(port)
        return ~self.ports.index(port)

    def both(self, by_operation: Iterable[Any], by_port: Iterable[Any]) -> list[Any]:
        """One list of what belongs to operations and to ports, to be looked up by operands."""
        return [*by_operation, *reversed(list(by_port))]

    def evaluate(self, m: LanesArithmetic, numbers: list[Any]) -> None:
        """Calculate those of the operations that are not there yet."""
        for rule, k, xs in self.nodes:
            if numbers[k] is None:
                numbers[k] = m.lift(m.value(rule, *m.operands(rule, [numbers[x] for x in xs])))


class Fetched(Lanes):
    """A number that is fetched where it is first read, so that what is never read need not be kept."""

    __slots__ = ("_fetch",)

    def __init__(self, code: Code, kind: Kind, fetch: Callable[[], str]) -> None:
        self.code, self.kind, self._fetch = code, kind, fetch

    def __getattr__(self, attribute: str) -> str:
        if attribute != "name":
            raise AttributeError(f"lanes have no {attribute!r}", name=attribute, obj=self)
        self.name = self._fetch()
        return self.name


def digest(*what: Any) -> str:
    """A name for what code is made from."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:24]
