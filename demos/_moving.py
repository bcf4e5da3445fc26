"""Pictures that move: one SVG with a frame for each moment of a training, drawn by itself from plain numbers.

A viewer of pictures shows the last frame. The documentation adds a slider (docs/moving.js).
"""

import base64
import math
import struct
import zlib
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from autograd_mini.extras import require

Numbers = Sequence[float]
Score = Callable[[Numbers], float]

SIDE, LEFT, TOP = 260.0, 30.0, 14.0  # the square of the regions
PLOT_LEFT, PLOT_WIDTH, HEIGHT = 370.0, 330.0, 320.0  # the curve next to it

STYLE = """\
.mv{--ink:#1e293b;--grey:#64748b;--blue:#2563eb;--orange:#ea580c;--pale-blue:#dbeafe;--pale-orange:#ffedd5}
@media (prefers-color-scheme:dark){.mv{--ink:#e2e8f0;--grey:#94a3b8;--blue:#60a5fa;--orange:#fb923c;\
--pale-blue:#1e3a5f;--pale-orange:#4a2a15}}
.mv text{font:13px system-ui,sans-serif;fill:var(--ink)}.mv .label{fill:var(--grey);font-size:12px}
.mv .says{font-size:15px}.mv .no{fill:var(--pale-orange)}.mv .yes{fill:var(--pale-blue)}
.mv .edge{fill:none;stroke:var(--grey)}.mv .curve{fill:none;stroke:var(--grey);stroke-width:1.5}
.mv .at{fill:var(--orange)}.mv .ring{fill:none;stroke:var(--ink);stroke-width:2}
.mv .plus{fill:none;stroke:var(--blue);stroke-width:3}.mv .minus{fill:none;stroke:var(--orange);stroke-width:3}
.mv .right{fill:var(--blue);font-size:22px}.mv .wrong{fill:var(--orange);font-size:22px}"""


class Moment(NamedTuple):
    """A moment of a training: its name, its place on the curve, and its picture."""

    name: str
    at: tuple[float, float]
    seen: str


class Curve(NamedTuple):
    """The curve next to the moments: its points, the names of its axes, and the highest value that fits."""

    points: Sequence[tuple[float, float]]
    across: str
    up: str
    most: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the curve is in the picture."""
        share = x / self.points[-1][0]
        return PLOT_LEFT + PLOT_WIDTH * share, TOP + SIDE * (1 - min(y, self.most) / self.most)


def write(path: Path, title: str, still: str, curve: Curve, moments: Sequence[Moment]) -> None:
    """The picture: the fixed part, the curve, and a frame for each moment. The last frame is shown."""
    parts = [
        f'<svg class="mv" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {HEIGHT:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        axes(curve),
    ]
    for moment in moments:
        x, y = curve.place(*moment.at)
        hidden = "" if moment is moments[-1] else ' display="none"'
        says = f'<text class="says" x="{LEFT:g}" y="{HEIGHT - 10:g}">{escape(moment.name)}</text>'
        dot = f'<circle class="at" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        parts.append(f'<g class="frame"{hidden}>{moment.seen}{dot}{says}</g>')
    path.write_text("\n".join([*parts, still, "</svg>", ""]), encoding="utf-8")


def axes(curve: Curve) -> str:
    """The curve with its two axes."""
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (curve.place(*point) for point in curve.points))
    bottom, right = TOP + SIDE, PLOT_LEFT + PLOT_WIDTH
    return (
        f'<path class="edge" d="M{PLOT_LEFT:g} {TOP:g}V{bottom:g}H{right:g}"/>'
        f'<polyline class="curve" points="{line}"/>'
        f'<text class="label" x="{right:g}" y="{TOP + 8:g}" text-anchor="end">{escape(curve.up)}</text>'
        f'<text class="label" x="{right:g}" y="{bottom + 16:g}" text-anchor="end">'
        f"{escape(curve.across)} (to {curve.points[-1][0]:g})</text>"
        f'<text class="label" x="{PLOT_LEFT - 6:g}" y="{TOP + 8:g}" text-anchor="end">{curve.most:g}</text>'
        f'<text class="label" x="{PLOT_LEFT - 6:g}" y="{bottom:g}" text-anchor="end">0</text>'
    )


def above(x: float) -> float:
    """The next number above x that has a single digit: 0.2 for 0.18."""
    unit: float = 10.0 ** math.floor(math.log10(x))
    return math.ceil(x / unit) * unit


# ---- two inputs: the region of each class ----


class Square(NamedTuple):
    """The square of inputs that is shown: from `low` to `high` on both axes."""

    low: float
    high: float

    def place(self, x: Numbers) -> tuple[float, float]:
        """Where an input is in the picture."""
        scale = SIDE / (self.high - self.low)
        return LEFT + (x[0] - self.low) * scale, TOP + SIDE - (x[1] - self.low) * scale

    def region(self, score: Score, steps: int) -> str:
        """The region where a score is above 0, as it is found on a grid of so many steps."""
        grid = [self.low + (self.high - self.low) * i / steps for i in range(steps + 1)]
        scores = [[score((x1, x2)) for x1 in grid] for x2 in grid]
        contours = require("contourpy", what="a moving picture", extra="demo")  # it comes with matplotlib
        polygons, offsets = contours.contour_generator(grid, grid, scores, fill_type="OuterOffset").filled(
            0.0, math.inf
        )
        rings = [
            [self.place(point) for point in polygon[begin:end].tolist()]
            for polygon, starts in zip(polygons, offsets)
            for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist())
        ]
        corners = [found for found in map(corners_of, rings) if found]  # a region that only touches the edge has none
        outline = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in corners)
        ground = f'<rect class="no" x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}"/>'
        return f'{ground}<path class="yes" fill-rule="evenodd" d="{outline}"/>'

    def points(self, rows: Sequence[Numbers], labels: Sequence[int]) -> str:
        """The rows of the data, + where the label is 1 and − where it is 0."""
        marks = []
        for x, label in zip(rows, labels):
            across, up = self.place(x)
            plus = f"M{across - 6:.1f} {up:.1f}h12" + (f"M{across:.1f} {up - 6:.1f}v12" if label else "")
            marks.append(f'<path class="{"plus" if label else "minus"}" d="{plus}"/>')
        edge = f'<rect class="edge" x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}"/>'
        return edge + "".join(marks) + self.ticks()

    def ticks(self) -> str:
        """The numbers 0 and 1 on both axes."""
        texts = []
        for number in (0, 1):
            (across, bottom), (left, up) = self.place((number, self.low)), self.place((self.low, number))
            texts.append(
                f'<text class="label" x="{across:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{number}</text>'
            )
            texts.append(f'<text class="label" x="{left - 6:.1f}" y="{up + 4:.1f}" text-anchor="end">{number}</text>')
        return "".join(texts)

    def ring(self, x: Numbers) -> str:
        """A ring around an input."""
        across, up = self.place(x)
        return f'<circle class="ring" cx="{across:.1f}" cy="{up:.1f}" r="11"/>'


def corners_of(ring: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A closed line without the points that are on the straight line between their neighbours."""
    around = zip([ring[-2], *ring[:-2]], ring[:-1], ring[1:])
    return [b for a, b, c in around if abs((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])) > 1e-6]


# ---- pictures of 8 × 8, and a network's answer to each ----


def images(pictures: Sequence[Numbers]) -> str:
    """Pictures of 8 × 8 numbers from 0 (paper) to 1 (ink), in rows of four."""
    return "".join(
        f'<image x="{x:g}" y="{y:g}" width="52" height="52" style="image-rendering:pixelated" href="{png(pixels)}"/>'
        for pixels, (x, y) in zip(pictures, places(len(pictures)))
    )


def answers(said: Sequence[int], right: Sequence[int]) -> str:
    """The answer next to each picture: blue if it is right, orange if it is wrong."""
    return "".join(
        f'<text class="{"right" if a == k else "wrong"}" x="{x + 57:g}" y="{y + 34:g}">{a}</text>'
        for a, k, (x, y) in zip(said, right, places(len(said)))
    )


def places(n: int) -> list[tuple[float, float]]:
    """The upper left corners of n pictures."""
    return [(4 + 84 * (i % 4), TOP + 20 + 80 * (i // 4)) for i in range(n)]


def png(pixels: Numbers) -> str:
    """A picture of 8 × 8 in grey, as a link that holds it."""
    rows = b"".join(bytes([0, *(round(255 * (1 - p)) for p in pixels[i : i + 8])]) for i in range(0, 64, 8))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(file).decode()


# ---- the pictures of the course ----


def perceptron(path: Path, X: Sequence[Numbers], Y: Sequence[int], trace: Sequence[Numbers]) -> None:
    """The line of a perceptron after each step of its training; `trace` has w₁, w₂ and b, the start included."""
    square = Square(0, 1)
    wrong = [sum((w1 * x[0] + w2 * x[1] + b >= 0) != y for x, y in zip(X, Y)) for w1, w2, b in trace]
    moments = []
    for step, (w1, w2, b) in enumerate(trace):
        seen = square.region(lambda x: (w1 * x[0] + w2 * x[1] + b) or 1e-9, steps=1)  # noqa: B023  (used at once)
        name = "the start: w = 0, b = 0"
        if step:
            n, row = divmod(step - 1, len(X))
            seen += square.ring(X[row])
            sign = "−" if Y[row] == 0 else "+"
            what = "right" if trace[step] == trace[step - 1] else f"a mistake, so w ← w {sign} x"
            name = f"pass {n + 1}, point {row + 1}: {what}"
        moments.append(Moment(name, (step, wrong[step]), seen))
    curve = Curve([*enumerate(wrong)], "step", "points on the wrong side", len(X))
    write(path, "A perceptron learns", square.points(X, Y), curve, moments)


def boundary(
    path: Path, title: str, X: Sequence[Numbers], Y: Sequence[int], costs: Numbers, scores: Sequence[tuple[int, Score]]
) -> None:
    """The regions of a network at some epochs: where its score is above 0."""
    square = Square(-0.25, 1.25)
    curve = Curve([*enumerate(costs)], "epoch", "cost", above(max(costs)))
    moments = [
        Moment(f"epoch {epoch}: cost {costs[epoch]:.4f}", (epoch, costs[epoch]), square.region(score, steps=30))
        for epoch, score in scores
    ]
    write(path, title, square.points(X, Y), curve, moments)


def reading(
    path: Path,
    pictures: Sequence[Numbers],
    right: Sequence[int],
    costs: Numbers,
    said: Sequence[tuple[int, Sequence[int]]],
) -> None:
    """A network's answers to pictures of 8 × 8 before training, and after each number of batches."""
    curve = Curve([*enumerate(costs, 1)], "batches", "cost of a batch", above(max(costs)))
    moments = []
    for batches, guesses in said:
        hits = sum(a == k for a, k in zip(guesses, right))
        name = f"after {batches} batches: {hits} of {len(right)} right"
        moments.append(Moment(name, (batches, costs[max(batches, 1) - 1]), answers(guesses, right)))
    write(path, "A network learns to read", images(pictures), curve, moments)
