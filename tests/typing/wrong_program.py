"""Mistakes that a user's type checker has to find: mypy reads this file, and must complain of each marked line."""

from autograd_mini import Value, draw, nn

Value("2.0")  # wrong
Value(1.0).backwards()  # wrong
x: str = Value(1.0).data  # wrong
draw(Value(1.0), direction="up")  # wrong
nn.Adam([Value(1.0)], rate=0.1)  # wrong
nn.Neuron("two")  # wrong
nn.fit(nn.Neuron(1), [0.0], [1.0], epochs="many")  # wrong
nn.Neuron(1).state_dict()["b"].upper()  # wrong
