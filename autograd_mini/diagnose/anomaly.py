"""`detect_anomaly()`: where a nan or an inf came from."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..engine import Value
from ..errors import AutogradError
from ..function_nodes import has_no_number
from ..hooks import SourceLine, source_line
from ..reading import number_of, operands_of, rule_of, why_no_graph
from ..rule import Rule
from ..watch import Block, is_quiet
from .nodes import label_of, local_slopes, name_of, operation, plain, shown, symbol_of, whom, wrapped
from .remedies import DATA, EXPLODING, EXPONENT, fill, remedies_for


class AnomalyError(AutogradError):
    """An operation made a nan or an inf inside `detect_anomaly()`.

    Attributes:
        phase: "forward" or "backward".
        node: the Value that the operation made.
        line: the line of the program that made it, or None if that was before the block.
        remedies: texts that say what may help, the most likely first.
    """

    phase = ""
    node: Value | None = None
    line: SourceLine | None = None
    remedies: tuple[str, ...] = ()


def detect_anomaly() -> Block:
    """Raise an `AnomalyError` at the first nan or inf that is made in a with block or a decorated function.

    The error names the operation, its operands and the line of the program, and says what to do.  In a forward pass it
    is raised when an operation makes a nan or an inf.  If an operand already was one, the error traces it to the leaf
    or the operation that it came from.  In a backward pass it is raised at the first contribution, adjoint · slope,
    that is a nan or an inf; the gradients of leaves then stay unchanged.  `jvp`, which goes forward, is treated as if
    it went backward with adjoints of 1.  Where Python's floats raise, you get the same error, with two more notes: the
    line, and what to do.

    The block affects only this task.  Inside it, making a node and sweeping over it take several times as long; the
    numbers are the same to the bit.  The line is not known for nodes made before the block.

    Raises:
        AnomalyError: an operation made a nan or an inf.

    >>> x = Value(0.0, label="x")
    >>> with detect_anomaly():
    ...     y = x.sqrt()
    ...     y.backward()
    Traceback (most recent call last):
    autograd_mini.diagnose.anomaly.AnomalyError: the backward pass made inf: 'sqrt' passes it to x
      line       <doctest autograd_mini.diagnose.anomaly.detect_anomaly[1]>:2: y = x.sqrt()
      operation  sqrt(x) = 0.0, with x = 0.0
      product    adjoint 1.0 · slope inf = inf
      remedy     The root is upright at 0: put a little under it, sqrt(x + 1e-12).
    """
    detector = _Detector()
    return Block(made=detector.made, passed=detector.passed, refused=detector.refused, again=detect_anomaly)


class _Detector:
    """The nodes made in one block, and the checks of each node and of its contributions."""

    def __init__(self) -> None:
        # By address, so that the nodes are not kept alive.  Another Value may get the same address later; its operation
        # or number then differs.
        self.lines: dict[int, tuple[str, str, SourceLine]] = {}

    def made(self, v: Value) -> Value:
        z = number_of(v)
        self.lines[id(v)] = v.op, repr(z), source_line()
        # In a slope that is a Value, a branch that was not taken may be nan, so only the contributions are checked.
        if not math.isfinite(z) and not is_quiet():
            raise _error(v, "forward", f"the forward pass made {z!r}: {symbol_of(v)}", self, _forward(v, self))
        return v

    def passed(self, v: Value, adjoint: Any, cs: Sequence[Any]) -> None:
        g = plain(adjoint)
        if not math.isfinite(g):
            raise _error(v, "backward", f"the gradient of {whom(v)} is {g!r}", self, _of_adjoint(v, g))
        numbers = list(map(plain, cs))
        if all(map(math.isfinite, numbers)):
            return
        slopes = [None] * len(numbers) if has_no_number(v) else local_slopes(v)
        for c, slope, parent in zip(numbers, slopes, v.parents):
            if not math.isfinite(c):
                told = _backward(v, parent, g, slope, c, self)
                title = f"the backward pass made {c!r}: {symbol_of(v)} passes it to {whom(parent)}"
                raise _error(v, "backward", title, self, told)

    def refused(self, error: Exception, rule: Rule, operands: Sequence[Any]) -> None:
        """Add notes to an error of an operation on floats: its line, and what to do."""
        parents, xs = [v if isinstance(v, Value) else None for v in operands], list(map(plain, operands))
        told = _inherited(repr(rule.symbol), parents, xs, self) or _Told((), remedies_for("value", rule, parents, xs))
        facts = (("line", shown(source_line())), *told.facts, *[("remedy", text) for text in told.remedies])
        for note in [f"{name}: {text}" for name, text in facts]:
            if note not in error.__notes__:
                error.add_note(note)

    def line(self, v: Value) -> SourceLine | None:
        op, number, line = self.lines.get(id(v), ("", "", None))
        return line if (op, number) == (v.op, repr(number_of(v))) else None


class _Told(NamedTuple):
    """The part of a report after the operation."""

    facts: tuple[tuple[str, str], ...]
    remedies: tuple[str, ...]


def _error(v: Value, phase: str, title: str, detector: _Detector, told: _Told) -> AnomalyError:
    line = detector.line(v)
    rows = []
    if line or not v.is_leaf:
        rows.append(("line", shown(line) if line else "not known: this was made before detect_anomaly() began"))
    if not v.is_leaf:
        rows.append(("operation", operation(rule_of(v), *operands_of(v), number_of(v))))
    rows += [*told.facts, *[("remedy", text) for text in told.remedies]]
    error = AnomalyError("\n".join([title, *[wrapped(f"  {name:<9}  {text}") for name, text in rows]]))
    error.phase, error.node, error.line, error.remedies = phase, v, line, told.remedies
    return error


def _forward(v: Value, detector: _Detector) -> _Told:
    """For a node that is nan or inf."""
    if v.is_leaf:  # a hook before ours removed the operation
        return _Told((), ("It was made under no_grad(): remove that for now, to see the operation.",))
    parents, xs = operands_of(v)
    return _inherited(symbol_of(v), parents, xs, detector) or _Told((), remedies_for("value", rule_of(v), parents, xs))


def _backward(v: Value, parent: Value, g: float, slope: float | None, c: float, detector: _Detector) -> _Told:
    """For a node whose contribution c = g · slope is nan or inf, while g is not; several results have no one slope."""
    if slope is None:
        return _Told((("product", f"its pullback made {c!r} of adjoints of length {g!r}"),), ())
    product = ("product", f"adjoint {g!r} · slope {slope!r} = {c!r}")
    rule = rule_of(v)
    parents, xs = operands_of(v)
    if inherited := _inherited(symbol_of(v), parents, xs, detector):
        return _Told((product, *inherited.facts), inherited.remedies)
    if math.isfinite(slope):
        return _Told((product,), (EXPLODING,))
    if g == 0.0:
        return _Told((product,), remedies_for("unused", rule, parents, xs) + remedies_for("slope", rule, parents, xs))
    if rule.name == "pow" and parent is parents[1]:
        return _Told((product,), (fill(EXPONENT, parents, xs),))
    return _Told((product,), remedies_for("slope", rule, parents, xs))


def _of_adjoint(v: Value, g: float) -> _Told:
    """For a node whose adjoint g is nan or inf, although each contribution in this sweep is finite."""
    if g != g:
        cause = "it was nan before this sweep" if v.is_leaf else "the seed of this sweep is nan"
    else:
        before = "it was infinite before, or " if v.is_leaf else "the seed is infinite, or "
        cause = f"{before}the sum of contributions, each finite, is beyond 1.8e308"
    remedy = "Leaves add up over calls: set their grad to 0 before backward()." if v.is_leaf else "Look at the seed."
    return _Told((("cause", cause),), (remedy,) if g != g else (remedy, EXPLODING))


def _inherited(op: str, parents: Sequence[Value | None], xs: Sequence[float], detector: _Detector) -> _Told | None:
    """If an operand was already nan or inf: where that came from."""
    origin = None
    while bad := [(p, x) for p, x in zip(parents, xs) if not math.isfinite(x)]:
        origin, number = bad[0]
        if origin is None:
            return _Told((("cause", f"the constant {number!r}, an operand of {op}"),), (DATA.format("it"),))
        op, (parents, xs) = symbol_of(origin), operands_of(origin)
    return _source(origin, detector) if origin is not None else None


def _source(v: Value, detector: _Detector) -> _Told:
    """For a node that is nan or inf although its operands are finite."""
    number = repr(number_of(v))
    if not v.is_leaf:
        rule, (parents, xs) = rule_of(v), operands_of(v)
        line = detector.line(v)
        place = f" at {shown(line)}" if line else ", before detect_anomaly() began"
        cause = f"{number} was made by {operation(rule, parents, xs, number_of(v))}{place}"
        remedies = remedies_for("value", rule, parents, xs)
    elif why := why_no_graph(v):
        cause = f"{name_of(v)} was {number} already: it {why}"
        remedies = ("Put detect_anomaly() around the lines that made it too.",)
    else:
        name = f"the leaf {label_of(v)}" if v.label else f"a leaf without a label, of {number},"
        cause = f"{name} was {number} from the start: it is data, not the result of an operation"
        remedies = (DATA.format(label_of(v) or "it"),)
    return _Told((("cause", cause),), remedies)
