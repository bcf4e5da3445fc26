"""The picture of a training: the model's answers, the curves of the cost and its gradient, and saturated layers.

It is drawn from plain numbers.  With several moments the picture moves: a browser shows one after the other.  A viewer
without animation shows the last one.
"""

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

Point = tuple[float, float]
Colour = tuple[int, int, int]

LEFT, TOP, SIDE = 40.0, 26.0, 230.0  # the square of the answers
CURVE_LEFT, CURVE_WIDTH, CURVE_HEIGHT, CURVES_APART = 330.0, 220.0, 92.0, 138.0
BARS_LEFT, BAR_WIDTH = 594.0, 96.0
WIDTH, HEIGHT = 720.0, 300.0
MOST_POINTS, MOST_BARS = 200, 7
FRAME, PAUSE = 0.15, 2.0  # seconds for a moment, and for the pause after the last one

COLOURS: tuple[Colour, ...] = (
    *((234, 88, 12), (37, 99, 235), (22, 163, 74), (147, 51, 234), (202, 138, 4), (14, 116, 144), (219, 39, 119)),
)

STYLE = """
.training{--paper:#fff;--ink:#1e293b;--pale:#64748b;--line:#cbd5e1;--cost:#4f46e5;--norm:#ea580c}
@media(prefers-color-scheme:dark){
.training{--paper:#0f172a;--ink:#e2e8f0;--pale:#94a3b8;--line:#475569;--cost:#a5b4fc;--norm:#fb923c}}
.training text{font:13px system-ui,sans-serif;fill:var(--ink)}
.training .pale{font-size:11px;fill:var(--pale)}
.training .paper{fill:var(--paper)}
.training .edge{fill:none;stroke:var(--line)}
.training .cost,.training .norm,.training .answer{fill:none;stroke:var(--cost);stroke-width:1.8}
.training .norm{stroke:var(--norm)}
.training .now{fill:var(--ink)}
.training .bar{fill:var(--norm)}
.training .ground{fill:var(--line);fill-opacity:.5}
.training .given{fill:none;stroke:var(--ink);stroke-width:1.3}
"""


@dataclass(frozen=True)
class Region:
    """The answers over a square of two inputs, in rows from the top: a class, and its certainty, from 0 to 1."""

    classes: Sequence[Sequence[int]]
    sure: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Answers:
    """The answers along one input: the points of a line."""

    line: Sequence[Point]


class Moment(NamedTuple):
    """A moment of a training.

    Args:
        epoch: the number of completed epochs.
        seen: the model's answers then, if they can be drawn.
        flat: by the name of a layer, the share of its neurons' answers at which the activation is flat.
    """

    epoch: int
    seen: Region | Answers | None
    flat: dict[str, float]


class Data(NamedTuple):
    """The rows and their places: the points, each with its class (or 0), and the ranges of both axes."""

    points: Sequence[Point]
    classes: Sequence[int]
    across: Point
    up: Point

    def place(self, point: Point) -> Point:
        """Where a point is in the picture.

        >>> Data([], [], (0.0, 1.0), (-1.0, 1.0)).place((0.0, -1.0)) == (LEFT, TOP + SIDE)
        True
        """
        (x, y), (left, right), (low, high) = point, self.across, self.up
        return LEFT + SIDE * (x - left) / (right - left), TOP + SIDE - SIDE * (y - low) / (high - low)


class Curve:
    """Numbers over the epochs, in one of the two rows."""

    def __init__(self, row: int, name: str, numbers: Sequence[float]) -> None:
        self.name, self.numbers = name, numbers
        self.kind, self.top = ("cost", "norm")[row], TOP + row * CURVES_APART
        self.most = max([x for x in numbers if math.isfinite(x)], default=0.0)

    def place(self, i: int) -> Point:
        """Where the number of an epoch is in the picture."""
        share = i / max(len(self.numbers) - 1, 1)
        height = CURVE_HEIGHT * max(self.numbers[i], 0.0) / (self.most or 1.0)
        return CURVE_LEFT + CURVE_WIDTH * share, self.top + CURVE_HEIGHT - height

    def drawn(self) -> str:
        """The curve with its name and its highest number."""
        bottom, right = self.top + CURVE_HEIGHT + 14, CURVE_LEFT + CURVE_WIDTH
        places = [self.place(i) for i in _thinned(len(self.numbers)) if math.isfinite(self.numbers[i])]
        return (
            f'<text class="pale" x="{CURVE_LEFT:g}" y="{self.top - 6:g}">{self.name}, at most {self.most:.3g}</text>'
            f'<path class="edge" d="M{CURVE_LEFT:g} {self.top:g}v{CURVE_HEIGHT:g}h{CURVE_WIDTH:g}"/>'
            f'<polyline class="{self.kind}" points="{_points(places)}"/>'
            f'<text class="pale" x="{right:g}" y="{bottom:g}" text-anchor="end">epoch {len(self.numbers)}</text>'
        )

    def dot(self, epoch: int) -> str:
        """A dot where the curve is after so many epochs."""
        if not epoch or not math.isfinite(self.numbers[epoch - 1]):
            return ""
        x, y = self.place(epoch - 1)
        return f'<circle class="now" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'


def _thinned(count: int) -> list[int]:
    """Some evenly spaced places out of many, including the first and the last."""
    if count <= MOST_POINTS:
        return list(range(count))
    return sorted({round(i * (count - 1) / (MOST_POINTS - 1)) for i in range(MOST_POINTS)})


def picture(data: Data | None, costs: Sequence[float], norms: Sequence[float], moments: Sequence[Moment]) -> str:
    """Draw a training.

    Args:
        data: the rows, if they can be drawn.
        costs, norms: the cost and the length of the gradient, epoch by epoch.
        moments: one, or several for a picture that moves.

    Returns:
        An `<svg>` element.

    >>> svg = picture(None, [0.5, 0.25], [1.0, 0.5], [Moment(2, None, {"layer 1": 0.5})])
    >>> "epoch 2: cost 0.25" in svg, "50 %" in svg
    (True, True)
    """
    last = moments[-1]
    title = f"Training, {_words(last, costs)}"
    curves = Curve(0, "cost", costs), Curve(1, "length of the gradient", norms)
    frames = [_frame(moment, data, curves) for moment in moments]
    return "\n".join(
        [
            f'<svg class="training" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
            f'width="{WIDTH:g}" height="{HEIGHT:g}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}{_motion(len(moments))}</style>",
            f'<rect class="paper" width="{WIDTH:g}" height="{HEIGHT:g}" rx="10"/>',
            *[curve.drawn() for curve in curves],
            *[_timed(frame, k, len(frames)) for k, frame in enumerate(frames)],
            _given(data),
            "</svg>",
        ]
    )


def _words(moment: Moment, costs: Sequence[float]) -> str:
    return f"epoch {moment.epoch}: cost {costs[moment.epoch - 1]:.4g}" if moment.epoch else "before the first epoch"


def _motion(count: int) -> str:
    """The CSS rules that show one moment after the other, unless the reader prefers no motion."""
    if count == 1:
        return ""
    whole = count * FRAME + PAUSE
    return (
        "@media(prefers-reduced-motion:no-preference){"
        f".training .frame{{visibility:hidden;animation:shown {whole:.2f}s step-end infinite}}"
        ".training .frame:last-of-type{animation-name:stays}}"
        f"@keyframes shown{{0%{{visibility:visible}}{100 * FRAME / whole:.3f}%{{visibility:hidden}}}}"
        f"@keyframes stays{{0%{{visibility:visible}}{100 * (FRAME + PAUSE) / whole:.3f}%{{visibility:hidden}}}}\n"
    )


def sparkline(name: str, numbers: Sequence[float]) -> str:
    """A curve small enough for a line of text, in the colours of a light or dark page.

    Args:
        name: the name of the numbers.
        numbers: one for each epoch; those that are not finite are left out.

    Returns:
        An `<svg>` element, or "" for fewer than two numbers.

    >>> sparkline("cost", [4.0, 1.0]).count("polyline"), sparkline("cost", [1.0])
    (1, '')
    """
    curve = Curve(0, name, numbers)
    places = [curve.place(i) for i in _thinned(len(numbers)) if math.isfinite(numbers[i])]
    if len(places) < 2:
        return ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{CURVE_WIDTH:g}" height="44" '
        f'preserveAspectRatio="none" viewBox="{CURVE_LEFT:g} {TOP - 4:g} {CURVE_WIDTH:g} {CURVE_HEIGHT + 8:g}">'
        f"<title>{escape(name)}, from {numbers[0]:.4g} to {numbers[-1]:.4g}</title>"
        f'<polyline fill="none" stroke="#6366f1" stroke-width="2" vector-effect="non-scaling-stroke" '
        f'points="{_points(places)}"/></svg>'
    )


def _timed(frame: str, k: int, count: int) -> str:
    """A frame that is visible in its turn; the last one also if nothing moves."""
    hidden = "" if k == count - 1 else ' visibility="hidden"'
    delay = f' style="animation-delay:{k * FRAME:.2f}s"' if count > 1 else ""
    return f'<g class="frame"{hidden}{delay}>{frame}</g>'


def _frame(moment: Moment, data: Data | None, curves: tuple[Curve, Curve]) -> str:
    """The parts that change from moment to moment."""
    words = escape(_words(moment, curves[0].numbers))
    dots = "".join([curve.dot(moment.epoch) for curve in curves])
    says = f'<text x="{LEFT:g}" y="{HEIGHT - 12:g}">{words}</text>'
    return f"{_seen(moment.seen, data)}{dots}{_bars(moment.flat)}{says}"


# ---- the model's answers ----


def _seen(seen: Region | Answers | None, data: Data | None) -> str:
    match seen:
        case Region():
            return (
                f'<image x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}" preserveAspectRatio="none" '
                f'href="{_image(seen)}"/>'
            )
        case Answers() if data is not None:
            places = [data.place(point) for point in seen.line if math.isfinite(point[1])]
            inside = [(x, min(max(y, TOP), TOP + SIDE)) for x, y in places]
            return f'<polyline class="answer" points="{_points(inside)}"/>'
    return ""


def _image(region: Region) -> str:
    """The colours of a region as a PNG: the colour of the class, stronger where the model is sure of it."""
    rows = b"".join(
        b"\0" + b"".join(
            bytes([*COLOURS[c % len(COLOURS)], round(40 + 125 * min(max(sure, 0.0), 1.0))])
            for c, sure in zip(classes, row)
        )
        for classes, row in zip(region.classes, region.sure)
    )  # fmt: skip

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", len(region.classes[0]), len(region.classes), 8, 6, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _given(data: Data | None) -> str:
    """The rows, and the axes of both inputs, or of input and target."""
    if data is None:
        return ""
    marks = []
    for point, c in zip(data.points, data.classes):
        x, y = data.place(point)
        if c == 0:  # a ring; other classes are disks, so that colour is not the only difference
            marks.append(f'<circle class="given" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>')
        else:
            fill = "#%02x%02x%02x" % COLOURS[c % len(COLOURS)]  # noqa: UP031  (three at once)
            marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{fill}" stroke="#fff"/>')
    bottom = TOP + SIDE + 14
    (left, right), (low, high) = data.across, data.up
    return (
        "".join(marks)
        + f'<rect class="edge" x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}"/>'
        + _label(LEFT, bottom, left, "start") + _label(LEFT + SIDE, bottom, right, "end")
        + _label(LEFT - 5, TOP + SIDE, low, "end") + _label(LEFT - 5, TOP + 10, high, "end")
    )  # fmt: skip


def _label(x: float, y: float, number: float, anchor: str) -> str:
    return f'<text class="pale" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{number:.3g}</text>'


def _points(places: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


# ---- the layers ----


def _bars(flat: dict[str, float]) -> str:
    """How much of each layer is flat."""
    if not flat:
        return ""
    rows = [f'<text class="pale" x="{BARS_LEFT:g}" y="{TOP - 6:g}">saturated</text>']
    for k, (name, share) in enumerate([*flat.items()][:MOST_BARS]):
        y = TOP + 10 + 32 * k
        rows.append(
            f'<text class="pale" x="{BARS_LEFT:g}" y="{y:g}">{escape(name[:14])}</text>'
            f'<text class="pale" x="{BARS_LEFT + BAR_WIDTH:g}" y="{y:g}" text-anchor="end">{100 * share:.0f} %</text>'
            f'<rect class="ground" x="{BARS_LEFT:g}" y="{y + 4:g}" width="{BAR_WIDTH:g}" height="7" rx="2"/>'
            f'<rect class="bar" x="{BARS_LEFT:g}" y="{y + 4:g}" width="{BAR_WIDTH * share:.1f}" height="7" rx="2"/>'
        )
    if len(flat) > MOST_BARS:
        rows.append(f'<text class="pale" x="{BARS_LEFT:g}" y="{TOP + 10 + 32 * MOST_BARS:g}">and more</text>')
    return "".join(rows)
