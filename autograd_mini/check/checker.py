"""gradcheck: is a gradient right, and if not, which operation on which line is wrong?

The function runs on Values, for its graph and its gradient, and on floats, for slopes that use no derivative rule.
verdict.py compares the two for each argument; blame.py looks for the operation that is wrong.
"""

import math
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

from ..engine import Value
from ..hooks import SourceLine, creation_hook, source_line
from ..structures import Leaves
from ..sweep import order_below
from ..transforms import Run, scalar
from .blame import Lines, culprits, second_evidence, with_a_reason
from .evidence import Evidence, plain
from .names import names_of
from .numerical import on_floats
from .paths import weights
from .report import Component, GradcheckError, GradcheckReport
from .verdict import Witness, judge


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    order: Literal[1, 2] = 1,
    witness: Witness = "auto",
    raise_on_failure: bool = False,
) -> GradcheckReport:
    """Compare the gradient of f with slopes that use no derivative rule, and name the operation that is wrong.

    The verdicts are `right`; `wrong`, also at a jump, where no number is the slope; `kink`, if the two sides have
    different slopes (one may be infinite) and the gradient is between them, or if there is no slope and the gradient is
    nan; and `inconclusive`, if no witness is precise enough.

    Args:
        f: a function of numbers, or of structures of numbers, that returns one number.  It must give the same result
            for the same numbers.  To check gradients with respect to the weights of a module, pass them as an argument:
            Values from outside f are constants.
        args: its arguments: floats, or (nested) lists, tuples, dicts and NumPy arrays of them.
        order: 2 to check the second derivatives for all pairs of numbers, and their symmetry.
        witness: "differences" of f's values, or the "complex" step through its operations.  "auto" uses the first; in
            case of doubt, also the second, and then differences of each operation in longer arithmetic.
        raise_on_failure: whether to raise a GradcheckError if a slope is wrong.

    Raises:
        ValueError: a second call of f gives a different result, or an option is invalid.
        TypeError: f returns something other than one number, or an argument holds something else.
        GradcheckError: a slope is wrong and `raise_on_failure` is set; never for `inconclusive`.

    >>> report = gradcheck(lambda x, y: x * y + abs(x), 0.0, 3.0)
    >>> bool(report), [(c.name, c.verdict, c.note) for c in report.components]
    (True, [('x', 'kink', 'kink: slopes 2 and 4 before and after'), ('y', 'right', '')])
    """
    __tracebackhide__ = True  # pytest then shows the test's own line
    if order not in (1, 2) or witness not in ("auto", "differences", "complex"):
        raise ValueError(f"order is 1 or 2, witness auto, differences or complex, not {order!r} and {witness!r}")
    report = _report(f, args, order, witness)
    if raise_on_failure and report.wrong:
        raise GradcheckError(report)
    return report


def _report(f: Callable[..., Any], args: Sequence[Any], order: int, witness: Witness) -> GradcheckReport:
    name = getattr(f, "__name__", None) or type(f).__name__
    at, plainly, xs, rebuild = on_floats(f, args)
    z, again = at(xs), at(xs)
    if z != again and z == z:
        raise ValueError(f"{name} gives {z!r} and then {again!r} for the same numbers: it must not draw or count")
    on_plain = plainly(xs)  # before f is recorded: if it assigns to Values, running it again makes that graph stale
    run, lines = _recorded(f, rebuild(xs))
    result = scalar(run.result, f)
    if fault := _fault(on_plain, plainly, xs, result):
        return GradcheckReport(name, (), (), fault)
    names = names_of(f, args)
    if order == 1:
        evidence = Evidence(at, result, run.own, xs, run.pull([result], [1.0]))
        components = [_component(a, evidence, i, witness) for i, a in enumerate(names)]
    else:
        rows = second_evidence(lambda ys: _gradient(f, rebuild(ys)), result, run.own, xs)
        components = [_component(f"{a}, {b}", e, j, witness) for a, e in zip(names, rows) for j, b in enumerate(names)]
        components = _symmetric(components, len(xs))
    if not any(c.verdict == "wrong" for c in components):
        return GradcheckReport(name, tuple(components))
    nodes = order_below([result]) if isinstance(result, Value) else []
    blamed = culprits(nodes, lines, order)
    if not blamed:
        components = with_a_reason(components, nodes, lines)
    return GradcheckReport(name, tuple(components), tuple(blamed))


def _recorded(f: Callable[..., Any], args: Sequence[Any]) -> tuple[Run, Lines]:
    """A run of f, and the source line of each node."""
    lines: dict[int, SourceLine] = {}
    made: list[Value] = []  # kept alive, so that no two have the same id

    def record(v: Value) -> Value:
        made.append(v)
        lines[id(v)] = source_line()
        return v

    with creation_hook(record):
        return Run(f, args, {}, tuple(range(len(args)))), lines


def _fault(z: float, plainly: Callable[[Leaves], float], xs: Leaves, result: Any) -> str:
    """The fault, if a function returns z on floats but another number on Values; else ""."""
    w = plain(result)
    within = 1e-9 * abs(z) + 64.0 * weights(result, ()).noise
    if z != z or z == w or abs(w - z) <= within or abs(w - _in_64_bits(plainly, xs)) <= within:
        return ""
    return f"{z!r} on floats and {w!r} on Values: it depends on state, or on .data"


def _in_64_bits(plainly: Callable[[Leaves], float], xs: Leaves) -> float:
    """The result of f for NumPy's float64.  Its product with an np.float32 has 64 bits, like a Value's."""
    if "numpy" not in sys.modules:
        return math.nan
    with warnings.catch_warnings():  # it warns where floats raise
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(plainly([sys.modules["numpy"].float64(x) for x in xs]))


def _gradient(f: Callable[..., Any], args: Sequence[Any]) -> list[float]:
    run = Run(f, args, {}, tuple(range(len(args))))
    return [plain(g) for g in run.pull([run.result], [1.0])]


def _component(name: str, evidence: Evidence, i: int, witness: Witness) -> Component:
    judged = judge(evidence, i, witness)
    return Component(name, evidence.analytic[i], judged.numeric, judged.error, judged.verdict, judged.note)


def _symmetric(components: list[Component], n: int) -> list[Component]:
    """The components of a Hessian, wrong where it is not symmetric."""
    for i in range(n):
        for j in range(i):
            a, b = components[i * n + j], components[j * n + i]
            if abs(a.analytic - b.analytic) > a.error + b.error and {a.verdict, b.verdict} == {"right"}:
                for k, other in ((i * n + j, b), (j * n + i, a)):
                    note = f"not symmetric: {other.analytic!r} the other way round"
                    components[k] = components[k]._replace(verdict="wrong", note=note)
    return components
