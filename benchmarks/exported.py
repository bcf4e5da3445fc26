"""Programs written as C beside CasADi's generated C: the time of a call, the same compiler and flags, run in turn.

Each program gives the value and the gradient.  CasADi has each in two forms, as its users write it: SX, in which a loop
becomes one long expression, and for the loop also `mapaccum`, which keeps it.
"""

import contextlib
import math
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measure import Options, quartiles

from autograd_mini import compiler, value_and_grad
from autograd_mini.functions import sin

FLAGS = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O3", "-march=native", "-ffp-contract=off"]
ROUNDS = 5
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
    import casadi

    angle, speed = x[0], x[1]
    for _ in range(STEPS):
        speed = speed - 0.01 * x[2] * casadi.sin(angle)
        angle = angle + 0.01 * speed
    return angle * angle + speed


def accumulated_pendulum(x: Any) -> Any:
    """The same in CasADi, one step accumulated."""
    import casadi

    state, length = casadi.SX.sym("state", 2), casadi.SX.sym("length")
    speed = state[1] - 0.01 * length * casadi.sin(state[0])
    step = casadi.Function("step", [state, length], [casadi.vertcat(state[0] + 0.01 * speed, speed)])
    states = step.mapaccum(STEPS)(x[:2], casadi.repmat(x[2], 1, STEPS))
    return states[0, -1] ** 2 + states[1, -1]


PROGRAMS: dict[str, tuple[Callable[..., Any], int, int, dict[str, tuple[Callable[..., Any], str]]]] = {
    "rosenbrock10": (rosenbrock, 10, 1_000_000, {"casadi": (casadi_rosenbrock, "SX")}),
    "rosenbrock1000": (rosenbrock, 1000, 5_000, {"casadi": (casadi_rosenbrock, "SX")}),
    "pendulum": (
        *(pendulum, 3, 2_000),
        {"casadi": (casadi_pendulum, "SX"), "mapaccum": (accumulated_pendulum, "MX")},
    ),
}
TITLES = {
    "rosenbrock10": "Rosenbrock, 10 variables",
    "rosenbrock1000": "Rosenbrock, 1,000 variables",
    "pendulum": "a pendulum, 1,000 steps",
}
WORKLOADS = tuple(PROGRAMS)


def measure(name: str, options: Options) -> dict[str, Any]:
    """An entry for each form: seconds of a call, how many times as long as ours, and the letters of the source."""
    ours, n, calls, forms = PROGRAMS[name]
    if shutil.which("cc") is None:
        return {"failed": "no C compiler"}
    spent: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder:
        programs = {"auto": _ours(Path(folder), ours, n, calls)}
        for form, (f, kind) in forms.items():
            if options.chosen("casadi"):
                programs[form] = _casadi(Path(folder), form, f, kind, n, calls)
        values = set()
        for _ in range(1 if options.quick else ROUNDS):
            for form, (program, _) in programs.items():
                seconds, value = _run(program)
                spent.setdefault(form, []).append(seconds)
                values.add(value)
    if not all(math.isclose(value, min(values), rel_tol=1e-9) for value in values):
        return {"failed": f"wrong: the values are {sorted(values)}"}
    entries = {
        form: {
            "seconds": quartiles(times),
            "ratios": {"auto": quartiles([a / b for a, b in zip(times, spent["auto"])])},
            "letters": programs[form][1],
        }
        for form, times in spent.items()
    }
    return {"title": TITLES[name], "entries": entries}


def _ours(folder: Path, f: Callable[..., Any], n: int, calls: int) -> tuple[Path, int]:
    example = [0.3 + 0.001 * (i % 17) for i in range(n)]
    both = compiler.compile(value_and_grad(f))
    both.to_c(folder / "ours", example, what="value")
    work = ", w" if "double *w" in (folder / "ours.h").read_text() else ""
    size = len((folder / "ours.c").read_text())
    return _compiled(folder, "ours", n, calls, f"if (ours_value(x, y{work})) return 1;"), size


def _casadi(folder: Path, name: str, f: Callable[..., Any], kind: str, n: int, calls: int) -> tuple[Path, int]:
    import casadi

    x = getattr(casadi, kind).sym("x", n)
    root = f(x)
    both = casadi.Function(name, [x], [root, casadi.gradient(root, x)])
    with contextlib.chdir(folder):  # it writes to the current directory alone
        both.generate(f"{name}.c", {"with_header": True})
    call = f"{{ const double *in[99] = {{x}}; double *out[99] = {{y, y + 1}}; {name}(in, out, iw, w, 0); }}"
    return _compiled(folder, name, n, calls, call), len((folder / f"{name}.c").read_text())


def _compiled(folder: Path, name: str, n: int, calls: int, call: str) -> Path:
    (folder / f"{name}_main.c").write_text(DRIVER.format(header=f"{name}.h", n=n, calls=calls, call=call))
    sources = [str(folder / f"{name}.c"), str(folder / f"{name}_main.c")]
    subprocess.run(["cc", *FLAGS, *sources, "-o", str(folder / name), "-lm"], check=True)
    return folder / name


def _run(program: Path) -> tuple[float, float]:
    time, value = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.split()
    return 1e-9 * float(time), float(value)
