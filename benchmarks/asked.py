"""The figures that the project asked of itself, and where in results.json each one's measured value stands."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from everyday_programs import PROGRAMS

Results = Mapping[str, Any]

LINEAR = 1.08
"""The largest fitted exponent that counts as linear growth: a million nodes are then less than twice as dear as ten
thousand are, each."""


class Asked(NamedTuple):
    """A figure that an issue asked for."""

    issue: int
    what: str
    least: bool  # or else at most
    figure: float
    unit: str
    measured: Callable[[Results], float]

    def reached(self, value: float) -> bool:
        """Whether a measured value is as good."""
        return value >= self.figure if self.least else value <= self.figure


def entry(results: Results, section: str, workload: str, package: str) -> Any:
    """What was measured of a package: a KeyError if it was not, or came to nothing."""
    found = results[section]["workloads"][workload]["entries"][package]
    if "failed" in found and "deepest" not in found:
        raise KeyError(package)
    return found


def ratio(section: str, workload: str, peer: str, mine: str) -> Callable[[Results], float]:
    """How many times as long as ours a peer takes: the median over the rounds."""
    return lambda results: float(entry(results, section, workload, peer)["ratios"][mine][1])


def middle(section: str, workload: str, package: str, figure: str) -> Callable[[Results], float]:
    """The median of a figure."""
    return lambda results: float(entry(results, section, workload, package)[figure][1])


def single(section: str, workload: str, package: str, figure: str) -> Callable[[Results], float]:
    """A figure that is one number."""
    return lambda results: float(entry(results, section, workload, package)[figure])


def curve(results: Results, section: str, package: str, figure: str) -> list[tuple[float, float]]:
    """A figure by size, where it was measured."""
    points = []
    for found in results.get(section, {"workloads": {}})["workloads"].values():
        value = found.get("entries", {}).get(package, {}).get(figure)
        size = found.get("nodes") or found.get("samples")
        if value is not None and size:
            points.append((float(size), float(value[1] if isinstance(value, Sequence) else value)))
    return sorted(points)


def exponent(points: Sequence[tuple[float, float]], least: float = 10_000) -> float:
    """The exponent a of the line size^a that fits best, by least squares of logarithms, from a size on."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x >= 0.9 * least]
    if len(logs) < 2:
        raise KeyError("growth")
    mx, my = (sum(column) / len(logs) for column in zip(*logs))
    return float(sum((x - mx) * (y - my) for x, y in logs) / sum((x - mx) ** 2 for x, y in logs))


def grows(section: str, package: str, figure: str) -> Callable[[Results], float]:
    """The fitted exponent of a curve that reaches a million."""

    def measured(results: Results) -> float:
        points = curve(results, section, package, figure)
        if not points or points[-1][0] < 900_000:
            raise KeyError("a million")
        return exponent(points)

    return measured


def passed(package: str, factor: float, choose: Callable[[Sequence[float]], float]) -> Callable[[Results], float]:
    """The per cent of points that pass a checker where a slope is wrong by a factor, of the function chosen."""

    def measured(results: Results) -> float:
        found = entry(results, "verdicts", "slopes", package)
        at = found["factors"].index(factor)
        return 100.0 * choose([shares[at][0] for shares in found["passed"].values()])

    return measured


TITLES = {
    "moons": "MLP 2-16-16-1, 100 points, a training step",
    "chain": "chain of tanh(x·w + b), 20,000 times",
    "dots": "100 scalar products of length 100",
    "rosenbrock10": "Rosenbrock, 10 variables",
    "rosenbrock2": "Rosenbrock, 2 variables",
    "mnist": "MLP 784-100-10, batch of 128, float32, a training step",
    "tiny": "ten operations, one call",
    "rosenbrock": "Rosenbrock, 1,000 variables",
    "black_scholes": "Black–Scholes and greeks of 10⁶ options",
    "irregular_2000": "2,000 lines without pattern, one sample",
    "irregular_20000": "20,000 lines without pattern, one sample",
    "irregular_2000_batch": "2,000 lines without pattern, 1,024 samples",
    "irregular_20000_batch": "20,000 lines without pattern, 1,024 samples",
    "system": "1,000 steps of a system of four states",
}
NAMES = {"torch": "PyTorch", "jax": "JAX", "casadi": "CasADi", "micrograd": "micrograd"}


def faster(issue: int, mine: str, workload: str, **times: float) -> list[Asked]:
    """How many times as fast as each of some peers a compiled program should be."""
    tier = {"numpy": "NumPy", "native": "native"}[mine]
    return [
        Asked(
            issue,
            f"{TITLES[workload]}: {tier} against {NAMES[peer]}",
            True,
            figure,
            "×",
            ratio("compiled", workload, peer, mine),
        )
        for peer, figure in times.items()
    ]


def first_call(workload: str) -> Callable[[Results], float]:
    """How many times as long our first call takes as JAX's, or as 0.6 s where that is longer."""
    return lambda results: (
        single("everyday", workload, "auto", "first")(results)
        / max(0.6, single("everyday", workload, "jax", "first")(results))
    )


def everyday() -> list[Asked]:
    """What the programs of everyday use should take."""
    asked = []
    for workload, (title, _) in PROGRAMS.items():
        what, calls = f"everyday: {title}", CALLS.get(workload, 1.5)
        asked.append(Asked(22, f"{what}: against JAX", True, calls, "×", ratio("everyday", workload, "jax", "auto")))
        if workload in CASADI:
            asked.append(
                Asked(22, f"{what}: against CasADi", True, 1.2, "×", ratio("everyday", workload, "casadi", "auto"))
            )
        asked.append(Asked(22, f"{what}: first call, by JAX's or 0.6 s", False, 1, "×", first_call(workload)))
    return asked


CASADI = ("tridiagonal", "kalman", "hmm", "cholesky", "bodies_10_20", "bodies_20_20", "bodies_50_5")
"""What its users would write with it."""

CALLS = {"kalman": 30, "hmm": 8, "logistic_loop": 2, "cholesky": 0.9}
"""Times as fast as JAX that a call should be, where it is not 1.5."""


def against_micrograd(what: str, workload: str, mine: str, figure: float) -> Asked:
    """How many times as fast as micrograd the engine should be."""
    return Asked(2, f"eager: {what}, against micrograd", True, figure, "×", ratio("eager", workload, "micrograd", mine))


ASKED = [
    against_micrograd("moons training step, micrograd's nn on our Value", "moons", "eager", 10),
    against_micrograd("moons training step, our nn", "moons", "n-ary", 20),
    against_micrograd("chain of tanh(x·w + b)", "chain", "eager", 6),
    against_micrograd("100 dots of length 100, operators", "dots", "eager", 7),
    against_micrograd("100 dots of length 100, `dot`", "dots", "n-ary", 20),
    against_micrograd("Rosenbrock, 10 variables", "rosenbrock10", "eager", 3.5),
    against_micrograd("Rosenbrock, 2 variables", "rosenbrock2", "eager", 3.5),
    Asked(2, "bytes a node, chain of tanh", False, 144, " bytes", single("memory", "chain", "eager", "bytes")),
    Asked(2, "bytes a node, moons' loss", False, 144, " bytes", single("memory", "moons", "eager", "bytes")),
    Asked(
        2, "import of the package", False, 30, " ms", lambda r: 1e3 * middle("start", "imports", "eager", "seconds")(r)
    ),
    Asked(
        2,
        "packages that the import brings along",
        False,
        0,
        "",
        lambda r: single("start", "imports", "eager", "modules")(r) - 1,
    ),
    Asked(
        2,
        "deepest graph, at Python's own limits",
        True,
        10_000_000,
        " nodes",
        single("depth", "chain", "eager", "deepest"),
    ),
    Asked(2, "hard slopes missed, of 57", False, 0, "", single("accuracy", "points", "eager", "missed")),
    Asked(3, "XOR learned, of 20 seeds", True, 20, "", lambda r: 20 * single("training", "xor", "eager", "right")(r)),
    Asked(
        3,
        "moons, accuracy of 10 seeds",
        True,
        97,
        " %",
        lambda r: 100 * single("training", "moons", "eager", "mean")(r),
    ),
    Asked(
        3,
        "iris, held out, mean of 10 seeds",
        True,
        95,
        " %",
        lambda r: 100 * single("training", "iris", "eager", "mean")(r),
    ),
    Asked(
        3,
        "breast cancer, held out, mean of 10 seeds",
        True,
        95,
        " %",
        lambda r: 100 * single("training", "breast cancer", "eager", "mean")(r),
    ),
    Asked(
        3,
        "`fit` compared with the loop written out: time of an epoch",
        False,
        1.1,
        "×",
        ratio("training", "overhead", "fit", "eager"),
    ),
    Asked(4, "an SVG of 500 boxes", False, 2, " s", middle("drawing", "boxes", "eager", "seconds")),
    Asked(
        5, "`gradcheck`: right slopes that pass, worst of nine functions", True, 100, " %", passed("eager", 1.0, min)
    ),
    Asked(
        5, "`gradcheck`: slopes 0.01 % wrong that pass, worst function", False, 0, " %", passed("eager", 1.0001, max)
    ),
    Asked(
        5,
        "PyTorch's gradcheck: slopes 0.05 % wrong that pass, worst function",
        True,
        100,
        " %",
        passed("torch", 1.0005, max),
    ),
    *faster(7, "numpy", "moons", torch=8, jax=1.2, micrograd=4000),
    *faster(7, "numpy", "mnist", torch=1, jax=1),
    *faster(7, "numpy", "tiny", micrograd=40, torch=100, casadi=1),
    *faster(7, "numpy", "rosenbrock", torch=1),
    *faster(7, "numpy", "black_scholes", torch=1),
    Asked(
        7,
        "MLP 784-100-10: traced, compiled and called first",
        False,
        5,
        " s",
        single("compiled", "mnist", "numpy", "first"),
    ),
    Asked(7, "100,000 irregular nodes: the same, NumPy", False, 2, " s", single("growth", "100000", "numpy", "first")),
    Asked(
        7,
        "digits, compiled, held out",
        True,
        97,
        " %",
        lambda r: 100 * single("training", "digits", "numpy", "mean")(r),
    ),
    Asked(
        8,
        "the explorer's page of a graph of a hundred values",
        False,
        200,
        " kB",
        single("drawing", "page", "eager", "kilobytes"),
    ),
    *faster(9, "native", "moons", torch=60, jax=8, casadi=30),
    *faster(9, "native", "rosenbrock", torch=30, jax=8, casadi=3),
    *faster(9, "native", "irregular_2000", casadi=2.5),
    *faster(9, "native", "irregular_20000", casadi=2.5),
    *faster(9, "native", "irregular_2000_batch", casadi=10),
    *faster(9, "native", "irregular_20000_batch", casadi=10),
    Asked(
        9,
        "ten operations, one call: native",
        False,
        0.3,
        " µs",
        lambda r: 1e6 * middle("compiled", "tiny", "native", "seconds")(r),
    ),
    *faster(9, "native", "tiny", casadi=3),
    *faster(9, "native", "system", jax=5),
    *faster(9, "native", "black_scholes", torch=5, jax=5),
    Asked(9, "the first use of the native tier", False, 1, " s", middle("start", "native", "native", "first")),
    Asked(
        9,
        "its first use in a later process, after the import of llvmlite",
        False,
        10,
        " ms",
        lambda r: 1e3 * middle("start", "native", "native", "later")(r),
    ),
    *[
        Asked(21, f"{what}: against JAX", True, asked, "×", ratio("derivatives", workload, "jax", "auto"))
        for what, workload, asked in (
            ("Hessian, dense, Rosenbrock of 100 variables", "dense_hessian", 1.5),
            ("Hessian times a vector, Rosenbrock of 100", "product_100", 15),
            ("Hessian times a vector, Rosenbrock of 10,000", "product_10000", 3),
            ("Jacobian, 50 × 50, each result of two variables", "jacobian_elementwise", 3),
            ("Jacobian, 50 × 50, of tanh(W·x)", "jacobian_dense", 3),
            ("Hessian times a vector, 1,000 steps of a loop", "product_loop", 3),
        )
    ],
    *everyday(),
    Asked(
        22,
        "10⁴ steps of Runge and Kutta: first call",
        False,
        2,
        " s",
        single("everyday", "runge_kutta", "auto", "first"),
    ),
    Asked(22, "the same: memory", False, 250, " MB", single("everyday", "runge_kutta", "auto", "megabytes")),
    Asked(
        22, "50 bodies, 100 steps: first call", False, 12, " s", single("everyday", "bodies_50_100", "auto", "first")
    ),
    *[
        Asked(23, f"{what}: against CasADi", True, 2, "×", ratio("derivatives", workload, "casadi", "auto"))
        for what, workload in (
            ("value, gradient and sparse Hessian, Rosenbrock of 1,000", "sparse_hessian"),
            ("sparse Jacobian of a stencil of 1,000 points", "sparse_jacobian"),
        )
    ],
    *[
        Asked(23, f"exported C, {what}: against CasADi's", True, asked, "×", ratio("exported", workload, form, "auto"))
        for what, workload, form, asked in (
            ("Rosenbrock, 10 variables", "rosenbrock10", "casadi", 2),
            ("Rosenbrock, 1,000 variables", "rosenbrock1000", "casadi", 2),
            ("1,000 steps of a loop", "pendulum", "casadi", 1),
            ("1,000 steps of a loop, by `mapaccum`", "pendulum", "mapaccum", 4),
        )
    ],
    *[
        Asked(24, f"{model}: against JAX", True, 2, "×", ratio("how_to", model, "jax", "array"))
        for model in ("maximum likelihood", "ODE by Runge–Kutta", "equilibrium", "Monte Carlo")
    ],
    *[
        Asked(10, f"growth to 10⁶ nodes, {what}: exponent", False, LINEAR, "", grows(section, package, figure))
        for what, section, package, figure in (
            ("time, eager", "growth", "eager", "seconds"),
            ("time, eager, Python's collector off", "growth", "paused", "seconds"),
            ("time, compiled NumPy", "growth", "numpy", "seconds"),
            ("time, compiled native", "growth", "native", "seconds"),
            ("time to compile, NumPy", "growth", "numpy", "first"),
            ("time to compile, native", "growth", "native", "first"),
            ("memory, eager", "memory", "eager", "bytes"),
            ("memory, compiled NumPy", "memory", "numpy", "bytes"),
            ("memory, compiled native", "memory", "native", "bytes"),
        )
    ],
]
