"""What a user's type checker has to accept, and the types that it has to know.  mypy reads this; nothing runs it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_type

from autograd_mini import (
    StaleGraphError,
    Value,
    check,
    derivative_formula,
    dot,
    draw,
    exp,
    explain,
    explore,
    formula,
    grad,
    gradcheck,
    gradients,
    hessian,
    mean,
    nn,
    no_grad,
    numerical_gradient,
    primitive,
    sigmoid,
    softmax,
    topological_order,
    value_and_grad,
    where,
)
from autograd_mini.check import GradcheckReport
from autograd_mini.compiler import Compiled
from autograd_mini.compiler import compile as compile_
from autograd_mini.nn.descent import History
from autograd_mini.render import Drawing, Formula, Page

# ---- values ----

x, y = Value(2.0, label="x"), Value(3)
assert_type(x.data, float)
assert_type(x.grad, float)
assert_type(x.label, str)
assert_type(x.is_leaf, bool)
assert_type(x.parents, tuple[Value, ...])
assert_type(x + y, Value)
assert_type(2 * x - y / 3 + 1, Value)
assert_type(x**2 + 2**x + x**y, Value)
assert_type(-x + abs(x), Value)
assert_type(x < 1.0, bool)
z = exp(x * y) + sigmoid(y) + dot([x, y], [y, 1.0]) + where(x > 0.0, x, y)
z.backward()
x.data += 0.5
x.grad = 0.0
nodes: list[Value] = topological_order(x * y)
slopes: list[float] = gradients(x * y, [x, y])
probabilities: list[Any] = softmax([x, y, 1.0])


def cost(a: Value, b: Value) -> Value:
    return (a - b) ** 2


@primitive(lambda m, z, x: 2.0 * x)
def square(x: float) -> float:
    return x * x


@primitive(lambda m, z, x, y: y, lambda m, z, x, y: x)
def times(x: float, y: float) -> float:
    return x * y


assert_type(square(x), Value)
assert_type(square(2.0), float)
assert_type(times(2.0, x), Value)
assert_type(times(x, 2), Value)
assert_type(times(2.0, 3.0), float)


@no_grad()
def printed(v: Value, *, places: int = 3) -> list[str]:
    return [f"{v:.{places}f}"]


with no_grad():
    square(x)
assert_type(printed(x, places=4), list[str])

# ---- hooks and ways back ----

with x.register_hook(lambda g: 2.0 * g):
    z.backward(inputs=[x])
x.register_hook(print).remove()
slopes = gradients([x * y, x + y], [x, y], seed=[1.0, 2.0])

try:
    cost(x, y).backward()
except StaleGraphError as error:
    print(error)

# ---- transforms ----


def f(a: float, b: float) -> float:
    return a * b


print(grad(f)(2.0, b=3.0), hessian(f, argnums=(0, 1))(2.0, 3.0))
both: Callable[[float, float], tuple[float, Any]] = value_and_grad(f)
value, slope = value_and_grad(f)(2.0, 3.0)
assert_type(value, float)

# ---- models ----

model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
assert_type(nn.Neuron(2)([x, 1.0]), Value)
mean(model([x, 1.0]) for _ in range(2)).backward()
assert_type(model.parameters(), list[Value])
assert_type(model.named_parameters(), list[tuple[str, Value]])
assert_type(model.state_dict(), dict[str, float])
model.save(Path("model.json"))
model.load("model.json")
optimizer = nn.Adam(model.parameters(), lr=0.01)
optimizer.lr = 0.1
schedule = nn.StepLR(optimizer, step_size=10)
history = nn.fit(model, [[0.0, 1.0]], [1.0], loss=nn.mse, optimizer=optimizer, epochs=3, progress=False)
assert_type(history, History)
assert_type(history.cost, list[float])
assert_type(history.reason, str)


class Line(nn.Module):
    def __init__(self) -> None:
        self.slope, self.height = Value(1.0), Value(0.0)

    def __call__(self, x: float) -> Value:
        return self.slope * x + self.height


nn.fit(Line(), [0.0, 1.0], [1.0, 3.0], callback=lambda epoch, history: epoch > 5)

# ---- compile, check, draw ----

compiled = compile_(f)
assert_type(compiled(2.0, b=3.0), float)
assert_type(compiled.value_and_grad(2.0, 3.0), tuple[float, Any])
kept: Compiled = compile_(cost)
batched = compile_(f, batch=True)
assert_type(batched([1.0, 2.0], [3.0, 4.0]), Any)
step: Callable[..., Any] = compile_(lambda x, y: nn.mse([model(x)], [y]), params=model, reduce="mean")
report = gradcheck(cost, 2.0, 3.0)
assert_type(report, GradcheckReport)
assert_type(bool(report), bool)
print(numerical_gradient(cost, 2.0, 3.0), check.gradcheck(cost, 1.0, 2.0), explain(z, x))
drawing = draw(z, direction="TB", precision=3, model=model)
assert_type(drawing, Drawing)
assert_type(drawing.svg, str)
assert_type(drawing.save("z.svg"), Path)
page = explore(z, title="z")
assert_type(page, Page)
assert_type(page.html, str)
assert_type(formula(z), Formula)
assert_type(derivative_formula(z, x), Formula)
