"""The gradient of a loss over parts of the samples, in other processes and on a cluster, is that of the whole."""

import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from autograd_mini import compiler
from autograd_mini.nn import MLP, mse


@pytest.fixture
def total():
    """A loss that is summed over the samples, traced; the samples; the cost and the gradient of all of them."""
    model = MLP(3, [6, 1], activation="tanh", seed=1)
    step = compiler.compile(lambda x, y: mse(model(x), y), params=model, reduce="sum")
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(80, 3)), rng.normal(size=80)
    return step, X, Y, step.value_and_grad(X, Y)


def shared(step, executor, X, Y, parts=4):
    jobs = [executor.submit(step.value_and_grad, *part) for part in zip(np.split(X, parts), np.split(Y, parts))]
    costs, gradients = zip(*[job.result() for job in jobs])
    return sum(costs), sum(gradients)


def assert_alike(result, expected):
    assert math.isclose(result[0], expected[0], rel_tol=1e-13)
    assert np.allclose(result[1], expected[1], rtol=1e-12, atol=1e-14)


def test_other_processes(total):
    step, X, Y, expected = total
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert_alike(shared(step, executor, X, Y), expected)
        step.params *= 0.5
        assert_alike(shared(step, executor, X, Y), step.value_and_grad(X, Y))


@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_a_local_cluster(total):
    distributed = pytest.importorskip("distributed", reason="the extra `distributed`")
    step, X, Y, expected = total
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert_alike(shared(step, client.get_executor(), X, Y), expected)
