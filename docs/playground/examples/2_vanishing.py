# 2 Activations: gradients vanish
from autograd_mini import Value, sigmoid

x = Value(0.5, label="x")
a = x
for layers in range(1, 6):
    a = sigmoid(4 * a)
    a.backward()
    print(f"after {layers} layers: a = {a.data:.4f}, slope = {x.grad:.2e}")
    x.grad = 0.0
