"""Programs written as C beside CasADi's generated C: nanoseconds a call, the same compiler and flags, run in turn.

    pip install autograd_mini[bench]
    python benchmarks/exported.py

Each program gives the value and the gradient.  CasADi has each in two forms, as its users write it: SX, in which a loop
becomes one long expression, and for the loop also `mapaccum`, which keeps it.
"""

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import casadi

sys.path.insert(0, str(Path(__file__).parent.parent))

from autograd_mini import compiler, value_and_grad
from autograd_mini.functions import sin

FLAGS = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O3", "-march=native", "-ffp-contract=off"]
ROUNDS = 7
STEPS = 1000
DRIVER = """
#include <stdio.h>
#include <time.h>
#include "{header}"

static double x[{n}], y[{n} + 1], w[200000];
static long long iw[1000];

int main(void)
{{
    double best = 1e30;
    for (int i = 0; i < {n}; i++) x[i] = 0.3 + 0.001 * (i % 17);
    for (int turn = 0; turn < 9; turn++) {{
        struct timespec from, to;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        for (int k = 0; k < {calls}; k++) {{
            x[0] = 0.3 + 1e-9 * k;
            {call}
        }}
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        const double t = ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / {calls};
        if (t < best) best = t;
    }}
    (void)iw; (void)w;
    printf("%.17g %.17g", best, y[0]);
    return 0;
}}
"""


def rosenbrock(x: Sequence[Any]) -> Any:
    """The sum of 100(b − a²)² + (1 − a)² over neighbours."""
    return sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


def pendulum(x: Sequence[Any]) -> Any:
    """Where a pendulum is after some steps of the symplectic Euler method."""
    angle, speed = x[0], x[1]
    for _ in range(STEPS):
        speed = speed - 0.01 * x[2] * sin(angle)
        angle = angle + 0.01 * speed
    return angle * angle + speed


def casadi_rosenbrock(x: Any) -> Any:
    """The same in CasADi."""
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(x.shape[0] - 1))


def casadi_pendulum(x: Any) -> Any:
    """The same in CasADi, step by step."""
    angle, speed = x[0], x[1]
    for _ in range(STEPS):
        speed = speed - 0.01 * x[2] * casadi.sin(angle)
        angle = angle + 0.01 * speed
    return angle * angle + speed


def accumulated_pendulum(x: Any) -> Any:
    """The same in CasADi, one step accumulated."""
    state, length = casadi.SX.sym("state", 2), casadi.SX.sym("length")
    speed = state[1] - 0.01 * length * casadi.sin(state[0])
    step = casadi.Function("step", [state, length], [casadi.vertcat(state[0] + 0.01 * speed, speed)])
    states = step.mapaccum(STEPS)(x[:2], casadi.repmat(x[2], 1, STEPS))
    return states[0, -1] ** 2 + states[1, -1]


def main() -> None:
    """Print a table."""
    print(f"{'program':<22}{'ours':>9}   {'CasADi':<10}{'':>9}  {'CasADi ÷ ours':>14}  {'source':>16}")
    for name, ours, n, calls, theirs in (
        ("Rosenbrock 10", rosenbrock, 10, 1_000_000, {"SX": (casadi_rosenbrock, casadi.SX)}),
        ("Rosenbrock 1000", rosenbrock, 1000, 5_000, {"SX": (casadi_rosenbrock, casadi.SX)}),
        ("pendulum, 1000 steps", pendulum, 3, 2_000,
         {"SX": (casadi_pendulum, casadi.SX), "mapaccum": (accumulated_pendulum, casadi.MX)}),
    ):  # fmt: skip
        with TemporaryDirectory() as folder:
            mine, text = _ours(Path(folder), ours, n, calls)
            for form, (f, kind) in theirs.items():
                other, long = _casadi(Path(folder), f, kind, n, calls)
                pairs = [(_run(mine), _run(other)) for _ in range(ROUNDS)]
                (a, z), (b, other_z) = min(p for p, _ in pairs), min(q for _, q in pairs)
                assert math.isclose(z, other_z, rel_tol=1e-9), f"{z} and {other_z}"
                print(f"{name:<22}{a:>9.1f}   {form:<10}{b:>9.1f}  {b / a:>14.2f}  {text:>6} and {long:>7}")


def _ours(folder: Path, f: Callable[..., Any], n: int, calls: int) -> tuple[Path, int]:
    example = [0.3 + 0.001 * (i % 17) for i in range(n)]
    both = compiler.compile(value_and_grad(f))
    both.to_c(folder / "ours", example, what="value")
    work = ", w" if "double *w" in (folder / "ours.h").read_text() else ""
    size = len((folder / "ours.c").read_text())
    return _compiled(folder, "ours", n, calls, f"if (ours_value(x, y{work})) return 1;"), size


def _casadi(folder: Path, f: Callable[..., Any], kind: Any, n: int, calls: int) -> tuple[Path, int]:
    x = kind.sym("x", n)
    root = f(x)
    both = casadi.Function("theirs", [x], [root, casadi.gradient(root, x)])
    both.generate("theirs.c", {"with_header": True})
    for name in ("theirs.c", "theirs.h"):  # it writes to the current directory alone
        Path(name).replace(folder / name)
    call = "{ const double *in[99] = {x}; double *out[99] = {y, y + 1}; theirs(in, out, iw, w, 0); }"
    return _compiled(folder, "theirs", n, calls, call), len((folder / "theirs.c").read_text())


def _compiled(folder: Path, name: str, n: int, calls: int, call: str) -> Path:
    (folder / f"{name}_main.c").write_text(DRIVER.format(header=f"{name}.h", n=n, calls=calls, call=call))
    sources = [str(folder / f"{name}.c"), str(folder / f"{name}_main.c")]
    subprocess.run(["cc", *FLAGS, *sources, "-o", str(folder / name), "-lm"], check=True)
    return folder / name


def _run(program: Path) -> tuple[float, float]:
    time, value = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.split()
    return float(time), float(value)


if __name__ == "__main__":
    main()
