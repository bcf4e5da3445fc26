"""What the arguments of a compiled function may be, at the first call and at every later one."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from autograd_mini import Value, compiler, exp, grad, value_and_grad, where

Point = namedtuple("Point", "x y")
X = np.arange(6.0).reshape(3, 2)
Y = np.array([1.0, 2.0, 3.0])


# ---- structures with a sample axis ----


def product(x, y):
    return x[0] * x[1] * y


@pytest.mark.parametrize("executor", ["numpy", "native"])
@pytest.mark.parametrize(
    "argument, f",
    [
        ((X, Y), lambda p: product(*p)),
        ((X.tolist(), Y.tolist()), lambda p: product(*p)),
        (Point(X, Y), lambda p: product(p.x, p.y)),
        ({"x": X, "y": Y}, lambda p: product(p["x"], p["y"])),
        ({"p": Point((X, Y), Y)}, lambda p: product(*p["p"].x) * p["p"].y / p["p"].y),
        ((Point(X[:, 0], X[:, 1]), Y), lambda p: product(p[0], p[1])),
    ],
)
def test_each_part_of_a_structure_has_a_sample_axis(executor, argument, f):
    compiled = compiler.compile(f, batch=True, executor=executor)
    for _ in range(2):
        values, slopes = compiled.value_and_grad(argument)
        assert values.tolist() == pytest.approx((X[:, 0] * X[:, 1] * Y).tolist())
        assert same_structure(slopes, argument)
    total = compiler.compile(f, reduce="sum", executor=executor)
    assert total(argument) == pytest.approx(float(values.sum()))
    flat = np.concatenate([part.reshape(3, -1) for part in leaves(slopes)], axis=1)
    by_x = np.stack([X[:, 1] * Y, X[:, 0] * Y], axis=1)
    assert np.allclose(flat[:, :2], by_x)


def leaves(tree):
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in leaves(part)]
    if isinstance(tree, tuple):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def same_structure(slopes, argument):
    if isinstance(argument, dict):
        return slopes.keys() == argument.keys() and all(same_structure(slopes[k], argument[k]) for k in argument)
    if isinstance(argument, tuple):
        return type(slopes) is type(argument) and all(map(same_structure, slopes, argument))
    return slopes.shape == np.shape(argument)


def test_the_function_is_given_the_structure_of_one_sample():
    given = []

    def f(p):
        given.append((type(p), type(p.x), len(p.x), isinstance(p.y, Value)))
        return p.x[0] * p.y

    compiler.compile(f, batch=True)(Point(X, Y))
    assert given == [(Point, np.ndarray, 2, True)]


def test_a_tuple_of_numbers_is_a_list_of_samples():
    xs, ys = zip((1.0, 3.0), (2.0, 4.0))
    values, (dx, dy) = compiler.compile(lambda x, y: x * y, batch=True).value_and_grad(xs, ys)
    assert (values.tolist(), dx.tolist(), dy.tolist()) == ([3.0, 8.0], [3.0, 4.0], [1.0, 2.0])


@pytest.mark.parametrize(
    "argument, message",
    [
        ((X, Y[:2]), r"the same number of samples, not \[2, 3\]"),
        ((X, 1.0), "argument 0 is one number, 1.0, and has no sample axis"),
        (Point(1.0, 2.0), "no sample axis"),
        ({"x": X, "y": Y[:2]}, "same number of samples"),
    ],
)
def test_parts_without_the_same_samples_are_refused(argument, message):
    with pytest.raises(ValueError, match=message):
        compiler.compile(lambda p: 1.0, batch=True)(argument)


def test_parts_of_a_structure_may_come_with_parameters_and_checks():
    w = Value(2.0)
    step = compiler.compile(lambda p: (p[0] * w - p[1]) ** 2, params=[w], reduce="mean", check="raise")
    cost, slope = step.value_and_grad((Y, Y))
    assert (cost, *slope) == pytest.approx((14.0 / 3.0, 28.0 / 3.0))
    with pytest.raises(compiler.NonFiniteError):
        step((Y, np.array([1.0, np.inf, 2.0])))


@dataclass
class Spring:
    k: float
    ends: list[float]


def test_structures_of_one_kind_and_two_shapes_are_two_programs():
    compiled = compiler.compile(lambda s: s.k * sum(s.ends))
    assert compiled.value_and_grad(Spring(2.0, [1.0, 3.0])) == (8.0, Spring(4.0, [2.0, 2.0]))
    assert compiled.value_and_grad(Spring(2.0, [1.0, 3.0, 4.0])) == (16.0, Spring(8.0, [2.0, 2.0, 2.0]))
    compiled = compiler.compile(lambda d: d["a"] * 2.0 + d.get("b", 0.0))
    assert compiled.value_and_grad(OrderedDict(a=1.0)) == (2.0, OrderedDict(a=2.0))
    assert compiled.value_and_grad(OrderedDict(a=1.0, b=3.0)) == (5.0, OrderedDict(a=2.0, b=1.0))


# ---- what is no real number ----

BAD = [
    np.array([1j, 2.0]),
    np.array(["a", "b"]),
    np.array(["1", "2"]),
    np.array([b"1", b"2"]),
    np.array([1, 2], "timedelta64[ns]"),
    np.array(["2020", "2021"], "datetime64[ns]"),
    np.array(["a", None], object),
    np.array([1.0, object()], object),
    np.zeros(2, [("a", float)]),
    ["a", "b"],
    ["1", "2"],
    [1j, 2.0],
    [None, 1.0],
    [np.timedelta64(1, "ns"), np.timedelta64(2, "ns")],
]
OPTIONS = [
    {},
    {"executor": "numpy"},
    {"executor": "native"},
    {"batch": True},
    {"batch": True, "executor": "numpy"},
    {"reduce": "mean"},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(getattr(bad, "dtype", bad)))
def test_what_is_no_real_number_is_refused_at_every_call_alike(options, bad):
    batch = "batch" in options or "reduce" in options
    f = (lambda x: x * x) if batch else (lambda x: x[0] * x[1])
    good = np.array([1.0, 2.0]) if isinstance(bad, np.ndarray) else [1.0, 2.0]
    first, later = compiler.compile(f, **options), compiler.compile(f, **options)
    messages = []
    for _ in range(2):
        later.value_and_grad(good)
    for call in (first, first.value_and_grad, later, later.value_and_grad):
        with pytest.raises(TypeError, match=r"^argument 0") as caught:
            call(bad)
        messages.append(str(caught.value))
    assert len(set(messages)) == 1


@pytest.mark.parametrize("options", OPTIONS)
def test_arrays_of_any_real_type_are_taken_after_any_other(options):
    batch = "batch" in options or "reduce" in options
    f = (lambda x: x * x) if batch else (lambda x: x[0] * x[1])
    compiled = compiler.compile(f, **options)
    expected = np.asarray(compiled.value_and_grad(np.array([3.0, 2.0]))[0]).tolist()
    for kind in ("float32", "float16", "int8", "uint64", "longdouble", ">f8"):
        assert np.asarray(compiled.value_and_grad(np.array([3, 2], kind))[0]).tolist() == expected


@pytest.mark.parametrize("options", OPTIONS)
def test_sparse_and_masked_arrays_are_refused_with_what_to_do(options):
    sparse = pytest.importorskip("scipy.sparse")
    compiled = compiler.compile(lambda x: 1.0, **options)
    matrix = sparse.csr_array(np.eye(2))
    with pytest.raises(TypeError, match=r"argument 0 is a csr_array.*\.toarray\(\)"):
        compiled(matrix)
    compiled(matrix.toarray())
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(ValueError, match=r"argument 0 has masked numbers.*\.filled\(\)"):
        compiled(masked)
    compiled(masked.filled(0.0))


# ---- conditions ----


@pytest.mark.parametrize("executor", ["source", "numpy", "native"])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x > 0) * x,
        lambda x: x * (x > 0) + (x < 5),
        lambda x: (x > 0) + (x > 1),
        lambda x: x > 0,
        lambda x: (x > 0) & (x < 5),
        lambda x: x ** (x > 0),
        lambda x: where((x > 0) & (x < 5), x * x, x > 0),
        lambda x: where((x > 0) ^ (x > 5), x, -x),
        lambda x: exp(x) * ((x > 0) | (x > 5)),
    ],
)
def test_results_are_floats_where_conditions_are_calculated_with(f, executor):
    compiled = compiler.compile(f, executor=executor)
    for x in (1.0, -1.0, 7.0):
        for _ in range(2):
            value, slope = compiled.value_and_grad(x)
            assert type(value) is type(slope) is type(compiled(x)) is float
            assert (value, slope) == pytest.approx(tuple(map(float, value_and_grad(f)(x))))


@pytest.mark.filterwarnings("ignore:Bitwise inversion")  # Python 3.12 and later warn of it too
@pytest.mark.parametrize("x", [1.0, -1.0])
def test_where_refuses_what_python_makes_of_a_negated_bool(x):
    def f(x):
        return where(~(x > 0), x, -x)

    with pytest.raises(ValueError, match=r"~(True|False).*where\(condition, b, a\)"):
        grad(f)(x)
    for options in ({}, {"batch": True}):
        with pytest.raises(compiler.TraceError, match=r"where\(condition, b, a\)"):
            compiler.compile(f, **options)([x] if options else x)
    assert where(2, 1.0, 0.0) == 1.0
    assert where(np.bool_(True), 1.0, 0.0) == 1.0
