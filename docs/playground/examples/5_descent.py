# 5 Gradient descent: down the quartic
from autograd_mini import Value

rate = 0.01  # try 0.001, or 0.02
x = Value(6.0, label="x")
for step in range(61):
    f = x**4 - 3 * x**3
    f.backward()
    if step % 10 == 0:
        print(f"step {step}: x = {x.data:.6f}, f = {f.data:.4f}, slope = {x.grad:.4f}")
    x.data -= rate * x.grad
    x.grad = 0.0

f = x**4 - 3 * x**3
f.label = "f"
f.backward()
