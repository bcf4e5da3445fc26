"""Programs written as C: compiled by the compiler of the machine without a warning, and run beside the engine."""

import ctypes
import math
import operator
import os
import random
import re
import shutil
import subprocess
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest

from autograd_mini import Value, compiler, grad, gradients, hessian, jacobian, primitive
from autograd_mini.cli.program import main
from autograd_mini.engine import apply
from autograd_mini.functions import dot, exp, log, sin, sqrt, tanh, where
from autograd_mini.rules import RULES
from tests.compiler.expressions import Expression, rounding

COMPILER = shutil.which("cc")
pytestmark = pytest.mark.skipif(COMPILER is None and "CI" not in os.environ, reason="no C compiler on this machine")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-ffp-contract=off", "-fno-builtin-pow"]


class Library:
    """C files of one folder, compiled into one library."""

    def __init__(self, folder):
        self.folder = folder
        sources = sorted(map(str, folder.glob("*.c")))
        subprocess.run(
            [COMPILER, *STRICT, "-O1", "-shared", "-fPIC", *sources, "-o", str(folder / "all.so"), "-lm"], check=True
        )
        self.loaded = ctypes.CDLL(str(folder / "all.so"))

    def __call__(self, name, xs, count):
        """What a function returns, and the numbers that it writes."""
        work = re.search(rf"{name}_work = (\d+)", (self.folder / f"{name.rpartition('_')[0]}.h").read_text())
        x, y, w = np.array(xs, float), np.full(count, 77.0), np.zeros(int(work[1]) if work else 0)
        status = getattr(self.loaded, name)(*[a.ctypes.data_as(ctypes.c_void_p) for a in (x, y, w)])
        return status, y.tolist()

    def numbers(self, name, xs, count):
        status, y = self(name, xs, count)
        assert status == 0
        return y

    def pattern(self, name):
        """Rows and columns."""
        n = int(re.search(rf"{name}_nnz = (\d+)", (self.folder / f"{name.rpartition('_')[0]}.h").read_text())[1])
        return [list((ctypes.c_int * n).in_dll(self.loaded, f"{name}_{part}")) for part in ("row", "col")]


def written(folder, f, *example, **options):
    compiler.compile(f).to_c(folder / "f", *example, **options)
    return Library(folder)


# ---- every row, random programs, loops ----


def test_each_row_has_the_number_that_python_gives(tmp_path):
    draw = random.Random(1)
    rows, xs = [], []
    for rule in RULES.values():
        n = 4 if rule.arity == 0 and len(rule.domain) == 1 else len(rule.domain)
        fixed = {"powi": [5.0], "gaussian": [0.5], "hurwitz": [3.0]}.get(rule.name, [])
        n -= len(fixed)
        rows.append((rule, len(xs), len(xs) + n, fixed))
        xs += [_inside(draw, ends) for ends in (rule.domain * n)[:n]]

    def f(xs):
        return [operation(rule, [*xs[begin:end], *fixed]) for rule, begin, end, fixed in rows]

    library = written(tmp_path, f, xs, what="value")
    for (rule, *_), got, wanted in zip(rows, library.numbers("f_value", xs, len(rows)), f(xs), strict=True):
        exact = rule.name not in ("gamma", "lgamma", "mean", "sum", "dot", "logsumexp", "expectation", "powi", "fma")
        assert got == wanted if exact else got == pytest.approx(wanted, rel=1e-14), rule.name


def operation(rule, xs):
    """An operation of the table, on numbers or Values."""
    return apply(rule, *xs) if any(isinstance(x, Value) for x in xs) else rule.f(*xs)


def _inside(draw, ends):
    low, high = (max(ends[0], -3.0), min(ends[1], 3.0))
    return draw.uniform(low + 0.1 * (high - low), high - 0.1 * (high - low))


def test_random_programs_give_the_numbers_of_the_engine(tmp_path):
    fs = [Expression(seed, 8 if seed < 7 else 60, 3) for seed in range(10)]
    xs = [0.7, -1.3, 0.4]
    compiler.compile(lambda x: [f(x) for f in fs]).to_c(tmp_path / "all", xs, what=("value", "jacobian"))
    library = Library(tmp_path)
    rows, columns = library.pattern("all_jacobian")
    matrix = np.zeros((10, 3))
    matrix[rows, columns] = library.numbers("all_jacobian", xs, len(rows))
    for f, value, slopes in zip(fs, library.numbers("all_value", xs, 10), matrix, strict=True):
        leaves = list(map(Value, xs))
        root = f(leaves)
        of_value, of_slopes = rounding(root, leaves)
        assert abs(value - root.data) <= 16.0 * of_value
        assert np.abs(slopes - gradients(root, leaves)).max() <= 16.0 * of_slopes


def test_what_is_arithmetic_only_has_the_same_bits(tmp_path):
    operators = [operator.add, operator.sub, operator.mul, lambda a, b: a / (b * b + 1.0), lambda a, b: 0.5 * a - b]

    def drawn(seed, size):
        def f(xs):
            draw, nodes = random.Random(seed), list(xs)
            for _ in range(size):
                nodes.append(draw.choice(operators)(draw.choice(nodes), draw.choice(nodes[-9:])))
                nodes[-1] = nodes[-1] * 0.25
            return reduce(operator.add, nodes)  # Python's sum of floats is rounded once, from 3.12 on

        return f

    cases = []
    for seed, size in enumerate([20, 20, 20, 20, 300]):
        f = drawn(seed, size)
        xs = [random.Random(seed).uniform(-2.0, 2.0) for _ in range(4)]
        compiler.compile(f).to_c(tmp_path / f"a{seed}", xs)
        cases.append((f"a{seed}", f, xs))
    library = Library(tmp_path)
    for name, f, xs in cases:
        assert library.numbers(f"{name}_value", xs, 1) == [f(xs)]
        assert library.numbers(f"{name}_gradient", xs, 4) == grad(f)(xs)


def pendulum(x):
    angle, speed = x[0], x[1]
    for _ in range(1000):
        speed = speed - 0.01 * x[2] * sin(angle)
        angle = angle + 0.01 * speed
    return angle * angle + speed


def filtered(x):
    """A loop that reads an input and a constant in each trip, reaches back twice, and of which all is read."""
    before, now, total = x[0], x[1], 0.0
    for k, u in enumerate(x[2:]):
        before, now = now, 0.5 * now - 0.25 * before + math.cos(k) * u
        total = total + now * now
    return total + before


def rosenbrock(x):
    return sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


def layer(x):
    rows = [[math.sin(i * j + 1.0) for j in range(30)] for i in range(40)]
    return dot([tanh(dot(row, x)) for row in rows], [1.0] * 40)


@pytest.mark.parametrize(
    "f, n, most", [(pendulum, 3, 700), (filtered, 400, 9500), (rosenbrock, 300, None), (layer, 30, None)]
)
def test_loops_and_wide_groups_give_the_numbers_of_the_engine(tmp_path, f, n, most):
    xs = [random.Random(n).uniform(0.1, 0.9) for _ in range(n)]
    library = written(tmp_path, f, xs)
    assert library.numbers("f_value", xs, 1)[0] == pytest.approx(f(xs), rel=1e-13)
    np.testing.assert_allclose(library.numbers("f_gradient", xs, n), grad(f)(xs), rtol=1e-12, atol=1e-13)
    if most is not None:
        compiler.compile(f).to_c(tmp_path / "g", xs, what="value")
        assert len((tmp_path / "g.c").read_text()) < most  # loops stay loops


# ---- patterns, arguments, statuses ----


def test_matrices_hold_only_entries_that_are_not_always_zero(tmp_path):
    def f(x):
        return [x[0] * x[1], x[2], 3.0, exp(x[1]) - x[3]]

    xs = [0.5, 1.5, 2.5, 3.5]
    library = written(tmp_path, f, xs, what="jacobian")
    rows, columns = library.pattern("f_jacobian")
    assert list(zip(rows, columns)) == [(0, 0), (0, 1), (1, 2), (3, 1), (3, 3)]
    dense = np.zeros((4, 4))
    dense[rows, columns] = library.numbers("f_jacobian", xs, 5)
    assert dense.tolist() == jacobian(f)(xs)


def test_a_hessian_is_whole_on_both_sides_of_its_diagonal(tmp_path):
    xs = [0.3, -0.2, 0.9, 0.4, 0.1]
    library = written(tmp_path, rosenbrock, xs, what=("value", "hessian"))
    rows, columns = library.pattern("f_hessian")
    assert len(rows) == 13
    dense = np.zeros((5, 5))
    dense[rows, columns] = library.numbers("f_hessian", xs, 13)
    np.testing.assert_allclose(dense, hessian(rosenbrock)(xs), rtol=1e-14)


def test_a_matrix_of_zeros_has_an_empty_pattern(tmp_path):
    library = written(tmp_path, lambda x: 2.0 * x[0] + x[1], [1.0, 2.0], what="hessian")
    assert library.numbers("f_hessian", [1.0, 2.0], 0) == []
    assert "nnz = 0" in (tmp_path / "f.h").read_text()


def test_arguments_of_any_structure_stand_in_order_and_parameters_after_them(tmp_path):
    w = [Value(2.0), Value(5.0)]
    f = compiler.compile(lambda x, at: w[0] * x["a"] + w[1] * x["b"] ** at, params=w)
    f.to_c(tmp_path / "f", {"a": 3.0, "b": 4.0}, 2.0)
    library = Library(tmp_path)
    xs = [3.0, 4.0, 2.0, 2.0, 5.0]
    assert library.numbers("f_value", xs, 1) == [86.0]
    assert library.numbers("f_gradient", xs, 2) == [3.0, 16.0]


def test_a_function_of_samples_takes_one_sample_in_c(tmp_path):
    f = compiler.compile(lambda x, scale: scale * x[0] * x[1], batch=True, shared="scale")
    f.to_c(tmp_path / "f", np.ones((5, 2)), 3.0)
    assert Library(tmp_path).numbers("f_gradient", [2.0, 7.0, 3.0], 3) == [21.0, 6.0, 14.0]


def test_static_arguments_and_a_second_result_are_part_of_the_function(tmp_path):
    f = compiler.compile(lambda x, mode: ((x * x if mode == "square" else x), x), static="mode", has_aux=True)
    f.to_c(tmp_path / "f", 3.0, "square")
    assert Library(tmp_path).numbers("f_gradient", [4.0], 1) == [8.0]


def test_without_an_example_it_is_the_latest_program_also_of_one_that_was_kept(tmp_path):
    w = [Value(2.0), Value(5.0)]
    f = compiler.compile(lambda x: w[0] * x[0] ** 2 * x[1] if x[0] > 0.0 else w[1] * x[1], params=w)
    g = compiler.compile(lambda x: x[0] ** 2 * x[1] if x[0] > 0.0 else x[1])
    for compiled in (f, g):
        with pytest.raises(TypeError, match="no program yet"):
            compiled.to_c(tmp_path / "f")
    f([1.0, 1.0])
    f.to_c(tmp_path / "f", what=("gradient", "hessian"))
    g.save(tmp_path / "g.agm", [1.0, 1.0])
    compiler.load(tmp_path / "g.agm").to_c(tmp_path / "g", what=("value", "gradient", "hessian"))
    library = Library(tmp_path)
    assert library.numbers("f_gradient", [3.0, 7.0, 2.0, 5.0], 2) == [63.0, 0.0]
    assert library("f_gradient", [-3.0, 7.0, 2.0, 5.0], 2)[0] == 1
    assert library.numbers("g_gradient", [3.0, 7.0], 2) == [42.0, 9.0]
    assert library.numbers("g_hessian", [3.0, 7.0], 3) == [14.0, 6.0, 6.0]
    assert library("g_hessian", [-3.0, 7.0], 3)[0] == 1


def test_another_branch_is_reported_and_nothing_is_written(tmp_path):
    def f(x):
        if x[0] > x[1]:
            return x[0] * x[1]
        return x[0]

    library = written(tmp_path, f, [2.0, 1.0])
    assert library("f_value", [3.0, 1.0], 1) == (0, [3.0])
    assert library("f_value", [1.0, 3.0], 1) == (1, [77.0])
    assert library("f_gradient", [1.0, 3.0], 2) == (1, [77.0, 77.0])
    assert "1: 'if x[0] > x[1]:' in line" in (tmp_path / "f.h").read_text()


def test_with_checks_what_python_refuses_is_reported(tmp_path):
    cases = [
        (lambda x: log(x[0]), [1.0], [0.0, -1.0]),
        (lambda x: 1.0 / x[0], [1.0], [0.0, -0.0]),
        (lambda x: sqrt(x[0]) + x[0], [0.0, 4.0], [-1.0]),
        (lambda x: exp(x[0]), [1.0, 700.0, -1e9], [710.0]),
        (lambda x: x[0] ** 2, [1e150, -3.0], [1e200]),
        (lambda x: x[0] ** 0.5, [0.0, 2.0], [-2.0]),
        (lambda x: reduce(lambda z, _: sin(z) + 1.0, range(600), log(x[0])), [2.0], [-2.0]),
        (lambda x: where(x[0] > 0.0, 1.0, 2.0), [1.0, -1.0], []),
    ]
    for k, (f, good, _) in enumerate(cases):
        compiler.compile(f).to_c(tmp_path / f"f{k}", [good[0]], what="value", checks=True)
    library = Library(tmp_path)
    for k, (f, good, bad) in enumerate(cases):
        for x in good:
            assert library.numbers(f"f{k}_value", [x], 1)[0] == pytest.approx(f([x]), rel=1e-14)
        for x in bad:
            with pytest.raises((ArithmeticError, ValueError)):
                f([Value(x)])
            assert library(f"f{k}_value", [x], 1)[0] > 0


def test_it_has_no_global_that_is_written_and_calls_the_c_library_alone(tmp_path):
    written(
        tmp_path, lambda x: pendulum(x) + sum([exp(x[0]), log(x[1] + 2.0)]), [0.1, 0.2, 0.3], what=("value", "gradient")
    )
    source = (tmp_path / "f.c").read_text()
    assert not re.search(r"malloc|static (?!inline|const)", source)
    assert re.findall(r"#include (\S+)", source) == ['"f.h"', "<math.h>"]


# ---- what can't be written ----


def test_functions_that_cannot_be_written_in_c_raise(tmp_path):
    @primitive(1.0)
    def own(x):
        return x + 1.0

    with pytest.raises(TypeError, match="'own' was made with @primitive"):
        compiler.compile(own).to_c(tmp_path / "f", 1.0)
    with pytest.raises(TypeError, match="2 numbers: a gradient or a Hessian needs one"):
        compiler.compile(lambda x: [x, x]).to_c(tmp_path / "f", 1.0)
    for name in ("two words", "2nd", "double", "naïve"):
        with pytest.raises(ValueError, match="can't be named after"):
            compiler.compile(lambda x: x * x).to_c(tmp_path / name, 1.0)
    for what in ("slope", (), ("value", "value")):
        with pytest.raises(ValueError, match="what must be among 'value', 'gradient'"):
            compiler.compile(lambda x: x * x).to_c(tmp_path / "f", 1.0, what=what)
    assert list(tmp_path.iterdir()) == []


def test_comments_can_t_be_ended_by_what_stands_in_them(tmp_path):
    def f(x):
        return x if x > 0.0 and "*/ int evil;" else 2.0 * x  # /* */

    assert written(tmp_path, f, 1.0).numbers("f_value", [3.0], 1) == [3.0]


def test_the_command_line_writes_an_expression(tmp_path, capsys):
    assert main(["compile", "x*y + sin(x) + pi", "--c", str(tmp_path / "f"), "--what", "gradient"]) == 0
    assert "of x, y" in capsys.readouterr().out
    assert Library(tmp_path).numbers("f_gradient", [2.0, 3.0], 2) == [3.0 + math.cos(2.0), 2.0]
