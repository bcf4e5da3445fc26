"""What gradcheck reports: a verdict on every slope, the operations that are wrong, and the printed table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from ..errors import AutogradError
from ..hooks import SourceLine
from ..printing import visible

Verdict = Literal["right", "wrong", "kink", "inconclusive"]
VERDICTS: Final[tuple[Verdict, ...]] = ("right", "kink", "inconclusive", "wrong")

SHOWN: Final = 5  # culprits


class Component(NamedTuple):
    """The result for one slope; `error` is the error bar for comparing `numeric` and `analytic`."""

    name: str
    analytic: float
    numeric: float
    error: float
    verdict: Verdict
    note: str


class Culprit(NamedTuple):
    """An operation whose slope, or second derivative, is wrong: in which operands, on which line of the program."""

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
    """The verdict on every slope, and the culprits if there are any; true if every verdict is `right` or `kink`."""

    function: str
    components: tuple[Component, ...]
    culprits: tuple[Culprit, ...] = ()
    fault: str = ""

    def __bool__(self) -> bool:
        return not self.fault and all(c.verdict in ("right", "kink") for c in self.components)

    @property
    def wrong(self) -> bool:
        """Whether a slope is wrong for certain; `inconclusive` is not."""
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

    def _tally(self) -> str:
        counts = {v: sum(c.verdict == v for c in self.components) for v in VERDICTS}
        return ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n) or "nothing to check"


class GradcheckError(AutogradError, AssertionError):
    """A gradient is wrong; `report` has the details."""

    def __init__(self, report: GradcheckReport) -> None:
        super().__init__(str(report))
        self.report = report


def _table(components: Iterable[Component]) -> list[str]:
    rows: list[Sequence[str]] = [("argument", "analytic", "numeric", "±", "verdict", "note")]
    for c in components:
        numbers = (f"{c.analytic:.10g}", f"{c.numeric:.10g}", f"{c.error:.1g}")
        rows.append((visible(c.name), *numbers, c.verdict, visible(c.note)))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
