"""hooks: where in the user's program a node is made."""

from autograd_mini import Value, mean
from autograd_mini.hooks import creation_hook, source_line
from autograd_mini.nn import Neuron


def test_the_line_of_a_node_is_in_the_users_program():
    line = source_line()
    assert line.path == __file__
    assert line.text == "line = source_line()"
    assert str(line) == f"{__file__}:{line.number}"


def test_creation_hooks_see_each_node_once_in_the_order_of_making():
    x, seen = Value(3.0), []
    with creation_hook(lambda v: seen.append(v) or v):
        y = mean([x * x, x]).exp()
        z = Neuron(1, "tanh")([x])
    assert [v.op for v in seen] == ["*", "mean", "exp", "dot", "tanh"]
    assert seen[2] is y
    assert seen[-1] is z
    _ = x * x
    assert len(seen) == 5
