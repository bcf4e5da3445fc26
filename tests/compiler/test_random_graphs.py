"""Compiled programs come to what the eager engine comes to, on random functions, in each executor and each mode.

SEEDS is how many functions are drawn; `AUTOGRAD_MINI_SEEDS=10000 pytest …` tries more.
"""

import os
from functools import partial

import numpy as np
import pytest

from autograd_mini import Value, compiler
from tests.compiler.expressions import Expression, rounding

SEEDS = int(os.environ.get("AUTOGRAD_MINI_SEEDS", "60"))
SLACK = 8.0  # times the bounds, which are those of correctly rounded functions


def eager(f, xs, ps):
    """The value, the derivatives by inputs and by parameters, and how far rounding may move both."""
    inputs, parameters = [Value(x) for x in xs], [Value(p) for p in ps]
    root = f(inputs, parameters)
    root.backward()
    bounds = rounding(root, [*inputs, *parameters])
    return root.data, [v.grad for v in inputs], [v.grad for v in parameters], *bounds


def drawn(seed, *shape):
    return np.round(np.random.default_rng(seed).uniform(-2.0, 2.0, shape), 3)


@pytest.mark.parametrize("executor", ["source", "numpy"])
def test_a_function_of_a_list(executor):
    for seed in range(SEEDS):
        f = Expression(seed, 5 + seed % 40, 4)
        compiled = compiler.compile(f, executor=executor)
        for x in drawn(seed, 3, 4).tolist():
            value, gradient, _, bound, slope_bound = eager(f, x, [])
            got, slopes = compiled.value_and_grad(x)
            assert type(slopes) is list
            if executor == "source":
                assert got == value, seed
            assert abs(got - value) <= SLACK * bound, seed
            assert max(abs(a - b) for a, b in zip(slopes, gradient, strict=True)) <= SLACK * slope_bound, seed
            assert compiled(x) == got, seed


def test_each_sample_by_itself():
    for seed in range(SEEDS):
        f = Expression(seed, 5 + seed % 40, 4)
        compiled = compiler.compile(f, batch=True)
        X = drawn(seed, 5, 4)
        values, slopes = compiled.value_and_grad(X)
        assert values.shape == (5,)
        assert slopes.shape == (5, 4)
        for x, got, row in zip(X.tolist(), values, slopes, strict=True):
            value, gradient, _, bound, slope_bound = eager(f, x, [])
            assert abs(got - value) <= SLACK * bound, seed
            assert np.abs(row - gradient).max() <= SLACK * slope_bound, seed
        assert (compiled(X) == values).all()


@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_parameters_over_samples(reduce):
    for seed in range(SEEDS):
        f = Expression(seed, 5 + seed % 40, 3, 6)
        leaves = [Value(p) for p in drawn(seed, 6).tolist()]
        compiled = compiler.compile(partial(f, parameters=leaves), params=leaves, reduce=reduce)
        X = drawn(seed + 1, 7, 3)
        cost, gradient = compiled.value_and_grad(X)
        runs = [eager(f, x, compiled.params.tolist()) for x in X.tolist()]
        share = 1.0 / 7.0 if reduce == "mean" else 1.0
        assert abs(cost - share * sum(run[0] for run in runs)) <= SLACK * share * sum(run[3] for run in runs), seed
        expected = share * np.sum([run[2] for run in runs], axis=0)
        assert np.abs(gradient - expected).max() <= SLACK * share * sum(run[4] for run in runs), seed


def test_parameters_of_a_whole_function():
    for seed in range(SEEDS):
        f = Expression(seed, 5 + seed % 40, 1, 6)
        leaves = [Value(p) for p in drawn(seed, 6).tolist()]
        for executor in ("source", "numpy"):
            compiled = compiler.compile(partial(f, parameters=leaves), params=leaves, executor=executor)
            value, _, gradient, bound, slope_bound = eager(f, [0.5], compiled.params.tolist())
            got, slopes = compiled.value_and_grad([0.5])
            assert abs(got - value) <= SLACK * bound, seed
            assert np.abs(slopes - gradient).max() <= SLACK * slope_bound, seed
