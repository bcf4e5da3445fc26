"""Gradient descent: x′ = x − ε f′(x), again and again, until there is a reason to stop.

By hand on a parabola; on a quartic down to its minimum of 9/4; with learning rates that are too small, right and too
large; and from starts that end in different valleys.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import _pictures as pictures

from autograd_mini import Value, draw

Function = Callable[[Any], Any]


def parabola(x: Any) -> Any:
    """(x − 2)², whose minimum is at 2."""
    return (x - 2) ** 2


# %% The algorithm
# One step is x′ = x − ε f′(x), and backward() finds the slope. It stops when a step is shorter than a precision, when
# every derivative is below a threshold (here there is only one), or after a limit of steps.
def derivative(f: Function) -> Function:
    """f′, as a function of a number."""

    def slope(x: float) -> float:
        v = Value(x)
        f(v).backward()
        return v.grad

    return slope


def descend(
    slope: Function, x: float, rate: float, limit: int = 10_000, precision: float = 0.0, threshold: float = 0.0
) -> tuple[list[float], str]:
    """The points that it passes, the start included, and why it stopped."""
    path = [x]
    while len(path) <= limit:
        g = slope(path[-1])
        if abs(g) < threshold:
            return path, f"the derivative is below {threshold}"
        path.append(path[-1] - rate * g)
        if abs(path[-1] - path[-2]) < precision:
            return path, f"the step is below {precision}"
    return path, f"limit of {limit} steps reached"


# %% A quartic
# Its minimum is at 9/4. It is flat at 0 too, which is not a minimum, but a descent from the left may stop there.
def quartic(x: Any) -> Any:
    """x⁴ − 3x³."""
    return x**4 - 3 * x**3


def quartic_slope(x: float) -> float:
    """4x³ − 9x², as calculus has it."""
    return 4 * x**3 - 9 * x**2


# %% The learning rate
# On the parabola a step takes x − 2 to (1 − 2ε)(x − 2). So it comes closer for 0 < ε < 1, lands in one step at ε = 0.5,
# swings from side to side above that, and runs away above 1.
RATES = {0.02: "too small", 0.2: "good", 0.5: "one step", 0.9: "swings", 1.04: "runs away"}


# %% Local minima
# It goes down from where it starts, and so it ends in the valley that it starts in, not always in the deepest.
def valleys(x: Any) -> Any:
    """x⁴ − 4x² + x, which has two minima: a deep one on the left, a shallow one on the right."""
    return x**4 - 4 * x**2 + x


def main(out: Path = Path()) -> dict[str, object]:
    """Go through the chapter; the pictures go to the folder `out`."""
    by_hand = {start: descend(derivative(parabola), start, rate=0.01, limit=3)[0][1:] for start in (4.0, 0.0)}
    for start, points in by_hand.items():
        print(f"(x − 2)², ε = 0.01, from {start}: " + ", ".join(f"{x:.10g}" for x in points))

    points, reason = descend(derivative(quartic), 6.0, rate=0.01, precision=0.00001)
    print(f"x⁴ − 3x³ from 6: {len(points) - 1} steps to {points[-1]!r}; {reason}")
    written = descend(quartic_slope, 6.0, rate=0.01, precision=0.00001)[0]
    print(f"with the slope 4x³ − 9x² written out: {len(written) - 1} steps to {written[-1]!r}")
    flat, why_flat = descend(derivative(quartic), -1.0, rate=0.01, threshold=0.001)
    print(f"x⁴ − 3x³ from −1: {flat[-1]:.4f}, which is not a minimum: it is flat there, and {why_flat}")
    _, limit = descend(derivative(quartic), 6.0, rate=0.01, limit=20)
    print(f"with fewer steps: {limit}")
    pictures.quartic(out / "quartic.svg", quartic, points)

    f = quartic(Value(6.0, label="x"))
    f.backward()
    draw(f).save(out / "quartic_graph.svg")

    paths = {rate: descend(derivative(parabola), 4.0, rate, limit=15)[0] for rate in RATES}
    factors = {rate: (points[1] - 2) / (points[0] - 2) for rate, points in paths.items()}
    print("each step multiplies x − 2 by 1 − 2ε:", {rate: f"{factor:.2f}" for rate, factor in factors.items()})
    pictures.rates(out / "learning_rates.svg", paths, RATES)

    ends = [descend(derivative(valleys), start, rate=0.02, precision=1e-9)[0] for start in (-2.2, 2.0)]
    for path in ends:
        print(f"from {path[0]}: x = {path[-1]:.4f}, where f = {valleys(path[-1]):.4f}")
    pictures.valleys(out / "local_minima.svg", valleys, ends)

    return {
        "by_hand": by_hand,
        "steps": len(points) - 1,
        "end": points[-1],
        "written": written,
        "reasons": [reason, why_flat, limit],
        "flat": flat[-1],
        "factors": factors,
        "paths": paths,
        "ends": [path[-1] for path in ends],
    }


if __name__ == "__main__":
    main(pictures.folder(__doc__))
