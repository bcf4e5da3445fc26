"""The plots of docs/benchmarks.md: cost against size, in ink on white as those of the course are."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asked import curve, exponent
from report import PACKAGES, ROOT

sys.path.insert(0, str(ROOT / "demos"))

from _pictures import GREY, picture

FOLDER = ROOT / "docs" / "images" / "benchmarks"
LINES = {
    "eager": ("#2563eb", "o", "-"),
    "paused": ("#60a5fa", "o", "-"),
    "native": ("#ea580c", "o", "-"),
    "numpy": ("#0d9488", "o", "-"),
    "micrograd": ("#64748b", "s", "--"),
    "torch": ("#be123c", "^", "--"),
    "jax": ("#7c3aed", "v", "--"),
    "casadi": ("#a16207", "D", "--"),
    "ddx": ("#a21caf", "*", "--"),
    "autograd": ("#0891b2", "P", "--"),
    "mygrad": ("#4d7c0f", "X", "--"),
}
"""Colour, mark and stroke: ours are whole lines, the peers' broken."""


def draw(results: Mapping[str, Any]) -> None:
    """All that there are results for."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    everyone = ("eager", "native", "numpy", "micrograd", "torch", "jax", "casadi", "ddx", "autograd", "mygrad")
    compilers = ("native", "numpy", "jax", "casadi", "ddx")
    plot(results, "growth", "growth", "seconds", ("paused", *everyone), "nodes", "seconds of a run", exponents=True)
    plot(results, "first", "growth", "first", compilers, "nodes", "seconds before the first result", exponents=True)
    plot(results, "memory", "memory", "bytes", everyone, "nodes", "megabytes, at most", lambda y, _: y / 1e6, True)
    plot(results, "batch", "batch", "seconds", everyone, "samples", "microseconds a sample", lambda y, n: 1e6 * y / n)


def plot(
    results: Mapping[str, Any],
    name: str,
    section: str,
    figure: str,
    packages: Sequence[str],
    across: str,
    up: str,
    scale: Callable[[float, float], float] = lambda y, _: y,
    exponents: bool = False,
) -> None:
    """A line for each package, on logarithmic axes; how it grows beside its name."""
    with picture(FOLDER / f"{name}.svg", 9.2, 4.8) as canvas:
        axes = canvas.subplots()
        for package in packages:
            points = curve(results, section, package, figure)
            if not points:
                continue
            colour, mark, stroke = LINES[package]
            label = PACKAGES[package].replace("`", "")
            if exponents and len(points) > 1 and points[-2][0] > 9_000:
                label += f": $n^{{{exponent(points):.2f}}}$"
            axes.plot(
                *zip(*((x, scale(y, x)) for x, y in points)), color=colour, marker=mark, linestyle=stroke, label=label
            )
        axes.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
        axes.grid(color=GREY, alpha=0.2, linewidth=0.8)
        if axes.lines:
            canvas.legend(loc="outside right upper")
