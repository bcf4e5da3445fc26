"""The report of gradcheck: a verdict on every slope, the operations that are wrong, and the printed table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from ..errors import AutogradError
from ..hooks import SourceLine
from ..printing import visible
from ..tables import BAD, GOOD, UNSURE, Cell, table, text

Verdict = Literal["right", "wrong", "kink", "inconclusive"]
VERDICTS: Final[tuple[Verdict, ...]] = ("right", "kink", "inconclusive", "wrong")

SHOWN: Final = 5  # at most this many culprits
_HEAD: Final = ("argument", "analytic", "numeric", "±", "verdict", "note")
_LOOKS: Final = {"right": ("✓", GOOD), "kink": ("∧", GOOD), "inconclusive": ("?", UNSURE), "wrong": ("✗", BAD)}


class Component(NamedTuple):
    """The result for one slope; `error` is the error bar for comparing `numeric` and `analytic`."""

    name: str
    analytic: float
    numeric: float
    error: float
    verdict: Verdict
    note: str


class Culprit(NamedTuple):
    """An operation with a wrong slope or second derivative: the operands concerned, and the line of the program."""

    op: str
    line: SourceLine | None
    operands: tuple[str, ...]
    by: tuple[int, ...]
    expected: float
    got: float

    def __str__(self) -> str:
        which = "the slope" if len(self.by) == 1 else "the second derivative"
        by = " and ".join(str(i + 1) for i in self.by)
        operands = ", ".join(map(visible, self.operands))
        place = f"\n    {visible(str(self.line))}: {visible(self.line.text)}" if self.line else ""
        return (
            f"{which} of {visible(self.op)!r} by operand {by} is {self.got!r} and should be {self.expected!r}, "
            f"at {operands}{place}"
        )


@dataclass(frozen=True)
class GradcheckReport:
    """The verdict on every slope, and any culprits.  The report is true if every verdict is `right` or `kink`."""

    function: str
    components: tuple[Component, ...]
    culprits: tuple[Culprit, ...] = ()
    fault: str = ""

    def __bool__(self) -> bool:
        return not self.fault and all(c.verdict in ("right", "kink") for c in self.components)

    @property
    def wrong(self) -> bool:
        """Whether a slope is certainly wrong; `inconclusive` does not count."""
        return bool(self.fault) or any(c.verdict == "wrong" for c in self.components)

    def rate(self, verdict: Verdict) -> float:
        """The share of the slopes that have this verdict."""
        return sum(c.verdict == verdict for c in self.components) / max(len(self.components), 1)

    def __str__(self) -> str:
        lines = [f"gradcheck of {visible(self.function)}: {self.fault or self._tally()}"]
        if self.components:
            lines += _table(self.components)
        lines += map(str, self.culprits[:SHOWN])
        if len(self.culprits) > SHOWN:
            lines.append(f"and {len(self.culprits) - SHOWN} more")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The report as HTML, for notebooks."""
        shown = f"<div>gradcheck of <b>{text(self.function)}</b>: {text(self.fault or self._tally())}</div>"
        if self.components:
            rows = [_cells(c) for c in self.components]
            shown += table(_HEAD, [[*row[:4], _with_look(row[4]), row[5]] for row in rows], texts=(0, 4, 5))
        culprits = "".join([f"<li>{text(str(culprit))}</li>" for culprit in self.culprits[:SHOWN]])
        if len(self.culprits) > SHOWN:
            culprits += f"<li>and {len(self.culprits) - SHOWN} more</li>"
        return shown + f"<ul>{culprits}</ul>" * bool(culprits)

    def _tally(self) -> str:
        counts = {v: sum(c.verdict == v for c in self.components) for v in VERDICTS}
        return ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n) or "nothing to check"


class GradcheckError(AutogradError, AssertionError):
    """A gradient is wrong; `report` has the details."""

    def __init__(self, report: GradcheckReport) -> None:
        super().__init__(str(report))
        self.report = report


def _cells(c: Component) -> Sequence[str]:
    """A slope's row in the table."""
    numbers = (f"{c.analytic:.10g}", f"{c.numeric:.10g}", f"{c.error:.1g}")
    return (visible(c.name), *numbers, c.verdict, visible(c.note))


def _with_look(verdict: str) -> Cell:
    sign, colour = _LOOKS[verdict]
    return Cell(f"{sign} {verdict}", colour)


def _table(components: Iterable[Component]) -> list[str]:
    rows = [_HEAD, *map(_cells, components)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
