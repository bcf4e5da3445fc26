"""The pictures of the course, drawn by matplotlib from plain numbers, and the folder that they go to."""

import argparse
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from autograd_mini.extras import MissingExtraError, require

Numbers = Sequence[float]
Function = Callable[[float], float]
Panel = tuple[str, Callable[[Numbers], float], Sequence[Numbers], Sequence[int]]  # title, score, rows, labels

BLUE, ORANGE, GREY, TEAL, INK = "#2563eb", "#ea580c", "#64748b", "#0d9488", "#1e293b"
PALE_BLUE, PALE_ORANGE = "#dbeafe", "#ffedd5"

STYLE: dict[Any, Any] = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "font.family": "DejaVu Sans",  # included in matplotlib: the same letters on every machine
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "savefig.bbox": "tight",
    "savefig.dpi": 160,
    "svg.hashsalt": "autograd_mini",  # the names inside an SVG are drawn from it: the same picture, the same bytes
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
}


def folder(description: str | None, *needed: str) -> Path:
    """Read the command line of a demo: the folder for its pictures, made if it is not there.

    The demo ends here, with one line, if matplotlib or another `needed` package is not installed.
    """
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for the pictures (default: this one)")
    out: Path = parser.parse_args().out
    try:
        for module in ("matplotlib", *needed):
            require(module, what="this demo", extra="demo")
    except MissingExtraError as error:
        parser.exit(1, f"error: {error}\n")
    out.mkdir(parents=True, exist_ok=True)
    print(f"the pictures go to {out.resolve()}")
    return out


# What else is done with each picture, such as making slides of it: called with the figure and its path.
finished: list[Callable[[Any, Path], object]] = []


@contextmanager
def picture(path: Path, width: float = 7.4, height: float = 3.2) -> Iterator[Any]:
    """A figure of matplotlib's to draw on, in inches, which is saved to `path` at the end of the with block."""
    matplotlib = require("matplotlib", what=path.name, extra="demo")
    figures = require("matplotlib.figure", what=path.name, extra="demo")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = figures.Figure(figsize=(width, height), layout="constrained")
        yield figure
        save(figure, path)
        for also in finished:
            also(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write a figure to a file: the same figure, the same bytes."""
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


# ---- 1. linear models ----


def hyperplanes(path: Path) -> None:
    """f(x) = 0 in one, two and three dimensions, where every weight is 1 and b is −0.4."""
    with picture(path, width=9.0) as figure:
        one, two, three = (figure.add_subplot(1, 3, n, projection="3d" if n == 3 else None) for n in (1, 2, 3))
        one.plot([-1, 0.4], [0, 0], color=ORANGE, linewidth=5, zorder=3)
        one.plot([0.4, 1], [0, 0], color=BLUE, linewidth=5, zorder=3)
        one.plot(0.4, 0, "o", color=INK, markersize=10, zorder=4)
        one.set(xlabel="$x$", ylim=(-1, 1), xticks=[-1, 0, 1], yticks=[], title="a point: $x - 0.4 = 0$")
        one.spines["left"].set_visible(False)
        one.spines["bottom"].set_position("zero")
        two.fill_between([-1, 1], [1.4, -0.6], 1.4, color=PALE_BLUE)
        two.fill_between([-1, 1], [1.4, -0.6], -1, color=PALE_ORANGE)
        two.plot([-0.6, 1], [1.0, -0.6], color=INK)
        two.set(xlabel="$x_1$", ylabel="$x_2$", title="a line: $x_1 + x_2 - 0.4 = 0$", xlim=(-1, 1), ylim=(-1, 1))
        for axes, below, above in ((one, 0.2, 0.2), (two, -0.6, 0.5)):
            axes.text(-0.3, below, "$f(x) < 0$", color=ORANGE, ha="center")
            axes.text(0.6, above, "$f(x) > 0$", color=BLUE, ha="center")
        corners = list(product((-1.0, 1.0), repeat=2))
        three.plot_trisurf(*zip(*corners), [0.4 - x1 - x2 for x1, x2 in corners], color=BLUE, alpha=0.4, shade=False)
        two.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        three.set(xlabel="$x_1$", ylabel="$x_2$", zlabel="$x_3$", title="a plane: $x_1 + x_2 + x_3 - 0.4 = 0$")
        three.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-2, 0, 2])


def regions(path: Path, *panels: Panel, margin: float = 0.0) -> None:
    """Rows of two numbers, + and −, over the regions where a score is below and above 0, from a grid of 50 × 50."""
    low, high = -margin, 1 + margin
    grid = [low + (high - low) * i / 49 for i in range(50)]
    with picture(path, width=1.2 + 3.3 * len(panels), height=3.5) as figure:
        for axes, (title, score, rows, labels) in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels):
            scores = [[score((x1, x2)) for x1 in grid] for x2 in grid]
            axes.contourf(grid, grid, scores, levels=[-math.inf, 0, math.inf], colors=[PALE_ORANGE, PALE_BLUE])
            axes.contour(grid, grid, scores, levels=[0], colors=GREY, linewidths=1)
            for label, marker, colour in ((1, "$+$", BLUE), (0, "$-$", ORANGE)):
                points = [x for x, y in zip(rows, labels) if y == label]
                axes.scatter(*zip(*points), marker=marker, s=130, color=colour, zorder=3, label=f"$y = {label}$")
            axes.set(xlabel="$x_1$", ylabel="$x_2$", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], title=title)
            axes.set_aspect("equal")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper")


# ---- 2. activation functions ----


def activations(path: Path, curves: Mapping[str, tuple[Numbers, Numbers, Numbers]]) -> None:
    """Each function with its derivative: x, φ(x) and φ′(x)."""
    with picture(path, width=9.0, height=3.0) as figure:
        for axes, (name, (xs, values, slopes)) in zip(figure.subplots(1, len(curves)), curves.items()):
            axes.axhline(0, color=GREY, linewidth=0.8)
            axes.plot(xs, values, color=BLUE, label=r"$\varphi(x)$")
            jump = "steps-pre" if name == "relu" else "default"  # its derivative has no values between 0 and 1
            axes.plot(xs, slopes, color=ORANGE, label=r"$\varphi\,'(x)$", drawstyle=jump)
            axes.set(title=name, xlabel="$x$", xticks=[xs[0], 0, xs[-1]])
            axes.legend(loc="upper left")


def vanishing(path: Path, rows: Mapping[str, Numbers]) -> None:
    """How the gradient shrinks with every function that it goes back through."""
    with picture(path, width=4.8, height=3.4) as figure:
        axes = figure.subplots()
        for (name, slopes), colour in zip(rows.items(), (BLUE, GREY, ORANGE)):
            axes.plot(range(1, len(slopes) + 1), slopes, ".-", color=colour)
            axes.text(len(slopes) + 0.2, slopes[-1], name, color=colour, va="center")
        axes.set(yscale="log", xticks=[1, 5, 10], xlabel="functions in a row", ylabel="slope at $x = 1$")


# ---- 3. feedforward networks ----


def network(path: Path, widths: Sequence[int]) -> None:
    """The neurons of a network with one hidden layer, and the weights between them."""
    high = max(widths) / 2
    with picture(path, width=5.4, height=3.6) as figure:
        axes = figure.subplots()
        places = [[(2 * i, (n - 1) / 2 - j) for j in range(n)] for i, n in enumerate(widths)]
        for before, after in pairwise(places):
            for (x0, y0), (x1, y1) in product(before, after):
                axes.plot([x0, x1], [y0, y1], color=GREY, linewidth=0.8, zorder=1)
        for layer, colour, name in zip(places, (GREY, BLUE, ORANGE), ("inputs", "hidden neurons", "outputs")):
            axes.scatter(*zip(*layer), s=420, color="white", edgecolor=colour, linewidth=2.5, zorder=2)
            axes.text(layer[0][0], -high - 0.3, f"{len(layer)} {name}", color=colour, ha="center")
        for i, (n, m) in enumerate(pairwise(widths)):
            axes.text(2 * i + 1, high, f"$W^{i + 1}$ is {m} × {n}", color=INK, ha="center")
        axes.set(xlim=(-0.8, 2 * len(widths) - 1.2), ylim=(-high - 0.4, high + 0.3))
        axes.axis("off")


def symmetry(path: Path, alike: Sequence[Numbers], different: Sequence[Numbers]) -> None:
    """The paths of three weights from a constant start, which are one path, and from a random one."""
    with picture(path) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, weights in ((left, alike), (right, different)):
            for weight, colour, style in zip(zip(*weights), (BLUE, ORANGE, GREY), ("-", "--", ":")):
                axes.plot(weight, color=colour, linestyle=style, linewidth=2.5)
            axes.set_xlabel("epoch")
        left.set(ylabel="first weight of each neuron", title="all weights start at 0.5")
        left.annotate(
            "three neurons,\none line", (150, 0.78), (80, -0.5), arrowprops={"arrowstyle": "-", "color": GREY}
        )
        right.set_title("weights start at random")


# ---- 4. losses ----


def costs(path: Path, zs: Numbers, lines: Mapping[str, tuple[Numbers, Numbers]]) -> None:
    """Cost and slope of each loss over z, where y = 0: far right the neuron is sure and wrong."""
    with picture(path) as figure:
        left, right = figure.subplots(1, 2)
        for (name, (values, slopes)), colour in zip(lines.items(), (ORANGE, BLUE)):
            left.plot(zs, values, color=colour, label=name)
            right.plot(zs, slopes, color=colour)
        left.set(xlabel="$z$", title="cost $C$, where $y = 0$", ylim=(-0.1, 4))
        right.set(xlabel="$z$", title=r"slope $\partial C / \partial z$")
        left.legend(loc="upper left")


def learning(path: Path, outputs: Mapping[str, Numbers]) -> None:
    """How the output of a neuron nears its target with each loss, side by side."""
    with picture(path) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, (name, a), colour in zip((left, right), outputs.items(), (ORANGE, BLUE)):
            axes.plot(a, color=colour)
            axes.axhline(0, color=GREY, linewidth=0.8)
            axes.text(len(a), -0.03, "target $y = 0$", color=GREY, ha="right", va="top")
            axes.set(xlabel="epoch", title=name, ylim=(-0.14, 1.04))
        left.set_ylabel("output $a$")


# ---- 5. gradient descent ----


def quartic(path: Path, f: Function, points: Numbers) -> None:
    """The way down x⁴ − 3x³, from the first step on."""
    xs = [i / 100 for i in range(-100, 341)]
    with picture(path, width=4.8, height=3.4) as figure:
        axes = figure.subplots()
        axes.plot(xs, [f(x) for x in xs], color=BLUE)
        axes.plot(points[1:], [f(x) for x in points[1:]], "o", color=ORANGE, markersize=5)
        axes.text(2.25, -11.5, "minimum at 9/4", ha="center", color=INK)
        arrow = {"arrowstyle": "->", "color": INK}
        axes.annotate(f"the first step,\nfrom $x = {points[0]:g}$", (points[1], 0), (0.1, 5), arrowprops=arrow)
        axes.set(xlabel="$x$", ylabel="$x^4 - 3x^3$", ylim=(-13, 14))


def rates(path: Path, paths: Mapping[float, Numbers], names: Mapping[float, str]) -> None:
    """The ways to the minimum at 2, by learning rate."""
    with picture(path, width=6.6, height=3.8) as figure:
        axes = figure.subplots()
        axes.axhline(2, color=GREY, linewidth=0.8)
        for (rate, points), colour in zip(paths.items(), (GREY, BLUE, INK, TEAL, ORANGE)):
            label = rf"$\varepsilon$ = {rate}: {names[rate]}"
            axes.plot(points, ".-", color=colour, label=label, linewidth=1.5)
        axes.set(xlabel="step", ylabel="$x$", xticks=[0, 5, 10, 15])
        figure.legend(loc="outside right center")


def valleys(path: Path, f: Function, paths: Sequence[Numbers]) -> None:
    """Two starts on x⁴ − 4x² + x, and the minimum in which each ends."""
    xs = [i / 100 for i in range(-225, 226)]
    with picture(path, width=4.8, height=3.4) as figure:
        axes = figure.subplots()
        axes.plot(xs, [f(x) for x in xs], color=GREY)
        for points, colour, name in zip(paths, (BLUE, ORANGE), ("global minimum", "local minimum")):
            axes.plot(points, [f(x) for x in points], "o-", color=colour, markersize=5, linewidth=1.5)
            axes.text(points[-1], f(points[-1]) - 1.1, name, color=colour, ha="center")
        axes.set(xlabel="$x$", ylabel="$x^4 - 4x^2 + x$", ylim=(-7.5, 5))


# ---- 6. backpropagation ----


def prices(path: Path, prices: Mapping[str, Sequence[tuple[int, float, float]]]) -> None:
    """The price of a gradient as n grows: forward passes counted, and time measured in units of one of them."""
    with picture(path, width=5.6, height=3.8) as figure:
        axes = figure.subplots()
        for (name, rows), colour in zip(prices.items(), (ORANGE, BLUE)):
            ns, passes, times = zip(*rows)
            axes.plot(ns, passes, color=colour, label=f"{name}: forward passes, counted")
            axes.plot(ns, times, "o", color=colour, label=f"{name}: time, measured")
        axes.set(xscale="log", yscale="log", xlabel="weights and biases $n$", ylabel="price, in forward passes")
        axes.set_ylim(0.6, 10_000)
        axes.legend(loc="upper left")


def speeds(path: Path, sweeps: Mapping[str, tuple[Numbers, Sequence[Numbers]]]) -> None:
    """The slopes of the cost with respect to w¹ and w² of two neurons in a row, as another number changes."""
    with picture(path, width=9.0, height=3.0) as figure:
        for axes, (name, (xs, slopes)) in zip(figure.subplots(1, len(sweeps)), sweeps.items()):
            by_w1, by_w2 = zip(*slopes)
            axes.axhline(0, color=GREY, linewidth=0.8)
            axes.plot(xs, by_w2, color=BLUE, label=r"$\partial C/\partial w^2$")
            axes.plot(xs, by_w1, color=ORANGE, label=r"$\partial C/\partial w^1$")
            axes.set_xlabel(name)
            axes.legend()


# ---- 7. digits ----


def training(path: Path, costs: Numbers, accuracies: Numbers) -> None:
    """The cost of each batch, and the accuracy after each epoch, on digits that were not learned from."""
    epochs = len(accuracies) - 1
    with picture(path) as figure:
        left, right = figure.subplots(1, 2)
        left.plot([i * epochs / len(costs) for i in range(len(costs))], costs, color=GREY, linewidth=0.8)
        left.set(xlabel="epoch", ylabel="cost of a batch", yscale="log")
        right.plot([100 * share for share in accuracies], "o-", color=BLUE)
        right.set(xlabel="epoch", ylabel="right answers, held out, %", ylim=(0, 104))


def images(path: Path, rows: int, pictures: Sequence[tuple[Numbers, str]], right: Sequence[bool] = ()) -> None:
    """Images of 8 × 8, each with a title: ink on paper, or weights if there are negative ones."""
    with picture(path, height=1.2 * rows) as figure:
        from matplotlib.colors import LinearSegmentedColormap

        signed = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
        for n, (pixels, title) in enumerate(pictures):
            axes = figure.add_subplot(rows, -(-len(pictures) // rows), n + 1)
            most = max(map(abs, pixels))
            ink = {"cmap": "Greys"} if min(pixels) >= 0 else {"cmap": signed, "vmin": -most, "vmax": most}
            axes.imshow([pixels[i : i + 8] for i in range(0, 64, 8)], **ink)
            axes.set_title(title, color=INK if not right or right[n] else ORANGE)
            axes.axis("off")
