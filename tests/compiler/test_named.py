"""Arguments by name, with defaults, that are no numbers, and that samples have in common."""

import pickle
from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, compiler, grad, hessian, sin, tanh
from autograd_mini.structures import flatten

EXECUTORS = ["source", "numpy", "native"]
ON_ARRAYS = ["numpy", "native"]
Pair = namedtuple("Pair", "k q")


def wave(t, k=2.0, *, shift=0.0):
    return sin(k * t) + shift * t


@pytest.mark.parametrize("executor", EXECUTORS)
def test_names_and_defaults(executor):
    compiled = compiler.compile(wave, executor=executor)
    for _ in range(2):
        assert compiled(0.5) == pytest.approx(np.sin(1.0), rel=1e-15)
        assert compiled.value_and_grad(0.5)[1] == pytest.approx(2.0 * np.cos(1.0), rel=1e-15)
        assert compiled(t=0.5) == compiled(0.5)
        assert compiled(0.5, k=3.0) == compiled(0.5, 3.0) == compiled(k=3.0, t=0.5)
        assert compiled.value_and_grad(0.5, k=3.0) == compiled.value_and_grad(0.5, 3.0)
        assert compiled(0.5, shift=1.0) == pytest.approx(np.sin(1.0) + 0.5, rel=1e-15)
        assert compiled.value_and_grad(0.5, 2.0, shift=1.0)[1][2] == 0.5
        assert compiled.value_and_grad(0.5, shift=1.0)[1][1] == 0.5
        assert compiled.hessian(t=0.5) == pytest.approx(hessian(wave)(0.5), rel=1e-14)
        assert compiled.jacobian(0.5, k=3.0) == compiled.value_and_grad(0.5, 3.0)[1]
    with pytest.raises(TypeError, match="unexpected keyword argument 'q'"):
        compiled(0.5, q=1.0)
    with pytest.raises(TypeError, match="missing"):
        compiled(k=0.5)


def test_machine_code_refuses_no_names():
    compiled = compiler.compile(lambda x, y: x * y * y, executor="native")
    compiled.value_and_grad(2.0, 3.0)
    compiled.value_and_grad(2.0, 3.0)
    assert compiled.value_and_grad(2.0, y=3.0) == (18.0, (9.0, 12.0))
    assert compiled.value_and_grad(y=3.0, x=2.0) == (18.0, (9.0, 12.0))
    with pytest.raises(TypeError):
        compiled.value_and_grad(2.0, 3.0, y=3.0)


def shaped(x, mode, n=2, scale=None):
    result = x**n if mode == "power" else tanh(n * x)
    return result if scale is None else [scale[0] * result, scale[1]]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_static_arguments_decide_what_is_traced(executor):
    compiled = compiler.compile(shaped, executor=executor, static=("mode", "n", "scale"))
    for _ in range(2):
        assert compiled(3.0, "power") == 9.0
        assert compiled.value_and_grad(3.0, "power", 3) == (27.0, 27.0)
        assert compiled.value_and_grad(3.0, mode="power", n=3) == (27.0, 27.0)
        assert compiled(0.0, mode="tanh") == 0.0
        assert compiled(3.0, "power", scale=(2.0, 5.0)) == [18.0, 5.0]
        assert compiled.hessian(3.0, mode="power", n=3) == 18.0
        assert compiled.hvp(3.0, 2.0, mode="power", n=3) == 36.0
        assert compiled.jvp(3.0, 2.0, mode="power") == (9.0, 12.0)
        assert compiled.vjp(3.0, 2.0, mode="power") == (9.0, 12.0)
        assert compiled.jacobian(3.0, "power", scale=(2.0, 5.0)) == [12.0, 0.0]
    with pytest.raises(TypeError, match="must be hashable"):
        compiled(3.0, ["power"])


def test_ints_and_floats_are_told_apart():
    compiled = compiler.compile(lambda x, n: x * n if isinstance(n, float) else x + n, static="n")
    assert compiled(3.0, 2) == 5.0
    assert compiled(3.0, 2.0) == 6.0
    assert compiled(3.0, True) == 4.0
    assert compiled(3.0, 1) == 4.0


def test_by_parameters():
    w = Value(2.0)
    compiled = compiler.compile(lambda x, mode: w * x if mode == "a" else w * w * x, params=[w], static="mode")
    assert compiled.value_and_grad(3.0, "a") == (6.0, np.array([3.0]))
    assert compiled.value_and_grad(3.0, "b") == (12.0, np.array([12.0]))
    compiled.params[:] = [5.0]
    assert compiled.value_and_grad(3.0, "b") == (75.0, np.array([30.0]))
    assert compiled.hvp(3.0, [1.0], mode="b").tolist() == [6.0]


# ---- what samples have in common ----


@pytest.mark.parametrize("executor", ON_ARRAYS)
@pytest.mark.parametrize("samples", [1, 7, 8])
def test_shared_arguments_have_no_sample_axis(executor, samples):
    def f(x, p, c):
        return tanh(p["w"][0] * x[0] + p["w"][1] * x[1]) * c + p["b"]

    X, c = np.random.default_rng(0).normal(size=(samples, 2)), np.linspace(0.0, 1.0, samples)
    P = {"w": [0.5, -0.25], "b": 3.0}
    compiled = compiler.compile(f, executor=executor, batch=True, shared="p")
    for _ in range(2):
        values, (by_x, by_p, by_c) = compiled.value_and_grad(X, P, c)
        for i, x in enumerate(X.tolist()):
            expected = grad(f, (0, 1, 2))(x, P, float(c[i]))
            assert by_x[i] == pytest.approx(expected[0], rel=1e-12)
            assert by_p["w"][i].tolist() == pytest.approx(expected[1]["w"], rel=1e-12)
            assert by_c[i] == pytest.approx(expected[2], rel=1e-12)
        assert by_p["b"].tolist() == [1.0] * samples
        assert values == pytest.approx(np.tanh(X @ [0.5, -0.25]) * c + 3.0, rel=1e-12)
    assert compiled(X, p=P, c=c) == pytest.approx(values, rel=1e-15)
    along = np.ones_like(X), {"w": [1.0, 0.0], "b": 2.0}, c
    assert compiled.jvp((X, P, c), along)[1].shape == (samples,)
    assert compiled.hvp((X, P, c), along)[0].shape == X.shape
    assert compiled.vjp((X, P, c), c)[1][0] == pytest.approx(by_x * c[:, None], rel=1e-12)


@pytest.mark.parametrize("executor", ON_ARRAYS)
@pytest.mark.parametrize("p", [[0.5, -0.25], np.array([0.5, -0.25]), Pair(0.5, -0.25)])
def test_derivatives_by_what_is_shared_are_summed_with_the_values(executor, p):
    X = np.arange(6.0).reshape(3, 2)
    compiled = compiler.compile(lambda p, x: p[0] * x[0] + p[1] * x[1], executor=executor, reduce="sum", shared=["p"])
    value, (by_p, by_x) = compiled.value_and_grad(p, X)
    assert value == pytest.approx((X @ [0.5, -0.25]).sum())
    assert type(by_p) is type(p)
    assert list(by_p) == [6.0, 9.0]
    assert by_x.tolist() == [[0.5, -0.25]] * 3


SHARED = [2.0, 2, np.float32(2.0), np.array(2), [2.0, 3], (2, 3.0), np.array([2, 3]), np.ones((2, 2)), [[1.0], [2.0]]]


@pytest.mark.parametrize("reduce", [None, "mean"])
@pytest.mark.parametrize("p", SHARED, ids=repr)
def test_every_call_with_shared_arguments_gives_what_the_first_gave(p, reduce):
    compiled = compiler.compile(
        lambda x, p: tanh(x * sum(flatten(p)[0])), batch=True, reduce=reduce, shared="p", executor="native"
    )
    first = compiled.value_and_grad(np.linspace(0.0, 1.0, 5), p)
    for _ in range(2):
        again = compiled.value_and_grad(np.linspace(0.0, 1.0, 5), p)
        assert type(again[1][1]) is type(first[1][1])
        for one, other in zip(flatten(again)[0], flatten(first)[0], strict=True):
            assert one == other
        for wrong in ("2", None, 2j):
            with pytest.raises((TypeError, ValueError)):
                compiled.value_and_grad(np.ones(3), wrong)


@dataclass(frozen=True)
class Orbit:
    radius: Any
    speeds: Any
    twice: Any = field(init=False, default=None)

    def __post_init__(self):
        object.__setattr__(self, "twice", self.radius * 2.0)


@pytest.mark.parametrize("executor", ON_ARRAYS)
def test_a_dataclass_of_samples(executor):
    radius, speeds = np.linspace(1.0, 2.0, 7), np.linspace(0.0, 1.0, 14).reshape(7, 2)
    compiled = compiler.compile(
        lambda o, k: o.twice * o.radius * o.speeds[0] + k.radius, executor=executor, batch=True, shared="k"
    )
    for _ in range(2):
        values, (slopes, common) = compiled.value_and_grad(Orbit(radius, speeds), Orbit(3.0, [1.0]))
        assert values == pytest.approx(2.0 * radius**2 * speeds[:, 0] + 3.0)
        assert type(slopes) is Orbit
        assert slopes.radius == pytest.approx(4.0 * radius * speeds[:, 0])
        assert slopes.speeds == pytest.approx(np.stack([2.0 * radius**2, 0.0 * radius], 1))
        assert common.radius.tolist() == [1.0] * 7


def test_options_that_do_not_fit():
    with pytest.raises(ValueError, match="not an argument of"):
        compiler.compile(wave, static="q")
    with pytest.raises(TypeError, match="names of arguments"):
        compiler.compile(wave, static=1)
    with pytest.raises(ValueError, match="use batch or reduce"):
        compiler.compile(wave, shared="k")
    with pytest.raises(ValueError, match="no samples"):
        compiler.compile(lambda x: x, batch=True, shared="x")(1.0)


def test_a_pickled_one_takes_arguments_by_name_too():
    compiled = compiler.compile(wave)
    expected = compiled(0.5, 3.0)
    copied = pickle.loads(pickle.dumps(compiled))
    assert copied(0.5, 3.0) == copied(0.5, k=3.0) == copied(k=3.0, t=0.5) == expected
    with pytest.raises(compiler.RetraceError, match="compile it again"):
        copied(0.5, shift=3.0)
