"""What comparisons of compiled programs with the engine share: programs at random, bounds of rounding, and a count."""

import argparse
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

from autograd_mini import Value, gradients, topological_order
from autograd_mini.reading import operands_of, rule_of
from autograd_mini.rule import FLOATS

JUMPS = {"floor", "ceil", "round", "copysign", "where"}  # of the value, where an operand is rounded otherwise
POLES = {"gamma", "lgamma", "digamma", "polygamma"}  # at 0, −1, −2, …
POWERS = {"pow", "power_slope", "power_log"}  # of a negative base only where the exponent is whole
KINKS = {"abs", "relu", "leaky_relu", "elu", "clamp", "maximum", "minimum"}  # of the slope
SLACK = 16.0
TINY = 1e-290  # what is lost where results are denormal
LARGE = 1e4  # beyond it sin(x) is no first-order matter
PIECE = 250  # programs drawn from one seed
SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e-310, 1e300, -1e300)


def bound(root: Any) -> float:
    """How far rounding may move a number: eps·Σ|∂y/∂v·v| over the nodes v of its graph, and terms within them."""
    if not isinstance(root, Value):
        return 0.0
    order = topological_order(root)
    terms = [abs(g) * (abs(v.data) + _of_constants(v) + _of_terms(v)) for g, v in zip(gradients(root, order), order)]
    return math.ulp(1.0) * sum(terms) + TINY


def _of_constants(v: Value) -> float:
    """The constants among many operands, each times its slope: they round what is added up with them."""
    if v.is_leaf or not rule_of(v).many:
        return 0.0
    parents, xs = operands_of(v)
    if None not in parents:
        return 0.0
    slopes = rule_of(v).partials(FLOATS, v.data, xs)
    return sum([abs(slope * x) for slope, x, p in zip(slopes, xs, parents) if p is None])


def _of_terms(v: Value) -> float:
    """The terms that C's lgamma adds up, by the formula of Lanczos: near 1.46 they cancel where the slope is 0."""
    if v.is_leaf or rule_of(v).name != "lgamma" or not math.isfinite(v.parents[0].data):
        return 0.0
    x = abs(v.parents[0].data)
    return (x + 0.5) * (1.0 + math.log(x + 6.0))


def is_at_an_end(nodes: Iterable[Value]) -> bool:
    """Whether rounding may take an operand to an end of its domain, acosh(cosh(1e-8)), or a pole, gamma(-cos(1e-8))."""
    for v in nodes:
        if v.parents and _is_at_a_whole_number(rule_of(v).name, *operands_of(v)):
            return True
        domain = rule_of(v).domain if v.parents else ()
        for p, ends in zip(v.parents, domain * (len(v.parents) if len(domain) == 1 else 1)):
            if not p.is_leaf and min(abs(p.data - end) for end in ends) <= SLACK * bound(p):
                return True
    return False


def _is_at_a_whole_number(name: str, parents: Sequence[Value | None], xs: Sequence[float]) -> bool:
    """Whether rounding takes the argument of a gamma function to a pole, or the exponent of a negative base off one."""
    if not ((name in POLES and xs[-1] < 0.5) or (name in POWERS and xs[0] < 0.0)):
        return False
    p, x = parents[-1], xs[-1]
    return p is not None and not p.is_leaf and math.isfinite(x) and abs(x - round(x)) <= SLACK * bound(p)


def is_at_a_kink(nodes: Iterable[Value]) -> bool:
    """Whether rounding may take an operand to a kink or a jump, where value or slope are others on the other side."""
    for v in nodes:
        if v.parents:
            parents, xs = operands_of(v)
            if rule_of(v).name == "copysign" and math.isnan(xs[1]):  # whose sign no arithmetic defines
                return True
            for p, distance in _to_kinks(rule_of(v).name, parents, xs):
                if not p.is_leaf and 0.0 < abs(distance) + TINY <= SLACK * bound(p):
                    return True
    return False


def _to_kinks(name: str, parents: Sequence[Value | None], xs: Sequence[float]) -> Iterable[tuple[Value, float]]:
    """The operands that may come to a kink or a jump, and how far they are from it."""
    if name in ("maximum", "minimum"):
        distances = [xs[0] - xs[1], xs[0] - xs[1]]
    elif name == "clamp":
        distances = [min(abs(xs[0] - xs[1]), abs(xs[0] - xs[2]))] * 3
    elif name in ("floor", "ceil", "round"):
        distances = [math.remainder(xs[0] - (0.5 if name == "round" else 0.0), 1.0) if math.isfinite(xs[0]) else 1.0]
    elif name == "copysign":
        distances = [xs[0], xs[1]]
    elif name in JUMPS | KINKS:
        distances = [xs[0]]
    else:
        distances = []
    return [(p, distance) for p, distance in zip(parents, distances) if p is not None]


def kind(x: float) -> str:
    """What is not finite by its name, and what is finite as a number."""
    return repr(x) if not math.isfinite(x) else "a number"


class Report:
    """What was found so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.worst: dict[str, float] = {}
        self.wrong: list[str] = []

    def compare(self, what: str, got: float, wanted: float, bound: float) -> str | None:
        """Count a number that came out; what is wrong with it, in words."""
        if not (math.isfinite(bound) and math.isfinite(wanted)):
            self.counts["numbers not compared: their bound is not finite"] += 1
            return None
        units = abs(got - wanted) / bound if bound else 0.0 if got == wanted else math.inf
        if not units <= SLACK:
            return f"{what}: {got!r} is {units:.3g} bounds from {wanted!r}"
        self.worst[what] = max(self.worst.get(what, 0.0), units)
        self.counts["numbers compared"] += 1
        return None

    def print(self) -> bool:
        """Print all; whether there was anything wrong."""
        for text in self.wrong[:10]:
            print(text)
        for what, number in sorted(self.counts.items()):
            print(f"{number:10d} {what}")
        for what, units in self.worst.items():
            print(f"{units:10.2f} bounds of rounding at most: {what}")
        print(f"{len(self.wrong)} programs beyond {SLACK:.0f} bounds")
        return bool(self.wrong)


def drawn(strategy: SearchStrategy[Any], first: int, count: int, check: Callable[[Any], None]) -> None:
    """Have so many programs checked from a number on: program n is the same in every run."""
    for piece in range(first // PIECE, -(-(first + count) // PIECE)):
        programs = drawn_from(piece, strategy, PIECE)
        at = piece * PIECE
        for f in programs[max(0, first - at) : first + count - at]:
            check(f)


def drawn_from(number: int, strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """So many programs that a seed decides."""
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(f: Any) -> None:
        found.append(f)

    draw()
    return found


def parser(text: str | None) -> argparse.ArgumentParser:
    """The options that each comparison has."""
    made = argparse.ArgumentParser(description=(text or "").partition("\n")[0])
    made.add_argument("programs", type=int, nargs="?", default=10_000)
    made.add_argument("--first", type=int, default=0, help="the number of the first program")
    return made


def refusing_warnings(work: Callable[[], None]) -> None:
    """Run with each warning as an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        work()
