"""The classic functions of global optimisation at their published optima, where many have a kink, an end or a 0/0.

Formulas and optima: Jamil and Yang, A literature survey of benchmark functions, 2013, and SciPy's collection of them.
What a compiled function and its compiled derivatives give there is what the eager ones give, in every executor.
"""

import math
from collections.abc import Callable, Sequence
from math import pi
from typing import Any, NamedTuple

import pytest

from autograd_mini import compiler, grad
from autograd_mini.functions import cos, exp, prod, sin, sqrt
from autograd_mini.functions import sum as total
from autograd_mini.transforms import value_and_grad

EXECUTORS = ["source", "numpy", "native"]


class Optimum(NamedTuple):
    f: Callable[[Sequence[Any]], Any]
    at: list[float]
    value: float


def ackley(x):
    n = len(x)
    return -20 * exp(-0.2 * sqrt(total(v**2 for v in x) / n)) - exp(total(cos(2 * pi * v) for v in x) / n) + 20 + math.e


def griewank(x):
    return total(v**2 for v in x) / 4000 - prod(cos(v / math.sqrt(i + 1)) for i, v in enumerate(x)) + 1


def levy(x):
    w = [1 + (v - 1) / 4 for v in x]
    middle = total((a - 1) ** 2 * (1 + 10 * sin(pi * a + 1) ** 2) for a in w[:-1])
    return sin(pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)


def trefethen(x):
    a, b = x
    return (
        0.25 * (a**2 + b**2)
        + exp(sin(50 * a))
        - sin(10 * (a + b))
        + sin(60 * exp(b))
        + sin(70 * sin(a))
        + sin(sin(80 * b))
    )


def eggholder(x):
    a, b = x
    return -(b + 47) * sin(sqrt(abs(b + a / 2 + 47))) - a * sin(sqrt(abs(a - (b + 47))))


def drop_wave(x):
    square = x[0] ** 2 + x[1] ** 2
    return -(1 + cos(12 * sqrt(square))) / (0.5 * square + 2)


def pathological(x):
    a, b = x
    return 0.5 + (sin(sqrt(100 * a**2 + b**2)) ** 2 - 0.5) / (1 + 0.001 * (a**2 - 2 * a * b + b**2) ** 2)


def cross_in_tray(x):
    a, b = x
    return -1e-4 * (abs(sin(a) * sin(b) * exp(abs(100 - sqrt(a**2 + b**2) / pi))) + 1) ** 0.1


def beale(x):
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def dixon_price(x):
    return (x[0] - 1) ** 2 + total(i * (2 * x[i - 1] ** 2 - x[i - 2]) ** 2 for i in range(2, len(x) + 1))


def zakharov(x):
    mixed = total(0.5 * (i + 1) * v for i, v in enumerate(x))
    return total(v**2 for v in x) + mixed**2 + mixed**4


def schaffer_2(x):
    a, b = x
    return 0.5 + (sin(a**2 - b**2) ** 2 - 0.5) / (1 + 0.001 * (a**2 + b**2)) ** 2


def schaffer_4(x):
    a, b = x
    return 0.5 + (cos(sin(abs(a**2 - b**2))) ** 2 - 0.5) / (1 + 0.001 * (a**2 + b**2)) ** 2


def salomon(x):
    r = sqrt(total(v**2 for v in x))
    return 1 - cos(2 * pi * r) + 0.1 * r


def powers(x):
    return total(abs(v) ** (i + 2) for i, v in enumerate(x))


OPTIMA = [
    Optimum(ackley, [0.0, 0.0], 0.0),
    Optimum(lambda x: 10 * len(x) + total(v**2 - 10 * cos(2 * pi * v) for v in x), [0.0, 0.0, 0.0], 0.0),  # Rastrigin
    Optimum(lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [1.0, 1.0], 0.0),  # Rosenbrock
    Optimum(griewank, [0.0, 0.0, 0.0], 0.0),
    Optimum(levy, [1.0, 1.0, 1.0], 0.0),
    Optimum(
        lambda x: 418.9828872724338 * 2 - total(v * sin(sqrt(abs(v))) for v in x), [420.968746] * 2, 0.0
    ),  # Schwefel
    Optimum(schaffer_2, [0.0, 0.0], 0.0),
    Optimum(schaffer_4, [0.0, 1.253131828792882], 0.292578632035980),
    Optimum(lambda x: 100 * sqrt(abs(x[1] - 0.01 * x[0] ** 2)) + 0.01 * abs(x[0] + 10), [-10.0, 1.0], 0.0),  # Bukin 6
    Optimum(lambda x: -cos(x[0]) * cos(x[1]) * exp(-((x[0] - pi) ** 2) - (x[1] - pi) ** 2), [pi, pi], -1.0),  # Easom
    Optimum(
        lambda x: -total(sin(v) * sin((i + 1) * v**2 / pi) ** 20 for i, v in enumerate(x)),  # Michalewicz
        [2.20290552, 1.57079633],
        -1.8013034,
    ),
    Optimum(zakharov, [0.0, 0.0, 0.0], 0.0),
    Optimum(dixon_price, [1.0, 2**-0.5], 0.0),
    Optimum(beale, [3.0, 0.5], 0.0),
    Optimum(lambda x: (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2, [1.0, 3.0], 0.0),  # Booth
    Optimum(lambda x: 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1], [0.0, 0.0], 0.0),  # Matyas
    Optimum(lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2, [3.0, 2.0], 0.0),  # Himmelblau
    Optimum(cross_in_tray, [1.349406685353340, 1.349406608602084], -2.062611870822739),
    Optimum(eggholder, [512.0, 404.2319], -959.640663),
    Optimum(
        lambda x: -abs(sin(x[0]) * cos(x[1]) * exp(abs(1 - sqrt(x[0] ** 2 + x[1] ** 2) / pi))),  # Holder table
        [8.05502347, 9.66459002],
        -19.20850257,
    ),
    Optimum(lambda x: total(v**4 - 16 * v**2 + 5 * v for v in x) / 2, [-2.903534018185960] * 2, -78.33233140754282),
    Optimum(drop_wave, [0.0, 0.0], -1.0),
    Optimum(trefethen, [-0.02440307923, 0.2106124261], -3.3068686465),
    Optimum(salomon, [0.0, 0.0], 0.0),
    Optimum(pathological, [0.0, 0.0], 0.0),
    Optimum(powers, [0.0, 0.0, 0.0], 0.0),  # sum of different powers
    Optimum(lambda x: total(abs(v) for v in x) + prod(abs(v) for v in x), [0.0, 0.0], 0.0),  # Schwefel 2.22
    Optimum(lambda x: total(abs(v) * (abs(sin(v)) + 0.1) for v in x), [0.0, 0.0], 0.0),  # Alpine 1, and its corner
    Optimum(
        lambda x: total(v**6 * (2 + sin(1 / v)) for v in x), [1e-3, -1e-3], 0.0
    ),  # Csendes, which has no value at 0
]
NAMES = [
    *("Ackley", "Rastrigin", "Rosenbrock", "Griewank", "Levy", "Schwefel", "Schaffer 2", "Schaffer 4", "Bukin 6"),
    *("Easom", "Michalewicz", "Zakharov", "Dixon-Price", "Beale", "Booth", "Matyas", "Himmelblau", "Cross-in-tray"),
    *("Eggholder", "Holder table", "Styblinski-Tang", "Drop-wave", "Trefethen", "Salomon", "Pathological"),
    *("Different powers", "Schwefel 2.22", "Alpine 1", "Csendes"),
]


def alike(a: float, b: float, scale: float = 1.0) -> bool:
    return a == b or (a != a and b != b) or abs(a - b) <= 1e-10 * abs(a) + 1e-11 * scale


@pytest.mark.parametrize("optimum", OPTIMA, ids=NAMES)
def test_the_optimum_is_as_published(optimum):
    assert float(optimum.f(optimum.at)) == pytest.approx(optimum.value, abs=1e-5)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("optimum", OPTIMA, ids=NAMES)
def test_compiled_derivatives_at_an_optimum_are_the_eager_ones(optimum, executor):
    f, at, _ = optimum
    value, slopes = value_and_grad(f)(at)
    got, gradient = compiler.compile(f, executor=executor).value_and_grad(at)
    assert alike(value, got)
    scale = max([abs(s) for s in slopes if math.isfinite(s)], default=1.0) + 1.0
    assert all(map(alike, slopes, gradient, [scale] * len(at)))
    slope = compiler.compile(lambda x: grad(f)(x)[0], executor=executor)
    assert alike(slopes[0], slope(at), scale)
    expected, got = value_and_grad(lambda x: grad(f)(x)[0])(at)[1], slope.value_and_grad(at)[1]
    scale = max([abs(s) for s in expected if math.isfinite(s)], default=1.0) + 1.0
    assert all(map(alike, expected, got, [scale] * len(at)))
