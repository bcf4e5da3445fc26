"""Numbers that a trace read from Values that are not arguments or parameters: a program needs them unchanged."""

from collections.abc import Callable, Iterable
from math import copysign
from typing import NamedTuple

from ... import watch
from ...engine import Value
from ...reading import grad_of, number_of


class Watched(NamedTuple):
    """A number that a trace read from a Value that is not an argument or a parameter."""

    value: Value
    what: str  # "data" or "grad"; "several" if the function assigned it between two reads
    number: float


def all_hold(watched: Iterable[Watched]) -> bool:
    """Whether Values still have the numbers that were read of them."""
    for v, what, number in watched:
        if what == "data" and number_of(v) is number:
            continue
        if what == "several" or not same(read_off(v, what), number):
            return False
    return True


def holding(watched: Iterable[Watched]) -> Callable[[], bool]:
    """The same as a function to be called often, which looks at numbers again only after an assignment."""
    are_numbers = all(what == "data" for _, what, _ in watched)
    looked = -1

    def holds() -> bool:
        nonlocal looked
        now = watch.latest_assignment()
        if are_numbers and now == looked:
            return True
        if not all_hold(watched):
            return False
        looked = now
        return True

    return holds


def read_off(v: Value, what: str) -> float:
    """The number or the gradient of a Value, read by us and not by the function that is traced."""
    number: float = (grad_of(v) or 0.0) if what == "grad" else number_of(v)
    return number


def same(x: float, y: float) -> bool:
    """Whether two floats behave alike: 0.0 and -0.0 don't, nan and nan do."""
    return x is y or (x == y and copysign(1.0, x) == copysign(1.0, y)) or (x != x and y != y)
