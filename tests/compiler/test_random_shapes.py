"""Random programs with several results beside the engine: what benchmarks/compiled_shapes.py does with many more."""

import sys
import warnings
from pathlib import Path

import pytest

from autograd_mini.check.strategies import expressions

before = sys.path[:]
sys.path.insert(0, str(Path(__file__).parent.parent.parent / "benchmarks"))
from compiled_shapes import Comparison, Joint  # noqa: E402
from random_programs import Report, drawn_from  # noqa: E402

sys.path[:] = before

TOGETHER = 6


@pytest.fixture(scope="module")
def programs():
    return drawn_from(4, expressions(max_nodes=8), 4 * TOGETHER)


@pytest.mark.parametrize("executor,which", [("source", range(4)), ("numpy", range(2)), ("native", range(2, 3))])
def test_derivatives_are_those_of_the_engine(executor, which, programs):
    report = Report()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in which:
            joint = Joint(programs[i * TOGETHER : (i + 1) * TOGETHER], i)
            assert Comparison(joint, [executor], report).run() is None
    assert report.counts[f"programs in {executor}"] == len(which) * TOGETHER
    assert report.counts["numbers compared"] > 250 * len(which)


def test_a_wrong_number_is_found(programs):
    joint = Joint(programs[:TOGETHER], 0)
    comparison = Comparison(joint, ["source"], Report())
    gradient = comparison.expected[0].numbers("gradient", raising=True)
    gradient[0] += 1e-9
    assert "bounds from" in comparison.run()
