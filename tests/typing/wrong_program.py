"""Mistakes that a user's type checker has to find: mypy reads this file, and must complain of each marked line."""

from autograd_mini import Value, draw, grad, nn, no_grad, primitive, value_and_grad
from autograd_mini.compiler import compile as compile_


def f(a: float, b: float) -> float:
    return a * b


@no_grad()
def printed(v: Value) -> str:
    return f"{v:.3f}"


@primitive(lambda m, z, x: 2.0 * x)
def square(x: float) -> float:
    return x * x


Value("2.0")  # wrong
Value(1.0).backwards()  # wrong
x: str = Value(1.0).data  # wrong
draw(Value(1.0), direction="up")  # wrong
nn.Adam([Value(1.0)], rate=0.1)  # wrong
nn.Neuron("two")  # wrong
nn.fit(nn.Neuron(1), [0.0], [1.0], epochs="many")  # wrong
nn.Neuron(1).state_dict()["b"].upper()  # wrong
grad(f)(2.0)  # wrong
grad(f)(2.0, "3.0")  # wrong
grad(2.0)  # wrong
text: str = value_and_grad(f)(2.0, 3.0)[0]  # wrong
compile_(f)(2.0)  # wrong
compile_(f, exectuor="numpy")  # wrong
whole: int = compile_(f)(2.0, 3.0)  # wrong
square(2.0, 3.0)  # wrong
square(2.0).backward()  # wrong
printed(2)  # wrong
number: float = printed(Value(2.0))  # wrong
Value(2.0).backward(inputs=2.0)  # wrong
Value(2.0).register_hook(2.0)  # wrong
print([1, 2, 3][Value(1.0)])  # wrong
