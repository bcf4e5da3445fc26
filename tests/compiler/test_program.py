"""Programs by themselves: several results, the chain rule from several seeds, and what is read of them afterwards."""

import pickle

import pytest

from autograd_mini import Value, gradients
from autograd_mini.compiler import ProgramError
from autograd_mini.compiler.plan.arrays import Flat
from autograd_mini.compiler.plan.groups import grouped
from autograd_mini.compiler.plan.in_order import straight
from autograd_mini.compiler.program import Program
from autograd_mini.compiler.python.straight import Floats
from autograd_mini.compiler.record.trace import trace

POINT = [0.7, -0.3, 1.9]
SEEDS = [2.0, -3.0, 0.5]


def made(order) -> Program:
    """x·y + 0.5, exp(x·y)·z and x·y itself, of three inputs."""
    inputs = [Value(p) for p in POINT]
    graph = trace(results_of, inputs, inputs, []).graph
    return straight(graph, [2, 1]) if order == "trace" else grouped(Flat(graph), [2, 1], False)


def results_of(x, y, z):
    return [x * y + 0.5, (x * y).exp() * z, x * y]


def eager():
    x, y, z = leaves = [Value(p) for p in POINT]
    return results_of(x, y, z), leaves


@pytest.mark.parametrize("order", ["trace", "groups"])
def test_a_program_may_have_several_results(order):
    program = made(order)
    program.verify()
    numbers = program.evaluated(Floats, POINT)
    assert [numbers[slot] for slot in program.results] == [v.data for v in eager()[0]]
    assert str(program).endswith(", ".join(map(str, program.results)))
    assert pickle.loads(pickle.dumps(program)) == program
    assert program.result == program.results[0]


@pytest.mark.parametrize("order", ["trace", "groups"])
@pytest.mark.parametrize("seeds", [SEEDS, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
def test_the_chain_rule_begins_at_each_of_them(order, seeds):
    program = made(order)
    numbers = program.evaluated(Floats, POINT)
    adjoints = program.swept(Floats, numbers, range(3), dict(zip(program.results, seeds)))
    roots, leaves = eager()
    total = sum([seed * root for seed, root in zip(seeds, roots)])
    assert [adjoints.get(slot, 0.0) for slot in range(3)] == pytest.approx(gradients(total, leaves), rel=1e-15)


def test_a_result_outside_the_slots_is_an_error():
    program = made("trace")
    vars(program)["results"] = (program.slots,)
    with pytest.raises(ProgramError, match="slot 8 is used, but there are only 8"):
        program.verify()
