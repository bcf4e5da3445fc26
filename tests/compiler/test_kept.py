"""Compiled functions in files: what was saved is what is loaded, nothing damaged is read, and nothing is run by it."""

import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from autograd_mini import Value, compiler, primitive
from autograd_mini.compiler import FileError, RetraceError
from autograd_mini.functions import exp, sin

Point = namedtuple("Point", "x y")


@dataclass
class Launch:
    speed: float
    wind: list


@primitive(lambda m, z, x: 2.0 * x)
def squared(x):
    return x * x


def kept(f, tmp_path, *example):
    f.save(tmp_path / "f.agm", *example)
    return compiler.load(tmp_path / "f.agm")


@pytest.mark.parametrize(
    "f, args",
    [
        (lambda x: sin(x) * x, (1.25,)),
        (lambda x, y: x[0] * y["b"] + x[1] * y["a"], ([1.0, 2.0], OrderedDict(a=3.0, b=4.0))),
        (lambda p, d: p.x * d.speed + p.y * d.wind[0], (Point(1.0, 2.0), Launch(3.0, [4.0]))),
        (lambda x: x @ x + exp(x[0]), (np.arange(400.0) / 400.0,)),
        (lambda x: x if x > 0.0 else 2.0 * x, (1.0,)),
        (squared, (3.0,)),
    ],
)
def test_what_is_loaded_gives_the_same(tmp_path, f, args):
    f = compiler.compile(f)
    value, slopes = f.value_and_grad(*args)
    again, same = kept(f, tmp_path).value_and_grad(*args)
    assert again == value
    assert repr(same) == repr(slopes)


def test_results_of_any_form_and_other_derivatives_are_kept(tmp_path):
    f = compiler.compile(lambda x: {"p": Point(x[0] * x[1], x[1]), "l": [x[0]]})
    expected = f([2.0, 3.0]), f.jacobian([2.0, 3.0]), f.vjp([2.0, 3.0], f([1.0, 1.0]))
    g = kept(f, tmp_path)
    assert (g([2.0, 3.0]), g.jacobian([2.0, 3.0]), g.vjp([2.0, 3.0], f([1.0, 1.0]))) == expected


def test_parameters_and_samples_are_kept(tmp_path):
    w = [Value(1.5), Value(-0.5)]
    f = compiler.compile(lambda x, y: (w[0] * x + w[1] - y) ** 2, params=w, reduce="mean")
    X, Y = np.linspace(0.0, 1.0, 7), np.linspace(1.0, 3.0, 7)
    value, slopes = f.value_and_grad(X, Y)
    again, same = kept(f, tmp_path).value_and_grad(X, Y)
    assert again == value
    np.testing.assert_array_equal(same, slopes)


def test_what_would_need_the_function_says_so(tmp_path):
    g = kept(compiler.compile(lambda x: x[0] * x[0] if x[0] > 0.0 else x[0]), tmp_path, [2.0])
    assert g([3.0]) == 9.0
    for call in (lambda: g([-1.0]), lambda: g([1.0, 2.0]), lambda: g.hessian([1.0])):
        with pytest.raises(RetraceError, match="leave the function behind"):
            call()


def test_a_flipped_bit_or_a_missing_end_is_refused(tmp_path):
    compiler.compile(lambda x: x * x).save(tmp_path / "f.agm", 3.0)
    content = (tmp_path / "f.agm").read_bytes()
    broken = [content[:end] for end in (0, 10, 30, 60, len(content) - 1)] + [content + b"\0"]
    for at in range(0, len(content), 5):
        flipped = bytearray(content)
        flipped[at] ^= 1 << at % 8
        broken.append(bytes(flipped))
    for wrong in broken:
        (tmp_path / "g.agm").write_bytes(wrong)
        with pytest.raises(FileError):
            compiler.load(tmp_path / "g.agm")


def test_another_version_is_named(tmp_path):
    compiler.compile(lambda x: x * x).save(tmp_path / "f.agm", 3.0)
    (tmp_path / "f.agm").write_bytes((tmp_path / "f.agm").read_bytes().replace(b"compiled 1\n", b"compiled 7\n", 1))
    with pytest.raises(FileError, match="has version '7', and version 1 is understood here"):
        compiler.load(tmp_path / "f.agm")


def test_nothing_is_imported_because_a_file_says_so(tmp_path, monkeypatch):
    compiler.compile(lambda p: p.x * p.y).save(tmp_path / "f.agm", Point(1.0, 2.0))
    compiler.compile(squared).save(tmp_path / "g.agm", 1.0)
    monkeypatch.delitem(sys.modules, __name__)
    with pytest.raises(FileError, match=f"needs the class Point of {__name__}: import that first"):
        compiler.load(tmp_path / "f.agm")
    with pytest.raises(FileError, match="made with @primitive: import that first"):
        compiler.load(tmp_path / "g.agm")


def test_what_can_t_be_kept_says_so_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "f.agm"
    with pytest.raises(TypeError, match="no program to save"):
        compiler.compile(lambda x: x).save(path)
    compiler.compile(lambda x: x).save(path, 1.0)
    before = path.read_bytes()

    local = namedtuple("local", "x")  # which can't be found by its name
    with pytest.raises(TypeError, match="can't be saved"):
        compiler.compile(lambda p: p.x).save(path, local(1.0))
    assert path.read_bytes() == before
